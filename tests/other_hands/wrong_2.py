"""Inverted dropout with preallocated work arrays (no per-step allocation)."""

import numpy as np


class _Dropout:
    def __init__(self, drop):
        self.drop = drop
        self.scale = 1.0 / (1.0 - drop)
        self.noise = np.empty((0, 0))
        self.alive = np.empty((0, 0), dtype=bool)

    def _resize(self, shape):
        if self.noise.shape != shape:
            self.noise = np.empty(shape)
            self.alive = np.empty(shape, dtype=bool)

    def forward(self, x, training, rng):
        if not training:
            return x, None
        self._resize(x.shape)
        rng.random(out=self.noise)
        np.greater_equal(self.noise, self.drop, out=self.alive)
        return x * self.alive * self.scale, self.alive

    def backward(self, grad, cache):
        if cache is None:
            return grad
        return grad * cache * self.scale


def make(drop):
    layer = _Dropout(drop)
    return layer.forward, layer.backward


forward, backward = make(0.2)
