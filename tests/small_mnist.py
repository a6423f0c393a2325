"""Four files like those of MNIST, but small enough for fast tests."""

import gzip
import hashlib

import numpy as np
from small_idx import idx_bytes

from helpers import full_mnist

NAMES = list(full_mnist.FILES)
NO_SERVER = "http://127.0.0.1:9/"  # nothing listens on the port of the discard service
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


def alone(monkeypatch, cache):
    """Let no test find the user's own files or leave this machine; return ``cache``."""
    monkeypatch.delenv("MNIST_DIR", raising=False)
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "127.0.0.1")
    monkeypatch.setattr(full_mnist, "FILES", FILES)
    monkeypatch.setattr(full_mnist, "MIRRORS", (NO_SERVER,))
    monkeypatch.setattr(full_mnist, "cache_folder", lambda: cache)
    return cache
