"""Inverted dropout; the layer is a small class, wrapped for functional use."""


class Dropout:
    def __init__(self, drop=0.2):
        if not 0.0 <= drop < 1.0:
            raise ValueError("drop must be in [0, 1)")
        self.drop = drop
        self.training = True
        self.mask = None

    def __call__(self, x, rng):
        if not self.training or self.drop == 0.0:
            self.mask = None
            return x.copy()
        keep = 1.0 - self.drop
        self.mask = (rng.random(x.shape) < keep) / keep
        return x * self.mask

    def grad(self, dout):
        return dout.copy() if self.mask is None else dout * self.mask


def make(drop):
    def forward(x, training, rng):
        layer = Dropout(drop)  # one instance per call: it *is* the cache
        layer.training = training
        y = layer(x, rng)
        return y, layer

    def backward(grad, cache):
        return cache.grad(grad)

    return forward, backward


forward, backward = make(0.2)
