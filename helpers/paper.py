"""The 2014 paper's networks on the full MNIST: which settings are compared, and one run of each.

Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), JMLR 15, tables 2, 9 and 10. The
networks and the noise are the paper's; how long and how fast they are trained is our own choice,
made on the last 10,000 training images before the test set was looked at (``CHOICES``).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from helpers.network import Network, error_rate
from helpers.training import Settings, train

HELD_OUT = 10_000  # training images that choices are made on

# What all settings share: the learning rate falls to 0 in equal steps, one an epoch.
SCHEDULE = {"epochs": 100, "cooldown": 100, "learning_rate": 0.1, "momentum": 0.9}


def train_mnist(
    data: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    seed: int,
    hidden: tuple[int, ...] = (1024, 1024, 1024),
    held_out: bool = False,
    checkpoint: str | Path | None = None,
    **settings: float | str | None,
) -> dict[str, float]:
    """Train a network on MNIST; return its errors after the last epoch, in percent, and the cost.

    ``data`` are training images and labels and test images and labels, as ``load_mnist`` returns
    them. With ``held_out`` the network is trained without the last 10,000 training images, and
    these take the place of the test images. ``settings`` are those of ``Settings``.
    """
    train_images, train_labels, test_images, test_labels = data
    if held_out:
        test_images, test_labels = train_images[-HELD_OUT:], train_labels[-HELD_OUT:]
        train_images, train_labels = train_images[:-HELD_OUT], train_labels[:-HELD_OUT]
    x, test_x = (
        images.reshape(len(images), -1) / np.float32(255) for images in (train_images, test_images)
    )
    rng = np.random.default_rng(seed)
    network = Network([x.shape[1], *hidden, 10], rng)
    chosen = Settings(**settings)
    history = train(network, x, train_labels, chosen, rng, checkpoint=checkpoint, verbose=False)
    return {
        "train_error": 100 * error_rate(network, x, train_labels),
        "test_error": 100 * error_rate(network, test_x, test_labels),
        "updates": len(history.seconds) * -(-len(x) // chosen.batch_size),
        "minutes": sum(history.seconds) / 60,
    }
