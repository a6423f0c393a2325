"""Original (non-inverted) dropout: thin at train time, shrink at test time."""


def make(drop):
    p_keep = 1 - drop

    def forward(x, training, rng):
        gate = rng.binomial(1, p_keep, size=x.shape) if training else p_keep
        return gate * x, gate

    def backward(grad, cache):
        return cache * grad

    return forward, backward


forward, backward = make(0.2)
