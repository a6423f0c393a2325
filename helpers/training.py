"""Training a multilayer perceptron: mini-batch SGD with momentum, with dropout by mask or slice.

`train` is the loop, `Settings` what can be chosen. A step is the same whatever the noise is::

    velocity   = momentum · velocity + gradient (+ l2 · weights)
    parameters = parameters − learning rate · velocity
    each unit's incoming weights are shortened to max_norm, if they are longer

and the noise is one of four modes:

* ``"none"``: no dropout;
* ``"mask"``: a Bernoulli mask for each sample (Srivastava et al. 2014);
* ``"gaussian"``: N(1, drop / (1 − drop)) noise for each sample (the same paper, section 10);
* ``"slice"``: one sub-network for the whole batch, with a fixed count of units. The hidden units
  that stay are cut out of the weight matrices, as in notebook 04; inputs are not cut, one mask for
  the batch sets some to 0. Fewer numbers are multiplied, so a step is faster; but the samples of a
  batch share their noise (Graham et al. 2015, arXiv 1502.02478). It may need a smaller learning
  rate: with 0.1, where masks trained, slices broke down in the one training that was tried (MNIST,
  one seed), and with 0.05, 0.03 and 0.01 they trained, one seed each (``results/paper.md``).

>>> from helpers.mnist import sample_split, unit_pixels
>>> images, labels, test_images, test_labels = sample_split()
>>> rng = np.random.default_rng(0)
>>> network = Network([784, 100, 10], rng)
>>> history = train(network, unit_pixels(images), labels, Settings(epochs=2, mode="mask"), rng)
>>> error_rate(network, unit_pixels(test_images), test_labels) < 0.2
True
"""

from __future__ import annotations

import errno
import json
import math
import signal
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from zipfile import is_zipfile

import numpy as np
from numpy.typing import ArrayLike
from tqdm import tqdm

from helpers.masks import active_units, gaussian_mask, inverted_mask
from helpers.network import (
    Network,
    add_restored,
    checked_input,
    error_rate,
    loss_and_gradient,
    thin_network,
)
from helpers.progress import somebody_watches
from helpers.validation import (
    check_count,
    check_drop,
    check_generator,
    check_same_length,
    class_labels,
    finite_array,
    finite_number,
)
from tools.files import alone_in, replacing

MODES = ("none", "mask", "gaussian", "slice")
DIVERGED = 1e10  # nats: far beyond any useful loss, but before the parameters overflow as well


@dataclass(frozen=True)
class Settings:
    """What can be chosen about a training; each within its range, in any combination.

    * ``epochs``, ``batch_size``: the last batch of an epoch may be smaller.
    * ``learning_rate``: at the start. ``decay``: in (0, 1], what it is multiplied by after each
      epoch. ``cooldown``: in this many last epochs, at most all, it falls in equal steps besides,
      from one step below what it was to one step above 0.
    * ``momentum``: in [0, 1), the share of the velocity that is left after a step.
    * ``max_norm``: the length that no unit's incoming weights exceed after a step; None: no limit.
    * ``l2``: the loss has ½ · l2 · Σ w² added, over the weights and not the biases.
    * ``mode``: one of ``MODES``. ``input_drop``, ``hidden_drop``: in [0, 1), the fraction of the
      inputs and of each hidden layer's units that is dropped, if the mode drops any.
    * ``patience``: stop when this many epochs in a row have not lowered the error on the validation
      data, and go back to the weights of the best epoch; None: train all epochs, keep the last.
    """

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 0.1
    decay: float = 1.0
    cooldown: int = 0
    momentum: float = 0.9
    max_norm: float | None = None
    l2: float = 0.0
    mode: str = "none"
    input_drop: float = 0.2
    hidden_drop: float = 0.5
    patience: int | None = None

    def __post_init__(self) -> None:
        """Raise ``ValueError`` or ``TypeError``, naming the setting, if one is out of range."""
        checked = {
            "epochs": check_count("epochs", self.epochs),
            "batch_size": check_count("batch_size", self.batch_size),
            "cooldown": check_count("cooldown", self.cooldown, 0, self.epochs),
        }
        if self.patience is not None:
            checked["patience"] = check_count("patience", self.patience)
        for name, low, allowed in (
            ("learning_rate", math.ulp(0), "above 0"),
            ("decay", math.ulp(0), "above 0"),
            ("momentum", 0, "at least 0"),
            ("l2", 0, "at least 0"),
            ("max_norm", math.ulp(0), "above 0"),
        ):
            value = getattr(self, name)
            if name == "max_norm" and value is None:
                continue
            checked[name] = finite_number(name, value)
            if checked[name] < low:
                raise ValueError(f"{name} must be {allowed}, got {value}")
        if self.momentum >= 1:
            raise ValueError(f"momentum must be below 1, got {self.momentum}")
        if self.decay > 1:
            raise ValueError(f"decay must be at most 1, got {self.decay}")
        if self.mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}, got {self.mode!r}")
        for name in ("input_drop", "hidden_drop"):
            finite_number(name, getattr(self, name))
            checked[name] = check_drop(getattr(self, name), name)
        for name, value in checked.items():
            # NumPy's numbers become Python's: those have no dtype, and JSON can hold them
            object.__setattr__(self, name, value)

    def rate(self, epoch: int) -> float:
        """The learning rate in ``epoch``, which counts from 0.

        >>> [Settings(epochs=4, cooldown=3, learning_rate=0.8).rate(epoch) for epoch in range(4)]
        [0.8, 0.6000000000000001, 0.4, 0.2]
        """
        left = (self.epochs - epoch) / (self.cooldown + 1)
        return self.learning_rate * self.decay**epoch * min(1.0, left)


@dataclass
class History:
    """What a training did: one entry an epoch, and why it ended before its last epoch.

    ``loss`` (mean cross-entropy in nats) and ``accuracy`` are those of the batches as they were
    trained on: with dropout, and with the weights of that moment. They are not comparable with the
    loss and accuracy of the whole network. ``validation_error`` is the whole network's, after the
    epoch; empty without validation data. ``seconds`` are those of the training, without validation
    and checkpoints; two histories are equal whatever they are. ``stopped`` is empty if all epochs
    were trained.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_error: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list, compare=False)
    stopped: str = ""


def train(
    network: Network,
    x: ArrayLike,
    labels: ArrayLike,
    settings: Settings,
    rng: np.random.Generator,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    checkpoint: str | Path | None = None,
    verbose: bool = True,
) -> History:
    """Train ``network`` in place; return what happened in each epoch.

    ``x`` has shape (n_samples, n_in), ``labels`` are class numbers of shape (n_samples,),
    ``validation`` is such a pair too. ``rng`` draws the order of the samples and the noise: the
    same seed gives the same bits on the same machine, with the same number of BLAS threads. With
    ``verbose`` a progress bar is shown where there is somebody to watch it.

    With ``checkpoint``, a file name that ends in ``.npz``, the state is saved there after each
    epoch. If the file is there already, training goes on from it, whatever state ``network`` and
    ``rng`` are in, and ends with the same bits as one that was never interrupted. It stays when the
    training has ended: a training with another seed needs another file.

    Ctrl-C, or "interrupt kernel" in Jupyter, raises ``KeyboardInterrupt`` after the batch that is
    being trained on, and says how far the training came. The network can be used as it is then.
    (A second Ctrl-C does not wait for the end of the batch.)

    Raises ``FloatingPointError`` if the loss is not finite or above ``DIVERGED``, naming epoch,
    batch and learning rate; the network is as it was before that batch. (Raises it too if an epoch
    ends with parameters that are not finite.) Raises ``ValueError`` or ``TypeError`` for bad input
    and for a checkpoint that is damaged or of another training, ``OSError`` for one that cannot be
    read or whose folder cannot be made; nothing has changed then. (A disk that is full when a
    checkpoint is saved raises ``OSError``, too, after the epoch; the checkpoint before it stays.)
    """
    check_generator("rng", rng)
    if not isinstance(settings, Settings):
        raise TypeError(f"settings must be Settings(...), got {settings!r}")
    x, labels = _checked_samples(network, "x", x, "labels", labels)
    if validation is not None:
        if not isinstance(validation, tuple | list) or len(validation) != 2:
            raise TypeError(f"validation must be a pair (x, labels), got {validation!r:.60}")
        validation = _checked_samples(
            network, "validation[0]", validation[0], "validation[1]", validation[1]
        )
    elif settings.patience is not None:
        raise ValueError("patience needs validation data, got validation=None")
    state = _State(network, rng)
    if checkpoint is not None:
        data = [x, labels] if validation is None else [x, labels, *validation]
        checkpoint = _Checkpoint(Path(checkpoint), settings, data)
        checkpoint.load_into(state)
    history = state.history
    n_batches = -(-len(x) // settings.batch_size)
    with (
        np.errstate(over="ignore", invalid="ignore"),  # a loss that is not finite is an error below
        _Interrupt() as interrupt,
        _progress_bar(settings.epochs, state.epoch, n_batches, verbose) as bar,
    ):
        while state.epoch < settings.epochs and not history.stopped:
            _train_epoch(state, x, labels, settings, bar, interrupt)
            if validation is not None:
                history.validation_error.append(error_rate(network, *validation))
                _stop_early(state, settings)
            state.epoch += 1
            if checkpoint is not None:
                checkpoint.save(state)
            interrupt.raise_if_asked(f"after epoch {state.epoch} of {settings.epochs}")
        if state.best_parameters is not None:
            network.parameters[...] = state.best_parameters
    return history


# ---- one epoch, one step -----------------------------------------------------------------------


class _State:
    """All that changes in a training, and that a checkpoint holds."""

    def __init__(self, network: Network, rng: np.random.Generator) -> None:
        self.network = network
        self.rng = rng
        # −learning rate · velocity: what a step adds to the parameters. To keep this instead of the
        # velocity saves a pass through all parameters.
        self.change = np.zeros_like(network.parameters)
        self.epoch = 0  # how many are done
        self.history = History()
        self.best_parameters = None  # of the epoch with the lowest validation error
        # These hold no state, they only save allocating.
        self.scratch = np.empty_like(network.parameters)
        self.sub_network = None


def _train_epoch(
    state: _State,
    x: np.ndarray,
    labels: np.ndarray,
    settings: Settings,
    bar: tqdm,
    interrupt: _Interrupt,
) -> None:
    """One pass through the samples in random order, or the part of it until an interrupt."""
    history, rate = state.history, settings.rate(state.epoch)
    began = time.perf_counter()
    if state.epoch > 0:
        rate_before = settings.rate(state.epoch - 1)
        # The velocity stays the same; of one times a rate as small as this nothing was left.
        smallest = np.finfo(state.change.dtype).tiny
        state.change *= rate / rate_before if rate_before > smallest else 0.0
    add_gradient = _add_sliced_gradient if settings.mode == "slice" else _add_masked_gradient
    order = state.rng.permutation(len(x))
    starts = range(0, len(x), settings.batch_size)
    place = f"epoch {state.epoch + 1} of {settings.epochs}"
    bar.set_description(f"epoch {state.epoch + 1}/{settings.epochs}", refresh=False)
    loss_sum = n_right = 0.0
    for k, start in enumerate(starts, 1):
        batch = order[start : start + settings.batch_size]
        state.change *= settings.momentum
        samples = x.take(batch, axis=0), labels.take(batch)
        loss, accuracy = add_gradient(state, *samples, settings, -rate)
        if not loss < DIVERGED:  # written so that nan is more, too
            raise FloatingPointError(
                f"the training diverged: the loss is {loss} in {place}, batch {k} of "
                f"{len(starts)}, at learning rate {rate:g}. A smaller learning_rate may help, or "
                f"smaller inputs"
            )
        _step(state, settings, rate)
        loss_sum += loss * len(batch)
        n_right += accuracy * len(batch)
        if not bar.disable:
            seen = start + len(batch)
            means = {"loss": f"{loss_sum / seen:.4f}", "accuracy": f"{n_right / seen:.4f}"}
            bar.set_postfix(means, refresh=False)  # the next line does, now and then
        bar.update()
        interrupt.raise_if_asked(f"in {place}, after batch {k} of {len(starts)}")
    if not np.isfinite(state.network.parameters).all():  # no batch after the last step has seen it
        raise FloatingPointError(
            f"the training diverged: the parameters are not finite after {place}, batch "
            f"{len(starts)} of {len(starts)}, at learning rate {rate:g}. A smaller learning_rate "
            f"may help, or smaller inputs"
        )
    history.loss.append(loss_sum / len(x))
    history.accuracy.append(n_right / len(x))
    history.seconds.append(time.perf_counter() - began)
    bar.refresh()


def _add_masked_gradient(
    state: _State, x: np.ndarray, labels: np.ndarray, settings: Settings, scale: float
) -> tuple[float, float]:
    """Add the gradient under fresh masks, times ``scale``, to the change; loss and accuracy."""
    network, drops = state.network, _drops(state.network, settings)
    if settings.mode == "none":
        masks = None
    else:
        draw = inverted_mask if settings.mode == "mask" else gaussian_mask
        shapes = [(len(x), n_units) for n_units in network.sizes]
        masks = [
            draw(shape, drop, state.rng, x.dtype) if drop else None
            for shape, drop in zip(shapes, drops, strict=False)
        ]
    loss, accuracy, gradient = loss_and_gradient(network, x, labels, masks, state.scratch, scale)
    state.change += gradient
    return loss, accuracy


def _add_sliced_gradient(
    state: _State, x: np.ndarray, labels: np.ndarray, settings: Settings, scale: float
) -> tuple[float, float]:
    """The same with one sub-network for the whole batch, cut out of the weight matrices.

    Only hidden units are cut out; inputs are set to 0. Most inputs stay, so there is less to save,
    and to cut columns takes longer than to cut rows.
    """
    network, drops = state.network, _drops(state.network, settings)
    active = [
        active_units(n_units, drop, state.rng)
        for n_units, drop in zip(network.sizes, drops, strict=False)
    ]
    factors = [n / len(units) for n, units in zip(network.sizes, active, strict=False)]
    input_mask = np.zeros(network.sizes[0], x.dtype)
    input_mask[active[0]] = factors[0]
    active[0] = np.arange(network.sizes[0])
    state.sub_network = sub = thin_network(network, active, state.sub_network)
    masks = [input_mask, *factors[1:]]
    part = state.scratch[: sub.parameters.size]
    loss, accuracy, gradient = loss_and_gradient(sub, x, labels, masks, part, scale)
    add_restored(state.change, gradient, network, active)
    return loss, accuracy


def _drops(network: Network, settings: Settings) -> list[float]:
    """What is dropped of the input and of each hidden layer."""
    return [settings.input_drop] + [settings.hidden_drop] * (len(network.sizes) - 2)


def _step(state: _State, settings: Settings, rate: float) -> None:
    """Change the parameters; the change holds the new gradient already."""
    network = state.network
    if settings.l2:
        weight_changes, _ = network.views(state.change)
        for weight_change, weights in zip(weight_changes, network.weights, strict=True):
            weight_change -= rate * settings.l2 * weights
    network.parameters += state.change
    if settings.max_norm is not None:
        for weights in network.weights:
            limit_norms(weights, settings.max_norm)


def limit_norms(weights: np.ndarray, max_norm: float) -> None:
    """Shorten, in place, each row of ``weights`` that is longer than ``max_norm`` to that length.

    A row holds the weights that lead to one unit (Srivastava et al. 2014, section 5.1).

    >>> weights = np.array([[3.0, 4.0], [0.3, 0.4]])
    >>> limit_norms(weights, 1.0)
    >>> weights
    array([[0.6, 0.8],
           [0.3, 0.4]])
    """
    squares = np.einsum("ij,ij->i", weights, weights)
    too_long = np.flatnonzero(squares > max_norm * max_norm)  # ** would raise for a huge one
    if len(too_long):
        weights[too_long] *= (max_norm / np.sqrt(squares[too_long]))[:, np.newaxis]


def _stop_early(state: _State, settings: Settings) -> None:
    """Remember the parameters of the best epoch; end the training if it is too long ago."""
    if settings.patience is None:
        return
    errors = state.history.validation_error
    best = errors.index(min(errors))
    if best == len(errors) - 1:
        state.best_parameters = state.network.parameters.copy()
    elif settings.patience <= len(errors) - 1 - best and len(errors) < settings.epochs:
        state.history.stopped = (
            f"stopped after epoch {len(errors)} of {settings.epochs}: no lower validation error "
            f"since epoch {best + 1}, whose weights are restored"
        )


# ---- progress, interrupts ----------------------------------------------------------------------


def _progress_bar(epochs: int, done: int, n_batches: int, verbose: bool) -> tqdm:
    """A bar of all batches; silent where nobody watches."""
    # TQDM_DISABLE, which the tests set, counts only if no ``disable`` is given
    silent = {} if verbose and somebody_watches() else {"disable": True}
    return tqdm(
        total=epochs * n_batches,
        initial=done * n_batches,
        # fits into 80 columns: a loss that is cut off looks like another loss
        bar_format="{desc}{percentage:3.0f}% {bar:10} {elapsed}<{remaining}{postfix}",
        **silent,
    )


class _Interrupt:
    """Within a ``with`` block of this, Ctrl-C waits until somebody asks for it.

    So a step is never left half done. In a thread that is not the main one, and where Ctrl-C is
    ignored, nothing is changed.
    """

    def __enter__(self) -> _Interrupt:
        self._asked = False
        self._before = signal.getsignal(signal.SIGINT)
        in_main_thread = threading.current_thread() is threading.main_thread()
        self._installed = in_main_thread and callable(self._before)
        if self._installed:
            signal.signal(signal.SIGINT, self._ask)
        return self

    def _ask(self, number: int, frame: object) -> None:
        if self._asked:
            raise KeyboardInterrupt  # the second one does not wait
        self._asked = True

    def raise_if_asked(self, place: str) -> None:
        """Raise the ``KeyboardInterrupt`` that came since, if one came."""
        if self._asked:
            raise KeyboardInterrupt(
                f"training interrupted {place}; the network keeps what it has learned"
            )

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, self._before)
        if error is None:
            self.raise_if_asked("when it was done")
        elif self._asked and not isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt(f"training interrupted, as an error ended it: {error}")


# ---- checkpoints -------------------------------------------------------------------------------


class _Checkpoint:
    """The file that a training is resumed from: arrays and JSON in an ``.npz``, no pickle."""

    def __init__(self, path: Path, settings: Settings, data: list[np.ndarray]) -> None:
        if path.suffix != ".npz":
            raise ValueError(f"checkpoint must end in .npz, got {path}")
        path.parent.mkdir(parents=True, exist_ok=True)  # or fail, before there is anything to save
        self.path = path
        self.settings = asdict(settings)
        self.checksum = 0
        for array in data:
            self.checksum = zlib.crc32(np.ascontiguousarray(array), self.checksum)

    def save(self, state: _State) -> None:
        """Replace the file by one of this state: what has the name is whole."""
        about = {
            "identity": self._identity(state),
            "epoch": state.epoch,
            "rng": state.rng.bit_generator.state,
            "history": asdict(state.history),
        }
        arrays = {"parameters": state.network.parameters, "change": state.change}
        if state.best_parameters is not None:
            arrays["best_parameters"] = state.best_parameters
        # some generators have arrays in their state; they take lists as well
        text = json.dumps(about, default=lambda array: array.tolist())
        # a process that trains the same, left behind or started twice, saves to the same file
        with alone_in(self.path.parent), replacing(self.path) as file:
            np.savez(file, about=text, **arrays)

    def load_into(self, state: _State) -> None:
        """Set ``state`` to the one that was saved, if there is one; an error leaves it alone."""
        if not self.path.exists():
            return
        with _opened(self.path) as saved:
            arrays = dict(saved)
            about = json.loads(str(arrays.pop("about")))
            identity, epoch, rng = about["identity"], about["epoch"], about["rng"]
            history = History(**about["history"])
            parameters, change = arrays["parameters"], arrays["change"]
        for what, value in self._identity(state).items():
            if identity.get(what) != value:
                raise ValueError(
                    f"checkpoint {self.path} is of another training: {what} is "
                    f"{identity.get(what)!r} there, {value!r} here; name another file, or delete "
                    f"this one to start anew"
                )
        for name, array in arrays.items():
            if array.shape != state.change.shape or array.dtype != state.change.dtype:
                raise _unreadable(self.path, f"{name} has shape {array.shape}, dtype {array.dtype}")
        if type(epoch) is not int or not epoch == len(history.loss) == len(history.seconds):
            raise _unreadable(self.path, f"{epoch!r} epochs, losses of {len(history.loss)}")
        try:  # first, because it may be refused
            state.rng.bit_generator.state = rng
        except (ValueError, TypeError, KeyError) as error:
            raise _unreadable(self.path, error) from error
        state.network.parameters[...] = parameters
        state.change[...] = change
        state.best_parameters = arrays.get("best_parameters")
        state.epoch = epoch
        state.history = history

    def _identity(self, state: _State) -> dict:
        """What must be equal for a training to go on from a checkpoint."""
        return {
            **self.settings,
            "sizes": list(state.network.sizes),
            "dtype": state.network.parameters.dtype.name,
            "generator": state.rng.bit_generator.state["bit_generator"],
            "the checksum of the data": self.checksum,
        }


def saved_history(checkpoint: str | Path) -> History:
    """What the training that saves its state in ``checkpoint`` has done so far; it may go on.

    Raises ``ValueError`` for a file that is damaged or no checkpoint, ``OSError`` for one that is
    not there or cannot be read.
    """
    with _opened(Path(checkpoint)) as saved:  # reads the one entry, not the large arrays
        return History(**json.loads(str(saved["about"]))["history"])


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


# ---- checks ------------------------------------------------------------------------------------


def _checked_samples(
    network: Network, x_name: str, x: ArrayLike, labels_name: str, labels: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Samples in the network's dtype and labels as integers."""
    x = checked_input(network, x, x_name)
    finite_array(x_name, x, x.shape, x.dtype)
    labels = class_labels(labels_name, labels, network.sizes[-1])
    check_same_length(x_name, x, labels_name, labels)
    return x, labels
