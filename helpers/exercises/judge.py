"""The exercises' judge: is an answer right, and what does a wrong one suggest?

An exercise knows its right answer, the typical wrong ones with what each suggests, and an
explanation. An answer is a real number, or a function that is tried on several inputs, on each
twice. A hint names the likely thought, never a factor, which would give the answer away.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real

import numpy as np

Answer = float | tuple[float, ...] | Callable[..., object]


@dataclass(frozen=True)
class Exercise:
    """``wrong`` maps what a wrong answer suggests to that answer; ``inputs`` are for functions.

    ``decimals`` are those that the question asks for (None: half a per cent is near enough). A
    whole number and the values of a function have to be exact. Where more than one answer is right,
    ``judge`` says what an answer suggests, or "" if it is right.
    """

    right: Answer
    wrong: Mapping[str, Answer]
    solution: str
    inputs: tuple[tuple, ...] = ()
    decimals: int | None = None
    judge: Callable[[np.ndarray], str] | None = None


class NoNumbers(Exception):
    """What was handed in is no real number and no array of them; the message says what it is."""


@np.errstate(all="ignore")  # whatever a reader has asked NumPy to raise
def verdict(exercise: Exercise, answer: object) -> str:
    """``right``, ``not yet answered``, or what is wrong with ``answer``, in a sentence."""
    if answer is ...:
        return "not yet answered"
    if exercise.inputs:
        if callable(answer):
            return verdict_of_function(exercise, answer)
        return f"hand in the function itself, without calling it; got {type(answer).__name__}"
    wanted = "numbers" if exercise.judge else "a number"
    if callable(answer):
        return f"hand in {wanted}, not a function"
    try:
        value = real_numbers(answer)
    except NoNumbers as error:
        return f"hand in {wanted}, got {error}"
    if exercise.judge:
        suggestion = exercise.judge(value)
        return f"not right: {suggestion}" if suggestion else "right"
    if same_number(exercise, value, exercise.right):
        return "right"
    for hint, wrong in exercise.wrong.items():
        if same_number(exercise, value, wrong):
            return f"not right: {hint}"
    if (
        0 < exercise.right < 1
        and value.size == 1
        and same_number(exercise, value / 100, exercise.right)
    ):
        return "not right: a fraction is asked for, not a percentage"
    return f"not right: {compare(value, np.array(exercise.right, dtype=float))}"


def verdict_of_function(exercise: Exercise, answer: Callable[..., object]) -> str:
    """The verdict on a function: that on the first input at which it is not right."""
    for k, arguments in enumerate(exercise.inputs, start=1):
        try:
            value, again = called(answer, arguments), called(answer, arguments)
        except NoNumbers as error:
            return f"not right: your function returned {error}, not numbers"
        except (Exception, SystemExit) as error:  # an answer may fail in any way
            return f"your function raised {type(error).__name__}: {error}"
        right = called(exercise.right, arguments)
        if not same_values(value, again):
            return "not right: called twice with the same arguments, it returns something else"
        if same_values(value, right):
            continue
        for hint, wrong in exercise.wrong.items():
            if all(acts_like(answer, wrong, those) for those in exercise.inputs[:k]):
                return f"not right: {hint}"
        return f"not right: {compare(value, right)}"
    return "right"


def called(function: Callable[..., object], arguments: tuple) -> np.ndarray:
    """What the function returns, as numbers, for copies of the arguments: it may change them."""
    with np.errstate(all="ignore"):
        return real_numbers(function(*deepcopy(arguments)))


def acts_like(answer: Callable, wrong: Callable, arguments: tuple) -> bool:
    """Whether a function returns what the ``wrong`` one returns."""
    try:
        return same_values(called(answer, arguments), called(wrong, arguments))
    except Exception:  # the wrong one may fail on other shapes
        return False


NOT_NUMBERS = {
    "b": "truth values",
    "c": "complex numbers",
    "U": "text",
    "S": "bytes",
    "V": "records",
}


def real_numbers(answer: object) -> np.ndarray:
    """The answer as an array of float64; `NoNumbers`, saying what it is, if it is none."""
    if isinstance(answer, np.ma.MaskedArray):
        raise NoNumbers("a masked array")
    if isinstance(answer, bytes | bytearray | memoryview):
        raise NoNumbers("bytes")
    try:
        array = np.asarray(answer)
    except ValueError as error:
        raise NoNumbers("rows of different lengths") from error
    except Exception as error:  # of an object that cannot become an array
        raise NoNumbers(type(answer).__name__) from error
    if array.dtype.kind in NOT_NUMBERS:
        raise NoNumbers(NOT_NUMBERS[array.dtype.kind])
    if array.dtype.kind in "mM":
        raise NoNumbers("dates or times")
    if array.dtype.kind == "T":
        raise NoNumbers("text")
    if array.dtype.kind == "O" or isinstance(
        answer, list | tuple
    ):  # fractions; truth among numbers
        for item in np.asarray(answer, dtype=object).ravel():
            if isinstance(item, bool | np.bool_) or not isinstance(item, Real | Decimal):
                raise NoNumbers(f"{item!r}" if item is None or item is ... else type(item).__name__)
    try:
        return array.astype(float)
    except (OverflowError, ValueError) as error:  # 10**400, Decimal("sNaN")
        raise NoNumbers("a number that no float can hold") from error


def same_values(value: np.ndarray, other: np.ndarray) -> bool:
    """Whether two results of functions are the same, but for rounding.

    One entry is as good as a number, whatever its shape.
    """
    if value.size == other.size == 1:
        value, other = value.reshape(()), other.reshape(())
    return value.shape == other.shape and np.allclose(
        value, other, rtol=1e-6, atol=1e-9, equal_nan=True
    )


def same_number(exercise: Exercise, value: np.ndarray, other: float) -> bool:
    """Whether a number is ``other``, as near as the question asks."""
    if value.size != 1 or not np.isfinite(value).all():
        return False
    distance = abs(value.item() - other)
    if isinstance(exercise.right, int) and isinstance(other, int):
        return distance < 1e-9
    if isinstance(exercise.right, int) and value % 1 == 0:
        return distance <= 0.5 or 0 < other - value.item() < 1  # rounded, or cut off
    if exercise.decimals is not None:  # cut off is as good as rounded
        units = distance * 10**exercise.decimals
        return units <= 0.51 or (units < 0.999 and abs(value.item()) <= abs(other))
    return distance <= 0.005 * abs(other) + 1e-12


def compare(value: np.ndarray, right: np.ndarray) -> str:
    """What a look at shape, nan, sign and size of a wrong answer can tell."""
    if value.size == right.size == 1:
        value, right = value.reshape(()), right.reshape(())
    if value.shape != right.shape:
        if right.ndim == 0:
            comma = "; no comma in a number, decimals have a point" if value.shape == (2,) else ""
            return f"one number is asked for, not an array of shape {value.shape}{comma}"
        return f"the shape is {value.shape}, expected {right.shape}"
    if not np.isfinite(value).all():
        return "nan or infinity"
    if right.ndim == 0:
        if value * right < 0:
            turned = np.isclose(value, -right, rtol=1e-2)
            return "the sign is wrong" if turned else "the sign is wrong, and the size"
        if right != 0 and abs(value / right - 1) < 0.04 and right % 1:
            return "close: give more digits, or look for a small slip"
        size = "large" if abs(value) > abs(right) else "small"
        return f"too {size}" + " in size; the sign is right" * bool(right < 0)
    if not np.all((value == 0) == (right == 0)):
        return "zeros where none should be, or none where they should"
    ratios = value[right != 0] / right[right != 0]
    if not np.allclose(ratios, ratios[0]):
        near = np.allclose(ratios, 1, rtol=1e-3)
        return (
            "nearly, but not to six digits: float64 numbers, and no numerical derivative?"
            if near
            else "look again"
        )
    if np.isclose(ratios[0], -1):
        return "the sign is wrong"
    if ratios[0] < 0:
        return "the sign is wrong, and the size"
    return f"everywhere too {'large' if ratios[0] > 1 else 'small'}, in the same proportion"
