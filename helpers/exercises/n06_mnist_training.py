"""Exercises of notebook 06: pixels, standard errors and digits of rounding."""

import numpy as np
from scipy.special import ndtr

from helpers.exercises.judge import Exercise

EXERCISES = {
    "06.1": Exercise(
        right=40 * 0.99 / 255 + 0.01,
        wrong={
            "add 0.01 at the end": 40 * 0.99 / 255,
            "that is 40 / 255: multiply by 0.99 and add 0.01": 40 / 255,
            "that is 40 / 252.46: another of the four scalings": 40 / 252.46,
        },
        solution="40 · 0.99 / 255 + 0.01 = 0.1653. 0 becomes 0.01 and 255 becomes 1.",
        decimals=4,
    ),
    "06.2": Exercise(
        right=(0.8 * 0.2 / 2000) ** 0.5,
        wrong={
            "divide by the root of the number of images": 0.4,
            "p times 1 − p under the root, not p": (0.8 / 2000) ** 0.5,
            "two standard errors; or is something outside of the root that belongs under it": (
                0.017895  # also 0.8 / √2000, with 3 digits
            ),
            "that is the variance: take the root": 0.8 * 0.2 / 2000,
        },
        solution="sqrt(0.8 · 0.2 / 2000) = 0.00894. For two networks on different digits the "
        "standard error of the difference is √2 times that, 0.0126; on the same digits it is "
        "smaller, because most answers agree.",
        decimals=5,
    ),
    "06.3": Exercise(
        right=lambda new, old: np.std(new - old, ddof=1) / np.sqrt(len(new)),
        wrong={
            "that is the standard deviation of the differences: divide by the root of n": (
                lambda new, old: np.std(new - old, ddof=1)
            ),
            "that is the standard deviation, and with n: ddof=1, and the root of n": (
                lambda new, old: np.std(new - old)
            ),
            "the sign of a difference counts": lambda new, old: (
                np.std(abs(new - old), ddof=1) / np.sqrt(len(new))
            ),
            "divide by n - 1 under the root, not by n: ddof=1": lambda new, old: (
                np.std(new - old) / np.sqrt(len(new))
            ),
            "that ignores the pairs: take the differences first": lambda new, old: np.sqrt(
                (np.var(new, ddof=1) + np.var(old, ddof=1)) / len(new)
            ),
            "that is the mean difference, not its standard error": lambda new, old: np.mean(
                new - old
            ),
            "n is the number of pairs that are handed in, not the twenty of the page": (
                lambda new, old: np.std(new - old, ddof=1) / np.sqrt(20)
            ),
            "divide by the root of n, not by n": lambda new, old: (
                np.std(new - old, ddof=1) / len(new)
            ),
        },
        solution="(new - old).std(ddof=1) / np.sqrt(len(new)). Where both runs of a seed rise and "
        "fall together, it is smaller than what the two spreads alone would give.",
        inputs=(
            (np.array([0.92, 0.95, 0.9, 0.93]), np.array([0.9, 0.94, 0.91, 0.9])),
            (np.array([0.5, 0.25, 0.75]), np.array([0.5, 0.75, 0.25])),
        ),
    ),
    "06.4": Exercise(
        right=float((ndtr(-1.5) - ndtr(-2)) / (ndtr(-1.5) - ndtr(-2.5))),
        wrong={
            "that is the fraction of an uncut normal distribution that is positive": 0.9772,
            "that is the fraction that is negative": 0.2730,
            "that would be mean 0": 0.5,
            "divide by the share between -0.5 and 0.5": 0.0441,
            "that is the share between -0.5 and 0.5; which part of it is above 0": 0.0606,
        },
        solution="between -0.5 and 0.5 a normal distribution with mean 2 and standard deviation 1 "
        "has the share Φ(-1.5) - Φ(-2.5) = 0.0606, between 0 and 0.5 the share Φ(-1.5) - Φ(-2) = "
        "0.0441. Their ratio is 0.727.",
        decimals=3,
    ),
    "06.5": Exercise(
        right=32_000,
        wrong={
            "that is one factor of ten; sixteen are needed": 2_000,
            "from 1e-16 to 1 there are sixteen factors of ten": 16,
            "a factor of ten, not of two": 2_000 * 53,
            "a factor of ten, not of e": 2_000 * 16 * np.log(10),
        },
        solution="sixteen factors of ten from 1e-16 to 1, 2,000 steps for each: 32,000 steps. With "
        "float32, whose rounding is near 1e-7 of a value, it would be seven factors, 14,000 steps: "
        "more digits buy time, in proportion to their number, and no more.",
    ),
}
