"""Article B's settings: one run by hand on small fake data, and the record in ``results/``."""

import numpy as np
import pytest
from test_experiments import fake_mnist

from helpers import article_b
from helpers.article_b import SETTINGS, run_article_b, train_article_b
from helpers.experiments import recorded
from helpers.mnist import one_hot, scale_pixels
from helpers.slicing import NeuralNetwork

DATA = fake_mnist()


@pytest.fixture
def networks(monkeypatch):
    """The networks that an experiment trains: their arguments, and their weights when born."""
    made = []

    class Remembered(NeuralNetwork):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.born = self.wih.copy(), self.who.copy()
            made.append(self)

    monkeypatch.setattr(article_b, "NeuralNetwork", Remembered)
    return made


def test_a_run_without_settings_is_the_published_one(networks, capsys):
    accuracies = train_article_b(DATA, seed=3)
    by_hand = NeuralNetwork(784, 10, 100, 0.1, rng=np.random.default_rng(3))
    inputs = scale_pixels(DATA[0])
    by_hand.train(inputs, one_hot(DATA[1]), 3, 1.0, 1.0, 100, verbose=False)
    np.testing.assert_array_equal(networks[0].wih, by_hand.wih)
    np.testing.assert_array_equal(networks[0].who, by_hand.who)
    correct = (
        by_hand.evaluate(inputs, DATA[1])[0],
        by_hand.evaluate(scale_pixels(DATA[2]), DATA[3])[0],
    )
    assert accuracies == (correct[0] / 120, correct[1] / 30)
    assert capsys.readouterr().out == ""


def test_settings_reach_the_training_and_options_the_network(networks):
    settings = {
        "epochs": 2,
        "no_of_dropout_tests": 5,
        "active_input_percentage": 0.3,
        "active_hidden_percentage": 0.6,
    }
    options = {"init_mean": 0.0, "rescale": True, "true_gradient": True}
    train_article_b(DATA, seed=3, **settings, **options)
    by_hand = NeuralNetwork(784, 10, 100, 0.1, rng=np.random.default_rng(3), **options)
    by_hand.train(scale_pixels(DATA[0]), one_hot(DATA[1]), **settings, verbose=False)
    np.testing.assert_array_equal(networks[0].wih, by_hand.wih)


def test_a_seed_starts_with_the_same_weights_whatever_the_settings(networks):
    for seed, settings in ((1, {"epochs": 1}), (1, {"active_input_percentage": 0.5}), (2, {})):
        train_article_b(DATA, seed, **settings)
    first, same_seed, other_seed = (network.born[0] for network in networks)
    np.testing.assert_array_equal(first, same_seed)
    assert (first != other_seed).all()


def test_a_run_of_article_b_gives_its_accuracies_by_name():
    train, test = train_article_b(DATA, 3, epochs=1, no_of_dropout_tests=4)
    found = run_article_b(DATA, 3, epochs=1, no_of_dropout_tests=4)
    assert found == {"train": train, "test": test} and train != test


# ---- the record --------------------------------------------------------------------------------


def test_every_run_of_article_b_is_recorded():
    found = recorded("article_b")
    assert list(found) == list(SETTINGS)
    for accuracies in found.values():
        for part, n_images in (("train", 60_000), ("test", 10_000)):
            assert accuracies[part].shape == (10,)
            assert (0 < accuracies[part]).all() and (accuracies[part] < 1).all()
            # a share of the images, rounded to five decimals
            correct = accuracies[part] * n_images
            np.testing.assert_allclose(correct, correct.round(), atol=0.301)


def test_article_b_changes_one_thing_at_a_time():
    assert SETTINGS["article"] == {}
    assert {"init_mean", "rescale", "true_gradient", "no_of_dropout_tests"} < {
        key for settings in SETTINGS.values() for key in settings
    }
    assert all(
        settings.get("active_input_percentage") == (0.7 if "dropout" in name else None)
        and settings.get("active_hidden_percentage") == (0.7 if "dropout" in name else None)
        and settings.get("init_mean") == (0.0 if "zero mean" in name else None)
        for name, settings in SETTINGS.items()
    )
