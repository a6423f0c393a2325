"""The full MNIST from the mirrors: what is missing, what fails, what is cut off."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mirror import serving
from small_mnist import CONTENTS, FILES, NAMES, alone, assert_loaded

from helpers import full_mnist, mnist

PROJECT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    return alone(monkeypatch, tmp_path / "cache")


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
