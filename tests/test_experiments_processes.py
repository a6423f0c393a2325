"""Experiments in real processes: killed, interrupted, on a cluster that loses a worker.

Nothing here waits for a fixed time and hopes: it waits until something is so, however slow the
machine is, and a run that must not be finished never ends.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import small_experiment
from joblib.externals.loky import get_reusable_executor
from small_experiment import DATA, EXPERIMENTS
from threadpoolctl import threadpool_info, threadpool_limits

from helpers import experiments, records
from helpers.experiments import recorded

TESTS = Path(__file__).parent
PATIENCE = 120  # seconds, after which something that should happen never will
SMALL = [(setting, seed) for setting in EXPERIMENTS["small"].settings for seed in range(6)]
FACTORS = {"2": "two", "1": "one"}  # in the side file: the setting

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")


def wait_until(condition):
    """Wait until ``condition()`` holds; return what it gave."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.01)
    raise TimeoutError(f"not so in {PATIENCE} seconds")


def whole_lines(path):
    """The lines that are in a file so far, without one that is just being written."""
    return path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []


class World:
    """A folder for results and for the names of runs, and processes that end with the test."""

    def __init__(self, folder):
        self.folder = folder
        self.names = folder / "names"
        self.processes = []
        self.workers = set()  # ids of the processes whose runs were forgotten

    def start(self, *arguments, stuck=None, seconds=0.1, path=(TESTS.parent, TESTS), **options):
        """Start ``python -m …``; its runs take ``seconds``, number ``stuck`` of a process for ever.

        It leads a group of its own, as a command in a terminal does, and finds what is in ``path``.
        """
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            "RUN_NAMES": str(self.names),
            "RUN_SECONDS": str(seconds),
            **({} if stuck is None else {"RUN_STUCK": str(stuck)}),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", *map(str, arguments)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
            **options,
        )
        self.processes.append(process)
        return process

    def command(self, *arguments, **options):
        """Start the command line of the experiments with these arguments."""
        return self.start("small_experiment", self.folder / "results", *arguments, **options)

    def path(self, name):
        """Where the experiment ``name`` is recorded."""
        return self.folder / "results" / f"{name}.jsonl"

    def recorded(self, name="small"):
        """The settings and seeds in the file, in the order of its lines."""
        lines = whole_lines(self.path(name))[1:]
        return [(run["setting"], run["seed"]) for run in map(json.loads, lines)]

    def made(self, process=None):
        """The settings and seeds that were started (by the process with this id)."""
        lines = [line.split() for line in whole_lines(self.names)]
        return [
            (FACTORS.get(factor, factor), int(seed))
            for factor, seed, id_ in lines
            if process in (None, int(id_))
        ]

    def forget(self):
        """Forget the runs that were made so far."""
        self.workers |= self.ids()
        self.names.unlink(missing_ok=True)

    def ids(self):
        """The processes in which runs were made, but not this one."""
        return {int(line.split()[2]) for line in whole_lines(self.names)} - {os.getpid()}

    def end(self):
        """End all processes; those of joblib that clean up behind it end by themselves then."""
        self.forget()
        for process in self.processes:
            process.kill()
        for id_ in filter(is_alive, self.workers):
            os.kill(id_, signal.SIGKILL)
        for process in self.processes:
            process.communicate()
            wait_until(lambda group=process.pid: not is_alive(-group))


def is_alive(process):
    """Whether there is a process with this id; of -id, whether there is one in its group."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def world(tmp_path):
    """A world that ends with the test."""
    world = World(tmp_path)
    yield world
    world.end()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The file of the experiment ``small`` that one process wrote from beginning to end."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUN_NAMES", str(folder / "names"))
        patch.setenv("RUN_SECONDS", "0")
        patch.setattr(experiments, "EXPERIMENTS", EXPERIMENTS)
        patch.setattr(experiments, "load_mnist", lambda: DATA)
        return experiments.run("small", jobs=1, folder=folder).read_bytes()


@pytest.fixture
def small(monkeypatch, world):
    """The experiments of ``small_experiment`` in this process; their runs take no time here."""
    monkeypatch.setattr(experiments, "EXPERIMENTS", EXPERIMENTS)
    monkeypatch.setattr(experiments, "load_mnist", lambda: DATA)
    monkeypatch.setenv("RUN_NAMES", str(world.names))
    monkeypatch.setenv("RUN_SECONDS", "0")


def of_runs(errors):
    """The lines that tell of one run each, and the others."""
    lines = errors.splitlines()
    of_run = {
        x for x in lines if re.fullmatch(r"\w+, seed \d: (done|failed) after \d:\d\d:\d\d", x)
    }
    return of_run, [line for line in lines if line not in of_run]


def ended(process):
    """Wait until a process has ended; return its code, output and errors."""
    output, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, output, errors


# ---- on one machine -----------------------------------------------------------------------


def test_a_run_that_is_killed_goes_on_where_it_was(world, undisturbed):
    process = world.command("run", "small", "--jobs", "2", stuck=2)
    # each of two workers records two runs, and is then in the middle of a third
    wait_until(lambda: len(world.recorded()) == 4 and len(world.made()) == 6)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    finished = world.recorded()
    assert len(finished) == 4
    wait_until(lambda: not any(map(is_alive, world.ids())))  # the runs that never end have ended
    world.forget()
    assert ended(world.command("run", "small", "--jobs", "2"))[0] == 0
    assert sorted(world.made()) == sorted(set(SMALL) - set(finished))
    assert world.path("small").read_bytes() == undisturbed
    assert list(world.path("small").parent.iterdir()) == [world.path("small")]


def test_a_process_that_dies_in_a_run_is_explained(world):
    process = world.command("run", "small", "--jobs", "2", stuck=2)
    wait_until(lambda: len(world.recorded()) == 4 and len(world.made()) == 6)
    os.kill(world.ids().pop(), signal.SIGKILL)
    code, output, errors = ended(process)
    assert (code, output) == (1, "")
    assert errors.endswith(
        "error: a process died in the middle of a run, killed or for want of memory; what was "
        "finished is recorded, and the same command goes on from there\n"
    )
    assert len(world.recorded()) == 4


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_stops_at_once_and_says_how_to_go_on(world, small, undisturbed, jobs):
    process = world.command("run", "small", "--jobs", jobs, stuck=2)
    wait_until(lambda: len(world.recorded()) == 2 * jobs and len(world.made()) == 3 * jobs)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal sends it: the workers get it too
    code, output, errors = ended(process)  # the runs that never end do not hold it up
    assert (code, output) == (130, "")
    stopped = (
        f"stopped: {2 * jobs} of 12 runs recorded in {world.path('small')}; "
        f"the same command goes on from there"
    )
    of_run, others = of_runs(errors)
    assert others == ["", stopped]
    assert len(of_run) <= 2 * jobs  # a run is recorded before it is said
    assert world.recorded() == [task for task in SMALL if task in world.recorded()]  # sorted
    world.forget()
    here = {"jobs": 1, "folder": world.path("small").parent}
    assert experiments.run("small", **here).read_bytes() == undisturbed
    assert len(world.made()) == 12 - 2 * jobs


def test_an_error_while_recording_ends_the_processes_too(world, small, monkeypatch):
    def full(*arguments):
        raise OSError("no space left")

    get_reusable_executor().shutdown()  # the processes of other tests know nothing of this world
    monkeypatch.setenv("RUN_STUCK", "1")
    monkeypatch.setattr(records, "append", full)
    with pytest.raises(OSError, match="no space left") as caught:
        experiments.run("small", jobs=2, folder=world.folder)
    ids = world.ids()
    assert ids and not world.made(os.getpid())
    wait_until(lambda: not any(map(is_alive, ids)))
    assert caught.traceback  # nothing was ended because it was forgotten


def test_a_run_that_diverges_is_reported_when_the_others_are_done(world):
    code, output, errors = ended(world.command("run", "diverging", "--jobs", "2"))
    assert (code, output) == (1, "")
    of_run, others = of_runs(errors)
    assert len(of_run) == 6 and any(re.match("bad, seed 1: failed after 0:", x) for x in of_run)
    assert others == [
        "error: 1 of 6 runs failed, the others are recorded:",
        "  bad, seed 1: FloatingPointError: the loss is nan in epoch 3",
    ]
    assert world.recorded("diverging") == [
        ("good", 0), ("good", 1), ("good", 2), ("bad", 0), ("bad", 2)
    ]  # fmt: skip


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_run_has_one_blas_thread_and_processes_share_the_images(world, small, jobs):
    with threadpool_limits(2):
        threads = threadpool_info()
        experiments.run("around", jobs=jobs, folder=world.folder)
        assert threadpool_info() == threads  # this process has its own as before
    found = recorded("around", world.folder)["here"]
    assert (found["blas_threads"] == 1).all()
    assert (found["mapped"] == (jobs > 1)).all()
    assert (found["deaf"] == (jobs > 1)).all()  # of several processes, only this one hears Ctrl-C
    assert signal.getsignal(signal.SIGINT) == signal.default_int_handler
    assert (os.getpid() in found["process"]) == (jobs == 1)
    assert len(set(found["process"])) <= jobs


# ---- on a cluster -------------------------------------------------------------------------


@pytest.fixture
def cluster(world):
    """A function that starts a scheduler and workers, one for each argument: its ``stuck``.

    Those that are ``lost`` start in another folder and do not find this project.
    """
    pytest.importorskip("distributed")

    def start(*stuck, threads=1, lost=None):
        file = world.folder / "scheduler.json"
        elsewhere = {"path": (), "cwd": world.folder}
        world.start(
            *("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"),
            *("--dashboard-address", "127.0.0.1:0", "--no-dashboard", "--scheduler-file", file),
            **(elsewhere if lost == "scheduler" else {}),
        )
        workers = [
            world.start(
                *("distributed.cli.dask_worker", "--scheduler-file", file, "--no-nanny"),
                *("--nthreads", threads, "--no-dashboard", "--local-directory", world.folder),
                stuck=one,
                **(elsewhere if lost == "workers" else {}),
            )
            for one in stuck
        ]
        address = wait_until(lambda: address_in(file))
        from distributed import Client

        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(len(workers), timeout=PATIENCE)
        return address, workers

    return start


def address_in(file):
    """The address in a scheduler's file; None as long as it is not there, or not whole."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))["address"]
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def test_a_cluster_that_loses_a_worker_makes_every_run(world, small, cluster, undisturbed):
    address, (victim, survivor) = cluster(2, None)

    def kill():
        # it has made two runs, and is in the middle of one that never ends
        try:
            wait_until(lambda: len(world.made(victim.pid)) == 3 and len(world.recorded()) >= 3)
        finally:
            os.kill(victim.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    path = experiments.run("small", scheduler=address, folder=world.path("small").parent)
    killer.join()
    assert victim.wait() == -signal.SIGKILL and survivor.poll() is None
    assert len(world.made(victim.pid)) == 3
    assert world.made(victim.pid)[2] in world.made(survivor.pid)  # was begun again
    assert path.read_bytes() == undisturbed
    assert Counter(world.recorded()) == Counter(SMALL)
    assert not world.made(os.getpid())


def test_what_one_machine_began_a_cluster_ends(world, small, cluster, undisturbed):
    experiments.run("small", seeds=2, jobs=1, folder=world.path("small").parent)
    address, _ = cluster(None, None)
    world.forget()
    code, output, errors = ended(world.command("run", "small", "--scheduler", address))
    assert (code, output) == (0, f"12 of 12 runs recorded in {world.path('small')}\n")
    assert len(of_runs(errors)[0]) == 8 and of_runs(errors)[1] == []
    assert sorted(world.made()) == sorted(task for task in SMALL if task[1] >= 2)
    assert world.path("small").read_bytes() == undisturbed


def test_a_run_in_a_cluster_has_one_blas_thread_and_the_data_travel_once(world, small, cluster):
    address, _ = cluster(None, threads=2)
    experiments.run("around", seeds=20, scheduler=address, folder=world.folder)
    found = recorded("around", world.folder)["here"]
    assert (found["blas_threads"] == 1).all() and os.getpid() not in found["process"]
    assert (found["copies"] == 1).all()


def test_no_run_begins_before_another_thread_has_set_the_blas_threads(monkeypatch):
    threads, asked = [2], []

    def limits(n):  # as in threadpoolctl 3.8: it is the first thread that asks who sets them
        asked.append(n)
        if len(asked) == 1:
            time.sleep(0.2)
            threads[0] = n

    def look(data, seed):
        return {"threads": threads[0]}

    monkeypatch.setattr(experiments, "threadpool_limits", limits)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(experiments._one_run, DATA, "a", k, look, {}, None) for k in range(2)]
    assert asked == [1, 1]
    assert [run.result()[2]["threads"] for run in runs] == [1, 1]


def test_a_cluster_of_one_thread_is_refused(world, small, cluster):
    address, _ = cluster(None)
    message = rf"^the cluster at {address} has too few threads \(1\): joblib needs two\. "
    with pytest.raises(RuntimeError, match=message):
        experiments.run("small", scheduler=address, folder=world.folder)
    assert not world.names.exists()
    assert not (world.folder / "small.jsonl").exists()


@pytest.mark.parametrize("lost", ["scheduler", "workers"])
def test_a_cluster_that_does_not_find_the_project_is_refused(world, small, cluster, lost):
    address, _ = cluster(None, None, lost=lost)
    message = rf"^the {lost} of the cluster at {address} cannot import this project \(No module"
    with pytest.raises(RuntimeError, match=message):
        experiments.run("small", scheduler=address, folder=world.folder)
    assert not world.names.exists()


def test_the_experiment_of_these_tests_hangs_on_seed_data_and_options(small):
    other = tuple(np.zeros_like(array) for array in DATA)
    found = [
        small_experiment.make_run(data, seed, factor)["train"]
        for data, seed, factor in ((DATA, 0, 1), (DATA, 1, 1), (DATA, 0, 2), (other, 0, 1))
    ]
    assert len(set(found)) == 4
