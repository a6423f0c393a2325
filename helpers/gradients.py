"""Numerical derivatives, to check the derived ones against."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from helpers.validation import (
    check_plain,
    check_positive,
    check_real,
    check_same_shape,
    finite_array,
)


def numerical_jacobian(
    f: Callable[[np.ndarray], np.ndarray | float], x: np.ndarray, step: float = 1e-5
) -> np.ndarray:
    """Matrix of ∂f_i/∂x_j by central differences, of shape (f(x).size, x.size).

    ``x`` is an array of any shape; its entries and those of f(x) are counted in C order. A scalar
    ``f`` has one row: reshape it to ``x.shape`` and it is the gradient. Where f is smooth, the
    error is about step² · f‴ / 6 plus 1e-16 · f / step: near 1e-10 where f, f‴ and x are near 1.
    At a kink, such as ReLU's at 0, the result is the mean of the two slopes. Before anything else
    f is called twice: raises ``ValueError`` if it is random or hands out one array again and again,
    ``TypeError`` unless ``x`` and f(x) are float64, in which alone so small a step can be seen.

    >>> numerical_jacobian(lambda x: x**2, np.array([1.0, 3.0])).round(6)
    array([[2., 0.],
           [0., 6.]])
    """
    check_function(f, x, step)
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
    would broadcast, and compare each entry with every other; and for empty arrays. Nan and infinity
    are said with their place. Where all entries are so small that a difference below ``floor``
    is no small one beside them, nothing can be told; nor of whole numbers that differ by less than
    a float can hold.

    >>> largest_difference(np.array([1.0, 2.0]), np.array([1.0, 2.5]))
    '0.5'
    """
    for name, values in (("a", a), ("b", b)):
        if values is None:
            raise TypeError(f"{name} must be an array of numbers, got None")
    check_real("a", a)
    check_real("b", b)
    check_same_shape("a", a, "b", b)
    check_positive("floor", floor)
    equal = np.array_equal(a, b)
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.size == 0:
        raise ValueError(f"a must not be empty, got shape {a.shape}")
    for name, values in (("a", a), ("b", b)):
        if not np.isfinite(values).all():
            place = tuple(int(k) for k in np.argwhere(~np.isfinite(values))[0])
            return f"{name} is {values[place]} at index {place}"
    largest, biggest = np.abs(a - b).max(), max(np.abs(a).max(), np.abs(b).max())
    if largest == 0 and not equal and biggest >= 2**53:
        return f"entries are up to {biggest:.1e}: too large to tell"
    if 0 < largest and biggest < floor:
        return f"all entries are below {floor:.0e}: too small to tell"
    if 1e-3 * biggest < largest < floor:
        return f"no entry is above {biggest:.1e}: too small to tell"
    return f"below {floor:.0e}" if largest < floor else f"{largest:.2g}"


def check_function(
    f: Callable[[np.ndarray], np.ndarray | float], x: np.ndarray, step: float
) -> None:
    """Raise what `numerical_jacobian` raises, before it begins."""
    check_positive("step", step)
    check_real("x", x)
    if getattr(x, "dtype", None) != np.float64:
        raise TypeError(f"x must be an array of float64 numbers, got {_kind_of(x)}")
    if x.size == 0:
        raise ValueError(f"x must not be empty, got shape {x.shape}")
    if not callable(f):
        raise TypeError(f"f must be a function, got {f!r}")
    finite_array("x", x, (None,) * x.ndim)
    lost = np.abs((x + step) - (x - step) - 2 * step) > 0.01 * step  # what is left of it is wrong
    if lost.any():
        place = tuple(int(k) for k in np.argwhere(lost)[0])
        raise ValueError(f"step must change x, got {step:g}: lost beside {x[place]:g}")
    first, second = f(x.copy()), f(x.copy())
    if np.size(first) == 0:
        raise ValueError("what f returns must not be empty")
    check_plain("what f returns", first)
    if not isinstance(first, float) and getattr(first, "dtype", None) != np.float64:
        raise TypeError(f"what f returns must be float64 numbers, got {_kind_of(first)}")
    if not np.array_equal(first, second, equal_nan=True):
        raise ValueError("f must return the same for the same x: is it random? Freeze its masks")
    if isinstance(first, np.ndarray) and first.size and np.shares_memory(first, second):
        raise ValueError("f must return a new array each time, got one and the same twice")


def _kind_of(values: object) -> object:
    return getattr(values, "dtype", type(values).__name__)
