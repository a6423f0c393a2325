"""Exercises of notebook 07: gains, their errors, and what is chosen."""

import numpy as np
from scipy.stats import t

from helpers.exercises.judge import Exercise
from helpers.recorded import recorded

NONE, DROPOUT = np.array([12.0, 11.5, 12.4, 11.9, 12.2]), np.array([9.1, 8.8, 9.6, 9.0, 9.5])


def standard_error(values: np.ndarray) -> float:
    """That of their mean."""
    return values.std(ddof=1) / np.sqrt(len(values))


def unpaired_error(new: np.ndarray, old: np.ndarray) -> float:
    """The standard error of the difference of two means, as if the seeds were not the same."""
    return float(np.hypot(standard_error(new), standard_error(old)))


def interval(new: np.ndarray, old: np.ndarray, factor: float, error=None) -> np.ndarray:
    """The mean gain old − new, less and more ``factor`` times its standard error."""
    gains = old - new
    error = standard_error(gains) if error is None else error
    return gains.mean() + np.array([-factor, factor]) * error


# ---- the exercise that trains ------------------------------------------------------------------

SMALL = recorded("remedy")
SMALL_NONE, SMALL_DROPOUT = (SMALL[f"300 digits, {name}"]["error"] for name in ("none", "dropout"))
GAINS = SMALL_NONE - SMALL_DROPOUT
GAIN, ERROR = float(GAINS.mean()), float(standard_error(GAINS))
UNPAIRED, SD = unpaired_error(SMALL_DROPOUT, SMALL_NONE), float(GAINS.std(ddof=1))
ON_TEST = recorded("two_errors")["300 digits, test"]
ANOTHER = (
    "the gain is another: `DROPOUT`, 300 digits, 20 epochs, batches of 10, learning rate 0.02, "
    "momentum 0.9, seeds 0 to 9, one generator for the weights and then the training, the "
    "validation digits"
)
ODD_ERROR = "the gain is right, its standard error is not; are the seeds those from 0 to 9"


SLIPS = {  # some would be near enough to be right
    "those are all 1,000 training digits; the first 300 are asked for": (1.66, 0.135),
    "that is dropout of the hidden units alone; `DROPOUT` drops inputs, too": (1.02, 0.205),
    "that is dropout of the inputs alone; `DROPOUT` drops hidden units, too": (0.20, 0.241),
    "those are the seeds 1 to 10; seeds 0 to 9 are asked for": (2.05, 0.195),
    "a fresh generator for each training; the one of the weights goes on": (1.41, 0.295),
    "the gain is right; divide the squares by n - 1 for its error (ddof=1)": (
        (GAIN, ERROR * np.sqrt(0.9))
    ),
}


def judge_training(answer: np.ndarray) -> str:
    """Right is a gain within three recorded standard errors, an error within a factor of two."""
    if answer.size != 2 or not np.isfinite(answer).all():
        return "hand in two numbers, (gain, standard_error)"
    gain, error = answer.ravel()
    if abs(error - GAIN) < 3 * ERROR and ERROR / 2 <= gain <= 2 * ERROR:
        return "the gain comes first, then its standard error"
    if abs(gain + GAIN) < 3 * ERROR:
        return "the sign: how much lower is the error with dropout"
    if abs(100 * gain - GAIN) < 3 * ERROR:
        return "in points of percent: 0.12 is an error of 12 %"
    if abs(gain - ON_TEST["gain"][0]) < ERROR:
        return "that is the gain on the test digits; hand in that on the validation digits"
    if gain == 0 == error:
        return 'nothing was dropped: is mode="mask" among the settings'
    for hint, slip in SLIPS.items():
        if np.allclose((gain, error), slip, atol=0.006):
            return hint
    if abs(gain - GAIN) >= 3 * ERROR:
        return ANOTHER
    if abs(error / SD - 1) < 0.25:
        return "the gain is right; its error is the SD of the ten gains, not that of their mean"
    if abs(error / UNPAIRED - 1) < 0.05:
        return "the gain is right; its error is that of two means that are not paired by seed"
    if not ERROR / 2 <= error <= 2 * ERROR:
        return ODD_ERROR
    return ""


EXERCISES = {
    "07.1": Exercise(
        right=float(standard_error(NONE - DROPOUT)),
        wrong={
            "that is the SD of the gains: how far may their mean be off": 0.1,
            "that is the error of two means; the seeds are the same, take the gains": (
                unpaired_error(NONE, DROPOUT)
            ),
            "give three decimals; is the sum of the squares divided by n - 1 (ddof=1)": 0.04,
            "that is the mean gain itself": 2.8,
            "that is how far an interval reaches; the standard error itself is asked for": 0.124,
        },
        solution="the gains are 2.9, 2.7, 2.8, 2.9 and 2.7, their SD is 0.1, and 0.1 / √5 = 0.045. "
        "Without pairing it would be 0.214: seeds that are bad without dropout are bad with it.",
        decimals=3,
    ),
    "07.2": Exercise(
        right=interval,
        wrong={
            "the sign: a gain is how much lower the new error is": lambda new, old, factor: (
                interval(old, new, factor)
            ),
            "that is as wide as the gains are spread, not as their mean is uncertain": (
                lambda new, old, factor: interval(new, old, factor, (old - new).std(ddof=1))
            ),
            "the two arrays are paired: take the gains, seed by seed": lambda new, old, factor: (
                interval(new, old, factor, unpaired_error(new, old))
            ),
            "divide by the root of n, not by n": lambda new, old, factor: interval(
                new, old, factor, (old - new).std(ddof=1) / len(new)
            ),
            "divide the squares by n - 1 (ddof=1)": lambda new, old, factor: interval(
                new, old, factor, (old - new).std() / np.sqrt(len(new))
            ),
            "the lower end comes first": lambda new, old, factor: interval(new, old, factor)[::-1],
            "n is how many values are handed in, not always ten": lambda new, old, factor: interval(
                new, old, factor, (old - new).std(ddof=1) / np.sqrt(10)
            ),
            "use the factor that is handed in": lambda new, old, factor: interval(new, old, 2.0),
            "that factor is for very many seeds; use the one that is handed in": (
                lambda new, old, factor: interval(new, old, 1.96)
            ),
            "that factor is for ten seeds; use the one that is handed in": (
                lambda new, old, factor: interval(new, old, t.ppf(0.975, 9))
            ),
            "that factor is for ten values; use the one that is handed in": (
                lambda new, old, factor: interval(new, old, 2.26)
            ),
            "that is the factor for 95 %; use the one that is handed in": (
                lambda new, old, factor: interval(new, old, t.ppf(0.975, len(new) - 1))
            ),
            "that is one standard error to either side; use the factor": (
                lambda new, old, factor: interval(new, old, 1.0)
            ),
            "the two ends, not the mean and how far it is to them": lambda new, old, factor: (
                np.array([(old - new).mean(), factor * standard_error(old - new)])
            ),
        },
        solution="gains = old - new; error = gains.std(ddof=1) / np.sqrt(len(gains)); return "
        "gains.mean() - factor * error, gains.mean() + factor * error.",
        inputs=(
            (DROPOUT, NONE, 3.0),
            (np.array([8.0, 9.0, 7.5, 9.5]), np.array([9.0, 8.5, 9.25, 10.5]), 1.5),
        ),
    ),
    "07.3": Exercise(
        right=20,
        wrong={
            "that is as many epochs; an epoch of 3,000 digits has more steps": 60,
            "more digits make an epoch longer: fewer of them are needed": 180,
            "those are the steps of the training; how many epochs of 3,000 digits are that": 1_200,
            "that is how many steps 60 epochs of 3,000 digits have": 3_600,
        },
        solution="60 epochs of 1,000 / 50 = 20 steps are 1,200 steps. An epoch of 3,000 digits has "
        "60 steps: 20 epochs.",
    ),
    "07.4": Exercise(
        right=(GAIN, ERROR),
        wrong={
            "the sign: how much lower is the error with dropout": (-GAIN, ERROR),
            "in points of percent: 0.12 is an error of 12 %": (GAIN / 100, ERROR / 100),
            "the gain comes first, then its standard error": (ERROR, GAIN),
            "that is the gain on the test digits; hand in that on the validation digits": (
                float(ON_TEST["gain"][0]),
                float(ON_TEST["of_seeds"][0]),
            ),
            ANOTHER: (9.0, 0.2),
            "the gain is right; its error is the SD of the ten gains, not that of their mean": (
                (GAIN, SD)
            ),
            "the gain is right; its error is that of two means that are not paired by seed": (
                (GAIN, UNPAIRED)
            ),
            ODD_ERROR: (GAIN, 4 * ERROR),
            'nothing was dropped: is mode="mask" among the settings': (0.0, 0.0),
            **SLIPS,
            "hand in two numbers, (gain, standard_error)": GAIN,
        },
        solution=f"recorded are a gain of {GAIN:.2f} points, SD of the ten gains {SD:.2f}, so a "
        f"standard error of {ERROR:.2f}; without pairing it would be {UNPAIRED:.2f}. The loop: for "
        "each seed, train(network, small_x, small_labels, Settings(epochs=20, batch_size=10, "
        "learning_rate=0.02, ...), rng), once without and once with dropout, and 100 * "
        "error_rate(network, *validation). On the 3,000 test digits the same trainings gain "
        f"{ON_TEST['gain'][0]:.2f} ± {ON_TEST['of_seeds'][0]:.2f} (SE of seeds), and other test "
        f"digits would move that by {ON_TEST['of_digits'][0]:.2f} (SE) besides: no gain for sure. "
        "(These ten seeds agree unusually well. Other ten may have twice the standard error.)",
        judge=judge_training,
    ),
    "07.5": Exercise(
        right=0.3532,
        wrong={
            "that is the standard error of one; the best looking of sixteen is further out": 0.2,
            "that is the error of a mean of sixteen; here the best looking one is taken": 0.05,
            "that is the sum of all errors; how far out is the best looking of sixteen": 3.2,
            "one measured value is right on average; the best looking of sixteen is not": 0,
            "that is in standard errors; a standard error is 0.2 points": 1.766,
        },
        solution="np.random.default_rng(0).normal(0, 0.2, (1_000_000, 16)).min(axis=1).mean() is "
        "-0.353: the lowest of sixteen equal settings looks 1.77 standard errors better than it "
        "is, as far as these errors go; where the settings differ in truth, it is less. And it is "
        "not the lead over the second, which is 0.1 on average. The test digits, or new seeds, "
        "tell how good the winner is.",
        decimals=2,
    ),
}
