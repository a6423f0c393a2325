"""Small networks: when dropout helps, and by how much. Notebook 07 reads these.

The digits are those of the bundled sample, averaged to 14 × 14, in three sets: 1,000 to train on,
1,000 to choose on, 3,000 to test. Whatever is chosen is chosen by the error on the second; the
third is looked at in the experiments ``tested``, ``two_errors`` and ``spatial_tested``, whose
settings were fixed before, and in ``monte_carlo`` and ``calibration``, which choose nothing.
(``examples`` and one network of ``early_late`` train on up to 3,000 digits, choose on the next
1,000 and leave 1,000 to test.) If nothing else is said, a run is 1,200 steps: 60 epochs of 20
batches of 50.

A seed decides the weights to start with, the order of the digits, and the masks. All seeds train on
the same digits, except in ``other_digits``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from helpers.early_stopping import EarlyStopping
from helpers.functions import softmax_cross_entropy
from helpers.mnist import averaged_pixels
from helpers.network import Network, error_rate, forward
from helpers.training import Settings, State, train

RESULTS = ("train_error", "train_loss", "error", "loss", "epochs")
STEPS = {"epochs": 60, "batch_size": 50, "learning_rate": 0.05, "momentum": 0.9}


Digits = tuple[np.ndarray, np.ndarray]  # inputs and labels


class Sets(NamedTuple):
    """Digits to train on, to choose on, and those that the errors of a run are of."""

    training: Digits
    validation: Digits
    judged: Digits


def sample_sets(data: Digits, n_train: int, validation_from: int, test: bool) -> Sets:
    """The sets of the sample: its first ``n_train`` digits, and 1,000 from ``validation_from`` on.

    Judged are these or, with ``test``, all after them.
    """
    images, labels = data
    x, end = averaged_pixels(images), validation_from + 1_000
    validation = x[validation_from:end], labels[validation_from:end]
    judged = (x[end:], labels[end:]) if test else validation
    return Sets((x[:n_train], labels[:n_train]), validation, judged)


def train_digits(
    data: Digits,
    seed: int,
    n_train: int = 1_000,
    validation_from: int = 1_000,
    test: bool = False,
    **options: object,
) -> dict[str, float]:
    """Train on digits of the sample, which ``data`` are; return what `train_on` returns."""
    return train_on(sample_sets(data, n_train, validation_from, test), seed, **options)


def train_on(sets: Sets, seed: int, **how: object) -> dict[str, float]:
    """Train a network; return its errors in percent and losses in nats, of the whole network.

    Those of the training digits are by the labels that were trained on, wrong ones included.
    ``how`` is that of `trained_network`.
    """
    network, n_epochs = trained_network(sets, seed, **how)
    (x, labels), _, judged = sets
    labels = with_wrong_labels(labels, how.get("flipped", 0.0), seed)
    return {
        "train_error": 100 * error_rate(network, x, labels),
        "train_loss": loss_of(network, x, labels),
        "error": 100 * error_rate(network, *judged),
        "loss": loss_of(network, *judged),
        "epochs": n_epochs,
    }


def trained_network(
    sets: Sets,
    seed: int,
    hidden: tuple[int, ...] = (128,),
    flipped: float = 0.0,
    patience: int | None = None,
    without_in: tuple[int, int] | None = None,
    **settings: float | str | None,
) -> tuple[Network, int]:
    """A network that is trained on ``sets.training``, and the number of epochs.

    Of the training labels the fraction ``flipped`` is replaced by wrong ones. With ``patience`` the
    training is stopped early, by the validation digits. ``without_in`` are the first epoch in
    which nothing is dropped, counted from 0, and the first after it in which it is again.
    ``settings`` are those of `Settings`, else ``STEPS``.
    """
    x, labels = sets.training
    labels = with_wrong_labels(labels, flipped, seed)
    rng = np.random.default_rng(seed)
    network = Network([x.shape[1], *hidden, 10], rng)
    chosen = {**STEPS, **settings}
    after_epoch = []
    if patience is not None:
        after_epoch = [EarlyStopping(network, *sets.validation, patience)]
    change = np.zeros_like(network.parameters)  # goes on from one part of the training to the next
    n_epochs = 0
    for epochs, mode in parts(chosen["epochs"], chosen.get("mode", "none"), without_in):
        part = Settings(**{**chosen, "epochs": epochs, "mode": mode})
        state = State(part, change)
        history = train(network, x, labels, part, rng, after_epoch, state)
        n_epochs += len(history.loss)
    return network, n_epochs


def parts(epochs: int, mode: str, without_in: tuple[int, int] | None) -> list[tuple[int, str]]:
    """The parts of a training, each with its number of epochs and its mode.

    >>> parts(60, "mask", (0, 20))
    [(20, 'none'), (40, 'mask')]
    """
    start, end = without_in or (epochs, epochs)
    lengths = ((start, mode), (end - start, "none"), (epochs - end, mode))
    return [(n, mode) for n, mode in lengths if n]


def with_wrong_labels(labels: np.ndarray, flipped: float, seed: int) -> np.ndarray:
    """A copy of ``labels`` in which the fraction ``flipped``, drawn by the seed, is wrong."""
    rng, labels = np.random.default_rng([seed, 1]), labels.copy()
    chosen = rng.permutation(len(labels))[: round(flipped * len(labels))]
    labels[chosen] = (labels[chosen] + rng.integers(1, 10, len(chosen))) % 10
    return labels


def loss_of(network: Network, x: np.ndarray, labels: np.ndarray) -> float:
    """Mean cross-entropy of the whole network in nats."""
    return softmax_cross_entropy(forward(network, x)[-1], labels)[0]


# ---- on the full MNIST -------------------------------------------------------------------------

HELD_OUT = 10_000  # the last training images: to choose on


def train_on_all(data: tuple[np.ndarray, ...], seed: int, **options: object) -> dict[str, float]:
    """Train on 50,000 digits of MNIST, judge by the 10,000 others of its training set."""
    images, labels = data[:2]
    x = averaged_pixels(images)
    validation = x[-HELD_OUT:], labels[-HELD_OUT:]
    sets = Sets((x[:-HELD_OUT], labels[:-HELD_OUT]), validation, validation)
    return train_on(sets, seed, **options)


def train_on_others(data: tuple[np.ndarray, ...], seed: int, **options: object) -> dict[str, float]:
    """Train on 1,000 digits that the seed draws from MNIST, judge by its 10,000 test digits."""
    images, labels, test_images, test_labels = data
    drawn = np.random.default_rng([seed, 2]).permutation(len(images))[:1_000]
    test = averaged_pixels(test_images), test_labels
    return train_on(
        Sets((averaged_pixels(images[drawn]), labels[drawn]), test, test), seed, **options
    )


# ---- what a trained network does inside --------------------------------------------------------

INSIDE_RESULTS = ("error", "active_1", "active_2", "correlation_1", "correlation_2", "norm_1")


def look_inside(
    data: tuple[np.ndarray, np.ndarray], seed: int, hidden: tuple[int, int], **settings: object
) -> dict[str, float]:
    """Train a network with two hidden layers; return what its units do on the validation digits.

    ``active_k`` is the share of units of layer k that are not 0, ``correlation_k`` the mean of the
    absolute correlations of any two units that ever change, ``norm_1`` the mean length of the
    weights that lead to a unit of the first layer.
    """
    sets = sample_sets(data, 1_000, 1_000, test=False)
    rng = np.random.default_rng(seed)
    network = Network([sets.training[0].shape[1], *hidden, 10], rng)
    train(network, *sets.training, Settings(**{**STEPS, **settings}), rng)
    _, *layers, _ = forward(network, sets.validation[0])
    found = {"error": 100 * error_rate(network, *sets.validation)}
    found |= {f"active_{k}": np.mean(layer > 0) for k, layer in enumerate(layers, start=1)}
    found |= {f"correlation_{k}": mean_correlation(v) for k, v in enumerate(layers, start=1)}
    return {**found, "norm_1": np.linalg.norm(network.weights[0], axis=1).mean()}


def mean_correlation(layer: np.ndarray) -> float:
    """Mean absolute correlation of any two columns that are not constant.

    >>> round(mean_correlation(np.array([[1.0, -2.0, 5.0], [2.0, -4.0, 5.0]])), 9)
    1.0
    """
    changing = layer[:, np.ptp(layer, axis=0) > 0]
    correlations = np.corrcoef(changing.astype(np.float64), rowvar=False)
    return float(np.abs(correlations[np.triu_indices_from(correlations, 1)]).mean())
