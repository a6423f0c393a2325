"""Input that would give a wrong result without a word is refused, by the name of its argument."""

import numpy as np
import pytest

from helpers.article_b import NeuralNetwork
from helpers.functions import (
    cross_entropy,
    cross_entropy_from_logits,
    cross_entropy_gradient,
    softmax,
)
from helpers.network import Network, error_rate, forward
from helpers.slicing import thin
from helpers.validation import finite_array

NETWORK = Network([3, 4, 2], np.random.default_rng(0))
X, LABELS = np.ones((2, 3), np.float32), np.array([0, 1])


@pytest.mark.parametrize("function", [cross_entropy, cross_entropy_gradient])
@pytest.mark.parametrize("shapes", [((3,), (3, 1)), ((3,), (2, 3))])
def test_targets_and_probabilities_do_not_broadcast(function, shapes):
    one, other = (np.full(shape, 0.5) for shape in shapes)
    with pytest.raises(ValueError, match=r"^y and y_hat must have the same shape, got"):
        function(one, other)
    with pytest.raises(ValueError, match=r"^y and z must have the same shape, got"):
        cross_entropy_from_logits(one, other)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, bool, complex, int])
def test_softmax_wants_floats(dtype):
    with pytest.raises(TypeError, match=r"^z must be an array of"):
        softmax(np.array([1, 0]).astype(dtype))


def test_an_error_rate_of_nan_is_none():
    broken = X.copy()
    broken[1, 2] = np.nan
    with pytest.raises(ValueError, match=r"^x must be finite: the prediction is nan$"):
        error_rate(NETWORK, broken, LABELS)
    network = Network([3, 4, 2], np.random.default_rng(0))
    network.weights[0][0, 0] = np.nan
    with pytest.raises(ValueError, match=r"^the network's parameters must be finite"):
        error_rate(network, X, LABELS)


@pytest.mark.parametrize("mask", [np.array([1, np.nan, 0, 1]), np.array(list("1011")), np.inf])
def test_a_mask_that_is_none_is_refused(mask):
    with pytest.raises(ValueError, match=r"^masks\[1\] must be finite numbers, or booleans"):
        forward(NETWORK, X, [None, mask])


def test_a_mask_may_be_of_booleans():
    keep = np.array([True, False, True, True])
    for one, other in zip(
        forward(NETWORK, X, [None, keep]),
        forward(NETWORK, X, [None, keep.astype(float)]),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("rows", [[-1], [0, 2], [True, False], [0.0], [[0]]])
def test_thin_takes_no_other_rows(rows):
    with pytest.raises((ValueError, TypeError), match=r"^rows must be"):
        thin(np.ones((2, 3)), rows, [0])
    with pytest.raises((ValueError, TypeError), match=r"^columns must be"):
        thin(np.ones((3, 2)), [0], rows)


@pytest.mark.parametrize(
    "values",
    [
        np.ma.masked_array([1.0, 2.0], mask=[0, 1]),
        np.array([1j, 0]),
        np.array(["2026-01-01"] * 2, "M8[D]"),
        np.array([1, 2], "m8[s]"),
        np.array([True, False]),
        np.array([1, 2], object),
    ],
    ids=lambda values: str(values.dtype),
)
def test_nothing_is_lost_when_an_array_becomes_numbers(values):
    with pytest.raises(TypeError, match=r"^values must"):
        finite_array("values", values, (2,))


def build(**options):
    return NeuralNetwork(3, 2, 4, 0.1, **{"rng": 0, **options})


@pytest.mark.parametrize("rng", [np.random.RandomState(0), np.random, "0"], ids=type)
def test_the_class_takes_a_generator_or_a_seed(rng):
    with pytest.raises(TypeError, match=r"^rng must be a generator, a seed or None, got"):
        build(rng=rng)


@pytest.mark.parametrize("flag", ["rescale", "true_gradient"])
@pytest.mark.parametrize("value", ["False", "no", 1, None])
def test_a_text_is_no_flag(flag, value):
    with pytest.raises(TypeError, match=rf"^{flag} must be True or False, got"):
        build(**{flag: value})


def test_pixels_that_are_not_scaled_are_not_trained_on():
    network = build()
    before = network.wih.copy()
    with pytest.raises(TypeError, match=r"^data_array must be scaled pixels, .* got uint8$"):
        network.train(np.ones((4, 3), np.uint8), np.full((4, 2), 0.5))
    np.testing.assert_array_equal(network.wih, before)
