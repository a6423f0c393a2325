"""IDX files: read as they were written, and refused for every kind of damage."""

import gzip
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_idx import idx_bytes

from helpers import idx

arrays = st.lists(st.integers(1, 5), min_size=1, max_size=3).map(
    lambda shape: np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
)


@given(array=arrays, name=st.sampled_from(["a.gz", "a.idx"]), data=st.data())
def test_read_idx_gives_back_what_was_written_and_refuses_it_cut_off_anywhere(array, name, data):
    content = gzip.compress(idx_bytes(array)) if name == "a.gz" else idx_bytes(array)
    with tempfile.TemporaryDirectory() as folder:  # a new one for each example
        path = Path(folder) / name
        path.write_bytes(content)
        read = idx.read_idx(path)
        assert read.dtype == np.uint8
        np.testing.assert_array_equal(read, array)
        read[...] = 0  # the caller may write to it

        path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1), label="kept")])
        with pytest.raises(ValueError, match=name):
            idx.read_idx(str(path))


PLAIN = idx_bytes(np.arange(6, dtype=np.uint8).reshape(2, 3))
PACKED = gzip.compress(PLAIN, mtime=0)


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\x00\x09\x02" + PLAIN[4:],
        b"\x00\x01\x08\x02" + PLAIN[4:],
        b"\x00\x00\x08\x00\x00",  # a number and no dimension
        b"\x00\x00\x08\x04" + b"\x00\x00\x00\x01" * 4 + b"\x00",
        PLAIN + b"\x00",
        b"\x00\x00\x08\x01" + bytes(4),  # no number at all
        b"\x00\x00\x08\x03" + b"\xff" * 12 + b"abc",
        PACKED[:-8] + bytes([PACKED[-8] ^ 1]) + PACKED[-7:],  # another checksum
        PACKED[:12] + b"\xff\xff\xff" + PACKED[15:],
        PACKED + b"x",
    ],
)
def test_read_idx_refuses_damage(tmp_path, content):
    (tmp_path / "a.idx").write_bytes(content)
    (tmp_path / "a.gz").write_bytes(
        content if content[:2] == PACKED[:2] else gzip.compress(content, mtime=0)
    )
    for name in ("a.idx", "a.gz"):
        with pytest.raises(ValueError, match=f"{name} must be a whole IDX file: (?!None)."):
            idx.read_idx(tmp_path / name)


@pytest.mark.parametrize(
    ("header", "megabytes", "found"),
    [(PLAIN, 64, "found more"), (b"\x00\x00\x08\x01\x7f\xff\xff\xff", 1, "found 1048576")],
)
def test_a_lying_header_does_not_fill_the_memory(tmp_path, header, megabytes, found):
    """A few bytes of gzip can hold 64 megabytes, or announce two gigabytes and hold one mega."""
    with gzip.open(tmp_path / "bomb.gz", "wb") as file:
        file.write(header + bytes(megabytes << 20))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=rf"expected \d+ bytes .* {found}$"):
            idx.read_idx(tmp_path / "bomb.gz")
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
