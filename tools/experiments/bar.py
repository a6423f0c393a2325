"""The bar: how much of an experiment is done, and how long the rest may take."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tqdm import tqdm

from tools.experiments.checkpoints import saved_epochs
from tools.experiments.experiment import Experiment, Task

LOOK_EVERY = 5  # seconds: how far the runs are


class Bar:
    """How much is done and how long the rest may take, in a terminal.

    The unit are epochs where every setting says how many it has, and a run that saves checkpoints
    counts for those that it has done: so runs of different length count for what they are.
    """

    def __init__(
        self,
        name: str,
        experiment: Experiment,
        wanted: list[Task],
        tasks: list[Task],
        checkpoint_of: dict[Task, Path],
    ) -> None:
        self.length_of = {task: experiment.length(task[0]) for task in tasks}  # of those left
        self.checkpoint_of = checkpoint_of
        self.total = sum(experiment.length(setting) for setting, _ in wanted)
        self.next_look = 0.0
        self.bar = tqdm(
            desc=name,
            total=self.total,
            initial=self._done(),
            bar_format=f"{{desc}} {{bar:10}} {{n_fmt}} of {{total_fmt}} {experiment.unit}, "
            f"{{remaining}} left",
            smoothing=0,  # the mean pace: runs end in bunches
            disable=None,  # without a terminal
        )

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def count(self, task: Task) -> None:
        """One more run has ended."""
        del self.length_of[task]
        self.next_look = 0.0
        self.look()

    def look(self) -> None:
        """Show how far the runs are, now and then."""
        if not self.bar.disable and time.monotonic() >= self.next_look:
            self.next_look = time.monotonic() + LOOK_EVERY
            self.bar.n = self._done()
            self.bar.refresh()

    def _done(self) -> int:
        return self.total - sum(self.length_of.values()) + sum(map(self._saved, self.length_of))

    def _saved(self, task: Task) -> int:
        """How many epochs a run that is under way has saved."""
        # On Windows a file that is being read cannot be replaced, and a run would fail of it.
        if task not in self.checkpoint_of or os.name == "nt":
            return 0
        try:
            return saved_epochs(self.checkpoint_of[task])
        except (ValueError, OSError):  # it is damaged, which its run will say
            return 0
