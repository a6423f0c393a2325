"""Predictions with dropout left on, averaged, beside the whole network's. Notebook 08 reads these.

The network and the training are those of notebook 07, dropout on 1,000 digits of the bundled
sample; judged are its 3,000 test digits. Nothing is chosen by them. ``calibration`` asks how sure
networks are that are trained with other drops, at other rates, and for longer or shorter.
"""

from __future__ import annotations

import numpy as np
from scipy.special import entr

from helpers.functions import softmax
from helpers.masks import inverted_mask
from helpers.network import Network, predict
from helpers.training import Settings, train
from tools.experiments.digits import STEPS, Digits, sample_sets, trained_network
from tools.experiments.digits_grids import DROPOUT, drops
from tools.experiments.experiment import Experiment

SAMPLES = (1, 2, 5, 10, 20, 50, 100, 200)
QUANTITIES = ("error", "loss", "gap")
KINDS = ("none", "scaled", *map(str, SAMPLES), "geometric")
DOUBTS = ("spread", "votes", "information", "mean", "scaled")
RESULTS = (
    *(f"{quantity}_{kind}" for kind in KINDS for quantity in QUANTITIES),
    *("gap_by_chance", *(f"caught_by_{doubt}" for doubt in DOUBTS)),
)
SETTINGS = {"196-128-10": {"hidden": (128,)}}
BINS = 10  # of confidence


def compare_predictions(data: Digits, seed: int, hidden: tuple[int, ...]) -> dict[str, float]:
    """Train a network without dropout and one with it; return how well each predicts.

    For each of ``KINDS`` there are the ``error`` in percent, the ``loss`` in nats and the
    calibration ``gap``: ``none`` is the network without dropout, ``scaled`` the whole network that
    was trained with it, a number the mean of as many predictions of it with masks, and
    ``geometric`` the renormalised geometric mean of the most of them.

    ``gap_by_chance`` is the gap that a network as sure as ``scaled`` would show on as many samples
    if it were calibrated. ``caught_by_…`` is the percentage of the whole network's mistakes that
    are among the tenth of the samples that is most doubtful: by the ``spread`` of the masked
    predictions, by how few of them vote for the same class (``votes``), by the ``information`` that
    a mask has about the class (mutual information: the entropy of their mean less the mean of their
    entropies), by how low their ``mean`` is, by how low the whole network's own probability is
    (``scaled``).
    """
    training, _, (x, labels) = sample_sets(data, 1_000, 1_000, test=True)
    networks = []
    for how in ({}, DROPOUT):
        rng = np.random.default_rng(seed)
        networks.append(Network([x.shape[1], *hidden, 10], rng))
        train(networks[-1], *training, Settings(**STEPS, **how), rng)
    predictions = dict(zip(KINDS, (predict(network, x) for network in networks), strict=False))
    total, squares, logs, entropies, votes = 0.0, 0.0, 0.0, 0.0, np.zeros((len(x), 10))
    network = networks[-1]
    for k in range(1, SAMPLES[-1] + 1):
        drops = (DROPOUT["input_drop"], *[DROPOUT["hidden_drop"]] * len(hidden))
        masks = [
            inverted_mask((len(x), n), drop, rng)
            for n, drop in zip(network.sizes, drops, strict=False)
        ]
        masked = predict(network, x, masks).astype(np.float64)
        total, squares, logs = total + masked, squares + masked**2, logs + np.log(masked)
        entropies, votes = entropies + entropy(masked), votes + np.eye(10)[masked.argmax(axis=1)]
        if k in SAMPLES:
            predictions[str(k)] = total / k
    mean, whole = total / k, predictions["scaled"]
    predictions["geometric"] = softmax(logs / k)
    found = {
        f"{quantity}_{kind}": value
        for kind, probabilities in predictions.items()
        for quantity, value in zip(QUANTITIES, judged(probabilities, labels), strict=True)
    }
    found["gap_by_chance"] = gap_by_chance(whole.max(axis=1), np.random.default_rng([seed, 3]))
    best = mean.argmax(axis=1)
    variance = (squares / k - mean**2)[np.arange(len(x)), best]
    doubts = {
        "spread": variance,
        "votes": -votes.max(axis=1),
        "information": entropy(mean) - entropies / k,
        "mean": -mean.max(axis=1),
        "scaled": -whole.max(axis=1),
    }
    wrong = whole.argmax(axis=1) != labels
    for name, doubt in doubts.items():
        found[f"caught_by_{name}"] = caught(doubt, wrong)
    return found


def entropy(probabilities: np.ndarray) -> np.ndarray:
    """Entropy of each row, in nats. Shape (samples,).

    >>> entropy(np.array([[0.5, 0.5], [1.0, 0.0]])).round(3)
    array([0.693, 0.   ])
    """
    return entr(probabilities).sum(axis=1)


def caught(doubt: np.ndarray, wrong: np.ndarray) -> float:
    """The percentage of what is ``wrong`` that is in the tenth where ``doubt`` is largest.

    >>> caught(np.arange(20), np.isin(np.arange(20), [3, 18]))
    50.0
    """
    handed = np.argsort(-doubt, kind="stable")[: len(doubt) // 10]
    return 100 * float(np.count_nonzero(wrong[handed]) / np.count_nonzero(wrong))


def judged(probabilities: np.ndarray, labels: np.ndarray) -> tuple[float, float, float]:
    """Error in percent, loss in nats, and calibration gap of predicted probabilities.

    The gap is the expected calibration error (Guo et al. 2017) with ten bins of the confidence,
    which is the largest probability: how far, on average over the samples, the share of right
    answers in a bin lies from its mean confidence.

    >>> judged(np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([0, 1]))[::2]
    (0.0, 0.2)
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    loss = -np.log(probabilities[np.arange(len(labels)), labels]).mean()
    return 100 * float(1 - right.mean()), float(loss), calibration_gap(confidence, right)


def calibration_gap(confidence: np.ndarray, right: np.ndarray) -> float:
    """How far the share of right answers in a bin lies from its confidence, as in `judged`."""
    bins = np.minimum((BINS * confidence).astype(int), BINS - 1)
    sums = [np.bincount(bins, values, BINS) for values in (right, confidence)]
    return float((np.abs(sums[0] - sums[1]).sum() / len(right)).round(12))


def gap_by_chance(confidence: np.ndarray, rng: np.random.Generator, draws: int = 100) -> float:
    """The mean calibration gap if each answer were right with the probability ``confidence``.

    It is not 0: a bin of few samples has a share of its own by chance.
    """
    answers = rng.random((draws, len(confidence))) < confidence
    return float(np.mean([calibration_gap(confidence, right) for right in answers]))


MEASURES = ("error", "loss", "gap", "surplus")
CALIBRATION_RESULTS = (*MEASURES, *(f"{measure}_masked" for measure in MEASURES))
N_MASKED = 50  # predictions that are averaged
CALIBRATION = {
    "none": {},
    "none, learning rate 0.01": {"learning_rate": 0.01},
    "none, learning rate 0.02": {"learning_rate": 0.02},
    "none, learning rate 0.3": {"learning_rate": 0.3},
    "none, 10 epochs": {"epochs": 10},
    "L2, l2 0.001, learning rate 0.2": {"l2": 1e-3, "learning_rate": 0.2},
    "L2, l2 3e-05, learning rate 0.4": {"l2": 3e-5, "learning_rate": 0.4},
    "none, stopped early": {"patience": 10},
    **{f"drops 0.2 and 0.5, {n} epochs": {**DROPOUT, "epochs": n} for n in (10, 20, 60, 200)},
    "drops 0.2 and 0.3, learning rate 0.1": {**drops(0.2, 0.3), "learning_rate": 0.1},
    "drops 0.1 and 0.3": drops(0.1, 0.3),
    "drops 0 and 0.5": drops(0.0, 0.5),
    "drops 0 and 0.2": drops(0.0, 0.2),
}


def calibration(
    data: Digits, seed: int, input_drop: float = 0.0, hidden_drop: float = 0.0, **how: object
) -> dict[str, float]:
    """Train a network; return how sure it is, as a whole and as a mean of masked predictions.

    ``error`` is in percent, ``loss`` in nats, ``gap`` the calibration gap, ``surplus`` the mean
    confidence less the share of right answers.
    """
    sets = sample_sets(data, 1_000, 1_000, test=True)
    each = {"input_drop": input_drop, "hidden_drop": hidden_drop}
    network, _ = trained_network(sets, seed, **each, **how)
    x, labels = sets.judged
    rng, masked = np.random.default_rng([seed, 4]), 0.0
    for _ in range(N_MASKED):
        shapes = zip(network.sizes, each.values(), strict=False)
        masks = [inverted_mask((len(x), n), drop, rng) for n, drop in shapes]
        masked = masked + predict(network, x, masks).astype(np.float64) / N_MASKED
    found = {}
    for name, probabilities in (("", predict(network, x)), ("_masked", masked)):
        error, loss, gap = judged(probabilities, labels)
        surplus = float(probabilities.max(axis=1).mean()) - (1 - error / 100)
        for measure, value in zip(MEASURES, (error, loss, gap, surplus), strict=True):
            found[f"{measure}{name}"] = value
    return found


EXPERIMENTS = {
    "monte_carlo": Experiment(compare_predictions, RESULTS, SETTINGS, seeds=10, data="sample"),
    "calibration": Experiment(
        calibration, CALIBRATION_RESULTS, CALIBRATION, seeds=10, data="sample"
    ),
}
