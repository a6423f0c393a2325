"""Exercises of notebook 09: who shares a zero, and what it does to a sum."""

import numpy as np

from helpers.exercises.judge import Exercise


def variance(parts: np.ndarray, groups: np.ndarray, drop: float) -> float:
    """Of a sum over the masks, where parts of one group share a coin."""
    together = [parts[groups == group].sum() for group in np.unique(groups)]
    return float(drop / (1 - drop) * np.square(together).sum())


EXERCISES = {
    "09.1": Exercise(
        right=128,
        wrong={
            "one for each activation is plain dropout; here a channel shares one": 3_200,
            "one for each channel, but each sample has its own": 16,
            "a channel shares one, not a pixel": 200,
            "one for each sample would drop all its channels": 8,
            "the axes of a channel are shared, not those of samples and channels": 25,
        },
        solution="the mask has the shape (8, 16, 1, 1): one coin for each channel of each sample, "
        "8 · 16 = 128 of them.",
    ),
    "09.2": Exercise(
        right=variance,
        wrong={
            "that is plain dropout: add the parts of a group before you square": lambda p, g, d: (
                variance(p, np.arange(len(p)), d)
            ),
            "the numbers of the groups need not be 0, 1, 2, …": lambda p, g, d: variance(
                np.where(g < len(np.unique(g)), p, 0.0), g, d
            ),
            "add the parts of a group, not their mean": lambda p, g, d: (
                d / (1 - d) * sum(p[g == one].mean() ** 2 for one in np.unique(g))
            ),
            "the variance of a scaled mask, drop / (1 - drop), is missing": lambda p, g, d: (
                variance(p, g, 0.5)
            ),
            "parts of a group need not lie side by side": lambda p, g, d: variance(
                p, np.cumsum(np.r_[0, g[1:] != g[:-1]]), d
            ),
            "that is one coin for all: add within groups only": lambda p, g, d: variance(
                p, np.zeros(len(p)), d
            ),
            "what stays is divided by 1 − p: the scale is missing": lambda p, g, d: (
                variance(p, g, d) * (1 - d) ** 2
            ),
            "the mean over the masks is not to be taken off once more": lambda p, g, d: (
                d / (1 - d) * np.var([p[g == group].sum() for group in np.unique(g)])
            ),
            "p is the drop, not what is kept": lambda p, g, d: variance(p, g, 1 - d),
            "that is the standard deviation": lambda p, g, d: np.sqrt(variance(p, g, d)),
        },
        solution="together = [parts[groups == g].sum() for g in np.unique(groups)]; return drop / "
        "(1 - drop) * np.sum(np.square(together)).",
        inputs=(
            (np.array([1.0, 2.0, -1.5, 0.75]), np.array([0, 0, 1, 1]), 0.2),
            (np.array([1.0, 2.0, 3.0]), np.array([4, 7, 4]), 0.3),
            (np.array([0.5, -0.5, 1.0, 2.0, 1.0]), np.array([2, 2, 0, 0, 1]), 0.6),
        ),
    ),
    "09.3": Exercise(
        right=5,
        wrong={
            "that is the variance": 25,
            "the same coin at each step makes it larger": 0.2,
            "new coins average out, one that stays does not": 1,
        },
        solution="the variance is 25 times as large, so the standard deviation √25 = 5 times.",
    ),
    "09.4": Exercise(
        right=7 / 3,
        wrong={
            "the squares double, but the squared mean is taken off once, before and after": 2.0,
            "that is the variance in training; compare it with that when predicting": 7.0,
            "that is the variance when predicting": 3.0,
            "that is the difference; asked is the ratio": 4.0,
            "the squared mean is taken off in training, too": 8 / 3,
            "4 is the mean of the squares, not the variance": 2.25,
            "that is the other way round": 3 / 7,
            "the variances are compared, not the standard deviations": (7 / 3) ** 0.5,
        },
        solution="in training 4 / 0.5 − 1² = 7, when predicting 4 − 1² = 3: 7 / 3 = 2.33 times.",
        decimals=2,
    ),
}
