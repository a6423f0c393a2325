"""Article B's grid: one run by hand on small fake data, and the record in ``results/``."""

import numpy as np
import pytest
from small_experiment import fake_mnist

from helpers.article_b import NeuralNetwork
from helpers.mnist import SCALINGS, one_hot, scale_pixels
from helpers.recorded import made_with, recorded
from tools.experiments import article_b
from tools.experiments.article_b import (
    FEW,
    ROUNDING_SETTINGS,
    SETTINGS,
    STEPS,
    train_article_b,
    train_rounded_twice,
)

SEEDS = 20  # notebook 6 says so

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
    found = train_article_b(DATA, seed=3)
    by_hand = NeuralNetwork(784, 10, 100, 0.1, rng=np.random.default_rng(3))
    inputs = scale_pixels(DATA[0])
    by_hand.train(inputs, one_hot(DATA[1]), 3, 1.0, 1.0, 100, verbose=False)
    np.testing.assert_array_equal(networks[0].wih, by_hand.wih)
    np.testing.assert_array_equal(networks[0].who, by_hand.who)
    correct = (
        by_hand.evaluate(inputs, DATA[1])[0],
        by_hand.evaluate(scale_pixels(DATA[2]), DATA[3])[0],
    )
    assert (found["train"], found["test"]) == (correct[0] / 120, correct[1] / 30)
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


def test_the_scaling_and_the_number_of_digits_reach_the_training_and_shrinking_the_start(networks):
    scaling = "x * (0.99 / 255) + 0.01"
    train_article_b(
        DATA, 3, epochs=1, no_of_dropout_tests=4, scaling=scaling, n_train=40, shrink=0.7
    )
    by_hand = NeuralNetwork(784, 10, 100, 0.1, rng=np.random.default_rng(3))
    by_hand.wih *= 0.7
    inputs = scale_pixels(DATA[0], scaling)[:40]
    by_hand.train(inputs, one_hot(DATA[1])[:40], 1, 1, 1, 4, verbose=False)
    np.testing.assert_array_equal(networks[0].wih, by_hand.wih)


def test_stuck_outputs_and_saturated_nodes_are_counted(monkeypatch):
    class Frozen(NeuralNetwork):
        def train(self, *_, **__):
            self.wih[:] = 0.0
            self.wih[:25] = 1.0  # a large sum: 25 of 100 nodes are above 0.99 for every image
            self.who[:] = 0.0
            self.who[[2, 7], :25] = 1.0

    monkeypatch.setattr(article_b, "NeuralNetwork", Frozen)
    found = train_article_b(DATA, 0)
    assert (found["stuck"], found["saturated"]) == (2, 0.25)


# ---- two ways to round -------------------------------------------------------------------------


def test_networks_that_differ_by_rounding_are_followed(monkeypatch):
    monkeypatch.setattr(article_b, "STEPS", (5, 100, 260))
    monkeypatch.setattr(article_b, "MOVE_AFTER", 100)
    monkeypatch.setattr(article_b, "N_MOVES", 7)
    made = []

    class Remembered(NeuralNetwork):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            made.append(self)

    monkeypatch.setattr(article_b, "NeuralNetwork", Remembered)
    found = train_rounded_twice(DATA, 4, init_mean=0.0, learning_rate=0.2)
    assert found["distance_5"] < found["distance_260"] < -10  # stable: rounding stays rounding
    order = np.arange(260) % 120  # two whole epochs and twenty samples, in the order of the images
    for network, scaling in zip(made, ("x / 255", "x * (1 / 255)"), strict=True):
        by_hand = NeuralNetwork(784, 10, 100, 0.2, rng=np.random.default_rng(4), init_mean=0.0)
        inputs, targets = scale_pixels(DATA[0], scaling)[order], one_hot(DATA[1])[order]
        by_hand.train(inputs, targets, 1, 1, 1, 1, verbose=False)
        np.testing.assert_allclose(network.wih, by_hand.wih, rtol=0, atol=1e-12)
    largest = max(abs(made[0].wih - made[1].wih).max(), abs(made[0].who - made[1].who).max())
    assert found["distance_260"] == pytest.approx(np.log10(largest))
    assert found["test"] == made[0].evaluate(scale_pixels(DATA[2]), DATA[3])[0] / 30
    after_100 = NeuralNetwork(784, 10, 100, 0.2, rng=np.random.default_rng(4), init_mean=0.0)
    inputs, targets = scale_pixels(DATA[0]), one_hot(DATA[1])
    after_100.train(inputs[:100], targets[:100], 1, 1, 1, 1, verbose=False)
    wih, who, moves = after_100.wih, after_100.who, []
    for x, target in zip(inputs[100:107], targets[100:107], strict=True):
        after_100.wih, after_100.who = wih.copy(), who.copy()
        after_100.train_single(x, target)
        moves.append(abs((after_100.wih - wih) @ x).max())
    assert found["move"] == pytest.approx(np.quantile(moves, 0.9))


# ---- the record --------------------------------------------------------------------------------


def test_every_run_of_article_b_is_recorded():
    found = recorded("article_b")
    assert list(found) == list(SETTINGS)
    for setting, runs in found.items():
        n_train = FEW if "digits" in setting else 60_000
        for part, n_images in (("train", n_train), ("test", 10_000)):
            assert runs[part].shape == (SEEDS,)
            assert (0 < runs[part]).all() and (runs[part] < 1).all()
            # a share of the images, rounded to six decimals
            correct = runs[part] * n_images
            np.testing.assert_allclose(correct, correct.round(), atol=0.31)
        assert set(runs["stuck"]) <= set(range(11))


def test_every_run_that_was_rounded_twice_is_recorded():
    found = recorded("article_b_rounding")
    assert list(found) == list(ROUNDING_SETTINGS)
    for runs in found.values():
        distances = np.array([runs[f"distance_{n}"] for n in STEPS])
        assert distances.shape == (len(STEPS), SEEDS)
        assert (-20 <= distances).all() and (distances < 3).all()


def test_the_roundings_grow_in_every_seed_or_in_none_as_notebook_6_says():
    found = recorded("article_b_rounding")
    for chaotic in ("mean 2", "mean 0, learning rate 0.5"):
        assert found[chaotic]["distance_180000"].min() > 0  # weights differ by more than 1
        # a pair may agree by chance
        assert (found[chaotic]["test"] != found[chaotic]["test_other"]).mean() > 0.9
    for stable in ("mean 0", "mean 2, learning rate 0.01"):
        assert found[stable]["distance_180000"].max() < -8
        np.testing.assert_array_equal(found[stable]["test"], found[stable]["test_other"])
    record = recorded("article_b")
    for result in ("train", "test"):
        one, other = (record[f"mean 0, {way}"][result] for way in ("x / 255", "x * (1 / 255)"))
        np.testing.assert_allclose(one, other, rtol=0, atol=1.1e-4)


@pytest.mark.parametrize("name", ["article_b", "article_b_rounding"])
def test_the_record_says_what_decides_its_bits(name):
    for versions in made_with(name):
        for part in ("python 3.", "numpy ", "scipy ", "openblas "):
            assert part in versions


def test_article_b_changes_one_thing_at_a_time():
    assert set(SCALINGS) == {s["scaling"] for s in SETTINGS.values()}
    for scaling in SCALINGS:
        assert SETTINGS[f"published, {scaling}"] == {"scaling": scaling}
    for name, settings in SETTINGS.items():
        change, _, scaling = name.rpartition(", ")
        assert settings["scaling"] == scaling
        both = 0.7 if "dropout" in change and "of inputs" not in change else None
        assert settings.get("active_hidden_percentage") == both
        assert settings.get("active_input_percentage") == (0.7 if "dropout" in change else None)
        assert settings.get("init_mean") == (0.0 if "mean 0" in change else None)
        assert settings.get("n_train") == (FEW if "digits" in change else None)
        assert ("rescale" in settings) == ("rescaled" in change)
        assert ("shrink" in settings) == ("× 0.7" in change)
