"""Charts: curves, bars, histograms, dots of runs and pairs of runs."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from helpers.figures import colours, style
from helpers.figures.style import (
    Described,
    check_groups,
    figure,
    finish,
    new_figure,
    new_panels,
)
from helpers.figures.words import listed, minus, number, numbers
from helpers.validation import finite_array


@figure
def lines_figure(
    x: np.ndarray,
    lines: dict[str, np.ndarray],
    x_label: str,
    y_label: str,
    title: str = "",
    log: str = "",
    at: Sequence[int] = (0, -1),
    digits: int = 3,
    span: tuple[str, float, float] | None = None,
) -> Described:
    """Curves over ``x``, told apart by line style and marker; ``log`` is "", "x", "y" or "xy".

    The markers stand at the positions ``at``, and the alternative text gives the values there.
    ``span`` is the name, the start and the end of a range of ``x`` that is hatched.
    """
    finite_array("x", x, (None,))
    check_groups("lines", lines, len(colours.LINES), len(x))
    if span and not span[1] < span[2]:
        raise ValueError(f"span must have a name, a start and a later end, got {span}")
    fig, ax = new_figure(6.6, 3.3)
    marked = [range(len(x))[k] for k in at]
    alt = f"{title or y_label}: {y_label} over {x_label}{style.log_text(log)}."
    for k, (name, y) in enumerate(lines.items()):
        dashes, marker, colour = colours.LINES[k]
        look = {"ls": dashes, "marker": marker, "color": colour, "lw": 1.8, "ms": 5}
        ax.plot(x, y, markevery=marked, label=name, **look)
        points = ", ".join(f"{y[i]:.{digits}g} at {x[i]:g}" for i in at)
        alt += f" {name}: {minus(points)}."
    if span:
        look = {"facecolor": "none", "edgecolor": colours.HATCHING, "hatch": "////", "lw": 0}
        ax.axvspan(*span[1:], label=span[0], zorder=0, **look)
        alt += minus(f" Hatched, from {span[1]:.3g} to {span[2]:.3g}: {span[0]}.")
    style.set_log(ax, log, x)
    if len(lines) > 1 or span:
        ax.legend(**style.LEGEND)
    finish(ax, x_label, style.with_scale(y_label, log, "y"), title)
    return fig, alt


@figure
def bars_figure(
    groups: dict[str, np.ndarray],
    labels: Sequence[str],
    x_label: str,
    y_label: str,
    title: str = "",
    digits: int = 2,
) -> Described:
    """Groups of bars side by side with their values above, told apart by shade and hatching."""
    check_groups("groups", groups, len(colours.BARS), len(labels))
    fig, ax = new_figure(max(4.5, 0.75 * len(labels) * len(groups) + 1.5), 3.2)
    width = 0.8 / len(groups)
    for g, (name, values) in enumerate(groups.items()):
        values = np.ravel(values)
        x = np.arange(len(labels)) + (g - (len(groups) - 1) / 2) * width
        colour, hatch = colours.BARS[g]
        look = {"color": colour, "hatch": hatch, "ec": colours.INK, "lw": 0.8}
        bars = ax.bar(x, values, width, label=name, **look)
        ax.bar_label(bars, [number(v, digits) for v in values], fontsize=style.SMALL, padding=2)
    ax.set_xticks(range(len(labels)), labels)
    ax.margins(y=0.15)
    if len(groups) > 1:
        fig.legend(loc="outside upper center", ncols=len(groups), **style.LEGEND)
    finish(ax, x_label, y_label, title)
    each = " ".join(f"{name}: {numbers(values, digits)}." for name, values in groups.items())
    return fig, f"{title or y_label}. {x_label.capitalize()}: {listed(labels)}. {each}"


@figure
def histograms_figure(samples: dict[str, np.ndarray], bins: np.ndarray, x_label: str) -> Described:
    """Histograms side by side on the same axes limits, each as shares that sum to 1.

    Raises ``ValueError`` for values that no bin is for.
    """
    if len(bins) < 2 or not np.all(np.diff(bins) > 0):
        raise ValueError(f"bins must be two edges or more that ascend, got {bins}")
    check_groups("samples", samples, low=bins[0], high=bins[-1])
    fig, axes = new_panels(4.2 * len(samples), 2.9, len(samples), sharey=True)
    alt = f"Histograms of {x_label}."
    for ax, (name, values) in zip(axes[0], samples.items(), strict=True):
        shares = np.histogram(values, bins)[0] / np.size(values)
        ax.stairs(shares, bins, fill=True, color=colours.HISTOGRAM, ec=colours.INK, lw=0.8)
        finish(ax, x_label, "share" if ax is axes[0, 0] else "", name)
        alt += (
            f" {name}: mean {number(np.mean(values))}, {shares[0]:.0%} in the lowest and "
            f"{shares[-1]:.0%} in the highest of {len(shares)} bins."
        )
    return fig, alt


@figure
def dots_figure(
    groups: dict[str, np.ndarray],
    x_label: str,
    title: str,
    reference: tuple[str, float],
    colour: str = colours.INK,
    dot: str = "run",
) -> Described:
    """A line for each group with a marker for each value, a ``dot`` in words, a bar at the mean.

    ``reference`` is a named value, drawn as a vertical dashed line.
    """
    check_groups("groups", groups)
    fig, ax = new_figure(style.MAX_WIDTH, 0.48 * len(groups) + 1.3)
    dashed = reference_text(reference)
    alt = f"{title}: {x_label}, one marker a {dot}, a bar at the mean. {dashed.capitalize()}."
    tallest = 0.0
    for row, (name, values) in enumerate(groups.items()):
        values = np.ravel(values)
        # equal values stand above each other, so that none hides another
        height = -row + 0.15 * np.array([np.sum(values[:k] == v) for k, v in enumerate(values)])
        tallest = max(tallest, height.max())
        look = {"marker": colours.MARKERS.get(colour, "D"), "color": colour, "mfc": "none"}
        ax.plot(values, height, ls="", ms=6, mew=1.4, **look)
        mean = values.mean()
        ax.plot([mean, mean], [-row - 0.3, -row + 0.3], color=colours.INK, lw=2)
        alt += f" {name}: mean {mean:.3f}, from {values.min():.3f} to {values.max():.3f}."
    draw_reference(ax, reference)
    ax.set_yticks([-row for row in range(len(groups))], list(groups))
    ax.set_ylim(-len(groups) + 0.4, max(0.95, tallest + 0.2))  # room for a stack of five
    ax.grid(axis="x", color=colours.GRID, lw=0.8)
    ax.set_axisbelow(True)
    finish(ax, f"{x_label}; the bar is the mean", "", f"{title} ({dashed})")
    return fig, alt


@figure
def pairs_figure(
    groups: dict[str, tuple[np.ndarray, np.ndarray]],
    members: tuple[str, str],
    x_label: str,
    title: str,
    reference: tuple[str, float],
) -> Described:
    """Panels side by side, in each a row for every pair of values, joined by a line.

    ``groups`` has two arrays of the same length for each panel, ``members`` says what they are.
    The rows are sorted by the first and named by their index, the seed. ``reference`` is a named
    value, a vertical dashed line in the panels that reach as far. Each panel has an axis of its
    own, all of the same length, so that what is joined can be compared.
    """
    check_groups("groups", groups)
    fig, axes = new_panels(style.MAX_WIDTH, 4.2, len(groups))
    one, other = members
    length = 1.1 * max(np.ptp(pair) for pair in groups.values()) or 1.0
    alt = (
        f"{title}: {x_label}, a row for each seed with two markers, {one} and {other}. "
        f"{reference_text(reference).capitalize()}."
    )
    for ax, (name, pair) in zip(axes[0], groups.items(), strict=True):
        seeds = np.argsort(pair[0], kind="stable")
        first, second = np.array(pair)[:, seeds]
        rows = np.arange(len(first))
        ax.hlines(rows, first, second, color=colours.FADED, lw=1.2)
        ax.plot(first, rows, "o", ms=6, color=colours.INK, label=one)
        ax.plot(second, rows, "s", ms=6, color=colours.SECOND, mfc="none", mew=1.4, label=other)
        middle = (np.min(pair) + np.max(pair)) / 2
        ax.set_xlim(middle - length / 2, middle + length / 2)
        if abs(reference[1] - middle) < length / 2:
            draw_reference(ax, reference)
        ax.set_yticks(rows, seeds)
        finish(ax, x_label, "seed" if ax is axes[0, 0] else "", name)
        apart = np.abs(first - second)
        alt += (
            f" {name}: {one} from {first.min():.3f} to {first.max():.3f}, the two "
            f"{apart.mean():.3f} apart on average and {apart.max():.3f} at most."
        )
    fig.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, **style.LEGEND
    )
    fig.suptitle(title, fontsize=style.TITLE)
    return fig, alt


def draw_reference(ax: Axes, reference: tuple[str, float]) -> None:
    """A named value as a vertical dashed line."""
    name, value = reference
    ax.axvline(value, color=colours.INK, lw=1.2, ls="--", label=name)


def reference_text(reference: tuple[str, float]) -> str:
    """What the dashed line is."""
    name, value = reference
    return f"dashed line: {name}, {value:.4f}"
