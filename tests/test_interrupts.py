"""Ctrl-C in a training: it waits for the end of the step, and is not lost."""

import itertools
import signal
import threading

import numpy as np
import pytest
from small_training import by_hand, new_run

from helpers import noise, training
from helpers.noise import MODES
from helpers.training import train


@pytest.fixture(autouse=True)
def ctrl_c():
    """Ctrl-C as in a terminal: a run in the background of a shell starts with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def interrupt_at_call(monkeypatch, module, name, n, times=1):
    """Ctrl-C in the middle of the ``n``-th call of a function that the training uses."""
    function, calls = getattr(module, name), itertools.count(1)

    def interrupted(*arguments):
        if next(calls) == n:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        return function(*arguments)

    monkeypatch.setattr(module, name, interrupted)


def assert_trained(network, mode, n_steps):
    """The network is what ``n_steps`` whole steps make of it."""
    reference, *rest = new_run(mode)
    by_hand(reference, *rest, n_steps=n_steps)
    np.testing.assert_allclose(network.parameters, reference.parameters, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("n_steps", "place"),
    [
        (1, "in epoch 1 of 3, after batch 1 of 5"),
        (5, "in epoch 1 of 3, after batch 5 of 5"),
        (8, "in epoch 2 of 3, after batch 3 of 5"),
        (15, "in epoch 3 of 3, after batch 5 of 5"),
    ],
)
@pytest.mark.parametrize(("module", "name"), [(noise, "loss_and_gradient"), (training, "_step")])
def test_it_waits_for_the_end_of_the_step(monkeypatch, mode, n_steps, place, module, name):
    interrupt_at_call(monkeypatch, module, name, n_steps)
    network, *rest = new_run(mode)
    message = f"^training interrupted {place}; the network keeps what it has learned$"
    with pytest.raises(KeyboardInterrupt, match=message):
        train(network, *rest)
    assert_trained(network, mode, n_steps)


def test_a_second_one_does_not_wait(monkeypatch):
    interrupt_at_call(monkeypatch, noise, "loss_and_gradient", 3, times=2)
    network, *rest = new_run()
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        train(network, *rest)
    assert_trained(network, "mask", 2)


def test_between_two_epochs_it_does_not_wait():
    with pytest.raises(KeyboardInterrupt):
        train(*new_run(), after_epoch=[lambda state: signal.raise_signal(signal.SIGINT)])


def test_the_handler_of_before_is_back_after_an_error(monkeypatch):
    monkeypatch.setattr(training, "DIVERGED", 0)  # so that the first batch does
    with pytest.raises(FloatingPointError):
        train(*new_run())
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_one_that_is_ignored_stays_ignored(monkeypatch, ctrl_c):
    interrupt_at_call(monkeypatch, noise, "loss_and_gradient", 3)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert len(train(*new_run()).loss) == 3
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def test_a_training_in_a_thread_leaves_it_alone(monkeypatch):
    handlers, step = [], training._step
    monkeypatch.setattr(
        training, "_step", lambda *a: (handlers.append(signal.getsignal(signal.SIGINT)), step(*a))
    )
    thread = threading.Thread(target=lambda: train(*new_run()), daemon=True)
    thread.start()
    thread.join(60)
    train(*new_run())
    assert set(handlers[:15]) == {signal.default_int_handler}
    assert signal.default_int_handler not in handlers[15:]  # here, not in the thread, it waits
