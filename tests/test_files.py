"""A file that is replaced is the old one or the new one, whole."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tools import files
from tools.files import alone_in, replacing


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "name.txt"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as file:
        file.write(b"ne")
        raise KeyboardInterrupt
    with replacing(path) as file, replacing(path.with_suffix(".md")) as other:
        file.write(b"new")
        other.write(b"other")  # is written beside it, not into it
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert sorted(tmp_path.iterdir()) == [path.with_suffix(".md"), path]


@pytest.mark.skipif(files.fcntl is None, reason="Windows cannot lock a folder")
def test_two_that_are_alone_in_a_folder_take_turns(tmp_path, monkeypatch):
    flock, second_asks, entered = files.fcntl.flock, threading.Event(), []
    with ThreadPoolExecutor() as threads:
        with alone_in(tmp_path):
            monkeypatch.setattr(files.fcntl, "flock", lambda *a: (second_asks.set(), flock(*a)))
            second = threads.submit(enter, tmp_path, entered)
            assert second_asks.wait(timeout=60)
            assert not second.done() and not entered
        second.result(timeout=60)
    assert entered == [True]


def enter(folder, entered):
    with alone_in(folder):
        entered.append(True)


def unlockable(*_):
    """What a network drive may answer."""
    raise OSError("No locks available")


@pytest.mark.parametrize("attribute", ["fcntl", "fcntl.flock"])
def test_a_folder_that_cannot_be_locked_is_used_without_a_lock(tmp_path, monkeypatch, attribute):
    if attribute == "fcntl":
        monkeypatch.setattr(files, "fcntl", None)  # as on Windows
    elif files.fcntl is not None:
        monkeypatch.setattr(files.fcntl, "flock", unlockable)
    entered = []
    enter(tmp_path, entered)
    assert entered
