"""Dropout masks: which units stay, and how many states there are.

``drop`` is always the fraction or probability of units that are *dropped* (PyTorch's ``p``,
Keras' ``rate``), never the fraction that is kept (the 2014 paper's ``p``, TensorFlow 1's
``keep_prob``). A mask holds 1.0 for a unit that stays and 0.0 for one that is dropped; the
scale 1 / (1 − drop) is not part of it.
"""

from __future__ import annotations

from itertools import combinations, product

import numpy as np

from helpers.validation import check_count, check_drop


def fixed_count_masks(n_units: int, n_dropped: int) -> np.ndarray:
    """Every way to drop exactly ``n_dropped`` of ``n_units`` units.

    Returns an array of shape (n_masks, n_units) of 0.0 and 1.0, one mask a row, in lexicographic
    order of the dropped units. Raises ``ValueError`` if no unit would be left.

    >>> fixed_count_masks(3, 1)
    array([[0., 1., 1.],
           [1., 0., 1.],
           [1., 1., 0.]])
    """
    if not 0 <= n_dropped < n_units:
        raise ValueError(f"n_dropped must be from 0 to {n_units - 1} units, got {n_dropped}")
    dropped = np.array(list(combinations(range(n_units), n_dropped)), dtype=int)
    masks = np.ones((len(dropped), n_units))
    np.put_along_axis(masks, dropped, 0.0, axis=1)  # in each row a 0 at each of its dropped nodes
    return masks


def bernoulli_mask(shape: tuple[int, ...], drop: float, rng: np.random.Generator) -> np.ndarray:
    """Drop each unit independently with probability ``drop``.

    Returns an array of ``shape`` of 0.0 and 1.0. Srivastava et al. (2014), section 4, draw one
    such mask for every training case: in a batch of shape (n_samples, n_units) each row is a mask
    of its own. Raises ``ValueError`` if ``drop`` is not in [0, 1).

    >>> bernoulli_mask((2, 3), 0.0, np.random.default_rng(0))
    array([[1., 1., 1.],
           [1., 1., 1.]])
    """
    check_drop(drop)
    return (rng.random(shape) >= drop).astype(float)


def bernoulli_states(n_units: int, drop: float) -> tuple[np.ndarray, np.ndarray]:
    """Every mask that ``bernoulli_mask`` can draw for ``n_units`` units, and its probability.

    Returns masks of shape (2**n_units, n_units), one a row, and probabilities of shape
    (2**n_units,) that sum to 1: an exact expectation is ``probabilities @ f(masks)``. Raises
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
