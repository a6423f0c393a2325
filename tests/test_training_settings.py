"""What `Settings` and `train` refuse, and how they say so."""

import math

import numpy as np
import pytest
from small_training import new_run, samples

from helpers.training import Settings, train

NAN, INF = float("nan"), float("inf")
NO_NUMBERS = [True, np.False_, "0.1", [0.1]]


@pytest.mark.parametrize(
    ("name", "values", "error"),
    [
        ("epochs", [0, -1], ValueError),
        ("batch_size", [0, -1], ValueError),
        ("cooldown", [-1, 11], ValueError),
        *[(name, [1.5, 2.0, NAN, INF, *NO_NUMBERS], TypeError)
          for name in ("epochs", "batch_size", "cooldown")],
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
    ("name", "value", "allowed"),
    [
        ("learning_rate", 0, "above 0"),
        ("l2", -1, "at least 0"),
        ("momentum", -1, "at least 0"),
        ("max_norm", 0, "above 0"),
        ("decay", 2, "at most 1"),
        ("cooldown", 11, "from 0 to 10"),
        ("mode", "all", "one of none, mask, gaussian, slice"),
    ],
)
def test_the_message_says_what_is_allowed(name, value, allowed):
    with pytest.raises(ValueError, match=f"^{name} must be {allowed}, got {value!r}$"):
        Settings(**{name: value})


def test_the_limits_themselves_are_allowed_and_numbers_of_numpy_become_those_of_python():
    tiny = math.ulp(0)
    Settings(epochs=1, batch_size=1, cooldown=1, learning_rate=tiny, decay=tiny, max_norm=tiny)
    limits = Settings(momentum=0, l2=0, input_drop=0, hidden_drop=0, cooldown=0, decay=1)
    given = Settings(epochs=np.int64(5), learning_rate=np.float32(0.5), hidden_drop=np.float64(0.5))
    assert given == Settings(epochs=5, learning_rate=0.5)
    for each in (limits, given):
        types = {name: type(value) for name, value in vars(each).items()}
        whole = dict.fromkeys(["epochs", "batch_size", "cooldown"], int)
        others = {"max_norm": type(None), "mode": str}
        assert types == {**dict.fromkeys(types, float), **whole, **others}


X, LABELS = samples()
WITH_NAN = np.where(np.arange(X.size).reshape(X.shape) == 6, NAN, X)
ALIEN_LABEL = np.where(np.arange(len(LABELS)) == 5, 3, LABELS)


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("x", X[:, :3], ValueError, r"x must have shape \(n_samples, 4\).*, got \(40, 3\)"),
        ("x", (255 * X).astype(np.uint8), TypeError, "x must be floating-point .*; got uint8"),
        ("x", WITH_NAN, ValueError, r"x must be finite, got nan at index \(1, 2\)"),
        ("labels", ALIEN_LABEL, ValueError, "labels must be .* 0 to 2, got 3 at index 5"),
        ("labels", LABELS[:7], ValueError, "x and labels must have .* rows, got 40 and 7"),
        ("rng", 0, TypeError, r"rng must be a generator, such as np\.random\.default_rng.*; got 0"),
        ("rng", np.random.RandomState(0), TypeError, r"rng must be .*; got RandomState\(.*"),
        ("settings", "mask", TypeError, r"settings must be Settings\(\.\.\.\), got 'mask'"),
        ("settings", Settings, TypeError, r"settings must be Settings\(\.\.\.\), got <class .*"),
        (
            "after_epoch",
            print,
            TypeError,
            "after_epoch must be a list of functions, got <built-in.*",
        ),
        ("after_epoch", [3], TypeError, r"after_epoch must be a list of functions, got \[3\]"),
        ("state", 3, TypeError, r"state must be State\(\.\.\.\) or None, got 3"),
        ("network", None, TypeError, r"network must be Network\(\.\.\.\), got None"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_by_its_name(name, value, error, message):
    network, _, _, settings, rng = new_run()
    before, state = network.parameters.copy(), rng.bit_generator.state
    given = {"network": network, "x": X, "labels": LABELS, "settings": settings, "rng": rng}
    with pytest.raises(error, match=f"^{message}$"):
        train(**{**given, name: value})
    np.testing.assert_array_equal(network.parameters, before)
    assert rng.bit_generator.state == state


def test_labels_may_be_a_column_of_floats():
    (network, *rest), (other, x, labels, *same) = new_run(), new_run()
    train(network, *rest)
    train(other, x.tolist(), labels[:, np.newaxis].astype(float), *same)
    np.testing.assert_array_equal(other.parameters, network.parameters)
