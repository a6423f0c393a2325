"""`diagnose`: right dropouts pass, each wrong one breaks the laws that it should, and says why."""

import random
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from helpers import checks
from helpers.bugs import BUGS, SCALED, Style, build, fits, styles
from helpers.checks import Report, diagnose
from helpers.laws import LAWS
from helpers.laws_of_chance import BY_CHANCE, nearest
from helpers.trial import N_CALLS, N_SAMPLES, N_UNITS, Trial, tails

DROP = 0.2
DROPS = {"fixed count": 0.25}  # 32 of 128 units, no other than a quarter
PLAIN = Style(">= drop", "boolean mask", "in training", False)
SOME = [
    PLAIN,
    Style("binomial", "state of rng", "when predicting", True),
    Style("columns", "packed bits", "in training", True),
    Style("16 bits", "float mask", "when predicting", False),
]


def diagnosed(style=PLAIN, bug="", drop=DROP, **options):
    def make(drop):
        return build(drop, style, bug)

    return diagnose(*make(drop), drop=drop, make=make, inplace=style.inplace, **options)


def masked(draw, scale=1 / (1 - DROP), predicted=1.0):
    """A dropout whose masks are ``draw(shape, rng)``, without a way back."""

    def forward(x, training, rng):
        return x * (draw(x.shape, rng) * scale if training else predicted)

    return forward


def coins(shape, rng, drop=DROP):
    return rng.random(shape) >= drop


def by_mean(mask, axis):
    return (1 - DROP) * mask / np.maximum(mask.mean(axis=axis, keepdims=True), 0.01)


# ---- right ones --------------------------------------------------------------------------------


@pytest.mark.parametrize("style", styles(), ids=str)
def test_a_right_dropout_passes_in_every_style(style):
    report = diagnosed(style)
    assert report.broken == {} and report.passed
    assert set(report.kept) | set(report.skipped) == set(LAWS)
    assert list(report.skipped) == (["input"] if style.inplace else [])
    assert report.remarks == []


@pytest.mark.parametrize("drop", [0.01, 0.1, 0.5, 0.75, 0.95])
def test_it_passes_with_other_drops(drop):
    for style in SOME:
        assert diagnosed(style, drop=drop).broken == {}


def test_there_are_as_many_laws_as_the_pages_say():
    assert len(LAWS) == 19  # README, glossary and notebook 10


def test_laws_that_cannot_be_tried_are_skipped_with_the_reason():
    report = diagnose(masked(coins), drop=DROP)
    assert report.passed and report.failures == []
    assert report.skipped == {
        **dict.fromkeys(
            ("backward", "backward at 0", "backward predicting"), "there is no backward"
        ),
        **dict.fromkeys(("drop 0", "drop 1", "refuses"), "make was not given"),
    }


def test_a_wider_dtype_is_a_remark():
    def forward(x, training, rng):
        return x * ((rng.random(x.shape) >= DROP) / (1 - DROP)) if training else x

    report = diagnose(forward, drop=DROP)
    assert report.passed and report.remarks == ["training makes float64 of float32"]


def test_make_may_return_forward_alone():
    report = diagnose(build(DROP, PLAIN)[0], make=lambda drop: build(drop, PLAIN)[0])
    assert report.passed and "drop 0" in report.kept


def test_drop_1_may_give_zeros():
    def make(drop):
        if not 0 <= drop <= 1:
            raise ValueError
        return masked(lambda *how: coins(*how, drop), 1 / (1 - drop) if drop < 1 else 1.0)

    assert diagnose(make(DROP), make=make).passed


def test_no_global_stream_is_moved_by_a_diagnosis():
    np.random.seed(5)
    random.seed(5)
    before = str(np.random.get_state()), random.getstate()
    diagnosed(bug="global stream")
    assert before == (str(np.random.get_state()), random.getstate())


@pytest.mark.parametrize(
    ("draw", "whose"),
    [
        (lambda s, r: np.random.random(s) >= DROP, "NumPy's"),
        (lambda s, r: coins(s, np.random.default_rng(random.getrandbits(60))), "Python's"),
        (lambda s, r: coins(s, r) | (random.random() < 0), "Python's"),
    ],
)
def test_a_global_stream_is_named(draw, whose):
    report = diagnose(masked(draw), drop=DROP)
    assert report.broken["global stream"] == (
        f"{whose} global stream has moved", "is it drawn from, where rng is meant"
    )  # fmt: skip


def test_a_global_stream_is_seen_however_short_arrays_are_printed():
    with np.printoptions(threshold=3):
        report = diagnose(masked(lambda shape, rng: np.random.random(shape) >= DROP), drop=DROP)
    assert "global stream" in report.failures


def test_where_masks_do_not_repeat_the_way_back_at_0_is_not_tried():
    report = diagnosed(bug="global stream")
    assert report.skipped["backward at 0"] == (
        "the mask there is known only where the same rng gives it again"
    )


def test_noise_has_the_mean_of_its_prediction():
    def forward(x, training, rng):
        return x * (rng.normal(0.5, 0.1, x.shape) if training else 0.5)

    assert diagnose(forward, drop=DROP).failures == ["rate", "scale"]


def test_a_stream_that_another_thread_moves_is_not_held_against_a_dropout():
    calls = []

    def forward(x, training, rng):
        calls.append(random.random() if len(calls) % 6 > 2 else 0)
        return masked(coins)(x, training, rng)

    assert diagnose(forward, drop=DROP).passed


def test_the_same_seed_gives_the_same_report_and_another_one_other_numbers():
    reports = [str(diagnosed(bug="keep for drop", seed=seed)) for seed in (1, 1, 2)]
    assert reports[0] == reports[1] != reports[2]


# ---- wrong ones --------------------------------------------------------------------------------

FOUND = {  # by which laws, in the order in which they are tried; and what is said of the first
    "keep for drop": (("rate", "mean", "drop 0"), "is drop taken for what is kept"),
    "randn for rand": (("rate", "mean", "drop 0"), "normal numbers for uniform ones"),
    "last unit never dropped": (("rate",), "an index that is off by one"),
    "fixed count": (("counts",), "a fixed count"),
    "one mask for the batch": (("samples",), "one mask for the whole batch"),
    "whole samples": (("units",), "one mask for all units of a sample"),
    "seed inside": (("calls",), "a seed inside of forward, or a mask that is kept"),
    "mask kept": (("calls",), "a seed inside of forward, or a mask that is kept"),
    "global stream": (("repeats", "global stream"), "is another source drawn from"),
    "scaled by drop": (("mean", "drop 0"), "divided by drop instead of 1 − drop"),
    "not scaled": (("mean",), "is the scale 1 / (1 − drop) missing"),
    "scaled twice": (("mean",), "scaled twice, in training and when predicting"),
    "scaled by what stayed": (("scale",), "is it divided by what happened to stay"),
    "on when predicting": (("prediction",), "is `training` read"),
    "off for good": (("rate",), "is dropout off, from the start or since the first prediction"),
    "on for good": (("prediction",), "does a training leave something behind"),
    "no mask back": (("backward", "backward at 0"), "the scale and no mask"),
    "no scale back": (("backward", "backward at 0"), "no scale"),
    "another mask back": (("backward", "backward at 0"), "another mask than in the forward pass"),
    "mask from zeros": (("backward at 0",), "units whose value is 0 taken for dropped"),
    "last mask back": (("backward predicting",), "a mask where nothing is dropped"),
    "writes into its input": (("input",), "a *= where a product is meant"),
    "float32 written down": (("dtype",), "is a dtype written down"),
    "drop 1 gives nan": (("drop 1",), "a division by 1 − drop = 0"),
    "takes nan": (("refuses",), "is it refused by < and >, which nan passes"),
}


SEEN = {  # in the plainest style
    "keep for drop": "0.7991 of 262,144 units are dropped, not 0.2",
    "randn for rand": "0.5792 of 262,144 units are dropped, not 0.2",
    "last unit never dropped": "unit 127 is dropped 0.000 of the time, not 0.2",
    "fixed count": "100.0% of the samples have 29 to 35 of 128 dropped, not 52.5%",
    "one mask for the batch": "all samples have the same mask",
    "whole samples": "all units have the same mask",
    "seed inside": "all calls have the same mask",
    "mask kept": "all calls have the same mask",
    "global stream": "the same state of rng gave two masks",
    "scaled by drop": "outputs average 3.996 times what prediction gives",
    "not scaled": "outputs average 0.799 times what prediction gives",
    "scaled twice": "outputs average 1.249 times what prediction gives",
    "scaled by what stayed": "what stays is multiplied by 1.2352 to 1.2695",
    "on when predicting": "two predictions differ; 20% of their units are 0",
    "off for good": "0.0000 of 262,144 units are dropped, not 0.2",
    "on for good": "two predictions differ; 20% of their units are 0",
    "no mask back": "20% of the gradient is not grad · mask · scale",
    "no scale back": "80% of the gradient is not grad · mask · scale",
    "another mask back": "31% of the gradient is not grad · mask · scale",
    "mask from zeros": "13% of the gradient is not grad · mask · scale",
    "last mask back": "the gradient is not 1 times what came in",
    "writes into its input": "x has changed in training",
    "float32 written down": "float32 out of float64",
    "drop 1 gives nan": "with drop 1 there is nan",
    "takes nan": "a drop of nan is taken",
}


def test_every_bug_has_its_laws():
    assert set(FOUND) == set(SEEN) == set(BUGS)


@pytest.mark.parametrize("bug", BUGS)
def test_what_was_seen_is_said(bug):
    assert diagnosed(bug=bug, drop=DROPS.get(bug, DROP)).broken[FOUND[bug][0][0]][0] == SEEN[bug]


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.0, "one"), (1.0199, "one"), (1.021, ""), (0.979, ""), (4.0, "four"), (4.079, "four"),
     (4.09, ""), (2.5, "")],
)  # fmt: skip
def test_a_guess_has_to_be_near(value, said):
    assert nearest(value, {1.0: "one", 4.0: "four"}) == said


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_is_found_by_its_laws_in_every_style_and_the_likely_mistake_is_said(bug):
    expected, mistake = FOUND[bug]
    for style in SOME:
        if not fits(bug, style):
            continue
        report = diagnosed(style, bug, DROPS.get(bug, DROP))
        by_predicting = style.scaled == SCALED[1]
        if bug == "scaled by drop" and by_predicting:
            mistake = "multiplied by drop instead of 1 − drop when predicting"
        elif bug == "no mask back" and by_predicting:
            mistake = "no mask"  # the scale is 1 there
        else:
            mistake = FOUND[bug][1]
        assert tuple(report.failures) == expected, style
        assert report.broken[expected[0]][1] == mistake
        assert not report.passed


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
            "a mask that some of them share",
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
            "a mask that some of them share",
        ),
        "counts": (
            "33.7% of the units have 11 to 15 of 64 dropped, not 56.2%",
            "samples that are dropped together, or units with rates of their own",
        ),
    },
    "two halves of units": {
        "units": (
            "distant units agree 1.000 of the time, not 0.680",
            "a mask that some of them share",
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
        "calls": (
            "distant calls agree 1.000 of the time, not 0.680",
            "a mask that some of them share",
        ),
        "repeats": ("the same state of rng gave two masks", "is another source drawn from"),
    },
    "sixty seeds": {
        "calls": ("32 calls have 21 masks", "a generator with few seeds"),
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
        "rate": ("row 3 is dropped 0.000 of the time, not 0.2", "an index that is off by one"),
    },
    "unit 5 never": {
        "rate": ("unit 5 is dropped 0.000 of the time, not 0.2", "an index that is off by one"),
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
        "scale": (
            "what stays is multiplied by 1.2504 to 2.4485",
            "is it divided by what happened to stay",
        ),
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
        "rate": ("unit 5 is dropped 0.000 of the time, not 0.2", "an index that is off by one"),
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


def test_a_flag_that_is_read_the_wrong_way_round_is_told_from_one_that_is_not_read():
    def forward(x, training, rng):
        return masked(coins)(x, not training, rng)

    seen, mistake = diagnose(forward, drop=DROP).broken["prediction"]
    assert mistake == "is `training` read the wrong way round" and "20% of their units" in seen


def redrawn_from_the_callers_rng(x, training, rng):
    state = rng.bit_generator.state
    return masked(coins)(x, training, rng), (rng, state) if training else None


def redraw(grad, cache):
    if cache is None:
        return grad
    rng, rng.bit_generator.state = cache
    return grad * coins(grad.shape, rng) / (1 - DROP)


def with_mask(x, training, rng):
    factor = coins(x.shape, rng) / (1 - DROP) if training else np.ones_like(x)
    return x * factor, factor


def into_the_cache(grad, factor):
    factor *= grad
    return factor


BUFFERS = {}


def into_one_array(grad, factor):
    return np.multiply(grad, factor, out=BUFFERS.setdefault(grad.shape, np.empty_like(grad)))


@pytest.mark.parametrize(
    ("forward", "backward", "seen", "mistake"),
    [
        (
            redrawn_from_the_callers_rng,
            redraw,
            "rng has moved on the way back",
            "a state that is put into rng itself",
        ),
        (
            with_mask,
            into_the_cache,
            "a second gradient of one forward pass has another mask or scale",
            "is something written into the cache",
        ),
        (
            with_mask,
            into_one_array,
            "a gradient has changed in the next call",
            "one array for all gradients",
        ),
    ],
)
def test_a_way_back_that_does_not_leave_all_else_alone(forward, backward, seen, mistake):
    assert diagnose(forward, backward, drop=DROP).broken == {"backward": (seen, mistake)}


def test_a_cache_that_serves_once_and_a_list_of_two_are_no_bugs():
    def backward(grad, cache):
        return grad * cache.pop()

    def forward(x, training, rng):
        y, factor = with_mask(x, training, rng)
        return [y, [factor]]

    def make(drop):
        def forward(x, training, rng):
            factor = coins(x.shape, rng, drop) / (1 - drop) if training else np.ones_like(x)
            return [x * factor, factor]

        return forward

    assert diagnose(forward, backward, drop=DROP).passed
    assert "drop 0" in diagnose(make(DROP), drop=DROP, make=make).kept


def test_a_mask_that_is_divided_out_is_told_from_a_crash():
    def forward(x, training, rng):
        y, _ = with_mask(x, training, rng)
        return y, (x, y)

    broken = diagnose(forward, lambda grad, cache: grad * cache[1] / cache[0], drop=DROP).broken
    assert broken == {
        "backward at 0": ("the gradient is not finite", "a division by x where x is 0")
    }


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


@pytest.mark.parametrize(
    ("forward", "law", "mistake"),
    [
        (masked(lambda s, r: np.ones(s)), "mean", ""),
        (masked(lambda s, r: coins(s, r) & coins(s, r)), "mean", ""),
        (
            masked(coins, 1.0, 1 / (1 - DROP)),
            "mean",
            "divided by 1 − drop when predicting instead of multiplied",
        ),
        (masked(coins, 1.25, 1 / (1 - DROP)), "mean", "divided by 1 − drop when predicting, too"),
        (
            lambda x, on, rng: x * (coins(x.shape, rng) / 0.8 if on else rng.uniform(0.9, 1.1)),
            "prediction",
            "is something drawn",
        ),
    ],
    ids=["scale without mask", "two masks", "divided when predicting", "scaled always", "drawn"],
)
def test_no_mistake_is_named_that_was_not_made(forward, law, mistake):
    assert diagnose(forward, drop=DROP).broken[law][1] == mistake


def test_only_a_drop_of_1_that_gives_no_numbers_is_taken_for_a_division_by_0():
    mistakes = {
        scale: diagnose(masked(coins), make=lambda d, s=scale: masked(coins, s(d))).broken["drop 1"]
        for scale in (lambda d: 1.25, lambda d: np.divide(1.0, 1 - d))
    }
    assert [mistake for _, mistake in mistakes.values()] == ["", "a division by 1 − drop = 0"]


def test_without_anything_left_there_is_no_scale():
    report = diagnose(masked(OTHER_MASKS["all"]), drop=DROP)
    assert report.skipped["scale"] == "nothing stays"
    assert report.skipped["units"] == "everything is dropped"
    off = diagnose(lambda x, training, rng: x, drop=DROP)
    assert off.skipped["counts"] == "nothing is dropped"


@pytest.mark.parametrize(
    ("scale", "predicted", "ratio", "mistake"),
    [
        (1 / DROP, 1.0, "3.99", "divided by drop instead of 1 − drop"),
        (1.0, DROP, "3.99", "multiplied by drop instead of 1 − drop when predicting"),
        (1.0, 1.0, "0.79", "is the scale 1 / (1 − drop) missing"),
        (1.25, 0.8, "1.2", "scaled twice, in training and when predicting"),
        (1.25**2, 1.0, "1.2", "scaled twice"),
        (0.8, 1.0, "0.6", "multiplied by 1 − drop instead of divided"),
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


def test_a_prediction_that_is_no_multiple_of_its_input_leaves_the_mean_untold():
    def forward(x, training, rng):
        return masked(coins)(x, training, rng) if training else x + 1

    report = diagnose(forward, drop=DROP)
    assert report.passed
    assert report.skipped["mean"] == "a prediction is no multiple of its input"


def test_a_prediction_that_depends_on_the_batch_is_found():
    def forward(x, training, rng):
        return masked(coins)(x, training, rng) if training else x * len(x) / N_SAMPLES

    assert diagnose(forward, drop=DROP).broken == {
        "prediction": (
            "a sample alone gets another prediction than in a batch",
            "is something computed over the batch",
        )
    }


def test_a_prediction_that_depends_on_the_dtype_is_found():
    def forward(x, training, rng):
        return masked(coins)(x, training, rng) if training else x * (1 + (x.dtype == np.float32))

    assert diagnose(forward, drop=DROP).broken == {
        "prediction": ("float32 gets another prediction than float64", "")
    }


@pytest.mark.parametrize(
    ("odd", "what"),
    [(lambda x: len(x) == 1, "a sample alone"), (lambda x: x.dtype == np.float32, "float32")],
)
def test_what_is_another_dropout_for_another_input_is_found(odd, what):
    def off(x, training, rng):
        return x if odd(x) else masked(coins)(x, training, rng)

    def less(x, training, rng):
        return masked(lambda shape, rng: coins(shape, rng, 0.1))(x, training, rng)

    def unscaled(x, training, rng):
        return masked(coins, 1.0 if odd(x) else 1.25)(x, training, rng)

    report = diagnose(off, drop=DROP)
    assert report.broken["rate"] == (f"of {what} 0.0000 is dropped, not 0.2", "")
    assert report.broken["scale"] == (f"what stays of {what} has another scale than 1.2500", "")
    assert set(report.broken) == {"rate", "scale"}
    report = diagnose(lambda x, *how: (less if odd(x) else masked(coins))(x, *how), drop=DROP)
    assert report.failures == ["rate"]
    assert diagnose(unscaled, drop=DROP).failures == ["scale"]


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


def raising(x, training, rng):
    raise KeyError("mask")


@pytest.mark.parametrize(
    ("forward", "seen"),
    [
        (raising, "raises KeyError: 'mask'"),
        (lambda x, training, rng: x.T, "shape (128, 64) out of (64, 128)"),
        (lambda x, training, rng: x[0] if len(x) == 1 else x, "shape (128,) out of (1, 128)"),
        (lambda x, training, rng: x > 0, "not all that comes out is finite floating-point numbers"),
        (lambda x, training, rng: x / 0, "not all that comes out is finite floating-point numbers"),
        (lambda x, training, rng: None, "shape () out of (64, 128)"),
    ],
)
def test_without_an_output_nothing_else_is_tried(forward, seen):
    report = diagnose(forward)
    assert report.broken == {"shape": (seen, "")}
    assert report.skipped == dict.fromkeys(list(LAWS)[1:], "there is no output to look at")


ALL = ("backward", "backward at 0", "backward predicting")


def way_back(backward):
    """A right forward pass, whose cache is x, mask · scale and whether it trains; and this."""

    def forward(x, training, rng):
        factor = coins(x.shape, rng) / (1 - DROP) if training else np.ones_like(x)
        return x * factor, (x.copy(), factor, training)

    return forward, lambda grad, cache: backward(grad, *cache)


@pytest.mark.parametrize(
    ("backward", "broken", "said"),
    [
        (lambda g, x, f, t: g, ("backward", "backward at 0"), "no mask"),
        (lambda g, x, f, t: g * f * f, ("backward", "backward at 0"), "the scale twice"),
        (lambda g, x, f, t: g * f * 1.01, ALL, "another scale than in the forward pass"),
        (lambda g, x, f, t: g.T, ALL, ""),
        (lambda g, x, f, t: g * f * (1 if t else 2), ("backward predicting",), ""),
        (
            lambda g, x, f, t: np.where(f == 0, 1.0, g * f),
            ALL[:2],
            "another mask than in the forward pass",
        ),
        (lambda g, x, f, t: g * f if t else g / (1 - DROP), ("backward predicting",), ""),
        (lambda g, x, f, t: abs(g * f), ALL, "another scale than in the forward pass"),
        (lambda g, x, f, t: np.maximum(g, 0) * f, ALL, "another mask than in the forward pass"),
        (lambda g, x, f, t: (g * f).astype("f4"), ALL[:2], "is a dtype written down"),
    ],
)
def test_other_ways_back_are_found(backward, broken, said):
    report = diagnose(*way_back(backward), drop=DROP)
    assert tuple(report.failures) == broken
    assert report.broken[broken[0]][1] == said


def test_what_is_wrong_with_a_gradient_is_said():
    def seen(backward):
        return {law: s for law, (s, _) in diagnose(*way_back(backward)).broken.items()}

    assert seen(lambda g, x, f, t: g.T) == {
        "backward": "the gradient has shape (128, 64), not (64, 128)",
        "backward at 0": "the gradient has shape (128, 64), not (64, 128)",
        "backward predicting": "the gradient is not 1 times what came in",
    }
    assert seen(lambda g, x, f, t: g * f if t else g * 2) == {
        "backward predicting": "the gradient is not 1 times what came in"
    }
    assert seen(lambda g, x, f, t: g * np.where(np.arange(128) < 32, 2 * f, f) if t else g) == {
        "backward": "20% of the gradient is not grad · mask · scale",
        "backward at 0": "20% of the gradient is not grad · mask · scale",
    }


def test_a_gradient_that_is_changed_is_found():
    def backward(grad, x, factor, training):
        grad *= factor
        return grad

    assert diagnose(*way_back(backward), drop=DROP).broken == {
        "input": ("the gradient that was handed in has changed", "")
    }
    assert diagnose(*way_back(backward), drop=DROP, inplace=True).passed


def test_a_mask_that_a_later_forward_pass_replaces_is_found():
    masks, buffer = {}, np.empty((N_SAMPLES, N_UNITS))

    def remembered(x, training, rng):
        masks["last"] = coins(x.shape, rng) / (1 - DROP) if training else np.ones_like(x)
        return x * masks["last"], "a cache that nobody reads"

    def overwritten(x, training, rng):
        factor = coins(x.shape, rng) / (1 - DROP) if training else np.ones_like(x)
        if x.shape == buffer.shape:
            buffer[...] = factor
        return x * factor, buffer

    assert diagnose(remembered, lambda grad, cache: grad * masks["last"], drop=DROP).broken == {
        law: (f"{share}% of the gradient is not grad · mask · scale",
              "the mask of a later forward pass")
        for law, share in (("backward", 32), ("backward at 0", 32))
    }  # fmt: skip
    report = diagnose(overwritten, lambda grad, cache: grad * cache, drop=DROP)
    assert report.failures == ["backward", "backward at 0"]
    without_cache = diagnose(
        lambda *how: remembered(*how)[0], lambda grad, cache: grad * masks["last"], drop=DROP
    )
    assert without_cache.passed  # a class of the usual kind: its way back is that of the last call


def test_an_output_that_the_next_call_overwrites_is_found():
    buffer = np.empty((N_SAMPLES, N_UNITS))

    def forward(x, training, rng):
        y = masked(coins)(x, training, rng)
        return np.copyto(buffer, y) or buffer if x.shape == buffer.shape else y

    for inplace in (False, True):
        assert diagnose(forward, drop=DROP, inplace=inplace).broken == {
            "input": ("what came out has changed in the next call", "one array for all calls")
        }


def test_a_mask_that_depends_on_x_is_asked_about():
    def forward(x, training, rng):
        if not training:
            return x, np.ones_like(x)
        factor = np.empty_like(x)
        for where in (x != 0, x == 0):  # each has a coin of its own, but in another order
            factor[where] = coins(where.sum(), rng) / (1 - DROP)
        return x * factor, factor

    report = diagnose(forward, lambda grad, factor: grad * factor, drop=DROP)
    assert report.failures == ["backward at 0"]
    assert report.broken["backward at 0"][1].endswith("or does the mask depend on x")


def test_a_gradient_that_is_narrowed_is_told():
    report = diagnose(*way_back(lambda g, x, f, t: (g * f).astype("f4")), drop=DROP)
    assert report.broken["backward"] == (
        "the gradient is float32 of float64", "is a dtype written down"
    )  # fmt: skip


def test_a_way_back_that_knows_no_predictions_is_left_out():
    forward, backward = build(DROP, PLAIN)
    report = diagnose(forward, lambda grad, cache: backward(grad, [*cache]), drop=DROP)
    assert report.passed
    assert report.skipped["backward predicting"] == "backward after a prediction raises TypeError"


def test_an_input_that_a_prediction_writes_into_is_found():
    def forward(x, training, rng):
        if training:
            return masked(coins)(x, training, rng)
        x *= 2
        return x

    assert diagnose(forward, drop=DROP).broken["input"][0] == "x has changed in a prediction"


@pytest.mark.parametrize(
    ("of_drop", "law", "seen"),
    [
        (lambda d: masked(coins), "drop 0", "with drop 0 it is not the input"),
        (
            lambda d: masked(coins) if d else 1 / 0,
            "drop 0",
            "drop 0 is refused: ZeroDivisionError: division by zero",
        ),
        (
            lambda d: lambda x, on, rng: x if on else x * d,
            "drop 0",
            "with drop 0 it is not the input when predicting",
        ),
        (lambda d: masked(coins), "drop 1", "with drop 1 there is what is not 0"),
        (lambda d: masked(coins), "refuses", "a drop of nan, -0.1, 1.1 is taken"),
        (lambda d: masked(coins) if d < 1 else 1 / 0, "refuses", "a drop of -0.1 is taken"),
    ],
)
def test_other_drops(of_drop, law, seen):
    assert diagnose(masked(coins), make=of_drop).broken[law] == (seen, "")


def test_where_units_are_not_independent_the_rate_of_each_is_not_asked():
    for bug in ("one mask for the batch", "fixed count"):
        report = diagnosed(bug=bug, drop=DROPS.get(bug, DROP))
        assert report.skipped["rate"] == (
            "it is over all; what is not independent says nothing of single units and rows"
        )


@pytest.mark.parametrize(
    ("make", "seen"),
    [
        (lambda drop: undefined, "make(0.2) raises NameError: name 'undefined' is not defined"),  # noqa: F821
        (lambda: 0, "make(0.2) raises TypeError: "),
        (lambda drop: None, "make(0.2) gives no function, but None"),
        (lambda drop: (), "make(0.2) gives no function, but ()"),
    ],
)
def test_a_make_that_makes_nothing_refuses_nothing(make, seen):
    report = diagnose(masked(coins), make=make)
    for law in ("drop 0", "drop 1", "refuses"):
        assert report.broken[law][0].startswith(seen)
    as_list = diagnosed().passed and diagnose(
        *build(DROP, PLAIN), make=lambda drop: list(build(drop, PLAIN))
    )
    assert as_list.passed


def test_a_dropout_that_wants_to_end_the_program_does_not():
    def forward(x, training, rng):
        raise SystemExit(3)

    assert diagnose(forward).broken == {"shape": ("raises SystemExit: 3", "")}


# ---- by other hands ----------------------------------------------------------------------------

BY_OTHERS = {  # written by somebody who had not seen the laws: what is found, but for the edges
    "right_1": {},
    "right_2": {},
    "right_3": {},
    "wrong_1": {"input": "a *= where a product is meant"},
    "wrong_2": dict.fromkeys(ALL[:2], "the mask of a later forward pass"),
    "wrong_3": {
        "units": "a mask that some of them share",
        "calls": "",
        "counts": "units that are dropped together, or samples with rates of their own",
    },
    "wrong_4": {"backward at 0": "units whose value is 0 taken for dropped"},
    "wrong_5": {
        "backward": "another mask than in the forward pass",
        "backward at 0": "another mask than in the forward pass, or does the mask depend on x",
    },
}


@pytest.mark.parametrize("name", BY_OTHERS)
def test_dropouts_by_other_hands_are_judged_rightly(name):
    module = import_module(f"other_hands.{name}")
    report = diagnose(module.forward, module.backward, make=module.make)
    found = {law: mistake for law, (_, mistake) in report.broken.items()}
    for edge in ("drop 1", "refuses"):  # most of them do not look at their drop
        found.pop(edge, None)
    assert found == BY_OTHERS[name]


# ---- the report --------------------------------------------------------------------------------


def test_a_report_is_a_table():
    report = diagnosed(bug="not scaled")
    rows = report.rows()
    assert [law for law, _, _ in rows] == list(LAWS)
    said = {law: (state, text) for law, state, text in rows}
    seen, mistake = report.broken["mean"]
    assert said["mean"] == ("BROKEN", f"{seen}: {mistake}?")
    assert said["rate"] == ("kept", LAWS["rate"].__doc__)
    assert diagnosed(SOME[1]).rows()[2][1:] == (
        "skipped", "inplace=True allows it to be written into"
    )  # fmt: skip
    assert str(report).splitlines()[10] == f"{'mean':20} {'BROKEN':8} {seen}: {mistake}?"


def test_a_row_has_a_cell_for_law_state_and_text():
    report = Report(kept=["shape"], broken={"rate": ("a", "")}, skipped={"mean": "no <b>"})
    rows = [("shape", "kept", LAWS["shape"].__doc__), ("rate", "BROKEN", "a"),
            ("mean", "skipped", "no &lt;b&gt;")]  # fmt: skip
    cells = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    assert report._repr_html_() == f"<table>{cells}</table>"
    report.remarks += ["one", "two"]
    assert report._repr_html_().endswith("</table><p>Remark: one</p><p>Remark: two</p>")


def test_a_report_in_jupyter_is_a_table_too():
    report = diagnose(lambda x, training, rng: x.astype("f2"))
    report.remarks.append("a < b")
    assert report._repr_html_().count("<tr>") == len(LAWS)
    assert "<td>float16 out of float32: is a dtype written down?</td>" in report._repr_html_()
    assert report._repr_html_().endswith("<p>Remark: a &lt; b</p>")
    assert str(report).endswith("\nremark: a < b")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"forward": 3}, TypeError, "forward must be a function, got 3"),
        ({"forward": None}, TypeError, "forward must be a function, got None"),
        ({"backward": 3}, TypeError, "backward must be a function, got 3"),
        ({"make": 0.2}, TypeError, "make must be a function, got 0.2"),
        ({"drop": 0}, ValueError, "drop must be between 0 and 1, got 0"),
        ({"drop": 1}, ValueError, "drop must be between 0 and 1, got 1"),
        ({"drop": float("nan")}, ValueError, "drop must be between 0 and 1, got nan"),
        ({"drop": "0.2"}, TypeError, "drop must be a number, got '0.2'"),
        ({"level": 0}, ValueError, "level must be between 0 and 1, got 0"),
        ({"inplace": 1}, TypeError, "inplace must be True or False, got 1"),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments, error, message):
    with pytest.raises(error) as caught:
        diagnose(**{"forward": masked(coins), **arguments})
    assert str(caught.value) == message


# ---- chance ------------------------------------------------------------------------------------


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
    asked_before = 1 / (3 + N_SAMPLES + N_UNITS)  # the first test of the rate, asked by `units`
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
