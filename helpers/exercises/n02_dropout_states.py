"""Exercises of notebook 02: how many states there are, and how a mask is scaled."""

from math import comb

import numpy as np

from helpers.exercises.judge import Exercise
from helpers.masks import dropout

LAYER = np.array([[3.0, -1.0, 2.0, 0.5], [1.0, 4.0, -2.0, 7.0]])
MASK = np.array([[1.0, 1.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0]])
COLUMN = np.array([[2.0], [-3.0], [0.5]])

EXERCISES = {
    "02.1": Exercise(
        right=comb(8, 2),
        wrong={
            "two are dropped, and their order does not matter": 56,
            "that counts every mask, with any number of zeros": 2**8,
            "drop = 1/4 of 8 nodes drops two nodes, not one": 8,
        },
        solution="two of eight nodes can be chosen in 8 · 7 / 2 = 28 ways.",
    ),
    "02.2": Exercise(
        right=0.25,
        wrong={
            "that is the variance of the mask before it is scaled": 0.16,
            "upside down: what is divided by what": 4,
            "that is drop itself; the scale has a say, too": 0.2,
            "that is the mean square; subtract the squared mean, which is 1": 1.25,
            "that is the standard deviation; square it": 0.5,
        },
        solution="drop / (1 - drop) = 0.2 / 0.8 = 0.25. Unscaled it is 0.2 · 0.8 = 0.16, and the "
        "scale 1 / 0.8 enters squared.",
    ),
    "02.3": Exercise(
        right=dropout,
        wrong={  # x: layer, m: mask, d: drop
            "the mean does not stay: what is left must make up for the rest": lambda x, m, d: x * m,
            "the scale has to do with what stays, not with what is dropped": lambda x, m, d: (
                x * m / d
            ),
            "the scale makes what stays larger, not smaller": lambda x, m, d: x * m * (1 - d),
            "the mean differs from mask to mask; the scale does not": lambda x, m, d: (
                x * m / m.mean()
            ),
            "the mean differs from row to row; the scale does not": lambda x, m, d: (
                x * m / m.mean(axis=-1, keepdims=True)
            ),
            "over all masks the mean stays; that the sum of this layer does is not asked": (
                lambda x, m, d: x * m * x.sum() / (x * m).sum()
            ),
            "drop is not always 0.2: use the drop that is handed in": lambda x, m, d: x * m * 1.25,
            "the layer comes as it is; no activation is asked for": lambda x, m, d: (
                np.maximum(x, 0) * m / (1 - d)
            ),
            "the mask is missing": lambda x, m, d: x / (1 - d),
            "divided by (1 - drop) twice": lambda x, m, d: x * m / (1 - d) ** 2,
            "the mask is upside down: 1 stays": lambda x, m, d: x * (1 - m) / (1 - d),
            "divided by drop, too": lambda x, m, d: x * m / (1 - d) / d,
        },
        solution="layer * mask / (1 - drop). With drop = 0.2 the survivors are 1.25 times as loud.",
        inputs=(
            (LAYER, MASK, 0.2),
            (COLUMN, np.array([[1.0], [0.0], [1.0]]), 1 / 3),
            (LAYER[0], np.array([0.0, 0.0, 1.0, 0.0]), 0.5),
        ),
    ),
    "02.4": Exercise(
        right=-0.01,
        wrong={
            "the sign is wrong: if one is dropped, the others are safer": 0.01,
            "independent would be 0, but their number is fixed": 0,
            "nearly; how many others are there, without the node itself": -1 / 101,
            "it does not depend on the number of dropped nodes": -0.2,
            "the number of dropped nodes plays no part": -0.05,
            "n is the number of nodes, not of those that are dropped": -1 / 19,
        },
        solution="-1/(n - 1) = -1/100, whatever the number of dropped nodes: small for a large "
        "layer, but there are n - 1 of them.",
    ),
    "02.5": Exercise(
        right=0,
        wrong={
            "that would be independent nodes; here exactly three of five always stay": 30.0,
            "that is the variance of one node, not of the sum": 6.0,
            "that is the sum, not its variance": 15.0,
        },
        solution="three nodes of value 3 · 5/3 = 5 always stay, so the sum is 15 in every state: "
        "its variance is 0. Independent coins would give 5 · 9 · 0.4/0.6 = 30.",
    ),
}
