"""A network of two matrices, ``(wih, who)``, as notebook 05 writes it: functions with a law each.

``wih`` (hidden, input) and ``who`` (output, hidden) are the weights; sigmoid in both layers. A bias
is one more node behind the inputs and one behind the hidden nodes, so each matrix has one more
column, the last. `train_rows` takes the steps of the article's rule, many samples at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit as sigmoid

from helpers.slicing import restore, thin
from helpers.validation import (
    check_array,
    check_count,
    check_flag,
    check_floats,
    check_generator,
    check_matrix,
    check_same_length,
    check_width,
    check_writeable,
    class_labels,
    finite_array,
    finite_number,
)

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

BLOCK = 64  # samples that share a pass through wih; 32 to 128 are about equally fast


def truncnorm(low: float, high: float, loc: float) -> object:
    """SciPy's normal distribution that is cut at ``loc + low`` and ``loc + high``.

    ``scipy.stats`` takes longer to load than all else together, so it is loaded when it is used.
    """
    from scipy import stats

    return stats.truncnorm(low, high, loc=loc)


def create_weights(
    n_in: int,
    n_hidden: int,
    n_out: int,
    rng: np.random.Generator,
    mean: float = 2.0,
    bias_node: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """``wih`` (n_hidden, n_in + bias_node) and ``who`` (n_out, n_hidden + bias_node), drawn anew.

    Entries are normal with ``mean`` and standard deviation 1, cut to [−0.5, 0.5]; the article's
    mean is 2, so that about 73 % of them are positive. ``bias_node`` is 1 with a bias, else 0.
    """
    check_count("n_in", n_in)
    check_count("n_hidden", n_hidden)
    check_count("n_out", n_out)
    check_generator("rng", rng)
    check_mean("mean", mean)
    check_count("bias_node", bias_node, 0, 1)
    draw = truncnorm(-0.5 - mean, 0.5 - mean, loc=mean).rvs
    wih = draw((n_hidden, n_in + bias_node), random_state=rng)
    who = draw((n_out, n_hidden + bias_node), random_state=rng)
    return wih, who


def check_mean(name: str, mean: float) -> None:
    """Raise ``TypeError`` for no number, ``ValueError`` for one too far from [−0.5, 0.5]."""
    if abs(finite_number(name, mean)) > 100:  # nearly all weights would be at one end
        raise ValueError(f"{name} must be from -100 to 100, got {mean:g}")


def with_bias_node(active: Sequence[int], n_nodes: int, bias: float | None) -> Sequence[int]:
    """``active`` with the number of the bias node, ``n_nodes``, behind it, if there is a bias.

    >>> with_bias_node([0, 2], 4, bias=1)
    [0, 2, 4]
    """
    return [*active, n_nodes] if bias else active


def thin_both(
    wih: np.ndarray, who: np.ndarray, active_in: Sequence[int], active_hid: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """The small ``wih`` and ``who`` of the active nodes, as matrices of their own.

    A bias is one more node, numbered behind the others. Where the lists name it, it stays: its
    columns do, and rows it has none.

    >>> wih, who = np.arange(6).reshape(2, 3), np.arange(4).reshape(2, 2)
    >>> thin_both(wih, who, active_in=[0, 2], active_hid=[1])
    (array([[3, 5]]), array([[1],
           [3]]))
    """
    rows = [k for k in active_hid if k < len(wih)]  # nothing leads to a bias node
    return thin(wih, rows, active_in), thin(who, range(len(who)), active_hid)


def restore_both(
    wih: np.ndarray,
    who: np.ndarray,
    thin_wih: np.ndarray,
    thin_who: np.ndarray,
    active_in: Sequence[int],
    active_hid: Sequence[int],
) -> tuple[np.ndarray, np.ndarray]:
    """Copies of ``wih`` and ``who`` with the entries that `thin_both` cut out written back."""
    rows = [k for k in active_hid if k < len(wih)]
    restored_wih = restore(wih, thin_wih, rows, active_in)
    return restored_wih, restore(who, thin_who, range(len(who)), active_hid)


def append_bias(values: np.ndarray, bias: float | None) -> np.ndarray:
    """``values`` with the bias value as one more last entry of each sample; as they are without.

    >>> append_bias(np.array([3.0, 4.0]), 1)
    array([3., 4., 1.])
    """
    if not bias:
        return values
    return np.concatenate([values, np.full((*values.shape[:-1], 1), bias)], axis=-1)


def run_network(
    wih: np.ndarray, who: np.ndarray, inputs: np.ndarray, bias: float | None = None
) -> np.ndarray:
    """The outputs for ``inputs``: (n, n_in) gives (n, n_out), one sample (n_in,) gives (n_out,)."""
    hidden = sigmoid(append_bias(inputs, bias) @ wih.T)
    return sigmoid(append_bias(hidden, bias) @ who.T)


def part_ends(n_samples: int, parts: int) -> list[int]:
    """Where to cut: part k is the samples from entry k to entry k + 1 of the list.

    The parts differ in size by at most one, and every sample is in one of them.

    >>> part_ends(10, 4)
    [0, 2, 5, 7, 10]
    """
    check_count("n_samples", n_samples, 0)
    check_count("parts", parts)
    return [n_samples * k // parts for k in range(parts + 1)]


def count_right(outputs: np.ndarray, labels: np.ndarray) -> tuple[int, int]:
    """How many rows of ``outputs`` are largest at their label, and how many are not.

    >>> count_right(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    (1, 1)
    """
    check_outputs(outputs, labels)
    corrects = int(np.sum(outputs.argmax(axis=1) == np.ravel(labels)))
    return corrects, len(outputs) - corrects


def count_pairs(outputs: np.ndarray, labels: np.ndarray) -> dict[tuple[int, int], int]:
    """``{(target, predicted): count}``, the pairs that occur, in sorted order.

    >>> count_pairs(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    {(1, 0): 1, (1, 1): 1}
    """
    check_outputs(outputs, labels)
    pairs = np.stack([np.ravel(labels), outputs.argmax(axis=1)], axis=1).tolist()
    return dict(sorted(Counter(map(tuple, pairs)).items()))


def check_outputs(outputs: np.ndarray, labels: np.ndarray) -> None:
    """Raise ``ValueError`` for outputs that are not finite, and labels that are not theirs."""
    check_array("outputs", outputs)
    finite_array("outputs", outputs, (None, None))  # of nan's argmax would make a class
    labels = class_labels("labels", labels, outputs.shape[1])
    check_same_length("outputs", outputs, "labels", labels)


# ---- the article's rule, fast --------------------------------------------------------------------


def train_block(
    wih: np.ndarray,
    who: np.ndarray,
    x: np.ndarray,
    targets: np.ndarray,
    learning_rate: float,
    bias: float | None = None,
    hidden_scale: float = 1.0,
    true_gradient: bool = False,
) -> None:
    """A step of the article's rule on each row of ``x`` (n, n_in) in turn; changes both in place.

    For ``who`` it is the gradient step of ½ Σ (output − target)²; for ``wih`` it is not: the
    output's derivative is left out, and ``who`` is updated already. With ``true_gradient`` it is
    the gradient, too. The result is that of ``train_sample`` in notebook 05, up to rounding. The
    rows of ``x`` have their bias already; ``hidden_scale`` multiplies the hidden values, not it.

    Nearly all of a step's time would go into ``wih``: once through it forward, once to add the
    outer product. But the steps on ``wih`` are a sum of outer products, so what it gives a later
    row is what it gave before plus each earlier step's share, which is the overlap of the two rows.
    That way a block of rows passes through ``wih`` twice in all.
    """
    before = x @ wih.T
    overlap = learning_rate * (x @ x.T)
    hidden_deltas = np.zeros_like(before)
    n_hidden = before.shape[1]
    h = np.full(who.shape[1], bias or 0.0)  # bias node last
    try:
        for k, target in enumerate(targets):
            hidden = sigmoid(before[k] + overlap[k, :k] @ hidden_deltas[:k])
            np.multiply(hidden, hidden_scale, out=h[:n_hidden])
            output = sigmoid(who @ h)
            error = target - output
            output_delta = error * output * (1 - output)
            step = (learning_rate * output_delta)[:, np.newaxis] * h
            if true_gradient:
                back = output_delta @ who
                who += step
            else:  # the article's order, and without the output's derivative
                who += step
                back = error @ who
            hidden_deltas[k] = (back * h)[:n_hidden] * (1 - hidden)
    finally:  # a row that was not reached has a delta of zero
        wih += learning_rate * (hidden_deltas.T @ x)


def train_rows(
    wih: np.ndarray,
    who: np.ndarray,
    data: np.ndarray,
    targets: np.ndarray,
    learning_rate: float,
    bias: float | None = None,
    columns: Sequence[int] | slice = slice(None),
    input_scale: float = 1.0,
    **options: float | bool,
) -> None:
    """`train_block` on blocks of the rows of ``data``, which are scaled and get their bias first.

    Only ``columns`` of ``data`` are used; ``options`` are those of `train_block`. Raises
    ``ValueError`` and ``TypeError``, before anything has changed, for numbers that are not finite
    and shapes that do not fit, which would broadcast.
    """
    for name, matrix in (("wih", wih), ("who", who), ("data", data), ("targets", targets)):
        check_matrix(name, matrix)
        check_floats(name, matrix)
        finite_array(name, matrix, (None, None), matrix.dtype)
    check_writeable("wih", wih)
    check_writeable("who", who)
    check_width("targets", targets, len(who))
    check_same_length("data", data, "targets", targets)
    finite_number("learning_rate", learning_rate)
    check_flag("true_gradient", options.get("true_gradient", False))
    with blas().limit(limits=1, user_api="blas"):  # more threads make small products slower
        for start in range(0, len(data), BLOCK):
            block = slice(start, start + BLOCK)
            x = append_bias(data[block, columns] * input_scale, bias)
            train_block(wih, who, x, targets[block], learning_rate, bias, **options)


@cache
def blas() -> ThreadpoolController:
    """The libraries whose threads can be limited; to look for them takes a millisecond."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
