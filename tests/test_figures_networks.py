"""Nodes, networks, ways back and matrices: what is drawn where, and what the texts say of it."""

import re
from itertools import combinations, pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgba
from small_figures import (
    CALLS,
    GRADIENTS,
    LARGE,
    NODE_NAMES,
    WEIGHTS,
    WHO,
    WIH,
    cells,
    circles,
    crossed,
    edges,
    is_solid,
    new_axes,
    nothing_is_cut_or_covered,
    places,
    said,
    sign,
    way_back,
)

from helpers import figures
from helpers.figures import colours
from helpers.figures.matrices import draw_matrix
from helpers.figures.networks import draw_network, draw_node
from helpers.figures.words import number, numbers


def test_an_active_node_is_filled_and_holds_its_value():
    ax = new_axes()
    draw_node(ax, 1, 2, "0.52")
    (circle,), (text,) = circles(ax), ax.texts
    assert circle.center == text.get_position() == (1, 2)
    assert text.get_text() == "0.52"
    assert circle.get_facecolor() == to_rgba(colours.PAPER) and is_solid(circle)
    assert not ax.lines


@pytest.mark.parametrize("small", [False, True])
def test_a_dropped_node_is_hollow_dashed_and_crossed(small):
    ax = new_axes()
    draw_node(ax, 1, 2, "0.52", dropped=True, small=small)
    (circle,) = crossed(ax)
    assert circle.get_edgecolor() == to_rgba(colours.FADED) and not is_solid(circle)
    assert not ax.texts
    slopes = sorted(np.sign(np.prod(np.diff(line.get_xydata(), axis=0))) for line in ax.lines)
    assert slopes == [-1, 1]
    for line in ax.lines:
        np.testing.assert_allclose(line.get_xydata().mean(axis=0), (1, 2))
        assert np.linalg.norm(line.get_xydata() - (1, 2), axis=1).max() < circle.radius


def test_a_network_stands_from_left_to_right_with_its_first_nodes_on_top():
    ax = new_axes()
    draw_network(ax, [["a", "b", "c"], ["d", "e"]], titles=["in", "out"])
    at = places(ax)
    assert len({at[name][0] for name in "abc"}) == len({at[name][0] for name in "de"}) == 1
    assert at["a"][0] < at["d"][0]
    assert at["a"][1] > at["b"][1] > at["c"][1] and at["d"][1] > at["e"][1]
    assert at["in"][0] == at["a"][0] and at["in"][1] > at["a"][1]
    assert at["out"][0] == at["d"][0]
    assert len(ax.lines) == 6


@settings(max_examples=20)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.data())
def test_edges_of_dropped_nodes_are_not_there(sizes, data):
    nodes = [(layer, j) for layer, n in enumerate(sizes) for j in range(n)]
    dropped = data.draw(st.sets(st.sampled_from(nodes)))
    ax = new_axes()
    draw_network(ax, [[""] * n for n in sizes], dropped)
    left = [sum((layer, j) not in dropped for j in range(n)) for layer, n in enumerate(sizes)]
    assert len(edges(ax)[0]) == sum(a * b for a, b in pairwise(left))
    assert len(circles(ax)) == sum(sizes)
    assert len(crossed(ax)) == len(dropped)


def test_an_edge_shows_the_sign_and_the_size_of_its_weight():
    ax = new_axes()
    draw_network(ax, ["abcd", "e"], weights=[np.array([[1.0, 0.5, 0.01, -1.0]])])
    from_the_top = sorted(ax.lines, key=lambda line: -line.get_ydata()[0])
    widths = [line.get_linewidth() for line in from_the_top]
    assert widths[0] > widths[1] > widths[2] and widths[0] == widths[3]
    assert [sign(line.get_color()) for line in from_the_top] == [1, 1, 1, -1]


def test_a_network_figure_writes_values_or_names():
    fig, alt = CALLS["network_figure"]()
    assert "Network of 3-4-2 nodes: dropped: x node 2, hidden nodes 1 and 4; 8 of 20 edges" in alt
    assert "x: 0.52, 0.93, 0.15. hidden: 1.25, 0, 2.50, 0.10. y_hat: 0.25, 0.75." in alt
    left = [WIH[1:3, [0, 2]], WHO[:, 1:3]]
    low, high = min(w.min() for w in left), max(w.max() for w in left)
    assert f"edges from {number(low)} to {number(high)}." in alt
    values = ["0.52", "0.15", "0", "2.50", "0.25", "0.75"]
    assert sorted(said(fig.axes[0])) == sorted([*values, "x", "hidden", "y_hat"])
    fig, alt = figures.network_figure(node_names=[["a", "b"], ["c"]])
    assert sorted(said(fig.axes[0])) == ["a", "b", "c"]
    assert alt == "Network of 2-1 nodes: no node is dropped."


def test_a_table_of_networks_has_one_for_each_pair_of_states():
    fig, alt = CALLS["networks_figure"]()
    networks = [ax for ax in fig.axes if circles(ax)]
    assert [len(crossed(ax)) for ax in networks] == [2, 3, 2, 3]
    assert [len(edges(ax)[0]) for ax in networks] == [18, 14, 18, 14]
    off = [re.findall(r"\d+", ax.get_title()) for ax in networks]
    assert off == [["1", "1"], ["1", "3", "4"], ["2", "1"], ["2", "3", "4"]]
    assert "4 small networks, five in a row, 2 × 2, of 3-3-4-2 nodes" in alt
    assert "layer 1 drops 1 or 2;" in alt and "layer 2 drops 1 or 3 and 4." in alt
    assert alt.endswith("14 and 18 of 29 edges.")


def test_states_are_columns_of_nodes():
    fig, alt = CALLS["states_figure"]()
    (ax,) = fig.axes
    xs = sorted({circle.center[0] for circle in circles(ax)})
    at = [circle.center for circle in crossed(ax)]
    assert [(xs.index(x), -y) for x, y in at] == [(0, 0), (1, 1), (2, 2)]
    assert "3 states of 3 nodes" in alt
    assert "state 1 drops 1; state 2 drops 2; state 3 drops 3." in alt


def test_a_product_has_its_signs_and_crosses_the_dropped_nodes_of_the_result():
    fig, alt = CALLS["product_figure"]()
    (ax,) = fig.axes
    signs = sorted((t.get_position()[0], t.get_text()) for t in ax.texts if t.get_text() in "×=")
    assert [sign for _, sign in signs] == ["×", "="]
    (dropped,) = crossed(ax)
    assert dropped.center == (max(circle.center[0] for circle in circles(ax)), -1)
    assert "values: 1.50, 2, 3. mask: 1, 0, 1. out: 1.50, 0, 3." in alt


# ---- the way back -------------------------------------------------------------------------


def test_an_edge_is_solid_where_its_weight_gets_a_gradient_and_dashed_elsewhere():
    fig, alt = CALLS["gradients_figure"]()
    for k, (ax, w, b) in enumerate(zip(fig.axes, *GRADIENTS, strict=True)):
        solid, dashed = edges(ax)
        assert len(dashed) == np.sum(w == 0) + np.sum(b == 0)
        signs = sorted(sign(line.get_color()) for line in solid)
        assert signs == sorted([*np.sign(w[w != 0]), *np.sign(b[b != 0])])
        # an edge leads from its column to its row
        at = places(ax)
        ends = {tuple(map(tuple, line.get_xydata())) for line in solid}
        for row, column in np.argwhere(w):
            assert (at[NODE_NAMES[k][column]], at[NODE_NAMES[k + 1][row]]) in ends
        assert [is_solid(box) for box in cells(ax)] == (b.ravel() != 0).tolist()
    assert [len(crossed(ax)) for ax in fig.axes] == [1, 2]
    widest = max(edges(fig.axes[1])[0], key=lambda line: line.get_linewidth())
    assert widest.get_xydata()[1].tolist() == list(places(fig.axes[1])["$g_{1}$"])
    for told in (
        "grad_w1 and grad_b1: 2 of 6 weights, 1 of 2 biases; untouched: row 1 and column 2.",
        "grad_w2 and grad_b2: 2 of 6 weights, 2 of 3 biases; untouched: row 3 and column 1.",
    ):
        assert told in alt
    _, alt = figures.gradients_figure([np.ones((1, 2))], [np.ones(1)], [NODE_NAMES[1], ["o"]])
    assert alt.endswith("2 of 2 weights, 1 of 1 biases; no row or column is untouched.")


def test_every_way_back_to_one_weight_is_drawn_with_its_numbers():
    fig, alt = CALLS["way_back_figure"]()
    (ax,) = fig.axes
    solid, dashed = edges(ax)
    ways = {tuple(map(tuple, x.get_xydata())): x for x in solid if x.get_linewidth() > 1}
    assert len(ways) == 1 + 3 + 3 * 4 and not dashed
    assert len(solid) == 5 * 2 + 2 * 3 + 3 * 4  # the others are there, and faint
    assert len(crossed(ax)) == 3
    at = places(ax)
    assert min(ways) == (at["0.400"], at["0.750"])
    ends = {end for way in ways for end in way}
    nodes = [sorted((end for end in ends if end[0] == x), reverse=True)
             for x in sorted({x for x, _ in ends})]  # fmt: skip
    for layer, active in enumerate(pairwise([(3,), (2,), (0, 1, 4), (0, 1, 2, 3)])):
        pairs = zip(product(*active), product(*nodes[layer : layer + 2]), strict=True)
        for (i, j), (start, end) in pairs:
            weight = WEIGHTS[layer][j, i]
            assert sign(ways[start, end].get_color()) == np.sign(weight)
            if layer:  # the label stands on its edge, between the ends
                label = np.array(at[number(weight, 3)])
                share = (label[0] - start[0]) / (end[0] - start[0])
                assert 0 < share < 1
                assert label == pytest.approx(start + share * (np.array(end) - start))
    # from top to bottom the weights of each output together: no edges cross between them and it
    heights = [at[number(w, 3)][1] for w in WEIGHTS[2][:, [0, 1, 4]].ravel()]
    assert heights == sorted(heights, reverse=True)
    assert "x node 4 and node 3 of the next layer, 12 from 4 errors; dropped: h node 1," in alt
    back = numbers(WEIGHTS[2][:, 4], 3)
    assert f"through g node 5: {back}, then {number(WEIGHTS[1][4, 2], 3)}." in alt
    assert (
        "h (mask 1.5 included): 0, −0.250, 0.750. g (mask 1.667 included): 0.333, 0.333, 0," in alt
    )


@pytest.mark.parametrize("off", list(combinations(range(5), 2)))
def test_the_numbers_of_the_ways_back_never_cover_each_other(off):
    fig, _ = way_back([int(j not in off) for j in range(5)])
    nothing_is_cut_or_covered(fig)


# ---- matrices -----------------------------------------------------------------------------

MATRIX = np.array([[1, -2.5, 3], [4, 5, 6]])


def test_a_matrix_shows_each_number_in_its_cell_and_hatches_what_is_dropped():
    ax = new_axes()
    names = {"row_names": ["r1", "r2"], "column_names": ["c1", "c2", "c3"]}
    draw_matrix(ax, MATRIX, "w", [1], [0], **names, cell_width=1.5, left=2, top=-3)
    at = places(ax)
    for cell in cells(ax):
        column, row = round((cell.get_x() - 2) / 1.5), -3 - round(cell.get_y()) - 1
        shown = number(MATRIX[row, column])
        assert at[shown] == pytest.approx((cell.get_x() + 0.75, cell.get_y() + 0.5))
        assert bool(cell.get_hatch()) == (row == 1 or column == 0)
        if not cell.get_hatch():
            assert cell.get_facecolor() == colours.weight_colour(MATRIX[row, column] / 6)
    assert len(cells(ax)) == 6
    assert at["r2"][1] == at["6"][1] and at["r2"][0] < 2
    assert at["c3"][0] == at["6"][0] and -3 < at["c3"][1] < at["w"][1]


def test_a_framed_row_of_a_matrix_keeps_its_colours():
    ax = new_axes()
    draw_matrix(ax, MATRIX, framed_rows=[1], cell_width=1.5, left=2, top=-3)
    *squares, frame = cells(ax)
    assert not any(cell.get_hatch() for cell in cells(ax))
    expected = [colours.weight_colour(value / 6) for value in MATRIX.flat]
    assert [cell.get_facecolor() for cell in squares] == expected
    assert frame.get_bbox().bounds == (2, -5, 4.5, 1) and not frame.get_fill()


def test_a_matrix_of_zeros_has_the_colour_of_zero():
    ax = new_axes()
    draw_matrix(ax, np.zeros((2, 2)))
    assert {cell.get_facecolor() for cell in cells(ax)} == {colours.weight_colour(0)}
    assert said(ax) == ["0"] * 4


def test_matrices_stand_side_by_side_in_reading_order():
    fig, alt = CALLS["matrices_figure"]()
    (ax,) = fig.axes
    assert len(cells(ax)) == WIH.size + WHO.size + LARGE.size
    at = places(ax)
    assert at["wih"][0] < at["who"][0] and min(at["wih"][1], at["who"][1]) > at["large"][1]
    assert alt.index("wih: ") < alt.index("who: ") < alt.index("large: ")
    assert "hatched: row 1 and column 2" in alt and "hatched: columns 2 and 4" in alt
    fig, _ = figures.matrices_figure({"matrix": WIH, "title": "a"}, {"matrix": WHO, "title": "b"})
    (left, top), (right, height) = (places(fig.axes[0])[title] for title in "ab")
    assert left < right and top == height


def test_a_sliced_network_stands_beside_its_matrices():
    fig, alt = CALLS["sliced_figure"]()
    network, wih, who = fig.axes[:3]
    assert len(fig.axes) == 6
    assert len(crossed(network)) == 3
    assert "wih" in said(wih) and "who" in said(who)
    # input 2 is a column of wih; hidden 1 and 3 are rows of wih and columns of who
    assert sum(bool(cell.get_hatch()) for cell in cells(wih)) == 4 + 2 * 2
    assert sum(bool(cell.get_hatch()) for cell in cells(who)) == 2 * 2
    assert not any(cell.get_hatch() for ax in fig.axes[4:] for cell in cells(ax))
    assert alt.count("Network of 3-4-2 nodes") == 2
    assert "hatched: rows 1 and 3 and column 2. who" in alt and "hatched: columns 1 and 3." in alt


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: figures.network_figure([[1.0, 2.0]], dropped={(0, 3)}),
            r"^dropped must .*\(0, 3\)$",
        ),
        (lambda: figures.network_figure([[1.0, 2.0]], dropped={(1, 0)}), r"of a 2 network"),
        (lambda: figures.network_figure([[1.0, 2.0]], dropped=[(0, 1), (0, 1)]), r"each node once"),
        (lambda: figures.network_figure([[1.0, np.nan]]), r"^layers must be finite"),
        (
            lambda: figures.networks_figure([2, 2, 2, 1], np.ones((0, 2)), np.ones((1, 2))),
            "^states_1 must not be empty",
        ),
        (
            lambda: figures.matrices_figure(
                {"matrix": np.eye(2), "title": "", "dropped_rows": [7]}
            ),
            r"^dropped_rows must be a list of numbers from 0 to 1, got 7$",
        ),
        (
            lambda: figures.matrices_figure({"matrix": np.array([[1.0, np.inf]]), "title": ""}),
            r"^matrices: 'matrix' must be finite$",
        ),
        (
            lambda: figures.matrices_figure({"matrix": np.eye(2), "row_names": ["a"]}),
            "^row_names must be 2 or none, got 1$",
        ),
        (
            lambda: figures.networks_figure([2, 2, 2], np.eye(2), np.eye(2)),
            "^sizes must be four, with two hidden layers, got 3$",
        ),
        (
            lambda: figures.networks_figure([-2, 2, 2, 2], np.eye(2), np.eye(2)),
            "^sizes, of a layer, must be at least 1, got -2$",
        ),
        (
            lambda: figures.networks_figure([2, 2, 2, 2], np.eye(2) / 2, np.eye(2)),
            "^states_1 must hold zeros and ones",
        ),
        (
            lambda: figures.product_figure([("a", np.ones(3))] * 2, np.array([0, 0.5, 1])),
            "^mask must hold zeros and one scale, got 0.5 and 1.0 besides 0$",
        ),
        (
            lambda: figures.way_back_figure(
                [np.ones(2)] * 4, [np.eye(2)] * 3, list("abcd"), (0, 0), {(1, 0)}, [""] * 4
            ),
            r"^path must not lead over a dropped node, got \(0, 0\)$",
        ),
    ],
)
def test_what_is_not_there_is_not_drawn(call, message):
    with pytest.raises(ValueError, match=message):
        call()
