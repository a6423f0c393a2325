"""The settings and seeds of the experiments of ``digits``, which makes the runs.

A setting names what differs from `digits.STEPS` and a network of 128 hidden units.
"""

from __future__ import annotations

from itertools import product

from tools.experiments.digits import (
    INSIDE_RESULTS,
    RESULTS,
    look_inside,
    train_digits,
    train_on_all,
    train_on_others,
)
from tools.experiments.experiment import Experiment

NONE = {"mode": "none"}


def drops(input_drop: float, hidden_drop: float) -> dict:
    """Options of a training with masks."""
    return {"mode": "mask", "input_drop": input_drop, "hidden_drop": hidden_drop}


DROPOUT = drops(0.2, 0.5)  # as in the 2014 paper
MILD = drops(0.1, 0.3)
BOTH = {"none": NONE, "dropout": DROPOUT}
THREE = {"none": NONE, "mild dropout": MILD, "dropout": DROPOUT}

# ---- the remedy, and when it is none -----------------------------------------------------------

EPOCHS = (2, 5, 10, 20, 200)
WIDTHS = (4, 8, 16, 32, 64, 256, 512)
SMALL_CASE = {  # what an exercise trains: a second a run
    "n_train": 300,
    "epochs": 20,
    "batch_size": 10,
    "learning_rate": 0.02,
}

REMEDY = {
    **BOTH,
    **{f"{n} epochs, {name}": {**how, "epochs": n} for n in EPOCHS for name, how in BOTH.items()},
    **{f"{n} units, {name}": {**how, "hidden": (n,)} for n in WIDTHS for name, how in BOTH.items()},
    **{f"300 digits, {name}": {**how, **SMALL_CASE} for name, how in BOTH.items()},
    **{f"{n} units, inputs alone": {**drops(0.2, 0.0), "hidden": (n,)} for n in (4, 8, 16, 32)},
}

# ---- rivals and friends: four strengths times four learning rates each -------------------------

SLOW, FAST = (0.02, 0.05, 0.1, 0.2), (0.05, 0.1, 0.2, 0.4)  # with dropout, 0.4 is too fast
ALONE = {
    "early stopping": [{"patience": n} for n in (2, 3, 5, 10)],
    "L2": [{"l2": l2} for l2 in (1e-4, 3e-4, 1e-3, 3e-3)],
    "max-norm": [{"max_norm": c} for c in (1.5, 2.0, 2.5, 3.0)],
}
WITH_DROPOUT = {
    "dropout": [drops(0.0, 0.5), MILD, drops(0.2, 0.3), DROPOUT],
    "dropout, L2": [{**DROPOUT, "l2": l2} for l2 in (1e-5, 1e-4, 3e-4, 1e-3)],
    "dropout, max-norm": [{**DROPOUT, "max_norm": c} for c in (2.0, 2.5, 3.0, 4.0)],
}


def described(options: dict) -> str:
    """Options as part of the name of a setting: what is chosen, and its value."""
    if options.get("mode") == "mask" and not {"l2", "max_norm"} & options.keys():
        return "drops {input_drop:g} and {hidden_drop:g}".format_map(options)
    words = {"patience": "patience", "l2": "l2", "max_norm": "max-norm"}
    return "".join(f"{words[key]} {options[key]:g}" for key in words if key in options)


def crossed(kinds: dict[str, list[dict]], rates: tuple[float, ...]) -> dict[str, dict]:
    """Settings: all strengths of all kinds with each learning rate."""
    return {
        f"{kind}, {described(options)}, learning rate {rate:g}": {**options, "learning_rate": rate}
        for kind, strengths in kinds.items()
        for options, rate in product(strengths, rates)
    }


RIVALS = {
    **{
        f"none, learning rate {rate:g}": {"learning_rate": rate}
        for rate in (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
    },
    **crossed(ALONE, FAST),
    **crossed(WITH_DROPOUT, SLOW),
}

# The best of each rival lay at an edge, the fastest rate and the weakest strength. So more of both,
# and the rate that is best without a remedy. Max-norm was best at the fastest once more.
WEAKER_ALONE = {
    "early stopping": [{"patience": 20}],
    "L2": [{"l2": l2} for l2 in (1e-5, 3e-5)],
    "max-norm": [{"max_norm": c} for c in (4.0, 6.0)],
}
WEAKER_WITH_DROPOUT = {
    "dropout, L2": [{**DROPOUT, "l2": 1e-6}],
    "dropout, max-norm": [{**DROPOUT, "max_norm": 6.0}],
}
LONGER = {  # as long as it takes on both sides
    f"{name}, 200 epochs": {**how, "epochs": 200}
    for name, how in {
        **{f"none, learning rate {r:g}": {"learning_rate": r} for r in (0.05, 0.1, 0.3)},
        **crossed({"dropout": [drops(0.2, 0.3), DROPOUT]}, (0.02, 0.05, 0.1)),
        **crossed(
            {"hidden alone": [drops(0.0, 0.5)], "inputs alone": [drops(0.3, 0.0)]},
            (0.02, 0.05, 0.1),
        ),
    }.items()
}
MORE_RIVALS = {
    **crossed(ALONE, (0.3, 0.5)),
    **crossed(WEAKER_ALONE, (0.1, 0.2, 0.3, 0.4, 0.5)),
    **crossed(WEAKER_WITH_DROPOUT, SLOW),
    **crossed({"max-norm": ALONE["max-norm"] + WEAKER_ALONE["max-norm"]}, (0.6, 0.7, 0.8)),
}

# ---- how much to drop --------------------------------------------------------------------------

KEPT = 64  # units that stay on average, where the width varies with the drop
HIDDEN_DROPS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
INPUT_DROPS = (0.0, 0.1, 0.2, 0.3, 0.5)

DROPS = {
    **{f"128 units, hidden {drop:g}": drops(0.0, drop) for drop in HIDDEN_DROPS},
    **{
        f"64 units left, hidden {drop:g}": {
            **drops(0.0, drop),
            "hidden": (round(KEPT / (1 - drop)),),
        }
        for drop in HIDDEN_DROPS
    },
    **{
        f"input {drop:g}, hidden {hidden:g}": drops(drop, hidden)
        for hidden in (0.0, 0.5)
        for drop in INPUT_DROPS
    },
    "320 units, hidden 0": {**drops(0.0, 0.0), "hidden": (320,)},  # as many as at a drop of 0.8
}

# ---- how many examples, and how many of them wrong ---------------------------------------------

BATCHES = {100: 2, 300: 6, 1_000: 20, 3_000: 60}  # examples: batches of 50 in an epoch

OWN_RATES = {
    f"{name}, learning rate {rate:g}": {**how, "learning_rate": rate}
    for name, how, rates in (
        ("none", {}, (0.1, 0.2, 0.3, 0.4)),
        ("mild dropout", MILD, (0.02, 0.1, 0.2)),
        ("dropout", DROPOUT, (0.02, 0.1, 0.2)),
    )
    for rate in rates
}
EXAMPLES = {
    f"{n} digits, {steps} steps, {name}": {
        **how,
        "n_train": n,
        "validation_from": 3_000,
        "epochs": steps // batches,
    }
    for steps, ways in {1_200: THREE, 4_800: THREE | OWN_RATES}.items()
    for n, batches in BATCHES.items()
    for name, how in ways.items()
}
ALL_DIGITS, ALL_DIGITS_LONG = (
    {
        f"{width} units, {epochs} epochs, {name}": {**how, "hidden": (width,), "epochs": epochs}
        for width in (128, 1024)
        for name, how in THREE.items()
    }
    for epochs in (12, 60)
)
ALL_DIGITS_RATES = {  # 0.05, where it is left out, is in ALL_DIGITS
    f"{name}, learning rate {rate}": {**how, "epochs": 12, "learning_rate": rate}
    for name, how in {
        **THREE,
        "a tenth of the inputs": drops(0.1, 0.0),
        "a fifth of the inputs": drops(0.2, 0.0),
    }.items()
    for rate in (0.02, 0.05, 0.1)
    if name not in THREE or rate != 0.05
} | {  # the best of these was the fastest without dropout, the slowest with the full one
    "none, learning rate 0.2": {**NONE, "epochs": 12, "learning_rate": 0.2},
    "dropout, learning rate 0.01": {**DROPOUT, "epochs": 12, "learning_rate": 0.01},
}
OTHERS = {  # what was chosen by the validation digits, on other digits
    **BOTH,
    **{
        name: LONGER[name]
        for name in (
            "none, learning rate 0.3, 200 epochs",
            "dropout, drops 0.2 and 0.3, learning rate 0.05, 200 epochs",
            "hidden alone, drops 0 and 0.5, learning rate 0.1, 200 epochs",
            "inputs alone, drops 0.3 and 0, learning rate 0.05, 200 epochs",
        )
    },
    **{name: DROPS[name] for name in ("128 units, hidden 0.6", "input 0.3, hidden 0")},
    **{
        name: (RIVALS | MORE_RIVALS)[name]
        for name in (
            "none, learning rate 0.3",
            "none, learning rate 0.4",
            "L2, l2 0.0001, learning rate 0.4",
            "L2, l2 3e-05, learning rate 0.4",
            "max-norm, max-norm 3, learning rate 0.4",
            "max-norm, max-norm 2, learning rate 0.5",
            "dropout, drops 0 and 0.5, learning rate 0.1",
            "dropout, drops 0.2 and 0.3, learning rate 0.1",
        )
    },
}
LABEL_NOISE = {
    f"{flipped:.0%} wrong, hidden {drop:g}": {**drops(0.0, drop), "flipped": flipped}
    for flipped in (0.0, 0.1, 0.3)
    for drop in (0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)
}
NOISE_RATES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
NOISE_RIVALS = {
    f"{flipped:.0%} wrong, {name}": {**options, "flipped": flipped}
    for flipped in (0.1, 0.3)
    for name, options in {
        **{f"none, learning rate {r:g}": {"learning_rate": r} for r in (0.001, *NOISE_RATES)},
        **crossed(
            {
                "early stopping": [{"patience": n} for n in (5, 10, 20)],
                "L2": [{"l2": l2} for l2 in (1e-3, 3e-3, 1e-2, 3e-2)],
                "dropout": [drops(0.0, drop) for drop in (0.5, 0.65, 0.8)],
            },
            NOISE_RATES,
        ),
    }.items()
}

# ---- early and late dropout --------------------------------------------------------------------

NETWORKS = {
    "underfits": {"hidden": (16,), "n_train": 3_000, "validation_from": 3_000, "epochs": 20},
    "overfits": {"epochs": 60},
}
WEAK = drops(0.1, 0.2)
EARLY_LATE = {
    f"{network}, {name}": {**options, **how}
    for network, options in NETWORKS.items()
    for half in [options["epochs"] // 2]
    for name, how in {
        "none": NONE,
        "inputs throughout": drops(0.1, 0.0),
        **{
            f"{strength} {when}": {**how, **({"without_in": span} if span else {})}
            for strength, how in (("weak", WEAK), ("strong", DROPOUT))
            for when, span in (
                ("throughout", None),
                ("early", (half, 2 * half)),
                ("late", (0, half)),
            )
        },
    }.items()
}

# ---- inside, and masks against slices ----------------------------------------------------------

INSIDE = {
    **{name: {**how, "hidden": (128, 128)} for name, how in BOTH.items()},
    **{
        f"{name}, learning rate {rate:g}": {**how, "hidden": (128, 128), "learning_rate": rate}
        for name, how in BOTH.items()
        for rate in (0.01, 0.02, 0.1, 0.2)
    },
}
SLICE = {
    f"{'-'.join(map(str, hidden))}, {epochs} epochs, {mode}": {
        "hidden": hidden,
        "epochs": epochs,
        "mode": mode,
        "learning_rate": rate,
    }
    for hidden, rate in (((128,), 0.05), ((512, 512), 0.02))
    for epochs in (60, 120)
    for mode in ("none", "mask", "slice")
}

# 83 epochs with masks last as long as 120 of slices, by the record of ``epoch_times``.
EQUAL_TIME = {
    f"512-512, {epochs} epochs, {mode}": {**SLICE[f"512-512, 120 epochs, {mode}"], "epochs": epochs}
    for epochs, mode in ((83, "mask"), (120, "slice"))
}

# ---- how often each is run ---------------------------------------------------------------------

EXPERIMENTS = {
    **{
        name: Experiment(train_digits, RESULTS, settings, seeds=10, data="sample")
        for name, settings in {
            "remedy": REMEDY,
            "rivals": RIVALS,
            "longer": LONGER,
            "more_rivals": MORE_RIVALS,
            "drops": DROPS,
            "examples": EXAMPLES,
            "label_noise": LABEL_NOISE,
            "noise_rivals": NOISE_RIVALS,
            "early_late": EARLY_LATE,
            "mask_or_slice": SLICE,
            "equal_time": EQUAL_TIME,
        }.items()
    },
    "inside": Experiment(look_inside, INSIDE_RESULTS, INSIDE, seeds=10, data="sample"),
    "all_digits": Experiment(train_on_all, RESULTS, ALL_DIGITS, seeds=10),
    "all_digits_rates": Experiment(train_on_all, RESULTS, ALL_DIGITS_RATES, seeds=10),
    "all_digits_long": Experiment(train_on_all, RESULTS, ALL_DIGITS_LONG, seeds=3),
    "other_digits": Experiment(train_on_others, RESULTS, OTHERS, seeds=20),
}
