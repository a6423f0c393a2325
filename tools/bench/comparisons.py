"""The comparisons of ``make bench``; ``python -m tools.bench.comparisons NAME`` prints one as JSON.

`tools.bench` runs that in a process of its own for each, and prints the table.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from itertools import pairwise
from unittest.mock import patch

import numpy as np

from helpers import noise, training
from helpers.early_stopping import EarlyStopping
from helpers.full_mnist import is_available, load_mnist
from helpers.mnist import unit_pixels
from helpers.network import Network
from tools.bench import contenders
from tools.bench.contenders import DROPS, MOMENTUM, SIZES, Side, digits, ours, products
from tools.bench.numbers import SKIPPED, machine, ratio, row, versions
from tools.experiments.paper import HIDDEN, SETTINGS

REPETITIONS = 5
REPETITIONS_FOR_RATIOS = 21  # single turns differ by a third; a goal can be nearer than that
PAUSE = 0.2  # seconds before a turn
BATCHES = (128, 512)
MODES = ("none", "mask", "slice")
EPOCH = 60_000  # samples; a turn takes fewer, and its seconds are scaled
TURN = 15_360  # samples: 120 batches of 128, 30 of 512


class Missing(Exception):
    """Data that a comparison needs are not there."""


# ---- taking turns ------------------------------------------------------------------------------


def turn(side: Side) -> float:
    """Seconds of one turn.

    The threads of a library spin when their work is done, in case more comes, and keep a core from
    the next side: OpenBLAS' for 45 milliseconds of computing time, PyTorch's for 8, measured by
    sleeping after a product. So there is a pause first, in which they fall asleep.
    """
    work = side()
    time.sleep(PAUSE)
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def take_turns(
    sides: dict[str, Side], scale: float = 1.0, repetitions: int = REPETITIONS
) -> dict[str, list[float]]:
    """Seconds of each side, times ``scale``; a busy moment of the machine hits all sides."""
    for side in sides.values():
        turn(side)  # to warm up
    turns = [{name: turn(side) for name, side in sides.items()} for _ in range(repetitions)]
    return {name: [scale * seconds[name] for seconds in turns] for name in sides}


def for_each_batch(sides: Callable[[int], dict[str, Side]], *ratios: tuple) -> dict:
    """Let the sides of each batch size take turns; ``ratios`` are (above, below, goals)."""
    rows, goals = {}, []
    for batch in BATCHES:
        turns = take_turns(sides(batch), EPOCH / TURN, REPETITIONS_FOR_RATIOS)
        for name, taken in turns.items():
            rows[f"{name}, batch {batch}"] = row(taken)
        for above, below, by_batch in ratios:
            pair = f"{above}, batch {batch}", f"{below}, batch {batch}"
            goals.append(ratio(rows, *pair, by_batch.get(batch, "")))
    unit = f"seconds an epoch of {EPOCH:,}, {named(SIZES)}"
    return {"unit": unit, "rows": rows, "goals": goals}


def named(sizes: tuple[int, ...]) -> str:
    """784-800-800-10."""
    return "-".join(map(str, sizes))


# ---- training against others -------------------------------------------------------------------


def compare_modes() -> dict:
    """None, mask and slice against the matrix products alone."""
    x, labels = digits(TURN)

    def sides(batch):
        alone = {"products alone": products(batch, TURN // batch)}
        return {mode: ours(mode, x, labels, batch) for mode in MODES} | alone

    return for_each_batch(
        sides,
        ("none", "products alone", {128: "<= 1.25", 512: "<= 1.25"}),
        ("mask", "none", {128: "<= 1.2", 512: "<= 1.2"}),
        ("slice", "none", {128: "<= 0.7", 512: "<= 0.5"}),
    )


def compare_pytorch() -> dict:
    """Mask and slice against a network with ``nn.Dropout``, and one without dropout."""
    x, labels = digits(TURN)
    contenders.check_same_training(x[:512], labels[:512])

    def sides(batch):
        return {
            "PyTorch, nn.Dropout": contenders.pytorch(x, labels, batch, DROPS),
            "PyTorch, no dropout": contenders.pytorch(x, labels, batch),
            **{mode: ours(mode, x, labels, batch) for mode in MODES},
        }

    return for_each_batch(
        sides,
        ("PyTorch, nn.Dropout", "mask", {128: ">= 2.2", 512: ">= 2.2"}),
        ("PyTorch, nn.Dropout", "slice", {512: ">= 4.5"}),
        ("PyTorch, no dropout", "none", {}),
    )


def compare_scikit_learn() -> dict:
    """None against ``MLPClassifier``."""
    warnings.filterwarnings("ignore", "Stochastic Optimizer")  # one epoch does not converge
    x, labels = digits(TURN)

    def sides(batch):
        theirs = contenders.scikit_learn(x, labels, batch)
        return {"MLPClassifier": theirs, "none": ours("none", x, labels, batch)}

    return for_each_batch(sides, ("MLPClassifier", "none", {}))


def compare_article_b() -> dict:
    """The class against the article's rule, each sample a step."""
    sides, n_samples = contenders.article_b()
    turns = take_turns(sides, 1e6 / n_samples, REPETITIONS_FOR_RATIOS)
    rows = {name: row(taken) for name, taken in turns.items()}
    goals = [ratio(rows, "transcription", "class", ">= 2.5")]
    return {"unit": "microseconds a sample, 784-100-10, float64", "rows": rows, "goals": goals}


# ---- the full MNIST ----------------------------------------------------------------------------


def full_mnist() -> list[np.ndarray]:
    """Training samples in float32 and labels, test samples and labels."""
    if not is_available():
        raise Missing("the full MNIST: the README says how to get it")
    x, labels, test_x, test_labels = load_mnist()
    return [unit_pixels(x), labels, unit_pixels(test_x), test_labels]


def time_to_error(
    data: list, mode: str, seed: int, rate: float, error: float, cap: int
) -> tuple[float, str]:
    """Seconds of training without the evaluations, and the epochs, or why it was not reached."""
    x, labels, *test = data
    rng = np.random.default_rng(seed)
    network = Network(SIZES, rng)
    settings = training.Settings(epochs=cap, mode=mode, learning_rate=rate, momentum=MOMENTUM)
    evaluation, states = EarlyStopping(network, *test), []

    def stop(state: training.State) -> None:
        states[:] = [state]
        if evaluation.errors[-1] <= error:
            state.history.stopped = "reached"

    try:
        history = training.train(network, x, labels, settings, rng, [evaluation, stop])
    except FloatingPointError:
        seconds = states[0].history.seconds if states else []
        return sum(seconds), f"diverged in {len(seconds) + 1}"
    return sum(history.seconds), str(len(history.loss)) if history.stopped else f"not in {cap}"


def compare_test_error(error: float = 0.02, cap: int = 25, seeds: int = 3) -> dict:
    """Time until the test error is low enough for the first time. Nothing is selected by it."""
    data = full_mnist()
    rates = {"none": 0.1, "mask": 0.1, "slice": 0.02}  # with 0.05 slice diverges at once
    runs = [
        {mode: time_to_error(data, mode, seed, rate, error, cap) for mode, rate in rates.items()}
        for seed in range(seeds)
    ]
    rows = {}
    for mode, rate in rates.items():
        seconds, outcomes = zip(*(run[mode] for run in runs), strict=True)
        rows[f"{mode}, learning rate {rate}"] = row(seconds, note=f"epochs: {', '.join(outcomes)}")
    unit = f"seconds of training to {error:.0%} test error, batch 128"
    return {"unit": unit, "rows": rows, "goals": []}


def compare_paper() -> dict:
    """The training that reaches the paper's 1.06 %, estimated from its first batches.

    The goal is an hour.
    """
    x, labels = digits(TURN)
    options = SETTINGS["dropout, max-norm, 300 epochs"]
    settings = training.Settings(**{**options, "epochs": 1, "cooldown": 0})
    sizes = (784, *HIDDEN, 10)

    def side():
        rng = np.random.default_rng(0)
        network = Network(sizes, rng)
        return lambda: training.train(network, x, labels, settings, rng)

    turns = take_turns({"training": side}, options["epochs"] * EPOCH / TURN / 60)
    entry = row(turns["training"])
    goals = [{"what": "minutes", "value": entry["median"], "goal": "<= 60"}]
    unit = f"minutes, from {TURN:,} samples, {named(sizes)}"
    return {"unit": unit, "rows": {"mask, batch 128": entry}, "goals": goals}


def compare_memory() -> dict:
    """The most memory that this process has had, after two epochs with masks."""
    import resource  # not on Windows

    x, labels, _, _ = full_mnist()
    settings = training.Settings(epochs=2, mode="mask")
    rng = np.random.default_rng(0)
    training.train(Network(SIZES, rng), x, labels, settings, rng)
    unit = 1 if sys.platform == "darwin" else 1024  # bytes on macOS, kilobytes elsewhere
    peak = row([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9])
    goals = [{"what": "gigabytes", "value": peak["median"], "goal": "< 1.2"}]
    return {"unit": "gigabytes", "rows": {"two epochs with masks": peak}, "goals": goals}


# ---- cost against size -------------------------------------------------------------------------


def compare_samples(batch: int = 128) -> dict:
    """An epoch of more and more samples: one should cost the same."""
    rows = {}
    for n in (15_000, 30_000, 60_000):
        x, labels = digits(n)
        for mode, taken in take_turns({m: ours(m, x, labels, batch) for m in MODES}).items():
            each = 1e6 * statistics.median(taken) / n
            rows[f"{mode}, {n:,} samples"] = row(taken, note=f"{each:.1f} us a sample")
    return {"unit": f"seconds an epoch, {named(SIZES)}, batch {batch}", "rows": rows, "goals": []}


def compare_width(batch: int = 128) -> dict:
    """An epoch with wider and wider layers: a weight should cost the same."""
    rows = {}
    for width in (256, 512, 1024, 2048, 4096):
        sizes = (784, width, width, 10)
        n_weights = sum(n_in * n_out for n_in, n_out in pairwise(sizes))
        n = batch * max(8, min(120, 100_000_000 // n_weights))  # about a second
        x, labels = digits(n)
        sides = {mode: ours(mode, x, labels, batch, sizes) for mode in MODES}
        for mode, taken in take_turns(sides, EPOCH / n).items():
            each = 1e9 * statistics.median(taken) / EPOCH / n_weights
            rows[f"{mode}, {named(sizes)}"] = row(taken, note=f"{each:.4f} ns a weight and sample")
    return {"unit": f"seconds an epoch of {EPOCH:,}, batch {batch}", "rows": rows, "goals": []}


# ---- profile -----------------------------------------------------------------------------------

PARTS = {  # what is called in a step, and where
    "random numbers": ((noise.Masks, "draw"), (noise.Slices, "draw")),
    "gather and scatter": ((noise, "thin_network"), (noise, "add_restored")),
    "forward and backward": ((noise, "loss_and_gradient"),),
    "optimizer step": ((training, "_step"),),
}


def profile(side: Side) -> dict[str, float]:
    """Seconds that a turn spends in each of ``PARTS`` and in the rest, and their sum."""
    spent = dict.fromkeys(PARTS, 0.0)

    def timed(part, function):
        def wrapper(*arguments):
            start = time.perf_counter()
            result = function(*arguments)
            spent[part] += time.perf_counter() - start
            return result

        return wrapper

    with ExitStack() as clocks:
        for part, functions in PARTS.items():
            for place, name in functions:
                clocks.enter_context(patch.object(place, name, timed(part, getattr(place, name))))
        whole = turn(side)
    return {**spent, "the rest": whole - sum(spent.values()), "sum": whole}


def compare_profile() -> dict:
    """Milliseconds a step in its parts. "Elementwise" is forward and backward less the products."""
    x, labels = digits(TURN)
    rows = {}
    for batch in BATCHES:
        steps = TURN // batch
        for mode in MODES:
            side, sizes = ours(mode, x, labels, batch), SIZES
            if mode == "slice":
                hidden = zip(SIZES[1:-1], DROPS[1:], strict=True)  # inputs are not cut out
                sizes = (SIZES[0], *(round(n * (1 - d)) for n, d in hidden), SIZES[-1])
            profiles = []
            for _ in range(REPETITIONS + 1):
                alone, without_clocks = turn(products(batch, steps, sizes)), turn(side)
                parts = profile(side)
                elementwise = parts.pop("forward and backward") - alone
                parts = {"matrix products": alone, "elementwise": elementwise, **parts}
                profiles.append({**parts, "sum without clocks": without_clocks})
            total = statistics.median(parts["sum"] for parts in profiles[1:])
            for part in profiles[0]:
                taken = [parts[part] for parts in profiles[1:]]  # the first was to warm up
                if any(taken):
                    share = f"{statistics.median(taken) / total:.0%}"
                    entry = row([1000 * seconds / steps for seconds in taken], note=share)
                    rows[f"{mode}, batch {batch}: {part}"] = entry
    return {"unit": f"milliseconds a step, {named(SIZES)}", "rows": rows, "goals": []}


# ---- the process -------------------------------------------------------------------------------


def main(name: str) -> int:
    """Make a comparison, print it as JSON, return the exit code."""
    try:
        comparison = globals()[f"compare_{name.replace('-', '_')}"]()
    except (ModuleNotFoundError, Missing) as error:
        print(f"skipped {name}: it needs {getattr(error, 'name', error)}\n", file=sys.stderr)
        return SKIPPED
    print(json.dumps({"comparison": comparison, "versions": versions(), "machine": machine()}))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except KeyboardInterrupt:  # the process that started this one says so
        sys.exit(130)
