"""Results files: what is appended is on the disk, what is sorted is whole, what is old is named."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_recorded import HEADER, RUNS, a_run

from helpers.recorded import RESULTS, recorded
from tools import files
from tools.experiments import records
from tools.experiments.all_experiments import EXPERIMENTS
from tools.experiments.records import append, check_writable, read, tidy


@pytest.fixture
def path(tmp_path):
    """A file with all runs, sorted."""
    return written(tmp_path, RUNS)


def written(folder, runs, header=HEADER):
    """A file with these runs in this order."""
    path = folder / "results" / "small.jsonl"
    for run in runs:
        append(path, header, run)
    return path


def test_the_file_is_a_header_and_a_line_of_text_for_each_run(path):
    lines = [json.dumps(value, ensure_ascii=False) for value in (HEADER, *RUNS)]
    assert path.read_text(encoding="utf-8").split("\n") == [*lines, ""]


@pytest.mark.parametrize("content", [None, b""])
def test_a_file_that_is_not_there_or_empty_has_no_runs(tmp_path, content):
    path = tmp_path / "small.jsonl"
    if content is not None:  # whoever made it was stopped
        path.write_bytes(content)
    assert read(path, HEADER) == []
    tidy(path, HEADER)
    assert path.exists() == (content is not None)


@settings(max_examples=30)
@given(runs=st.permutations(RUNS), n=st.integers(0, len(RUNS)))
def test_the_order_in_which_runs_finish_leaves_no_trace(tmp_path_factory, runs, n):
    path = written(tmp_path_factory.mktemp("records"), runs[:n])
    tidy(path, HEADER)
    for run in runs[n:]:
        append(path, HEADER, run)
    assert read(path, HEADER) == RUNS
    tidy(path, HEADER)
    assert path.read_bytes() == written(tmp_path_factory.mktemp("records"), RUNS).read_bytes()


def test_each_run_is_on_the_disk_when_it_is_added(tmp_path, monkeypatch):
    on_disk, fsync = [], os.fsync

    def noting(descriptor):
        on_disk.append(os.stat(descriptor).st_size)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    for n, run in enumerate(RUNS, start=1):
        path = written(tmp_path, [run])
        assert on_disk[n - 1 :] == [path.stat().st_size]


def test_a_sorted_file_is_not_touched(path):
    before = path.stat()
    tidy(path, HEADER)
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_run_that_is_recorded_is_not_recorded_again(path):
    before = path.read_bytes()
    for run in RUNS:
        append(path, HEADER, {**run, "train": 0.9})
    assert path.read_bytes() == before
    append(path, HEADER, a_run("α", 30))
    append(path, HEADER, a_run("α", 3))  # is not taken for seed 30
    assert [run["seed"] for run in read(path, HEADER)] == [0, 1, 2, 0, 1, 2, 3, 30]


def test_what_is_no_run_is_not_written(path):
    before = path.read_bytes()
    with pytest.raises(ValueError, match="train must be a finite number"):
        append(path, HEADER, a_run("α", 3, train=float("nan")))
    assert path.read_bytes() == before


@pytest.mark.parametrize("lost", [a_run("α", 3), RUNS[-1]], ids=["another", "the same"])
def test_a_run_that_follows_a_line_cut_off_is_not_lost_with_it(path, lost):
    path.write_bytes(path.read_bytes()[:-30])
    append(path, HEADER, lost)
    with pytest.raises(ValueError, match="line 7: the line is not JSON"):
        tidy(path, HEADER)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:6] + lines[7:]))  # as the message says
    assert read(path, HEADER) == [*RUNS[:-1], lost]


def test_a_file_that_cannot_be_written_is_known_before_a_run_is_lost(path, monkeypatch):
    check_writable(path.parent / "new" / "small.jsonl")
    assert (path.parent / "new").is_dir() and not any((path.parent / "new").iterdir())
    for refused in (path, path.parent):
        monkeypatch.setattr(os, "access", lambda place, mode, it=refused: place != it)
        with pytest.raises(PermissionError, match=rf"^{refused} must be writable"):
            check_writable(path)


def test_a_full_disk_is_an_error(tmp_path, monkeypatch):
    class Full:
        """A file that takes ten bytes."""

        def __init__(self, *arguments, **options):
            self.file = open(*arguments, **options)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, content):
            return self.file.write(content[:10])

    monkeypatch.setattr(records, "open", Full, raising=False)
    with pytest.raises(OSError, match=r"small\.jsonl: the disk is full"):
        written(tmp_path, RUNS)


# ---- settings that change -----------------------------------------------------------------


def test_settings_may_be_added_and_put_in_another_order(path):
    today = {**HEADER, "settings": {"new": {}, "α": {}, **HEADER["settings"]}}
    in_order = [*RUNS[3:], *RUNS[:3]]
    assert read(path, today) == in_order
    tidy(path, today)
    assert path.read_bytes() == written(path.parent / "again", in_order, today).read_bytes()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"settings": {"α": {}}}, "are not there: zero mean"),
        (
            {"settings": {"zero mean": {"drop": 0.5}, "α": {"drop": 0.1}}},
            r"have other options: zero mean \(sizes \[3, 2\] there, not given today\); "
            r"α \(drop not given there, 0.1 today\)",
        ),
        ({"data": "others"}, "line 1: data is 'some', today it is 'others'"),
        ({"results": ["train"]}, "line 1: results is"),
    ],
)
def test_what_is_not_of_todays_experiment_is_refused_and_stays(path, changes, said):
    before = path.read_bytes()
    for function in (read, tidy):
        with pytest.raises(ValueError, match=said):
            function(path, {**HEADER, **changes})
    assert path.read_bytes() == before


def test_a_setting_without_runs_may_go(tmp_path):
    today = {**HEADER, "settings": {"α": {}}}
    path = written(tmp_path, RUNS[3:])
    tidy(path, today)
    assert path.read_bytes() == written(tmp_path / "again", RUNS[3:], today).read_bytes()


# ---- other processes ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["replace", "fsync"])
def test_the_file_that_is_there_is_whole_when_the_sorting_fails(tmp_path, monkeypatch, name):
    def failing(*_):
        raise OSError("no space left")

    path = written(tmp_path, RUNS[::-1])
    before = path.read_bytes()
    with monkeypatch.context() as patch, pytest.raises(OSError, match="no space left"):
        patch.setattr(os, name, failing)
        tidy(path, HEADER)
    assert path.read_bytes() == before
    tidy(path, HEADER)
    assert list(path.parent.iterdir()) == [path] and read(path, HEADER) == RUNS


WRITER = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from test_recorded import HEADER, a_run
from tools.experiments.records import append, tidy
path, setting = Path(sys.argv[1]), sys.argv[2]
for seed in range(60):
    append(path, HEADER, a_run(setting, seed))
    if seed % 3 == 0:
        tidy(path, HEADER)
"""


@pytest.mark.skipif(files.fcntl is None, reason="Windows cannot lock a folder")
def test_processes_that_write_at_once_lose_nothing(tmp_path):
    path = tmp_path / "small.jsonl"
    tests = Path(__file__).parent
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, path, setting, tests, tests.parent])
        for setting in (*HEADER["settings"], "α")  # two that write the same runs
    ]
    assert [writer.wait() for writer in writers] == [0] * 3
    assert read(path, HEADER) == [
        a_run(setting, seed) for setting, seed in itertools.product(HEADER["settings"], range(60))
    ]
    assert list(tmp_path.iterdir()) == [path]


# ---- what is committed --------------------------------------------------------------------


def test_every_record_is_of_an_experiment():
    assert {path.stem for path in RESULTS.glob("*.jsonl")} == set(EXPERIMENTS)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_record_is_of_todays_settings_sorted_and_of_the_command_it_names(name):
    first, *lines = (RESULTS / f"{name}.jsonl").read_bytes().splitlines(keepends=True)
    seeds = int(json.loads(first)["command"].rpartition(" --seeds ")[2])
    header = records.header_of(name, seeds)
    assert first == records.as_line(header)
    runs = read(RESULTS / f"{name}.jsonl", header)
    assert lines == [records.as_line(run) for run in runs]
    assert max(run["seed"] for run in runs) + 1 == seeds == EXPERIMENTS[name].seeds
    assert all(run["versions"].startswith("python 3.") for run in runs)
    assert list(recorded(name)) == list(EXPERIMENTS[name].settings)
