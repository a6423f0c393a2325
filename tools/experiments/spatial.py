"""Dropout of single activations against dropout of whole channels. Notebook 09 reads this.

A small convolutional network on 1,000 digits of 14 × 14: eight filters of 3 × 3, ReLU, sixteen
filters of 3 × 3, ReLU, averages of 2 × 2, ten classes. Dropout stands behind each ReLU. Drops are
chosen by the validation digits of ``tools.experiments.digits``; the test digits are looked at for
what was chosen.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from helpers.functions import softmax_cross_entropy
from helpers.masks import inverted_mask
from tools.experiments.digits import STEPS, Digits, sample_sets
from tools.experiments.experiment import Experiment

RESULTS = ("train_error", "error", "neighbours", "noise_single", "noise_channels")
FILTERS = (8, 16)
EPOCHS, BATCH_SIZE, LEARNING_RATE, MOMENTUM = (
    STEPS[name] for name in ("epochs", "batch_size", "learning_rate", "momentum")
)
SHARED = {"none": None, "single": (), "channels": (2, 3)}  # the axes along which a mask is shared
SETTINGS = {
    "none": {"kind": "none", "drop": 0.0},
    **{
        f"{kind}, drop {drop:g}": {"kind": kind, "drop": drop}
        for kind in ("single", "channels")
        for drop in (0.1, 0.2, 0.3, 0.5, 0.65, 0.8)
    },
}

# The best of each by the validation digits, chosen before the test digits were looked at.
CHOSEN = ("none", "single, drop 0.5", "channels, drop 0.5")
RATES = {  # would another learning rate tell another story
    f"{name}, learning rate {rate:g}": {**SETTINGS[name], "learning_rate": rate}
    for name in CHOSEN
    for rate in (0.02, 0.1, 0.2)
}
RATES["none, learning rate 0.3"] = {**SETTINGS["none"], "learning_rate": 0.3}  # others die there
FASTER = "none, learning rate 0.2"  # the best of its rates; those with dropout keep 0.05
TESTED = {
    **{name: {**SETTINGS[name], "test": True} for name in CHOSEN},
    FASTER: {**RATES[FASTER], "test": True},
}


def columns(x: np.ndarray) -> np.ndarray:
    """Every 3 × 3 window of ``x`` (n, channels, h, w) as a row: (n, h − 2, w − 2, channels · 9)."""
    windows = sliding_window_view(x, (3, 3), axis=(2, 3)).transpose(0, 2, 3, 1, 4, 5)
    return windows.reshape(*windows.shape[:3], -1)


def convolve(x: np.ndarray, weights: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """(n, channels, h, w) and filters (n_filters, channels, 3, 3): (n, n_filters, h − 2, w − 2)."""
    return (columns(x) @ weights.reshape(len(weights), -1).T + biases).transpose(0, 3, 1, 2)


def convolve_back(
    x: np.ndarray, weights: np.ndarray, delta: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients for input, filters and biases, from that of the output."""
    flat = delta.transpose(0, 2, 3, 1).reshape(-1, len(weights))
    rows = columns(x)
    for_weights = (flat.T @ rows.reshape(len(flat), -1)).reshape(weights.shape)
    for_x = np.zeros_like(x)
    height, width = delta.shape[2:]
    for i in range(3):
        for j in range(3):
            part = (flat @ weights[:, :, i, j]).reshape(len(x), height, width, -1)
            for_x[:, :, i : i + height, j : j + width] += part.transpose(0, 3, 1, 2)
    return for_x, for_weights, flat.sum(axis=0)


def start(rng: np.random.Generator) -> list[np.ndarray]:
    """Weights and biases of the three layers, drawn as for ReLU."""
    first, second = FILTERS
    shapes = [(first, 1, 3, 3), (second, first, 3, 3), (10, second * 25)]
    parameters = []
    for shape in shapes:
        scale = np.sqrt(2 / np.prod(shape[1:]))
        parameters += [(scale * rng.standard_normal(shape)).astype(np.float32)]
        parameters += [np.zeros(shape[0], np.float32)]
    return parameters


def forward(parameters: list[np.ndarray], x: np.ndarray, masks: list) -> list[np.ndarray]:
    """Input, both masked layers, their averages, and the logits."""
    w1, b1, w2, b2, w3, b3 = parameters
    first = np.maximum(convolve(x, w1, b1), 0) * masks[0]
    second = np.maximum(convolve(first, w2, b2), 0) * masks[1]
    n, channels = second.shape[:2]
    averages = second.reshape(n, channels, 5, 2, 5, 2).mean(axis=(3, 5)).reshape(n, -1)
    return [x, first, second, averages, averages @ w3.T + b3]


def gradient(
    parameters: list[np.ndarray], x: np.ndarray, labels: np.ndarray, masks: list
) -> list[np.ndarray]:
    """The gradients of the mean cross-entropy, in the order of the parameters."""
    _, _, w2, _, w3, _ = parameters
    x, first, second, averages, logits = forward(parameters, x, masks)
    _, delta = softmax_cross_entropy(logits, labels)
    back = (delta @ w3).reshape(*second.shape[:2], 5, 1, 5, 1) / 4
    back = np.broadcast_to(back, (*second.shape[:2], 5, 2, 5, 2)).reshape(second.shape)
    back = back * masks[1] * (second > 0)
    of_first, for_w2, for_b2 = convolve_back(first, w2, back)
    _, for_w1, for_b1 = convolve_back(x, parameters[0], of_first * masks[0] * (first > 0))
    return [for_w1, for_b1, for_w2, for_b2, delta.T @ averages, delta.sum(axis=0)]


def masks_of(kind: str, drop: float, n: int, rng: np.random.Generator) -> list:
    """One for each hidden layer, with its scale; 1 without dropout."""
    if SHARED[kind] is None:
        return [1.0, 1.0]
    shapes = (n, FILTERS[0], 12, 12), (n, FILTERS[1], 10, 10)
    return [
        inverted_mask(
            tuple(1 if k in SHARED[kind] else length for k, length in enumerate(shape)), drop, rng
        )
        for shape in shapes
    ]


def train_spatial(
    data: Digits,
    seed: int,
    kind: str,
    drop: float,
    test: bool = False,
    learning_rate: float = LEARNING_RATE,
) -> dict[str, float]:
    """Train; return errors in percent, and what a mask does to the second layer.

    ``neighbours`` is the mean correlation of two neighbouring activations of the first layer, over
    the first 500 judged digits; ``noise_single`` and ``noise_channels`` are the standard
    deviation that a drop of 0.2 gives a sum of the second layer, over that of the sum itself.
    """
    sets = sample_sets(data, 1_000, 1_000, test)
    (x, labels), _, judged = sets
    x, judged_x = (v.reshape(-1, 1, 14, 14) for v in (x, judged[0]))
    rng = np.random.default_rng(seed)
    parameters = start(rng)
    changes = [np.zeros_like(one) for one in parameters]
    for _ in range(EPOCHS):
        order = rng.permutation(len(x))
        for batch in np.split(order, range(BATCH_SIZE, len(x), BATCH_SIZE)):
            masks = masks_of(kind, drop, len(batch), rng)
            gradients = gradient(parameters, x[batch], labels[batch], masks)
            for one, change, slope in zip(parameters, changes, gradients, strict=True):
                change *= MOMENTUM
                change -= learning_rate * slope
                one += change
    first = forward(parameters, judged_x[:500], [1.0, 1.0])[1]
    return {
        "train_error": error_of(parameters, x, labels),
        "error": error_of(parameters, judged_x, judged[1]),
        "neighbours": correlation_of_neighbours(first),
        **noise_behind(first, parameters[2], 0.2),
    }


def error_of(parameters: list[np.ndarray], x: np.ndarray, labels: np.ndarray) -> float:
    """The percentage of wrong answers of the whole network."""
    logits = forward(parameters, x, [1.0, 1.0])[-1]
    return 100 * float(np.mean(logits.argmax(axis=1) != labels))


def correlation_of_neighbours(layer: np.ndarray) -> float:
    """The mean, over channels that change, of the correlation of horizontal neighbours."""
    found = []
    for channel in layer.swapaxes(0, 1):
        left, right = channel[:, :, :-1].ravel(), channel[:, :, 1:].ravel()
        if left.std() > 0 and right.std() > 0:
            found.append(np.corrcoef(left, right)[0, 1])
    return float(np.mean(found))


def noise_behind(first: np.ndarray, weights: np.ndarray, drop: float) -> dict[str, float]:
    """What a mask on ``first`` leaves of noise in the sums that the next filters make.

    Exact: the variance is drop / (1 − drop) times the sum, over what is dropped together, of the
    squared part that it has in the sum.
    """
    n, channels, height, width = first.shape
    rows = columns(first).reshape(n, height - 2, width - 2, channels, 9)
    parts = np.einsum("nhwck,fck->nhwfck", rows, weights.reshape(len(weights), channels, 9))
    sums = parts.sum(axis=(4, 5))
    factor = drop / (1 - drop)
    single = factor * np.square(parts).sum(axis=(4, 5)).mean()
    together = factor * np.square(parts.sum(axis=5)).sum(axis=4).mean()
    return {
        "noise_single": float(np.sqrt(single) / sums.std()),
        "noise_channels": float(np.sqrt(together) / sums.std()),
    }


EXPERIMENTS = {
    "spatial": Experiment(train_spatial, RESULTS, SETTINGS, seeds=10, data="sample"),
    "spatial_rates": Experiment(train_spatial, RESULTS, RATES, seeds=10, data="sample"),
    "spatial_tested": Experiment(train_spatial, RESULTS, TESTED, seeds=10, data="sample"),
}
