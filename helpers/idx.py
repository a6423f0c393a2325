"""IDX files, the format of MNIST: read, and what is in one that is something else.

A file may be packed with gzip or not, whatever its name is. Format: LeCun et al., the MNIST
database.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

CHUNK = 1 << 16  # bytes read at a time
DAMAGE = (ValueError, EOFError, struct.error, zlib.error, gzip.BadGzipFile)
MOST = 1 << 26  # bytes, unpacked: more than any file of MNIST has


def read_idx(path: str | Path) -> np.ndarray:
    """The array in an IDX file of unsigned bytes, ``uint8`` with the header's 1 to 3 dimensions.

    Raises ``FileNotFoundError``, and ``ValueError`` if the file is no whole gzip file, starts with
    another magic number, announces an empty array, or is shorter or longer than its header
    announces.
    """
    try:
        with opened(Path(path)) as file:
            return _idx_array(file)
    except DAMAGE as error:
        raise ValueError(f"{path} must be a whole IDX file: {error}") from error


def opened(path: Path) -> BinaryIO:
    """The file, unpacked as it is read if it is packed."""
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else open(path, "rb")


def content_hash(path: Path) -> str:
    """The SHA-256 of what is in the file, unpacked; "" if it is damaged or far too long."""
    digest, length = hashlib.sha256(), 0
    try:
        with opened(path) as file:
            for piece in _pieces(file):
                digest.update(piece)
                length += len(piece)
                if length > MOST:
                    return ""
    except DAMAGE:
        return ""
    return digest.hexdigest()


def described(path: Path) -> str:
    """What is in a file that is not the one that was wanted, in words."""
    with open(path, "rb") as file:
        start = file.read(CHUNK)
    if not start:
        return "nothing: it is empty"
    if start.lstrip()[:1] == b"<":
        return "a web page"
    try:
        return f"other data: an IDX file of shape {read_idx(path).shape}"
    except ValueError as error:
        cut = isinstance(error.__cause__, EOFError | struct.error) or "bytes for shape" in str(
            error
        )
        return "a file that is cut off or too long" if cut else "something else, or damage"


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(CHUNK):
        yield piece


def _idx_array(file: BinaryIO) -> np.ndarray:
    """The array in an open IDX file, which ends where the array does."""
    magic = file.read(4)
    if magic[:3] != b"\x00\x00\x08" or magic[3:] not in (b"\x01", b"\x02", b"\x03"):
        raise ValueError(
            f"expected 00 00 08 and 01, 02 or 03 (dimensions of bytes), found {magic.hex(' ')}"
        )
    shape = struct.unpack(f">{magic[3]}I", file.read(4 * magic[3]))
    size = math.prod(shape)
    if size == 0:
        raise ValueError(f"expected counts of 1 or more, found shape {shape}")
    # In pieces, so that a false header cannot ask for more memory than the file fills;
    # one byte more than announced, which also takes gzip to its checksum at the end.
    data = bytearray()
    while piece := file.read(min(CHUNK, size + 1 - len(data))):
        data += piece
    if len(data) != size:
        found = "more" if len(data) > size else len(data)
        raise ValueError(f"expected {size} bytes for shape {shape}, found {found}")
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)
