"""Inverted dropout with the mask stored at one bit per unit."""

import numpy as np


def _pack(mask):
    return np.packbits(mask), mask.shape


def _unpack(packed, shape):
    n = int(np.prod(shape))
    bits = np.unpackbits(packed, count=n, bitorder="little")
    return bits.reshape(shape).astype(bool)


def make(drop):
    survive = 1.0 - drop

    def forward(x, training, rng):
        if not training:
            return x, None
        mask = rng.random(x.shape) > drop
        return np.where(mask, x, 0) / survive, _pack(mask)

    def backward(grad, cache):
        if cache is None:
            return grad
        return np.where(_unpack(*cache), grad, 0) / survive

    return forward, backward


forward, backward = make(0.2)
