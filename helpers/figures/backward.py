"""The way back through a network: which edges get a gradient, and how errors reach a weight."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers.figures import colours, style
from helpers.figures.networks import Labels, check_nodes, column, draw_edge, draw_layers
from helpers.figures.style import (
    Described,
    check_groups,
    figure,
    frame,
    new_figure,
    new_panels,
    write,
)
from helpers.figures.words import Nodes, dropped_text, number, numbers, rows_and_columns
from helpers.validation import check_indices, finite_array


@figure
def gradients_figure(
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    node_names: Labels,
    dropped: Nodes = (),
) -> Described:
    """One drawing for each weight matrix of a network: which of its edges get a gradient.

    ``weights`` and ``biases`` hold the gradients, ``weights[k]`` those of the edges behind layer k.
    An edge is solid, in the colour and width of its gradient, or faint and dashed where that is 0;
    a small b beside a node is its bias, drawn in the same way.
    """
    check_groups("weights", weights)
    check_nodes(dropped, [len(names) for names in node_names])
    for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
        finite_array(f"weights[{k}]", w, (len(node_names[k + 1]), len(node_names[k])))
        finite_array(f"biases[{k}]", np.ravel(b), (len(node_names[k + 1]),))
    largest = max(map(len, node_names))
    fig, axes = new_panels(2.8 * len(weights), 0.62 * largest + 0.9, len(weights))
    described = []
    for k, (ax, w, b) in enumerate(zip(axes[0], weights, biases, strict=True)):
        off = {(layer - k, j) for layer, j in dropped}
        draw_gradient(ax, w, np.ravel(b), node_names[k : k + 2], off)
        names = f"grad_w{k + 1} and grad_b{k + 1}"
        n_weights, n_biases = np.count_nonzero(w), np.count_nonzero(b)
        shares = f"{n_weights} of {w.size} weights, {n_biases} of {b.size} biases"
        write(ax, 1.55, largest / 2 + 0.1, f"{names}\n{shares}", va="bottom")
        frame(ax, -0.5, 3.6, -largest / 2, largest / 2 + 1.1)
        zeros = rows_and_columns(*(np.flatnonzero((w == 0).all(axis=axis)) for axis in (1, 0)))
        untouched = f"untouched: {zeros}" if zeros else "no row or column is untouched"
        described.append(f"{names}: {shares}; {untouched}")
    lead = "Which edges get a gradient, one drawing for each weight matrix"
    return fig, f"{lead}. {'. '.join(described)}."


def draw_gradient(
    ax: Axes, w: np.ndarray, b: np.ndarray, node_names: Labels, dropped: Nodes
) -> None:
    """The edges of one weight matrix between its two layers, and the biases, by gradient."""
    starts, ends = (column(2.2 * i, len(names)) for i, names in enumerate(node_names))
    biases = [(x + 0.85, y) for x, y in ends]
    w, shares = w / (np.abs(w).max() or 1), b / (np.abs(b).max() or 1)
    edges = [(starts[j], ends[k], w[k, j]) for k, j in np.ndindex(w.shape)]
    for start, end, value in [*edges, *zip(ends, biases, shares, strict=True)]:
        if value:
            colour = colours.weight_colour(value, least=0.15, most=0.4)
            draw_edge(ax, start, end, colour, 0.9 + 1.6 * abs(value))
        else:
            draw_edge(ax, start, end, colours.EDGE_WITHOUT_GRADIENT, 0.9, dashes=(0, (3, 2.5)))
    draw_layers(ax, [starts, ends], node_names, dropped)
    for (x, y), value in zip(biases, b, strict=True):
        ink = colours.INK if value else colours.FADED
        look = {"fc": colours.PAPER} if value else {"fc": "white", "ls": colours.DASHES}
        ax.add_patch(Rectangle((x - 0.2, y - 0.2), 0.4, 0.4, ec=ink, lw=0.9, zorder=2, **look))
        write(ax, x, y - 0.01, "b", style.SMALL, color=ink, zorder=3)


@figure
def way_back_figure(
    layers: Sequence[np.ndarray],
    weights: Sequence[np.ndarray],
    titles: Sequence[str],
    path: tuple[int, int],
    dropped: Nodes,
    notes: Sequence[str],
) -> Described:
    """All ways from the output errors of a network with two hidden layers back to one weight.

    ``layers`` holds what stands in the nodes (inputs, then errors), ``path`` the weight as (input,
    node of layer 1), from 0. Edges on a way back are coloured and carry their weight; others are
    faint. ``notes`` stand below the titles.
    """
    sizes = [len(layer) for layer in layers]
    check_nodes(dropped, sizes)
    for k, layer in enumerate(layers):
        finite_array(f"layers[{k}]", np.ravel(layer), (None,))
    for k, matrix in enumerate(weights):
        finite_array(f"weights[{k}]", matrix, (sizes[k + 1], sizes[k]))
    on = [[j for j in range(n) if (k, j) not in dropped] for k, n in enumerate(sizes)]
    check_indices("path, the input,", path[:1], sizes[0])
    check_indices("path, the node of layer 1,", path[1:], sizes[1])
    source, node = path
    if {(0, source), (1, node)} & set(dropped):
        raise ValueError(f"path must not lead over a dropped node, got {tuple(path)}")
    ways = [(0, source, node), *((1, node, k) for k in on[2])]
    ways += [(2, k, o) for k, o in product(on[2], on[3])]
    # The last layer is spread over the whole height. The weights before it stand near its nodes,
    # each on its own edge, where the edges of two nodes have not crossed yet.
    half = 1.12 * (max(sizes) - 1) / 2
    gaps = (1.12, 1.12, 1.12, 2 * half / max(1, sizes[3] - 1))
    at = [column(*place) for place in zip((0.0, 2.7, 5.6, 9.6), sizes, gaps, strict=True)]
    shares = (None, 0.5, 0.78)  # where on its edge a weight stands; the first is the one asked for

    fig, ax = new_figure(style.MAX_WIDTH, 0.78 * max(sizes) + 0.9)
    for k in range(3):
        for i, j in product(on[k], on[k + 1]):
            if (k, i, j) not in ways:
                draw_edge(ax, at[k][i], at[k + 1][j], colours.EDGE_OFF_PATH, 0.7)
    for k, i, j in ways:
        start, end, weight = at[k][i], at[k + 1][j], weights[k][j, i]
        colour = colours.weight_colour(1 if weight > 0 else -1, most=0.36)
        draw_edge(ax, start, end, colour, 1.7, zorder=1.5)
        if k:
            x, y = np.array(start) + shares[k] * (np.array(end) - start)
            box = {"fc": "white", "ec": "none", "pad": 0.8}
            write(ax, x, y, number(weight, 3), style.SMALL, color=colours.INK, bbox=box, zorder=1.8)
    draw_layers(ax, at, [[number(v, 3) for v in np.ravel(layer)] for layer in layers], dropped)
    for nodes, title, note in zip(at, titles, notes, strict=True):
        write(ax, nodes[0][0], half + 0.85, title, va="bottom")
        write(ax, nodes[0][0], half + 0.53, note, style.SMALL, va="bottom")
    frame(ax, -0.6, at[-1][0][0] + 1.0, -half - 0.5, half + 1.35)

    alt = (
        f"All ways back to the weight between {titles[0]} node {source + 1} and node {node + 1} of "
        f"the next layer, {len(on[2]) * len(on[3])} from {len(on[3])} errors; "
        f"{dropped_text(sizes, dropped, titles)}."
    )
    for title, note, layer in zip(titles, notes, layers, strict=True):
        alt += f" {title}{f' ({note})' if note else ''}: {numbers(layer, 3)}."
    for k in on[2]:
        back, there = numbers(weights[2][on[3], k], 3), number(weights[1][k, node], 3)
        alt += f" Weights through {titles[2]} node {k + 1}: {back}, then {there}."
    return fig, alt
