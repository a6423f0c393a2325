"""The runs of an experiment, made on Dask: by processes of this machine, or by a cluster.

Dask starts the processes, gives the run of one that dies to another, and ends them all when this
process is gone. What is left to do here: ask for the runs that are missing, record each as soon as
it is finished, and show how far they are.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue

import numpy as np
import scipy
from dask.system import CPU_COUNT
from distributed import Client, Future, KilledWorker
from threadpoolctl import threadpool_info, threadpool_limits

from helpers.full_mnist import load_mnist
from helpers.mnist import load_sample
from helpers.recorded import RESULTS
from helpers.validation import check_count, check_whole_number
from tools.experiments import records
from tools.experiments.all_experiments import experiment_of
from tools.experiments.bar import Bar
from tools.experiments.experiment import Experiment, Task
from tools.experiments.workers import Data, cluster, data_here, processes

CHECKPOINTS = Path(__file__).resolve().parents[2] / "build" / "checkpoints"
GONE = "the cluster is gone; what was finished is recorded, and the same command goes on from there"


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
    ``jobs`` processes work at once (−1: one a core; runs that are timed, one after the other); or
    the workers of the Dask cluster at the address ``scheduler``, as many as there are. Every
    run has one BLAS thread, so that they do not fight for cores, and its result does not depend
    on how many work at once. Runs of an experiment that has ``checkpoints`` leave them in this
    folder until they are recorded, and go on from there (not on a cluster, whose workers may
    have other disks).

    Raises ``ValueError`` and ``TypeError`` for arguments that cannot be, ``ValueError`` for a
    damaged file; ``RuntimeError`` if a run failed, when all others are done, and for a cluster that
    would not begin or that is gone; ``OSError`` if the data or the cluster cannot be reached, or
    the file cannot be written.
    """
    experiment = experiment_of(name)
    seeds = check_count("seeds", experiment.seeds if seeds is None else seeds)
    wanted = experiment.tasks(seeds, settings)
    check_whole_number("jobs", jobs)
    if jobs < 1 and jobs != -1:
        raise ValueError(f"jobs must be at least 1, or -1 for one a core; got {jobs}")
    if scheduler is not None and not re.fullmatch(r".+:\d+", scheduler):
        raise ValueError(f"scheduler must be an address such as tcp://HOST:PORT, got {scheduler!r}")
    path = folder / f"{name}.jsonl"
    recorded = records.read(path, records.header_of(name))
    header = records.header_of(name, max([seeds, *(one["seed"] + 1 for one in recorded)]))
    records.tidy(path, header)
    done = {(one["setting"], one["seed"]) for one in recorded}
    tasks = [task for task in wanted if task not in done]
    checkpoint_of = {
        (setting, seed): checkpoints / name / f"{setting}, seed {seed}.npz"
        for setting, seed in [*tasks, *done]
        if experiment.checkpoints and scheduler is None
    }
    for task in done:  # left by a process that was killed: a run made anew must not go on from it
        _delete(checkpoint_of.get(task))
    if not tasks:
        return path
    records.check_writable(path)
    load = {"MNIST": load_mnist, "sample": load_sample, "none": lambda: None}[experiment.data]
    data = load()
    n_jobs = 1 if experiment.timed else min(CPU_COUNT if jobs == -1 else jobs, len(tasks))
    failures = []
    with (
        _tidied(path, header),
        processes(n_jobs) if scheduler is None else cluster(scheduler) as client,
        Bar(name, experiment, wanted, tasks, checkpoint_of) as bar,
    ):
        client.register_plugin(Data(data))
        for task, future in _finished(client, experiment, tasks, checkpoint_of, bar.look):
            try:
                records.append(path, header, _result(future))
                _delete(checkpoint_of.get(task))
            except ValueError as error:  # the run failed, or gave what is no result
                failures.append("{}, seed {}: {}".format(*task, error))
            bar.count(task)
    if failures:
        others = ", the others are recorded" if len(failures) < len(tasks) else ""
        raise RuntimeError(
            f"{len(failures)} of {len(tasks)} runs failed{others}:\n  " + "\n  ".join(failures)
        )
    return path


def _delete(checkpoint: Path | None) -> None:
    """Delete a checkpoint, if there is one, and what a killed process had of the next."""
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
        checkpoint.with_name(f"{checkpoint.name}.part").unlink(missing_ok=True)


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


def _finished(
    client: Client,
    experiment: Experiment,
    tasks: list[Task],
    checkpoint_of: dict[Task, Path],
    look: Callable[[], None],
) -> Iterator[tuple[Task, Future]]:
    """Have the runs made, in this order; yield each as it ends, well or not.

    Meanwhile ``look`` is called, now and then.
    """
    waiting, task_of, ended = tasks[::-1], {}, SimpleQueue()
    while waiting or task_of:
        # One for each worker there is. Dask would hand out more ahead of time, and a run may then
        # wait behind one of an hour while another worker has nothing to do.
        while waiting and len(task_of) < _n_workers(client):
            task = setting, seed = waiting.pop()
            function, options = experiment.function, experiment.settings[setting]
            future = client.submit(
                make_run, setting, seed, function, options, checkpoint_of.get(task), pure=False
            )
            task_of[future] = task
            future.add_done_callback(ended.put)
        try:
            future = ended.get(timeout=1)
        except Empty:  # a worker may have come meanwhile
            look()
        else:
            yield task_of.pop(future), future


def _n_workers(client: Client) -> int:
    try:
        return len(client.nthreads())
    except OSError as error:
        raise RuntimeError(GONE) from error


def _result(future: Future) -> dict:
    """The run that is finished.

    Raises ``ValueError`` if it failed, ``RuntimeError`` if nobody will make it any more.
    """
    if future.status == "finished":
        return future.result()
    if future.status != "error":
        raise RuntimeError(GONE)
    error = future.exception()
    if isinstance(error, KilledWorker):
        raise ValueError("every process that tried it died, killed or for want of memory")
    raise ValueError(f"{type(error).__name__}: {error}")


def make_run(
    setting: str,
    seed: int,
    function: Callable[..., dict[str, float]],
    options: dict,
    checkpoint: Path | None,
) -> dict:
    """The finished run, as it is recorded. This happens in another process."""
    threadpool_limits(1)  # for good; Dask asks for one thread, but a reader's OMP_NUM_THREADS wins
    more = {} if checkpoint is None else {"checkpoint": checkpoint}
    results = function(data_here(), seed, **options, **more)
    numbers = {name: _rounded(value) for name, value in results.items()}
    return {"setting": setting, "seed": seed, **numbers, "versions": versions()}


def _rounded(value: float) -> float:
    """A whole number as it is, another rounded to five decimals, for JSON."""
    return int(value) if isinstance(value, int | np.integer) else round(float(value), 5)


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
