"""Sub-networks of a `Network`, cut out of its weight matrices instead of masked.

Run on ``x[:, active[0]]``, with the numbers n_units / n_active for masks, a sub-network gives what
the network gives with those numbers in the masks of the active units and 0 in all others (Graham et
al. 2015, arXiv 1502.02478: batchwise dropout). ``active`` holds the ascending indices of the units
that stay, for the input and each hidden layer; every output stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from helpers.network import Network, check_network
from helpers.validation import check_plain, check_same_shape, check_writeable


def thin_network(
    network: Network, active: Sequence[np.ndarray], sub: Network | None = None
) -> Network:
    """The sub-network of the ``active`` units, with copies of their weights and biases.

    ``sub``, an earlier sub-network, is overwritten instead of making a new one if it has the right
    sizes and dtype. Raises ``ValueError`` unless ``active`` holds ascending indices for each layer.
    """
    active = _with_outputs(network, active)
    sizes = tuple(len(units) for units in active)
    dtype = network.parameters.dtype
    if sub is None or sub.sizes != sizes or sub.parameters.dtype != dtype:
        sub = Network(sizes, None, dtype)
    for k, (columns, rows) in enumerate(pairwise(active)):
        # Whole rows first is faster. "clip" changes no index that is in range, and "raise", the
        # default, would write to a copy of ``out`` first.
        if len(columns) == network.sizes[k]:
            network.weights[k].take(rows, axis=0, out=sub.weights[k], mode="clip")
        else:
            whole_rows = network.weights[k].take(rows, axis=0)
            whole_rows.take(columns, axis=1, out=sub.weights[k], mode="clip")
        network.biases[k].take(rows, out=sub.biases[k], mode="clip")
    return sub


def add_restored(
    total: np.ndarray,
    part: np.ndarray,
    network: Network,
    sub: Network,
    active: Sequence[np.ndarray],
) -> None:
    """Add ``part``, a gradient of ``sub``, to ``total``, each number where it belongs.

    ``sub`` is ``thin_network(network, active)``; ``part`` is flat, like its parameters, ``total``
    like those of ``network``. Raises ``ValueError`` for indices that `thin_network` refuses,
    and for another number of units or of entries.
    """
    check_network(sub)
    active = _with_outputs(network, active)
    if list(sub.sizes) != [len(units) for units in active]:
        raise ValueError(
            f"sub must have the sizes {[len(units) for units in active]} of active, "
            f"got {list(sub.sizes)}"
        )
    check_same_shape("total", total, "the network's parameters", network.parameters)
    check_same_shape("part", part, "the sub-network's parameters", sub.parameters)
    check_writeable("total", total)
    weights, biases = network.views(total)
    part_weights, part_biases = sub.views(part)
    for k, (columns, rows) in enumerate(pairwise(active)):
        for start in range(0, len(rows), 32):  # as many rows as stay in the processor's cache
            block = slice(start, start + 32)
            whole_rows = part_weights[k][block]
            if len(columns) < network.sizes[k]:
                whole_rows = np.zeros((len(rows[block]), network.sizes[k]), part.dtype)
                whole_rows[:, columns] = part_weights[k][block]
            weights[k][rows[block]] += whole_rows
        biases[k][rows] += part_biases[k]


def _with_outputs(network: Network, active: Sequence[np.ndarray]) -> list[np.ndarray]:
    check_network(network)
    if len(active) != len(network.sizes) - 1:
        raise ValueError(
            f"active must hold {len(network.sizes) - 1} arrays of indices, for the input and each "
            f"hidden layer; got {len(active)}"
        )
    for k, units in enumerate(active):
        check_plain(f"active[{k}]", units)
    active = [np.asarray(units) for units in active]
    for k, (units, n_units) in enumerate(zip(active, network.sizes, strict=False)):
        indices = units.ndim == 1 and units.dtype.kind in "iu" and units.size
        # a negative index or one that comes twice would be taken without a complaint
        in_range = indices and units[0] >= 0 and units[-1] < n_units
        if not (in_range and (units[1:] > units[:-1]).all()):
            raise ValueError(
                f"active[{k}] must be ascending indices from 0 to {n_units - 1}, "
                f"got {np.array2string(units, threshold=10)}"
            )
    return [*active, np.arange(network.sizes[-1])]
