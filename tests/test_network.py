"""Laws of the network: it computes what the formulas say.

The reference is `by_formula`, which takes one layer after the other and knows nothing of the flat
array of parameters.
"""

import copy
import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax
from scipy.special import softmax as scipy_softmax

from helpers import network as network_module
from helpers.gradients import numerical_jacobian
from helpers.masks import gaussian_mask, inverted_mask
from helpers.network import (
    Network,
    check_network,
    error_rate,
    forward,
    loss_and_gradient,
    predict,
)

SEEDS = st.integers(0, 2**32)
SIZES = st.lists(st.integers(1, 6), min_size=2, max_size=4).filter(lambda sizes: sizes[-1] > 1)
DTYPES = st.sampled_from([np.float32, np.float64])
KINDS = ("none", "number", "per unit", "per sample", "gaussian")


def new_network(sizes, seed, dtype=np.float64):
    """A network with random biases as well: a unit that gets nothing is not at ReLU's kink."""
    rng = np.random.default_rng(seed)
    network = Network(sizes, rng, dtype)
    for biases in network.biases:
        biases[...] = rng.normal(size=biases.shape)
    return network


def samples(network, n, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, network.sizes[0]))
    return x, rng.integers(network.sizes[-1], size=n)


def a_mask(kind, n_samples, n_units, seed):
    rng = np.random.default_rng(seed)
    return {
        "none": None,
        "number": float(rng.uniform(0.5, 2)),
        "per unit": inverted_mask((n_units,), 0.4, rng, np.float64),
        "per sample": inverted_mask((n_samples, n_units), 0.4, rng, np.float64),
        "gaussian": gaussian_mask((n_samples, n_units), 0.4, rng, np.float64),
    }[kind]


@st.composite
def cases(draw, kinds=KINDS):
    """A random network, samples, labels, and masks of the given kinds for every layer."""
    network = new_network(draw(SIZES), draw(SEEDS))
    x, labels = samples(network, draw(st.integers(1, 4)), draw(SEEDS))
    masks = [
        a_mask(draw(st.sampled_from(kinds)), len(x), n_units, draw(SEEDS))
        for n_units in network.sizes[:-1]
    ]
    return network, x, labels, masks


def by_formula(network, x, masks):
    """What leaves each layer, and the values before ReLU of all hidden layers in one array."""
    masks = [1.0 if mask is None else mask for mask in masks or [None] * (len(network.sizes) - 1)]
    values, before = [x * masks[0]], []
    for weights, biases, mask in zip(network.weights, network.biases, masks[1:], strict=False):
        z = np.einsum("oi,ni->no", weights, values[-1]) + biases
        before.append(z.ravel())
        values.append(np.where(z > 0, z, 0) * mask)
    logits = np.einsum("oi,ni->no", network.weights[-1], values[-1]) + network.biases[-1]
    return [*values, logits], np.concatenate([[], *before])


def loss_by_formula(logits, labels):
    return -np.mean(log_softmax(logits, axis=1)[np.arange(len(labels)), labels])


# ---- the parameters ----------------------------------------------------------------------------


@given(SIZES, DTYPES)
def test_each_parameter_is_one_weight_or_one_bias(sizes, dtype):
    network = Network(sizes, None, dtype)
    assert network.parameters.dtype == dtype
    assert not network.parameters.any()
    network.parameters[...] = np.arange(network.parameters.size)  # is seen through the views
    layers = list(zip(network.weights, network.biases, strict=True))
    for (weights, biases), (n_in, n_out) in zip(layers, pairwise(sizes), strict=True):
        assert (weights.shape, biases.shape) == ((n_out, n_in), (n_out,))
    in_layers = np.concatenate([part.ravel() for layer in layers for part in layer])
    assert sorted(in_layers) == list(range(network.parameters.size))


def test_weights_are_drawn_with_variance_two_over_n_in_and_biases_are_zero():
    network = Network([50, 400, 30], np.random.default_rng(0))
    for weights, biases, n_in in zip(network.weights, network.biases, (50, 400), strict=True):
        assert not biases.any()
        n = weights.size
        variance = 2 / n_in
        assert weights.mean() == pytest.approx(0, abs=5 * np.sqrt(variance / n))
        assert weights.var() == pytest.approx(variance, abs=5 * variance * np.sqrt(2 / n))
        fourth_moment = np.mean(weights**4.0) / variance**2
        assert fourth_moment == pytest.approx(3, abs=5 * np.sqrt(96 / n))  # a normal distribution


@given(SIZES, SEEDS)
def test_a_seed_makes_the_weights_and_float32_rounds_them(sizes, seed):
    double, again = (Network(sizes, np.random.default_rng(seed), float) for _ in range(2))
    single = Network(sizes, np.random.default_rng(seed))
    assert single.parameters.dtype == np.float32
    np.testing.assert_array_equal(double.parameters, again.parameters)
    np.testing.assert_array_equal(double.parameters.astype(np.float32), single.parameters)


@pytest.mark.parametrize(
    "make_copy",
    [copy.copy, copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_copy_is_a_network_whose_weights_are_its_parameters(make_copy):
    network = new_network([3, 4, 2], 0)
    copied = make_copy(network)
    assert repr(copied) == repr(network) == "Network 3-4-2: 26 parameters, float64"
    check_network(copied)
    np.testing.assert_array_equal(copied.parameters, network.parameters)
    copied.parameters[...] = 7
    assert all((part == 7).all() for part in copied.weights + copied.biases)
    if make_copy is not copy.copy:
        assert not (network.parameters == 7).any()


@pytest.mark.parametrize(
    ("sizes", "dtype", "error", "message"),
    [
        ([3], float, ValueError, r"sizes must list an input and .* at least, got \[3\]"),
        ([3, 0, 2], float, ValueError, r"sizes\[1\] must be at least 1, got 0"),
        ([3, 2.0], float, TypeError, r"sizes\[1\] must be a whole number, got 2\.0"),
        ([3, 2], np.float16, ValueError, r"dtype must be float32 or float64, got float16"),
        ([3, 2], int, TypeError, r"dtype must be a floating-point dtype, got <class 'int'>"),
        ([3, 2], "floot", TypeError, r"dtype must be a floating-point dtype, got 'floot'"),
        ([4, [3]], float, TypeError, r"sizes\[1\] must be a whole number, got \[3\]"),
        ([3, 4, 1], float, ValueError, r"sizes\[2\] must be at least 2, got 1"),
    ],
)
def test_a_network_that_cannot_be_is_refused(sizes, dtype, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        Network(sizes, None, dtype)
    with pytest.raises(TypeError, match=r"^rng must be a generator, .*; got 0$"):
        Network([3, 2], 0)


# ---- forward, loss, gradient -------------------------------------------------------------------


@given(cases())
def test_forward_and_loss_are_the_formulas(case):
    network, x, labels, masks = case
    expected, _ = by_formula(network, x, masks)
    values = forward(network, x, masks)
    assert len(values) == len(expected)
    for value, wanted in zip(values, expected, strict=True):
        np.testing.assert_allclose(value, wanted, atol=1e-12)
    loss, accuracy, _ = loss_and_gradient(network, x, labels, masks)
    assert loss == pytest.approx(loss_by_formula(expected[-1], labels), abs=1e-12)
    assert accuracy == np.mean(expected[-1].argmax(axis=1) == labels)
    assert type(loss) is type(accuracy) is float


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(data=st.data())
def test_the_gradient_is_the_numerical_one_of_the_formulas_for_every_parameter(kind, data):
    """With the masks frozen. Examples in which a step of the check crosses a kink are rejected."""
    network, x, labels, masks = data.draw(cases(kinds=[kind]))
    before, patterns = network.parameters.copy(), []

    def loss(parameters):
        network.parameters[...] = parameters
        values, before_relu = by_formula(network, x, masks)
        patterns.append(before_relu > 0)
        return loss_by_formula(values[-1], labels)

    # the two step sizes together cancel the error in step²
    small, large = (numerical_jacobian(loss, before, step)[0] for step in (5e-5, 1e-4))
    assume(all((pattern == patterns[0]).all() for pattern in patterns))
    network.parameters[...] = before
    _, _, gradient = loss_and_gradient(network, x, labels, masks)
    np.testing.assert_allclose(gradient, (4 * small - large) / 3, rtol=1e-7, atol=1e-8)
    np.testing.assert_array_equal(network.parameters, before)


@given(cases(kinds=["none"]))
def test_no_masks_are_masks_of_none_and_of_one(case):
    network, x, labels, masks = case
    loss, accuracy, gradient = loss_and_gradient(network, x, labels)
    for same in (masks, [1.0 for _ in masks]):
        again = loss_and_gradient(network, x, labels, same)
        assert again[:2] == (loss, accuracy)
        np.testing.assert_array_equal(again[2], gradient)


@given(cases())
def test_nothing_that_is_passed_in_is_changed(case):
    network, x, labels, masks = case
    passed = [network.parameters, x, labels, *(np.asarray(mask, float) for mask in masks)]
    before = [array.copy() for array in passed]
    loss_and_gradient(network, x, labels, masks)
    predict(network, x, masks, 2)
    for array, old in zip(passed, before, strict=True):
        np.testing.assert_array_equal(array, old)


@given(cases())
def test_a_gradient_is_written_where_it_is_asked(case):
    network, x, labels, masks = case
    buffer = np.full_like(network.parameters, np.nan)
    loss, accuracy, gradient = loss_and_gradient(network, x, labels, masks, buffer)
    assert gradient is buffer
    fresh = loss_and_gradient(network, x, labels, masks)
    assert fresh[:2] == (loss, accuracy)
    np.testing.assert_array_equal(gradient, fresh[2])


@given(cases(), st.floats(-2, 2))
def test_a_scale_multiplies_the_gradient_and_nothing_else(case, scale):
    network, x, labels, masks = case
    loss, accuracy, gradient = loss_and_gradient(network, x, labels, masks)
    scaled = loss_and_gradient(network, x, labels, masks, scale=scale)
    assert scaled[:2] == (loss, accuracy)
    np.testing.assert_allclose(scaled[2], scale * gradient, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("other", [np.zeros(27, np.float32), np.zeros(26)])
def test_a_gradient_that_does_not_fit_is_refused(other):
    network = Network([3, 4, 2], None)
    assert network.parameters.shape == (26,)
    message = r"^gradient must have shape \(26,\) and dtype float32, got \(2\d,\) and float"
    with pytest.raises(ValueError, match=message):
        loss_and_gradient(network, np.ones((2, 3)), [0, 0], gradient=other)


def test_an_input_that_nothing_changes_is_not_copied():
    network, x = Network([3, 2], None), np.ones((2, 3), np.float32)
    assert forward(network, x)[0] is x


@given(cases(), DTYPES)
def test_a_network_keeps_its_dtype_whatever_comes_in(case, of_input):
    network, x, labels, masks = case
    single = Network(network.sizes, None)
    single.parameters[...] = network.parameters
    masks = [np.float64(mask) if isinstance(mask, float) else mask for mask in masks]
    x = x.astype(of_input)
    arrays = forward(single, x, masks)
    arrays += [predict(single, x, masks), loss_and_gradient(single, x, labels, masks)[2]]
    arrays += [single.parameters]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    exact = forward(network, x, masks)
    assert {array.dtype for array in exact} == {np.dtype(np.float64)}
    np.testing.assert_allclose(arrays[len(exact) - 1], exact[-1], rtol=1e-3, atol=1e-3)


# ---- prediction --------------------------------------------------------------------------------


@given(cases(), st.integers(1, 5))
def test_chunks_predict_what_one_go_predicts(case, chunk):
    network, x, _, masks = case
    probabilities = predict(network, x, masks, chunk)
    logits = by_formula(network, x, masks)[0][-1]
    np.testing.assert_allclose(probabilities, scipy_softmax(logits, axis=1), atol=1e-12)
    np.testing.assert_allclose(
        predict(network, x, chunk=chunk), predict(network, x, chunk=100), atol=1e-14
    )


def test_no_more_samples_than_a_chunk_are_worked_on_at_a_time(monkeypatch):
    network = new_network([3, 4, 2], 0)
    x, _ = samples(network, 4500, 0)
    seen = []

    def spy(network, x, masks):
        seen.append(len(x))
        return forward(network, x, masks)

    monkeypatch.setattr(network_module, "forward", spy)
    assert predict(network, x, chunk=1900).shape == (4500, 2)
    assert seen == [1900, 1900, 700]
    seen.clear()
    predict(network, x)
    assert seen == [2000, 2000, 500]


@given(cases(kinds=["none"]))
def test_the_error_rate_is_the_share_of_wrong_predictions_of_the_whole_network(case):
    network, x, labels, _ = case
    rate = error_rate(network, x, labels)
    assert type(rate) is float
    assert rate == np.mean(by_formula(network, x, None)[0][-1].argmax(axis=1) != labels)
