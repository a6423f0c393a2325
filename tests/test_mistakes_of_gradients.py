"""The likely mistakes that the laws of the way back name, and that they name no other."""

import numpy as np
import pytest
from small_dropouts import DROP, coins, with_both_ways, with_mask

from helpers.checks import diagnose


def test_a_single_unit_of_each_sample_that_depends_on_x_is_not_rounded_away():
    def mask_of(x, rng):
        mask = coins(x.shape, rng)
        mask[np.arange(len(x)), np.abs(x).argmax(axis=1)] = True  # it always stays
        return mask

    seen, mistake = diagnose(*with_both_ways(mask_of), drop=DROP).broken["backward at 0"]
    assert seen == "0.06% of the gradient is not grad · mask · scale"
    assert mistake == "another mask than in the forward pass, or does the mask depend on x"


@pytest.mark.parametrize(
    ("drop", "mask_of"),
    [
        (DROP, lambda x, rng: (np.abs(x) < 0.5) | coins(x.shape, rng)),  # what is small stays
        (0.1, lambda x, rng: np.abs(x) >= np.quantile(np.abs(x), 0.1)),  # it does not
    ],
)
def test_a_mask_that_depends_on_x_is_not_told_to_be_missing_on_the_way_back(drop, mask_of):
    said = "another mask than in the forward pass, or does the mask depend on x"
    broken = diagnose(*with_both_ways(mask_of, drop=drop), drop=drop).broken
    assert "backward" not in broken and broken["backward at 0"][1] == said


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (lambda grad: None, ("backward returns None", "is a return missing")),
        (lambda grad: (grad, None), ("backward returns a tuple", "")),
        (lambda grad: grad[:1], ("the gradient has shape (1, 128), not (64, 128)", "")),
        (lambda grad: grad * np.nan, ("the gradient is not finite", "")),
    ],
)
def test_what_is_no_gradient_is_said(returned, said):
    report = diagnose(with_mask, lambda grad, factor: returned(grad), drop=DROP)
    assert report.broken["backward"] == said


def test_a_division_by_x_is_guessed_where_0_alone_fails():
    def forward(x, training, rng):
        y, _ = with_mask(x, training, rng)
        return y, (x.copy(), y)

    def backward(grad, cache):
        with np.errstate(all="ignore"):
            return grad * cache[1] / cache[0]

    broken = diagnose(forward, backward, drop=DROP).broken
    assert broken["backward at 0"] == ("the gradient is not finite", "a division by x where x is 0")


def test_what_is_not_tried_without_a_cache_is_remarked():
    kept = {}

    def forward(x, training, rng):
        y, kept["factor"] = with_mask(x, training, rng)
        return y

    said = "no cache: it is not tried whether another forward pass may lie before the way back"
    with_cache = diagnose(with_mask, lambda grad, factor: grad * factor, drop=DROP).remarks
    without = diagnose(forward, lambda grad, _: grad * kept["factor"], drop=DROP).remarks
    assert said in without and not any("no cache" in remark for remark in with_cache)
