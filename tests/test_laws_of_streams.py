"""The law that no global stream is moved or seeded: by whom, and what it asks of the seeds."""

import random

import numpy as np
import pytest
from small_dropouts import DROP, coins, masked, with_mask

from helpers.checks import diagnose


@pytest.mark.parametrize(
    ("draw", "whose"),
    [
        (lambda s, r: np.random.random(s) >= DROP, "NumPy's"),
        (lambda s, r: coins(s, np.random.default_rng(random.getrandbits(60))), "Python's"),
        (lambda s, r: coins(s, r) | (random.random() < 0), "Python's"),
        (lambda s, r: (np.random.seed(12345), coins(s, r))[1], "NumPy's"),
        (lambda s, r: (random.seed(0), coins(s, r))[1], "Python's"),
    ],
)
def test_a_global_stream_is_named(draw, whose):
    report = diagnose(masked(draw), drop=DROP)
    assert report.broken["global stream"] == (
        f"{whose} global stream has moved", "is it seeded, or drawn from where rng is meant"
    )  # fmt: skip


def test_a_global_stream_is_seen_however_short_arrays_are_printed():
    with np.printoptions(threshold=3):
        report = diagnose(masked(lambda shape, rng: np.random.random(shape) >= DROP), drop=DROP)
    assert "global stream" in report.failures


def test_a_stream_that_another_thread_moves_is_not_held_against_a_dropout():
    calls = []

    def forward(x, training, rng):
        calls.append(random.random() if len(calls) % 6 > 2 else 0)
        return masked(coins)(x, training, rng)

    assert diagnose(forward, drop=DROP).passed


def test_a_global_stream_that_is_seeded_on_the_way_back_or_when_it_is_made_is_found():
    def backward(grad, factor):
        np.random.seed(1)
        return grad * factor

    def late(grad, factor):  # no use of a wrong gradient or cache ends it before
        dx = grad * factor
        np.random.random()
        return dx

    def make(drop):
        np.random.seed(42 if drop == DROP else None)
        return masked(coins)

    assert "global stream" in diagnose(with_mask, backward, drop=DROP).failures
    assert "global stream" in diagnose(with_mask, late, drop=DROP).failures
    assert "global stream" in diagnose(masked(coins), make=make, drop=DROP).failures


@pytest.mark.parametrize("error", [ValueError, SystemExit])
def test_a_make_that_raises_has_moved_no_stream(error):
    def make(drop):
        raise error("no")

    failures = diagnose(masked(coins), make=make, drop=DROP).failures
    assert set(failures) == {"drop 0", "drop 1", "refuses"}


def test_a_prediction_that_draws_from_a_global_stream_is_found():
    def forward(x, training, rng):
        if training is False:
            np.random.random()
        return masked(coins)(x, training, rng)

    assert diagnose(forward, drop=DROP).failures == ["global stream"]


@pytest.mark.parametrize("seed", [2**32 - 1, 2**33 - 1, 2**70])
def test_a_seed_may_be_larger_than_those_of_the_old_stream(seed):
    assert diagnose(masked(coins), drop=DROP, seed=seed).passed
