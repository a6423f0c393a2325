"""Article B's class: its weights, how it is thinned, and one step."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm
from small_network import N_HIDDEN, N_IN, N_OUT, assert_weights, new_network, samples, weights
from test_slicing import kept_mask

from helpers.article_b import NeuralNetwork
from helpers.gradients import numerical_jacobian
from helpers.slicing import squared_error_gradients

with_and_without_bias = pytest.mark.parametrize("bias", [None, 1.0, 0.3])
with_and_without_dropout = pytest.mark.parametrize("active", [(1, 1), (0.7, 0.5)])


# ---- the weights to start with ------------------------------------------------------------


@with_and_without_bias
def test_a_bias_is_one_more_column(bias):
    network, more = new_network(bias), bias is not None
    assert network.wih.shape == (N_HIDDEN, N_IN + more)
    assert network.who.shape == (N_OUT, N_HIDDEN + more)


@pytest.mark.parametrize("bias", [None, 0, 0.0, False, np.float64(0)])
def test_no_bias_can_be_said_as_the_article_says_it(bias):
    network = new_network(bias)
    assert network.bias is None
    assert_weights(network, weights(new_network()), atol=0)


def test_true_is_a_bias_of_one():
    inputs, targets, _ = samples(10)
    networks = [new_network(bias) for bias in (True, 1)]
    for network in networks:
        network.train(inputs, targets, verbose=False)
    assert networks[0].bias == 1.0
    assert_weights(networks[0], weights(networks[1]), atol=0)


@pytest.mark.parametrize("init_mean", [2.0, 0.0, -1.0])
def test_initial_weights_are_a_truncated_normal_distribution(init_mean):
    network = NeuralNetwork(300, 80, 250, 0.1, rng=np.random.default_rng(3), init_mean=init_mean)
    low, high = norm.cdf([-0.5, 0.5], init_mean)
    for matrix in (network.wih, network.who):
        assert np.abs(matrix).max() <= 0.5
        for at in (-0.25, 0.0, 0.25):
            share = (norm.cdf(at, init_mean) - low) / (high - low)
            five_sigma = 5 * np.sqrt(share * (1 - share) / matrix.size)
            assert np.mean(matrix < at) == pytest.approx(share, abs=five_sigma)


def test_the_articles_initial_weights_are_mostly_positive():
    wih = NeuralNetwork(784, 10, 100, 0.1, rng=np.random.default_rng(0)).wih
    assert np.mean(wih > 0) == pytest.approx(0.73, abs=0.01)
    assert wih.mean() == pytest.approx(0.15, abs=0.01)


def test_a_seed_makes_the_weights_and_no_seed_makes_them_different():
    np.testing.assert_array_equal(new_network(seed=4).wih, new_network(seed=4).wih)
    by_number = NeuralNetwork(N_IN, N_OUT, N_HIDDEN, 0.1, rng=4)
    np.testing.assert_array_equal(new_network(seed=4).wih, by_number.wih)
    without_seed = [NeuralNetwork(N_IN, N_OUT, N_HIDDEN, 0.1).wih for _ in range(2)]
    assert (without_seed[0] != without_seed[1]).all()


def test_weights_can_be_drawn_anew_even_while_thinned():
    network = new_network(rescale=True)
    first = weights(network)
    network.dropout_weight_matrices(0.5, 0.5)
    network.create_weight_matrices()
    assert network.wih.shape == first[0].shape and (network.wih != first[0]).all()
    fresh = new_network(rescale=True)
    fresh.wih, fresh.who = weights(network)
    inputs, targets, _ = samples(1)
    network.train_single(inputs[0], targets[0])
    fresh.train_single(inputs[0], targets[0])
    assert_weights(network, weights(fresh))


# ---- thinning a network -------------------------------------------------------------------


@with_and_without_bias
def test_thinning_cuts_the_matrices_and_the_reset_puts_them_back(bias):
    network = new_network(bias)
    before = weights(network)
    inputs, hidden = network.dropout_weight_matrices(0.5, 0.4)
    assert (len(inputs), len(hidden)) == (3, 2)
    columns = [*inputs, N_IN] if bias is not None else inputs
    np.testing.assert_array_equal(network.wih, before[0][hidden][:, columns])
    columns = [*hidden, N_HIDDEN] if bias is not None else hidden
    np.testing.assert_array_equal(network.who, before[1][:, columns])
    network.weight_matrices_reset(inputs, hidden)
    assert_weights(network, before, atol=0)


def test_thinning_keeps_seventy_percent_if_nothing_else_is_said():
    inputs, hidden = NeuralNetwork(100, 2, 50, 0.1).dropout_weight_matrices()
    assert (len(inputs), len(hidden)) == (70, 35)


def test_a_thinned_network_is_neither_thinned_again_nor_run():
    network = new_network()
    active = network.dropout_weight_matrices(0.5, 0.5)
    thinned = weights(network)
    inputs, targets, labels = samples(3)
    for forbidden in (
        lambda: network.dropout_weight_matrices(0.5, 0.5),
        lambda: network.train(inputs, targets, no_of_dropout_tests=1, verbose=False),
        lambda: network.run(inputs[0]),
        lambda: network.predict(inputs),
        lambda: network.evaluate(inputs, labels),
    ):
        with pytest.raises(
            RuntimeError, match=r"^the network is thinned.*: call weight_matrices_reset first$"
        ):
            forbidden()
        assert_weights(network, thinned, atol=0)
    network.weight_matrices_reset(*active)
    with pytest.raises(
        RuntimeError, match=r"^the network is not thinned: call dropout_weight_matrices first$"
    ):
        network.weight_matrices_reset(*active)


@pytest.mark.parametrize(
    "other",
    [
        lambda inputs, hidden: (inputs[1:], hidden),
        lambda inputs, hidden: (inputs, [*hidden, 0]),
        lambda inputs, hidden: (hidden, inputs),
        lambda inputs, hidden: ([k + N_IN for k in inputs], hidden),
        lambda inputs, hidden: (inputs, [k - N_HIDDEN for k in hidden]),
        lambda inputs, hidden: (inputs[::-1], hidden),
    ],
    ids=["fewer", "more", "swapped", "too large", "negative", "in another order"],
)
def test_a_reset_with_other_nodes_than_the_thinned_ones_is_refused(other):
    network = new_network()
    before = weights(network)
    active = network.dropout_weight_matrices(0.5, 0.6)
    with pytest.raises(
        ValueError, match=r"^active_input_indices and .* the 3 and 3 .*returned, got"
    ):
        network.weight_matrices_reset(*other(*active))
    network.weight_matrices_reset(*map(np.array, active))
    assert_weights(network, before, atol=0)


# ---- one step -----------------------------------------------------------------------------


def loss(wih, who, x, target, bias, input_mask, hidden_mask):
    """½ Σ (output − target)² of one sample, with masks; nothing masks or scales the bias."""
    bias_node = [] if bias is None else [bias]
    hidden = expit(wih @ [*x * input_mask, *bias_node]) * hidden_mask
    return np.sum((expit(who @ [*hidden, *bias_node]) - target) ** 2) / 2


@with_and_without_bias
@with_and_without_dropout
@pytest.mark.parametrize("rescale", [False, True])
@pytest.mark.parametrize("true_gradient", [False, True])
def test_a_step_follows_the_gradient_of_the_masked_network(bias, active, rescale, true_gradient):
    network = new_network(bias, rescale=rescale, true_gradient=true_gradient)
    wih, who = weights(network)
    (x,), (target,), _ = samples(1)
    inputs, hidden = network.dropout_weight_matrices(*active)
    network.train_single(x[inputs], target)
    network.weight_matrices_reset(inputs, hidden)
    masks = kept_mask(N_IN, inputs), kept_mask(N_HIDDEN, hidden)
    if rescale:
        masks = masks[0] * N_IN / len(inputs), masks[1] * N_HIDDEN / len(hidden)
    grad_wih = numerical_jacobian(lambda w: loss(w, who, x, target, bias, *masks), wih)
    grad_who = numerical_jacobian(lambda w: loss(wih, w, x, target, bias, *masks), who)
    # the step for who is the gradient under the article's rule too, the one for wih is not
    np.testing.assert_allclose(network.who - who, -0.1 * grad_who.reshape(who.shape), atol=1e-9)
    follows = np.allclose(network.wih - wih, -0.1 * grad_wih.reshape(wih.shape), rtol=0, atol=1e-9)
    assert follows == true_gradient


def test_true_gradient_takes_the_gradient_that_squared_error_gradients_gives():
    network = new_network(true_gradient=True)
    before = weights(network)
    inputs, targets, _ = samples(1)
    _, grad_wih, grad_who = squared_error_gradients(*before, inputs, targets)
    network.train_single(inputs[0], targets[0])
    assert_weights(network, (before[0] - 0.1 * grad_wih, before[1] - 0.1 * grad_who))


@with_and_without_bias
def test_a_single_step_is_training_with_one_sample_given_as_row_or_column(bias):
    inputs, targets, _ = samples(1)
    trained = new_network(bias)
    trained.train(inputs, targets, 1, 1, 1, 1, verbose=False)
    for shape in ((-1,), (-1, 1), (1, -1)):
        network = new_network(bias)
        network.train_single(inputs.reshape(shape), targets.reshape(shape))
        assert_weights(network, weights(trained))
