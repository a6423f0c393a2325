"""The likely mistakes that the laws of chance name, and that they name no other."""

import numpy as np
import pytest
from small_dropouts import DROP, by_mean, coins, diagnosed, masked, trial_of

from helpers.checks import diagnose
from helpers.laws_of_chance import calls, counts, mean, rate
from helpers.trial import Broken


def near_their_mean(shape, rng):
    """Coins, thrown again in the samples whose count is more than two from its mean."""
    mask = coins(shape, rng)
    while (far := abs((~mask).sum(axis=1) - DROP * shape[1]) > 2).any():
        mask[far] = coins((far.sum(), shape[1]), rng)
    return mask


def test_a_prediction_of_zeros_is_told():
    report = diagnose(masked(coins, predicted=0.0), drop=DROP)
    assert report.broken["mean"] == ("a prediction is 0 everywhere", "")


def test_a_scale_that_is_off_by_less_than_counts_can_tell_is_remarked():
    said = "what stays is 1.256 times as large as when predicting; 1 / (1 - drop) is 1.25"
    for predicted in (1.0, 1 - DROP):
        forward = masked(coins, 1.256 * predicted, predicted)
        assert said in diagnose(forward, drop=DROP).remarks
    assert not any("times" in remark for remark in diagnosed().remarks)


@pytest.mark.parametrize("n_seeds", [2, 3, 5, 16, 100])
def test_few_seeds_are_told_and_nothing_else(n_seeds):
    def draw(shape, rng):
        return coins(shape, np.random.default_rng(int(rng.integers(n_seeds))))

    broken = diagnose(masked(draw), drop=DROP).broken
    assert list(broken) == ["calls"]
    assert broken["calls"][1] == "a generator with few seeds, or masks that come again"


@pytest.mark.parametrize("instead", [lambda x: -1e-8 * x, lambda x: -x, lambda x: -1.0])
def test_what_is_dropped_to_another_value_is_told(instead):
    def forward(x, training, rng):
        return np.where(coins(x.shape, rng), x / (1 - DROP), instead(x)) if training else x

    mistake = "is what is dropped set to something else than 0"
    assert diagnose(forward, drop=DROP).broken["rate"][1] == mistake


def test_alpha_dropout_is_not_told_to_be_noise():
    def forward(x, training, rng):
        kept = np.where(coins(x.shape, rng), x, -1.758)
        return 0.88 * kept + 0.31 if training else x

    mistake = "is what is dropped set to something else than 0"
    assert diagnose(forward, drop=DROP).broken["rate"][1] == mistake


@pytest.mark.parametrize("drop", [0.1, 0.5])
def test_all_mistakes_that_fit_a_wrong_rate_are_named_and_none_of_the_mean(drop):
    def forward(x, training, rng):
        return x * (rng.uniform(-1, 1, x.shape) >= drop) / (1 - drop) if training else x

    broken = diagnose(forward, drop=drop).broken
    likely = "numbers from -1 to 1 for those from 0 to 1"
    assert broken["rate"][1] == likely + (", or two masks" if drop == 0.5 else "")
    assert broken["mean"][1] == ""


def test_calls_in_which_nothing_is_dropped_are_told():
    drawn = iter(range(10**6))

    def draw(shape, rng):
        return coins(shape, rng, DROP if next(drawn) > 12 else 0.0)

    seen, mistake = diagnose(masked(draw), drop=DROP).broken["calls"]
    assert seen.endswith("of 32 calls drop nothing") and mistake == "is it off in some calls"


def test_a_factor_of_the_prediction_alone_is_not_told_to_be_in_training():
    assert diagnose(masked(coins, predicted=0.998), drop=DROP).broken["mean"][1] == ""


def test_a_drop_that_grows_is_not_told_to_be_divided_by_what_stayed():
    made = iter(range(10**6))

    def forward(x, training, rng):
        if not training:
            return x
        drop = DROP * min(1, next(made) / 20)
        return x * coins(x.shape, rng, drop) / (1 - drop)

    assert diagnose(forward, drop=DROP).broken["scale"][1] == ""


@pytest.mark.parametrize("kept", [DROP, 1 - 1.5 * DROP])
def test_a_prediction_that_fits_a_wrong_rate_has_no_factor_besides(kept):
    broken = diagnose(masked(lambda s, r: coins(s, r, 1 - kept), 1.0, kept), drop=DROP).broken
    assert list(broken) == ["rate"]


@pytest.mark.parametrize("predicted", [1.0, 0.5])
def test_another_drop_than_was_told_is_guessed_if_the_scale_fits_it(predicted):
    def of_another_drop(factor, another=0.4):
        forward = masked(lambda s, r: coins(s, r, another), factor * predicted, predicted)
        return diagnose(forward, drop=DROP).broken["rate"]

    assert of_another_drop(1 / 0.6)[1] == "is it built with another drop than diagnose was told"
    assert of_another_drop(1.25)[1] == of_another_drop(-1 / 0.6)[1] == of_another_drop(2.5)[1] == ""


@pytest.mark.parametrize("factor", [7.0, -1.0, 1 / (1 - DROP)])
def test_a_factor_that_training_and_prediction_share_is_seen(factor):
    report = diagnose(masked(coins, factor / (1 - DROP), factor), drop=DROP)
    assert report.broken == {
        "mean": (
            f"a prediction is {factor:g} times its input, not 1 or 0.8 times",
            "a factor that training has, too",
        )
    }


def test_with_a_small_drop_a_wrong_rate_is_not_taken_for_a_missing_scale():
    half = masked(lambda shape, rng: rng.integers(0, 2, shape), 1 / 0.99)
    broken = diagnose(half, drop=0.01).broken
    assert set(broken) == {"rate", "mean"} and broken["mean"][1] == ""


@pytest.mark.parametrize(
    ("forward", "law", "mistake"),
    [
        (masked(lambda s, r: np.ones(s)), "mean", ""),
        (masked(lambda s, r: coins(s, r) & coins(s, r)), "mean", ""),
        (
            masked(coins, 1.0, 1 / (1 - DROP)),
            "mean",
            "divided by 1 - drop when predicting instead of multiplied",
        ),
        (masked(coins, 1.25, 1 / (1 - DROP)), "mean", "divided by 1 - drop when predicting, too"),
        (masked(coins, 1.1, 1 / (1 - DROP)), "mean", "divided by 1 - drop when predicting"),
        (masked(coins, 1.0, (1 - DROP) ** 2), "mean", "scaled twice when predicting"),
        (masked(coins, 1.25, 1 - DROP), "mean", "scaled twice, in training and when predicting"),
        (
            lambda x, on, rng: x * (coins(x.shape, rng) / 0.8 if on else rng.uniform(0.9, 1.1)),
            "prediction",
            "is something drawn, or left behind by the prediction before",
        ),
        (
            lambda x, on, rng: x * coins(x.shape, rng, DROP if on else DROP / 2) / 0.8,
            "prediction",
            "is something drawn",
        ),
        (
            lambda x, on, rng: np.maximum(x, 0) * (coins(x.shape, rng) / 0.8 if on else 1.0),
            "mean",
            "is a ReLU in it",
        ),
        (
            masked(lambda s, r: coins(s, r) & (r.random() < 0.7)),
            "calls",
            "is the layer dropped as a whole",
        ),
        (masked(lambda s, r: near_their_mean(s, r)), "counts", "counts that vary too little"),
    ],
    ids=[
        "scale without mask",
        "two masks",
        "divided when predicting",
        "scaled always",
        "scaled otherwise",
        "scaled twice when predicting",
        "scaled in both",
        "drawn",
        "fewer when predicting",
        "a ReLU",
        "stochastic depth",
        "counts near their mean",
    ],
)
def test_no_mistake_is_named_that_was_not_made(forward, law, mistake):
    assert diagnose(forward, drop=DROP).broken[law][1] == mistake


def test_without_anything_left_there_is_no_scale():
    report = diagnose(masked(lambda s, r: np.zeros(s)), drop=DROP)
    assert report.skipped["scale"] == "nothing stays"
    assert report.skipped["units"] == "everything is dropped"
    off = diagnose(lambda x, training, rng: x, drop=DROP)
    assert off.skipped["counts"] == "nothing is dropped"


@pytest.mark.parametrize(
    ("scale", "predicted", "ratio", "mistake"),
    [
        (1 / DROP, 1.0, "3.99", "divided by drop instead of 1 - drop"),
        (1.0, DROP, "3.99", "multiplied by drop instead of 1 - drop when predicting"),
        (1.0, 1.0, "0.79", "is the scale 1 / (1 - drop) missing"),
        (1.25, 0.8, "1.2", "scaled twice, in training and when predicting"),
        (1.25**2, 1.0, "1.2", "scaled twice"),
        (0.8, 1.0, "0.6", "multiplied by 1 - drop instead of divided"),
        (1.27, 1.0, "1.01", ""),
        (1.25, 2.0, "0.49", ""),
        (1.25, -1.0, "-0.99", ""),
    ],
)
def test_a_wrong_scale_is_told_from_another(scale, predicted, ratio, mistake):
    report = diagnose(masked(coins, scale, predicted), drop=DROP)
    assert report.failures == ["mean"]
    seen, said = report.broken["mean"]
    assert seen.startswith(f"outputs average {ratio}") and said == mistake


@pytest.mark.parametrize("drop", [0.99999, 1 - 1e-6])
def test_where_nothing_stays_the_mean_is_not_tried(drop):
    for seed in range(5):
        report = diagnose(
            masked(lambda *how: coins(*how, drop), 1 / (1 - drop)), drop=drop, seed=seed
        )
        assert report.broken == {}
    assert report.skipped["mean"] == report.skipped["scale"] == "nothing stays"


@pytest.mark.parametrize("n_off", [1, 2, 3])
def test_calls_that_drop_nothing_are_told_if_more_than_one_do(n_off):
    mask = coins((32, 64, 128), np.random.default_rng(0))
    mask[:n_off] = True
    trial = trial_of(mask)
    seen = f"{n_off} of 32 calls drop nothing" if n_off > 1 else "neighbouring calls agree"
    with pytest.raises(Broken, match=f"^{seen}") as broken:
        calls(trial)
    assert broken.value.mistake == ("is it off in some calls" if n_off > 1 else "")


@pytest.mark.parametrize("n_whole", [1, 2, 3])
def test_calls_that_drop_everything_are_told_if_more_than_one_do(n_whole):
    mask = coins((32, 64, 128), np.random.default_rng(0))
    mask[:n_whole] = False
    seen = f"{n_whole} of 32 calls drop everything" if n_whole > 1 else "neighbouring calls agree"
    with pytest.raises(Broken, match=f"^{seen}") as broken:
        calls(trial_of(mask))
    assert broken.value.mistake == ("is the layer dropped as a whole" if n_whole > 1 else "")


def test_calls_with_rates_of_their_own_are_not_told_to_be_units_or_samples():
    rng = np.random.default_rng(0)
    mask = np.stack([coins((64, 128), rng, 0.187 if k % 2 else 0.213) for k in range(32)])
    with pytest.raises(Broken, match="of the calls have 1614 to 1663 of 8192 dropped") as broken:
        counts(trial_of(mask))
    assert broken.value.mistake == ""


@pytest.mark.parametrize("never", [0, 5, 127])
def test_an_index_that_is_off_is_guessed_at_the_ends_alone(never):
    mask = coins((32, 64, 128), np.random.default_rng(0))
    mask[..., never] = True
    with pytest.raises(Broken, match=f"unit {never} is dropped 0.000") as broken:
        rate(trial_of(mask))
    assert broken.value.mistake == ("" if never == 5 else "an index that is off by one")


def test_of_the_scale_nothing_is_remarked_where_the_rate_is_wrong():
    rng = np.random.default_rng(0)
    for drop, said in ((DROP, 1), (0.4, 0)):
        trial = trial_of(coins((32, 64, 128), rng, drop), 1.2505 if said else 1 / 0.6)
        trial.report.broken = {} if said else {"rate": ("", "")}
        mean(trial)
        assert len(trial.report.remarks) == said


@pytest.mark.parametrize(("sign", "noise", "one"), [(1, 0, True), (-1, 0, True), (1, 0.1, False)])
def test_what_is_divided_by_what_stayed_has_one_scale_in_each_sample(sign, noise, one):
    def draw(shape, rng):
        return sign * by_mean(coins(shape, rng), 1) * (1 + noise * rng.random(shape))

    mistake = diagnose(masked(draw, predicted=sign), drop=DROP).broken["scale"][1]
    assert mistake == ("is it divided by what happened to stay" if one else "noise on what stays")


def test_what_has_several_scales_in_a_sample_is_not_told_to_be_divided_by_what_stayed():
    def draw(shape, rng):
        noise = np.where(rng.random(shape) < 0.5, 1.0, 1.1)
        return by_mean(coins(shape, rng), 1) * noise

    assert diagnose(masked(draw), drop=DROP).broken["scale"][1] == ""


def test_two_mistakes_that_fit_a_scale_are_both_named():
    drop = (3 - 5**0.5) / 2  # where 1 / drop is 1 / (1 - drop) twice
    forward = masked(lambda s, r: coins(s, r, drop), 1 / drop)
    said = diagnose(forward, drop=drop).broken["mean"][1]
    assert said == "divided by drop instead of 1 - drop, or scaled twice"


@pytest.mark.parametrize("drop", [0.2, 0.8])
def test_a_leak_for_what_is_dropped_is_not_noise_whatever_is_commoner(drop):
    def forward(x, training, rng):
        mask = coins(x.shape, rng, drop)
        return np.where(mask, x / (1 - drop), 0.01 * x) if training else x

    said = "is what is dropped set to something else than 0"
    assert diagnose(forward, drop=drop).broken["rate"][1] == said


def test_a_relu_is_not_taken_for_another_rate():
    def forward(x, training, rng):
        y = np.maximum(x, 0)
        return y * coins(x.shape, rng) / (1 - DROP) if training else y

    broken = diagnose(forward, drop=DROP).broken
    assert {broken[law][1] for law in ("rate", "mean")} == {"is a ReLU in it"}
