"""What the functions of a network refuse, and how they say so."""

import copy

import numpy as np
import pytest
from test_network import new_network

from helpers.network import Network, error_rate, forward, loss_and_gradient, predict
from helpers.sub_networks import add_restored, thin_network
from helpers.training import Settings, train

RNG = np.random.default_rng(0)
NETWORK = new_network([3, 4, 2], 0)
X = np.ones((5, 3))
LABELS = np.zeros(5, int)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (np.ones((5, 4)), ValueError, r"x must have shape \(n_samples, 3\) .*, got \(5, 4\)"),
        (np.ones(3), ValueError, r"x must have shape \(n_samples, 3\) .*, got \(3,\)"),
        (np.ones((0, 3)), ValueError, r"x must have .* with a sample at least, got \(0, 3\)"),
        (np.ones((5, 3), np.uint8), TypeError, r"x must be floating-point .* scaled; got uint8"),
        ([["a", "b", "c"]], TypeError, r"x must be floating-point numbers.*; got <U1"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(x, error, message):
    for refuse in (
        lambda: forward(NETWORK, x),
        lambda: loss_and_gradient(NETWORK, x, LABELS),
        lambda: predict(NETWORK, x),
        lambda: error_rate(NETWORK, x, LABELS),
    ):
        with pytest.raises(error, match=f"^{message}$"):
            refuse()


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ([], "masks must hold 2, for the input and each hidden layer; got 0"),
        ([None, None, None], "masks must hold 2, .*; got 3"),
        ([np.ones((5, 1)), None], r"masks\[0\] must be a .*\(3,\) or \(5, 3\), got \(5, 1\)"),
        ([None, np.ones((5, 1))], r"masks\[1\] must be a .*\(4,\) or \(5, 4\), got \(5, 1\)"),
        ([None, np.ones((4, 4))], r"masks\[1\] must be .*\(4,\) or \(5, 4\), got \(4, 4\)"),
        ([None, np.ones(5)], r"masks\[1\] must be .*\(4,\) or \(5, 4\), got \(5,\)"),
        ([np.ones(4), None], r"masks\[0\] must be .*\(3,\) or \(5, 3\), got \(4,\)"),
    ],
)
def test_masks_that_do_not_fit_are_refused(masks, message):
    for refuse in (
        lambda: forward(NETWORK, X, masks),
        lambda: loss_and_gradient(NETWORK, X, LABELS, masks),
        lambda: predict(NETWORK, X, masks),
        lambda: predict(NETWORK, X, masks, chunk=1),
    ):
        with pytest.raises(ValueError, match=f"^{message}$"):
            refuse()


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0, 1, 2, 0, 0], ValueError, "labels must be whole numbers from 0 to 1, got 2 at index 2"),
        ([0, 1], ValueError, "x and labels must have the same number of rows, got 5 and 2"),
        (np.eye(2)[LABELS], ValueError, r"labels must have shape \(n,\) or \(n, 1\), got \(5, 2\)"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, error, message):
    for refuse in (
        lambda: loss_and_gradient(NETWORK, X, labels),
        lambda: error_rate(NETWORK, X, labels),
    ):
        with pytest.raises(error, match=f"^{message}$"):
            refuse()


@pytest.mark.parametrize(("chunk", "error"), [(0, ValueError), (-1, ValueError), (2.0, TypeError)])
def test_a_chunk_has_a_sample_at_least(chunk, error):
    with pytest.raises(error, match=rf"^chunk must be .*got {chunk}$"):
        predict(NETWORK, X, chunk=chunk)


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_an_error_rate_of_what_is_not_finite_is_none(value):
    broken = X.copy()
    broken[1] = value
    with pytest.raises(ValueError, match=r"^x must be finite$"):
        error_rate(NETWORK, broken, LABELS)
    network = Network([3, 4, 2], RNG)
    network.biases[0][0] = value
    with pytest.raises(ValueError, match=r"^the network's parameters must be finite$"):
        error_rate(network, X, LABELS)


def test_an_error_rate_of_predictions_that_overflow_is_none():
    network = Network([3, 4, 2], RNG)
    network.parameters[:] = 1e30
    with pytest.raises(ValueError, match=r"too large: a prediction is nan$"):
        error_rate(network, X * 1e10, LABELS)


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


def test_weights_are_changed_in_place_or_not_at_all():
    network = Network([3, 4, 2], RNG)
    network.weights[0] -= 1
    network.parameters *= 0.5
    before = network.parameters.copy()
    for name in ("parameters", "weights", "biases"):
        with pytest.raises(AttributeError, match=rf"^network\.{name} must stay; what is in it is"):
            setattr(network, name, getattr(network, name)[:])
    for other in (network.weights[1].copy(), network.weights[1].T):  # of the same memory
        network.weights[1] = other
        for call in (
            lambda: predict(network, X),
            lambda: forward(network, X),
            lambda: loss_and_gradient(network, X, LABELS),
            lambda: train(network, X, LABELS, Settings(epochs=1), RNG),
        ):
            with pytest.raises(ValueError, match=r"^network\.weights\[1\] must be the view into"):
                call()
    np.testing.assert_array_equal(network.parameters, before)
    network.weights.pop()
    with pytest.raises(ValueError, match=r"^network\.weights must hold 2 arrays, got 1"):
        predict(network, X)


@pytest.mark.parametrize("sizes", [{3, 2}, {3: 1, 2: 2}, 3])
def test_sizes_have_an_order(sizes):
    with pytest.raises(ValueError, match=r"^sizes must list an input and an output layer"):
        Network(sizes, RNG)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": np.array([1.0, 0.0])}, "scale must be a number"),
        ({"scale": float("nan")}, "scale must be finite"),
        ({"gradient": np.broadcast_to(np.float32(0), 26)}, "gradient must be writeable"),
    ],
)
def test_what_no_gradient_can_be_made_of_or_written_into_is_refused(options, message):
    with pytest.raises((TypeError, ValueError), match=f"^{message}"):
        loss_and_gradient(Network([3, 4, 2], RNG), X, LABELS, **options)


def test_a_gradient_is_not_written_over_the_parameters():
    network = Network([3, 4, 2], RNG)
    with pytest.raises(ValueError, match=r"^gradient must be an array of its own, got the param"):
        loss_and_gradient(network, X, LABELS, gradient=network.parameters)


def test_a_copy_of_a_network_has_parameters_of_its_own():
    before, other = NETWORK.parameters.copy(), copy.copy(NETWORK)
    other.weights[0][...] = 1
    assert other.parameters[0] == 1
    np.testing.assert_array_equal(NETWORK.parameters, before)


def test_the_accuracy_of_predictions_that_are_none_is_none():
    loss, accuracy, _ = loss_and_gradient(NETWORK, X * np.nan, LABELS)
    assert np.isnan(loss) and np.isnan(accuracy)


def test_what_is_added_to_a_gradient_has_its_shape():
    active = [np.arange(3), np.arange(2)]
    sub = thin_network(NETWORK, active)
    total, part = np.zeros_like(NETWORK.parameters), np.zeros_like(sub.parameters)
    for sizes in ((total[1:], part), (total, np.append(part, 0))):
        with pytest.raises(ValueError, match=r"must have the same shape, got"):
            add_restored(*sizes, NETWORK, sub, active)
    with pytest.raises(TypeError, match=r"^active\[1\] must not be a masked array"):
        thin_network(NETWORK, [active[0], np.ma.masked_array([0, 1], [0, 1])])


def test_numpy_may_be_told_to_raise_for_what_is_too_small():
    with np.errstate(all="raise"):
        history = train(new_network([3, 4, 2], 0), X, LABELS, Settings(epochs=1), RNG)
    assert len(history.loss) == 1
