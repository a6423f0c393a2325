"""What alternative texts and labels say: numbers, lists, which nodes are dropped, matrices.

Arguments count nodes, rows and columns from 0, words count them from 1.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise

import numpy as np

Nodes = Collection[tuple[int, int]]  # pairs (layer, node)


def names(letter: str, n: int) -> list[str]:
    """Node names from 1, as in the articles: i₁, i₂, … as mathematical text."""
    return [f"${letter}_{{{k + 1}}}$" for k in range(n)]


def minus(text: str) -> str:
    """``text`` with minus signs for hyphens."""
    return text.replace("-", "\N{MINUS SIGN}")


def number(value: float, digits: int = 2) -> str:
    """``value`` with ``digits`` decimals, whole numbers without any, never a negative zero.

    >>> number(0.666), number(3.0), number(-0.001)
    ('0.67', '3', '0.00')
    """
    whole = abs(value - round(value)) < 1e-9
    text = f"{value:.0f}" if whole else f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else minus(text)


def numbers(values: Iterable[float], digits: int = 2) -> str:
    """All numbers of an array, separated by commas.

    >>> numbers(np.array([[0.52], [1.0]]))
    '0.52, 1'
    """
    return ", ".join(number(value, digits) for value in np.ravel(values))


def listed(items: Iterable[object]) -> str:
    """Items in words.

    >>> listed([1, 3, 4]), listed([])
    ('1, 3 and 4', 'none')
    """
    *first, last = [str(item) for item in items] or ["none"]
    return f"{', '.join(first)} and {last}" if first else last


def counted(thing: str, indices: Collection[int]) -> str:
    """``thing`` with its numbers from 1, or nothing for none.

    >>> counted("row", [2, 0])
    'rows 1 and 3'
    """
    if not len(indices):
        return ""
    return f"{thing}{'s' * (len(indices) > 1)} {listed(k + 1 for k in sorted(indices))}"


def rows_and_columns(rows: Collection[int], columns: Collection[int] = ()) -> str:
    """``rows 1 and 3 and column 2``, or nothing for none."""
    return " and ".join(filter(None, [counted("row", rows), counted("column", columns)]))


def edge_count(sizes: Sequence[int], dropped: Nodes = ()) -> int:
    """How many edges a layered network has between nodes that are not dropped."""
    left = [n - sum(layer == k for layer, _ in dropped) for k, n in enumerate(sizes)]
    return sum(a * b for a, b in pairwise(left))


def dropped_text(sizes: Sequence[int], dropped: Nodes, titles: Sequence[str]) -> str:
    """Which nodes are dropped, layer by layer, and how many edges are left.

    >>> dropped_text([5, 3, 4], {(1, 0)}, ["x", "h", "o"])
    'dropped: h node 1; 18 of 27 edges are left'
    """
    if not dropped:
        return "no node is dropped"
    nodes = [
        counted(f"{title} node", [j for k, j in dropped if k == layer])
        for layer, title in enumerate(titles)
    ]
    left, there = edge_count(sizes, dropped), edge_count(sizes)
    return f"dropped: {', '.join(filter(None, nodes))}; {left} of {there} edges are left"


def network_text(sizes: Sequence[int], dropped: Nodes, titles: Sequence[str]) -> str:
    """A network in a sentence: its sizes, and what is dropped."""
    return f"Network of {'-'.join(map(str, sizes))} nodes: {dropped_text(sizes, dropped, titles)}."


def matrix_text(
    matrix: np.ndarray,
    title: str,
    dropped_rows: Collection[int] = (),
    dropped_columns: Collection[int] = (),
    framed_rows: Collection[int] = (),
    digits: int = 2,
    **_: object,
) -> str:
    """A matrix in words: its shape, its numbers if it is small, what is hatched or framed.

    It takes what ``draw_matrix`` takes; row and column names are not told.
    """
    text = f"{title}: " * bool(title) + f"{matrix.shape[0]} × {matrix.shape[1]} matrix"
    if matrix.size <= 50:
        text += " with rows " + "; ".join(numbers(row, digits) for row in matrix)
    else:
        low, high = number(matrix.min(), digits), number(matrix.max(), digits)
        text += f" with entries from {low} to {high}"
    if hatched := rows_and_columns(dropped_rows, dropped_columns):
        text += f"; hatched: {hatched}"
    if framed := rows_and_columns(framed_rows):
        text += f"; framed: {framed}"
    return text
