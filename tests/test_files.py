"""A file that is replaced is the old one or the new one, whole."""

import pytest

from helpers.files import replacing


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
