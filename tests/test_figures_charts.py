"""Charts and digits: what is drawn, and what the alternative text says."""

import numpy as np
import pytest
from matplotlib.patches import StepPatch
from small_figures import (
    CALLS,
    CAPTIONS,
    COUNTS,
    IMAGES,
    said,
)

from helpers import figures

# ---- charts -------------------------------------------------------------------------------

MINUS = "\N{MINUS SIGN}"


def test_lines_are_told_apart_without_colour():
    fig, alt = CALLS["lines_figure"]()
    (ax,) = fig.axes
    first, second = ax.lines
    assert first.get_xdata().tolist() == [32, 64, 128, 1024]
    assert first.get_ydata().tolist() == [0.001, 0.02, 0.3, 4]
    assert first.get_linestyle() != second.get_linestyle()
    assert first.get_marker() != second.get_marker()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["masked", "sliced"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("nodes", "milliseconds (logarithmic scale)")
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert "milliseconds over nodes (logarithmic scale: x and y)." in alt
    assert f"masked: 0.001 at 32, 4 at 1024. sliced: 1e{MINUS}05 at 32, 2 at 1024." in alt


def test_one_line_needs_no_legend_and_its_ends_are_told():
    fig, alt = figures.lines_figure(np.array([1, 2]), {"loss": np.array([3, 1])}, "step", "nats")
    (ax,) = fig.axes
    assert ax.get_legend() is None
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "linear")
    assert alt == "nats: nats over step. loss: 3 at 1, 1 at 2."


def test_a_curve_is_marked_where_its_values_are_told():
    x = np.arange(10)
    fig, alt = figures.lines_figure(x, {"loss": x**2.0}, "step", "nats", at=(0, 3, -1))
    assert fig.axes[0].lines[0].get_markevery() == [0, 3, 9]
    assert alt.endswith("loss: 0 at 0, 9 at 3, 81 at 9.")


def test_a_range_is_hatched_and_named():
    x = np.arange(-5.0, 1)
    span = ("in between", -3.756, -1.2)
    fig, alt = figures.lines_figure(x, {"gap": abs(x)}, "bias", "gap", span=span)
    (ax,) = fig.axes
    (patch,) = ax.patches
    assert patch.get_hatch() and patch.get_extents().transformed(ax.transData.inverted()).bounds[
        ::2
    ] == pytest.approx((-3.756, 2.556))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["gap", "in between"]
    assert alt.endswith(f" Hatched, from {MINUS}3.76 to {MINUS}1.2: in between.")


def test_bars_stand_side_by_side_with_their_values():
    fig, alt = CALLS["bars_figure"]()
    (ax,) = fig.axes
    before, after = ax.containers
    assert [bar.get_height() for bar in before] == [0.1, 0.65, 0.25]
    for tick, (left, right) in enumerate(zip(before, after, strict=True)):
        assert left.get_x() + left.get_width() == pytest.approx(right.get_x()) == tick
        assert left.get_hatch() != right.get_hatch()
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "2", "3"]
    assert said(ax) == ["0.10", "0.65", "0.25", "0", "0.99", "0.01"]
    assert alt == (
        "Before and after. Class: 1, 2 and 3. before: 0.10, 0.65, 0.25. after: 0, 0.99, 0.01."
    )


def test_a_histogram_shows_shares():
    fig, alt = CALLS["histograms_figure"]()
    one, two = fig.axes
    for ax, shares in ((one, [0.25, 0.5, *[0] * 7, 0.25]), (two, [*[0] * 5, 0.5, 0, 0, 0, 0.5])):
        (stairs,) = [patch for patch in ax.patches if isinstance(patch, StepPatch)]
        np.testing.assert_allclose(stairs.get_data().values, shares)
    assert (one.get_title(), two.get_title()) == ("one", "two")
    assert one.get_ylim() == two.get_ylim()
    assert (one.get_xlabel(), one.get_ylabel()) == ("activation", "share")
    assert "one: mean 0.32, 25% in the lowest and 25% in the highest of 10 bins." in alt


def test_dots_stand_in_a_line_for_each_group():
    fig, alt = CALLS["dots_figure"]()
    (ax,) = fig.axes
    plain, plain_mean, dropout, _, reference = ax.lines
    assert plain.get_xdata().tolist() == [0.9, 0.92, 0.94]
    assert set(plain.get_ydata()) == {0}
    np.testing.assert_allclose(plain_mean.get_xdata(), 0.92)
    assert set(reference.get_xdata()) == {0.93} and reference.get_linestyle() == "--"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["plain", "dropout"]
    # the second of two equal values stands above the first, and within its line
    first, second, other = dropout.get_ydata()
    assert first == other == -1 < second < -0.5
    assert "article, 0.9300" in ax.get_title() and "article, 0.9300" in alt
    assert "plain: mean 0.920, from 0.900 to 0.940." in alt
    assert "dropout: mean 0.887, from 0.880 to 0.900." in alt


def test_training_and_test_data_have_each_their_colour_and_marker():
    looks = set()
    for colour in (figures.TRAIN, figures.TEST):
        runs = {"runs": np.array([1, 2])}
        fig, _ = figures.dots_figure(runs, "accuracy", "Runs", ("chance", 0.1), colour)
        dots = fig.axes[0].lines[0]
        assert dots.get_color() == colour
        looks.add(dots.get_marker())
    assert figures.TRAIN != figures.TEST and len(looks) == 2


def test_pairs_are_joined_sorted_by_the_first_and_told():
    fig, alt = CALLS["pairs_figure"]()
    first, second, dashed = fig.axes[0].get_lines()
    assert len(fig.axes[1].get_lines()) == 2  # the dashed line is far from these values
    assert np.ptp(fig.axes[0].get_xlim()) == pytest.approx(np.ptp(fig.axes[1].get_xlim()))
    np.testing.assert_array_equal(first.get_xdata(), [0.91, 0.92, 0.93])
    np.testing.assert_array_equal(second.get_xdata(), [0.925, 0.915, 0.93])
    joins = [sorted(path.vertices[:, 0]) for path in fig.axes[0].collections[0].get_paths()]
    np.testing.assert_allclose(joins, [[0.91, 0.925], [0.915, 0.92], [0.93, 0.93]])
    assert set(dashed.get_xdata()) == {0.9296}
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == ["1", "0", "2"]
    assert [label.get_text() for label in fig.axes[1].get_yticklabels()] == ["0", "1", "2"]
    assert first.get_marker() != second.get_marker()
    assert "mean 2: x / 255 from 0.910 to 0.930, the two 0.007 apart on average" in alt
    assert "0.015 at most. mean 0:" in alt and "Dashed line: the article, 0.9296." in alt


# ---- digits -------------------------------------------------------------------------------


def test_digits_stand_in_rows_of_ten_with_their_captions():
    fig, alt = CALLS["digits_figure"]()
    assert len(fig.axes) == 20
    for ax, image, caption in zip(fig.axes, IMAGES, CAPTIONS, strict=False):
        np.testing.assert_array_equal(ax.images[0].get_array(), image)
        assert ax.images[0].get_clim() == (0, 255)
        assert ax.get_title() == caption
    assert not any(ax.images or ax.get_title() for ax in fig.axes[12:])
    assert alt == "Twelve digits of noise: 0; 1; 2; 3; 4; 5; 6; 7; 8; 9; true 1, said 7; 2."


def test_fewer_digits_in_a_row_leave_more_room_for_captions_and_need_more_rows():
    ten, _ = CALLS["digits_figure"]()
    four, alt = figures.digits_figure(IMAGES, CAPTIONS, "Twelve digits of noise:", columns=4)
    assert len(four.axes) == 12 and alt == CALLS["digits_figure"]()[1]
    assert list(four.get_size_inches()) == pytest.approx(ten.get_size_inches() * [1, 1.5])


def test_a_confusion_matrix_has_the_true_digits_as_rows():
    fig, alt = CALLS["confusion_figure"]()
    (ax,) = fig.axes
    shown = {text.get_position()[::-1]: text for text in ax.texts}
    for pair, count in COUNTS.items():
        assert shown[pair].get_text() == str(count)
        assert (shown[pair].get_weight() == "bold") == (pair[0] == pair[1])
    assert [t.get_text() for p, t in shown.items() if p not in COUNTS] == ["·"] * 4
    assert ax.yaxis_inverted() and not ax.xaxis_inverted()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted digit", "true digit")
    assert "96 of 105 right. Right for each true digit: 30, 25, 41." in alt
    assert "Answers of each digit: 37, 27, 41." in alt
    assert alt.endswith("7 times: 2 taken for 0.")
    _, alt = figures.confusion_figure({(0, 1): 4, (1, 0): 4, (1, 1): 9}, 2, "Tie")
    assert alt.endswith("4 times: 0 taken for 1 and 1 taken for 0.")
    _, alt = figures.confusion_figure({(0, 0): 4, (1, 1): 9}, 2, "All right")
    assert "taken for" not in alt
