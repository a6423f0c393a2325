"""The laws of the way back: what breaks one, and what is said of it."""

import numpy as np
import pytest
from small_dropouts import DROP, PLAIN, coins, diagnosed, masked, with_both_ways, with_mask

from helpers.bugs import build
from helpers.checks import diagnose
from helpers.trial import N_SAMPLES, N_UNITS


def test_where_masks_do_not_repeat_the_way_back_at_0_is_not_tried():
    report = diagnosed(bug="global stream")
    assert report.skipped["backward at 0"] == (
        "the mask there is known only where the same rng gives it again"
    )


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


def test_a_fresh_mask_on_the_way_back_is_told():
    def forward(x, training, rng):
        return (x * coins(x.shape, rng) / (1 - DROP), rng) if training else (x, None)

    def backward(grad, rng):
        return grad if rng is None else grad * coins(grad.shape, rng) / (1 - DROP)

    report = diagnose(forward, backward, drop=DROP)
    assert report.broken["backward"][1] == "a mask of its own for each way back"


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
        "input": ("the gradient that was handed in has changed on the way back", "")
    }
    assert diagnose(*way_back(backward), drop=DROP, inplace=True).passed


@pytest.mark.parametrize(
    ("alone", "of"),
    [
        (lambda grad: len(grad) == 1, " of a sample alone"),
        (lambda grad: grad.dtype == np.float32, " of float32 numbers"),
    ],
)
def test_the_way_back_is_tried_for_one_sample_and_for_float32(alone, of):
    def backward(grad, factor):
        return grad if alone(grad) else grad * factor

    seen, mistake = diagnose(with_mask, backward, drop=DROP).broken["backward"]
    assert seen.endswith(f"of the gradient{of} is not grad · mask · scale")
    assert mistake == "no mask"


def test_what_is_written_on_the_way_back_is_found():
    def forward(x, training, rng):
        factor = coins(x.shape, rng) / (1 - DROP) if training else 1 - DROP
        y = x * factor
        return y, (x, y, factor)

    for place, what in ((0, "x"), (1, "what came out")):

        def backward(grad, cache, place=place):
            np.multiply(grad, cache[2], out=cache[place])
            return grad * cache[2]

        seen = diagnose(forward, backward, drop=DROP).broken["input"][0]
        assert seen == f"{what} has changed on the way back"


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


@pytest.mark.parametrize(
    ("remember", "back", "of"),
    [
        (
            lambda mask: np.packbits(mask, axis=1),
            lambda bits, grad: np.unpackbits(bits, axis=1),
            "five units",
        ),
        (lambda mask: mask.ravel("K"), lambda mask, grad: mask.reshape(grad.shape), "columns"),
    ],
    ids=["bits", "memory order"],
)
def test_a_way_back_that_fits_some_arrays_alone_is_found(remember, back, of):
    def stored_as_x_is(x, rng):
        mask = np.empty_like(x, dtype=bool)
        mask[:] = coins(x.shape, rng)
        return mask

    report = diagnose(*with_both_ways(stored_as_x_is, remember, back), drop=DROP)
    assert "backward" in report.failures
    if of == "columns":
        assert "of an array that is stored by columns" in report.broken["backward"][0]
