"""All drawing. Every figure function returns ``(figure, alt)``, to be passed to ``show``.

Nothing is computed here beyond what a description needs: functions draw what they are given.
One visual language: an active node is a filled circle with its value, a dropped one is hollow,
dashed and crossed; a dropped row or column of a matrix is hatched grey; weights are orange when
positive and violet when negative, on a scale centred at zero; training and test data have always
the same two colours and markers.

The alternative text carries the numbers that matter, made from the data that is drawn.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import wraps
from itertools import pairwise, product

import numpy as np
from IPython.display import display
from matplotlib import colormaps
from matplotlib import style as styles
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

INK, FADED, PAPER = "#1a1a1a", "#8a8a8a", "#f7f3ea"
TRAIN, TEST = "#0072b2", "#d55e00"
MARKERS = {TRAIN: "o", TEST: "s"}
DIVERGING = colormaps["PuOr_r"]  # safe for colour-blind readers, light at zero
MAX_WIDTH = 8.4  # inches; wider figures would be shrunk by JupyterLab, and their text with them
DPI = 100
TEXT = 9.5  # points

Described = tuple[Figure, str]


def in_own_style(draw: Callable) -> Callable:
    """``draw`` with matplotlib's default settings, whatever those of the reader are."""

    @wraps(draw)
    def drawn(*args, **kwargs):
        with styles.context("default"):
            return draw(*args, **kwargs)

    return drawn


@in_own_style
def show(fig: Figure, alt: str) -> None:
    """Display ``fig`` as a PNG with ``alt`` as its alternative text.

    ``alt`` is also the output's plain text: a reader without images gets it, and nbval compares
    it, so the numbers in it are checked on every run.
    """
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=DPI, facecolor="white")
    display(
        {"image/png": buffer.getvalue(), "text/plain": alt},
        raw=True,
        metadata={"image/png": {"alt": alt}},
    )


def weight_colour(value: float) -> tuple[float, ...]:
    """Colour of a weight scaled to [−1, 1], kept so light that black text stays readable."""
    return DIVERGING(0.5 + 0.30 * value)


def new_figure(width: float, height: float, columns: int = 1, rows: int = 1, **kwargs) -> tuple:
    """A figure of at most ``MAX_WIDTH`` inches with ``rows`` × ``columns`` axes, not in pyplot.

    Returns ``(figure, axes)``, the axes always as a 2-D array.
    """
    fig = Figure(figsize=(min(width, MAX_WIDTH), height), layout="constrained")
    axes = fig.subplots(rows, columns, squeeze=False, **kwargs)
    return fig, axes


def rows_of(n: int, columns: int) -> int:
    """How many rows of ``columns`` places hold ``n`` things."""
    return -(-n // columns)


# ---- nodes and matrices -------------------------------------------------------------------


def draw_node(
    ax: Axes, x: float, y: float, label: str = "", dropped: bool = False, small: bool = False
) -> None:
    """One node: filled with its label, or hollow, dashed and crossed if it is dropped."""
    radius = 0.36
    lw = 0.9 if small else 1.3
    if not dropped:
        ax.add_patch(Circle((x, y), radius, fc=PAPER, ec=INK, lw=lw, zorder=2))
        ax.text(x, y, label, ha="center", va="center", fontsize=TEXT, color=INK, zorder=3)
        return
    ax.add_patch(Circle((x, y), radius, fc="white", ec=FADED, ls=(0, (2, 1.5)), lw=lw, zorder=2))
    d = radius * (0.7 if small else 0.55)
    for sign in (1, -1):
        ax.plot([x - d, x + d], [y - sign * d, y + sign * d], color=FADED, lw=lw, zorder=3)


def draw_network(
    ax: Axes,
    sizes: Sequence[int],
    labels: Sequence[Sequence[str]] | None = None,
    dropped: Collection[tuple[int, int]] = (),
    weights: Sequence[np.ndarray] | None = None,
    titles: Sequence[str] = (),
    small: bool = False,
) -> None:
    """A layered network from left to right; ``dropped`` holds pairs (layer, node), from 0.

    ``weights[k]`` of shape (sizes[k + 1], sizes[k]) colours the edges behind layer k. Edges of a
    dropped node are not drawn: they are not there. ``small`` is for tables of many networks.
    """
    gap = 2.0 if small else 2.4
    dropped = set(dropped)
    at = [[(i * gap, (n - 1) / 2 - j) for j in range(n)] for i, n in enumerate(sizes)]
    limit = max(np.abs(w).max() for w in weights) if weights else 1.0
    width = 0.5 if small else 0.8
    for layer in range(len(sizes) - 1):
        for j, start in enumerate(at[layer]):
            for k, end in enumerate(at[layer + 1]):
                if (layer, j) in dropped or (layer + 1, k) in dropped:
                    continue
                w = weights[layer][k, j] / limit if weights else 0.0
                # a weight near zero stays visible on white
                shade = 0.5 + 0.3 * w + 0.1 * np.sign(w)
                colour = DIVERGING(shade) if weights and w else "#999999"
                ax.plot(
                    *zip(start, end, strict=True), color=colour, lw=width + 1.6 * abs(w), zorder=1
                )
    for layer, nodes in enumerate(at):
        for j, (x, y) in enumerate(nodes):
            draw_node(ax, x, y, labels[layer][j] if labels else "", (layer, j) in dropped, small)
        if titles:
            top = (max(sizes) - 1) / 2 + 0.6
            ax.text(nodes[0][0], top, titles[layer], ha="center", va="bottom", fontsize=TEXT)
    half = (max(sizes) - 1) / 2
    frame(ax, -0.8, at[-1][0][0] + 0.8, -half - 0.5, half + (1.3 if titles else 0.5))


def number(value: float, digits: int = 2) -> str:
    """``value`` with ``digits`` decimals, whole numbers without any, never a negative zero."""
    whole = abs(value - round(value)) < 1e-9
    text = f"{value:.0f}" if whole else f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def draw_matrix(
    ax: Axes,
    matrix: np.ndarray,
    dropped_rows: Collection[int] = (),
    dropped_columns: Collection[int] = (),
    title: str = "",
    row_names: Sequence[str] = (),
    column_names: Sequence[str] = (),
    digits: int = 2,
    cell_width: float = 1.0,
    left: float = 0.0,
    top: float = 0.0,
    framed_rows: Collection[int] = (),
) -> None:
    """A matrix with its numbers, its upper left corner at (left, top), a cell of height 1.

    Dropped rows and columns are hatched grey; framed rows keep their colours and have a dark frame.
    Names and title stand within 1 of the left edge and 2 of the upper edge.
    """
    rows, columns = matrix.shape
    limit = np.abs(matrix).max() or 1.0
    w = cell_width
    for r in range(rows):
        for c in range(columns):
            gone = r in dropped_rows or c in dropped_columns
            colour = "white" if gone else weight_colour(matrix[r, c] / limit)
            edge, hatch = ("#c8c8c8", "////") if gone else ("white", None)
            corner = (left + c * w, top - r - 1)
            ax.add_patch(Rectangle(corner, w, 1, fc=colour, ec=edge, hatch=hatch, lw=1))
            ax.text(
                corner[0] + w / 2,
                corner[1] + 0.5,
                number(matrix[r, c], digits),
                ha="center",
                va="center",
                fontsize=9,
                color="#555555" if gone else INK,
                bbox={"fc": "white", "ec": "none", "pad": 1.0} if gone else None,
            )
    for r in framed_rows:
        corner = (left, top - r - 1)
        ax.add_patch(Rectangle(corner, columns * w, 1, fill=False, ec=INK, lw=1.8, zorder=2))
    for c, name in enumerate(column_names):
        ax.text(left + c * w + w / 2, top + 0.18, name, ha="center", va="bottom", fontsize=9)
    for r, name in enumerate(row_names):
        ax.text(left - 0.18, top - r - 0.5, name, ha="right", va="center", fontsize=9)
    height = top + (1.05 if len(column_names) else 0.25)
    ax.text(left + columns * w / 2, height, title, ha="center", va="bottom", fontsize=10)


def frame(ax: Axes, left: float, right: float, bottom: float, top: float) -> None:
    """Show this part of a drawing, with units of the same length in both directions."""
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    ax.set_aspect("equal")
    ax.axis("off")


def names(letter: str, n: int) -> list[str]:
    """Node names from 1, as in the articles: i₁, i₂, … as mathematical text."""
    return [f"${letter}_{{{k + 1}}}$" for k in range(n)]


def listed(items: Iterable[object]) -> str:
    """Items in words: ``1``, ``1 and 3``, ``1, 3 and 4``, ``none``."""
    words = [str(item) for item in items]
    if not words:
        return "none"
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def values_text(values: Iterable[float], digits: int = 2) -> str:
    """Numbers separated by commas, as an alternative text gives them."""
    return ", ".join(number(float(v), digits) for v in values)


def edge_count(sizes: Sequence[int], dropped: Collection[tuple[int, int]] = ()) -> int:
    """How many edges a layered network has between nodes that are not dropped."""
    left = [n - sum(layer == k for layer, _ in dropped) for k, n in enumerate(sizes)]
    return sum(a * b for a, b in pairwise(left))


def dropped_text(
    sizes: Sequence[int], dropped: Collection[tuple[int, int]], titles: Sequence[str]
) -> str:
    """Which nodes are dropped, layer by layer, counted from 1, and how many edges are left."""
    off = [sorted(j + 1 for k, j in dropped if k == layer) for layer in range(len(sizes))]
    if not dropped:
        return "no node is dropped"
    nodes = [
        f"{title} node{'s' * (len(numbers) > 1)} {listed(numbers)}"
        for title, numbers in zip(titles, off, strict=True)
        if numbers
    ]
    left = edge_count(sizes, dropped)
    return f"dropped: {', '.join(nodes)}; {left} of {edge_count(sizes)} edges are left"


@in_own_style
def network_figure(
    layers: Sequence[np.ndarray] | None = None,
    weights: Sequence[np.ndarray] | None = None,
    dropped: Collection[tuple[int, int]] = (),
    titles: Sequence[str] = (),
    node_names: Sequence[Sequence[str]] | None = None,
) -> Described:
    """One network: ``layers`` holds the values of the nodes, or ``node_names`` what to write.

    ``titles`` names the layers.
    """
    if layers is not None:
        labels = [[number(float(v)) for v in np.ravel(layer)] for layer in layers]
    else:
        labels = node_names
    sizes = [len(layer) for layer in labels]
    fig, axes = new_figure(2.0 * len(sizes), 0.62 * max(sizes) + 0.9)
    draw_network(axes[0, 0], sizes, labels, dropped, weights, titles)
    alt = f"Network of {'-'.join(map(str, sizes))} nodes: {dropped_text(sizes, dropped, titles)}."
    if layers is not None:
        for title, layer in zip(titles, layers, strict=True):
            alt += f" {title}: {values_text(np.ravel(layer))}."
    if weights is not None:
        on = [[(k, j) not in dropped for j in range(size)] for k, size in enumerate(sizes)]
        drawn = [w[np.ix_(on[k + 1], on[k])].ravel() for k, w in enumerate(weights)]
        low, high = np.concatenate(drawn).min(), np.concatenate(drawn).max()
        alt += f" Weights of the edges from {number(low)} to {number(high)}."
    return fig, alt


@in_own_style
def gradients_figure(
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    node_names: Sequence[Sequence[str]],
    dropped: Collection[tuple[int, int]] = (),
) -> Described:
    """One drawing for each weight matrix of a network: which of its edges get a gradient.

    ``weights`` and ``biases`` hold the gradients, ``weights[k]`` those of the edges behind layer k.
    An edge is solid, in the colour and width of its gradient, or faint and dashed where that is 0;
    a small b beside a node is its bias, drawn in the same way. ``dropped`` as in ``draw_network``.
    """
    fig, axes = new_figure(2.8 * len(weights), 0.62 * max(map(len, node_names)) + 0.9, len(weights))
    half = (max(map(len, node_names)) - 1) / 2 + 0.5
    described = []
    for k, (ax, w, b) in enumerate(zip(axes[0], weights, biases, strict=True)):
        counts = [np.count_nonzero(gradient) for gradient in (w, b)]
        shares = f"{counts[0]} of {w.size} weights, {counts[1]} of {b.size} biases"
        draw_gradient(ax, w, np.ravel(b), node_names[k : k + 2], dropped, k)
        title = f"grad_w{k + 1} and grad_b{k + 1}\n{shares}"
        ax.text(1.55, half + 0.1, title, ha="center", va="bottom", fontsize=TEXT)
        frame(ax, -0.5, 3.6, -half, half + 1.1)
        rows, columns = (np.flatnonzero((w == 0).all(axis=axis)) for axis in (1, 0))
        described.append(f"grad_w{k + 1} and grad_b{k + 1}: {shares}; {untouched(rows, columns)}")
    lead = "Which edges get a gradient, one drawing for each weight matrix"
    return fig, f"{lead}. {'. '.join(described)}."


def draw_gradient(
    ax: Axes,
    w: np.ndarray,
    b: np.ndarray,
    node_names: Sequence[Sequence[str]],
    dropped: Collection[tuple[int, int]],
    layer: int,
) -> None:
    """The edges of one weight matrix from ``layer`` to the next, and the biases, by gradient."""
    sizes = [len(names) for names in node_names]
    ends = [[(2.2 * i, (n - 1) / 2 - j) for j in range(n)] for i, n in enumerate(sizes)]
    biases = [(x + 0.85, y) for x, y in ends[1]]
    w, shares = w / (np.abs(w).max() or 1), b / (np.abs(b).max() or 1)
    edges = [(ends[0][j], ends[1][k], w[k, j]) for k, j in np.ndindex(w.shape)]
    edges += zip(ends[1], biases, shares, strict=True)
    for start, end, value in edges:
        colour = DIVERGING(0.5 + 0.25 * value + 0.15 * np.sign(value)) if value else "#c4c4c4"
        dashes = "-" if value else (0, (3, 2.5))
        width = 0.9 + 1.6 * abs(value)
        ax.plot(*zip(start, end, strict=True), color=colour, ls=dashes, lw=width, zorder=1)
    for i, nodes in enumerate(ends):
        for j, (x, y) in enumerate(nodes):
            draw_node(ax, x, y, node_names[i][j], (layer + i, j) in dropped)
    for (x, y), value in zip(biases, b, strict=True):
        edge, dashes = (INK, "-") if value else (FADED, (0, (2, 1.5)))
        box = {"fc": PAPER if value else "white", "ec": edge, "ls": dashes, "lw": 0.9}
        ax.add_patch(Rectangle((x - 0.2, y - 0.2), 0.4, 0.4, zorder=2, **box))
        ax.text(x, y - 0.01, "b", ha="center", va="center", fontsize=9, color=edge, zorder=3)


def untouched(rows: Sequence[int], columns: Sequence[int]) -> str:
    """The rows and columns of zeros of a gradient in words, counted from 1."""
    found = rows_and_columns(rows, columns)
    return f"untouched: {found}" if found else "no row or column is untouched"


def rows_and_columns(rows: Collection[int], columns: Collection[int] = ()) -> str:
    """``rows 1 and 3 and column 2``: numbers from 0 in words, counted from 1; empty for none."""
    return " and ".join(
        f"{what}{'s' * (len(numbers) > 1)} {listed(n + 1 for n in sorted(numbers))}"
        for what, numbers in (("row", rows), ("column", columns))
        if len(numbers)
    )


@in_own_style
def way_back_figure(
    layers: Sequence[np.ndarray],
    weights: Sequence[np.ndarray],
    titles: Sequence[str],
    path: tuple[int, int],
    dropped: Collection[tuple[int, int]] = (),
    notes: Sequence[str] = ("", "", "", ""),
    digits: int = 3,
) -> Described:
    """All ways from the output errors of a network with two hidden layers back to one weight.

    ``layers`` holds what stands in the nodes (inputs, then errors), ``path`` the weight as (input,
    node of layer 1), from 0. Edges on a way back are coloured and carry their weight; others are
    faint, and those of dropped nodes are not there. ``notes`` stand below the titles. The last
    layer is spread over the whole height, and the weights before it stand near its nodes, each on
    its own edge before the edges of two nodes cross.
    """
    sizes = [len(layer) for layer in layers]
    half = 1.12 * (max(sizes) - 1) / 2
    columns = (0.0, 2.7, 5.6, 9.6)
    gaps = (1.12, 1.12, 1.12, 2 * half / max(1, sizes[3] - 1))
    at = [
        [(x, gap * ((n - 1) / 2 - j)) for j in range(n)]
        for x, gap, n in zip(columns, gaps, sizes, strict=True)
    ]
    on = [[j for j in range(n) if (k, j) not in dropped] for k, n in enumerate(sizes)]
    edges = {(k, i, j) for k in range(3) for i, j in product(on[k], on[k + 1])}
    start, node = path
    ways = {(0, start, node)}
    ways |= {(1, node, k) for k in on[2]} | {(2, k, o) for k, o in product(on[2], on[3])}
    fig, axes = new_figure(MAX_WIDTH, 0.78 * max(sizes) + 0.9)
    ax = axes[0, 0]
    for layer, i, j in sorted(edges | ways):
        ends = at[layer][i], at[layer + 1][j]
        weight = weights[layer][j, i]
        colour = DIVERGING(0.86 if weight > 0 else 0.14)
        if (layer, i, j) in ways:
            ax.plot(*zip(*ends, strict=True), color=colour, lw=1.7, zorder=1.5)
        else:
            ax.plot(*zip(*ends, strict=True), color="#d4d4d4", lw=0.7, zorder=1)
    for layer, share in ((1, 0.5), (2, 0.78)):
        for _, i, j in sorted(way for way in ways if way[0] == layer):
            (x1, y1), (x2, y2) = at[layer][i], at[layer + 1][j]
            ax.text(
                x1 + share * (x2 - x1),
                y1 + share * (y2 - y1),
                number(weights[layer][j, i], digits),
                ha="center",
                va="center",
                fontsize=9,
                color=INK,
                bbox={"fc": "white", "ec": "none", "pad": 0.8},
                zorder=1.8,
            )
    for layer, nodes in enumerate(at):
        for j, (x, y) in enumerate(nodes):
            value = number(float(np.ravel(layers[layer])[j]), digits)
            draw_node(ax, x, y, value, (layer, j) in dropped)
        ax.text(nodes[0][0], half + 0.85, titles[layer], ha="center", va="bottom", fontsize=TEXT)
        ax.text(nodes[0][0], half + 0.53, notes[layer], ha="center", va="bottom", fontsize=9)
    frame(ax, -0.6, columns[-1] + 1.0, -half - 0.5, half + 1.35)
    alt = (
        f"All ways back to the weight between {titles[0]} node {start + 1} and node {node + 1} of "
        f"the next layer, {len(on[2]) * len(on[3])} from {len(on[3])} errors; "
        f"{dropped_text(sizes, dropped, titles)}."
    )
    for title, note, layer in zip(titles, notes, layers, strict=True):
        note = f" ({note})" if note else ""
        alt += f" {title}{note}: {values_text(np.ravel(layer), digits)}."
    for k in on[2]:
        back = values_text(weights[2][on[3], k], digits)
        there = number(weights[1][k, node], digits)
        alt += f" Weights through {titles[2]} node {k + 1}: {back}, then {there}."
    return fig, alt


@in_own_style
def networks_figure(
    sizes: Sequence[int], states_1: np.ndarray, states_2: np.ndarray, columns: int = 5
) -> Described:
    """Small networks with two hidden layers, one for each pair of states, ``columns`` in a row.

    A row of ``states_1`` is a mask of hidden layer 1, a row of ``states_2`` one of hidden layer 2.
    """
    off_1, off_2 = ([np.flatnonzero(state == 0) for state in s] for s in (states_1, states_2))
    pairs = list(product(off_1, off_2))
    rows = rows_of(len(pairs), columns)
    fig, axes = new_figure(MAX_WIDTH, 1.2 * rows, columns, rows)
    for ax in axes.flat[len(pairs) :]:
        ax.axis("off")
    edges = set()
    for ax, (first, second) in zip(axes.flat, pairs, strict=False):
        dropped = {(1, j) for j in first} | {(2, j) for j in second}
        draw_network(ax, sizes, None, dropped, small=True)
        numbers = [", ".join(map(str, off + 1)) for off in (first, second)]
        ax.set_title(f"off: {numbers[0]} | {numbers[1]}", fontsize=9)
        edges.add(edge_count(sizes, dropped))
    alt = (
        f"A table of {len(off_1)} × {len(off_2)} = {len(pairs)} small networks of "
        f"{'-'.join(map(str, sizes))} nodes, one for each pair of states. Hidden layer 1 drops "
        f"{' or '.join(listed(off + 1) for off in off_1)}; hidden layer 2 drops "
        f"{' or '.join(listed(off + 1) for off in off_2)}. Each network keeps "
        f"{listed(sorted(edges))} of {edge_count(sizes)} edges."
    )
    return fig, alt


def matrix_alt(
    matrix: np.ndarray,
    rows: Collection[int],
    columns: Collection[int],
    title: str,
    digits: int,
    framed: Collection[int] = (),
) -> str:
    """A matrix in words: its shape, its numbers if it is small, what is hatched or framed."""
    text = f"{title}: {matrix.shape[0]} × {matrix.shape[1]} matrix"
    if matrix.size <= 50:
        text += " with rows " + "; ".join(values_text(row, digits) for row in matrix)
    else:
        low, high = number(matrix.min(), digits), number(matrix.max(), digits)
        text += f" with entries from {low} to {high}"
    for how, marked in (
        ("hatched", rows_and_columns(rows, columns)),
        ("framed", rows_and_columns(framed)),
    ):
        text += f"; {how}: {marked}" if marked else ""
    return text


@in_own_style
def matrices_figure(*matrices: dict, columns: int | None = None, digits: int = 2) -> Described:
    """Several matrices side by side, each given by the arguments of ``draw_matrix``.

    ``columns`` is how many stand in one row of the figure; all of them by default.
    """
    columns = columns or len(matrices)
    longest = max(len(number(value, digits)) for m in matrices for value in m["matrix"].flat)
    cell = max(1.0, 0.22 * longest)
    slots = [max(cell * m["matrix"].shape[1], 0.21 * len(m["title"])) + 1.5 for m in matrices]
    widths = [max(slots[c::columns]) for c in range(columns)]
    table = [matrices[k : k + columns] for k in range(0, len(matrices), columns)]
    heights = [max(m["matrix"].shape[0] for m in row) + 2.0 for row in table]
    fig, axes = new_figure(0.42 * sum(widths), 0.42 * sum(heights))
    ax = axes[0, 0]
    for r, row in enumerate(table):
        for c, matrix in enumerate(row):
            slot = sum(widths[:c]) + (widths[c] - cell * matrix["matrix"].shape[1]) / 2
            corner = {"left": slot, "top": -sum(heights[:r])}
            draw_matrix(ax, **matrix, digits=digits, cell_width=cell, **corner)
    frame(ax, 0, sum(widths), -sum(heights) + 1.9, 1.9)
    described = [
        matrix_alt(
            m["matrix"],
            m.get("dropped_rows", ()),
            m.get("dropped_columns", ()),
            m["title"],
            digits,
            m.get("framed_rows", ()),
        )
        for m in matrices
    ]
    lead = "A matrix" if len(matrices) == 1 else "Matrices side by side"
    return fig, f"{lead}. {'. '.join(described)}."


@in_own_style
def sliced_figure(
    networks: Sequence[tuple[np.ndarray, np.ndarray, Collection[int], Collection[int]]],
) -> Described:
    """Networks with one hidden layer beside their two weight matrices, one network a row.

    Each is ``(wih, who, dropped_inputs, dropped_hidden)``, nodes counted from 0.
    """
    fig, axes = new_figure(
        MAX_WIDTH, 2.6 * len(networks), 3, len(networks), width_ratios=[1.5, 0.85, 1.06]
    )
    described = []
    for row, (wih, who, inputs, hidden) in zip(axes, networks, strict=True):
        n_hidden, n_in = wih.shape
        sizes = [n_in, n_hidden, len(who)]
        i, h, o = names("i", n_in), names("h", n_hidden), names("o", len(who))
        dropped = {(0, j) for j in inputs} | {(1, j) for j in hidden}
        titles = ["input", "hidden", "output"]
        draw_network(row[0], sizes, [i, h, o], dropped, [wih, who], titles)
        draw_matrix(row[1], wih, hidden, inputs, "wih", h, i)
        draw_matrix(row[2], who, (), hidden, "who", o, h)
        for ax, columns in zip(row[1:], (n_in, n_hidden), strict=True):
            frame(ax, -0.9, columns + 0.1, -max(sizes) - 0.1, 1.9)
        described.append(
            f"Network of {'-'.join(map(str, sizes))} nodes: "
            f"{dropped_text(sizes, dropped, titles)}. "
            f"{matrix_alt(wih, hidden, inputs, 'wih', 0)}. {matrix_alt(who, (), hidden, 'who', 0)}."
        )
    return fig, " ".join(described)


@in_own_style
def states_figure(masks: np.ndarray, title: str) -> Described:
    """Each row of ``masks`` as a column of nodes, crossed where the mask is 0."""
    n_masks, n_units = masks.shape
    fig, axes = new_figure(max(3.8, 0.9 * n_masks), 0.5 * n_units + 0.7)
    ax = axes[0, 0]
    for m, mask in enumerate(masks):
        for j, stays in enumerate(mask):
            draw_node(ax, m * 1.9, -j, "1", dropped=not stays)
        ax.text(m * 1.9, 0.6, f"state {m + 1}", ha="center", va="bottom", fontsize=TEXT)
    frame(ax, -1.1, 1.9 * n_masks - 0.8, -n_units + 0.5, 1.3)
    ax.set_title(title, fontsize=10)
    dropped = [listed(np.flatnonzero(mask == 0) + 1) for mask in masks]
    each = "; ".join(f"state {m + 1} drops {nodes}" for m, nodes in enumerate(dropped))
    return fig, f"{title}: {n_masks} states of {n_units} nodes; {each}."


@in_own_style
def product_figure(columns: Sequence[tuple[str, np.ndarray]], mask: np.ndarray) -> Described:
    """Columns of numbers multiplied node by node, the last one their product.

    ``columns`` holds pairs (title, values); nodes whose ``mask`` is 0 are crossed in the last.
    """
    n = len(mask)
    fig, axes = new_figure(2.2 * len(columns), 0.62 * n + 0.7)
    ax = axes[0, 0]
    for c, (title, values) in enumerate(columns):
        last = c == len(columns) - 1
        for j, value in enumerate(np.ravel(values)):
            draw_node(ax, c * 3.0, -j, number(value), dropped=last and not np.ravel(mask)[j])
        ax.text(c * 3.0, 0.6, title, ha="center", va="bottom", fontsize=TEXT)
        if not last:
            sign = "=" if c == len(columns) - 2 else "×"
            ax.text(c * 3.0 + 1.5, -(n - 1) / 2, sign, ha="center", va="center", fontsize=14)
    frame(ax, -1.5, 3.0 * len(columns) - 1.5, -n + 0.5, 1.3)
    each = ". ".join(f"{title}: {values_text(np.ravel(v))}" for title, v in columns)
    return fig, f"Multiplied node by node. {each}."


# ---- charts -------------------------------------------------------------------------------


def finish(ax: Axes, x_label: str, y_label: str, title: str = "") -> None:
    """Label the axes and take away what is not data."""
    ax.set_xlabel(x_label, fontsize=TEXT)
    ax.set_ylabel(y_label, fontsize=TEXT)
    ax.set_title(title, fontsize=10)
    ax.tick_params(labelsize=9)
    ax.spines[["top", "right"]].set_visible(False)


@in_own_style
def lines_figure(
    x: np.ndarray,
    lines: dict[str, np.ndarray],
    x_label: str,
    y_label: str,
    title: str = "",
    log: str = "",
    at: Sequence[int] = (0, -1),
    digits: int = 3,
) -> Described:
    """Curves over ``x``, told apart by line style and marker; ``log`` is "", "x", "y" or "xy".

    The markers stand at the positions ``at``, and the alternative text gives the values there.
    """
    fig, axes = new_figure(6.6, 3.3)
    ax = axes[0, 0]
    marked = [range(len(x))[k] for k in at]
    looks = [("-", "o", INK), ("--", "s", "#7b4ea3"), (":", "^", "#b36b00"), ("-.", "D", FADED)]
    for (name, y), (style, marker, colour) in zip(lines.items(), looks[: len(lines)], strict=True):
        ax.plot(
            x, y, style, marker=marker, color=colour, lw=1.8, ms=5, markevery=marked, label=name
        )
    if "x" in log:
        ax.set_xscale("log")
        ax.set_xticks(x, [f"{value:g}" for value in x])
        ax.set_xticks([], minor=True)
    if "y" in log:
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter("{x:g}")
    if len(lines) > 1:
        ax.legend(fontsize=9, frameon=False)
    finish(ax, x_label, y_label, title)
    scale = f" (logarithmic scale: {' and '.join(log)})" if log else ""
    alt = f"{title or y_label}: {y_label} over {x_label}{scale}."
    for name, y in lines.items():
        points = ", ".join(f"{y[k]:.{digits}g} at {x[k]:g}" for k in at).replace(
            "-", "\N{MINUS SIGN}"
        )
        alt += f" {name}: {points}."
    return fig, alt


@in_own_style
def bars_figure(
    groups: dict[str, np.ndarray],
    labels: Sequence[str],
    x_label: str,
    y_label: str,
    title: str = "",
    digits: int = 2,
) -> Described:
    """Groups of bars side by side with their values above, told apart by shade and hatching."""
    fig, axes = new_figure(max(4.5, 0.75 * len(labels) * len(groups) + 1.5), 3.2)
    ax = axes[0, 0]
    width = 0.8 / len(groups)
    looks = [("#b8b8b8", ""), ("#4d94c4", "//"), ("#e59866", ".."), ("white", "xx")]
    for g, ((name, values), (colour, hatch)) in enumerate(
        zip(groups.items(), looks[: len(groups)], strict=True)
    ):
        values = np.ravel(values)
        x = np.arange(len(labels)) + (g - (len(groups) - 1) / 2) * width
        bars = ax.bar(x, values, width, color=colour, hatch=hatch, ec=INK, lw=0.8, label=name)
        ax.bar_label(bars, [number(v, digits) for v in values], fontsize=9, padding=2)
    ax.set_xticks(range(len(labels)), labels)
    ax.margins(y=0.15)
    if len(groups) > 1:
        fig.legend(fontsize=9, frameon=False, loc="outside upper center", ncols=len(groups))
    finish(ax, x_label, y_label, title)
    each = " ".join(f"{name}: {values_text(np.ravel(v), digits)}." for name, v in groups.items())
    return fig, f"{title or y_label}. {x_label.capitalize()}: {listed(labels)}. {each}"


@in_own_style
def histograms_figure(
    samples: dict[str, np.ndarray], bins: np.ndarray, x_label: str, y_label: str = "share"
) -> Described:
    """Histograms side by side on the same axes limits, each as shares that sum to 1."""
    fig, axes = new_figure(4.2 * len(samples), 2.9, len(samples), sharey=True)
    alt = []
    for ax, (name, values) in zip(axes[0], samples.items(), strict=True):
        values = np.ravel(values)
        shares = np.histogram(values, bins)[0] / len(values)
        ax.stairs(shares, bins, fill=True, color="#4d94c4", ec=INK, lw=0.8)
        finish(ax, x_label, y_label if ax is axes[0, 0] else "", name)
        alt.append(
            f"{name}: mean {number(values.mean())}, "
            f"{shares[0]:.0%} in the lowest and {shares[-1]:.0%} in the highest "
            f"of {len(shares)} bins"
        )
    return fig, f"Histograms of {x_label}. " + ". ".join(alt) + "."


@in_own_style
def dots_figure(
    groups: dict[str, np.ndarray],
    x_label: str,
    title: str = "",
    reference: tuple[str, float] | None = None,
    colour: str = INK,
    digits: int = 3,
    dot: str = "run",
) -> Described:
    """A line for each group with a marker for each value, a ``dot`` in words, a bar at the mean.

    ``reference`` is a named value, drawn as a vertical dashed line.
    """
    fig, axes = new_figure(MAX_WIDTH, 0.48 * len(groups) + 1.3)
    ax = axes[0, 0]
    alt = []
    for row, (name, values) in enumerate(groups.items()):
        values = np.ravel(values)
        # equal values stand above each other, so that none hides another
        height = -row + 0.15 * np.array([np.sum(values[:k] == v) for k, v in enumerate(values)])
        ax.plot(values, height, MARKERS.get(colour, "D"), color=colour, ms=6, mfc="none", mew=1.4)
        ax.plot([values.mean()] * 2, [-row - 0.3, -row + 0.3], color=INK, lw=2)
        alt.append(f"{name}: mean {values.mean():.{digits}f}, "
                   f"from {values.min():.{digits}f} to {values.max():.{digits}f}")  # fmt: skip
    ax.set_yticks([-row for row in range(len(groups))], list(groups))
    ax.set_ylim(-len(groups) + 0.4, 0.95)  # room for a stack of five
    ax.grid(axis="x", color="#e4e4e4", lw=0.8)
    ax.set_axisbelow(True)
    text = f"{title}: {x_label}, one marker a {dot}, a bar at the mean. "
    if reference:
        ax.axvline(reference[1], color=INK, lw=1.2, ls="--")
        dashed = f"dashed line: {reference[0]}, {reference[1]:.{digits + 1}f}"
        title = f"{title} ({dashed})".strip()
        text += f"{dashed.capitalize()}. "
    finish(ax, f"{x_label}; the bar is the mean", "", title)
    return fig, text + ". ".join(alt) + "."


@in_own_style
def pairs_figure(
    groups: dict[str, tuple[np.ndarray, np.ndarray]],
    members: tuple[str, str],
    x_label: str,
    title: str = "",
    reference: tuple[str, float] | None = None,
    digits: int = 3,
) -> Described:
    """Panels side by side, in each a row for every pair of values, joined by a line.

    ``groups`` has two arrays of the same length for each panel, ``members`` says what they are.
    The rows are sorted by the first. ``reference`` is a named value, a vertical dashed line.
    """
    fig, axes = new_figure(MAX_WIDTH, 4.2, len(groups), sharex=True, sharey=True)
    alt = []
    for ax, (name, pair) in zip(axes[0], groups.items(), strict=True):
        order = np.argsort(pair[0], kind="stable")
        first, second = (np.asarray(values)[order] for values in pair)
        rows = np.arange(len(first))
        ax.hlines(rows, np.minimum(first, second), np.maximum(first, second), color=FADED, lw=1.2)
        ax.plot(first, rows, "o", color=INK, ms=6, label=members[0], ls="")
        look = {"color": "#7b4ea3", "mfc": "none", "mew": 1.4}
        ax.plot(second, rows, "s", ms=6, label=members[1], ls="", **look)
        if reference:
            ax.axvline(reference[1], color=INK, lw=1.2, ls="--", label=reference[0])
        ax.set_yticks([])
        ax.tick_params(labelbottom=True)
        finish(ax, x_label, "seed, sorted" if ax is axes[0, 0] else "", name)
        apart = np.abs(first - second)
        alt.append(
            f"{name}: {members[0]} from {first.min():.{digits}f} to {first.max():.{digits}f}, the "
            f"two {apart.mean():.{digits}f} apart on average and {apart.max():.{digits}f} at most"
        )
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(
        handles, labels, fontsize=9, frameon=False, loc="outside lower center", ncols=len(labels)
    )
    if title:
        fig.suptitle(title, fontsize=10)
    dashed = f" Dashed line: {reference[0]}, {reference[1]:.{digits + 1}f}." if reference else ""
    return fig, (
        f"{title or x_label}: {x_label}, a row for each seed with two markers, {members[0]} and "
        f"{members[1]}.{dashed} " + ". ".join(alt) + "."
    )


# ---- digits -------------------------------------------------------------------------------


@in_own_style
def digits_figure(
    images: np.ndarray, captions: Sequence[str], columns: int = 10, alt: str = ""
) -> Described:
    """Images of shape (n, 28, 28) in rows of ``columns``, each with its caption above."""
    rows = rows_of(len(images), columns)
    lines = max((caption.count("\n") + 1 for caption in captions if caption), default=0)
    height = (MAX_WIDTH / columns + 0.2 * lines) * rows
    fig, axes = new_figure(MAX_WIDTH, height, columns, rows)
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, caption in zip(axes.flat, images, captions, strict=False):
        ax.imshow(image, cmap="gray_r", vmin=0, vmax=255)
        ax.set_title(caption, fontsize=9, pad=3)
    told = [caption.replace("\n", ", ") for caption in captions if caption]
    return fig, f"{alt} {'; '.join(told)}".strip() + "."


@in_own_style
def confusion_figure(
    counts: dict[tuple[int, int], int], n_classes: int, title: str, thing: str = "digit"
) -> Described:
    """A confusion matrix from ``{(target, predicted): count}``: rows are the true classes.

    ``thing`` is what a class is.
    """
    matrix = np.zeros((n_classes, n_classes), dtype=int)
    for (target, predicted), count in counts.items():
        matrix[target, predicted] = count
    wrong = matrix - np.diag(matrix.diagonal())
    fig, axes = new_figure(5.6, 5.0)
    ax = axes[0, 0]
    limit = max(wrong.max(), 1)
    for t in range(n_classes):
        for p in range(n_classes):
            shade = "#dcdcdc" if t == p else weight_colour(matrix[t, p] / limit)
            ax.add_patch(Rectangle((p - 0.5, t - 0.5), 1, 1, fc=shade, ec="white"))
            weight = "bold" if t == p else "normal"
            ax.text(p, t, matrix[t, p] or "·", ha="center", va="center", fontsize=9, weight=weight)
    ax.set_xlim(-0.5, n_classes - 0.5)
    ax.set_ylim(n_classes - 0.5, -0.5)
    ax.set_xticks(range(n_classes))
    ax.set_yticks(range(n_classes))
    ax.set_aspect("equal")
    finish(ax, f"predicted {thing}", f"true {thing}", title)
    ax.spines[:].set_visible(False)
    alt = (
        f"{title}: {np.trace(matrix)} of {matrix.sum()} right. Right for each true {thing}: "
        f"{', '.join(map(str, matrix.diagonal()))}. Answers of each {thing}: "
        f"{', '.join(map(str, matrix.sum(axis=0)))}."
    )
    if wrong.any():
        worst = [f"{t} taken for {p}" for t, p in np.argwhere(wrong == wrong.max())]
        alt += f" Most frequent mistake, {wrong.max()} times: {listed(worst)}."
    return fig, alt
