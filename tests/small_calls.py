"""Calls of the helpers that are right, but for what a test puts into them."""

import numpy as np

from helpers.network import Network
from helpers.slicing import squared_error_gradients
from helpers.training import Settings, train
from helpers.two_matrices import train_rows

NETWORK = Network([3, 4, 2], np.random.default_rng(0))
X, LABELS = np.ones((2, 3), np.float32), np.array([0, 1])


def rows(**other):
    wih, who = np.zeros((2, 4)), np.zeros((2, 2))
    given = {"data": np.ones((3, 4)), "targets": np.ones((3, 2)), "learning_rate": 0.1}
    train_rows(wih, who, **{**given, **other})


def learn(**options):
    network, rng = Network([3, 4, 2], np.random.default_rng(0)), np.random.default_rng(0)
    return train(network, X, LABELS, Settings(epochs=1), rng, **options)


def gradients(**other):
    sizes = {"wih": (4, 3), "who": (2, 4), "inputs": (5, 3), "targets": (5, 2)}
    return squared_error_gradients(**{**{k: np.ones(v) for k, v in sizes.items()}, **other})
