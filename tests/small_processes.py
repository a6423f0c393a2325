"""A world for experiments in real processes: what they begin, record and leave, waited for.

Nothing here waits for a fixed time and hopes: it waits until something is so, however slow the
machine is, and a run that must not be finished never ends.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from small_experiment import SMALL

TESTS = Path(__file__).parent
PATH = (TESTS.parent, TESTS)
PATIENCE = 120  # seconds, after which something that should happen never will
AT_ONCE = 5  # seconds
TASKS = SMALL["long"].tasks()  # b 0, a 0, b 1, …
STOPPED = "stopped: {} of 6 runs recorded in {}; the same command goes on from there"


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


def ended(process):
    """Wait until a process has ended; return its code, output and errors."""
    output, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, output, errors


def resumed(world):
    """How many epochs of each run that was ended were not made again."""
    return sorted(map(int, Path(f"{world.begun_file}-resumed").read_text().split()))
