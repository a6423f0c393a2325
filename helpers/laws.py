"""The laws that `helpers.checks.diagnose` tries, and the trial that they look at.

A law is kept, or raises `Broken` or `Skipped`; its docstring says what it asks. Those in
``BY_CHANCE`` are decided by exact binomial tests, which share the level of the diagnosis: a right
dropout breaks any of them no more often than that, whatever they have in common.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import bdtr, bdtrc, ndtr

if TYPE_CHECKING:
    from helpers.checks import Report

N_CALLS, N_SAMPLES, N_UNITS = 32, 64, 128  # what is looked at: training calls, and their inputs
AXES = ("calls", "samples", "units")
CLOSE = 1e-5  # two scales that are as near are the same; float32 rounds to 1e-7
IMPOSSIBLE = 1e-12  # a probability that no level is as small as
BY_CHANCE = (*AXES, "counts", "rate", "mean")


class Broken(Exception):
    """A law is broken: what was seen, and the likely mistake, if one is known."""

    def __init__(self, seen: str, mistake: str = "") -> None:
        super().__init__(seen)
        self.seen, self.mistake = seen, mistake


class Skipped(Exception):
    """A law could not be tried; the reason."""


def tails(k: np.ndarray, n: int, p: float) -> np.ndarray:
    """How likely a binomial count is to lie as far out as ``k`` on its side, times two."""
    return 2 * np.minimum(bdtr(k, n, p), bdtrc(np.asarray(k) - 1, n, p))


def same(values: np.ndarray, value: np.ndarray | float) -> bool:
    """Whether all ``values`` are ``value``, but for rounding."""
    return bool(np.all(np.abs(values - value) <= CLOSE * np.abs(value)))


def nearest(value: float, guesses: dict[float, str]) -> str:
    """What the nearest guess stands for, if it is within two hundredths; else nothing."""
    near = min(guesses, key=lambda guess: abs(guess - value))
    return guesses[near] if abs(near - value) < 0.02 * max(1, value) else ""


@dataclass
class Trial:
    """A dropout under trial and what it did; ``level`` is that of each law in ``BY_CHANCE``."""

    forward: Callable
    backward: Callable | None
    drop: float
    make: Callable | None
    inplace: bool
    level: float
    seed: int
    report: Report

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, 0])
        signs = rng.choice([-1.0, 1.0], (N_SAMPLES, N_UNITS))
        self.x = signs * rng.uniform(0.5, 1.5, signs.shape)  # no zeros: a zero is a dropped unit
        self.grad = rng.uniform(0.5, 1.5, signs.shape)
        self.rng = np.random.default_rng([self.seed, 1])

    def call(
        self, training: bool, x: np.ndarray | None = None, rng: np.random.Generator | None = None
    ) -> tuple:
        """A copy of what comes out for a copy of ``self.x``, or for ``x`` itself; and the cache."""
        made = self.forward(self.x.copy() if x is None else x, training, rng or self.rng)
        y, cache = made if isinstance(made, tuple) else (made, None)
        return np.array(y), cache

    @cached_property
    def first_prediction(self) -> np.ndarray:
        """What comes out before anything else was asked, as `shape`, the first law, sees to."""
        return self.call(False)[0]

    @cached_property
    def outputs(self) -> np.ndarray:
        """Outputs / inputs in training: (n_calls, n_samples, n_units). Predictions lie between."""
        factors, self.predictions = [], [self.first_prediction]
        for k in range(N_CALLS):
            factors.append(self.call(True)[0] / self.x)
            if k in (N_CALLS // 2, N_CALLS - 1):
                self.predictions += [self.call(False)[0] for _ in range(2)]
        return np.array(factors)

    @cached_property
    def shared(self) -> list[str]:
        """The axes along which all masks are the same, which chance does not bring about."""
        kept = self.outputs != 0
        if kept.all() or not kept.any():
            return []
        return [name for k, name in enumerate(AXES) if (kept == kept.take([0], k)).all()]

    @cached_property
    def draws(self) -> np.ndarray:
        """The outputs without those that repeat others: one of each shared axis."""
        return self.outputs[tuple(slice(1 if name in self.shared else None) for name in AXES)]

    @cached_property
    def dropped(self) -> np.ndarray:
        """Where ``draws`` are 0."""
        return self.draws == 0

    @cached_property
    def rate(self) -> float:
        """``drop``, or the fraction dropped where that is another; `Skipped` if it is 0 or 1."""
        k, n = self.dropped.sum(), self.dropped.size
        if k in (0, n):
            raise Skipped(f"{'nothing' if k == 0 else 'everything'} is dropped")
        return k / n if self.unlikely(k, n, self.drop, self.rate_tests) else self.drop

    @property
    def rate_tests(self) -> int:
        """How many tests the law of the rate has: over all, of each unit and of each row."""
        return 1 + sum(self.dropped.shape[1:])

    @cached_property
    def scale(self) -> float:
        """What all that stays is multiplied by in training; `Skipped` without such a number."""
        stay = self.outputs[self.outputs != 0]
        if not stay.size or not same(stay, stay[0]):
            raise Skipped("what stays has no single scale")
        return float(np.median(stay))

    @cached_property
    def predicted(self) -> float:
        """What a prediction multiplies its input by; `Skipped` if there is no such number."""
        _ = self.outputs
        factors = np.array([y / self.x for y in self.predictions])
        if not same(factors, factors.flat[0]):
            raise Skipped("a prediction is no multiple of its input")
        return float(np.median(factors))

    def unlikely(self, k: np.ndarray, n: int, p: float, n_tests: int) -> np.ndarray:
        """Which counts are too unlikely, in a law of so many tests."""
        return tails(k, n, p) < self.level / n_tests


# ---- what comes out ----------------------------------------------------------------------------


def _shape(trial: Trial) -> None:
    """The output has the shape of the input, for one sample or one unit, too, and no nan."""
    _ = trial.first_prediction
    for shape in ((N_SAMPLES, N_UNITS), (1, N_UNITS), (3, 1)):
        for training in (True, False):
            y, _ = trial.call(training, trial.x[: shape[0], : shape[1]].copy())
            if y.shape != shape:
                raise Broken(f"shape {y.shape} out of {shape}")
            if y.dtype.kind != "f" or not np.isfinite(y).all():
                raise Broken("not all that comes out is finite floating-point numbers")


def _dtype(trial: Trial) -> None:
    """What comes out is not narrower than what went in."""
    for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        for training in (True, False):
            y, _ = trial.call(training, trial.x.astype(dtype))
            if y.dtype.itemsize < dtype.itemsize:
                raise Broken(f"{y.dtype} out of {dtype}", "is a dtype written down")
            if y.dtype.itemsize > dtype.itemsize and training:
                trial.report.remarks.append(f"training makes {y.dtype} of {dtype}")


def _input(trial: Trial) -> None:
    """The input is left as it was, and so is the gradient."""
    if trial.inplace:
        raise Skipped("inplace=True allows it to be written into")
    for training in (True, False):
        x, grad = trial.x.copy(), trial.grad.copy()
        _, cache = trial.call(training, x)
        if not np.array_equal(x, trial.x):
            when = "in training" if training else "in a prediction"
            raise Broken(f"x has changed {when}", "a *= where a product is meant")
        if trial.backward is not None and training:
            trial.backward(grad, cache)
            if not np.array_equal(grad, trial.grad):
                raise Broken("the gradient that was handed in has changed")


def _prediction(trial: Trial) -> None:
    """A prediction is the same each time, before a training and after it, alone and in a batch."""
    _ = trial.outputs
    first, *others = trial.predictions
    if any(not np.array_equal(first, other) for other in others):
        dropped = np.mean([other == 0 for other in others])
        sticks = "does a training leave something behind"
        mistake = sticks if first.all() or not dropped else "is `training` read"
        raise Broken(f"two predictions differ; {dropped:.0%} of their units are 0", mistake)
    alone, _ = trial.call(False, trial.x[:1].copy())
    if not same(alone, first[:1]):
        seen = "a sample alone gets another prediction than in a batch"
        raise Broken(seen, "is something computed over the batch")


# ---- which units are dropped -------------------------------------------------------------------


def _units(trial: Trial) -> None:
    """Two units of a sample are dropped independently."""
    _independent(trial, "units", "one mask for all units of a sample")


def _samples(trial: Trial) -> None:
    """Two samples are dropped independently."""
    _independent(trial, "samples", "one mask for the whole batch")


def _calls(trial: Trial) -> None:
    """Two calls are dropped independently."""
    _independent(trial, "calls", "a seed inside of forward, or a mask that is kept")
    agree = trial.rate**2 + (1 - trial.rate) ** 2
    n, different = len(trial.dropped), len({mask.tobytes() for mask in trial.dropped})
    if different < n and n**2 * agree ** trial.dropped[0].size < IMPOSSIBLE:
        raise Broken(f"{n} calls have {different} masks", "a generator with few seeds")


def _independent(trial: Trial, name: str, mistake: str) -> None:
    """Compare disjoint pairs along an axis, neighbours and half an axis apart."""
    rate = trial.rate
    if name in trial.shared:
        raise Broken(f"all {name} have the same mask", mistake)
    dropped = np.moveaxis(trial.dropped, AXES.index(name), 0)
    half, agree = len(dropped) // 2, rate**2 + (1 - rate) ** 2
    for what, one, other in (
        ("neighbouring", dropped[0::2], dropped[1::2]),
        ("distant", dropped[:half], dropped[half:]),
    ):
        if trial.unlikely((one == other).sum(), one.size, agree, 2):
            seen = f"{what} {name} agree {np.mean(one == other):.3f} of the time, not {agree:.3f}"
            raise Broken(seen, "a mask that some of them share" if (one == other).all() else "")


def _counts(trial: Trial) -> None:
    """The number dropped in a sample, in a unit and in a call varies as that of coins."""
    rate, dropped = trial.rate, trial.dropped
    _, n_samples, n_units = dropped.shape
    for what, axes, n in (
        ("sample", 2, n_units),
        ("unit", 1, n_samples),
        ("call", (1, 2), n_samples * n_units),
    ):
        counts, below = dropped.sum(axis=axes), bdtr(np.arange(n + 1), n, rate)
        low, high = np.searchsorted(below, [0.25, 0.75])  # the counts in the middle, about half
        chance = below[high] - (below[low - 1] if low else 0)
        middle = np.sum((counts >= low) & (counts <= high))
        if n > 1 and trial.unlikely(middle, counts.size, chance, 3):
            share = middle / counts.size
            seen = f"{share:.1%} of the {what}s have {low} to {high} of {n} dropped"
            together = "units that are dropped together" if share < chance else ""
            raise Broken(f"{seen}, not {chance:.1%}", "a fixed count" if share == 1 else together)


def _rate(trial: Trial) -> None:
    """The fraction that is dropped is drop, over all, in each unit and in each row."""
    dropped, drop = trial.dropped, trial.drop
    n_tests, share = trial.rate_tests, dropped.mean()
    if trial.unlikely(dropped.sum(), dropped.size, drop, n_tests):
        off = "is dropout off, from the start or since the first prediction"
        guesses = {
            0: off if same(trial.draws, trial.draws.flat[0]) else "is it noise, without zeros",
            1 - drop: "is drop taken for what is kept",
            float(ndtr(drop)): "normal numbers for uniform ones",
        }
        seen = f"{share:.4f} of {dropped.size:,} units are dropped, not {drop}"
        raise Broken(seen, nearest(share, guesses))
    if set(trial.report.broken) & {*AXES, "counts"}:
        return  # a sum of what is not independent says nothing of a single unit or row
    for what, axes in (("unit", (0, 1)), ("row", (0, 2))):
        counts = dropped.sum(axis=axes)
        n = dropped.size // counts.size
        odd = np.flatnonzero(trial.unlikely(counts, n, drop, n_tests))
        if odd.size:
            seen = f"{what} {odd[0]} is dropped {counts[odd[0]] / n:.3f} of the time, not {drop}"
            raise Broken(seen, "" if counts[odd[0]] else "an index that is off by one")


# ---- what becomes of the others ----------------------------------------------------------------


def _scale(trial: Trial) -> None:
    """All that stays is multiplied by one number, the same in every call."""
    stay = trial.outputs[trial.outputs != 0]
    if not stay.size:
        raise Skipped("nothing stays")
    if not same(stay, stay[0]):
        by_call = all(same(y[y != 0], y[y != 0][:1]) for y in trial.outputs)
        mistake = "is it divided by what happened to stay" if by_call else "noise, not a mask"
        raise Broken(f"what stays is multiplied by {stay.min():.4f} to {stay.max():.4f}", mistake)


def _mean(trial: Trial) -> None:
    """The mean of the training outputs over the masks is what a prediction gives."""
    predicted, drop, share = trial.predicted, trial.drop, 1 - trial.dropped.mean()
    try:
        scale = trial.scale
    except Skipped:  # nothing to be counted: more than six standard errors, over the calls
        means = trial.draws.mean(axis=(1, 2)) / predicted
        error = means.std() / np.sqrt(len(means)) if len(means) > 1 else np.inf
        if abs(means.mean() - 1) > 6 * error + CLOSE:
            seen = f"outputs average {means.mean():.3f} times what prediction gives"
            raise Broken(seen) from None
        return
    even = predicted / scale  # the fraction kept that makes the two the same
    if 0 < even < 1:
        broken = trial.unlikely((~trial.dropped).sum(), trial.dropped.size, even, 1)
    else:
        broken = not same(np.array(even), share)
    if broken:
        ratio = scale * share / predicted
        guesses = {
            (1 - drop) / drop: "divided by drop instead of 1 − drop",
            1 - drop: "is the scale 1 / (1 − drop) missing",
            1 / (1 - drop): "scaled twice, in training and when predicting",
            (1 - drop) ** 2: "multiplied by 1 − drop instead of divided",
        }
        mistake = nearest(ratio, guesses)
        if scale == 1 and same(np.array(predicted), drop):
            mistake = "multiplied by drop instead of 1 − drop when predicting"
        raise Broken(f"outputs average {ratio:.3f} times what prediction gives", mistake)


# ---- random streams ----------------------------------------------------------------------------


def _repeats(trial: Trial) -> None:
    """The same state of rng gives the same mask."""
    one, other = (trial.call(True, rng=np.random.default_rng(trial.seed))[0] for _ in range(2))
    if not np.array_equal(one, other):
        raise Broken("the same state of rng gave two masks", "is another source drawn from")


def _global_stream(trial: Trial) -> None:
    """No global random stream is moved or seeded."""
    for _ in range(3):  # another thread may draw from it, too, but not each time
        np.random.seed(12345)  # noqa: NPY002
        before = str(np.random.get_state()), random.getstate()  # noqa: NPY002
        trial.call(True)
        after = str(np.random.get_state()), random.getstate()  # noqa: NPY002
        if before == after:
            return
    whose = "NumPy's" if before[0] != after[0] else "Python's"
    raise Broken(f"{whose} global stream has moved", "is it drawn from, where rng is meant")


# ---- the way back ------------------------------------------------------------------------------


def _backward(trial: Trial) -> None:
    """The gradient gets the mask and the scale of its forward pass."""
    _way_back(trial, trial.x.copy())


def _backward_at_0(trial: Trial) -> None:
    """So it does where the input is 0."""
    if "repeats" not in trial.report.kept:
        raise Skipped("the mask there is known only where the same rng gives it again")
    x = trial.x.copy()
    x[::2, ::3] = 0
    one, other = (np.random.default_rng([trial.seed, 2]) for _ in range(2))
    _way_back(trial, x, trial.call(True, rng=one)[0] / trial.x, other)


def _way_back(
    trial: Trial,
    x: np.ndarray,
    factors: np.ndarray | None = None,
    rng: np.random.Generator | None = None,
) -> None:
    """Compare a gradient with the ``factors`` of the forward pass (None: those of the output)."""
    if trial.backward is None:
        raise Skipped("there is no backward")
    zero, grad = x == 0, trial.grad
    y, cache = trial.call(True, x, rng)
    factors = y / trial.x if factors is None else factors
    got = np.array(trial.backward(grad.copy(), cache))
    if got.shape != grad.shape:
        raise Broken(f"the gradient has shape {got.shape}, not {grad.shape}")
    if not same(got, grad * factors):
        on = factors != 0
        scale = np.median(factors[on]) if on.any() else 1.0
        guesses = {
            "no mask": grad,
            "no scale": grad * on,
            "the scale and no mask": grad * scale,
            "the scale twice": grad * factors * scale,
            "units whose value is 0 taken for dropped": grad * factors * ~zero,
        }
        other = "mask" if ((got != 0) != on).any() else "scale"
        guesses[f"another {other} than in the forward pass"] = got
        named = next(name for name, guess in guesses.items() if same(got, guess))
        wrong = np.mean(np.abs(got - grad * factors) > CLOSE * np.abs(got))
        raise Broken(f"{wrong:.0%} of the gradient is not grad · mask · scale", named)


def _backward_predicting(trial: Trial) -> None:
    """After a prediction the gradient gets the prediction's scale."""
    if trial.backward is None:
        raise Skipped("there is no backward")
    predicted = trial.predicted
    trial.call(True)  # whose mask must not be left
    _, cache = trial.call(False)
    try:
        got = np.array(trial.backward(trial.grad.copy(), cache))
    except Exception as error:
        raise Skipped(f"backward after a prediction raises {type(error).__name__}") from error
    if got.shape != trial.grad.shape or not same(got, trial.grad * predicted):
        mistake = "the mask of the last training" if (got == 0).any() else ""
        raise Broken(f"the gradient is not {predicted:g} times what came in", mistake)


# ---- other drops -------------------------------------------------------------------------------


def _made(trial: Trial, drop: float) -> np.ndarray | None:
    """Outputs / inputs in training with another drop; None if it is refused."""
    if trial.make is None:
        raise Skipped("make was not given")
    try:
        made = trial.make(drop)
        forward = made[0] if isinstance(made, tuple) else made
        y = forward(trial.x.copy(), True, np.random.default_rng(trial.seed))
    except Exception:  # of somebody else's code; which one it is does not matter
        return None
    return np.array(y[0] if isinstance(y, tuple) else y) / trial.x


def _drop_0(trial: Trial) -> None:
    """With drop 0 the output is the input."""
    factors = _made(trial, 0.0)
    if factors is None or not same(factors, 1.0):
        raise Broken("drop 0 is refused" if factors is None else "with drop 0 it is not the input")


def _drop_1(trial: Trial) -> None:
    """With drop 1 all is 0, or it is refused."""
    factors = _made(trial, 1.0)
    if factors is not None and (factors != 0).any():  # nan is not 0, either
        what = "nan" if np.isnan(factors).any() else "what is not 0"
        raise Broken(f"with drop 1 there is {what}", "a division by 1 − drop = 0")


def _refuses(trial: Trial) -> None:
    """A drop of nan, below 0 or above 1 is refused, when it is built or at the first call."""
    taken = [str(drop) for drop in (float("nan"), -0.1, 1.1) if _made(trial, drop) is not None]
    if taken:
        mistake = "is it refused by < and >, which nan passes" if taken == ["nan"] else ""
        raise Broken(f"a drop of {', '.join(taken)} is taken", mistake)


LAWS = {
    function.__name__.strip("_").replace("_", " "): function
    for function in (
        *(_shape, _dtype, _input, _prediction),
        *(_units, _samples, _calls, _counts, _rate),
        *(_scale, _mean, _repeats, _global_stream),
        *(_backward, _backward_at_0, _backward_predicting, _drop_0, _drop_1, _refuses),
    )
}
