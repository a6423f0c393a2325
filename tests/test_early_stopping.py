"""Early stopping: it ends when patience is over, and the best epoch is what is left."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_training import new_run, samples

from helpers import early_stopping
from helpers.early_stopping import EarlyStopping
from helpers.network import error_rate
from helpers.training import History, State, train


def train_with_errors(errors, patience):
    """A training of as many epochs as ``errors``, which are those on the validation data."""
    network, *rest = new_run("none", epochs=len(errors))
    parameters, left = [], iter(errors)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(early_stopping, "error_rate", lambda *_: next(left))
        stopping = EarlyStopping(network, *samples(), patience)
        look = [lambda _: parameters.append(network.parameters.copy()), stopping]
        history = train(network, *rest, after_epoch=look)
    return network, history, stopping, parameters


@given(st.lists(st.sampled_from([0.1, 0.2, 0.3]), min_size=1, max_size=8), st.integers(1, 4))
def test_it_stops_when_patience_is_over_and_keeps_the_best_epoch(errors, patience):
    network, history, stopping, parameters = train_with_errors(errors, patience)
    best, n_epochs = 0, 0
    for epoch, error in enumerate(errors):
        n_epochs = epoch + 1
        if error < errors[best]:
            best = epoch
        if epoch - best == patience:
            break
    assert stopping.errors == errors[:n_epochs]
    assert len(history.loss) == len(parameters) == n_epochs
    np.testing.assert_array_equal(network.parameters, parameters[best])
    if n_epochs == len(errors):
        assert history.stopped == ""
    else:
        assert history.stopped == (
            f"stopped after epoch {n_epochs} of {len(errors)}: no lower validation error since "
            f"epoch {best + 1}, whose weights are restored"
        )


def test_without_patience_the_errors_are_noted_and_nothing_else():
    network, history, stopping, parameters = train_with_errors([0.1, 0.2, 0.3], None)
    assert (stopping.errors, history.stopped) == ([0.1, 0.2, 0.3], "")
    np.testing.assert_array_equal(network.parameters, parameters[-1])


def test_a_training_that_goes_on_is_told_by_its_own_epochs():
    network, x, labels, settings, rng = new_run("none", epochs=9)
    state = State(settings, np.zeros_like(network.parameters), History([1.0] * 4, [0.0] * 4))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(early_stopping, "error_rate", lambda *_: 0.5)
        stopping = EarlyStopping(network, *samples(), 2)
        history = train(network, x, labels, settings, rng, [stopping], state)
    assert history.stopped == (
        "stopped after epoch 7 of 9: no lower validation error since epoch 5, "
        "whose weights are restored"
    )


def test_it_serves_one_training():
    network, *rest = new_run(epochs=3)
    stopping = EarlyStopping(network, *samples(), 1)
    train(network, *rest, after_epoch=[stopping])
    seen = len(stopping.errors)
    with pytest.raises(ValueError, match=rf"^EarlyStopping has seen epoch {seen} .*, got epoch 1:"):
        train(network, *rest, after_epoch=[stopping])


def test_the_errors_are_those_of_the_whole_network():
    network, *rest = new_run()
    stopping = EarlyStopping(network, *samples(30, seed=2))
    history = train(network, *rest, after_epoch=[stopping])
    assert stopping.errors[-1] == error_rate(network, *samples(30, seed=2))
    assert history == train(*new_run())  # to look at validation data changes nothing


@pytest.mark.parametrize(
    ("patience", "labels", "error", "message"),
    [
        (0, [0, 1], ValueError, "patience must be at least 1"),
        (2.0, [0, 1], TypeError, "patience must be a whole number"),
        (1, [0, 3], ValueError, "labels must be"),
    ],
)
def test_bad_arguments_are_refused_by_their_names(patience, labels, error, message):
    with pytest.raises(error, match=f"^{message}"):
        EarlyStopping(new_run()[0], np.zeros((2, 4)), labels, patience)
