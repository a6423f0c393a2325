"""Experiments in real processes: killed, interrupted, failed."""

import json
import os
import re
import select
import signal
import time
from collections import Counter
from contextlib import suppress

import pytest
from small_processes import AT_ONCE, STOPPED, TASKS, ended, lives, resumed, wait_until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")


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
