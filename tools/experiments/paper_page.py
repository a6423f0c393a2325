"""The page ``results/paper.md``: the paper's test errors beside those that are recorded here.

``python -m tools.experiments table`` writes it from ``results/paper.jsonl`` and
``results/paper_choices.jsonl``. It makes no run; how many seeds these have is set in ``paper``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from helpers.recorded import command_of, recorded
from tools.experiments import paper, records
from tools.files import replacing

PAGE = "paper.md"
COMMAND = "python -m tools.experiments table"
REPORTED = {
    "no dropout, 2 x 800, 30 epochs": "1.60 (logistic; perhaps one layer of 800)",
    "L2, 30 epochs": "1.62 (table 9)",
    "max-norm, 30 epochs": "1.35 (table 9)",
    "max-norm, 100 epochs": "1.35 (table 9)",
    "dropout, 100 epochs": "1.25",
    "dropout, L2, 100 epochs": "1.25 (table 9)",
    "dropout, max-norm, 100 epochs": "1.06",
    "dropout, max-norm, 300 epochs": "1.06",
    "Gaussian, max-norm, 100 epochs": "0.95, and 1.08 with Bernoulli noise (table 10)",
}
ABOUT_RESULTS = f"""# The paper's networks on MNIST, trained in NumPy

Srivastava et al. (2014) report test errors on MNIST with dropout and without. Here such networks
are trained with `helpers.training` on all 60,000 training images, in batches of 128, with momentum
0.9 and a learning rate that falls in equal steps, one an epoch, to nearly 0.

**Compare rows with the same number of epochs**: those with 30 among themselves, and those with 100.
Longer training changes the error by itself, so a row with 30 epochs beside one with 100 does not
say what dropout does. The row with 300 epochs goes with one other row, the same setting with 100:
the two show what longer training gives. The paper's networks on MNIST were trained for a million
updates of the weights, as others quote its appendix B.1; we have not seen its own words. None of
ours was trained so long, so its error stands beside each row of a setting, whatever the epochs.

- *network*: three hidden layers of 1,024 ReLU units, unless it says 2 x 800. `drop` is 0.2 for the
  inputs and 0.5 for the hidden units. Dropout draws a mask for each image, and Gaussian noise
  multiplies as such a mask does. Slice draws one sub-network for each batch, with a fixed count of
  units: hidden units are cut out of the weight matrices, and inputs are set to 0, the same ones for
  the whole batch. Max-norm keeps the incoming weights of a unit, as a vector, no longer than
  `max_norm`; L2 adds ½ · `l2` · Σ w² to the loss.
- *the paper*: its test error in percent, from table 2. Its tables 9 and 10 we know from others, and
  they are about other networks: 784-1024-1024-2048-10 in table 9.
- *1.60*, without dropout, is older than the paper, whose table 2 takes it from Simard et al. (2003)
  and lists two layers of 800 logistic units. Others report a network with *one* hidden layer of
  800: the results page of MNIST, in copies of it, has a "2-layer NN, 800 HU" with 1.6, where a
  linear classifier is a 1-layer NN. We have not seen Simard's own words. So 1.60 may be the error
  of a smaller network than ours with 2 x 800, and is no measure for that row.
- *test error*: after the last epoch, never of the best one; mean ± standard deviation over as many
  trainings as there are *seeds*. Besides, 10,000 test images leave an error near 1 % with a
  standard error of 0.10 points.
- *training error*: of the whole network, without noise.
- *updates*: batches, and so steps of the parameters, in one training.
- *minutes*: on one core, epochs times the median epoch, of the fastest seed.
- *command*: makes the runs of the row that are not recorded; type it in the project's folder, with
  its Python (`.venv/bin/python`). To make one again, delete its line in `paper.jsonl` first.

The numbers of epochs are set by the time they take; they were not tuned. A "–" is not recorded, or
not in the paper. This page is made from the files beside it by `{COMMAND}`.
"""
ABOUT_CHOICES = f"""
## What was tried to choose the settings

Trained for 20 epochs, all of them, on 50,000 training images, one seed, and judged on the other
{paper.HELD_OUT:,}, without a look at the test images. Short trainings favour what learns fast, and
what is chosen serves every number of epochs above. It has the lowest held-out error of its kind, or
one that is higher by {paper.CHANCE} points at most: that may be chance. Gaussian noise takes the
settings of dropout with max-norm. An error near 90 % is that of guessing: the training broke down,
in that one run. These runs are made by `{command_of("paper_choices")}`.
"""


def page(folder: Path) -> str:
    """The page as Markdown, of the runs that are recorded in ``folder``.

    Raises ``ValueError`` for a file that is damaged or outdated.
    """
    results = [
        {"network": setting, "options": _options(options), **_result(setting, runs)}
        for setting, options, runs in _settings("paper", paper.SETTINGS, folder)
    ]
    choices = [
        {"network and option": choice, "options": _options(options), **_choice(options, runs)}
        for choice, options, runs in _settings("paper_choices", paper.CHOICES, folder)
    ]
    return "\n".join([ABOUT_RESULTS, _markdown(results), ABOUT_CHOICES, _markdown(choices), ""])


def _settings(name: str, settings: dict[str, dict], folder: Path) -> list[tuple]:
    """Name, options and recorded results of each setting; no results where no run is recorded."""
    path = folder / f"{name}.jsonl"
    some = records.read(path, records.header_of(name))  # refuses runs with other options
    runs = recorded(name, folder) if some else {}
    return [(setting, options, runs.get(setting)) for setting, options in settings.items()]


def _result(setting: str, runs: dict[str, np.ndarray] | None) -> dict[str, object]:
    row = {
        "the paper, %": REPORTED.get(setting, "–"),
        "test error, %": "–",
        "seeds": 0,
        "training error, %": "–",
        "updates": "–",
        "minutes": "–",
    }
    if runs is not None:
        row["test error, %"] = _mean_and_deviation(runs["test_error"])
        row["seeds"] = len(runs["test_error"])
        row["training error, %"] = f"{runs['train_error'].mean():.2f}"
        row["updates"] = f"{runs['updates'][0]:,}"
        row["minutes"] = f"{runs['minutes'].min():.0f}"
    return {**row, "command": f'`{command_of("paper")} --only "{setting}"`'}


def _choice(options: dict, runs: dict[str, np.ndarray] | None) -> dict[str, object]:
    chosen = any(paper.same_choice(options, setting) for setting in paper.SETTINGS.values())
    row = {"held-out error, %": "–", "training error, %": "–", "": "chosen" if chosen else ""}
    if runs is not None:
        row["held-out error, %"] = _mean_and_deviation(runs["test_error"])
        row["training error, %"] = f"{runs['train_error'].mean():.2f}"
    return row


def _options(options: dict) -> str:
    """What the names of the settings and the introduction do not say.

    >>> _options({"epochs": 30, "momentum": 0.9, "learning_rate": 0.1, "mode": "none", "l2": 1e-3})
    'learning_rate 0.1, l2 0.001'
    """
    shown = ("learning_rate", "max_norm", "l2")
    return ", ".join(f"{option} {options[option]:g}" for option in shown if option in options)


def _mean_and_deviation(errors: np.ndarray) -> str:
    """``1.11 ± 0.09``; of one seed only the number.

    >>> _mean_and_deviation(np.array([1.0, 1.2])), _mean_and_deviation(np.array([1.21]))
    ('1.10 ± 0.14', '1.21')
    """
    deviation = f" ± {errors.std(ddof=1):.2f}" if len(errors) > 1 else ""
    return f"{errors.mean():.2f}{deviation}"


def _markdown(rows: list[dict[str, object]]) -> str:
    """A Markdown table of rows that have the same columns."""
    lines = [rows[0], ["---"] * len(rows[0]), *(row.values() for row in rows)]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def write(folder: Path) -> Path:
    """Write the page into ``folder``, of the runs that are recorded there; return its path.

    Raises what `page` raises, ``FileNotFoundError`` if nothing is recorded, and ``OSError`` if it
    cannot be written.
    """
    if not any((folder / f"{name}.jsonl").exists() for name in ("paper", "paper_choices")):
        raise FileNotFoundError(f"nothing is recorded in {folder}: {command_of('paper')} does it")
    path, text = folder / PAGE, page(folder)
    with replacing(path) as file:
        file.write(text.encode())
    return path
