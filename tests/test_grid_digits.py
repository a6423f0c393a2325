"""Small networks on few digits: runs by hand, and the records in ``results/``."""

import numpy as np
import pytest
from scipy.stats import entropy
from small_experiment import fake_mnist

from helpers.early_stopping import EarlyStopping
from helpers.masks import inverted_mask
from helpers.mnist import averaged_pixels, load_sample
from helpers.network import Network, error_rate, predict
from helpers.recorded import recorded
from helpers.training import Settings, train
from tools.experiments import digits, digits_details, monte_carlo
from tools.experiments.all_experiments import EXPERIMENTS
from tools.experiments.digits_grids import DROPOUT
from tools.experiments.digits_tested import CHOSEN

SAMPLE = load_sample()
X, LABELS = averaged_pixels(SAMPLE[0]), SAMPLE[1]
QUICK = {"epochs": 2, "batch_size": 50, "learning_rate": 0.05}
RECORDS = [
    *("remedy", "rivals", "drops", "examples", "label_noise", "early_late", "mask_or_slice"),
    *("noise_rivals", "calibration", "longer"),
    *("tested", "inside", "monte_carlo", "all_digits", "all_digits_long", "all_digits_rates"),
    *("other_digits", "more_rivals", "equal_time", "epoch_times", "two_errors", "repeated"),
]


def trained(x, labels, seed=3, **settings):
    """A network trained by hand, and its training."""
    rng = np.random.default_rng(seed)
    network = Network([196, 20, 10], rng)
    return network, train(network, x, labels, Settings(**{**QUICK, **settings}), rng)


@pytest.mark.parametrize(
    ("test", "judged"), [(False, slice(1000, 2000)), (True, slice(2000, None))]
)
def test_a_run_trains_on_the_first_digits_and_is_judged_by_others(test, judged):
    network, history = trained(X[:200], LABELS[:200], mode="mask")
    found = digits.train_digits(
        SAMPLE, 3, n_train=200, test=test, hidden=(20,), mode="mask", **QUICK
    )
    assert tuple(found) == digits.RESULTS and found["epochs"] == len(history.loss) == 2
    assert found["train_error"] == 100 * error_rate(network, X[:200], LABELS[:200])
    assert found["error"] == 100 * error_rate(network, X[judged], LABELS[judged])
    chosen = predict(network, X[judged])[np.arange(len(LABELS[judged])), LABELS[judged]]
    assert found["loss"] == pytest.approx(-np.log(chosen).mean(), rel=1e-5)


def test_a_larger_training_set_leaves_later_digits_to_choose_on_and_to_test():
    sets = digits.sample_sets(SAMPLE, 3_000, 3_000, test=True)
    for found, expected in zip(
        sets, (slice(0, 3000), slice(3000, 4000), slice(4000, None)), strict=True
    ):
        assert np.array_equal(found[0], X[expected]) and np.array_equal(found[1], LABELS[expected])


def test_early_stopping_looks_at_the_validation_digits_whatever_the_run_is_judged_by():
    options = {"epochs": 30, "learning_rate": 0.2}
    rng = np.random.default_rng(3)
    network = Network([196, 20, 10], rng)
    stopping = EarlyStopping(network, X[1000:2000], LABELS[1000:2000], 2)
    train(network, X[:200], LABELS[:200], Settings(**{**QUICK, **options}), rng, [stopping])
    found = digits.train_digits(
        SAMPLE, 3, n_train=200, test=True, hidden=(20,), patience=2, **{**QUICK, **options}
    )
    assert found["epochs"] == len(stopping.errors) < 30
    assert found["error"] == 100 * error_rate(network, X[2000:], LABELS[2000:])


def test_a_training_in_parts_goes_on_as_one():
    options = {"n_train": 200, "hidden": (20,), **QUICK, "epochs": 3}
    whole = digits.train_digits(SAMPLE, 3, **options)  # mode "none": nothing to switch off
    assert digits.train_digits(SAMPLE, 3, without_in=(1, 2), **options) == whole
    masked = digits.train_digits(SAMPLE, 3, mode="mask", **options)
    late = digits.train_digits(SAMPLE, 3, mode="mask", without_in=(0, 2), **options)
    assert len({whole["loss"], masked["loss"], late["loss"]}) == 3
    assert digits.train_digits(SAMPLE, 3, mode="mask", without_in=(0, 3), **options) == whole
    assert digits.train_digits(SAMPLE, 3, mode="mask", without_in=(3, 3), **options) == masked


def test_the_asked_fraction_of_labels_is_wrong_and_the_others_stay():
    labels = np.arange(1000) % 10
    flipped = digits.with_wrong_labels(labels, 0.3, 0)
    assert np.count_nonzero(flipped != labels) == 300
    assert set(flipped) == set(range(10)) and labels.tolist() == (np.arange(1000) % 10).tolist()
    wrong = (flipped - labels)[flipped != labels] % 10
    assert set(wrong) == set(range(1, 10))  # every other class can take its place


def test_on_the_full_set_the_last_training_digits_are_for_choosing(monkeypatch):
    monkeypatch.setattr(digits, "HELD_OUT", 60)
    data = fake_mnist(n_train=260, n_test=40)
    x = averaged_pixels(data[0])
    network, _ = trained(x[:200], data[1][:200])
    found = digits.train_on_all((*data[:2], None, None), 3, hidden=(20,), **QUICK)
    assert found["error"] == 100 * error_rate(network, x[200:], data[1][200:])


def test_other_digits_are_drawn_by_the_seed_and_judged_by_the_test_digits():
    data = fake_mnist(n_train=1200, n_test=40)
    found = digits.train_on_others(data, 3, hidden=(20,), **QUICK)
    drawn = np.random.default_rng([3, 2]).permutation(1200)[:1000]
    network, _ = trained(averaged_pixels(data[0][drawn]), data[1][drawn])
    assert found["error"] == 100 * error_rate(network, averaged_pixels(data[2]), data[3])


def test_what_happens_inside_is_counted_on_the_validation_digits():
    found = digits.look_inside(SAMPLE, 3, hidden=(12, 8), **QUICK)
    rng = np.random.default_rng(3)
    network = Network([196, 12, 8, 10], rng)
    train(network, X[:1000], LABELS[:1000], Settings(**{**digits.STEPS, **QUICK}), rng)
    first = np.maximum(X[1000:2000] @ network.weights[0].T + network.biases[0], 0)
    assert tuple(found) == digits.INSIDE_RESULTS
    assert found["active_1"] == pytest.approx(np.mean(first > 0), abs=1e-4)
    pairs = [abs(np.corrcoef(first[:, j], first[:, k])[0, 1]) for j in range(12) for k in range(j)]
    assert found["correlation_1"] == pytest.approx(np.mean(pairs), abs=1e-4)
    assert found["norm_1"] == pytest.approx(np.sqrt((network.weights[0] ** 2).sum(1)).mean())


def test_a_unit_that_never_changes_has_no_correlation():
    layer = np.array([[1.0, -2.0, 5.0], [2.0, -4.0, 5.0]])
    assert digits.mean_correlation(layer) == pytest.approx(1)


def test_the_whole_network_and_the_means_of_masked_predictions_are_judged(monkeypatch):
    monkeypatch.setattr(monte_carlo, "STEPS", QUICK)
    found = monte_carlo.compare_predictions(SAMPLE, 3, hidden=(20,))
    assert tuple(found) == monte_carlo.RESULTS
    test = X[2000:], LABELS[2000:]
    for kind, how in (("none", {}), ("scaled", DROPOUT)):
        network, _ = trained(X[:1000], LABELS[:1000], **how)
        assert found[f"error_{kind}"] == pytest.approx(100 * error_rate(network, *test))
    assert found["error_1"] > found["error_10"] > found["error_scaled"] - 1
    assert found["loss_200"] < found["loss_5"] < found["loss_1"]
    # the geometric mean is nearer to the whole network than the arithmetic one
    off = {k: abs(found[f"loss_{k}"] - found["loss_scaled"]) for k in ("geometric", "200")}
    assert off["geometric"] < off["200"] / 2


def test_doubt_is_measured_on_the_masked_predictions_of_the_network_trained_with_them(monkeypatch):
    steps = {**QUICK, "epochs": 15}  # after two, other moments give the same order
    monkeypatch.setattr(monte_carlo, "STEPS", steps)
    found = monte_carlo.compare_predictions(SAMPLE, 3, hidden=(64,))
    rng = np.random.default_rng(3)
    network = Network([196, 64, 10], rng)
    train(network, X[:1000], LABELS[:1000], Settings(**steps, **DROPOUT), rng)
    x, labels = X[2000:], LABELS[2000:]
    masked = np.array([
        predict(network, x, [inverted_mask((3000, n), drop, rng) for n, drop in zip(
            (196, 64), (0.2, 0.5), strict=True)])
        for _ in range(200)
    ], dtype=np.float64)  # fmt: skip
    best = masked.mean(axis=0).argmax(axis=1)
    doubts = {
        "spread": masked[:, np.arange(3000), best].std(axis=0),
        "votes": -np.array([np.bincount(v, minlength=10) for v in masked.argmax(axis=2).T]).max(
            axis=1
        ),
        "information": entropy(masked.mean(axis=0), axis=1) - entropy(masked, axis=2).mean(axis=0),
        "mean": -masked.mean(axis=0).max(axis=1),
        "scaled": -predict(network, x).max(axis=1),
    }
    wrong = predict(network, x).argmax(axis=1) != labels
    for name, doubt in doubts.items():
        handed = np.argsort(-doubt, kind="stable")[:300]  # votes have ties
        expected = 100 * np.isin(np.flatnonzero(wrong), handed).mean()
        assert found[f"caught_by_{name}"] == pytest.approx(expected, abs=0.3), name
    geometric = np.exp(np.log(masked).mean(axis=0))
    geometric /= geometric.sum(axis=1, keepdims=True)
    assert found["loss_geometric"] == pytest.approx(
        -np.log(geometric[np.arange(3000), labels]).mean(), rel=1e-6
    )


def test_what_is_caught_is_the_share_of_the_mistakes_in_the_most_doubtful_tenth():
    wrong = np.zeros(40, dtype=bool)
    wrong[[0, 1, 2, 39]] = True
    doubt = np.arange(40.0)
    assert monte_carlo.caught(-doubt, wrong) == 75  # the first four: three of the four mistakes
    assert monte_carlo.caught(doubt, wrong) == 25
    assert monte_carlo.caught(np.where(wrong, 1, 0), wrong) == 100


def test_a_calibrated_network_has_a_gap_by_chance_that_more_samples_make_smaller():
    rng = np.random.default_rng(0)
    assert monte_carlo.gap_by_chance(np.ones(50), rng) == 0  # nothing is left to chance
    few, many = (monte_carlo.gap_by_chance(np.full(n, 0.7), rng) for n in (100, 10_000))
    # one bin: the mean distance of a share from 0.7, of nearly normal shares
    assert few == pytest.approx(np.sqrt(2 / np.pi * 0.7 * 0.3 / 100), rel=0.25)
    assert few / many == pytest.approx(10, rel=0.35)


def test_answers_that_are_right_as_often_as_they_are_sure_have_no_more_gap_than_chance():
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.5, 1, 3000)
    right = rng.random(3000) < confidence
    by_chance = monte_carlo.gap_by_chance(confidence, rng)
    assert monte_carlo.calibration_gap(confidence, right) < 2 * by_chance
    assert monte_carlo.calibration_gap(confidence**0.5, right) > 3 * by_chance  # too sure


def test_the_calibration_gap_is_the_mean_distance_of_a_bin_from_the_diagonal():
    probabilities = np.array([[0.95, 0.05], [0.93, 0.07], [0.45, 0.55], [0.31, 0.69]])
    error, loss, gap = monte_carlo.judged(probabilities, np.array([0, 1, 1, 0]))
    assert error == 50
    assert loss == pytest.approx(-np.log([0.95, 0.07, 0.55, 0.31]).mean())
    # in the last bin one of two is right, 0.94 sure; the others are alone in theirs
    assert gap == pytest.approx((2 * abs(0.5 - 0.94) + abs(1 - 0.55) + abs(0 - 0.69)) / 4)


# ---- details -----------------------------------------------------------------------------------


def test_a_gain_has_an_error_over_the_seeds_and_one_over_the_judged_digits(monkeypatch):
    monkeypatch.setattr(digits_details, "PAIRS", 3)
    how = {"n_train": 100, "hidden": (20,), **QUICK}
    found = digits_details.two_errors(SAMPLE, 2, how, {**how, "mode": "mask"}, test=False)
    gains = []
    for seed in (6, 7, 8):
        plain, dropped = (
            trained(X[:100], LABELS[:100], seed, mode=mode)[0] for mode in ("none", "mask")
        )
        right = [
            predict(network, X[1000:2000]).argmax(axis=1) == LABELS[1000:2000]
            for network in (plain, dropped)
        ]
        gains.append(100.0 * right[1] - 100.0 * right[0])
    assert found["gain"] == pytest.approx(np.mean(gains))
    of_seeds, of_digits = (np.mean(gains, axis=axis) for axis in (1, 0))
    assert found["of_seeds"] == pytest.approx(of_seeds.std(ddof=1) / np.sqrt(3))
    assert found["of_digits"] == pytest.approx(of_digits.std(ddof=1) / np.sqrt(1000))


def test_what_is_repeated_is_counted_apart_for_right_and_wrong_labels():
    found = digits_details.what_is_repeated(SAMPLE, 3, 0.3, hidden=(20,), **QUICK)
    given = digits.with_wrong_labels(LABELS[:1000], 0.3, 3)
    said = predict(trained(X[:1000], given)[0], X[:1000]).argmax(axis=1)
    wrong = given != LABELS[:1000]
    assert wrong.sum() == 300
    assert found["right"] == pytest.approx(100 * (said == given)[~wrong].sum() / 700)
    assert found["wrong"] == pytest.approx(100 * (said == given)[wrong].sum() / 300)
    assert found["seen_through"] == pytest.approx(100 * (said == LABELS[:1000])[wrong].sum() / 300)


@pytest.mark.parametrize(
    ("name", "experiment", "without", "with_dropout"),
    [
        ("as printed, validation", "remedy", "none", "dropout"),
        ("300 digits, validation", "remedy", "300 digits, none", "300 digits, dropout"),
        ("as printed, test", "tested", "remedy: none", "remedy: dropout"),
        ("both chosen, test", "tested", "rivals: none, learning rate 0.3",
         "rivals: dropout, drops 0.2 and 0.3, learning rate 0.1"),
        ("both longer, test", "tested", "longer: none, learning rate 0.3, 200 epochs",
         "longer: dropout, drops 0.2 and 0.3, learning rate 0.05, 200 epochs"),
        ("30% wrong, L2, test", "tested",
         "noise_rivals: 30% wrong, L2, l2 0.01, learning rate 0.005",
         "noise_rivals: 30% wrong, dropout, drops 0 and 0.8, learning rate 0.01"),
        ("examples, 300, validation", "examples", "300 digits, 4800 steps, none",
         "300 digits, 4800 steps, dropout"),
        ("examples, 3000, test", "tested", "examples: 3000 digits, 4800 steps, none",
         "examples: 3000 digits, 4800 steps, mild dropout"),
    ],
)  # fmt: skip
def test_the_gains_are_those_of_the_other_records(name, experiment, without, with_dropout):
    found, runs = recorded("two_errors")[name], recorded(experiment)
    gains = runs[without]["error"] - runs[with_dropout]["error"]
    # made at other times: a digit or two of 30,000 answers may have been rounded to another class
    assert found["gain"][0] == pytest.approx(gains.mean(), abs=0.02)
    assert found["of_seeds"][0] == pytest.approx(gains.std(ddof=1) / np.sqrt(10), abs=0.02)


# ---- the records -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RECORDS)
def test_every_run_is_recorded(name):
    found, experiment = recorded(name), EXPERIMENTS[name]
    assert list(found) == list(experiment.settings)
    for runs in found.values():
        assert tuple(runs) == experiment.results
        assert {len(values) for values in runs.values()} == {experiment.seeds}


GROUPS = {  # how the names of settings begin that were compared when one of them was chosen
    "rivals": ("none,", "early stopping", "L2", "max-norm", "dropout, drops", "dropout, L2",
               "dropout, max-norm"),
    "drops": ("128 units", "64 units left", "input"),
    "longer": ("none,", "dropout,"),
    "examples": tuple(f"{n} digits, 4800 steps, none" for n in (100, 300, 1000, 3000)),
    "label_noise": ("0%", "10%", "30%"),
    "noise_rivals": tuple(f"{share} wrong, {kind}" for share in ("10%", "30%")
                          for kind in ("none", "early stopping", "L2", "dropout")),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "group"), [(n, g) for n, groups in GROUPS.items() for g in groups]
)
def test_of_each_group_the_best_on_the_validation_digits_was_tested(name, group):
    errors = {s: runs["error"].mean() for s, runs in recorded(name).items() if s.startswith(group)}
    assert len(errors) > 2
    tested = [s for s in CHOSEN[name][1] if s in errors]
    assert min(errors, key=errors.get) in tested
    compared = {s for s in tested if s != min(errors, key=errors.get)}
    assert all(s.endswith(("hidden 0", "none", "learning rate 0.05")) for s in compared)


@pytest.mark.parametrize("n", [100, 300, 1000, 3000])
def test_of_the_ways_at_one_rate_the_best_was_tested_and_no_other_rate_is_better_for_sure(n):
    runs = {
        s: r["error"] for s, r in recorded("examples").items() if s.startswith(f"{n} digits, 4")
    }
    at_one = {s: error.mean() for s, error in runs.items() if "rate" not in s}
    best = min(at_one, key=at_one.get)
    assert best in CHOSEN["examples"][1]
    for gains in (runs[best] - error for s, error in runs.items() if "dropout" in s):
        assert gains.mean() < 2 * gains.std(ddof=1) / np.sqrt(10) + 1e-9


def test_of_all_that_rivals_were_given_the_best_on_the_validation_digits_was_tested():
    tries = recorded("rivals") | recorded("more_rivals")
    tested = [setting for name in ("rivals", "more_rivals") for setting in CHOSEN[name][1]]
    for group in GROUPS["rivals"]:
        errors = {s: runs["error"].mean() for s, runs in tries.items() if s.startswith(group)}
        assert min(errors, key=errors.get) in tested


def test_with_masks_the_equal_time_has_as_many_epochs_as_slices_leave_time_for():
    with_masks, sliced = EXPERIMENTS["equal_time"].settings.values()
    times = recorded("epoch_times")
    mask, cut = (times[f"512-512, {mode}"]["milliseconds"].min() for mode in ("mask", "slice"))
    assert with_masks["epochs"] == pytest.approx(sliced["epochs"] * cut / mask, abs=1)


def test_the_time_of_an_epoch_is_that_of_the_fastest_but_the_first(monkeypatch):
    ends = iter([0.0, 9.0, 9.5, 9.7])
    monkeypatch.setattr(digits_details, "perf_counter", lambda: next(ends))
    found = digits_details.epoch_times(SAMPLE, 3, hidden=(20,), **{**QUICK, "epochs": 4})
    assert found == {"milliseconds": pytest.approx(200)}


def test_what_is_tested_differs_from_what_was_chosen_in_the_digits_alone():
    for setting, options in EXPERIMENTS["tested"].settings.items():
        experiment, _, name = setting.partition(": ")
        assert options == {**EXPERIMENTS[experiment].settings[name], "test": True}
