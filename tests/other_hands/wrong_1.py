"""Inverted dropout, keep-probability flavour."""

import numpy as np


def make(drop):
    keep_prob = 1.0 - drop

    def forward(x, training, rng):
        if not training:
            return x, None
        out = np.asarray(x, dtype=float)
        dropped = rng.random(out.shape) >= keep_prob
        out[dropped] = 0.0
        out /= keep_prob
        return out, dropped

    def backward(grad, cache):
        if cache is None:
            return grad
        dx = grad / keep_prob
        dx[cache] = 0.0
        return dx

    return forward, backward


forward, backward = make(0.2)
