"""The paper's networks: one run by hand on small fake data, and the record in ``results/``."""

import numpy as np
import pytest
from small_experiment import fake_mnist

from helpers.network import Network, error_rate
from helpers.recorded import RESULTS, recorded
from helpers.training import History, Settings, train
from tools.experiments import paper, paper_page, records
from tools.experiments.checkpoints import saved_epochs
from tools.experiments.paper import CHOICES, SETTINGS, same_choice, train_mnist

DATA = fake_mnist(n_train=300, n_test=100)
QUICK = {"hidden": (20,), "epochs": 3, "batch_size": 64, "learning_rate": 0.003, "mode": "mask"}


def by_hand(images, labels, test_images, test_labels):
    """What a run with ``QUICK`` and seed 3 should give, minutes aside."""
    rng = np.random.default_rng(3)
    network = Network([784, 20, 10], rng)
    x, test_x = (a.reshape(-1, 784) / np.float32(255) for a in (images, test_images))
    settings = Settings(epochs=3, batch_size=64, learning_rate=0.003, mode="mask")
    train(network, x, labels, settings, rng)
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
    assert saved_epochs(checkpoint) == 3
    # all epochs are done: the same minutes come out of the file
    assert train_mnist(DATA, 3, checkpoint=checkpoint, **QUICK) == whole
    assert without_minutes(whole) == without_minutes(train_mnist(DATA, 3, **QUICK))


def test_the_minutes_are_those_of_the_median_epoch(monkeypatch):
    history = History(loss=[0.0] * 4, seconds=[60.0, 61.0, 62.0, 1000.0])
    monkeypatch.setattr(paper, "train", lambda *arguments, **options: history)
    assert train_mnist(DATA, 3, **QUICK)["minutes"] == pytest.approx(4 * 61.5 / 60)


def test_the_network_is_the_papers_and_the_batches_are_of_128_if_nothing_else_is_said(monkeypatch):
    """What the record does not say because it is the same in all runs."""

    def look(network, x, labels, settings, *arguments, **options):
        found.append((network.sizes, settings.batch_size))
        return History(loss=[0.0], seconds=[1.0])

    found = []
    monkeypatch.setattr(paper, "train", look)
    train_mnist(DATA, 3)
    assert found == [((784, 1024, 1024, 1024, 10), 128)]


# ---- the settings and the record ---------------------------------------------------------------

MODE_OF = {"dropout": "mask", "slice": "slice", "Gaussian": "gaussian"}  # by a name's first word


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


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_trained_on_all_images_for_the_epochs_in_its_name(name):
    assert "held_out" not in SETTINGS[name]
    assert name.endswith(f", {SETTINGS[name]['epochs']} epochs")


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_is_made_on_held_out_images_and_its_name_says_what_is_tried(name):
    assert CHOICES[name]["held_out"] is True
    option, value = name.split(", ")[-1].split()
    assert CHOICES[name][option] == float(value)


@pytest.mark.parametrize("name", SETTINGS)
def test_what_is_chosen_has_the_lowest_held_out_error_or_nearly(name):
    found = recorded("paper_choices")
    kind = name.removesuffix(f", {SETTINGS[name]['epochs']} epochs").replace("Gaussian", "dropout")
    setting = {**SETTINGS[name], "mode": MODE_OF.get(kind.split(",")[0], "none")}
    of_kind = [choice for choice in found if choice.rsplit(", ", 1)[0] == kind]
    (chosen,) = (choice for choice in of_kind if same_choice(CHOICES[choice], setting))
    error = {choice: found[choice]["test_error"][0] for choice in of_kind}
    assert error[chosen] <= min(error.values()) + paper.CHANCE + 1e-9


@pytest.mark.parametrize("experiment", ["paper", "paper_choices"])
def test_the_record_has_errors_of_whole_images_and_all_updates(experiment):
    for name, found in recorded(experiment).items():
        options = {**SETTINGS, **CHOICES}[name]
        n_train, n_batches = (50_000, 391) if "held_out" in options else (60_000, 469)
        for part, n_images in (("train_error", n_train), ("test_error", 10_000)):
            wrong = found[part] / 100 * n_images
            assert wrong == pytest.approx(wrong.round(), abs=0.01)
        assert (found["updates"] == options["epochs"] * n_batches).all()
        assert (found["minutes"] > 0).all()


# ---- the page ----------------------------------------------------------------------------------


def record(folder, experiment, setting, *runs):
    """Write runs, one a seed: training error, test error, updates, minutes."""
    path, header = folder / f"{experiment}.jsonl", records.header_of(experiment)
    for seed, numbers in enumerate(runs):
        run = dict(zip(paper.RESULTS, numbers, strict=True))
        records.append(path, header, {"setting": setting, "seed": seed, **run, "versions": "those"})


def rows_of(folder):
    """The cells of the lines of the page that are of a table."""
    lines = paper_page.page(folder).splitlines()
    return [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]


def test_the_page_is_that_of_the_record():
    path = RESULTS / paper_page.PAGE
    up_to_date = path.read_text(encoding="utf-8") == paper_page.page(RESULTS)
    assert up_to_date, f"{path} is not of the runs beside it: {paper_page.COMMAND} writes it anew"


def test_a_row_of_the_page_has_mean_deviation_and_the_command(tmp_path):
    runs = [(0.04, 1.2, 46_900, 23.4), (0.08, 1.3, 46_900, 21.6), (0.12, 1.4, 46_900, 99.0)]
    record(tmp_path, "paper", "dropout, 100 epochs", *runs)
    record(tmp_path, "paper_choices", "L2, l2 1e-05", (0.5, 1.7, 7820, 4.0))
    rows = rows_of(tmp_path)
    names = ["network", "options", "the paper, %", "test error, %", "seeds", "training error, %"]
    assert [*names, "updates", "minutes", "command"] in rows
    command = '`python -m tools.experiments run paper --only "dropout, 100 epochs"`'
    numbers = ["1.25", "1.30 ± 0.10", "3", "0.08", "46,900", "22"]
    assert ["dropout, 100 epochs", "learning_rate 0.05", *numbers, command] in rows
    assert ["network and option", "options", "held-out error, %", "training error, %"] in rows
    assert ["L2, l2 1e-05", "learning_rate 0.1, l2 1e-05", "1.70", "0.50"] in rows


def test_the_page_has_all_settings_and_says_what_is_not_recorded(tmp_path):
    rows = rows_of(tmp_path)
    assert {row[0] for row in rows} > {*SETTINGS, *CHOICES}
    (row,) = (row for row in rows if row[0] == "slice, max-norm, 100 epochs")
    assert row[1:8] == ["learning_rate 0.03, max_norm 1", "–", "–", "0", "–", "–", "–"]
    record(tmp_path, "paper", "dropout, 100 epochs")
    record(tmp_path, "paper_choices", "dropout, learning_rate 0.02")
    assert rows_of(tmp_path) == rows


def test_the_page_marks_what_is_chosen(tmp_path):
    chosen = [row[0] for row in rows_of(tmp_path) if row[-1] == "chosen"]
    assert chosen == [
        "no dropout, 2 x 800, learning_rate 0.1",
        "no dropout, learning_rate 0.1",
        "L2, l2 0.001",
        "max-norm, max_norm 1",
        "dropout, learning_rate 0.05",
        "dropout, L2, l2 0.001",
        "dropout, max-norm, max_norm 1",
        "slice, max-norm, learning_rate 0.03",
    ]


def test_the_paper_has_a_number_for_all_but_three_settings():
    assert set(SETTINGS) - set(paper_page.REPORTED) == {
        "no dropout, 30 epochs",
        "no dropout, 100 epochs",
        "slice, max-norm, 100 epochs",
    }
    assert set(paper_page.REPORTED) < set(SETTINGS)


def test_runs_with_other_options_than_todays_are_not_shown(tmp_path, monkeypatch):
    record(tmp_path, "paper", "dropout, 100 epochs", (0.04, 1.2, 46_900, 23.4))
    monkeypatch.setitem(SETTINGS, "dropout, 100 epochs", {"epochs": 100})
    with pytest.raises(ValueError, match=r"have other options: dropout, 100 epochs"):
        paper_page.page(tmp_path)


def test_the_page_is_written_whole_or_not_at_all(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^nothing is recorded in .* run paper does it$"):
        paper_page.write(tmp_path)
    record(tmp_path, "paper", "dropout, 100 epochs", (0.04, 1.2, 46_900, 23.4))
    path = paper_page.write(tmp_path)
    assert path == tmp_path / "paper.md"
    before = path.read_text(encoding="utf-8")
    assert before == paper_page.page(tmp_path)
    (tmp_path / "paper.jsonl").write_text("{}\n")
    with pytest.raises(ValueError, match=r"paper\.jsonl, line 1: "):
        paper_page.write(tmp_path)
    assert path.read_text(encoding="utf-8") == before
