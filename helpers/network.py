"""A multilayer perceptron with explicit masks: forward pass, loss, gradient, prediction.

ReLU in every hidden layer, logits at the end, the mean cross-entropy of their softmax as loss.
Samples are rows. A weight matrix has one row for each unit it leads to and one column for each
unit it comes from, as in notebooks 04 and 05: ``z = x @ weights.T + biases``.

Masks are values that the caller draws. There is one for each layer whose units can be dropped:
the input and every hidden layer, in this order. A mask multiplies what leaves its layer, so the
scale 1 / (1 − drop) belongs in it, and whatever can multiply may be one:

* an array (n_samples, n_units): each sample has its own sub-network,
* an array (n_units,): one sub-network for the whole batch,
* a number, or ``None`` for a layer that is left alone.

All weights and biases of a network lie in one flat array, ``parameters``; ``weights`` and
``biases`` are views into it. So an optimizer's step is a few operations on whole arrays, a
checkpoint is one array, and a gradient check reaches every number there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from helpers.functions import softmax, softmax_cross_entropy
from helpers.validation import (
    check_array,
    check_count,
    check_float_dtype,
    check_generator,
    check_mask,
    check_plain,
    check_same_length,
    check_writeable,
    class_labels,
    finite_array,
    finite_number,
)

Mask = np.ndarray | float | None


class Network:
    """The sizes and parameters of a multilayer perceptron.

    ``sizes`` are the numbers of units from the input to the output, ``weights[k]`` has the shape
    ``(sizes[k + 1], sizes[k])`` and ``biases[k]`` the shape ``(sizes[k + 1],)``. Both are views
    into ``parameters``: change them in place; another array in their place is refused.

    >>> Network([784, 800, 10], np.random.default_rng(0))
    Network 784-800-10: 636,010 parameters, float32
    """

    def __init__(
        self,
        sizes: Sequence[int],
        rng: np.random.Generator | None,
        dtype: DTypeLike = np.float32,
    ) -> None:
        """Draw normal weights of variance 2 / n_in, as He et al. (2015) for ReLU; biases are 0.

        With ``None`` for ``rng`` the weights are 0 too. ``dtype`` is float32, to train, or
        float64, to check. Raises ``ValueError`` for less than two layers, an empty layer, a single
        output or another dtype, ``TypeError`` for a size that is no whole number and another
        ``rng``.
        """
        if not isinstance(sizes, Sequence | np.ndarray) or len(sizes) < 2:
            raise ValueError(f"sizes must list an input and an output layer at least, got {sizes}")
        least = [1] * (len(sizes) - 1) + [2]  # a single class would always be right
        self.sizes = tuple(
            check_count(f"sizes[{k}]", size, low)
            for k, (size, low) in enumerate(zip(sizes, least, strict=True))
        )
        check_float_dtype("dtype", dtype)
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise ValueError(f"dtype must be float32 or float64, got {np.dtype(dtype)}")
        n_parameters = sum(n_out * (n_in + 1) for n_in, n_out in pairwise(self.sizes))
        if rng is not None:
            check_generator("rng", rng)
        self.parameters = np.zeros(n_parameters, dtype)
        self.weights, self.biases = self.views(self.parameters)
        self._own_views = (*self.weights, *self.biases)
        if rng is not None:
            for weights in self.weights:
                weights[...] = rng.normal(0, np.sqrt(2 / weights.shape[1]), weights.shape)

    def __setattr__(self, name: str, value: object) -> None:
        if value is not getattr(self, name, value):  # in place, as by -=, it is the same object
            raise AttributeError(
                f"network.{name} must stay; what is in it is changed in place, as by "
                f"network.parameters[...] = values or network.weights[0][...] = values"
            )
        super().__setattr__(name, value)

    def views(self, flat: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Weights and biases as views into a flat array: the parameters, or their gradient."""
        weights, biases, start = [], [], 0
        for n_in, n_out in pairwise(self.sizes):
            middle, end = start + n_out * n_in, start + n_out * (n_in + 1)
            weights.append(flat[start:middle].reshape(n_out, n_in))
            biases.append(flat[middle:end])
            start = end
        return weights, biases

    def __getstate__(self) -> dict:
        """What is copied and pickled: without the views, which would become arrays of their own."""
        return {"sizes": self.sizes, "parameters": self.parameters.copy()}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self.weights, self.biases = self.views(self.parameters)
        self._own_views = (*self.weights, *self.biases)

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.sizes))
        return f"Network {sizes}: {self.parameters.size:,} parameters, {self.parameters.dtype}"


def forward(
    network: Network, x: ArrayLike, masks: Sequence[Mask] | None = None
) -> list[np.ndarray]:
    """What leaves each layer, masked: the input, every hidden layer, and the logits at the end.

    ``x`` has shape (n_samples, n_in), ``masks`` are those of the input and of each hidden layer;
    ``None`` leaves all units alone. Everything is computed in the dtype of the network; an input
    that nothing changes is not copied. Raises ``ValueError`` for a shape that does not fit,
    ``TypeError`` for an input that is no floating-point numbers.
    """
    x = checked_input(network, x)
    first, *others = _checked_masks(network, masks, len(x))
    values = [x if first is None else np.multiply(x, first, dtype=x.dtype)]
    for weights, biases, mask in zip(network.weights, network.biases, [*others, None], strict=True):
        z = values[-1] @ weights.T
        z += biases
        if len(values) < len(network.weights):  # the logits stay as they are
            np.maximum(z, np.zeros_like(biases), out=z)  # a row of zeros is faster than a 0
            if mask is not None:
                z *= mask
        values.append(z)
    return values


def loss_and_gradient(
    network: Network,
    x: ArrayLike,
    labels: ArrayLike,
    masks: Sequence[Mask] | None = None,
    gradient: np.ndarray | None = None,
    scale: float = 1.0,
) -> tuple[float, float, np.ndarray]:
    """Mean loss in nats, the share of samples that are classified right, and the loss's gradient.

    ``labels`` are class numbers of shape (n_samples,), ``x`` and ``masks`` are as for `forward`.
    The gradient is flat, like ``network.parameters``; it is written into ``gradient`` if that is
    given. The gradient, not the loss, is multiplied by ``scale``: at the logits that costs less
    than on all parameters. Raises what `forward` raises, and ``ValueError`` for labels that are no
    classes and for a ``gradient`` of another shape or dtype than the parameters.
    """
    finite_number("scale", scale)
    values = forward(network, x, masks)
    logits = values[-1]
    labels = class_labels("labels", labels, network.sizes[-1])
    check_same_length("x", logits, "labels", labels)
    loss, delta = softmax_cross_entropy(logits, labels)
    right = logits.argmax(axis=1) == labels
    accuracy = np.nan if np.isnan(loss) else np.mean(right)  # argmax takes nan for the largest
    delta *= scale
    if gradient is None:
        gradient = np.empty_like(network.parameters)
    _check_gradient(network, gradient)
    weight_gradients, bias_gradients = network.views(gradient)
    for k in reversed(range(len(network.weights))):
        np.matmul(delta.T, values[k], out=weight_gradients[k])
        np.sum(delta, axis=0, out=bias_gradients[k])
        if k > 0:
            delta = delta @ network.weights[k]
            if masks is not None and masks[k] is not None:
                delta *= masks[k]  # the same mask, with the same scale
            delta *= values[k] != 0  # ReLU's derivative; where the mask is 0, delta is already
    return loss, float(accuracy), gradient


def predict(
    network: Network, x: ArrayLike, masks: Sequence[Mask] | None = None, chunk: int = 2000
) -> np.ndarray:
    """Class probabilities of shape (n_samples, n_classes).

    ``x`` and ``masks`` are as for `forward`: no masks is the whole network, as it is used after
    training. ``chunk`` samples are worked on at a time, so that the memory for hidden values does
    not grow with the number of samples.
    """
    x = checked_input(network, x)
    masks = _checked_masks(network, masks, len(x))
    check_count("chunk", chunk)
    parts = []
    for start in range(0, len(x), chunk):
        part = slice(start, start + chunk)
        of_part = [mask[part] if np.ndim(mask) == 2 else mask for mask in masks]
        parts.append(softmax(forward(network, x[part], of_part)[-1]))
    return np.concatenate(parts)


def error_rate(network: Network, x: ArrayLike, labels: ArrayLike) -> float:
    """The share of the samples, from 0 to 1, that the whole network classifies wrong.

    Raises what `predict` raises, and ``ValueError`` for labels that are no classes or not as many
    as the samples, and where ``x``, the parameters or a prediction are not finite.
    """
    check_network(network)
    labels = class_labels("labels", labels, network.sizes[-1])
    with np.errstate(all="ignore"):  # what is not finite is refused below
        probabilities = predict(network, x)
    for name, values in (("x", x), ("the network's parameters", network.parameters)):
        if not np.isfinite(values).all():
            raise ValueError(f"{name} must be finite")
    if np.isnan(probabilities).any():  # argmax would take the first nan for the largest
        raise ValueError("x or the network's parameters are too large: a prediction is nan")
    predicted = probabilities.argmax(axis=1)
    check_same_length("x", predicted, "labels", labels)
    return float(np.mean(predicted != labels))


# ---- checks ------------------------------------------------------------------------------------


def checked_input(network: Network, x: ArrayLike) -> np.ndarray:
    """``x`` in the network's dtype, without a copy where it has it already.

    Raises ``TypeError`` if it is no floating-point numbers, ``ValueError`` if it has no samples or
    another number of columns than the network has inputs.
    """
    check_network(network)
    check_plain("x", x)
    x = np.asarray(x)
    if x.dtype.kind != "f":
        raise TypeError(f"x must be floating-point numbers, pixels scaled; got {x.dtype}")
    if x.ndim != 2 or len(x) == 0 or x.shape[1] != network.sizes[0]:
        raise ValueError(
            f"x must have shape (n_samples, {network.sizes[0]}) with a sample at least, "
            f"got {x.shape}"
        )
    return x.astype(network.parameters.dtype, copy=False)


def check_network(network: Network) -> None:
    """Raise ``TypeError`` if this is none, ``ValueError`` for an array in the place of weights."""
    if not isinstance(network, Network):
        raise TypeError(f"network must be Network(...), got {network!r}")
    own, n = network._own_views, len(network.sizes) - 1
    for name, views in (("weights", own[:n]), ("biases", own[n:])):
        given = getattr(network, name)
        if len(given) != n:
            raise ValueError(f"network.{name} must hold {n} arrays, got {len(given)}")
        for k, (one, view) in enumerate(zip(given, views, strict=True)):
            if one is not view:
                raise ValueError(
                    f"network.{name}[{k}] must be the view into network.parameters that it was: "
                    f"write network.{name}[{k}][...] = values"
                )


def checked_samples(
    network: Network, x: ArrayLike, labels: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """``x`` in the network's dtype and ``labels`` as integers.

    Raises what `checked_input` raises, and ``ValueError`` where ``x`` is not finite, and for labels
    that are no classes or not as many as the samples.
    """
    x = checked_input(network, x)
    finite_array("x", x, x.shape, x.dtype)
    labels = class_labels("labels", labels, network.sizes[-1])
    check_same_length("x", x, "labels", labels)
    return x, labels


def _check_gradient(network: Network, gradient: np.ndarray) -> None:
    """Raise ``ValueError`` if the gradient of ``network`` cannot be written into ``gradient``."""
    like = network.parameters
    check_array("gradient", gradient)
    if gradient.shape != like.shape or gradient.dtype != like.dtype:
        raise ValueError(
            f"gradient must have shape {like.shape} and dtype {like.dtype}, "
            f"got {gradient.shape} and {gradient.dtype}"
        )
    check_writeable("gradient", gradient)
    if np.may_share_memory(gradient, like):
        raise ValueError("gradient must be an array of its own, got the parameters themselves")


def _checked_masks(
    network: Network, masks: Sequence[Mask] | None, n_samples: int
) -> Sequence[Mask]:
    n_masks = len(network.sizes) - 1
    if masks is None:
        return [None] * n_masks
    if not isinstance(masks, list | tuple):
        raise TypeError(f"masks must be a list, or None for no masks; got {masks!r}")
    if len(masks) != n_masks:
        raise ValueError(
            f"masks must hold {n_masks}, for the input and each hidden layer; got {len(masks)}"
        )
    for k, (mask, n_units) in enumerate(zip(masks, network.sizes, strict=False)):
        if mask is not None:
            check_mask(f"masks[{k}]", mask, n_samples, n_units)
    return masks
