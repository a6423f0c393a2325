"""A file that is replaced is the old one or the new one, whole."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tools import files
from tools.files import alone_in, replacing


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "name.txt"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_files_that_differ_in_their_suffix_can_be_replaced_at_the_same_time(tmp_path):
    with replacing(tmp_path / "name.txt") as one, replacing(tmp_path / "name.md") as other:
        one.write(b"one")
        other.write(b"other")
    assert (tmp_path / "name.txt").read_bytes() == b"one"
    assert (tmp_path / "name.md").read_bytes() == b"other"


def test_an_error_leaves_the_old_file(tmp_path):
    path = tmp_path / "name.txt"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as file:
        file.write(b"ne")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"


@pytest.mark.skipif(files.fcntl is None, reason="Windows cannot lock a folder")
def test_two_that_are_alone_in_a_folder_take_turns(tmp_path, monkeypatch):
    path = tmp_path / "name.txt"
    second_asks = threading.Event()

    def write(content, before_the_end):
        with alone_in(tmp_path), replacing(path) as file:
            file.write(content[:2])
            before_the_end()
            file.write(content[2:])

    def first_goes_on_when_second_has_asked():
        flock = files.fcntl.flock
        monkeypatch.setattr(files.fcntl, "flock", lambda *a: (second_asks.set(), flock(*a)))
        second = threads.submit(write, b"second", lambda: found.append(path.read_bytes()))
        assert second_asks.wait(timeout=60)
        waiting.append(not second.done())

    found, waiting = [], []
    with ThreadPoolExecutor() as threads:
        write(b"first", first_goes_on_when_second_has_asked)
    assert (found, waiting) == ([b"first"], [True])
    assert path.read_bytes() == b"second" and list(tmp_path.iterdir()) == [path]
