"""What activations and losses do not take."""

import numpy as np
import pytest

from helpers.functions import (
    cross_entropy,
    cross_entropy_from_logits,
    cross_entropy_gradient,
    relu,
    relu_derivative,
    softmax,
    softmax_cross_entropy,
)


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


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, bool])
def test_softmax_with_its_loss_wants_floats(dtype):
    with pytest.raises(TypeError, match=r"^logits must be an array of"):
        softmax_cross_entropy(np.array([[0, 1]]).astype(dtype), np.array([0]))


@pytest.mark.parametrize("function", [relu, relu_derivative])
@pytest.mark.parametrize("x", [np.ma.array([1.0, -1.0], mask=[0, 1]), np.array([1j, 2.0])])
def test_relu_takes_no_masked_and_no_complex_numbers(function, x):
    with pytest.raises(TypeError, match=r"^x must"):
        function(x)


@pytest.mark.parametrize("function", [cross_entropy, cross_entropy_gradient])
@pytest.mark.parametrize(
    ("y", "y_hat", "error", "message"),
    [
        (np.array([0, 1], np.uint8), np.array([0.5, 0.5]), TypeError, "y must be numbers with a"),
        (np.array([False, True]), np.array([0.5, 0.5]), TypeError, "y must be an array of real"),
        (np.array([0, 1.0]), np.ma.array([0.5, 0.5], mask=[0, 1]), TypeError, "y_hat must not be"),
        (np.array([0, 1.0]), np.array([3.0, 7.0]), ValueError, "y_hat must be probabilities"),
    ],
)
def test_targets_have_a_sign_and_probabilities_are_some(function, y, y_hat, error, message):
    with pytest.raises(error, match=f"^{message}"):
        function(y, y_hat)


@pytest.mark.parametrize("function", [relu, relu_derivative])
def test_a_leak_is_finite_and_keeps_the_dtype(function):
    x = np.array([-1.0, 1.0], np.float32)
    with pytest.raises(ValueError, match=r"^leak must be finite, got nan"):
        function(x, np.nan)
    with pytest.raises(TypeError, match=r"^leak must not be wider than x, float32; got np"):
        function(x, np.float64(0.1))
    assert function(x, np.float32(0.1)).dtype == function(x, 0.1).dtype == np.float32
    assert function(x.astype(float), np.float64(0.1)).dtype == np.float64


def test_a_column_of_logits_says_its_axis():
    with pytest.raises(ValueError, match=r"^z must have two classes at least along axis -1, got"):
        cross_entropy_from_logits(np.array([[1.0], [0.0]]), np.array([[1.0], [2.0]]))


def test_targets_sum_to_1_along_the_axis_of_the_logits():
    columns = np.eye(3)[:, :2]  # two samples
    assert cross_entropy_from_logits(columns, np.zeros((3, 2)), axis=0) > 0
    with pytest.raises(ValueError, match="y must sum to 1 for each sample along axis -1"):
        cross_entropy_from_logits(columns, np.zeros((3, 2)))


def test_logits_of_a_batch_have_two_axes():
    for logits in (np.ones(3), np.ones((2, 3, 4))):
        with pytest.raises(ValueError, match=r"^logits must have two axes"):
            softmax_cross_entropy(logits, np.array([0, 1]))
