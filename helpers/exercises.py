"""The exercises' judge: ``check`` an answer, ``solution`` explains it.

An exercise knows its right answer, the typical wrong ones with what each suggests, and an
explanation. An answer is a number, or a function that is tried on inputs beside the right one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from math import comb, log

import numpy as np

from helpers.functions import softmax
from helpers.slicing import thin

Answer = float | Callable[..., object]


@dataclass(frozen=True)
class Exercise:
    """``wrong`` maps what a wrong answer suggests to that answer; ``inputs`` are for functions."""

    right: Answer
    wrong: Mapping[str, Answer]
    solution: str
    inputs: tuple[tuple, ...] = field(default=())

    def values(self, answer: Answer) -> list[np.ndarray]:
        """The answer itself, or what it returns for each of the inputs."""
        if self.inputs:
            # copies, so that an answer that works in place does not change the next one's inputs
            with np.errstate(all="ignore"):
                results = [answer(*deepcopy(arguments)) for arguments in self.inputs]
            return [np.array(result, dtype=float) for result in results]
        value = np.array(answer, dtype=float)
        return [value.reshape(()) if value.size == 1 else value]

    def same(self, values: list[np.ndarray], other: Answer) -> bool:
        """Whether ``values`` are those of ``other``: whole numbers exactly, others to 3 digits."""
        tolerance = 0.0 if isinstance(other, int) else 1e-6 if self.inputs else 1e-3
        return all(
            a.shape == b.shape and np.allclose(a, b, rtol=tolerance, atol=1e-9, equal_nan=True)
            for a, b in zip(values, self.values(other), strict=True)
        )


def check(name: str, answer: object) -> None:
    """Print whether ``answer`` to exercise ``name`` is right, or what a wrong one suggests.

    ``...`` is not yet an answer. Raises ``ValueError`` for an exercise that does not exist.
    """
    print(f"{name}: {verdict(find(name), answer)}")


def solution(name: str) -> None:
    """Print the explanation of exercise ``name``; ``ValueError`` if there is none."""
    print(f"{name}: {find(name).solution}")


def find(name: str) -> Exercise:
    """The exercise called ``name``, such as ``"02.3"``."""
    if name not in EXERCISES:
        raise ValueError(f"name must be one of {', '.join(EXERCISES)}, got {name!r}")
    return EXERCISES[name]


def verdict(exercise: Exercise, answer: object) -> str:
    """``right``, ``not yet answered``, or what is wrong with ``answer``, in a sentence."""
    if answer is ...:
        return "not yet answered"
    if exercise.inputs and not callable(answer):
        return f"hand in the function itself, without calling it; got {type(answer).__name__}"
    if not exercise.inputs and callable(answer):
        return "hand in a number, not a function"
    if not exercise.inputs and isinstance(answer, str | None):
        return f"hand in a number, got {answer!r}"
    try:
        values = exercise.values(answer)
    except Exception as error:  # an answer may fail in any way
        if exercise.inputs:
            return f"your function raised {type(error).__name__}: {error}"
        return f"hand in a number, got {answer!r}"
    if exercise.same(values, exercise.right):
        return "right"
    for hint, wrong in exercise.wrong.items():
        if exercise.same(values, wrong):
            return f"not right: {hint}"
    return "not right: " + compare(values, exercise.values(exercise.right))


def compare(values: list[np.ndarray], right: list[np.ndarray]) -> str:
    """What a look at shape, nan and size of a wrong answer can tell."""
    for a, b in zip(values, right, strict=True):
        if a.ndim == 0 and np.isnan(a):
            return "nan; does your function return something?"
        if a.shape != b.shape:
            return f"the shape is {a.shape}, expected {b.shape}"
        if not np.isfinite(a).all():
            return "nan or infinity"
    a, b = (np.concatenate([np.ravel(v) for v in side]) for side in (values, right))
    if a.size == 1 and (a[0] == 0 or b[0] == 0):
        return "look again"
    if not np.all((a == 0) == (b == 0)):
        return "zeros where none should be, or none where they should"
    ratios = a[b != 0] / b[b != 0]
    ratio = ratios[0]
    if not np.allclose(ratios, ratio):
        return "look again"
    if ratio < 0:
        turned = np.isclose(ratio, -1, rtol=1e-3)  # as exact as a right answer has to be
        return "the sign is wrong" if turned else "the sign is wrong, and the size"
    if abs(ratio - 1) < 0.02:
        return "close: give more digits, or look for a small slip"
    return f"{ratio:.3g} times too large" if ratio > 1 else f"{1 / ratio:.3g} times too small"


# ---- the exercises of each notebook -------------------------------------------------------------


def _output_error(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    return softmax(z) - y


def _textbook_output_error(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) - y


def _sliced_product(w: np.ndarray, x: np.ndarray, rows: list, columns: list) -> np.ndarray:
    product = np.zeros(len(w))
    product[rows] = thin(w, rows, columns) @ x[columns]
    return product


def _hidden_error(who: np.ndarray, output: np.ndarray, target: np.ndarray) -> np.ndarray:
    return ((target - output) * output * (1 - output)) @ who


def _standard_error(new: np.ndarray, old: np.ndarray) -> float:
    return np.std(new - old, ddof=1) / np.sqrt(len(new))


def _accuracy(counts: dict) -> float:
    return sum(n for (t, p), n in counts.items() if t == p) / sum(counts.values())


def _mean_of_digits(counts: dict) -> float:
    digits = sorted({target for target, _ in counts})
    return np.mean([_accuracy({k: n for k, n in counts.items() if k[0] == d}) for d in digits])


def _weight_gradient(
    error: np.ndarray, slope: np.ndarray, state: np.ndarray, drop: float, below: np.ndarray
) -> np.ndarray:
    return error * slope * state / (1 - drop) @ below.T


_GRID = np.array([[-2.0, -0.5, 0.0], [0.3, 1.0, 4.0]])
_LOGITS = np.array([[1.0, -2.0, 0.5, 0.0], [1000.0, 998.0, 0.0, -5.0], [0.2, 0.1, 0.0, 3.0]])
_TARGETS = np.eye(4)[[0, 1, 3]]
_LAYER = np.array([[3.0, -1.0, 2.0, 0.5], [1.0, 4.0, -2.0, 7.0]])
_MASK = np.array([[1.0, 0.0, 1.0, 1.0], [1.0, 1.0, 0.0, 1.0]])
_ERROR = np.array([[3.0, -1.0, 2.0], [1.0, 4.0, -2.0], [-5.0, 0.5, 7.0], [2.0, -3.0, 1.0]])
_SLOPE = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
_STATE = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
_BELOW = np.array([[1.0, 2.0, 0.5], [3.0, -1.0, 4.0], [0.2, 6.0, -2.0]])  # three nodes and samples
_MATRIX = np.arange(1.0, 13.0).reshape(3, 4)
_COUNTS = {(0, 0): 8, (0, 1): 2, (1, 1): 3, (2, 0): 4, (2, 2): 3, (9, 4): 1, (9, 9): 6}

FORWARD = {
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
            "softmax along the wrong axis: a column needs axis=0": 1,
        },
        solution="exp of the second logit grows by the factor e, the others stay: "
        "0.6602 e / (0.3398 + 0.6602 e) = 0.8408.",
    ),
    "01.3": Exercise(
        right=lambda x: 1 - np.tanh(x) ** 2,
        wrong={
            "that is the derivative if x were the value after tanh": lambda x: 1 - x**2,
            "that is tanh itself": np.tanh,
            "square the tanh": lambda x: 1 - np.tanh(x),
        },
        solution="tanh' = 1 - tanh². It is written with the value after tanh, but x is the value "
        "before, so tanh has to be computed first: 1 - np.tanh(x)**2.",
        inputs=((_GRID,),),
    ),
    "01.4": Exercise(
        right=_output_error,
        wrong={
            "the classes lie along the last axis, one sample a row": lambda z, y: (
                softmax(z, axis=0) - y
            ),
            "nan: subtract the largest logit of each row first": _textbook_output_error,
            "subtract the largest logit of each row, not of the whole batch": lambda z, y: (
                np.exp(z - z.max()) / np.exp(z - z.max()).sum(axis=1, keepdims=True) - y
            ),
            "divide by the sum of each row, not of the whole batch": lambda z, y: (
                np.exp(z - z.max()) / np.exp(z - z.max()).sum() - y
            ),
            "those are the probabilities; the target is missing": lambda z, y: softmax(z),
            "the sign is wrong: what you said minus what is right": lambda z, y: y - softmax(z),
            "that is the mean loss; the summed loss was asked for": lambda z, y: (
                (softmax(z) - y) / len(z)
            ),
        },
        solution="softmax(z) - y with the stable softmax along the last axis: the collapse of the "
        "chain holds for each row, and a sum of losses has no factor 1/n.",
        inputs=((_LOGITS, _TARGETS),),
    ),
    "01.5": Exercise(
        right=0.25,
        wrong={
            "the inner derivative of z / T is 1 / T, not T": 4,
            "the chain rule multiplies by the inner derivative of z / T": 1,
        },
        solution="with u = z / T the chain gives dL/du = y_hat - y as before, and du/dz = 1/T: "
        "the factor is 1/4. High temperatures make small gradients.",
    ),
}

STATES = {
    "02.1": Exercise(
        right=comb(8, 2),
        wrong={
            "the order in which nodes are dropped does not matter: divide by 2": 56,
            "that counts every mask, with any number of zeros": 2**8,
            "drop = 1/4 of 8 nodes drops two nodes, not one": 8,
        },
        solution="two of eight nodes can be chosen in 8 · 7 / 2 = 28 ways.",
    ),
    "02.2": Exercise(
        right=0.25,
        wrong={
            "that is the variance of the mask before it is scaled": 0.16,
            "upside down: drop / (1 - drop)": 4,
            "that is drop itself: divide by (1 - drop)": 0.2,
            "that is the mean square; subtract the squared mean, which is 1": 1.25,
            "that is the standard deviation; square it": 0.5,
        },
        solution="drop / (1 - drop) = 0.2 / 0.8 = 0.25. Unscaled it is 0.2 · 0.8 = 0.16, and the "
        "scale 1 / 0.8 enters squared.",
    ),
    "02.3": Exercise(
        right=lambda layer, mask, drop: layer * mask / (1 - drop),
        wrong={
            "divide by (1 - drop), so that the mean stays": lambda layer, mask, drop: layer * mask,
            "4 times too large: divide by (1 - drop), not by drop": lambda layer, mask, drop: (
                layer * mask / drop
            ),
            "divide by (1 - drop), do not multiply": lambda layer, mask, drop: (
                layer * mask * (1 - drop)
            ),
            "the mask is missing": lambda layer, mask, drop: layer / (1 - drop),
            "divided by (1 - drop) twice": lambda layer, mask, drop: layer * mask / (1 - drop) ** 2,
            "the mask is upside down: 1 stays": lambda layer, mask, drop: (
                layer * (1 - mask) / (1 - drop)
            ),
            "divide by (1 - drop) alone": lambda layer, mask, drop: (
                layer * mask / (1 - drop) / drop
            ),
        },
        solution="layer * mask / (1 - drop). With drop = 0.2 the survivors are 1.25 times as loud.",
        inputs=((_LAYER, _MASK, 0.2),),
    ),
    "02.4": Exercise(
        right=-0.01,
        wrong={
            "the sign is wrong: if one is dropped, the others are safer": 0.01,
            "independent would be 0, but their number is fixed": 0,
            "n - 1 in the denominator, not n": -1 / 101,
            "it does not depend on the number of dropped nodes": -0.2,
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

BACKWARD = {
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
            "upside down: the division makes the true gradient larger": 1.5,
            "that is drop_H1; what is missing is the division by (1 - drop_H1)": 1 / 3,
            "the scale belongs to the mask: without it the gradient is not the same": 1,
            "divide by (1 - drop_H1), not by drop_H1": 3,
        },
        solution="the true error is divided by 1 - 1/3, theirs is not: 2/3. A gradient check finds "
        "it, because forward and backward do not fit each other.",
    ),
    "03.3": Exercise(
        right=_weight_gradient,
        wrong={
            "the state alone was multiplied with the layer below; the product comes last": (
                lambda error, slope, state, drop, below: (
                    error * slope * (state / (1 - drop)).dot(below.T)
                )
            ),
            "the slope alone was multiplied with the layer below; the product comes last": (
                lambda error, slope, state, drop, below: (
                    error * (state / (1 - drop)) * slope.dot(below.T)
                )
            ),
            "the state was multiplied after the sum over the samples; it comes before": (
                lambda error, slope, state, drop, below: (
                    (error * slope @ below.T) * state / (1 - drop)
                )
            ),
            "that is the mean over the samples; their losses are summed": (
                lambda error, slope, state, drop, below: (
                    _weight_gradient(error, slope, state, drop, below) / below.shape[1]
                )
            ),
            "sum over the samples: the layer below has to be transposed": (
                lambda error, slope, state, drop, below: error * slope * state / (1 - drop) @ below
            ),
            "the same scale as in the forward pass: divide by (1 - drop)": (
                lambda error, slope, state, drop, below: error * slope * state @ below.T
            ),
            "divide by (1 - drop), not by drop": (
                lambda error, slope, state, drop, below: error * slope * state / drop @ below.T
            ),
            "the scale is not undone on the way back, it is applied again": (
                lambda error, slope, state, drop, below: (
                    error * slope * state * (1 - drop) @ below.T
                )
            ),
            "the state is missing: a dropped node gets no blame": (
                lambda error, slope, state, drop, below: error * slope / (1 - drop) @ below.T
            ),
            "the state is upside down: 1 stays": (
                lambda error, slope, state, drop, below: (
                    error * slope * (1 - state) / (1 - drop) @ below.T
                )
            ),
            "the slope of the activation is missing": (
                lambda error, slope, state, drop, below: error * state / (1 - drop) @ below.T
            ),
        },
        solution="arriving * slope * state / (1 - drop) @ below.T: from left to right, so that "
        "every sample's error is masked before the product sums over the samples. With .dot the "
        "state alone would meet the layer below: at most batch sizes that raises, at this one it "
        "does not.",
        inputs=((_ERROR, _SLOPE, _STATE, 0.2, _BELOW),),
    ),
    "03.4": Exercise(
        right=80,
        wrong={
            "both ends of the edge have to be on": 200 * 2 / 3,
            "both ends of the edge have to be on, not one of them": 120,
            "that is how often both ends are off": 200 / 3 * 2 / 5,
            "that is the count in the run above; the average over all runs is asked for": 88,
            "drop_H1 is the fraction that is off, not the one that is on": 200 / 3 * 3 / 5,
        },
        solution="node 1 of layer 1 is on with probability 2/3, node 1 of layer 2 with 3/5, "
        "independently: 200 · 2/3 · 3/5 = 80.",
    ),
    "03.5": Exercise(
        right=9 * (1 - 0.9**5),
        wrong={
            "v is the move before the five steps: the first of them is already 0.9 v": 10
            * (1 - 0.9**5),
            "that is the fifth step alone": 0.9**5,
            "that is a single step, the sixth; add up the first five": 0.9**6,
            "that is the sum of endlessly many steps": 9,
        },
        solution="0.9 + 0.9² + … + 0.9⁵ = 0.9 (1 - 0.9⁵) / (1 - 0.9) = 3.686 times v: in five "
        "steps without a gradient the weight moves further than in the step that had one.",
    ),
}

SLICING = {
    "04.1": Exercise(
        right=705 * 90 + 90 * 10,
        wrong={
            "wih loses rows and columns: both fractions count there": int(79_400 * 0.9),
            "the output nodes all stay, and 0.9 · 784 is cut to a whole number": int(79_400 * 0.81),
            "that is wih alone; who is left as well": 705 * 90,
            "int cuts 705.6 to 705": 706 * 90 + 90 * 10,
            "the number of nodes is cut to a whole number: int(705.6)": 705.6 * 90 + 90 * 10,
            "the dropped hidden nodes take their rows of wih with them": 705 * 100 + 90 * 10,
        },
        solution="int(0.9 · 784) = 705 inputs and 90 hidden nodes: 705 · 90 + 90 · 10 = 64,350.",
    ),
    "04.2": Exercise(
        right=int(100 * 0.57),
        wrong={"in floating point 100 * 0.57 is 56.99999999999999, and int cuts": 57},
        solution="100 * 0.57 is 56.99999999999999, and int cuts to 56. active_indices rounds to "
        "nine decimals first, so it keeps 57.",
    ),
    "04.3": Exercise(
        right=_sliced_product,
        wrong={
            "a dropped row gives 0": lambda w, x, rows, columns: w[:, columns] @ x[columns],
            "the columns that are not active must not take part": lambda w, x, rows, columns: (
                np.isin(np.arange(len(w)), rows) * (w @ x)
            ),
            "that is the full product": lambda w, x, rows, columns: w @ x,
            "scatter the small product into a vector of zeros": lambda w, x, rows, columns: (
                thin(w, rows, columns) @ x[columns]
            ),
        },
        solution="product = np.zeros(len(w)); product[rows] = thin(w, rows, columns) @ x[columns].",
        inputs=((_MATRIX, np.array([1.0, 2.0, 3.0, 4.0]), [0, 2], [0, 1, 3]),),
    ),
    "04.4": Exercise(
        right=0.36,
        wrong={
            "both layers are thinned: the fractions that stay multiply": 0.2,
            "that is the fraction that is left": 0.64,
            "multiply the fractions that stay, not those that go": 0.04,
            "fractions multiply, they do not add": 0.4,
            "a fraction, not a percentage": 36,
        },
        solution="1 - d of the rows and of the columns stay, (1 - d)² = 1 - 2d + d² of the "
        "matrix, so 2d - d² is saved: 0.36 for d = 0.2.",
    ),
    "04.5": Exercise(
        right=49,
        wrong={
            "a weight needs both its ends": 70,
            "that is how often both ends are off": 9,
            "that is how often at least one end is off": 51,
        },
        solution="both ends are active in 0.7 · 0.7 = 0.49 of the parts: 49 of 100.",
    ),
}

CLASS = {
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
        right=_hidden_error,
        wrong={
            "that is the article's: the slope of the output is missing": lambda who, o, t: (
                (t - o) @ who
            ),
            "the sign is wrong: the error is target minus output": lambda who, o, t: (
                (o - t) * o * (1 - o) @ who
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
        ),
    ),
    "05.5": Exercise(
        right=_accuracy,
        wrong={
            "that is the number of right answers: divide by all": lambda counts: sum(
                n for (t, p), n in counts.items() if t == p
            ),
            "that is the fraction of wrong answers": lambda counts: 1 - _accuracy(counts),
            "add the counts up, not the pairs": lambda counts: (
                sum(t == p for t, p in counts) / len(counts)
            ),
            "that is the mean over the classes: divide all right answers by all samples": (
                _mean_of_digits
            ),
        },
        solution="sum(n for (t, p), n in counts.items() if t == p) / sum(counts.values()).",
        inputs=((_COUNTS,),),
    ),
}

MNIST = {
    "06.1": Exercise(
        right=40 * 0.99 / 255 + 0.01,
        wrong={
            "add 0.01 at the end": 40 * 0.99 / 255,
            "that is 40 / 255: multiply by 0.99 and add 0.01": 40 / 255,
            "that is 40 / 252.46: another of the four scalings": 40 / 252.46,
        },
        solution="40 · 0.99 / 255 + 0.01 = 0.1653. 0 becomes 0.01 and 255 becomes 1.",
    ),
    "06.2": Exercise(
        right=(0.9 * 0.1 / 1000) ** 0.5,
        wrong={
            "divide by the root of the number of images": 0.3,
            "0.9 times 0.1 under the root, not 0.9": (0.9 / 1000) ** 0.5,
            "0.9 times 0.1 belongs under the root": 0.9 / 1000**0.5,
            "a fraction, not per cent": 100 * (0.9 * 0.1 / 1000) ** 0.5,
            "that is the variance: take the root": 0.9 * 0.1 / 1000,
        },
        solution="sqrt(0.9 · 0.1 / 1000) = 0.00949. For two networks on different digits the "
        "standard error of the difference is √2 times that, 0.0134; on the same digits it is "
        "smaller, because most answers agree.",
    ),
    "06.3": Exercise(
        right=_standard_error,
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
        right=0.7270,
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
    ),
    "06.5": Exercise(
        right=32_000,
        wrong={
            "that is one factor of ten; sixteen are needed": 2_000,
            "from 1e-16 to 1 there are sixteen factors of ten": 16,
            "a factor of ten, not of two": 2_000 * 53,
        },
        solution="sixteen factors of ten from 1e-16 to 1, 2,000 steps for each: 32,000 steps. With "
        "float32, whose rounding is near 1e-7 of a value, it would be seven factors, 14,000 steps: "
        "more digits buy time, in proportion to their number, and no more.",
    ),
}

EXERCISES = {**FORWARD, **STATES, **BACKWARD, **SLICING, **CLASS, **MNIST}
