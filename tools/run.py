"""Execute every notebook from top to bottom into ``build/`` (``make run``).

As many at once as there are cores. Prints one line for each: name, code cells, seconds, and ``ok``
or the error. Exits with 1 if one fails. ``--store`` (``make run ARGS=--store``) writes the outputs
of those that ran into ``notebooks/`` as well; all that a cell has besides stays as it was.

Where the seconds differ from the header's by more than a factor of three, the line says so. That is
a remark and not a failure: the header can only be right for the machine it was measured on, and
another one may be slower or busy without anything being wrong.
"""

import argparse
import asyncio
import errno
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from threading import Event

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from tools.kernels import KernelOfThisPython
from tools.no_settings import leave_out_settings

PROJECT = Path(__file__).resolve().parent.parent
NOTEBOOKS = PROJECT / "notebooks"
BUILD = PROJECT / "build"
CELL_TIMEOUT = 120  # seconds; the same as in the tests
NOISE = 3  # seconds that say nothing: starting a kernel alone takes one or two

TAKES = re.compile(r"\*\*It takes\*\* (\d+) minutes? to read, (\d+) seconds? to run")


class Stopped(Exception):
    """The rest of a notebook is not wanted any more."""


def run(path: Path, store: bool, stop: Event) -> tuple[bool, str]:
    """Execute the notebook at ``path`` into ``build/``; return whether it ran, and its line.

    Raises `Stopped` between two cells once ``stop`` is set. This happens in a thread.
    """

    def look(**_: object) -> None:
        if stop.is_set():
            raise Stopped

    try:
        notebook = nbformat.read(path, as_version=4)
    except (ValueError, AttributeError) as damage:  # no JSON, or none of a notebook
        return (
            False,
            f"{path.stem:28} is damaged: git checkout {path.parent.name} ({one_line(damage)})",
        )
    metadata = deepcopy(notebook.metadata)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_manager_class=KernelOfThisPython,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # not its remarks about the machine
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        on_cell_start=look,
        coalesce_streams=True,  # or a line that comes in two pieces is stored as two outputs
    )
    start = time.perf_counter()
    error = ""
    try:
        asyncio.run(client.async_execute())  # with a loop of this thread, which is closed
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as failure:
        error = one_line(failure)
    seconds = time.perf_counter() - start
    notebook.metadata = metadata  # not what the kernel says of itself
    nbformat.write(notebook, BUILD / path.name)
    if store and not error:
        keep_uncompared(notebook, path)
        nbformat.write(notebook, path)
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    verdict = error or "ok" + timing_remark(notebook.cells[0].source, seconds)
    return not error, f"{path.stem:28} {cells:3} cells {seconds:6.1f} s  {verdict}"


def keep_uncompared(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Give cells that are not compared the outputs at ``path``: seconds, of a quiet machine."""
    for cell, stored in zip(notebook.cells, nbformat.read(path, as_version=4).cells, strict=True):
        if "nbval-ignore-output" in cell.metadata.get("tags", []):
            cell.outputs = stored.outputs


def run_all(paths: list[Path], at_once: int, store: bool) -> list[bool]:
    """Execute the notebooks, ``at_once`` of them; print their lines in the order of ``paths``.

    The longest begin first, as their headers say, so that no core is idle at the end. After Ctrl-C
    those that are being executed end after the cell that they are in.
    """
    stop = Event()
    ran, missing = [], False
    with ThreadPoolExecutor(at_once) as pool:
        longest_first = sorted(paths, key=promised_seconds, reverse=True)
        results = {path: pool.submit(run, path, store, stop) for path in longest_first}
        try:
            for path in paths:
                well, line = results[path].result()
                ran.append(well)
                print(line, flush=True)
                missing = missing or "ModuleNotFoundError" in line
        except KeyboardInterrupt:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    if missing:
        print("a package is missing: after make clean the next command sets .venv up anew")
    return ran


def promised_seconds(path: Path) -> int:
    """How long a notebook takes to run, as its header says; 0 if it does not."""
    takes = TAKES.search(path.read_text(encoding="utf-8"))
    return int(takes[2]) if takes else 0


def one_line(failure: Exception) -> str:
    """The kind and message of a failure in one line."""
    if isinstance(failure, CellExecutionError):
        kind, message = failure.ename, failure.evalue
    else:
        kind, message = type(failure).__name__, str(failure)
    return f"{kind}: {' '.join(message.split())}"[:200]


def timing_remark(header: str, seconds: float) -> str:
    """What to say about the header's seconds to run: nothing where they fit the measured ones.

    >>> timing_remark("**It takes** 20 minutes to read, 9 seconds to run.", 8.0)
    ''
    >>> timing_remark("**It takes** 20 minutes to read, 9 seconds to run.", 29.0)
    ' (but the header says 9 s)'
    >>> timing_remark("**It takes** 20 minutes to read, 1 second to run.", 2.9)
    ''
    """
    takes = TAKES.search(header)
    if takes is None:
        return " (but the header does not say how long it takes)"
    promised = int(takes[2])
    fits = promised / 3 <= seconds <= promised * 3 or abs(seconds - promised) < NOISE
    return "" if fits else f" (but the header says {promised} s)"


def main(arguments: list[str] | None = None) -> int:
    """Execute all notebooks; return the exit code."""
    parser = argparse.ArgumentParser(description="Execute every notebook into build/.")
    parser.add_argument("--store", action="store_true", help="store the outputs in notebooks/ too")
    store = parser.parse_args(arguments).store
    at_once = os.cpu_count() or 1
    os.environ["TQDM_DISABLE"] = "1"  # bars have no reader here
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # each kernel has a core of its own
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    start = time.perf_counter()
    try:
        BUILD.mkdir(exist_ok=True)
        if not os.access(BUILD, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        leave_out_settings()
        ran = run_all(paths, at_once, store)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"error: {BUILD} cannot be written: {error}", file=sys.stderr)
        return 1
    seconds, failed = time.perf_counter() - start, ran.count(False)
    print(f"{len(paths)} notebooks in {seconds:.1f} s, {failed} failed, executed copies in build/")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
