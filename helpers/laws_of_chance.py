"""The laws that count: which units are dropped, and whether the mean is kept.

They are decided by exact binomial tests, which share the level of the diagnosis: a right dropout
breaks any of them no more often than that, whatever they have in common. Where another law is
broken already, so that nothing binomial can be counted, a mean over calls is held wrong if it is
six standard errors off.
"""

from __future__ import annotations

import numpy as np
from scipy.special import bdtr, ndtr

from helpers.trial import AXES, CLOSE, Broken, Skipped, Trial, same

BY_CHANCE = (*AXES, "counts", "rate", "mean")


def units(trial: Trial) -> None:
    """Two units of a sample are dropped independently."""
    _independent(trial, "units", "one mask for all units of a sample")


def samples(trial: Trial) -> None:
    """The masks of two samples are independent."""
    _independent(trial, "samples", "one mask for the whole batch")


def calls(trial: Trial) -> None:
    """The masks of two calls are independent."""
    n, different = len(trial.dropped), len(trial.different)
    off = int((~trial.dropped.any(axis=(1, 2))).sum())
    whole = int(trial.dropped.all(axis=(1, 2)).sum())
    if different < n and off > 1:
        raise Broken(f"{off} of {n} calls drop nothing", "is it off in some calls")
    if different < n and whole > 1:
        raise Broken(f"{whole} of {n} calls drop everything", "is the layer dropped as a whole")
    if different < n:
        few = "a generator with few seeds, or masks that come again"
        raise Broken(f"{n} calls have {different} masks", few)
    _independent(
        trial,
        "calls",
        "a seed inside, an rng that is not moved on, a mask that is kept or made of x",
    )


def _independent(trial: Trial, name: str, mistake: str) -> None:
    """Compare pairs along an axis: neighbours, once the other neighbours, and half an axis apart.

    Pairs of one comparison have no member in common, so right ones agree as independent coins.
    """
    if name in trial.shared:
        raise Broken(f"all {name} have the same mask", mistake)
    dropped = np.moveaxis(trial.different, AXES.index(name), 0)
    half, agree = len(dropped) // 2, trial.agree
    for what, one, other in (
        ("neighbouring", dropped[0::2], dropped[1::2]),
        ("neighbouring", dropped[1:-1:2], dropped[2::2]),
        ("distant", dropped[:half], dropped[half:]),
    ):
        if trial.unlikely((one == other).sum(), one.size, agree, 3):
            share = np.mean(one == other)
            seen = f"{what} {name} agree {share:.3f} of the time, not {agree:.3f}"
            alike = "a mask that some of them share, or a sorted one"
            raise Broken(seen, alike if share > 0.99 else "")


def counts(trial: Trial) -> None:
    """The number dropped in a sample, in a unit and in a call varies as that of coins."""
    rate, dropped = trial.rate, trial.dropped
    _, n_samples, n_units = dropped.shape
    for what, axes, n in (
        ("sample", 2, n_units),
        ("unit", 1, n_samples),
        ("call", (1, 2), n_samples * n_units),
    ):
        counts, (low, high, chance) = dropped.sum(axis=axes), middle(n, rate)
        inside = np.sum((counts >= low) & (counts <= high))
        if n > 1 and trial.unlikely(inside, counts.size, chance, 3):
            share = inside / counts.size
            seen = f"{share:.1%} of the {what}s have {low} to {high} of {n} dropped"
            mistake = "counts that vary too little" if share == 1 else ""
            if np.ptp(counts) == 0:
                mistake = "a fixed count"
            if share < chance and what != "call":
                others = {"sample": "units", "unit": "samples"}[what]
                mistake = (
                    f"{others} that are dropped together, or {what}s or calls with rates of their "
                    "own"
                )
            raise Broken(f"{seen}, not {chance:.1%}", mistake)


def middle(n: int, p: float) -> tuple[int, int, float]:
    """The lowest and the highest of the middle counts of ``n`` coins, about half; how likely."""
    below = bdtr(np.arange(n + 1), n, p)
    low, high = np.searchsorted(below, [0.25, 0.75])
    return low, high, below[high] - (below[low - 1] if low else 0)


def rate(trial: Trial) -> None:
    """The fraction that is dropped is drop, over all, in each unit and in each row."""
    dropped, drop = trial.dropped, trial.drop
    k, n, n_tests = dropped.sum(), dropped.size, trial.rate_tests
    wrong = trial.unlikely(k, n, drop, n_tests)
    if trial.dependent:
        wrong = differs(dropped.mean(axis=(1, 2)), drop, trial.error_of_coins)
    if wrong:
        guesses = {
            "is drop taken for what is kept": 1 - drop,
            "normal numbers for uniform ones": ndtr(drop),
            "numbers from -1 to 1 for those from 0 to 1": (1 + drop) / 2,
            "two masks": 1 - (1 - drop) ** 2,
        }
        likely = [name for name, p in guesses.items() if not trial.unlikely(k, n, p, n_tests)]
        mistake = ", or ".join(likely)
        if not dropped.any():
            mistake = _why_nothing_is_dropped(trial)
        elif (
            not trial.outputs[:, trial.x < 0].any()
            and not trial.first_prediction[trial.x < 0].any()
        ):
            mistake = "is a ReLU in it"
        elif not likely and _scale_fits(trial):
            mistake = "is it built with another drop than diagnose was told"
        raise Broken(f"{k / n:.4f} of {n:,} units are dropped, not {drop}", mistake)
    if set(trial.report.broken) & {*AXES, "counts"}:
        raise Skipped(
            "it is over all; what is not independent says nothing of single units and rows"
        )
    for what, factors in trial.elsewhere.items():
        if trial.unlikely((factors == 0).sum(), factors.size, drop, n_tests):
            raise Broken(f"of {what} {np.mean(factors == 0):.4f} is dropped, not {drop}")
    for what, axes in (("unit", (0, 1)), ("row", (0, 2))):
        counts = dropped.sum(axis=axes)
        n = dropped.size // counts.size
        odd = np.flatnonzero(trial.unlikely(counts, n, drop, n_tests))
        if odd.size:
            seen = f"{what} {odd[0]} is dropped {counts[odd[0]] / n:.3f} of the time, not {drop}"
            at_an_end = odd[0] in (0, counts.size - 1) and not counts[odd[0]]
            raise Broken(seen, "an index that is off by one" if at_an_end else "")


def _scale_fits(trial: Trial) -> bool:
    """Whether the mean is kept, at the rate that there is."""
    try:
        kept = trial.predicted / trial.scale
    except Skipped:
        return False
    k, n = (~trial.dropped).sum(), trial.dropped.size
    return 0 < kept < 1 and not trial.unlikely(k, n, kept, trial.rate_tests)


def _why_nothing_is_dropped(trial: Trial) -> str:
    """It is off, or what is dropped becomes another value than 0, or it is noise."""
    outputs, n = trial.outputs, trial.outputs.size
    _, factors = np.unique(outputs.round(6), return_counts=True)
    _, values = np.unique((outputs * trial.x).round(6), return_counts=True)
    if len(factors) == 1:
        return "is dropout off, from the start or since the first prediction"
    for counts, share in ((factors, 1 - trial.drop), (values, trial.drop)):
        commonest = np.sort(counts)[-2:]
        if not trial.unlikely(commonest, n, share, trial.rate_tests).all():
            return "is what is dropped set to something else than 0"
    return "is it noise, without zeros"


def mean(trial: Trial) -> None:
    """The mean of the training outputs is what a prediction gives: x, or 1 - drop times x."""
    if not trial.outputs.any():
        raise Skipped("nothing stays")
    try:
        predicted = trial.predicted
    except Skipped as skipped:
        if "prediction" in trial.report.broken:
            raise
        zero = trial.first_prediction == 0
        mistake = "is a ReLU in it" if np.array_equal(zero, trial.x < 0) else "is something dropped"
        raise Broken(str(skipped), mistake if zero.any() else "") from None
    if predicted == 0:
        raise Broken("a prediction is 0 everywhere")
    drop, share = trial.drop, 1 - trial.dropped.mean()
    right = 1 / (1 - drop)
    means = trial.draws.mean(axis=(1, 2)) / predicted
    try:
        scale = trial.scale
    except Skipped:  # `scale` is broken
        if differs(means, 1.0):
            seen = f"outputs average {means.mean():.3f} times what prediction gives"
            raise Broken(seen) from None
        return
    even = predicted / scale  # the fraction kept that makes the two the same
    if not 0 < even < 1:
        wrong = not same(np.array(even), share)
    elif trial.dependent:
        wrong = differs(means, 1.0, trial.error_of_coins / (1 - drop))
    else:
        wrong = trial.unlikely((~trial.dropped).sum(), trial.dropped.size, even, 1)
    if wrong:
        ratio = scale * share / predicted
        seen = f"outputs average {ratio:.3f} times what prediction gives"
        raise Broken(seen, _why_another_mean(scale, predicted, drop))
    if abs(scale / predicted / right - 1) > 1e-4 and "rate" not in trial.report.broken:
        seen = f"what stays is {scale / predicted:.5g} times as large as when predicting"
        trial.report.remarks.append(f"{seen}; 1 / (1 - drop) is {right:.5g}")
    if "rate" in trial.report.broken:  # a prediction may fit the rate that is wrong
        return
    if not (same(np.array(predicted), 1.0) or same(np.array(predicted), 1 - drop)):
        seen = f"a prediction is {predicted:g} times its input, not 1 or {1 - drop:g} times"
        raise Broken(
            seen, "a factor that training has, too" if same(right, scale / predicted) else ""
        )


def _why_another_mean(scale: float, predicted: float, drop: float) -> str:
    """The likely mistake in what training and a prediction multiply by, if the rate is right."""
    if scale == 1 and same(np.array(predicted), drop):
        return "multiplied by drop instead of 1 - drop when predicting"
    if same(np.array(predicted), 1 / (1 - drop)):
        mistake = "divided by 1 - drop when predicting"
        if scale == 1:
            return f"{mistake} instead of multiplied"
        return f"{mistake}, too" if same(np.array(scale), 1 / (1 - drop)) else mistake
    where = " when predicting" if scale == 1 else ", in training and when predicting"
    guesses = {
        (1 - drop) / drop: "divided by drop instead of 1 - drop",
        1 - drop: "is the scale 1 / (1 - drop) missing",
        1 / (1 - drop): "scaled twice" + ("" if same(np.array(predicted), 1.0) else where),
        (1 - drop) ** 2: "multiplied by 1 - drop instead of divided",
        1.0: "",  # of the scale alone: a wrong rate is another mistake
    }
    off_by = scale * (1 - drop) / predicted
    likely = [guesses[g] for g in guesses if abs(g / off_by - 1) < 1e-3]
    return ", or ".join(filter(None, likely))


def differs(means: np.ndarray, expected: float, least: float = 0.0) -> bool:
    """Whether the mean of ``means``, one of each call, is six standard errors off.

    The error is taken for ``least`` at least: counts that are fixed have none, but are rounded.
    """
    error = means.std() / np.sqrt(len(means)) if len(means) > 1 else np.inf
    return bool(abs(means.mean() - expected) > 6 * max(error, least) + CLOSE)
