"""``tools/python.sh``, the set-up, with Pythons that only pretend."""

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fake_python import NEWER, fake_python
from guards import PROJECT

from tools.matrix import PYTHONS
from tools.requirements import CONSTRAINTS, RUNNING, TESTING


class Copy:
    """A copy of what set-up needs, and a PATH of its own without any Python."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "a project"
        self.path = folder / "bin"
        self.path.mkdir()
        for name in "sh sed cat cmp dirname ls tr grep sort mkdir cp mv rm sleep".split():
            (self.path / name).symlink_to(shutil.which(name))
        laboratory = PROJECT / "tools" / "experiments" / "requirements.txt"
        for file in (RUNNING, TESTING, laboratory, CONSTRAINTS, PROJECT / "tools" / "python.sh"):
            copy = self.folder / file.relative_to(PROJECT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)

    def run(self, **variables: str) -> subprocess.CompletedProcess:
        """Run ``tools/python.sh some lesson``."""
        command = ["sh", str(self.folder / "tools" / "python.sh"), "some", "lesson"]
        variables["PATH"] = str(self.path)
        return subprocess.run(command, env=variables, capture_output=True, text=True)

    def installs(self) -> list[bool]:
        """For each time that pip has installed so far, whether it got the pins."""
        log = (self.folder / "pip.log").read_text().splitlines()
        return ["-c constraints.txt" in line for line in log if " install " in line]


@pytest.fixture
def copy(tmp_path) -> Copy:
    if os.name == "nt":
        pytest.skip("the fake Pythons are shell scripts")
    return Copy(tmp_path)


@pytest.mark.parametrize("python", [PYTHONS[0], PYTHONS[-1]])
def test_set_up_installs_the_pins(copy, python):
    fake_python(copy.path / "python3", python)
    done = copy.run()
    assert done.returncode == 0 and done.stdout.endswith("\nran some lesson\n"), done.stderr
    assert copy.installs() == [True]


def test_a_newer_python_gets_no_pins_and_it_is_said(copy):
    fake_python(copy.path / "python3.99", NEWER)
    done = copy.run()
    assert done.returncode == 0, done.stderr
    assert f"Python {NEWER} is newer than {PYTHONS[-1]}" in done.stdout
    assert copy.installs() == [False]
    assert copy.run().stdout == "ran some lesson\n"


def test_a_linked_environment_is_not_emptied(copy):
    fake_python(copy.path / "python3", PYTHONS[0])
    shared = copy.folder / "somebody else's"
    shared.mkdir()
    (shared / "file").touch()
    (copy.folder / ".venv").symlink_to(shared)
    done = copy.run()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(".venv is a link")
    assert list(shared.iterdir()) == [shared / "file"]


def test_a_folder_of_other_things_is_not_emptied(copy):
    fake_python(copy.path / "python3", PYTHONS[0])
    for name in ("diary", ".", ".venv"):
        folder = copy.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "today").write_text("dear diary")
        done = copy.run(LESSON_VENV=name)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"{name} holds other things than an environment")
        assert (folder / "today").read_text() == "dear diary"


@pytest.mark.parametrize("name", ["diary", ".venv"])
def test_a_file_in_the_place_of_the_environment_is_not_deleted(copy, name):
    fake_python(copy.path / "python3", PYTHONS[0])
    (copy.folder / name).write_text("dear diary")
    done = copy.run(LESSON_VENV=name)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{name} holds other things than an environment")
    assert (copy.folder / name).read_text() == "dear diary"


@pytest.mark.parametrize("name", ["elsewhere/", "-x"])
def test_another_folder_is_named_as_a_shell_completes_it(copy, name):
    fake_python(copy.path / "python3", PYTHONS[0])
    done = copy.run(LESSON_VENV=name)
    assert done.returncode == 0 and (copy.folder / name / "ready").exists(), done.stderr


def test_an_environment_that_the_reader_has_made_is_there_again_after_a_failure(copy):
    fake_python(copy.path / "python3", PYTHONS[0])
    copy.run()
    (copy.folder / ".venv/ready").unlink()  # by python -m venv and pip, say
    before = names_in(copy.folder / ".venv")
    (copy.folder / "no-network").touch()
    done = copy.run()
    assert done.returncode == 1 and "What was in .venv before is there again." in done.stderr
    assert names_in(copy.folder / ".venv") == before


def test_what_a_python_says_that_does_not_run_is_told(copy):
    fake = copy.path / "python3"
    fake.write_text("#!/bin/sh\necho 'Fatal Python error: invalid PYTHONUTF8' >&2\nexit 1\n")
    fake.chmod(0o755)
    said = "  python3: it does not run: Fatal Python error: invalid PYTHONUTF8\n"
    assert said in copy.run().stderr


def test_a_home_of_another_python_is_not_asked(copy):
    fake_python(copy.path / "python3", PYTHONS[0])
    tool = copy.path / "python3"
    tool.write_text(tool.read_text().replace("\n", '\n[ -z "${PYTHONHOME:-}" ] || exit 1\n', 1))
    assert copy.run(PYTHONHOME="/nonexistent", PYTHONHASHSEED="abc").returncode == 0


def test_the_newest_packages_can_be_asked_for(copy):
    fake_python(copy.path / "python3", PYTHONS[0])
    assert "LESSON_NEWEST is set" in copy.run(LESSON_NEWEST="1").stdout
    copy.run(LESSON_NEWEST="1")
    assert copy.installs() == [False]
    copy.run()
    assert copy.installs() == [False, True]


def test_pins_that_cannot_be_installed_do_not_block(copy):
    fake_python(copy.path / "python", PYTHONS[-1])
    (copy.folder / "no-wheels").touch()
    done = copy.run()
    assert "constraints.txt cannot be installed here" in done.stdout
    assert done.stdout.endswith("\nran some lesson\n")
    assert copy.installs() == [True, False]


def test_a_hiccup_does_not_leave_other_versions_than_the_pins(copy):
    fake_python(copy.path / "python3", PYTHONS[0])
    (copy.folder / "killed").touch()
    done = copy.run()
    assert done.returncode == 1 and "trying the newest" not in done.stdout
    assert not (copy.folder / ".venv").exists()  # what was half made
    assert copy.run().returncode == 0
    assert copy.installs() == [True, True]


@pytest.mark.parametrize(
    ("fault", "said"),
    [("no-network", "is there a network,"), ("without-what-it-needs", "has not installed into")],
)
def test_an_environment_that_lacks_something_is_not_ready_and_it_is_said(copy, fault, said):
    fake_python(copy.path / "python3", PYTHONS[0])
    (copy.folder / fault).touch()
    for _ in range(2):
        done = copy.run()
        assert done.returncode == 1 and said in done.stderr and "ran" not in done.stdout
    (copy.folder / fault).unlink()
    assert copy.run().stdout.endswith("\nran some lesson\n")


def test_what_was_ready_for_reading_stays_so_where_tests_cannot_be_added(copy):
    fake_python(copy.path / "python3", PYTHONS[0])
    to_read = {"LESSON_REQUIREMENTS": "requirements.txt"}
    copy.run(**to_read)
    (copy.folder / "no-network").touch()
    assert copy.run().returncode == 1
    assert copy.run(**to_read).stdout == "ran some lesson\n"


def renewed_in_vain(copy):
    """Set up, then the requirements change; returns what stood in the environment."""
    fake_python(copy.path / "python3", PYTHONS[0])
    copy.run()
    with (copy.folder / "constraints.txt").open("a") as file:
        file.write("another==1\n")
    (copy.folder / ".venv/installed").touch()
    return names_in(copy.folder / ".venv")


def names_in(folder):
    return {path.relative_to(folder) for path in folder.rglob("*")}


def test_an_environment_that_cannot_be_made_anew_is_left_as_it_was(copy):
    before = renewed_in_vain(copy)
    (copy.folder / "no-network").touch()
    for _ in range(2):
        done = copy.run()
        assert done.returncode == 1
        assert "What was in .venv before is there again." in done.stderr
        assert done.stderr.endswith(".venv/bin/python -m tools.lab opens the lessons with it.\n")
        assert "trying the newest" not in done.stdout
        assert names_in(copy.folder / ".venv") == before
    (copy.folder / "no-network").unlink()
    assert copy.run().stdout.endswith("\nran some lesson\n")
    assert not (copy.folder / ".venv/installed").exists()
    assert not (copy.folder / ".venv.setting-up").exists()


@pytest.mark.parametrize("name", ["SIGHUP", "SIGTERM", "SIGINT", "SIGKILL"])
def test_a_set_up_that_is_stopped_leaves_what_was_there(copy, name):
    before = renewed_in_vain(copy)
    (copy.folder / "hangs").touch()
    command = ["sh", str(copy.folder / "tools/python.sh"), "some", "lesson"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    number = getattr(signal, name)
    hear = None if name == "SIGKILL" else lambda: signal.signal(number, signal.SIG_DFL)  # & is deaf
    environment = {"PATH": str(copy.path)}
    stopped = subprocess.Popen(command, env=environment, preexec_fn=hear, **quiet)
    kept = copy.folder / ".venv.setting-up/before"
    until(lambda: kept.exists() and (copy.folder / ".venv/bin/python").exists())
    os.killpg(stopped.pid, number)
    stopped.wait(20)
    if name == "SIGKILL":  # then the next one finds what it has left
        (copy.folder / "hangs").unlink()
        (copy.folder / "no-network").touch()
        assert copy.run().returncode == 1
    assert names_in(copy.folder / ".venv") == before
    assert not (copy.folder / ".venv.setting-up").exists()


def until(happened):
    """Wait for it, half a minute at most."""
    for _ in range(600):
        if happened():
            return
        time.sleep(0.05)
    raise TimeoutError


def test_the_python_of_the_environment_itself_can_make_it_anew(copy):
    renewed_in_vain(copy)
    (copy.path / "python3").unlink()
    done = copy.run(PYTHON=".venv/bin/python")
    assert done.stdout.endswith("\nran some lesson\n"), done.stderr
    assert not (copy.folder / ".venv/installed").exists()


def test_other_pins_renew_the_environment_and_the_same_do_not(copy):
    fake_python(copy.path / "python3", PYTHONS[0])
    copy.run()
    assert copy.run().stdout == "ran some lesson\n"
    with (copy.folder / "constraints.txt").open("a") as file:
        file.write("another==1\n")
    assert copy.run().stdout.startswith("Setting up .venv")
    assert copy.installs() == [True, True]


def test_an_environment_to_read_in_is_smaller_and_gets_what_tests_need_when_they_run(copy):
    fake_python(copy.path / "python3", PYTHONS[0])
    to_read = {"LESSON_REQUIREMENTS": "requirements.txt"}
    assert copy.run(**to_read).stdout.startswith("Setting up .venv")
    assert copy.run(**to_read).stdout == "ran some lesson\n"
    assert copy.run().stdout.startswith("Adding to .venv what the tests need")
    assert copy.run(**to_read).stdout == copy.run().stdout == "ran some lesson\n"
    log = (copy.folder / "pip.log").read_text().splitlines()
    installed = ["-r tests/requirements.txt" in line for line in log if " install " in line]
    assert installed == [False, True]
    with (copy.folder / "tools/experiments/requirements.txt").open("a") as file:
        file.write("another==1\n")
    assert copy.run().stdout.startswith("Setting up .venv")


def test_where_pip_installs_is_said_for_the_set_up_alone(copy):
    fake_python(copy.path / "python3", PYTHONS[0])
    assert copy.run(PIP_PYTHON="another").stdout.endswith("\nran some lesson for another\n")
    log = (copy.folder / "pip.log").read_text().splitlines()
    assert log and all(line.endswith(" for .venv/bin/python") for line in log)


def test_an_old_python_is_passed_over_for_one_that_fits(copy):
    fake_python(copy.path / "python3", "3.10")
    refused = copy.run()
    assert refused.returncode == 1 and "Needed: Python 3.11 or newer" in refused.stderr
    assert "  python3: Python 3.10, too old\n  python: not found\n" in refused.stderr
    fake_python(copy.path / "python3.12", "3.12")
    assert "Setting up .venv with Python 3.12" in copy.run().stdout


def test_a_python_without_venv_is_told_what_to_install(copy):
    fake_python(copy.path / "python3", "3.12")
    python = copy.path / "python3"
    without = 'import sys\nsys.modules["venv"] = None'
    python.write_text(python.read_text().replace("import sys", without, 1))
    refused = copy.run()
    assert refused.returncode == 1
    assert "  python3: Python 3.12 without venv and ensurepip (on Debian" in refused.stderr
    assert "apt install python3.12-venv)" in refused.stderr


def test_an_environment_that_got_nothing_is_not_ready(copy):
    """As with a dry run, or a target, in pip's settings."""
    fake_python(copy.path / "python3", PYTHONS[0])
    with (copy.folder / "tests/requirements.txt").open("a") as file:
        file.write("a-package-that-nobody-has>=1\n")
    for _ in range(2):  # nor is it the next time
        done = copy.run()
        assert done.returncode == 1 and "ran" not in done.stdout
        assert done.stderr.startswith("pip has not installed into .venv what is needed. Do its")


def test_tools_and_packages_are_found_whatever_the_environment_says_of_others(copy):
    fake_python(copy.path / "python3", PYTHONS[0])
    assert copy.run().returncode == 0
    python = copy.folder / ".venv/bin/python"
    variables = "PYTHONSAFEPATH PYTHONPATH PYTHONINSPECT PYTHONPLATLIBDIR".split()
    seen = "".join(f"${{{name}-}}" for name in variables)
    python.write_text(python.read_text().replace('echo "ran', f'echo "$(pwd), {seen}: ran'))
    other = copy.folder.parent / "another project"
    (other / "tools").mkdir(parents=True)
    done = copy.run(CDPATH=str(other), **dict.fromkeys(variables, "/broken"))
    assert done.stdout == f"{copy.folder}, : ran some lesson\n"


def test_two_set_ups_do_not_meet(copy):
    fake_python(copy.path / "python3", PYTHONS[0])
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    lock = copy.folder / ".venv.setting-up"
    lock.mkdir()
    (lock / "process").write_text(f"{other.pid}\n")
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(copy.run)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=1.5)
        other.communicate(b"\n")  # it ends, and leaves its lock, as one that is killed
        done = waiting.result(timeout=20)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Another command sets up .venv: waiting for it")
    assert done.stdout.endswith("\nran some lesson\n")
    assert not lock.exists()


def test_a_folder_that_cannot_be_written_in_is_refused_in_one_sentence(copy):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    fake_python(copy.path / "python3", PYTHONS[0])
    copy.folder.chmod(0o555)
    try:
        refused = copy.run()
    finally:
        copy.folder.chmod(0o755)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"The folder {copy.folder} cannot be written in: copy the")
    assert refused.stderr.count("\n") == 1
