"""What else is asked of small networks on few digits. Notebook 07 reads these, beside ``digits``.

``two_errors``: how sure a gain is as far as seeds go, and as far as the judged digits go. A run
trains ten pairs of networks. ``repeated``: what becomes of training labels that are wrong.
``epoch_times``: how long an epoch takes with masks and with slices.
"""

from __future__ import annotations

from time import perf_counter

import numpy as np

from helpers.network import Network, predict
from helpers.training import Settings, train
from tools.experiments.digits import (
    STEPS,
    Digits,
    sample_sets,
    trained_network,
    with_wrong_labels,
)
from tools.experiments.digits_grids import (
    DROPOUT,
    EXAMPLES,
    LONGER,
    NOISE_RIVALS,
    RIVALS,
    SLICE,
    SMALL_CASE,
    drops,
)
from tools.experiments.experiment import Experiment

PAIRS = 10  # of networks, without dropout and with it

BEST_OF_EXAMPLES = {100: "dropout", 300: "dropout", 1_000: "dropout", 3_000: "mild dropout"}
WITH_WRONG_LABELS = {  # the best of each by the validation digits, a rival and dropout
    ("10%", "none"): ("none, learning rate 0.005", "dropout, drops 0 and 0.65, learning rate 0.02"),
    ("10%", "L2"): (
        "L2, l2 0.003, learning rate 0.005",
        "dropout, drops 0 and 0.65, learning rate 0.02",
    ),
    ("30%", "none"): ("none, learning rate 0.002", "dropout, drops 0 and 0.8, learning rate 0.01"),
    ("30%", "L2"): (
        "L2, l2 0.01, learning rate 0.005",
        "dropout, drops 0 and 0.8, learning rate 0.01",
    ),
}
TWO_ERRORS_RESULTS = ("gain", "of_seeds", "of_digits")
TWO_ERRORS = {
    f"{name}, {judged}": {
        "without": without,
        "with_dropout": with_dropout,
        "test": judged == "test",
    }
    for name, without, with_dropout in (
        ("as printed", {}, DROPOUT),
        (
            "both chosen",
            RIVALS["none, learning rate 0.3"],
            RIVALS["dropout, drops 0.2 and 0.3, learning rate 0.1"],
        ),
        (
            "both longer",
            LONGER["none, learning rate 0.3, 200 epochs"],
            LONGER["dropout, drops 0.2 and 0.3, learning rate 0.05, 200 epochs"],
        ),
        ("300 digits", SMALL_CASE, {**SMALL_CASE, **DROPOUT}),
        *(
            (f"{share} wrong, {rival}", *(NOISE_RIVALS[f"{share} wrong, {name}"] for name in names))
            for (share, rival), names in WITH_WRONG_LABELS.items()
        ),
        *(
            (
                f"examples, {n}",
                *(EXAMPLES[f"{n} digits, 4800 steps, {how}"] for how in ("none", best)),
            )
            for n, best in BEST_OF_EXAMPLES.items()
        ),
    )
    for judged in ("validation", "test")
}

REPEATED_RESULTS = ("right", "wrong", "seen_through")
REPEATED = {
    f"{flipped:.0%} wrong, hidden {drop:g}": {**drops(0.0, drop), "flipped": flipped}
    for flipped, best in ((0.1, 0.65), (0.3, 0.8))
    for drop in (0.0, best)
} | {
    name: NOISE_RIVALS[name]
    for name in (  # the best by the validation digits
        "10% wrong, none, learning rate 0.005",
        "10% wrong, dropout, drops 0 and 0.65, learning rate 0.02",
        "30% wrong, none, learning rate 0.002",
        "30% wrong, dropout, drops 0 and 0.8, learning rate 0.01",
    )
}

TIMES_RESULTS = ("milliseconds",)
TIMES = {
    f"{network}, {mode}": {**SLICE[f"{network}, 60 epochs, {mode}"], "epochs": 36}
    for network in ("128", "512-512")
    for mode in ("none", "mask", "slice")
}


def two_errors(
    data: Digits, seed: int, without: dict, with_dropout: dict, test: bool
) -> dict[str, float]:
    """Train pairs; return the mean ``gain`` in points of error, and its two standard errors.

    One is ``of_seeds``: of the mean over the pairs, whose digits are the same. The other is
    ``of_digits``: of the mean over the judged digits, each with its mean gain over the pairs.
    """
    right = []
    for options in (without, with_dropout):
        how = {"n_train": 1_000, "validation_from": 1_000, **options}
        sets = sample_sets(data, how.pop("n_train"), how.pop("validation_from"), test)
        networks = [trained_network(sets, PAIRS * seed + k, **how)[0] for k in range(PAIRS)]
        x, labels = sets.judged
        right.append([predict(network, x).argmax(axis=1) == labels for network in networks])
    gains = 100 * (np.array(right[1], float) - np.array(right[0], float))
    return {
        "gain": gains.mean(),
        "of_seeds": gains.mean(axis=1).std(ddof=1) / np.sqrt(PAIRS),
        "of_digits": gains.mean(axis=0).std(ddof=1) / np.sqrt(gains.shape[1]),
    }


def what_is_repeated(
    data: Digits, seed: int, flipped: float, **options: object
) -> dict[str, float]:
    """Train with wrong labels; return what percentage of its training labels the network gives.

    ``right`` and ``wrong`` are those of the right and of the wrong labels; ``seen_through`` is the
    percentage of the digits with a wrong label that get their true class.
    """
    sets = sample_sets(data, 1_000, 1_000, test=False)
    network, _ = trained_network(sets, seed, flipped=flipped, **options)
    x, true = sets.training
    given, said = with_wrong_labels(true, flipped, seed), predict(network, x).argmax(axis=1)
    is_wrong = given != true
    return {
        "right": 100 * np.mean(said[~is_wrong] == true[~is_wrong]),
        "wrong": 100 * np.mean(said[is_wrong] == given[is_wrong]),
        "seen_through": 100 * np.mean(said[is_wrong] == true[is_wrong]),
    }


def epoch_times(
    data: Digits, seed: int, hidden: tuple[int, ...], **settings: object
) -> dict[str, float]:
    """Train; return the ``milliseconds`` of the fastest epoch but the first."""
    (x, labels), _, _ = sample_sets(data, 1_000, 1_000, test=False)
    rng, ends = np.random.default_rng(seed), []
    network = Network([x.shape[1], *hidden, 10], rng)
    after_epoch = [lambda state: ends.append(perf_counter())]
    train(network, x, labels, Settings(**{**STEPS, **settings}), rng, after_epoch)
    return {"milliseconds": 1000 * np.diff(ends).min()}


EXPERIMENTS = {
    "two_errors": Experiment(two_errors, TWO_ERRORS_RESULTS, TWO_ERRORS, seeds=1, data="sample"),
    "repeated": Experiment(what_is_repeated, REPEATED_RESULTS, REPEATED, seeds=10, data="sample"),
    "epoch_times": Experiment(
        epoch_times, TIMES_RESULTS, TIMES, seeds=3, data="sample", timed=True
    ),
}
