"""Matrices with their numbers, alone or beside the network that they belong to.

A cell has the colour of its weight; a dropped row or column is hatched grey.
"""

from collections.abc import Collection, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers.figures import colours, style
from helpers.figures.networks import draw_network
from helpers.figures.style import (
    Described,
    check_groups,
    figure,
    frame,
    new_figure,
    new_panels,
    write,
)
from helpers.figures.words import matrix_text, names, network_text, number
from helpers.validation import check_count, check_indices, finite_array


def draw_matrix(
    ax: Axes,
    matrix: np.ndarray,
    title: str = "",
    dropped_rows: Collection[int] = (),
    dropped_columns: Collection[int] = (),
    framed_rows: Collection[int] = (),
    row_names: Sequence[str] = (),
    column_names: Sequence[str] = (),
    digits: int = 2,
    cell_width: float = 1.0,
    left: float = 0.0,
    top: float = 0.0,
) -> None:
    """A matrix with its numbers, its upper left corner at (left, top), a cell of height 1.

    Dropped rows and columns are hatched grey; framed rows keep their colours and have a dark frame.
    Names and title stand within 1 of the left edge and 2 of the upper edge. Raises ``ValueError``
    for a number that is not finite and for a row or column that is not there.
    """
    finite_array("matrix", matrix, (None, None))
    check_indices("dropped_rows", list(dropped_rows), matrix.shape[0])
    check_indices("dropped_columns", list(dropped_columns), matrix.shape[1])
    check_indices("framed_rows", list(framed_rows), matrix.shape[0])
    for name, given, n in zip(
        ("row_names", "column_names"), (row_names, column_names), matrix.shape, strict=True
    ):
        if len(given) not in (0, n):
            raise ValueError(f"{name} must be {n} or none, got {len(given)}")
    w = cell_width
    limit = np.abs(matrix).max() or 1.0
    for (r, c), value in np.ndenumerate(matrix):
        x, y = left + c * w, top - r - 1
        if r in dropped_rows or c in dropped_columns:
            cell = {"fc": "white", "ec": colours.HATCHING, "hatch": "////"}
            box = {"fc": "white", "ec": "none", "pad": 1.0}
            text = {"color": colours.HATCHED_NUMBER, "bbox": box}
        else:
            cell = {"fc": colours.weight_colour(value / limit), "ec": "white"}
            text = {"color": colours.INK}
        ax.add_patch(Rectangle((x, y), w, 1, lw=1, **cell))
        write(ax, x + w / 2, y + 0.5, number(value, digits), style.SMALL, **text)
    width = w * matrix.shape[1]
    for r in framed_rows:
        corner = (left, top - r - 1)
        ax.add_patch(Rectangle(corner, width, 1, fill=False, ec=colours.INK, lw=1.8, zorder=2))
    for c, name in enumerate(column_names):
        write(ax, left + c * w + w / 2, top + 0.18, name, style.SMALL, va="bottom")
    for r, name in enumerate(row_names):
        write(ax, left - 0.18, top - r - 0.5, name, style.SMALL, ha="right")
    height = top + (1.05 if len(column_names) else 0.25)
    write(ax, left + width / 2, height, title, style.TITLE, va="bottom")


@figure
def matrices_figure(*matrices: dict, columns: int | None = None, digits: int = 2) -> Described:
    """Several matrices side by side, each given by the arguments of ``draw_matrix``.

    ``columns`` is how many stand in one row of the figure; all of them by default.
    """
    check_groups("matrices", matrices)
    for m in matrices:
        finite_array("matrix", m["matrix"], (None, None))
    matrices = [{"title": "", **m} for m in matrices]
    in_one_row = len(matrices)
    columns = in_one_row if columns is None else min(in_one_row, check_count("columns", columns))
    longest = max(len(number(value, digits)) for m in matrices for value in m["matrix"].flat)
    cell = max(1.0, 0.22 * longest)
    slots = [max(cell * m["matrix"].shape[1], 0.21 * len(m["title"])) + 1.5 for m in matrices]
    widths = [max(slots[c::columns]) for c in range(columns)]
    table = [matrices[k : k + columns] for k in range(0, len(matrices), columns)]
    room = 2.0 if any(len(m.get("column_names", ())) for m in matrices) else 1.2  # for titles
    heights = [max(m["matrix"].shape[0] for m in row) + room for row in table]
    fig, ax = new_figure(0.42 * sum(widths), 0.42 * sum(heights))
    for r, row in enumerate(table):
        for c, m in enumerate(row):
            left = sum(widths[:c]) + (widths[c] - cell * m["matrix"].shape[1]) / 2
            top = -sum(heights[:r])
            draw_matrix(ax, **m, digits=digits, cell_width=cell, left=left, top=top)
    frame(ax, 0, sum(widths), -sum(heights) + room - 0.1, room - 0.1)
    lead = "A matrix" if len(matrices) == 1 else "Matrices side by side"
    return fig, f"{lead}. {'. '.join(matrix_text(**m, digits=digits) for m in matrices)}."


@figure
def sliced_figure(
    networks: Sequence[tuple[np.ndarray, np.ndarray, Collection[int], Collection[int]]],
) -> Described:
    """Networks with one hidden layer beside their two weight matrices, one network a row.

    Each is ``(wih, who, dropped_inputs, dropped_hidden)``, nodes counted from 0.
    """
    check_groups("networks", networks)
    fig, axes = new_panels(
        style.MAX_WIDTH, 2.6 * len(networks), 3, len(networks), width_ratios=[1.5, 0.85, 1.06]
    )
    for k, (wih, who, *_) in enumerate(networks):
        finite_array(f"networks[{k}], wih,", wih, (None, None))
        finite_array(f"networks[{k}], who,", who, (None, len(wih)))
    described = []
    for (left, middle, right), (wih, who, inputs, hidden) in zip(axes, networks, strict=True):
        sizes = [wih.shape[1], *who.shape[::-1]]
        i, h, o = labels = [names(letter, n) for letter, n in zip("iho", sizes, strict=True)]
        titles = ["input", "hidden", "output"]
        dropped = {(0, j) for j in inputs} | {(1, j) for j in hidden}
        draw_network(left, labels, dropped, [wih, who], titles)
        first, second = (wih, "wih", hidden, inputs), (who, "who", (), hidden)
        draw_matrix(middle, *first, row_names=h, column_names=i)
        draw_matrix(right, *second, row_names=o, column_names=h)
        for ax, columns in ((middle, i), (right, h)):
            frame(ax, -0.9, len(columns) + 0.1, -max(sizes) - 0.1, 1.9)
        matrices = (matrix_text(*matrix, digits=0) for matrix in (first, second))
        described.append(f"{network_text(sizes, dropped, titles)} {'. '.join(matrices)}.")
    return fig, " ".join(described)
