"""Figures of trainings and of uncertainty: what they draw is what they were given, and say."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from small_figures import CALLS, drawn

from helpers import figures
from helpers.figures import colours


def test_curves_tell_sets_by_colour_and_trainings_by_their_lines():
    fig, alt = CALLS["curves_figure"]()
    loss, error = fig.axes
    assert loss.get_yscale() == "log" and error.get_yscale() == "linear"
    looks = {line.get_label(): (line.get_linestyle(), line.get_color()) for line in loss.lines}
    assert looks == {
        "training, plain": ("-", colours.TRAIN),
        "validation, plain": ("-", colours.TEST),
        "training, dropped": ("--", colours.TRAIN),
        "validation, dropped": ("--", colours.TEST),
    }
    assert loss.lines[3].get_ydata() == pytest.approx([2.1, 1.8, 2.7])
    assert (
        "Loss, validation, dropped: 2.1 after epoch 1, lowest 1.8 after epoch 2, 2.7 after epoch 3."
        in alt
    )


def test_means_have_bars_of_their_errors():
    fig, alt = CALLS["means_figure"]()
    (ax,) = fig.axes
    assert ax.get_xscale() == "log"
    first, second = ax.containers
    assert first.lines[0].get_ydata() == pytest.approx([28.5, 15.4, 10.6])
    ends = np.array([segment[:, 1] for segment in second.lines[2][0].get_segments()])
    assert ends == pytest.approx(np.array([[24.8, 25.2], [12.8, 13.2], [-8.1, -6.1]]))
    assert "with: 25 ± 0.2 at 100, 13 ± 0.2 at 300, −7.1 ± 1 at 1000." in alt
    faded = [line.get_ydata()[0] for line in ax.lines if line.get_color() == colours.FADED]
    assert faded == [0]


@pytest.mark.parametrize("low", [9, 1, 1e-12])
@pytest.mark.parametrize("draw", [figures.means_figure, figures.lines_figure])
def test_a_logarithmic_axis_has_numbers_however_far_it_reaches(draw, low):
    y = np.array([low, 20.0, 60.0])
    values = (y, y / 9) if draw is figures.means_figure else y
    fig, alt = draw((1, 2, 3), {"a": values}, "x", "y", log="y")
    (ax,) = drawn(fig).axes
    low, high = ax.get_ylim()
    labelled = [t for t in ax.yaxis.get_major_ticks() if t.label1.get_text()]
    assert sum(low <= t.get_loc() <= high for t in labelled) >= 2
    assert not any(t.label1.get_text() for t in ax.yaxis.get_minor_ticks())
    assert "(logarithmic scale: y)" in alt


def test_a_legend_of_long_names_stays_in_the_figure():
    names = [f"{kind} dropout, 4800 steps, {k}" for k, kind in enumerate(["mild", "full"] * 2)]
    fig, _ = figures.means_figure((1, 2), dict.fromkeys(names, ([1, 2], [0.1, 0.1])), "x", "y")
    (legend,) = drawn(fig).legends
    box = legend.get_window_extent()
    assert 0 <= box.x0 and box.x1 <= fig.bbox.x1


def test_means_of_names_stand_beside_each_other_without_a_line():
    means = ([1.0, 2.0], [0.1, 0.1])
    fig, alt = figures.means_figure(["a\nb", "max-norm"], {"x": means, "y": means}, "kind", "error")
    one, other = (container.lines[0] for container in fig.axes[0].containers)
    assert one.get_linestyle() == "None" and np.all(one.get_xdata() < other.get_xdata())
    assert "x: 1 ± 0.1 at a b, 2 ± 0.1 at max-norm." in alt


def test_all_features_have_one_scale_of_colours_with_zero_in_its_middle():
    fig, alt = CALLS["features_figure"]()
    limits = {image.get_clim() for ax in fig.axes for image in ax.images}
    assert len(fig.axes) == 8 and len(limits) == 1
    ((low, high),) = limits
    assert low == -high and f"largest {high:.2f}" in alt


def test_a_reliability_diagram_has_its_diagonal_and_its_points():
    fig, alt = CALLS["reliability_figure"]()
    diagonal = fig.axes[0].lines[0]
    plain, other = (container.lines[0] for container in fig.axes[0].containers)
    assert list(diagonal.get_xdata()) == list(diagonal.get_ydata()) == [0, 1]
    (bars,) = fig.axes[0].containers[0].lines[2]
    ends = [list(segment[:, 1]) for segment in bars.get_segments()]
    assert ends == [[0.125, 0.375], [0.4375, 0.5625]]
    assert list(plain.get_xdata()) == [0.3, 0.75] and list(plain.get_ydata()) == [0.25, 0.5]
    assert plain.get_marker() != other.get_marker()
    assert "plain: 0.25 ± 0.12 at 0.30, 0.50 ± 0.06 at 0.75. other: 0.95 ± 0.02 at 0.90." in alt


def test_a_band_reaches_two_standard_deviations_to_either_side():
    fig, alt = CALLS["bands_figure"]()
    relu = drawn(fig).axes[0]
    (band,) = relu.collections
    corners = band.get_paths()[0].vertices
    at_the_end = corners[corners[:, 0] == 2, 1]
    assert at_the_end.min() == 0.5 and at_the_end.max() == 1.5
    assert band.get_facecolor()[0] == pytest.approx(to_rgba(colours.BAND))
    assert "ReLU, curve ± SD (the band is ± 2 SD): −1 ± 0.25 at −2" in alt
    assert "1 ± 0.25 at 2. tanh" in alt
