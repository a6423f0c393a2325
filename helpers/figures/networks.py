"""Networks, and columns of their nodes.

An active node is a filled circle with its value; a dropped one is hollow, dashed and crossed, and
its edges are not there. Dropped nodes are given as pairs (layer, node), both from 0.
"""

from collections.abc import Sequence
from itertools import product
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from helpers.figures import colours, style
from helpers.figures.style import (
    Described,
    check_groups,
    figure,
    frame,
    new_figure,
    new_panels,
    write,
)
from helpers.figures.words import Nodes, edge_count, listed, network_text, number, numbers
from helpers.validation import check_count, check_state, check_whole_number, finite_array

Point = tuple[float, float]
Labels = Sequence[Sequence[str]]  # what stands in the nodes, layer by layer

# ---- nodes and edges ----------------------------------------------------------------------


def draw_node(
    ax: Axes, x: float, y: float, label: str = "", dropped: bool = False, small: bool = False
) -> None:
    """One node: filled with its label, or hollow, dashed and crossed if it is dropped."""
    radius = 0.36
    lw = 0.9 if small else 1.3
    if not dropped:
        ax.add_patch(Circle((x, y), radius, fc=colours.PAPER, ec=colours.INK, lw=lw, zorder=2))
        write(ax, x, y, label, color=colours.INK, zorder=3)
        return
    hollow = {"fc": "white", "ec": colours.FADED, "ls": colours.DASHES}
    ax.add_patch(Circle((x, y), radius, lw=lw, zorder=2, **hollow))
    d = radius * (0.7 if small else 0.55)
    for sign in (1, -1):
        ax.plot([x - d, x + d], [y - sign * d, y + sign * d], color=colours.FADED, lw=lw, zorder=3)


def draw_edge(
    ax: Axes, start: Point, end: Point, colour: object, width: float, dashes="-", zorder=1.0
) -> None:
    """A line between two points, behind the nodes."""
    ax.plot(*zip(start, end, strict=True), color=colour, lw=width, ls=dashes, zorder=zorder)


def column(x: float, n: int, gap: float = 1.0) -> list[Point]:
    """Where ``n`` nodes of a layer stand: above each other, the first on top, around height 0."""
    return [(x, gap * ((n - 1) / 2 - j)) for j in range(n)]


def draw_layers(
    ax: Axes, at: Sequence[Sequence[Point]], labels: Labels, dropped: Nodes, small: bool = False
) -> None:
    """The nodes of a network; ``at`` and ``labels`` hold the place and text of each node."""
    for layer, nodes in enumerate(at):
        for j, (x, y) in enumerate(nodes):
            draw_node(ax, x, y, labels[layer][j], (layer, j) in dropped, small)


def draw_network(
    ax: Axes,
    labels: Labels,
    dropped: Nodes = (),
    weights: Sequence[np.ndarray] | None = None,
    titles: Sequence[str] = (),
    small: bool = False,
) -> None:
    """A layered network from left to right.

    ``weights[k]`` colours the edges behind layer k; its rows belong to the nodes of the next layer.
    ``small`` is for tables of many networks. Raises ``ValueError`` for a dropped node that is not
    there or named twice.
    """
    sizes = [len(layer) for layer in labels]
    check_nodes(dropped, sizes)
    for k, matrix in enumerate(weights or ()):
        finite_array(f"weights[{k}]", matrix, (sizes[k + 1], sizes[k]))
    at = [column(i * (2.0 if small else 2.4), n) for i, n in enumerate(sizes)]
    limit = (max(np.abs(w).max() for w in weights) if weights else 0.0) or 1.0
    width = 0.5 if small else 0.8
    for layer in range(len(sizes) - 1):
        for j, k in product(range(sizes[layer]), range(sizes[layer + 1])):
            if (layer, j) in dropped or (layer + 1, k) in dropped:
                continue
            w = weights[layer][k, j] / limit if weights else 0.0
            # a weight near zero stays visible on white
            colour = colours.weight_colour(w, least=0.1, most=0.4) if w else colours.EDGE
            draw_edge(ax, at[layer][j], at[layer + 1][k], colour, width + 1.6 * abs(w))
    draw_layers(ax, at, labels, dropped, small)
    half = (max(sizes) - 1) / 2
    for nodes, title in zip(at, titles, strict=True) if titles else ():
        write(ax, nodes[0][0], half + 0.6, title, va="bottom")
    frame(ax, -0.8, at[-1][0][0] + 0.8, -half - 0.5, half + (1.3 if titles else 0.5))


def check_nodes(dropped: Nodes, sizes: Sequence[int]) -> None:
    """Raise ``ValueError`` unless each dropped node is one of these layers', and named once."""
    for layer, node in dropped:
        check_whole_number("dropped, a layer", layer)
        check_whole_number("dropped, a node", node)
        if not (0 <= layer < len(sizes) and 0 <= node < sizes[layer]):
            raise ValueError(
                f"dropped must hold nodes (layer, node) of a {'-'.join(map(str, sizes))} network, "
                f"counted from 0; got {(layer, node)}"
            )
    if len(set(dropped)) < len(dropped):
        raise ValueError(f"dropped must name each node once, got {dropped}")


def draw_column(
    ax: Axes, x: float, labels: Sequence[str], stays: Sequence[bool], title: str
) -> None:
    """Nodes below their title, at heights 0, −1, …; crossed where ``stays`` is 0."""
    for j, (label, active) in enumerate(zip(labels, stays, strict=True)):
        draw_node(ax, x, -j, label, dropped=not active)
    write(ax, x, 0.6, title, va="bottom")


# ---- figures ------------------------------------------------------------------------------


@figure
def network_figure(
    layers: Sequence[np.ndarray] | None = None,
    weights: Sequence[np.ndarray] | None = None,
    dropped: Nodes = (),
    titles: Sequence[str] = (),
    node_names: Labels | None = None,
) -> Described:
    """One network: ``layers`` holds the values of the nodes, or ``node_names`` what to write.

    ``titles`` names the layers, there must be as many of them.
    """
    check_groups("layers or node_names", node_names or layers or ())
    for k, layer in enumerate(layers or ()):
        finite_array(f"layers[{k}]", np.ravel(layer), (None,))
    if layers is None:
        labels = node_names
    else:
        labels = [[number(value) for value in np.ravel(layer)] for layer in layers]
    sizes = [len(layer) for layer in labels]
    for name, values, n in (("titles", titles, len(sizes)), ("weights", weights, len(sizes) - 1)):
        if values and len(values) != n:
            raise ValueError(f"{name} must be {n}, for {len(sizes)} layers; got {len(values)}")
    fig, ax = new_figure(2.0 * len(sizes), 0.62 * max(sizes) + 0.9)
    draw_network(ax, labels, dropped, weights, titles)
    titles = titles or [f"layer {k + 1}" for k in range(len(sizes))]
    alt = network_text(sizes, dropped, titles)
    if layers is not None:
        for title, layer in zip(titles, layers, strict=True):
            alt += f" {title}: {numbers(layer)}."
    if weights is not None:
        on = [[(k, j) not in dropped for j in range(size)] for k, size in enumerate(sizes)]
        drawn = np.concatenate([w[np.ix_(on[k + 1], on[k])].ravel() for k, w in enumerate(weights)])
        if drawn.size:
            alt += f" Weights of the edges from {number(drawn.min())} to {number(drawn.max())}."
    return fig, alt


@figure
def networks_figure(sizes: Sequence[int], states_1: np.ndarray, states_2: np.ndarray) -> Described:
    """Small networks with two hidden layers, one for each pair of states, five in a row.

    A row of ``states_1`` is a mask of hidden layer 1, a row of ``states_2`` one of hidden layer 2.
    """
    if len(sizes) != 4:
        raise ValueError(f"sizes must be four, with two hidden layers, got {len(sizes)}")
    for size in sizes:
        check_count("sizes, of a layer,", size)
    for k, states in enumerate((states_1, states_2), start=1):
        finite_array(f"states_{k}", states, (None, sizes[k]))
        check_state(f"states_{k}", states, states)
    off_1, off_2 = ([np.flatnonzero(state == 0) for state in s] for s in (states_1, states_2))
    pairs = list(product(off_1, off_2))
    rows = ceil(len(pairs) / 5)
    fig, axes = new_panels(style.MAX_WIDTH, 1.2 * rows, 5, rows)
    for ax in axes.flat[len(pairs) :]:
        ax.axis("off")
    edges = set()
    for ax, (first, second) in zip(axes.flat, pairs, strict=False):
        dropped = {(1, j) for j in first} | {(2, j) for j in second}
        draw_network(ax, [[""] * n for n in sizes], dropped, small=True)
        ax.set_title(f"off: {numbers(first + 1)} | {numbers(second + 1)}", fontsize=style.SMALL)
        edges.add(edge_count(sizes, dropped))
    return fig, (
        f"A table of {len(pairs)} small networks, five in a row, {len(off_1)} × {len(off_2)}, of "
        f"{'-'.join(map(str, sizes))} nodes, one for each pair of states. Hidden layer 1 drops "
        f"{' or '.join(listed(off + 1) for off in off_1)}; hidden layer 2 drops "
        f"{' or '.join(listed(off + 1) for off in off_2)}. Each network keeps "
        f"{listed(sorted(edges))} of {edge_count(sizes)} edges."
    )


@figure
def states_figure(masks: np.ndarray, title: str) -> Described:
    """Each row of ``masks`` as a column of nodes, crossed where the mask is 0.

    Raises ``ValueError`` for what are no zeros and ones: what is drawn says 1.
    """
    n_masks, n_units = finite_array("masks", masks, (None, None)).shape
    check_state("masks", masks, masks)
    fig, ax = new_figure(max(3.8, 0.9 * n_masks), 0.5 * n_units + 0.7)
    for m, mask in enumerate(masks):
        draw_column(ax, m * 1.9, ["1"] * n_units, mask, f"state {m + 1}")
    frame(ax, -1.1, 1.9 * n_masks - 0.8, -n_units + 0.5, 1.3)
    ax.set_title(title, fontsize=style.TITLE)
    dropped = [listed(np.flatnonzero(mask == 0) + 1) for mask in masks]
    each = "; ".join(f"state {m + 1} drops {nodes}" for m, nodes in enumerate(dropped))
    return fig, f"{title}: {n_masks} states of {n_units} nodes; {each}."


@figure
def product_figure(columns: Sequence[tuple[str, np.ndarray]], mask: np.ndarray) -> Described:
    """Columns of numbers multiplied node by node, the last one their product.

    ``columns`` holds pairs (title, values); nodes whose ``mask`` is 0 are crossed in the last.
    """
    check_groups("columns", columns)
    n, last = finite_array("mask", np.ravel(mask), (None,)).size, len(columns) - 1
    if len(scales := np.unique(mask[mask != 0])) > 1 or (scales < 0).any():
        raise ValueError(f"mask must hold zeros and one scale, got {listed(scales)} besides 0")
    for title, values in columns:
        finite_array(f"columns: {title!r}", np.ravel(values), (n,))
    fig, ax = new_figure(2.2 * len(columns), 0.62 * n + 0.7)
    for c, (title, values) in enumerate(columns):
        stays = np.ravel(mask) if c == last else [True] * n
        draw_column(ax, c * 3.0, [number(value) for value in np.ravel(values)], stays, title)
        if c < last:
            sign = "=" if c == last - 1 else "×"
            write(ax, c * 3.0 + 1.5, -(n - 1) / 2, sign, size=14)
    frame(ax, -1.5, 3.0 * len(columns) - 1.5, -n + 0.5, 1.3)
    each = ". ".join(f"{title}: {numbers(values)}" for title, values in columns)
    return fig, f"Multiplied node by node. {each}."
