"""The full MNIST: 60,000 digits to train with and 10,000 to test with.

Four gzipped IDX files, looked for in the folder that the environment variable ``MNIST_DIR`` names;
without that variable in the user's cache, and downloaded into it if they are not there. Every file
is checked by its SHA-256 before it is read. ``python -m helpers.full_mnist`` tells which data are
at hand, ``python -m helpers.full_mnist --download [FOLDER]`` gets the full set.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import math
import os
import struct
import sys
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from helpers.mnist import SAMPLE_FILE, load_sample
from helpers.progress import somebody_watches

FILES = {  # name: (SHA-256, shape), in the order in which load_mnist returns the arrays
    "train-images-idx3-ubyte.gz": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        (60000, 28, 28),
    ),
    "train-labels-idx1-ubyte.gz": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        (60000,),
    ),
    "t10k-images-idx3-ubyte.gz": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        (10000, 28, 28),
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        (10000,),
    ),
}
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
TIMEOUT = 20.0  # seconds without a byte after which a mirror is given up
CHUNK = 1 << 16  # bytes read at a time


def load_mnist(folder: str | Path | None = None) -> tuple[np.ndarray, ...]:
    """Train images, train labels, test images and test labels of the full MNIST, all ``uint8``.

    Shapes (60000, 28, 28), (60000,), (10000, 28, 28), (10000,). The files are read from ``folder``
    if it is given, else from the folder that ``MNIST_DIR`` names; with neither, from the user's
    cache, into which they are downloaded first if need be. A folder that was named is never
    replaced by another: ``OSError`` says what it lacks. ``ValueError`` names a file whose content
    is not the official one, ``ConnectionError`` comes from `download_mnist`.
    """
    folder, named_by = _choose_folder(folder)
    if named_by == "cache":
        download_mnist(folder)
    _check_files(folder, named_by)
    return tuple(read_idx(folder / name) for name in FILES)


def is_available(folder: str | Path | None = None) -> bool:
    """Whether `load_mnist` finds all four files on disk and unharmed; never uses the network."""
    try:
        _check_files(*_choose_folder(folder))
    except (OSError, ValueError):
        return False
    return True


def cache_folder() -> Path:
    """The folder for the full set in the user's cache, wherever this system has its caches."""
    import pooch  # takes longer than all else here, and is of use only without a named folder

    return Path(pooch.os_cache("dropout-lesson"))


def _choose_folder(folder: str | Path | None) -> tuple[Path, str]:
    """The folder of the full set and what named it: "folder", "MNIST_DIR" or "cache"."""
    if folder is not None:
        return Path(folder).expanduser(), "folder"
    if os.environ.get("MNIST_DIR"):
        return Path(os.environ["MNIST_DIR"]).expanduser(), "MNIST_DIR"
    return cache_folder(), "cache"


def _check_files(folder: Path, named_by: str) -> None:
    """Raise ``OSError`` if a file of the full set is missing, ``ValueError`` if one is not it."""
    try:
        missing = [name for name in FILES if name not in os.listdir(folder)]
    except OSError as error:  # given the same errno, OSError makes the same subclass
        message = f"{named_by} must be a readable folder with the MNIST files: {error.strerror}"
        raise OSError(error.errno, message, str(folder)) from error
    if missing:
        raise FileNotFoundError(f"{named_by} {folder} lacks {', '.join(missing)}")
    for name, (expected, _) in FILES.items():
        with open(folder / name, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            raise ValueError(
                f"{folder / name} ({named_by}): expected SHA-256 {expected}, found {found}"
            )


def read_idx(path: str | Path) -> np.ndarray:
    """The array in an IDX file of unsigned bytes, ``uint8`` with the header's 1 to 3 dimensions.

    A name that ends in ``.gz`` means gzip. Raises ``FileNotFoundError``, and ``ValueError`` if the
    file is no whole gzip file, starts with another magic number, announces an empty array, or is
    shorter or longer than its header announces. Format: LeCun et al., the MNIST database.
    """
    path = Path(path)
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            return _idx_array(file)
    except (ValueError, EOFError, struct.error, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} must be a whole IDX file: {error}") from error


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


def download_mnist(folder: str | Path | None = None) -> Path:
    """The folder (by default the user's cache) after the full MNIST has been downloaded into it.

    Files that are there and unharmed are kept. Each of the others is asked of one mirror after the
    other, and gets its name only after its SHA-256 was found right. Raises ``ConnectionError`` if
    no mirror gave a file, with the reasons and what to do by hand.
    """
    import pooch

    folder = cache_folder() if folder is None else Path(folder).expanduser()
    pooch.get_logger().setLevel("WARNING")  # the progress bar says enough
    http = pooch.HTTPDownloader(somebody_watches(), chunk_size=CHUNK, timeout=TIMEOUT)

    def fetch(url: str, path: str, caller: pooch.Pooch | None) -> None:
        http(url, path, caller)
        os.chmod(path, 0o644)  # pooch's temporary file is private, but a class may share a folder

    for name, (sha256, _) in FILES.items():
        reasons = []
        for mirror in MIRRORS:
            try:
                pooch.retrieve(mirror + name, f"sha256:{sha256}", name, folder, downloader=fetch)
                break
            except PermissionError:  # the folder's fault, not the mirror's
                raise
            except (OSError, ValueError) as error:  # ValueError: another checksum
                reasons.append(f"  {mirror}{name}: {error}")
        else:
            raise ConnectionError(
                f"no mirror gave {name}:\n" + "\n".join(reasons) + f"\nWithout a network, put the "
                f"files {', '.join(FILES)} into {cache_folder()}, or into any folder and set the "
                f"environment variable MNIST_DIR to it."
            )
    return folder


def _whereabouts() -> str:
    """Where the full set is, or why it is not at hand."""
    folder, named_by = _choose_folder(None)
    try:
        _check_files(folder, named_by)
    except (OSError, ValueError) as error:
        hint = "; python -m helpers.full_mnist --download gets it" if named_by == "cache" else ""
        return f"not at hand: {error}{hint}"
    return f"{folder} ({named_by})"


def main(arguments: list[str] | None = None) -> None:
    """Print which data are at hand, or download the full set; ``SystemExit`` with the error."""
    parser = argparse.ArgumentParser(
        "python -m helpers.full_mnist", description="Which MNIST is here?"
    )
    into = "download the full set into FOLDER (if none is named: into the user's cache)"
    parser.add_argument("--download", nargs="?", metavar="FOLDER", const="", help=into)
    target = parser.parse_args(arguments).download
    try:
        if target is None:
            print(f"sample: {len(load_sample()[0]):,} images in {SAMPLE_FILE}")
            print(f"full MNIST: {_whereabouts()}")
        else:
            hint = "; set MNIST_DIR to this folder to use it" if target else ""
            print(f"full MNIST: {download_mnist(target or None)}{hint}")
    except (OSError, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
