"""The noise of one batch, in four modes: how it is drawn, and the gradient under it.

* ``"none"``: no dropout;
* ``"mask"``: a Bernoulli mask for each sample (Srivastava et al. 2014);
* ``"gaussian"``: N(1, drop / (1 − drop)) noise for each sample (the same paper, section 10);
* ``"slice"``: one sub-network for the whole batch, with a fixed count of units. The hidden units
  that stay are cut out of the weight matrices, as in notebook 04; inputs are not cut, one mask for
  the batch sets some to 0. Fewer numbers are multiplied, so a step is faster; but the samples of a
  batch share their noise (Graham et al. 2015, arXiv 1502.02478). It may need a smaller learning
  rate: with 0.1, where masks trained, slices broke down in the one training that was tried (MNIST,
  one seed), and with 0.05, 0.03 and 0.01 they trained, one seed each (``results/paper.md``).

`Masks` serves the first three, `Slices` the last. Both have two methods, `draw` and
`add_gradient`, and keep arrays from step to step that would be slow to make anew.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helpers.masks import active_units, gaussian_mask, inverted_mask
from helpers.network import Mask, Network, check_network, loss_and_gradient
from helpers.sub_networks import add_restored, thin_network
from helpers.validation import check_drop

DRAW = {"none": None, "mask": inverted_mask, "gaussian": gaussian_mask}
MODES = (*DRAW, "slice")


def check_mode(mode: str) -> None:
    """Raise ``ValueError`` unless ``mode`` is one of ``MODES``."""
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")


def noise_of(mode: str, network: Network, input_drop: float, hidden_drop: float) -> Masks | Slices:
    """The noise of ``mode``, which drops these fractions of the layers.

    Raises ``ValueError`` unless ``mode`` is one of ``MODES`` and the drops are in [0, 1).
    """
    check_mode(mode)
    check_network(network)
    check_drop(input_drop, "input_drop")
    check_drop(hidden_drop, "hidden_drop")
    drops = [input_drop] + [hidden_drop] * (len(network.sizes) - 2)
    return Slices(network, drops) if mode == "slice" else Masks(network, drops, DRAW[mode])


class Masks:
    """A mask for each sample and each layer that can be dropped; none without ``draw_mask``."""

    def __init__(self, network: Network, drops: Sequence[float], draw_mask: object) -> None:
        self.network, self.drops, self.draw_mask = network, drops, draw_mask
        self.gradient = np.empty_like(network.parameters)

    def draw(self, n_samples: int, rng: np.random.Generator) -> list[Mask] | None:
        """Fresh masks that carry their scale; ``None`` for a layer that drops nothing."""
        if self.draw_mask is None:
            return None
        return [
            self.draw_mask((n_samples, n_units), drop, rng, self.gradient.dtype) if drop else None
            for n_units, drop in zip(self.network.sizes, self.drops, strict=False)
        ]

    def add_gradient(
        self,
        total: np.ndarray,
        x: np.ndarray,
        labels: np.ndarray,
        masks: list[Mask] | None,
        scale: float,
    ) -> tuple[float, float]:
        """Add the gradient under ``masks``, times ``scale``, to ``total``; loss and accuracy."""
        loss, accuracy, gradient = loss_and_gradient(
            self.network, x, labels, masks, self.gradient, scale
        )
        total += gradient
        return loss, accuracy


class Slices:
    """One sub-network for a whole batch; its hidden units are cut out of the weight matrices.

    Inputs are set to 0 instead. Most of them stay, so there is less to save, and to cut columns
    takes longer than to cut rows.
    """

    def __init__(self, network: Network, drops: Sequence[float]) -> None:
        self.network, self.drops = network, drops
        self.gradient = np.empty_like(network.parameters)
        self.sub_network = None

    def draw(self, n_samples: int, rng: np.random.Generator) -> list[np.ndarray]:
        """Sorted indices of the units that stay, for the input and each hidden layer."""
        return [
            active_units(n_units, drop, rng)
            for n_units, drop in zip(self.network.sizes, self.drops, strict=False)
        ]

    def add_gradient(
        self,
        total: np.ndarray,
        x: np.ndarray,
        labels: np.ndarray,
        active: list[np.ndarray],
        scale: float,
    ) -> tuple[float, float]:
        """Add the gradient of the ``active`` units, times ``scale``, to ``total``.

        Returns loss and accuracy.
        """
        sizes = self.network.sizes
        factors = [n / len(units) for n, units in zip(sizes, active, strict=False)]
        input_mask = np.zeros(sizes[0], x.dtype)
        input_mask[active[0]] = factors[0]
        kept = [np.arange(sizes[0]), *active[1:]]
        self.sub_network = sub = thin_network(self.network, kept, self.sub_network)
        loss, accuracy, gradient = loss_and_gradient(
            sub, x, labels, [input_mask, *factors[1:]], self.gradient[: sub.parameters.size], scale
        )
        add_restored(total, gradient, self.network, sub, kept)
        return loss, accuracy
