"""The runs that are recorded: made on small fake data here, and the records in ``results/``."""

import json
import platform
import sys

import numpy as np
import pytest
import scipy

from helpers import experiments
from helpers.experiments import ARTICLE_B, EXPERIMENTS, RESULTS, recorded, train_article_b
from helpers.mnist import one_hot, scale_pixels
from helpers.slicing import NeuralNetwork

SMALL = {
    "one epoch": {"epochs": 1, "no_of_dropout_tests": 4},
    "zero mean": {"init_mean": 0.0, "epochs": 2, "no_of_dropout_tests": 4},
}


def fake_mnist(n_train=120, n_test=30):
    """Images of ten digits that are told apart by one bright row, in the shapes of MNIST."""
    rng = np.random.default_rng(0)
    data = []
    for n in (n_train, n_test):
        labels = rng.integers(10, size=n, dtype=np.uint8)
        images = rng.integers(60, size=(n, 28, 28), dtype=np.uint8)
        images[np.arange(n), 2 * labels + 4] = 255
        data += [images, labels]
    return tuple(data)


DATA = fake_mnist()


def fake_accuracies(data, seed, epochs, no_of_dropout_tests, init_mean=2.0):
    """What a run might give, with more digits than a record has."""
    assert data is DATA
    return 0.5 + (seed + epochs) / 30, 0.5 + (seed + init_mean) / 30


@pytest.fixture
def small_experiment(monkeypatch):
    """An experiment that takes no time, under the name ``small``."""
    monkeypatch.setattr(experiments, "load_mnist", lambda: DATA)
    monkeypatch.setattr(experiments, "EXPERIMENTS", {"small": SMALL, "empty": {}})
    monkeypatch.setattr(experiments, "train_article_b", fake_accuracies)


@pytest.fixture
def networks(monkeypatch):
    """The networks that an experiment trains: their arguments, and their weights when born."""
    made = []

    class Remembered(NeuralNetwork):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.born = self.wih.copy(), self.who.copy()
            made.append(self)

    monkeypatch.setattr(experiments, "NeuralNetwork", Remembered)
    return made


def damage(path, change):
    """Change the record in the file ``path``."""
    record = json.loads(path.read_text(encoding="utf-8"))
    change(record)
    path.write_text(json.dumps(record), encoding="utf-8")


# ---- one run ------------------------------------------------------------------------------


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


# ---- all runs of an experiment ------------------------------------------------------------


def test_every_setting_is_run_with_every_seed(small_experiment, tmp_path):
    path = experiments.run("small", seeds=3, jobs=1, folder=tmp_path / "new" / "results")
    assert path == tmp_path / "new" / "results" / "small.json"
    assert list(path.parent.iterdir()) == [path]
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["command"] == "python -m helpers.experiments run small --seeds 3"
    assert record["data"] == "MNIST, 120 training and 30 test images"
    assert record["versions"] == {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    }
    assert record["settings"] == SMALL
    assert [(run["setting"], run["seed"]) for run in record["runs"]] == [
        (setting, seed) for setting in SMALL for seed in range(3)
    ]
    for run in record["runs"]:
        train, test = fake_accuracies(DATA, run["seed"], **SMALL[run["setting"]])
        assert (run["train"], run["test"]) == (round(train, 5), round(test, 5))


def test_what_was_run_is_read_back(small_experiment, tmp_path):
    path = experiments.run("small", seeds=2, jobs=1, folder=tmp_path)
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"]
    accuracies = recorded("small", tmp_path)
    assert list(accuracies) == list(SMALL)
    for setting, parts in accuracies.items():
        for part in ("train", "test"):
            expected = [run[part] for run in runs if run["setting"] == setting]
            assert parts[part].tolist() == expected and len(expected) == 2


def test_an_experiment_has_ten_seeds_if_nothing_else_is_said(small_experiment, tmp_path):
    experiments.run("small", jobs=1, folder=tmp_path)
    assert all(len(parts["test"]) == 10 for parts in recorded("small", tmp_path).values())


def test_processes_work_at_once_with_one_blas_thread_each(small_experiment, tmp_path, monkeypatch):
    asked, parallel_config = [], experiments.joblib.parallel_config

    def sequential(*arguments, **options):
        asked.append((arguments, options))
        return parallel_config("sequential")

    monkeypatch.setattr(experiments.joblib, "parallel_config", sequential)
    experiments.run("small", jobs=2, folder=tmp_path)
    experiments.run("small", folder=tmp_path)
    assert asked == [(("loky",), {"n_jobs": jobs, "inner_max_num_threads": 1}) for jobs in (2, -1)]


def test_a_record_has_one_run_a_line(small_experiment, tmp_path):
    text = experiments.run("small", seeds=2, jobs=1, folder=tmp_path).read_text(encoding="utf-8")
    lines = [line.strip().rstrip(",") for line in text.splitlines()]
    assert [json.loads(line) for line in lines if "seed" in line and "command" not in line] == (
        json.loads(text)["runs"]
    )
    assert text.endswith("}\n")


def test_a_record_that_is_there_is_whole(small_experiment, tmp_path, monkeypatch):
    path = experiments.run("small", seeds=1, jobs=1, folder=tmp_path)
    before = path.read_bytes()

    def failing(record):
        raise KeyboardInterrupt

    monkeypatch.setattr(experiments, "one_run_a_line", failing)
    with pytest.raises(KeyboardInterrupt):
        experiments.run("small", seeds=2, jobs=1, folder=tmp_path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "seeds", "error", "message"),
    [
        ("smal", 1, ValueError, r"name must be one of small, empty, got 'smal'"),
        ("small", 0, ValueError, r"seeds must be at least 1, got 0"),
        ("small", 1.5, TypeError, r"seeds must be a whole number, got 1.5"),
    ],
)
def test_a_run_that_cannot_be_is_refused_and_writes_nothing(
    small_experiment, tmp_path, name, seeds, error, message
):
    with pytest.raises(error, match=f"^{message}$"):
        experiments.run(name, seeds, jobs=1, folder=tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_record_that_is_missing_names_the_command_that_makes_it(small_experiment, tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"python -m helpers\.experiments run small makes it"
    ):
        recorded("small", tmp_path)
    with pytest.raises(ValueError, match=r"^name must be one of small, empty, got 'other'$"):
        recorded("other", tmp_path)


def test_the_accuracies_are_in_the_order_of_the_seeds(small_experiment, tmp_path):
    path = experiments.run("small", seeds=3, jobs=1, folder=tmp_path)
    in_order = recorded("small", tmp_path)["zero mean"]["test"].tolist()
    damage(path, lambda record: record["runs"].reverse())
    assert recorded("small", tmp_path)["zero mean"]["test"].tolist() == in_order
    assert len(set(in_order)) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r["settings"].pop("zero mean"), "its settings are not those of this version"),
        (lambda r: r["runs"].pop(1), "the runs of one epoch are not those of seeds 0 to 2"),
        (lambda r: r["runs"].append(r["runs"][0]), "the runs of one epoch are not those of seeds"),
        (lambda r: r["runs"].clear(), "the runs of one epoch are not those of seeds"),
        (lambda r: r.pop("runs"), "KeyError"),
        (lambda r: r["runs"][4].pop("test"), "KeyError"),
        (lambda r: r.update(runs=3), "TypeError"),
    ],
)
def test_a_damaged_or_outdated_record_is_refused(small_experiment, tmp_path, change, message):
    path = experiments.run("small", seeds=3, jobs=1, folder=tmp_path)
    damage(path, change)
    with pytest.raises(
        ValueError, match=rf"must be a record of small: .*{message}.* makes it again"
    ):
        recorded("small", tmp_path)


def test_a_record_that_is_cut_off_is_refused(small_experiment, tmp_path):
    path = experiments.run("small", seeds=3, jobs=1, folder=tmp_path)
    path.write_text(path.read_text(encoding="utf-8")[:-40], encoding="utf-8")
    with pytest.raises(ValueError, match=r"must be a record of small: JSONDecodeError"):
        recorded("small", tmp_path)


# ---- the command line ---------------------------------------------------------------------


def test_the_list_names_every_experiment_and_its_settings(capsys):
    experiments.main(["--list"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(EXPERIMENTS)
    for line, (name, settings) in zip(lines, EXPERIMENTS.items(), strict=True):
        assert line == f"{name}: {len(settings)} settings: {'; '.join(settings)}"


def test_the_command_run_prints_where_the_record_is(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(experiments, "run", lambda *a: asked.append(a) or "results/article_b.json")
    experiments.main(["run", "article_b", "--seeds", "2", "--jobs", "1"])
    monkeypatch.setattr(sys, "argv", ["experiments.py", "run", "article_b"])
    experiments.main()
    assert asked == [("article_b", 2, 1), ("article_b", 10, -1)]
    assert capsys.readouterr().out == "results/article_b.json\n" * 2


@pytest.mark.parametrize("error", [ValueError("seeds is wrong"), ConnectionError("no network")])
def test_what_goes_wrong_is_said_without_a_traceback(monkeypatch, error):
    def failing(*arguments):
        raise error

    monkeypatch.setattr(experiments, "run", failing)
    with pytest.raises(SystemExit, match=f"^error: {error}$"):
        experiments.main(["run", "article_b"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "article_c"], "invalid choice: 'article_c'"),
        (["run", "article_b", "--seeds", "few"], "argument --seeds: invalid int value"),
        (["run", "article_b", "--jobs", "x"], "argument --jobs: invalid int value"),
        (["run"], "the following arguments are required: name"),
    ],
)
def test_a_wrong_command_is_explained(capsys, arguments, said):
    with pytest.raises(SystemExit):
        experiments.main(arguments)
    error = capsys.readouterr().err
    assert "usage: python -m helpers.experiments" in error and said in error


def test_no_command_prints_the_help(capsys):
    experiments.main([])
    assert "python -m helpers.experiments" in (said := capsys.readouterr().out)
    assert "--list" in said and "run one on the full MNIST and record it" in said


# ---- the records --------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_record_is_of_the_settings_of_today(name):
    record = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    assert set(record) == {"command", "data", "versions", "settings", "runs"}
    assert record["settings"] == EXPERIMENTS[name]
    assert record["data"] == "MNIST, 60000 training and 10000 test images"
    assert set(record["versions"]) == {"python", "numpy", "scipy"}
    seeds = int(
        record["command"].removeprefix(f"python -m helpers.experiments run {name} --seeds ")
    )
    assert seeds >= 5
    assert [(run["setting"], run["seed"]) for run in record["runs"]] == [
        (setting, seed) for setting in EXPERIMENTS[name] for seed in range(seeds)
    ]
    for run in record["runs"]:
        for part, n_images in (("train", 60_000), ("test", 10_000)):
            assert 0 < run[part] < 1
            # a share of the images, rounded to five decimals
            assert run[part] * n_images == pytest.approx(round(run[part] * n_images), abs=0.301)


def test_article_b_changes_one_thing_at_a_time():
    assert ARTICLE_B["article"] == {}
    assert {"init_mean", "rescale", "true_gradient", "no_of_dropout_tests"} < {
        key for settings in ARTICLE_B.values() for key in settings
    }
    assert all(
        settings.get("active_input_percentage") == (0.7 if "dropout" in name else None)
        and settings.get("active_hidden_percentage") == (0.7 if "dropout" in name else None)
        and settings.get("init_mean") == (0.0 if "zero mean" in name else None)
        for name, settings in ARTICLE_B.items()
    )
