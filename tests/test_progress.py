"""A progress bar is for people."""

import sys

import pytest

from helpers.progress import somebody_watches


class Stream:
    def __init__(self, is_terminal):
        self.isatty = lambda: is_terminal


class JupyterStream(Stream):
    __module__ = "ipykernel.iostream"


@pytest.mark.parametrize(
    ("stream", "wanted"),
    [(Stream(False), False), (Stream(True), True), (JupyterStream(False), True)],
    ids=["file", "terminal", "Jupyter"],
)
def test_somebody_watches_a_terminal_and_jupyter(monkeypatch, stream, wanted):
    monkeypatch.setattr(sys, "stderr", stream)
    assert somebody_watches() is wanted


def test_nobody_watches_a_program_without_a_console(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert not somebody_watches()
