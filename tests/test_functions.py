"""Laws of the activation and loss functions; every derivative against the numerical one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import log_softmax
from scipy.special import softmax as scipy_softmax

from helpers.functions import (
    cross_entropy,
    cross_entropy_from_logits,
    cross_entropy_gradient,
    relu,
    relu_derivative,
    softmax,
    softmax_cross_entropy,
    softmax_jacobian,
)
from helpers.gradients import numerical_jacobian

LEAK = st.floats(0, 1)
FLOATS = st.floats(-5, 5)
AWAY_FROM_ZERO = FLOATS.filter(lambda x: abs(x) > 1e-3)
VECTORS = arrays(float, st.integers(1, 6), elements=FLOATS)
BATCHES = arrays(float, st.tuples(st.integers(1, 4), st.integers(2, 5)), elements=FLOATS)


@st.composite
def batches_with_targets(draw):
    """Logits of a batch, samples as rows, and the one-hot targets of its samples."""
    z = draw(BATCHES)
    classes = draw(arrays(int, len(z), elements=st.integers(0, z.shape[1] - 1)))
    return z, np.eye(z.shape[1])[classes]


@given(VECTORS, LEAK)
def test_relu_is_the_larger_of_x_and_its_leak(x, leak):
    np.testing.assert_array_equal(relu(x, leak), np.maximum(x, leak * x))
    np.testing.assert_array_equal(relu(x), np.maximum(x, 0))


@given(arrays(float, 5, elements=AWAY_FROM_ZERO), LEAK)
def test_relu_derivative_is_the_numerical_one(x, leak):
    numerical = numerical_jacobian(lambda x: relu(x, leak), x)
    np.testing.assert_allclose(np.diag(relu_derivative(x, leak)), numerical, atol=1e-8)
    np.testing.assert_array_equal(relu_derivative(x), relu_derivative(x, 0))


@given(LEAK)
def test_relu_derivative_at_zero_is_the_leak(leak):
    assert relu_derivative(np.zeros(1), leak)[0] == leak
    assert relu_derivative(np.zeros(1))[0] == 0


@given(BATCHES, FLOATS)
def test_softmax_gives_each_row_probabilities_that_a_shift_does_not_change(z, shift):
    s = softmax(z)
    assert (s > 0).all()
    np.testing.assert_allclose(s.sum(axis=1), 1)
    np.testing.assert_allclose(softmax(z + shift), s, rtol=1e-12)
    # the ratio of two probabilities is the exponential of the difference of their logits
    np.testing.assert_allclose(s / s[:, :1], np.exp(z - z[:, :1]), rtol=1e-12)


@given(BATCHES)
def test_softmax_of_columns_is_softmax_of_rows_turned(z):
    np.testing.assert_allclose(softmax(z.T, axis=0), softmax(z).T, rtol=1e-12)


def test_softmax_does_not_overflow_in_any_row():
    z = np.array([[1e4, 0.0, -1e4], [-1e4, -1e4, -2e4]])
    np.testing.assert_array_equal(softmax(z), [[1, 0, 0], [0.5, 0.5, 0]])


@given(VECTORS)
def test_softmax_jacobian_is_the_numerical_one(z):
    s = softmax(z)
    jacobian = softmax_jacobian(s)
    np.testing.assert_allclose(jacobian, numerical_jacobian(softmax, z), atol=1e-8)
    np.testing.assert_allclose(jacobian.sum(axis=1), 0, atol=1e-12)
    for shape in ((-1, 1), (1, -1)):
        np.testing.assert_array_equal(softmax_jacobian(s.reshape(shape)), jacobian)


@given(batches_with_targets())
def test_cross_entropy_gradient_is_the_numerical_one(batch):
    z, y = batch
    y_hat = softmax(z) + 0.01  # away from 0, where a step of the numerical one would leave [0, ∞)
    numerical = numerical_jacobian(lambda p: cross_entropy(y, p), y_hat).reshape(y.shape)
    np.testing.assert_allclose(cross_entropy_gradient(y, y_hat), numerical, rtol=1e-5, atol=1e-7)


@given(batches_with_targets())
def test_the_chain_from_the_loss_to_the_logits_is_prediction_minus_target(batch):
    for z, y in zip(*batch, strict=True):
        y_hat = softmax(z)
        chain = cross_entropy_gradient(y, y_hat) @ softmax_jacobian(y_hat)
        np.testing.assert_allclose(chain, y_hat - y, atol=1e-10)


@given(batches_with_targets())
def test_cross_entropy_is_the_sum_over_the_samples_of_the_surprise(batch):
    z, y = batch
    surprise = -np.log(softmax(z)[y == 1]).sum()
    np.testing.assert_allclose(cross_entropy(y, softmax(z)), surprise, atol=1e-12)
    np.testing.assert_allclose(cross_entropy_from_logits(y, z), surprise, atol=1e-12)
    np.testing.assert_allclose(cross_entropy_from_logits(y.T, z.T, axis=0), surprise, atol=1e-12)


def test_cross_entropy_and_its_gradient_are_finite_where_the_probability_is_zero():
    y, y_hat = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert cross_entropy(y, y_hat) == pytest.approx(100 * np.log(10))
    np.testing.assert_allclose(cross_entropy_gradient(y, y_hat), [-1e100, 0])


def test_cross_entropy_is_not_guarded_in_float32():
    y, y_hat = np.array([1.0, 0.0], np.float32), np.array([0.0, 1.0], np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        assert not np.isfinite(cross_entropy(y, y_hat))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_from_logits_is_right_where_softmax_is_zero(dtype):
    y = np.array([[0.0, 1.0], [1.0, 0.0]], dtype)
    z = np.array([[5000.0, 0.0], [-4000.0, -1000.0]], dtype)
    assert (softmax(z)[y == 1] == 0).all()
    loss = cross_entropy_from_logits(y, z)
    assert loss == 8000
    assert type(loss) is float


@pytest.mark.parametrize(
    "function",
    [relu, relu_derivative, softmax, softmax_jacobian, lambda x: cross_entropy_gradient(x, x)],
)
def test_the_dtype_of_the_input_is_kept(function):
    assert function(np.array([0.25, 0.75], np.float32)).dtype == np.float32


@given(
    st.integers(1, 5),
    st.integers(2, 6),
    st.integers(0, 2**32),
    st.sampled_from([0.1, 10, 1e4]),
    st.sampled_from([np.float32, np.float64]),
)
def test_the_loss_of_any_logits_and_its_gradient_are_finite_and_right(
    n, n_classes, seed, scale, dtype
):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, scale, (n, n_classes)).astype(dtype)
    labels = rng.integers(n_classes, size=n)
    before = logits.copy()
    loss, gradient = softmax_cross_entropy(logits, labels)
    np.testing.assert_array_equal(logits, before)
    assert type(loss) is float and gradient.dtype == dtype
    by_formula = (scipy_softmax(logits.astype(float), axis=1) - np.eye(n_classes)[labels]) / n
    np.testing.assert_allclose(gradient, by_formula, atol=1e-5 if dtype == np.float32 else 1e-12)
    expected = -np.mean(log_softmax(logits.astype(float), axis=1)[np.arange(n), labels])
    close = 1e-5 if dtype == np.float32 else 1e-12
    assert loss == pytest.approx(expected, rel=close, abs=close)


def test_the_mean_of_float32_losses_is_taken_in_float64():
    logits = np.array([[0, 0], [0, 0], [100, 0]], np.float32)
    losses = [float(np.log(np.float32(2)))] * 2 + [100.0]
    mean, _ = softmax_cross_entropy(logits, np.array([0, 0, 1]))
    assert mean == pytest.approx(sum(losses) / 3, rel=1e-14)
