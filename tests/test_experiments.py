"""The runs that are recorded: made on small fake data here, and the records in ``results/``.

What several processes do, and what a signal does to them, is in ``test_experiments_processes.py``.
"""

import itertools
import json
import platform
import re
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
import scipy
from small_training import new_run
from threadpoolctl import threadpool_info

from helpers import experiments, records, training
from helpers.experiments import (
    EXPERIMENTS,
    RESULTS,
    Experiment,
    recorded,
    seconds_left,
)
from helpers.mnist import FILES
from helpers.training import train

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


def fake_run(data, seed, epochs, no_of_dropout_tests, init_mean=2.0):
    """What a run might give, with more digits than a record has; run seed 7 diverges."""
    assert data is DATA
    if seed == 7:
        raise FloatingPointError(f"the loss is nan in epoch {epochs}")
    MADE.append((epochs, seed))
    return {"train": 0.5 + (seed + epochs) / 30, "updates": np.int64(seed + 4)}


MADE = []  # the runs that were made, in this order


@pytest.fixture
def small(monkeypatch, tmp_path):
    """An experiment that takes no time, under the name ``small``; the file of its records."""
    MADE.clear()
    table = {
        "small": Experiment(fake_run, ("train", "updates"), SMALL, 3),
        "empty": Experiment(fake_run, ("train", "updates"), {}),
    }
    monkeypatch.setattr(experiments, "load_mnist", lambda: DATA)
    monkeypatch.setattr(experiments, "EXPERIMENTS", table)
    monkeypatch.setattr(experiments, "RESULTS", tmp_path)
    return tmp_path / "small.jsonl"


def run_small(path, *arguments, **options):
    """Run the experiment ``small`` in this process into the folder of the file ``path``."""
    return experiments.run("small", *arguments, jobs=1, folder=path.parent, **options)


# ---- all runs of an experiment ------------------------------------------------------------


def test_every_setting_is_run_with_every_seed(small, tmp_path):
    path = experiments.run("small", seeds=2, jobs=1, folder=tmp_path / "new" / "results")
    assert path == tmp_path / "new" / "results" / "small.jsonl"
    assert list(path.parent.iterdir()) == [path]
    header, *runs = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert header == {
        "experiment": "small",
        "command": "python -m helpers.experiments run small --seeds 2",
        "note": experiments.NOTE,
        "data": "MNIST, 60000 training and 10000 test images",
        "settings": SMALL,
        "results": ["train", "updates"],
    }
    versions = runs[0]["versions"]
    assert versions.startswith(
        f"python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}, "
    )
    for library in threadpool_info():  # each BLAS, with the kernel that decides the last bits
        if library["user_api"] == "blas":
            assert f"{library['internal_api']} {library['version']}" in versions
            assert library.get("architecture", "") in versions
    assert versions.endswith(platform.machine())
    assert runs == [
        {
            "setting": setting,
            "seed": seed,
            "train": round(0.5 + (seed + SMALL[setting]["epochs"]) / 30, 5),
            "updates": seed + 4,
            "versions": versions,
        }
        for setting in SMALL
        for seed in range(2)
    ]


def test_the_data_that_a_record_names_are_those_that_are_loaded():
    n_train, n_test = (FILES[f"{part}-labels-idx1-ubyte.gz"][1][0] for part in ("train", "t10k"))
    assert experiments.DATA == f"MNIST, {n_train} training and {n_test} test images"


def test_the_first_seed_of_every_setting_comes_first(small):
    run_small(small)
    assert MADE == [(epochs, seed) for seed in range(3) for epochs in (1, 2)]


def test_what_is_recorded_is_not_made_again(small, monkeypatch):
    run_small(small, 1)
    before = small.read_bytes()
    run_small(small, 3)
    assert MADE == [(epochs, seed) for seed in range(3) for epochs in (1, 2)]
    whole = small.read_bytes()
    assert set(before.splitlines()[1:]) < set(whole.splitlines())
    monkeypatch.setattr(experiments, "load_mnist", None)  # the data are not even looked for
    for seeds in (1, 3, None):
        run_small(small, seeds)
        assert small.read_bytes() == whole


def test_settings_may_be_chosen(small):
    run_small(small, settings=["zero mean"])
    assert list(recorded("small", small.parent)) == ["zero mean"]
    run_small(small, 1, settings=["one epoch", "zero mean", "one epoch"])
    assert MADE == [(2, 0), (2, 1), (2, 2), (1, 0)]
    command = json.loads(small.read_text(encoding="utf-8").splitlines()[0])["command"]
    assert command == "python -m helpers.experiments run small --seeds 3"  # as many as there are


def test_each_run_is_recorded_before_the_next_is_finished(small, monkeypatch):
    lines = []

    def looking(*arguments, **options):
        lines.append(len(small.read_text(encoding="utf-8").splitlines()) if small.exists() else 1)
        return fake_run(*arguments, **options)

    table = {"small": Experiment(looking, ("train", "updates"), SMALL, 3)}
    monkeypatch.setattr(experiments, "EXPERIMENTS", table)
    run_small(small)
    assert lines == [1, 2, 3, 4, 5, 6]


def test_a_setting_may_be_added_and_the_file_is_right_while_it_runs(small, monkeypatch):
    run_small(small)

    def looking(data, seed, **options):
        found.append(
            {name: len(ones["train"]) for name, ones in recorded("small", small.parent).items()}
        )
        return fake_run(data, seed, **options)

    found = []
    table = {
        "small": Experiment(looking, ("train", "updates"), {"new": SMALL["zero mean"], **SMALL}, 2)
    }
    monkeypatch.setattr(experiments, "EXPERIMENTS", table)
    run_small(small)
    assert found == [{"one epoch": 3, "zero mean": 3}, {"new": 1, "one epoch": 3, "zero mean": 3}]


def test_processes_work_at_once_and_never_start_more_than_one_blas_thread(small, monkeypatch):
    asked, parallel_config = [], experiments.joblib.parallel_config

    def sequential(*arguments, **options):
        asked.append((arguments, options))
        return parallel_config("sequential")

    monkeypatch.setattr(experiments.joblib, "parallel_config", sequential)
    for jobs, seeds in (2, 1), (-1, 2):
        experiments.run("small", seeds, jobs, folder=small.parent)
    assert asked == [(("loky",), {"n_jobs": jobs, "inner_max_num_threads": 1}) for jobs in (2, -1)]


def test_a_run_that_fails_does_not_stop_the_others(small):
    with pytest.raises(RuntimeError) as failed:
        run_small(small, 9)
    assert str(failed.value).split("\n  ") == [
        "2 of 18 runs failed, the others are recorded:",
        "one epoch, seed 7: FloatingPointError: the loss is nan in epoch 1",
        "zero mean, seed 7: FloatingPointError: the loss is nan in epoch 2",
    ]
    assert len(small.read_text(encoding="utf-8").splitlines()) == 1 + 16
    MADE.clear()
    with pytest.raises(RuntimeError, match=r"^2 of 2 runs failed:\n"):
        run_small(small, 9)
    assert MADE == []


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ({"train": float("nan"), "updates": 1}, "train must be a finite number, got nan"),
        ({"train": 0.5}, "the line lacks updates"),
        ({"train": "high", "updates": 1}, "ValueError: could not convert string to float: 'high'"),
    ],
)
def test_what_is_no_result_is_a_failure(small, monkeypatch, results, message):
    def odd(data, seed, **options):
        return results if seed == 1 else fake_run(data, seed, **options)

    table = {"small": Experiment(odd, ("train", "updates"), SMALL)}
    monkeypatch.setattr(experiments, "EXPERIMENTS", table)
    with pytest.raises(RuntimeError, match=rf"^1 of 3 .*\n  one epoch, seed 1: {message}$"):
        run_small(small, 3, settings=["one epoch"])
    assert len(small.read_text(encoding="utf-8").splitlines()) == 1 + 2


def test_ctrl_c_leaves_a_sorted_file(small, monkeypatch):
    made = []

    def stopping(data, seed, **options):
        made.append(seed)
        if len(made) == 4:
            raise KeyboardInterrupt
        return fake_run(data, seed, **options)

    table = {"small": Experiment(stopping, ("train", "updates"), SMALL)}
    monkeypatch.setattr(experiments, "EXPERIMENTS", table)
    with pytest.raises(KeyboardInterrupt):
        run_small(small)
    runs = [json.loads(line) for line in small.read_text(encoding="utf-8").splitlines()[1:]]
    assert [(one["setting"], one["seed"]) for one in runs] == [
        ("one epoch", 0), ("one epoch", 1), ("zero mean", 0)
    ]  # fmt: skip


def test_a_line_that_a_full_disk_damaged_does_not_hide_that_it_is_full(small, monkeypatch):
    def full(path, header, run):
        path.write_bytes(records.as_line(header) + records.as_line(run)[:-9])
        raise OSError("the disk is full")

    monkeypatch.setattr(records, "append", full)
    with pytest.raises(OSError, match="the disk is full"):
        run_small(small)


def test_what_cannot_be_sorted_does_not_hide_ctrl_c(small, monkeypatch):
    def stopped(path, header, run):
        monkeypatch.setattr(records, "replacing", refuse)
        raise KeyboardInterrupt

    def refuse(path):
        raise OSError("the disk is full")

    run_small(small, 2)
    lines = small.read_bytes().splitlines(keepends=True)
    small.write_bytes(b"".join([lines[0], *lines[:0:-1]]))  # tidied before, and again after
    monkeypatch.setattr(records, "append", stopped)
    with pytest.raises(KeyboardInterrupt):
        run_small(small)


def test_a_line_that_another_damaged_meanwhile_is_named(small, monkeypatch):
    append = records.append

    def damaging(path, header, run):
        append(path, header, run)
        if run == LAST:
            path.write_bytes(path.read_bytes()[:-9])

    run_small(small)
    LAST = json.loads(small.read_text(encoding="utf-8").splitlines()[-1])
    small.unlink()
    monkeypatch.setattr(records, "append", damaging)
    with pytest.raises(ValueError, match=r"small\.jsonl, line 7: "):
        run_small(small)


def test_a_damaged_file_is_not_added_to(small):
    run_small(small, 2)
    small.write_bytes(small.read_bytes()[:-9])
    before = small.read_bytes()
    with pytest.raises(
        ValueError, match=r"small\.jsonl, line 5: .* Delete the line, and this makes .*: python -m"
    ):
        run_small(small)
    assert small.read_bytes() == before and len(MADE) == 4


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("smal", {}, ValueError, r"name must be one of small, empty, got 'smal'"),
        ("small", {"seeds": 0}, ValueError, r"seeds must be at least 1, got 0"),
        ("small", {"seeds": 1.5}, TypeError, r"seeds must be a whole number, got 1.5"),
        ("small", {"jobs": 0}, ValueError, r"jobs must be at least 1, or -1 for one a core; got 0"),
        ("small", {"jobs": -2}, ValueError, r"jobs must be at least -1, got -2"),
        (
            "small",
            {"settings": ["zero mean", "two"]},
            ValueError,
            r"settings must be among one epoch; zero mean; got 'two'",
        ),
    ],
)
def test_a_run_that_cannot_be_is_refused_and_writes_nothing(
    small, tmp_path, name, options, error, message
):
    with pytest.raises(error, match=f"^{message}$"):
        experiments.run(name, **{"jobs": 1, **options}, folder=tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_record_that_cannot_be_written_stops_before_the_first_run(small, monkeypatch):
    def refuse(path):
        raise PermissionError(f"{path} must be writable")

    monkeypatch.setattr(records, "check_writable", refuse)
    with pytest.raises(PermissionError, match="must be writable"):
        run_small(small)
    assert not MADE


@pytest.mark.parametrize("address", ["foo", "", "tcp://host"])
def test_what_is_no_address_is_refused_at_once(small, address):
    message = rf"^scheduler must be an address such as tcp://HOST:PORT, got '{address}'$"
    with pytest.raises(ValueError, match=message):
        run_small(small / "none" / "small.jsonl", scheduler=address)
    assert not small.exists()


def test_a_cluster_needs_a_package(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ModuleNotFoundError, match=r"python -m pip install distributed$"):
        run_small(small, scheduler="tcp://127.0.0.1:1")
    assert not small.exists()


# ---- runs that are stopped in the middle ---------------------------------------------------


def fake_long_run(data, seed, n_epochs, checkpoint):
    """A training that is stopped after its first epoch, if it did not go on from a checkpoint."""
    if not checkpoint.exists():
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        checkpoint.write_text("1")
        raise FloatingPointError("the power is gone")
    return {"went_on_from": int(checkpoint.read_text()), "seed_too": seed}


def test_a_run_goes_on_from_its_checkpoint_which_lasts_until_it_is_recorded(
    small, monkeypatch, tmp_path, capsys
):
    names = ("went_on_from", "seed_too")
    long = Experiment(fake_long_run, names, {"a, b": {"n_epochs": 2}}, 2, checkpoints=True)
    monkeypatch.setattr(experiments, "EXPERIMENTS", {"long": long})
    folder = tmp_path / "checkpoints"
    with pytest.raises(RuntimeError, match=r"a, b, seed 0: FloatingPointError: the power is gone"):
        experiments.run("long", jobs=1, folder=tmp_path, checkpoints=folder)
    files = [folder / "long" / f"a, b, seed {seed}.npz" for seed in (0, 1)]
    assert sorted(folder.rglob("*.npz")) == files
    assert "go on" not in capsys.readouterr().err
    experiments.run("long", jobs=1, folder=tmp_path, checkpoints=folder)
    assert "runs that go on from where they were stopped: 2\n" in capsys.readouterr().err
    assert recorded("long", tmp_path)["a, b"]["went_on_from"].tolist() == [1, 1]
    assert not any(folder.rglob("*.npz"))
    # One that was left when its run was recorded must not be there when the run is made again.
    files[1].write_text("2")
    experiments.run("long", seeds=1, jobs=1, folder=tmp_path, checkpoints=folder)
    assert not any(folder.rglob("*.npz"))


def test_a_checkpoint_is_there_until_its_run_is_on_the_disk(monkeypatch, tmp_path):
    def full(*arguments):
        raise OSError("the disk is full")

    experiment = Experiment(
        watched_run, ("epochs_trained", "seed_too"), {"a": {"epochs": 2}}, 1, checkpoints=True
    )
    monkeypatch.setattr(experiments, "load_mnist", lambda: DATA)
    monkeypatch.setattr(experiments, "EXPERIMENTS", {"watched": experiment})
    options = {"jobs": 1, "folder": tmp_path, "checkpoints": tmp_path / "checkpoints"}
    with monkeypatch.context() as patched, pytest.raises(OSError, match="the disk is full"):
        patched.setattr(records, "append", full)
        experiments.run("watched", **options)
    (left_behind,) = (tmp_path / "checkpoints").rglob("*.npz")
    assert len(training.saved_history(left_behind).loss) == 2
    experiments.run("watched", **options)
    assert not left_behind.exists()


# ---- what is left -------------------------------------------------------------------------


def left(tasks, took, n_workers=1, elapsed=0.0, failed=(), epochs=None, pace=None, seen=()):
    """`seconds_left` for tasks written as in "aab": settings, each with the seeds 0, 1, …

    What belongs to a single task is written by its place there. ``epochs`` belong to a setting; to
    do are all of them, or of a single task what is given under its place.
    """
    pairs = [(setting, tasks[:place].count(setting)) for place, setting in enumerate(tasks)]
    epochs = epochs or {}
    to_do = [epochs.get(place, epochs.get(setting, 1)) for place, setting in enumerate(tasks)]
    paces = {place: took[place] / to_do[place] for place in took if place not in failed}
    paces.update(pace or {})
    return seconds_left(
        pairs,
        dict(zip(pairs, to_do, strict=True)),
        {pairs[place]: seconds for place, seconds in took.items()},
        {pairs[place]: seconds for place, seconds in paces.items()},
        {pairs[place] for place in seen},
        n_workers,
        elapsed,
    )


def test_a_run_lasts_as_long_as_those_of_its_setting():
    assert left("aaabb", {0: 10, 3: 100}, elapsed=110) == 10 + 10 + 100
    assert left("aaabb", {0: 10, 1: 30, 3: 100}, elapsed=140) == 20 + 100


def test_a_run_of_a_setting_that_never_ran_lasts_as_long_as_all_runs_on_average():
    assert left("abcc", {0: 10, 1: 30}, elapsed=40) == 20 + 20


def test_a_run_of_more_epochs_lasts_longer():
    epochs = {"a": 2, "b": 10, "c": 100}
    assert left("abc", {0: 10, 1: 30}, elapsed=40, epochs=epochs) == (10 / 2 + 30 / 10) / 2 * 100
    assert left("aac", {0: 10}, elapsed=10, epochs=epochs) == 10 + 500


def test_workers_share_the_runs_but_not_a_run():
    assert left("aaaa", {0: 10, 1: 10}, n_workers=2, elapsed=10) == 10
    assert left("aaaaa", {0: 10, 1: 10}, n_workers=2, elapsed=10) == 20
    assert left("aaaaa", {0: 10, 1: 10}, n_workers=9, elapsed=10) == 0


def test_what_the_unfinished_runs_have_done_counts():
    assert left("aabb", {0: 10, 2: 40}, n_workers=2, elapsed=45) == 5
    assert left("aab", {0: 10}, elapsed=90) == 0  # longer than it should: never less than nothing


def test_a_run_that_failed_promises_nothing():
    assert left("aaa", {0: 100, 1: 1}, failed=[1], elapsed=101) == 100


def test_a_run_that_is_resumed_lasts_for_the_epochs_that_it_has_to_do():
    epochs = {"a": 100, 0: 2, 1: 30}
    assert left("aaa", {0: 20}, elapsed=20, epochs=epochs) == 300 + 1000


def test_a_run_that_goes_on_has_a_pace_of_its_own():
    epochs = {"a": 10, "b": 20, "c": 30}
    assert left("ab", {}, 2, elapsed=30, epochs=epochs, pace={0: 1, 1: 4}) == 80 - 30
    assert left("aab", {0: 100}, elapsed=100, epochs=epochs, pace={1: 20}) == 200 + 20 * 15
    assert left("abc", {0: 100}, 2, elapsed=100, epochs=epochs, pace={1: 20}) == 30 * 15


def test_a_run_that_is_seen_to_go_on_lasts_for_the_epochs_that_are_left_now():
    """However slow it was before."""
    epochs = {"a": 100, 0: 40}
    assert left("a", {}, elapsed=9000, epochs=epochs, pace={0: 60}, seen=[0]) == 2400
    assert left("aa", {}, elapsed=9000, epochs=epochs, pace={0: 60}, seen=[0]) == 2400 + 6000
    assert left("aa", {}, 2, elapsed=9000, epochs=epochs, pace={0: 60}, seen=[0]) == 2400


@pytest.fixture
def shown(monkeypatch, tmp_path):
    """What the bar shows, in a terminal of ours: a list that grows, without the bar's blocks."""
    lines = []

    class Bar(experiments.tqdm):
        def __init__(self, **options):
            assert options.pop("disable") is None  # no bar where nobody watches
            super().__init__(**options, disable=False, file=open(tmp_path / "bar", "w"))

        def refresh(self, *arguments, **options):
            lines.append(" ".join(re.sub("[\u2588-\u258f]", "", str(self)).split()))
            return super().refresh(*arguments, **options)

        def close(self):
            super().close()
            self.fp.close()

    monkeypatch.setattr(experiments, "tqdm", Bar)
    return lines


class Clock:
    """Each look at it takes half a minute."""

    def __init__(self):
        self.seconds = 0

    def __call__(self):
        self.seconds += 30
        return self.seconds


def test_the_bar_says_how_many_runs_are_done_and_what_is_left(small, monkeypatch, capsys, shown):
    run_small(small, 6, settings=["one epoch"])
    shown.clear()
    capsys.readouterr()
    monkeypatch.setattr(
        experiments, "time", SimpleNamespace(perf_counter=Clock(), monotonic=Clock())
    )
    with pytest.raises(RuntimeError):
        run_small(small, 9, settings=["one epoch"])
    assert list(dict.fromkeys(shown)) == [
        "small 6 of 9",
        "small 7 of 9, about 0:01:00 left",
        "small 8 of 9, about 0:00:30 left",
        "small 9 of 9, about 0:00:00 left",
    ]
    assert capsys.readouterr().err.splitlines() == [
        f"one epoch, seed {seed}: {how} after 0:00:30"
        for seed, how in ((6, "done"), (7, "failed"), (8, "done"))
    ]


def test_nothing_is_estimated_from_runs_that_failed(small, shown):
    with pytest.raises(RuntimeError):
        run_small(small, 8, settings=["one epoch"])
    shown.clear()
    with pytest.raises(RuntimeError):
        run_small(small, 8, settings=["one epoch"])
    assert set(shown) == {"small 7 of 8", "small 8 of 8"}


def watched_run(data, seed, epochs, checkpoint):
    """A training that saves checkpoints."""
    history = train(*new_run(seed=seed, epochs=epochs), checkpoint=checkpoint, verbose=False)
    return {"epochs_trained": len(history.loss), "seed_too": seed}


@pytest.mark.skipif(sys.platform == "win32", reason="no look into files that are being replaced")
def test_the_bar_says_how_far_the_runs_are_and_resumed_ones_have_done_a_part(
    monkeypatch, tmp_path, shown, capsys
):
    """The first run is stopped after three of ten epochs and goes on.

    Its epochs take a minute; those of the second two, but for the first, which is much slower.
    """
    watched = Experiment(
        watched_run, ("epochs_trained", "seed_too"), {"a": {"epochs": 10}}, 2, checkpoints=True
    )
    save, n_saves = training._Checkpoint.save, itertools.count(1)

    def save_and_wait(self, state):
        """Save, and let nobody go on before the bar was shown twice with what was saved."""
        n = next(n_saves)
        state.history.seconds[-1] = 60.0 if n <= 10 else 9000.0 if n == 11 else 120.0
        save(self, state)
        if n == 3:
            raise FloatingPointError("the power is gone")
        began, n_shown = time.monotonic(), len(shown)
        while len(shown) < n_shown + 2 and time.monotonic() < began + 10:
            time.sleep(0.001)

    monkeypatch.setattr(experiments, "load_mnist", lambda: DATA)
    monkeypatch.setattr(experiments, "EXPERIMENTS", {"watched": watched})
    monkeypatch.setattr(experiments, "LOOK_EVERY", 0.001)
    monkeypatch.setattr(training._Checkpoint, "save", save_and_wait)
    options = {"jobs": 1, "folder": tmp_path, "checkpoints": tmp_path / "checkpoints"}
    with pytest.raises(RuntimeError, match="the power is gone"):
        experiments.run("watched", 1, **options)
    shown.clear()
    experiments.run("watched", 2, **options)
    lines = list(dict.fromkeys(shown))
    assert "runs that go on from where they were stopped: 1\n" in capsys.readouterr().err
    counts = [re.match(r"watched ([\d.]+) of 2", line)[1] for line in lines]
    assert list(dict.fromkeys(counts)) == (
        "0 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1 1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9 2".split()
    )
    # seven and ten epochs of a minute are left, less the moments that have passed
    assert lines[0] == "watched 0 of 2"
    assert re.fullmatch(r"watched 0\.3 of 2, about 0:1(7:00|6:5\d) left", lines[1])
    # five epochs in the pace of the median, though the first was so slow
    assert "watched 1.5 of 2, about 0:10:00 left" in lines


def test_a_resumed_run_has_the_pace_of_the_epochs_that_it_did_here(tmp_path, shown):
    checkpoint = tmp_path / "run.npz"
    train(*new_run(epochs=10), checkpoint=checkpoint, verbose=False)
    experiment = Experiment(watched_run, (), {"a": {"epochs": 20}}, checkpoints=True)
    first, second = ("a", 0), ("a", 1)
    with experiments._Progress(
        "watched", [first, second], {first: checkpoint}, experiment, 2, 1
    ) as progress:
        progress.finished(first, 100.0, True)
    assert shown[-1] == "watched 1 of 2, about 0:05:00 left"  # 100 s, and 20 epochs of 10 s


def test_what_was_estimated_is_not_shown_when_all_has_failed(tmp_path, shown):
    checkpoint = tmp_path / "run.npz"
    train(*new_run(epochs=10), checkpoint=checkpoint, verbose=False)
    experiment = Experiment(watched_run, (), {"a": {"epochs": 20}}, checkpoints=True)
    with experiments._Progress(
        "watched", [("a", 0)], {("a", 0): checkpoint}, experiment, 1, 1
    ) as progress:
        assert shown[-1].startswith("watched 0.5 of 1, about 0:00:0")
        progress.finished(("a", 0), 1.0, False)
    assert shown[-1] == "watched 1 of 1"


@pytest.mark.parametrize("what", ["nothing", "a diary"])
def test_a_checkpoint_that_cannot_be_read_does_not_disturb_the_bar(tmp_path, shown, what):
    checkpoint = tmp_path / "run.npz"
    if what == "a diary":
        checkpoint.write_text(what)
    experiment = Experiment(watched_run, (), {"a": {"epochs": 10}}, checkpoints=True)
    with experiments._Progress(
        "watched", [("a", 0)], {("a", 0): checkpoint}, experiment, 1, 1
    ) as progress:
        progress.finished(("a", 0), 0.0, True)
    assert shown[-1] == "watched 1 of 1, about 0:00:00 left"


# ---- read what was recorded ---------------------------------------------------------------


def test_what_was_run_is_read_back(small):
    run_small(small)
    found = recorded("small", small.parent)
    assert list(found) == list(SMALL)
    for setting, results in found.items():
        assert list(results) == ["train", "updates"]
        expected = [round(0.5 + (seed + SMALL[setting]["epochs"]) / 30, 5) for seed in range(3)]
        assert results["train"].tolist() == expected
        assert results["updates"].tolist() == [4, 5, 6]


def test_the_settings_of_an_unfinished_experiment_are_those_that_have_runs(small):
    run_small(small, 2, settings=["zero mean"])
    assert {
        name: len(found["train"]) for name, found in recorded("small", small.parent).items()
    } == {"zero mean": 2}
    run_small(small, 1)
    assert {
        name: len(found["train"]) for name, found in recorded("small", small.parent).items()
    } == {
        "one epoch": 1,
        "zero mean": 2,
    }


def test_the_order_of_the_lines_does_not_matter(small):
    run_small(small)
    before = recorded("small", small.parent)
    header, *lines = small.read_bytes().splitlines(keepends=True)
    small.write_bytes(b"".join([header, *lines[::-1]]))
    after = recorded("small", small.parent)
    assert list(after) == list(before)
    for setting, results in before.items():
        np.testing.assert_array_equal(after[setting]["train"], results["train"])


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        (0, "zero mean has no run of seed 0, but of 2"),
        (1, "zero mean has no run of seed 1, but of 2"),
    ],
)
def test_a_seed_that_is_missing_before_others_is_refused(small, seed, message):
    run_small(small)
    lines = small.read_bytes().splitlines(keepends=True)
    small.write_bytes(b"".join(lines[: 4 + seed] + lines[5 + seed :]))
    with pytest.raises(
        ValueError, match=rf"{message}: python -m helpers\.experiments run small makes it$"
    ):
        recorded("small", small.parent)
    run_small(small)  # as it says
    assert small.read_bytes() == b"".join(lines)


def test_a_record_that_is_missing_names_the_command_that_makes_it(small, tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"python -m helpers\.experiments run small makes it$"
    ):
        recorded("small", tmp_path)
    with pytest.raises(ValueError, match=r"^name must be one of small, empty, got 'other'$"):
        recorded("other", tmp_path)


def test_a_damaged_record_is_refused(small):
    run_small(small)
    small.write_bytes(small.read_bytes().replace(b'"seed": 2', b'"seed": 1'))
    with pytest.raises(ValueError, match=r"line 4: the same setting and seed as line 3"):
        recorded("small", small.parent)


# ---- the command line ---------------------------------------------------------------------


def test_the_list_says_of_every_experiment_how_far_it_is(small, capsys):
    run_small(small, 4, settings=["zero mean"])  # one more than by default
    capsys.readouterr()
    experiments.main(["--list"])
    assert capsys.readouterr().out.splitlines() == [
        "small: 3 of 6 runs",
        "    one epoch: 0 of 3 runs",
        "    zero mean: 3 of 3 runs",
        "empty: 0 of 0 runs",
    ]


def test_the_command_run_passes_on_what_is_asked_and_prints_where_the_record_is(
    small, monkeypatch, capsys
):
    asked = []
    monkeypatch.setattr(experiments, "run", lambda *arguments: asked.append(arguments) or small)
    one, other = SMALL
    only = ["--only", other, "--only", one]
    experiments.main(["run", "small", "--seeds", "2", "--jobs", "1", *only])
    experiments.main(["run", "small", "--scheduler", "tcp://h:1"])
    monkeypatch.setattr(sys, "argv", ["experiments.py", "run", "small"])
    experiments.main()
    assert asked == [
        ("small", 2, 1, None, [other, one], small.parent),
        ("small", None, -1, "tcp://h:1", None, small.parent),
        ("small", None, -1, None, None, small.parent),
    ]
    assert capsys.readouterr().out.splitlines() == [
        f"0 of 4 runs recorded in {small}",
        *[f"0 of 6 runs recorded in {small}"] * 2,
    ]


@pytest.mark.parametrize(
    "error",
    [
        ValueError("seeds is wrong"),
        ConnectionError("no network"),
        RuntimeError("1 of 2 runs failed"),
        ModuleNotFoundError("it needs a package"),
    ],
)
def test_what_goes_wrong_is_said_without_a_traceback(small, monkeypatch, error):
    def failing(*arguments):
        raise error

    monkeypatch.setattr(experiments, "run", failing)
    with pytest.raises(SystemExit, match=f"^error: {error}$"):
        experiments.main(["run", "small"])


def test_ctrl_c_says_what_is_recorded_and_how_to_go_on(small, monkeypatch, capsys):
    run_small(small, 2)
    capsys.readouterr()

    def stopped(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(experiments, "run", stopped)
    for arguments, count in (
        ([], "4 of 6"),
        (["--seeds", "5"], "4 of 10"),
        (["--seeds", "1"], "2 of 2"),
        (["--only", "zero mean"], "2 of 3"),
    ):
        with pytest.raises(SystemExit) as end:
            experiments.main(["run", "small", *arguments])
        assert end.value.code == 130
        assert capsys.readouterr().err == (
            f"\nstopped: {count} runs recorded in {small}; the same command goes on from there\n"
        )


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
    assert "--list" in said and "make the missing runs of one on the full MNIST" in said


# ---- the records --------------------------------------------------------------------------


def files():
    """The recorded experiments."""
    return [name for name in EXPERIMENTS if (RESULTS / f"{name}.jsonl").exists()]


def test_no_record_lies_about_without_an_experiment():
    assert {path.stem for path in RESULTS.glob("*.jsonl")} == set(files()) >= {"article_b"}


@pytest.mark.parametrize("name", files())
def test_a_record_is_of_the_settings_of_today_sorted_and_of_the_command_it_names(name):
    path = RESULTS / f"{name}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    command = json.loads(lines[0])["command"]
    seeds = int(command.rpartition(" --seeds ")[2])
    header = experiments.header_of(name, seeds)
    assert lines[0] == records.as_line(header)
    runs = records.read(path, header)
    assert lines[1:] == [records.as_line(one) for one in runs]
    assert max(one["seed"] for one in runs) < seeds
    assert all(one["versions"].startswith("python 3.") for one in runs)
    assert recorded(name)
