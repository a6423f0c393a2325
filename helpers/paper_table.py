"""The page ``results/paper.md``: the paper's test errors beside those that are recorded here.

``python -m helpers.paper_table`` writes it from ``results/paper.jsonl`` and
``results/paper_choices.jsonl``. It makes no run: see ``helpers.experiments``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from helpers import paper
from helpers.experiments import RESULTS, command_of, recorded

PAGE = "paper.md"
NETWORK_OF_TABLE_9 = "784-1024-1024-2048-10"
REPORTED = {
    "no dropout, 2 x 800, 30 epochs": "1.60, logistic units (Simard et al. 2003)",
    "L2, 30 epochs": f"1.62, {NETWORK_OF_TABLE_9}",
    "max-norm, 30 epochs": f"1.35, {NETWORK_OF_TABLE_9}",
    "dropout, 100 epochs": "1.25",
    "dropout, L2, 100 epochs": f"1.25, {NETWORK_OF_TABLE_9}",
    "dropout, max-norm, 100 epochs": "1.06",
    "dropout, max-norm, 300 epochs": "1.06",
    "Gaussian, max-norm, 100 epochs": "0.95, where Bernoulli noise had 1.08 (table 10)",
}
INTRODUCTION = """# The paper's networks on MNIST, trained in NumPy

Srivastava et al. (2014) report test errors of networks with ReLU units (tables 2, 9 and 10; those
of 9 and 10 as others quote them). Here such networks are trained with `helpers.training` on all
60,000 training images. The test error is that of the last epoch, never of the best; ± is the
standard deviation over the seeds. Besides, on 10,000 test images an error near 1 % has a standard
error of 0.10 points. The minutes are those of the fastest seed, on one core.

A network has three hidden layers of 1,024 units where nothing else is said. Dropout, slice and
Gaussian noise drop 20 % of the inputs and 50 % of the hidden units.

This page is made from the files beside it by `python -m helpers.paper_table`.
"""
CHOICES = f"""
## What was tried to choose the settings

Trained on 50,000 training images, judged on the other {paper.HELD_OUT:,}; the test images were not
looked at. Twenty epochs favour what learns fast, and with one seed a difference below 0.1 may be
chance. `{command_of("paper_choices")}` makes these runs.
"""


def page(folder: Path = RESULTS) -> str:
    """The page as Markdown, of the runs that are recorded in ``folder``.

    Raises what `recorded` raises.
    """
    return "\n".join([INTRODUCTION, _results(folder), CHOICES, _choices(folder), ""])


def _results(folder: Path) -> str:
    return _markdown(
        {
            "network": setting,
            "the paper": REPORTED.get(setting, "–"),
            "test error, %": _mean_and_deviation(found["test_error"]),
            "seeds": len(found["test_error"]),
            "training error, %": f"{found['train_error'].mean():.2f}",
            "updates": f"{found['updates'][0]:,}",
            "minutes": f"{found['minutes'].min():.0f}",
            "command": f'`{command_of("paper")} --only "{setting}"`',
        }
        for setting, found in recorded("paper", folder).items()
    )


def _choices(folder: Path) -> str:
    return _markdown(
        {
            "network": setting,
            "held-out error, %": _mean_and_deviation(found["test_error"]),
            "training error, %": f"{found['train_error'].mean():.2f}",
        }
        for setting, found in recorded("paper_choices", folder).items()
    )


def _mean_and_deviation(errors: np.ndarray) -> str:
    """``1.11 ± 0.09``; of one seed only the number.

    >>> _mean_and_deviation(np.array([1.0, 1.2])), _mean_and_deviation(np.array([1.21]))
    ('1.10 ± 0.14', '1.21')
    """
    deviation = f" ± {errors.std(ddof=1):.2f}" if len(errors) > 1 else ""
    return f"{errors.mean():.2f}{deviation}"


def _markdown(rows: Iterable[dict[str, object]]) -> str:
    """A Markdown table of rows that have the same columns."""
    rows = list(rows)
    lines = [rows[0], ["---"] * len(rows[0]), *(row.values() for row in rows)]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


if __name__ == "__main__":
    text = page()
    (RESULTS / PAGE).write_text(text, encoding="utf-8")
    print(text)
