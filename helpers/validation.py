"""Checks of arguments. A message names the argument, what is allowed, and what came instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import signature

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

NO_REAL_NUMBERS = {
    "b": "booleans",
    "c": "complex numbers",
    "m": "times",
    "M": "dates",
    "O": "objects",
    "S": "bytes",
    "U": "text",
}


def check_drop(drop: float, name: str = "drop") -> float:
    """Return ``drop`` if it is in [0, 1); raise ``ValueError`` otherwise, also for 1 and nan.

    Raises ``TypeError`` if it is no number.
    """
    check_number(name, drop)
    if not 0 <= drop < 1:  # written so that nan is refused too
        raise ValueError(f"{name} must be in [0, 1): the fraction that is dropped; got {drop}")
    return float(drop)


def check_count(name: str, value: int, low: int = 1, high: int | None = None) -> int:
    """Return ``value`` if it is a whole number from ``low`` to ``high`` (None: no upper limit).

    Raises ``TypeError`` if it is no whole number, ``ValueError`` if it is out of range.
    """
    check_whole_number(name, value)
    if value < low or (high is not None and value > high):
        allowed = f"at least {low}" if high is None else f"from {low} to {high}"
        raise ValueError(f"{name} must be {allowed}, got {value}")
    return int(value)


def check_whole_number(name: str, value: int) -> None:
    """Raise ``TypeError`` if ``value`` is no whole number, or a truth value."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be a whole number, got {value!r}")


def check_generator(name: str, rng: np.random.Generator) -> None:
    """Raise ``TypeError`` if ``rng`` is no generator, but for example the seed of one."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"{name} must be a generator, such as np.random.default_rng(0); got {rng!r}"
        )


def check_number(name: str, value: float) -> None:
    """Raise ``TypeError`` if ``value`` is no int or float, or a truth value.

    A fraction, which NumPy would take for an object, is none here; nor is a float16, whose 0.2 is
    0.19995.
    """
    is_number = isinstance(value, int | float | np.integer | np.floating)
    if isinstance(value, bool | np.bool_ | np.float16) or not is_number:
        raise TypeError(f"{name} must be a number, got {value!r}")


def check_flag(name: str, value: bool) -> None:
    """Raise ``TypeError`` if ``value`` is neither True nor False, but for example their names."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}")


def finite_number(name: str, value: float) -> float:
    """Return ``value`` as a float.

    Raises ``TypeError`` if it is no number, ``ValueError`` if it is nan or infinite.
    """
    check_number(name, value)
    try:
        number = float(value)
    except OverflowError:  # a whole number of more than 308 digits
        raise ValueError(f"{name} must be below 1e308, got a larger whole number") from None
    if not np.isfinite(number):
        raise ValueError(f"{name} must be finite, got {value}")
    return number


def finite_array(
    name: str,
    values: ArrayLike,
    shape: tuple[int | None, ...],
    dtype: DTypeLike = np.float64,
) -> np.ndarray:
    """Return ``values`` as an array of ``shape``; a ``None`` in ``shape`` allows any length.

    Raises ``TypeError`` for what is no array of real numbers, ``ValueError`` for another shape
    (naming both), for an empty array and for nan or infinity (naming the first place).
    """
    check_real(name, values)
    try:
        array = np.asarray(values, dtype=dtype)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must be an array of numbers: {error}") from error
    fits = array.ndim == len(shape) and all(
        want is None or have == want for have, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if n is None else str(n) for n in shape)
        wanted += "," if len(shape) == 1 else ""
        raise ValueError(f"{name} must have shape ({wanted}), got {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    if not np.isfinite(array).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name} must be finite, got {array[place]} at index {place}")
    return array


def check_plain(name: str, values: ArrayLike) -> None:
    """Raise ``TypeError`` for masked arrays and matrices, ``ValueError`` for uneven rows."""
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(f"{name} must not be a masked array: its mask would be ignored")
    if isinstance(values, np.matrix):  # whose * is another product
        raise TypeError(f"{name} must be an array, got np.matrix: np.asarray makes one of it")
    if isinstance(values, list | tuple):
        try:
            np.asarray(values)
        except ValueError as error:
            raise ValueError(f"{name} must have rows of the same length") from error


def check_real(name: str, values: ArrayLike) -> None:
    """Raise ``TypeError`` for arrays that NumPy would make numbers of with something lost.

    Those are masked arrays, booleans, complex numbers, dates, times and objects; and matrices.
    """
    check_plain(name, values)
    kind = np.asarray(values).dtype.kind
    if kind in NO_REAL_NUMBERS:
        raise TypeError(f"{name} must be an array of real numbers, got {NO_REAL_NUMBERS[kind]}")


def check_floats(name: str, values: np.ndarray) -> None:
    """Raise ``TypeError`` if ``values`` is no array of floating-point numbers."""
    check_real(name, values)
    dtype = getattr(values, "dtype", None)
    if dtype is None or dtype.kind != "f":
        got = type(values).__name__ if dtype is None else f"{dtype} values"
        raise TypeError(f"{name} must be an array of floating-point numbers, got {got}")


def check_writeable(name: str, values: np.ndarray) -> None:
    """Raise ``ValueError`` if nothing can be written into the array."""
    if not values.flags.writeable:
        raise ValueError(f"{name} must be writeable, got a read-only array")


def check_float_dtype(name: str, dtype: DTypeLike) -> None:
    """Raise ``TypeError`` if ``dtype`` is no floating-point one, in this machine's byte order."""
    try:
        is_float = np.dtype(dtype).kind == "f" and np.dtype(dtype).isnative
    except TypeError:
        is_float = False
    if not is_float:
        raise TypeError(f"{name} must be a floating-point dtype, got {dtype!r}")


def check_shape(name: str, shape: tuple[int, ...]) -> None:
    """Raise ``TypeError`` unless these are whole numbers, ``ValueError`` if one is negative."""
    if not isinstance(shape, tuple | list):
        raise TypeError(f"{name} must be a tuple or a list of whole numbers, got {shape!r}")
    for length in shape:
        check_count(f"{name} {tuple(shape)}: each length", length, 0)
        if isinstance(length, np.integer) and length.itemsize < 8:  # a product of such overflows
            raise TypeError(f"{name} must be of int, got {length!r}: int() makes one of it")


def check_one_sample(name: str, values: np.ndarray) -> None:
    """Raise ``TypeError`` for no floats, ``ValueError`` unless shape is (n,), (n, 1) or (1, n)."""
    check_floats(name, values)
    if values.size == 0 or values.ndim not in (1, 2) or max(values.shape) != values.size:
        raise ValueError(f"{name} must have shape (n,), (n, 1) or (1, n), got {values.shape}")


def check_array(name: str, values: np.ndarray) -> None:
    """Raise ``TypeError`` if this is no array of NumPy, or one of another kind."""
    if not isinstance(values, np.ndarray):
        raise TypeError(f"{name} must be an array, got {type(values).__name__}")
    check_plain(name, values)


def check_matrix(name: str, matrix: np.ndarray) -> None:
    """Raise ``TypeError`` if ``matrix`` is no array, ``ValueError`` if it has not two axes."""
    check_array(name, matrix)
    if matrix.ndim != 2:
        raise ValueError(f"{name} must have two axes, got shape {matrix.shape}")


def check_state(name: str, state: np.ndarray, layer: np.ndarray) -> None:
    """Raise unless ``state`` holds zeros and ones (or booleans), and fits into ``layer``.

    One of shape (n,) would make a matrix of a column (n, 1).
    """
    check_array(name, state)
    check_array("layer", layer)
    try:
        fits = np.broadcast_shapes(state.shape, layer.shape) == layer.shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{name} must fit into the layer's shape {layer.shape}, got {state.shape}")
    if not np.all((state == 0) | (state == 1)):
        raise ValueError(f"{name} must hold zeros and ones, without the scale")


def check_callback(name: str, callback: Callable) -> None:
    """Raise ``TypeError`` if this cannot be called with one argument."""
    try:
        signature(callback).bind(None)
    except TypeError as error:
        raise TypeError(f"{name} must take one argument: {callback!r}: {error}") from None
    except ValueError:  # of some functions that are not written in Python this is not known
        pass


def check_width(name: str, matrix: np.ndarray, width: int) -> None:
    """Raise ``ValueError`` unless ``matrix`` has two axes and ``width`` columns."""
    if np.ndim(matrix) != 2 or np.shape(matrix)[1] != width:
        raise ValueError(f"{name} must have shape (any, {width}), got {np.shape(matrix)}")


def check_mask(name: str, mask: np.ndarray | float, n_samples: int, n_units: int) -> None:
    """Raise ``ValueError`` unless ``mask`` is a number or (n_units,) or (n_samples, n_units).

    (n_samples, 1) would multiply without a complaint, and drop whole samples. Raises it too for
    what are no finite numbers; booleans pass, as 0 and 1.
    """
    check_plain(name, mask)
    if np.shape(mask) not in ((), (n_units,), (n_samples, n_units)):
        raise ValueError(
            f"{name} must be a number or have shape ({n_units},) or ({n_samples}, {n_units}), "
            f"got {np.shape(mask)}"
        )
    array = np.asarray(mask)
    if array.dtype.kind not in "fiub" or not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite numbers, or booleans for 0 and 1")


def check_same_shape(name_a: str, a: np.ndarray, name_b: str, b: np.ndarray) -> None:
    """Raise ``ValueError`` if ``a`` and ``b`` do not have the same shape: they would broadcast."""
    if np.shape(a) != np.shape(b):
        raise ValueError(
            f"{name_a} and {name_b} must have the same shape, got {np.shape(a)} and {np.shape(b)}"
        )


def check_indices(name: str, indices: Sequence[int], n: int) -> None:
    """Raise ``TypeError`` or ``ValueError`` unless these are numbers from 0 to ``n`` − 1.

    Raises ``ValueError`` for one that comes twice, too.
    """
    check_plain(name, indices)
    array = np.asarray(indices)
    if isinstance(indices, list | tuple) and any(isinstance(i, bool | np.bool_) for i in indices):
        raise TypeError(f"{name} must be whole numbers, got truth values among them")
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be whole numbers, got {array.dtype} values")
    wrong = array[(array < 0) | (array >= n)] if array.size else array
    if array.ndim != 1 or wrong.size:
        got = f"shape {array.shape}" if array.ndim != 1 else wrong[0]
        raise ValueError(f"{name} must be a list of numbers from 0 to {n - 1}, got {got}")
    values, counts = np.unique(array, return_counts=True)
    if values.size < array.size:
        raise ValueError(f"{name} must not name {values[np.argmax(counts)]} twice")


def check_positive(name: str, value: float) -> None:
    """Raise ``TypeError`` if ``value`` is no number, ``ValueError`` unless finite and above 0."""
    if finite_number(name, value) <= 0:
        raise ValueError(f"{name} must be above 0, got {value}")


def class_labels(name: str, labels: ArrayLike, n_classes: int) -> np.ndarray:
    """Return class labels of shape (n,) or (n, 1) as integers of shape (n,).

    Integral floats such as 7.0 are taken as 7. Raises ``TypeError`` for what are no numbers,
    ``ValueError`` for another shape, for no labels at all, and for a label that is not one of
    0 … ``n_classes`` − 1 (naming the first).
    """
    check_plain(name, labels)
    array = np.asarray(labels)
    if array.dtype.kind not in "iuf":  # no bools, no text
        raise TypeError(f"{name} must be whole numbers, got {array.dtype} values")
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(f"{name} must have shape (n,) or (n, 1), got {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty")
    # np.isin takes ten times as long, and each step of a training comes by here
    whole = array.dtype.kind != "f" or np.array_equal(array, np.floor(array))
    if not (whole and 0 <= array.min() and array.max() < n_classes):
        wrong = ~np.isin(array, np.arange(n_classes))
        place = int(np.argmax(wrong))
        raise ValueError(
            f"{name} must be whole numbers from 0 to {n_classes - 1}, "
            f"got {array[place].item()!r} at index {place}"
        )
    return array.astype(np.intp)


def check_same_length(name_a: str, a: np.ndarray, name_b: str, b: np.ndarray) -> None:
    """Raise ``ValueError`` if ``a`` and ``b`` do not have the same number of rows."""
    if len(a) != len(b):
        raise ValueError(
            f"{name_a} and {name_b} must have the same number of rows, got {len(a)} and {len(b)}"
        )
