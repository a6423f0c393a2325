"""Dropouts to be diagnosed: those of ``helpers.bugs``, and masks of one's own."""

import numpy as np

from helpers.bugs import Style, build
from helpers.checks import Report, diagnose
from helpers.trial import Trial

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


def with_mask(x, training, rng):
    factor = coins(x.shape, rng) / (1 - DROP) if training else np.ones_like(x)
    return x * factor, factor


def with_both_ways(mask_of, remember=lambda mask: mask, back=lambda mask, grad: mask, drop=DROP):
    """A dropout whose masks are ``mask_of(x, rng)``: forward and backward.

    It remembers ``remember(mask)``, of which ``back(remembered, grad)`` makes the mask again.
    """

    def forward(x, training, rng):
        mask = mask_of(x, rng)
        return (x * mask / (1 - drop), remember(mask)) if training else (x, None)

    def backward(grad, remembered):
        return grad if remembered is None else grad * back(remembered, grad) / (1 - drop)

    return forward, backward


def trial_of(mask, scale=1 / (1 - DROP)):
    """A trial whose training outputs were these, of masks (n_calls, n_samples, n_units)."""
    trial = Trial(None, None, DROP, None, False, 1e-6 / 6, 0, Report())
    trial.outputs, trial.predictions, trial.elsewhere = mask * scale, [trial.x], {}
    return trial
