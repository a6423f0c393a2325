"""Dropout by cutting rows and columns out of the weight matrices, after Bernd Klein's article.

A weight matrix has one row for each node it leads to and one column for each node it comes from:
``wih`` (hidden, input), ``who`` (output, hidden). Dropping a node removes its row from the matrix
before it and its column from the matrix behind it.

The first two parts hold the functions that notebooks 04 and 05 write out: on one matrix, and on a
network of two, ``(wih, who)``, trained as the article does it. `train_block` takes the same steps
faster. The last part is the article's ``NeuralNetwork`` with the article's names, without its
accidents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit as sigmoid
from scipy.stats import truncnorm
from threadpoolctl import ThreadpoolController

from helpers.validation import (
    check_count,
    check_same_length,
    class_labels,
    finite_array,
    finite_number,
)

BLAS = ThreadpoolController()  # matrices as small as article B's gain nothing from more threads
BLOCK = 64  # samples that share a pass through wih; 32 to 128 are about equally fast


def count_active(n_nodes: int, active_percentage: float, name: str) -> int:
    """``int(n_nodes * active_percentage)``, the number of nodes that stay.

    ``active_percentage`` is a fraction in (0, 1], as in the article; ``name`` is what an error
    message calls it. The product is rounded to nine decimals before it is cut, so that 0.29 of
    100 nodes are 29. Raises ``ValueError`` for a fraction out of range or one that keeps no node.

    >>> count_active(100, 0.29, "active_percentage")
    29
    """
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
    n_active = count_active(n_nodes, active_percentage, "active_percentage")
    return sorted(rng.choice(n_nodes, n_active, replace=False).tolist())


def thin(matrix: np.ndarray, rows: Sequence[int], columns: Sequence[int]) -> np.ndarray:
    """The entries of ``matrix`` in ``rows`` and ``columns``, as a smaller matrix of its own.

    >>> thin(np.arange(6).reshape(2, 3), rows=[0, 1], columns=[0, 2])
    array([[0, 2],
           [3, 5]])
    """
    return matrix[np.ix_(rows, columns)]


def restore(
    matrix: np.ndarray, thinned: np.ndarray, rows: Sequence[int], columns: Sequence[int]
) -> np.ndarray:
    """A copy of ``matrix`` with the entries of ``thinned`` written back where they came from.

    Raises ``ValueError`` if ``thinned`` does not have the shape that the two lists say.

    >>> restore(np.zeros((2, 3)), np.array([[1.0, 2.0]]), rows=[1], columns=[0, 2])
    array([[0., 0., 0.],
           [1., 0., 2.]])
    """
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
    ``ValueError`` if ``targets`` does not have the shape of the outputs.
    """
    x = inputs * input_mask
    hidden = sigmoid(x @ wih.T)
    h = hidden * hidden_mask
    output = sigmoid(h @ who.T)
    if targets.shape != output.shape:
        raise ValueError(f"targets must have shape {output.shape}, got {targets.shape}")
    error = output - targets
    output_delta = error * output * (1 - output)
    hidden_delta = output_delta @ who * hidden_mask * hidden * (1 - hidden)
    return 0.5 * np.sum(error**2), hidden_delta.T @ x, output_delta.T @ h


# ---- a network of two matrices, trained as the article does it (notebook 05) ---------------------


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
    draw = truncnorm(-0.5 - mean, 0.5 - mean, loc=mean).rvs
    wih = draw((n_hidden, n_in + bias_node), random_state=rng)
    who = draw((n_out, n_hidden + bias_node), random_state=rng)
    return wih, who


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


def with_bias_node(active: Sequence[int], n_nodes: int, bias: float | None) -> Sequence[int]:
    """``active`` with the number of the bias node, ``n_nodes``, behind it, if there is a bias.

    >>> with_bias_node([0, 2], 4, bias=1)
    [0, 2, 4]
    """
    return [*active, n_nodes] if bias else active


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


def train_sample(
    wih: np.ndarray,
    who: np.ndarray,
    x: np.ndarray,
    target: np.ndarray,
    learning_rate: float,
    bias: float | None = None,
) -> None:
    """One step of the article's rule on one sample; changes ``wih`` and ``who`` in place.

    For ``who`` it is the gradient step of ½ Σ (output − target)²; for ``wih`` it is not: the
    output's derivative is left out, and ``who`` is updated already.
    """
    x = append_bias(x, bias)
    hidden = sigmoid(wih @ x)
    h = append_bias(hidden, bias)
    output = sigmoid(who @ h)
    error = target - output
    who += learning_rate * np.outer(error * output * (1 - output), h)
    hidden_error = (error @ who)[: len(hidden)]  # by the new who; nothing leads to a bias node
    wih += learning_rate * np.outer(hidden_error * hidden * (1 - hidden), x)


def part_ends(n_samples: int, parts: int) -> list[int]:
    """Where to cut: part k is the samples from entry k to entry k + 1 of the list.

    The parts differ in size by at most one, and every sample is in one of them.

    >>> part_ends(10, 4)
    [0, 2, 5, 7, 10]
    """
    return [n_samples * k // parts for k in range(parts + 1)]


def train_parts(
    wih: np.ndarray,
    who: np.ndarray,
    inputs: np.ndarray,
    targets: np.ndarray,
    parts: int,
    active_percentage: float,
    learning_rate: float,
    rng: np.random.Generator,
    bias: float | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """``wih`` and ``who`` after one epoch in ``parts``, a freshly thinned network for each.

    ``active_percentage`` is the fraction of the inputs and of the hidden nodes that stays; a bias
    node always does. The matrices that are given stay as they are.
    """
    n_in, n_hidden = inputs.shape[1], len(wih)
    for start, end in pairwise(part_ends(len(inputs), parts)):
        active_in = active_indices(n_in, active_percentage, rng)
        active_hid = active_indices(n_hidden, active_percentage, rng)
        kept = with_bias_node(active_in, n_in, bias), with_bias_node(active_hid, n_hidden, bias)
        small = thin_both(wih, who, *kept)
        for k in range(start, end):
            train_sample(*small, inputs[k, active_in], targets[k], learning_rate, bias)
        wih, who = restore_both(wih, who, *small, *kept)
    return wih, who


def count_right(outputs: np.ndarray, labels: np.ndarray) -> tuple[int, int]:
    """How many rows of ``outputs`` are largest at their label, and how many are not.

    >>> count_right(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    (1, 1)
    """
    corrects = int(np.sum(outputs.argmax(axis=1) == np.ravel(labels)))
    return corrects, len(outputs) - corrects


def count_pairs(outputs: np.ndarray, labels: np.ndarray) -> dict[tuple[int, int], int]:
    """``{(target, predicted): count}``, the pairs that occur, in sorted order.

    >>> count_pairs(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    {(1, 0): 1, (1, 1): 1}
    """
    pairs = np.stack([np.ravel(labels), outputs.argmax(axis=1)], axis=1).tolist()
    return dict(sorted(Counter(map(tuple, pairs)).items()))


# ---- the same steps, faster ----------------------------------------------------------------------


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
    """`train_sample` on each row of ``x`` (n, n_in) in turn, with the same result up to rounding.

    The rows of ``x`` have their bias already. ``hidden_scale`` multiplies the hidden values (not
    the bias). With ``true_gradient`` the step for ``wih`` is the gradient too.

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


# ---- the article's class -------------------------------------------------------------------------


class NeuralNetwork:
    """One hidden layer, sigmoid in both layers, trained sample by sample: the article's class.

    Names, defaults, update rule and printed epochs are the article's, so that its driver cells run
    as they stand, but for the one that reads its data from a pickle. What differs is what went
    wrong there: a bias survives the thinning, any number of parts up to that of the samples fits,
    0.29 of 100 nodes are 29, no weights are lost when something fails, one ``rng`` draws
    everything, bad input is refused.

    ``wih`` (hidden, input) and ``who`` (output, hidden) are the weights, with one more column each
    for a bias.

    Three keyword options undo one decision of the article each:

    * ``init_mean=2``: the weights are drawn from a normal distribution with this mean and
      standard deviation 1, cut to [−0.5, 0.5]. With mean 2 about 73 % of them are positive.
    * ``true_gradient=False``: the article's step for ``wih`` leaves out the derivative of the
      output's sigmoid and uses the already updated ``who``. True takes the gradient of
      ½ Σ (output − target)² instead. The step for ``who`` is that gradient either way.
    * ``rescale=False``: a node trained on 70 % of its inputs is run on all of them. True divides
      the inputs and hidden values of a thinned network by the fraction that is left.
    """

    def __init__(
        self,
        no_of_in_nodes: int,
        no_of_out_nodes: int,
        no_of_hidden_nodes: int,
        learning_rate: float,
        bias: float | None = None,
        *,
        rng: np.random.Generator | int | None = None,
        init_mean: float = 2.0,
        true_gradient: bool = False,
        rescale: bool = False,
    ) -> None:
        """Draw the weights; ``bias`` is the value of one more input and hidden node.

        As in the article None, 0 and False mean no bias, and True is 1. ``rng``, a generator or a
        seed, draws the weights and the active nodes; without one each network is different. Raises
        ``ValueError`` for a number out of range or not finite, ``TypeError`` for what is no
        number, naming the argument.
        """
        self.no_of_in_nodes = check_count("no_of_in_nodes", no_of_in_nodes)
        self.no_of_out_nodes = check_count("no_of_out_nodes", no_of_out_nodes)
        self.no_of_hidden_nodes = check_count("no_of_hidden_nodes", no_of_hidden_nodes)
        self.learning_rate = finite_number("learning_rate", learning_rate)
        if self.learning_rate <= 0:
            raise ValueError(f"learning_rate must be positive, got {learning_rate}")
        bias = float(bias or 0) if isinstance(bias, bool | None) else bias
        self.bias = finite_number("bias", bias) or None  # 0 is no bias: the article's test
        self.init_mean = finite_number("init_mean", init_mean)
        self.rng = np.random.default_rng(rng)
        self.true_gradient = true_gradient
        self.rescale = rescale
        self.create_weight_matrices()

    def create_weight_matrices(self) -> None:
        """Draw ``wih`` (hidden, input) and ``who`` (output, hidden) anew.

        Each has one more column, the last, if there is a bias.
        """
        self.wih, self.who = create_weights(
            self.no_of_in_nodes,
            self.no_of_hidden_nodes,
            self.no_of_out_nodes,
            self.rng,
            self.init_mean,
            bias_node=1 if self.bias else 0,
        )
        self._full = None  # the full (wih, who) while the network is thinned
        self._active = None  # the input and hidden numbers of the nodes that are on then
        self._input_scale = self._hidden_scale = 1.0

    def dropout_weight_matrices(
        self, active_input_percentage: float = 0.70, active_hidden_percentage: float = 0.70
    ) -> tuple[list[int], list[int]]:
        """Thin the network to a random set of nodes; return their input and hidden numbers.

        From then on ``wih`` and ``who`` are the small matrices, until ``weight_matrices_reset``.
        Raises ``ValueError`` for a percentage not in (0, 1] or one that leaves no node, and
        ``RuntimeError`` if the network is thinned already.
        """
        self._check_dropout(active_input_percentage, active_hidden_percentage)
        n_in, n_hidden = self.no_of_in_nodes, self.no_of_hidden_nodes
        inputs = active_indices(n_in, active_input_percentage, self.rng)
        hidden = active_indices(n_hidden, active_hidden_percentage, self.rng)
        self._full, self._active = (self.wih, self.who), (inputs, hidden)
        self.wih, self.who = thin_both(
            self.wih,
            self.who,
            with_bias_node(inputs, n_in, self.bias),
            with_bias_node(hidden, n_hidden, self.bias),
        )
        if self.rescale:
            self._input_scale, self._hidden_scale = n_in / len(inputs), n_hidden / len(hidden)
        return inputs, hidden

    def weight_matrices_reset(
        self, active_input_indices: Sequence[int], active_hidden_indices: Sequence[int]
    ) -> None:
        """Switch every node back on, with the trained entries in their places.

        The arguments are what ``dropout_weight_matrices`` returned. Raises ``RuntimeError`` if
        the network is not thinned, ``ValueError`` for other numbers than those: they would put
        the trained entries in wrong places.
        """
        if self._full is None:
            raise RuntimeError("the network is not thinned: call dropout_weight_matrices first")
        if (list(active_input_indices), list(active_hidden_indices)) != self._active:
            n_in, n_hidden = map(len, self._active)
            raise ValueError(
                f"active_input_indices and active_hidden_indices must be the {n_in} and {n_hidden} "
                f"node numbers that dropout_weight_matrices returned, got "
                f"{active_input_indices} and {active_hidden_indices}"
            )
        restored = restore_both(
            *self._full,
            self.wih,
            self.who,
            with_bias_node(active_input_indices, self.no_of_in_nodes, self.bias),
            with_bias_node(active_hidden_indices, self.no_of_hidden_nodes, self.bias),
        )
        self.wih, self.who, self._full = *restored, None  # both or none
        self._input_scale = self._hidden_scale = 1.0

    def train_single(self, input_vector: ArrayLike, target_vector: ArrayLike) -> None:
        """One step of the article's rule on one sample; while thinned, of the active inputs alone.

        It is the gradient step for both matrices only with ``true_gradient``.
        """
        n_in = self.wih.shape[1] - (self.bias is not None)
        x = finite_array("input_vector", np.ravel(input_vector), (n_in,))
        target = finite_array("target_vector", np.ravel(target_vector), (self.no_of_out_nodes,))
        x = append_bias(x * self._input_scale, self.bias)
        self._steps(x[np.newaxis], target[np.newaxis])

    def train(
        self,
        data_array: ArrayLike,
        labels_one_hot_array: ArrayLike,
        epochs: int = 1,
        active_input_percentage: float = 0.70,
        active_hidden_percentage: float = 0.70,
        no_of_dropout_tests: int = 10,
        *,
        verbose: bool = True,
    ) -> None:
        """Train on ``data_array`` (n, n_in) and ``labels_one_hot_array`` (n, n_out), row by row.

        Each epoch cuts the samples, in their order, into ``no_of_dropout_tests`` parts whose sizes
        differ by at most one, and trains a freshly thinned network on each part. Every sample is
        used once an epoch. Prints the epoch if ``verbose``. If anything fails on the way, also an
        interrupt, the full matrices are back, with what was learned so far. Raises ``ValueError``
        for data of a wrong shape or content, a percentage out of range, and more parts than
        samples, and ``RuntimeError`` if the network is thinned: before anything is trained.
        """
        data = finite_array("data_array", data_array, (None, self.no_of_in_nodes))
        targets = finite_array(
            "labels_one_hot_array", labels_one_hot_array, (None, self.no_of_out_nodes)
        )
        check_same_length("data_array", data, "labels_one_hot_array", targets)
        self._check_dropout(active_input_percentage, active_hidden_percentage)
        check_count("epochs", epochs)
        check_count("no_of_dropout_tests", no_of_dropout_tests, 1, len(data))
        for epoch in range(epochs):
            if verbose:
                print("epoch: ", epoch)  # as the article prints it
            for start, end in pairwise(part_ends(len(data), no_of_dropout_tests)):
                active = self.dropout_weight_matrices(
                    active_input_percentage, active_hidden_percentage
                )
                try:
                    self._train_part(data[start:end], targets[start:end], np.array(active[0]))
                finally:
                    self.weight_matrices_reset(*active)

    @BLAS.wrap(limits=1, user_api="blas")
    def _train_part(self, data: np.ndarray, targets: np.ndarray, inputs: np.ndarray) -> None:
        """Steps on every row of ``data`` with the thinned network, whose inputs are ``inputs``."""
        for start in range(0, len(data), BLOCK):
            block = slice(start, start + BLOCK)
            x = data[block, inputs] * self._input_scale
            self._steps(append_bias(x, self.bias), targets[block])

    def run(self, input_vector: ArrayLike) -> np.ndarray:
        """The output for one input of shape (n_in,), as a column of shape (n_out, 1)."""
        x = finite_array("input_vector", np.ravel(input_vector), (self.no_of_in_nodes,))
        return self.predict(x[np.newaxis]).T

    def predict(self, data: ArrayLike) -> np.ndarray:
        """The outputs for ``data`` of shape (n, n_in), all nodes on, as rows: (n, n_out).

        Raises ``RuntimeError`` while the network is thinned.
        """
        if self._full is not None:
            raise RuntimeError("the network is thinned: call weight_matrices_reset first")
        data = finite_array("data", data, (None, self.no_of_in_nodes))
        return run_network(self.wih, self.who, data, self.bias)

    def evaluate(self, data: ArrayLike, labels: ArrayLike) -> tuple[int, int]:
        """How many of the samples are classified right, and how many wrong.

        ``labels`` are class numbers of shape (n,) or (n, 1).
        """
        return count_right(*self._outputs_and_labels(data, labels))

    def confusion_matrix(
        self, data_array: ArrayLike, labels: ArrayLike
    ) -> dict[tuple[int, int], int]:
        """``{(target, predicted): count}`` of the pairs that occur, in sorted order."""
        return count_pairs(*self._outputs_and_labels(data_array, labels))

    def _check_dropout(self, active_input: float, active_hidden: float) -> None:
        """Refuse what cannot be thinned, before a random number is drawn for it."""
        if self._full is not None:
            raise RuntimeError("the network is thinned already: call weight_matrices_reset first")
        for n_nodes, fraction, name in (
            (self.no_of_in_nodes, active_input, "active_input_percentage"),
            (self.no_of_hidden_nodes, active_hidden, "active_hidden_percentage"),
        ):
            count_active(n_nodes, finite_number(name, fraction), name)

    def _outputs_and_labels(
        self, data: ArrayLike, labels: ArrayLike
    ) -> tuple[np.ndarray, np.ndarray]:
        labels = class_labels("labels", labels, self.no_of_out_nodes)
        outputs = self.predict(data)
        check_same_length("data", outputs, "labels", labels)
        return outputs, labels

    def _steps(self, x: np.ndarray, targets: np.ndarray) -> None:
        """One step on each row of ``x`` in turn; the rows are scaled and have their bias."""
        train_block(
            self.wih,
            self.who,
            x,
            targets,
            self.learning_rate,
            self.bias,
            self._hidden_scale,
            self.true_gradient,
        )
