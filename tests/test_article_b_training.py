"""Article B's class in training and in use; the reference is ``article_b.py``, a transcription."""

import article_b
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from small_network import N_HIDDEN, N_IN, N_OUT, assert_weights, new_network, samples, weights

from helpers import two_matrices
from helpers.article_b import NeuralNetwork
from helpers.slicing import squared_error_gradients

with_and_without_bias = pytest.mark.parametrize("bias", [None, 1.0, 0.3])
with_and_without_dropout = pytest.mark.parametrize("active", [(1, 1), (0.7, 0.5)])


# ---- training -----------------------------------------------------------------------------


@with_and_without_bias
@with_and_without_dropout
def test_training_equals_the_article_s(bias, active):
    epochs, parts = 2, 4
    inputs, targets, _ = samples(300)
    network, transcription = new_network(bias), new_network(bias)
    network.train(inputs, targets, epochs, *active, parts, verbose=False)
    for _ in range(epochs):
        for part in np.split(np.arange(300), parts):
            kept, hidden = transcription.dropout_weight_matrices(*active)
            for k in part:
                article_b.train_single(
                    transcription.wih, transcription.who, 0.1, inputs[k, kept], targets[k], bias
                )
            transcription.weight_matrices_reset(kept, hidden)
    assert_weights(network, weights(transcription), atol=1e-9)


@with_and_without_bias
@pytest.mark.parametrize("options", [{}, {"true_gradient": True, "rescale": True}])
def test_training_is_the_same_step_for_each_sample_in_turn(bias, options):
    inputs, targets, _ = samples(70)
    network, one_by_one = new_network(bias, **options), new_network(bias, **options)
    network.train(inputs, targets, 1, 0.7, 0.5, 1, verbose=False)
    active = one_by_one.dropout_weight_matrices(0.7, 0.5)
    for x, target in zip(inputs, targets, strict=True):
        one_by_one.train_single(x[active[0]], target)
    one_by_one.weight_matrices_reset(*active)
    assert_weights(network, weights(one_by_one))


@settings(max_examples=30)
@given(st.integers(1, 30), st.data())
def test_any_number_of_parts_uses_every_sample_once_an_epoch(n, data):
    # with all nodes active a part more or less makes no difference
    inputs, targets, _ = samples(n)
    parts = data.draw(st.integers(1, n))
    network, one_by_one = new_network(), new_network()
    network.train(inputs, targets, 2, 1, 1, parts, verbose=False)
    for x, target in [*zip(inputs, targets, strict=True)] * 2:
        one_by_one.train_single(x, target)
    assert_weights(network, weights(one_by_one))


@settings(max_examples=30)
@given(st.integers(1, 150), st.data())
def test_the_parts_are_of_nearly_equal_size_and_each_has_a_thinned_network_of_its_own(n, data):
    parts = data.draw(st.integers(1, n))
    network, sizes = new_network(), []
    thinning, steps = network.dropout_weight_matrices, network._train_rows

    def thin_and_count(*active):
        assert active == (0.7, 0.5)
        sizes.append(0)
        return thinning(*active)

    def count(data, targets, columns):
        sizes[-1] += len(data)
        steps(data, targets, columns)

    network.dropout_weight_matrices, network._train_rows = thin_and_count, count
    inputs, targets, _ = samples(n)
    network.train(inputs, targets, 2, 0.7, 0.5, parts, verbose=False)
    assert len(sizes) == 2 * parts
    assert sum(sizes) == 2 * n
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("block", [1, 7, 1000])
@pytest.mark.parametrize("options", [{}, {"true_gradient": True, "rescale": True}])
def test_the_size_of_a_block_changes_the_speed_only(monkeypatch, block, options):
    inputs, targets, _ = samples(200)
    networks = [new_network(0.5, **options) for _ in range(2)]
    networks[0].train(inputs, targets, 1, 0.7, 0.5, 3, verbose=False)
    monkeypatch.setattr(two_matrices, "BLOCK", block)
    networks[1].train(inputs, targets, 1, 0.7, 0.5, 3, verbose=False)
    assert_weights(networks[0], weights(networks[1]))


def test_training_trains_ten_parts_of_seventy_percent_for_one_epoch_if_nothing_else_is_said():
    inputs, targets, _ = samples(50)
    plain, explicit = new_network(), new_network()
    plain.train(inputs, targets)
    explicit.train(
        inputs,
        targets,
        epochs=1,
        active_input_percentage=0.70,
        active_hidden_percentage=0.70,
        no_of_dropout_tests=10,
    )
    assert_weights(plain, weights(explicit), atol=0)


def test_training_prints_its_epochs_unless_told_not_to(capsys):
    inputs, targets, _ = samples(10)
    new_network().train(inputs, targets, epochs=2)
    assert capsys.readouterr().out == "epoch:  0\nepoch:  1\n"
    new_network().train(inputs, targets, verbose=False)
    assert capsys.readouterr().out == ""


def test_training_reduces_the_loss_and_leaves_the_data_alone():
    network = new_network()
    inputs, targets, _ = samples(50)
    copies = inputs.copy(), targets.copy()
    before = squared_error_gradients(*weights(network), inputs, targets)[0]
    network.train(inputs, targets, 50, 1, 1, 5, verbose=False)
    assert squared_error_gradients(*weights(network), inputs, targets)[0] < 0.9 * before
    np.testing.assert_array_equal(inputs, copies[0])
    np.testing.assert_array_equal(targets, copies[1])


@pytest.mark.parametrize("failure", [KeyboardInterrupt, MemoryError, FloatingPointError])
@pytest.mark.parametrize("done", [0, 1, 30, 75, 99])
def test_what_was_learned_before_a_failure_is_kept(monkeypatch, failure, done):
    inputs, targets, _ = samples(100)
    network, until_then = new_network(1.0), new_network(1.0)
    calls = iter(range(2 * done))  # each sample needs the sigmoid twice

    def failing_sigmoid(z):
        if next(calls, None) is None:
            raise failure
        return expit(z)

    with monkeypatch.context() as patch:
        patch.setattr(two_matrices, "sigmoid", failing_sigmoid)
        with pytest.raises(failure):
            network.train(inputs, targets, 1, 0.5, 0.4, 2, verbose=False)
    for part in (range(50), range(50, 100))[: done // 50 + 1]:
        active = until_then.dropout_weight_matrices(0.5, 0.4)
        for k in part:
            if k < done:
                until_then.train_single(inputs[k, active[0]], targets[k])
        until_then.weight_matrices_reset(*active)
    assert_weights(network, weights(until_then))
    network.train(inputs, targets, verbose=False)


# ---- using a network ----------------------------------------------------------------------


@with_and_without_bias
@pytest.mark.parametrize("rescale", [False, True])
def test_a_run_is_a_forward_pass_with_all_nodes_and_no_rescaling(bias, rescale):
    network = new_network(bias, rescale=rescale)
    inputs, targets, _ = samples(20)
    network.train(inputs, targets, 1, 0.5, 0.4, 4, verbose=False)
    bias_node = [] if bias is None else [bias]
    expected = [
        expit(network.who @ [*expit(network.wih @ [*x, *bias_node]), *bias_node]) for x in inputs
    ]
    np.testing.assert_allclose(network.predict(inputs), expected, rtol=1e-12)
    for shape in ((N_IN,), (N_IN, 1)):
        output = network.run(inputs[0].reshape(shape))
        assert output.shape == (N_OUT, 1)
        np.testing.assert_allclose(output[:, 0], expected[0], rtol=1e-12)


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_evaluation_counts_what_single_runs_give(shape):
    network = new_network(init_mean=0.0)
    inputs, _, labels = samples(60)
    pairs = [(label, int(network.run(x).argmax())) for x, label in zip(inputs, labels, strict=True)]
    corrects = sum(label == predicted for label, predicted in pairs)
    assert 0 < corrects < 60
    assert network.evaluate(inputs, labels.reshape(shape)) == (corrects, 60 - corrects)
    assert network.confusion_matrix(inputs, labels.reshape(shape)) == {
        pair: pairs.count(pair) for pair in sorted(set(pairs))
    }


def test_the_driver_cells_of_the_article_run(capsys):
    train_imgs, train_labels_one_hot, train_labels = samples(40)
    test_imgs, _, test_labels = samples(12, seed=2)
    test_labels = test_labels.reshape(-1, 1)
    simple_network = NeuralNetwork(
        no_of_in_nodes=N_IN, no_of_out_nodes=N_OUT, no_of_hidden_nodes=N_HIDDEN, learning_rate=0.1
    )
    simple_network.train(
        train_imgs,
        train_labels_one_hot,
        active_input_percentage=1,
        active_hidden_percentage=1,
        no_of_dropout_tests=7,
        epochs=3,
    )
    assert capsys.readouterr().out == "epoch:  0\nepoch:  1\nepoch:  2\n"
    corrects, wrongs = simple_network.evaluate(train_imgs, train_labels)
    assert 0 <= corrects / (corrects + wrongs) <= 1 and corrects + wrongs == 40
    corrects, wrongs = simple_network.evaluate(test_imgs, test_labels)
    assert corrects + wrongs == 12
    counts = simple_network.confusion_matrix(test_imgs, test_labels)
    assert sum(counts.values()) == 12
    assert sum(n for (target, predicted), n in counts.items() if target == predicted) == corrects
