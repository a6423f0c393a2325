"""Training a multilayer perceptron: mini-batch SGD with momentum, under the noise of dropout.

`train` is the loop, `Settings` what can be chosen. A step is the same whatever the noise is
(see ``helpers.noise``)::

    change     = momentum · change − learning rate · (gradient + l2 · weights)
    parameters = parameters + change
    each unit's incoming weights are shortened to max_norm, if they are longer

Where the learning rate differs from that of the last epoch, the last change is multiplied by their
ratio first. What else may happen in a training is a function that is called after each epoch, such
as that of ``helpers.early_stopping``.

>>> from helpers.mnist import sample_split, unit_pixels
>>> from helpers.network import error_rate
>>> images, labels, test_images, test_labels = sample_split()
>>> rng = np.random.default_rng(0)
>>> network = Network([784, 100, 10], rng)
>>> history = train(network, unit_pixels(images), labels, Settings(epochs=2, mode="mask"), rng)
>>> error_rate(network, unit_pixels(test_images), test_labels) < 0.2
True
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from helpers.interrupts import whole_steps
from helpers.network import Network, check_network, checked_samples
from helpers.noise import check_mode, noise_of
from helpers.validation import (
    check_callback,
    check_count,
    check_drop,
    check_floats,
    check_generator,
    check_matrix,
    check_positive,
    check_writeable,
    finite_array,
    finite_number,
)

DIVERGED = 1e10  # nats: far beyond any useful loss, but before the parameters overflow as well


@dataclass(frozen=True)
class Settings:
    """What can be chosen about a training; each within its range, in any combination.

    * ``epochs``, ``batch_size``: the last batch of an epoch may be smaller.
    * ``learning_rate``: before the two that follow change it. ``decay``: in (0, 1], what it is
      multiplied by after each epoch. ``cooldown``: in this many last epochs, at most all, it falls
      in equal steps besides, from one step below what it was to one step above 0.
    * ``momentum``: in [0, 1), the share of a change that is left in the next step.
    * ``max_norm``: the length that no unit's incoming weights exceed after a step; None: no limit.
    * ``l2``: the loss has ½ · l2 · Σ w² added, over the weights and not the biases.
    * ``mode``: one of ``helpers.noise.MODES``. ``input_drop``, ``hidden_drop``: in [0, 1), the
      fraction of the inputs and of each hidden layer's units that is dropped, if the mode drops
      any.
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

    def __post_init__(self) -> None:
        """Raise ``ValueError`` or ``TypeError``, naming the setting, if one is out of range."""
        checked = {
            "epochs": check_count("epochs", self.epochs),
            "batch_size": check_count("batch_size", self.batch_size),
            "cooldown": check_count("cooldown", self.cooldown, 0, self.epochs),
        }
        for name in ("learning_rate", "decay", "momentum", "l2", "max_norm"):
            value = getattr(self, name)
            if name == "max_norm" and value is None:
                continue
            checked[name] = finite_number(name, value)
            may_be_0 = name in ("momentum", "l2")
            if value < 0 or (value == 0 and not may_be_0):
                raise ValueError(
                    f"{name} must be {'at least' if may_be_0 else 'above'} 0, got {value}"
                )
        if self.momentum >= 1:
            raise ValueError(f"momentum must be below 1, got {self.momentum}")
        if self.decay > 1:
            raise ValueError(f"decay must be at most 1, got {self.decay}")
        check_mode(self.mode)
        for name in ("input_drop", "hidden_drop"):
            finite_number(name, getattr(self, name))
            checked[name] = check_drop(getattr(self, name), name)
        for name, value in checked.items():
            # NumPy's numbers become Python's: those have no dtype, and JSON can hold them
            object.__setattr__(self, name, value)

    def rate(self, epoch: int) -> float:
        """The learning rate in ``epoch``, counted from 0. Raises ``ValueError`` beyond the last.

        >>> [Settings(epochs=4, cooldown=3, learning_rate=0.8).rate(epoch) for epoch in range(4)]
        [0.8, 0.6000000000000001, 0.4, 0.2]
        """
        check_count("epoch", epoch, 0, self.epochs - 1)
        left = (self.epochs - epoch) / (self.cooldown + 1)
        return self.learning_rate * self.decay**epoch * min(1.0, left)


@dataclass
class History:
    """What a training did: one entry an epoch, and why it ended before its last epoch.

    ``loss`` (mean cross-entropy in nats) and ``accuracy`` are those of the batches as they were
    trained on: with dropout, and with the weights of that moment. They are not comparable with the
    loss and accuracy of the whole network. ``seconds`` are those of the training alone; two
    histories are equal whatever they are. ``stopped`` is empty if all epochs were trained.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list, compare=False)
    stopped: str = ""


@dataclass
class State:
    """How far a training has come, besides its network and generator.

    ``change`` is what the last step added to the parameters, before any were shortened to the
    max-norm. A callback that wants the training to end writes why into ``history.stopped``.
    """

    settings: Settings
    change: np.ndarray
    history: History = field(default_factory=History)

    @property
    def over(self) -> bool:
        """Whether no epoch is left to be trained."""
        return bool(self.history.stopped) or len(self.history.loss) >= self.settings.epochs


# a loss that is not finite is an error here, and what is too small is 0
@np.errstate(over="ignore", under="ignore", invalid="ignore")
def train(
    network: Network,
    x: ArrayLike,
    labels: ArrayLike,
    settings: Settings,
    rng: np.random.Generator,
    after_epoch: Sequence[Callable[[State], None]] = (),
    state: State | None = None,
) -> History:
    """Train ``network`` in place; return what happened in each epoch.

    ``x`` has shape (n_samples, n_in), ``labels`` are class numbers of shape (n_samples,). ``rng``
    draws the order of the samples and the noise: the same seed gives the same bits on the same
    machine, with the same number of BLAS threads. After each epoch every function in
    ``after_epoch`` is called with the `State`; ``state`` is that of a training that goes on, with
    the network and the generator that it had.

    Ctrl-C, or "interrupt kernel" in Jupyter, raises ``KeyboardInterrupt`` after the batch that is
    being trained on, and says how far the training came; the network can be used as it is then.

    Raises ``FloatingPointError`` if the loss is not finite or above ``DIVERGED``, naming epoch,
    batch and learning rate; the network is as it was before that batch. (Raises it too if an epoch
    ends with parameters that are not finite.) Raises ``ValueError`` or ``TypeError`` for bad input;
    nothing has changed then.
    """
    _check_arguments(network, settings, rng, after_epoch, state)
    x, labels = checked_samples(network, x, labels)
    state = State(settings, np.zeros_like(network.parameters)) if state is None else state
    noise = noise_of(settings.mode, network, settings.input_drop, settings.hidden_drop)
    change, history = state.change, state.history
    n_batches = -(-len(x) // settings.batch_size)
    while not state.over:
        began = time.perf_counter()
        epoch = len(history.loss)
        rate = settings.rate(epoch)
        _adapt_to_rate(change, settings, epoch)
        place = f"epoch {epoch + 1} of {settings.epochs}"
        loss_sum = n_right = 0.0
        batches = _batches(rng.permutation(len(x)), settings.batch_size)
        for k, batch in enumerate(whole_steps(batches, place, n_batches), start=1):
            drawn = noise.draw(len(batch), rng)
            change *= settings.momentum
            samples = x.take(batch, axis=0), labels.take(batch)
            loss, accuracy = noise.add_gradient(change, *samples, drawn, scale=-rate)
            if not loss < DIVERGED:  # written so that nan is more, too
                raise _diverged(f"the loss is {loss} in {place}, batch {k} of {n_batches}", rate)
            _step(network, change, settings, rate)
            loss_sum += loss * len(batch)
            n_right += accuracy * len(batch)
        if not np.isfinite(network.parameters).all():  # no batch after the last step has seen it
            raise _diverged(f"the parameters are not finite after {place}", rate)
        history.loss.append(loss_sum / len(x))
        history.accuracy.append(n_right / len(x))
        history.seconds.append(time.perf_counter() - began)
        for callback in after_epoch:
            callback(state)
    return history


def _batches(order: np.ndarray, batch_size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]


def _adapt_to_rate(change: np.ndarray, settings: Settings, epoch: int) -> None:
    """Scale the last change as if it had been made at the learning rate of ``epoch``."""
    if epoch > 0:
        before = settings.rate(epoch - 1)
        # of a change at a rate as small as this nothing was left
        vanished = before <= np.finfo(change.dtype).tiny
        change *= 0.0 if vanished else settings.rate(epoch) / before


def _step(network: Network, change: np.ndarray, settings: Settings, rate: float) -> None:
    """Change the parameters; the ``change`` holds the new gradient already."""
    if settings.l2:
        weight_changes, _ = network.views(change)
        for weight_change, weights in zip(weight_changes, network.weights, strict=True):
            weight_change -= rate * settings.l2 * weights
    network.parameters += change
    if settings.max_norm is not None:
        for weights in network.weights:
            limit_norms(weights, settings.max_norm)


def limit_norms(weights: np.ndarray, max_norm: float) -> None:
    """Shorten, in place, each row of ``weights`` that is longer than ``max_norm`` to that length.

    A row holds the weights that lead to one unit (Srivastava et al. 2014, section 5.1). Raises
    ``ValueError`` unless ``max_norm`` is above 0 and ``weights`` has two axes and is finite.

    >>> weights = np.array([[3.0, 4.0], [0.3, 0.4]])
    >>> limit_norms(weights, 1.0)
    >>> weights
    array([[0.6, 0.8],
           [0.3, 0.4]])
    """
    check_floats("weights", weights)
    check_matrix("weights", weights)
    check_writeable("weights", weights)
    check_positive("max_norm", max_norm)
    squares = np.einsum("ij,ij->i", weights, weights)
    too_long = np.flatnonzero(~(squares <= max_norm * max_norm))  # or nan; ** might raise
    if not np.isfinite(squares[too_long]).all():  # too long as a whole; their direction counts
        finite_array("weights", weights, (None, None), weights.dtype)
        weights[too_long] /= np.abs(weights[too_long]).max(axis=1, keepdims=True)
        squares = np.einsum("ij,ij->i", weights, weights)
    if len(too_long):
        weights[too_long] *= (max_norm / np.sqrt(squares[too_long]))[:, np.newaxis]


def _check_arguments(
    network: Network,
    settings: Settings,
    rng: np.random.Generator,
    after_epoch: Sequence[Callable[[State], None]],
    state: State | None,
) -> None:
    """Raise what `train` raises for bad input, but for the data."""
    check_generator("rng", rng)
    check_network(network)
    if not isinstance(settings, Settings):
        raise TypeError(f"settings must be Settings(...), got {settings!r}")
    if not isinstance(after_epoch, list | tuple) or not all(map(callable, after_epoch)):
        raise TypeError(f"after_epoch must be a list of functions, got {after_epoch!r}")
    for callback in after_epoch:
        check_callback("a function in after_epoch", callback)
        if getattr(callback, "network", network) is not network:  # as of `EarlyStopping`
            raise ValueError(
                f"{type(callback).__name__} in after_epoch must look at the network that is "
                f"trained, got one that looks at another"
            )
    if state is None:
        return
    if not isinstance(state, State):
        raise TypeError(f"state must be State(...) or None, got {state!r}")
    if state.settings != settings:
        raise ValueError(f"state must have the settings {settings}, got {state.settings}")
    like, change = network.parameters, state.change
    if not isinstance(change, np.ndarray) or (change.shape, change.dtype) != (
        like.shape,
        like.dtype,
    ):
        got = (
            f"{change.dtype} of {change.shape}" if isinstance(change, np.ndarray) else repr(change)
        )
        raise ValueError(f"state must have a change {like.dtype} of {like.shape}, got {got}")
    if not np.isfinite(change).all():
        raise ValueError("state must have a finite change, got one that is not")
    if np.shares_memory(change, like):
        raise ValueError("state must have a change of its own, got the network's parameters")


def _diverged(what: str, rate: float) -> FloatingPointError:
    return FloatingPointError(
        f"the training diverged: {what}, at learning rate {rate:g}. A smaller learning_rate may "
        f"help, or smaller inputs"
    )
