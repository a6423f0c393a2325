"""Files that are whole whenever they are there, though several processes write them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file to write bytes into, which takes the place of ``path`` at the end of the block.

    Until then it is beside ``path``, with ``.part`` added to the name. After an error in the
    block, or the end of the process, ``path`` is what it was; whoever looks finds the old file or
    the new one, whole. Processes that may write the same file do it `alone_in` its folder.
    An ``OSError`` names the file, also that of a full disk.
    """
    unfinished = path.with_name(f"{path.name}.part")  # beside a.md there may be an a.jsonl
    try:
        with open(unfinished, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # on the disk before it has the name
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        if error.errno:  # a full disk is told without a name
            error.filename = error.filename or str(unfinished)
        raise


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """While this lasts, no other process is in here with the same folder.

    Where a folder cannot be locked (Windows, some network drives) this does nothing; then only one
    process should write there at a time. The lock of a process that dies dies with it.
    """
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
