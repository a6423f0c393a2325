"""Article B's class ``NeuralNetwork``, with the article's names and without its accidents.

What it computes are the functions of ``helpers.two_matrices``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from helpers.slicing import active_indices, count_active
from helpers.two_matrices import (
    check_mean,
    count_pairs,
    count_right,
    create_weights,
    part_ends,
    restore_both,
    run_network,
    thin_both,
    train_rows,
    with_bias_node,
)
from helpers.validation import (
    check_count,
    check_flag,
    check_plain,
    check_same_length,
    class_labels,
    finite_array,
    finite_number,
)

TOO_LARGE = "take a smaller learning rate, or smaller inputs"


@dataclass
class Thinned:
    """What a thinned network remembers: its full matrices, and the nodes that are on."""

    wih: np.ndarray
    who: np.ndarray
    inputs: list[int]
    hidden: list[int]


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
        check_mean("init_mean", init_mean)
        self.init_mean = float(init_mean)
        if isinstance(rng, int | np.integer | np.bool_):
            check_count("rng, a seed,", rng, 0)
        elif not isinstance(rng, np.random.Generator | None):
            raise TypeError(f"rng must be a generator, a seed or None, got {rng!r}")
        self.rng = np.random.default_rng(rng)
        check_flag("true_gradient", true_gradient)
        check_flag("rescale", rescale)
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
        self.thinned: Thinned | None = None

    def dropout_weight_matrices(
        self, active_input_percentage: float = 0.70, active_hidden_percentage: float = 0.70
    ) -> tuple[list[int], list[int]]:
        """Thin the network to a random set of nodes; return their input and hidden numbers.

        From then on ``wih`` and ``who`` are the small matrices, until ``weight_matrices_reset``.
        Raises ``ValueError`` for a percentage not in (0, 1] or one that leaves no node, and
        ``RuntimeError`` if the network is thinned already.
        """
        self._check_can_be_thinned(active_input_percentage, active_hidden_percentage)
        inputs = active_indices(self.no_of_in_nodes, active_input_percentage, self.rng)
        hidden = active_indices(self.no_of_hidden_nodes, active_hidden_percentage, self.rng)
        self.thinned = Thinned(self.wih, self.who, inputs, hidden)
        self.wih, self.who = thin_both(self.wih, self.who, *self._kept())
        return inputs.copy(), hidden.copy()  # what a caller does to them changes nothing here

    def weight_matrices_reset(
        self, active_input_indices: Sequence[int], active_hidden_indices: Sequence[int]
    ) -> None:
        """Switch every node back on, with the trained entries in their places.

        The arguments are what ``dropout_weight_matrices`` returned. Raises ``RuntimeError`` if
        the network is not thinned, ``ValueError`` for other numbers than those: they would put
        the trained entries in wrong places.
        """
        full = self._checked_thinned(active_input_indices, active_hidden_indices)
        restored = restore_both(full.wih, full.who, self.wih, self.who, *self._kept())
        (self.wih, self.who), self.thinned = restored, None  # all or nothing

    def train_single(self, input_vector: ArrayLike, target_vector: ArrayLike) -> None:
        """One step of the article's rule on one sample; while thinned, of the active inputs alone.

        It is the gradient step for both matrices only with ``true_gradient``. Raises what `train`
        raises, and then the weights are those from before.
        """
        check_scaled("input_vector", input_vector)
        n_in = self.wih.shape[1] - (self.bias is not None)
        x = finite_array("input_vector", np.ravel(input_vector), (n_in,))
        target = finite_array("target_vector", np.ravel(target_vector), (self.no_of_out_nodes,))
        check_targets("target_vector", target)
        before = self.wih.copy(), self.who.copy()
        self._train_rows(x[np.newaxis], target[np.newaxis], slice(None))
        if not self._is_finite():
            self.wih, self.who = before
            raise FloatingPointError(f"the step gives weights that are not finite: {TOO_LARGE}")

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
        samples, and ``RuntimeError`` if the network is thinned: before anything is trained. Raises
        ``FloatingPointError`` if a part ends with weights that are not finite, naming it; the
        weights are then those from before this part.
        """
        check_scaled("data_array", data_array)
        data = finite_array("data_array", data_array, (None, self.no_of_in_nodes))
        shape = (None, self.no_of_out_nodes)
        targets = finite_array("labels_one_hot_array", labels_one_hot_array, shape)
        check_targets("labels_one_hot_array", targets)
        check_same_length("data_array", data, "labels_one_hot_array", targets)
        self._check_can_be_thinned(active_input_percentage, active_hidden_percentage)
        check_count("epochs", epochs)
        check_count("no_of_dropout_tests", no_of_dropout_tests, 1, len(data))
        check_flag("verbose", verbose)
        for epoch in range(epochs):
            if verbose:
                print("epoch: ", epoch)  # as the article prints it
            ends = part_ends(len(data), no_of_dropout_tests)
            for part, (start, end) in enumerate(pairwise(ends)):
                active = self.dropout_weight_matrices(
                    active_input_percentage, active_hidden_percentage
                )
                try:
                    self._train_rows(data[start:end], targets[start:end], active[0])
                    if not self._is_finite():
                        full = self.thinned
                        self.wih, self.who = thin_both(full.wih, full.who, *self._kept())
                        raise FloatingPointError(
                            f"the weights are not finite after part {part} of epoch {epoch}: "
                            f"{TOO_LARGE}"
                        )
                finally:
                    self.weight_matrices_reset(*active)

    def run(self, input_vector: ArrayLike) -> np.ndarray:
        """The output for one input of shape (n_in,), as a column of shape (n_out, 1)."""
        check_scaled("input_vector", input_vector)
        x = finite_array("input_vector", np.ravel(input_vector), (self.no_of_in_nodes,))
        return self.predict(x[np.newaxis]).T

    def predict(self, data: ArrayLike) -> np.ndarray:
        """The outputs for ``data`` of shape (n, n_in), all nodes on, as rows: (n, n_out).

        Raises ``RuntimeError`` while the network is thinned.
        """
        if self.thinned:
            raise RuntimeError("the network is thinned: call weight_matrices_reset first")
        check_scaled("data", data)
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

    # ---- what the methods share --------------------------------------------------------------

    def _kept(self) -> tuple[Sequence[int], Sequence[int]]:
        """The input and hidden nodes that are on while the network is thinned; bias nodes are."""
        return (
            with_bias_node(self.thinned.inputs, self.no_of_in_nodes, self.bias),
            with_bias_node(self.thinned.hidden, self.no_of_hidden_nodes, self.bias),
        )

    def _train_rows(
        self, data: np.ndarray, targets: np.ndarray, columns: Sequence[int] | slice
    ) -> None:
        """A step on each row of ``data`` in turn, of which only ``columns`` are used."""
        input_scale = hidden_scale = 1.0
        if self.rescale and self.thinned:
            input_scale = self.no_of_in_nodes / len(self.thinned.inputs)
            hidden_scale = self.no_of_hidden_nodes / len(self.thinned.hidden)
        train_rows(
            self.wih,
            self.who,
            data,
            targets,
            self.learning_rate,
            self.bias,
            columns,
            input_scale,
            hidden_scale=hidden_scale,
            true_gradient=self.true_gradient,
        )

    def _is_finite(self) -> bool:
        """Whether all weights are numbers."""
        return bool(np.isfinite(self.wih).all() and np.isfinite(self.who).all())

    # ---- what the methods refuse -------------------------------------------------------------

    def _check_can_be_thinned(self, active_input: float, active_hidden: float) -> None:
        """Refuse what cannot be thinned, before a random number is drawn for it."""
        if self.thinned:
            raise RuntimeError("the network is thinned already: call weight_matrices_reset first")
        for n_nodes, fraction, name in (
            (self.no_of_in_nodes, active_input, "active_input_percentage"),
            (self.no_of_hidden_nodes, active_hidden, "active_hidden_percentage"),
        ):
            count_active(n_nodes, finite_number(name, fraction), name)

    def _checked_thinned(self, inputs: Sequence[int], hidden: Sequence[int]) -> Thinned:
        """What the network was before it was thinned to these nodes."""
        if not self.thinned:
            raise RuntimeError("the network is not thinned: call dropout_weight_matrices first")
        active = self.thinned.inputs, self.thinned.hidden
        if (list(inputs), list(hidden)) != active:
            n_in, n_hidden = map(len, active)
            raise ValueError(
                f"active_input_indices and active_hidden_indices must be the {n_in} and {n_hidden} "
                f"node numbers that dropout_weight_matrices returned, got {inputs} and {hidden}"
            )
        return self.thinned

    def _outputs_and_labels(
        self, data: ArrayLike, labels: ArrayLike
    ) -> tuple[np.ndarray, np.ndarray]:
        labels = class_labels("labels", labels, self.no_of_out_nodes)
        outputs = self.predict(data)
        check_same_length("data", outputs, "labels", labels)
        return outputs, labels


def check_scaled(name: str, data: ArrayLike) -> None:
    """Raise ``TypeError`` for pixels as they come from a file, also where they are floats."""
    check_plain(name, data)
    array = np.asarray(data)
    raw = array.dtype == np.uint8
    if array.dtype.kind in "iuf" and array.size and array.max() > 100:
        raw = array.dtype.kind != "f" or (array.max() <= 255 and np.all(array % 1 == 0))
    if raw:
        raise TypeError(
            f"{name} must be scaled pixels, such as scale_pixels gives; got {array.dtype}"
        )


def check_targets(name: str, targets: np.ndarray) -> None:
    """Raise ``ValueError`` for what a sigmoid cannot give."""
    for target in (targets.min(), targets.max()):
        if not 0 <= target <= 1:
            raise ValueError(f"{name} must be from 0 to 1, as a sigmoid's outputs; got {target:g}")
