"""Execute every notebook from top to bottom into ``build/`` (``make run``).

Prints one line for each: name, code cells, seconds, and ``ok`` or the error.
Exits with 1 if one fails.

Where the seconds differ from the header's by more than a factor of two, the line says so. That is
a remark and not a failure: the header can only be right for the machine it was measured on, and
another one may be slower or busy without anything being wrong.
"""

import os
import re
import sys
import time
from pathlib import Path

import nbformat
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets import default

PROJECT = Path(__file__).resolve().parent.parent
NOTEBOOKS = PROJECT / "notebooks"
BUILD = PROJECT / "build"
CELL_TIMEOUT = 120  # seconds; the same as in the tests
NOISE = 3  # seconds that say nothing: starting a kernel alone takes one or two

TAKES = re.compile(r"\*\*It takes\*\* (\d+) minutes? to read, (\d+) seconds? to run")


class ThisPythonOnly(KernelSpecManager):
    """Gives a kernel of the running Python, whatever kernel a notebook names."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the kernel of the running Python."""
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


class KernelOfThisPython(AsyncKernelManager):
    """Starts kernels of the running Python."""

    @default("kernel_spec_manager")
    def _this_python_only(self) -> ThisPythonOnly:
        return ThisPythonOnly(parent=self)


def run(path: Path) -> tuple[bool, str]:
    """Execute the notebook at ``path`` into ``build/``; return whether it ran, and its line."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_manager_class=KernelOfThisPython,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # not its remarks about the machine
        resources={"metadata": {"path": str(path.parent)}},
    )
    start = time.perf_counter()
    error = ""
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as failure:
        error = one_line(failure)
    seconds = time.perf_counter() - start
    nbformat.write(notebook, BUILD / path.name)
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    verdict = error or "ok" + timing_remark(notebook.cells[0].source, seconds)
    return not error, f"{path.stem:28} {cells:3} cells {seconds:6.1f} s  {verdict}"


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
    >>> timing_remark("**It takes** 20 minutes to read, 9 seconds to run.", 19.0)
    ' (but the header says 9 s)'
    >>> timing_remark("**It takes** 20 minutes to read, 1 second to run.", 2.9)
    ''
    """
    takes = TAKES.search(header)
    if takes is None:
        return " (but the header does not say how long it takes)"
    promised = int(takes[2])
    fits = promised / 2 <= seconds <= promised * 2 or abs(seconds - promised) < NOISE
    return "" if fits else f" (but the header says {promised} s)"


def main() -> int:
    """Execute all notebooks; return the exit code."""
    BUILD.mkdir(exist_ok=True)
    os.environ["TQDM_DISABLE"] = "1"  # bars have no reader here
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    start = time.perf_counter()
    failed = 0
    for path in paths:
        ran, line = run(path)
        failed += not ran
        print(line, flush=True)
    seconds = time.perf_counter() - start
    print(f"{len(paths)} notebooks in {seconds:.1f} s, {failed} failed, executed copies in build/")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
