"""Progress bars, for whoever watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpers.training import State


def somebody_watches() -> bool:
    """True in a terminal and in Jupyter, whose stderr is no terminal; False in a log or a pipe."""
    if sys.stderr is None:  # a program without a console on Windows
        return False
    return sys.stderr.isatty() or type(sys.stderr).__module__.startswith("ipykernel")


@contextmanager
def progress_bar(epochs: int) -> Iterator[Callable[[State], None]]:
    """A bar of ``epochs`` that shows the last epoch's loss and accuracy and the time left.

    It yields the function that `helpers.training.train` calls after each epoch; silent where nobody
    watches::

        with progress_bar(settings.epochs) as show:
            train(network, x, labels, settings, rng, after_epoch=[show])
    """
    from tqdm import tqdm  # half as long to load as NumPy, and most trainings take a second

    # TQDM_DISABLE, which the tests set, counts only if no ``disable`` is given
    silent = {} if somebody_watches() else {"disable": True}
    form = "{desc}{percentage:3.0f}% {bar:10} {elapsed}<{remaining}{postfix}"  # in 80 columns
    with tqdm(total=epochs, bar_format=form, **silent) as bar:

        def show(state: State) -> None:
            loss, accuracy = state.history.loss, state.history.accuracy
            bar.set_description(f"epoch {len(loss)}/{epochs}", refresh=False)
            means = {"loss": f"{loss[-1]:.4f}", "accuracy": f"{accuracy[-1]:.4f}"}
            bar.set_postfix(means, refresh=False)
            bar.update(len(loss) - bar.n)

        yield show
