"""How sure a prediction is: confidence against right answers, and bands around curves."""

from collections.abc import Mapping

import numpy as np

from helpers.figures import colours, style
from helpers.figures.style import (
    Described,
    check_groups,
    figure,
    finish,
    new_figure,
    new_panels,
)
from helpers.figures.words import minus, number


@figure
def reliability_figure(
    groups: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]], title: str
) -> Described:
    """A reliability diagram: mean confidence and share of right answers, bin by bin.

    ``groups`` has for each name these two and the standard errors of the shares, drawn as bars.

    Points on the dashed diagonal say as often as they are right that they are sure; below it they
    are too sure, above it not sure enough.
    """
    check_groups("groups", groups, len(colours.LINES), low=0, high=1)
    fig, ax = new_figure(5.6, 4.4)
    ax.plot([0, 1], [0, 1], "--", color=colours.FADED, lw=1, label="as sure as right")
    alt = f"{title}: share of right answers ± SE over confidence, bin by bin; a dashed diagonal."
    for (dashes, marker, colour), (name, points) in zip(
        colours.LINES, groups.items(), strict=False
    ):
        look = {"ls": dashes, "marker": marker, "color": colour, "lw": 1.6, "ms": 5}
        ax.errorbar(*points, capsize=3, label=name, **look)
        told = ", ".join(
            f"{number(right)} ± {number(error)} at {number(sure)}"
            for sure, right, error in zip(*points, strict=True)
        )
        alt += f" {name}: {told}."
    ax.set(xlim=(0, 1.02), ylim=(0, 1.02))
    ax.legend(**style.LEGEND)
    finish(ax, "confidence (mean of the bin)", "share of right answers", f"{title} (bars: ± 1 SE)")
    return fig, alt


@figure
def bands_figure(
    x: np.ndarray,
    bands: Mapping[str, tuple[np.ndarray, np.ndarray]],
    points: tuple[np.ndarray, np.ndarray],
    x_label: str,
    y_label: str,
    title: str,
) -> Described:
    """Panels side by side, in each a curve with a band of two standard deviations on either side.

    ``bands`` has for each panel the curve and the standard deviation over ``x``; ``points`` are the
    data, the same in all panels. The alternative text gives both at a few places.
    """
    check_groups("bands", bands, n=len(x))
    check_groups("bands", {f"{name}, SD": sd for name, (_, sd) in bands.items()}, low=0)
    check_groups("points", {"x and y": points})
    fig, axes = new_panels(style.MAX_WIDTH, 3.4, len(bands), sharey=True)
    told_at = np.unique(np.linspace(0, len(x) - 1, 9).round().astype(int))
    alt = f"{title}: {y_label} over {x_label}, {len(points[0])} data points."
    for ax, (name, (curve, sd)) in zip(axes[0], bands.items(), strict=True):
        ax.fill_between(x, curve - 2 * sd, curve + 2 * sd, color=colours.BAND, lw=0)
        ax.plot(x, curve, color=colours.INK, lw=1.8)
        ax.plot(*points, "x", color=colours.SECOND, ms=5, mew=1.3)
        ax.grid(axis="x", color=colours.GRID, lw=0.8)
        finish(ax, x_label, y_label if ax is axes[0, 0] else "", name)
        told = ", ".join(
            f"{number(curve[k], 1)} ± {number(sd[k])} at {minus(f'{x[k]:g}')}" for k in told_at
        )
        alt += f" {name}, curve ± SD (the band is ± 2 SD): {told}."
    fig.suptitle(f"{title} (band: ± 2 SD)", fontsize=style.TITLE)
    return fig, alt
