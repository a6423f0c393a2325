"""One call of every figure function, what the notebooks draw in small; and how to read a figure."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from helpers import figures

RNG = np.random.default_rng(0)
WIH, WHO = RNG.integers(-9, 10, (4, 3)), RNG.integers(-9, 10, (2, 4))
NODE_NAMES = [figures.names("x", 3), figures.names("h", 2), figures.names("g", 3)]
# h1 and g3 are dropped; the weight from x2 to h2 has a gradient of 0 without that
GRADIENTS = (
    [np.array([[0, 0, 0], [2.0, 0, -1]]), np.array([[0, -4.0], [0, 3.0], [0, 0]])],
    [np.array([[0], [5.0]]), np.array([[-4.0], [3.0], [0]])],
)
WEIGHTS = [RNG.normal(size=shape) for shape in ((3, 5), (5, 3), (4, 5))]
LARGE = RNG.normal(size=(6, 7))
IMAGES, CAPTIONS = RNG.integers(20, 200, (12, 28, 28)), [*"0123456789", "true 1\nsaid 7", "2"]
COUNTS = {(0, 0): 30, (0, 1): 2, (1, 1): 25, (2, 2): 41, (2, 0): 7}


def way_back(state):
    """The article's network, with node 1 of layer 1 and the zeros of ``state`` dropped."""
    return figures.way_back_figure(
        [np.arange(1, 6) / 10, np.array([0, -0.25, 0.75]), np.array(state) / 3, np.ones(4) / 8],
        WEIGHTS,
        ["x", "h", "g", "errors"],
        path=(3, 2),
        dropped={(1, 0)} | {(2, j) for j in range(5) if not state[j]},
        notes=["", "mask 1.5 included", "mask 1.667 included", ""],
    )


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
        ("article", 0.93),
    ),
    "pairs_figure": lambda: figures.pairs_figure(
        {
            "mean 2": (np.array([0.92, 0.91, 0.93]), np.array([0.915, 0.925, 0.93])),
            "mean 0": (np.array([0.96, 0.961, 0.962]), np.array([0.96, 0.961, 0.962])),
        },
        ("x / 255", "x * (1 / 255)"),
        "accuracy on the test set",
        "Three seeds",
        ("the article", 0.9296),
    ),
    "curves_figure": lambda: figures.curves_figure(
        {
            name: {
                "loss": {"training": 2.0 * y, "validation": 3.0 * y[::-1]},
                "error": {"training": 9 * y, "validation": 8 * y},
            }
            for name, y in (
                ("plain", np.array([1, 0.5, 0.25])),
                ("dropped", np.array([0.9, 0.6, 0.7])),
            )
        },
        "Two trainings",
        log=["loss"],
    ),
    "means_figure": lambda: figures.means_figure(
        (100, 300, 1000),
        {"without": ([28.5, 15.4, 10.6], [0.3, 0.1, 0.1]), "with": ([25, 13, -7.1], [0.2, 0.2, 1])},
        "digits",
        "error in %",
        "How many examples",
        log="x",
    ),
    "features_figure": lambda: figures.features_figure(
        {"plain": IMAGES[:4] / 100 - 1, "dropped": IMAGES[4:8] / -100}, "Eight images."
    ),
    "reliability_figure": lambda: figures.reliability_figure(
        {
            "plain": (np.array([0.3, 0.75]), np.array([0.25, 0.5]), np.array([0.125, 0.0625])),
            "other": ([0.9], [0.95], [0.02]),
        },
        "Reliability",
    ),
    "bands_figure": lambda: figures.bands_figure(
        np.linspace(-2, 2, 9),
        {
            "ReLU": (np.linspace(-1, 1, 9), np.full(9, 0.25)),
            "tanh": (np.zeros(9), np.arange(9) / 8),
        },
        (np.array([-0.5, 0.5]), np.array([0.1, -0.1])),
        "input",
        "output",
        "Two bands",
    ),
    "digits_figure": lambda: figures.digits_figure(IMAGES, CAPTIONS, "Twelve digits of noise:"),
    "confusion_figure": lambda: figures.confusion_figure(COUNTS, 3, "Test set"),
}


def new_axes():
    return Figure().subplots()


def drawn(fig):
    """The figure after the layout has found its place."""
    FigureCanvasAgg(fig).draw()
    return fig


def texts(fig):
    """Every text that a reader of the figure sees."""
    legends = [*fig.legends, *(ax.get_legend() for ax in fig.axes if ax.get_legend())]
    found = [*fig.texts, *(text for legend in legends for text in legend.get_texts())]
    for ax in fig.axes:
        found += [*ax.texts, ax.title]
        for axis in (ax.xaxis, ax.yaxis) if ax.axison else ():
            low, high = sorted(axis.get_view_interval())
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            found += [axis.label, *(t.label1 for t in ticks if low <= t.get_loc() <= high)]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def said(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def places(ax):
    """Where each text of the axes stands."""
    return {text.get_text(): text.get_position() for text in ax.texts}


def circles(ax):
    return [patch for patch in ax.patches if isinstance(patch, Circle)]


def crossed(ax):
    """The dropped nodes, in the order in which they were drawn."""
    return [circle for circle in circles(ax) if circle.get_facecolor() == to_rgba("white")]


def cells(ax):
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def is_solid(artist):
    return artist.get_linestyle() in ("-", "solid")


def edges(ax):
    """The solid and the dashed edges of a drawing, told from the crosses by their length."""
    lines = [line for line in ax.lines if np.ptp(line.get_xdata()) > 0.7]
    return [line for line in lines if is_solid(line)], [x for x in lines if not is_solid(x)]


def sign(colour):
    """1 for the orange of a positive weight, -1 for the violet of a negative one."""
    red, _, blue, _ = to_rgba(colour)
    return np.sign(red - blue)


def nothing_is_cut_or_covered(fig):
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts(drawn(fig))]
    inside = fig.bbox.padded(1)
    for k, (text, box) in enumerate(boxes):
        assert inside.contains(*box.min) and inside.contains(*box.max), f"{text} is cut"
        for other, other_box in boxes[:k]:
            covered = box.padded(-1).overlaps(other_box.padded(-1))
            assert not covered, f"{text} and {other} overlap"
