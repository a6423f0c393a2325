"""Laws of the training: the textbook's steps, the same bits again, and nothing lost on the way.

The reference is `by_hand`: one array for every layer, masks instead of sub-networks, and the random
numbers in the order that the training draws them.
"""

import itertools
import json
import math
import os
import random
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from scipy.special import log_softmax, softmax
from small_training import finish, new_run, outcome, samples
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from helpers import training
from helpers.masks import active_units, gaussian_mask, inverted_mask
from helpers.mnist import sample_split, scale_pixels
from helpers.network import Network, error_rate
from helpers.training import MODES, History, Settings, limit_norms, saved_history, train
from tools import files

if os.name == "posix":
    import termios

PROJECT = Path(__file__).resolve().parent.parent
NAN, INF = float("nan"), float("inf")
SEEDS = st.integers(0, 2**32)
on_posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals and no ptys")
in_each_mode = pytest.mark.parametrize("mode", MODES)


def draw_masks(settings, sizes, n_samples, rng):
    """A mask for the input and each hidden layer, drawn in this order; 1 where nothing is drawn."""
    masks = []
    drops = [settings.input_drop] + [settings.hidden_drop] * (len(sizes) - 2)
    for n_units, drop in zip(sizes[:-1], drops, strict=True):
        mask = np.ones(n_units)
        if settings.mode == "slice":
            active = active_units(n_units, drop, rng)
            mask[:] = 0
            mask[active] = n_units / len(active)
        elif settings.mode == "mask" and drop > 0:
            mask = inverted_mask((n_samples, n_units), drop, rng, np.float64)
        elif settings.mode == "gaussian" and drop > 0:
            mask = gaussian_mask((n_samples, n_units), drop, rng, np.float64)
        masks.append(mask)
    return masks


def by_hand(network, x, labels, settings, rng, n_steps=None):
    """Train until the end or for ``n_steps``; return the mean loss and accuracy of each epoch."""
    weights, biases = network.weights, network.biases
    n_layers = len(weights)
    weight_velocities = [np.zeros_like(w) for w in weights]
    bias_velocities = [np.zeros_like(b) for b in biases]
    losses, accuracies, step = [], [], 0
    for epoch in range(settings.epochs):
        rate = settings.learning_rate * settings.decay**epoch
        epochs_left = settings.epochs - epoch
        if epochs_left <= settings.cooldown:
            rate *= epochs_left / (settings.cooldown + 1)
        order = rng.permutation(len(x))
        loss_of, right = np.zeros(len(x)), np.zeros(len(x))
        for start in range(0, len(x), settings.batch_size):
            if step == n_steps:
                return losses, accuracies
            step += 1
            batch = order[start : start + settings.batch_size]
            masks = draw_masks(settings, network.sizes, len(batch), rng)
            outputs, before = [x[batch] * masks[0]], []
            for k in range(n_layers - 1):
                before.append(outputs[-1] @ weights[k].T + biases[k])
                outputs.append(np.where(before[-1] > 0, before[-1], 0) * masks[k + 1])
            logits = outputs[-1] @ weights[-1].T + biases[-1]
            loss_of[batch] = -log_softmax(logits, axis=1)[range(len(batch)), labels[batch]]
            right[batch] = logits.argmax(axis=1) == labels[batch]
            delta = softmax(logits, axis=1) - np.eye(network.sizes[-1])[labels[batch]]
            delta /= len(batch)
            weight_gradients, bias_gradients = [], []
            for k in reversed(range(n_layers)):
                weight_gradients.insert(0, delta.T @ outputs[k])
                bias_gradients.insert(0, delta.sum(axis=0))
                if k > 0:
                    delta = delta @ weights[k] * masks[k] * (before[k - 1] > 0)
            for k in range(n_layers):
                weight_gradients[k] += settings.l2 * weights[k]
                weight_velocities[k] = settings.momentum * weight_velocities[k]
                weight_velocities[k] += weight_gradients[k]
                bias_velocities[k] = settings.momentum * bias_velocities[k] + bias_gradients[k]
                weights[k] -= rate * weight_velocities[k]
                biases[k] -= rate * bias_velocities[k]
                for incoming in weights[k]:
                    length = np.sqrt(sum(incoming**2))
                    if settings.max_norm is not None and length > settings.max_norm:
                        incoming *= settings.max_norm / length
        losses.append(loss_of.mean())
        accuracies.append(right.mean())
    return losses, accuracies


def assert_as_by_hand(ties=False, **options):
    """Train twice from the same start; return the trained network.

    With ``ties``, where no hidden unit may be alive, rounding decides about the class of a sample.
    """
    network, *rest, rng = new_run(**options)
    reference, *_, reference_rng = new_run(**options)
    history = train(network, *rest, rng, verbose=False)
    losses, accuracies = by_hand(reference, *rest, reference_rng)
    np.testing.assert_allclose(network.parameters, reference.parameters, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(history.loss, losses, rtol=1e-9)
    if not ties:
        np.testing.assert_allclose(history.accuracy, accuracies, rtol=1e-12)
    assert rng.bit_generator.state == reference_rng.bit_generator.state
    return network


# ---- the steps ---------------------------------------------------------------------------------


@in_each_mode
@pytest.mark.parametrize(
    ("plain", "changed"),
    [
        ({"momentum": 0}, {"momentum": 0.7}),
        ({}, {"decay": 0.6}),
        ({}, {"cooldown": 2}),
        ({}, {"l2": 0.1}),
        ({}, {"max_norm": 0.9}),
        ({"input_drop": 0, "hidden_drop": 0}, {"batch_size": 40}),
        ({}, {"momentum": 0.5, "decay": 0.9, "cooldown": 1, "l2": 0.02, "max_norm": 1.2}),
    ],
    ids=["momentum", "decay", "cooldown", "l2", "max_norm", "one batch, no drop", "all"],
)
def test_every_setting_does_what_its_formula_says(mode, plain, changed):
    without = assert_as_by_hand(mode=mode, **plain)
    with_it = assert_as_by_hand(mode=mode, **{**plain, **changed})
    assert np.abs(with_it.parameters - without.parameters).max() > 1e-3


@in_each_mode
@settings(max_examples=15)
@given(
    st.lists(st.integers(1, 6), max_size=3),
    st.tuples(st.floats(0, 0.9), st.floats(0, 0.9)),
    st.integers(1, 50),
    SEEDS,
)
def test_a_training_is_the_one_by_hand_and_slices_are_sets_written_as_masks(
    mode, hidden, drops, batch_size, seed
):
    assert_as_by_hand(
        ties=True,
        mode=mode,
        sizes=(4, *hidden, 3),
        input_drop=drops[0],
        hidden_drop=drops[1],
        batch_size=batch_size,
        seed=seed,
        l2=0.01,
        max_norm=2.0,
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("rate", "decay", "n_epochs"), [(1e-40, 1.0, 2), (1e-300, 1e-100, 3), (1e-300, 1e-200, 3)]
)
def test_a_learning_rate_too_small_for_a_step_does_no_harm(dtype, rate, decay, n_epochs):
    """The velocity is kept times the rate, of which nothing is left; rates may also become 0."""
    run = new_run("none", dtype=dtype, learning_rate=rate, decay=decay, epochs=n_epochs)
    train(*run, verbose=False)
    assert np.isfinite(run[0].parameters).all()


@pytest.mark.parametrize("mode", ["mask", "gaussian"])
def test_nothing_is_drawn_for_a_layer_that_drops_nothing(mode):
    options = {"input_drop": 0.0, "hidden_drop": 0.0, "seed": 3}
    plain, *rest = new_run("none", **options)
    train(plain, *rest, verbose=False)
    network, *rest = new_run(mode, **options)
    train(network, *rest, verbose=False)
    np.testing.assert_array_equal(network.parameters, plain.parameters)


def test_the_rate_decays_and_cools_down_in_equal_steps():
    rates = [Settings(epochs=6, learning_rate=2, decay=0.5).rate(epoch) for epoch in range(6)]
    assert rates == [2, 1, 0.5, 0.25, 0.125, 0.0625]
    rates = [Settings(epochs=6, learning_rate=2, cooldown=3).rate(epoch) for epoch in range(6)]
    assert rates == [2, 2, 2, 1.5, 1, 0.5]
    rates = [Settings(epochs=3, learning_rate=4, cooldown=3).rate(epoch) for epoch in range(3)]
    assert rates == [3, 2, 1]


@given(st.integers(1, 5), st.integers(1, 5), st.floats(0.01, 10), SEEDS)
def test_no_row_stays_longer_than_the_limit_and_shorter_ones_stay(n_rows, n_columns, limit, seed):
    rng = np.random.default_rng(seed)
    weights = rng.normal(0, 3, (n_rows, n_columns))
    weights[rng.random(n_rows) < 0.2] = 0
    before = weights.copy()
    limit_norms(weights, limit)
    for row, old in zip(weights, before, strict=True):
        length = np.linalg.norm(old)
        if length > limit:
            np.testing.assert_allclose(row, old * limit / length)
        else:
            np.testing.assert_array_equal(row, old)


def test_a_limit_that_nothing_can_exceed_is_none():
    weights = np.array([[3.0, 4.0]])
    limit_norms(weights, 1e200)
    assert weights.tolist() == [[3.0, 4.0]]


@pytest.mark.parametrize("option", [{"l2": 5.0}, {"max_norm": 0.1}])
def test_biases_are_neither_decayed_nor_limited(option):
    """With the inputs and all weights 0, the gradients of the biases do not depend on weights."""
    found = []
    for options in ({}, option):
        network, x, labels, settings, rng = new_run("none", **options)
        network.parameters[...] = 0
        network.biases[-1][...] = [3, -2, 1]
        network.weights[0][...] = 1
        train(network, 0 * x, labels, settings, rng, verbose=False)
        found.append((network.biases[-1].copy(), network.weights[0].copy()))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert (np.abs(found[0][1]) > np.abs(found[1][1])).all()  # but the weights are


@in_each_mode
def test_float32_stays_float32(mode, monkeypatch):
    seen = set()

    def spy(state, *rest):
        step(state, *rest)
        seen.update({state.network.parameters.dtype, state.change.dtype, state.scratch.dtype})
        seen.update(part.dtype for part in state.network.weights + state.network.biases)

    def spy_on_masks(network, x, labels, masks, *rest):
        seen.update(mask.dtype for mask in masks or [] if isinstance(mask, np.ndarray))
        return loss_and_gradient(network, x, labels, masks, *rest)

    step, loss_and_gradient = training._step, training.loss_and_gradient
    monkeypatch.setattr(training, "_step", spy)
    monkeypatch.setattr(training, "loss_and_gradient", spy_on_masks)
    with_numpy_numbers = {"learning_rate": np.float64(0.05), "momentum": np.float64(0.9)}
    options = {"mode": mode, "dtype": np.float32, "l2": np.float64(0.01), "max_norm": 1.0}
    run = new_run(**options, **with_numpy_numbers)
    assert run[1].dtype == np.float64
    train(*run, verbose=False)
    assert seen == {np.dtype(np.float32)}
    monkeypatch.undo()
    if mode != "gaussian":  # whose noise is another in float64
        double, *rest = new_run(**{**options, **with_numpy_numbers, "dtype": np.float64})
        train(double, *rest, verbose=False)
        np.testing.assert_allclose(run[0].parameters, double.parameters, rtol=1e-3, atol=1e-4)


def every_other_pixel(images):
    pixels = scale_pixels(images).reshape(-1, 28, 28)[:, ::2, ::2]
    return np.ascontiguousarray(pixels).reshape(len(images), -1)


@in_each_mode
def test_every_mode_learns_the_digits(mode):
    images, labels, test_images, test_labels = sample_split()
    x, test = every_other_pixel(images), (every_other_pixel(test_images), test_labels)
    rng = np.random.default_rng(0)
    network = Network([14 * 14, 100, 10], rng)
    settings = Settings(epochs=8, batch_size=50, cooldown=7, mode=mode, input_drop=0.1)
    with threadpool_limits(1):  # more threads make products as small as these slower
        history = train(network, x, labels, settings, rng, test, verbose=False)
        assert history.validation_error[-1] == error_rate(network, *test)
    assert history.validation_error[-1] < 0.11
    assert history.loss[-1] < history.loss[0] / 2
    assert history.accuracy[-1] > 0.8


# ---- the history, early stopping ---------------------------------------------------------------


def test_the_history_has_an_entry_for_each_epoch():
    network, *rest = new_run(epochs=4)
    history = train(network, *rest, verbose=False)
    assert [len(history.loss), len(history.accuracy), len(history.seconds)] == [4, 4, 4]
    assert history.validation_error == [] and history.stopped == ""
    assert all(0 < seconds < 60 for seconds in history.seconds)
    assert all(type(number) is float for number in history.loss + history.accuracy)

    network, *rest = new_run(epochs=4)
    again = train(network, *rest, samples(30, seed=2), verbose=False)
    assert again.loss == history.loss  # to look at validation data changes nothing
    assert len(again.validation_error) == 4
    assert again.validation_error[-1] == error_rate(network, *samples(30, seed=2))


def test_two_histories_are_equal_whatever_the_seconds():
    assert History([1.0], [0.5], [0.2], [3.0]) == History([1.0], [0.5], [0.2], [4.0])
    assert History([1.0]) != History([2.0])


@given(st.lists(st.sampled_from([0.1, 0.2, 0.3]), min_size=1, max_size=8), st.integers(1, 4))
def test_it_stops_when_patience_is_over_and_keeps_the_best_epoch(errors, patience):
    network, *rest = new_run("none", epochs=len(errors), patience=patience)
    after_epoch = []

    def scripted_error(network, x, labels):
        after_epoch.append(network.parameters.copy())
        return errors[len(after_epoch) - 1]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(training, "error_rate", scripted_error)
        history = train(network, *rest, samples(), verbose=False)

    best, n_epochs = 0, 0
    for epoch, error in enumerate(errors):
        n_epochs = epoch + 1
        if error < errors[best]:
            best = epoch
        if epoch - best == patience:
            break
    assert history.validation_error == errors[:n_epochs]
    assert len(history.loss) == len(after_epoch) == n_epochs
    np.testing.assert_array_equal(network.parameters, after_epoch[best])
    if n_epochs == len(errors):
        assert history.stopped == ""
    else:
        assert history.stopped == (
            f"stopped after epoch {n_epochs} of {len(errors)}: no lower validation error since "
            f"epoch {best + 1}, whose weights are restored"
        )


def test_without_patience_the_last_epoch_is_kept(monkeypatch):
    errors = iter([0.1, 0.2, 0.3, 0.4])
    monkeypatch.setattr(training, "error_rate", lambda *_: next(errors))
    network, *rest = new_run(epochs=4)
    history = train(network, *rest, samples(), verbose=False)
    last, *rest = new_run(epochs=4)
    train(last, *rest, verbose=False)
    np.testing.assert_array_equal(network.parameters, last.parameters)
    assert history.stopped == ""


# ---- settings and input ------------------------------------------------------------------------

NO_NUMBERS = [True, np.False_, "0.1", [0.1]]


@pytest.mark.parametrize(
    ("name", "values", "error"),
    [
        ("epochs", [0, -1], ValueError),
        ("batch_size", [0, -1], ValueError),
        ("cooldown", [-1, 11], ValueError),
        ("patience", [0, -1], ValueError),
        *[(name, [1.5, 2.0, NAN, INF, *NO_NUMBERS], TypeError)
          for name in ("epochs", "batch_size", "cooldown", "patience")],
        ("learning_rate", [0, -0.1, NAN, INF], ValueError),
        ("decay", [0, -0.1, 1.001, 1e40, NAN, INF], ValueError),
        ("momentum", [-0.1, 1, 1.5, NAN, INF], ValueError),
        ("max_norm", [0, -1.0, NAN, INF], ValueError),
        ("l2", [-0.1, NAN, -INF], ValueError),
        ("input_drop", [-0.1, 1, 1.5, NAN, INF], ValueError),
        ("hidden_drop", [-0.1, 1, 1.5, NAN, INF], ValueError),
        *[(name, [*NO_NUMBERS, None], TypeError)
          for name in ("learning_rate", "decay", "momentum", "l2", "input_drop", "hidden_drop")],
        ("max_norm", NO_NUMBERS, TypeError),
        ("mode", ["dropout", "Mask", "", None, True, 1, ["mask"]], ValueError),
    ],
)  # fmt: skip
def test_a_setting_out_of_range_is_refused_by_its_name(name, values, error):
    for value in values:
        with pytest.raises(error, match=rf"^{name} must be .*got ") as caught:
            Settings(**{"epochs": 10, name: value})
        shown = str(caught.value).rpartition("got ")[2]
        assert shown in (str(value), repr(value))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("learning_rate", "learning_rate must be above 0, got 0"),
        ("decay", "decay must be above 0, got 0"),
        ("decay", "decay must be at most 1, got 2"),
        ("max_norm", "max_norm must be above 0, got 0"),
        ("cooldown", "cooldown must be from 0 to 10, got 11"),
        ("momentum", "momentum must be below 1, got 1"),
        ("l2", "l2 must be at least 0, got -1"),
        ("mode", "mode must be one of none, mask, gaussian, slice, got 'all'"),
    ],
)
def test_the_message_says_what_is_allowed(name, message):
    value = message.rpartition(" ")[2].strip("'")
    with pytest.raises(ValueError, match=f"^{message}$"):
        Settings(**{name: value if name == "mode" else int(value)})


def test_the_limits_themselves_are_allowed():
    tiny = math.ulp(0)
    Settings(epochs=1, batch_size=1, cooldown=1, patience=1, learning_rate=tiny, decay=tiny)
    Settings(momentum=0, l2=0, max_norm=tiny, input_drop=0, hidden_drop=0, cooldown=0, decay=1)
    assert Settings(max_norm=None, patience=None) == Settings()


def test_numbers_of_numpy_become_those_of_python():
    settings = Settings(
        epochs=np.int64(5), patience=np.uint8(2), learning_rate=np.float32(0.5), hidden_drop=0
    )
    assert settings == Settings(epochs=5, patience=2, learning_rate=0.5, hidden_drop=0.0)
    types = {name: type(value) for name, value in vars(settings).items()}
    assert types == {
        **dict.fromkeys(["epochs", "batch_size", "cooldown", "patience"], int),
        **dict.fromkeys(["learning_rate", "decay", "momentum", "l2"], float),
        **dict.fromkeys(["input_drop", "hidden_drop"], float),
        "max_norm": type(None),
        "mode": str,
    }


X, LABELS = samples()
WITH_NAN = np.where(np.arange(X.size).reshape(X.shape) == 6, NAN, X)
ALIEN_LABEL = np.where(np.arange(len(LABELS)) == 5, 3, LABELS)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"x": X[:, :3]}, ValueError, r"x must have shape \(n_samples, 4\).*, got \(40, 3\)"),
        ({"x": X[:0]}, ValueError, r"x must have .* a sample at least, got \(0, 4\)"),
        ({"x": (255 * X).astype(np.uint8)}, TypeError, "x must be floating-point .*; got uint8"),
        ({"x": WITH_NAN}, ValueError, r"x must be finite, got nan at index \(1, 2\)"),
        ({"labels": ALIEN_LABEL}, ValueError, "labels must be .* 0 to 2, got 3 at index 5"),
        ({"labels": LABELS[:7]}, ValueError, "x and labels must have .* rows, got 40 and 7"),
        ({"validation": (WITH_NAN, LABELS)}, ValueError, r"validation\[0\] must be finite, .*"),
        ({"validation": (X[:, :2], LABELS)}, ValueError, r"validation\[0\] must have shape .*"),
        ({"validation": (X, ALIEN_LABEL)}, ValueError, r"validation\[1\] must be .* at index 5"),
        (
            {"validation": (X, LABELS[:7])},
            ValueError,
            r"validation\[0\] and validation\[1\] must have .* rows, got 40 and 7",
        ),
        ({"checkpoint": "run"}, ValueError, "checkpoint must end in .npz, got run"),
        ({"checkpoint": Path("run.txt")}, ValueError, "checkpoint must end in .npz, got run.txt"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_by_its_name(changed, error, message):
    network, _, _, settings, rng = new_run()
    before, state = network.parameters.copy(), rng.bit_generator.state
    given = {"x": X, "labels": LABELS, **changed}
    with pytest.raises(error, match=f"^{message}$"):
        train(network, settings=settings, rng=rng, **given)
    np.testing.assert_array_equal(network.parameters, before)
    assert rng.bit_generator.state == state


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("rng", 0, r"rng must be a generator, such as np\.random\.default_rng\(0\); got 0"),
        ("rng", np.random.RandomState(0), r"rng must be a generator, .*; got RandomState\(.*"),
        ("settings", "mask", r"settings must be Settings\(\.\.\.\), got 'mask'"),
        ("settings", Settings, r"settings must be Settings\(\.\.\.\), got <class .*"),
        ("validation", X, r"validation must be a pair \(x, labels\), got array\(\[\[.*"),
        ("validation", (X,), r"validation must be a pair \(x, labels\), got \(array\(.*"),
        ("validation", 5, r"validation must be a pair \(x, labels\), got 5"),
        ("validation", {"x": X, "y": X}, r"validation must be a pair \(x, labels\), got {'x': .*"),
    ],
)
def test_what_is_of_another_kind_is_refused_by_its_name(name, value, message):
    network, x, labels, settings, rng = new_run()
    given = {"settings": settings, "rng": rng, name: value}
    with pytest.raises(TypeError, match=f"(?s)^{message}$"):
        train(network, x, labels, **given)


def test_a_checkpoint_that_cannot_be_saved_is_known_before_the_first_epoch(tmp_path):
    (tmp_path / "file").touch()
    network, *rest = new_run()
    before = network.parameters.copy()
    with pytest.raises(OSError, match="file"):
        train(network, *rest, checkpoint=tmp_path / "file" / "run.npz")
    np.testing.assert_array_equal(network.parameters, before)


def test_patience_needs_validation_data():
    with pytest.raises(ValueError, match=r"^patience needs validation data, got validation=None$"):
        train(*new_run(patience=2))


def test_labels_may_be_a_column_of_floats():
    network, *rest = new_run()
    train(network, *rest, verbose=False)
    other, x, labels, *rest = new_run()
    train(other, x.tolist(), labels[:, np.newaxis].astype(float), *rest, verbose=False)
    np.testing.assert_array_equal(other.parameters, network.parameters)


# ---- divergence --------------------------------------------------------------------------------

DIVERGING = {"sizes": (4, 30, 30, 30, 3), "hidden_drop": 0.2}  # at a learning rate of 1000


@in_each_mode
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rate", [1e3, 1e30])
def test_a_diverged_training_says_where_and_leaves_the_network_as_before_the_batch(
    monkeypatch, mode, dtype, rate
):
    """Also, no warning of NumPy comes through: here it would be an error."""
    after_steps = []

    def spy(state, *rest):
        step(state, *rest)
        after_steps.append(state.network.parameters.copy())

    step = training._step
    monkeypatch.setattr(training, "_step", spy)
    run = new_run(mode, dtype=dtype, learning_rate=rate, **DIVERGING)
    message = (
        r"^the training diverged: the loss is (nan|inf|\d\S+) in epoch 1 of 3, batch (\d) of 5, "
        r"at learning rate (1000|1e\+30)\. A smaller learning_rate may help, or smaller inputs$"
    )
    with pytest.raises(FloatingPointError, match=message) as caught:
        train(*run, samples(30, seed=2), verbose=False)
    batch = int(re.search(r"batch (\d)", str(caught.value))[1])
    assert f"rate {rate:g}." in str(caught.value)
    assert len(after_steps) == batch - 1 > 0
    np.testing.assert_array_equal(run[0].parameters, after_steps[-1])
    assert np.isfinite(run[0].parameters).all()


@in_each_mode
def test_a_last_step_that_overflows_is_no_success(mode):
    network, x, labels, settings, rng = new_run(
        mode, dtype=np.float32, epochs=1, batch_size=40, learning_rate=1e38
    )
    message = (
        r"^the training diverged: the parameters are not finite after epoch 1 of 1, batch 1 of 1, "
        r"at learning rate 1e\+38\. A smaller learning_rate may help, or smaller inputs$"
    )
    with pytest.raises(FloatingPointError, match=message):
        train(network, 1000 * x, labels, settings, rng, verbose=False)


@pytest.mark.parametrize("loss", [NAN, INF, 1e10])
def test_the_loss_and_rate_that_are_named_are_those_of_the_batch(monkeypatch, loss):
    """A loss of 1e10 is too much, a little less is not."""
    losses = iter([9.9e9] * 11 + [loss])

    def scripted_loss(*arguments):
        _, accuracy = masked(*arguments)
        return next(losses), accuracy

    masked = training._add_masked_gradient
    monkeypatch.setattr(training, "_add_masked_gradient", scripted_loss)
    message = rf"loss is {loss} in epoch 3 of 4, batch 2 of 5, at learning rate 0\.0125\. "
    with pytest.raises(FloatingPointError, match=message):
        train(*new_run(epochs=4, decay=0.5), verbose=False)


# ---- the same bits -----------------------------------------------------------------------------


@pytest.fixture
def run_python(monkeypatch):
    """Starts Pythons that have the helpers and tests to import from; none outlives the test."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PROJECT), str(PROJECT / "tests")]))
    processes = []

    def run(code, *arguments, **options):
        command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
        processes.append(subprocess.Popen(command, cwd=PROJECT, **pipes))
        return processes[-1]

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def output_of(process):
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    return out


def test_the_same_seed_gives_the_same_bits_here_and_in_another_process(run_python):
    here = [finish(mode, patience=3, epochs=5) for mode in MODES]
    assert here == [finish(mode, patience=3, epochs=5) for mode in MODES]
    code = """
        import json
        from small_training import finish
        from helpers.training import MODES
        print(json.dumps([finish(mode, patience=3, epochs=5) for mode in MODES]))
    """
    assert json.loads(output_of(run_python(code))) == here
    assert len({result["parameters"] for result in here}) == len(MODES)


@in_each_mode
def test_another_seed_gives_another_training_of_the_same_network(mode):
    trained = []
    for seed in (1, 2):
        network, x, labels, settings, _ = new_run(mode)
        train(network, x, labels, settings, np.random.default_rng(seed), verbose=False)
        trained.append(network.parameters)
    assert np.abs(trained[0] - trained[1]).max() > 1e-4


# ---- checkpoints -------------------------------------------------------------------------------


class Stop(Exception):
    pass


@contextmanager
def stopping_after(n_saves):
    """Within this, a training is stopped after so many checkpoints."""
    save, saves = training._Checkpoint.save, itertools.count(1)

    def save_and_stop(self, state):
        save(self, state)
        if next(saves) == n_saves:
            raise Stop

    with pytest.MonkeyPatch.context() as patched, pytest.raises(Stop):
        patched.setattr(training._Checkpoint, "save", save_and_stop)
        yield


@in_each_mode
@pytest.mark.parametrize("patience", [None, 2])
def test_a_training_that_is_resumed_after_any_epoch_ends_with_the_same_bits(
    tmp_path, mode, patience
):
    wanted = finish(mode, patience, epochs=6)
    n_epochs = len(wanted["loss"])
    for n_saves in range(1, n_epochs + 1):
        path = tmp_path / f"{n_saves}.npz"
        with stopping_after(n_saves):
            finish(mode, patience, path, epochs=6)
        assert finish(mode, patience, path, epochs=6) == wanted
        assert finish(mode, patience, path, epochs=6) == wanted  # nothing is left to do
    assert sorted(os.listdir(tmp_path)) == [f"{k}.npz" for k in range(1, n_epochs + 1)]


@pytest.mark.parametrize("bits", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_every_bit_generator_goes_on_where_it_was(tmp_path, bits):
    options = {"mode": "gaussian", "dtype": np.float32, "bits": bits}  # keeps half of a word back
    undisturbed = new_run(**options)
    history = train(*undisturbed, verbose=False)
    with stopping_after(1):
        train(*new_run(**options), checkpoint=tmp_path / "run.npz", verbose=False)
    resumed = new_run(**{**options, "seed": 5})  # whatever its state is
    again = train(*resumed, checkpoint=str(tmp_path / "run.npz"), verbose=False)
    assert outcome(resumed[0], again) == outcome(undisturbed[0], history)
    assert resumed[-1].random(9).tolist() == undisturbed[-1].random(9).tolist()


def test_a_checkpoint_makes_its_folder_and_holds_no_pickle(tmp_path):
    path = tmp_path / "new" / "folder" / "run.npz"
    finish("mask", 2, path, epochs=2)
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    assert set(arrays) == {"about", "parameters", "change", "best_parameters"}
    assert not any(array.dtype.hasobject for array in arrays.values())
    about = json.loads(str(arrays["about"]))
    assert about["epoch"] == 2 and len(about["history"]["loss"]) == 2
    assert os.listdir(path.parent) == ["run.npz"]


def test_whole_numbers_of_numpy_can_be_saved(tmp_path):
    options = {"epochs": np.int64(2), "batch_size": np.int32(20), "l2": np.float32(0.5)}
    history = train(*new_run(**options), checkpoint=tmp_path / "run.npz", verbose=False)
    resumed = train(*new_run(**options), checkpoint=tmp_path / "run.npz", verbose=False)
    assert resumed == history


def assert_refused(message, path, run, **options):
    """The checkpoint is refused, and neither network nor generator are touched."""
    before, state = run[0].parameters.copy(), run[-1].bit_generator.state
    content = path.read_bytes()
    with pytest.raises(ValueError, match=message):
        train(*run, checkpoint=path, verbose=False, **options)
    np.testing.assert_array_equal(run[0].parameters, before)
    assert repr(run[-1].bit_generator.state) == repr(state)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"epochs": 4}, "epochs is 3 there, 4 here"),
        ({"batch_size": 8}, "batch_size is 9 there, 8 here"),
        ({"learning_rate": 0.1}, "learning_rate is 0.05 there, 0.1 here"),
        ({"max_norm": 2}, "max_norm is None there, 2.0 here"),
        ({"mode": "slice"}, "mode is 'mask' there, 'slice' here"),
        ({"patience": 5}, "patience is None there, 5 here"),
        ({"hidden_drop": 0.5}, "hidden_drop is 0.4 there, 0.5 here"),
        ({"sizes": (4, 5, 6, 3)}, r"sizes is \[4, 6, 5, 3\] there, \[4, 5, 6, 3\] here"),
        ({"dtype": np.float32}, "dtype is 'float64' there, 'float32' here"),
        ({"bits": "MT19937"}, "generator is 'PCG64' there, 'MT19937' here"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(tmp_path, changed, message):
    path = tmp_path / "run.npz"
    validation = samples(30, seed=2)
    with stopping_after(1):
        train(*new_run(), validation, checkpoint=path, verbose=False)
    message = (
        rf"^checkpoint .*run\.npz is of another training: {message}; name another file, or delete "
        rf"this one to start anew$"
    )
    assert_refused(message, path, new_run(**changed), validation=validation)


@pytest.mark.parametrize("changed", ["x", "labels", "validation[0]", "validation[1]", "validation"])
def test_a_checkpoint_of_other_data_is_refused(tmp_path, changed):
    path = tmp_path / "run.npz"
    validation = list(samples(30, seed=2))
    with stopping_after(1):
        train(*new_run(), tuple(validation), checkpoint=path, verbose=False)
    network, x, labels, *rest = new_run()
    if changed == "x":
        x[3, 2] += 1e-15
    elif changed == "labels":
        labels[3] = (labels[3] + 1) % 3
    elif changed == "validation[0]":
        validation[0][2, 1] += 1e-15
    elif changed == "validation[1]":
        validation[1][7] = (validation[1][7] + 1) % 3
    else:
        validation = None
    message = r"of another training: the checksum of the data is \d+ there, \d+ here; name another"
    assert_refused(message, path, (network, x, labels, *rest), validation=validation)


def test_a_checkpoint_tells_what_its_training_has_done_so_far(tmp_path):
    path = tmp_path / "run.npz"
    with pytest.raises(FileNotFoundError):
        saved_history(path)
    for n_epochs in (1, 2):
        with stopping_after(1):
            train(*new_run(), checkpoint=path, verbose=False)
        assert len(saved_history(str(path)).loss) == n_epochs
    assert train(*new_run(), checkpoint=path, verbose=False) == saved_history(path)
    path.write_text("a diary")
    with pytest.raises(ValueError, match=UNREADABLE.format("no .npz file")):
        saved_history(path)


UNREADABLE = (
    r"^checkpoint .*run\.npz cannot be read, it is damaged or of another version: .*{}.*; "
    r"delete it to start anew$"
)


def test_a_checkpoint_that_may_not_be_read_is_not_called_damaged(monkeypatch, tmp_path):
    def refuse(path, mode):
        raise PermissionError("not yours")

    path = tmp_path / "run.npz"
    train(*new_run(), checkpoint=path, verbose=False)
    monkeypatch.setattr(training, "open", refuse, raising=False)
    with pytest.raises(PermissionError, match=r"^not yours$"):
        train(*new_run(), checkpoint=path, verbose=False)


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), MemoryError("no room")])
def test_a_disk_or_machine_that_fails_is_no_damaged_checkpoint(monkeypatch, tmp_path, error):
    def fail(*arguments, **options):
        raise error

    path = tmp_path / "run.npz"
    train(*new_run(), checkpoint=path, verbose=False)
    monkeypatch.setattr(np, "load", fail)
    with pytest.raises(type(error), match=re.escape(str(error))):
        train(*new_run(), checkpoint=path, verbose=False)


def test_a_checkpoint_that_is_cut_off_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    train(*new_run(), checkpoint=path, verbose=False)
    whole = path.read_bytes()
    for length in [*range(0, len(whole), 101), len(whole) - 1]:
        path.write_bytes(whole[:length])
        assert_refused(UNREADABLE.format("(Error|BadZipFile)"), path, new_run())


def test_a_flipped_bit_in_a_checkpoint_is_refused_or_does_no_harm(tmp_path):
    """A zip file has a few bits that nothing depends on, such as those of its date.

    One bit of each byte is flipped; in the long text, whose bytes are all alike, of a few.
    """
    path = tmp_path / "run.npz"
    sizes = (4, 2, 3)
    wanted_network, *rest = new_run(sizes=sizes)
    wanted = train(wanted_network, *rest, checkpoint=path, verbose=False)
    whole, n_refused = path.read_bytes(), 0
    start, data, rng = new_run(sizes=sizes)[0], rest[:3], rest[3]
    before, chooser = start.parameters.copy(), random.Random(0)
    with np.load(path) as file:
        text = file["about"].tobytes()
    begin = whole.index(text)
    end = begin + len(text)
    places = [*range(begin + 99), *range(begin + 99, end - 99, 97), *range(end - 99, len(whole))]
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << chooser.randrange(8)
        path.write_bytes(damaged)
        start.parameters[...] = before
        try:
            history = train(start, *data, rng, checkpoint=path, verbose=False)
        except ValueError as error:
            assert "run.npz cannot be read, it is damaged" in str(error)
            np.testing.assert_array_equal(start.parameters, before)
            n_refused += 1
        else:
            assert history == wanted
            np.testing.assert_array_equal(start.parameters, wanted_network.parameters)
    assert 0.6 * len(places) < n_refused < len(places)


class Pickled:
    """Whoever unpickles this makes a folder."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (self.folder,)


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("text", r"ValueError\('no \.npz file'\)"),
        ("array", r"ValueError\('no \.npz file'\)"),
        ("other arrays", "about"),
        ("pickle", "allow_pickle=False"),
        ("nothing to go on from", "parameters"),
        ("shape", r"change has shape \(1,\), dtype float64"),
        ("generator", r"KeyError\('state'\)"),
        ("epoch", "'3' epochs"),
        ("history", "3 epochs, losses of 2"),
        ("dtype", r"parameters has shape \(83,\), dtype float32"),
    ],
)
def test_what_is_no_checkpoint_is_refused(tmp_path, what, reason):
    path, folder = tmp_path / "run.npz", tmp_path / "unpickled"
    train(*new_run(), checkpoint=path, verbose=False)
    with np.load(path) as file:
        arrays = dict(file)
    if what == "text":
        path.write_text("a diary")
    elif what == "array":
        with open(path, "wb") as file:
            np.save(file, arrays["parameters"])
    elif what == "other arrays":
        np.savez(path, images=np.zeros(3))
    elif what == "pickle":
        np.savez(path, **{**arrays, "change": np.array([Pickled(folder)])})
    elif what in ("generator", "epoch", "history"):
        about = json.loads(str(arrays["about"]))
        if what == "generator":
            about["rng"] = {"bit_generator": about["rng"]["bit_generator"]}
        elif what == "epoch":
            about["epoch"] = str(about["epoch"])
        else:
            about["history"]["loss"].pop()
        np.savez(path, **{**arrays, "about": json.dumps(about)})
    elif what == "nothing to go on from":
        np.savez(path, about=arrays["about"])
    elif what == "shape":
        np.savez(path, **{**arrays, "change": arrays["change"][:1]})
    else:
        np.savez(path, **{**arrays, "parameters": arrays["parameters"].astype(np.float32)})
    assert_refused(UNREADABLE.format(reason), path, new_run())
    assert not folder.exists()


@on_posix
@pytest.mark.parametrize("moment", ["while writing", "before renaming", "after renaming"])
def test_a_training_killed_at_the_worst_moment_resumes(run_python, tmp_path, moment):
    code = """
        import io, os, signal, sys
        from pathlib import Path
        import numpy as np
        from helpers import training
        from small_training import finish

        path, moment, saves, renames = sys.argv[1], sys.argv[2], [], []
        savez, replace = np.savez, Path.replace

        def kill():
            os.kill(os.getpid(), signal.SIGKILL)

        def write_half(file, **arrays):
            saves.append(0)
            if len(saves) == 3 and moment == "while writing":
                whole = io.BytesIO()
                savez(whole, **arrays)
                file.write(whole.getvalue()[: whole.tell() // 2])
                file.flush()
                kill()
            savez(file, **arrays)

        def rename(self, target):
            renames.append(0)
            if len(renames) == 3 and moment == "before renaming":
                kill()
            replace(self, target)
            if len(renames) == 3 and moment == "after renaming":
                kill()

        np.savez, Path.replace = write_half, rename
        finish("slice", 4, path, 5)
    """
    path = tmp_path / "run.npz"
    process = run_python(code, path, moment)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    unfinished = [] if moment == "after renaming" else ["run.npz.part"]
    assert sorted(os.listdir(tmp_path)) == ["run.npz", *unfinished]
    with np.load(path) as file:
        assert json.loads(str(file["about"]))["epoch"] == (3 if moment == "after renaming" else 2)
    assert finish("slice", 4, path, 5) == finish("slice", 4, epochs=5)
    assert os.listdir(tmp_path) == ["run.npz"]


@pytest.mark.skipif(files.fcntl is None, reason="Windows cannot lock a folder")
def test_two_trainings_with_one_checkpoint_save_in_turns(monkeypatch, tmp_path):
    """A process left behind by one that was killed may train what is trained again here."""
    path = tmp_path / "run.npz"
    whole = finish("slice", 4, path, 5)
    saved = path.read_bytes()
    path.unlink()
    asked, flock = threading.Event(), files.fcntl.flock
    with ThreadPoolExecutor() as threads:
        with files.alone_in(tmp_path), files.replacing(path) as file:
            file.write(saved[:1000])
            monkeypatch.setattr(files.fcntl, "flock", lambda *a: (asked.set(), flock(*a)))
            training_here = threads.submit(finish, "slice", 4, path, 5)
            assert asked.wait(timeout=60)
            file.write(saved[1000:])
        assert training_here.result() == whole
    assert os.listdir(tmp_path) == ["run.npz"]


@on_posix
def test_trainings_killed_at_random_moments_end_with_the_same_bits(run_python, tmp_path):
    """Four trainings in a process that is killed and started again, each time with another one."""
    cases = [(mode, patience) for mode in ("mask", "slice") for patience in (None, 40)]
    code = """
        import json, sys
        from small_training import finish
        print("ready", flush=True)
        cases, first, folder = json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
        order = [k % len(cases) for k in range(first, first + len(cases))]
        results = {k: finish(*cases[k], f"{folder}/{k}.npz") for k in order}
        print(json.dumps([results[k] for k in range(len(cases))]))
    """
    n_killed = 0
    for attempt in itertools.count():
        process = run_python(code, json.dumps(cases), attempt, tmp_path)
        assert process.stdout.readline() == "ready\n"
        if attempt < 8:
            time.sleep(random.uniform(0.001, 0.03))
            process.kill()
        out, err = process.communicate(timeout=60)
        if process.returncode == 0:
            assert err == ""
            break
        # Python's own tracker of semaphores may say that the dead process has left one, of a bar
        assert err == "" or "resource_tracker" in err
        assert process.returncode == -signal.SIGKILL
        n_killed += 1
    assert n_killed >= 3
    assert json.loads(out) == [finish(*case) for case in cases]


# ---- interrupts --------------------------------------------------------------------------------


@pytest.fixture
def ctrl_c():
    """Ctrl-C as in a terminal: a run in the background of a shell starts with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def interrupt_at_call(monkeypatch, name, n, times=1):
    """Ctrl-C in the middle of the ``n``-th call of a function that the training uses."""
    function, calls = getattr(training, name), itertools.count(1)

    def interrupted(*arguments):
        if next(calls) == n:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        return function(*arguments)

    monkeypatch.setattr(training, name, interrupted)


@in_each_mode
@pytest.mark.parametrize(
    ("n_steps", "place"),
    [
        (1, "in epoch 1 of 3, after batch 1 of 5"),
        (5, "in epoch 1 of 3, after batch 5 of 5"),
        (8, "in epoch 2 of 3, after batch 3 of 5"),
        (15, "in epoch 3 of 3, after batch 5 of 5"),
    ],
)
@pytest.mark.parametrize("name", ["loss_and_gradient", "_step"])
def test_ctrl_c_waits_for_the_end_of_the_step(monkeypatch, ctrl_c, mode, n_steps, place, name):
    interrupt_at_call(monkeypatch, name, n_steps)
    network, *rest = new_run(mode)
    message = f"^training interrupted {place}; the network keeps what it has learned$"
    with pytest.raises(KeyboardInterrupt, match=message):
        train(network, *rest, verbose=False)
    reference, *rest = new_run(mode)
    by_hand(reference, *rest, n_steps=n_steps)
    np.testing.assert_allclose(network.parameters, reference.parameters, rtol=1e-9, atol=1e-11)


def test_ctrl_c_waits_for_validation_and_checkpoint(monkeypatch, ctrl_c, tmp_path):
    interrupt_at_call(monkeypatch, "error_rate", 2)
    path = tmp_path / "run.npz"
    with pytest.raises(KeyboardInterrupt, match=r"^training interrupted after epoch 2 of 6; "):
        finish("mask", 5, path, 6)
    with np.load(path) as file:
        assert json.loads(str(file["about"]))["epoch"] == 2
    monkeypatch.undo()
    assert finish("mask", 5, path, 6) == finish("mask", 5, epochs=6)


def test_after_ctrl_c_the_same_call_goes_on_from_the_checkpoint(monkeypatch, ctrl_c, tmp_path):
    undisturbed = new_run()
    wanted = train(*undisturbed, verbose=False)
    interrupt_at_call(monkeypatch, "loss_and_gradient", 8)
    run = new_run()
    with pytest.raises(KeyboardInterrupt):
        train(*run, checkpoint=tmp_path / "run.npz", verbose=False)
    history = train(*run, checkpoint=tmp_path / "run.npz", verbose=False)
    assert outcome(run[0], history) == outcome(undisturbed[0], wanted)


def test_a_second_ctrl_c_does_not_wait(monkeypatch, ctrl_c):
    interrupt_at_call(monkeypatch, "loss_and_gradient", 3, times=2)
    network, *rest = new_run()
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        train(network, *rest, verbose=False)
    reference, *rest = new_run()
    by_hand(reference, *rest, n_steps=2)
    np.testing.assert_allclose(network.parameters, reference.parameters, rtol=1e-9, atol=1e-11)


def test_ctrl_c_at_the_very_end_is_not_lost(monkeypatch, ctrl_c):
    class Bar:
        disable = True

        def __init__(self, **_): ...

        def __enter__(self):
            return self

        def __exit__(self, *_):
            signal.raise_signal(signal.SIGINT)

        def update(self): ...

        def set_description(self, *_, **__): ...

        def set_postfix(self, *_, **__): ...

        def refresh(self): ...

    monkeypatch.setattr(training, "tqdm", Bar)
    errors = iter([0.1, 0.2, 0.3])
    monkeypatch.setattr(training, "error_rate", lambda *_: next(errors))
    network, *rest = new_run(patience=5)
    with pytest.raises(KeyboardInterrupt, match=r"^training interrupted when it was done; "):
        train(network, *rest, samples(), verbose=False)
    best, *rest = new_run()
    by_hand(best, *rest, n_steps=5)
    np.testing.assert_allclose(best.parameters, network.parameters, rtol=1e-9, atol=1e-11)


def test_ctrl_c_in_a_batch_that_diverges_is_not_lost(monkeypatch, ctrl_c):
    interrupt_at_call(monkeypatch, "loss_and_gradient", 1)
    monkeypatch.setattr(training, "DIVERGED", 0)  # so that the first batch does
    message = r"^training interrupted, as an error ended it: the training diverged: the loss is"
    with pytest.raises(KeyboardInterrupt, match=message):
        train(*new_run(), verbose=False)


@pytest.mark.parametrize("fails", [False, True])
def test_the_handler_of_before_is_back_afterwards(monkeypatch, ctrl_c, fails):
    def mine(number, frame): ...

    signal.signal(signal.SIGINT, mine)
    try:
        if fails:
            with pytest.raises(FloatingPointError):
                train(*new_run(learning_rate=1e3, **DIVERGING), verbose=False)
        else:
            train(*new_run(), verbose=False)
        assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def test_an_ignored_ctrl_c_stays_ignored(monkeypatch, ctrl_c):
    interrupt_at_call(monkeypatch, "loss_and_gradient", 3)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert len(train(*new_run(), verbose=False).loss) == 3
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def test_a_training_in_a_thread_leaves_ctrl_c_alone(monkeypatch, ctrl_c):
    handlers, histories = [], []
    step = training._step
    monkeypatch.setattr(
        training, "_step", lambda *a: (handlers.append(signal.getsignal(signal.SIGINT)), step(*a))
    )
    thread = threading.Thread(
        target=lambda: histories.append(train(*new_run(), verbose=False)), daemon=True
    )
    thread.start()
    thread.join(60)
    assert histories == [train(*new_run(), verbose=False)]
    assert set(handlers[:15]) == {signal.default_int_handler}
    assert signal.default_int_handler not in handlers[15:]  # here, not in the thread, it waits


@on_posix
def test_ctrl_c_at_random_moments_leaves_a_network_after_whole_steps(run_python, tmp_path):
    code = """
        import json, signal, sys
        import numpy as np
        from helpers.network import predict
        from helpers.training import MODES, train
        from small_training import new_run

        signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a terminal
        for mode in MODES:
            run = new_run(mode, epochs=100_000, batch_size=1, learning_rate=0.005)
            try:
                train(*run, checkpoint=f"{sys.argv[1]}/{mode}.npz")
            except KeyboardInterrupt as interrupt:
                restored = signal.getsignal(signal.SIGINT) is signal.default_int_handler
                assert np.isfinite(predict(run[0], run[1])).all()
                print(json.dumps([str(interrupt), restored, run[0].parameters.tolist()]))
                sys.stdout.flush()
    """
    process = run_python(code, tmp_path)
    for mode in MODES:
        while not (tmp_path / f"{mode}.npz").exists():
            assert process.poll() is None
            time.sleep(0.005)
        time.sleep(random.uniform(0, 0.05))
        process.send_signal(signal.SIGINT)
        message, restored, parameters = json.loads(process.stdout.readline())
        assert restored and message.endswith("; the network keeps what it has learned")
        numbers = [int(digits) for digits in re.findall(r"\d+", message)]
        if message.startswith("training interrupted after epoch "):
            n_steps = 40 * numbers[0]
        else:
            assert message.startswith("training interrupted in epoch ")
            epoch, _, batch, n_batches = numbers
            n_steps = 40 * (epoch - 1) + batch
            assert n_batches == 40
        reference, *rest = new_run(mode, epochs=100_000, batch_size=1, learning_rate=0.005)
        by_hand(reference, *rest, n_steps=n_steps)
        np.testing.assert_allclose(reference.parameters, parameters, rtol=1e-6, atol=1e-8)
    output_of(process)


# ---- the progress bar --------------------------------------------------------------------------


class Recorder:
    """In place of the bar: what it is told."""

    def __init__(self, **options):
        self.format = options.pop("bar_format")
        self.disable = False
        self.options, self.updates, self.texts = options, 0, []
        self.epoch = self.numbers = None
        Recorder.last = self

    def __enter__(self):
        return self

    def __exit__(self, *exception): ...

    def update(self):
        self.updates += 1

    def set_description(self, text, refresh):
        assert not refresh
        self.epoch = text

    def set_postfix(self, numbers, refresh):
        assert not refresh  # that would take longer than a batch
        self.numbers = numbers

    def refresh(self):
        self.texts.append((self.epoch, self.numbers))


@pytest.mark.parametrize("verbose", [True, False])
@pytest.mark.parametrize("watched", [True, False])
def test_the_bar_counts_batches_and_shows_epoch_loss_and_accuracy(
    monkeypatch, tmp_path, verbose, watched
):
    monkeypatch.setattr(training, "tqdm", Recorder)
    monkeypatch.setattr(training, "somebody_watches", lambda: watched)
    silent = {} if verbose and watched else {"disable": True}
    with stopping_after(1):
        train(*new_run(), checkpoint=tmp_path / "run.npz", verbose=verbose)
    bar = Recorder.last
    assert bar.options == {"total": 15, "initial": 0, **silent}
    assert bar.updates == 5
    history = train(*new_run(), checkpoint=tmp_path / "run.npz", verbose=verbose)
    bar = Recorder.last
    assert bar.options == {"total": 15, "initial": 5, **silent}
    assert bar.updates == 10
    assert bar.texts == [
        (
            f"epoch {epoch + 1}/3",
            {"loss": f"{history.loss[epoch]:.4f}", "accuracy": f"{history.accuracy[epoch]:.4f}"},
        )
        for epoch in (1, 2)
    ]


def test_in_an_epoch_the_bar_shows_the_epoch_and_its_means_so_far(monkeypatch):
    def spy(*arguments):
        of_batches.append(masked(*arguments))
        return of_batches[-1]

    def look(state, *rest):
        shown.append((Recorder.last.epoch, Recorder.last.numbers))
        step(state, *rest)

    of_batches, shown = [], []
    masked, step = training._add_masked_gradient, training._step
    monkeypatch.setattr(training, "_add_masked_gradient", spy)
    monkeypatch.setattr(training, "_step", look)
    monkeypatch.setattr(training, "tqdm", Recorder)
    train(*new_run(epochs=2))
    assert [epoch for epoch, _ in shown] == ["epoch 1/2"] * 5 + ["epoch 2/2"] * 5
    for number, (_, numbers) in list(enumerate(shown))[7:]:  # from the third batch of epoch 2
        losses, accuracies = zip(*of_batches[5:number], strict=True)
        assert numbers == {
            "loss": f"{np.mean(losses):.4f}", "accuracy": f"{np.mean(accuracies):.4f}"
        }  # fmt: skip


def test_the_bar_is_shown_if_nothing_else_is_said(monkeypatch):
    monkeypatch.setattr(training, "tqdm", Recorder)
    monkeypatch.setattr(training, "somebody_watches", lambda: True)
    train(*new_run())
    assert "disable" not in Recorder.last.options


def test_a_long_training_fits_into_80_columns(monkeypatch):
    monkeypatch.setattr(training, "tqdm", Recorder)
    train(*new_run(epochs=1))
    line = tqdm.format_meter(
        3_000_000, 9_380_000, 20_000, ncols=80, bar_format=Recorder.last.format,
        prefix="epoch 1999/2000: ", postfix="loss=0.0123, accuracy=0.9876",
    )  # fmt: skip
    assert line.endswith(" 5:33:20<11:48:53, loss=0.0123, accuracy=0.9876") and len(line) <= 80


def test_it_is_silent_in_tests(capfd):
    train(*new_run())
    assert capfd.readouterr() == ("", "")


TWO_BARS = """
    import sys
    from helpers.training import train
    from small_training import new_run
    train(*new_run(), verbose=False)
    print("now aloud:", file=sys.stderr)
    train(*new_run())
"""


@on_posix
@pytest.mark.parametrize("disabled", [False, True])
def test_a_terminal_shows_the_bar_unless_tqdm_is_disabled(run_python, monkeypatch, disabled):
    if not disabled:
        monkeypatch.delenv("TQDM_DISABLE")
    terminal, end_of_process = os.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    process = run_python(TWO_BARS, stderr=end_of_process)
    os.close(end_of_process)
    shown = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # so Linux says that nothing more comes
            break
        if not part:
            break
        shown += part
    os.close(terminal)
    assert process.communicate(timeout=60)[0] == "" and process.returncode == 0
    silent, aloud = shown.decode().split("now aloud:")
    assert silent == ""
    if disabled:
        assert aloud.strip() == ""
    else:
        history = train(*new_run(), verbose=False)
        for epoch, loss, accuracy in zip((1, 2, 3), history.loss, history.accuracy, strict=True):
            assert f"epoch {epoch}/3: " in aloud
            assert f", loss={loss:.4f}, accuracy={accuracy:.4f}" in aloud
        assert ": 100% " in aloud
        assert max(map(len, re.split(r"[\r\n]", aloud))) < 80  # and nothing is cut off


def test_a_log_file_gets_no_bar(run_python, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE")
    process = run_python(TWO_BARS)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "now aloud:\n")


class ThisPythonOnly(KernelSpecManager):
    def get_kernel_spec(self, kernel_name):
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


@pytest.fixture
def kernel(monkeypatch):
    """The client of a kernel of Jupyter in which a progress bar is not switched off."""
    monkeypatch.delenv("TQDM_DISABLE")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PROJECT), str(PROJECT / "tests")]))
    manager = KernelManager(kernel_spec_manager=ThisPythonOnly())
    manager.start_kernel(cwd=PROJECT, extra_arguments=["--IPKernelApp.log_level=ERROR"])
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
        client.context.term()


def outputs(client, cell):
    """What comes from a cell that runs: pairs of a kind and a text, until the kernel is idle."""
    while True:
        message = client.get_iopub_msg(timeout=60)
        content = message["content"]
        if message["parent_header"].get("msg_id") != cell:
            continue
        if message["msg_type"] == "stream":
            yield content["name"], content["text"]
        elif message["msg_type"] == "error":
            yield content["ename"], content["evalue"]
        elif content.get("execution_state") == "idle":
            return


def test_jupyter_shows_the_bar_and_can_interrupt_and_go_on(kernel):
    manager, client = kernel
    cell = client.execute(
        "import numpy as np\n"
        "from helpers.network import predict\n"
        "from helpers.training import train\n"
        "from small_training import new_run\n"
        "run = new_run(epochs=100_000, batch_size=1)\n"
        "train(*run)"
    )
    shown, error = "", None
    for kind, text in outputs(client, cell):
        if kind == "stderr":
            if "epoch 2/100000" in text and "epoch 2/100000" not in shown:
                manager.interrupt_kernel()
            shown += text
        else:
            error = kind, text
    assert error is not None, shown[-1000:]
    assert error[0] == "KeyboardInterrupt"
    assert error[1].startswith("training interrupted ") and " of 100000" in error[1]
    assert "epoch 1/100000: " in shown and "loss=" in shown and "accuracy=" in shown
    cell = client.execute(
        "print(len(predict(run[0], run[1])), np.isfinite(run[0].parameters).all())"
    )
    assert list(outputs(client, cell)) == [("stdout", "40 True\n")]
