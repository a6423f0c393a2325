"""Laws of the thinned network: masked equals sliced, nothing is lost, and it is the article's.

The reference for the training is ``article_b.py``, which writes the article's step out; that for
the class on the page of notebook 05 are the functions in ``helpers.slicing``.
"""

import ast

import article_b
import numpy as np
import pytest
from guards import NOTEBOOKS, Notebook, statements
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import norm

from helpers import slicing
from helpers.gradients import numerical_jacobian
from helpers.slicing import (
    NeuralNetwork,
    active_indices,
    append_bias,
    count_pairs,
    count_right,
    create_weights,
    part_ends,
    restore,
    restore_both,
    run_network,
    squared_error_gradients,
    thin,
    thin_both,
    train_block,
    train_parts,
    train_sample,
)

NAN, INF = float("nan"), float("inf")
N_IN, N_HIDDEN, N_OUT = 6, 5, 3
SEEDS = st.integers(0, 2**32)
with_and_without_bias = pytest.mark.parametrize("bias", [None, 1.0, 0.3])
with_and_without_dropout = pytest.mark.parametrize("active", [(1, 1), (0.7, 0.5)])


def new_network(bias=None, seed=0, **options):
    """A small network; the same seed gives the same weights and the same choice of nodes."""
    rng = np.random.default_rng(seed)
    return NeuralNetwork(N_IN, N_OUT, N_HIDDEN, 0.1, bias, rng=rng, **options)


def samples(n, seed=1):
    """Inputs, one-hot targets of 0.01 and 0.99, and labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(N_OUT, size=n)
    return rng.uniform(0.01, 1, (n, N_IN)), np.where(np.eye(N_OUT)[labels] == 1, 0.99, 0.01), labels


def weights(network):
    return network.wih.copy(), network.who.copy()


def assert_weights(network, expected, atol=1e-12):
    np.testing.assert_allclose(network.wih, expected[0], rtol=0, atol=atol)
    np.testing.assert_allclose(network.who, expected[1], rtol=0, atol=atol)


def kept_mask(n, kept):
    return np.isin(np.arange(n), kept).astype(float)


# ---- choosing nodes -----------------------------------------------------------------------


@given(st.integers(1, 1000), st.integers(1, 100), SEEDS)
def test_active_indices_are_a_sorted_sample_of_the_exact_share(n_nodes, percent, seed):
    n_active = n_nodes * percent // 100
    if n_active == 0:
        with pytest.raises(ValueError, match=rf"must keep .* of {n_nodes} nodes"):
            active_indices(n_nodes, percent / 100, np.random.default_rng(seed))
        return
    kept = active_indices(n_nodes, percent / 100, np.random.default_rng(seed))
    assert len(kept) == n_active
    assert kept == sorted(set(kept)) and set(kept) <= set(range(n_nodes))
    assert kept == active_indices(n_nodes, percent / 100, np.random.default_rng(seed))


def test_every_node_is_kept_equally_often():
    rng = np.random.default_rng(0)
    counts = np.bincount(np.concatenate([active_indices(5, 0.6, rng) for _ in range(3000)]))
    np.testing.assert_allclose(counts / 3000, 0.6, atol=5 * np.sqrt(0.24 / 3000))


@pytest.mark.parametrize("percentage", [0, -0.1, 1.01, 70, NAN])
def test_an_active_percentage_out_of_range_is_refused(percentage):
    with pytest.raises(ValueError, match=rf"^active_percentage must be in \(0, 1\].*{percentage}$"):
        active_indices(10, percentage, np.random.default_rng(0))


# ---- thinned matrices ---------------------------------------------------------------------


@st.composite
def thinnings(draw):
    """A random matrix, and the rows and columns that stay: at least one of each."""
    shape = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    matrix = np.random.default_rng(draw(SEEDS)).normal(size=shape)
    kept = [draw(st.sets(st.integers(0, n - 1), min_size=1)) for n in shape]
    return matrix, sorted(kept[0]), sorted(kept[1])


@given(thinnings())
def test_thin_has_the_entries_where_a_kept_row_and_a_kept_column_cross(thinning):
    matrix, rows, columns = thinning
    thinned = thin(matrix, rows, columns)
    np.testing.assert_array_equal(thinned, matrix[rows][:, columns])
    assert not np.shares_memory(thinned, matrix)


@given(thinnings())
def test_restore_changes_the_trained_entries_and_no_others(thinning):
    matrix, rows, columns = thinning
    before = matrix.copy()
    trained = thin(matrix, rows, columns) + 1
    restored = restore(matrix, trained, rows, columns)
    np.testing.assert_array_equal(thin(restored, rows, columns), trained)
    off = np.ones(matrix.shape, bool)
    off[np.ix_(rows, columns)] = False
    np.testing.assert_array_equal(restored[off], before[off])
    np.testing.assert_array_equal(matrix, before)
    np.testing.assert_array_equal(
        restore(matrix, thin(matrix, rows, columns), rows, columns), before
    )


@pytest.mark.parametrize(("old", "new"), [(2, 0.5), (0.5, 2), (2, 3)])
def test_restore_loses_no_fraction_and_invents_none(old, new):
    restored = restore(np.array([[old, old]]), np.array([[new]]), [0], [1])
    assert restored.tolist() == [[old, new]]
    assert restored.dtype == np.array([old, new]).dtype


@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (4,)])
def test_restore_refuses_entries_that_do_not_fit_the_places(shape):
    with pytest.raises(ValueError, match=r"^thinned must be 2 × 2, got \("):
        restore(np.zeros((3, 3)), np.ones(shape), [0, 1], [1, 2])


def test_targets_of_another_shape_than_the_outputs_are_refused():
    wih, who, inputs = np.ones((4, 3)), np.ones((2, 4)), np.ones((5, 3))
    with pytest.raises(ValueError, match=r"^targets must have shape \(5, 2\), got \(2,\)$"):
        squared_error_gradients(wih, who, inputs, np.ones(2))


@st.composite
def thinned_networks(draw):
    """Random matrices and a batch for them, and the input and hidden nodes that stay."""
    n_in, n_hidden, n_out, n = (draw(st.integers(1, 12)) for _ in range(4))
    rng = np.random.default_rng(draw(SEEDS))
    network = rng.normal(size=(n_hidden, n_in)), rng.normal(size=(n_out, n_hidden))
    batch = rng.random((n, n_in)), rng.random((n, n_out))
    kept = [sorted(draw(st.sets(st.integers(0, k - 1), min_size=1))) for k in (n_in, n_hidden)]
    return network, batch, kept


@given(thinned_networks(), st.booleans())
def test_masked_equals_sliced(thinned_network, scaled):
    (wih, who), (inputs, targets), (active_in, active_hidden) = thinned_network
    n_hidden, n_in = wih.shape
    scales = (n_in / len(active_in), n_hidden / len(active_hidden)) if scaled else (1.0, 1.0)
    masks = kept_mask(n_in, active_in) * scales[0], kept_mask(n_hidden, active_hidden) * scales[1]
    loss, grad_wih, grad_who = squared_error_gradients(wih, who, inputs, targets, *masks)
    outputs = range(len(who))
    thin_loss, thin_grad_wih, thin_grad_who = squared_error_gradients(
        thin(wih, active_hidden, active_in),
        thin(who, outputs, active_hidden),
        inputs[:, active_in],
        targets,
        *scales,
    )
    scattered_wih = restore(np.zeros_like(wih), thin_grad_wih, active_hidden, active_in)
    scattered_who = restore(np.zeros_like(who), thin_grad_who, outputs, active_hidden)
    np.testing.assert_allclose(loss, thin_loss, rtol=0, atol=1e-12)
    np.testing.assert_allclose(grad_wih, scattered_wih, rtol=0, atol=1e-12)
    np.testing.assert_allclose(grad_who, scattered_who, rtol=0, atol=1e-12)


@settings(max_examples=30)
@given(thinned_networks(), SEEDS)
def test_squared_error_gradients_are_the_numerical_ones(thinned_network, seed):
    (wih, who), (inputs, targets), _ = thinned_network
    rng = np.random.default_rng(seed)
    # a mask for each sample, with any factors
    masks = rng.uniform(-1, 2, inputs.shape), rng.uniform(-1, 2, (len(inputs), len(wih)))
    loss, grad_wih, grad_who = squared_error_gradients(wih, who, inputs, targets, *masks)
    output = expit((expit((inputs * masks[0]) @ wih.T) * masks[1]) @ who.T)
    assert loss == pytest.approx(np.sum((output - targets) ** 2) / 2)

    def loss_of_wih(w):
        return squared_error_gradients(w, who, inputs, targets, *masks)[0]

    def loss_of_who(w):
        return squared_error_gradients(wih, w, inputs, targets, *masks)[0]

    for loss_of, at, gradient in ((loss_of_wih, wih, grad_wih), (loss_of_who, who, grad_who)):
        numerical = numerical_jacobian(loss_of, at).reshape(at.shape)
        np.testing.assert_allclose(gradient, numerical, atol=1e-8)


@given(thinned_networks())
def test_without_masks_every_node_counts_as_it_is(thinned_network):
    network, batch, _ = thinned_network
    for plain, masked in zip(
        squared_error_gradients(*network, *batch),
        squared_error_gradients(*network, *batch, 1.0, 1.0),
        strict=True,
    ):
        np.testing.assert_array_equal(plain, masked)


# ---- the functions of notebook 05 ------------------------------------------------------------


@st.composite
def networks_with_active_nodes(draw):
    """``wih``, ``who``, the active inputs and hidden nodes (a bias node is), and the bias."""
    n_in, n_hidden, n_out = (draw(st.integers(1, 12)) for _ in range(3))
    bias = draw(st.sampled_from([None, 1.0, -0.3]))
    rng = np.random.default_rng(draw(SEEDS))
    network = create_weights(n_in, n_hidden, n_out, rng, 0.0, bias_node=1 if bias else 0)
    active = [
        sorted(draw(st.sets(st.integers(0, n - 1), min_size=1))) + [n] * bool(bias)
        for n in (n_in, n_hidden)
    ]
    return *network, *active, bias


@given(networks_with_active_nodes())
def test_restoring_both_is_the_inverse_of_thinning_both(case):
    wih, who, *active, _ = case
    before = wih.copy(), who.copy()
    small = thin_both(wih, who, *active)
    for restored, full in zip(restore_both(wih, who, *small, *active), before, strict=True):
        np.testing.assert_array_equal(restored, full)
    trained = [matrix + 1 for matrix in small]
    restored = restore_both(wih, who, *trained, *active)
    for again, matrix in zip(thin_both(*restored, *active), trained, strict=True):
        np.testing.assert_array_equal(again, matrix)
    n_moved = sum(np.sum(a != b) for a, b in zip(restored, before, strict=True))
    assert n_moved == small[0].size + small[1].size


@given(networks_with_active_nodes(), SEEDS)
def test_a_thinned_step_is_the_step_of_the_transcription(case, seed):
    wih, who, *active, bias = case
    rng = np.random.default_rng(seed)
    small = thin_both(wih, who, *active)
    reference = [matrix.copy() for matrix in small]
    x, target = rng.random(len(active[0]) - bool(bias)), rng.random(len(who))
    train_sample(*small, x, target, 0.3, bias)
    article_b.train_single(*reference, 0.3, x, target, bias)
    for matrix, expected in zip(small, reference, strict=True):
        np.testing.assert_allclose(matrix, expected, rtol=0, atol=1e-14)


@given(st.integers(0, 500), st.integers(1, 60))
def test_the_parts_hold_every_sample_once_and_differ_by_one_at_most(n, parts):
    ends = part_ends(n, parts)
    sizes = np.diff(ends)
    assert ends[0] == 0 and ends[-1] == n and len(sizes) == parts
    assert sizes.max() - sizes.min() <= 1


@with_and_without_bias
@given(SEEDS)
def test_the_fast_steps_are_the_plain_ones(bias, seed):
    rng = np.random.default_rng(seed)
    plain = create_weights(N_IN, N_HIDDEN, N_OUT, rng, 0.0, bias_node=0 if bias is None else 1)
    fast = [matrix.copy() for matrix in plain]
    inputs, targets, _ = samples(40, seed)
    for x, target in zip(inputs, targets, strict=True):
        train_sample(*plain, x, target, 0.1, bias)
    train_block(*fast, append_bias(inputs, bias), targets, 0.1, bias)
    for matrix, expected in zip(fast, plain, strict=True):
        np.testing.assert_allclose(matrix, expected, rtol=0, atol=1e-12)


@with_and_without_bias
@pytest.mark.parametrize("active", [1.0, 0.7])
def test_the_class_takes_the_steps_of_the_plain_functions(active, bias):
    inputs, targets, _ = samples(90)
    network, rng = new_network(bias, seed=7), np.random.default_rng(7)
    plain = create_weights(N_IN, N_HIDDEN, N_OUT, rng, bias_node=0 if bias is None else 1)
    np.testing.assert_array_equal(network.wih, plain[0])
    for _ in range(2):
        plain = train_parts(*plain, inputs, targets, 4, active, 0.1, rng, bias)
    network.train(inputs, targets, 2, active, active, 4, verbose=False)
    assert_weights(network, plain, atol=1e-12)


def test_an_epoch_leaves_the_matrices_it_is_given_alone():
    inputs, targets, _ = samples(10)
    plain = create_weights(N_IN, N_HIDDEN, N_OUT, np.random.default_rng(0))
    before = [matrix.copy() for matrix in plain]
    train_parts(*plain, inputs, targets, 3, 1.0, 0.1, np.random.default_rng(0))
    for matrix, expected in zip(plain, before, strict=True):
        np.testing.assert_array_equal(matrix, expected)


@given(st.integers(1, 30), SEEDS)
def test_the_pairs_add_up_to_what_is_right(n, seed):
    rng = np.random.default_rng(seed)
    outputs, labels = rng.random((n, N_OUT)), rng.integers(N_OUT, size=n)
    corrects, wrongs = count_right(outputs, labels)
    pairs = count_pairs(outputs, labels[:, np.newaxis])
    assert corrects == sum(outputs[k].argmax() == labels[k] for k in range(n))
    assert sum(pairs.values()) == corrects + wrongs == n
    assert sum(k for (target, predicted), k in pairs.items() if target == predicted) == corrects


def class_on_the_page():
    """The ``NeuralNetwork`` that notebook 05 writes out, with the functions it calls."""
    (path,) = [path for path in NOTEBOOKS if path.stem.startswith("05_")]
    names, kinds = {}, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    for cell in Notebook.read(path).code_cells:
        body = [node for node in statements(cell) if isinstance(node, kinds)]
        exec(compile(ast.Module(body, []), path.stem, "exec"), names)
    return names["NeuralNetwork"]


@with_and_without_dropout
def test_the_class_on_the_page_is_its_functions_to_the_last_bit(active, capsys):
    inputs, targets, labels = samples(60)
    page, rng = class_on_the_page()(N_IN, N_OUT, N_HIDDEN, 0.1, rng=5), np.random.default_rng(5)
    wih, who = create_weights(N_IN, N_HIDDEN, N_OUT, rng)
    page.train(inputs, targets, 2, *active, no_of_dropout_tests=7)
    for _ in range(2):
        ends = part_ends(60, 7)
        for k in range(7):
            kept = [
                active_indices(n, share, rng)
                for n, share in zip((N_IN, N_HIDDEN), active, strict=True)
            ]
            small = thin_both(wih, who, *kept)
            for i in range(ends[k], ends[k + 1]):
                train_sample(*small, inputs[i][kept[0]], targets[i], 0.1)
            wih, who = restore_both(wih, who, *small, *kept)
    np.testing.assert_array_equal(page.wih, wih)
    np.testing.assert_array_equal(page.who, who)
    assert page.evaluate(inputs, labels) == count_right(run_network(wih, who, inputs), labels)
    assert capsys.readouterr().out == "epoch:  0\nepoch:  1\n"


@with_and_without_bias
def test_the_class_on_the_page_is_that_of_the_helpers_up_to_rounding(bias, capsys):
    inputs, targets, labels = samples(60)
    page = class_on_the_page()(N_IN, N_OUT, N_HIDDEN, 0.1, bias, rng=5)
    helper = NeuralNetwork(N_IN, N_OUT, N_HIDDEN, 0.1, bias, rng=5)
    for network in (page, helper):
        network.train(inputs, targets, 2, 0.7, 0.5, 7)
    assert_weights(helper, weights(page))
    np.testing.assert_allclose(page.run(inputs[0]), helper.run(inputs[0]), atol=1e-12)
    assert page.confusion_matrix(inputs, labels) == helper.confusion_matrix(inputs, labels)
    assert capsys.readouterr().out == 2 * "epoch:  0\nepoch:  1\n"  # each network its own


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


# ---- training -----------------------------------------------------------------------------


@with_and_without_bias
@with_and_without_dropout
def test_training_equals_the_article_s(bias, active):
    epochs, parts = 2, 4
    inputs, targets, _ = samples(300)
    network, transcription = new_network(bias), new_network(bias)
    network.train(inputs, targets, epochs, *active, parts, verbose=False)
    for _ in range(epochs):
        for part in np.split(np.arange(300), parts):
            kept, hidden = transcription.dropout_weight_matrices(*active)
            for k in part:
                article_b.train_single(
                    transcription.wih, transcription.who, 0.1, inputs[k, kept], targets[k], bias
                )
            transcription.weight_matrices_reset(kept, hidden)
    assert_weights(network, weights(transcription), atol=1e-9)


@with_and_without_bias
@pytest.mark.parametrize("options", [{}, {"true_gradient": True, "rescale": True}])
def test_training_is_the_same_step_for_each_sample_in_turn(bias, options):
    inputs, targets, _ = samples(70)
    network, one_by_one = new_network(bias, **options), new_network(bias, **options)
    network.train(inputs, targets, 1, 0.7, 0.5, 1, verbose=False)
    active = one_by_one.dropout_weight_matrices(0.7, 0.5)
    for x, target in zip(inputs, targets, strict=True):
        one_by_one.train_single(x[active[0]], target)
    one_by_one.weight_matrices_reset(*active)
    assert_weights(network, weights(one_by_one))


@given(st.integers(1, 30), st.data())
def test_any_number_of_parts_uses_every_sample_once_an_epoch(n, data):
    # with all nodes active a part more or less makes no difference
    inputs, targets, _ = samples(n)
    parts = data.draw(st.integers(1, n))
    network, one_by_one = new_network(), new_network()
    network.train(inputs, targets, 2, 1, 1, parts, verbose=False)
    for x, target in [*zip(inputs, targets, strict=True)] * 2:
        one_by_one.train_single(x, target)
    assert_weights(network, weights(one_by_one))


@given(st.integers(1, 150), st.data())
def test_the_parts_are_of_nearly_equal_size_and_each_has_a_thinned_network_of_its_own(n, data):
    parts = data.draw(st.integers(1, n))
    network, sizes = new_network(), []
    thinning, steps = network.dropout_weight_matrices, network._steps

    def thin_and_count(*active):
        assert active == (0.7, 0.5)
        sizes.append(0)
        return thinning(*active)

    def count(x, targets):
        sizes[-1] += len(x)
        steps(x, targets)

    network.dropout_weight_matrices, network._steps = thin_and_count, count
    inputs, targets, _ = samples(n)
    network.train(inputs, targets, 2, 0.7, 0.5, parts, verbose=False)
    assert len(sizes) == 2 * parts
    assert sum(sizes) == 2 * n
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("block", [1, 7, 1000])
@pytest.mark.parametrize("options", [{}, {"true_gradient": True, "rescale": True}])
def test_the_size_of_a_block_changes_the_speed_only(monkeypatch, block, options):
    inputs, targets, _ = samples(200)
    networks = [new_network(0.5, **options) for _ in range(2)]
    networks[0].train(inputs, targets, 1, 0.7, 0.5, 3, verbose=False)
    monkeypatch.setattr(slicing, "BLOCK", block)
    networks[1].train(inputs, targets, 1, 0.7, 0.5, 3, verbose=False)
    assert_weights(networks[0], weights(networks[1]))


def test_training_trains_ten_parts_of_seventy_percent_for_one_epoch_if_nothing_else_is_said():
    inputs, targets, _ = samples(50)
    plain, explicit = new_network(), new_network()
    plain.train(inputs, targets)
    explicit.train(
        inputs,
        targets,
        epochs=1,
        active_input_percentage=0.70,
        active_hidden_percentage=0.70,
        no_of_dropout_tests=10,
    )
    assert_weights(plain, weights(explicit), atol=0)


def test_training_prints_its_epochs_unless_told_not_to(capsys):
    inputs, targets, _ = samples(10)
    new_network().train(inputs, targets, epochs=2)
    assert capsys.readouterr().out == "epoch:  0\nepoch:  1\n"
    new_network().train(inputs, targets, verbose=False)
    assert capsys.readouterr().out == ""


def test_training_reduces_the_loss_and_leaves_the_data_alone():
    network = new_network()
    inputs, targets, _ = samples(50)
    copies = inputs.copy(), targets.copy()
    before = squared_error_gradients(*weights(network), inputs, targets)[0]
    network.train(inputs, targets, 50, 1, 1, 5, verbose=False)
    assert squared_error_gradients(*weights(network), inputs, targets)[0] < 0.9 * before
    np.testing.assert_array_equal(inputs, copies[0])
    np.testing.assert_array_equal(targets, copies[1])


@pytest.mark.parametrize("failure", [KeyboardInterrupt, MemoryError, FloatingPointError])
@pytest.mark.parametrize("done", [0, 1, 30, 75, 99])
def test_what_was_learned_before_a_failure_is_kept(monkeypatch, failure, done):
    inputs, targets, _ = samples(100)
    network, until_then = new_network(1.0), new_network(1.0)
    calls = iter(range(2 * done))  # each sample needs the sigmoid twice

    def failing_sigmoid(z):
        if next(calls, None) is None:
            raise failure
        return expit(z)

    with monkeypatch.context() as patch:
        patch.setattr(slicing, "sigmoid", failing_sigmoid)
        with pytest.raises(failure):
            network.train(inputs, targets, 1, 0.5, 0.4, 2, verbose=False)
    for part in (range(50), range(50, 100))[: done // 50 + 1]:
        active = until_then.dropout_weight_matrices(0.5, 0.4)
        for k in part:
            if k < done:
                until_then.train_single(inputs[k, active[0]], targets[k])
        until_then.weight_matrices_reset(*active)
    assert_weights(network, weights(until_then))
    network.train(inputs, targets, verbose=False)


# ---- using a network ----------------------------------------------------------------------


@with_and_without_bias
@pytest.mark.parametrize("rescale", [False, True])
def test_a_run_is_a_forward_pass_with_all_nodes_and_no_rescaling(bias, rescale):
    network = new_network(bias, rescale=rescale)
    inputs, targets, _ = samples(20)
    network.train(inputs, targets, 1, 0.5, 0.4, 4, verbose=False)
    bias_node = [] if bias is None else [bias]
    expected = [
        expit(network.who @ [*expit(network.wih @ [*x, *bias_node]), *bias_node]) for x in inputs
    ]
    np.testing.assert_allclose(network.predict(inputs), expected, rtol=1e-12)
    for shape in ((N_IN,), (N_IN, 1)):
        output = network.run(inputs[0].reshape(shape))
        assert output.shape == (N_OUT, 1)
        np.testing.assert_allclose(output[:, 0], expected[0], rtol=1e-12)


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_evaluation_counts_what_single_runs_give(shape):
    network = new_network(init_mean=0.0)
    inputs, _, labels = samples(60)
    pairs = [(label, int(network.run(x).argmax())) for x, label in zip(inputs, labels, strict=True)]
    corrects = sum(label == predicted for label, predicted in pairs)
    assert 0 < corrects < 60
    assert network.evaluate(inputs, labels.reshape(shape)) == (corrects, 60 - corrects)
    assert network.confusion_matrix(inputs, labels.reshape(shape)) == {
        pair: pairs.count(pair) for pair in sorted(set(pairs))
    }


def test_the_driver_cells_of_the_article_run(capsys):
    train_imgs, train_labels_one_hot, train_labels = samples(40)
    test_imgs, _, test_labels = samples(12, seed=2)
    test_labels = test_labels.reshape(-1, 1)
    simple_network = NeuralNetwork(
        no_of_in_nodes=N_IN, no_of_out_nodes=N_OUT, no_of_hidden_nodes=N_HIDDEN, learning_rate=0.1
    )
    simple_network.train(
        train_imgs,
        train_labels_one_hot,
        active_input_percentage=1,
        active_hidden_percentage=1,
        no_of_dropout_tests=7,
        epochs=3,
    )
    assert capsys.readouterr().out == "epoch:  0\nepoch:  1\nepoch:  2\n"
    corrects, wrongs = simple_network.evaluate(train_imgs, train_labels)
    assert 0 <= corrects / (corrects + wrongs) <= 1 and corrects + wrongs == 40
    corrects, wrongs = simple_network.evaluate(test_imgs, test_labels)
    assert corrects + wrongs == 12
    counts = simple_network.confusion_matrix(test_imgs, test_labels)
    assert sum(counts.values()) == 12
    assert sum(n for (target, predicted), n in counts.items() if target == predicted) == corrects


# ---- bad input ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "value", "error", "message"),
    [
        ("no_of_in_nodes", 0, ValueError, "at least 1, got 0"),
        ("no_of_out_nodes", -1, ValueError, "at least 1, got -1"),
        ("no_of_hidden_nodes", 2.5, TypeError, "a whole number, got 2.5"),
        ("learning_rate", 0, ValueError, "positive, got 0"),
        ("learning_rate", -0.1, ValueError, "positive, got -0.1"),
        ("learning_rate", INF, ValueError, "finite, got inf"),
        ("learning_rate", NAN, ValueError, "finite, got nan"),
        ("learning_rate", None, TypeError, "a number, got None"),
        ("bias", NAN, ValueError, "finite, got nan"),
        ("bias", "1", TypeError, "a number, got '1'"),
        ("init_mean", INF, ValueError, "finite, got inf"),
    ],
)
def test_a_network_that_cannot_be_is_refused(argument, value, error, message):
    arguments = {
        "no_of_in_nodes": 3,
        "no_of_out_nodes": 2,
        "no_of_hidden_nodes": 4,
        "learning_rate": 0.1,
    }
    with pytest.raises(error, match=rf"^{argument} must be {message}$"):
        NeuralNetwork(**arguments | {argument: value})


INPUTS, TARGETS, LABELS = samples(8)
WITH_NAN, WITH_INF = INPUTS.copy(), TARGETS.copy()
WITH_NAN[5, 2], WITH_INF[7, 0] = NAN, INF


def train(network, data=INPUTS, targets=TARGETS, **settings):
    network.train(data, targets, **{"no_of_dropout_tests": 2, "verbose": False} | settings)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        pytest.param(call, error, message, id=message)
        for call, error, message in [
            *(
                (
                    lambda net, name=name, value=value: train(net, **{name: value}),
                    ValueError,
                    rf"{name} must be (in \(0, 1\], .*;|finite,) got {value}",
                )
                for name in ("active_input_percentage", "active_hidden_percentage")
                for value in (0.0, -0.1, 1.1, NAN)
            ),
            (
                lambda net: train(net, active_input_percentage="70 %"),
                TypeError,
                "active_input_percentage must be a number, got '70 %'",
            ),
            (
                lambda net: train(net, active_input_percentage=0.1),
                ValueError,
                "active_input_percentage must keep .* of 6 nodes, got 0.1",
            ),
            (
                lambda net: train(net, active_hidden_percentage=0.19),
                ValueError,
                "active_hidden_percentage must keep .* of 5 nodes, got 0.19",
            ),
            (
                lambda net: train(net, INPUTS[:, :4]),
                ValueError,
                r"data_array must have shape \(any, 6\), got \(8, 4\)",
            ),
            (
                lambda net: train(net, INPUTS[0]),
                ValueError,
                r"data_array must have shape \(any, 6\), got \(6,\)",
            ),
            (
                lambda net: train(net, INPUTS[:0], TARGETS[:0]),
                ValueError,
                r"data_array must not be empty, got shape \(0, 6\)",
            ),
            (
                lambda net: train(net, WITH_NAN),
                ValueError,
                r"data_array must be finite, got nan at index \(5, 2\)",
            ),
            (
                lambda net: train(net, targets=TARGETS[:, :2]),
                ValueError,
                r"labels_one_hot_array must have shape \(any, 3\), got \(8, 2\)",
            ),
            (
                lambda net: train(net, targets=LABELS),
                ValueError,
                r"labels_one_hot_array must have shape \(any, 3\), got \(8,\)",
            ),
            (
                lambda net: train(net, targets=WITH_INF),
                ValueError,
                r"labels_one_hot_array must be finite, got inf at index \(7, 0\)",
            ),
            (
                lambda net: train(net, targets=TARGETS[:6]),
                ValueError,
                "data_array and labels_one_hot_array must have .* rows, got 8 and 6",
            ),
            (
                lambda net: train(net, no_of_dropout_tests=9),
                ValueError,
                "no_of_dropout_tests must be from 1 to 8, got 9",
            ),
            (
                lambda net: train(net, no_of_dropout_tests=0),
                ValueError,
                "no_of_dropout_tests must be from 1 to 8, got 0",
            ),
            (
                lambda net: train(net, no_of_dropout_tests=2.5),
                TypeError,
                "no_of_dropout_tests must be a whole number, got 2.5",
            ),
            (lambda net: train(net, epochs=0), ValueError, "epochs must be at least 1, got 0"),
            (
                lambda net: net.train_single(INPUTS[0, :4], TARGETS[0]),
                ValueError,
                r"input_vector must have shape \(6,\), got \(4,\)",
            ),
            (
                lambda net: net.train_single(WITH_NAN[5], TARGETS[0]),
                ValueError,
                r"input_vector must be finite, got nan at index \(2,\)",
            ),
            (
                lambda net: net.train_single(INPUTS[0], TARGETS[0, :2]),
                ValueError,
                r"target_vector must have shape \(3,\), got \(2,\)",
            ),
            (
                lambda net: net.run(INPUTS[0, :4]),
                ValueError,
                r"input_vector must have shape \(6,\), got \(4,\)",
            ),
            (
                lambda net: net.predict(WITH_NAN),
                ValueError,
                r"data must be finite, got nan at index \(5, 2\)",
            ),
            (
                lambda net: net.evaluate(INPUTS, LABELS[:5]),
                ValueError,
                "data and labels must have .* rows, got 8 and 5",
            ),
            (
                lambda net: net.evaluate(INPUTS, TARGETS),
                ValueError,
                r"labels must have shape \(n,\) or \(n, 1\), got \(8, 3\)",
            ),
            (
                lambda net: net.evaluate(INPUTS, [*LABELS[:7], 3]),
                ValueError,
                "labels must be whole numbers from 0 to 2, got 3 at index 7",
            ),
            (
                lambda net: net.confusion_matrix(INPUTS, [-1, *LABELS[1:]]),
                ValueError,
                "labels must be whole numbers from 0 to 2, got -1 at index 0",
            ),
            (
                lambda net: net.dropout_weight_matrices(active_hidden_percentage=2.0),
                ValueError,
                r"active_hidden_percentage must be in \(0, 1\], .*; got 2.0",
            ),
        ]
    ],
)
def test_bad_input_is_refused_and_changes_nothing(call, error, message):
    network = new_network()
    before = weights(network)
    with pytest.raises(error, match=f"^{message}$"):
        call(network)
    assert_weights(network, before, atol=0)
    # not even a random number was drawn
    untouched = new_network()
    train(network)
    train(untouched)
    assert_weights(network, weights(untouched), atol=0)
