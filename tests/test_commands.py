"""What the make targets have in common, and ``make test`` itself."""

import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from types import SimpleNamespace

from tools import test as tests

PROJECT = Path(__file__).parents[1]


def test_ctrl_c_is_one_line_in_every_command_from_its_first_import_on():
    stop = "import tools; raise KeyboardInterrupt"
    done = subprocess.run([sys.executable, "-c", stop], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode and (done.stdout, done.stderr) == ("", "stopped\n")


def test_tests_fail_where_the_style_does_and_where_they_do(monkeypatch):
    status = {}
    monkeypatch.setattr("subprocess.run", lambda _: SimpleNamespace(returncode=status["style"]))
    monkeypatch.setattr("pytest.main", lambda _: status["tests"])
    for status["style"], status["tests"] in product((0, 1), (0, 2)):
        assert bool(tests.main([])) == any(status.values())


def test_each_of_several_processes_of_the_tests_has_one_blas_thread():
    env = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    code = """
import conftest, threadpoolctl
print(*(library["num_threads"] for library in threadpoolctl.threadpool_info()))
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={**env, "PYTEST_XDIST_WORKER": "gw0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(run.stdout.split()) == {"1"}
