"""Exercises of notebook 05: article B's network, its parts and its accuracy."""

import numpy as np

from helpers.exercises.judge import Exercise

COUNTS = {(0, 0): 8, (0, 1): 2, (1, 1): 3, (2, 0): 4, (2, 2): 3, (9, 4): 1, (9, 9): 6}


def accuracy(counts: dict) -> float:
    """The fraction of right answers in ``{(target, predicted): count}``."""
    return sum(n for (t, p), n in counts.items() if t == p) / sum(counts.values())


def mean_of_digits(counts: dict) -> float:
    """The mean over the digits of the accuracy of each."""
    digits = sorted({target for target, _ in counts})
    return np.mean([accuracy({k: n for k, n in counts.items() if k[0] == d}) for d in digits])


EXERCISES = {
    "05.1": Exercise(
        right=3 * 8 + 7 * 4,
        wrong={
            "the bias nodes are on as well: each matrix keeps its last column": 42,
            "the hidden bias node is on as well: who keeps its last column": 45,
            "the input bias node is on as well: wih keeps its last column": 49,
            "that is wih alone; who moves as well": 24,
            "that is who alone; wih moves as well": 28,
            "those are all weights; the dropped nodes' do not move": 97,
            "nothing leads to a bias node: it has a column, and no row": 4 * 8 + 7 * 4,
            "the dropped hidden nodes take their rows of wih with them": 5 * 8 + 7 * 4,
        },
        solution="wih keeps 3 rows and 7 + 1 columns, who 7 rows and 3 + 1 columns: 24 + 28 = 52.",
    ),
    "05.2": Exercise(
        right=572,
        wrong={
            "seven parts of 571 are 3,997: three samples are left over": 571,
            "a part has a whole number of samples": 4000 / 7,
            "three samples are left over, one for each of three parts": 573,
            "the three samples left over go to three different parts": 574,
        },
        solution="4,000 = 4 · 571 + 3 · 572: four parts of 571 and three of 572.",
    ),
    "05.3": Exercise(
        right=8,
        wrong={
            "that is how many parts were asked for; are all samples in them": 7,
            "that is how many samples a part has": 571,
            "that is how many samples are left over": 3,
            "the error comes in the part after the last whole one": 9,
        },
        solution="int(4000 / 7) = 571, and range(0, 4000, 571) has eight starts: seven whole "
        "parts, 3,997 samples, and an eighth. The class thins for it, trains the three samples "
        "that are left over, and raises IndexError at the one that is not there.",
    ),
    "05.4": Exercise(
        right=lambda who, o, t: ((t - o) * o * (1 - o)) @ who,
        wrong={
            "that is the article's: the slope of the output is missing": lambda who, o, t: (
                (t - o) @ who
            ),
            "the sign is wrong: the error is target minus output": lambda who, o, t: (
                (o - t) * o * (1 - o) @ who
            ),
            "the slope of the output is missing, and the sign is wrong": lambda who, o, t: (
                (o - t) @ who
            ),
            "the arguments come in the order who, output, target": lambda who, o, t: (
                ((o - t) * t * (1 - t)) @ who
            ),
            "the slope is that at the output, not at the target": lambda who, o, t: (
                ((t - o) * t * (1 - t)) @ who
            ),
            "the slope of the sigmoid is o (1 - o)": lambda who, o, t: (t - o) * (1 - o) @ who,
            "that is the slope at the output alone; send it back through who": lambda who, o, t: (
                (t - o) * o * (1 - o)
            ),
        },
        solution="((target - output) * output * (1 - output)) @ who, with the who of before the "
        "update: the chain rule through the output's sigmoid.",
        inputs=(
            (
                np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5]]),
                np.array([0.9, 0.2]),
                np.array([0.01, 0.99]),
            ),
            (np.array([[1.0], [-2.0], [0.5]]), np.array([0.3, 0.6, 0.8]), np.array([0.5, 0, 1])),
        ),
    ),
    "05.5": Exercise(
        right=accuracy,
        wrong={
            "that is the number of right answers: divide by all": lambda counts: sum(
                n for (t, p), n in counts.items() if t == p
            ),
            "that is the fraction of wrong answers": lambda counts: 1 - accuracy(counts),
            "a fraction is asked for, not a percentage": lambda counts: 100 * accuracy(counts),
            "add the counts up, not the pairs": lambda counts: (
                sum(t == p for t, p in counts) / len(counts)
            ),
            "not every task has seven classes: take the pairs that are there": lambda counts: (
                sum(counts.get((k, k), 0) for k in range(7)) / sum(counts.values())
            ),
            "that is the mean over the classes: divide all right answers by all samples": (
                mean_of_digits
            ),
        },
        solution="sum(n for (t, p), n in counts.items() if t == p) / sum(counts.values()).",
        inputs=((COUNTS,), ({(0, 0): 3, (0, 1): 1},), ({(1, 0): 2, (2, 1): 5},)),
    ),
}
