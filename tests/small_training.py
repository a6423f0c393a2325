"""A training that takes milliseconds, for test_training.py and for the processes that it starts."""

from dataclasses import asdict

import numpy as np

from helpers.network import Network
from helpers.training import Settings, train

SIZES = (4, 6, 5, 3)
OPTIONS = {
    "epochs": 3,
    "batch_size": 9,  # five batches, the last one of four samples
    "learning_rate": 0.05,
    "input_drop": 0.25,
    "hidden_drop": 0.4,
}


def samples(n=40, seed=1):
    """Three clouds of points, and the numbers of the clouds."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(SIZES[-1], size=n)
    centers = rng.normal(size=(SIZES[-1], SIZES[0]))
    return centers[labels] + rng.normal(0, 0.5, (n, SIZES[0])), labels


def new_run(mode="mask", seed=0, dtype=np.float64, sizes=SIZES, bits="PCG64", **options):
    """Everything that `train` needs: network, x, labels, settings, rng."""
    rng = np.random.Generator(getattr(np.random, bits)(seed))
    settings = Settings(mode=mode, **{**OPTIONS, **options})
    return Network(sizes, rng, dtype), *samples(), settings, rng


def outcome(network, history):
    """All bits of a result but the seconds, comparable and printable."""
    return {**asdict(history), "seconds": 0, "parameters": network.parameters.tobytes().hex()}


def finish(mode, patience=None, checkpoint=None, epochs=60):
    """Train to the end, from the checkpoint if there is one, and return the outcome."""
    run = new_run(mode, dtype=np.float32, epochs=epochs, patience=patience)
    validation = None if patience is None else samples(30, seed=2)
    history = train(*run, validation, checkpoint, verbose=False)
    return outcome(run[0], history)
