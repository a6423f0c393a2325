"""The reader's copies: made when they are missing, never overwritten, renewed if one asks."""

import json
import subprocess
import sys

import pytest
from guards import PROJECT

from tools import copies, files
from tools.lab import NO_NEWS, ask_for_no_news, lab_options


def lesson(source, output="1"):
    cell = {"cell_type": "code", "metadata": {}, "source": [source], "outputs": [output]}
    return json.dumps({"cells": [cell], "metadata": {}})


@pytest.fixture
def folders(tmp_path):
    lessons = tmp_path / "notebooks"
    lessons.mkdir()
    (lessons / "01_one.ipynb").write_text(lesson("x = 1"), encoding="utf-8")
    (lessons / "02_two.ipynb").write_text(lesson("answer = ..."), encoding="utf-8")
    (lessons / "glossary.md").write_text("words", encoding="utf-8")
    return lessons, tmp_path / "work"


def test_missing_copies_are_made_and_answers_stay(folders):
    lessons, work = folders
    (lessons / "01_one.ipynb").chmod(0o444)
    assert copies.bring(*folders) == []
    assert {path.name for path in work.iterdir()} == {
        "01_one.ipynb", "02_two.ipynb", "glossary.md", copies.MADE_FROM
    }  # fmt: skip
    for name in ("01_one.ipynb", "02_two.ipynb"):
        assert (work / name).read_bytes() == (lessons / name).read_bytes()
        (work / name).write_text(lesson("answer = 28"), encoding="utf-8")  # also of a read-only one
    (work / "glossary.md").unlink()
    assert copies.bring(*folders) == []
    assert json.loads((work / "02_two.ipynb").read_text()) == json.loads(lesson("answer = 28"))
    assert (work / "glossary.md").read_text() == "words"


def test_a_disk_that_is_full_leaves_no_half_a_copy(folders, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space") as failed:
        copies.bring(*folders)
    assert not (folders[1] / "01_one.ipynb").exists()
    assert "01_one.ipynb" in str(failed.value)
    monkeypatch.undo()
    copies.bring(*folders)
    for name in ("01_one.ipynb", "glossary.md"):
        assert (folders[1] / name).read_bytes() == (folders[0] / name).read_bytes()
    assert not list(folders[1].glob("*.part"))


@pytest.mark.parametrize("damage", ["<<<<<<< HEAD", "", "{}", "[]"])
def test_a_lesson_that_is_damaged_is_named_and_the_others_are_brought(folders, damage):
    lessons, work = folders
    (lessons / "02_two.ipynb").write_text(damage)
    said = "02_two.ipynb is damaged: git checkout notebooks brings it back"
    assert copies.bring(*folders) == []
    assert copies.damaged(lessons) == [said]
    assert {path.name for path in work.iterdir()} == {
        "01_one.ipynb", "glossary.md", copies.MADE_FROM
    }  # fmt: skip
    (work / "02_two.ipynb").write_text(lesson("answer = 28"), encoding="utf-8")
    with pytest.raises(ValueError, match=f"^{said}$"):
        copies.renew(["01_one", "02_two"], *folders)
    assert not (work / copies.ASIDE).exists()
    assert "28" in (work / "02_two.ipynb").read_text()


def test_the_copy_of_a_lesson_that_is_gone_stays_and_is_named(folders):
    lessons, work = folders
    copies.bring(*folders)
    (lessons / "02_two.ipynb").rename(lessons / "02_second.ipynb")
    copies.bring(*folders)
    assert copies.left_over(*folders) == ["02_two.ipynb"]
    assert (work / "02_two.ipynb").exists() and (work / "02_second.ipynb").exists()


def test_something_else_that_is_called_work_is_left_alone(folders):
    lessons, work = folders
    for make in (work.touch, lambda: (work.unlink(), work.symlink_to(lessons / "nowhere"))):
        make()
        with pytest.raises(OSError, match=r"work is there and no folder: rename it$"):
            copies.bring(*folders)


def test_three_that_begin_at_once_bring_whole_copies(folders):
    lessons, work = folders
    for k in range(3, 30):
        (lessons / f"{k:02}_more.ipynb").write_text(lesson("x = 1"), encoding="utf-8")
    begin = "import sys, pathlib; from tools.copies import bring; "
    begin += "bring(*map(pathlib.Path, sys.argv[1:]))"
    command = [sys.executable, "-c", begin, *map(str, folders)]
    at_once = [subprocess.Popen(command, cwd=PROJECT) for _ in range(3)]
    assert [one.wait(60) for one in at_once] == [0, 0, 0]
    assert {path.name for path in work.iterdir()} == {
        *(path.name for path in lessons.iterdir()), copies.MADE_FROM
    }  # fmt: skip


def test_a_lesson_that_has_changed_since_is_named_and_its_copy_stays(folders):
    lessons, work = folders
    copies.bring(*folders)
    (work / "02_two.ipynb").write_text(lesson("answer = 28"), encoding="utf-8")
    (lessons / "01_one.ipynb").write_text(
        lesson("x = 1", output="2"), encoding="utf-8"
    )  # no change
    (lessons / "02_two.ipynb").write_text(lesson("another = ..."), encoding="utf-8")
    for _ in range(2):
        assert copies.bring(*folders) == ["02_two"]
    assert "28" in (work / "02_two.ipynb").read_text()


def test_an_old_copy_is_set_aside_and_nothing_is_lost_however_often(folders):
    lessons, work = folders
    copies.bring(*folders)
    answers = []
    for k in range(3):
        (work / "02_two.ipynb").write_text(lesson(f"answer = {k}"), encoding="utf-8")
        (lessons / "02_two.ipynb").write_text(lesson(f"question {k}"), encoding="utf-8")
        (moved,) = copies.renew(["02_two"], *folders)
        answers.append(moved)
        assert (work / "02_two.ipynb").read_text() == (lessons / "02_two.ipynb").read_text()
        assert copies.bring(*folders) == []
    assert [f"answer = {k}" in path.read_text() for k, path in enumerate(answers)] == [True] * 3
    assert {path.parent for path in answers} == {work / copies.ASIDE}


@pytest.mark.parametrize("name", ["2", "02", "02_two", "02_two.ipynb", "work/02_two.ipynb"])
def test_a_lesson_is_named_as_one_types_it(folders, name):
    copies.bring(*folders)
    (aside,) = copies.renew([name], *folders)
    assert aside.name.startswith("02_two ")
    with pytest.raises(ValueError, match=r"one of 01_one, 02_two, glossary, got '0'$"):
        copies.renew(["0"], *folders)
    with pytest.raises(ValueError, match=r"^the lesson must be one of .*, got '9'$"):
        copies.renew(["9"], *folders)


def test_a_full_disk_leaves_the_answers_where_they_were(folders, monkeypatch):
    copies.bring(*folders)
    copy = folders[1] / "02_two.ipynb"
    copy.write_text(lesson("answer = 28"), encoding="utf-8")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        copies.renew(["02_two"], *folders)
    assert copy.read_text(encoding="utf-8") == lesson("answer = 28")
    assert not list(folders[1].glob("*.part"))


def test_after_ctrl_c_all_copies_are_what_they_were(folders, monkeypatch):
    _, work = folders
    copies.bring(*folders)
    for name in ("01_one.ipynb", "02_two.ipynb"):
        (work / name).write_text(lesson("answer = 28"), encoding="utf-8")
    brought, done = copies._brought, []

    def stopped(*those):
        brought(*those)
        done.append(True)
        raise KeyboardInterrupt

    monkeypatch.setattr(copies, "_brought", stopped)
    with pytest.raises(KeyboardInterrupt):
        copies.renew(["01", "02"], *folders)
    assert done and not list((work / copies.ASIDE).iterdir())
    for name in ("01_one.ipynb", "02_two.ipynb"):
        assert (work / name).read_text() == lesson("answer = 28")


def test_a_copy_that_is_a_link_is_left_alone(folders, tmp_path):
    _, work = folders
    copies.bring(*folders)
    stick = tmp_path / "stick"
    copy = work / "01_one.ipynb"
    copy.unlink()
    copy.symlink_to(stick / "01_one.ipynb")  # which is not in
    assert copies.bring(*folders) == ["01_one"]
    with pytest.raises(ValueError, match="is a link"):
        copies.renew(["02", "01"], *folders)
    assert copy.is_symlink() and not (work / copies.ASIDE).exists()


def test_a_copy_that_is_a_folder_or_nested_without_end_is_named(folders):
    _, work = folders
    copies.bring(*folders)
    (work / "01_one.ipynb").unlink()
    (work / "01_one.ipynb").mkdir()
    (work / "02_two.ipynb").write_text("[" * 100_000)
    assert copies.bring(*folders) == ["01_one", "02_two"]


def test_an_unknown_lesson_is_refused_before_anything_is_moved(folders):
    copies.bring(*folders)
    with pytest.raises(ValueError, match=r"one of 01_one, 02_two, glossary, got '03_three'$"):
        copies.renew(["02_two", "03_three"], *folders)
    assert not (folders[1] / copies.ASIDE).exists()


@pytest.mark.parametrize("damage", [None, b"", b"{", b"[1]", b"\xff"])
def test_without_the_note_a_copy_is_compared_with_the_lesson_itself(folders, damage):
    lessons, work = folders
    question = 'answer = ...\ncheck("01.1", answer)'
    (lessons / "01_one.ipynb").write_text(lesson(question), encoding="utf-8")
    copies.bring(*folders)
    answered = lesson(question.replace("...", "28"))
    (work / "01_one.ipynb").write_text(answered, encoding="utf-8")
    note = work / copies.MADE_FROM
    note.unlink() if damage is None else note.write_bytes(damage)
    (lessons / "02_two.ipynb").write_text(lesson("another = ..."), encoding="utf-8")
    for _ in range(2):  # until it is renewed
        assert copies.bring(*folders) == ["02_two"]
    assert (work / "02_two.ipynb").read_text() == lesson("answer = ...")
    assert (work / "01_one.ipynb").read_text() == answered
    (lessons / "01_one.ipynb").write_text(lesson("x = 2"), encoding="utf-8")
    assert copies.bring(*folders) == ["01_one", "02_two"]


@pytest.mark.parametrize("noted", [True, False])
@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe"])
def test_a_damaged_copy_is_set_aside_and_made_anew(folders, damage, noted):
    lessons, work = folders
    copies.bring(*folders)
    if not noted:
        (work / copies.MADE_FROM).unlink()
    (work / "02_two.ipynb").write_bytes(damage)
    assert copies.bring(*folders) == ["02_two"]
    (aside,) = copies.renew(["02_two"], *folders)
    assert aside.read_bytes() == damage
    assert (work / "02_two.ipynb").read_bytes() == (lessons / "02_two.ipynb").read_bytes()


def test_the_command_renews_what_has_changed(folders, monkeypatch, capsys):
    lessons, _ = folders
    monkeypatch.setattr(copies, "PROJECT", lessons.parent)
    for function in (copies.bring, copies.renew):
        defaults = (*function.__defaults__[:-2], *folders)
        monkeypatch.setattr(function, "__defaults__", defaults)
    copies.bring()
    assert copies.main([]) == 0
    assert capsys.readouterr().out == "no lesson has changed since its copy was made\n"
    (lessons / "01_one.ipynb").write_text(lesson("x = 2"), encoding="utf-8")
    assert copies.main([]) == 0
    assert capsys.readouterr().out.startswith("your old copy is now work/aside/01_one 20")
    assert copies.main(["02_two.ipynb"]) == 0
    assert copies.main(["nosuch"]) == 1
    assert "must be one of 01_one, 02_two, glossary, got 'nosuch'" in capsys.readouterr().err


def test_jupyterlab_opens_the_copies_with_the_projects_own_kernel_and_no_news(tmp_path):
    assert "--LabApp.default_url=/lab/tree/work/01_forward_pass.ipynb" in lab_options()
    for other in ("README.md", str(PROJECT / "README.md")):
        assert "--LabApp.default_url=/lab/tree/README.md" in lab_options("work", ["--x", other])
    outside = lab_options("work", ["nosuch", str(tmp_path)])
    assert "--LabApp.default_url=/lab/tree/work/01_forward_pass.ipynb" in outside
    assert any("kernel_spec_manager_class=tools.kernels.ThisPythonOnly" in o for o in lab_options())
    ask_for_no_news(tmp_path)
    (written,) = tmp_path.rglob("overrides.json")
    assert json.loads(written.read_text()) == NO_NEWS
