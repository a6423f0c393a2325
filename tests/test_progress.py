"""The progress bar: what it shows, and to whom."""

import os
import re
import subprocess
import sys

import pytest
from small_training import new_run

from helpers import progress
from helpers.training import train

TRAINING = """
import sys
from helpers.progress import progress_bar
from helpers.training import train
from small_training import new_run
with progress_bar(3) as show:
    train(*new_run(), after_epoch=[show])
"""


@pytest.fixture
def python(monkeypatch):
    """Starts the training in a Python that has the tests to import from."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["tests", "."]))
    monkeypatch.delenv("TQDM_DISABLE")
    return lambda stderr: subprocess.Popen(
        [sys.executable, "-c", TRAINING], stdout=subprocess.PIPE, stderr=stderr, text=True
    )


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such terminals")
@pytest.mark.parametrize("disabled", [False, True])
def test_a_terminal_shows_epochs_loss_and_accuracy_unless_bars_are_disabled(
    python, monkeypatch, disabled
):
    import termios

    if disabled:
        monkeypatch.setenv("TQDM_DISABLE", "1")
    terminal, end_of_process = os.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    process = python(end_of_process)
    os.close(end_of_process)
    shown = b""
    try:
        while part := os.read(terminal, 4096):
            shown += part
    except OSError:  # so Linux says that nothing more comes
        pass
    os.close(terminal)
    assert process.communicate(timeout=60)[0] == "" and process.returncode == 0
    text = shown.decode()
    if disabled:
        assert text.strip() == ""
        return
    history = train(*new_run())
    assert "epoch 3/3: 100% ██████████" in text
    assert f", loss={history.loss[-1]:.4f}, accuracy={history.accuracy[-1]:.4f}" in text
    assert max(map(len, re.split(r"[\r\n]", text))) < 80  # and nothing is cut off


def test_a_log_file_gets_no_bar(python):
    process = python(subprocess.PIPE)
    assert process.communicate(timeout=60) == ("", "") and process.returncode == 0


@pytest.mark.parametrize(("module", "watched"), [("ipykernel.iostream", True), ("io", False)])
def test_somebody_watches_in_jupyter_and_nobody_without_a_console(monkeypatch, module, watched):
    stream = type("Stream", (), {"__module__": module, "isatty": lambda self: False})()
    monkeypatch.setattr(sys, "stderr", stream)
    assert progress.somebody_watches() == watched
    monkeypatch.setattr(sys, "stderr", None)
    assert not progress.somebody_watches()
