"""Laws of `helpers.full_mnist`, and every way in which files and downloads can be wrong.

`test_mnist.py` compares the official files with the sample, where they are at hand.
"""

import gzip
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from mirror import serving
from small_idx import idx_bytes

from helpers import full_mnist, mnist

PROJECT = Path(__file__).parents[1]
NAMES = list(full_mnist.FILES)
NO_SERVER = "http://127.0.0.1:9/"  # nothing listens on the port of the discard service


# Four files like those of MNIST, but small enough for fast tests.
SHAPES = [(13, 28, 28), (13,), (7, 28, 28), (7,)]
ARRAYS = [np.random.default_rng(1).integers(0, 10, shape, dtype=np.uint8) for shape in SHAPES]
CONTENTS = {NAMES[i]: gzip.compress(idx_bytes(ARRAYS[i]), mtime=0) for i in range(4)}
FILES = {
    name: (*(hashlib.sha256(c).hexdigest() for c in (content, gzip.decompress(content))), None)
    for name, content in CONTENTS.items()
}


def write_files(folder):
    folder.mkdir()
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)


def assert_loaded(folder=None):
    assert full_mnist.is_available(folder)
    for got, expected in zip(full_mnist.load_mnist(folder), ARRAYS, strict=True):
        assert got.dtype == np.uint8
        np.testing.assert_array_equal(got, expected)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """No test finds the user's own files or leaves this machine unless it says so."""
    monkeypatch.delenv("MNIST_DIR", raising=False)
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "127.0.0.1")
    monkeypatch.setattr(full_mnist, "FILES", FILES)
    monkeypatch.setattr(full_mnist, "MIRRORS", (NO_SERVER,))
    monkeypatch.setattr(full_mnist, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


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


@pytest.fixture
def server(monkeypatch):
    """Its method ``acts`` makes the mirrors of it, each of which behaves in its way."""
    with serving(CONTENTS) as server:
        server.acts = lambda *behaviours: monkeypatch.setattr(
            full_mnist, "MIRRORS", [server.mirror(behaviour) for behaviour in behaviours]
        )
        yield server


def test_load_mnist_downloads_into_the_cache_what_is_missing_or_damaged(server, cache):
    server.acts("good")
    full_mnist.load_mnist()
    assert_loaded()
    assert server.requests == [("good", name) for name in NAMES]
    if os.name == "posix":  # others may read what a teacher downloads for a class
        assert {(cache / name).stat().st_mode & 0o777 for name in NAMES} == {0o644}

    server.requests.clear()
    (cache / NAMES[0]).unlink()
    (cache / NAMES[3]).write_bytes(b"damaged")
    full_mnist.load_mnist()
    assert_loaded()
    assert server.requests == [("good", NAMES[0]), ("good", NAMES[3])]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        ("missing", "404"),
        ("wrong", "what came is a web page"),
        ("cut", "IncompleteRead|SHA256 hash"),
        ("stalled", "[Tt]imed out"),
    ],
)
def test_after_a_mirror_that_fails_the_next_is_asked_and_after_the_last_nothing_is_left(
    monkeypatch, server, tmp_path, failure, reason
):
    monkeypatch.setattr(full_mnist, "TIMEOUT", 0.1)
    folder = tmp_path / "new" / "folder"
    server.acts(failure, "missing")
    with pytest.raises(ConnectionError, match=rf"no mirror gave {NAMES[0]}:\n.*{reason}") as caught:
        full_mnist.download_mnist(folder)
    by_hand = re.escape(f"put the files {', '.join(NAMES)} into {tmp_path / 'cache'}, ")
    caught.match(rf"\n  {server.mirror('missing')}.*404.*\n.*{by_hand}.*MNIST_DIR")
    assert os.listdir(folder) == []

    server.requests.clear()
    server.acts(failure, "good")
    assert full_mnist.download_mnist(str(folder)) == folder
    assert server.requests == [pair for name in NAMES for pair in ((failure, name), ("good", name))]
    assert sorted(os.listdir(folder)) == sorted(NAMES)
    assert_loaded(folder)


def test_a_server_that_calls_the_packed_files_packed_on_the_way_is_met(server, tmp_path):
    server.acts("unpacking")
    full_mnist.download_mnist(tmp_path / "full")
    assert_loaded(tmp_path / "full")


@pytest.mark.skipif(os.name == "nt", reason="Windows has other errors")
def test_a_fault_of_the_disk_is_no_fault_of_the_mirrors(server, tmp_path, monkeypatch):
    server.acts("good")
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file") as caught:
        full_mnist.download_mnist(tmp_path / "file")
    assert not isinstance(caught.value, ConnectionError)

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.move", full)  # where pooch gives a finished file its name
    with pytest.raises(OSError, match=rf"{NAMES[0]} cannot be kept: No space left"):
        full_mnist.download_mnist(tmp_path / "new")


@pytest.mark.parametrize(("module", "watched"), [("ipykernel.iostream", True), ("io", False)])
def test_somebody_watches_in_jupyter_and_nobody_without_a_console(monkeypatch, module, watched):
    stream = type("Stream", (), {"__module__": module, "isatty": lambda self: False})()
    monkeypatch.setattr(sys, "stderr", stream)
    assert full_mnist.somebody_watches() == watched
    monkeypatch.setattr(sys, "stderr", None)
    assert not full_mnist.somebody_watches()


def test_the_certificates_are_those_that_the_environment_names(server, tmp_path, monkeypatch):
    asked = []

    import pooch

    real = pooch.HTTPDownloader
    monkeypatch.setattr(pooch, "HTTPDownloader", lambda *a, **o: (asked.append(o), real(*a))[1])
    server.acts("good")
    school = tmp_path / "school.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(school))
    with pytest.raises(FileNotFoundError, match="SSL_CERT_FILE names no file: "):
        full_mnist.download_mnist(tmp_path / "full")
    school.touch()
    full_mnist.download_mnist(tmp_path / "full")
    assert asked[0]["verify"] == str(school)
    assert asked[0]["headers"] == {"Accept-Encoding": "identity"}
    monkeypatch.delenv("SSL_CERT_FILE")
    full_mnist.download_mnist(tmp_path / "full")
    assert "verify" not in asked[1]


DOWNLOAD = """
import sys
from helpers import full_mnist
full_mnist.FILES, full_mnist.MIRRORS = eval(sys.argv[1]), [sys.argv[2]]
full_mnist.CHUNK = 100  # so that half of a file that comes is written
sys.stderr.isatty = lambda: sys.argv[4] == "watched"
full_mnist.download_mnist(sys.argv[3])
"""


def download(mirror, folder, watched):
    """A new Python that downloads: tqdm looks at TQDM_DISABLE when it is imported."""
    command = [sys.executable, "-c", DOWNLOAD, str(FILES), mirror, str(folder), watched]
    environment = {key: value for key, value in os.environ.items() if key != "TQDM_DISABLE"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=PROJECT, env=environment, **pipes)


def test_a_killed_download_leaves_no_file_that_a_later_run_takes_for_good(server, tmp_path):
    process = download(server.mirror("stalled"), tmp_path / "full", "alone")
    deadline = time.monotonic() + 20
    while not any(path.stat().st_size for path in tmp_path.glob("full/*")):  # half a file came
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert not set(os.listdir(tmp_path / "full")) & set(NAMES)

    server.acts("good")
    assert_loaded(full_mnist.download_mnist(tmp_path / "full"))


@pytest.mark.parametrize(("watched", "bars"), [("watched", 4), ("alone", 0)])
def test_a_bar_for_each_file_where_somebody_watches(server, tmp_path, watched, bars):
    out, err = download(server.mirror("good"), tmp_path / "full", watched).communicate(timeout=20)
    assert (out, err.count("100%"), err != "") == ("", bars, bars > 0)


# --- the command line --------------------------------------------------------------------------


def test_the_command_tells_which_data_are_at_hand(monkeypatch, server, tmp_path, cache, capsys):
    full_mnist.main([])
    sample, full = capsys.readouterr().out.splitlines()
    assert sample == f"sample: 5,000 images in {mnist.SAMPLE_FILE}"
    assert full.startswith("full MNIST: not at hand: ") and str(cache) in full
    assert full.endswith("; python -m helpers.full_mnist --download gets it")

    server.acts("good")
    full_mnist.main(["--download", str(tmp_path / "full")])
    full_mnist.main(["--download"])
    full_mnist.main([])
    folder, downloaded, _, full = capsys.readouterr().out.splitlines()
    assert folder == f"full MNIST: {tmp_path / 'full'}; set MNIST_DIR to this folder to use it"
    assert (downloaded, full) == (f"full MNIST: {cache}", f"full MNIST: {cache} (cache)")
    assert_loaded(tmp_path / "full")

    server.acts("missing")
    with pytest.raises(SystemExit, match="no mirror gave"):
        full_mnist.main(["--download", str(tmp_path / "other")])
    monkeypatch.setattr(mnist, "SAMPLE_FILE", tmp_path / "nowhere.npz")
    with pytest.raises(SystemExit, match=r"nowhere\.npz"):
        full_mnist.main([])


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
