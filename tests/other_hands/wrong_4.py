"""Inverted dropout that keeps only its output for the backward pass."""

import numpy as np


def make(drop):
    q = 1.0 - drop

    def forward(x, training, rng):
        if not training:
            return x, (False, None)
        y = np.where(rng.uniform(size=x.shape) < q, x / q, 0.0)
        return y, (True, y)

    def backward(grad, cache):
        was_training, y = cache
        if not was_training:
            return grad
        return np.where(y != 0.0, grad / q, 0.0)

    return forward, backward


forward, backward = make(0.2)
