"""Laws of thinned matrices: masked equals sliced, and nothing is lost on the way back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from small_calls import gradients

from helpers.gradients import numerical_jacobian
from helpers.slicing import active_indices, restore, squared_error_gradients, thin

NAN = float("nan")
SEEDS = st.integers(0, 2**32)


def kept_mask(n, kept):
    """1.0 at the ``kept`` of ``n`` places, 0.0 at the others."""
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


@pytest.mark.parametrize("name", ["wih", "who", "inputs", "targets"])
def test_what_is_no_array_of_floats_is_refused_by_its_name(name):
    for wrong in (np.ones((5, 3)).tolist(), np.ones((5, 3), int), np.ones((5, 3)) * 1j):
        with pytest.raises(TypeError, match=f"^{name} must be"):
            gradients(**{name: wrong})
    for mask in ("input_mask", "hidden_mask"):
        with pytest.raises(ValueError, match=f"^{mask} must be"):
            gradients(**{mask: np.ones((5, 1))})
    for axes in (1, 3):
        if name != "targets":
            with pytest.raises(ValueError, match=f"^{name} must have two axes"):
                gradients(**{name: np.ones((2,) * axes)})


def test_without_masks_nothing_is_masked():
    for without, of_ones in zip(gradients(), gradients(input_mask=1.0, hidden_mask=1), strict=True):
        np.testing.assert_array_equal(without, of_ones)
    with pytest.raises(TypeError, match=r"^matrix must be an array"):
        restore([[1.0]], np.ones((1, 1)), [0], [0])


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
