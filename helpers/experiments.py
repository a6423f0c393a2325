"""Experiments that take too long for a notebook: run once, recorded in ``results/``, read there.

``python -m helpers.experiments --list`` names them, ``python -m helpers.experiments run NAME``
runs one on the full MNIST, all settings with all seeds, in parallel processes. Every finished run
is recorded in ``results/NAME.jsonl`` at once (see ``helpers.records``), and a run that is recorded
is not made again: what was stopped goes on where it was.

With ``--scheduler tcp://HOST:PORT`` the runs are made by the workers of a Dask cluster instead. It
needs the package ``distributed``, which nothing else here needs.
"""

from __future__ import annotations

import argparse
import heapq
import math
import multiprocessing
import os
import platform
import re
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING

import joblib
import numpy as np
import scipy
from joblib.externals.loky.process_executor import TerminatedWorkerError
from threadpoolctl import threadpool_info, threadpool_limits
from tqdm import tqdm

from helpers import article_b, paper, records
from helpers.mnist import load_mnist
from helpers.training import saved_history
from helpers.validation import check_count

if TYPE_CHECKING:
    from distributed import Client

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "results"
CHECKPOINTS = PROJECT / "build" / "checkpoints"
PARENT = os.getppid()  # early, while it is there: a worker imports this for its first run
LIMITING = threading.Lock()  # held while a run sets its BLAS threads
LOOK_EVERY = 5  # seconds: how far the runs are, for the bar
NOTE = (
    "Each run names the versions that made it. Other versions and other machines round differently "
    "and give other numbers, of the same distribution."
)
DATA = "MNIST, 60000 training and 10000 test images"  # load_mnist has no other


@dataclass(frozen=True)
class Experiment:
    """A grid of settings and seeds.

    ``function(data, seed, **options)`` makes one run with what `load_mnist` returns and gives its
    numbers by the names in ``results``; it must be defined in a module, so that other processes
    can import it. ``settings`` has the options of each setting by its name. With ``checkpoints``
    the function takes an option ``checkpoint`` as well, a file that a run which was stopped goes on
    from.
    """

    function: Callable[..., dict[str, float]]
    results: tuple[str, ...]
    settings: dict[str, dict]
    seeds: int = 10  # of each setting, if nothing else is asked
    checkpoints: bool = False


EXPERIMENTS = {
    "article_b": Experiment(
        article_b.train_article_b, article_b.RESULTS, article_b.SETTINGS, article_b.SEEDS
    ),
    "article_b_rounding": Experiment(
        article_b.train_rounded_twice,
        article_b.ROUNDING_RESULTS,
        article_b.ROUNDING_SETTINGS,
        article_b.SEEDS,
    ),
    "paper": Experiment(paper.train_mnist, paper.RESULTS, paper.SETTINGS, 3, checkpoints=True),
    "paper_choices": Experiment(
        paper.train_mnist, paper.RESULTS, paper.CHOICES, 1, checkpoints=True
    ),
}


def run(
    name: str,
    seeds: int | None = None,
    jobs: int = -1,
    scheduler: str | None = None,
    settings: Sequence[str] | None = None,
    folder: Path = RESULTS,
    checkpoints: Path = CHECKPOINTS,
) -> Path:
    """Make the runs of experiment ``name`` that are not recorded yet; return the file of all.

    Those are ``settings`` (None: all) with seeds 0 … ``seeds`` − 1 (None: the experiment's number).
    ``jobs`` processes work at once (−1: one a core); or the workers of the Dask cluster at the
    address ``scheduler``, as many as there are. Every run has one BLAS thread, so that they do not
    fight for cores, and its result does not depend on how many work at once. Runs of an experiment
    that has ``checkpoints`` leave them in this folder until they are recorded, and go on from there
    (not on a cluster, whose workers may have other disks).

    Raises ``ValueError`` and ``TypeError`` for arguments that cannot be, ``ValueError`` for a
    damaged file; ``RuntimeError`` if a run failed, when all others are done, if a process that
    makes them dies, and for a cluster that would not begin; ``OSError`` if the data or the cluster
    cannot be reached, or the file cannot be written; ``ModuleNotFoundError`` if a cluster is asked
    without `distributed`.
    """
    experiment = experiment_of(name)
    seeds = check_count("seeds", experiment.seeds if seeds is None else seeds)
    wanted = _wanted(experiment, seeds, settings)
    if jobs != -1 and check_count("jobs", jobs, low=-1) < 1:
        raise ValueError(f"jobs must be at least 1, or -1 for one a core; got {jobs}")
    if scheduler is not None and not re.fullmatch(r".+:\d+", scheduler):
        raise ValueError(f"scheduler must be an address such as tcp://HOST:PORT, got {scheduler!r}")
    path = file_of(name, folder)
    recorded_runs = records.read(path, header_of(name, seeds))
    header = header_of(name, max([seeds, *(one["seed"] + 1 for one in recorded_runs)]))
    records.tidy(path, header)
    recorded_tasks = {(one["setting"], one["seed"]) for one in recorded_runs}
    tasks = [task for task in wanted if task not in recorded_tasks]
    checkpoint_of = {
        (setting, seed): checkpoints / name / f"{setting}, seed {seed}.npz"
        for setting, seed in [*tasks, *recorded_tasks]
        if experiment.checkpoints and scheduler is None
    }
    for task in recorded_tasks & checkpoint_of.keys():
        # Left by a process that was killed: a run that is made again should not go on from there.
        checkpoint_of[task].unlink(missing_ok=True)
    if not tasks:
        return path
    records.check_writable(path)
    data = load_mnist()
    failures = []
    with (
        _tidied(path, header),
        threadpool_limits(1),  # one job works in this process, whose threads come back here
        _workers(data, jobs, scheduler) as n_workers,
        _Progress(name, tasks, checkpoint_of, experiment, len(wanted), n_workers) as progress,
        _outcomes(experiment, data, tasks, scheduler, checkpoint_of) as outcomes,
    ):
        for setting, seed, outcome, seconds in outcomes:
            failure = outcome if isinstance(outcome, str) else None
            if failure is None:
                try:
                    records.append(path, header, outcome)
                    if (setting, seed) in checkpoint_of:
                        checkpoint_of[setting, seed].unlink(missing_ok=True)
                except ValueError as error:  # the function gave what is no result
                    failure = str(error)
            if failure is not None:
                failures.append(f"{setting}, seed {seed}: {failure}")
            progress.finished((setting, seed), seconds, failure is None)
    if failures:
        others = ", the others are recorded" if len(failures) < len(tasks) else ""
        raise RuntimeError(
            f"{len(failures)} of {len(tasks)} runs failed{others}:\n  " + "\n  ".join(failures)
        )
    return path


@contextmanager
def _tidied(path: Path, header: dict) -> Iterator[None]:
    """Afterwards, whatever has happened, the record is sorted."""
    try:
        yield
    except BaseException:
        with suppress(ValueError, OSError):  # which would hide what has ended this
            records.tidy(path, header)
        raise
    records.tidy(path, header)


@contextmanager
def _workers(data: tuple[np.ndarray, ...], jobs: int, scheduler: str | None) -> Iterator[int]:
    """While this lasts, joblib has these workers; yields how many runs they make at once."""
    if scheduler is None:
        with joblib.parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1):
            yield joblib.effective_n_jobs(jobs)
        return
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "a scheduler needs the package distributed: python -m pip install distributed"
        ) from error
    with Client(scheduler, set_as_default=False) as client:
        _check_cluster(client, scheduler)
        # The data are sent once to every worker there is; a worker that comes later gets them from
        # one of these. If a worker dies, the scheduler gives its runs to another.
        with joblib.parallel_config("dask", client=client, scatter=[data]):
            yield joblib.effective_n_jobs()


def _check_cluster(client: Client, scheduler: str) -> None:
    """Raise ``RuntimeError`` for a cluster that would not begin, and would not say why."""
    n_threads = sum(client.nthreads().values())
    if n_threads < 2:
        raise RuntimeError(
            f"the cluster at {scheduler} has too few threads ({n_threads}): joblib needs two. "
            f"Start another worker, or run without a scheduler"
        )
    for whose, call in (("scheduler", client.run_on_scheduler), ("workers", client.run)):
        try:
            call(exec, "import helpers.experiments")
        except ImportError as error:
            raise RuntimeError(
                f"the {whose} of the cluster at {scheduler} cannot import this project ({error}): "
                f"start them in a clone of it, with its packages and with PYTHONPATH=."
            ) from error


@contextmanager
def _outcomes(
    experiment: Experiment,
    data: tuple[np.ndarray, ...],
    tasks: list[tuple[str, int]],
    scheduler: str | None,
    checkpoint_of: dict[tuple[str, int], Path],
) -> Iterator[Iterator[tuple[str, int, dict | str, float]]]:
    """While this lasts, the runs are made; yields what `_one_run` returns, as they finish.

    joblib writes large arrays to a file once, which all processes of this machine map into memory.
    Afterwards those of them that still work, because of an error or Ctrl-C, are ended at once. The
    workers of a cluster are not: they end the runs that they have begun, for nobody.
    """
    parallel = joblib.Parallel(
        return_as="generator_unordered",
        batch_size=1,  # a batch of short runs would be recorded, or lost, as a whole
        # A worker that joins a cluster later finds work. Here a process gets a run when it is free:
        # joblib complains about runs that still wait when Ctrl-C ends it.
        pre_dispatch="n_jobs" if scheduler is None else "all",
    )
    with _deaf_to_ctrl_c():
        outcomes = parallel(
            joblib.delayed(_one_run)(
                data,
                setting,
                seed,
                experiment.function,
                experiment.settings[setting],
                checkpoint_of.get((setting, seed)),
            )
            for setting, seed in tasks
        )
    try:
        yield outcomes
    except TerminatedWorkerError as error:
        raise RuntimeError(
            "a process died in the middle of a run, killed or for want of memory; what was "
            "finished is recorded, and the same command goes on from there"
        ) from error
    finally:
        with warnings.catch_warnings(action="ignore"):  # that runs are cancelled is what we want
            outcomes.close()


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Processes that are started in here do not hear Ctrl-C; nor does this one, meanwhile.

    A terminal sends it to all of them. Only this process should answer, and end the others.
    """
    if threading.current_thread() is not threading.main_thread():  # which alone hears signals
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _one_run(
    data: tuple[np.ndarray, ...],
    setting: str,
    seed: int,
    function: Callable,
    options: dict,
    checkpoint: Path | None,
) -> tuple[str, int, dict | str, float]:
    """Setting, seed, the finished run (or what went wrong, as text), and the seconds it took.

    This happens in a process of its own. An error must not end the runs of the others, so it is
    returned.
    """
    start = time.perf_counter()
    try:
        # For good: a worker of a cluster may be at another run when this one ends. One at a time:
        # in a process, threadpoolctl sets OpenBLAS's threads in the first thread that asks, and
        # returns at once in the others, which would go on before that is done.
        with LIMITING:
            threadpool_limits(1)
        if multiprocessing.parent_process() is not None and not hasattr(tqdm, "_lock"):
            # A bar makes a lock between processes; Python warns of one whose process is ended.
            tqdm.set_lock(threading.RLock())
        more = {} if checkpoint is None else {"checkpoint": checkpoint}
        with _as_long_as_its_parent():
            results = function(data, seed, **options, **more)
        outcome = {
            "setting": setting,
            "seed": seed,
            **{name: _rounded(value) for name, value in results.items()},
            "versions": versions(),
        }
    except Exception as error:
        outcome = f"{type(error).__name__}: {error}"
    return setting, seed, outcome, time.perf_counter() - start


def versions() -> str:
    """What decides the last bits of a run: the versions, the kernel of the BLAS, the machine."""
    blas = [library for library in threadpool_info() if library["user_api"] == "blas"]
    kernels = {
        f"{library['internal_api']} {library['version']} {library.get('architecture', '')}".strip()
        for library in blas
    }
    return ", ".join(
        [
            f"python {platform.python_version()}",
            f"numpy {np.__version__}",
            f"scipy {scipy.__version__}",
            *sorted(kernels),
            platform.machine(),
        ]
    )


@contextmanager
def _as_long_as_its_parent() -> Iterator[None]:
    """A process that another one started for this ends at once when that one is gone.

    A run takes up to an hour; nobody would record it any more, and the same command, started
    again, would make it a second time. On Windows it is not seen, and the run goes on.
    """
    over = threading.Event()

    def watch() -> None:
        while not over.wait(1):
            if os.getppid() != PARENT:
                os._exit(1)

    if multiprocessing.parent_process() is not None:
        threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _rounded(value: float) -> float:
    """A whole number as it is, another rounded to five decimals, for JSON."""
    return int(value) if isinstance(value, int | np.integer) else round(float(value), 5)


class _Progress:
    """The bar: how many runs are done, how long the others may take; and a line for each run.

    A run that saves checkpoints counts for the share of its epochs that it has done, and its pace
    for the estimate, while it goes on. The bar's own estimate takes the runs to come for such as
    the last few, one after the other; here settings differ, and several runs go on at once.
    """

    def __init__(
        self,
        name: str,
        tasks: list[tuple[str, int]],
        checkpoint_of: dict[tuple[str, int], Path],
        experiment: Experiment,
        n_wanted: int,
        n_workers: int,
    ) -> None:
        self.tasks = tasks
        self.checkpoint_of = checkpoint_of
        self.n_workers = n_workers
        self.epochs = {(s, seed): experiment.settings[s].get("epochs", 1) for s, seed in tasks}
        self.done: dict[tuple[str, int], int] = {}  # epochs, of the runs under way
        self.pace: dict[tuple[str, int], float] = {}  # seconds an epoch, of those and the finished
        self.took: dict[tuple[str, int], float] = {}  # seconds, of the finished and the failed
        self.start = time.monotonic()
        self.n_recorded = n_wanted - len(tasks)
        self.bar = tqdm(
            desc=name,
            initial=self.n_recorded,
            total=n_wanted,
            bar_format="{desc} {bar:10} {n:g} of {total_fmt}{postfix}",
            disable=None,  # without a terminal
        )
        self._read_checkpoints()
        self.done_before = dict(self.done)
        if half_done := [task for task in tasks if self._has_checkpoint(task)]:
            self.say(f"runs that go on from where they were stopped: {len(half_done)}")
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Progress:
        self._show()
        # On Windows a file that is being read cannot be replaced, and a run would fail of it.
        if not self.bar.disable and os.name != "nt":
            self.watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        if self.watcher.is_alive():
            self.watcher.join()
        self.bar.close()

    def say(self, text: str) -> None:
        """A line of its own above the bar; in a log, where there is no bar, just the line."""
        self.bar.write(text, file=sys.stderr)

    def finished(self, task: tuple[str, int], seconds: float, well: bool) -> None:
        """Count one more run that has ended."""
        with self.lock:
            self.took[task] = seconds
            self.done.pop(task, None)
            self.pace.pop(task, None)
            epochs = self.epochs[task] - self.done_before.get(task, 0)
            if well and epochs:
                self.pace[task] = seconds / epochs
            setting, seed = task
            how = "done" if well else "failed"
            self.say(f"{setting}, seed {seed}: {how} after {timedelta(seconds=round(seconds))}")
            self._show()

    def _watch(self) -> None:
        while not self.over.wait(LOOK_EVERY):
            with self.lock:
                self._read_checkpoints()
                self._show()

    def _has_checkpoint(self, task: tuple[str, int]) -> bool:
        return task in self.checkpoint_of and self.checkpoint_of[task].exists()

    def _read_checkpoints(self) -> None:
        """Note how far the runs are that are not finished."""
        for task in self.tasks:
            if task in self.took or not self._has_checkpoint(task):
                continue
            with suppress(OSError, ValueError):  # gone meanwhile; damaged, which its run will say
                seconds = saved_history(self.checkpoint_of[task]).seconds
                self.done[task] = len(seconds)
                self.pace[task] = median(seconds)

    def _show(self) -> None:
        shares = sum(done / self.epochs[task] for task, done in self.done.items())
        n_done = self.n_recorded + len(self.took) + shares
        self.bar.n = math.floor(10 * n_done) / 10  # 17.96 of 18 is not 18
        estimate = ""
        if self.pace:
            left = seconds_left(
                self.tasks,
                {task: n - self.done.get(task, 0) for task, n in self.epochs.items()},
                self.took,
                self.pace,
                {task for task, n in self.done.items() if n > self.done_before.get(task, 0)},
                self.n_workers,
                time.monotonic() - self.start,
            )
            estimate = f"about {timedelta(seconds=round(left))} left"
        self.bar.set_postfix_str(estimate, refresh=False)
        self.bar.refresh()


def seconds_left(
    tasks: list[tuple[str, int]],
    epochs: dict[tuple[str, int], int],
    took: dict[tuple[str, int], float],
    pace: dict[tuple[str, int], float],
    seen: set[tuple[str, int]],
    n_workers: int,
    elapsed: float,
) -> float:
    """Seconds until the last of ``tasks`` is done, ``elapsed`` seconds after the start; 0 or more.

    Plays the whole of it: ``n_workers`` take the (setting, seed) pairs ``tasks`` in their order. A
    finished one lasts as long as it ``took``; another has ``epochs`` to do, each in its ``pace``,
    in seconds. Where that is not known it is the mean of those of the same setting, or of all. Of
    those that are ``seen`` to go on these are the epochs that are left now, of the others those
    that they begin with.
    """
    by_setting: dict[str, list[float]] = {}
    for (setting, _), seconds in pace.items():
        by_setting.setdefault(setting, []).append(seconds)
    of_all = mean(pace.values())
    free_at = [0.0] * n_workers  # a heap: the first is the worker that is free first
    for task in tasks:
        begin = free_at[0]
        if task in took:
            end = begin + took[task]
        else:
            of_setting = mean(by_setting.get(task[0], [of_all]))
            expected = epochs[task] * pace.get(task, of_setting)
            end = (elapsed if task in seen else begin) + expected
        heapq.heapreplace(free_at, end)
    return max(0.0, max(free_at) - elapsed)


def experiment_of(name: str) -> Experiment:
    """The experiment ``name``; ``ValueError`` if there is none of that name."""
    if name not in EXPERIMENTS:
        raise ValueError(f"name must be one of {', '.join(EXPERIMENTS)}, got {name!r}")
    return EXPERIMENTS[name]


def _wanted(
    experiment: Experiment, seeds: int, settings: Sequence[str] | None
) -> list[tuple[str, int]]:
    """All (setting, seed) with seeds below ``seeds`` and ``settings`` (None: all), seed by seed.

    Raises ``ValueError`` for a setting that the experiment does not have.
    """
    for setting in settings or ():
        if setting not in experiment.settings:
            known = "; ".join(experiment.settings)
            raise ValueError(f"settings must be among {known}; got {setting!r}")
    names = [name for name in experiment.settings if settings is None or name in settings]
    return [(setting, seed) for seed in range(seeds) for setting in names]


def file_of(name: str, folder: Path) -> Path:
    """Where the runs of experiment ``name`` are recorded."""
    return folder / f"{name}.jsonl"


def header_of(name: str, seeds: int | None = None) -> dict:
    """The first line of the results file; ``seeds`` are in its command (None: as by default)."""
    experiment = experiment_of(name)
    return {
        "experiment": name,
        "command": f"{command_of(name)} --seeds {seeds or experiment.seeds}",
        "note": NOTE,
        "data": DATA,
        "settings": experiment.settings,
        "results": experiment.results,
    }


def command_of(name: str) -> str:
    """The command that makes what is missing of experiment ``name``."""
    return f"python -m helpers.experiments run {name}"


def recorded(name: str, folder: Path = RESULTS) -> dict[str, dict[str, np.ndarray]]:
    """The recorded results of experiment ``name``: setting → result → array of shape (n_seeds,).

    In the order of the seeds 0, 1, …, so that two settings can be compared seed by seed. Of an
    experiment that is not finished, the settings that have runs, each with as many seeds as it
    has. Raises ``ValueError`` for an unknown name, for a damaged or outdated file and where a seed
    is missing before others, and ``FileNotFoundError``, with the command that makes the file, if
    there is none.
    """
    experiment = experiment_of(name)
    path = file_of(name, folder)
    if not path.exists():
        raise FileNotFoundError(f"no record of {name} at {path}: {command_of(name)} makes it")
    runs: dict[str, list[dict]] = {}
    for one in records.read(path, header_of(name)):
        runs.setdefault(one["setting"], []).append(one)
    for setting, ones in runs.items():
        seeds = [one["seed"] for one in ones]
        if seeds != list(range(len(seeds))):
            missing = min(set(range(len(seeds))) - set(seeds))
            raise ValueError(
                f"{path}: {setting} has no run of seed {missing}, but of {seeds[-1]}: "
                f"{command_of(name)} makes it"
            )
    return {
        setting: {result: np.array([one[result] for one in ones]) for result in experiment.results}
        for setting, ones in runs.items()
    }


def made_with(name: str, folder: Path = RESULTS) -> list[str]:
    """The versions and machines that made the recorded runs of experiment ``name``, each once.

    Raises what `recorded` raises.
    """
    path = file_of(name, folder)
    recorded(name, folder)
    return sorted({one["versions"] for one in records.read(path, header_of(name))})


def main(arguments: list[str] | None = None) -> None:
    """The command line; see the top of this module. Ends with 1 if a run failed, 130 by Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m helpers.experiments")
    parser.add_argument("--list", action="store_true", help="name the experiments")
    commands = parser.add_subparsers(dest="command")
    runner = commands.add_parser("run", help="make the missing runs of one on the full MNIST")
    runner.add_argument("name", choices=EXPERIMENTS, help="of the experiment")
    runner.add_argument(
        "--seeds", type=int, help="runs of each setting (default: the number that --list tells)"
    )
    runner.add_argument(
        "--jobs", type=int, default=-1, help="processes at once (default: one a core)"
    )
    runner.add_argument(
        "--only", action="append", metavar="SETTING", help="only this setting; may be repeated"
    )
    runner.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="let all workers of a Dask cluster do it: tcp://HOST:PORT",
    )
    options = parser.parse_args(arguments)
    try:
        if options.command == "run":
            _run_from_shell(options)
        elif options.list:
            for name, experiment in EXPERIMENTS.items():
                runs = records.read(file_of(name, RESULTS), header_of(name))
                print(f"{name}: {_count(experiment, runs)}")
                for setting in experiment.settings:
                    print(f"    {setting}: {_count(experiment, runs, settings=[setting])}")
        else:
            parser.print_help()
    except (ValueError, OSError, RuntimeError, ImportError) as error:
        raise SystemExit(f"error: {error}") from error


def _run_from_shell(options: argparse.Namespace) -> None:
    """Do what the command ``run`` asks; say where it stands if it is stopped."""
    name, scheduler = options.name, options.scheduler
    path = file_of(name, RESULTS)

    def recorded_in_path() -> str:
        runs = records.read(path, header_of(name))
        count = _count(EXPERIMENTS[name], runs, options.seeds, options.only)
        return f"{count} recorded in {path}"

    try:
        run(name, options.seeds, options.jobs, scheduler, options.only, RESULTS)
        print(recorded_in_path())
    except KeyboardInterrupt:
        stopped = f"\nstopped: {recorded_in_path()}; the same command goes on from there"
        print(stopped, file=sys.stderr)
        raise SystemExit(130) from None  # what a shell expects of a command stopped by Ctrl-C


def _count(
    experiment: Experiment,
    runs: list[dict],
    seeds: int | None = None,
    settings: Sequence[str] | None = None,
) -> str:
    """How many of the runs that `run` makes with these arguments are in ``runs``: "3 of 6 runs"."""
    wanted = _wanted(experiment, experiment.seeds if seeds is None else seeds, settings)
    n_recorded = sum((one["setting"], one["seed"]) in wanted for one in runs)
    return f"{n_recorded} of {len(wanted)} runs"


if __name__ == "__main__":
    # By its name, under which other processes find its functions; their "__main__" is another.
    from helpers import experiments

    experiments.main()
