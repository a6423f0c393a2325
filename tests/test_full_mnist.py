"""Laws of `helpers.full_mnist`, and every way in which files and downloads can be wrong.

`test_mnist.py` compares the official files with the sample, where they are at hand.
"""

import gzip
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from small_idx import idx_bytes
from small_mnist import (
    CONTENTS,
    NAMES,
    alone,
    assert_loaded,
    write_files,
)

from helpers import full_mnist

PROJECT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    return alone(monkeypatch, tmp_path / "cache")


# --- the full set on disk -----------------------------------------------------------------------


def test_the_folder_goes_before_mnist_dir_and_that_before_the_cache(monkeypatch, tmp_path, cache):
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    assert not full_mnist.is_available()
    write_files(tmp_path / "full")
    assert_loaded("~/full")
    monkeypatch.setenv("MNIST_DIR", "~/full")
    assert_loaded()
    assert not full_mnist.is_available(tmp_path)

    monkeypatch.setenv("MNIST_DIR", "")  # the same as not set
    assert not full_mnist.is_available()
    write_files(cache)
    assert_loaded()  # no mirror answers: nothing was downloaded


@pytest.mark.parametrize("named_by", ["folder", "MNIST_DIR"])
@pytest.mark.parametrize(
    ("place", "lacking", "damaged", "error", "message"),
    [
        ("nowhere", [], [], FileNotFoundError, "{} must be a readable folder"),
        (f"full/{NAMES[0]}", [], [], NotADirectoryError, "{} must be a readable folder"),
        (
            "full",
            NAMES[1:3],
            [],
            FileNotFoundError,
            f"{{}} .*lacks {NAMES[1]}, {NAMES[2]}, but has ",
        ),
        (
            "full",
            [],
            NAMES[3:],
            ValueError,
            f"{NAMES[3]} .{{}}. must be the official {NAMES[3]}, found some",
        ),
    ],
)
def test_a_named_folder_that_is_wrong_is_an_error_and_never_replaced(
    monkeypatch, tmp_path, cache, named_by, place, lacking, damaged, error, message
):
    """The cache holds good files and would do: the person wants the folder that was named."""
    write_files(cache)
    write_files(tmp_path / "full")
    for name in lacking:
        (tmp_path / "full" / name).unlink()
    for name in damaged:
        (tmp_path / "full" / name).write_bytes(b"damaged")
    folder = tmp_path / place
    if named_by == "MNIST_DIR":
        monkeypatch.setenv("MNIST_DIR", str(folder))
        folder = None
    assert not full_mnist.is_available(folder)
    with pytest.raises(error, match=message.format(named_by)):
        full_mnist.load_mnist(folder)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights are another matter on Windows")
def test_an_unreadable_folder_or_file_is_an_error_that_names_it():
    me = os.geteuid()
    # tmp_path would not do: its parents are closed to others, readable or not
    with tempfile.TemporaryDirectory() as parent:
        os.chmod(parent, 0o755)
        folder = Path(parent) / "full"
        write_files(folder)
        for path in (folder, *folder.iterdir()):  # whatever the umask
            path.chmod(0o755)
        for closed in (folder / NAMES[2], folder):
            closed.chmod(0o000)
            os.seteuid(me or 65534)  # root may read everything: be nobody for a moment
            try:
                assert not full_mnist.is_available(folder)
                for ask in (full_mnist.load_mnist, full_mnist.download_mnist):
                    with pytest.raises(PermissionError, match=str(closed)):
                        ask(folder)
            finally:
                os.seteuid(me)
                closed.chmod(0o755)


def dotted(name):
    return name.replace("-idx", ".idx")


def plain(name):
    return name.removesuffix(".gz")


FORMS = {  # how a file may be called, and what its bytes are
    "unpacked": (plain, gzip.decompress),
    "a dot": (dotted, lambda content: content),
    "a dot, unpacked": (lambda name: dotted(plain(name)), gzip.decompress),
    "packed again": (lambda name: name, lambda c: gzip.compress(gzip.decompress(c), 1, mtime=5)),
    "packed, with another name": (plain, lambda content: content),
    "unpacked, with the old name": (lambda name: name, gzip.decompress),
}


@pytest.mark.parametrize("place", full_mnist.PLACES)
@pytest.mark.parametrize("form", FORMS)
def test_a_folder_counts_for_what_is_in_it(tmp_path, form, place):
    name_of, bytes_of = FORMS[form]
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    for name, content in CONTENTS.items():
        (tmp_path / place / name_of(name)).write_bytes(bytes_of(content))
    assert_loaded(tmp_path)


OTHER = gzip.compress(idx_bytes(np.ones((13, 28, 28), np.uint8)), mtime=0)
CONTENT = CONTENTS[NAMES[0]]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"<!DOCTYPE html>\n<html>", "a web page"),
        (b"\n <HTML>", "a web page"),
        (b"", "nothing: it is empty"),
        (CONTENT[:-40], "a file that is cut off or too long"),
        (gzip.decompress(CONTENT)[:-1], "a file that is cut off or too long"),
        (OTHER, "other data: an IDX file of shape (13, 28, 28)"),
        (b"PK\x03\x04", "something else, or damage"),
    ],
)
def test_a_file_that_is_another_is_named_with_what_it_is_and_what_to_do(tmp_path, content, found):
    write_files(tmp_path / "full")
    path = tmp_path / "full" / NAMES[0]
    path.write_bytes(content)
    message = f"{path} (folder) must be the official {NAMES[0]}, found {found}. Delete it, and get"
    with pytest.raises(ValueError, match=re.escape(message)):
        full_mnist.load_mnist(tmp_path / "full")


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
@pytest.mark.parametrize("target", ["a folder", "nowhere", "itself"])
def test_what_is_no_file_is_named(tmp_path, target):
    write_files(tmp_path / "full")
    path = tmp_path / "full" / NAMES[2]
    path.unlink()
    path.mkdir() if target == "a folder" else path.symlink_to(path if target == "itself" else "no")
    found = "a folder" if target == "a folder" else "a link that leads nowhere"
    with pytest.raises(ValueError, match=f"{NAMES[2]}, found {found}. Delete it, and get it again"):
        full_mnist.load_mnist(tmp_path / "full")


@pytest.mark.parametrize("value", ["~nobody-of-this-name/mnist", " /data", "'/data'"])
def test_a_folder_that_cannot_be_is_said_in_quotes(monkeypatch, value, capsys):
    monkeypatch.setenv("MNIST_DIR", value)
    with pytest.raises(FileNotFoundError, match=re.escape(repr(value))):
        full_mnist.load_mnist()
    full_mnist.main([])
    assert "full MNIST: not at hand: " in capsys.readouterr().out


# --- downloads ----------------------------------------------------------------------------------


# --- the command line --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mnist_dir", "said"),
    [
        (".", f"not at hand: MNIST_DIR '.' lacks {', '.join(NAMES)}, but has "),
        ("", "dropout-lesson"),
    ],
)
def test_the_module_runs_as_a_command_and_looks_into_the_folder_or_the_cache(mnist_dir, said):
    command = [sys.executable, "-m", "helpers.full_mnist"]
    environment = os.environ | {"MNIST_DIR": mnist_dir}
    output = subprocess.check_output(command, text=True, cwd=PROJECT, env=environment)
    assert re.search(f"^full MNIST: .*{said}", output, re.MULTILINE)
