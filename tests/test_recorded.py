"""What is recorded is read by the file's own header; what is damaged is named by its line."""

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.recorded import made_with, read, recorded

HEADER = {
    "experiment": "small",
    "command": "python -m tools.experiments run small --seeds 3",
    "note": "for here",
    "data": "some",
    "settings": {"zero mean": {"sizes": [3, 2], "drop": 0.5}, "α": {}},
    "results": ["train", "updates"],
}


def a_run(setting, seed, **changes):
    """A run as the experiment makes it."""
    run = {"setting": setting, "seed": seed, "train": seed / 7, "updates": 9, "versions": "those"}
    return {**run, **changes}


RUNS = [a_run(setting, seed) for setting in HEADER["settings"] for seed in range(3)]
DELETE = "Delete the line, and this makes what is missing: python -m tools.experiments run small"


def written(folder, header=HEADER, runs=RUNS):
    """A file of these values, a line each; a value may be bytes already."""
    path = folder / "small.jsonl"
    lines = [
        line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode() + b"\n"
        for line in (header, *runs)
    ]
    path.write_bytes(b"".join(lines))
    return path


@given(runs=st.permutations(RUNS))
def test_results_are_arrays_over_seeds_whatever_the_order_of_the_lines(tmp_path_factory, runs):
    path = written(tmp_path_factory.mktemp("results"), runs=runs)
    assert read(path) == (HEADER, RUNS)
    found = recorded("small", path.parent)
    assert list(found) == list(HEADER["settings"])
    for results in found.values():
        assert list(results) == HEADER["results"]
        np.testing.assert_array_equal(results["train"], np.arange(3) / 7)


def test_an_unfinished_experiment_has_the_settings_that_have_runs(tmp_path):
    written(tmp_path, runs=[a_run("α", 1), a_run("α", 0)])
    found = recorded("small", tmp_path)
    assert list(found) == ["α"] and found["α"]["updates"].tolist() == [9, 9]


@pytest.mark.parametrize("missing", [0, 1])
def test_a_seed_that_is_missing_before_others_is_refused(tmp_path, missing):
    written(tmp_path, runs=[run for run in RUNS[3:] if run["seed"] != missing])
    with pytest.raises(ValueError, match=rf"α has no run of seed {missing}, but of .*: python -m"):
        recorded("small", tmp_path)


def test_what_made_the_runs_is_said_once_each(tmp_path):
    runs = [a_run("α", seed, versions=f"python {seed % 2}") for seed in range(3)]
    written(tmp_path, runs=runs)
    assert made_with("small", tmp_path) == ["python 0", "python 1"]


def test_a_record_that_is_missing_names_the_command_that_makes_it(tmp_path):
    for function in (recorded, made_with):
        with pytest.raises(FileNotFoundError, match=r"python -m tools\.experiments run small"):
            function("small", tmp_path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"setting": "zero mean", "seed": 0, "tra\n', "the line is not JSON"),
        (b"<<<<<<< HEAD\n", "the line is not JSON"),
        (b'{"setting": "\xff"}\n', "the line is not JSON"),
        (b"[" * 100_000 + b"\n", "the line is not JSON"),
        ([1], "the line must be a JSON object"),
        (a_run("α", 3, train=float("nan")), "train must be a finite number, got nan"),
        (a_run("α", 3, train=-float("inf")), "train must be a finite number, got -inf"),
        (a_run("α", 3, train="0.5"), "train must be a finite number"),
        (a_run("α", 3, train=True), "train must be a finite number"),
        (a_run("α", -1), "seed must be a whole number from 0"),
        (a_run("α", 1.0), "seed must be a whole number from 0"),
        (a_run("α", True), "seed must be a whole number from 0"),
        (a_run("α", 3, versions={}), "versions must be text"),
        (a_run("α", 3, minutes=3, loss=1), "the line must not have minutes, loss"),
        ({"setting": "α", "seed": 3}, "the line lacks train, updates, versions"),
    ],
)
@pytest.mark.parametrize("number", [2, 5])
def test_a_damaged_line_is_named_by_number_with_what_to_do(tmp_path, number, line, said):
    runs = [*RUNS[: number - 2], line, *RUNS[number - 1 :]]
    path = written(tmp_path, runs=runs)
    with pytest.raises(ValueError, match=rf"small\.jsonl, line {number}: {said}") as refused:
        read(path)
    assert str(refused.value).endswith(DELETE)
    runs.remove(line)  # as it says
    assert read(written(tmp_path, runs=runs)) == (HEADER, runs)


@pytest.mark.parametrize(
    ("number", "line", "said"),
    [
        (2, b"\n", "the line is empty. Delete it"),
        (5, b"  \r\n", "the line is empty. Delete it"),
        (7, RUNS[1], "the same setting and seed as line 3. Delete one of them"),
        (7, json.dumps(RUNS[5]).encode(), "no newline ends the line. Add one"),
        (4, a_run("β", 0), "line 1 has no setting 'β'. Restore line 1"),
        (4, a_run(["α"], 0), "line 1 has no setting ['α']. Restore line 1"),
    ],
)
def test_a_run_is_not_thrown_away_where_less_is_enough(tmp_path, number, line, said):
    path = written(tmp_path, runs=[*RUNS[: number - 2], line, *RUNS[number - 1 :]])
    with pytest.raises(ValueError, match=rf"line {number}: {re.escape(said)}"):
        read(path)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (b"", "the line lacks experiment"),  # the first run takes its place
        (b"\n", "the line is empty"),
        ({**HEADER, "settings": 3}, "settings must be an object of objects, got 3"),
        ({**HEADER, "settings": {"α": 5}}, "settings must be an object of objects"),
        ({**HEADER, "results": "train"}, "results must be a list of names, got 'train'"),
        ({**HEADER, "results": [5]}, "results must be a list of names, got [5]"),
        ({**HEADER, "experiment": "big"}, "experiment must be 'small', got 'big'"),
        ({**HEADER, "more": 1}, "the line must not have more"),
        (b'{"note": 1, ' + json.dumps(HEADER).encode()[1:] + b"\n", "has the key 'note' twice"),
        (json.dumps(HEADER).encode()[:-9] + b"\n", "the line is not JSON"),
    ],
)
def test_a_damaged_header_is_named(tmp_path, header, said):
    path = written(tmp_path, header=header)
    with pytest.raises(ValueError, match=r"small\.jsonl, line 1: it must be the header") as refused:
        read(path)
    assert said in str(refused.value)
    assert str(refused.value).endswith("python -m tools.experiments run small makes it again")


def test_a_file_that_is_cut_off_anywhere_loses_no_run_in_silence(tmp_path):
    path = written(tmp_path)
    whole = path.read_bytes()
    ends = [n for n, byte in enumerate(whole, start=1) if byte == ord("\n")]
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        if length in ends:
            assert read(path)[1] == RUNS[: ends.index(length)]
        else:
            line = 1 + sum(end < length for end in ends)
            with pytest.raises(ValueError, match=rf"small\.jsonl, line {line}: "):
                read(path)
