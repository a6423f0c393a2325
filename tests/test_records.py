"""Results files: what was written is read, what is damaged is named, what is there is whole."""

import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import records
from helpers.records import append, check_writable, read, tidy
from tools import files

HEADER = {
    "experiment": "small",
    "command": "python -m helpers.experiments run small --seeds 3",
    "note": "for here",
    "data": "some",
    "settings": {"zero mean": {"sizes": (3, 2), "drop": 0.5}, "α": {}},
    "results": ("train", "updates"),
}
MADE_BY = "python 3.12.1, numpy 2.5.5, scipy 1.18.1"
TO_DO = rf"Delete the line, and this makes what is missing: {HEADER['command']}"


def a_run(setting, seed, train=None):
    """A run as the experiment makes it."""
    train = seed / 7 if train is None else train
    return {"setting": setting, "seed": seed, "train": train, "updates": 9, "versions": MADE_BY}


RUNS = [a_run(setting, seed) for setting in HEADER["settings"] for seed in range(3)]  # sorted
LINES = [json.dumps(run, ensure_ascii=False) for run in RUNS]


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


def replace_line(path, number, line):
    """Replace a line (the first is number 1) by another, bytes or text; None: by nothing."""
    lines = path.read_bytes().splitlines(keepends=True)
    line = b"" if line is None else line if isinstance(line, bytes) else line.encode() + b"\n"
    lines[number - 1] = line
    path.write_bytes(b"".join(lines))


# ---- write and read -----------------------------------------------------------------------


def test_the_file_is_a_header_and_a_line_of_text_for_each_run(path):
    header = (
        '{"experiment": "small", "command": "python -m helpers.experiments run small --seeds 3", '
        '"note": "for here", "data": "some", '
        '"settings": {"zero mean": {"sizes": [3, 2], "drop": 0.5}, "α": {}}, '
        '"results": ["train", "updates"]}'
    )
    assert path.read_text(encoding="utf-8").split("\n") == [header, *LINES, ""]
    assert LINES[4] == (
        f'{{"setting": "α", "seed": 1, "train": {1 / 7!r}, "updates": 9, "versions": "{MADE_BY}"}}'
    )


def test_a_file_that_is_not_there_has_no_runs_and_is_not_made(tmp_path):
    assert read(tmp_path / "none.jsonl", HEADER) == []
    tidy(tmp_path / "none.jsonl", HEADER)
    assert not any(tmp_path.iterdir())


@settings(max_examples=30)
@given(runs=st.permutations(RUNS), n=st.integers(0, len(RUNS)))
def test_the_order_in_which_runs_finish_leaves_no_trace(tmp_path_factory, runs, n):
    folder = tmp_path_factory.mktemp("records")
    path = written(folder, runs[:n])
    tidy(path, HEADER)
    written(folder, runs[n:])
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
        append(path, HEADER, a_run(run["setting"], run["seed"], train=0.9))
    assert path.read_bytes() == before
    append(path, HEADER, a_run("α", 30))
    append(path, HEADER, a_run("α", 3))  # is not taken for seed 30
    assert [run["seed"] for run in read(path, HEADER)] == [0, 1, 2, 0, 1, 2, 3, 30]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": float("nan")}, "train must be a finite number, got nan"),
        ({"updates": -float("inf")}, "updates must be a finite number, got -inf"),
        ({"train": "0.5"}, "train must be a finite number, got '0.5'"),
        ({"train": True}, "train must be a finite number, got True"),
        ({"train": None}, "train must be a finite number, got None"),
        ({"setting": "beta"}, "the header knows no setting 'beta'"),
        ({"setting": ["α"]}, r"the header knows no setting \['α'\]"),
        ({"seed": -1}, "seed must be a whole number from 0, got -1"),
        ({"seed": 1.0}, "seed must be a whole number from 0, got 1.0"),
        ({"seed": True}, "seed must be a whole number from 0, got True"),
        ({"versions": {}}, "versions must be text, got {}"),
        ({"minutes": 3, "loss": 1}, "the line must not have minutes, loss"),
    ],
)
def test_what_is_no_run_is_neither_written_nor_read(path, changes, message):
    before = path.read_bytes()
    wrong = {**a_run("α", 3), **changes}
    with pytest.raises(ValueError, match=f"^{message}$"):
        append(path, HEADER, wrong)
    assert path.read_bytes() == before
    path.write_bytes(before + json.dumps(wrong).encode() + b"\n")
    with pytest.raises(ValueError, match=rf"small\.jsonl, line 8: {message}\. {TO_DO}$"):
        read(path, HEADER)


@pytest.mark.parametrize("key", a_run("α", 0))
def test_a_run_lacks_nothing(path, key):
    wrong = {name: value for name, value in a_run("α", 3).items() if name != key}
    with pytest.raises(ValueError, match=f"^the line lacks {key}$"):
        append(path, HEADER, wrong)
    replace_line(path, 2, json.dumps(wrong))
    with pytest.raises(ValueError, match=rf"line 2: the line lacks {key}\. {TO_DO}$"):
        read(path, HEADER)


# ---- damage -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "line", "message"),
    [
        (3, LINES[1][:-1], "the line is not JSON: Expecting ',' delimiter"),
        (4, "<<<<<<< HEAD", "the line is not JSON"),
        (5, b'{"setting": "\xff"}\n', "the line is not JSON: 'utf-8' codec can't decode"),
        (6, "[1]", r"the line must be a JSON object, got \[1\]"),
        (3, LINES[1].replace('"updates": 9', '"updates": 1e999'), "updates must be a finite"),
        (3, LINES[1].replace('"updates": 9', '"updates": NaN'), "updates must be a finite"),
        (7, LINES[5].encode()[:-30], "the line is not JSON"),
    ],
)
def test_a_damaged_line_is_named_and_left_for_the_reader_to_judge(path, number, line, message):
    replace_line(path, number, line)
    before = path.read_bytes()
    for function in (read, tidy):
        with pytest.raises(ValueError, match=rf"small\.jsonl, line {number}: {message}.*{TO_DO}$"):
            function(path, HEADER)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
    replace_line(path, number, None)  # as the message says
    tidy(path, HEADER)
    assert read(path, HEADER) == [run for n, run in enumerate(RUNS, start=2) if n != number]


@pytest.mark.parametrize(
    ("number", "line", "message"),
    [
        (2, "", "line 2: the line is empty. Delete it"),
        (5, "  \r", "line 5: the line is empty. Delete it"),
        (7, LINES[1], "line 7: the same setting and seed as line 3. Delete one of them"),
        (7, LINES[5].encode(), "line 7: no newline ends the line. Add one"),
        (
            1,
            json.dumps({**HEADER, "settings": {"zero mean": HEADER["settings"]["zero mean"]}}),
            "line 5: line 1 has no setting 'α'. Restore line 1",
        ),
    ],
)
def test_a_run_is_not_thrown_away_where_less_is_enough(path, number, line, message):
    replace_line(path, number, line)
    before = path.read_bytes()
    for function in (read, tidy):
        with pytest.raises(ValueError, match=rf"small\.jsonl, {re.escape(message)}$"):
            function(path, HEADER)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
    if "Delete" in message:
        replace_line(path, number, None)
        tidy(path, HEADER)
        assert read(path, HEADER) == [run for n, run in enumerate(RUNS, start=2) if n != number]


def test_adding_the_newline_helps_as_the_message_says(path):
    replace_line(path, 7, LINES[5].encode())
    path.write_bytes(path.read_bytes() + b"\n")
    assert read(path, HEADER) == RUNS


def test_a_file_that_cannot_be_written_is_known_before_a_run_is_lost(path, monkeypatch):
    check_writable(path)
    check_writable(path.parent / "new" / "small.jsonl")
    assert (path.parent / "new").is_dir() and not any((path.parent / "new").iterdir())
    for refused in (path, path.parent):
        monkeypatch.setattr(os, "access", lambda place, mode, it=refused: place != it)
        with pytest.raises(PermissionError, match=rf"^{refused} must be writable: finished runs"):
            check_writable(path)


def test_a_file_that_is_cut_off_anywhere_loses_no_run_in_silence(path):
    whole = path.read_bytes()
    ends = [n for n, byte in enumerate(whole, start=1) if byte == ord("\n")]
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        if length == 0:  # made, and stopped before the first line
            assert read(path, HEADER) == []
        elif length in ends:
            assert len(read(path, HEADER)) == ends.index(length)
        else:
            line = 1 + sum(end < length for end in ends)
            with pytest.raises(ValueError, match=rf"small\.jsonl, line {line}: "):
                read(path, HEADER)


def test_a_run_that_follows_a_line_cut_off_is_not_lost_with_it(path):
    path.write_bytes(path.read_bytes()[:-30])
    append(path, HEADER, a_run("α", 3))
    replace_line(path, 7, None)
    assert read(path, HEADER) == [*RUNS[:-1], a_run("α", 3)]


def test_a_line_cut_off_does_not_keep_the_same_run_out(path):
    path.write_bytes(path.read_bytes()[:-30])
    append(path, HEADER, RUNS[-1])
    replace_line(path, 7, None)
    assert read(path, HEADER) == RUNS


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "the line is not JSON"),
        ("[" * 100_000, "the line is not JSON"),
        (None, "the line lacks experiment, command, note, data, settings, results and must not"),
        (json.dumps({**HEADER, "settings": 3}), "settings must be an object, got 3"),
        (json.dumps({**HEADER, "settings": {"α": 5}}), "α must be an object, got 5"),
        (json.dumps({**HEADER, "experiment": "big"}), "experiment is 'big', today it is 'small'"),
        (json.dumps({**HEADER, "data": "none"}), "data is 'none', today it is 'some'"),
        (
            json.dumps({**HEADER, "results": ["train"]}),
            r"results is \['train'\], today it is \['train', 'updates'\]",
        ),
    ],
)
def test_a_damaged_header_is_named(path, line, message):
    replace_line(path, 1, line)
    with pytest.raises(
        ValueError,
        match=rf"small\.jsonl, line 1: it must be the header of the experiment small: {message}"
        rf".* Restore the line, or delete the file, and {HEADER['command']} makes it again$",
    ):
        read(path, HEADER)


# ---- settings that change -----------------------------------------------------------------


def test_settings_may_be_added_and_put_in_another_order(path):
    today = {**HEADER, "settings": {"new": {}, "α": {}, **HEADER["settings"]}}
    in_order = [*RUNS[3:], *RUNS[:3]]
    assert read(path, today) == in_order
    tidy(path, today)
    assert path.read_bytes() == written(path.parent / "again", in_order, today).read_bytes()
    append(path, today, a_run("new", 0))
    assert read(path, today) == [a_run("new", 0), *in_order]


def test_a_setting_that_changed_is_refused_if_it_has_runs(path):
    without = {**HEADER, "settings": {"α": {}}}
    changed = {**HEADER, "settings": {"zero mean": {"drop": 0.5}, "α": {"drop": 0.1}}}
    before = path.read_bytes()
    for today, message in (
        (without, "these settings of line 1 are not there: zero mean. New options need a new name"),
        (
            changed,
            r"these settings of line 1 have other options: zero mean \(sizes \[3, 2\] there, "
            r"not given today\); α \(drop not given there, 0.1 today\)\. New options need a new "
            r"name, .* If line 1 is damaged, restore it$",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            read(path, today)
        with pytest.raises(ValueError, match=message):
            tidy(path, today)
    assert path.read_bytes() == before
    for _ in range(3):
        replace_line(path, 2, None)  # the runs of "zero mean"
    tidy(path, without)
    assert path.read_bytes() == written(path.parent / "again", RUNS[3:], without).read_bytes()


# ---- other processes ----------------------------------------------------------------------


def test_the_file_that_is_there_is_whole_when_the_sorting_fails(tmp_path, monkeypatch):
    path = written(tmp_path, RUNS[::-1])
    before = path.read_bytes()

    def failing(*_):
        raise OSError("no space left")

    for name in ("replace", "fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, failing)
            with pytest.raises(OSError, match="no space left"):
                tidy(path, HEADER)
        assert path.read_bytes() == before
    tidy(path, HEADER)
    assert list(path.parent.iterdir()) == [path] and read(path, HEADER) == RUNS


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
    with pytest.raises(OSError, match=r"small\.jsonl: the disk is full; the last line is cut off"):
        written(tmp_path, RUNS)


WRITER = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from test_records import HEADER, a_run
from helpers.records import append, tidy
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
        for setting in HEADER["settings"]
        for _ in range(2)  # two that write the same runs
    ]
    assert [writer.wait() for writer in writers] == [0] * 4
    assert read(path, HEADER) == [
        a_run(setting, seed) for setting, seed in itertools.product(HEADER["settings"], range(60))
    ]
    assert list(tmp_path.iterdir()) == [path]


def unlockable(*_):
    """What a network drive may answer."""
    raise OSError("No locks available")


@pytest.mark.parametrize("attribute", ["fcntl", "fcntl.flock"])
def test_a_folder_that_cannot_be_locked_is_used_without_a_lock(tmp_path, monkeypatch, attribute):
    if attribute == "fcntl":
        monkeypatch.setattr(files, "fcntl", None)  # as on Windows
    elif files.fcntl is not None:
        monkeypatch.setattr(files.fcntl, "flock", unlockable)
    path = written(tmp_path, RUNS[::-1])
    tidy(path, HEADER)
    assert path.read_text(encoding="utf-8").splitlines()[1:] == LINES
