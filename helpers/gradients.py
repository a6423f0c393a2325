"""Numerical derivatives, to check the derived ones against."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def numerical_jacobian(
    f: Callable[[np.ndarray], np.ndarray | float], x: np.ndarray, step: float = 1e-5
) -> np.ndarray:
    """Matrix of ∂f_i/∂x_j by central differences, of shape (f(x).size, x.size).

    ``x`` is an array of any shape; its entries and those of f(x) are counted in C order. A scalar
    ``f`` has one row: reshape it to ``x.shape`` and it is the gradient. Where f is smooth, the
    error is about step² · f‴ / 6 plus 1e-16 · f / step: near 1e-10 where f, f‴ and x are near 1.
    At a kink, such as ReLU's at 0, the result is the mean of the two slopes.

    >>> numerical_jacobian(lambda x: x**2, np.array([1.0, 3.0])).round(6)
    array([[2., 0.],
           [0., 6.]])
    """
    columns = []
    for j in range(x.size):
        move = np.zeros(x.size)
        move[j] = step
        move = move.reshape(x.shape)
        columns.append(np.ravel(f(x + move) - f(x - move)) / (2 * step))
    return np.stack(columns, axis=1)


def largest_difference(a: np.ndarray, b: np.ndarray, floor: float = 1e-9) -> str:
    """The largest absolute difference of two arrays as text, such as ``below 1e-09`` or ``0.031``.

    Below ``floor`` the digits are taken for rounding noise, which differs from one processor to
    the next, so they are not shown. Raises ``ValueError`` if the shapes differ: (5,) against (5, 1)
    would broadcast, and compare each entry with every other.

    >>> largest_difference(np.array([1.0, 2.0]), np.array([1.0, 2.5]))
    '0.5'
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise ValueError(f"a and b must have the same shape, got {a.shape} and {b.shape}")
    largest = np.abs(a - b).max()
    return f"below {floor:.0e}" if largest < floor else f"{largest:.2g}"
