"""The 2014 paper's networks on the full MNIST: which settings are compared, and one run of each.

Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), JMLR 15, table 2: 784 inputs, three
hidden layers of 1,024 ReLU units unless something else is said; noise drops 20 % of the inputs and
50 % of the hidden units. The noise and the penalties of tables 9 and 10 are tried on it, too.

Learning rate, max-norm and L2 are our choice, made on the last 10,000 training images
(``held_out``) without a look at the test images; the number of epochs is set by the time they take.
Then the network is trained on all 60,000, and the error is that of the last epoch.
``tools.experiments.paper_page`` makes a page of the results.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from helpers.mnist import unit_pixels
from helpers.network import Network, error_rate
from helpers.training import Settings, train
from tools.experiments.checkpoints import Checkpoint
from tools.experiments.experiment import Experiment

RESULTS = ("train_error", "test_error", "updates", "minutes")
HIDDEN = (1024, 1024, 1024)  # units of the hidden layers, unless a setting says something else
HELD_OUT = 10_000  # training images that choices are made on
CHANCE = 0.05  # points of held-out error, five images, that do not make a choice better


def _options(epochs: int, mode: str, learning_rate: float = 0.1, **others: object) -> dict:
    """Options of `train_mnist`. The learning rate falls in equal steps, one an epoch, to near 0."""
    schedule = {"epochs": epochs, "cooldown": epochs, "momentum": 0.9}
    return {**schedule, "learning_rate": learning_rate, "mode": mode, **others}


# Without noise hardly an image of the training set is wrong after 20 epochs. So 30 were thought
# enough; but only rows with the same number of epochs can be compared, hence 100 as well.
SETTINGS = {
    "no dropout, 2 x 800, 30 epochs": _options(30, "none", hidden=(800, 800)),
    "no dropout, 30 epochs": _options(30, "none"),
    "L2, 30 epochs": _options(30, "none", l2=1e-3),
    "max-norm, 30 epochs": _options(30, "none", max_norm=1.0),
    "no dropout, 100 epochs": _options(100, "none"),
    "max-norm, 100 epochs": _options(100, "none", max_norm=1.0),
    "dropout, 100 epochs": _options(100, "mask", 0.05),
    "dropout, L2, 100 epochs": _options(100, "mask", 0.05, l2=1e-3),
    "dropout, max-norm, 100 epochs": _options(100, "mask", max_norm=1.0),
    "dropout, max-norm, 300 epochs": _options(300, "mask", max_norm=1.0),
    "slice, max-norm, 100 epochs": _options(100, "slice", 0.03, max_norm=1.0),
    "Gaussian, max-norm, 100 epochs": _options(100, "gaussian", max_norm=1.0),
}

# What was tried to choose them: short trainings, judged on held-out images. In each line one option
# varies. Gaussian noise takes what is chosen for masks.
CHOICES = {
    f"{name}, {option} {value:g}": {**options, "held_out": True, option: value}
    for name, options, option, values in (
        (
            "no dropout, 2 x 800",
            _options(20, "none", hidden=(800, 800)),
            "learning_rate",
            (0.05, 0.1, 0.2, 0.4),
        ),
        ("no dropout", _options(20, "none"), "learning_rate", (0.02, 0.05, 0.1, 0.2)),
        ("L2", _options(20, "none"), "l2", (1e-5, 1e-4, 1e-3, 1e-2)),
        ("max-norm", _options(20, "none"), "max_norm", (0.7, 1.0, 2.0)),
        ("dropout", _options(20, "mask"), "learning_rate", (0.02, 0.05, 0.1)),
        ("dropout, L2", _options(20, "mask", 0.05), "l2", (1e-5, 1e-4, 1e-3, 3e-3)),
        ("dropout, max-norm", _options(20, "mask"), "max_norm", (0.5, 0.7, 1.0, 2.0)),
        ("dropout, max-norm", _options(20, "mask", max_norm=1.0), "learning_rate", (0.05, 0.2)),
        (
            "slice, max-norm",
            _options(20, "slice", max_norm=1.0),
            "learning_rate",
            (0.01, 0.03, 0.05, 0.1),
        ),
    )
    for value in values
}


def same_choice(one: dict, other: dict) -> bool:
    """Whether the options ``one`` and ``other`` differ in nothing but the data and the epochs."""
    not_chosen = ("held_out", "epochs", "cooldown")
    return all(
        one.get(option) == other.get(option)
        for option in {**one, **other}
        if option not in not_chosen
    )


def train_mnist(
    data: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    seed: int,
    hidden: tuple[int, ...] = HIDDEN,
    held_out: bool = False,
    checkpoint: str | Path | None = None,
    **settings: float | str | None,
) -> dict[str, float]:
    """Train a network on MNIST; return its errors after the last epoch, and what it took.

    ``data`` are training images and labels and test images and labels, as ``load_mnist`` returns
    them. With ``held_out`` the network is trained without the last 10,000 training images, and
    these take the place of the test images. ``settings`` are those of ``Settings``. With a
    ``checkpoint`` the training saves itself to this file after each epoch, and goes on from it.

    The result has ``train_error`` and ``test_error`` in percent, of the whole network, the number
    of ``updates``, and the ``minutes`` of training: epochs times the median epoch, so that a pause
    of the machine does not count.
    """
    train_images, train_labels, test_images, test_labels = data
    if held_out:
        test_images, test_labels = train_images[-HELD_OUT:], train_labels[-HELD_OUT:]
        train_images, train_labels = train_images[:-HELD_OUT], train_labels[:-HELD_OUT]
    x, test_x = unit_pixels(train_images), unit_pixels(test_images)
    rng = np.random.default_rng(seed)
    network = Network([x.shape[1], *hidden, 10], rng)
    chosen = Settings(**settings)
    if checkpoint is None:
        history = train(network, x, train_labels, chosen, rng)
    else:
        saved = Checkpoint(checkpoint, network, rng, chosen, [x, train_labels])
        state = saved.load()
        history = train(network, x, train_labels, chosen, rng, after_epoch=[saved], state=state)
    return {
        "train_error": 100 * error_rate(network, x, train_labels),
        "test_error": 100 * error_rate(network, test_x, test_labels),
        "updates": len(history.loss) * -(-len(x) // chosen.batch_size),
        "minutes": len(history.seconds) * float(np.median(history.seconds)) / 60,
    }


EXPERIMENTS = {
    "paper": Experiment(train_mnist, RESULTS, SETTINGS, seeds=3, checkpoints=True),
    "paper_choices": Experiment(train_mnist, RESULTS, CHOICES, seeds=1, checkpoints=True),
}
