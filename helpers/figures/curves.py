"""What a training does over its epochs, and means of many trainings with their errors."""

from collections.abc import Mapping, Sequence

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
from helpers.figures.words import minus

Curves = Mapping[str, Mapping[str, Mapping[str, np.ndarray]]]


@figure
def curves_figure(trainings: Curves, title: str = "", log: Sequence[str] = ()) -> Described:
    """Learning curves, a panel for each quantity: ``trainings[name][quantity][set]`` over epochs.

    The two sets are told apart by colour and marker, the two trainings by solid and dashed lines.
    The quantities in ``log`` have a logarithmic scale.
    """
    check_groups("trainings", list(trainings), 2)
    first = next(iter(trainings.values()))
    quantities = list(first)
    if isinstance(log, str) or not set(log) <= set(quantities):
        raise ValueError(f"log must be a list of some of {quantities}, got {log!r}")
    for name, training in trainings.items():
        if list(training) != quantities:
            raise ValueError(
                f"trainings must have the same quantities, got {quantities} and {list(training)}"
            )
        for quantity, sets in training.items():
            least = np.nextafter(0, 1) if quantity in log else 0
            check_groups(f"{name}, {quantity}", sets, 2, low=least)
            if list(sets) != list(first[quantity]):
                raise ValueError(
                    f"{name}, {quantity} must have the sets {list(first[quantity])} in this "
                    f"order, got {list(sets)}"
                )
    fig, axes = new_panels(style.MAX_WIDTH, 3.6, len(quantities))
    alt = f"{title}, over epochs."
    for ax, quantity in zip(axes[0], quantities, strict=True):
        for dashes, (name, curves) in zip(("-", "--"), trainings.items(), strict=False):
            for colour, (digits, y) in zip(colours.SETS, curves[quantity].items(), strict=True):
                epochs, best = np.arange(1, len(y) + 1), int(np.argmin(y))
                look = {"ls": dashes, "color": colour, "marker": colours.MARKERS[colour], "ms": 4.5}
                label = f"{digits}, {name}"
                ax.plot(epochs, y, lw=1.6, markevery=[0, len(y) - 1], label=label, **look)
                alt += (
                    f" {quantity.capitalize()}, {label}: {y[0]:.3g} after epoch 1, lowest "
                    f"{y[best]:.3g} after epoch {best + 1}, {y[-1]:.3g} after epoch {len(y)}."
                )
        if quantity in log:
            ax.set_yscale("log")
            ax.yaxis.set_major_formatter("{x:g}")
        else:
            ax.set_ylim(bottom=0)
        ax.grid(axis="y", color=colours.GRID, lw=0.8)
        finish(ax, "epoch", f"{quantity}{' (logarithmic scale)' if quantity in log else ''}")
    handles = axes[0, 0].get_legend_handles_labels()
    fig.legend(*handles, loc="outside lower center", ncols=2, handlelength=3.2, **style.LEGEND)
    fig.suptitle(title, fontsize=style.TITLE)
    return fig, alt


@figure
def means_figure(
    x: Sequence[float] | Sequence[str],
    groups: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    x_label: str,
    y_label: str,
    title: str = "",
    log: str = "",
) -> Described:
    """Means with bars of one standard error on either side, over numbers or names ``x``.

    ``groups`` has for each name the means and their standard errors, as many as ``x``; ``log`` is
    "", "x", "y" or "xy".
    """
    check_groups("x", x)
    check_groups("groups", groups, len(colours.LINES), len(x))
    check_groups("groups", {f"{name}, SE": errors for name, (_, errors) in groups.items()}, low=0)
    named = isinstance(x[0], str)
    fig, ax = new_figure(6.8, 3.7)
    places = np.arange(len(x)) if named else np.array(x, dtype=float)
    told_places = [place.replace("\n", " ") if named else f"{place:g}" for place in x]
    alt = f"{title or y_label}: {y_label} by {x_label}{style.log_text(log)}, mean ± SE."
    for k, (name, (means, errors)) in enumerate(groups.items()):
        dashes, marker, colour = colours.LINES[k]
        beside = 0.12 * (k - (len(groups) - 1) / 2) if named else 0.0  # bars that would hide others
        look = {"ls": "" if named else dashes, "marker": marker, "color": colour, "ms": 5}
        label = name or None
        ax.errorbar(places + beside, means, errors, capsize=3, lw=1.5, label=label, **look)
        told = ", ".join(
            f"{minus(f'{mean:.3g}')} ± {error:.1g} at {place}"
            for place, mean, error in zip(told_places, means, errors, strict=True)
        )
        alt += f" {name}: {told}." if name else f" {told}."
    style.set_log(ax, log, places)
    ax.set_xticks(places, list(x) if named else [f"{value:g}" for value in x])
    ax.grid(axis="y", color=colours.GRID, lw=0.8)
    if ax.get_ylim()[0] < 0 < ax.get_ylim()[1]:
        ax.axhline(0, color=colours.FADED, lw=1, zorder=0.5)
    if len(groups) > 1:  # outside: a marker of the legend looks like one of the data
        columns = len(groups) if len(groups) < 4 else 2
        fig.legend(loc="outside lower center", ncols=columns, **style.LEGEND)
    y_label = style.with_scale(y_label, log, "y")
    finish(ax, x_label, y_label, f"{title} (bars: ± 1 SE)" if title else "")
    return fig, alt
