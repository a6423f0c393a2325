"""Inverted dropout: draw how many entries go, then scatter them at random."""

import numpy as np


def draw_mask(shape, drop, rng):
    mask = np.ones(shape)
    n_off = rng.binomial(mask.size, drop)
    mask.flat[:n_off] = 0.0
    rng.shuffle(mask)
    return mask / (1.0 - drop)


def make(drop):
    def forward(x, training, rng):
        m = draw_mask(x.shape, drop, rng) if training else np.ones_like(x)
        return x * m, m

    def backward(grad, cache):
        return grad * cache

    return forward, backward


forward, backward = make(0.2)
