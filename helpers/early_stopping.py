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

    Give it to `helpers.training.train` in ``after_epoch``, as the last of the list, and make a new
    one for each training. ``errors`` has the whole network's error after each epoch that it has
    seen. After the last, the network gets back the weights of the first epoch with the lowest
    error; a training that Ctrl-C or divergence ends leaves the weights as they are. With ``None``
    for ``patience`` the errors are noted, all epochs are trained, and the weights are those of the
    last.
    """

    def __init__(
        self, network: Network, x: ArrayLike, labels: ArrayLike, patience: int | None = None
    ) -> None:
        """``x`` and ``labels`` are validation data, as for `train`, which refuses the same."""
        self.network = network
        self.data = checked_samples(network, x, labels)
        self.patience = None if patience is None else check_count("patience", patience)
        self.errors: list[float] = []
        self._n_epochs = 0  # of the training, when it was looked at last

    def __call__(self, state: State) -> None:
        """Look at the network after an epoch. Raises ``ValueError`` in a second training."""
        n_epochs = len(state.history.loss)
        if self.errors and n_epochs != self._n_epochs + 1:
            raise ValueError(
                f"EarlyStopping has seen epoch {self._n_epochs} of a training, got epoch "
                f"{n_epochs}: make a new one for each training"
            )
        self._n_epochs = n_epochs
        self.errors.append(error_rate(self.network, *self.data))
        if self.patience is None:
            return
        ago = len(self.errors) - 1 - self.errors.index(min(self.errors))
        if ago == 0:
            self._best_parameters = self.network.parameters.copy()
        if ago >= self.patience and not state.over:
            state.history.stopped = (
                f"stopped after epoch {n_epochs} of {state.settings.epochs}: no lower validation "
                f"error since epoch {n_epochs - ago}, whose weights are restored"
            )
        if state.over:
            self.network.parameters[...] = self._best_parameters
