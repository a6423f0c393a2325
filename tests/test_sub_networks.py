"""Laws of the sub-networks: a part cut out is a part masked, and goes back where it came from."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from test_network import SEEDS, SIZES, new_network, samples

from helpers.masks import active_units
from helpers.network import Network, forward, loss_and_gradient
from helpers.sub_networks import add_restored, thin_network


@st.composite
def thinnings(draw):
    """A random network with samples, and units that stay: drawn by a drop, or any of them."""
    network = new_network(draw(SIZES), draw(SEEDS))
    x, labels = samples(network, draw(st.integers(1, 4)), draw(SEEDS))
    drop = st.floats(0, 0.99)
    active = [
        draw(
            st.sets(st.integers(0, n - 1), min_size=1).map(sorted).map(np.array)
            | st.builds(active_units, st.just(n), drop, SEEDS.map(np.random.default_rng))
        )
        for n in network.sizes[:-1]
    ]
    return network, x, labels, active


def as_masks(network, active):
    """The sets of active units written as masks, with their scale."""
    masks = [np.zeros(n) for n in network.sizes[:-1]]
    for mask, units in zip(masks, active, strict=True):
        mask[units] = len(mask) / len(units)
    return masks


def large_thinning():
    """More units than `add_restored` works on at a time."""
    network, rng = new_network((70, 90, 80, 5), 0), np.random.default_rng(1)
    active = [active_units(n, drop, rng) for n, drop in ((70, 0.2), (90, 0.5), (80, 0.04))]
    return network, *samples(network, 6, 2), active


@given(thinnings())
@example(large_thinning())
def test_slicing_is_masking(thinning):
    network, x, labels, active = thinning
    masks = as_masks(network, active)
    scales = [len(mask) / len(units) for mask, units in zip(masks, active, strict=True)]
    sub = thin_network(network, active)
    part_x = x[:, active[0]]
    logits = forward(sub, part_x, scales)[-1]
    np.testing.assert_allclose(logits, forward(network, x, masks)[-1], atol=1e-10)

    loss, accuracy, gradient = loss_and_gradient(network, x, labels, masks)
    sliced_loss, sliced_accuracy, part = loss_and_gradient(sub, part_x, labels, scales)
    assert sliced_loss == pytest.approx(loss, abs=1e-10)
    assert sliced_accuracy == accuracy
    restored = np.zeros_like(gradient)
    add_restored(restored, part, network, sub, active)
    np.testing.assert_allclose(restored, gradient, rtol=0, atol=1e-10)


def test_a_sub_network_of_the_right_sizes_is_overwritten_and_no_other():
    network = Network([5, 4, 3], np.random.default_rng(0))
    first, second, smaller = ([np.array(a), np.array(b)] for a, b in (
        ([0, 1], [0, 3]), ([2, 4], [1, 2]), ([2], [1, 2])
    ))  # fmt: skip
    sub = thin_network(network, first)
    assert thin_network(network, second, sub) is sub
    expected = thin_network(network, second)
    np.testing.assert_array_equal(sub.parameters, expected.parameters)
    other = thin_network(network, smaller, sub)
    assert other is not sub and other.sizes == (1, 2, 3)
    np.testing.assert_array_equal(sub.parameters, expected.parameters)
    exact = Network([5, 4, 3], None, np.float64)
    assert thin_network(exact, second, sub).parameters.dtype == np.float64


@given(thinnings())
def test_restoring_adds_to_the_active_parameters_and_leaves_the_others(thinning):
    network, _, _, active = thinning
    before = network.parameters.copy()
    sub = thin_network(network, active)
    assert not np.shares_memory(sub.parameters, network.parameters)
    ones = np.ones_like(sub.parameters)
    total = np.full_like(before, 5)
    add_restored(total, ones, network, sub, active)
    weights, biases = network.views(total)
    kept = [*active, np.arange(network.sizes[-1])]
    for k, (columns, rows) in enumerate(pairwise(kept)):
        expected = np.full_like(weights[k], 5)
        expected[np.ix_(rows, columns)] = 6
        np.testing.assert_array_equal(weights[k], expected)
        assert biases[k].tolist() == [6 if j in rows else 5 for j in range(len(biases[k]))]
        np.testing.assert_array_equal(sub.weights[k], network.weights[k][np.ix_(rows, columns)])
        np.testing.assert_array_equal(sub.biases[k], network.biases[k][rows])
    np.testing.assert_array_equal(network.parameters, before)


@pytest.mark.parametrize(
    ("active", "message"),
    [
        ([[0, 1]], "active must hold 2 arrays of indices, .* hidden layer; got 1"),
        ([[0, 3], [0]], r"active\[0\] must be ascending indices from 0 to 2, got \[0 3\]"),
        ([[0, 1], [-1]], r"active\[1\] must be ascending indices from 0 to 3, got \[-1\]"),
        ([[0, 1], [1, 1]], r"active\[1\] must be ascending indices from 0 to 3, got \[1 1\]"),
        ([[0, 2, 1], [0]], r"active\[0\] must be ascending .* got \[0 2 1\]"),
        ([[], [0]], r"active\[0\] must be ascending indices from 0 to 2, got \[\]"),
        ([1, [0]], r"active\[0\] must be ascending indices from 0 to 2, got 1"),
        ([[[0]], [0]], r"active\[0\] must be ascending indices from 0 to 2, got \[\[0\]\]"),
        ([[0.0], [0]], r"active\[0\] must be ascending indices from 0 to 2, got \[0\.\]"),
        ([[False, True], [0]], r"active\[0\] must be ascending indices .* got \[False  True\]"),
    ],
)
def test_units_that_cannot_be_active_are_refused(active, message):
    network = new_network([3, 4, 2], 0)
    with pytest.raises(ValueError, match=f"^{message}$"):
        thin_network(network, active)
    total = np.zeros_like(network.parameters)
    with pytest.raises(ValueError, match=f"^{message}$"):
        add_restored(total, np.ones(3), network, network, active)
    assert not total.any()


def test_a_sub_network_of_other_units_is_not_restored():
    """Its weights would be broadcast to where they do not belong."""
    network = new_network([4, 6, 3], 0)
    sub = thin_network(network, [range(4), [5]])
    total = np.zeros_like(network.parameters)
    message = r"^sub must have the sizes \[4, 2, 3\] of active, got \[4, 1, 3\]$"
    with pytest.raises(ValueError, match=message):
        add_restored(total, sub.parameters, network, sub, [range(4), [0, 1]])
    assert not total.any()


def test_the_message_about_many_indices_is_short():
    with pytest.raises(ValueError, match=r"from 0 to 999, got \[False False .*\.\.\..* False\]$"):
        thin_network(Network([1000, 2], None), [np.zeros(1000, bool)])
