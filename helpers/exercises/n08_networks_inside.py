"""Exercises of notebook 08: means of sub-networks, penalties, spreads."""

import numpy as np

from helpers.exercises.judge import Exercise


def geometric_mean(probabilities: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Weighted by ``chances``, and divided by its sum."""
    mean = np.exp(chances @ np.log(probabilities))
    return mean / mean.sum()


def spread(h: np.ndarray, v: np.ndarray, drop: float) -> np.ndarray:
    """The standard deviation, over masks, of the sum of ``h * v`` in each row."""
    return np.sqrt(drop / (1 - drop) * ((h * v) ** 2).sum(axis=1))


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
            "not all masks are equally probable: use chances": lambda p, c: geometric_mean(
                p, np.full(len(p), 1 / len(p))
            ),
        },
        solution="mean = np.exp(chances @ np.log(probabilities)); return mean / mean.sum().",
        inputs=(
            (SUB, np.array([0.5, 0.5])),
            (
                np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1], [0.1, 0.1, 0.8], [0.3, 0.3, 0.4]]),
                np.array([0.1, 0.2, 0.3, 0.4]),
            ),
        ),
    ),
    "08.3": Exercise(
        right=18,
        wrong={
            "the variance of a scaled mask is drop / (1 - drop), not drop": 0.2 * 9 * 8,
            "that is the variance of a mask that is not scaled": 0.16 * 9 * 8,
            "that is keep / drop": 4 * 9 * 8,
            "the weight is squared": 0.25 * 3 * 8,
            "the column is there as its sum of squares, which is given": 0.25 * 9 * 64,
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
            "is that the SD of the mean, or of a sum": 9,
            "more than are needed: square the ratio of the two": 1_000,
        },
        solution="the standard error of a mean of k independent values is their SD / √k: "
        "0.3 / √k = 0.03 for √k = 10, so k = 100.",
    ),
    "08.5": Exercise(
        right=spread,
        wrong={
            "that is the variance: take the root": lambda h, v, drop: spread(h, v, drop) ** 2,
            "the variance of a scaled mask is drop / (1 - drop), not drop": lambda h, v, drop: (
                np.sqrt(drop * ((h * v) ** 2).sum(axis=1))
            ),
            "that is the variance of a mask that is not scaled": lambda h, v, drop: np.sqrt(
                drop * (1 - drop) * ((h * v) ** 2).sum(axis=1)
            ),
            "the masks are independent: square each part, then add": lambda h, v, drop: (
                np.sqrt(drop / (1 - drop)) * np.abs((h * v).sum(axis=1))
            ),
            "variances add, standard deviations do not": lambda h, v, drop: (
                np.sqrt(drop / (1 - drop)) * np.abs(h * v).sum(axis=1)
            ),
            "that is keep / drop": lambda h, v, drop: spread(h, v, 1 - drop),
            "do not forget v": lambda h, v, drop: spread(h, np.ones_like(v), drop),
        },
        solution="each part h v is multiplied by an independent mask of variance drop/(1 - drop), "
        "variances of independent parts add: np.sqrt(drop / (1 - drop) * ((h * v)**2)"
        ".sum(axis=1)).",
        inputs=(
            (np.array([[1.0, 0.0, 2.0], [0.5, 3.0, 1.0]]), np.array([1.0, -2.0, 0.5]), 0.2),
            (np.array([[0.3, 1.2]]), np.array([-1.5, 0.7]), 0.4),
        ),
    ),
}
