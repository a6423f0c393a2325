"""The paper's networks: one run by hand on small fake data, and the record in ``results/``."""

import json

import numpy as np
import pytest
from test_experiments import fake_mnist

from helpers import experiments, paper
from helpers.network import Network, error_rate
from helpers.paper import SETTINGS, train_mnist
from helpers.training import Settings, train

DATA = fake_mnist(n_train=300, n_test=100)
QUICK = {"hidden": (20,), "epochs": 3, "batch_size": 64, "learning_rate": 0.003, "mode": "mask"}


def by_hand(images, labels, test_images, test_labels):
    """What a run with ``QUICK`` and seed 3 should give, minutes aside."""
    rng = np.random.default_rng(3)
    network = Network([784, 20, 10], rng)
    x, test_x = (a.reshape(-1, 784) / np.float32(255) for a in (images, test_images))
    settings = Settings(epochs=3, batch_size=64, learning_rate=0.003, mode="mask")
    train(network, x, labels, settings, rng, verbose=False)
    return {
        "train_error": 100 * error_rate(network, x, labels),
        "test_error": 100 * error_rate(network, test_x, test_labels),
        "updates": 3 * -(-len(x) // 64),
    }


def without_minutes(results):
    """The results in their order, but for the one that no two runs share."""
    assert tuple(results) == paper.RESULTS and results["minutes"] > 0
    return {name: value for name, value in results.items() if name != "minutes"}


def test_a_run_trains_on_all_training_images_and_tests_on_the_test_images():
    found = without_minutes(train_mnist(DATA, 3, **QUICK))
    assert found == by_hand(*DATA) and found["test_error"] > 0


def test_choices_are_made_on_held_out_training_images_without_the_test_images(monkeypatch):
    monkeypatch.setattr(paper, "HELD_OUT", 60)
    unseen = (DATA[0], DATA[1], None, None)
    images, labels = DATA[:2]
    expected = by_hand(images[:240], labels[:240], images[240:], labels[240:])
    assert without_minutes(train_mnist(unseen, 3, held_out=True, **QUICK)) == expected


def test_a_run_that_was_stopped_goes_on_from_its_checkpoint(tmp_path):
    checkpoint = tmp_path / "run.npz"
    whole = train_mnist(DATA, 3, checkpoint=checkpoint, **QUICK)
    assert checkpoint.exists()
    # all epochs are done: the same minutes come out of the file
    assert train_mnist(DATA, 3, checkpoint=checkpoint, **QUICK) == whole
    assert without_minutes(whole) == without_minutes(train_mnist(DATA, 3, **QUICK))


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_can_be_trained_and_its_name_says_what_it_does(name):
    options = {key: value for key, value in SETTINGS[name].items() if key != "hidden"}
    settings = Settings(**options)
    assert ("dropout" in name) == (settings.mode == "mask")
    assert ("max-norm" in name) == (settings.max_norm is not None)
    assert (settings.input_drop, settings.hidden_drop) == (0.2, 0.5)  # the paper's
    assert settings.patience is None  # the error is that of the last epoch


def test_the_record_has_errors_of_whole_images_and_all_updates():
    path = experiments.file_of("paper", experiments.RESULTS)
    runs = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    assert runs
    for run in runs:
        for part, n_images in (("train_error", 60_000), ("test_error", 10_000)):
            wrong = run[part] / 100 * n_images
            assert wrong == pytest.approx(round(wrong), abs=0.01)
        assert run["updates"] == SETTINGS[run["setting"]]["epochs"] * 469
        assert 0 < run["minutes"] < 240
