"""Executables that answer as a Python of some version does, and install nothing."""

import os
import stat
import sys
from pathlib import Path

import pytest

NEWER = "3.99"  # a Python that nobody has tested

FAKE = """#!/bin/sh
case "$1 $2" in
-c*)  # a Python of that version, for whoever asks
    shift
    exec "{real}" -c 'import sys
sys.version_info = ({version}, 0)
exec(sys.argv.pop(1))' "$@" ;;
"-m venv")
    mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && : >"$4/pyvenv.cfg" ;;
"-m pip")
    echo "$* for ${{PIP_PYTHON:-}}" >>pip.log
    [ ! -e hangs ] || sleep 30
    case "$*" in
    *"pip check") [ ! -e without-what-it-needs ] ;;
    *)
        if [ -e killed ]; then rm killed; exit 137; fi
        if ! [ -e no-network ]; then
            case "$*" in *constraints.txt*) [ ! -e no-wheels ] ;; esac && exit
        fi
        echo "ResolutionImpossible" >&2
        exit 1 ;;
    esac ;;
*)
    echo "ran $*${{PIP_PYTHON:+ for $PIP_PYTHON}}" ;;
esac
"""


def fake_python(path: Path, version: str) -> None:
    """An executable that answers as a Python of a version does, and installs nothing."""
    if os.name == "nt":
        pytest.skip("the fake Pythons are shell scripts")
    path.write_text(FAKE.format(real=sys.executable, version=version.replace(".", ", ")))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
