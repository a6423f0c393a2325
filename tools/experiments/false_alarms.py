"""How often `diagnose` finds a right dropout wrong. Notebook 10 reads this.

The level is 0.01 instead of the usual millionth, so that there is something to be counted. Every
run takes the styles of ``helpers.bugs`` in turn, with a seed of its own for each diagnosis.
"""

from __future__ import annotations

from helpers.bugs import build, styles
from helpers.checks import diagnose
from helpers.laws_of_chance import BY_CHANCE
from tools.experiments.experiment import Experiment

RESULTS = ("diagnoses", "alarms", *BY_CHANCE)
SETTINGS = {
    f"drop {drop:g}": {"drop": drop, "level": 0.01, "diagnoses": 1_000} for drop in (0.2, 0.5)
}


def count_alarms(
    data: None, seed: int, drop: float, level: float, diagnoses: int
) -> dict[str, float]:
    """Diagnose right dropouts; return how many were called wrong, and by which law. No data."""
    found, every = dict.fromkeys(RESULTS, 0), styles()
    for k in range(diagnoses):
        style = every[k % len(every)]
        report = diagnose(
            *build(drop, style),
            drop=drop,
            inplace=style.inplace,
            level=level,
            seed=seed * diagnoses + k,
        )
        found["alarms"] += not report.passed
        for law in report.failures:
            found[law] += 1
    return {**found, "diagnoses": diagnoses}


EXPERIMENTS = {"false_alarms": Experiment(count_alarms, RESULTS, SETTINGS, seeds=30, data="none")}
