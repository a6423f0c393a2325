"""`diagnose`: right dropouts pass, dropouts by other hands are judged rightly; the report."""

import random
from importlib import import_module

import numpy as np
import pytest
from small_dropouts import (
    DROP,
    PLAIN,
    SOME,
    coins,
    diagnosed,
    masked,
)

from helpers.bugs import build, styles
from helpers.checks import Report, diagnose
from helpers.laws import LAWS

# ---- right ones --------------------------------------------------------------------------------


@pytest.mark.parametrize("style", styles(), ids=str)
def test_a_right_dropout_passes_in_every_style(style):
    report = diagnosed(style)
    assert report.broken == {} and report.passed
    assert set(report.kept) | set(report.skipped) == set(LAWS)
    assert list(report.skipped) == (["input"] if style.inplace else [])
    assert report.remarks == []


@pytest.mark.parametrize("drop", [0.01, 0.1, 0.5, 0.75, 0.95])
def test_it_passes_with_other_drops(drop):
    for style in SOME:
        assert diagnosed(style, drop=drop).broken == {}


def test_there_are_as_many_laws_as_the_pages_say():
    assert len(LAWS) == 19  # README, glossary and notebook 10


def test_laws_that_cannot_be_tried_are_skipped_with_the_reason():
    report = diagnose(masked(coins), drop=DROP)
    assert report.passed and report.failures == []
    assert report.skipped == {
        **dict.fromkeys(
            ("backward", "backward at 0", "backward predicting"), "there is no backward"
        ),
        **dict.fromkeys(("drop 0", "drop 1", "refuses"), "make was not given"),
    }


def test_make_may_return_forward_alone():
    report = diagnose(build(DROP, PLAIN)[0], make=lambda drop: build(drop, PLAIN)[0])
    assert report.passed and "drop 0" in report.kept


def test_no_global_stream_is_moved_by_a_diagnosis():
    np.random.seed(5)
    random.seed(5)
    before = str(np.random.get_state()), random.getstate()
    diagnosed(bug="global stream")
    assert before == (str(np.random.get_state()), random.getstate())


def test_the_same_seed_gives_the_same_report_and_another_one_other_numbers():
    reports = [str(diagnosed(bug="keep for drop", seed=seed)) for seed in (1, 1, 2)]
    assert reports[0] == reports[1] != reports[2]


# ---- by other hands ----------------------------------------------------------------------------

BY_OTHERS = {  # written by somebody who had not seen the laws: what is found, but for the edges
    "right_1": {},
    "right_2": {},
    "right_3": {},
    "wrong_1": {"input": "a *= or x[...] = where a new array is meant"},
    "wrong_2": dict.fromkeys(("backward", "backward at 0"), "the mask of a later forward pass"),
    "wrong_3": {
        "units": "a mask that some of them share, or a sorted one",
        "calls": "",
        "counts": "units that are dropped together, or samples or calls with rates of their own",
    },
    "wrong_4": {"backward at 0": "units whose value is 0 taken for dropped"},
    "wrong_5": {
        "backward": "another mask than in the forward pass",
        "backward at 0": "another mask than in the forward pass, or does the mask depend on x",
    },
}


@pytest.mark.parametrize("name", BY_OTHERS)
def test_dropouts_by_other_hands_are_judged_rightly(name):
    module = import_module(f"other_hands.{name}")
    report = diagnose(module.forward, module.backward, make=module.make)
    found = {law: mistake for law, (_, mistake) in report.broken.items()}
    for edge in ("drop 1", "refuses"):  # most of them do not look at their drop
        found.pop(edge, None)
    assert found == BY_OTHERS[name]


# ---- the report --------------------------------------------------------------------------------


def test_a_report_is_a_table():
    report = diagnosed(bug="not scaled")
    rows = report.rows()
    assert [law for law, _, _ in rows] == list(LAWS)
    said = {law: (state, text) for law, state, text in rows}
    seen, mistake = report.broken["mean"]
    assert said["mean"] == ("BROKEN", f"{seen}: {mistake}?")
    assert said["rate"] == ("kept", LAWS["rate"].__doc__)
    assert diagnosed(SOME[1]).rows()[2][1:] == (
        "skipped", "inplace=True allows it to be written into"
    )  # fmt: skip
    assert str(report).splitlines()[10] == f"{'mean':20} {'BROKEN':8} {seen}: {mistake}?"


def test_a_row_has_a_cell_for_law_state_and_text():
    report = Report(kept=["shape"], broken={"rate": ("a", "")}, skipped={"mean": "no <b>"})
    rows = [("shape", "kept", LAWS["shape"].__doc__), ("rate", "BROKEN", "a"),
            ("mean", "skipped", "no &lt;b&gt;")]  # fmt: skip
    cells = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    assert report._repr_html_() == f"<table>{cells}</table>"
    report.remarks += ["one", "two"]
    assert report._repr_html_().endswith("</table><p>Remark: one</p><p>Remark: two</p>")


def test_a_report_in_jupyter_is_a_table_too():
    report = diagnose(lambda x, training, rng: x.astype("f2"))
    report.remarks.append("a < b")
    assert report._repr_html_().count("<tr>") == len(LAWS)
    assert "<td>float16 out of float32: is a dtype written down?</td>" in report._repr_html_()
    assert report._repr_html_().endswith("<p>Remark: a &lt; b</p>")
    assert str(report).endswith("\nremark: a < b")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"forward": 3}, TypeError, "forward must be a function, got 3"),
        ({"forward": None}, TypeError, "forward must be a function, got None"),
        ({"backward": 3}, TypeError, "backward must be a function, got 3"),
        ({"make": 0.2}, TypeError, "make must be a function, got 0.2"),
        ({"drop": 0}, ValueError, "drop must be between 0 and 1, got 0"),
        ({"drop": 1}, ValueError, "drop must be between 0 and 1, got 1"),
        ({"drop": float("nan")}, ValueError, "drop must be between 0 and 1, got nan"),
        ({"drop": "0.2"}, TypeError, "drop must be a number, got '0.2'"),
        ({"level": 0}, ValueError, "level must be between 0 and 1, got 0"),
        ({"inplace": 1}, TypeError, "inplace must be True or False, got 1"),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments, error, message):
    with pytest.raises(error) as caught:
        diagnose(**{"forward": masked(coins), **arguments})
    assert str(caught.value) == message


def test_a_report_can_be_written_where_text_is_not_utf_8():
    for bug in ("", "scaled by drop", "not scaled", "no mask back"):
        str(diagnosed(bug=bug)).encode("cp1252")
