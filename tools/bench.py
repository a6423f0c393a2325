"""Measure the speed of the helpers against what they replace (``make bench``).

One process, one BLAS thread, the kernels that this machine runs by itself: a pinned
``OPENBLAS_CORETYPE`` is taken out of the environment first. The two sides of a comparison take
turns, so that a busy moment hits both; what counts is the ratio of their medians.
"""

import os
import statistics
import sys
import time
from pathlib import Path

SETTINGS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
REPETITIONS = 7


def in_bench_environment() -> bool:
    """Whether this process was started with the settings that a BLAS reads when it is loaded."""
    pinned = "OPENBLAS_CORETYPE" in os.environ
    return not pinned and all(os.environ.get(name) == value for name, value in SETTINGS.items())


def seconds(work) -> float:
    """Seconds that one call of ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare_article_b() -> None:
    """One epoch of 784-100-10 on the sample: the class against the article's step, transcribed."""
    import numpy as np

    from helpers.mnist import one_hot, sample_split, scale_pixels
    from helpers.slicing import NeuralNetwork
    from tests.article_b import train_single

    images, labels, _, _ = sample_split()
    inputs, targets = scale_pixels(images), one_hot(labels)
    network = NeuralNetwork(784, 10, 100, 0.1, rng=np.random.default_rng(0), init_mean=0)
    wih, who = network.wih.copy(), network.who.copy()

    def by_class():
        network.train(inputs, targets, 1, 1, 1, verbose=False)

    def by_transcription():
        for x, target in zip(inputs, targets, strict=True):
            train_single(wih, who, 0.1, x, target)

    times = {by_class: [], by_transcription: []}
    for _ in range(REPETITIONS):
        for work, taken in times.items():
            taken.append(seconds(work))
    assert np.allclose(network.wih, wih, rtol=0, atol=1e-9), "the two must do the same"
    ours, theirs = (statistics.median(taken) for taken in times.values())
    print(f"{'one epoch of 784-100-10, float64':40} {'us a sample':>12}")
    print(f"{'article B, transcribed':40} {1e6 * theirs / len(inputs):12.1f}")
    print(f"{'helpers.slicing.NeuralNetwork':40} {1e6 * ours / len(inputs):12.1f}")
    print(f"{'ratio of the medians':40} {theirs / ours:12.2f}")


if __name__ == "__main__":
    if not in_bench_environment():
        os.environ.pop("OPENBLAS_CORETYPE", None)
        os.environ.update(SETTINGS)
        os.execv(sys.executable, [sys.executable, *sys.argv])
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    compare_article_b()
