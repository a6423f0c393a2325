"""What the figures hold: artists, positions, labels and alternative texts. Not pixels."""

import inspect
import re
from itertools import combinations, pairwise, product

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle, StepPatch

from helpers import figures

RNG = np.random.default_rng(0)
WIH, WHO = RNG.integers(-9, 10, (4, 3)), RNG.integers(-9, 10, (2, 4))
COUNTS = {(0, 0): 30, (0, 1): 2, (1, 1): 25, (2, 2): 41, (2, 0): 7}
SOLID = ("-", "solid")
MINUS = "\N{MINUS SIGN}"

NODE_NAMES = [figures.names("x", 3), figures.names("h", 2), figures.names("g", 3)]
# h1 and g3 are dropped; the weight from x2 to h2 has a gradient of 0 without that
GRADIENTS = (
    [np.array([[0, 0, 0], [2.0, 0, -1]]), np.array([[0, -4.0], [0, 3.0], [0, 0]])],
    [np.array([[0], [5.0]]), np.array([[-4.0], [3.0], [0]])],
)
WEIGHTS = [RNG.normal(size=shape) for shape in ((3, 5), (5, 3), (4, 5))]
LARGE, IMAGES = RNG.normal(size=(6, 7)), RNG.integers(0, 256, (5, 28, 28))


def way_back(state, path=(3, 2)):
    """The article's network, with node 1 of layer 1 and the zeros of ``state`` dropped."""
    return figures.way_back_figure(
        [np.arange(1, 6) / 10, np.array([0, -0.25, 0.75]), np.array(state) / 3, np.ones(4) / 8],
        WEIGHTS,
        ["x", "h", "g", "errors"],
        path,
        {(1, 0)} | {(2, j) for j in range(5) if not state[j]},
        ["", "mask 1.5 included", "mask 1.667 included", ""],
    )


# One call of every figure function: what the notebooks draw, in small.
CALLS = {
    "network_figure": lambda: figures.network_figure(
        [[0.52, 0.93, 0.15], [1.25, 0, 2.5, 0.1], [0.25, 0.75]],
        [WIH, WHO],
        {(0, 1), (1, 0), (1, 3)},
        ["x", "hidden", "y_hat"],
    ),
    "gradients_figure": lambda: figures.gradients_figure(*GRADIENTS, NODE_NAMES, {(1, 0), (2, 2)}),
    "way_back_figure": lambda: way_back((1, 1, 0, 0, 1)),
    "networks_figure": lambda: figures.networks_figure(
        [3, 3, 4, 2], np.array([[0, 1, 1], [1, 0, 1]]), np.array([[0, 1, 1, 1], [1, 1, 0, 0]])
    ),
    "matrices_figure": lambda: figures.matrices_figure(
        {
            "matrix": WIH,
            "dropped_rows": [0],
            "dropped_columns": [1],
            "title": "wih",
            "row_names": figures.names("h", 4),
            "column_names": figures.names("i", 3),
        },
        {"matrix": WHO / 10, "dropped_columns": [3, 1], "title": "who"},
        {"matrix": LARGE, "title": "large"},
        columns=2,
    ),
    "sliced_figure": lambda: figures.sliced_figure([(WIH, WHO, [1], [0, 2]), (WIH, WHO, [], [])]),
    "states_figure": lambda: figures.states_figure(
        np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0.0]]), "States of layer 1"
    ),
    "product_figure": lambda: figures.product_figure(
        [("values", np.array([1.5, 2, 3])), ("mask", np.array([1, 0, 1])), ("out", [1.5, 0, 3])],
        np.array([1, 0, 1]),
    ),
    "lines_figure": lambda: figures.lines_figure(
        np.array([32, 64, 128, 1024]),
        {"masked": np.array([0.001, 0.02, 0.3, 4]), "sliced": np.array([1e-5, 0.01, 0.1, 2])},
        "nodes",
        "milliseconds",
        "Masked and sliced",
        log="xy",
        at=(0, -1),
    ),
    "bars_figure": lambda: figures.bars_figure(
        {"before": [0.1, 0.65, 0.25], "after": [0, 0.995, 0.005]},
        ["1", "2", "3"],
        "class",
        "probability",
        "Before and after",
    ),
    "histograms_figure": lambda: figures.histograms_figure(
        {"one": np.array([0.04, 0.15, 0.15, 0.94]), "two": np.array([0.5, 0.95])},
        np.linspace(0, 1, 11),
        "activation",
    ),
    "dots_figure": lambda: figures.dots_figure(
        {"plain": np.array([0.9, 0.92, 0.94]), "dropout": np.array([0.88, 0.88, 0.9])},
        "accuracy on the test set",
        "Five runs",
        reference=("article", 0.93),
    ),
    "pairs_figure": lambda: figures.pairs_figure(
        {
            "mean 2": (np.array([0.92, 0.91, 0.93]), np.array([0.915, 0.925, 0.93])),
            "mean 0": (np.array([0.96, 0.961, 0.962]), np.array([0.96, 0.961, 0.962])),
        },
        ("x / 255", "x * (1 / 255)"),
        "accuracy on the test set",
        "Three seeds",
        reference=("the article", 0.9296),
    ),
    "digits_figure": lambda: figures.digits_figure(
        IMAGES,
        ["0", "1\n99 %", "2", "3", "4"],
        3,
        "Five digits of random pixels:",
    ),
    "confusion_figure": lambda: figures.confusion_figure(COUNTS, 3, "Test set"),
}


def drawn(fig):
    """The figure after the layout has found its place."""
    FigureCanvasAgg(fig).draw()
    return fig


def tick_labels(axis):
    low, high = sorted(axis.get_view_interval())
    ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    return [tick.label1 for tick in ticks if low <= tick.get_loc() <= high]


def texts(fig):
    """Every text that a reader of the figure sees."""
    legends = [*fig.legends, *(ax.get_legend() for ax in fig.axes if ax.get_legend())]
    found = [*fig.texts, *(text for legend in legends for text in legend.get_texts())]
    for ax in fig.axes:
        found += [*ax.texts, ax.title]
        if ax.axison:
            for axis in (ax.xaxis, ax.yaxis):
                found += [axis.label, *tick_labels(axis)]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def said(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def places(ax):
    """Where each text of the axes stands."""
    return {text.get_text(): text.get_position() for text in ax.texts}


def circles(ax):
    return [patch for patch in ax.patches if isinstance(patch, Circle)]


def is_crossed(circle):
    return circle.get_facecolor() == to_rgba("white")


def crossed(ax):
    """The dropped nodes, in the order in which they were drawn."""
    return [circle for circle in circles(ax) if is_crossed(circle)]


def cells(ax):
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def new_axes():
    return Figure().subplots()


# ---- every figure -------------------------------------------------------------------------


def test_pairs_are_joined_sorted_by_the_first_and_told():
    fig, alt = CALLS["pairs_figure"]()
    first, second, dashed = fig.axes[0].get_lines()
    np.testing.assert_array_equal(first.get_xdata(), [0.91, 0.92, 0.93])
    np.testing.assert_array_equal(second.get_xdata(), [0.925, 0.915, 0.93])
    joins = [sorted(path.vertices[:, 0]) for path in fig.axes[0].collections[0].get_paths()]
    np.testing.assert_allclose(joins, [[0.91, 0.925], [0.915, 0.92], [0.93, 0.93]])
    assert set(dashed.get_xdata()) == {0.9296}
    assert first.get_marker() != second.get_marker()
    assert "mean 2: x / 255 from 0.910 to 0.930, the two 0.007 apart on average" in alt
    assert "0.015 at most. mean 0:" in alt and "Dashed line: the article, 0.9296." in alt


def test_every_figure_function_is_called_here():
    functions = inspect.getmembers(figures, inspect.isfunction)
    assert set(CALLS) == {name for name, _ in functions if name.endswith("_figure")} - {
        "new_figure"
    }


@pytest.mark.parametrize("name", CALLS)
def test_a_figure_fits_the_page_and_its_text_is_large_enough(name):
    fig, _ = CALLS[name]()
    assert fig.get_size_inches()[0] <= figures.MAX_WIDTH
    assert min(text.get_fontsize() for text in texts(drawn(fig))) >= 9


READERS_STYLE = {
    "axes.facecolor": "black",
    "axes.labelcolor": "white",
    "font.size": 20,
    "lines.linewidth": 9,
    "mathtext.fontset": "cm",
    "savefig.bbox": "tight",
    "text.color": "white",
    "xtick.color": "white",
}


@pytest.mark.parametrize("name", CALLS)
def test_a_figure_is_the_same_whatever_the_readers_settings_are(name, monkeypatch):
    pictures = []
    monkeypatch.setattr(figures, "display", lambda data, **_: pictures.append(data["image/png"]))
    figures.show(*CALLS[name]())
    with matplotlib.rc_context(READERS_STYLE):
        figures.show(*CALLS[name]())
        assert matplotlib.rcParams["text.color"] == "white"  # the reader's own are left alone
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("name", CALLS)
def test_no_text_of_a_figure_is_cut_off_or_covers_another(name):
    nothing_is_cut_or_covered(CALLS[name]()[0])


def nothing_is_cut_or_covered(fig):
    boxes = {text: text.get_window_extent() for text in texts(drawn(fig))}
    for text, box in boxes.items():
        inside = fig.bbox.padded(1)
        assert inside.contains(*box.min) and inside.contains(*box.max), f"{text.get_text()} is cut"
    for (one, box), (other, other_box) in combinations(boxes.items(), 2):
        overlap = box.padded(-1).overlaps(other_box.padded(-1))
        assert not overlap, f"{one.get_text()} and {other.get_text()} overlap"


@pytest.mark.parametrize("name", CALLS)
def test_an_alternative_text_is_sentences_without_empty_ones(name):
    _, alt = CALLS[name]()
    assert len(alt) >= 40 and alt.endswith(".") and alt == alt.strip()
    assert not any(sign in alt for sign in ("..", "  ", " .", "nan", "-0", "\n", "$"))


def test_show_displays_a_picture_with_its_alternative_text(monkeypatch):
    displayed = []
    monkeypatch.setattr(figures, "display", lambda *a, **k: displayed.append((a, k)))
    assert figures.show(*figures.states_figure(np.eye(2), "Two states")) is None
    (((data,), options),) = displayed
    _, alt = figures.states_figure(np.eye(2), "Two states")
    assert data["image/png"].startswith(b"\x89PNG") and data["text/plain"] == alt
    assert options == {"raw": True, "metadata": {"image/png": {"alt": alt}}}


# ---- words and numbers --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (3, 2, "3"),
        (-7.0, 2, f"{MINUS}7"),
        (0.666, 2, "0.67"),
        (-1.25, 1, f"{MINUS}1.2"),
        (-0.0, 2, "0"),
        (-1e-12, 2, "0"),
        (-0.001, 2, "0.00"),
        (0.00023, 4, "0.0002"),
        (1234.5, 0, "1234"),
    ],
)
def test_a_number_in_a_figure(value, digits, text):
    assert figures.number(value, digits) == text


@given(st.floats(-1e6, 1e6), st.integers(0, 6))
def test_a_number_is_right_to_its_last_digit(value, digits):
    text = figures.number(value, digits)
    assert float(text.replace(MINUS, "-")) == pytest.approx(value, abs=0.5000001 * 10**-digits)
    assert "-" not in text and text.strip("0.") != MINUS


@pytest.mark.parametrize(
    ("items", "text"),
    [([], "none"), ([1], "1"), ([1, 3], "1 and 3"), (np.array([1, 3, 4]), "1, 3 and 4")],
)
def test_items_in_words(items, text):
    assert figures.listed(items) == text


@pytest.mark.parametrize(
    ("dropped", "text"),
    [
        ([], "no node is dropped"),
        ([(1, 0)], "dropped: h node 1; 40 of 50 edges are left"),
        ([(2, 3), (1, 0), (2, 2)], "dropped: h node 1, g nodes 3 and 4; 28 of 50 edges are left"),
    ],
)
def test_dropped_nodes_in_words(dropped, text):
    assert figures.dropped_text([5, 3, 5, 4], dropped, ["x", "h", "g", "o"]) == text


def test_a_small_matrix_is_read_out_and_a_large_one_summed_up():
    matrix = np.array([[1, -2.5], [0, 4]])
    assert figures.matrix_alt(matrix, [1], [1, 0], "w", 1) == (
        f"w: 2 × 2 matrix with rows 1, {MINUS}2.5; 0, 4; hatched: row 2 and columns 1 and 2"
    )
    assert figures.matrix_alt(np.arange(56).reshape(7, 8), [], [], "w", 1) == (
        "w: 7 × 8 matrix with entries from 0 to 55"
    )


# ---- nodes, networks and matrices ---------------------------------------------------------


def test_weights_are_orange_when_positive_and_violet_when_negative():
    for value in (0.3, 1.0):
        red, _, blue, _ = figures.weight_colour(value)
        assert red > blue
        red, _, blue, _ = figures.weight_colour(-value)
        assert red < blue


@given(st.floats(-1, 1))
def test_black_text_stays_readable_on_every_weight(value):
    channels = np.array(figures.weight_colour(value)[:3])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    assert (luminance + 0.05) / 0.05 >= 4.5  # the contrast that WCAG asks for


def test_an_active_node_is_filled_and_holds_its_value():
    ax = new_axes()
    figures.draw_node(ax, 1, 2, "0.52")
    (circle,), (text,) = circles(ax), ax.texts
    assert circle.center == text.get_position() == (1, 2)
    assert text.get_text() == "0.52"
    assert circle.get_facecolor() == to_rgba(figures.PAPER) and circle.get_linestyle() in SOLID
    assert not ax.lines


@pytest.mark.parametrize("small", [False, True])
def test_a_dropped_node_is_hollow_dashed_and_crossed(small):
    ax = new_axes()
    figures.draw_node(ax, 1, 2, "0.52", dropped=True, small=small)
    (circle,) = circles(ax)
    assert circle.get_facecolor() == to_rgba("white")
    assert circle.get_edgecolor() == to_rgba(figures.FADED) and circle.get_linestyle() not in SOLID
    assert len(ax.lines) == 2 and not ax.texts
    assert sorted(np.sign(np.prod(np.diff(line.get_xydata(), axis=0))) for line in ax.lines) == [
        -1,
        1,
    ]
    for line in ax.lines:
        np.testing.assert_allclose(line.get_xydata().mean(axis=0), (1, 2))
        assert np.linalg.norm(line.get_xydata() - (1, 2), axis=1).max() < circle.radius


def test_a_network_stands_from_left_to_right_with_its_first_nodes_on_top():
    ax = new_axes()
    labels = [["a", "b", "c"], ["d", "e"]]
    figures.draw_network(ax, [3, 2], labels, titles=["in", "out"])
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
    figures.draw_network(ax, sizes, dropped=dropped)
    left = [sum((layer, j) not in dropped for j in range(n)) for layer, n in enumerate(sizes)]
    edges = sum(a * b for a, b in pairwise(left))
    assert len(ax.lines) == edges + 2 * len(dropped)  # two lines are a cross
    assert len(circles(ax)) == sum(sizes)
    assert len(crossed(ax)) == len(dropped)


def test_an_edge_shows_the_sign_and_the_size_of_its_weight():
    ax = new_axes()
    figures.draw_network(ax, [4, 1], weights=[np.array([[1.0, 0.5, 0.01, -1.0]])])
    by_height = sorted(ax.lines, key=lambda line: -line.get_ydata()[0])
    widths = [line.get_linewidth() for line in by_height]
    assert widths[0] > widths[1] > widths[2] and widths[0] == widths[3]
    red_minus_blue = [line.get_color()[0] - line.get_color()[2] for line in by_height]
    assert np.sign(red_minus_blue).tolist() == [1, 1, 1, -1]


def test_a_matrix_shows_each_number_in_its_cell_and_hatches_what_is_dropped():
    ax = new_axes()
    matrix = np.array([[1, -2.5, 3], [4, 5, 6]])
    rows, columns = ["r1", "r2"], ["c1", "c2", "c3"]
    figures.draw_matrix(ax, matrix, [1], [0], "w", rows, columns, 2, 1.5, left=2, top=-3)
    at = places(ax)
    for cell in cells(ax):
        column, row = round((cell.get_x() - 2) / 1.5), -3 - round(cell.get_y()) - 1
        shown = figures.number(matrix[row, column])
        assert at[shown] == pytest.approx((cell.get_x() + 0.75, cell.get_y() + 0.5))
        assert bool(cell.get_hatch()) == (row == 1 or column == 0)
        if not cell.get_hatch():
            assert cell.get_facecolor() == figures.weight_colour(matrix[row, column] / 6)
    assert len(cells(ax)) == 6
    assert at["r2"][1] == at["6"][1] and at["r2"][0] < 2
    assert at["c3"][0] == at["6"][0] and -3 < at["c3"][1] < at["w"][1]


def test_a_framed_row_of_a_matrix_keeps_its_colours():
    ax = new_axes()
    matrix = np.array([[1, -2.5, 3], [4, 5, 6]])
    figures.draw_matrix(ax, matrix, title="w", cell_width=1.5, left=2, top=-3, framed_rows=[1])
    *squares, frame = cells(ax)
    assert len(squares) == 6 and not any(cell.get_hatch() for cell in cells(ax))
    colours = [figures.weight_colour(value / 6) for value in matrix.flat]
    assert [cell.get_facecolor() for cell in squares] == colours
    assert frame.get_bbox().bounds == (2, -5, 4.5, 1) and not frame.get_fill()
    _, alt = figures.matrices_figure({"matrix": matrix, "title": "w", "framed_rows": [1]})
    assert alt.endswith("4, 5, 6; framed: row 2.")


def test_a_matrix_of_zeros_has_the_colour_of_zero():
    ax = new_axes()
    figures.draw_matrix(ax, np.zeros((2, 2)))
    assert {cell.get_facecolor() for cell in cells(ax)} == {figures.weight_colour(0)}
    assert said(ax) == ["0"] * 4


def test_a_network_figure_writes_values_or_names():
    fig, alt = CALLS["network_figure"]()
    assert "Network of 3-4-2 nodes: dropped: x node 2, hidden nodes 1 and 4; 8 of 20 edges" in alt
    assert "x: 0.52, 0.93, 0.15. hidden: 1.25, 0, 2.50, 0.10. y_hat: 0.25, 0.75." in alt
    low, high = min(WIH.min(), WHO.min()), max(WIH.max(), WHO.max())
    assert f"from {figures.number(low)} to {figures.number(high)}." in alt
    (ax,) = fig.axes
    values = ["0.52", "0.15", "0", "2.50", "0.25", "0.75"]
    assert sorted(said(ax)) == sorted([*values[:2], *values[3:], "x", "hidden", "y_hat", "0"])
    fig, alt = figures.network_figure(node_names=[["a", "b"], ["c"]])
    assert sorted(said(fig.axes[0])) == ["a", "b", "c"]
    assert alt == "Network of 2-1 nodes: no node is dropped."


def strokes(ax):
    """The solid and the dashed edges of a drawing, told from the crosses by their length."""
    lines = [line for line in ax.lines if np.ptp(line.get_xdata()) > 0.7]
    return [line for line in lines if line.get_linestyle() in SOLID], [
        line for line in lines if line.get_linestyle() not in SOLID
    ]


def test_an_edge_is_solid_where_its_weight_gets_a_gradient_and_dashed_elsewhere():
    fig, alt = CALLS["gradients_figure"]()
    for k, (ax, w, b) in enumerate(zip(fig.axes, *GRADIENTS, strict=True)):
        solid, dashed = strokes(ax)
        assert len(solid) == np.count_nonzero(w) + np.count_nonzero(b)
        assert len(dashed) == w.size + b.size - len(solid)
        red, violet = (sum(np.sign(to_rgba(line.get_color())[0] - to_rgba(line.get_color())[2]) == s
                           for line in solid) for s in (1, -1))  # fmt: skip
        assert (red, violet) == ((w > 0).sum() + (b > 0).sum(), (w < 0).sum() + (b < 0).sum())
        # an edge leads from its column to its row
        at = places(ax)
        rows, columns = NODE_NAMES[k + 1], NODE_NAMES[k]
        drawn = {tuple(map(tuple, line.get_xydata())) for line in solid}
        for row, column in zip(*np.nonzero(w), strict=True):
            assert (at[columns[column]], at[rows[row]]) in drawn
        boxes = [box.get_linestyle() in SOLID for box in cells(ax)]
        assert boxes == [bool(value) for value in np.ravel(b)]
    assert [len(crossed(ax)) for ax in fig.axes] == [1, 2]
    widest = max(strokes(fig.axes[1])[0], key=lambda line: line.get_linewidth())
    assert widest.get_xydata()[1].tolist() == list(places(fig.axes[1])["$g_{1}$"])
    assert (
        "grad_w1 and grad_b1: 2 of 6 weights, 1 of 2 biases; untouched: row 1 and column 2" in alt
    )
    assert (
        "grad_w2 and grad_b2: 2 of 6 weights, 2 of 3 biases; untouched: row 3 and column 1." in alt
    )
    _, alt = figures.gradients_figure([np.ones((1, 2))], [np.ones(1)], [NODE_NAMES[1], ["o"]])
    assert alt.endswith("2 of 2 weights, 1 of 1 biases; no row or column is untouched.")


def test_every_way_back_to_one_weight_is_drawn_with_its_numbers():
    fig, alt = CALLS["way_back_figure"]()
    (ax,) = fig.axes
    solid, dashed = strokes(ax)
    ways = [line for line in solid if line.get_linewidth() > 1]
    assert len(ways) == 1 + 3 + 3 * 4 and not dashed
    assert len(solid) == 5 * 2 + 2 * 3 + 3 * 4  # the others are there, and faint
    assert len(crossed(ax)) == 3
    at = places(ax)
    (start, end) = min(ways, key=lambda line: line.get_xdata()[0]).get_xydata()
    assert tuple(start) == at["0.400"] and tuple(end) == at["0.750"]
    on_way = {tuple(map(tuple, line.get_xydata())): line for line in ways}
    columns = sorted({x for line in ways for x in line.get_xdata()})
    ends_at = {tuple(end) for line in ways for end in line.get_xydata()}
    height = [sorted((y for x, y in ends_at if x == column), reverse=True) for column in columns]
    for layer, numbers in enumerate(pairwise([(4,), (3,), (1, 2, 5), (1, 2, 3, 4)])):
        ends = [list(enumerate(n)) for n in numbers]
        for (i, start), (j, end) in product(*ends):
            weight = WEIGHTS[layer][end - 1, start - 1]
            (x1, y1), (x2, y2) = (
                (columns[layer + k], height[layer + k][n]) for k, n in ((0, i), (1, j))
            )
            red, _, blue, _ = to_rgba(on_way[(x1, y1), (x2, y2)].get_color())
            assert np.sign(red - blue) == np.sign(weight)
            if layer:  # the label stands on its edge, between the ends
                x, y = at[figures.number(weight, 3)]
                share = (x - x1) / (x2 - x1)
                assert 0 < share < 1 and y == pytest.approx(y1 + share * (y2 - y1))
    # from top to bottom the weights of each output together: no edges cross between them and it
    heights = [at[figures.number(w, 3)][1] for w in WEIGHTS[2][:, [0, 1, 4]].ravel()]
    assert heights == sorted(heights, reverse=True)
    assert "x node 4 and node 3 of the next layer, 12 from 4 errors; dropped: h node 1," in alt
    back = figures.values_text(WEIGHTS[2][:, 4], 3)
    assert f"through g node 5: {back}, then {figures.number(WEIGHTS[1][4, 2], 3)}." in alt
    assert (
        "h (mask 1.5 included): 0, −0.250, 0.750. g (mask 1.667 included): 0.333, 0.333, 0," in alt
    )


@pytest.mark.parametrize("off", list(combinations(range(5), 2)))
def test_the_numbers_of_the_ways_back_never_cover_each_other(off):
    fig, _ = way_back([int(j not in off) for j in range(5)])
    nothing_is_cut_or_covered(fig)


def test_a_table_of_networks_has_one_for_each_pair_of_states():
    fig, alt = CALLS["networks_figure"]()
    networks = [ax for ax in fig.axes if circles(ax)]
    assert [len(crossed(ax)) for ax in networks] == [2, 3, 2, 3]
    edges = [len(ax.lines) - 2 * len(crossed(ax)) for ax in networks]
    assert edges == [3 * 2 + 2 * 3 + 3 * 2, 3 * 2 + 2 * 2 + 2 * 2] * 2
    numbers = [re.findall(r"\d+", ax.get_title()) for ax in networks]
    assert numbers == [["1", "1"], ["1", "3", "4"], ["2", "1"], ["2", "3", "4"]]
    assert "2 × 2 = 4 small networks of 3-3-4-2 nodes" in alt
    assert "layer 1 drops 1 or 2;" in alt and "layer 2 drops 1 or 3 and 4." in alt
    assert alt.endswith("14 and 18 of 29 edges.")


def test_matrices_stand_side_by_side_in_reading_order():
    fig, alt = CALLS["matrices_figure"]()
    (ax,) = fig.axes
    assert len(cells(ax)) == WIH.size + WHO.size + 6 * 7
    at = places(ax)
    assert at["wih"][0] < at["who"][0] and at["wih"][1] > at["large"][1]
    assert alt.index("wih: ") < alt.index("who: ") < alt.index("large: ")
    assert "hatched: row 1 and column 2" in alt and "hatched: columns 2 and 4" in alt
    fig, _ = figures.matrices_figure({"matrix": WIH, "title": "a"}, {"matrix": WHO, "title": "b"})
    at = places(fig.axes[0])
    assert at["a"][0] < at["b"][0] and at["a"][1] == at["b"][1]


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


# ---- charts -------------------------------------------------------------------------------


def test_lines_are_told_apart_without_colour():
    fig, alt = CALLS["lines_figure"]()
    (ax,) = fig.axes
    first, second = ax.lines
    assert first.get_xdata().tolist() == [32, 64, 128, 1024]
    assert first.get_ydata().tolist() == [0.001, 0.02, 0.3, 4]
    assert first.get_linestyle() != second.get_linestyle()
    assert first.get_marker() != second.get_marker()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["masked", "sliced"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("nodes", "milliseconds")
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert "milliseconds over nodes (logarithmic scale: x and y)." in alt
    assert f"masked: 0.001 at 32, 4 at 1024. sliced: 1e{MINUS}05 at 32, 2 at 1024." in alt


def test_one_line_needs_no_legend_and_its_ends_are_told():
    fig, alt = figures.lines_figure(np.array([1, 2]), {"loss": np.array([3, 1])}, "step", "nats")
    (ax,) = fig.axes
    assert ax.get_legend() is None
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "linear")
    assert alt == "nats: nats over step. loss: 3 at 1, 1 at 2."


@pytest.mark.parametrize("at", [(0, 3, 9), (0, 3, -1), range(10)])
def test_a_curve_is_marked_where_its_values_are_told(at):
    x = np.arange(10)
    fig, _ = figures.lines_figure(x, {"loss": x**2.0}, "step", "nats", at=at)
    (line,) = fig.axes[0].lines
    assert line.get_markevery() == [x[k] for k in at]


def test_bars_stand_side_by_side_with_their_values():
    fig, alt = CALLS["bars_figure"]()
    (ax,) = fig.axes
    before, after = ax.containers
    assert [bar.get_height() for bar in before] == [0.1, 0.65, 0.25]
    for tick, (left, right) in enumerate(zip(before, after, strict=True)):
        assert left.get_x() + left.get_width() == pytest.approx(right.get_x()) == tick
        assert left.get_hatch() != right.get_hatch()
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "2", "3"]
    assert said(ax) == ["0.10", "0.65", "0.25", "0", "0.99", "0.01"]
    assert alt.startswith("Before and after") and "1, 2 and 3." in alt
    assert alt.endswith("before: 0.10, 0.65, 0.25. after: 0, 0.99, 0.01.")


def test_a_histogram_shows_shares():
    fig, alt = CALLS["histograms_figure"]()
    one, two = fig.axes
    for ax, shares in ((one, [0.25, 0.5, 0, 0, 0, 0, 0, 0, 0, 0.25]), (two, [0] * 5 + [0.5])):
        (stairs,) = [patch for patch in ax.patches if isinstance(patch, StepPatch)]
        values = stairs.get_data().values
        np.testing.assert_allclose(values[: len(shares)], shares)
        assert values.sum() == pytest.approx(1)
    assert (one.get_title(), two.get_title()) == ("one", "two")
    assert one.get_ylim() == two.get_ylim()
    assert (one.get_xlabel(), one.get_ylabel()) == ("activation", "share")
    assert "one: mean 0.32, 25% in the lowest and 25% in the highest of 10 bins" in alt


def test_dots_stand_in_a_line_for_each_group():
    fig, alt = CALLS["dots_figure"]()
    (ax,) = fig.axes
    plain, plain_mean, dropout, _, reference = ax.lines
    assert plain.get_xdata().tolist() == [0.9, 0.92, 0.94]
    assert set(plain.get_ydata()) == {0}
    np.testing.assert_allclose(plain_mean.get_xdata(), 0.92)
    assert set(reference.get_xdata()) == {0.93} and reference.get_linestyle() == "--"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["plain", "dropout"]
    # the second of two equal values stands above the first, and within its line
    first, second, other = dropout.get_ydata()
    assert first == other == -1 < second < -0.5
    assert "article, 0.9300" in ax.get_title() and "article, 0.9300" in alt
    assert "plain: mean 0.920, from 0.900 to 0.940." in alt
    assert "dropout: mean 0.887, from 0.880 to 0.900." in alt


def test_dots_of_training_or_test_data_have_their_colour_and_marker():
    for colour in (figures.TRAIN, figures.TEST):
        fig, _ = figures.dots_figure({"runs": np.array([1, 2])}, "accuracy", colour=colour)
        dots = fig.axes[0].lines[0]
        assert (dots.get_color(), dots.get_marker()) == (colour, figures.MARKERS[colour])


def test_training_and_test_data_differ_in_colour_and_marker():
    assert len({figures.TRAIN, figures.TEST}) == len(set(figures.MARKERS.values())) == 2


# ---- digits -------------------------------------------------------------------------------


def test_digits_stand_in_rows_with_their_captions():
    images = RNG.integers(20, 200, (5, 28, 28))
    fig, alt = figures.digits_figure(
        images, ["0", "1\n99 %", "2", "3", "4"], 3, "Five digits of random pixels:"
    )
    assert len(fig.axes) == 6
    for ax, image in zip(fig.axes, images, strict=False):
        np.testing.assert_array_equal(ax.images[0].get_array(), image)
        assert ax.images[0].get_clim() == (0, 255)
    assert not fig.axes[5].images
    assert [ax.get_title() for ax in fig.axes] == ["0", "1\n99 %", "2", "3", "4", ""]
    assert alt == "Five digits of random pixels: 0; 1, 99 %; 2; 3; 4."


def test_a_confusion_matrix_has_the_true_digits_as_rows():
    fig, alt = CALLS["confusion_figure"]()
    (ax,) = fig.axes
    shown = {text.get_position()[::-1]: text for text in ax.texts}
    for pair, count in COUNTS.items():
        assert shown[pair].get_text() == str(count)
        assert (shown[pair].get_weight() == "bold") == (pair[0] == pair[1])
    assert [t.get_text() for p, t in shown.items() if p not in COUNTS] == ["·"] * 4
    assert ax.yaxis_inverted() and not ax.xaxis_inverted()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted digit", "true digit")
    assert "96 of 105 right. Right for each true digit: 30, 25, 41." in alt
    assert "Answers of each digit: 37, 27, 41." in alt
    assert alt.endswith("7 times: 2 taken for 0.")
    _, alt = figures.confusion_figure({(0, 1): 4, (1, 0): 4, (1, 1): 9}, 2, "Tie")
    assert alt.endswith("4 times: 0 taken for 1 and 1 taken for 0.")
    _, alt = figures.confusion_figure({(0, 0): 4, (1, 1): 9}, 2, "All right")
    assert "taken for" not in alt
