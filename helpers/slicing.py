"""Dropout by cutting rows and columns out of the weight matrices, as notebook 04 teaches it.

A weight matrix has one row for each node it leads to and one column for each node it comes from:
``wih`` (hidden, input), ``who`` (output, hidden). Dropping a node removes its row from the matrix
before it and its column from the matrix behind it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit as sigmoid

from helpers.validation import (
    check_array,
    check_count,
    check_floats,
    check_generator,
    check_indices,
    check_mask,
    check_matrix,
    check_number,
    check_width,
)


def check_percentage(name: str, value: float) -> None:
    """Raise ``TypeError`` if ``value`` is no number, or one in single precision.

    There 0.9 of 10 nodes would be 8: it is a little less than 0.9.
    """
    check_number(name, value)
    if isinstance(value, np.float32):
        raise TypeError(f"{name} must be a number in double precision, got {value!r}")


def count_active(n_nodes: int, active_percentage: float, name: str) -> int:
    """``int(n_nodes * active_percentage)``, the number of nodes that stay.

    ``active_percentage`` is a fraction in (0, 1], as in the article; ``name`` is what an error
    message calls it. The product is rounded to nine decimals before it is cut, so that 0.29 of
    100 nodes are 29. Raises ``ValueError`` for a fraction out of range or one that keeps no node.

    >>> count_active(100, 0.29, "active_percentage")
    29
    """
    check_count("n_nodes", n_nodes)
    check_percentage(name, active_percentage)
    if not 0 < active_percentage <= 1:  # written so that nan is refused too
        raise ValueError(f"{name} must be in (0, 1], the fraction kept; got {active_percentage}")
    n_active = int(round(n_nodes * active_percentage, 9))  # 100 * 0.29 is 28.999999999999996
    if n_active == 0:
        raise ValueError(f"{name} must keep at least 1 of {n_nodes} nodes, got {active_percentage}")
    return n_active


def active_indices(n_nodes: int, active_percentage: float, rng: np.random.Generator) -> list[int]:
    """A sorted random sample of the node numbers, as many as ``count_active`` says.

    >>> active_indices(4, 1.0, np.random.default_rng(0))
    [0, 1, 2, 3]
    """
    check_generator("rng", rng)
    n_active = count_active(n_nodes, active_percentage, "active_percentage")
    return sorted(rng.choice(n_nodes, n_active, replace=False).tolist())


def thin(matrix: np.ndarray, rows: Sequence[int], columns: Sequence[int]) -> np.ndarray:
    """The entries of ``matrix`` in ``rows`` and ``columns``, as a smaller matrix of its own.

    Raises ``ValueError`` and ``TypeError`` for what are no numbers of rows and columns, each once:
    −1 would be taken for the last.

    >>> thin(np.arange(6).reshape(2, 3), rows=[0, 1], columns=[0, 2])
    array([[0, 2],
           [3, 5]])
    """
    check_matrix("matrix", matrix)
    check_indices("rows", rows, matrix.shape[0])
    check_indices("columns", columns, matrix.shape[1])
    return matrix[np.ix_(rows, columns)]


def restore(
    matrix: np.ndarray, thinned: np.ndarray, rows: Sequence[int], columns: Sequence[int]
) -> np.ndarray:
    """A copy of ``matrix`` with the entries of ``thinned`` written back where they came from.

    Raises ``ValueError`` if ``thinned`` does not have the shape that the two lists say, and what
    `thin` raises for these.

    >>> restore(np.zeros((2, 3)), np.array([[1.0, 2.0]]), rows=[1], columns=[0, 2])
    array([[0., 0., 0.],
           [1., 0., 2.]])
    """
    check_matrix("matrix", matrix)
    check_array("thinned", thinned)
    check_indices("rows", rows, matrix.shape[0])
    check_indices("columns", columns, matrix.shape[1])
    if thinned.shape != (len(rows), len(columns)):
        raise ValueError(f"thinned must be {len(rows)} × {len(columns)}, got {thinned.shape}")
    restored = matrix.astype(np.result_type(matrix, thinned))  # 0.5 fits into no whole number
    restored[np.ix_(rows, columns)] = thinned
    return restored


def squared_error_gradients(
    wih: np.ndarray,
    who: np.ndarray,
    inputs: np.ndarray,
    targets: np.ndarray,
    input_mask: np.ndarray | float = 1.0,
    hidden_mask: np.ndarray | float = 1.0,
) -> tuple[float, np.ndarray, np.ndarray]:
    """Loss ½ Σ (output − target)² over a batch, and its gradients for ``wih`` and ``who``.

    ``inputs`` (n_samples, n_in) and ``targets`` (n_samples, n_out) hold samples as rows; sigmoid
    in both layers, no bias. A mask has one entry for each node, or one row for each sample; what
    is in it multiplies the node's value, so it may carry the scale 1 / (1 − drop). Raises
    ``ValueError`` for shapes that do not fit, ``TypeError`` for what are no floats.
    """
    check_matrix("wih", wih)
    check_matrix("who", who)
    check_matrix("inputs", inputs)
    check_array("targets", targets)
    check_floats("wih", wih)
    check_floats("who", who)
    check_floats("inputs", inputs)
    check_floats("targets", targets)
    check_width("inputs", inputs, wih.shape[1])
    check_count("the number of inputs", len(inputs))
    check_width("who", who, wih.shape[0])
    check_mask("input_mask", input_mask, *inputs.shape)
    check_mask("hidden_mask", hidden_mask, len(inputs), len(wih))
    x = inputs * input_mask
    hidden = sigmoid(x @ wih.T)
    h = hidden * hidden_mask
    output = sigmoid(h @ who.T)
    if targets.shape != output.shape:
        raise ValueError(f"targets must have shape {output.shape}, got {targets.shape}")
    difference = output - targets
    output_delta = difference * output * (1 - output)
    hidden_delta = (output_delta @ who) * hidden_mask * hidden * (1 - hidden)
    return 0.5 * np.sum(difference**2), hidden_delta.T @ x, output_delta.T @ h
