"""Dropouts put together from parts, right ones in many styles and each with one bug in it.

They are what `helpers.checks.diagnose` is measured with (notebook 10): ``styles()`` are right,
``build(drop, style, bug)`` is wrong in the one way that ``BUGS`` says, whatever the style is.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import numpy as np

Draw = Callable[[tuple[int, ...], float, np.random.Generator], np.ndarray]

DRAWS: dict[str, Draw] = {  # where a unit stays; 16 bits are as near as 2**-16 to drop
    ">= drop": lambda shape, drop, rng: rng.random(shape) >= drop,
    "< keep": lambda shape, drop, rng: rng.random(shape) < 1 - drop,
    "float32": lambda shape, drop, rng: rng.random(shape, np.float32) >= drop,
    "16 bits": lambda shape, drop, rng: rng.integers(0, 2**16, shape, np.uint16) >= drop * 2**16,
    "binomial": lambda shape, drop, rng: rng.binomial(1, 1 - drop, shape) == 1,
    "columns": lambda shape, drop, rng: (rng.random(shape[::-1]) >= drop).T,
}
CACHES = ("boolean mask", "float mask", "packed bits", "state of rng")
SCALED = ("in training", "when predicting")


class Style(NamedTuple):
    """How a dropout is written: each part is one of those above."""

    draw: str
    cache: str
    scaled: str
    inplace: bool

    def __str__(self) -> str:
        return f"{self.draw}, {self.cache}, scaled {self.scaled}{', in place' * self.inplace}"


def styles() -> list[Style]:
    """Every way to put the parts together."""
    return [Style(*parts) for parts in product(DRAWS, CACHES, SCALED, (False, True))]


class Parts:
    """The parts of a dropout; a bug is another one of them."""

    def __init__(self, drop: float, style: Style) -> None:
        self.check(drop)
        self.drop, self.style = drop, style

    def check(self, drop: float) -> None:
        """Refuse what is no drop."""
        if not 0 <= drop < 1:
            raise ValueError(f"drop must be in [0, 1), got {drop}")

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Where a unit stays."""
        return DRAWS[self.style.draw](shape, self.drop, rng)

    def is_on(self, training: bool) -> bool:
        """Whether to drop."""
        return training

    def scale(self, keep: np.ndarray) -> float:
        """What stays is multiplied by this in training."""
        return 1 / (1 - self.drop) if self.style.scaled == "in training" else 1.0

    def predicted(self) -> float:
        """And everything by this when predicting."""
        return 1.0 if self.style.scaled == "in training" else 1 - self.drop

    def output(self, x: np.ndarray, factor: np.ndarray | float) -> np.ndarray:
        """The product, in the dtype of ``x``."""
        if self.style.inplace:
            x *= np.asarray(factor, x.dtype)
            return x
        return x * np.asarray(factor, x.dtype)

    def back(self, grad: np.ndarray, keep: np.ndarray, scale: float, x: np.ndarray) -> np.ndarray:
        """The gradient for ``x``, which was the input."""
        return grad * keep * scale

    def back_predicted(self, grad: np.ndarray) -> np.ndarray:
        """The same after a prediction."""
        return grad * self.predicted()


def build(drop: float, style: Style, bug: str = "") -> tuple[Callable, Callable]:
    """``forward`` and ``backward`` in a style, right or with one of the ``BUGS``."""
    parts = (BUGS[bug] if bug else Parts)(drop, style)

    def forward(x: np.ndarray, training: bool, rng: np.random.Generator) -> tuple:
        if not parts.is_on(training):
            return parts.output(x, parts.predicted()), None
        state, before = rng.bit_generator.state, x.copy()
        keep = parts.draw(x.shape, rng)
        scale = parts.scale(keep)
        kept = {
            "boolean mask": keep,
            "float mask": keep.astype(np.float64),
            "packed bits": np.packbits(keep, axis=None),
            "state of rng": state,
        }
        return parts.output(x, keep * scale), (kept[style.cache], scale, before)

    def backward(grad: np.ndarray, cache: tuple | None) -> np.ndarray:
        if cache is None:
            return parts.back_predicted(grad)
        kept, scale, x = cache
        if style.cache == "packed bits":
            kept = np.unpackbits(kept, count=grad.size).reshape(grad.shape)
        elif style.cache == "state of rng":
            rng = np.random.default_rng()
            rng.bit_generator.state = kept
            kept = parts.draw(grad.shape, rng)
        return parts.back(grad, kept, scale, x)

    return forward, backward


# ---- bugs: each is wrong in one part -----------------------------------------------------------


def _bug(**parts: Callable) -> type[Parts]:
    return type("Bug", (Parts,), parts)


def _all_but_the_last(self: Parts, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    keep = Parts.draw(self, shape, rng)
    keep[:, -1] = True
    return keep


def _fixed_count(self: Parts, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    in_a_row = np.arange(shape[1]) >= round(self.drop * shape[1])
    return rng.permuted(np.broadcast_to(in_a_row, shape), axis=1)


def _kept(self: Parts, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    if shape not in vars(self):
        vars(self)[shape] = Parts.draw(self, shape, rng)
    return vars(self)[shape]


def _remembered(self: Parts, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    self.last = Parts.draw(self, shape, rng)
    return self.last


def _off_for_good(self: Parts, training: bool) -> bool:
    self.off = getattr(self, "off", False) or not training
    return not self.off


def _on_for_good(self: Parts, training: bool) -> bool:
    self.on = getattr(self, "on", False) or training
    return self.on


def _into_the_input(self: Parts, x: np.ndarray, factor: np.ndarray | float) -> np.ndarray:
    x *= np.asarray(factor, x.dtype)
    return x


def _up_to_1(self: Parts, drop: float) -> None:
    if not 0 <= drop <= 1:
        raise ValueError(f"drop must be in [0, 1], got {drop}")


def _by_comparisons(self: Parts, drop: float) -> None:
    if drop < 0 or drop >= 1:  # nan is neither
        raise ValueError(f"drop must be in [0, 1), got {drop}")


def _one(*_: object) -> float:
    return 1.0


BUGS: dict[str, type[Parts]] = {
    "keep for drop": _bug(draw=lambda self, *how: ~Parts.draw(self, *how)),
    "randn for rand": _bug(draw=lambda self, shape, rng: rng.standard_normal(shape) >= self.drop),
    "last unit never dropped": _bug(draw=_all_but_the_last),
    "fixed count": _bug(draw=_fixed_count),
    "one mask for the batch": _bug(
        draw=lambda self, shape, rng: Parts.draw(self, (1, shape[1]), rng).repeat(shape[0], 0)
    ),
    "whole samples": _bug(
        draw=lambda self, shape, rng: Parts.draw(self, (shape[0], 1), rng).repeat(shape[1], 1)
    ),
    "seed inside": _bug(
        draw=lambda self, shape, rng: Parts.draw(self, shape, np.random.default_rng(0))
    ),
    "mask kept": _bug(draw=_kept),
    "global stream": _bug(draw=lambda self, shape, rng: np.random.random(shape) >= self.drop),  # noqa: NPY002
    "scaled by drop": _bug(
        scale=lambda self, keep: 1 / self.drop if self.style.scaled == SCALED[0] else 1.0,
        predicted=lambda self: 1.0 if self.style.scaled == SCALED[0] else self.drop,
    ),
    "not scaled": _bug(scale=_one, predicted=_one),
    "scaled twice": _bug(
        scale=lambda self, keep: 1 / (1 - self.drop), predicted=lambda self: 1 - self.drop
    ),
    "scaled by what stayed": _bug(scale=lambda self, keep: 1 / keep.mean(), predicted=_one),
    "on when predicting": _bug(is_on=_one),
    "off for good": _bug(is_on=_off_for_good),
    "on for good": _bug(is_on=_on_for_good),
    "no mask back": _bug(back=lambda self, grad, keep, scale, x: grad * scale),
    "no scale back": _bug(back=lambda self, grad, keep, scale, x: grad * keep),
    "another mask back": _bug(back=lambda self, grad, keep, scale, x: grad * scale * keep[::-1]),
    "mask from zeros": _bug(back=lambda self, grad, keep, scale, x: grad * scale * keep * (x != 0)),
    "last mask back": _bug(
        draw=_remembered, back_predicted=lambda self, grad: grad * self.last * self.predicted()
    ),
    "writes into its input": _bug(output=_into_the_input),
    "float32 written down": _bug(
        output=lambda self, *how: Parts.output(self, *how).astype(np.float32)
    ),
    "drop 1 gives nan": _bug(
        check=_up_to_1, scale=lambda self, keep: np.divide(1.0, 1 - self.drop), predicted=_one
    ),
    "takes nan": _bug(check=_by_comparisons),
}


def fits(bug: str, style: Style) -> bool:
    """Whether the bug is one, and the only one, in this style."""
    if bug == "writes into its input":
        return not style.inplace
    if bug == "global stream":
        return style.cache != "state of rng"  # which would not give the mask again
    if bug == "takes nan":
        return style.draw != "binomial"  # which refuses nan by itself
    return bug != "no scale back" or style.scaled == "in training"
