"""Exercises: ``check`` says whether an answer is right, ``solution`` explains.

``judge`` compares answers. The exercises of each notebook are in the file with its name, which is
loaded when one of them is asked for: right answers, typical wrong ones with their hints, solutions.
"""

import sys
from importlib import import_module
from pkgutil import iter_modules

from helpers.exercises.judge import Exercise, verdict


def check(name: str, answer: object) -> None:
    """Print whether ``answer`` to exercise ``name`` is right, or what a wrong one suggests.

    ``...`` is not yet an answer. Raises ``ValueError`` for an exercise that does not exist.

    >>> check("01.5", 4)
    01.5: not right: a high temperature makes the logits smaller, and gradients with them
    """
    say(f"{name}: {verdict(find(name), answer)}")


def solution(name: str) -> None:
    """Print the explanation of exercise ``name``; ``ValueError`` if there is none."""
    say(f"{name}: {find(name).solution}")


def say(text: str) -> None:
    """Print; where the output has no such characters, with question marks in their place."""
    try:
        print(text)
    except UnicodeEncodeError:
        print(text.encode(sys.stdout.encoding, "replace").decode(sys.stdout.encoding))


def find(name: str) -> Exercise:
    """The exercise called ``name``, such as ``"02.3"``; ``ValueError`` if there is none."""
    exercises = load(str(name)[:2])
    if not isinstance(name, str) or name not in exercises:
        raise ValueError(f"name must be one of {', '.join(load())}, got {name!r}")
    return exercises[name]


def load(notebook: str = "") -> dict[str, Exercise]:
    """The exercises of the notebook with this number, such as ``"02"``; of all by default."""
    exercises = {}
    for _, file, _ in iter_modules(__path__):
        if file.startswith(f"n{notebook}"):
            exercises |= import_module(f"{__name__}.{file}").EXERCISES
    return exercises
