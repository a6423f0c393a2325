"""``make matrix``: what it says of an environment that is not as it should be."""

import os
import signal
import subprocess
import sys

import pytest

from tools import matrix

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the interpreters are shell scripts")


@pytest.mark.parametrize(
    ("does", "result", "verdict"),
    [
        ("echo 'ModuleNotFoundError: numpy' >&2; exit 1", "failed", "FAILED: ModuleNotFoundError"),
        (f"kill -{signal.SIGILL.value} $$", "impossible", "IMPOSSIBLE: a plain matrix product"),
    ],
)
def test_a_crash_of_the_kernel_is_told_from_another_error(tmp_path, does, result, verdict):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{does}\n")
    python.chmod(0o755)
    said, row = matrix.test(python, "3.11-pinned", "Haswell", 2)
    assert said == result and verdict in row


def test_packages_go_into_the_environment_whatever_pip_is_told_elsewhere(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(matrix, "MATRIX", tmp_path)
    monkeypatch.setenv("PIP_PYTHON", "another")
    monkeypatch.setenv("PIP_TARGET", "elsewhere")

    def run(command, env=None, **_):
        seen.append((command[1:4], env))
        (tmp_path / "3.11-newest").mkdir(exist_ok=True)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    assert matrix.environment("3.11", sys.executable, "newest")
    assert seen[1][0] == ["-m", "pip", "install"]
    assert not {"PIP_PYTHON", "PIP_TARGET"} & set(seen[1][1])
