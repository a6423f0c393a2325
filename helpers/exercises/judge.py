"""The exercises' judge: is an answer right, and what does a wrong one suggest?

An exercise knows its right answer, the typical wrong ones with what each suggests, and an
explanation. An answer is a number, or a function that is tried on inputs beside the right one.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass

import numpy as np

Answer = float | tuple[float, ...] | Callable[..., object]


@dataclass(frozen=True)
class Exercise:
    """``wrong`` maps what a wrong answer suggests to that answer; ``inputs`` are for functions.

    ``tolerance`` is relative (None: whole numbers exactly, others to three digits). Where more than
    one answer is right, ``judge`` says what an answer suggests, or "" if it is right.
    """

    right: Answer
    wrong: Mapping[str, Answer]
    solution: str
    inputs: tuple[tuple, ...] = ()
    tolerance: float | None = None
    judge: Callable[[np.ndarray], str] | None = None

    def values(self, answer: Answer) -> list[np.ndarray]:
        """The answer itself, or what it returns for each of the inputs."""
        if self.inputs:
            # copies, so that an answer that works in place does not change the next one's inputs
            with np.errstate(all="ignore"):
                results = [answer(*deepcopy(arguments)) for arguments in self.inputs]
            return [np.array(result, dtype=float) for result in results]
        value = np.array(answer, dtype=float)
        return [value.reshape(()) if value.size == 1 else value]

    def same(self, values: list[np.ndarray], other: Answer) -> bool:
        """Whether ``values`` are those of ``other``."""
        tolerance = self.tolerance
        if tolerance is None:
            tolerance = 0.0 if isinstance(other, int) else 1e-6 if self.inputs else 1e-3
        return all(
            a.shape == b.shape and np.allclose(a, b, rtol=tolerance, atol=1e-9, equal_nan=True)
            for a, b in zip(values, self.values(other), strict=True)
        )


def verdict(exercise: Exercise, answer: object) -> str:
    """``right``, ``not yet answered``, or what is wrong with ``answer``, in a sentence."""
    if answer is ...:
        return "not yet answered"
    if exercise.inputs and not callable(answer):
        return f"hand in the function itself, without calling it; got {type(answer).__name__}"
    if not exercise.inputs and callable(answer):
        return "hand in a number, not a function"
    if not exercise.inputs and isinstance(answer, str | None):
        return f"hand in a number, got {answer!r}"
    try:
        values = exercise.values(answer)
    except Exception as error:  # an answer may fail in any way
        if exercise.inputs:
            return f"your function raised {type(error).__name__}: {error}"
        return f"hand in a number, got {answer!r}"
    if exercise.judge:
        suggestion = exercise.judge(values[0])
        return f"not right: {suggestion}" if suggestion else "right"
    if exercise.same(values, exercise.right):
        return "right"
    for hint, wrong in exercise.wrong.items():
        if exercise.same(values, wrong):
            return f"not right: {hint}"
    return "not right: " + compare(values, exercise.values(exercise.right))


def compare(values: list[np.ndarray], right: list[np.ndarray]) -> str:
    """What a look at shape, nan and size of a wrong answer can tell."""
    for a, b in zip(values, right, strict=True):
        if a.ndim == 0 and np.isnan(a):
            return "nan; does your function return something?"
        if a.shape != b.shape:
            return f"the shape is {a.shape}, expected {b.shape}"
        if not np.isfinite(a).all():
            return "nan or infinity"
    a, b = (np.concatenate([np.ravel(v) for v in side]) for side in (values, right))
    if a.size == 1 and (a[0] == 0 or b[0] == 0):
        return "look again"
    if not np.all((a == 0) == (b == 0)):
        return "zeros where none should be, or none where they should"
    ratios = a[b != 0] / b[b != 0]
    ratio = ratios[0]
    if not np.allclose(ratios, ratio):
        return "look again"
    if ratio < 0:
        turned = np.isclose(ratio, -1, rtol=1e-3)  # as exact as a right answer has to be
        return "the sign is wrong" if turned else "the sign is wrong, and the size"
    if abs(ratio - 1) < 0.02:
        return "close: give more digits, or look for a small slip"
    return f"{ratio:.3g} times too large" if ratio > 1 else f"{1 / ratio:.3g} times too small"
