"""Who makes the runs: processes of this machine, or the workers of a Dask cluster."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import resource_tracker

import dask
import numpy as np
from distributed import Client, LocalCluster, WorkerPlugin, get_worker

REACHED_WITHIN = 10  # seconds: a cluster
ENDED_WITHIN = 2  # seconds: a process in the middle of a run; Dask's own 5 are long after Ctrl-C
# signals that a terminal sends to all processes in it; there is no other on Windows
OF_ALL = {getattr(signal, one) for one in ("SIGINT", "SIGHUP") if hasattr(signal, one)}
BEFORE_START = {  # the environment of a process, which Dask sets before it starts it
    # as soon as it is imported there, Dask sets up its log
    "distributed.nanny.pre-spawn-environ.DASK_LOGGING__DISTRIBUTED": "critical",
    # Dask has memory given back at once, which makes a run of article B take 1.4 times as long
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
}


@contextmanager
def processes(n_jobs: int) -> Iterator[Client]:
    """While this lasts, so many processes of this machine wait for runs."""
    with ExitStack() as closing:
        closing.enter_context(dask.config.set(BEFORE_START))
        with _ctrl_c_waits():
            cluster = LocalCluster(
                n_workers=n_jobs,
                threads_per_worker=1,
                processes=True,
                memory_limit=0,  # a process that was near it would wait, without a word
                dashboard_address="127.0.0.1:0",  # any port: there may be another cluster
                scheduler_kwargs={"dashboard": False},
                silence_logs=False,
            )
            closing.enter_context(cluster)
        client = closing.enter_context(Client(cluster, set_as_default=False))
        try:
            yield client
        except BaseException:
            cluster.sync(_end_workers, cluster)
            raise


async def _end_workers(cluster: LocalCluster) -> None:
    """End the processes, though they are in the middle of runs, which nobody waits for."""
    closing = (worker.close(timeout=ENDED_WITHIN) for worker in cluster.workers.values())
    await asyncio.gather(*closing, return_exceptions=True)


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Ctrl-C is answered afterwards; the processes that begin in here never hear it.

    A terminal sends it to all processes, and so it does when it is closed. Only this one should
    answer, and end the others.
    """
    asked: list[int] = []
    waits = {*OF_ALL, signal.SIGTERM}  # which Dask itself ends its processes with
    before = {one: signal.signal(one, lambda number, _: asked.append(number)) for one in waits}
    for _ in range(2):
        if hasattr(signal, "pthread_sigmask"):  # not on Windows; threads and processes inherit it
            signal.pthread_sigmask(signal.SIG_BLOCK, OF_ALL)
        resource_tracker.ensure_running()  # which lets Ctrl-C in again, when it begins
    try:
        yield
    finally:
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, OF_ALL)
        for one, answer in before.items():
            signal.signal(one, answer)
        if asked:
            signal.raise_signal(asked[0])


@contextmanager
def cluster(scheduler: str) -> Iterator[Client]:
    """While this lasts, the cluster at this address waits for runs.

    Raises ``OSError`` if it cannot be reached and ``RuntimeError`` if it cannot make them.
    """
    try:
        client = Client(scheduler, set_as_default=False, timeout=REACHED_WITHIN)
    except OSError as error:
        raise OSError(f"the cluster at {scheduler} cannot be reached: {error}") from error
    with client:
        threads = client.nthreads()
        if not threads:
            raise RuntimeError(f"the cluster at {scheduler} has no workers: start at least one")
        for worker, n_threads in threads.items():
            if n_threads > 1:
                raise RuntimeError(
                    f"the worker {worker} has {n_threads} threads, whose runs would fight for "
                    f"their BLAS: start it with --nthreads 1"
                )
        for whose, call in (("scheduler", client.run_on_scheduler), ("workers", client.run)):
            try:
                call(exec, "import tools.experiments.engine")
            except ImportError as error:
                raise RuntimeError(
                    f"the {whose} of the cluster at {scheduler} cannot import this project "
                    f"({error}): start them in a clone of it, with its packages and with "
                    f"PYTHONPATH=."
                ) from error
        yield client


class Data(WorkerPlugin):
    """The data that all runs share, once on each worker.

    The scheduler gives them to every worker that comes, also to one in the place of another that
    has died.
    """

    name = "data"

    def __init__(self, arrays: tuple[np.ndarray, ...] | None) -> None:
        self.arrays = arrays


def data_here() -> tuple[np.ndarray, ...] | None:
    """The data of this worker, in whose process a run asks for them."""
    return get_worker().plugins[Data.name].arrays
