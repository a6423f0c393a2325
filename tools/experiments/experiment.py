"""What an experiment is: a function that makes one run, settings, and a number of seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Task = tuple[str, int]  # setting and seed


@dataclass(frozen=True)
class Experiment:
    """A grid of settings and seeds.

    ``function(data, seed, **options)`` makes one run and gives its numbers by the names in
    ``results``; it must be defined in a module, so that other processes can import it. ``data`` is
    what `load_mnist` returns (``"MNIST"``), or `load_sample` (``"sample"``), or None (``"none"``).
    ``settings`` has the options of each setting by its name. With ``checkpoints`` the function
    takes an option ``checkpoint`` as well, a file that a run which was stopped goes on from. Runs
    that are ``timed`` have the machine for themselves, one after the other.
    """

    function: Callable[..., dict[str, float]]
    results: tuple[str, ...]
    settings: dict[str, dict]
    seeds: int  # of each setting, if nothing else is asked
    checkpoints: bool = False
    data: str = "MNIST"
    timed: bool = False

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
                raise ValueError(f"there is no setting {setting!r}; the settings are: {known}")
        names = [name for name in self.settings if settings is None or name in settings]
        n_seeds = self.seeds if seeds is None else seeds
        return [(setting, seed) for seed in range(n_seeds) for setting in names]
