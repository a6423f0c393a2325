"""Experiments in real processes: killed, interrupted, on a cluster that loses a worker.

Nothing here waits for a fixed time and hopes: it waits until something is so, however slow the
machine is, and a run that must not be finished never ends.
"""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from distributed import Client
from small_experiment import SMALL, fake_mnist

from tools.experiments import engine
from tools.experiments.all_experiments import EXPERIMENTS

TESTS = Path(__file__).parent
PATH = (TESTS.parent, TESTS)
PATIENCE = 120  # seconds, after which something that should happen never will
AT_ONCE = 5  # seconds
TASKS = SMALL["long"].tasks()  # b 0, a 0, b 1, …
STOPPED = "stopped: {} of 6 runs recorded in {}; the same command goes on from there"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")


def wait_until(condition, seconds=PATIENCE):
    """Wait until ``condition()`` holds; return what it gave."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.01)
    raise TimeoutError(f"not so in {seconds} seconds")


def lives(process):
    """Whether there is a process with this id; of -id, whether there is one in its group."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


class World:
    """A folder for results, a file of the runs that have begun, processes that end with the test.

    A process leads a group of its own, as a command in a terminal does.
    """

    def __init__(self, folder):
        self.folder, self.begun_file = folder, folder / "begun"
        self.path = folder / "results" / "long.jsonl"
        self.processes = []

    def start(self, *arguments, stuck="", path=PATH, errors=subprocess.PIPE, deaths="1", **more):
        """Start ``python -m …``, which finds what is in ``path``, with runs that are ``stuck``.

        A run may see as many ``deaths`` of its process before it is given up.
        """
        environment = {
            **os.environ,
            **{"PYTHONPATH": os.pathsep.join(map(str, path)), "PYTHONUNBUFFERED": "1"},
            **{"BEGUN": str(self.begun_file), "STUCK": stuck, "OPENBLAS_NUM_THREADS": "2"},
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": deaths,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", *map(str, arguments)],
            env=environment, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8",
            start_new_session=True, **more,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def run(self, *arguments, name="long", **options):
        """Start the command that makes an experiment with two processes."""
        command = ("small_experiment", self.path.parent, "run", name, "--jobs", 2, *arguments)
        return self.start(*command, **options)

    def begun(self):
        """The runs that have begun: setting and seed, and process."""
        text = self.begun_file.read_text(encoding="utf-8") if self.begun_file.exists() else ""
        lines = [line.split() for line in text.split("\n")[:-1]]
        return [((setting, int(seed)), int(process)) for setting, seed, process in lines]

    def recorded(self):
        """The settings and seeds in the file, in the order of its lines."""
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        return [(run["setting"], run["seed"]) for run in map(json.loads, text.split("\n")[1:-1])]

    def until(self, stuck, finished):
        """Wait until these runs are stuck and those are recorded; return the processes of these."""
        wait_until(
            lambda: (
                set(stuck) <= set(dict(self.begun()))
                and sorted(self.recorded()) == sorted(finished)
            )
        )
        return [dict(self.begun())[task] for task in stuck]

    def until_saved(self, stuck, finished):
        """The same, and wait until these runs have saved their first epoch."""
        folder = self.path.parent / "checkpoints" / "long"
        wait_until(lambda: all((folder / f"{s}, seed {n}.npz").exists() for s, n in stuck))
        return self.until(stuck, finished)

    def files(self):
        """All files in the folder of results."""
        return [path for path in self.path.parent.rglob("*") if path.is_file()]

    def end(self):
        """End all processes that are left."""
        for process in self.processes:
            for id_ in [process.pid, *(id_ for _, id_ in self.begun() if id_ != os.getpid())]:
                if lives(id_):
                    os.kill(id_, signal.SIGKILL)
            process.communicate()


@pytest.fixture
def world(tmp_path):
    """A world that ends with the test."""
    world = World(tmp_path)
    yield world
    world.end()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The file of the experiment ``long`` that was made from beginning to end.

    Meanwhile another has the port of Dask's page, as a second experiment would.
    """
    world = World(tmp_path_factory.mktemp("undisturbed"))
    with socket.socket() as another:
        with suppress(OSError):  # somebody really has it
            another.bind(("127.0.0.1", 8787))
            another.listen()
        assert ended(world.run()) == (0, f"6 of 6 runs recorded in {world.path}\n", "")
    assert world.files() == [world.path] and sorted(dict(world.begun())) == sorted(TASKS)
    return world.path.read_bytes()


def ended(process):
    """Wait until a process has ended; return its code, output and errors."""
    output, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, output, errors


def read_ready(terminal):
    """What was written to a terminal and not read yet."""
    return os.read(terminal, 1 << 16) if select.select([terminal], [], [], 0)[0] else b""


def read_all(terminal):
    """What was written to a terminal that nobody has open any more."""
    text = b""
    with suppress(OSError):  # the end of a terminal
        while part := os.read(terminal, 1 << 16):
            text += part
    os.close(terminal)
    return text.decode(errors="replace")


def resumed(world):
    """How many epochs of each run that was ended were not made again."""
    return sorted(map(int, Path(f"{world.begun_file}-resumed").read_text().split()))


def test_a_killed_command_leaves_nothing_running_and_the_next_goes_on(world, undisturbed):
    process = world.run(stuck="b 1, a 1")
    world.until_saved(TASKS[2:4], TASKS[:2])
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    wait_until(lambda: not lives(-process.pid), AT_ONCE)
    part = world.path.parent / "checkpoints" / "long" / "b, seed 1.npz.part"
    part.write_bytes(b"killed while it was saved")
    assert ended(world.run()) == (0, f"6 of 6 runs recorded in {world.path}\n", "")
    assert Counter(task for task, _ in world.begun()) == Counter([*TASKS, *TASKS[2:4]])
    assert world.path.read_bytes() == undisturbed  # the bits of the parameters, too
    assert world.files() == [world.path]
    assert resumed(world) == [0, 0, 0, 0, 1, 1]


def test_the_run_of_a_killed_worker_is_given_to_another(world, undisturbed):
    process = world.run(stuck="b 1")
    (worker,) = world.until_saved([("b", 1)], set(TASKS) - {("b", 1)})
    os.kill(worker, signal.SIGKILL)
    assert ended(process) == (0, f"6 of 6 runs recorded in {world.path}\n", "")
    assert world.path.read_bytes() == undisturbed and world.files() == [world.path]
    assert resumed(world) == [0, 0, 0, 0, 0, 1]


def test_ctrl_c_in_a_terminal_stops_at_once_and_says_how_to_go_on(world):
    import termios  # not on Windows

    terminal, end = os.openpty()
    termios.tcsetwinsize(terminal, (25, 80))
    process = world.run(stuck="b 1", errors=end)
    os.close(end)
    world.until_saved([("b", 1)], set(TASKS) - {("b", 1)})  # one process works, one is idle
    bar = rb"long .* 1[78] of 21 epochs, [\d:]+ left"  # b has 4 epochs, a has 3
    shown = bytearray()
    wait_until(lambda: re.search(bar, shown) or shown.extend(read_ready(terminal)))
    began = time.monotonic()
    while process.poll() is None:  # somebody is impatient
        os.killpg(process.pid, signal.SIGINT)  # as a terminal sends it: the workers get it too
        time.sleep(0.01)
    assert process.returncode == 130 and time.monotonic() < began + AT_ONCE
    wait_until(lambda: not lives(-process.pid), AT_ONCE)
    _, *said = read_all(terminal).split("\n")
    assert [line.strip() for line in said] == [STOPPED.format(5, world.path), ""]
    assert world.recorded() == [("b", 0), ("b", 2), ("a", 0), ("a", 1), ("a", 2)]  # sorted


def test_failed_runs_are_reported_in_the_end_and_every_run_has_one_blas_thread(world):
    code, output, errors = ended(world.run(name="around", deaths="0"))
    assert (code, output) == (1, "")
    first, *others = errors.splitlines()
    assert first == "error: 2 of 6 runs failed, the others are recorded:"
    assert sorted(others) == [
        "  bad, seed 1: FloatingPointError: the loss is nan with seed 1",
        "  good, seed 2: every process that tried it died, killed or for want of memory",
    ]
    lines = world.path.with_name("around.jsonl").read_text(encoding="utf-8").splitlines()
    runs = [json.loads(line) for line in lines[1:]]
    assert [(run["setting"], run["seed"]) for run in runs] == [
        ("good", 0), ("good", 1), ("bad", 0), ("bad", 2)
    ]  # fmt: skip
    assert {run["blas_threads"] for run in runs} == {1}  # though the environment says two
    assert {run["trims"] for run in runs} == {0}


# ---- on a cluster -------------------------------------------------------------------------


class Cluster:
    """A Dask scheduler and its workers, in processes of a world."""

    def __init__(self, world, **options):
        self.world, self.file = world, world.folder / "scheduler.json"
        self.file.unlink(missing_ok=True)  # of another
        self.scheduler = world.start(
            *("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"),
            *("--dashboard-address", "127.0.0.1:0", "--no-dashboard"),
            *("--scheduler-file", self.file),
            **options,
        )
        self.address = wait_until(self.written_address)

    def written_address(self):
        try:
            return json.loads(self.file.read_text(encoding="utf-8"))["address"]
        except (FileNotFoundError, json.JSONDecodeError):  # not there yet, or not whole
            return None

    def add(self, n_workers=1, threads=1, **options):
        """Start workers and wait until they are there; the first of them."""
        workers = [
            self.world.start(
                *("distributed.cli.dask_worker", "--scheduler-file", self.file, "--no-nanny"),
                *("--nthreads", threads, "--no-dashboard", "--local-directory", self.file.parent),
                **options,
            )
            for _ in range(n_workers)
        ]
        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(n_workers, timeout=PATIENCE)
        return workers[0]


def test_a_cluster_that_loses_a_worker_makes_every_run(world, undisturbed):
    cluster = Cluster(world)
    cluster.add(n_workers=2, stuck="b 1")
    process = world.run("--scheduler", cluster.address)
    (worker,) = world.until([("b", 1)], set(TASKS) - {("b", 1)})
    os.kill(worker, signal.SIGKILL)
    assert ended(process) == (0, f"6 of 6 runs recorded in {world.path}\n", "")
    assert world.path.read_bytes() == undisturbed and world.files() == [world.path]
    assert resumed(world) == [0] * 6  # without checkpoints


def test_a_polite_kill_and_a_lost_scheduler_end_a_command_in_one_line(world):
    cluster = Cluster(world)
    worker = cluster.add(stuck="b 0")
    process = world.run("--scheduler", cluster.address)
    world.until([("b", 0)], [])
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(AT_ONCE) == 143
    assert ended(process)[2] == STOPPED.format(0, world.path) + "\n"
    worker.kill()  # it would end its run first, for nobody
    cluster.add(stuck="a 0")
    process = world.run("--scheduler", cluster.address)
    world.until([("a", 0)], [("b", 0)])
    cluster.scheduler.kill()
    code, output, errors = ended(process)
    assert (code, output, errors.count("\n")) == (1, "", 1)
    assert errors.startswith("error: the cluster is gone; what was finished is recorded")


def test_a_cluster_that_would_not_begin_is_refused(world, monkeypatch):
    def refused(address):
        monkeypatch.setitem(EXPERIMENTS, "around", SMALL["around"])
        with pytest.raises(RuntimeError) as error:
            engine.run("around", scheduler=address, folder=world.path.parent)
        return str(error.value)

    monkeypatch.setattr(engine, "load_mnist", fake_mnist)
    elsewhere = {"path": (), "cwd": world.folder}
    cluster = Cluster(world)
    assert refused(cluster.address).endswith("has no workers: start at least one")
    worker = cluster.add(**elsewhere)
    assert re.match("the workers of .* cannot import this project", refused(cluster.address))
    worker.kill()
    cluster.add(threads=2)
    wait_until(lambda: "--nthreads 1" in refused(cluster.address))
    cluster.scheduler.kill()
    cluster = Cluster(world, **elsewhere)
    cluster.add(**elsewhere)
    assert re.match("the scheduler of .* cannot import this project", refused(cluster.address))
