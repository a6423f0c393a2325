"""Article B's network on the full MNIST: which settings are compared, and one run of each."""

from __future__ import annotations

import numpy as np

from helpers.mnist import one_hot, scale_pixels
from helpers.slicing import NeuralNetwork

RESULTS = ("train", "test")  # accuracies from 0 to 1

# What each setting changes in the article's published run: 784-100-10, learning rate 0.1,
# 3 epochs, 100 parts, every node active.
DROPOUT = {"active_input_percentage": 0.7, "active_hidden_percentage": 0.7}
SETTINGS = {
    "article": {},
    "dropout, 10 parts": {**DROPOUT, "no_of_dropout_tests": 10},
    "dropout, 100 parts": DROPOUT,
    "dropout, 1000 parts": {**DROPOUT, "no_of_dropout_tests": 1000},
    "zero mean": {"init_mean": 0.0},
    "zero mean, dropout": {"init_mean": 0.0, **DROPOUT},
    "zero mean, dropout, rescaled": {"init_mean": 0.0, "rescale": True, **DROPOUT},
    "zero mean, true gradient": {"init_mean": 0.0, "true_gradient": True},
}


def train_article_b(
    data: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    seed: int,
    epochs: int = 3,
    no_of_dropout_tests: int = 100,
    active_input_percentage: float = 1.0,
    active_hidden_percentage: float = 1.0,
    **options: float | bool,
) -> tuple[float, float]:
    """Train article B's network; return its accuracy on the training and on the test set.

    ``data`` are training images and labels and test images and labels, as ``load_mnist`` returns
    them; ``options`` are keyword options of ``NeuralNetwork``. The same seed gives the same
    weights to start with, whatever the other settings are, except ``init_mean``.
    """
    train_images, train_labels, test_images, test_labels = data
    inputs, targets = scale_pixels(train_images), one_hot(train_labels)
    network = NeuralNetwork(784, 10, 100, 0.1, rng=np.random.default_rng(seed), **options)
    network.train(
        inputs,
        targets,
        epochs,
        active_input_percentage,
        active_hidden_percentage,
        no_of_dropout_tests,
        verbose=False,
    )
    correct_train, _ = network.evaluate(inputs, train_labels)
    correct_test, _ = network.evaluate(scale_pixels(test_images), test_labels)
    return correct_train / len(train_labels), correct_test / len(test_labels)


def run_article_b(data: tuple[np.ndarray, ...], seed: int, **options: float) -> dict[str, float]:
    """The accuracies of `train_article_b` by name."""
    train, test = train_article_b(data, seed, **options)
    return {"train": train, "test": test}
