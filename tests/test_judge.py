"""How answers are judged: numbers, pairs and functions in any form."""

import sys

import numpy as np
import pytest

from helpers.exercises.judge import Exercise, verdict

RNG = np.random.default_rng(0)
NUMBER = Exercise(right=2.5, wrong={}, solution="")
DECIMALS = Exercise(right=0.84077, wrong={}, solution="", decimals=4)
WHOLE = Exercise(right=1000, wrong={"a float": 1300.5}, solution="")
FUNCTION = Exercise(
    right=lambda x: 2 * x,
    wrong={"squared": lambda x: 2 * x**2},
    solution="",
    inputs=((np.array([1.0, 0.0, 3.0]),), (np.array([[0.5], [-2.0]]),)),
)
SCALAR = Exercise(right=np.sum, wrong={}, solution="", inputs=((np.arange(4.0),), (np.ones(2),)))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (2.5001, "right"),
        (2.51, "right"),
        (2.53, "not right: close: give more digits, or look for a small slip"),
        (10, "not right: too large"),
        (0.5, "not right: too small"),
        (0, "not right: too small"),
        (-2.5, "not right: the sign is wrong"),
        (-2.5001, "not right: the sign is wrong"),
        (-5, "not right: the sign is wrong, and the size"),
        (float("nan"), "not right: nan or infinity"),
        (float("inf"), "not right: nan or infinity"),
        (
            [2.5, 2.5],
            "not right: one number is asked for, not an array of shape (2,); no comma in a number, "
            "decimals have a point",
        ),
        (abs, "hand in a number, not a function"),
    ],
)
def test_a_number_is_compared(answer, expected):
    assert verdict(NUMBER, answer) == expected


@pytest.mark.parametrize(
    ("answer", "right"),
    [(0.8408, True), (0.8407, True), (0.84, False), (0.841, False), (0.8406, False)],
)
def test_as_many_decimals_are_needed_as_are_asked_for(answer, right):
    assert (verdict(DECIMALS, answer) == "right") == right


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (1000, "right"),
        (1000.0, "right"),
        (1000.5, "not right: too large"),
        (999, "not right: too small"),
        (1300.5, "not right: a float"),
        (1301, "not right: a float"),  # rounded
        (1300, "not right: a float"),  # or cut off
        (1302, "not right: too large"),
    ],
)
def test_a_whole_number_has_to_be_exact(answer, expected):
    assert verdict(WHOLE, answer) == expected


def in_place(x):
    x *= 2
    return x


def forgets_to_return(x):
    2 * x


def never_twice_the_same(x):
    return 2 * x + RNG.normal()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (in_place, "right"),
        (lambda x: (2 * x).tolist(), "right"),
        (lambda x: 6 * x, "not right: everywhere too large, in the same proportion"),
        (lambda x: x / 2, "not right: everywhere too small, in the same proportion"),
        (lambda x: -2 * x, "not right: the sign is wrong"),
        (lambda x: -x, "not right: the sign is wrong, and the size"),
        (lambda x: 2 * x + 1, "not right: zeros where none should be, or none where they should"),
        (lambda x: 2 * x**3, "not right: look again"),
        (lambda x: 2 * x**2, "not right: squared"),
        (lambda x: np.array([2.0, 0.0, 6.0]), "not right: the shape is (3,), expected (2, 1)"),
        (lambda x: 2 * abs(x), "not right: look again"),  # right on the first input alone
        (lambda x: 2 * x[:, None], "not right: the shape is (3, 1), expected (3,)"),
        (lambda x: 2 / x, "not right: nan or infinity"),
        (never_twice_the_same, "not right: called twice with the same arguments, it returns"),
        (forgets_to_return, "not right: your function returned None, not numbers"),
        (lambda: 1, "your function raised TypeError"),
        (lambda x: x @ np.ones(2), "your function raised ValueError"),
        (lambda x: sys.exit(), "your function raised SystemExit"),
        (2.0, "hand in the function itself, without calling it; got float"),
    ],
)
def test_a_function_is_tried(answer, expected):
    assert verdict(FUNCTION, answer).startswith(expected)


def test_an_answer_that_works_in_place_leaves_the_inputs_alone():
    assert [verdict(FUNCTION, in_place) for _ in range(3)] == ["right"] * 3


class NoArray:
    """What says that it can become an array, and cannot."""

    def __array__(self, *_, **__):
        raise RuntimeError


@pytest.mark.parametrize("answer", [float("inf"), bytearray(b"4"), memoryview(b"4"), NoArray()])
def test_an_odd_answer_is_not_right_and_raises_nothing(answer):
    for exercise in (WHOLE, NUMBER):
        assert verdict(exercise, answer).startswith(("not right: ", "hand in a number, got "))


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_one_entry_is_as_good_as_a_number(shape):
    assert verdict(SCALAR, lambda x: np.full(shape, x.sum())) == "right"


def test_the_judge_judges_where_a_reader_lets_numpy_raise():
    with np.errstate(all="raise"):
        assert verdict(NUMBER, 1e-320) == "not right: too small"
        assert verdict(FUNCTION, lambda x: np.full_like(x, 1e308)).startswith("not right")


@pytest.mark.parametrize(("answer", "size"), [(-0.198, "large"), (-0.0016, "small")])
def test_a_negative_number_is_too_large_if_its_size_is(answer, size):
    said = verdict(Exercise(right=-0.01, wrong={}, solution=""), answer)
    assert said == f"not right: too {size} in size; the sign is right"
