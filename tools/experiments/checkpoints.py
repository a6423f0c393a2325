"""Checkpoints of long trainings: a file that holds all that a training needs to go on.

Arrays and JSON in an ``.npz``, no pickle. It is written after each epoch, and whole whenever it is
there. A training that goes on from it ends with the same bits as one that was never stopped, on the
same machine.
"""

from __future__ import annotations

import errno
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from zipfile import is_zipfile

import numpy as np

from helpers.network import Network
from helpers.training import History, Settings, State
from tools.files import alone_in, replacing


class Checkpoint:
    """The file that a training is saved to after each epoch, and goes on from.

    ::

        saved = Checkpoint(path, network, rng, settings, [x, labels])
        train(network, x, labels, settings, rng, after_epoch=[saved], state=saved.load())

    It holds network, generator and state, and nothing that another callback keeps. It stays when
    the training has ended: a training with another seed needs another file.
    """

    def __init__(
        self,
        path: str | Path,
        network: Network,
        rng: np.random.Generator,
        settings: Settings,
        data: Sequence[np.ndarray],
    ) -> None:
        """Make the folder of ``path``; ``data`` is what is trained on.

        Raises ``TypeError`` for what is no path, ``ValueError`` unless it ends in .npz, ``OSError``
        for a folder that cannot be.
        """
        if not isinstance(path, str | Path):
            raise TypeError(f"checkpoint must be a path, got {path!r}")
        try:
            self.path = Path(path).expanduser()
        except RuntimeError as error:
            raise FileNotFoundError(
                f"checkpoint must be a path, got {str(path)!r}: {error}"
            ) from error
        if self.path.suffix != ".npz":
            raise ValueError(f"checkpoint must end in .npz, got {path}")
        if self.path.is_dir():
            raise IsADirectoryError(f"checkpoint must be a file, got the folder {path}")
        try:  # before there is anything to save
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = f"checkpoint needs a folder, {self.path.parent}: {error.strerror}"
            raise OSError(error.errno, why) from error
        self.network, self.rng, self.settings = network, rng, settings
        checksum = 0
        for array in data:
            checksum = zlib.crc32(np.ascontiguousarray(array), checksum)
        self.identity = {  # what must be equal for a training to go on
            **asdict(settings),
            "sizes": list(network.sizes),
            "dtype": network.parameters.dtype.name,
            "generator": rng.bit_generator.state["bit_generator"],
            "the checksum of the data": checksum,
        }

    def __call__(self, state: State) -> None:
        """Replace the file by one of this state, after an epoch."""
        about = {
            "identity": self.identity,
            "rng": self.rng.bit_generator.state,
            "history": asdict(state.history),
        }
        # some generators have arrays in their state; they take lists as well
        text = json.dumps(about, default=lambda array: array.tolist())
        # a process that trains the same, left behind or started twice, saves to the same file
        with alone_in(self.path.parent), replacing(self.path) as file:
            np.savez(file, about=text, parameters=self.network.parameters, change=state.change)

    def load(self) -> State | None:
        """Set network and generator to what was saved, and return the state; None without a file.

        Raises ``ValueError`` for a file that is damaged or of another training, ``OSError`` for one
        that cannot be read; then nothing has changed.
        """
        if not self.path.exists():
            return None
        with _opened(self.path) as saved:
            parameters, change = saved["parameters"], saved["change"]
            about = json.loads(str(saved["about"]))
            identity, rng, history = about["identity"], about["rng"], History(**about["history"])
            lengths = [len(values) for values in (history.loss, history.accuracy, history.seconds)]
        for what, value in self.identity.items():
            if identity.get(what) != value:
                raise ValueError(
                    f"checkpoint {self.path} is of another training: {what} is "
                    f"{identity.get(what)!r} there, {value!r} here; name another file, or delete "
                    f"this one to start anew"
                )
        for name, array in {"parameters": parameters, "change": change}.items():
            like = self.network.parameters
            if array.shape != like.shape or array.dtype != like.dtype:
                raise _unreadable(self.path, f"{name} has shape {array.shape}, dtype {array.dtype}")
            if not np.isfinite(array).all():
                raise _unreadable(self.path, f"{name} are not finite")
        if len(set(lengths)) > 1:
            raise _unreadable(self.path, f"{lengths} losses, accuracies and seconds")
        try:  # first, because it may be refused
            self.rng.bit_generator.state = rng
        except (ValueError, TypeError, KeyError) as error:
            raise _unreadable(self.path, error) from error
        self.network.parameters[...] = parameters
        return State(self.settings, change, history)


def saved_epochs(path: str | Path) -> int:
    """How many epochs the training that is saved in ``path`` has done; 0 if there is no file.

    Raises ``ValueError`` for a file that is damaged or no checkpoint.
    """
    path = Path(path).expanduser()
    if not path.exists():
        return 0
    with _opened(path) as saved:  # reads the one entry, not the large arrays
        return len(json.loads(str(saved["about"]))["history"]["loss"])


@contextmanager
def _opened(path: Path) -> Iterator[Mapping[str, np.ndarray]]:
    """A checkpoint to read from; ``ValueError`` for anything that is wrong with what is read."""
    # opened here, because np.load leaves a damaged file open
    with open(path, "rb") as file:
        try:
            if not is_zipfile(file):  # np.load would advise to unpickle it
                raise ValueError("no .npz file")
            file.seek(0)
            with np.load(file, allow_pickle=False) as saved:
                yield saved
        except Exception as error:  # which one it is depends on what is damaged
            # a place before the file's beginning, in damaged zips, is EINVAL
            of_disk = isinstance(error, OSError) and error.errno != errno.EINVAL
            if of_disk or isinstance(error, MemoryError):
                raise
            raise _unreadable(path, error) from error


def _unreadable(path: Path, why: object) -> ValueError:
    return ValueError(
        f"checkpoint {path} cannot be read, it is damaged or of another version: {why!r}; "
        f"delete it to start anew"
    )
