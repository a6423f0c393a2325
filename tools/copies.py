"""The reader's copies of the lessons, in ``work/``: ``make lab`` opens them, ``make fresh`` renews.

A copy holds somebody's answers, so it is never overwritten. Where a lesson has changed since its
copy was made, that is said; ``make fresh`` then sets the old copy aside and makes a new one, of
all such lessons or of those that are named: ``make fresh ARGS="03_backprop_with_the_mask"``.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.answers import is_answered
from tools.files import alone_in, replacing

PROJECT = Path(__file__).resolve().parent.parent
LESSONS, WORK = PROJECT / "notebooks", PROJECT / "work"
MADE_FROM = "made-from.json"  # in the folder of the copies: what each lesson was then
ASIDE = "aside"


def bring(lessons: Path = LESSONS, work: Path = WORK) -> list[str]:
    """Make the copies that are missing; return the names of lessons that have changed since theirs.

    Among these are those whose copy is damaged. A damaged lesson is passed over. Raises ``OSError``
    if ``work`` cannot be written.
    """
    with _alone_in(work):
        return _brought(lessons, work)


@contextmanager
def _alone_in(work: Path) -> Iterator[None]:
    """The folder of the copies, made if it is missing, with no other process in here."""
    try:
        work.mkdir(exist_ok=True)
    except FileExistsError:
        raise OSError(f"{work} is there and no folder: rename it") from None
    with alone_in(work):
        yield


def _brought(lessons: Path, work: Path) -> list[str]:
    then, changed = made_from(work), []
    for lesson in files(lessons):
        copy, today = work / lesson.name, fingerprint(lesson)
        if not today:  # damaged
            continue
        if copy.is_symlink() and not copy.exists():  # to what is not there now
            changed.append(lesson.stem)
        elif not copy.exists():
            with replacing(copy) as file:  # the contents alone: the original may be read-only
                file.write(lesson.read_bytes())
            then[lesson.name] = today
        elif lesson.name not in then and is_a_copy_of(copy, lesson):
            then[lesson.name] = today
        elif then.get(lesson.name) != today or not fingerprint(copy):
            changed.append(lesson.stem)
    write(work, then)
    return changed


def renew(names: list[str], lessons: Path = LESSONS, work: Path = WORK) -> list[Path]:
    """Set the copies of these lessons aside and make new ones; return where the old ones are.

    Raises ``ValueError`` for a name that no lesson has, for a damaged lesson and for a copy that is
    a link, before anything is moved; and ``OSError`` if ``work`` cannot be written. Then, and after
    Ctrl-C, all copies are what they were.
    """
    named = [lesson_of(name, lessons) for name in names]
    for lesson in named:
        if is_damaged(lesson):
            raise ValueError(told_damaged(lesson))
        if (work / lesson.name).is_symlink():
            raise ValueError(f"{work / lesson.name} is a link: what it leads to is yours to renew")
    moved = {}
    with _alone_in(work):
        try:
            for lesson in named:
                copy = work / lesson.name
                if copy.exists():
                    aside = free_name(work / ASIDE, copy)
                    aside.parent.mkdir(parents=True, exist_ok=True)
                    copy.rename(aside)
                    moved[copy] = aside
            _brought(lessons, work)
        except BaseException:
            for copy, aside in moved.items():
                aside.replace(copy)
            raise
    return list(moved.values())


def lesson_of(name: str, lessons: Path) -> Path:
    """The lesson of this name or number, of a file with it, or of the only name that begins so."""
    of = {lesson.stem: lesson for lesson in files(lessons)}
    stem = Path(name).stem
    stem = f"{int(stem):02}_" if stem.isdecimal() else stem  # 1 is 01, and not 10
    begin = [stem] if stem in of else [one for one in of if one.startswith(stem)]
    if len(begin) != 1:
        raise ValueError(f"the lesson must be one of {', '.join(of)}, got {name!r}")
    return of[begin[0]]


def files(lessons: Path) -> list[Path]:
    """The lessons, and the page that they link to."""
    return sorted([*lessons.glob("*.ipynb"), *lessons.glob("*.md")])


def fingerprint(lesson: Path) -> str:
    """What tells one state of a lesson from another: its text and code, not its outputs.

    Empty for a damaged one.
    """
    try:
        text = lesson.read_text(encoding="utf-8")
        if lesson.suffix == ".ipynb":
            cells = json.loads(text)["cells"]
            text = json.dumps([cell["source"] for cell in cells]) if cells else ""
    except (ValueError, KeyError, TypeError, RecursionError, IsADirectoryError):
        return ""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def is_damaged(path: Path) -> bool:
    """Whether this is no notebook any more, or no page."""
    return not fingerprint(path)


def left_over(lessons: Path = LESSONS, work: Path = WORK) -> list[str]:
    """The copies of lessons that are not there any more, or have another name."""
    there = {lesson.name for lesson in files(lessons)}
    return sorted(name for name in made_from(work) if name not in there and (work / name).exists())


def damaged(lessons: Path = LESSONS) -> list[str]:
    """A sentence on each lesson that is damaged."""
    return [told_damaged(lesson) for lesson in files(lessons) if is_damaged(lesson)]


def told_damaged(lesson: Path) -> str:
    """What is said of it."""
    return f"{lesson.name} is damaged: git checkout {lesson.parent.name} brings it back"


def is_a_copy_of(copy: Path, lesson: Path) -> bool:
    """Whether a copy has nothing that the lesson of today has not, but a reader's answers.

    A damaged one is none: ``make fresh`` sets it aside.
    """
    try:
        texts = [path.read_text(encoding="utf-8") for path in (copy, lesson)]
        if lesson.suffix != ".ipynb":
            return texts[0] == texts[1]
        return fingerprint(copy) == fingerprint(lesson) or is_answered(*texts)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def made_from(work: Path) -> dict[str, str]:
    """The fingerprints of the lessons when the copies were made; none if that is not known."""
    try:
        return dict(json.loads((work / MADE_FROM).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError, RecursionError):  # lost or damaged
        return {}


def write(work: Path, then: dict[str, str]) -> None:
    """Note what the copies were made from."""
    with replacing(work / MADE_FROM) as file:
        file.write((json.dumps(then, indent=1) + "\n").encode())


def free_name(folder: Path, copy: Path) -> Path:
    """A name in the folder that no file has, with today's date."""
    stem, number = f"{copy.stem} {datetime.date.today()}", 1
    while (free := folder / f"{stem}{f' {number}' * (number > 1)}{copy.suffix}").exists():
        number += 1
    return free


def main(arguments: list[str] | None = None) -> int:
    """What ``make fresh`` does; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="LESSON", help="default: those that changed")
    names = parser.parse_args(arguments).names
    try:
        names = names or bring()
        moved = renew(names)
        for sentence in damaged():
            print(sentence)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if gone := left_over():
        print(f"no lesson any more, or renamed: {', '.join(gone)}; what you wrote there stays")
    for path in moved:
        print(f"your old copy is now {path.relative_to(PROJECT)}")
    if not names:
        print("no lesson has changed since its copy was made")
    return 0


if __name__ == "__main__":
    sys.exit(main())
