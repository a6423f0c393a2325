"""Laws of the masks: exact expectations, variances and correlations over all states."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit as sigmoid
from scipy.stats import binom, kstest

from helpers.functions import relu
from helpers.gradients import numerical_jacobian
from helpers.masks import (
    active_units,
    bernoulli_mask,
    bernoulli_states,
    check_number_of_masks,
    dropout,
    dropout_derivative,
    fixed_count_masks,
    gaussian_mask,
    inverted_mask,
)

DROP = st.floats(0, 0.95)
NAN = float("nan")


@st.composite
def layers(draw, most=8):
    """The values of a layer and a number of its nodes to drop."""
    x = draw(arrays(float, st.integers(1, most), elements=st.floats(-5, 5)))
    return x, draw(st.integers(0, len(x) - 1))


@given(layers(), DROP)
def test_dropout_keeps_the_mean_and_its_derivative_is_the_numerical_one(layer, drop):
    x, _ = layer
    masks, probabilities = bernoulli_states(len(x), drop)
    outputs = [dropout(x, mask, drop) for mask in masks]
    np.testing.assert_allclose(probabilities @ outputs, x, atol=1e-12)
    for mask in masks[[0, len(masks) // 2, -1]]:
        numerical = numerical_jacobian(lambda v, mask=mask: dropout(v, mask, drop), x)
        np.testing.assert_allclose(np.diag(dropout_derivative(mask, drop)), numerical, atol=1e-8)


@pytest.mark.parametrize(
    ("fit", "too_many"),
    [((25, 12), (26, 10)), ((25, 13), (26, 16)), ((2**27, 0), (2**27 + 1, 0))],
)
def test_as_many_masks_may_be_listed_as_fit_into_two_to_the_twenty_seven_entries(fit, too_many):
    assert comb(fit[0], fit[1]) * fit[0] <= 2**27 < comb(*too_many) * too_many[0]
    check_number_of_masks(*fit)
    with pytest.raises(ValueError, match=r"^n_units and n_dropped must have"):
        check_number_of_masks(*too_many)


@given(st.integers(1, 8), st.data())
def test_fixed_count_masks_are_every_way_to_drop_k_of_n_in_order(n, data):
    k = data.draw(st.integers(0, n - 1))
    masks = fixed_count_masks(n, k)
    assert masks.shape == (comb(n, k), n)
    assert [tuple(np.flatnonzero(mask == 0)) for mask in masks] == list(combinations(range(n), k))
    assert set(masks.ravel()) <= {0, 1}


@given(layers())
def test_the_mean_over_all_fixed_count_states_is_the_layer(layer):
    x, k = layer
    scaled = fixed_count_masks(len(x), k) / (1 - k / len(x)) * x
    np.testing.assert_allclose(scaled.mean(axis=0), x, atol=1e-12)


@given(layers())
def test_the_variance_over_all_fixed_count_states(layer):
    x, k = layer
    drop = k / len(x)
    scaled = fixed_count_masks(len(x), k) / (1 - drop) * x
    np.testing.assert_allclose(scaled.var(axis=0), x**2 * drop / (1 - drop), atol=1e-12)


@given(layers(5), layers(5))
def test_two_masks_keep_the_mean_if_every_pair_of_states_counts_the_same(layer, next_layer):
    scaled = []
    for x, k in (layer, next_layer):
        scaled.append(fixed_count_masks(len(x), k) / (1 - k / len(x)))
    pairs = np.einsum("si,tj->ij", *scaled) / (len(scaled[0]) * len(scaled[1]))
    np.testing.assert_allclose(pairs, 1, atol=1e-12)  # both ends of an edge, at the mean
    tied = scaled[0].T @ scaled[0] / len(scaled[0])  # one state for both layers
    assert np.allclose(tied, 1) == (layer[1] == 0)


@given(st.integers(2, 8), st.data())
def test_fixed_count_masks_are_correlated_by_one_over_n_minus_one(n, data):
    masks = fixed_count_masks(n, data.draw(st.integers(1, n - 1)))
    correlation = np.corrcoef(masks.T)
    np.testing.assert_allclose(correlation[~np.eye(n, dtype=bool)], -1 / (n - 1))


@pytest.mark.parametrize("n_dropped", [-1, 3, 4])
def test_a_layer_keeps_at_least_one_unit(n_dropped):
    with pytest.raises(ValueError, match=rf"^n_dropped must be from 0 to 2 .*got {n_dropped}$"):
        fixed_count_masks(3, n_dropped)


@given(st.tuples(st.integers(1, 5), st.integers(1, 5)), DROP, st.integers(0, 2**32))
def test_a_seed_makes_a_bernoulli_mask_of_zeros_and_ones(shape, drop, seed):
    mask = bernoulli_mask(shape, drop, np.random.default_rng(seed))
    assert mask.shape == shape and mask.dtype == np.float64
    assert set(mask.ravel()) <= {0, 1}
    np.testing.assert_array_equal(mask, bernoulli_mask(shape, drop, np.random.default_rng(seed)))


@pytest.mark.parametrize("drop", [0.0, 0.1, 0.5, 0.9])
def test_bernoulli_masks_drop_each_unit_of_each_sample_by_itself(drop):
    n_samples, n_units = 40_000, 3
    mask = bernoulli_mask((n_samples, n_units), drop, np.random.default_rng(5))
    five_sigma = 5 * np.sqrt(drop * (1 - drop) / n_samples)
    np.testing.assert_allclose(mask.mean(axis=0), 1 - drop, atol=five_sigma)
    # units of one sample, and one unit in neighbouring samples, are dropped together by chance only
    for one, other in ((mask[:, 0], mask[:, 1]), (mask[:-1, 0], mask[1:, 0])):
        assert np.mean(one * other) == pytest.approx((1 - drop) ** 2, abs=2 * five_sigma)


def test_the_smallest_random_number_is_dropped_unless_drop_is_zero():
    class Smallest(np.random.Generator):
        random = staticmethod(np.zeros)

    smallest = Smallest(np.random.PCG64(0))
    assert bernoulli_mask((2,), 0.0, smallest).tolist() == [1, 1]
    assert bernoulli_mask((2,), 1e-300, smallest).tolist() == [0, 0]


@given(arrays(float, st.integers(1, 6), elements=st.floats(-5, 5)), DROP)
def test_bernoulli_states_give_the_layer_as_exact_expectation(x, drop):
    masks, probabilities = bernoulli_states(len(x), drop)
    np.testing.assert_allclose(probabilities @ (masks / (1 - drop) * x), x, atol=1e-12)


@given(st.integers(1, 6), DROP)
def test_bernoulli_states_are_independent(n, drop):
    masks, probabilities = bernoulli_states(n, drop)
    assert np.unique(masks, axis=0).shape == (2**n, n) and len(masks) == 2**n
    assert probabilities.sum() == pytest.approx(1)
    off = masks - (1 - drop)
    covariance = off.T @ (probabilities[:, None] * off)
    np.testing.assert_allclose(covariance, drop * (1 - drop) * np.eye(n), atol=1e-12)


def test_the_number_of_dropped_units_is_binomial():
    masks, probabilities = bernoulli_states(5, 0.4)
    n_dropped = (masks == 0).sum(axis=1)
    for k in range(6):
        binomial = comb(5, k) * 0.4**k * 0.6 ** (5 - k)
        assert probabilities[n_dropped == k].sum() == pytest.approx(binomial)


@pytest.mark.parametrize("drop", [-0.1, 1, NAN])
def test_the_drop_of_independent_masks_is_below_one(drop):
    with pytest.raises(ValueError, match=rf"^drop must be .*got {drop}$"):
        bernoulli_mask((2,), drop, np.random.default_rng(0))
    with pytest.raises(ValueError, match=rf"^drop must be .*got {drop}$"):
        bernoulli_states(2, drop)
    for draw in (inverted_mask, gaussian_mask):
        with pytest.raises(ValueError, match=rf"^drop must be .*got {drop}$"):
            draw((2,), drop, np.random.default_rng(0))
    with pytest.raises(ValueError, match=rf"^drop must be .*got {drop}$"):
        active_units(2, drop, np.random.default_rng(0))


@pytest.mark.parametrize(("n", "error"), [(0, ValueError), (21, ValueError), (2.0, TypeError)])
def test_only_small_layers_are_enumerated(n, error):
    with pytest.raises(error, match=rf"^n_units must be .*got {n}$"):
        bernoulli_states(n, 0.5)


@given(layers(most=5), st.floats(0, 1))
def test_mask_and_relu_commute(layer, leak):
    x, k = layer
    masks = fixed_count_masks(len(x), k) / (1 - k / len(x))
    np.testing.assert_allclose(relu(masks * x, leak), masks * relu(x, leak), atol=1e-15)


@given(layers(most=5))
def test_mask_and_sigmoid_do_not_commute(layer):
    x, k = layer
    masks = fixed_count_masks(len(x), k)
    dropped = masks == 0
    np.testing.assert_array_equal(sigmoid(masks * x)[dropped], 0.5)
    np.testing.assert_array_equal((masks * sigmoid(x))[dropped], 0)


# ---- the masks that a training draws -----------------------------------------------------------

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9)) | st.tuples(st.integers(1, 20))
DTYPES = st.sampled_from([np.float32, np.float64])
ANY_DROP = st.floats(0, 1, exclude_max=True)


class AllSixteenBits(np.random.Generator):
    """Gives each of the 2**16 words of sixteen bits once."""

    @staticmethod
    def integers(high, size, dtype, endpoint):
        assert (high, dtype, endpoint) == (2**64 - 1, np.uint64, True)  # all of 64 bits
        words = np.arange(2**16, dtype=np.uint16).view(np.uint64)
        assert size == len(words)  # no more than are needed
        return words


ALL_SIXTEEN_BITS = AllSixteenBits(np.random.PCG64(0))


@given(ANY_DROP, DTYPES)
def test_the_mean_over_all_inverted_masks_is_one_and_drop_is_rounded_to_sixteen_bits(drop, dtype):
    mask = inverted_mask((2**8, 2**8), drop, ALL_SIXTEEN_BITS, dtype)
    n_kept = np.count_nonzero(mask)
    assert n_kept == max(2**16 - round(drop * 2**16), 1)  # something is always left
    assert set(mask.ravel()) <= {0, dtype(2**16 / n_kept)}
    assert float(mask.max()) * n_kept / 2**16 == pytest.approx(1, abs=float(np.finfo(dtype).eps))


def test_the_rounded_drop_is_the_one_that_is_documented():
    mask = inverted_mask((2**16,), 0.2, ALL_SIXTEEN_BITS)
    assert np.mean(mask == 0) == pytest.approx(0.199997, abs=5e-7)


@given(st.sampled_from([inverted_mask, gaussian_mask]), SHAPES, ANY_DROP, DTYPES, st.integers(0))
def test_a_mask_has_the_shape_and_dtype_that_are_asked(draw, shape, drop, dtype, seed):
    mask, again = (draw(shape, drop, np.random.default_rng(seed), dtype) for _ in range(2))
    assert mask.shape == shape and mask.dtype == dtype
    np.testing.assert_array_equal(mask, again)
    assert draw(shape, drop, np.random.default_rng(seed)).dtype == np.float32
    np.testing.assert_array_equal(draw(shape, 0.0, np.random.default_rng(seed), dtype), 1)


@given(SHAPES, ANY_DROP, st.integers(0))
def test_the_dtype_of_an_inverted_mask_rounds_the_scale_and_nothing_else(shape, drop, seed):
    single, double = (
        inverted_mask(shape, drop, np.random.default_rng(seed), dtype) for dtype in ("f4", "f8")
    )
    np.testing.assert_array_equal(single, double.astype(np.float32))


@pytest.mark.parametrize("drop", [0.0, 0.1, 0.5, 0.9])
def test_inverted_masks_drop_each_unit_of_each_sample_by_itself(drop):
    n_samples, n_units = 40_000, 5  # a word of 64 bits decides about units of two samples
    kept = inverted_mask((n_samples, n_units), drop, np.random.default_rng(5)) != 0
    share = 1 - round(drop * 2**16) / 2**16
    low, high = binom.interval(1 - 1e-6, n_samples, share)
    counts = kept.sum(axis=0)
    assert (low <= counts).all() and (counts <= high).all()
    five_sigma = 5 * np.sqrt(drop * (1 - drop) / n_samples)
    for one, other in ((0, 1), (0, 2), (0, 3), (0, 4)):
        both = np.mean(kept[:, one] & kept[:, other])
        assert both == pytest.approx(share**2, abs=2 * five_sigma)
    assert np.mean(kept[:-1] & kept[1:]) == pytest.approx(share**2, abs=2 * five_sigma)


@pytest.mark.parametrize("drop", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gaussian_masks_are_normal_with_the_variance_of_inverted_ones(drop, dtype):
    mask = gaussian_mask((400, 50), drop, np.random.default_rng(6), dtype).astype(float)
    variance = drop / (1 - drop)
    masks, probabilities = bernoulli_states(1, drop)
    inverted = masks[:, 0] / (1 - drop)
    assert probabilities @ (inverted - 1) ** 2 == pytest.approx(variance)
    assert mask.mean() == pytest.approx(1, abs=5 * np.sqrt(variance / mask.size))
    assert mask.var() == pytest.approx(variance, abs=5 * variance * np.sqrt(2 / mask.size))
    assert kstest((mask.ravel() - 1) / np.sqrt(variance), "norm").pvalue > 1e-4


@given(st.integers(1, 200), ANY_DROP, st.integers(0))
def test_active_units_are_a_sorted_set_of_the_rounded_count(n_units, drop, seed):
    active, again = (active_units(n_units, drop, np.random.default_rng(seed)) for _ in range(2))
    np.testing.assert_array_equal(active, again)
    assert len(active) == max(1, round(n_units * (1 - drop)))
    assert (np.diff(active) > 0).all() and active.dtype.kind == "i"
    assert 0 <= active[0] and active[-1] < n_units
    assert len(active_units(n_units, 0.0, np.random.default_rng(seed))) == n_units


@pytest.mark.parametrize(("n_units", "drop", "n_active"), [(5, 0.5, 2), (5, 0.4, 3), (3, 0.99, 1)])
def test_some_counts_of_active_units(n_units, drop, n_active):
    assert len(active_units(n_units, drop, np.random.default_rng(0))) == n_active


def test_each_set_of_active_units_is_drawn_equally_often():
    rng, n_draws = np.random.default_rng(7), 4000
    drawn = [tuple(active_units(5, 0.4, rng).tolist()) for _ in range(n_draws)]
    low, high = binom.interval(1 - 1e-6, n_draws, 1 / comb(5, 3))
    for units in combinations(range(5), 3):
        assert low <= drawn.count(units) <= high


# ---- what is refused ---------------------------------------------------------------------------

DRAWERS = {
    "bernoulli_mask": lambda shape, drop, rng: bernoulli_mask(shape, drop, rng),
    "inverted_mask": lambda shape, drop, rng: inverted_mask(shape, drop, rng),
    "gaussian_mask": lambda shape, drop, rng: gaussian_mask(shape, drop, rng),
    "active_units": lambda shape, drop, rng: active_units(shape[0], drop, rng),
}


@pytest.mark.parametrize("name", DRAWERS)
@pytest.mark.parametrize("rng", [0, None, np.random, np.random.RandomState(0)], ids=type)
def test_what_is_no_generator_is_refused(name, rng):
    with pytest.raises(TypeError, match=r"^rng must be a generator, such as .*; got "):
        DRAWERS[name]((2, 3), 0.5, rng)


@pytest.mark.parametrize("name", DRAWERS)
@pytest.mark.parametrize("drop", ["0.5", None, [0.1, 0.2], True, 0.5j], ids=repr)
def test_what_is_no_number_is_refused_as_drop(name, drop):
    with pytest.raises(TypeError, match=r"^drop must be a number, got "):
        DRAWERS[name]((2, 3), drop, np.random.default_rng(0))


@pytest.mark.parametrize("draw", [inverted_mask, gaussian_mask])
@pytest.mark.parametrize("dtype", [int, np.uint8, bool, complex])
def test_a_dtype_without_fractions_is_refused(draw, dtype):
    with pytest.raises(TypeError, match=r"^dtype must be a floating-point dtype, got "):
        draw((2, 3), 0.2, np.random.default_rng(0), dtype)


def test_a_scale_that_the_dtype_cannot_hold_is_refused():
    with pytest.raises(
        ValueError, match=r"^drop must have a scale .* float16 .* got 0.99999: 65536$"
    ):
        inverted_mask((4,), 0.99999, np.random.default_rng(0), np.float16)
    assert set(inverted_mask((99,), 0.5, np.random.default_rng(0), np.float16)) == {0, 2}


@pytest.mark.parametrize("draw", [inverted_mask, gaussian_mask])
@pytest.mark.parametrize(
    ("shape", "error", "message"),
    [
        (5, TypeError, r"^shape must be a tuple or a list of whole numbers, got 5$"),
        ((2, 0.5), TypeError, r"^shape \(2, 0.5\): each length must be a whole number, got 0.5$"),
        ((2, -1), ValueError, r"^shape \(2, -1\): each length must be at least 0, got -1$"),
    ],
)
def test_what_is_no_shape_is_refused(draw, shape, error, message):
    with pytest.raises(error, match=message):
        draw(shape, 0.2, np.random.default_rng(0))
