"""Laws of the training: the textbook's steps, the same bits again, and a clear end.

The reference is `by_hand` of ``small_training.py``.
"""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_training import by_hand, new_run, outcome
from threadpoolctl import threadpool_limits

from helpers import noise, training
from helpers.mnist import sample_split, scale_pixels
from helpers.network import Network, error_rate
from helpers.noise import MODES
from helpers.training import History, Settings, State, limit_norms, train

NAN, INF = float("nan"), float("inf")
SEEDS = st.integers(0, 2**32)
in_each_mode = pytest.mark.parametrize("mode", MODES)


def assert_as_by_hand(ties=False, **options):
    """Train twice from the same start; return the trained network.

    With ``ties``, where no hidden unit may be alive, rounding decides about the class of a sample.
    """
    network, *rest, rng = new_run(**options)
    reference, *_, reference_rng = new_run(**options)
    history = train(network, *rest, rng)
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
    sizes, (input_drop, hidden_drop) = (4, *hidden, 3), drops
    options = {"sizes": sizes, "input_drop": input_drop, "hidden_drop": hidden_drop, "l2": 0.01}
    assert_as_by_hand(
        ties=True, mode=mode, batch_size=batch_size, seed=seed, max_norm=2.0, **options
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("rate", "decay", "n_epochs"), [(1e-40, 1.0, 2), (1e-300, 1e-100, 3), (1e-300, 1e-200, 3)]
)
def test_a_learning_rate_too_small_for_a_step_does_no_harm(dtype, rate, decay, n_epochs):
    """The last change is scaled with the rate, and of it nothing is left; rates may become 0."""
    run = new_run("none", dtype=dtype, learning_rate=rate, decay=decay, epochs=n_epochs)
    train(*run)
    assert np.isfinite(run[0].parameters).all()


@pytest.mark.parametrize("mode", ["mask", "gaussian"])
def test_nothing_is_drawn_for_a_layer_that_drops_nothing(mode):
    trained = []
    for each in ("none", mode):
        network, *rest = new_run(each, input_drop=0.0, hidden_drop=0.0, seed=3)
        train(network, *rest)
        trained.append(network.parameters)
    np.testing.assert_array_equal(*trained)


def test_the_rate_decays_and_cools_down_in_equal_steps():
    for options, rates in (
        ({"epochs": 6, "learning_rate": 2, "decay": 0.5}, [2, 1, 0.5, 0.25, 0.125, 0.0625]),
        ({"epochs": 6, "learning_rate": 2, "cooldown": 3}, [2, 2, 2, 1.5, 1, 0.5]),
        ({"epochs": 3, "learning_rate": 4, "cooldown": 3}, [3, 2, 1]),
    ):
        assert list(map(Settings(**options).rate, range(options["epochs"]))) == rates


@pytest.mark.parametrize(("dtype", "huge"), [(np.float64, 1e200), (np.float32, 1e25)])
def test_a_row_whose_square_is_no_number_any_more_is_shortened_to_the_limit_too(dtype, huge):
    weights = np.array([[3.0, 4.0], [-0.6 * huge, 0.8 * huge], [0.3, 0.4]], dtype=dtype)
    limit_norms(weights, 1.0)
    np.testing.assert_allclose(weights, [[0.6, 0.8], [-0.6, 0.8], [0.3, 0.4]], rtol=1e-6)


@given(st.integers(1, 5), st.integers(1, 5), st.floats(0.01, 10), SEEDS)
def test_no_row_stays_longer_than_the_limit_and_shorter_ones_stay(n_rows, n_columns, limit, seed):
    rng = np.random.default_rng(seed)
    weights = rng.normal(0, 3, (n_rows, n_columns))
    weights[rng.random(n_rows) < 0.2] = 0
    before = weights.copy()
    limit_norms(weights, 1e200)  # a limit that nothing can exceed is none
    np.testing.assert_array_equal(weights, before)
    limit_norms(weights, limit)
    for row, old in zip(weights, before, strict=True):
        length = np.linalg.norm(old)
        if length > limit:
            np.testing.assert_allclose(row, old * limit / length)
        else:
            np.testing.assert_array_equal(row, old)


@pytest.mark.parametrize("option", [{"l2": 5.0}, {"max_norm": 0.1}])
def test_biases_are_neither_decayed_nor_limited(option):
    """With the inputs and all weights 0, the gradients of the biases do not depend on weights."""
    found = []
    for options in ({}, option):
        network, x, *rest = new_run("none", **options)
        network.parameters[...] = 0
        network.biases[-1][...] = [3, -2, 1]
        network.weights[0][...] = 1
        train(network, 0 * x, *rest)
        found.append((network.biases[-1].copy(), network.weights[0].copy()))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert (np.abs(found[0][1]) > np.abs(found[1][1])).all()  # but the weights are


@in_each_mode
def test_float32_stays_float32(mode, monkeypatch):
    seen = set()

    def spy(network, x, labels, masks, gradient, scale):
        arrays = [network.parameters, x, gradient, *(masks or [])]
        seen.update(array.dtype for array in arrays if isinstance(array, np.ndarray))
        return loss_and_gradient(network, x, labels, masks, gradient, scale)

    loss_and_gradient = noise.loss_and_gradient
    monkeypatch.setattr(noise, "loss_and_gradient", spy)
    options = {"learning_rate": np.float64(0.05), "l2": np.float64(0.01), "max_norm": 1.0}
    states = []
    network, x, *rest = new_run(mode, dtype=np.float32, **options)
    assert x.dtype == np.float64
    train(network, x, *rest, after_epoch=[states.append])
    assert seen | {states[0].change.dtype} == {np.dtype(np.float32)}
    monkeypatch.undo()
    if mode != "gaussian":  # whose noise is another in float64
        double, *rest = new_run(mode, dtype=np.float64, **options)
        train(double, *rest)
        np.testing.assert_allclose(network.parameters, double.parameters, rtol=1e-3, atol=1e-4)


@in_each_mode
def test_every_mode_learns_the_digits(mode):
    def every_other_pixel(images):
        pixels = scale_pixels(images).reshape(-1, 28, 28)[:, ::2, ::2]
        return np.ascontiguousarray(pixels).reshape(len(images), -1)

    images, labels, test_images, test_labels = sample_split()
    rng = np.random.default_rng(0)
    network = Network([14 * 14, 100, 10], rng)
    settings = Settings(epochs=6, batch_size=50, cooldown=5, mode=mode, input_drop=0.1)
    with threadpool_limits(1):  # more threads make products as small as these slower
        history = train(network, every_other_pixel(images), labels, settings, rng)
        assert error_rate(network, every_other_pixel(test_images), test_labels) < 0.11
    assert history.loss[-1] < history.loss[0] / 2
    assert history.accuracy[-1] > 0.8


# ---- history, state, callbacks -----------------------------------------------------------------


def test_the_history_has_an_entry_for_each_epoch_and_callbacks_see_it():
    seen = []
    history = train(*new_run(epochs=4), after_epoch=[lambda s: seen.append(len(s.history.loss))])
    assert seen == [1, 2, 3, 4]
    assert [len(history.loss), len(history.accuracy), len(history.seconds)] == [4, 4, 4]
    assert history.stopped == ""
    assert all(0 < seconds < 60 for seconds in history.seconds)
    assert all(type(number) is float for number in history.loss + history.accuracy)
    assert history == train(*new_run(epochs=4))  # whatever the seconds are
    assert History([1.0]) != History([2.0])


def test_a_callback_can_end_the_training():
    def end(state):
        if len(state.history.loss) == 2:
            state.history.stopped = "enough"

    later = []
    history = train(*new_run(), after_epoch=[end, lambda state: later.append(state.over)])
    assert (len(history.loss), history.stopped, later) == (2, "enough", [False, True])


@in_each_mode
def test_a_training_goes_on_from_its_state_with_the_same_bits(mode):
    class Stop(Exception):
        """Leaves the training after its first epoch."""

    def stop(state):
        states.append(state)
        raise Stop

    options = {"cooldown": 3, "momentum": 0.8}
    whole, states, run = new_run(mode, **options), [], new_run(mode, **options)
    wanted = outcome(whole[0], train(*whole))
    with pytest.raises(Stop):
        train(*run, after_epoch=[stop])
    assert outcome(run[0], train(*run, state=states[0])) == wanted
    assert outcome(run[0], train(*run, state=states[0])) == wanted  # nothing is left to do


def test_a_state_of_another_training_is_refused():
    network, x, labels, settings, rng = new_run()
    for state, message in (
        (State(Settings(), np.zeros_like(network.parameters)), r"the settings Settings\(.*, got S"),
        (State(settings, np.zeros(3)), rf"a change .*{network.parameters.size}.*\(3,\)"),
        (State(settings, None), r"a change .*, got None"),
        (State(settings, np.full_like(network.parameters, np.nan)), "a finite change"),
        (State(settings, network.parameters), "a change of its own"),
    ):
        with pytest.raises(ValueError, match=f"^state must have {message}"):
            train(network, x, labels, settings, rng, state=state)


# ---- divergence --------------------------------------------------------------------------------


@in_each_mode
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rate", [1e3, 1e30])
def test_a_diverged_training_says_where_and_leaves_the_network_as_before_the_batch(
    monkeypatch, mode, dtype, rate
):
    """Also, no warning of NumPy comes through: here it would be an error."""
    after_steps, step = [], training._step

    def spy(network, *rest):
        step(network, *rest)
        after_steps.append(network.parameters.copy())

    monkeypatch.setattr(training, "_step", spy)
    options = {"dtype": dtype, "learning_rate": rate, "sizes": (4, 30, 30, 30, 3)}
    network, *rest = new_run(mode, hidden_drop=0.2, **options)
    message = (
        r"^the training diverged: the loss is (nan|inf|\d\S+) in epoch 1 of 3, batch (\d) of 5, "
        r"at learning rate (1000|1e\+30)\. A smaller learning_rate may help, or smaller inputs$"
    )
    with pytest.raises(FloatingPointError, match=message) as caught:
        train(network, *rest)
    assert f"batch {len(after_steps) + 1} of 5, at learning rate {rate:g}." in str(caught.value)
    np.testing.assert_array_equal(network.parameters, after_steps[-1])
    assert np.isfinite(network.parameters).all()


@in_each_mode
def test_a_last_step_that_overflows_is_no_success(mode):
    network, x, *rest = new_run(mode, dtype=np.float32, epochs=1, batch_size=40, learning_rate=1e38)
    message = (
        r"^the training diverged: the parameters are not finite after epoch 1 of 1, at .*e\+38"
    )
    with pytest.raises(FloatingPointError, match=message):
        train(network, 1000 * x, *rest)


@pytest.mark.parametrize("loss", [NAN, INF, 1e10])
def test_the_loss_and_rate_that_are_named_are_those_of_the_batch(monkeypatch, loss):
    """A loss of 1e10 is too much, a little less is not."""
    losses = iter([9.9e9] * 11 + [loss])
    add_gradient = noise.Masks.add_gradient
    monkeypatch.setattr(
        noise.Masks, "add_gradient", lambda *a, **k: (next(losses), add_gradient(*a, **k)[1])
    )
    message = rf"loss is {loss} in epoch 3 of 4, batch 2 of 5, at learning rate 0\.0125\. "
    with pytest.raises(FloatingPointError, match=message):
        train(*new_run(epochs=4, decay=0.5))


# ---- the same bits -----------------------------------------------------------------------------


def finish(mode, seed=0):
    """Train in float32, and return the outcome."""
    network, *rest = new_run(mode, seed, dtype=np.float32)
    return outcome(network, train(network, *rest))


def test_the_same_seed_gives_the_same_bits_here_and_in_another_process():
    here = [finish(mode) for mode in MODES]
    assert len({result["parameters"] for result in here}) == len(MODES)
    assert all(finish(mode, seed=1)["parameters"] != one["parameters"]
               for mode, one in zip(MODES, here, strict=True))  # fmt: skip
    code = f"import test_training as t; print([t.finish(mode) for mode in t.MODES] == {here!r})"
    path = os.pathsep.join(["tests", "."])
    process = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert process.stdout == "True\n"
