"""Exercises of notebook 03: what a mask does to gradients."""

import numpy as np

from helpers.exercises.judge import Exercise
from helpers.masks import dropout_derivative

ERROR = np.array([[3.0, -1.0, 2.0], [1.0, 4.0, -2.0], [-5.0, 0.5, 7.0], [2.0, -3.0, 1.0]])
SLOPE = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
STATE = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
BELOW = np.array([[1.0, 2.0, 0.5], [3.0, -1.0, 4.0], [0.2, 6.0, -2.0]])  # three nodes and samples


def weight_gradient(
    error: np.ndarray, slope: np.ndarray, state: np.ndarray, drop: float, below: np.ndarray
) -> np.ndarray:
    """The gradient of the weights that lead from the layer ``below``, summed over the samples."""
    return error * slope * dropout_derivative(state, drop) @ below.T


EXERCISES = {
    "03.1": Exercise(
        right=9,
        wrong={
            "the entries where a dropped row and the dropped column cross count once": 11,
            "that is the column of the dropped node of layer 1; rows go too": 5,
            "those are the rows of layer 2 alone, or the entries that are left": 6,
            "two entries are in a dropped row and in the dropped column, not one": 10,
        },
        solution="column 2 (5 entries) and rows 1 and 5 (3 each); two entries are in both: "
        "5 + 6 - 2 = 9. What is left is a 3 × 2 matrix.",
    ),
    "03.2": Exercise(
        right=2 / 3,
        wrong={
            "the division makes the true gradient larger, and theirs has none": 1.5,
            "that is drop_H1; how much larger does the scale make the true gradient": 1 / 3,
            "the scale belongs to the mask: without it the gradient is not the same": 1,
            "the scale has to do with what stays, not with what is dropped": 3,
            "that has to do with drop_H2, which both gradients have alike": 3 / 5,
        },
        solution="the true error is divided by 1 - 1/3, theirs is not: 2/3. A gradient check finds "
        "it, because forward and backward do not fit each other.",
        decimals=3,
    ),
    "03.3": Exercise(
        right=weight_gradient,
        wrong={  # e: arriving error, s: slope, m: state, d: drop, b: layer below
            "the state alone was multiplied with the layer below; the product comes last": (
                lambda e, s, m, d, b: e * s * (m / (1 - d)).dot(b.T)
            ),
            "the slope alone was multiplied with the layer below; the product comes last": (
                lambda e, s, m, d, b: e * (m / (1 - d)) * s.dot(b.T)
            ),
            "the state was multiplied after the sum over the samples; it comes before": (
                lambda e, s, m, d, b: (e * s @ b.T) * m / (1 - d)
            ),
            "that is the mean over the samples; their losses are summed": (
                lambda e, s, m, d, b: weight_gradient(e, s, m, d, b) / b.shape[1]
            ),
            "sum over the samples: the layer below has to be transposed": (
                lambda e, s, m, d, b: e * s * m / (1 - d) @ b
            ),
            "the scale of the forward pass is missing": (lambda e, s, m, d, b: e * s * m @ b.T),
            "the scale has to do with what stays, not with what is dropped": lambda e, s, m, d, b: (
                e * s * m / d @ b.T
            ),
            "drop is not always 0.2: use the drop that is handed in": lambda e, s, m, d, b: (
                e * s * m * 1.25 @ b.T
            ),
            "the mean of a state differs from state to state; the scale does not": (
                lambda e, s, m, d, b: e * s * m / m.mean() @ b.T
            ),
            "the scale is not undone on the way back, it is applied again": (
                lambda e, s, m, d, b: e * s * m * (1 - d) @ b.T
            ),
            "the state is missing: a dropped node gets no blame": (
                lambda e, s, m, d, b: e * s / (1 - d) @ b.T
            ),
            "the mask is missing, state and scale: a dropped node gets no blame": (
                lambda e, s, m, d, b: e * s @ b.T
            ),
            "the state is upside down: 1 stays": (
                lambda e, s, m, d, b: e * s * (1 - m) / (1 - d) @ b.T
            ),
            "the slope of the activation is missing": lambda e, s, m, d, b: e * m / (1 - d) @ b.T,
        },
        solution="arriving * slope * state / (1 - drop) @ below.T: from left to right, so that "
        "every sample's error is masked before the product sums over the samples. With .dot the "
        "state alone would meet the layer below. At most batch sizes that raises; with as many "
        "samples as the layer below has nodes it does not, and is wrong.",
        inputs=(
            (ERROR, SLOPE, STATE, 0.2, BELOW),
            (ERROR[:2], SLOPE[2:], STATE[1:3], 0.5, BELOW[:1] - 2),
            (ERROR[:, :2], SLOPE[:, 1:], STATE[:, :2], 1 / 3, BELOW[:, 1:]),
        ),
    ),
    "03.4": Exercise(
        right=80,
        wrong={
            "both ends of the edge have to be on": 200 * 2 / 3,
            "both ends of the edge have to be on, not one of them": 120,
            "that is how often both ends are off": 200 / 3 * 2 / 5,
            "that is the fraction; how many of the 200 epochs": 0.4,
            "that is how often the first node of layer 1 is off": 200 / 3,
            "that is the count in the run above; the average over all runs is asked for": 88,
            "drop_H1 is the fraction that is off, not the one that is on": 200 / 3 * 3 / 5,
            "drop_H2 is the fraction that is off, not the one that is on": 200 * 2 / 3 * 2 / 5,
        },
        solution="node 1 of layer 1 is on with probability 2/3, node 1 of layer 2 with 3/5, "
        "independently: 200 · 2/3 · 3/5 = 80.",
    ),
    "03.5": Exercise(
        right=9 * (1 - 0.9**5),
        wrong={
            "v is the move before the five steps: the first of them is already 0.9 v": (
                10 * (1 - 0.9**5)
            ),
            "that is the fifth step alone": 0.9**5,
            "that is a single step, the sixth; add up the first five": 0.9**6,
            "that is the sum of endlessly many steps": 9,
            "the sum of a geometric series is divided by 1 - 0.9": 0.9 * (1 - 0.9**5),
            "n steps, not n + 1": 9 * (1 - 0.9**6),
        },
        solution="0.9 + 0.9² + … + 0.9⁵ = 0.9 (1 - 0.9⁵) / (1 - 0.9) = 3.686 times v: in five "
        "steps without a gradient the weight moves further than in the step that had one.",
        decimals=3,
    ),
}
