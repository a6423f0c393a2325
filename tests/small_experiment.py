"""Experiments for the tests, small enough for them, and a command line that runs these.

``python -m small_experiment FOLDER ARGUMENTS`` does what ``python -m tools.experiments`` does with
the ARGUMENTS, with results and checkpoints in FOLDER. Every run writes its setting, its seed and
its process into FOLDER/begun, or into the file that the environment variable BEGUN names. The runs
that the variable STUCK names ("a 1, b 1") never end when they are begun for the first time.
"""

import os
import signal
import sys
import time
import zlib
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

from helpers.mnist import unit_pixels
from helpers.network import Network
from helpers.training import Settings, train
from tools.experiments import __main__, engine
from tools.experiments.all_experiments import EXPERIMENTS
from tools.experiments.checkpoints import Checkpoint
from tools.experiments.experiment import Experiment


def fake_mnist(n_train=120, n_test=30):
    """Images of ten digits that are told apart by one bright row, in the shapes of MNIST."""
    rng = np.random.default_rng(0)
    data = []
    for n in (n_train, n_test):
        labels = rng.integers(10, size=n, dtype=np.uint8)
        images = rng.integers(60, size=(n, 28, 28), dtype=np.uint8)
        images[np.arange(n), 2 * labels + 4] = 255
        data += [images, labels]
    return tuple(data)


def begin(setting, seed):
    """Note that a run has begun; return what it calls from time to time, and may never return."""
    with open(os.environ["BEGUN"], "a+", encoding="utf-8") as file:
        file.seek(0)
        again = any(line.startswith(f"{setting} {seed} ") for line in file)
        file.write(f"{setting} {seed} {os.getpid()}\n")
    stuck = not again and f"{setting} {seed}" in os.environ.get("STUCK", "").split(", ")
    return lambda *_: time.sleep(3600) if stuck else None


def train_a_little(data, seed, setting, epochs, checkpoint=None):
    """A training that saves checkpoints; what it gives hangs on data, seed, options and history."""
    wait = begin(setting, seed)
    x, labels, rng = unit_pixels(data[0]), data[1], np.random.default_rng(seed)
    network, settings = Network([784, 10, 10], rng), Settings(epochs=epochs, batch_size=40)
    after_epoch, state = [], None
    if checkpoint is not None:
        saved = Checkpoint(checkpoint, network, rng, settings, [x, labels])
        after_epoch, state = [saved], saved.load()
    resumed = 0 if state is None else len(state.history.loss)
    history = train(network, x, labels, settings, rng, [*after_epoch, wait], state)
    with open(os.environ["BEGUN"] + "-resumed", "a", encoding="utf-8") as file:
        file.write(f"{resumed}\n")
    return {"loss": history.loss[-1], "bits": zlib.crc32(network.parameters)}


def diverge_or_look_around(data, seed, diverging_seed=None, dying_seed=None):
    """What a run finds where it runs; one fails, and one ends its process."""
    if seed == dying_seed:
        os.kill(os.getpid(), signal.SIGKILL)
    if seed == diverging_seed:
        raise FloatingPointError(f"the loss is nan with seed {seed}")
    n_threads = max(library["num_threads"] for library in threadpool_info())
    trims = "MALLOC_TRIM_THRESHOLD_" in os.environ  # each array that is freed, at a price
    return {"blas_threads": n_threads, "trims": int(trims)}


SMALL = {
    "long": Experiment(
        train_a_little,
        ("loss", "bits"),
        {"b": {"setting": "b", "epochs": 4}, "a": {"setting": "a", "epochs": 3}},
        seeds=3,
        checkpoints=True,
    ),
    "around": Experiment(
        diverge_or_look_around,
        ("blas_threads", "trims"),
        {"good": {"dying_seed": 2}, "bad": {"diverging_seed": 1}},
        seeds=3,
    ),
}


def main():
    """The command line, for the experiments of this module."""
    folder = Path(sys.argv[1])
    EXPERIMENTS.clear()
    EXPERIMENTS.update(SMALL)
    engine.load_mnist = fake_mnist
    __main__.RESULTS = folder
    engine.run.__defaults__ = (*engine.run.__defaults__[:-1], folder / "checkpoints")
    __main__.main(sys.argv[2:])


if __name__ == "__main__":
    import small_experiment  # by its name, under which other processes find its functions

    small_experiment.main()
