"""Check the style, and run all tests, each file on one of the cores (``make test``)."""

import subprocess
import sys

import pytest


def main(arguments: list[str]) -> int:
    """The exit status: that of pytest, or that of the style where all tests pass."""
    style = subprocess.run([sys.executable, "-m", "ruff", "check", "."]).returncode
    return int(pytest.main(["-n", "auto", "--dist", "loadfile", *arguments])) or style


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
