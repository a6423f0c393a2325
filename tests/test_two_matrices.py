"""Laws of the network of two matrices, whose reference is the page of notebook 05.

The page's own reference is ``article_b.py``, which writes the article's step out.
"""

import article_b
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_network import N_HIDDEN, N_IN, N_OUT, assert_weights, new_network, page, samples, weights

from helpers.two_matrices import (
    append_bias,
    count_pairs,
    count_right,
    create_weights,
    part_ends,
    restore_both,
    run_network,
    thin_both,
    train_block,
)

SEEDS = st.integers(0, 2**32)
with_and_without_bias = pytest.mark.parametrize("bias", [None, 1.0, 0.3])
PAGE = page()


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


@given(st.integers(0, 500), st.integers(1, 60))
def test_the_parts_hold_every_sample_once_and_differ_by_one_at_most(n, parts):
    ends = part_ends(n, parts)
    sizes = np.diff(ends)
    assert ends[0] == 0 and ends[-1] == n and len(sizes) == parts
    assert sizes.max() - sizes.min() <= 1


@given(st.integers(1, 30), SEEDS)
def test_the_pairs_add_up_to_what_is_right(n, seed):
    rng = np.random.default_rng(seed)
    outputs, labels = rng.random((n, N_OUT)), rng.integers(N_OUT, size=n)
    corrects, wrongs = count_right(outputs, labels)
    pairs = count_pairs(outputs, labels[:, np.newaxis])
    assert corrects == sum(outputs[k].argmax() == labels[k] for k in range(n))
    assert sum(pairs.values()) == corrects + wrongs == n
    assert sum(k for (target, predicted), k in pairs.items() if target == predicted) == corrects


# ---- the article's rule ----------------------------------------------------------------------


@given(networks_with_active_nodes(), SEEDS)
def test_a_step_on_the_page_is_the_step_of_the_transcription(case, seed):
    wih, who, *active, bias = case
    rng = np.random.default_rng(seed)
    small = thin_both(wih, who, *active)
    reference = [matrix.copy() for matrix in small]
    x, target = rng.random(len(active[0]) - bool(bias)), rng.random(len(who))
    PAGE["train_sample"](*small, x, target, 0.3, bias)
    article_b.train_single(*reference, 0.3, x, target, bias)
    for matrix, expected in zip(small, reference, strict=True):
        np.testing.assert_allclose(matrix, expected, rtol=0, atol=1e-14)


@with_and_without_bias
@given(SEEDS)
def test_the_fast_steps_are_those_of_the_page(bias, seed):
    rng = np.random.default_rng(seed)
    plain = create_weights(N_IN, N_HIDDEN, N_OUT, rng, 0.0, bias_node=0 if bias is None else 1)
    fast = [matrix.copy() for matrix in plain]
    inputs, targets, _ = samples(40, seed)
    for x, target in zip(inputs, targets, strict=True):
        PAGE["train_sample"](*plain, x, target, 0.1, bias)
    train_block(*fast, append_bias(inputs, bias), targets, 0.1, bias)
    for matrix, expected in zip(fast, plain, strict=True):
        np.testing.assert_allclose(matrix, expected, rtol=0, atol=1e-12)


@with_and_without_bias
@pytest.mark.parametrize("active", [1.0, 0.7])
def test_the_class_takes_the_steps_of_the_page(active, bias):
    """And an epoch on the page leaves the matrices that it is given alone."""
    inputs, targets, _ = samples(90)
    network, rng = new_network(bias, seed=7), np.random.default_rng(7)
    plain = create_weights(N_IN, N_HIDDEN, N_OUT, rng, bias_node=0 if bias is None else 1)
    np.testing.assert_array_equal(network.wih, plain[0])
    for _ in range(2):
        before = [matrix.copy() for matrix in plain]
        trained = PAGE["train_parts"](*plain, inputs, targets, 4, active, 0.1, rng, bias)
        for matrix, expected in zip(plain, before, strict=True):
            np.testing.assert_array_equal(matrix, expected)
        plain = trained
    network.train(inputs, targets, 2, active, active, 4, verbose=False)
    assert_weights(network, plain)


# ---- the class on the page ---------------------------------------------------------------------


@pytest.mark.parametrize("active", [1.0, 0.7])
def test_the_class_on_the_page_is_its_functions_to_the_last_bit(active, capsys):
    inputs, targets, labels = samples(60)
    network = PAGE["NeuralNetwork"](N_IN, N_OUT, N_HIDDEN, 0.1, rng=5)
    rng = np.random.default_rng(5)
    matrices = create_weights(N_IN, N_HIDDEN, N_OUT, rng)
    network.train(inputs, targets, 2, active, active, no_of_dropout_tests=7)
    for _ in range(2):
        matrices = PAGE["train_parts"](*matrices, inputs, targets, 7, active, 0.1, rng)
    assert_weights(network, matrices, atol=0)
    outputs = run_network(*matrices, inputs)
    assert network.evaluate(inputs, labels) == count_right(outputs, labels)
    assert capsys.readouterr().out == "epoch:  0\nepoch:  1\n"


@with_and_without_bias
def test_the_class_on_the_page_is_that_of_the_helpers_up_to_rounding(bias, capsys):
    inputs, targets, labels = samples(60)
    on_page = PAGE["NeuralNetwork"](N_IN, N_OUT, N_HIDDEN, 0.1, bias, rng=5)
    helper = new_network(bias, seed=5)
    for network in (on_page, helper):
        network.train(inputs, targets, 2, 0.7, 0.5, 7)
    assert_weights(helper, weights(on_page))
    np.testing.assert_allclose(on_page.run(inputs[0]), helper.run(inputs[0]), atol=1e-12)
    assert on_page.confusion_matrix(inputs, labels) == helper.confusion_matrix(inputs, labels)
    assert capsys.readouterr().out == 2 * "epoch:  0\nepoch:  1\n"  # each network its own
