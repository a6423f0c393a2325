"""The judge of the exercises: right is right, and every hint is seen to appear."""

from importlib import import_module

import numpy as np
import pytest
from guards import NOTEBOOKS, Notebook

from helpers.exercises import check, load, solution
from helpers.exercises.judge import Exercise, verdict

EXERCISES = load()
WRONG = [(name, hint) for name, exercise in EXERCISES.items() for hint in exercise.wrong]


# Worked out apart from the judge: what a right answer is, or what it returns for an example.
KNOWN = {
    "01.1": 1.386294,
    "01.2": 0.840846,
    "01.3": lambda f: f(np.array([0.0, 1.0])) == pytest.approx([1.0, 0.419974]),
    "01.4": lambda f: (
        f(np.array([[0.0, 1000.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])).tolist()
        == [[-1.0, 1.0], [0.5, -0.5]]
    ),
    "01.5": 0.25,
    "02.1": 28,
    "02.2": 0.25,
    "02.3": lambda f: f(np.array([4.0, 8.0]), np.array([0.0, 1.0]), 0.2).tolist() == [0.0, 10.0],
    "02.4": -0.01,
    "02.5": 0,
    "03.1": 9,
    "03.2": 0.666667,
    # one node, two samples, two nodes below: only the second sample counts, with 8 / 0.8 = 10
    "03.3": lambda f: (
        f(*np.array([[[4.0, 8.0]], [[1.0, 1.0]], [[0.0, 1.0]]]), 0.2, np.array([[1, 2], [3, 4.0]]))
        == pytest.approx(np.array([[20, 40]]))
    ),
    "03.4": 80,
    "03.5": 3.685590,
    "04.1": 64_350,
    "04.2": 56,
    "04.3": lambda f: (
        f(np.arange(6.0).reshape(3, 2), np.array([1.0, 10.0]), [2], [1]).tolist() == [0, 0, 50]
    ),
    "04.4": 0.36,
    "04.5": 49,
    "05.1": 52,
    "05.2": 572,
    "05.3": 8,
    "05.4": lambda f: (
        f(np.array([[1.0, 2.0]]), np.array([0.5]), np.array([1.0])) == pytest.approx([0.125, 0.25])
    ),
    "05.5": lambda f: f({(0, 0): 3, (0, 1): 1}) == 0.75,
    "06.1": 0.165294,
    "06.2": 0.009487,
    "06.3": lambda f: f(np.array([1.0, 4.0]), np.array([0.0, 1.0])) == pytest.approx(1.0),
    "06.4": 0.727025,
    "06.5": 32_000,
    "07.1": 0.044721,
    "07.2": lambda f: (
        f(np.array([8.0, 9.0]), np.array([9.0, 12.0]), 3.0) == pytest.approx([-1.0, 5.0])
    ),
    "07.3": 20,
    "07.4": (1.94, 0.14),
    "07.5": 0.353198,
    "08.1": 0.786060,
    "08.2": lambda f: (
        f(np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([0.5, 0.5]))
        == pytest.approx([0.786060, 0.213940], abs=1e-5)
    ),
    "08.3": 18,
    "08.4": 100,
    # two units of 3 and 4, each with a mask of variance 1
    "08.5": lambda f: f(np.array([[3.0, 2.0]]), np.array([1.0, 2.0]), 0.5) == pytest.approx([5.0]),
}


@pytest.mark.parametrize("name", EXERCISES)
def test_the_right_answer_is_right_and_three_dots_are_not_yet_one(name, capsys):
    right, known = EXERCISES[name].right, KNOWN[name]
    assert known(right) if callable(known) else right == pytest.approx(known, abs=5e-5)
    check(name, right)
    check(name, ...)
    assert capsys.readouterr().out == f"{name}: right\n{name}: not yet answered\n"


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_explains(name, capsys):
    solution(name)
    printed = capsys.readouterr().out
    assert printed.startswith(f"{name}: ") and len(printed) > 60


@pytest.mark.parametrize(("name", "hint"), WRONG)
def test_a_typical_wrong_answer_gets_its_own_hint(name, hint, capsys):
    check(name, EXERCISES[name].wrong[hint])
    assert capsys.readouterr().out == f"{name}: not right: {hint}\n"


@pytest.mark.parametrize("ask", [lambda name: check(name, 1), solution])
def test_an_unknown_exercise_is_refused(ask):
    with pytest.raises(ValueError, match=r"01\.1.*got '99\.9'"):
        ask("99.9")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_asks_what_the_judge_knows(path):
    text = "".join(cell.source for cell in Notebook.read(path).cells)
    known = list(import_module(f"helpers.exercises.n{path.stem}").EXERCISES)
    asked = [name for name in EXERCISES if f'check("{name}", answer)' in text]
    assert asked == known
    assert all(f"**{name}**" in text for name in known)


# ---- answers that no exercise lists -----------------------------------------------------------

NUMBER = Exercise(right=2.5, wrong={}, solution="")
WHOLE = Exercise(right=1000, wrong={}, solution="")
FUNCTION = Exercise(
    right=lambda x: 2 * x, wrong={}, solution="", inputs=((np.array([1.0, 0.0, 3.0]),),)
)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (2.5001, "right"),
        (np.array([[2.5]]), "right"),
        (2.51, "not right: close: give more digits, or look for a small slip"),
        (2.49, "not right: close: give more digits, or look for a small slip"),
        (10, "not right: 4 times too large"),
        (0.5, "not right: 5 times too small"),
        (-2.5, "not right: the sign is wrong"),
        (-2.5001, "not right: the sign is wrong"),
        (-5, "not right: the sign is wrong, and the size"),
        (0, "not right: look again"),
        (float("nan"), "not right: nan; does your function return something?"),
        (float("inf"), "not right: nan or infinity"),
        ([2.5, 2.5], "not right: the shape is (2,), expected ()"),
        ("2.5", "hand in a number, got '2.5'"),
        (None, "hand in a number, got None"),
        ({}, "hand in a number, got {}"),
        (abs, "hand in a number, not a function"),
    ],
)
def test_a_number_is_compared(answer, expected):
    assert verdict(NUMBER, answer) == expected


@pytest.mark.parametrize(("answer", "right"), [(1000, True), (1000.0, True), (1000.5, False)])
def test_a_whole_number_has_to_be_exact(answer, right):
    assert (verdict(WHOLE, answer) == "right") == right


def in_place(x):
    x *= 2
    return x


def forgets_to_return(x):
    2 * x


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (in_place, "right"),
        (lambda x: list(2 * x), "right"),
        (lambda x: 6 * x, "not right: 3 times too large"),
        (lambda x: x / 2, "not right: 4 times too small"),
        (lambda x: -2 * x, "not right: the sign is wrong"),
        (lambda x: 2 * x + 1, "not right: zeros where none should be, or none where they should"),
        (lambda x: 2 * x**2, "not right: look again"),
        (lambda x: 2 * x[:, None], "not right: the shape is (3, 1), expected (3,)"),
        (lambda x: 2 / x, "not right: nan or infinity"),
        (forgets_to_return, "not right: nan; does your function return something?"),
        (lambda: 1, "your function raised TypeError"),
        (lambda x: x @ np.ones(2), "your function raised ValueError"),
        (2.0, "hand in the function itself, without calling it; got float"),
    ],
)
def test_a_function_is_tried(answer, expected):
    assert verdict(FUNCTION, answer).startswith(expected)


def test_an_answer_that_works_in_place_leaves_the_inputs_alone():
    assert [verdict(FUNCTION, in_place) for _ in range(3)] == ["right"] * 3
