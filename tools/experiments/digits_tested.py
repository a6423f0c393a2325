"""What is tested on the test digits: of each grid of ``digits_grids`` the best, and its rivals."""

from __future__ import annotations

from tools.experiments.digits import RESULTS, train_digits
from tools.experiments.digits_grids import (
    DROPS,
    EXAMPLES,
    LABEL_NOISE,
    LONGER,
    MORE_RIVALS,
    NOISE_RIVALS,
    REMEDY,
    RIVALS,
)
from tools.experiments.experiment import Experiment

# Of each group of settings the one with the lowest mean error on the validation digits, and what it
# is compared with. It was chosen before the test digits were looked at.
CHOSEN = {
    "remedy": (REMEDY, ("none", "dropout")),
    "rivals": (
        RIVALS,
        (
            "none, learning rate 0.3",
            "early stopping, patience 10, learning rate 0.4",
            "L2, l2 0.0001, learning rate 0.4",
            "max-norm, max-norm 3, learning rate 0.4",
            "dropout, drops 0.2 and 0.3, learning rate 0.1",
            "dropout, L2, l2 1e-05, learning rate 0.05",
            "dropout, max-norm, max-norm 4, learning rate 0.05",
        ),
    ),
    "longer": (
        LONGER,
        (
            "none, learning rate 0.3, 200 epochs",
            "dropout, drops 0.2 and 0.3, learning rate 0.05, 200 epochs",
        ),
    ),
    "more_rivals": (
        MORE_RIVALS,
        (
            "early stopping, patience 20, learning rate 0.3",
            "L2, l2 3e-05, learning rate 0.4",
            "max-norm, max-norm 2, learning rate 0.5",
        ),
    ),
    "drops": (
        DROPS,
        (
            "128 units, hidden 0",
            "128 units, hidden 0.6",
            "64 units left, hidden 0",
            "64 units left, hidden 0.8",
            "320 units, hidden 0",
            "input 0.3, hidden 0",
            "input 0.2, hidden 0.5",
        ),
    ),
    "examples": (
        EXAMPLES,
        (
            "100 digits, 4800 steps, none",
            "100 digits, 4800 steps, dropout",
            "100 digits, 4800 steps, none, learning rate 0.4",
            "300 digits, 4800 steps, none",
            "300 digits, 4800 steps, dropout",
            "300 digits, 4800 steps, none, learning rate 0.4",
            "1000 digits, 4800 steps, none",
            "1000 digits, 4800 steps, dropout",
            "1000 digits, 4800 steps, none, learning rate 0.3",
            "3000 digits, 4800 steps, none",
            "3000 digits, 4800 steps, mild dropout",
            "3000 digits, 4800 steps, none, learning rate 0.3",
        ),
    ),
    "label_noise": (
        LABEL_NOISE,
        (
            "0% wrong, hidden 0",
            "0% wrong, hidden 0.65",
            "10% wrong, hidden 0",
            "10% wrong, hidden 0.65",
            "30% wrong, hidden 0",
            "30% wrong, hidden 0.8",
        ),
    ),
    "noise_rivals": (
        NOISE_RIVALS,
        (
            "10% wrong, none, learning rate 0.005",
            "10% wrong, early stopping, patience 10, learning rate 0.01",
            "10% wrong, early stopping, patience 20, learning rate 0.05",
            "10% wrong, L2, l2 0.003, learning rate 0.005",
            "10% wrong, dropout, drops 0 and 0.65, learning rate 0.02",
            "30% wrong, none, learning rate 0.002",
            "30% wrong, early stopping, patience 10, learning rate 0.01",
            "30% wrong, early stopping, patience 5, learning rate 0.05",
            "30% wrong, L2, l2 0.01, learning rate 0.005",
            "30% wrong, dropout, drops 0 and 0.8, learning rate 0.01",
        ),
    ),
}
TESTED = {
    f"{experiment}: {setting}": {**grid[setting], "test": True}
    for experiment, (grid, settings) in CHOSEN.items()
    for setting in settings
}
EXPERIMENTS = {"tested": Experiment(train_digits, RESULTS, TESTED, seeds=10, data="sample")}
