"""Exercises of notebook 01: losses, probabilities and the first derivatives."""

from math import log

import numpy as np

from helpers.exercises.judge import Exercise
from helpers.functions import softmax

GRID = np.array([[-2.0, -0.5, 0.0], [0.3, 1.0, 4.0]])
LOGITS = np.array([[1.0, -2.0, 0.5, 0.0], [1000.0, 998.0, 0.0, -5.0], [0.2, 0.1, 0.0, 3.0]])
TARGETS = np.eye(4)[[0, 1, 3]]


def shifted_exp(z: np.ndarray) -> np.ndarray:
    """exp(z) over a common factor: that of the whole batch, where each row needs its own."""
    return np.exp(z - z.max())


def through_the_chain(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """What the chain of lesson 1 gives, row by row, before it is collapsed."""
    s = softmax(z)
    jacobians = s[:, :, None] * np.eye(z.shape[1]) - s[:, :, None] * s[:, None, :]
    return ((-y / (s + 1e-100))[:, None, :] @ jacobians)[:, 0]


EXERCISES = {
    "01.1": Exercise(
        right=log(4),
        wrong={
            "use the natural logarithm, the loss is in nats": log(4) / log(10),
            "that is the loss in bits; use the natural logarithm, for nats": 2,
            "that is the probability; the loss is its negative logarithm": 0.25,
        },
        solution="the right class gets 1/4, so the loss is -log(1/4) = log 4 = 1.3863. "
        "A loss above log(number of classes) is worse than giving every class the same.",
    ),
    "01.2": Exercise(
        right=0.66023477 * np.e / (1 - 0.66023477 + 0.66023477 * np.e),
        wrong={
            "the other probabilities shrink too: divide by the new sum": 0.66023477 * np.e,
            "the 1 is added to the logit, not to the probability": 1.66023477,
            "nothing has changed: add 1 to the second logit only, not to all": 0.66023477,
            "that is the probability before the change": 0.66,
            "the second logit is `logits[1]`": 0.66023477 / (1 - 0.10045205 + 0.10045205 * np.e),
            "index 2 is the third": 0.10045205 * np.e / (1 - 0.10045205 + 0.10045205 * np.e),
            "that is another class: class 2 has the index 1": 0.10045205
            / (1 - 0.66023477 + 0.66023477 * np.e),
            "softmax along the wrong axis: a column needs axis=0": 1,
        },
        solution="exp of the second logit grows by the factor e, the others stay: "
        "0.6602 e / (0.3398 + 0.6602 e) = 0.8408.",
        decimals=4,
    ),
    "01.3": Exercise(
        right=lambda x: 1 - np.tanh(x) ** 2,
        wrong={
            "that is the derivative if x were the value after tanh": lambda x: 1 - x**2,
            "that is tanh itself": np.tanh,
            "square the tanh": lambda x: 1 - np.tanh(x),
            "that is as with the sigmoid; what is the slope of tanh at 0": lambda x: (
                np.tanh(x) * (1 - np.tanh(x))
            ),
            "nearly; compare it with a numerical derivative at 1": lambda x: 1 / np.cosh(x),
        },
        solution="tanh' = 1 - tanh². It is written with the value after tanh, but x is the value "
        "before, so tanh has to be computed first: 1 - np.tanh(x)**2.",
        inputs=((GRID,), (np.array([0.7, -3.0]),), (np.array(0.25),)),
    ),
    "01.4": Exercise(
        right=lambda z, y: softmax(z) - y,
        wrong={
            "the classes lie along the last axis, one sample a row": lambda z, y: (
                softmax(z, axis=0) - y
            ),
            "nan: subtract the largest logit of each row first": lambda z, y: (
                np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) - y
            ),
            "nan: subtract the largest logit of each row, and divide by its sum": lambda z, y: (
                np.exp(z) / np.exp(z).sum() - y
            ),
            "subtract the largest logit of each row, not of the whole batch": lambda z, y: (
                shifted_exp(z) / shifted_exp(z).sum(axis=1, keepdims=True) - y
            ),
            "divide by the sum of each row, not of the whole batch": lambda z, y: (
                shifted_exp(z) / shifted_exp(z).sum() - y
            ),
            "those are the probabilities; the target is missing": lambda z, y: softmax(z),
            "the sign is wrong: what you said minus what is right": lambda z, y: y - softmax(z),
            "z comes first, then y": lambda z, y: softmax(y) - z,
            "that is the mean loss; the summed loss was asked for": lambda z, y: (
                (softmax(z) - y) / len(z)
            ),
            "where the network is sure and wrong, the chain through the probabilities gives 0": (
                through_the_chain
            ),
        },
        solution="softmax(z) - y with the stable softmax along the last axis: the collapse of the "
        "chain holds for each row, and a sum of losses has no factor 1/n.",
        inputs=(
            (LOGITS, TARGETS),
            (np.array([[0.3, -1.0, 2.0, 0.1]]), np.eye(4)[[2]]),
            (np.array([[-1000.0, -1001.0, -1003.0, -1004.0]]), np.eye(4)[[0]]),
            (np.array([[0.0, 1000.0, -5.0, 3.0]]), np.eye(4)[[0]]),  # sure and wrong
        ),
    ),
    "01.5": Exercise(
        right=0.25,
        wrong={
            "a high temperature makes the logits smaller, and gradients with them": 4,
            "the chain rule multiplies by the inner derivative of z / T": 1,
        },
        solution="with u = z / T the chain gives dL/du = y_hat - y as before, and du/dz = 1/T: "
        "the factor is 1/4. High temperatures make small gradients.",
    ),
}
