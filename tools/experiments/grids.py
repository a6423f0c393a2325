"""Which experiments there are, and with how many seeds each is run.

The settings, and the function that makes one run, are in a module for each subject: ``article_b``,
``paper``, ``digits`` with its ``digits_grids``, and ``monte_carlo``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tools.experiments import article_b, digits, digits_grids, monte_carlo, paper

Task = tuple[str, int]  # setting and seed


@dataclass(frozen=True)
class Experiment:
    """A grid of settings and seeds.

    ``function(data, seed, **options)`` makes one run and gives its numbers by the names in
    ``results``; it must be defined in a module, so that other processes can import it. ``data`` is
    what `load_mnist` returns or, with ``on_sample``, what `load_sample` does. ``settings`` has the
    options of each setting by its name. With ``checkpoints`` the function takes an option
    ``checkpoint`` as well, a file that a run which was stopped goes on from.
    """

    function: Callable[..., dict[str, float]]
    results: tuple[str, ...]
    settings: dict[str, dict]
    seeds: int  # of each setting, if nothing else is asked
    checkpoints: bool = False
    on_sample: bool = False

    @property
    def unit(self) -> str:
        """What the length of a run is counted in: epochs, if every setting says how many."""
        return "epochs" if all("epochs" in one for one in self.settings.values()) else "runs"

    def length(self, setting: str) -> int:
        """How long a run of ``setting`` is, in the unit."""
        return self.settings[setting]["epochs"] if self.unit == "epochs" else 1

    def tasks(self, seeds: int | None = None, settings: Sequence[str] | None = None) -> list[Task]:
        """All (setting, seed), seed by seed: seeds below ``seeds`` and ``settings`` (None: all).

        Raises ``ValueError`` for a setting that the experiment does not have.
        """
        for setting in settings or ():
            if setting not in self.settings:
                known = "; ".join(self.settings)
                raise ValueError(f"settings must be among {known}; got {setting!r}")
        names = [name for name in self.settings if settings is None or name in settings]
        n_seeds = self.seeds if seeds is None else seeds
        return [(setting, seed) for seed in range(n_seeds) for setting in names]


EXPERIMENTS = {
    "article_b": Experiment(
        article_b.train_article_b, article_b.RESULTS, article_b.SETTINGS, seeds=20
    ),
    "article_b_rounding": Experiment(
        article_b.train_rounded_twice,
        article_b.ROUNDING_RESULTS,
        article_b.ROUNDING_SETTINGS,
        seeds=20,
    ),
    "paper": Experiment(
        paper.train_mnist, paper.RESULTS, paper.SETTINGS, seeds=3, checkpoints=True
    ),
    "paper_choices": Experiment(
        paper.train_mnist, paper.RESULTS, paper.CHOICES, seeds=1, checkpoints=True
    ),
    **{
        name: Experiment(digits.train_digits, digits.RESULTS, settings, seeds=10, on_sample=True)
        for name, settings in (
            ("remedy", digits_grids.REMEDY),
            ("rivals", digits_grids.RIVALS),
            ("drops", digits_grids.DROPS),
            ("examples", digits_grids.EXAMPLES),
            ("label_noise", digits_grids.NOISE),
            ("early_late", digits_grids.EARLY_LATE),
            ("mask_or_slice", digits_grids.SLICE),
            ("tested", digits_grids.TESTED),
        )
    },
    "inside": Experiment(
        digits.look_inside, digits.INSIDE_RESULTS, digits_grids.INSIDE, seeds=10, on_sample=True
    ),
    "monte_carlo": Experiment(
        monte_carlo.compare_predictions,
        monte_carlo.RESULTS,
        monte_carlo.SETTINGS,
        seeds=10,
        on_sample=True,
    ),
    "all_digits": Experiment(
        digits.train_on_all, digits.RESULTS, digits_grids.ALL_DIGITS, seeds=10
    ),
    "all_digits_long": Experiment(
        digits.train_on_all, digits.RESULTS, digits_grids.ALL_DIGITS_LONG, seeds=3
    ),
    "other_digits": Experiment(
        digits.train_on_others, digits.RESULTS, digits_grids.OTHERS, seeds=20
    ),
}


def experiment_of(name: str) -> Experiment:
    """The experiment ``name``; ``ValueError`` if there is none of that name."""
    if name not in EXPERIMENTS:
        raise ValueError(f"name must be one of {', '.join(EXPERIMENTS)}, got {name!r}")
    return EXPERIMENTS[name]
