"""The convolutional network of ``tools.experiments.spatial``, and the counts of false alarms."""

import numpy as np
import pytest
from scipy.signal import correlate
from scipy.stats import binom

from helpers.functions import softmax_cross_entropy
from helpers.mnist import load_sample
from helpers.recorded import recorded
from tools.experiments import false_alarms, spatial

RNG = np.random.default_rng(0)


def test_a_convolution_is_that_of_scipy():
    x, w, b = RNG.normal(size=(2, 3, 6, 7)), RNG.normal(size=(4, 3, 3, 3)), RNG.normal(size=4)
    for n in range(2):
        for f in range(4):
            expected = correlate(x[n], w[f], mode="valid")[0] + b[f]
            np.testing.assert_allclose(spatial.convolve(x, w, b)[n, f], expected, atol=1e-12)


@pytest.mark.parametrize("kind", ["none", "single", "channels"])
def test_the_gradients_are_the_numerical_ones(kind):
    parameters = [one.astype(float) for one in spatial.start(RNG)]
    x, labels = RNG.random((2, 1, 14, 14)), np.array([3, 7])
    masks = [m if np.isscalar(m) else m.astype(float) for m in spatial.masks_of(kind, 0.3, 2, RNG)]
    found = spatial.gradient(parameters, x, labels, masks)

    def loss():
        return softmax_cross_entropy(spatial.forward(parameters, x, masks)[-1], labels)[0]

    for one, slope in zip(parameters, found, strict=True):
        flat = one.reshape(-1)
        for i in RNG.choice(flat.size, 5, replace=False):
            before, losses = flat[i], []
            for step in (1e-5, -1e-5):
                flat[i] = before + step
                losses.append(loss())
            flat[i] = before
            assert slope.ravel()[i] == pytest.approx((losses[0] - losses[1]) / 2e-5, abs=1e-7)


def test_masks_are_shared_along_a_channel_or_not_at_all():
    shapes = [m.shape for m in spatial.masks_of("single", 0.2, 5, RNG)]
    assert shapes == [(5, 8, 12, 12), (5, 16, 10, 10)]
    assert [m.shape for m in spatial.masks_of("channels", 0.2, 5, RNG)] == [
        (5, 8, 1, 1), (5, 16, 1, 1)
    ]  # fmt: skip
    assert spatial.masks_of("none", 0.2, 5, RNG) == [1.0, 1.0]


@pytest.mark.parametrize(("kind", "shared"), [("noise_single", ()), ("noise_channels", (2, 3))])
def test_the_noise_behind_a_mask_is_the_sampled_one(kind, shared):
    first, weights = RNG.random((3, 4, 5, 5)), RNG.normal(size=(2, 4, 3, 3))
    shape = tuple(1 if k in shared else n for k, n in enumerate(first.shape))
    draws = (RNG.random((4000, *shape)) >= 0.2) / 0.8
    nothing = np.zeros(2)
    sums = np.array([spatial.convolve(first * draw, weights, nothing) for draw in draws])
    whole = spatial.convolve(first, weights, nothing)
    expected = np.sqrt(sums.var(axis=0).mean()) / whole.std()
    assert spatial.noise_behind(first, weights, 0.2)[kind] == pytest.approx(expected, rel=0.02)


def test_neighbours_that_are_alike_are_correlated():
    smooth = np.repeat(RNG.random((50, 2, 6, 3)), 2, axis=3)  # pairs of equal neighbours
    smooth[:, 1] = 0  # a channel that never changes is left out
    assert 0.4 < spatial.correlation_of_neighbours(smooth) < 0.8


def test_a_run_trains_on_the_training_digits(monkeypatch):
    monkeypatch.setattr(spatial, "EPOCHS", 3)
    found = spatial.train_spatial(load_sample(), 0, "channels", 0.2)
    assert tuple(found) == spatial.RESULTS
    assert found["train_error"] < found["error"] < 40


@pytest.mark.parametrize("kind", ["single", "channels"])
def test_the_best_of_each_kind_on_the_validation_digits_was_tested(kind):
    errors = {s: r["error"].mean() for s, r in recorded("spatial").items() if s.startswith(kind)}
    assert min(errors, key=errors.get) in spatial.CHOSEN


def test_false_alarms_are_counted_by_law():
    found = false_alarms.count_alarms(None, 0, drop=0.2, level=0.9, diagnoses=20)
    assert found["diagnoses"] == 20
    assert 0 < found["alarms"] <= sum(found[law] for law in false_alarms.BY_CHANCE)
    assert false_alarms.count_alarms(None, 0, 0.2, 1e-9, 5)["alarms"] == 0


def test_the_rate_of_the_fair_rival_is_the_best_on_the_validation_digits():
    errors = {0.05: recorded("spatial")["none"]["error"].mean()}
    for name, runs in recorded("spatial_rates").items():
        if name.startswith("none"):
            errors[spatial.RATES[name]["learning_rate"]] = runs["error"].mean()
    best = min(errors, key=errors.get)
    assert spatial.FASTER == f"none, learning rate {best:g}" and best < max(errors)


def test_recorded_false_alarms_do_not_exceed_the_level_by_more_than_chance():
    for runs in recorded("false_alarms").values():
        alarms, diagnoses = runs["alarms"].sum(), runs["diagnoses"].sum()
        assert diagnoses == 30_000 and binom.sf(alarms - 1, diagnoses, 0.01) > 0.1
