"""Files that are whole whenever they are there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file to write bytes into, which takes the place of ``path`` at the end of the block.

    Until then it is beside ``path``, with ``.part`` added to the name. After an error in the
    block, or the end of the process, ``path`` is what it was; whoever looks finds the old file or
    the new one, whole.
    """
    unfinished = path.with_name(f"{path.name}.part")  # beside a.md there may be an a.jsonl
    with open(unfinished, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())  # on the disk before it has the name
    unfinished.replace(path)
