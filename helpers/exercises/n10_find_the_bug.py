"""Exercises of notebook 10: what a wrong dropout does, and how it is found."""

import numpy as np

from helpers.exercises.judge import Exercise

RNG = np.random.default_rng(3)  # where no two masks are the same but by their making


def shared(masks: np.ndarray) -> np.ndarray:
    """For calls, samples and units: 1 if all masks along the axis are the same."""
    return np.array([float((masks == masks.take([0], axis)).all()) for axis in range(3)])


def coins(*shape: int) -> np.ndarray:
    """A mask of 0 and 1."""
    return (RNG.random(shape) >= 0.4).astype(float)


def with_the_first_alone(masks: np.ndarray) -> np.ndarray:
    """What one gets by looking at the first two along each axis."""
    return np.array([float((masks.take(0, k) == masks.take(1, k)).all()) for k in range(3)])


def along_one_line(masks: np.ndarray) -> np.ndarray:
    """What one gets by looking at one number of each mask."""
    return np.array(
        [float(np.ptp(line) == 0) for line in (masks[:, 0, 0], masks[0, :, 0], masks[0, 0])]
    )


def where_any_is_the_same(masks: np.ndarray) -> np.ndarray:
    """What one gets with ``any`` for ``all``."""
    return np.array([float((masks == masks.take([0], axis)).all(axis).any()) for axis in range(3)])


def in_the_first_call(masks: np.ndarray) -> np.ndarray:
    """What one gets by looking at one call for samples and units."""
    return np.array([shared(masks)[0], *shared(masks[:1])[1:]])


def of_the_last_two(masks: np.ndarray) -> np.ndarray:
    """What one gets if the last comparison of a loop decides."""
    return np.array([float((masks.take(-2, k) == masks.take(-1, k)).all()) for k in range(3)])


def with_one_mask(masks: np.ndarray) -> np.ndarray:
    """What one gets by comparing all with the first sample of the first call."""
    calls = float((masks == masks[0]).all())
    return np.array(
        [calls, float((masks == masks[0, 0]).all()), float((masks == masks[0, 0, 0]).all())]
    )


LAST_DIFFERS = np.ones((3, 4, 5))
LAST_DIFFERS[-1, -1, -1] = 0
ONE_EACH = np.ones((4, 4, 4))  # masks with equal counts along each axis, and no two the same
ONE_EACH[
    np.arange(4)[:, np.newaxis], np.arange(4), (np.arange(4)[:, np.newaxis] + range(4)) % 4
] = 0
MIDDLE_DIFFERS = np.ones((3, 5, 3))
MIDDLE_DIFFERS[1, 2, 1] = 0

EXERCISES = {
    "10.1": Exercise(
        right=7 / 3,
        wrong={
            "that is the scale; what share of the units is left to be scaled": 1 / 0.3,
            "that is the other way round": 3 / 7,
            "that is a right dropout": 1,
            "that is the scale of a right dropout; this one divides by 0.3": 1 / 0.7,
            "that is what stays without any scale": 0.7,
        },
        solution="0.7 of the units stay, each divided by 0.3: 0.7 / 0.3 = 2.33. With a drop of 0.5 "
        "it would be 1, and nobody would notice.",
        decimals=2,
    ),
    "10.2": Exercise(
        right=shared,
        wrong={
            "the order: calls, samples, units": lambda masks: shared(masks)[::-1],
            "all masks along the axis, not the first two": with_the_first_alone,
            "whole masks are the same, not one number of them": along_one_line,
            "a mask is the same if all of its numbers are, not if any is": where_any_is_the_same,
            "all masks, not the first and the last": lambda masks: np.array(
                [float((masks.take(0, k) == masks.take(-1, k)).all()) for k in range(3)]
            ),
            "look at all calls, not at the first alone": in_the_first_call,
            "all masks along the axis: the last comparison does not decide alone": of_the_last_two,
            "what is compared along an axis may differ along the others": with_one_mask,
            "equal counts are not equal masks": lambda masks: np.array(
                [
                    float(np.ptp(np.moveaxis(masks, k, 0).reshape(masks.shape[k], -1).sum(1)) == 0)
                    for k in range(3)
                ]
            ),
            "1 where they are the same, 0 where they are not": lambda masks: 1 - shared(masks),
        },
        solution="[int((masks == masks.take([0], axis)).all()) for axis in range(3)]: each "
        "slice along an axis is compared with the first one, which is broadcast.",
        inputs=(
            (coins(1, 4, 5).repeat(3, 0),),
            (coins(3, 4, 5),),
            (coins(3, 4, 1).repeat(5, 2),),
            (np.concatenate([coins(3, 1, 5).repeat(3, 1), coins(3, 1, 5)], axis=1),),
            (LAST_DIFFERS,),
            (ONE_EACH,),
            (MIDDLE_DIFFERS,),
        ),
    ),
    "10.3": Exercise(
        right=30,
        wrong={
            "with so many it is not yet below one in a million": 29,
            "the base of the logarithm: 0.624 to the n is below 0.000001": 13,
            "that is the tail of the others: 0.376 to the n": 15,
            "a whole number of samples: the first with which it is": 29.2933,
            "that is the logarithm of one in a million alone: where is the 0.624": 13.8155,
        },
        solution="0.624 to the n is below 1e-6 from n = log(1e-6) / log(0.624) = 29.3 on: 30 "
        "samples. A few dozen of them tell fixed counts from coins, where it would take hundreds "
        "of thousands of pairs of units.",
    ),
    "10.4": Exercise(
        right=0.5,
        wrong={
            "then prediction gives nothing at all": 0,
            "then nothing is left in training": 1,
        },
        solution="drop = 1 − drop only for 0.5: so a test with that drop alone cannot see it.",
    ),
}
