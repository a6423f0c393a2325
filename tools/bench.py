"""Measure the speed of the helpers (``make bench``, or ``make bench ARGS="modes width"``).

Each comparison of ``tools/comparisons.py`` runs in a process of its own, on two threads (article B
on one), with the BLAS kernels that this machine runs by itself: a pinned ``OPENBLAS_CORETYPE`` is
taken out of the environment. Its table is printed, and its numbers go to ``results/bench.json``,
where those of the comparisons that were not asked for stay as they are, if they come from the same
machine and versions; if not, it is said that they are dropped.

A number is a median, and its repetitions are recorded beside it. The goals are ratios of medians of
sides that took turns in one process, and limits of memory and of a long training. A goal that is
missed is no failure: it is printed.
"""

import argparse
import json
import operator
import os
import platform
import re
import statistics
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tools.files import replacing

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "results" / "bench.json"
COMMAND = "make bench"

COMPARISONS = {  # name: (threads, what is compared)
    "modes": (2, "The modes of training against each other and their matrix products"),
    "pytorch": (2, "The modes of training against PyTorch"),
    "scikit-learn": (2, "Training without dropout against scikit-learn's MLPClassifier"),
    "article_b": (1, "Article B's class against a direct transcription of the article"),
    "test_error": (2, "Time until the test error on the full MNIST is 2 %"),
    "paper": (2, "300 epochs of the paper's network with dropout and max-norm"),
    "memory": (2, "Peak memory of loading the full MNIST and training"),
    "samples": (2, "Cost of an epoch against the number of samples"),
    "width": (2, "Cost of an epoch against the width of the hidden layers"),
    "profile": (2, "Where the time of a step goes"),
}
SKIPPED = 3  # exit code of a comparison that lacks a package or the data
COMPARE = {"<=": operator.le, ">=": operator.ge, "<": operator.lt}


def environment(threads: int) -> dict[str, str]:
    """The variables of a process that measures: BLAS reads them when it is loaded."""
    variables = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    for library in ("OPENBLAS", "OMP", "MKL"):
        variables[f"{library}_NUM_THREADS"] = str(threads)
    return variables


def measure(name: str) -> dict | None:
    """What a process of its own measured, or ``None`` if it lacked something and said so."""
    command = [sys.executable, "-m", "tools.comparisons", name]
    threads, _ = COMPARISONS[name]
    process = subprocess.run(
        command, cwd=PROJECT, env=environment(threads), stdout=subprocess.PIPE, text=True
    )
    if process.returncode == SKIPPED:
        return None
    process.check_returncode()
    return json.loads(process.stdout)


# ---- numbers and tables ------------------------------------------------------------------------


def row(repetitions: list[float], **more: object) -> dict:
    """The median of the repetitions, then whatever else is to be said, then they themselves.

    >>> row([3.0, 1.0, 2.00004], note="why")
    {'median': 2.0, 'note': 'why', 'repetitions': [3.0, 1.0, 2.0]}
    """
    short = [float(f"{value:.4g}") for value in repetitions]
    return {"median": float(f"{statistics.median(repetitions):.4g}"), **more, "repetitions": short}


def ratio(rows: dict[str, dict], above: str, below: str, goal: str = "") -> dict:
    """How many times the median of the row ``above`` is that of ``below``, and what it should be.

    Five digits, so that what is printed with three is judged by what was measured.

    >>> ratio({"a": row([3.0]), "b": row([2.0])}, "a", "b", "<= 1.2")
    {'what': 'a / b', 'value': 1.5, 'goal': '<= 1.2'}
    """
    value = rows[above]["median"] / rows[below]["median"]
    return {"what": f"{above} / {below}", "value": float(f"{value:.5g}"), "goal": goal}


def meets(value: float, goal: str) -> bool:
    """Whether a value is what a goal such as ``"<= 1.25"`` asks for.

    >>> meets(1.25, "<= 1.25"), meets(1.26, "<= 1.25")
    (True, False)
    """
    sign, limit = goal.split()
    return COMPARE[sign](value, float(limit))


def table(name: str, comparison: dict) -> str:
    """The lines to print of a comparison: its rows with their spread, then its ratios and goals."""
    lines = [f"{COMPARISONS[name][1]} ({name})", ""]
    lines.append(f"{comparison['unit']:56} {'median':>9} {'least':>9} {'most':>9}")
    for label, entry in comparison["rows"].items():
        values = entry["repetitions"]
        numbers = " ".join(f"{x:9.4g}" for x in (entry["median"], min(values), max(values)))
        lines.append(f"  {label:54} {numbers}  {entry.get('note', '')}".rstrip())
    for entry in comparison["goals"]:
        line = f"  {entry['what']:54} {entry['value']:9.3g}"
        if entry["goal"]:
            met = "met" if meets(entry["value"], entry["goal"]) else "MISSED"
            line += f"  goal {entry['goal']}: {met}"
        lines.append(line)
    return "\n".join(lines) + "\n"


# ---- where it was measured -----------------------------------------------------------------------


def versions() -> dict[str, str]:
    """Of Python and the packages that compute."""
    found = {"python": platform.python_version()}
    for package in ("numpy", "scipy", "torch", "scikit-learn"):
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def machine() -> dict[str, object]:
    """The processor, the number of its cores, and the kernel that NumPy's BLAS runs on it."""
    import threadpoolctl  # only the process that measures has it, and a BLAS to ask

    processor = platform.processor() or platform.machine()
    with suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
        processor = models[0] if models else processor
    libraries = threadpoolctl.threadpool_info()
    kernels = {lib.get("architecture") for lib in libraries if lib["user_api"] == "blas"}
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "BLAS kernel": "+".join(sorted(filter(None, kernels))),
    }


# ---- the file ----------------------------------------------------------------------------------


def as_text(results: dict) -> str:
    """JSON with one line for each list of numbers."""
    text = json.dumps(results, indent=1, ensure_ascii=False)
    return re.sub(r"\[\n[^][{}]*\]", lambda found: json.dumps(json.loads(found[0])), text) + "\n"


def merge(old: dict, new: dict) -> dict:
    """Earlier results with new comparisons put in, in the order of ``COMPARISONS``.

    Earlier ones stay only if they come from the same machine and versions: others do not compare.
    """
    same = all(old.get(what) == new[what] for what in ("versions", "machine"))
    comparisons = {**(old["comparisons"] if same else {}), **new["comparisons"]}
    ordered = {name: comparisons[name] for name in COMPARISONS if name in comparisons}
    return {**new, "comparisons": ordered}


def main(arguments: list[str] | None = None) -> int:
    """Make the comparisons that were asked for, print and record them; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(COMPARISONS))
    names = parser.parse_args(arguments).names or list(COMPARISONS)
    if unknown := [name for name in names if name not in COMPARISONS]:
        parser.error(f"NAME must be one of {', '.join(COMPARISONS)}; got {', '.join(unknown)}")
    old = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        try:
            measured = measure(name)
        except KeyboardInterrupt:
            print(f"stopped: what was measured before {name} is in {RESULTS}", file=sys.stderr)
            return 130
        if measured is None:
            continue
        print(table(name, measured["comparison"]), flush=True)
        new = {
            "command": COMMAND,
            "versions": measured["versions"],
            "machine": measured["machine"],
            "comparisons": {name: measured["comparison"]},
        }
        merged = merge(old, new)
        if dropped := sorted(old.get("comparisons", {}).keys() - merged["comparisons"].keys()):
            print(f"of another machine or version, dropped: {', '.join(dropped)}", file=sys.stderr)
        with replacing(RESULTS) as file:
            file.write(as_text(merged).encode())
        old = merged
    return 0


if __name__ == "__main__":
    sys.exit(main())
