"""What the functions of a network refuse, and how they say so."""

import numpy as np
import pytest
from test_network import new_network

from helpers.network import error_rate, forward, loss_and_gradient, predict

NETWORK = new_network([3, 4, 2], 0)
X = np.ones((5, 3))
LABELS = np.zeros(5, int)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (np.ones((5, 4)), ValueError, r"x must have shape \(n_samples, 3\) .*, got \(5, 4\)"),
        (np.ones(3), ValueError, r"x must have shape \(n_samples, 3\) .*, got \(3,\)"),
        (np.ones((0, 3)), ValueError, r"x must have .* with a sample at least, got \(0, 3\)"),
        (np.ones((5, 3), np.uint8), TypeError, r"x must be floating-point .* scaled; got uint8"),
        ([["a", "b", "c"]], TypeError, r"x must be floating-point numbers.*; got <U1"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(x, error, message):
    for refuse in (
        lambda: forward(NETWORK, x),
        lambda: loss_and_gradient(NETWORK, x, LABELS),
        lambda: predict(NETWORK, x),
        lambda: error_rate(NETWORK, x, LABELS),
    ):
        with pytest.raises(error, match=f"^{message}$"):
            refuse()


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ([], "masks must hold 2, for the input and each hidden layer; got 0"),
        ([None, None, None], "masks must hold 2, .*; got 3"),
        ([np.ones((5, 1)), None], r"masks\[0\] must be a .*\(3,\) or \(5, 3\), got \(5, 1\)"),
        ([None, np.ones((5, 1))], r"masks\[1\] must be a .*\(4,\) or \(5, 4\), got \(5, 1\)"),
        ([None, np.ones((4, 4))], r"masks\[1\] must be .*\(4,\) or \(5, 4\), got \(4, 4\)"),
        ([None, np.ones(5)], r"masks\[1\] must be .*\(4,\) or \(5, 4\), got \(5,\)"),
        ([np.ones(4), None], r"masks\[0\] must be .*\(3,\) or \(5, 3\), got \(4,\)"),
    ],
)
def test_masks_that_do_not_fit_are_refused(masks, message):
    for refuse in (
        lambda: forward(NETWORK, X, masks),
        lambda: loss_and_gradient(NETWORK, X, LABELS, masks),
        lambda: predict(NETWORK, X, masks),
        lambda: predict(NETWORK, X, masks, chunk=1),
    ):
        with pytest.raises(ValueError, match=f"^{message}$"):
            refuse()


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0, 1, 2, 0, 0], ValueError, "labels must be whole numbers from 0 to 1, got 2 at index 2"),
        ([0, 1], ValueError, "x and labels must have the same number of rows, got 5 and 2"),
        (np.eye(2)[LABELS], ValueError, r"labels must have shape \(n,\) or \(n, 1\), got \(5, 2\)"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, error, message):
    for refuse in (
        lambda: loss_and_gradient(NETWORK, X, labels),
        lambda: error_rate(NETWORK, X, labels),
    ):
        with pytest.raises(error, match=f"^{message}$"):
            refuse()


@pytest.mark.parametrize(("chunk", "error"), [(0, ValueError), (-1, ValueError), (2.0, TypeError)])
def test_a_chunk_has_a_sample_at_least(chunk, error):
    with pytest.raises(error, match=rf"^chunk must be .*got {chunk}$"):
        predict(NETWORK, X, chunk=chunk)
