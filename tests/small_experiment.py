"""An experiment for the tests that need real processes, and its command line.

``python -m small_experiment FOLDER ARGUMENTS`` does what ``python -m helpers.experiments``
does with the ARGUMENTS, with results in FOLDER and these experiments. Every run writes its name
and its process into the file that the environment variable RUN_NAMES tells, and takes as many
seconds as RUN_SECONDS says; the run of a process with the number RUN_STUCK (from 0) does not end.
"""

import itertools
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info
from tqdm import tqdm

from helpers import experiments
from helpers.experiments import Experiment

# Images large enough (2 MB) for joblib to share them between processes.
DATA = (
    np.arange(2 << 20, dtype=np.uint8).reshape(-1, 32, 32),
    np.arange(2048, dtype=np.uint8) % 10,
    np.full((10, 32, 32), 200, dtype=np.uint8),
    np.arange(10, dtype=np.uint8),
)
NUMBER = itertools.count()  # of the next run in this process
SEEN = []  # the data of all runs in this process


def make_run(data, seed, factor, diverging_seed=None):
    """What a training might give: two numbers that hang on data, seed and options."""
    with open(os.environ["RUN_NAMES"], "a", encoding="utf-8") as file:
        file.write(f"{factor} {seed} {os.getpid()}\n")
    stuck = next(NUMBER) == int(os.environ.get("RUN_STUCK", -1))
    with tqdm(disable=True):  # as a training has one
        time.sleep(3600 if stuck else float(os.environ["RUN_SECONDS"]))
    if seed == diverging_seed:
        raise FloatingPointError(f"the loss is nan in epoch {factor}")
    train, test = (images.mean() / 1000 for images in data[::2])
    return {"train": factor * train + seed / 7, "test": test + seed / 7}


def look_around(data, seed):
    """What a run finds where it runs."""
    SEEN.append(data)  # kept, so that no other has its id
    return {
        "process": os.getpid(),
        "blas_threads": max(lib["num_threads"] for lib in threadpool_info()),
        "deaf": int(signal.getsignal(signal.SIGINT) == signal.SIG_IGN),
        "mapped": int(isinstance(data[0], np.memmap)),
        "copies": len({id(one) for one in SEEN}),
    }


EXPERIMENTS = {
    "small": Experiment(
        make_run, ("train", "test"), {"two": {"factor": 2}, "one": {"factor": 1}}, 6
    ),
    "diverging": Experiment(
        make_run,
        ("train", "test"),
        {"good": {"factor": 1}, "bad": {"factor": 3, "diverging_seed": 1}},
        3,
    ),
    "around": Experiment(
        look_around,
        ("process", "blas_threads", "deaf", "mapped", "copies"),
        {"here": {}},
        6,
    ),
}


def main():
    """The command line, for the experiments of this module."""
    experiments.EXPERIMENTS = EXPERIMENTS
    experiments.load_mnist = lambda: DATA
    experiments.RESULTS = Path(sys.argv[1])
    experiments.main(sys.argv[2:])


if __name__ == "__main__":
    import small_experiment  # by its name, as in helpers.experiments

    small_experiment.main()
