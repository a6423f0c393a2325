"""Activation and loss functions with their derivatives, and the loss from logits.

The first are as notebook 01 writes them. Samples are rows, so ``softmax`` works along the last
axis; the column vectors of notebooks 01 to 03 say ``axis=0``. Inputs are arrays of floats; an array
that is returned has their dtype.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helpers.validation import (
    check_array,
    check_floats,
    check_matrix,
    check_one_sample,
    check_real,
    check_same_length,
    check_same_shape,
    check_whole_number,
    class_labels,
    finite_number,
)


def relu(x: np.ndarray, leak: float = 0.0) -> np.ndarray:
    """``x`` where it is positive, ``leak * x`` elsewhere.

    >>> relu(np.array([-2.0, 0.0, 3.0]), leak=0.1)
    array([-0.2,  0. ,  3. ])
    """
    check_floats("x", x)
    check_leak("leak", leak, x)
    return np.where(x > 0, x, leak * x)


def relu_derivative(x: np.ndarray, leak: float = 0.0) -> np.ndarray:
    """1 where ``x``, the value *before* ReLU, is positive, ``leak`` elsewhere (also at 0).

    >>> relu_derivative(np.array([-2.0, 0.0, 3.0]), leak=0.1)
    array([0.1, 0.1, 1. ])
    """
    check_floats("x", x)
    check_leak("leak", leak, x)
    return np.where(x > 0, np.ones_like(x), leak)


def softmax(z: np.ndarray, axis: int = -1) -> np.ndarray:
    """Probabilities proportional to exp(z) along ``axis``.

    Subtracting the largest logit first keeps exp from overflowing; it changes the result by
    rounding only.

    Raises ``TypeError`` if ``z`` is no array of floating-point numbers: whole numbers of few bits
    would overflow; ``ValueError`` for a column without its axis, which would be ones.

    >>> softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    check_floats("z", z)
    check_classes("z", z, axis)
    exp = np.exp(z - z.max(axis=axis, keepdims=True))
    return exp / exp.sum(axis=axis, keepdims=True)


def softmax_jacobian(s: np.ndarray) -> np.ndarray:
    """Matrix of ∂s_i/∂z_j = s_i (δ_ij − s_j) for the softmax values ``s`` of *one* sample.

    ``s`` has shape (n,), (n, 1) or (1, n), the result (n, n). Raises ``ValueError`` for another,
    and where the values do not sum to 1, as those of logits.

    >>> softmax_jacobian(np.array([0.5, 0.5]))
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    check_one_sample("s", s)
    check_sum("s", s)
    s = s.ravel()
    return np.diag(s) - np.outer(s, s)


def cross_entropy(y: np.ndarray, y_hat: np.ndarray) -> float:
    """−Σ y log(y_hat), summed over everything: the loss in nats of one sample or of a batch.

    ``y`` are one-hot targets, ``y_hat`` probabilities, of the same shape. The 1e-100 keeps
    log(0) from being −inf: in float64 the loss of one sample is never above 230.3, whatever the
    logits were. (In float32 it is 0 itself and guards nothing.) Raises ``ValueError`` for two
    shapes, which would broadcast, and where ``y_hat`` are no probabilities, ``TypeError`` for
    targets that have no minus.

    >>> float(cross_entropy(np.array([0.0, 1.0]), np.array([0.5, 0.5])).round(4))
    0.6931
    """
    check_targets_and_probabilities(y, y_hat)
    return -np.sum(y * np.log(y_hat + 1e-100))


def cross_entropy_gradient(y: np.ndarray, y_hat: np.ndarray) -> np.ndarray:
    """Derivative of ``cross_entropy`` with respect to ``y_hat``, of the shape of ``y_hat``.

    >>> cross_entropy_gradient(np.array([0.0, 1.0]), np.array([0.5, 0.5]))
    array([-0., -2.])
    """
    check_targets_and_probabilities(y, y_hat)
    return -y / (y_hat + 1e-100)


def cross_entropy_from_logits(y: np.ndarray, z: np.ndarray, axis: int = -1) -> float:
    """The same loss from the logits ``z``, right also where softmax has rounded to 0.

    Uses −log softmax(z)_i = log Σ_j exp(z_j − max z) − (z_i − max z), summed over everything.
    Unlike ``cross_entropy`` it has no upper limit. The result is a Python float.

    >>> cross_entropy_from_logits(np.array([0.0, 1.0]), np.array([800.0, 0.0]))
    800.0
    """
    check_floats("z", z)
    check_targets("y", y)
    check_same_shape("y", y, "z", z)
    check_classes("z", z, axis)
    check_sums("y", y, (axis,))
    shifted = z - z.max(axis=axis, keepdims=True)
    log_softmax = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return float(-np.sum(y * log_softmax))


def softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean of −log softmax(logits)[label] over the rows, in nats, and its gradient for the logits.

    The loss comes from the logits, so that a probability that rounds to 0 does no harm. The
    gradient is (softmax − one-hot) / n_samples. ``labels`` are class numbers of shape (n_samples,).
    Raises ``ValueError`` for others: −1 would be taken for the last class.

    >>> loss, gradient = softmax_cross_entropy(np.array([[0.0, 900.0]]), np.array([0]))
    >>> loss, gradient
    (900.0, array([[-1.,  1.]]))
    """
    check_floats("logits", logits)
    check_matrix("logits", logits)
    check_classes("logits", logits, 1)
    labels = class_labels("labels", labels, logits.shape[1])
    check_same_length("logits", logits, "labels", labels)
    samples = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    exp = np.exp(shifted)
    sums = exp.sum(axis=1, keepdims=True)
    losses = np.log(sums[:, 0]) - shifted[samples, labels]
    delta = np.divide(exp, sums, out=exp)
    delta[samples, labels] -= 1
    delta /= len(labels)
    return float(np.mean(losses, dtype=np.float64)), delta


# ---- checks ------------------------------------------------------------------------------------


def check_leak(name: str, leak: float, x: np.ndarray) -> None:
    """Raise ``TypeError`` for no number, or one that would widen ``x``; ``ValueError`` for nan."""
    finite_number(name, leak)
    if np.result_type(x, leak) != x.dtype:
        raise TypeError(f"{name} must not be wider than x, {x.dtype}; got {leak!r}: float() mends")


def check_classes(name: str, z: np.ndarray, axis: int) -> None:
    """Raise ``ValueError`` where many would have one class each, as a column without its axis."""
    check_whole_number("axis", axis)
    if z.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {z.shape}")
    if not -z.ndim <= axis < z.ndim:
        raise ValueError(f"axis must be one of {name}, which has {z.ndim}; got {axis}")
    if z.shape[axis] == 1 < z.size:
        raise ValueError(
            f"{name} must have two classes at least along axis {axis}, got shape {z.shape}: "
            "a column says axis=0"
        )


def check_sum(name: str, s: np.ndarray) -> None:
    """Raise ``ValueError`` unless these are not below 0 and sum to 1, but for rounding."""
    if not abs(s.sum() - 1) < 1e-2:
        raise ValueError(f"{name} must be probabilities that sum to 1, got a sum of {s.sum():g}")
    if s.min() < 0:
        raise ValueError(f"{name} must be probabilities, from 0 to 1; got {s.min():g}")


def check_targets(name: str, y: np.ndarray) -> None:
    """Raise ``TypeError`` or ``ValueError`` for what are no targets from 0 to 1."""
    check_array(name, y)
    check_real(name, y)
    if y.dtype.kind == "u":
        raise TypeError(
            f"{name} must be numbers with a sign, got {y.dtype}: -1 would be 255 in uint8"
        )
    if y.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {y.shape}")
    if not (np.min(y) >= 0 and np.max(y) <= 1):
        raise ValueError(f"{name} must be targets, from 0 to 1; got {np.min(y):g} to {np.max(y):g}")


def check_sums(name: str, y: np.ndarray, axes: Sequence[int] | None = None) -> None:
    """Raise ``ValueError`` unless the targets of each sample sum to 1, along one of ``axes``.

    Without ``axes`` samples may be rows or columns.
    """
    if not any(np.allclose(y.sum(axis=axis), 1) for axis in axes or range(y.ndim)):
        along = f" along axis {axes[0]}" if axes else ""
        raise ValueError(
            f"{name} must sum to 1 for each sample{along}, as one_hot(labels, off=0, on=1) does; "
            f"got a sum of {y.sum():g} in all"
        )


def check_targets_and_probabilities(y: np.ndarray, y_hat: np.ndarray) -> None:
    """Raise what `cross_entropy` raises."""
    check_targets("y", y)
    check_same_shape("y", y, "y_hat", y_hat)
    check_sums("y", y)
    check_array("y_hat", y_hat)
    check_real("y_hat", y_hat)
    if not (np.min(y_hat) >= 0 and np.max(y_hat) < 1.1):  # a numerical derivative steps beyond 1
        raise ValueError(
            f"y_hat must be probabilities, from 0 to 1; got {np.min(y_hat):g} to "
            f"{np.max(y_hat):g} (of logits: cross_entropy_from_logits)"
        )
