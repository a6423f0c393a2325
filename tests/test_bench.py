"""The tables of ``make bench`` and the file it writes. No test asks how long something takes."""

import inspect
import json
import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import noise, training
from tools.bench import __main__ as bench
from tools.bench import comparisons, numbers

RESULTS = json.loads(bench.RESULTS.read_text(encoding="utf-8"))

positive = st.floats(1e-6, 1e6)


@given(st.lists(positive, min_size=1))
def test_a_median_has_as_many_repetitions_below_as_above(values):
    entry = numbers.row(values)
    assert entry["repetitions"] == pytest.approx(values, rel=1e-3)
    below = sum(value <= entry["median"] * (1 + 1e-3) for value in values)
    above = sum(value >= entry["median"] * (1 - 1e-3) for value in values)
    assert below >= len(values) / 2 and above >= len(values) / 2


@given(positive, positive)
def test_a_ratio_says_how_many_times_the_first_is_the_second(a, b):
    rows = {"a": numbers.row([a]), "b": numbers.row([b])}
    assert numbers.ratio(rows, "a", "b")["value"] * b == pytest.approx(a, rel=1e-2)


@pytest.mark.parametrize(
    ("goal", "met", "missed"),
    [("<= 1.25", 1.25, 1.26), (">= 2.5", 2.5, 2.49), ("< 1.2", 1.19, 1.2)],
)
def test_goals(goal, met, missed):
    assert numbers.meets(met, goal)
    assert not numbers.meets(missed, goal)


def test_a_table_shows_medians_spreads_goals_and_notes():
    rows = {"fast": numbers.row([1.0, 3.0, 2.0], note="so it is"), "slow": numbers.row([8.0])}
    goals = [numbers.ratio(rows, "fast", "slow", "<= 0.2"), numbers.ratio(rows, "slow", "fast")]
    text = numbers.table("The modes", {"unit": "seconds", "rows": rows, "goals": goals})
    lines = [line.split() for line in text.splitlines()]
    assert ["fast", "2", "1", "3", "so", "it", "is"] in lines
    assert ["slow", "8", "8", "8"] in lines
    assert ["fast", "/", "slow", "0.25", "goal", "<=", "0.2:", "MISSED"] in lines
    assert ["slow", "/", "fast", "4"] in lines
    goals[0]["goal"] = "<= 0.3"
    assert "goal <= 0.3: met" in numbers.table(
        "The modes", {"unit": "", "rows": rows, "goals": goals}
    )


def results(machine: str, **comparisons: int) -> dict:
    return {"versions": {}, "machine": {"processor": machine}, "comparisons": comparisons}


def test_new_results_replace_their_own_and_leave_the_others_in_order():
    merged = bench.merge(results("a", memory=1, width=2), results("a", modes=3, memory=4))
    assert list(merged["comparisons"].items()) == [("modes", 3), ("memory", 4), ("width", 2)]


def test_results_of_another_machine_do_not_stay():
    assert bench.merge(results("a", memory=1), results("b", modes=3)) == results("b", modes=3)
    assert bench.merge({}, results("b", modes=3)) == results("b", modes=3)


def test_the_text_is_json_with_a_line_for_each_list():
    found = {"rows": {"a [s], batch 1": numbers.row([1.0, 2.0, 3.0])}}
    text = bench.as_text(found)
    assert json.loads(text) == found
    assert '"repetitions": [1.0, 2.0, 3.0]' in text


def test_a_pinned_kernel_is_taken_out_and_the_threads_are_set(monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    variables = bench.environment(threads=2)
    assert "OPENBLAS_CORETYPE" not in variables
    threads = {name: n for name, n in variables.items() if name.endswith("_NUM_THREADS")}
    assert threads == dict.fromkeys(
        ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"], "2"
    )


@pytest.mark.parametrize(
    "code, output", [(numbers.SKIPPED, None), (0, {"comparison": "what was printed"})]
)
def test_a_comparison_runs_in_a_process_of_its_own(monkeypatch, tmp_path, code, output):
    package = tmp_path / "tools" / "bench"
    package.mkdir(parents=True)
    program = f"import sys; print({json.dumps(output)!r}); sys.exit({code})"
    (package / "comparisons.py").write_text(program, encoding="utf-8")
    monkeypatch.setattr(bench, "PROJECT", tmp_path)
    assert bench.measure("modes") == output


def test_what_is_dropped_is_said(monkeypatch, tmp_path, capsys):
    file = tmp_path / "bench.json"
    file.write_text(json.dumps(results("a", width=3, memory=1, modes=2)), encoding="utf-8")
    comparison = {"unit": "s", "rows": {}, "goals": []}
    made = {"versions": {}, "machine": {"processor": "b"}, "comparison": comparison}
    monkeypatch.setattr(bench, "RESULTS", file)
    monkeypatch.setattr(bench, "measure", lambda name: made)
    bench.main(["modes"])
    assert capsys.readouterr().err.splitlines()[1:] == [
        "of another machine or version, dropped: memory, width"
    ]


def test_each_comparison_is_printed_and_recorded_at_once(monkeypatch, tmp_path, capsys):
    def measure(name):
        found.append(sorted(json.loads(file.read_text())["comparisons"]) if found else None)
        rows = {"a": numbers.row([float(len(name))])}
        made = {"versions": {"numpy": "2"}, "machine": {"cores": 2}}
        comparison = {"unit": "s", "rows": rows, "goals": []}
        return None if name == "pytorch" else {**made, "comparison": comparison}

    file, found = tmp_path / "bench.json", []
    monkeypatch.setattr(bench, "RESULTS", file)
    monkeypatch.setattr(bench, "measure", measure)
    assert bench.main(["modes", "pytorch", "width"]) == 0
    assert found == [None, ["modes"], ["modes"]]
    recorded = json.loads(file.read_text())
    medians = {name: c["rows"]["a"]["median"] for name, c in recorded["comparisons"].items()}
    assert medians == {"modes": 5, "width": 5}
    assert recorded["versions"] == {"numpy": "2"} and recorded["machine"] == {"cores": 2}
    out, err = capsys.readouterr()
    assert [line for line in out.splitlines() if line.endswith(")")] == [
        f"{bench.COMPARISONS[name][1]} ({name})" for name in ("modes", "width")
    ]
    assert err.splitlines() == [f"measuring {name} ..." for name in ("modes", "pytorch", "width")]


def test_ctrl_c_says_what_is_recorded(monkeypatch, tmp_path, capsys):
    def measure(name):
        if name == "pytorch":
            raise KeyboardInterrupt
        return {"comparison": {"unit": "", "rows": {}, "goals": []}, "versions": {}, "machine": {}}

    monkeypatch.setattr(bench, "RESULTS", tmp_path / "bench.json")
    monkeypatch.setattr(bench, "measure", measure)
    assert bench.main(["modes", "pytorch", "width"]) == 130
    last_line = capsys.readouterr().err.splitlines()[-1]
    assert last_line == f"stopped: what was measured before pytorch is in {bench.RESULTS}"
    assert list(json.loads(bench.RESULTS.read_text())["comparisons"]) == ["modes"]


def test_make_bench_starts():
    """As make does it: nobody tells Python where this project is."""
    makefile = (bench.PROJECT / "Makefile").read_text(encoding="utf-8")
    (command,) = re.findall(r"\$\(RUN\) (-m \S*bench) \$\(ARGS\)", makefile)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = subprocess.run(
        [sys.executable, *command.split(), "--help"],
        cwd=bench.PROJECT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    said = "".join(process.stdout.split())  # however narrow the terminal is
    assert process.returncode == 0 and "scikit-learn" in said, process.stderr


def test_an_unknown_name_is_refused(capsys):
    with pytest.raises(SystemExit):
        bench.main(["modes", "speed"])
    assert "got speed" in capsys.readouterr().err


def test_what_is_missing_is_named_and_skipped(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    monkeypatch.setattr(comparisons, "TURN", 512)
    assert comparisons.main("pytorch") == numbers.SKIPPED
    assert capsys.readouterr().err == "skipped pytorch: it needs torch\n\n"


def test_every_comparison_has_a_function_and_no_function_lacks_a_name():
    functions = {name for name, _ in inspect.getmembers(comparisons, inspect.isfunction)}
    named = {f"compare_{name.replace('-', '_')}" for name in bench.COMPARISONS}
    assert named == {name for name in functions if name.startswith("compare_")}


def test_the_paper_s_training_is_estimated_from_a_part_of_an_epoch(monkeypatch):
    """As if a turn took a second: 300 epochs of 60,000 samples, of 15,360 a second."""
    trained = []

    def train(network, x, labels, settings, rng):
        trained.append((network.sizes, len(x), settings))

    def take_turns(sides, scale):
        for side in sides.values():
            side()()
        return {name: [scale] for name in sides}

    monkeypatch.setattr(training, "train", train)
    monkeypatch.setattr(comparisons, "take_turns", take_turns)
    comparison = comparisons.compare_paper()
    ((sizes, n_samples, settings),) = trained
    assert (sizes, n_samples) == ((784, 1024, 1024, 1024, 10), 15_360)
    assert (settings.mode, settings.max_norm, settings.epochs) == ("mask", 1.0, 1)
    minutes = 300 * 60_000 / 15_360 / 60
    (goal,) = comparison["goals"]
    assert goal["value"] == pytest.approx(minutes, rel=1e-3) and goal["goal"] == "<= 60"


def test_sides_take_turns_after_warming_up(monkeypatch):
    monkeypatch.setattr(comparisons, "PAUSE", 0)
    calls = []
    sides = {name: lambda name=name: lambda: calls.append(name) for name in ("a", "b")}
    taken = comparisons.take_turns(sides, repetitions=7)
    assert calls == ["a", "b"] * (7 + 1)
    assert {name: len(seconds) for name, seconds in taken.items()} == dict.fromkeys("ab", 7)


@pytest.mark.parametrize(
    ("mode", "unused"),
    [
        ("none", {"gather and scatter"}),
        ("mask", {"gather and scatter"}),
        ("slice", set()),
    ],
)
def test_a_profile_adds_up_and_leaves_training_as_it_was(monkeypatch, mode, unused):
    monkeypatch.setattr(comparisons, "PAUSE", 0)
    before = [dict(vars(module)) for module in (training, noise)]
    x, labels = comparisons.digits(256)
    parts = comparisons.profile(comparisons.ours(mode, x, labels, 128))
    assert parts.pop("sum") == pytest.approx(sum(parts.values()))
    assert {part for part, seconds in parts.items() if seconds == 0} == unused
    assert [dict(vars(module)) for module in (training, noise)] == before


# ---- the recorded file -------------------------------------------------------------------------


def test_the_recorded_file_says_how_and_where_it_was_made():
    assert list(RESULTS) == ["command", "versions", "machine", "comparisons"]
    assert RESULTS["command"] == "make bench"
    assert {"python", "numpy", "torch", "scikit-learn"} <= RESULTS["versions"].keys()
    assert set(RESULTS["machine"]) == {"processor", "cores", "system", "BLAS kernel"}
    assert bench.as_text(RESULTS) == bench.RESULTS.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", bench.COMPARISONS)
def test_every_comparison_is_recorded(name):
    missing = f"make bench ARGS={name} measures it, git checkout {bench.RESULTS} brings all back"
    assert name in RESULTS["comparisons"], missing
    recorded = RESULTS["comparisons"][name]
    assert list(recorded) == ["unit", "rows", "goals"]
    others = {"memory": 1, "test_error": 3}
    for with_ratios in ("modes", "pytorch", "scikit-learn", "article_b"):
        others[with_ratios] = comparisons.REPETITIONS_FOR_RATIOS
    repetitions = others.get(name, comparisons.REPETITIONS)
    for entry in recorded["rows"].values():
        more = {key: entry[key] for key in entry if key not in ("median", "repetitions")}
        assert len(entry["repetitions"]) == repetitions
        assert numbers.row(entry["repetitions"], **more) == entry
    for goal in recorded["goals"]:
        assert list(goal) == ["what", "value", "goal"]
        if " / " not in goal["what"]:
            assert goal["value"] == next(iter(recorded["rows"].values()))["median"]
        else:
            above, below = goal["what"].split(" / ")
            assert numbers.ratio(recorded["rows"], above, below, goal["goal"]) == goal
