"""Predictions with dropout left on, averaged, beside the whole network's. Notebook 08 reads these.

The network and the training are those of notebook 07, dropout on 1,000 digits of the bundled
sample; judged are its 3,000 test digits. Nothing is chosen by them.
"""

from __future__ import annotations

import numpy as np

from helpers.masks import inverted_mask
from helpers.network import Network, predict
from helpers.training import Settings, train
from tools.experiments.digits import STEPS, Digits, sample_sets
from tools.experiments.digits_grids import DROPOUT

SAMPLES = (1, 2, 5, 10, 20, 50, 100, 200)
QUANTITIES = ("error", "loss", "gap")
KINDS = ("none", "scaled", *map(str, SAMPLES))
RESULTS = tuple(f"{quantity}_{kind}" for kind in KINDS for quantity in QUANTITIES)
SETTINGS = {"196-128-10": {"hidden": (128,)}}
BINS = 10  # of confidence


def compare_predictions(data: Digits, seed: int, hidden: tuple[int, ...]) -> dict[str, float]:
    """Train a network without dropout and one with it; return how well each predicts.

    For each of ``KINDS`` there are the ``error`` in percent, the ``loss`` in nats and the
    calibration ``gap``: ``none`` is the network without dropout, ``scaled`` the whole network that
    was trained with it, and a number the mean of as many predictions of it with masks.
    """
    training, _, (x, labels) = sample_sets(data, 1_000, 1_000, test=True)
    networks = []
    for how in ({}, DROPOUT):
        rng = np.random.default_rng(seed)
        networks.append(Network([x.shape[1], *hidden, 10], rng))
        train(networks[-1], *training, Settings(**STEPS, **how), rng)
    predictions = dict(zip(KINDS, (predict(network, x) for network in networks), strict=False))
    total, network = 0.0, networks[-1]
    for k in range(1, SAMPLES[-1] + 1):
        drops = (DROPOUT["input_drop"], *[DROPOUT["hidden_drop"]] * len(hidden))
        masks = [
            inverted_mask((len(x), n), drop, rng)
            for n, drop in zip(network.sizes, drops, strict=False)
        ]
        total = total + predict(network, x, masks).astype(np.float64)
        if k in SAMPLES:
            predictions[str(k)] = total / k
    return {
        f"{quantity}_{kind}": value
        for kind, probabilities in predictions.items()
        for quantity, value in zip(QUANTITIES, judged(probabilities, labels), strict=True)
    }


def judged(probabilities: np.ndarray, labels: np.ndarray) -> tuple[float, float, float]:
    """Error in percent, loss in nats, and calibration gap of predicted probabilities.

    The gap is the expected calibration error (Guo et al. 2017) with ten bins of the confidence,
    which is the largest probability: how far, on average over the samples, the share of right
    answers in a bin lies from its mean confidence.

    >>> judged(np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([0, 1]))[::2]
    (0.0, 0.2)
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum((BINS * confidence).astype(int), BINS - 1)
    sums = [np.bincount(bins, values, BINS) for values in (right, confidence)]
    loss = -np.log(probabilities[np.arange(len(labels)), labels]).mean()
    gap = np.abs(sums[0] - sums[1]).sum() / len(labels)
    return 100 * float(1 - right.mean()), float(loss), float(gap.round(12))
