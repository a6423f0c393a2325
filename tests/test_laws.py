"""The laws that leave nothing to chance: what breaks one, and what is said of it."""

import numpy as np
import pytest
from small_dropouts import DROP, PLAIN, coins, diagnosed, masked, trial_of, with_mask

from helpers.bugs import build
from helpers.checks import diagnose
from helpers.laws import LAWS
from helpers.trial import N_SAMPLES, N_UNITS, Broken


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


def test_a_flag_that_is_read_the_wrong_way_round_is_told_from_one_that_is_not_read():
    def forward(x, training, rng):
        return masked(coins)(x, not training, rng)

    seen, mistake = diagnose(forward, drop=DROP).broken["prediction"]
    assert mistake == "is `training` read the wrong way round" and "20% of their units" in seen


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
            "is something computed over the batch, or remembered",
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
        (lambda x, training, rng: x > 0, "bool values come out, no floating-point numbers"),
        (lambda x, training, rng: x / 0, "not all numbers that come out are finite"),
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
    report = diagnose(lambda x, training, rng: x if training else None)
    assert report.broken == {
        "shape": ("forward returns None when predicting", "is a return missing")
    }


def test_a_prediction_that_is_written_over_what_came_out_before_is_found():
    buffer = np.empty((N_SAMPLES, N_UNITS))

    def forward(x, training, rng):
        if training or x.shape != buffer.shape:
            return with_mask(x, training, rng)[0]
        buffer[:] = x
        return buffer

    seen = diagnose(forward, drop=DROP).broken["input"][0]
    assert seen == "what came out has changed in the next call"


@pytest.mark.parametrize(
    ("forward", "seen", "mistake"),
    [
        (
            lambda x, on, rng: np.square(x) * coins(x.shape, rng) / 0.8 / x if on else x,
            "an input of 0 becomes nan",
            "a division by x",
        ),
        (
            lambda x, on, rng: x * coins(x.shape, rng) / 0.8 if on else x + (x == 0),
            "an input of 0 becomes 1",
            "",
        ),
    ],
)
def test_0_stays_0(forward, seen, mistake):
    assert diagnose(forward, drop=DROP).broken == {"scale": (seen, mistake)}


def test_an_array_that_is_stored_by_columns_is_dropped_too():
    def forward(x, training, rng):
        y = x / (1 - DROP) if training else x.copy()
        if training:
            y.ravel()[~coins(x.shape, rng).ravel()] = 0  # of a copy, if it is stored by columns
        return y

    seen = "of an array that is stored by columns 0.0000 is dropped, not 0.2"
    assert diagnose(forward, drop=DROP).broken["rate"][0] == seen


@pytest.mark.parametrize(
    ("backward", "law", "seen"),
    [
        (lambda grad, cache, drop: grad * 0 if drop == 0 else grad * cache, "drop 0",
         "with drop 0 the gradient is not what came in"),
        (lambda grad, cache, drop: grad * cache / (drop > 0), "drop 0",
         "with drop 0 the gradient is not what came in"),
        (lambda grad, cache, drop: [][0] if drop == 0 else grad * cache, "drop 0",
         "with drop 0 the way back raises IndexError: list index out of range"),
        (lambda grad, cache, drop: grad * np.nan if drop == 1 else grad * cache, "drop 1",
         "with drop 1 there is nan on the way back"),
    ],
)  # fmt: skip
def test_the_way_back_is_tried_with_other_drops(backward, law, seen):
    def make(drop):
        def forward(x, training, rng):
            scale = 1 / (1 - drop) if drop < 1 else 0.0
            factor = coins(x.shape, rng, drop) * scale if training else np.ones_like(x)
            return x * factor, factor

        return forward, lambda grad, cache: backward(grad, cache, drop)

    assert diagnose(*make(DROP), make=make, drop=DROP).broken[law][0] == seen


def test_a_prediction_with_drop_1_is_finite():
    def make(drop):
        return lambda x, training, rng: (
            x * coins(x.shape, rng, drop) if training else x * (1 - drop) / (drop < 1)
        )

    seen = "with drop 1 a prediction is not finite"
    said = (seen, "a division by 1 - drop = 0")
    assert diagnose(make(DROP), make=make, drop=DROP).broken["drop 1"] == said


def test_an_output_that_the_next_call_overwrites_is_found():
    buffer = np.empty((N_SAMPLES, N_UNITS))

    def forward(x, training, rng):
        y = masked(coins)(x, training, rng)
        return np.copyto(buffer, y) or buffer if x.shape == buffer.shape else y

    for inplace in (False, True):
        assert diagnose(forward, drop=DROP, inplace=inplace).broken == {
            "input": ("what came out has changed in the next call", "one array for all calls")
        }


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
        (lambda drop: (3, print), "make(0.2) gives no function, but (3, <built-in"),
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


def test_training_is_asked_by_true_and_false():
    """A dropout may look for ``training is True``, or keep a table of two."""
    asked = []

    def forward(x, training, rng):
        asked.append(training)
        return with_mask(x, training, rng)

    def backward(grad, factor):
        return grad * factor

    diagnose(forward, backward, drop=DROP, make=lambda drop: forward)
    assert set(map(id, asked)) == {id(True), id(False)}


@pytest.mark.parametrize("of", [True, False])
def test_one_array_for_all_trainings_or_for_all_predictions_is_found(of):
    buffer = np.empty((N_SAMPLES, N_UNITS))

    def forward(x, training, rng):
        y = masked(coins)(x, training, rng)
        same = training is of and x.shape == buffer.shape
        return np.copyto(buffer, y) or buffer if same else y

    assert diagnose(forward, drop=DROP).broken["input"][1] == "one array for all calls"


@pytest.mark.parametrize("changed", [[0], [1], [2], [3], [4], [1, 2, 3, 4]])
def test_any_prediction_that_differs_is_found(changed):
    trial = trial_of(coins((32, 64, 128), np.random.default_rng(0)))
    trial.predictions = [trial.x * (2 if k in changed else 1) for k in range(5)]
    with pytest.raises(Broken, match=r"^two predictions differ; 0% of") as broken:
        LAWS["prediction"](trial)
    drawn = "is something drawn, or left behind by the prediction before"
    behind = "does a training leave something behind"
    assert broken.value.mistake == (drawn if changed in ([1], [2]) else behind)


def test_an_input_that_is_written_into_if_it_is_stored_by_columns_is_found():
    def forward(x, training, rng):
        y = np.asfortranarray(x)  # no copy where it is so already
        if training:
            y *= coins(x.shape, rng) / (1 - DROP)
        return y

    seen = "x has changed in training"
    assert diagnose(forward, drop=DROP).broken["input"][0] == seen
