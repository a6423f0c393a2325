"""Each bug of ``helpers.bugs`` breaks the laws that it should, in every style."""

import pytest
from small_dropouts import (
    DROP,
    DROPS,
    SOME,
    diagnosed,
)

from helpers.bugs import BUGS, SCALED, fits

FOUND = {  # by which laws, in the order in which they are tried; and what is said of the first
    "keep for drop": (("rate", "mean", "drop 0"), "is drop taken for what is kept"),
    "randn for rand": (("rate", "mean", "drop 0"), "normal numbers for uniform ones"),
    "last unit never dropped": (("rate",), "an index that is off by one"),
    "fixed count": (("counts",), "a fixed count"),
    "one mask for the batch": (("samples",), "one mask for the whole batch"),
    "whole samples": (("units",), "one mask for all units of a sample"),
    "seed inside": (
        ("calls",),
        "a seed inside, an rng that is not moved on, a mask that is kept or made of x",
    ),
    "mask kept": (
        ("calls",),
        "a seed inside, an rng that is not moved on, a mask that is kept or made of x",
    ),
    "global stream": (
        ("repeats", "global stream"),
        "is another source drawn from, or does something change from call to call",
    ),
    "scaled by drop": (("mean", "drop 0"), "divided by drop instead of 1 - drop"),
    "not scaled": (("mean",), "is the scale 1 / (1 - drop) missing"),
    "scaled twice": (("mean",), "scaled twice, in training and when predicting"),
    "scaled by what stayed": (("scale",), "is it divided by what happened to stay"),
    "on when predicting": (("prediction",), "is `training` read"),
    "off for good": (("rate",), "is dropout off, from the start or since the first prediction"),
    "on for good": (("prediction",), "does a training leave something behind"),
    "no mask back": (("backward", "backward at 0"), "the scale and no mask"),
    "no scale back": (("backward", "backward at 0"), "no scale"),
    "another mask back": (("backward", "backward at 0"), "another mask than in the forward pass"),
    "mask from zeros": (("backward at 0",), "units whose value is 0 taken for dropped"),
    "last mask back": (("backward predicting",), "a mask where nothing is dropped"),
    "writes into its input": (("input",), "a *= or x[...] = where a new array is meant"),
    "float32 written down": (("dtype",), "is a dtype written down"),
    "drop 1 gives nan": (("drop 1",), "a division by 1 - drop = 0"),
    "takes nan": (("refuses",), "is it refused by < and >, which nan passes"),
}


SEEN = {  # in the plainest style
    "keep for drop": "0.7991 of 262,144 units are dropped, not 0.2",
    "randn for rand": "0.5792 of 262,144 units are dropped, not 0.2",
    "last unit never dropped": "unit 127 is dropped 0.000 of the time, not 0.2",
    "fixed count": "100.0% of the samples have 29 to 35 of 128 dropped, not 52.5%",
    "one mask for the batch": "all samples have the same mask",
    "whole samples": "all units have the same mask",
    "seed inside": "all calls have the same mask",
    "mask kept": "all calls have the same mask",
    "global stream": "the same state of rng gave two masks",
    "scaled by drop": "outputs average 3.996 times what prediction gives",
    "not scaled": "outputs average 0.799 times what prediction gives",
    "scaled twice": "outputs average 1.249 times what prediction gives",
    "scaled by what stayed": "what stays is multiplied by 1.2352 to 1.2695",
    "on when predicting": "two predictions differ; 20% of their units are 0",
    "off for good": "0.0000 of 262,144 units are dropped, not 0.2",
    "on for good": "two predictions differ; 20% of their units are 0",
    "no mask back": "20% of the gradient is not grad · mask · scale",
    "no scale back": "80% of the gradient is not grad · mask · scale",
    "another mask back": "32% of the gradient is not grad · mask · scale",
    "mask from zeros": "13% of the gradient is not grad · mask · scale",
    "last mask back": "the gradient is not 1 times what came in",
    "writes into its input": "x has changed in training",
    "float32 written down": "float32 out of float64",
    "drop 1 gives nan": "with drop 1 there is nan",
    "takes nan": "a drop of nan is taken",
}


def test_every_bug_has_its_laws():
    assert set(FOUND) == set(SEEN) == set(BUGS)


@pytest.mark.parametrize("bug", BUGS)
def test_what_was_seen_is_said(bug):
    assert diagnosed(bug=bug, drop=DROPS.get(bug, DROP)).broken[FOUND[bug][0][0]][0] == SEEN[bug]


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_is_found_by_its_laws_in_every_style_and_the_likely_mistake_is_said(bug):
    expected, mistake = FOUND[bug]
    for style in SOME:
        if not fits(bug, style):
            continue
        report = diagnosed(style, bug, DROPS.get(bug, DROP))
        by_predicting = style.scaled == SCALED[1]
        if bug == "scaled by drop" and by_predicting:
            mistake = "multiplied by drop instead of 1 - drop when predicting"
        elif bug == "no mask back" and by_predicting:
            mistake = "no mask"  # the scale is 1 there
        else:
            mistake = FOUND[bug][1]
        assert tuple(report.failures) == expected, style
        assert report.broken[expected[0]][1] == mistake
        assert not report.passed
