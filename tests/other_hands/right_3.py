"""Inverted dropout that remembers a seed rather than a mask (saves memory)."""

import numpy as np


def _thin(a, seed, rate):
    """Zero the entries chosen by `seed`, rescale the survivors."""
    u = np.random.default_rng(seed).random(a.shape)
    return np.where(u < rate, 0.0, a / (1.0 - rate))


def make(drop):
    def forward(x, training, rng):
        if not training:
            return x, None
        seed = int(rng.integers(2**63))
        return _thin(x, seed, drop), seed

    def backward(grad, cache):
        return grad if cache is None else _thin(grad, cache, drop)

    return forward, backward


forward, backward = make(0.2)
