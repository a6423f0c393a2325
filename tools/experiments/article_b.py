"""Article B's network on the full MNIST: which settings are compared, and one run of each.

The article's published run is 784-100-10, learning rate 0.1, 3 epochs, 100 parts, every node
active, on 60,000 digits. It does not show how its pixels are scaled, so the published settings are
run with each of ``SCALINGS``; of the others most with one that leaves black at 0, and eight with
the one that makes it 0.01 besides.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit as sigmoid

from helpers.article_b import NeuralNetwork
from helpers.mnist import SCALINGS, one_hot, scale_pixels
from tools.experiments.experiment import Experiment

RESULTS = ("train", "test", "stuck", "saturated")

# What each setting changes in the published run.
DROPOUT = {"active_input_percentage": 0.7, "active_hidden_percentage": 0.7}
INPUTS_ONLY = {"active_input_percentage": 0.7}
CHANGES = {
    "dropout, 10 parts": {**DROPOUT, "no_of_dropout_tests": 10},
    "dropout, 100 parts": DROPOUT,
    "dropout, 1000 parts": {**DROPOUT, "no_of_dropout_tests": 1000},
    "dropout of inputs": INPUTS_ONLY,
    "dropout of inputs, rescaled": {"rescale": True, **INPUTS_ONLY},
    "dropout, rescaled": {"rescale": True, **DROPOUT},
    "wih × 0.7": {"shrink": 0.7},
    "mean 0": {"init_mean": 0.0},
    "mean 0, true gradient": {"init_mean": 0.0, "true_gradient": True},
    "mean 0, dropout, 10 parts": {"init_mean": 0.0, **DROPOUT, "no_of_dropout_tests": 10},
    "mean 0, dropout, 100 parts": {"init_mean": 0.0, **DROPOUT},
    "mean 0, dropout, 1000 parts": {"init_mean": 0.0, **DROPOUT, "no_of_dropout_tests": 1000},
    "mean 0, dropout, rescaled": {"init_mean": 0.0, "rescale": True, **DROPOUT},
}
FEW = 4_000  # digits: as many as the bundled sample has for training
CHANGES_OF_FEW = {
    "published": {},
    "published, 10 epochs": {"epochs": 10},
    "dropout": DROPOUT,
    "dropout of inputs": INPUTS_ONLY,
    "wih × 0.7": {"shrink": 0.7},
    "mean 0": {"init_mean": 0.0},
    "mean 0, dropout": {"init_mean": 0.0, **DROPOUT},
}
SETTINGS = {
    **{f"published, {scaling}": {"scaling": scaling} for scaling in SCALINGS},
    **{f"{name}, x / 255": {"scaling": "x / 255", **change} for name, change in CHANGES.items()},
    **{
        f"mean 0, {scaling}": {"scaling": scaling, "init_mean": 0.0}
        for scaling in ("x * (1 / 255)", "x * (0.99 / 255) + 0.01")
    },
    **{
        f"{FEW:,} digits: {name}, {scaling}": {"scaling": scaling, "n_train": FEW, **change}
        for scaling in ("x / 255", "x * (0.99 / 255) + 0.01")
        for name, change in CHANGES_OF_FEW.items()
    },
}


def train_article_b(
    data: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    seed: int,
    epochs: int = 3,
    no_of_dropout_tests: int = 100,
    active_input_percentage: float = 1.0,
    active_hidden_percentage: float = 1.0,
    scaling: str = "x / 255",
    shrink: float = 1.0,
    n_train: int | None = None,
    **options: float | bool,
) -> dict[str, float]:
    """Train article B's network; return its accuracies, and how much of it says always the same.

    ``data`` are training images and labels and test images and labels, as ``load_mnist`` returns
    them; of the training images the first ``n_train`` are used (None: all). ``scaling`` is one of
    ``SCALINGS``; ``shrink`` multiplies ``wih`` before training; ``options`` are keyword options of
    ``NeuralNetwork``. The same seed gives the same weights to start with, whatever the other
    settings are, except ``init_mean`` and ``shrink``.

    The result has the accuracies ``train`` and ``test``, from 0 to 1, and two numbers of the
    trained network over the test images: ``stuck``, how many outputs are above 0.99 for every
    image, and ``saturated``, the share of hidden activations above 0.99.
    """
    train_images, train_labels, test_images, test_labels = data
    train_images, train_labels = train_images[:n_train], train_labels[:n_train]
    inputs, test_inputs = scale_pixels(train_images, scaling), scale_pixels(test_images, scaling)
    network = NeuralNetwork(784, 10, 100, 0.1, rng=np.random.default_rng(seed), **options)
    network.wih *= shrink
    network.train(
        inputs,
        one_hot(train_labels),
        epochs,
        active_input_percentage,
        active_hidden_percentage,
        no_of_dropout_tests,
        verbose=False,
    )
    return {
        "train": network.evaluate(inputs, train_labels)[0] / len(train_labels),
        "test": network.evaluate(test_inputs, test_labels)[0] / len(test_labels),
        "stuck": int((network.predict(test_inputs) > 0.99).all(axis=0).sum()),
        "saturated": float((sigmoid(test_inputs @ network.wih.T) > 0.99).mean()),
    }


# ---- two ways to round -------------------------------------------------------------------------

# After how many steps the two networks are compared.
STEPS = (
    *(100, 1_000, 5_000, 10_000, 15_000, 20_000, 25_000, 30_000),
    *(45_000, 60_000, 90_000, 120_000, 150_000, 180_000),
)
MOVE_AFTER = 10_000  # steps
ROUNDING_RESULTS = (*(f"distance_{steps}" for steps in STEPS), "move", "test", "test_other")
ROUNDING_SETTINGS = {
    "mean 2": {"init_mean": 2.0},
    "mean 0": {"init_mean": 0.0},
    "mean 2, learning rate 0.01": {"init_mean": 2.0, "learning_rate": 0.01},
    "mean 0, learning rate 0.5": {"init_mean": 0.0, "learning_rate": 0.5},
}
N_MOVES = 1_000  # single steps, to see how far one moves


def train_rounded_twice(
    data: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    seed: int,
    init_mean: float = 2.0,
    learning_rate: float = 0.1,
) -> dict[str, float]:
    """Train two networks from the same start, on ``x / 255`` and on ``x * (1 / 255)``.

    The published settings otherwise, without dropout. ``distance_N`` is the decimal logarithm of
    the largest difference of two weights after N steps (−20 if there is none). ``move`` says how
    long the steps are, after ``MOVE_AFTER`` of them: the largest change of a hidden node's sum that
    one step on a sample makes for that sample; of ``N_MOVES`` samples nine in ten stay below.
    ``test`` and ``test_other`` are the accuracies of both on the test images.
    """
    train_images, train_labels, test_images, test_labels = data
    scalings = "x / 255", "x * (1 / 255)"
    both = [scale_pixels(train_images, scaling) for scaling in scalings]
    targets = one_hot(train_labels)
    networks = [
        NeuralNetwork(
            784, 10, 100, learning_rate, rng=np.random.default_rng(seed), init_mean=init_mean
        )
        for _ in scalings
    ]
    results, done = {}, 0
    for steps in STEPS:
        while done < steps:  # epoch by epoch, in the order of the images
            start = done % len(targets)
            end = min(len(targets), start + steps - done)
            for network, inputs in zip(networks, both, strict=True):
                network.train(inputs[start:end], targets[start:end], 1, 1, 1, 1, verbose=False)
            done += end - start
        one, other = networks
        largest = max(np.abs(one.wih - other.wih).max(), np.abs(one.who - other.who).max())
        results[f"distance_{steps}"] = float(np.log10(max(largest, 1e-20)))
        if steps == MOVE_AFTER:
            following = slice(steps, steps + N_MOVES)
            results["move"] = _move(one, both[0][following], targets[following])
    for name, network, scaling in zip(("test", "test_other"), networks, scalings, strict=True):
        corrects, _ = network.evaluate(scale_pixels(test_images, scaling), test_labels)
        results[name] = corrects / len(test_labels)
    return results


def _move(network: NeuralNetwork, inputs: np.ndarray, targets: np.ndarray) -> float:
    """Nine in ten of the largest changes of a hidden sum, one step on each sample, are below it."""
    wih, who = network.wih, network.who
    moves = []
    for x, target in zip(inputs, targets, strict=True):
        network.wih, network.who = wih.copy(), who.copy()
        network.train_single(x, target)
        moves.append(np.abs(network.wih @ x - wih @ x).max())
    network.wih, network.who = wih, who
    return float(np.quantile(moves, 0.9))


# ---- longer, with few digits -------------------------------------------------------------------

LONGER = {
    f"{epochs} epochs, {name}": {"n_train": FEW, "init_mean": 0.0, "epochs": epochs, **change}
    for epochs in (3, 10, 30, 100)
    for name, change in (("none", {}), ("dropout", DROPOUT))
}

EXPERIMENTS = {
    "article_b": Experiment(train_article_b, RESULTS, SETTINGS, seeds=20),
    "article_b_rounding": Experiment(
        train_rounded_twice, ROUNDING_RESULTS, ROUNDING_SETTINGS, seeds=20
    ),
    "article_b_longer": Experiment(train_article_b, RESULTS, LONGER, seeds=10),
}
