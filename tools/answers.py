"""Lessons that somebody has answered in: what ``make test`` compares in their place.

Readers work in copies, but an editor may open the originals and save them by itself. Such a lesson
is compared as it was committed, and that is said. ``make test STRICT=1`` compares it as it stands;
so does continuous integration.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
COMMITTED = PROJECT / "build" / "committed"  # helpers are found from here, as from notebooks/
STRICT = ("STRICT", "CI")  # variables
ANSWER = re.compile(r'^check\("[^"]*", answer\)', re.M)
UNANSWERED = re.compile(r"^answer = \.\.\.", re.M)

# What editors write into a notebook besides: JupyterLab, VS Code, Colab.
OF_THE_NOTEBOOK = {"colab", "vscode", "widgets", "toc-autonumbering", "accelerator"}
OF_A_CELL = {"collapsed", "scrolled", "vscode", "colab", "executionInfo", "execution", "editable",
             "outputId", "id", "slideshow", "trusted", "ExecuteTime"}  # fmt: skip


def strict() -> bool:
    """Whether every lesson is to be compared as it stands."""
    return any(os.environ.get(name, "") not in ("", "0", "false") for name in STRICT)


def compared(lesson: Path) -> Path:
    """The file that is compared: ``lesson``, or what was committed if it holds a reader's work."""
    if strict() or not lesson.exists():
        return lesson
    committed = committed_text(lesson)
    if committed is None or not is_answered(lesson.read_text(encoding="utf-8"), committed):
        return lesson
    COMMITTED.mkdir(parents=True, exist_ok=True)
    copy = COMMITTED / lesson.name
    if not copy.exists() or copy.read_text(encoding="utf-8") != committed:
        part = copy.with_name(f"{copy.name}.{os.getpid()}")  # several processes may be here
        part.write_text(committed, encoding="utf-8")
        part.replace(copy)
    return copy


def committed_text(lesson: Path) -> str | None:
    """The lesson as it was committed last; ``None`` where git cannot tell."""
    try:
        shown = subprocess.run(
            ["git", "show", f"HEAD:./{lesson.name}"], cwd=lesson.parent, capture_output=True
        )
    except OSError:  # no git
        return None
    return shown.stdout.decode("utf-8") if shown.returncode == 0 else None


def is_answered(text: str, committed: str) -> bool:
    """Whether a notebook differs from the committed one as a reader's work does, and only so.

    Other are the sources of cells with an answer, cells added after the first of them, outputs, and
    what editors write. Where the outputs alone are others, they were stored anew, by an author.
    """
    try:
        now, then = json.loads(text), json.loads(committed)
    except ValueError:
        return False
    answered, left = False, then["cells"][::-1]
    asked = False  # whether a cell with an answer has come already
    for cell in now["cells"]:
        want = left[-1] if left else None
        if want is not None and same(cell, want):
            asked = asked or has_answer(want)
            left.pop()
        elif want is not None and has_answer(want) and is_the_cell(cell, want):
            asked = answered = True
            left.pop()
        elif asked:
            answered = True
        else:
            return False
    if left:
        return False
    return answered or traces(now) != traces(then)


def same(cell: dict, want: dict) -> bool:
    """Whether two cells are of one kind, with the same source."""
    return cell["cell_type"] == want["cell_type"] and source(cell) == source(want)


def source(cell: dict) -> str:
    """The source of a cell, which a file may hold in lines."""
    return "".join(cell["source"])


def has_answer(cell: dict) -> bool:
    """Whether a cell is one that a reader answers in."""
    return cell["cell_type"] == "code" and bool(ANSWER.search(source(cell)))


def is_the_cell(cell: dict, want: dict) -> bool:
    """Whether ``cell`` is the one that was ``want`` before somebody answered in it."""
    of_same_id = "id" in cell and cell["id"] == want.get("id")
    return of_same_id or ANSWER.findall(source(cell)) == ANSWER.findall(source(want))


def traces(notebook: dict) -> tuple:
    """What an editor leaves: metadata, and in what order the cells were run."""
    cells = notebook["cells"]
    counts = [cell.get("execution_count") for cell in cells if cell["cell_type"] == "code"]
    return notebook["metadata"], [cell["metadata"] for cell in cells], counts


def without_editors_fields(notebook: dict) -> None:
    """Take out of a notebook, in place, what editors write besides."""
    for key in OF_THE_NOTEBOOK & notebook["metadata"].keys():
        del notebook["metadata"][key]
    language = notebook["metadata"].get("language_info", {})
    for key in language.keys() - {"name"}:
        del language[key]
    for cell in notebook["cells"]:
        for key in OF_A_CELL & cell["metadata"].keys():
            del cell["metadata"][key]


def remarks(lessons: Path = PROJECT / "notebooks") -> list[str]:
    """A sentence on each lesson that holds answers, and on how it is compared."""
    said = []
    for lesson in sorted(lessons.glob("*.ipynb")):
        if compared(lesson) != lesson:
            said.append(
                f"{lesson.name} holds your answers: compared as committed instead "
                "(make test STRICT=1 compares it as it stands)"
            )
        elif not strict() and committed_text(lesson) is None:
            answered = answers_in(lesson.read_text(encoding="utf-8"))
            if answered:
                said.append(
                    f"{lesson.name} holds answers ({', '.join(answered)}), which are compared as "
                    "they stand: without git nothing is known of the lesson as it was"
                )
    return said


def answers_in(text: str) -> list[str]:
    """The numbers of the exercises that are answered in a notebook."""
    sources = [source(cell) for cell in json.loads(text)["cells"] if has_answer(cell)]
    return [ANSWER.search(one)[0].split('"')[1] for one in sources if not UNANSWERED.search(one)]
