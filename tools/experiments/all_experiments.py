"""All experiments by name; the settings and seeds of each are in the module of its subject."""

from __future__ import annotations

from tools.experiments import (
    article_b,
    digits_details,
    digits_grids,
    digits_tested,
    false_alarms,
    monte_carlo,
    paper,
    spatial,
)
from tools.experiments.experiment import Experiment

EXPERIMENTS = {
    **article_b.EXPERIMENTS,
    **paper.EXPERIMENTS,
    **digits_grids.EXPERIMENTS,
    **digits_tested.EXPERIMENTS,
    **digits_details.EXPERIMENTS,
    **monte_carlo.EXPERIMENTS,
    **false_alarms.EXPERIMENTS,
    **spatial.EXPERIMENTS,
}


def experiment_of(name: str) -> Experiment:
    """The experiment ``name``; ``ValueError`` if there is none of that name."""
    if name not in EXPERIMENTS:
        raise ValueError(f"name must be one of {', '.join(EXPERIMENTS)}, got {name!r}")
    return EXPERIMENTS[name]
