"""A dropout under trial: what it made of the same numbers, call by call.

The laws in ``helpers.laws`` look at it, `helpers.checks.diagnose` makes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import bdtr, bdtrc

if TYPE_CHECKING:
    from helpers.checks import Report

N_CALLS, N_SAMPLES, N_UNITS = 32, 64, 128  # what is looked at: training calls, and their inputs
AXES = ("calls", "samples", "units")
IMPOSSIBLE = 1e-12  # a probability that no level is as small as
CLOSE = 1e-5  # two scales that are as near are the same; float32 rounds to 1e-7


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


def is_pair(made: object) -> bool:
    """Whether what ``forward`` has returned is an output and a cache, and not an output alone."""
    return isinstance(made, tuple) or (isinstance(made, list) and len(made) == 2)


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
        self.grad = rng.permuted(signs, axis=1) * rng.uniform(0.5, 1.5, signs.shape)
        self.rng = np.random.default_rng([self.seed, 1])

    def call(
        self, training: bool, x: np.ndarray | None = None, rng: np.random.Generator | None = None
    ) -> tuple:
        """A copy of what comes out for a copy of ``self.x``, or for ``x`` itself; and the cache."""
        made = self.forward(self.x.copy() if x is None else x, training, rng or self.rng)
        if is_pair(made) and len(made) != 2:
            raise Broken(f"forward returns {len(made)} things, not y or (y, cache)")
        self.came_out, cache = made if is_pair(made) else (made, None)
        return np.array(self.came_out), cache

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

    def with_zeros(self) -> np.ndarray:
        """A copy of ``x`` in which every sixth number is 0."""
        x = self.x.copy()
        x[::2, ::3] = 0
        return x

    @cached_property
    def elsewhere(self) -> dict[str, np.ndarray]:
        """The same for other inputs: samples that come alone, float32 numbers, columns."""
        alone, narrow, columns = self.x[:1], self.x.astype(np.float32), np.asfortranarray(self.x)
        calls = [self.call(True, alone.copy())[0] for _ in range(N_CALLS)]
        return {
            "a sample alone": np.array(calls) / alone,
            "float32": self.call(True, narrow.copy())[0] / narrow,
            "an array that is stored by columns": self.call(True, columns.copy("F"))[0] / columns,
        }

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
    def agree(self) -> float:
        """How likely two coins are to fall alike."""
        return self.rate**2 + (1 - self.rate) ** 2

    @cached_property
    def different(self) -> np.ndarray:
        """``dropped``; where equal masks of calls are no chance, each once."""
        masks = self.dropped
        if len(masks) ** 2 * self.agree ** masks[0].size > IMPOSSIBLE:
            return masks
        _, first = np.unique([mask.tobytes() for mask in masks], return_index=True)
        return masks[np.sort(first)]

    @property
    def rate_tests(self) -> int:
        """How many tests the law of the rate has: over all, elsewhere, of each unit and row."""
        return 4 + sum(self.dropped.shape[1:])

    @cached_property
    def scale(self) -> float:
        """What all that stays is multiplied by in training; `Skipped` without such a number."""
        stay = self.outputs[self.outputs != 0]
        if not stay.size or not same(stay, stay[0]):
            raise Skipped("what stays has no single scale")
        return float(stay[0])

    @cached_property
    def predicted(self) -> float:
        """What a prediction multiplies its input by; `Skipped` if there is no such number."""
        _ = self.outputs
        factors = np.array([y / self.x for y in self.predictions])
        if not same(factors, factors.flat[0]):
            raise Skipped("a prediction is no multiple of its input")
        return float(factors.flat[0])

    @property
    def error_of_coins(self) -> float:
        """The standard error of the fraction dropped, if all are independent."""
        return float(np.sqrt(self.drop * (1 - self.drop) / self.dropped.size))

    @property
    def dependent(self) -> bool:
        """Whether a law was broken after which ``dropped`` is no set of independent coins."""
        return bool(set(self.report.broken) & {*AXES, "counts"} - set(self.shared))

    def unlikely(self, k: np.ndarray, n: int, p: float, n_tests: int) -> np.ndarray:
        """Which counts are too unlikely, in a law of so many tests."""
        return tails(k, n, p) < self.level / n_tests
