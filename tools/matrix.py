"""Test the notebooks under many Pythons, versions and BLAS kernels (``make matrix``).

An environment is a Python with the ``oldest`` packages that requirements.txt admits for it, the
``newest``, or those that constraints.txt has ``pinned``: what readers get. All are wheels. A Python
newer than those that are tested by name is found as well, and has no pinned packages.
A kernel is the code that OpenBLAS runs for one family of processors. It and the number of threads
decide the last bits of a matrix product, so what a notebook prints must not depend on them.

By default eight environments are tested that differ in what matters, each once:

- the oldest Python with the oldest packages, as the machine is (``native``);
- the oldest Python with the pinned packages, under the four kernels: two on one thread, two on two;
- the newest Python with the pinned packages, under the two kernels that differ most, with the
  number of threads that they did not have before: another Python may have another build of NumPy;
- the newest Python with the newest packages, native.

The workflow tests the Pythons between. ``--full`` crosses everything. The environments are kept in
``build/matrix/``, so only the first run installs anything. Pythons that are not installed are named
at the end.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

from tools.requirements import CONSTRAINTS, RUNNING, TESTING, oldest, required

PROJECT = Path(__file__).resolve().parent.parent
MATRIX = PROJECT / "build" / "matrix"

PYTHONS = ["3.11", "3.12", "3.13", "3.14", "3.15"]  # a newer one is no error, but untested
PACKAGES = ["oldest", "pinned", "newest"]
KERNELS = ["SkylakeX", "Haswell", "Sandybridge", "Prescott"]  # from the newest to the oldest
THREADS = [1, 2]

ROW = "{:12} {:7} {:12} {:>7}  {:19} {:>7} {:7.1f}  {}"
HEAD = "environment  numpy   kernel asked threads  kernel used         threads seconds  result"

# Builds of OpenBLAS that leave out the kernels before Prescott's use their names for it.
OTHER_NAMES = {"Katmai": "Prescott"}

ELSEWHERE = ("PIP_PYTHON", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")  # where pip would install

# Prints what NumPy and the BLAS libraries in use call themselves, once they are loaded and have
# made a product on all and on one of their threads. That kills the process where a library and a
# forced kernel do not go together: OpenBLAS 0.3.34 does so with Haswell's kernel on AMD processors
# with AVX-512 (its issue 6021).
PROBE = """
import json, numpy, scipy.linalg, threadpoolctl
numpy.ones((64, 784)) @ numpy.ones((784, 100))
with threadpoolctl.threadpool_limits(1):
    numpy.ones((64, 784)) @ numpy.ones((784, 100))
blas = [lib for lib in threadpoolctl.threadpool_info() if lib["user_api"] == "blas"]
print(json.dumps({
    "numpy": numpy.__version__,
    "kernels": sorted({lib.get("architecture") or lib["internal_api"] for lib in blas}),
    "threads": sorted({lib["num_threads"] for lib in blas}),
}))
"""


def find_pythons() -> dict[str, str]:
    """The installed Pythons that fit: "3.12" -> path. Found by trying, on the PATH and in pyenv."""
    candidates = [sys.executable]
    for folder in os.get_exec_path():
        paths = sorted(map(str, Path(folder).glob("python3.*")))
        candidates += [path for path in paths if re.search(r"python3\.\d+(\.exe)?$", path)]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates += sorted(map(str, [*pyenv.glob("*/bin/python3"), *pyenv.glob("*/python.exe")]))
    found: dict[str, str] = {}
    for candidate in candidates:
        version = minor_version(candidate)
        if version and number(version) >= number(PYTHONS[0]):
            found.setdefault(version, candidate)
    return found


def number(version: str) -> tuple[int, ...]:
    """A version to compare: "3.9" comes before "3.11".

    >>> number("3.9") < number("3.11")
    True
    """
    return tuple(map(int, version.split(".")))


def minor_version(python: str) -> str | None:
    """ "3.12" for a Python 3.12 that can make environments, None where there is none."""
    code = "import ensurepip, venv, sys; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):  # not there, or a stub that only fails
        return None
    return answer.stdout.strip()


def constraints(packages: str, version: str) -> str:
    """The constraints file that gives these packages on a Python; empty for the newest."""
    if packages == "newest":
        return ""
    if packages == "pinned":
        return CONSTRAINTS.read_text(encoding="utf-8")
    admitted = required(RUNNING, version)
    return "".join(f"{name}=={oldest(versions)}\n" for name, versions in admitted.items())


def environment(version: str, python: str, packages: str) -> Path | None:
    """The Python of an environment in ``build/matrix/``, made first where it is not there.

    ``None`` if the packages cannot be installed: pip has then said why.
    """
    folder = MATRIX / f"{version}-{packages}"
    interpreter = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = constraints(packages, version) + TESTING.read_text() + RUNNING.read_text()
    ready = folder / "ready"  # written last, so an interrupted set-up never counts
    if not ready.exists() or ready.read_text() != wanted:
        print(f"setting up {folder.name} ...", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "venv", folder], check=True)
        (folder / "constraints.txt").write_text(constraints(packages, version))
        install = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        install += ["--only-binary", ":all:", "-r", TESTING, "-c", folder / "constraints.txt"]
        here = {k: v for k, v in os.environ.items() if k not in ELSEWHERE}
        if subprocess.run(install, env=here).returncode != 0:
            return None
        ready.write_text(wanted)
    return interpreter


def test(interpreter: Path, name: str, kernel: str, threads: int | None) -> tuple[str, str]:
    """Test the notebooks; return "ok", "failed" or "impossible", and the row of the table."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("OPENBLAS_", "OMP_"))}
    if kernel != "native":
        env |= {"OPENBLAS_CORETYPE": kernel, "OPENBLAS_NUM_THREADS": str(threads)}
    probe = [interpreter, "-c", PROBE]
    probed = subprocess.run(probe, env=env, capture_output=True)
    if probed.returncode != 0:
        if probed.returncode == 1:  # an error is raised: a crash has another status
            result, why = "failed", probed.stderr.decode().splitlines()[-1]
        else:
            result, why = "impossible", "a plain matrix product crashes, without a notebook"
        verdict = f"{result.upper()}: {why}"
        return result, ROW.format(name, "", kernel, threads or "-", "", "", 0.0, verdict)
    used = json.loads(probed.stdout)
    start = time.perf_counter()
    command = [interpreter, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-n", "auto", "--dist", "loadfile", PROJECT / "notebooks"]
    run = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    log = MATRIX / f"{name}-{kernel}-{threads or 'all'}.log"
    log.write_text(run.stdout + run.stderr, encoding="utf-8")
    result = "ok" if run.returncode == 0 else "failed"
    verdict = result if result == "ok" else f"FAILED, see {log.relative_to(PROJECT)}"
    if kernel != "native" and {OTHER_NAMES.get(k, k) for k in used["kernels"]} != {kernel}:
        verdict += " (but this machine or library does not have the kernel)"
    used_kernel, used_threads = ("+".join(map(str, used[what])) for what in ("kernels", "threads"))
    asked = [name, used["numpy"], kernel, str(threads or "-")]
    return result, ROW.format(*asked, used_kernel, used_threads, seconds, verdict)


def chosen_runs(options: argparse.Namespace, versions: list[str]) -> list[tuple]:
    """The runs to make of those that the options admit: (Python, packages, kernel, threads)."""
    first, last = versions[0], versions[-1]
    if options.full:
        native = product(versions, PACKAGES, ["native"], [None])
        runs = [*native, *product(versions, PACKAGES, KERNELS, THREADS)]
    else:
        runs = [
            (first, "oldest", "native", None),
            (first, "pinned", "SkylakeX", 1),
            (first, "pinned", "Haswell", 2),
            (first, "pinned", "Sandybridge", 1),
            (first, "pinned", "Prescott", 2),
            (last, "pinned", "SkylakeX", 2),
            (last, "pinned", "Prescott", 1),
            (last, "newest", "native", None),
        ]
    return [
        (version, packages, kernel, threads)
        for version, packages, kernel, threads in runs
        if packages in options.packages
        and kernel in options.kernel
        and threads in (None, *options.threads)
        and (packages != "pinned" or version in PYTHONS)
    ]


def parse_options() -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="cross everything with everything")
    parser.add_argument("--python", nargs="+", metavar="3.N", help="only these")
    parser.add_argument("--packages", nargs="+", choices=PACKAGES, default=PACKAGES)
    kernels = ["native", *KERNELS]
    parser.add_argument("--kernel", nargs="+", choices=kernels, default=kernels)
    parser.add_argument("--threads", nargs="+", type=int, choices=THREADS, default=THREADS)
    return parser.parse_args()


def main() -> int:
    """Make the chosen runs, print the table, return the exit code."""
    options = parse_options()
    pythons = find_pythons()
    asked = options.python or sorted({*PYTHONS, *pythons}, key=number)
    versions = [version for version in asked if version in pythons]
    MATRIX.mkdir(parents=True, exist_ok=True)
    rows, results = [], []
    for version, packages, kernel, threads in chosen_runs(options, versions) if versions else []:
        name = f"{version}-{packages}"
        interpreter = environment(version, pythons[version], packages)
        if interpreter is None:
            asked_for = [name, "", kernel, str(threads or "-")]
            row = ROW.format(*asked_for, "", "", 0.0, "FAILED: the packages cannot be installed")
            result = "failed"
        else:
            result, row = test(interpreter, name, kernel, threads)
        rows.append(row)
        results.append(result)
        print(row, flush=True)
    print("", HEAD, *rows, sep="\n")
    print(", ".join(f"{results.count(r)} {r}" for r in ("ok", "failed", "impossible")))
    if missing := [version for version in asked if version not in pythons]:
        print(f"NOT TRIED, for they are not installed: Python {', '.join(missing)}")
    return 0 if "ok" in results and "failed" not in results else 1


if __name__ == "__main__":
    sys.exit(main())
