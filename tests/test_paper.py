"""The paper's networks: one run by hand on small fake data, and the record in ``results/``."""

import numpy as np
import pytest
from test_experiments import fake_mnist

from helpers import experiments, paper, paper_table, records
from helpers.experiments import recorded
from helpers.network import Network, error_rate
from helpers.paper import CHOICES, SETTINGS, train_mnist
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


# ---- the settings and the record ---------------------------------------------------------------

MODE_OF = {"dropout": "mask", "slice": "slice", "Gaussian": "gaussian"}  # by a name's first word
EXPERIMENT_SETTINGS = {"paper": SETTINGS, "paper_choices": CHOICES}


def settings_of(options):
    """The options that are those of ``train``."""
    own = ("hidden", "held_out")
    return Settings(**{name: value for name, value in options.items() if name not in own})


@pytest.mark.parametrize("name", [*SETTINGS, *CHOICES])
def test_a_name_says_what_the_setting_does(name):
    options = {**SETTINGS, **CHOICES}[name]
    settings = settings_of(options)
    assert settings.mode == MODE_OF.get(name.split(",")[0], "none")
    assert ("max-norm" in name) == (settings.max_norm is not None)
    assert ("L2" in name) == (settings.l2 > 0)
    assert options.get("hidden") == ((800, 800) if "2 x 800" in name else None)
    # the paper's
    assert (settings.input_drop, settings.hidden_drop) == (0.2, 0.5)
    assert settings.patience is None  # the error is that of the last epoch


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_trained_on_all_images_for_the_epochs_in_its_name(name):
    assert "held_out" not in SETTINGS[name]
    assert name.endswith(f", {SETTINGS[name]['epochs']} epochs")


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_is_made_on_held_out_images_and_its_name_says_what_is_tried(name):
    assert CHOICES[name]["held_out"] is True
    option, value = name.split(", ")[-1].split()
    assert CHOICES[name][option] == float(value)
    assert "max-norm 1," not in name or CHOICES[name]["max_norm"] == 1


@pytest.mark.parametrize("name", SETTINGS)
def test_what_was_chosen_had_the_lowest_held_out_error_or_nearly(name):
    errors = {
        choice: found["test_error"].mean() for choice, found in recorded("paper_choices").items()
    }
    kind = name.removesuffix(f", {SETTINGS[name]['epochs']} epochs")
    kind = kind.replace("Gaussian", "dropout")  # the other noise is compared at the same settings
    of_kind = [choice for choice in errors if choice.rsplit(", ", 1)[0].removesuffix(" 1") == kind]
    compared = ("learning_rate", "max_norm", "l2", "momentum", "hidden")
    (chosen,) = (
        choice
        for choice in of_kind
        if all(CHOICES[choice].get(option) == SETTINGS[name].get(option) for option in compared)
    )
    assert errors[chosen] <= min(errors[choice] for choice in of_kind) + 0.05


def test_the_record_has_errors_of_whole_images_and_all_updates():
    for experiment, settings in EXPERIMENT_SETTINGS.items():
        for name, found in recorded(experiment).items():
            n_train, n_test, n_batches = (
                (50_000, 10_000, 391) if "held_out" in settings[name] else (60_000, 10_000, 469)
            )
            for part, n_images in (("train_error", n_train), ("test_error", n_test)):
                wrong = found[part] / 100 * n_images
                assert wrong == pytest.approx(wrong.round(), abs=0.01)
            assert (found["updates"] == settings[name]["epochs"] * n_batches).all()
            assert ((found["minutes"] > 0) & (found["minutes"] < 240)).all()


# ---- the page ----------------------------------------------------------------------------------


def test_the_page_is_that_of_the_record():
    path = experiments.RESULTS / paper_table.PAGE
    assert path.read_text(encoding="utf-8") == paper_table.page()


def test_a_row_of_the_page_has_mean_and_deviation_and_its_command(tmp_path):
    setting = "dropout, 100 epochs"
    for name, of_name, n_seeds in (("paper", setting, 3), ("paper_choices", "L2, l2 1e-05", 1)):
        for seed in range(n_seeds):
            run = {"setting": of_name, "seed": seed, "versions": "those"}
            run |= {"train_error": 0.04, "test_error": 1.2 + 0.1 * seed}
            run |= {"updates": 46_900, "minutes": 23.4 + seed}
            path, header = experiments.file_of(name, tmp_path), experiments.header_of(name)
            records.append(path, header, run)
    rows = [line.split(" | ") for line in paper_table.page(tmp_path).splitlines()]
    command = f'`python -m helpers.experiments run paper --only "{setting}"` |'
    assert [f"| {setting}", "1.25", "1.30 ± 0.10", "3", "0.04", "46,900", "23", command] in rows
    assert ["| L2, l2 1e-05", "1.20", "0.04 |"] in rows
