"""Write ``constraints.txt`` anew (``make lock``): the newest versions that are admitted.

uv resolves the requirements of running and testing once for all Pythons and systems; where they
need different versions, a line has a marker. The file names the Pythons of ``make matrix``, so
that is what to run next, with all of them installed. What it finds to be wrong gets a bound in the
requirements, and then ``make lock`` again.

Set-up installs the pinned versions as wheels, and leaves the pins out where one has none (see
``tools/python.sh``). Which of the common systems these are is printed at the end.
"""

import re
import subprocess
import sys

from tools.matrix import PYTHONS
from tools.requirements import CONSTRAINTS, TESTING

SYSTEMS = [
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "aarch64-apple-darwin",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-msvc",
]

HEADER = f"""\
# The versions that were tested last, of all that running and testing need. Made by: make lock
# Tested with Python {PYTHONS[0]} to {PYTHONS[-1]}
# A newer Python may need newer versions: leave this file out there. "make" does so by itself.
"""

UV = [sys.executable, "-m", "uv", "pip", "compile"]
FORM = ["--no-config", "--no-python-downloads", "--no-header", "--no-annotate"]


def resolve(*options: str) -> subprocess.CompletedProcess:
    """Let uv choose a version of each package; only those with wheels."""
    command = [*UV, *FORM, "--only-binary", ":all:", *options, str(TESTING)]
    return subprocess.run(command, capture_output=True, encoding="utf-8")


def without_wheels(python: str, system: str) -> str:
    """A pinned package that has no wheel for a Python on a system; empty if all have one."""
    where = ["--python-version", python, "--python-platform", system]
    tried = resolve(*where, "--constraints", str(CONSTRAINTS))
    if tried.returncode == 0:
        return ""
    words = " ".join(tried.stderr.split())
    package = re.search(r"(\S+==\S+) has no (usable )?wheels", words)
    return package[1] if package else words


def main() -> int:
    """Write the file, print for whom it is of no use, return the exit code."""
    resolved = resolve("--universal", "--python-version", PYTHONS[0])
    if resolved.returncode != 0:
        print(resolved.stderr, file=sys.stderr)
        return 1
    CONSTRAINTS.write_text(HEADER + resolved.stdout, encoding="utf-8", newline="\n")
    print(f"{CONSTRAINTS.name} is new; now test it: make matrix")
    for system in SYSTEMS:
        for python in PYTHONS:
            if package := without_wheels(python, system):
                print(f"not for Python {python} on {system}, which lacks a wheel: {package}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
