"""Input that would give a wrong result without a word is refused, by the name of its argument."""

from fractions import Fraction

import numpy as np
import pytest
from small_calls import LABELS, NETWORK, X, gradients, learn, rows

from helpers.adaptors import of_class, of_pair, of_torch
from helpers.article_b import NeuralNetwork
from helpers.checks import diagnose
from helpers.early_stopping import EarlyStopping
from helpers.functions import (
    cross_entropy,
    cross_entropy_from_logits,
    relu,
    relu_derivative,
    softmax,
    softmax_cross_entropy,
    softmax_jacobian,
)
from helpers.gradients import largest_difference, numerical_jacobian
from helpers.masks import (
    active_units,
    bernoulli_mask,
    bernoulli_states,
    dropout,
    dropout_derivative,
    fixed_count_masks,
    gaussian_mask,
    inverted_mask,
)
from helpers.mnist import one_hot, scale_pixels, unit_pixels
from helpers.network import Network, error_rate, loss_and_gradient, predict
from helpers.noise import noise_of
from helpers.slicing import active_indices, count_active, restore, thin
from helpers.sub_networks import thin_network
from helpers.training import Settings, limit_norms
from helpers.two_matrices import count_pairs, count_right, create_weights, part_ends
from helpers.validation import finite_array

RNG = np.random.default_rng(0)


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


FLAT = np.ones(2)


class Mode:
    training = "train"

    def forward(self, x):
        return x


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fixed_count_masks(3, True), "n_dropped must be a whole number, got True"),
        (lambda: fixed_count_masks(3, 1.5), "n_dropped must be a whole number, got 1.5"),
        (lambda: fixed_count_masks(0, 0), "n_units must be at least 1, got 0"),
        (lambda: bernoulli_mask((2, -3), 0.5, RNG), "shape (2, -3): each length must be at least"),
        (lambda: bernoulli_mask(5, 0.5, RNG), "shape must be a tuple or a list of whole"),
        (lambda: inverted_mask((2,), 0.5, RNG, "nosuch"), "dtype must be a floating-point dtype"),
        (lambda: gaussian_mask((2,), 0.5, RNG, "e"), "dtype must be float32 or float64, got float"),
        (lambda: active_units(-3, 0.5, RNG), "n_units must be at least 1, got -3"),
        (lambda: active_units(2.5, 0.5, RNG), "n_units must be a whole number, got 2.5"),
        (lambda: count_active(-10, 0.5, "part"), "n_nodes must be at least 1, got -10"),
        (lambda: count_active(10, "a", "part"), "part must be a number, got 'a'"),
        (lambda: active_indices(10, 0.5, 0), "rng must be a generator"),
        (lambda: thin(np.ones((3, 3)), [0, 2, 2], [0]), "rows must not name 2 twice"),
        (lambda: restore(np.ones((3, 3)), np.ones((1, 1)), [-1], [0]), "rows must be a list of"),
        (lambda: restore(np.ones((3, 3)), np.ones((1, 1)), [0], [5]), "columns must be a list of"),
        (lambda: softmax_jacobian(np.full((2, 2), 0.5)), "s must have shape (n,), (n, 1) or (1, n"),
        (lambda: softmax_jacobian([0.5, 0.5]), "s must be an array of floating-point numbers, got"),
        (lambda: softmax_cross_entropy(np.ones((2, 3)), [0, -1]), "labels must be whole numbers"),
        (lambda: softmax_cross_entropy(np.ones((2, 3)), [0]), "logits and labels must have the sa"),
        (lambda: numerical_jacobian(np.sin, FLAT, 1e-30), "step must change x, got 1e-30: lost be"),
        (lambda: numerical_jacobian(np.sin, FLAT, 1e-15), "step must change x, got 1e-15: lost be"),
        (lambda: numerical_jacobian(np.sin, FLAT * 1e10), "step must change x, got 1e-05: lost be"),
        (lambda: numerical_jacobian(np.sin, FLAT * np.nan), "x must be finite, got nan at index"),
        (
            lambda: gradients(inputs=np.ones((0, 3)), targets=np.ones((0, 2))),
            "the number of inputs must be at least 1, got 0",
        ),
        (lambda: numerical_jacobian(np.sin, [1, 2]), "x must be an array of float64 numbers, got"),
        (lambda: largest_difference(FLAT, FLAT, -1), "floor must be above 0, got -1"),
        (lambda: largest_difference([], []), "a must not be empty, got shape (0,)"),
        (lambda: limit_norms(np.ones((2, 2)), -1), "max_norm must be above 0, got -1"),
        (lambda: gradients(inputs=np.ones((5, 2))), "inputs must have shape (any, 3), got (5, 2)"),
        (lambda: gradients(who=np.ones((2, 3))), "who must have shape (any, 4), got (2, 3)"),
        (lambda: gradients(hidden_mask=np.ones((5, 1))), "hidden_mask must be a number or have sh"),
        (lambda: Network(4, RNG), "sizes must list an input and an output layer at least, got 4"),
        (lambda: Network([4, 0, 2], RNG), "sizes[1] must be at least 1, got 0"),
        (lambda: predict(NETWORK, X, masks=3), "masks must be a list, or None for no masks; got 3"),
        (lambda: noise_of("x", NETWORK, 0, 0), "mode must be one of none, mask, gaussian, slice"),
        (lambda: noise_of("mask", NETWORK, 0, 1), "hidden_drop must be in [0, 1)"),
        (lambda: Settings(epochs=4).rate(99), "epoch must be from 0 to 3, got 99"),
        (lambda: Settings(epochs=4).rate(-1), "epoch must be from 0 to 3, got -1"),
        (lambda: Settings(learning_rate=Fraction(1, 10)), "learning_rate must be a number, got Fr"),
        (
            lambda: Settings(learning_rate=10**400),
            "learning_rate must be below 1e308, got a larger",
        ),
        (lambda: bernoulli_states(3, np.float16(0.2)), "drop must be a number, got np.float16(0.2"),
        (
            lambda: count_active(10, np.float32(0.9), "part"),
            "part must be a number in double preci",
        ),
        (
            lambda: fixed_count_masks(40, 20),
            "n_units and n_dropped must have 2**27 entries in all",
        ),
        (lambda: fixed_count_masks(10**9, 5 * 10**8), "n_units and n_dropped must have"),
        (lambda: fixed_count_masks(2**20, 1), "n_units and n_dropped must have"),
        (lambda: fixed_count_masks(10**9, 0), "n_units and n_dropped must have"),
        (lambda: inverted_mask((2,), 0.5, RNG, ">f4"), "dtype must be a floating-point dtype, got"),
        (lambda: softmax(np.ones((3, 1))), "z must have two classes at least along axis -1, got s"),
        (lambda: softmax(np.ones((3, 2)), axis=2), "axis must be one of z, which has 2; got 2"),
        (lambda: cross_entropy([0, 1], [0.5, 0.5]), "y must be an array, got list"),
        (
            lambda: cross_entropy(FLAT / 2, FLAT * np.nan),
            "y_hat must be probabilities, from 0 to 1",
        ),
        (lambda: cross_entropy(FLAT / 2, -0.05 * FLAT), "y_hat must be probabilities, from 0 to 1"),
        (lambda: numerical_jacobian(lambda x: x[:0], FLAT), "what f returns must not be empty"),
        (lambda: limit_norms(np.ones(2), 1), "weights must have two axes, got shape (2,)"),
        (
            lambda: gradients(inputs=np.ones((5, 3), np.uint8)),
            "inputs must be an array of float",
        ),
        (lambda: gradients(targets=np.ones((5, 2), np.uint8)), "targets must be an array of float"),
        (lambda: error_rate(None, X, LABELS), "network must be Network(...), got None"),
        (lambda: thin_network(None, []), "network must be Network(...), got None"),
        (lambda: noise_of("mask", None, 0, 0), "network must be Network(...), got None"),
        (lambda: thin(np.eye(3), [True, 0], [0]), "rows must be whole numbers, got truth values"),
        (lambda: thin(np.eye(3), [0], (1, np.True_)), "columns must be whole numbers, got truth"),
        (
            lambda: scale_pixels(np.ones((1, 784), np.uint8), ["x"]),
            "scaling must be one of x / 252.46, ",
        ),
        (lambda: part_ends(10, 0), "parts must be at least 1, got 0"),
        (
            lambda: cross_entropy(np.array([5.0, 0]), FLAT),
            "y must be targets, from 0 to 1; got 0 t",
        ),
        (
            lambda: cross_entropy(np.array([-1.0, 1]), FLAT),
            "y must be targets, from 0 to 1; got -1",
        ),
        (
            lambda: cross_entropy_from_logits(2 * FLAT, FLAT),
            "y must be targets, from 0 to 1; got 2",
        ),
        (lambda: cross_entropy_from_logits(FLAT * 1j, FLAT), "y must be an array of real numbers"),
        (lambda: cross_entropy(FLAT[:0], FLAT[:0]), "y must not be empty, got shape (0,)"),
        (lambda: softmax(np.zeros((4, 0))), "z must not be empty, got shape (4, 0)"),
        (lambda: softmax(FLAT, axis=None), "axis must be a whole number, got None"),
        (
            lambda: softmax_jacobian(np.array([2.0, 1.0, 0.1])),
            "s must be probabilities that sum to",
        ),
        (lambda: count_right(X, np.array(["1", "0"])), "labels must be whole numbers, got <U1 val"),
        (
            lambda: count_right(X, [1, 3]),
            "labels must be whole numbers from 0 to 2, got 3 at index",
        ),
        (lambda: rows(targets=np.array([0.0, 1, 0])), "targets must have two axes, got shape (3,)"),
        (lambda: rows(targets=np.ones((3, 1))), "targets must have shape (any, 2), got (3, 1)"),
        (
            lambda: rows(targets=np.ones((2, 2))),
            "data and targets must have the same number of row",
        ),
        (
            lambda: rows(data=np.full((3, 4), np.nan)),
            "data must be finite, got nan at index (0, 0)",
        ),
        (lambda: rows(learning_rate=np.nan), "learning_rate must be finite, got nan"),
        (lambda: rows(true_gradient="no"), "true_gradient must be True or False, got 'no'"),
        (lambda: create_weights(4, 3, 2, 0), "rng must be a generator, such as"),
        (lambda: create_weights(4, 3, 2, RNG, bias_node=2), "bias_node must be from 0 to 1, got 2"),
        (
            lambda: count_right(X * np.nan, LABELS),
            "outputs must be finite, got nan at index",
        ),
        (lambda: count_pairs(X, LABELS[:1]), "outputs and labels must have the same number of row"),
        (lambda: of_class(Fraction), "layer must be an object, such as Fraction(0.2), got the cla"),
        (lambda: of_class(Mode()), "flag must be True or False, got training = 'train': of_pair c"),
        (lambda: of_class(3), "layer must have a method forward, got 3"),
        (lambda: of_pair(3), "forward must be a function, got 3"),
        (lambda: diagnose(of_pair(print)), "forward must be a function, got (<function"),
        (lambda: of_torch(print), "module must be one of PyTorch, which is not imported; got <bu"),
        (lambda: build(rng=True), "rng, a seed, must be a whole number, got True"),
        (lambda: build(rng=-1), "rng, a seed, must be at least 0, got -1"),
        (lambda: dropout(np.ones((3, 1)), FLAT[:1], 2), "drop must be in [0, 1)"),
        (lambda: dropout(np.ones((3, 1)), np.ones(3), 0.5), "mask must fit into the layer's shape"),
        (lambda: dropout(np.ones((3, 1)), np.ones(2), 0.5), "mask must fit into the layer's shape"),
        (lambda: dropout(FLAT, 2 * FLAT, 0.5), "mask must hold zeros and ones, without the scale"),
        (lambda: dropout(FLAT, FLAT * np.nan, 0.5), "mask must hold zeros and ones"),
        (lambda: dropout([1.0, 2.0], FLAT, 0.5), "layer must be an array, got list"),
        (lambda: thin([[1, 2]], [0], [0]), "matrix must be an array, got list"),
        (lambda: thin(np.ones((2, 2, 2)), [0], [0]), "matrix must have two axes, got shape (2, 2,"),
        (lambda: restore(np.ones((2, 2)), [[1]], [0], [0]), "thinned must be an array, got list"),
        (lambda: gradients(wih=[[1, 2]]), "wih must be an array, got list"),
        (lambda: largest_difference(None, None), "a must be an array of numbers, got None"),
        (lambda: predict(None, X), "network must be Network(...), got None"),
        (lambda: EarlyStopping("n", X, LABELS), "network must be Network(...), got 'n'"),
        (lambda: loss_and_gradient(NETWORK, X, LABELS, gradient=[1]), "gradient must be an array,"),
        (lambda: learn(after_epoch=[EarlyStopping]), "a function in after_epoch must take one arg"),
        (
            lambda: learn(after_epoch=[lambda: 0]),
            "a function in after_epoch must take one argument",
        ),
        (
            lambda: learn(after_epoch=[EarlyStopping(NETWORK, X, LABELS)]),
            "EarlyStopping in after_epoch must look at the network that is trained, got one that",
        ),
    ],
)
def test_what_a_helper_cannot_take_is_refused_by_name(call, message):
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    assert str(caught.value).startswith(message)


def test_the_derivative_of_dropout_wants_the_masks_that_dropout_wants():
    for mask in (np.array([1.0, np.nan]), np.array([0.0, 2.5]), np.array(["1", "0"])):
        with pytest.raises((TypeError, ValueError), match=r"^mask must"):
            dropout_derivative(mask, 0.5)


def test_small_numbers_that_differ_manifold_are_not_called_the_same_across_the_floor():
    said = largest_difference(np.array([1.2e-10]), np.array([1.08e-9]))
    assert said == "no entry is above 1.1e-09: too small to tell"
    assert largest_difference(np.array([1.0, 1e-9]), np.array([1.0, 0.5e-9])) == "below 1e-09"


def test_whole_numbers_that_no_float_tells_apart_are_not_called_the_same():
    said = largest_difference(np.array([2**62]), np.array([2**62 + 1]))
    assert said == "entries are up to 4.6e+18: too large to tell"
    assert largest_difference(np.array([2**62]), np.array([2**62])) == "below 1e-09"


def test_a_jacobian_of_masked_values_of_nothing_and_of_no_function_is_refused():
    x = np.array([1.0, 2.0])
    with pytest.raises(TypeError, match=r"^what f returns must not be a masked array"):
        numerical_jacobian(lambda x: np.ma.array(x, mask=[0, 1]), x)
    with pytest.raises(ValueError, match=r"^x must not be empty"):
        numerical_jacobian(lambda x: x, x[:0])
    with pytest.raises(TypeError, match=r"^f must be a function, got 3"):
        numerical_jacobian(3, x)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: one_hot([[1], [1, 2]]), "labels must have rows of the same length"),
        (lambda: unit_pixels([[1], [1, 2]]), "images must have rows of the same length"),
        (lambda: fixed_count_masks(np.uint8(40), np.uint8(20)), "n_units and n_dropped must have"),
        (lambda: limit_norms(np.array([[3 + 0j, 4j]]), 1.0), "weights must be an array of real"),
        (lambda: limit_norms(np.array([[np.inf, 4.0]]), 1.0), "weights must be finite"),
        (lambda: limit_norms(np.array([[np.nan, 0.1]]), 1.0), "weights must be finite, got nan"),
        (lambda: inverted_mask((np.int8(100),) * 2, 0.5, RNG), "shape must be of int, got np.int8"),
    ],
)
def test_what_numpy_would_refuse_in_its_own_words_is_refused_by_name(call, message):
    with pytest.raises((TypeError, ValueError), match=f"^{message}"):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: softmax_cross_entropy(np.ones((2, 1)), np.array([0, 0])), "two classes at least"),
        (lambda: softmax_jacobian(np.array([3.0, -2.0])), "s must be probabilities, from 0 to 1"),
        (lambda: relu([1.0]), "x must be an array"),
        (lambda: relu(np.array([-28, 1], np.int8), 2), "x must be an array of floating-point"),
        (lambda: relu_derivative(np.array([-1, 1], np.int8), 200), "x must be an array of float"),
        (lambda: relu(np.ones(2), np.ones((2, 1))), "leak must be a number"),
        (lambda: relu_derivative(np.ones(2), True), "leak must be a number, got True"),
    ],
)
def test_what_would_be_silently_another_function_is_refused(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
