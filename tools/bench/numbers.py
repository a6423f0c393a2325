"""What a comparison of ``make bench`` consists of: medians, ratios, goals, and the machine."""

import operator
import os
import platform
import statistics
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

SKIPPED = 3  # exit code of a comparison that lacks a package or the data
COMPARE = {"<=": operator.le, ">=": operator.ge, "<": operator.lt}


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


def table(title: str, comparison: dict) -> str:
    """The lines to print of a comparison: its rows with their spread, then its ratios and goals."""
    lines = [title, ""]
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
