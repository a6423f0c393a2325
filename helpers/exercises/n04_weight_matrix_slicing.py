"""Exercises of notebook 04: what is left of a matrix, and what it saves."""

import numpy as np

from helpers.exercises.judge import Exercise
from helpers.slicing import thin

MATRIX = np.arange(1.0, 13.0).reshape(3, 4)


def sliced_product(w: np.ndarray, x: np.ndarray, rows: list, columns: list) -> np.ndarray:
    """``w @ x`` with the active rows and columns alone; the other rows give 0."""
    product = np.zeros(len(w))
    product[rows] = thin(w, rows, columns) @ x[columns]
    return product


EXERCISES = {
    "04.1": Exercise(
        right=705 * 90 + 90 * 10,
        wrong={
            "wih loses rows and columns: both fractions count there": int(79_400 * 0.9),
            "the output nodes all stay, and 0.9 · 784 is cut to a whole number": int(79_400 * 0.81),
            "that is wih alone; who is left as well": 705 * 90,
            "int cuts 705.6 to 705": 706 * 90 + 90 * 10,
            "the number of nodes is cut to a whole number: int(705.6)": 705.6 * 90 + 90 * 10,
            "the dropped hidden nodes take their rows of wih with them": 705 * 100 + 90 * 10,
            "the dropped hidden nodes take their columns of who with them": 705 * 90 + 100 * 10,
        },
        solution="int(0.9 · 784) = 705 inputs and 90 hidden nodes: 705 · 90 + 90 · 10 = 64,350.",
    ),
    "04.2": Exercise(
        right=int(100 * 0.57),
        wrong={"the floating-point product is not quite that, and int cuts: try it": 57},
        solution="100 * 0.57 is 56.99999999999999, and int cuts to 56. active_indices rounds to "
        "nine decimals first, so it keeps 57.",
    ),
    "04.3": Exercise(
        right=sliced_product,
        wrong={
            "a dropped row gives 0": lambda w, x, rows, columns: w[:, columns] @ x[columns],
            "the columns that are not active must not take part": lambda w, x, rows, columns: (
                np.isin(np.arange(len(w)), rows) * (w @ x)
            ),
            "that is the full product": lambda w, x, rows, columns: w @ x,
            "the entries are cut to whole numbers: scatter into a vector of floats": (
                lambda w, x, rows, columns: np.trunc(sliced_product(w, x, rows, columns))
            ),
            "scatter the small product into a vector of zeros": lambda w, x, rows, columns: (
                thin(w, rows, columns) @ x[columns]
            ),
        },
        solution="product = np.zeros(len(w)); product[rows] = thin(w, rows, columns) @ x[columns].",
        inputs=(
            (MATRIX, np.array([1.0, 2.25, 3.0, 4.0]), [0, 2], [0, 1, 3]),
            (MATRIX.T - 5, np.array([-1.0, 0.5, 2.0]), [1, 2], [2]),
            (MATRIX[:2, :2], np.array([3.0, -1.0]), [0, 1], [0, 1]),
        ),
    ),
    "04.4": Exercise(
        right=0.36,
        wrong={
            "both layers are thinned: the fractions that stay multiply": 0.2,
            "that is the fraction that is left": 0.64,
            "multiply the fractions that stay, not those that go": 0.04,
            "fractions multiply, they do not add": 0.4,
        },
        solution="1 - d of the rows and of the columns stay, (1 - d)² = 1 - 2d + d² of the "
        "matrix, so 2d - d² is saved: 0.36 for d = 0.2.",
    ),
    "04.5": Exercise(
        right=49,
        wrong={
            "a weight needs both its ends": 70,
            "that is the fraction; how many of the 100 parts": 0.49,
            "that is how often both ends are off": 9,
            "that is how often at least one end is off": 51,
        },
        solution="both ends are active in 0.7 · 0.7 = 0.49 of the parts: 49 of 100.",
    ),
}
