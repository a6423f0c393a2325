"""The laws that count: what breaks one, what is said of it, and how seldom chance does."""

import numpy as np
import pytest
from small_dropouts import (
    DROP,
    DROPS,
    by_mean,
    coins,
    diagnosed,
    masked,
)

from helpers.checks import diagnose


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
            "units that are dropped together, or samples or calls with rates of their own",
        ),
    },
    "threes of units": {
        "units": ("neighbouring units agree 0.894 of the time, not 0.680", ""),
        "counts": (
            "33.7% of the samples have 22 to 29 of 128 dropped, not 62.4%",
            "units that are dropped together, or samples or calls with rates of their own",
        ),
    },
    "pairs of samples": {
        "samples": (
            "neighbouring samples agree 1.000 of the time, not 0.680",
            "a mask that some of them share, or a sorted one",
        ),
        "counts": (
            "33.7% of the units have 11 to 15 of 64 dropped, not 56.2%",
            "samples that are dropped together, or units or calls with rates of their own",
        ),
    },
    "two halves of units": {
        "units": (
            "distant units agree 1.000 of the time, not 0.680",
            "a mask that some of them share, or a sorted one",
        ),
        "counts": (
            "46.5% of the samples have 22 to 29 of 128 dropped, not 62.4%",
            "units that are dropped together, or samples or calls with rates of their own",
        ),
    },
    "two units that exclude each other": {
        "units": ("neighbouring units agree 0.599 of the time, not 0.680", ""),
        "counts": ("70.2% of the samples have 22 to 29 of 128 dropped, not 62.4%", ""),
    },
    "sixteen masks in turn": {
        "calls": ("32 calls have 13 masks", "a generator with few seeds, or masks that come again"),
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
    for scale in (1.0, 1.5):
        assert "mean" in diagnose(masked(draw, scale), drop=DROP).failures


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


@pytest.mark.parametrize(("axis", "law"), [(0, "samples"), (1, "units")])
def test_neighbours_are_compared_on_either_side(axis, law):
    """The second with the third, not only the first with the second."""

    def draw(shape, rng):
        mask = np.moveaxis(coins(shape, rng), axis, 0)
        mask[2::2] = mask[1:-1:2]
        return np.moveaxis(mask, 0, axis)

    seen = f"neighbouring {law} agree 1.000 of the time, not 0.680"
    assert diagnose(masked(draw), drop=DROP).broken[law][0] == seen


def test_equal_masks_of_few_units_may_be_chance():
    forward = masked(lambda shape, rng: coins(shape, rng, 1e-5), 1 / (1 - 1e-5))
    assert diagnose(forward, drop=1e-5).broken == {}


def test_where_units_are_not_independent_the_rate_of_each_is_not_asked():
    for bug in ("one mask for the batch", "fixed count"):
        report = diagnosed(bug=bug, drop=DROPS.get(bug, DROP))
        assert report.skipped["rate"] == (
            "it is over all; what is not independent says nothing of single units and rows"
        )


def test_a_wrong_rate_of_what_is_not_independent_is_found():
    def pairs(shape, rng):
        return np.repeat(coins((shape[0], -(-shape[1] // 2)), rng, 0.4), 2, axis=1)[:, : shape[1]]

    broken = diagnose(masked(pairs), drop=DROP).broken
    assert {"units", "rate"} < set(broken) and broken["rate"][0].startswith("0.4")
