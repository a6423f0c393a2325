"""The judge of the exercises: right is right, and every hint is seen to appear."""

import re
from decimal import Decimal
from fractions import Fraction
from importlib import import_module

import numpy as np
import pytest
from guards import NOTEBOOKS, Notebook

from helpers.exercises import check, load, solution
from helpers.exercises.judge import verdict
from helpers.masks import fixed_count_masks

EXERCISES = load()
RNG = np.random.default_rng(0)
PARTS = np.array([[1.0, 2.0, -0.5, 0.0, 4.0], [0.3, 0.2, 0.1, 0.7, -0.4]])
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
    "06.2": 0.00894,
    "06.3": lambda f: f(np.array([1.0, 4.0]), np.array([0.0, 1.0])) == pytest.approx(1.0),
    "06.4": 0.727044,
    "06.5": 32_000,
    "07.1": 0.044721,
    "07.2": lambda f: (
        f(np.array([8.0, 9.0]), np.array([9.0, 12.0]), 3.0) == pytest.approx([-1.0, 5.0])
    ),
    "07.3": 20,
    "07.4": (1.94, 0.14),
    "07.5": 0.353198,
    "09.1": 128,
    "09.2": lambda f: (
        f(np.array([1.0, 2.0, 4.0]), np.array([0, 0, 1]), 0.5) == pytest.approx(9 + 16)
    ),
    "09.3": 5,
    "09.4": 2.3333,
    "10.1": 2.333333,
    "10.2": lambda f: (
        np.allclose(f(np.ones((2, 2, 2))), 1) and np.allclose(f(np.eye(2)[None]), [1, 0, 0])
    ),
    "10.3": 30,
    "10.4": 0.5,
    "08.1": 0.786060,
    "08.2": lambda f: (
        f(np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([0.5, 0.5]))
        == pytest.approx([0.786060, 0.213940], abs=1e-5)
    ),
    "08.3": 18,
    "08.4": 100,
    # one of two parts, 3 and 4, is doubled: 6 or 8; and the states of a layer of five, listed
    "08.5": lambda f: (
        f(np.array([[3.0, 2.0]]), np.array([1.0, 2.0]), 1) == pytest.approx([1.0])
        and f(PARTS, np.ones(5), 2)
        == pytest.approx((PARTS @ (fixed_count_masks(5, 2) * 5 / 3).T).std(axis=1))
    ),
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


@pytest.mark.parametrize("name", ["01.2", "04.4", "06.2", "10.4"])
def test_a_percentage_for_a_fraction_is_told(name, capsys):
    check(name, 100 * EXERCISES[name].right)
    assert capsys.readouterr().out.endswith("a fraction is asked for, not a percentage\n")


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


# ---- every exercise, in every form -------------------------------------------------------------

NUMBERS = [name for name, one in EXERCISES.items() if not (one.inputs or one.judge)]
FUNCTIONS = [name for name, one in EXERCISES.items() if one.inputs]

FORMS = (float, np.float64, np.float32, Decimal, Fraction, lambda v: [v], lambda v: np.array([[v]]))


@pytest.mark.parametrize("name", NUMBERS)
def test_a_right_number_is_right_in_every_form(name):
    right = EXERCISES[name].right
    assert [verdict(EXERCISES[name], form(right)) for form in FORMS] == ["right"] * len(FORMS)


NO_NUMBERS = (
    str,
    lambda v: [str(v)],
    lambda v: str(v).encode(),
    complex,
    lambda v: bool(v),
    lambda v: [v, True],
    lambda v: np.ma.masked_array([v], mask=[False]),
    lambda v: np.datetime64(int(v), "s"),
    lambda v: (v for _ in range(1)),
    lambda v: {v},
    lambda v: {"answer": v},
    lambda v: [[v], [v, v]],
    lambda v: None,
    lambda v: [v, ...],
    lambda v: [v, v + 1],
    lambda v: float("nan"),
)


@pytest.mark.parametrize("name", [*NUMBERS, "07.4"])
def test_what_is_no_number_is_never_right(name):
    right = np.ravel(EXERCISES[name].right)[0]
    for form in NO_NUMBERS:
        said = verdict(EXERCISES[name], form(right))
        asked = ("hand in a number, got ", "hand in numbers, got ", "not right: ")
        assert said.startswith(asked), said


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_right_function_is_right_in_every_form(name):
    right = EXERCISES[name].right
    for form in (np.asarray, lambda v: np.asarray(v).tolist(), np.asfortranarray):
        assert verdict(EXERCISES[name], lambda *x, form=form: form(right(*x))) == "right"


def unmasked(value):
    return np.ma.masked_array(value, mask=False)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_that_returns_no_numbers_is_not_right(name):
    right = EXERCISES[name].right
    for form in (
        str,
        complex,
        bytes,
        unmasked,
        iter,
        lambda v: None,
        lambda v: ...,
        lambda v: v > 0,
    ):

        def answer(*x, form=form):
            value = np.asarray(right(*x))
            return value.astype(complex) if form is complex else form(value)

        said = verdict(EXERCISES[name], answer)
        assert said.startswith(("not right: ", "your function raised")), (form, said)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_that_ignores_an_argument_is_found_out(name):
    exercise = EXERCISES[name]
    for place, first in enumerate(exercise.inputs[0]):

        def ignores(*x, place=place, first=first):
            return exercise.right(*x[:place], first, *x[place + 1 :])

        assert verdict(exercise, ignores) != "right", place


@pytest.mark.parametrize("name", ["02.3", "03.3"])
def test_a_mask_that_is_shuffled_afresh_is_found_out(name):
    exercise = EXERCISES[name]
    place = {"02.3": 1, "03.3": 2}[name]

    def shuffles(*x):
        mask = x[place]
        return exercise.right(*x[:place], RNG.permuted(mask, axis=0), *x[place + 1 :])

    for seed in range(12):
        RNG.bit_generator.state = np.random.default_rng(seed).bit_generator.state
        assert verdict(exercise, shuffles) != "right"


@pytest.mark.parametrize("name", EXERCISES)
def test_no_hint_gives_a_factor(name):
    said = [
        *EXERCISES[name].wrong,
        *(verdict(EXERCISES[name], k) for k in (3.7, -1e6, lambda *x: 5)),
    ]
    assert not any(
        re.search(r"times too|times as|\d times (larger|smaller)|factor of \d", text)
        for text in said
    )


def test_a_training_may_be_rounded_a_little_but_not_be_another():
    for answer in ((1.94, 0.14), (2.0, 0.16), (1.8, 0.12)):
        assert verdict(EXERCISES["07.4"], answer) == "right"
    assert "first 300" in verdict(EXERCISES["07.4"], (1.66, 0.135))
    assert "hidden units alone" in verdict(EXERCISES["07.4"], (1.02, 0.205))


@pytest.mark.parametrize("answer", ["1.94, 0.14", abs, None])
def test_a_pair_is_asked_for_where_a_pair_is_meant(answer):
    assert verdict(EXERCISES["07.4"], answer).startswith("hand in numbers, ")
