"""Experiments on a Dask cluster: one that loses a worker, that is gone, that would not begin."""

import json
import os
import re
import signal

import pytest
from distributed import Client
from small_experiment import SMALL, fake_mnist
from small_processes import AT_ONCE, PATIENCE, STOPPED, TASKS, ended, resumed, wait_until

from tools.experiments import engine
from tools.experiments.all_experiments import EXPERIMENTS

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")


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
