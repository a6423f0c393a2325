"""Dropout masks: which units stay, and how many states there are.

``drop`` is always the fraction or probability of units that are *dropped* (PyTorch's ``p``,
Keras' ``rate``), never of those that are kept (the 2014 paper's ``p``, TensorFlow 1's
``keep_prob``). A mask holds 1.0 for a unit that stays and 0.0 for one that is dropped; only where a
docstring says so does it carry the scale 1 / (1 − drop).
"""

from __future__ import annotations

import math
from itertools import combinations, product

import numpy as np
from numpy.typing import DTypeLike

from helpers.validation import (
    check_count,
    check_drop,
    check_float_dtype,
    check_generator,
    check_shape,
    check_state,
    check_whole_number,
)


def fixed_count_masks(n_units: int, n_dropped: int) -> np.ndarray:
    """Every way to drop exactly ``n_dropped`` of ``n_units`` units.

    Returns an array of shape (n_masks, n_units) of 0.0 and 1.0, one mask a row, in lexicographic
    order of the dropped units. Raises ``ValueError`` if no unit would be left, ``TypeError`` for
    what is no whole number; and ``ValueError`` for masks with more than 2**27 entries.

    >>> fixed_count_masks(3, 1)
    array([[0., 1., 1.],
           [1., 0., 1.],
           [1., 1., 0.]])
    """
    check_count("n_units", n_units)
    check_whole_number("n_dropped", n_dropped)
    check_number_of_masks(n_units, n_dropped)
    if not 0 <= n_dropped < n_units:
        raise ValueError(f"n_dropped must be from 0 to {n_units - 1} units, got {n_dropped}")
    dropped = np.array(list(combinations(range(n_units), n_dropped)), dtype=int)
    masks = np.ones((len(dropped), n_units))
    np.put_along_axis(masks, dropped, 0.0, axis=1)  # in each row a 0 at each of its dropped nodes
    return masks


def check_number_of_masks(n_units: int, n_dropped: int) -> None:
    """Raise ``ValueError`` for more masks than fit into the memory of a laptop."""
    n_units, n_dropped, n_masks = int(n_units), int(n_dropped), 1  # a uint8 would overflow
    for k in range(min(n_dropped, n_units - n_dropped)):
        n_masks = n_masks * (n_units - k) // (k + 1)
        if n_masks * n_units > 2**27:  # the loop may be long
            break
    if n_masks * n_units > 2**27:
        raise ValueError(
            "n_units and n_dropped must have 2**27 entries in all masks at most; "
            f"got {n_units} and {n_dropped}"
        )


def bernoulli_mask(shape: tuple[int, ...], drop: float, rng: np.random.Generator) -> np.ndarray:
    """Drop each unit independently with probability ``drop``.

    Returns an array of ``shape`` of 0.0 and 1.0. Srivastava et al. (2014) describe such masks in
    section 4 and draw one for every training case (section 5): in a batch of shape
    (n_samples, n_units) each row is a mask of its own. Raises ``ValueError`` if ``drop`` is not
    in [0, 1), ``TypeError`` if it is no number, or ``rng`` no generator, or ``shape`` no shape.

    >>> bernoulli_mask((2, 3), 0.0, np.random.default_rng(0))
    array([[1., 1., 1.],
           [1., 1., 1.]])
    """
    check_shape("shape", shape)
    check_generator("rng", rng)
    check_drop(drop)
    return (rng.random(shape) >= drop).astype(float)


def bernoulli_states(n_units: int, drop: float) -> tuple[np.ndarray, np.ndarray]:
    """Every mask of ``n_units`` units, and the probability that ``bernoulli_mask`` draws it.

    Returns masks of shape (2**n_units, n_units), one a row, and probabilities of shape
    (2**n_units,) that sum to 1, to rounding: an expectation, without any sampling, is
    ``probabilities @ f(masks)`` for an ``f`` with a value for each row. Raises
    ``ValueError`` if ``drop`` is not in [0, 1) or ``n_units`` not from 1 to 20.

    >>> masks, probabilities = bernoulli_states(2, 0.2)
    >>> probabilities.round(2)
    array([0.04, 0.16, 0.16, 0.64])
    """
    check_drop(drop)
    check_count("n_units", n_units, 1, 20)
    masks = np.array(list(product([0.0, 1.0], repeat=n_units)))
    probabilities = np.where(masks == 1, 1 - drop, drop).prod(axis=1)
    return masks, probabilities


def dropout(layer: np.ndarray, mask: np.ndarray, drop: float) -> np.ndarray:
    """``layer`` with its units masked, and what stays divided by 1 − drop: the mean stays.

    ``mask`` holds 1.0 for a unit that stays and 0.0 for one that is dropped, in a shape that
    multiplies that of ``layer``. Raises ``ValueError`` unless 0 ≤ drop < 1, for another mask and
    for one that does not fit into the layer, ``TypeError`` for what are no arrays.

    >>> dropout(np.array([1.0, 2.0]), np.array([0.0, 1.0]), drop=0.5)
    array([0., 4.])
    """
    check_drop(drop)
    check_state("mask", mask, layer)
    return layer * mask / (1 - drop)


def dropout_derivative(mask: np.ndarray, drop: float) -> np.ndarray:
    """Derivative of `dropout` with respect to each unit: the same mask, with the same scale.

    It multiplies the gradient on its way back. Raises ``ValueError`` unless 0 ≤ drop < 1, and for
    a mask that holds anything but zeros and ones.

    >>> dropout_derivative(np.array([0.0, 1.0]), drop=0.5)
    array([0., 2.])
    """
    check_drop(drop)
    check_state("mask", mask, mask)
    return mask / (1 - drop)


def inverted_mask(
    shape: tuple[int, ...], drop: float, rng: np.random.Generator, dtype: DTypeLike = np.float32
) -> np.ndarray:
    """A Bernoulli mask that carries its scale: 0 with probability ``drop``, else 1 / (1 − drop).

    Fast, because sixteen bits decide about a unit: ``drop`` is rounded to a multiple of 2**-16
    (0.2 to 0.199997), and the scale is that of the rounded value, so that the mean is 1, but for
    the rounding of the scale to ``dtype``. Raises ``ValueError`` if ``drop`` is not in [0, 1) or
    its scale is larger than ``dtype`` can hold; ``TypeError`` for a ``dtype`` without fractions, a
    ``shape`` that is no tuple or list, and for another ``rng``.
    """
    check_drop(drop)
    check_shape("shape", shape)
    check_float_dtype("dtype", dtype)
    check_generator("rng", rng)
    n = math.prod(shape)
    words = rng.integers(2**64 - 1, size=-(-n // 4), dtype=np.uint64, endpoint=True)
    sixteen_bits = words.view(np.uint16)[:n].reshape(shape)
    threshold = min(round(drop * 2**16), 2**16 - 1)
    scale = 2**16 / (2**16 - threshold)
    if scale > float(np.finfo(dtype).max):
        raise ValueError(
            f"drop must have a scale that {np.dtype(dtype)} can hold, got {drop}: {scale:g}"
        )
    return np.multiply(sixteen_bits >= threshold, np.dtype(dtype).type(scale), dtype=dtype)


def gaussian_mask(
    shape: tuple[int, ...], drop: float, rng: np.random.Generator, dtype: DTypeLike = np.float32
) -> np.ndarray:
    """Noise N(1, drop / (1 − drop)): mean and variance of a scaled Bernoulli mask, but no zeros.

    Srivastava et al. (2014), section 10. ``dtype`` is float32 or float64. Raises ``ValueError`` for
    another and if ``drop`` is not in [0, 1), ``TypeError`` as `inverted_mask` does.
    """
    check_drop(drop)
    check_shape("shape", shape)
    check_float_dtype("dtype", dtype)
    check_generator("rng", rng)
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, got {np.dtype(dtype)}")
    mask = rng.standard_normal(shape, dtype=dtype)
    mask *= math.sqrt(drop / (1 - drop))
    mask += 1
    return mask


def active_units(n_units: int, drop: float, rng: np.random.Generator) -> np.ndarray:
    """Sorted indices of the units that stay when a fixed count is dropped, one set for a batch.

    ``n_units * (1 - drop)`` of them stay, rounded, but at least one; each set is as likely as any
    other. Raises ``ValueError`` if ``drop`` is not in [0, 1) or there is no unit.
    """
    check_count("n_units", n_units)
    check_drop(drop)
    check_generator("rng", rng)
    n_active = max(1, round(n_units * (1 - drop)))
    return np.flatnonzero(rng.permutation(n_units) < n_active)
