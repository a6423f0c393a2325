"""Test the notebooks under many Pythons, versions and BLAS kernels (``make matrix``).

An environment is a Python with the ``oldest`` packages that requirements.txt admits, or the
``newest``.
A kernel is the code that OpenBLAS runs for one family of processors. It and the number of threads
decide the last bits of a matrix product, so what a notebook prints must not depend on them.

By default every environment is tested as it is (``native``), and the oldest and newest packages of
the newest Python and the newest of the oldest with every kernel on one and two threads. ``--full``
crosses everything. The environments are kept in ``build/matrix/``, so only the first run installs
anything.
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

from packaging.requirements import Requirement

PROJECT = Path(__file__).resolve().parent.parent
MATRIX = PROJECT / "build" / "matrix"
REQUIREMENTS = PROJECT / "requirements.txt"
TEST_REQUIREMENTS = PROJECT / "tests" / "requirements.txt"

PYTHONS = ["3.11", "3.12", "3.13"]
PACKAGES = ["oldest", "newest"]
KERNELS = ["Haswell", "SkylakeX", "Sandybridge", "Prescott"]
THREADS = [1, 2]

ROW = "{:12} {:7} {:12} {:>7}  {:19} {:>7} {:7.1f}  {}"
HEAD = "environment  numpy   kernel asked threads  kernel used         threads seconds  result"

# Builds of OpenBLAS that leave out the kernels before Prescott's use their names for it.
OTHER_NAMES = {"Katmai": "Prescott"}

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
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [sys.executable, *(f"python{version}" for version in PYTHONS)]
    candidates += sorted(map(str, [*pyenv.glob("*/bin/python"), *pyenv.glob("*/python.exe")]))
    found: dict[str, str] = {}
    for candidate in candidates:
        version = minor_version(candidate)
        if version in PYTHONS:
            found.setdefault(version, candidate)
    return found


def minor_version(python: str) -> str | None:
    """ "3.12" for a Python 3.12 that can make environments, None where there is none."""
    code = "import ensurepip, venv, sys; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):  # not there, or a stub that only fails
        return None
    return answer.stdout.strip()


def constraints(packages: str) -> str:
    """The constraints file that gives the oldest packages; empty for the newest."""
    if packages == "newest":
        return ""
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    required = [Requirement(line) for line in lines if re.match(r"\w", line)]
    bounds = [(r.name, bound) for r in required for bound in r.specifier if bound.operator == ">="]
    return "".join(f"{name}=={bound.version}\n" for name, bound in bounds)


def environment(version: str, python: str, packages: str) -> Path:
    """The Python of an environment in ``build/matrix/``, made first where it is not there."""
    folder = MATRIX / f"{version}-{packages}"
    interpreter = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = constraints(packages) + TEST_REQUIREMENTS.read_text() + REQUIREMENTS.read_text()
    ready = folder / "ready"  # written last, so an interrupted set-up never counts
    if not ready.exists() or ready.read_text() != wanted:
        print(f"setting up {folder.name} ...", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "venv", folder], check=True)
        (folder / "constraints.txt").write_text(constraints(packages))
        install = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        install += ["-r", TEST_REQUIREMENTS, "-c", folder / "constraints.txt"]
        subprocess.run(install, check=True)
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
        verdict = "IMPOSSIBLE: a plain matrix product crashes with this kernel, without a notebook"
        return "impossible", ROW.format(name, "", kernel, threads or "-", "", "", 0.0, verdict)
    used = json.loads(probed.stdout)
    start = time.perf_counter()
    command = [interpreter, "-m", "pytest", "-q", "-p", "no:cacheprovider", PROJECT / "notebooks"]
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
    """The runs to make: (Python version, packages, kernel, threads)."""
    native = list(product(versions, options.packages, ["native"], [None]))
    # the newest packages of the oldest Python are not those of the newest: a NumPy more to test
    ends = {(versions[0], "newest"), (versions[-1], "oldest"), (versions[-1], "newest")}
    crossed = [
        (version, packages)
        for version, packages in product(versions, options.packages)
        if options.full or (version, packages) in ends
    ]
    kernels = [(*end, *rest) for end in crossed for rest in product(KERNELS, options.threads)]
    return [run for run in native + kernels if run[2] in options.kernel]


def parse_options() -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="cross everything with everything")
    parser.add_argument("--python", nargs="+", choices=PYTHONS, default=PYTHONS)
    parser.add_argument("--packages", nargs="+", choices=PACKAGES, default=PACKAGES)
    kernels = ["native", *KERNELS]
    parser.add_argument("--kernel", nargs="+", choices=kernels, default=kernels)
    parser.add_argument("--threads", nargs="+", type=int, default=THREADS)
    return parser.parse_args()


def main() -> int:
    """Make the chosen runs, print the table, return the exit code."""
    options = parse_options()
    pythons = find_pythons()
    versions = [version for version in options.python if version in pythons]
    if not versions:
        print(f"none of Python {', '.join(options.python)} is installed")
        return 1
    MATRIX.mkdir(parents=True, exist_ok=True)
    rows, results = [], []
    for version, packages, kernel, threads in chosen_runs(options, versions):
        interpreter = environment(version, pythons[version], packages)
        result, row = test(interpreter, f"{version}-{packages}", kernel, threads)
        rows.append(row)
        results.append(result)
        print(row, flush=True)
    print("", HEAD, *rows, sep="\n")
    for version in options.python:
        if version not in pythons:
            print(f"{version}: not installed, not tested")
    print(", ".join(f"{results.count(r)} {r}" for r in ("ok", "failed", "impossible")))
    return 0 if "ok" in results and "failed" not in results else 1


if __name__ == "__main__":
    sys.exit(main())
