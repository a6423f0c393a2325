"""When to end a training: after each epoch, look at data that it is not trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from helpers.network import Network, checked_samples, error_rate
from helpers.validation import check_count

if TYPE_CHECKING:
    from helpers.training import State


class EarlyStopping:
    """Ends a training when the error on validation data has not fallen for ``patience`` epochs.

    Give it to `helpers.training.train` in ``after_epoch``. ``errors`` has the whole network's
    error after each epoch. At the end of the training the network gets back the weights of the
    first epoch with the lowest error. With ``None`` for ``patience`` the errors are noted, all
    epochs are trained, and the weights are those of the last.
    """

    def __init__(
        self, network: Network, x: ArrayLike, labels: ArrayLike, patience: int | None = None
    ) -> None:
        """``x`` and ``labels`` are validation data, as for `train`, which refuses the same."""
        self.network = network
        self.data = checked_samples(network, x, labels)
        self.patience = None if patience is None else check_count("patience", patience)
        self.errors: list[float] = []

    def __call__(self, state: State) -> None:
        """Look at the network after an epoch."""
        self.errors.append(error_rate(self.network, *self.data))
        if self.patience is None:
            return
        best, n_epochs = self.errors.index(min(self.errors)), len(self.errors)
        if best == n_epochs - 1:
            self._best_parameters = self.network.parameters.copy()
        if n_epochs - 1 - best >= self.patience and not state.over:
            state.history.stopped = (
                f"stopped after epoch {n_epochs} of {state.settings.epochs}: no lower validation "
                f"error since epoch {best + 1}, whose weights are restored"
            )
        if state.over:
            self.network.parameters[...] = self._best_parameters
