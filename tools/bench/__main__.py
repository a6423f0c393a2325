"""Measure the speed of the helpers (``make bench``, or ``make bench ARGS="modes width"``).

Each comparison of ``comparisons.py`` runs in a process of its own, on two threads (article B
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
import os
import re
import subprocess
import sys
from pathlib import Path

from tools.bench.numbers import SKIPPED, table
from tools.files import replacing

PROJECT = Path(__file__).resolve().parents[2]
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


def environment(threads: int) -> dict[str, str]:
    """The variables of a process that measures: BLAS reads them when it is loaded."""
    variables = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    for library in ("OPENBLAS", "OMP", "MKL"):
        variables[f"{library}_NUM_THREADS"] = str(threads)
    return variables


def measure(name: str) -> dict | None:
    """What a process of its own measured, or ``None`` if it lacked something and said so."""
    command = [sys.executable, "-m", "tools.bench.comparisons", name]
    threads, _ = COMPARISONS[name]
    process = subprocess.run(
        command, cwd=PROJECT, env=environment(threads), stdout=subprocess.PIPE, text=True
    )
    if process.returncode == SKIPPED:
        return None
    process.check_returncode()
    return json.loads(process.stdout)


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
        print(table(f"{COMPARISONS[name][1]} ({name})", measured["comparison"]), flush=True)
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
