"""The laws that count: what breaks one, what is said of it, and how seldom chance does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from small_dropouts import (
    DROP,
    DROPS,
    by_mean,
    coins,
    diagnosed,
    masked,
)

from helpers import checks
from helpers.checks import Report, diagnose
from helpers.laws_of_chance import BY_CHANCE
from helpers.trial import N_CALLS, N_SAMPLES, N_UNITS, Trial, tails


def test_noise_has_the_mean_of_its_prediction():
    def forward(x, training, rng):
        return x * (rng.normal(0.5, 0.1, x.shape) if training else 0.5)

    assert diagnose(forward, drop=DROP).failures == ["rate", "scale"]


def shared_by(groups, axis):
    """One coin for ``groups`` neighbours along an axis."""

    def draw(shape, rng):
        n = list(shape)
        n[axis] = -(-n[axis] // groups)
        return np.take(coins(n, rng).repeat(groups, axis), range(shape[axis]), axis)

    return draw


def turned(period):
    """Masks that come again after ``period`` calls."""
    made, count = {}, []

    def draw(shape, rng):
        count.append(0)
        return made.setdefault((shape, len(count) % period), coins(shape, rng))

    return draw


def fixed_in(axis):
    """A fixed count along an axis, or in the whole batch (None)."""

    def draw(shape, rng):
        size = int(np.prod(shape)) if axis is None else shape[axis]
        if axis is None:
            return rng.permutation(np.arange(size) >= round(DROP * size)).reshape(shape)
        row = np.expand_dims(np.arange(size) >= round(DROP * size), 1 - axis)
        return rng.permuted(np.broadcast_to(row, shape), axis=axis)

    return draw


def near_their_mean(shape, rng):
    """Coins, thrown again in the samples whose count is more than two from its mean."""
    mask = coins(shape, rng)
    while (far := abs((~mask).sum(axis=1) - DROP * shape[1]) > 2).any():
        mask[far] = coins((far.sum(), shape[1]), rng)
    return mask


OTHER_MASKS = {
    "pairs of units": shared_by(2, 1),
    "threes of units": shared_by(3, 1),
    "pairs of samples": shared_by(2, 0),
    "two halves of units": lambda s, r: np.tile(coins((s[0], -(-s[1] // 2)), r), 2)[:, : s[1]],
    "two units that exclude each other": lambda s, r: np.stack(
        [u := coins((s[0], -(-s[1] // 2)), r), ~u | coins(u.shape, r, 0.25)], axis=2
    ).reshape(s[0], -1)[:, : s[1]],
    "sixteen masks in turn": turned(16),
    "sixty seeds": lambda s, r: coins(s, np.random.default_rng(r.integers(60))),
    "fixed in a sample": fixed_in(1),
    "fixed in a unit": fixed_in(0),
    "fixed in a batch": fixed_in(None),
    "one coin for all": lambda s, r: coins((1, 1), r),
    "a little more": lambda s, r: coins(s, r, 0.21),
    "row 3 never": lambda s, r: coins(s, r) | (np.arange(s[0]) == 3)[:, None],
    "unit 5 never": lambda s, r: coins(s, r) | (np.arange(s[1]) == 5),
    "unit 9 often": lambda s, r: coins(s, r) & ((np.arange(s[1]) != 9) | coins(s, r, 0.3)),
    "all": lambda s, r: np.zeros(s),
    "noise": lambda s, r: r.normal(1 - DROP, 0.4, s),
    "noise that is too large": lambda s, r: r.normal(1, 0.4, s),
    "noise that is too large, one for all": lambda s, r: r.uniform(1, 2),
    "coins and noise": lambda s, r: coins(s, r) * r.uniform(0.9, 1.1, s),
    "coins and larger noise": lambda s, r: coins(s, r) * r.uniform(1.0, 1.1, s),
    "divided by what stays of a sample": lambda s, r: by_mean(coins(s, r), 1),
    "divided by what stays of a unit": lambda s, r: by_mean(coins(s, r), 0),
    "a unit that is left alone": lambda s, r: np.where(np.arange(s[1]) == 5, 1 - DROP, coins(s, r)),
    "half, with the scale of drop": lambda s, r: r.integers(0, 2, s),
}
SAID = {
    "pairs of units": {
        "units": (
            "neighbouring units agree 1.000 of the time, not 0.680",
            "a mask that some of them share, or a sorted one",
        ),
        "counts": (
            "46.5% of the samples have 22 to 29 of 128 dropped, not 62.4%",
            "units that are dropped together, or samples with rates of their own",
        ),
    },
    "threes of units": {
        "units": ("neighbouring units agree 0.894 of the time, not 0.680", ""),
        "counts": (
            "33.7% of the samples have 22 to 29 of 128 dropped, not 62.4%",
            "units that are dropped together, or samples with rates of their own",
        ),
    },
    "pairs of samples": {
        "samples": (
            "neighbouring samples agree 1.000 of the time, not 0.680",
            "a mask that some of them share, or a sorted one",
        ),
        "counts": (
            "33.7% of the units have 11 to 15 of 64 dropped, not 56.2%",
            "samples that are dropped together, or units with rates of their own",
        ),
    },
    "two halves of units": {
        "units": (
            "distant units agree 1.000 of the time, not 0.680",
            "a mask that some of them share, or a sorted one",
        ),
        "counts": (
            "46.5% of the samples have 22 to 29 of 128 dropped, not 62.4%",
            "units that are dropped together, or samples with rates of their own",
        ),
    },
    "two units that exclude each other": {
        "units": ("neighbouring units agree 0.599 of the time, not 0.680", ""),
        "counts": ("70.2% of the samples have 22 to 29 of 128 dropped, not 62.4%", ""),
    },
    "sixteen masks in turn": {
        "calls": ("32 calls have 14 masks", "a generator with few seeds, or masks that come again"),
        "repeats": (
            "the same state of rng gave two masks",
            "is another source drawn from, or does something change from call to call",
        ),
    },
    "sixty seeds": {
        "calls": ("32 calls have 21 masks", "a generator with few seeds, or masks that come again"),
    },
    "fixed in a sample": {
        "units": ("neighbouring units agree 0.672 of the time, not 0.680", ""),
        "counts": (
            "100.0% of the samples have 22 to 29 of 128 dropped, not 62.4%",
            "a fixed count",
        ),
    },
    "fixed in a unit": {
        "samples": ("neighbouring samples agree 0.670 of the time, not 0.680", ""),
        "counts": ("100.0% of the units have 11 to 15 of 64 dropped, not 56.2%", "a fixed count"),
    },
    "fixed in a batch": {
        "counts": (
            "100.0% of the calls have 1614 to 1663 of 8192 dropped, not 51.0%",
            "a fixed count",
        ),
    },
    "one coin for all": {
        "units": ("all units have the same mask", "one mask for all units of a sample"),
        "samples": ("all samples have the same mask", "one mask for the whole batch"),
    },
    "a little more": {
        "rate": ("0.2109 of 262,144 units are dropped, not 0.2", ""),
        "mean": ("outputs average 0.986 times what prediction gives", ""),
    },
    "row 3 never": {
        "rate": ("row 3 is dropped 0.000 of the time, not 0.2", ""),
    },
    "unit 5 never": {
        "rate": ("unit 5 is dropped 0.000 of the time, not 0.2", ""),
    },
    "unit 9 often": {
        "rate": ("unit 9 is dropped 0.426 of the time, not 0.2", ""),
    },
    "all": {"rate": ("1.0000 of 262,144 units are dropped, not 0.2", "")},
    "noise": {
        "rate": ("0.0000 of 262,144 units are dropped, not 0.2", "is it noise, without zeros"),
        "scale": ("what stays is multiplied by -1.2072 to 3.1660", "noise, not a mask"),
    },
    "noise that is too large": {
        "rate": ("0.0000 of 262,144 units are dropped, not 0.2", "is it noise, without zeros"),
        "scale": ("what stays is multiplied by -0.9572 to 3.4160", "noise, not a mask"),
        "mean": ("outputs average 1.249 times what prediction gives", ""),
    },
    "noise that is too large, one for all": {
        "rate": ("0.0000 of 262,144 units are dropped, not 0.2", "is it noise, without zeros"),
        "scale": ("what stays is multiplied by 1.2504 to 2.4485", ""),
        "mean": ("outputs average 1.780 times what prediction gives", ""),
    },
    "coins and noise": {
        "scale": ("what stays is multiplied by 1.1250 to 1.3750", "noise on what stays"),
    },
    "coins and larger noise": {
        "scale": ("what stays is multiplied by 1.2500 to 1.3750", "noise on what stays"),
        "mean": ("outputs average 1.049 times what prediction gives", ""),
    },
    "divided by what stays of a sample": {
        "scale": (
            "what stays is multiplied by 1.0667 to 1.4713",
            "is it divided by what happened to stay",
        ),
    },
    "divided by what stays of a unit": {
        "scale": (
            "what stays is multiplied by 1.0323 to 1.6410",
            "is it divided by what happened to stay",
        ),
    },
    "a unit that is left alone": {
        "rate": ("unit 5 is dropped 0.000 of the time, not 0.2", ""),
        "scale": ("what stays is multiplied by 1.0000 to 1.2500", ""),
    },
    "half, with the scale of drop": {
        "rate": ("0.5018 of 262,144 units are dropped, not 0.2", ""),
        "mean": ("outputs average 0.623 times what prediction gives", ""),
    },
}


@pytest.mark.parametrize("name", OTHER_MASKS)
def test_other_masks_break_their_laws(name):
    report = diagnose(masked(OTHER_MASKS[name]), drop=DROP)
    assert report.broken == SAID[name]


def rolled(shape, rng):
    """A fixed row, turned by chance in each sample: right on average, and in no way coins."""
    row = np.arange(shape[1]) >= round(DROP * shape[1])
    return np.stack([np.roll(row, rng.integers(shape[1])) for _ in range(shape[0])])


@pytest.mark.parametrize(
    "draw",
    [
        rolled,
        lambda s, r: coins(s, r, DROP * r.uniform(0.8, 1.2)),
        lambda s, r: coins((1, s[1]), r, 1 - 0.8**0.5) & coins((s[0], 1), r, 1 - 0.8**0.5),
    ],
    ids=["rolled", "a drop that jitters", "a coin of the unit and one of the sample"],
)
def test_what_is_not_independent_is_not_told_to_have_a_wrong_rate_or_mean(draw):
    for seed in range(6):
        failures = diagnose(masked(draw), drop=DROP, seed=seed).failures
        assert "counts" in failures and not {"rate", "mean"} & set(failures)
    assert "mean" in diagnose(masked(draw, 1.0), drop=DROP).failures


WRONG_PREDICTIONS = {
    "a fixed mask": lambda x: x * coins(x.shape, np.random.default_rng(0)),
    "shifted": lambda x: x + 0.1,
    "squared": lambda x: x**2,
    "turned round": lambda x: x[:, ::-1],
    "signs": np.sign,
    "tanh": np.tanh,
    "without the first unit": lambda x: x * (np.arange(x.shape[1]) > 0),
}


@pytest.mark.parametrize("name", WRONG_PREDICTIONS)
def test_a_prediction_that_is_no_multiple_of_its_input_is_seen(name):
    def forward(x, training, rng):
        return x * coins(x.shape, rng) / (1 - DROP) if training else WRONG_PREDICTIONS[name](x)

    seen, mistake = diagnose(forward, drop=DROP).broken["mean"]
    assert seen == "a prediction is no multiple of its input"
    dropped = name in ("a fixed mask", "without the first unit")
    assert mistake == ("is something dropped" if dropped else "")


def test_a_prediction_of_zeros_is_told():
    report = diagnose(masked(coins, predicted=0.0), drop=DROP)
    assert report.broken["mean"] == ("a prediction is 0 everywhere", "")


def test_a_scale_that_is_off_by_less_than_counts_can_tell_is_remarked():
    said = "what stays is 1.256 times as large as when predicting; 1 / (1 - drop) is 1.25"
    assert said in diagnose(masked(coins, 1.256), drop=DROP).remarks
    assert not any("times" in remark for remark in diagnosed().remarks)


@pytest.mark.parametrize("n_seeds", [2, 3, 5, 16, 100])
def test_few_seeds_are_told_and_nothing_else(n_seeds):
    def draw(shape, rng):
        return coins(shape, np.random.default_rng(int(rng.integers(n_seeds))))

    broken = diagnose(masked(draw), drop=DROP).broken
    assert list(broken) == ["calls"]
    assert broken["calls"][1] == "a generator with few seeds, or masks that come again"


@pytest.mark.parametrize("instead", [lambda x: -1e-8 * x, lambda x: -x, lambda x: -1.0])
def test_what_is_dropped_to_another_value_is_told(instead):
    def forward(x, training, rng):
        return np.where(coins(x.shape, rng), x / (1 - DROP), instead(x)) if training else x

    mistake = "is what is dropped set to something else than 0"
    assert diagnose(forward, drop=DROP).broken["rate"][1] == mistake


def test_alpha_dropout_is_not_told_to_be_noise():
    def forward(x, training, rng):
        kept = np.where(coins(x.shape, rng), x, -1.758)
        return 0.88 * kept + 0.31 if training else x

    mistake = "is what is dropped set to something else than 0"
    assert diagnose(forward, drop=DROP).broken["rate"][1] == mistake


@pytest.mark.parametrize(("axis", "law"), [(0, "samples"), (1, "units")])
def test_neighbours_are_compared_on_either_side(axis, law):
    """The second with the third, not only the first with the second."""

    def draw(shape, rng):
        mask = np.moveaxis(coins(shape, rng), axis, 0)
        mask[2::2] = mask[1:-1:2]
        return np.moveaxis(mask, 0, axis)

    seen = f"neighbouring {law} agree 1.000 of the time, not 0.680"
    assert diagnose(masked(draw), drop=DROP).broken[law][0] == seen


@pytest.mark.parametrize("drop", [0.1, 0.5])
def test_all_mistakes_that_fit_a_wrong_rate_are_named_and_none_of_the_mean(drop):
    def forward(x, training, rng):
        return x * (rng.uniform(-1, 1, x.shape) >= drop) / (1 - drop) if training else x

    broken = diagnose(forward, drop=drop).broken
    likely = "numbers from -1 to 1 for those from 0 to 1"
    assert broken["rate"][1] == likely + (", or two masks" if drop == 0.5 else "")
    assert broken["mean"][1] == ""


def test_calls_in_which_nothing_is_dropped_are_told():
    calls = iter(range(10**6))

    def draw(shape, rng):
        return coins(shape, rng, DROP if next(calls) > 12 else 0.0)

    seen, mistake = diagnose(masked(draw), drop=DROP).broken["calls"]
    assert seen.endswith("of 32 calls drop nothing") and mistake == "is it off in some calls"


def test_a_factor_of_the_prediction_alone_is_not_told_to_be_in_training():
    assert diagnose(masked(coins, predicted=0.998), drop=DROP).broken["mean"][1] == ""


def test_a_drop_that_grows_is_not_told_to_be_divided_by_what_stayed():
    made = iter(range(10**6))

    def forward(x, training, rng):
        if not training:
            return x
        drop = DROP * min(1, next(made) / 20)
        return x * coins(x.shape, rng, drop) / (1 - drop)

    assert diagnose(forward, drop=DROP).broken["scale"][1] == ""


@pytest.mark.parametrize("kept", [DROP, 1 - 1.5 * DROP])
def test_a_prediction_that_fits_a_wrong_rate_has_no_factor_besides(kept):
    broken = diagnose(masked(lambda s, r: coins(s, r, 1 - kept), 1.0, kept), drop=DROP).broken
    assert list(broken) == ["rate"]


@pytest.mark.parametrize("factor", [7.0, -1.0, 1 / (1 - DROP)])
def test_a_factor_that_training_and_prediction_share_is_seen(factor):
    report = diagnose(masked(coins, factor / (1 - DROP), factor), drop=DROP)
    assert report.broken == {
        "mean": (
            f"a prediction is {factor:g} times its input, not 1 or 0.8 times",
            "a factor that training has, too",
        )
    }


def test_with_a_small_drop_a_wrong_rate_is_not_taken_for_a_missing_scale():
    half = masked(lambda shape, rng: rng.integers(0, 2, shape), 1 / 0.99)
    broken = diagnose(half, drop=0.01).broken
    assert set(broken) == {"rate", "mean"} and broken["mean"][1] == ""


@pytest.mark.parametrize(
    ("forward", "law", "mistake"),
    [
        (masked(lambda s, r: np.ones(s)), "mean", ""),
        (masked(lambda s, r: coins(s, r) & coins(s, r)), "mean", ""),
        (
            masked(coins, 1.0, 1 / (1 - DROP)),
            "mean",
            "divided by 1 - drop when predicting instead of multiplied",
        ),
        (masked(coins, 1.25, 1 / (1 - DROP)), "mean", "divided by 1 - drop when predicting, too"),
        (
            lambda x, on, rng: x * (coins(x.shape, rng) / 0.8 if on else rng.uniform(0.9, 1.1)),
            "prediction",
            "is something drawn, or left behind by the prediction before",
        ),
        (
            lambda x, on, rng: x * coins(x.shape, rng, DROP if on else DROP / 2) / 0.8,
            "prediction",
            "is something drawn",
        ),
        (
            lambda x, on, rng: np.maximum(x, 0) * (coins(x.shape, rng) / 0.8 if on else 1.0),
            "mean",
            "is a ReLU in it",
        ),
        (
            masked(lambda s, r: coins(s, r) & (r.random() < 0.7)),
            "calls",
            "is the layer dropped as a whole",
        ),
        (masked(lambda s, r: near_their_mean(s, r)), "counts", "counts that vary too little"),
    ],
    ids=[
        "scale without mask",
        "two masks",
        "divided when predicting",
        "scaled always",
        "drawn",
        "fewer when predicting",
        "a ReLU",
        "stochastic depth",
        "counts near their mean",
    ],
)
def test_no_mistake_is_named_that_was_not_made(forward, law, mistake):
    assert diagnose(forward, drop=DROP).broken[law][1] == mistake


def test_without_anything_left_there_is_no_scale():
    report = diagnose(masked(OTHER_MASKS["all"]), drop=DROP)
    assert report.skipped["scale"] == "nothing stays"
    assert report.skipped["units"] == "everything is dropped"
    off = diagnose(lambda x, training, rng: x, drop=DROP)
    assert off.skipped["counts"] == "nothing is dropped"


@pytest.mark.parametrize(
    ("scale", "predicted", "ratio", "mistake"),
    [
        (1 / DROP, 1.0, "3.99", "divided by drop instead of 1 - drop"),
        (1.0, DROP, "3.99", "multiplied by drop instead of 1 - drop when predicting"),
        (1.0, 1.0, "0.79", "is the scale 1 / (1 - drop) missing"),
        (1.25, 0.8, "1.2", "scaled twice, in training and when predicting"),
        (1.25**2, 1.0, "1.2", "scaled twice"),
        (0.8, 1.0, "0.6", "multiplied by 1 - drop instead of divided"),
        (1.27, 1.0, "1.01", ""),
        (1.25, 2.0, "0.49", ""),
        (1.25, -1.0, "-0.99", ""),
    ],
)
def test_a_wrong_scale_is_told_from_another(scale, predicted, ratio, mistake):
    report = diagnose(masked(coins, scale, predicted), drop=DROP)
    assert report.failures == ["mean"]
    seen, said = report.broken["mean"]
    assert seen.startswith(f"outputs average {ratio}") and said == mistake


@pytest.mark.parametrize("drop", [0.99999, 1 - 1e-6])
def test_where_nothing_stays_the_mean_is_not_tried(drop):
    for seed in range(5):
        report = diagnose(
            masked(lambda *how: coins(*how, drop), 1 / (1 - drop)), drop=drop, seed=seed
        )
        assert report.broken == {}
    assert report.skipped["mean"] == report.skipped["scale"] == "nothing stays"


def test_equal_masks_of_few_units_may_be_chance():
    forward = masked(lambda shape, rng: coins(shape, rng, 1e-5), 1 / (1 - 1e-5))
    assert diagnose(forward, drop=1e-5).broken == {}


def test_where_units_are_not_independent_the_rate_of_each_is_not_asked():
    for bug in ("one mask for the batch", "fixed count"):
        report = diagnosed(bug=bug, drop=DROPS.get(bug, DROP))
        assert report.skipped["rate"] == (
            "it is over all; what is not independent says nothing of single units and rows"
        )


@given(st.integers(1, 2000), st.floats(0.01, 0.99), st.data())
def test_tails_are_those_of_the_binomial_distribution(n, p, data):
    k = data.draw(st.integers(0, n))
    expected = 2 * min(stats.binom.cdf(k, n, p), stats.binom.sf(k - 1, n, p))
    if expected > 1e-100:  # what is smaller is refused at any level
        assert tails(k, n, p) == pytest.approx(expected, rel=1e-6)
    else:
        assert tails(k, n, p) < 1e-90


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
