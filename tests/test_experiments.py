"""Experiments, the engine and the command line, with one worker in this process.

What several processes do, and what a signal does to them, ``test_experiments_processes.py`` asks,
and ``test_experiments_cluster.py`` of a cluster.
"""

import json
import logging
import platform
import shutil
import signal
from unittest.mock import patch

import numpy as np
import pytest
import scipy
from distributed import Client, LocalCluster
from small_experiment import fake_mnist
from threadpoolctl import threadpool_info, threadpool_limits
from tqdm import tqdm

from helpers.full_mnist import FILES
from helpers.recorded import RESULTS, recorded
from tools.experiments import __main__, bar, engine, paper, records, workers
from tools.experiments.all_experiments import EXPERIMENTS
from tools.experiments.experiment import Experiment

SETTINGS = {"one": {"factor": 1}, "two": {"factor": 2}}
DATA = fake_mnist()
MADE = []  # factor and seed of the runs that were made, in this order
FAILING = {7: "text", 8: np.nan}  # what runs with these seeds give


def small_run(data, seed, factor):
    """What a run might give, with more digits than a record has; some seeds fail."""
    np.testing.assert_array_equal(data[2], DATA[2])
    MADE.append((factor, seed))
    if seed == 9:
        raise FloatingPointError(f"the loss is nan, at {factor}")
    return {"train": FAILING.get(seed, factor + seed / 7), "updates": np.int64(seed + 4)}


def short_training(data, seed, checkpoint=None):
    """A training that leaves a checkpoint."""
    options = {"hidden": (5,), "epochs": 2, "learning_rate": 0.01}
    return paper.train_mnist(data, seed, checkpoint=checkpoint, **options)


@pytest.fixture(scope="module")
def address():
    """The address of a cluster in this process, whose BLAS threads come back in the end."""
    with (
        threadpool_limits(),
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, protocol="tcp",
            dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL,
        ) as cluster,
    ):  # fmt: skip
        yield cluster.scheduler_address


@pytest.fixture
def small(monkeypatch, tmp_path, address):
    """Experiments that take no time, run in this process; the file of the one named ``small``."""

    def run(*arguments, **options):
        return engine_run(*arguments, **{"scheduler": address, "folder": tmp_path, **options})

    MADE.clear()
    engine_run = engine.run
    table = {
        "small": Experiment(small_run, ("train", "updates"), SETTINGS, seeds=3),
        "long": Experiment(short_training, paper.RESULTS, {"a": {}}, seeds=2, checkpoints=True),
    }
    monkeypatch.setattr(engine, "load_mnist", lambda: DATA)
    monkeypatch.setattr(engine, "run", run)
    monkeypatch.setattr(__main__, "RESULTS", tmp_path)
    with patch.dict(EXPERIMENTS, table, clear=True):
        yield tmp_path / "small.jsonl"


# ---- all runs of an experiment ------------------------------------------------------------


def test_every_setting_is_run_with_every_seed_the_first_ones_first(small):
    path = engine.run("small", seeds=2, folder=small.parent / "new" / "results")
    assert path == small.parent / "new" / "results" / "small.jsonl"
    assert MADE == [(1, 0), (2, 0), (1, 1), (2, 1)]
    header, *runs = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert header == records.header_of("small", 2)
    assert header["command"] == "python -m tools.experiments run small --seeds 2"
    versions = engine.versions()
    assert runs == [
        {
            "setting": setting,
            "seed": seed,
            "train": round(SETTINGS[setting]["factor"] + seed / 7, 5),
            "updates": seed + 4,
            "versions": versions,
        }
        for setting in SETTINGS
        for seed in range(2)
    ]


def test_versions_say_what_decides_the_last_bits():
    versions = engine.versions()
    of_python = f"python {platform.python_version()}, numpy {np.__version__}"
    assert versions.startswith(f"{of_python}, scipy {scipy.__version__}, ")
    for library in threadpool_info():  # each BLAS, with its kernel
        if library["user_api"] == "blas":
            assert f"{library['internal_api']} {library['version']}" in versions
            assert library.get("architecture", "") in versions
    assert versions.endswith(platform.machine())


def test_the_data_that_a_record_names_are_those_that_are_loaded():
    n_train, n_test = (FILES[f"{part}-labels-idx1-ubyte.gz"][2][0] for part in ("train", "t10k"))
    assert records.DATA["MNIST"] == f"MNIST, {n_train} training and {n_test} test images"


def test_what_is_recorded_is_not_made_again(small, monkeypatch):
    engine.run("small", 1, settings=["two"])
    assert list(recorded("small", small.parent)) == ["two"]
    before = small.read_bytes().splitlines()[1:]
    engine.run("small", 2)
    assert MADE == [(2, 0), (1, 0), (1, 1), (2, 1)]
    whole = small.read_bytes()
    assert set(before) < set(whole.splitlines())
    monkeypatch.setattr(engine, "load_mnist", None)  # the data are not even looked for
    for seeds in (1, 2):
        engine.run("small", seeds)
        assert small.read_bytes() == whole  # with the command that makes all of it


def test_a_run_that_fails_or_gives_no_result_does_not_stop_the_others(small):
    with pytest.raises(RuntimeError) as failed:
        engine.run("small", 11, settings=["two"])
    assert str(failed.value).split("\n  ") == [
        "3 of 11 runs failed, the others are recorded:",
        "two, seed 7: ValueError: could not convert string to float: 'text'",
        "two, seed 8: train must be a finite number, got nan",
        "two, seed 9: FloatingPointError: the loss is nan, at 2",
    ]
    assert len(small.read_bytes().splitlines()) == 1 + 8
    with pytest.raises(RuntimeError, match=r"^3 of 3 runs failed:\n"):
        engine.run("small", 11, settings=["two"])


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError("the disk is full")])
def test_whatever_ends_the_runs_leaves_a_sorted_file(small, monkeypatch, error):
    append = records.append

    def stopping(path, header, run):
        if len(MADE) == 4:
            raise error
        append(path, header, run)

    monkeypatch.setattr(records, "append", stopping)
    with pytest.raises(type(error) if isinstance(error, OSError) else error):
        engine.run("small")
    runs = [json.loads(line) for line in small.read_text(encoding="utf-8").splitlines()[1:]]
    assert [(run["setting"], run["seed"]) for run in runs] == [("one", 0), ("one", 1), ("two", 0)]


def test_a_damaged_file_is_not_added_to(small):
    engine.run("small", 1)
    small.write_bytes(small.read_bytes()[:-9])
    before = small.read_bytes()
    with pytest.raises(ValueError, match=r"small\.jsonl, line 3: "):
        engine.run("small")
    assert small.read_bytes() == before and len(MADE) == 2


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"name": "smal"}, ValueError, "name must be one of small, long, got 'smal'"),
        ({"seeds": 0}, ValueError, "seeds must be at least 1, got 0"),
        ({"seeds": 1.5}, TypeError, "seeds must be a whole number, got 1.5"),
        ({"jobs": 0}, ValueError, "jobs must be at least 1, or -1 for one a core; got 0"),
        ({"jobs": -2}, ValueError, "jobs must be at least 1, or -1 for one a core; got -2"),
        (
            {"settings": ["two", "three"]},
            ValueError,
            "there is no setting 'three'; the settings are: one; two",
        ),
        (
            {"scheduler": "tcp://host"},
            ValueError,
            "scheduler must be an address such as tcp://HOST",
        ),
        ({"scheduler": ""}, ValueError, "scheduler must be an address such as tcp://HOST"),
    ],
)
def test_a_run_that_cannot_be_is_refused_and_writes_nothing(small, options, error, said):
    with pytest.raises(error, match=f"^{said}"):
        engine.run(**{"name": "small", **options})
    assert not small.exists()


def test_a_record_that_cannot_be_written_stops_before_the_first_run(small, monkeypatch):
    def refuse(path):
        raise PermissionError(f"{path} must be writable")

    monkeypatch.setattr(records, "check_writable", refuse)
    with pytest.raises(PermissionError):
        engine.run("small")
    assert not MADE


def test_a_cluster_that_cannot_be_reached_is_refused(small, monkeypatch):
    monkeypatch.setattr(workers, "REACHED_WITHIN", 0.2)
    with pytest.raises(OSError, match=r"^the cluster at tcp://127\.0\.0\.1:1 cannot be reached: "):
        engine.run("small", scheduler="tcp://127.0.0.1:1")


# ---- checkpoints and the bar --------------------------------------------------------------


@pytest.fixture
def checkpoint_here(small, monkeypatch, address):
    """A checkpoint of the experiment ``long``, made by a worker that has this disk, and its bar."""

    def client_here(n_jobs):
        assert n_jobs == 1
        return Client(address, set_as_default=False)

    monkeypatch.setattr(engine, "processes", client_here)
    return small.parent / "checkpoints" / "long" / "a, seed 0.npz"


def test_a_checkpoint_is_there_until_its_run_is_recorded(small, monkeypatch, checkpoint_here):
    def full(*_):
        raise OSError("the disk is full")

    options = {"seeds": 1, "scheduler": None, "checkpoints": small.parent / "checkpoints"}
    with monkeypatch.context() as broken, pytest.raises(OSError, match="is full"):
        broken.setattr(records, "append", full)
        engine.run("long", **options)
    assert bar.saved_epochs(checkpoint_here) == 2
    part = checkpoint_here.with_name(checkpoint_here.name + ".part")
    for _ in range(2):
        part.write_bytes(b"of a killed process")
        engine.run("long", **options)  # for the second time it is recorded already
        assert not any(checkpoint_here.parent.iterdir())
        checkpoint_here.write_bytes(b"")


def test_the_bar_counts_epochs_those_of_unfinished_runs_as_well(small, monkeypatch, capsys):
    experiment = Experiment(small_run, (), {"a": {"epochs": 10}, "b": {"epochs": 20}}, seeds=2)
    checkpoint = small.parent / "run.npz"
    tasks = experiment.tasks()
    monkeypatch.setattr(bar, "tqdm", lambda **options: tqdm(**{**options, "disable": False}))
    short_training(DATA, 0, checkpoint)  # two epochs
    shown = bar.Bar("x", experiment, tasks, tasks[1:], {tasks[1]: checkpoint})
    with shown:
        assert (shown.bar.n, shown.bar.total) == (10 + 2, 60)
        shown.count(tasks[1])
        assert shown.bar.n == 10 + 20
        checkpoint.write_bytes(b"damaged")  # its run will say so
        shown.count(tasks[2])
        assert shown.bar.n == 40
    said = capsys.readouterr().err
    assert "12 of 60 epochs, ? left" in said and "40 of 60 epochs, 00:0" in said


def test_where_settings_do_not_say_their_epochs_the_bar_counts_runs():
    experiment = Experiment(small_run, (), {"a": {"epochs": 10}, "b": {}}, seeds=1)
    assert (experiment.unit, experiment.length("a")) == ("runs", 1)


# ---- the command line ---------------------------------------------------------------------


@pytest.fixture
def command():
    """The command line; signals and log are as before afterwards."""
    before = signal.getsignal(signal.SIGINT)
    yield __main__.main
    signal.signal(signal.SIGINT, before)
    logging.disable(logging.NOTSET)


def test_the_list_says_how_far_experiments_are_and_which_settings_lack_runs(small, capsys, command):
    engine.run("small", 4, settings=["two"])  # one more than by default
    command(["--list"])
    assert capsys.readouterr().out.splitlines() == [
        "small: 3 of 6 runs (settings: 2, seeds: 3)",
        "    one: 0 of 3 runs",
        "long: 0 of 2 runs (settings: 1, seeds: 2)",
        "    a: 0 of 2 runs",
    ]


def test_the_list_goes_on_behind_a_damaged_record_and_stands_alone(small, capsys, command):
    engine.run("small", 1, settings=["two"])
    small.write_text(small.read_text() + "no run\n")
    command(["--list"])
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("small: error: ") and "line 3" in first and last.startswith("    a: 0")
    with pytest.raises(SystemExit, match=r"^error: --list must stand alone, got run, too$"):
        command(["--list", "run", "small"])


@pytest.mark.parametrize("seeds", ["0", "100001"])
def test_no_more_seeds_than_fit_into_a_list(command, seeds, capsys):
    with pytest.raises(SystemExit):
        command(["run", "article_b", "--seeds", seeds])
    assert f"must be from 1 to 100000, got {seeds}" in capsys.readouterr().err


def test_the_command_run_passes_on_what_is_asked_and_says_what_is_recorded(
    small, monkeypatch, capsys, command
):
    asked = []
    monkeypatch.setattr(engine, "run", lambda *arguments: asked.append(arguments))
    options = ["--seeds", "2", "--jobs", "1", "--only", "two", "--only", "one"]
    command(["run", "small", *options, "--scheduler", "tcp://h:1"])
    command(["run", "small"])
    assert asked == [
        ("small", 2, 1, "tcp://h:1", ["two", "one"], small.parent),
        ("small", None, -1, None, None, small.parent),
    ]
    assert capsys.readouterr().out.splitlines() == [
        f"0 of 4 runs recorded in {small}",
        f"0 of 6 runs recorded in {small}",
    ]


@pytest.mark.parametrize(
    "error",
    [ValueError("wrong"), ConnectionError("no network"), RuntimeError("1 of 2 runs failed"),
     ModuleNotFoundError("No module named 'distributed'")],
)  # fmt: skip
def test_what_goes_wrong_is_said_without_a_traceback(small, monkeypatch, command, error):
    def failing(*_):
        raise error

    monkeypatch.setattr(engine, "run", failing)
    with pytest.raises(SystemExit, match=f"^error: {error}"):
        command(["run", "small"])


def test_the_page_of_the_table_is_written(tmp_path, monkeypatch, capsys, command):
    monkeypatch.setattr(__main__, "RESULTS", tmp_path)
    with pytest.raises(SystemExit, match=r"^error: nothing is recorded in "):
        command(["table"])
    assert not list(tmp_path.iterdir())
    shutil.copy(RESULTS / "paper.jsonl", tmp_path)
    command(["table"])
    assert capsys.readouterr().out == f"{tmp_path / 'paper.md'}\n"
    assert "| dropout, 100 epochs |" in (tmp_path / "paper.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments", [["run", "article_c"], ["run", "small", "--seeds", "few"], ["run"], ["page"]]
)
def test_a_wrong_command_is_explained(small, capsys, command, arguments):
    with pytest.raises(SystemExit):
        command(arguments)
    assert "usage: python -m tools.experiments" in capsys.readouterr().err


def test_no_command_prints_the_help(capsys, command):
    command([])
    said = " ".join(capsys.readouterr().out.split())  # however narrow the terminal is
    assert "make the missing runs of one" in said
