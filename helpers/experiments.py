"""Experiments that take too long for a notebook: run once, recorded in ``results/``, read there.

``python -m helpers.experiments --list`` names them, ``python -m helpers.experiments run NAME``
runs one on the full MNIST, all settings with all seeds, in parallel processes, and writes
``results/NAME.json``. The file holds the command, the versions and every single run, so that
anyone can run it again and compare.
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path

import joblib
import numpy as np
import scipy
from tqdm import tqdm

from helpers.mnist import load_mnist, one_hot, scale_pixels
from helpers.slicing import NeuralNetwork
from helpers.validation import check_count

RESULTS = Path(__file__).resolve().parent.parent / "results"

# What each setting changes in the article's published run: 784-100-10, learning rate 0.1,
# 3 epochs, 100 parts, every node active.
DROPOUT = {"active_input_percentage": 0.7, "active_hidden_percentage": 0.7}
ARTICLE_B = {
    "article": {},
    "dropout, 10 parts": {**DROPOUT, "no_of_dropout_tests": 10},
    "dropout, 100 parts": DROPOUT,
    "dropout, 1000 parts": {**DROPOUT, "no_of_dropout_tests": 1000},
    "zero mean": {"init_mean": 0.0},
    "zero mean, dropout": {"init_mean": 0.0, **DROPOUT},
    "zero mean, dropout, rescaled": {"init_mean": 0.0, "rescale": True, **DROPOUT},
    "zero mean, true gradient": {"init_mean": 0.0, "true_gradient": True},
}
EXPERIMENTS = {"article_b": ARTICLE_B}


def train_article_b(
    data: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    seed: int,
    epochs: int = 3,
    no_of_dropout_tests: int = 100,
    active_input_percentage: float = 1.0,
    active_hidden_percentage: float = 1.0,
    **options: float | bool,
) -> tuple[float, float]:
    """Train article B's network; return its accuracy on the training and on the test set.

    ``data`` are training images and labels and test images and labels, as ``load_mnist`` returns
    them; ``options`` are keyword options of ``NeuralNetwork``. The same seed gives the same
    weights to start with, whatever the other settings are, except ``init_mean``.
    """
    train_images, train_labels, test_images, test_labels = data
    inputs, targets = scale_pixels(train_images), one_hot(train_labels)
    network = NeuralNetwork(784, 10, 100, 0.1, rng=np.random.default_rng(seed), **options)
    network.train(
        inputs,
        targets,
        epochs,
        active_input_percentage,
        active_hidden_percentage,
        no_of_dropout_tests,
        verbose=False,
    )
    correct_train, _ = network.evaluate(inputs, train_labels)
    correct_test, _ = network.evaluate(scale_pixels(test_images), test_labels)
    return correct_train / len(train_labels), correct_test / len(test_labels)


def run(name: str, seeds: int = 10, jobs: int = -1, folder: Path = RESULTS) -> Path:
    """Run every setting of experiment ``name`` with seeds 0 … ``seeds`` − 1; return the file.

    ``jobs`` processes work at once (−1: one a core), each with one BLAS thread, so that they do
    not fight for cores. Raises ``ValueError`` for an unknown name or less than one seed.
    """
    settings = settings_of(name)
    check_count("seeds", seeds)
    data = load_mnist()
    tasks = [(setting, seed) for setting in settings for seed in range(seeds)]
    with joblib.parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1):
        results = joblib.Parallel(return_as="generator")(
            joblib.delayed(train_article_b)(data, seed, **settings[setting])
            for setting, seed in tasks
        )
        accuracies = list(tqdm(results, name, total=len(tasks), disable=None, unit="run"))
    runs = [
        {"setting": setting, "seed": seed, "train": round(train, 5), "test": round(test, 5)}
        for (setting, seed), (train, test) in zip(tasks, accuracies, strict=True)
    ]
    record = {
        "command": f"python -m helpers.experiments run {name} --seeds {seeds}",
        "data": f"MNIST, {len(data[0])} training and {len(data[2])} test images",
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "settings": settings,
        "runs": runs,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    unfinished = path.with_suffix(".part")
    unfinished.write_text(one_run_a_line(record), encoding="utf-8")
    unfinished.replace(path)  # a file that is there is whole
    return path


def one_run_a_line(record: dict) -> str:
    """The record as JSON that shows in a diff which runs changed."""
    runs = ",\n  ".join(json.dumps(run) for run in record["runs"])
    head = json.dumps({key: value for key, value in record.items() if key != "runs"}, indent=1)
    return f'{head[:-2]},\n "runs": [\n  {runs}\n ]\n}}\n'


def settings_of(name: str) -> dict[str, dict]:
    """The settings of experiment ``name``; ``ValueError`` if there is none of that name."""
    if name not in EXPERIMENTS:
        raise ValueError(f"name must be one of {', '.join(EXPERIMENTS)}, got {name!r}")
    return EXPERIMENTS[name]


def recorded(name: str, folder: Path = RESULTS) -> dict[str, dict[str, np.ndarray]]:
    """The recorded accuracies of experiment ``name``: setting → {"train", "test"} → (n_seeds,).

    In the order of the seeds, so that two settings can be compared seed by seed. Raises
    ``ValueError`` for an unknown name and for a damaged or outdated record, and
    ``FileNotFoundError``, with the command that makes the file, if there is no record.
    """
    settings = settings_of(name)
    path = folder / f"{name}.json"
    if not path.exists():
        raise FileNotFoundError(
            f"no record of {name} at {path}: python -m helpers.experiments run {name} makes it"
        )
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["settings"] != settings:
            raise ValueError("its settings are not those of this version")
        accuracies = {
            setting: {
                part: np.array([one[part] for one in runs_of(record, setting)])
                for part in ("train", "test")
            }
            for setting in settings
        }
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} must be a record of {name}: {error!r}; "
            f"python -m helpers.experiments run {name} makes it again"
        ) from error
    return accuracies


def runs_of(record: dict, setting: str) -> list[dict]:
    """The runs of one setting in a record, seeds 0, 1, …; ``ValueError`` if one is missing."""
    runs = sorted((r for r in record["runs"] if r["setting"] == setting), key=lambda r: r["seed"])
    n_seeds = len({r["seed"] for r in record["runs"]})
    if [r["seed"] for r in runs] != list(range(n_seeds)) or not runs:
        raise ValueError(f"the runs of {setting} are not those of seeds 0 to {n_seeds - 1}")
    return runs


def main(arguments: list[str] | None = None) -> None:
    """The command line; see the top of this module."""
    parser = argparse.ArgumentParser(prog="python -m helpers.experiments")
    parser.add_argument("--list", action="store_true", help="name the experiments")
    commands = parser.add_subparsers(dest="command")
    runner = commands.add_parser("run", help="run one on the full MNIST and record it")
    runner.add_argument("name", choices=EXPERIMENTS)
    runner.add_argument("--seeds", type=int, default=10, help="runs of each setting (10)")
    runner.add_argument("--jobs", type=int, default=-1, help="processes at once (one a core)")
    options = parser.parse_args(arguments)
    if options.command == "run":
        try:
            print(run(options.name, options.seeds, options.jobs))
        except (ValueError, OSError) as error:
            raise SystemExit(f"error: {error}") from error
    elif options.list:
        for name, settings in EXPERIMENTS.items():
            print(f"{name}: {len(settings)} settings: {'; '.join(settings)}")
    else:
        parser.print_help()


if __name__ == "__main__":
    main()
