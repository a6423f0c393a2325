"""Arrays of other kinds that are refused: matrices, masked ones, lists."""

import warnings

import numpy as np
import pytest
from small_calls import LABELS, NETWORK, X, gradients

from helpers.functions import cross_entropy, cross_entropy_from_logits, softmax, softmax_jacobian
from helpers.gradients import largest_difference
from helpers.masks import dropout
from helpers.mnist import one_hot, unit_pixels
from helpers.network import error_rate, forward, loss_and_gradient, predict
from helpers.slicing import thin
from helpers.sub_networks import add_restored
from helpers.training import limit_norms
from helpers.two_matrices import train_rows
from helpers.validation import finite_array

with warnings.catch_warnings():  # NumPy advises against it, too
    warnings.simplefilter("ignore")
    MATRIX = np.asmatrix([[0.25, 0.75]])


@pytest.mark.parametrize(
    "call",
    [
        lambda: softmax(MATRIX),
        lambda: softmax_jacobian(MATRIX),
        lambda: cross_entropy(MATRIX, MATRIX),
        lambda: cross_entropy_from_logits(MATRIX, np.ones((1, 2))),
        lambda: largest_difference(MATRIX, MATRIX),
        lambda: gradients(targets=MATRIX),
        lambda: forward(NETWORK, MATRIX),
        lambda: forward(NETWORK, X, [None, MATRIX]),
        lambda: finite_array("values", MATRIX, (1, 2)),
    ],
)
def test_a_matrix_of_numpy_s_other_kind_is_refused(call):
    with pytest.raises(TypeError, match=r"must be an array, got np\.matrix: np\.asarray makes one"):
        call()


FROZEN, SQUARE = np.ones((2, 2)), np.ones((2, 2))
FROZEN.flags.writeable = False
FLAT = np.zeros_like(NETWORK.parameters)
FLAT.flags.writeable = False
ALL = [np.arange(n) for n in NETWORK.sizes[:-1]]


@pytest.mark.parametrize(
    "call",
    [
        lambda: limit_norms(FROZEN, 1.0),
        lambda: train_rows(FROZEN, SQUARE, SQUARE, SQUARE, 0.1),
        lambda: train_rows(SQUARE, FROZEN, SQUARE, SQUARE, 0.1),
        lambda: add_restored(FLAT, NETWORK.parameters, NETWORK, NETWORK, ALL),
        lambda: loss_and_gradient(NETWORK, X, LABELS, gradient=FLAT),
    ],
)
def test_what_is_changed_in_place_must_be_writeable(call):
    with pytest.raises(ValueError, match=r"^\w+ must be writeable, got a read-only array$"):
        call()


MASKED = np.ma.masked_array([1, 0], mask=[0, 1])


@pytest.mark.parametrize(
    "call",
    [
        lambda: error_rate(NETWORK, X, MASKED),
        lambda: predict(NETWORK, np.ma.masked_array(X)),
        lambda: one_hot(MASKED, 2),
        lambda: unit_pixels(np.ma.masked_array(np.zeros((1, 784), np.uint8))),
        lambda: thin(np.ones((2, 2)), MASKED, [0]),
        lambda: thin(np.ma.masked_array(np.ones((2, 2))), [0], [0]),
        lambda: forward(NETWORK, X, [None, np.ma.masked_array(np.ones(4))]),
        lambda: dropout(np.ones(2), MASKED, 0.5),
    ],
)
def test_the_mask_of_a_masked_array_is_not_passed_over(call):
    with pytest.raises(TypeError, match=r"must not be a masked array: its mask would be ignored$"):
        call()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["1"], "text"),
        ([b"1"], "bytes"),
        ([True], "booleans"),
        ([1j], "complex"),
        ([None], "objects"),
    ],
)
def test_lists_are_asked_for_what_they_hold_as_arrays_are(values, said):
    for call in (largest_difference, lambda a, b: finite_array("a", a, (None,))):
        with pytest.raises(TypeError, match=rf"^a must be an array of real numbers, got .*{said}"):
            call(values, values)
