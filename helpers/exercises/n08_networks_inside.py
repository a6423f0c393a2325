"""Exercises of notebook 08: means of sub-networks, penalties, spreads."""

import numpy as np

from helpers.exercises.judge import Exercise


def geometric_mean(probabilities: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Weighted by ``chances``, and divided by its sum."""
    mean = np.exp(chances @ np.log(probabilities))
    return mean / mean.sum()


def spread(h: np.ndarray, v: np.ndarray, n_dropped: int) -> np.ndarray:
    """The standard deviation, over fixed-count masks, of the sum of ``h * v`` in each row."""
    parts = h * v
    n = parts.shape[1]
    from_mean = parts - parts.mean(axis=1, keepdims=True)
    return np.sqrt(n_dropped / (n - n_dropped) * n / (n - 1) * (from_mean**2).sum(axis=1))


def with_covariance(h: np.ndarray, v: np.ndarray, n_dropped: int, correlation: float) -> np.ndarray:
    """As `spread`, if any two entries of a mask had this correlation."""
    parts = h * v
    squares = (parts**2).sum(axis=1)
    cross = parts.sum(axis=1) ** 2 - squares
    return np.sqrt(n_dropped / (parts.shape[1] - n_dropped) * (squares + correlation * cross))


SUB = np.array([[0.9, 0.1], [0.6, 0.4]])
EXERCISES = {
    "08.1": Exercise(
        right=float(geometric_mean(SUB, np.array([0.5, 0.5]))[0]),
        wrong={
            "that is the arithmetic mean": 0.75,
            "renormalise: the means of the two classes do not sum to 1": 0.734847,
            "that is the product; take its root, then renormalise": 0.54,
            "renormalise the roots, not the products": 0.54 / (0.54 + 0.04),
            "that is the second class": 1 - float(geometric_mean(SUB, np.array([0.5, 0.5]))[0]),
        },
        solution="√(0.9 · 0.6) = 0.735 and √(0.1 · 0.4) = 0.2; 0.735 / (0.735 + 0.2) = 0.786. The "
        "arithmetic mean would be 0.75: the geometric one is surer where both agree.",
        decimals=2,
    ),
    "08.2": Exercise(
        right=geometric_mean,
        wrong={
            "renormalise: divide by the sum over the classes": lambda p, c: np.exp(c @ np.log(p)),
            "that is the arithmetic mean": lambda p, c: c @ p,
            "that is the product; each prediction has its chance as exponent": lambda p, c: (
                p.prod(axis=0) / p.prod(axis=0).sum()
            ),
            "you count all masks alike: their chances are the exponents": lambda p, c: (
                geometric_mean(p, np.full(len(p), 1 / len(p)))
            ),
            "that is the logarithm: take exp of it, then renormalise": lambda p, c: c @ np.log(p),
            "sum the chances times the logarithms: a mean over the masks divides once more": (
                lambda p, c: geometric_mean(p, c / len(p))
            ),
        },
        solution="mean = np.exp(chances @ np.log(probabilities)); return mean / mean.sum().",
        inputs=(
            (
                np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1], [0.1, 0.1, 0.8], [0.3, 0.3, 0.4]]),
                np.array([0.1, 0.2, 0.3, 0.4]),
            ),
            (SUB, np.array([0.5, 0.5])),
        ),
    ),
    "08.3": Exercise(
        right=18,
        wrong={
            "drop is not the variance of a scaled mask": 0.2 * 9 * 8,
            "that is the variance of a mask that is not scaled": 0.16 * 9 * 8,
            "that is keep / drop": 4 * 9 * 8,
            "in the penalty the weight stands squared": 0.25 * 3 * 8,
            "the column is there as its sum of squares, which is given": 0.25 * 9 * 64,
            "that is without the weight": 2,
            "that is without the column": 0.25 * 9,
            "that is without the variance of the mask": 72,
        },
        solution="λ = drop / (1 - drop) = 0.25, times the squared weight, 9, times the sum of "
        "squares of the column, 8: 18.",
    ),
    "08.4": Exercise(
        right=100,
        wrong={
            "the standard error falls with the root of their number": 10,
            "square both or neither: the variance of a mean is the SD squared, divided by k": 3,
            "more than are needed: what is the standard error of the mean of so many": 1_000,
        },
        solution="the standard error of a mean of k independent values is their SD / √k: "
        "0.3 / √k = 0.03 for √k = 10, so k = 100.",
    ),
    "08.5": Exercise(
        right=spread,
        wrong={
            "that is the variance: take the root": lambda h, v, k: spread(h, v, k) ** 2,
            "that is the spread for coins; here the masks of two units are correlated": (
                lambda h, v, k: with_covariance(h, v, k, 0)
            ),
            "if one unit is off, is another one likelier to be off, or to be on": lambda h, v, k: (
                with_covariance(h, v, k, 1 / (h.shape[1] - 1))
            ),
            "how large is the correlation of two entries? All n together do not vary at all": (
                lambda h, v, k: with_covariance(h, v, k, -1 / h.shape[1])
            ),
            "n_dropped is a number of units; what is the variance of an entry": lambda h, v, k: (
                spread(h, v, k) * np.sqrt((h.shape[1] - k) / h.shape[1])
            ),
            "that is the spread if the masks are not scaled": lambda h, v, k: (
                spread(h, v, k) * (h.shape[1] - k) / h.shape[1]
            ),
            "that is dropped and kept the wrong way round": lambda h, v, k: spread(
                h, v, h.shape[1] - k
            ),
            "do not forget v": lambda h, v, k: spread(h, np.ones_like(v), k),
            "nearly; what is the covariance of two entries": lambda h, v, k: (
                spread(h, v, k) * np.sqrt((len(v) - 1) / len(v))
            ),
            "that is the SD of the parts; what does a mask make of it": lambda h, v, k: (h * v).std(
                axis=1
            ),
            "one number a sample: the output is a sum over the units": lambda h, v, k: (
                np.sqrt(k / (len(v) - k)) * np.abs(h * v)
            ),
        },
        solution="write a for a part, λ = n_dropped / (n - n_dropped) for the variance of an "
        "entry, −λ/(n − 1) for the covariance of two. The variance of the sum is λ (Σ a² − "
        "((Σ a)² − Σ a²) / (n − 1)) = λ n/(n − 1) · (Σ a² − (Σ a)²/n), and the last bracket is the "
        "sum of the squared distances of the parts from their mean: lam * n / (n - 1) * "
        "((a - a.mean(axis=1, keepdims=True))**2).sum(axis=1), then the root. So parts that are "
        "all alike do not vary at all: whichever are dropped, the others stand in for them.",
        inputs=(
            (np.array([[0.3, 1.2, 2.0, 0.8, 0.0]]), np.array([-1.5, 0.7, 0.4, 1.0, 2.0]), 2),
            (np.array([[1.0, 0.0, 2.0], [0.5, 3.0, 1.0]]), np.array([1.0, -2.0, 0.5]), 1),
        ),
    ),
}
