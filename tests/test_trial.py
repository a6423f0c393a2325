"""What the laws of chance are decided by: binomial tails, shares of the level, inputs that tell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from small_dropouts import DROP, coins, diagnosed, masked

from helpers import checks
from helpers.checks import Report, diagnose
from helpers.laws_of_chance import BY_CHANCE, differs, middle
from helpers.trial import N_CALLS, N_SAMPLES, N_UNITS, Trial, tails


@given(st.integers(1, 2000), st.floats(0.01, 0.99), st.data())
def test_tails_are_those_of_the_binomial_distribution(n, p, data):
    k = data.draw(st.integers(0, n))
    expected = 2 * min(stats.binom.cdf(k, n, p), stats.binom.sf(k - 1, n, p))
    if expected > 1e-100:  # what is smaller is refused at any level
        assert tails(k, n, p) == pytest.approx(expected, rel=1e-6)
    else:
        assert tails(k, n, p) < 1e-90


@given(st.integers(1, 2000), st.floats(0.001, 0.999))
def test_the_middle_of_a_binomial_distribution_is_about_half_of_it(n, p):
    low, high, chance = middle(n, p)
    coins = stats.binom(n, p)
    assert coins.cdf(low - 1) < 0.25 + 1e-9 and coins.cdf(low) > 0.25 - 1e-9
    assert coins.cdf(high - 1) < 0.75 + 1e-9 and coins.cdf(high) > 0.75 - 1e-9
    assert chance == pytest.approx(coins.pmf(np.arange(low, high + 1)).sum())


def test_a_mean_is_held_wrong_beyond_six_standard_errors_and_not_before():
    means = np.array([-1.0, 1.0] * 8)  # SE 0.25
    assert [differs(means + 1.4, 0.0), differs(means + 1.6, 0.0)] == [False, True]
    assert [differs(means + 1.6, 0.0, 0.3), differs(means[:1], 0.0)] == [False, False]
    assert differs(np.array([1.0, 1.0]), 0.0)  # two are enough for an error


def test_tails_far_out_are_right():
    n = N_CALLS * N_SAMPLES * N_UNITS
    k = np.array([50_000, 51_000, 52_428, 54_000])
    expected = 2 * np.minimum(stats.binom.cdf(k, n, 0.2), stats.binom.sf(k - 1, n, 0.2))
    np.testing.assert_allclose(tails(k, n, 0.2), expected, rtol=1e-6)


@pytest.mark.parametrize("level", [0.9, 1e-6])
def test_each_law_of_chance_has_its_share_of_the_level(monkeypatch, level):
    levels = []
    trial = checks.Trial

    def spy(*arguments):
        levels.append(arguments[5])
        return trial(*arguments)

    monkeypatch.setattr("helpers.checks.Trial", spy)
    diagnose(masked(coins), level=level)
    assert levels == [level / 6] and len(BY_CHANCE) == 6


def test_the_tests_of_a_law_use_up_its_share_and_no_more(monkeypatch):
    shares, unlikely = [], Trial.unlikely

    def spy(trial, k, n, p, n_tests):
        shares.append(np.size(k) / n_tests)
        return unlikely(trial, k, n, p, n_tests)

    monkeypatch.setattr(Trial, "unlikely", spy)
    assert diagnose(masked(coins), drop=DROP).passed
    asked_before = 1 / (4 + N_SAMPLES + N_UNITS)  # the first test of the rate, asked by `units`
    assert sum(shares) == pytest.approx(len(BY_CHANCE) + asked_before)


def test_what_a_dropout_is_tried_on_has_signs_sizes_and_no_zeros():
    def tried(seed):
        trial = Trial(None, None, DROP, None, False, 1e-6, seed, Report())
        return trial.x, trial.grad

    x, grad = tried(0)
    for values in (x, grad):
        sizes = np.unique(np.abs(values))
        assert sizes.size == N_SAMPLES * N_UNITS
        assert 0.5 <= sizes[0] < 0.51 and 1.49 < sizes[-1] <= 1.5
        assert 0.4 < np.mean(values > 0) < 0.6
    assert 0.4 < np.mean(np.sign(x) == np.sign(grad)) < 0.6
    np.testing.assert_array_equal(tried(0), (x, grad))
    assert not np.any(tried(1)[0] == x)


def test_a_loose_level_raises_false_alarms_and_no_more_than_it_says():
    alarms = [not diagnosed(level=0.9, seed=seed).passed for seed in range(60)]
    assert 5 < sum(alarms) < 54
