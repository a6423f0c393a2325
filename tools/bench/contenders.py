"""The sides that ``comparisons.py`` lets take turns.

A `Side` is a function that gets ready, with a fresh network, and returns the function whose seconds
count. All networks are 784-800-800-10, unless something else is said, and trained with the same
batches, optimizer and learning rate; only article B's is another, trained by the article's rule.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import numpy as np

from helpers import mnist, training
from helpers.article_b import NeuralNetwork
from helpers.network import Network
from tests.article_b import train_single

Side = Callable[[], Callable[[], object]]

SIZES = (784, 800, 800, 10)
DROPS = (0.2, 0.5, 0.5)  # of the input and the two hidden layers; what `Settings` has by default
RATE, MOMENTUM = 0.01, 0.9  # a step costs the same at any rate, and at this one all modes learn


def digits(n: int) -> tuple[np.ndarray, np.ndarray]:
    """``n`` samples in float32 and labels: the bundled ones, as often as it takes."""
    images, labels = mnist.load_sample()
    return np.resize(mnist.unit_pixels(images), (n, 784)), np.resize(labels, n).astype(int)


def ours(mode: str, x: np.ndarray, labels: np.ndarray, batch: int, sizes: tuple = SIZES) -> Side:
    """An epoch of `training.train`."""
    settings = training.Settings(
        epochs=1, batch_size=batch, learning_rate=RATE, momentum=MOMENTUM, mode=mode,
        input_drop=DROPS[0], hidden_drop=DROPS[1],
    )  # fmt: skip

    def side():
        rng = np.random.default_rng(0)
        network = Network(sizes, rng)
        return lambda: training.train(network, x, labels, settings, rng)

    return side


def products(batch: int, n_steps: int, sizes: tuple = SIZES) -> Side:
    """The matrix products of ``n_steps`` steps without dropout and nothing else.

    Shapes and memory layout are those of `loss_and_gradient`; nothing is allocated.
    """

    def side():
        rng = np.random.default_rng(0)
        weights = Network(sizes, rng).weights
        gradients = Network(sizes, None).weights
        values = [rng.random((batch, n), dtype=np.float32) for n in sizes]
        deltas = [rng.random((batch, n), dtype=np.float32) for n in sizes]
        results = [np.empty_like(value) for value in values]

        def work():
            for _ in range(n_steps):
                for k in range(len(weights)):
                    np.matmul(values[k], weights[k].T, out=results[k + 1])
                for k in reversed(range(len(weights))):
                    np.matmul(deltas[k + 1].T, values[k], out=gradients[k])
                    if k > 0:
                        np.matmul(deltas[k + 1], weights[k], out=results[k])

        return work

    return side


def pytorch(x: np.ndarray, labels: np.ndarray, batch: int, drops: tuple[float, ...] = ()) -> Side:
    """The same epoch in PyTorch: data in memory, batches by index, the fused optimizer."""
    import torch

    inputs, targets = torch.from_numpy(x), torch.from_numpy(labels)

    def side():
        torch.manual_seed(0)
        network = torch_network(drops)
        optimizer = torch.optim.SGD(network.parameters(), lr=RATE, momentum=MOMENTUM, fused=True)
        return lambda: torch_epoch(network, optimizer, inputs, targets, batch)

    return side


def torch_network(drops: tuple[float, ...]):
    """784-800-800-10 with ReLU, and ``nn.Dropout`` before each linear layer if there are drops."""
    from torch import nn

    layers = []
    for k, (n_in, n_out) in enumerate(pairwise(SIZES)):
        layers += [nn.ReLU()] if k else []
        layers += [nn.Dropout(drops[k])] if drops else []
        layers += [nn.Linear(n_in, n_out)]
    return nn.Sequential(*layers)


def torch_epoch(network, optimizer, inputs, targets, batch: int) -> None:
    """One pass through the samples in random order."""
    import torch

    order = torch.randperm(len(inputs))
    for start in range(0, len(inputs), batch):
        chosen = order[start : start + batch]
        logits = network(inputs.index_select(0, chosen))
        loss = torch.nn.functional.cross_entropy(logits, targets.index_select(0, chosen))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()


def check_same_training(x: np.ndarray, labels: np.ndarray) -> None:
    """Stop unless a few steps without dropout from the same weights end at the same weights."""
    import torch

    rng = np.random.default_rng(0)
    network = Network(SIZES, rng)
    theirs = torch_network(())
    linear = [layer for layer in theirs if isinstance(layer, torch.nn.Linear)]
    with torch.no_grad():
        for layer, weights, biases in zip(linear, network.weights, network.biases, strict=True):
            layer.weight[...], layer.bias[...] = torch.tensor(weights), torch.tensor(biases)
    optimizer = torch.optim.SGD(theirs.parameters(), lr=RATE, momentum=MOMENTUM, fused=True)
    settings = training.Settings(epochs=4, batch_size=len(x), learning_rate=RATE, momentum=MOMENTUM)
    training.train(network, x, labels, settings, rng)
    for _ in range(settings.epochs):  # one batch an epoch, so that the order does not matter
        torch_epoch(theirs, optimizer, torch.from_numpy(x), torch.from_numpy(labels), len(x))
    for layer, weights in zip(linear, network.weights, strict=True):
        np.testing.assert_allclose(layer.weight.detach().numpy(), weights, rtol=0, atol=1e-5)


def scikit_learn(x: np.ndarray, labels: np.ndarray, batch: int) -> Side:
    """The same epoch without dropout, which it does not have, in scikit-learn."""
    from sklearn.neural_network import MLPClassifier

    def side():
        model = MLPClassifier(
            SIZES[1:-1], solver="sgd", learning_rate_init=RATE, momentum=MOMENTUM, alpha=0,
            nesterovs_momentum=False, batch_size=batch, max_iter=1, random_state=0,
        )  # fmt: skip
        return lambda: model.fit(x, labels)

    return side


def article_b() -> tuple[dict[str, Side], int]:
    """An epoch of 784-100-10 by the class and by the article's rule, and the number of samples."""
    images, labels, _, _ = mnist.sample_split()
    inputs, targets = mnist.scale_pixels(images), mnist.one_hot(labels)

    def fresh():
        return NeuralNetwork(784, 10, 100, 0.1, rng=np.random.default_rng(0), init_mean=0)

    def by_class(network):
        network.train(inputs, targets, 1, 1, 1, verbose=False)

    def by_transcription(network):
        for x, target in zip(inputs, targets, strict=True):
            train_single(network.wih, network.who, 0.1, x, target)

    one, other = fresh(), fresh()
    by_class(one)
    by_transcription(other)
    np.testing.assert_allclose(one.wih, other.wih, rtol=0, atol=1e-9)  # the two do the same

    def side(epoch):
        return lambda: partial(epoch, fresh())

    return {"transcription": side(by_transcription), "class": side(by_class)}, len(inputs)
