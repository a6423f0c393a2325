"""Digits that need no network, and how to make inputs and targets of them.

``mnist_sample.npz`` beside this file holds the first 500 training images of each digit of MNIST;
`helpers.full_mnist` gets all of them. MNIST is by Y. LeCun, C. Cortes and C. J. C. Burges;
``mnist_sample.LICENSE.txt`` says who states which licence.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from helpers.validation import check_count, check_plain, class_labels, finite_number

SAMPLE_FILE = Path(__file__).with_name("mnist_sample.npz")
SAMPLE_SIZE = 5000
SAMPLE_TRAIN = 4000  # the rest of the sample is for testing

# Four ways to scale a pixel from 0 to 255, each computed in two ways, which differ by rounding.
SCALINGS = {
    "x / 252.46": lambda x: x / 252.46,  # 255 · 0.99 + 0.01
    "x * (1 / 252.46)": lambda x: x * (1 / 252.46),
    "x / 255": lambda x: x / 255,
    "x * (1 / 255)": lambda x: x * (1 / 255),
    "x * (0.99 / 255)": lambda x: x * (0.99 / 255),
    "x / 255 * 0.99": lambda x: x / 255 * 0.99,
    "x * (0.99 / 255) + 0.01": lambda x: x * (0.99 / 255) + 0.01,
    "x / 255 * 0.99 + 0.01": lambda x: x / 255 * 0.99 + 0.01,
}


def load_sample() -> tuple[np.ndarray, np.ndarray]:
    """The bundled images and labels: ``uint8`` arrays of shape (5000, 28, 28) and (5000,).

    Pixels are 0 (paper) to 255 (ink). Image ``10 * j + d`` shows the digit ``d``: it is the
    ``j``-th of that digit in MNIST's training set. Raises ``ValueError`` if the file is damaged,
    holds something else or is a pickle, and ``FileNotFoundError`` if it is missing.
    """
    with open(SAMPLE_FILE, "rb") as file:  # np.load would leave open what it finds damaged
        try:
            with np.load(file, allow_pickle=False) as archive:
                images, labels = archive["images"], archive["labels"]
            if images.dtype != np.uint8 or images.shape != (SAMPLE_SIZE, 28, 28):
                raise ValueError(f"its images are {images.dtype} of shape {images.shape}")
            if labels.dtype != np.uint8 or not np.array_equal(labels, np.arange(SAMPLE_SIZE) % 10):
                raise ValueError(f"its labels are others, {labels.dtype} of shape {labels.shape}")
        except Exception as error:  # the libraries below have many kinds of error for damage
            raise ValueError(
                f"{SAMPLE_FILE} must be an .npz archive without pickles of {SAMPLE_SIZE} images "
                f"of 28 by 28 uint8 and as many labels, uint8 that run 0, 1, … 9, 0, 1, …: {error}"
            ) from error
    return images, labels


def sample_split() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Train images, train labels, test images and test labels of the sample: 4,000 and 1,000.

    A plain cut of what `load_sample` returns; each digit is there 400 times and 100 times.
    """
    images, labels = load_sample()
    cut = SAMPLE_TRAIN
    return images[:cut], labels[:cut], images[cut:], labels[cut:]


def scale_pixels(images: np.ndarray, scaling: str = "x / 255") -> np.ndarray:
    """Images as rows of ``float64``, shape (n, 784), each pixel x scaled as ``scaling`` says.

    ``scaling`` is one of ``SCALINGS``, computed as it is written. ``images`` is ``uint8`` of shape
    (n, 28, 28) or (n, 784). Raises ``TypeError`` for another dtype (scaled already?) and
    ``ValueError`` for another shape, no image or an unknown scaling.

    >>> image = np.array([[0] * 783 + [255]], dtype=np.uint8)
    >>> scale_pixels(image)[0, [0, 783]]
    array([0., 1.])
    >>> scale_pixels(image, "x * (0.99 / 255) + 0.01")[0, [0, 783]]
    array([0.01, 1.  ])
    """
    if not isinstance(scaling, str) or scaling not in SCALINGS:
        raise ValueError(f"scaling must be one of {', '.join(SCALINGS)}; got {scaling!r}")
    return SCALINGS[scaling](_pixel_rows(images).astype(np.float64))


def unit_pixels(images: np.ndarray) -> np.ndarray:
    """Images as rows of ``float32`` from 0 to 1, shape (n, 784), to train `helpers.network` with.

    Takes images and raises as `scale_pixels` does.

    >>> unit_pixels(np.array([[0] * 783 + [255]], dtype=np.uint8))[0, [0, 783]]
    array([0., 1.], dtype=float32)
    """
    return _pixel_rows(images) / np.float32(255)


def averaged_pixels(images: np.ndarray) -> np.ndarray:
    """Images at half the size, as rows of ``float32`` from 0 to 1, shape (n, 196).

    Each of the 14 × 14 values is the mean of 2 × 2 pixels: a quarter of the work for a network, and
    still easy to read. Takes images and raises as `scale_pixels` does.

    >>> image = np.zeros((1, 28, 28), dtype=np.uint8)
    >>> image[0, 0, :2] = 255
    >>> averaged_pixels(image)[0, :2]
    array([0.5, 0. ], dtype=float32)
    """
    blocks = unit_pixels(images).reshape(-1, 14, 2, 14, 2)
    return blocks.mean(axis=(2, 4)).reshape(-1, 196)


def _pixel_rows(images: np.ndarray) -> np.ndarray:
    """``images`` in the shape (n, 784), if they are images."""
    check_plain("images", images)
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise TypeError(f"images must be uint8, pixels from 0 to 255; got {images.dtype}")
    if images.shape[1:] not in ((28, 28), (784,)) or len(images) == 0:
        raise ValueError(
            f"images must have shape (n, 28, 28) or (n, 784) with n of 1 or more, "
            f"got {images.shape}"
        )
    return images.reshape(-1, 784)


def one_hot(
    labels: ArrayLike, n_classes: int = 10, off: float = 0.01, on: float = 0.99
) -> np.ndarray:
    """Targets of shape (n, n_classes): ``on`` in the column of the label, ``off`` elsewhere.

    ``labels`` has shape (n,) or (n, 1). The defaults 0.01 and 0.99 are values that a sigmoid can
    reach. Raises ``ValueError`` for labels that are not whole numbers from 0 to n_classes - 1.

    >>> one_hot([2, 0], n_classes=3)
    array([[0.01, 0.01, 0.99],
           [0.99, 0.01, 0.01]])
    """
    columns = class_labels("labels", labels, check_count("n_classes", n_classes))
    targets = np.full((len(columns), n_classes), finite_number("off", off))
    targets[np.arange(len(columns)), columns] = finite_number("on", on)
    return targets
