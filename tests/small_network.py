"""A small network of article B's class, samples for it, and the page of notebook 05."""

import ast

import numpy as np
from guards import NOTEBOOKS, Notebook, statements

from helpers.article_b import NeuralNetwork

N_IN, N_HIDDEN, N_OUT = 6, 5, 3


def new_network(bias=None, seed=0, **options):
    """A small network; the same seed gives the same weights and the same choice of nodes."""
    rng = np.random.default_rng(seed)
    rate = options.pop("learning_rate", 0.1)
    return NeuralNetwork(N_IN, N_OUT, N_HIDDEN, rate, bias, rng=rng, **options)


def samples(n, seed=1):
    """Inputs, one-hot targets of 0.01 and 0.99, and labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(N_OUT, size=n)
    return rng.uniform(0.01, 1, (n, N_IN)), np.where(np.eye(N_OUT)[labels] == 1, 0.99, 0.01), labels


def weights(network):
    return network.wih.copy(), network.who.copy()


def assert_weights(network, expected, atol=1e-12):
    np.testing.assert_allclose(network.wih, expected[0], rtol=0, atol=atol)
    np.testing.assert_allclose(network.who, expected[1], rtol=0, atol=atol)


def page():
    """What notebook 05 writes out: its functions and its ``NeuralNetwork``, by name."""
    (path,) = [path for path in NOTEBOOKS if path.stem.startswith("05_")]
    names, kinds = {}, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    for cell in Notebook.read(path).code_cells:
        body = [node for node in statements(cell) if isinstance(node, kinds)]
        exec(compile(ast.Module(body, []), path.stem, "exec"), names)
    return names
