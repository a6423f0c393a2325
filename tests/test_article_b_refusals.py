"""What article B's class refuses, and that it changes nothing then."""

import numpy as np
import pytest
from small_network import assert_weights, new_network, samples, weights

from helpers.article_b import NeuralNetwork

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("argument", "value", "error", "message"),
    [
        ("no_of_in_nodes", 0, ValueError, "at least 1, got 0"),
        ("no_of_out_nodes", -1, ValueError, "at least 1, got -1"),
        ("no_of_hidden_nodes", 2.5, TypeError, "a whole number, got 2.5"),
        ("learning_rate", 0, ValueError, "positive, got 0"),
        ("learning_rate", -0.1, ValueError, "positive, got -0.1"),
        ("learning_rate", INF, ValueError, "finite, got inf"),
        ("learning_rate", NAN, ValueError, "finite, got nan"),
        ("learning_rate", None, TypeError, "a number, got None"),
        ("bias", NAN, ValueError, "finite, got nan"),
        ("bias", "1", TypeError, "a number, got '1'"),
        ("init_mean", INF, ValueError, "finite, got inf"),
        ("init_mean", -1e10, ValueError, r"from -100 to 100, got -1e\+10"),
    ],
)
def test_a_network_that_cannot_be_is_refused(argument, value, error, message):
    arguments = {
        "no_of_in_nodes": 3,
        "no_of_out_nodes": 2,
        "no_of_hidden_nodes": 4,
        "learning_rate": 0.1,
    }
    with pytest.raises(error, match=rf"^{argument} must be {message}$"):
        NeuralNetwork(**arguments | {argument: value})


INPUTS, TARGETS, LABELS = samples(8)
WITH_NAN, WITH_INF = INPUTS.copy(), TARGETS.copy()
WITH_NAN[5, 2], WITH_INF[7, 0] = NAN, INF


def train(network, data=INPUTS, targets=TARGETS, **settings):
    network.train(data, targets, **{"no_of_dropout_tests": 2, "verbose": False} | settings)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        pytest.param(call, error, message, id=message)
        for call, error, message in [
            *(
                (
                    lambda net, name=name, value=value: train(net, **{name: value}),
                    ValueError,
                    rf"{name} must be (in \(0, 1\], .*;|finite,) got {value}",
                )
                for name in ("active_input_percentage", "active_hidden_percentage")
                for value in (0.0, -0.1, 1.1, NAN)
            ),
            (
                lambda net: train(net, active_input_percentage="70 %"),
                TypeError,
                "active_input_percentage must be a number, got '70 %'",
            ),
            (
                lambda net: train(net, verbose="no"),
                TypeError,
                "verbose must be True or False, got 'no'",
            ),
            (
                lambda net: train(net, active_input_percentage=0.1),
                ValueError,
                "active_input_percentage must keep .* of 6 nodes, got 0.1",
            ),
            (
                lambda net: train(net, active_hidden_percentage=0.19),
                ValueError,
                "active_hidden_percentage must keep .* of 5 nodes, got 0.19",
            ),
            (
                lambda net: train(net, INPUTS[:, :4]),
                ValueError,
                r"data_array must have shape \(any, 6\), got \(8, 4\)",
            ),
            (
                lambda net: train(net, INPUTS[0]),
                ValueError,
                r"data_array must have shape \(any, 6\), got \(6,\)",
            ),
            (
                lambda net: train(net, INPUTS[:0], TARGETS[:0]),
                ValueError,
                r"data_array must not be empty, got shape \(0, 6\)",
            ),
            (
                lambda net: train(net, WITH_NAN),
                ValueError,
                r"data_array must be finite, got nan at index \(5, 2\)",
            ),
            (
                lambda net: train(net, targets=TARGETS[:, :2]),
                ValueError,
                r"labels_one_hot_array must have shape \(any, 3\), got \(8, 2\)",
            ),
            (
                lambda net: train(net, targets=LABELS),
                ValueError,
                r"labels_one_hot_array must have shape \(any, 3\), got \(8,\)",
            ),
            (
                lambda net: train(net, targets=WITH_INF),
                ValueError,
                r"labels_one_hot_array must be finite, got inf at index \(7, 0\)",
            ),
            (
                lambda net: train(net, targets=TARGETS[:6]),
                ValueError,
                "data_array and labels_one_hot_array must have .* rows, got 8 and 6",
            ),
            (
                lambda net: train(net, no_of_dropout_tests=9),
                ValueError,
                "no_of_dropout_tests must be from 1 to 8, got 9",
            ),
            (
                lambda net: train(net, no_of_dropout_tests=0),
                ValueError,
                "no_of_dropout_tests must be from 1 to 8, got 0",
            ),
            (
                lambda net: train(net, no_of_dropout_tests=2.5),
                TypeError,
                "no_of_dropout_tests must be a whole number, got 2.5",
            ),
            (lambda net: train(net, epochs=0), ValueError, "epochs must be at least 1, got 0"),
            (
                lambda net: net.train_single(INPUTS[0, :4], TARGETS[0]),
                ValueError,
                r"input_vector must have shape \(6,\), got \(4,\)",
            ),
            (
                lambda net: net.train_single(WITH_NAN[5], TARGETS[0]),
                ValueError,
                r"input_vector must be finite, got nan at index \(2,\)",
            ),
            (
                lambda net: net.train_single(INPUTS[0], TARGETS[0, :2]),
                ValueError,
                r"target_vector must have shape \(3,\), got \(2,\)",
            ),
            (
                lambda net: net.run(INPUTS[0, :4]),
                ValueError,
                r"input_vector must have shape \(6,\), got \(4,\)",
            ),
            (
                lambda net: net.predict(WITH_NAN),
                ValueError,
                r"data must be finite, got nan at index \(5, 2\)",
            ),
            (
                lambda net: net.evaluate(INPUTS, LABELS[:5]),
                ValueError,
                "data and labels must have .* rows, got 8 and 5",
            ),
            (
                lambda net: net.evaluate(INPUTS, TARGETS),
                ValueError,
                r"labels must have shape \(n,\) or \(n, 1\), got \(8, 3\)",
            ),
            (
                lambda net: net.evaluate(INPUTS, [*LABELS[:7], 3]),
                ValueError,
                "labels must be whole numbers from 0 to 2, got 3 at index 7",
            ),
            (
                lambda net: net.confusion_matrix(INPUTS, [-1, *LABELS[1:]]),
                ValueError,
                "labels must be whole numbers from 0 to 2, got -1 at index 0",
            ),
            (
                lambda net: net.dropout_weight_matrices(active_hidden_percentage=2.0),
                ValueError,
                r"active_hidden_percentage must be in \(0, 1\], .*; got 2.0",
            ),
        ]
    ],
)
def test_bad_input_is_refused_and_changes_nothing(call, error, message):
    network = new_network()
    before = weights(network)
    with pytest.raises(error, match=f"^{message}$"):
        call(network)
    assert_weights(network, before, atol=0)
    # not even a random number was drawn
    untouched = new_network()
    train(network)
    train(untouched)
    assert_weights(network, weights(untouched), atol=0)


@pytest.mark.filterwarnings("ignore:.*encountered")
@pytest.mark.parametrize(
    ("data", "options"),
    [
        (INPUTS * 1e200, {}),
        (INPUTS * 1e3, {"learning_rate": 1e308}),
        (INPUTS * 1e3, {"learning_rate": 1e308, "true_gradient": True}),
    ],
    ids=["inputs", "learning rate", "true gradient"],
)
def test_a_training_whose_weights_are_no_numbers_any_more_stops_before_them(data, options):
    network = new_network(**options)
    with pytest.raises(
        FloatingPointError, match=r"not finite after part \d of epoch \d: take a sm"
    ):
        train(network, data, epochs=50)
    assert all(np.isfinite(matrix).all() for matrix in weights(network))


@pytest.mark.filterwarnings("ignore:.*encountered")
def test_a_step_whose_weights_are_no_numbers_any_more_is_not_made():
    network = new_network(learning_rate=1e308)
    with pytest.raises(FloatingPointError, match=r"^the step gives weights that are not finite"):
        for row, target in zip(INPUTS * 1e3, TARGETS, strict=True):
            before = weights(network)
            network.train_single(row, target)
    assert_weights(network, before)


@pytest.mark.parametrize(
    ("change", "value"), [(lambda t: t * 0 + 5, "5"), (lambda t: t * 0 - 3, "-3")]
)
def test_targets_that_a_sigmoid_cannot_give_are_refused(change, value):
    network = new_network()
    before = weights(network)
    for call in (
        lambda: train(network, targets=change(TARGETS)),
        lambda: network.train_single(INPUTS[0], change(TARGETS[0])),
    ):
        with pytest.raises(ValueError, match=rf"must be from 0 to 1, .*; got {value}"):
            call()
    assert_weights(network, before)


@pytest.mark.parametrize("method", ["train", "train_single", "predict", "run", "evaluate"])
def test_pixels_as_they_come_from_a_file_are_refused_by_every_method(method):
    network = new_network()
    pixels = (255 * INPUTS).astype(np.uint8)
    arguments = {
        "train": (pixels, TARGETS),
        "train_single": (pixels[0], TARGETS[0]),
        "predict": (pixels,),
        "run": (pixels[0],),
        "evaluate": (pixels, LABELS),
    }
    first, *rest = arguments[method]
    for raw in (first, first.astype(np.uint16), first.tolist(), first.astype(float)):
        with pytest.raises(TypeError, match=r"must be scaled pixels, such as scale_pixels gives"):
            getattr(network, method)(raw, *rest)


@pytest.mark.parametrize(
    "change", [lambda k: k.reverse(), lambda k: k.append(5), lambda k: k.pop()]
)
def test_numbers_of_nodes_that_a_caller_has_changed_are_refused_and_the_right_ones_are_not(change):
    network = new_network()
    before = weights(network)
    inputs, hidden = network.dropout_weight_matrices(0.5, 0.6)
    changed = inputs.copy(), hidden.copy()
    change(inputs)
    with pytest.raises(ValueError, match=r"node numbers that dropout_weight_matrices returned"):
        network.weight_matrices_reset(inputs, hidden)
    network.weight_matrices_reset(*changed)
    assert_weights(network, before)
