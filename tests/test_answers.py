"""Lessons that somebody has answered in are compared as they were committed, and no others."""

import json
import os
import subprocess
from copy import deepcopy

import pytest

from tools import answers

CHECK = 'check("09.1", answer)'


def cell(source, id_, kind="code", **more):
    new = {"cell_type": kind, "id": id_, "metadata": {}, "source": source.splitlines(keepends=True)}
    return {**new, **({"outputs": [], "execution_count": 1} if kind == "code" else {}), **more}


LESSON = {
    "metadata": {"language_info": {"name": "python"}},
    "cells": [
        cell("x = 1", "a"),
        cell("## Exercises", "b", "markdown"),
        cell(f"answer = ...\n{CHECK}", "c"),
        cell("the end", "d", "markdown"),
    ],
    "nbformat": 4,
    "nbformat_minor": 5,
}


def answered(nb):
    nb["cells"][2]["source"] = ["answer = 28\n", CHECK]


def answered_in_many_words(nb):
    nb["cells"][2]["source"] = ["def f(x):\n", "    return 2 * x\n", "answer = f\n", CHECK]


def answered_without_the_check(nb):
    nb["cells"][2]["source"] = ["answer = 28"]


def answered_where_ids_are_lost(nb):
    answered(nb)
    for one in nb["cells"]:
        del one["id"]


def added(nb):
    nb["cells"].insert(3, cell("print(x)", "new"))


def run_twice(nb):
    nb["cells"][0]["execution_count"] = 7


def saved(nb):
    nb["metadata"]["language_info"]["version"] = "3.13.1"
    nb["metadata"]["vscode"] = {}


def shown(nb):
    nb["cells"][0]["metadata"] = {"jupyter": {"outputs_hidden": False}}


def nothing(nb):
    pass


def stored_anew(nb):
    nb["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1"}]


def other_source(nb):
    nb["cells"][0]["source"] = "x = 2"


def other_words(nb):
    nb["cells"][3]["source"] = "an end"


def other_words_and_an_answer(nb):
    other_words(nb)
    answered(nb)


def added_above(nb):
    nb["cells"].insert(1, cell("print(x)", "new"))


def taken_out(nb):
    del nb["cells"][2]


def cut_off(nb):
    del nb["cells"][3]


READERS = [answered, answered_in_many_words, answered_without_the_check,
           answered_where_ids_are_lost, added, run_twice, saved, shown]  # fmt: skip
AUTHORS = [nothing, stored_anew, other_source, other_words, other_words_and_an_answer,
           added_above, taken_out, cut_off]  # fmt: skip


def changed(change):
    nb = deepcopy(LESSON)
    change(nb)
    return json.dumps(nb)


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    """A committed lesson in a repository of its own, where nothing is said to be strict."""
    for name in [*answers.STRICT, *(name for name in os.environ if name.startswith("GIT_"))]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(answers, "COMMITTED", tmp_path / "build")
    folder = tmp_path / "notebooks"
    folder.mkdir()
    path = folder / "09_guards.ipynb"
    path.write_text(json.dumps(LESSON), encoding="utf-8")
    as_somebody = ["-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "."], [*as_somebody, "commit", "-qm", "one"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return path


@pytest.mark.parametrize("change", READERS)
def test_where_a_reader_has_worked_the_committed_lesson_is_compared(lesson, change, monkeypatch):
    lesson.write_text(changed(change), encoding="utf-8")
    other = answers.compared(lesson)
    assert other != lesson and json.loads(other.read_text(encoding="utf-8")) == LESSON
    assert answers.remarks(lesson.parent) == [
        "09_guards.ipynb holds your answers: compared as committed instead "
        "(make test STRICT=1 compares it as it stands)"
    ]
    assert lesson.read_text(encoding="utf-8") == changed(change)  # nothing is lost
    for name in answers.STRICT:
        with monkeypatch.context() as patched:
            patched.setenv(name, "1")
            assert answers.compared(lesson) == lesson
            assert answers.remarks(lesson.parent) == []


@pytest.mark.parametrize("change", AUTHORS)
def test_what_an_author_has_changed_is_compared_as_it_stands(lesson, change):
    lesson.write_text(changed(change), encoding="utf-8")
    assert answers.compared(lesson) == lesson
    assert answers.remarks(lesson.parent) == []


def test_a_file_that_is_no_notebook_is_left_to_the_tests(lesson):
    lesson.write_text("<<<<<<< HEAD", encoding="utf-8")
    assert answers.compared(lesson) == lesson


@pytest.mark.parametrize("why", ["no git", "no repository"])
def test_without_git_it_is_said_what_is_compared(lesson, monkeypatch, why):
    if why == "no git":
        monkeypatch.setenv("PATH", "")
    else:
        (lesson.parent.parent / ".git").rename(lesson.parent.parent / "git")
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(lesson.parent.parent))
    lesson.write_text(changed(answered), encoding="utf-8")
    assert answers.compared(lesson) == lesson
    (said,) = answers.remarks(lesson.parent)
    assert said.startswith("09_guards.ipynb holds answers (09.1), which are compared as they stand")
    lesson.write_text(changed(saved), encoding="utf-8")
    assert answers.remarks(lesson.parent) == []


def test_what_editors_write_is_taken_out():
    nb = deepcopy(LESSON)
    saved(nb)
    nb["cells"][0]["metadata"] = {"tags": ["raises-exception"], "scrolled": True, "vscode": {}}
    answers.without_editors_fields(nb)
    assert nb["metadata"] == LESSON["metadata"]
    assert nb["cells"][0]["metadata"] == {"tags": ["raises-exception"]}
