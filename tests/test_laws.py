"""The laws that leave nothing to chance: what breaks one, and what is said of it."""

import random

import numpy as np
import pytest
from small_dropouts import (
    DROP,
    PLAIN,
    coins,
    diagnosed,
    masked,
    with_mask,
)

from helpers.bugs import build
from helpers.checks import diagnose
from helpers.laws import LAWS
from helpers.trial import N_SAMPLES, N_UNITS


def test_a_wider_dtype_is_a_remark():
    def forward(x, training, rng):
        return x * ((rng.random(x.shape) >= DROP) / (1 - DROP)) if training else x

    report = diagnose(forward, drop=DROP)
    assert report.passed and report.remarks == ["training makes float64 of float32"]


def test_drop_1_may_give_zeros():
    def make(drop):
        if not 0 <= drop <= 1:
            raise ValueError
        return masked(lambda *how: coins(*how, drop), 1 / (1 - drop) if drop < 1 else 1.0)

    assert diagnose(make(DROP), make=make).passed


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


def test_a_stream_that_another_thread_moves_is_not_held_against_a_dropout():
    calls = []

    def forward(x, training, rng):
        calls.append(random.random() if len(calls) % 6 > 2 else 0)
        return masked(coins)(x, training, rng)

    assert diagnose(forward, drop=DROP).passed


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
            "is something written into the cache, or the kept mask",
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


def test_only_a_drop_of_1_that_gives_no_numbers_is_taken_for_a_division_by_0():
    mistakes = {
        scale: diagnose(masked(coins), make=lambda d, s=scale: masked(coins, s(d))).broken["drop 1"]
        for scale in (lambda d: 1.25, lambda d: np.divide(1.0, 1 - d))
    }
    assert [mistake for _, mistake in mistakes.values()] == ["", "a division by 1 - drop = 0"]


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
        (lambda x, training, rng: {}, "shape () out of (64, 128)"),
        (lambda x, training, rng: (x, x, x), "forward returns 3 things, not y or (y, cache)"),
        (
            lambda x, training, rng: np.ma.masked_array(x, rng.random(x.shape) < DROP),
            "a masked array comes out: what is hidden is no 0",
        ),
    ],
)
def test_without_an_output_nothing_else_is_tried(forward, seen):
    report = diagnose(forward)
    assert report.broken == {"shape": (seen, "")}
    assert report.skipped == dict.fromkeys(list(LAWS)[1:], "there is no output to look at")


def test_a_forgotten_return_is_told():
    report = diagnose(lambda x, training, rng: None)
    assert report.broken == {"shape": ("forward returns None", "is a return missing")}


def test_a_fresh_mask_on_the_way_back_is_told():
    def forward(x, training, rng):
        return (x * coins(x.shape, rng) / (1 - DROP), rng) if training else (x, None)

    def backward(grad, rng):
        return grad if rng is None else grad * coins(grad.shape, rng) / (1 - DROP)

    report = diagnose(forward, backward, drop=DROP)
    assert report.broken["backward"][1] == "a fresh mask on the way back"


def test_masks_on_a_stack_are_right():
    def popper():
        masks = []

        def forward(x, training, rng):
            mask = coins(x.shape, rng) / (1 - DROP) if training else np.ones_like(x)
            masks.append(mask)
            return x * mask

        return forward, lambda grad, cache: grad * masks.pop()

    for seed in range(3):
        assert diagnose(*popper(), drop=DROP, seed=seed).passed


def test_of_what_has_no_zeros_no_mask_is_told_to_be_another():
    def forward(x, training, rng):
        mask = coins(x.shape, rng) if training else np.ones_like(x)
        y = np.where(mask, x / (1 - DROP), 1e-9) if training else x
        return y, mask / (1 - DROP) if training else mask

    broken = diagnose(forward, lambda grad, mask: grad * mask, drop=DROP).broken
    assert broken["backward"] == ("the gradient is not grad · output / input", "")


def test_a_gradient_that_is_added_up_is_told():
    total = {}

    def backward(grad, mask):
        total["grad"] = total.get("grad", 0) + grad * mask
        return total["grad"]

    report = diagnose(with_mask, backward, drop=DROP)
    assert report.broken["backward"][1] == "is it added to what an earlier call gave"


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
