"""The full MNIST: 60,000 digits to train with and 10,000 to test with.

Four IDX files, looked for in the folder that the environment variable ``MNIST_DIR`` names; without
that variable in the user's cache, and downloaded into it if they are not there. A file counts for
what is in it, packed or not, with a dash or a dot in its name, in the folder or where torchvision
keeps it, in ``MNIST/raw``: its SHA-256 is checked before it is read.
``python -m helpers.full_mnist`` tells which data are at hand,
``python -m helpers.full_mnist --download [FOLDER]`` gets the full set.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from pathlib import Path

import numpy as np

from helpers.idx import CHUNK, content_hash, described, read_idx
from helpers.mnist import SAMPLE_FILE, load_sample

# name: (SHA-256 of the file, of what is in it, shape), in the order of what load_mnist returns
FILES = {
    "train-images-idx3-ubyte.gz": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        (60000, 28, 28),
    ),
    "train-labels-idx1-ubyte.gz": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        (60000,),
    ),
    "t10k-images-idx3-ubyte.gz": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        (10000, 28, 28),
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        (10000,),
    ),
}
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
GZIP = b"\x1f\x8b"  # how such a file begins
PLACES = ("", "raw", "MNIST/raw")  # where in a folder the files may lie
TIMEOUT = 20.0  # seconds without a byte after which a mirror is given up


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
    return tuple(read_idx(path) for path in _checked_files(folder, named_by))


def is_available(folder: str | Path | None = None) -> bool:
    """Whether `load_mnist` finds all four files on disk and unharmed; never uses the network."""
    try:
        _checked_files(*_choose_folder(folder))
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
        return _expanded(folder, "folder"), "folder"
    if os.environ.get("MNIST_DIR"):
        return _expanded(os.environ["MNIST_DIR"], "MNIST_DIR"), "MNIST_DIR"
    return cache_folder(), "cache"


def _expanded(folder: str | Path, named_by: str) -> Path:
    """The folder with its ``~`` expanded; ``FileNotFoundError`` for somebody who is not here."""
    if not isinstance(folder, str | os.PathLike) or "\0" in str(folder) or not str(folder):
        raise TypeError(f"{named_by} must be the path of a folder, got {folder!r}")
    try:
        return Path(folder).expanduser()
    except RuntimeError as error:
        raise FileNotFoundError(
            f"{named_by} must be a folder, got {str(folder)!r}: {error}"
        ) from error


def _checked_files(folder: Path, named_by: str) -> list[Path]:
    """The files of the full set, wherever they lie in the folder, after a look into each.

    Raises ``OSError`` if one is missing or cannot be read, ``ValueError`` if one is another.
    """
    try:
        there = os.listdir(folder)
    except OSError as error:  # given the same errno, OSError makes the same subclass
        message = f"{named_by} must be a readable folder with the MNIST files: {error.strerror}"
        raise OSError(error.errno, message, str(folder)) from error
    found = {name: _path_of(folder, name) for name in FILES}
    if missing := [name for name, path in found.items() if path is None]:
        held = f", but has {', '.join(sorted(there)[:5])}" if there else ": it is empty"
        raise FileNotFoundError(f"{named_by} {str(folder)!r} lacks {', '.join(missing)}{held}")
    for name, path in found.items():
        _check_file(path, name, named_by)
    return list(found.values())


def _path_of(folder: Path, name: str) -> Path | None:
    """Where the folder has this file, by any of its names; ``None`` if it has not."""
    plain = name.removesuffix(".gz")
    dotted, there = plain.replace("-idx", ".idx"), []
    for place in PLACES:
        for spelling in (name, plain, f"{dotted}.gz", dotted):
            there.append(folder / place / spelling)
    there = [path for path in there if os.path.lexists(path)]
    return next((path for path in there if path.is_file()), there[0] if there else None)


def _check_file(path: Path, name: str, named_by: str) -> None:
    """Raise ``ValueError``, saying what it is and what to do, if a file is not the official one."""
    again = f"Delete it, and get it again: python -m helpers.full_mnist --download {path.parent}"
    if not path.is_file():
        kinds = {path.is_symlink(): "a link that leads nowhere", path.is_dir(): "a folder"}
        what = kinds.get(True, "no file of the usual kind")
        raise ValueError(f"{path} ({named_by}) must be the official {name}, found {what}. {again}")
    packed, plain, _ = FILES[name]
    with open(path, "rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() == packed:
            return
    if content_hash(path) != plain:
        what = described(path)
        raise ValueError(f"{path} ({named_by}) must be the official {name}, found {what}. {again}")


def somebody_watches() -> bool:
    """True in a terminal and in Jupyter, whose stderr is no terminal; False in a log or a pipe."""
    if sys.stderr is None:  # a program without a console on Windows
        return False
    return sys.stderr.isatty() or type(sys.stderr).__module__.startswith("ipykernel")


def download_mnist(folder: str | Path | None = None) -> Path:
    """The folder (by default the user's cache) after the full MNIST has been downloaded into it.

    Files that are there and unharmed are kept. Each of the others is asked of one mirror after the
    other, and gets its name only after its SHA-256 was found right. Raises ``ConnectionError`` if
    no mirror gave a file, with the reasons and what to do by hand, and ``OSError`` for the disk.
    The certificates are those that ``SSL_CERT_FILE`` names, if it does.
    """
    import pooch
    from requests import RequestException

    folder = cache_folder() if folder is None else _expanded(folder, "folder")
    pooch.get_logger().setLevel("WARNING")  # the progress bar says enough
    options = {
        "timeout": TIMEOUT,
        "headers": {"Accept-Encoding": "identity"},  # as it is hashed; and if it comes otherwise:
        "hooks": {"response": lambda got, **_: got.raw.headers.discard("Content-Encoding")},
    }
    if certificates := os.environ.get("SSL_CERT_FILE"):
        if not os.path.exists(certificates):
            raise FileNotFoundError(f"SSL_CERT_FILE names no file: {certificates!r}")
        options["verify"] = certificates
    watched = somebody_watches()
    http = pooch.HTTPDownloader(watched, chunk_size=CHUNK, **options)

    def fetch(url: str, path: str, caller: pooch.Pooch | None) -> None:
        if watched:  # a firewall may let this wait for a while
            print(f"asking {url}", file=sys.stderr)
        http(url, path, caller)
        with open(path, "rb") as file:
            if file.read(2) != GZIP:  # as the page of a network that wants a login
                raise ValueError(f"what came is {described(Path(path))}")
        os.chmod(path, 0o644)  # pooch's temporary file is private, but a class may share a folder

    for name, (sha256, *_) in FILES.items():
        reasons = []
        for mirror in MIRRORS:
            try:
                pooch.retrieve(mirror + name, f"sha256:{sha256}", name, folder, downloader=fetch)
                break
            except (RequestException, ValueError) as error:  # ValueError: another checksum
                reasons.append(f"  {mirror}{name}: {error}")
            except OSError as error:
                what = f"{Path(folder) / name} cannot be kept: {error.strerror or error}"
                raise type(error)(what) from error
        else:
            raise ConnectionError(
                f"no mirror gave {name}:\n" + "\n".join(reasons) + f"\nWithout a network, put the "
                f"files {', '.join(FILES)} into {cache_folder()}, or into any folder and set the "
                f"environment variable MNIST_DIR to it."
            )
    return folder


def _whereabouts() -> str:
    """Where the full set is, or why it is not at hand."""
    named_by = ""
    try:
        folder, named_by = _choose_folder(None)
        _checked_files(folder, named_by)
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
            print(f"full MNIST: {download_mnist(target or None).absolute()}{hint}")
    except (OSError, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
