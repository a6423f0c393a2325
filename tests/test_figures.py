"""What all figures have in common, their words, and the charts: artists, texts, no pixels."""

import base64
import io
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from guards import PROJECT
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread
from small_figures import (
    CALLS,
    IMAGES,
    drawn,
    nothing_is_cut_or_covered,
    sign,
    texts,
)

from helpers import figures
from helpers.figures import colours, style, words

MINUS = "\N{MINUS SIGN}"


# ---- every figure -------------------------------------------------------------------------


def test_every_figure_function_is_called_here():
    assert set(CALLS) == {name for name in figures.__all__ if name.endswith("_figure")}


@pytest.mark.parametrize("name", CALLS)
def test_a_figure_fits_the_page_and_its_texts_are_large_whole_and_apart(name):
    fig, _ = CALLS[name]()
    assert fig.get_size_inches()[0] <= style.MAX_WIDTH
    assert min(text.get_fontsize() for text in texts(drawn(fig))) >= 9
    nothing_is_cut_or_covered(fig)


@pytest.mark.parametrize("name", CALLS)
def test_an_alternative_text_is_sentences_without_empty_ones(name):
    _, alt = CALLS[name]()
    assert len(alt) >= 40 and alt.endswith(".") and alt == alt.strip()
    assert not any(sign in alt for sign in ("..", "  ", " .", "nan", "-0", "\n", "$"))


LINE = np.arange(3.0)
FIVE = {str(k): LINE for k in range(5)}
REFUSED = {  # what is drawn, and how the message begins
    "lines": (lambda: figures.lines_figure(LINE, {}, "x", "y"), "lines must be from 1 to 4, got 0"),
    "five lines": (lambda: figures.lines_figure(LINE, FIVE, "x", "y"), "lines must be from 1 to 4"),
    "bars": (lambda: figures.bars_figure(FIVE, "abc", "x", "y"), "groups must be from 1 to 4"),
    "histograms": (lambda: figures.histograms_figure({}, LINE, "x"), "samples must be at least"),
    "dots": (lambda: figures.dots_figure({}, "x", "t", ("mean", 1.0)), "groups must be at least"),
    "pairs": (lambda: figures.pairs_figure({}, ("a", "b"), "x", "t", ("mean", 1.0)),
              "groups must be at least one, got 0"),
    "means": (lambda: figures.means_figure(LINE, {}, "x", "y"), "groups must be from 1 to 4"),
    "no places": (lambda: figures.means_figure([], {"a": ([], [])}, "x", "y"), "x must be at"),
    "a place of 0": (lambda: figures.means_figure(LINE, {"a": (LINE, LINE)}, "x", "y", log="x"),
                     "x must be positive on a logarithmic scale, got 0"),
    "bands": (lambda: figures.bands_figure(LINE, {}, (LINE, LINE), "x", "y", "t"), "bands must be"),
    "reliability": (lambda: figures.reliability_figure({k: (v, v, v) for k, v in FIVE.items()}, ""),
                    "groups must be from 1 to 4, got 5"),
    "curves": (lambda: figures.curves_figure({}), "trainings must be from 1 to 2, got 0"),
    "no digits": (lambda: figures.digits_figure(IMAGES[:0], [], "t"), "images must be at least"),
    "captions": (lambda: figures.digits_figure(IMAGES[:2], ["a"], "t"), "captions must be 2"),
    "features": (lambda: figures.features_figure({}, "t"), "rows must be at least one, got 0"),
    "a longer line": (lambda: figures.lines_figure(LINE, {"a": np.arange(4)}, "x", "y"),
                      "lines: 'a' must hold 3 values, got 4"),
    "one bar": (lambda: figures.bars_figure({"a": [1.0]}, "abc", "x", "y"),
                "groups: 'a' must hold 3 values, got 1"),
    "means without errors": (lambda: figures.means_figure(LINE, {"a": (LINE, [])}, "x", "y"),
                             "groups: 'a' must hold 3 values, got 0"),
    "a pair of two lengths": (
        lambda: figures.pairs_figure({"a": (LINE, LINE[1:])}, ("a", "b"), "x", "t", ("m", 1.0)),
        "groups: 'a' must hold 3 values, got 2"),
    "an empty histogram": (lambda: figures.histograms_figure({"a": []}, LINE, "x"),
                           "samples: 'a' must hold some values, got 0"),
    "a value without a bin": (lambda: figures.histograms_figure({"a": [1.0, 3.0]}, LINE, "x"),
                              "samples: 'a' must be from 0 to 2, got 1 to 3"),
    "an unknown axis": (lambda: figures.lines_figure(LINE, {"a": LINE}, "x", "y", log="Y"),
                        "log must be '', 'x', 'y' or 'xy', got 'Y'"),
    "a logarithm of 0": (lambda: figures.lines_figure(LINE, {"a": LINE}, "x", "y", log="y"),
                         "y must be positive on a logarithmic scale, got 0"),
    "states with their scale": (lambda: figures.states_figure(np.array([[0, 2, 0.5]]), "t"),
                                "masks must hold zeros and ones"),
    "counts below 0": (lambda: figures.confusion_figure({(0, 1): -1}, 3, "t"),
                       r"counts\[\(0, 1\)\] must be at least 0, got -1"),
    "per cent": (lambda: figures.reliability_figure({"a": (100 * LINE, LINE, LINE)}, "t"),
                 "groups: 'a' must be from 0 to 1, got 0 to 200"),
    "scaled images": (lambda: figures.digits_figure(IMAGES[:1] / 255, ["a"], "t"),
                      "images must be pixels from 0 to 255, got 0"),
    "thresholded images": (lambda: figures.digits_figure((IMAGES[:1] > 99) * 1, ["a"], "t"),
                           "images must be pixels from 0 to 255, got 0 to 1"),
    "one class for a pair": (lambda: figures.confusion_figure({(0,): 5}, 3, "t"),
                             "counts must have pairs of classes as keys, got"),
    "bins of no width": (lambda: figures.histograms_figure({"a": LINE}, [1, 1], "x"),
                         "bins must be two edges or more that ascend, got"),
    "too bright": (lambda: figures.digits_figure(IMAGES[:1] + 255.0, ["a"], "t"),
                   "images must be pixels from 0 to 255, got 275 to 454"),
    "an SD below 0": (lambda: figures.bands_figure(LINE, {"a": (LINE, -LINE)}, (LINE, LINE), "x",
                                                   "y", "t"),
                      "bands: 'a, SD' must be from 0 to inf, got -2 to"),
    "points without a place": (
        lambda: figures.bands_figure(LINE, {"a": (LINE, LINE)}, (LINE, LINE[:2]), "x", "y", "t"),
        "points: 'x and y' must hold 3 values, got 2"),
    "an SE below 0": (lambda: figures.means_figure(LINE, {"a": (LINE, -LINE)}, "x", "y"),
                      "groups: 'a, SE' must be from 0 to inf, got -2 to"),
    "a span that ends first": (
        lambda: figures.lines_figure(LINE, {"a": LINE}, "x", "y", span=("s", 3, 2)),
        r"span must have a name, a start and a later end, got \('s', 3, 2\)"),
    "a reference of nan": (lambda: figures.dots_figure({"a": LINE}, "x", "t", ("r", np.nan)),
                           "reference must be finite"),
    "a curve below 0": (lambda: figures.curves_figure({"a": {"loss": {"t": -LINE}}}),
                        "a, loss: 't' must be from 0 to inf, got -2 to"),
    "a logarithm of a loss of 0": (
        lambda: figures.curves_figure({"a": {"loss": {"t": LINE}}}, log=["loss"]),
        "a, loss: 't' must be from"),
    "an unknown quantity": (
        lambda: figures.curves_figure({"a": {"loss": {"t": LINE}}}, log=["los"]),
        r"log must be a list of some of \['loss'\], got \['los'\]"),
    "sets in another order": (
        lambda: figures.curves_figure({"a": {"loss": {"t": LINE, "v": LINE}},
                                       "b": {"loss": {"v": LINE, "t": LINE}}}),
        r"b, loss must have the sets \['t', 'v'\] in this order"),
    "a place that is none": (lambda: figures.lines_figure(LINE * np.nan, {"a": LINE}, "x", "y"),
                             "x must be finite"),
    "a title too few": (lambda: figures.network_figure([LINE, LINE], titles=["x"]),
                        "titles must be 2, for 2 layers; got 1"),
    "weights too many": (lambda: figures.network_figure([LINE, LINE], [np.eye(3)] * 2),
                         "weights must be 1, for 2 layers; got 2"),
    "no columns": (lambda: figures.digits_figure(IMAGES[:1], ["a"], "t", columns=0),
                   "columns must be at least 1, got 0"),
    "features of two lengths": (
        lambda: figures.features_figure({"a": IMAGES[:2], "b": IMAGES[:3]}, "t"),
        r"rows: 'b' must have shape \(2, any, any\), got \(3, 28, 28\)"),
    "slices that do not fit": (
        lambda: figures.sliced_figure([(np.eye(2), np.eye(3), [], [])]),
        r"networks\[0\], who, must have shape \(any, 2\), got \(3, 3\)"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_to_draw_or_more_than_can_be_told_apart_is_refused(name):
    draw, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        draw()


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("lines_figure", lambda f: f(LINE, {"a": LINE}, "x", "y", at=(0, 9))),
        ("matrices_figure", lambda f: f({"matrix": [[1, 2], [3, 4]]})),
        ("matrices_figure", lambda f: f({"title": "a"})),
        ("histograms_figure", lambda f: f({"a": LINE}, 10, "x")),
        ("pairs_figure", lambda f: f({"a": LINE}, ("a", "b"), "x", "t", ("r", 1.0))),
        ("confusion_figure", lambda f: f(np.eye(2, dtype=int), 2, "t")),
        ("reliability_figure", lambda f: f({"a": (LINE / 5, LINE / 5)}, "t")),
        ("network_figure", lambda f: f([LINE], dropped=[0])),
        ("product_figure", lambda f: f()),
    ],
)
def test_what_python_or_numpy_refuses_names_the_figure(name, call):
    with pytest.raises(
        (TypeError, ValueError), match=rf"^{name} cannot draw this: .*help\({name}\)"
    ):
        call(getattr(figures, name))


def test_an_error_of_numpy_that_says_what_must_be_names_the_figure_too():
    @figures.style.figure
    def joined_figure(a, b):
        return np.concatenate([a, b])

    with pytest.raises(ValueError, match=r"^joined_figure cannot draw this: .* must have same"):
        joined_figure(np.ones(1), np.ones((1, 1)))


def test_weights_in_few_bits_do_not_overflow():
    _, alt = figures.features_figure({"a": np.full((2, 3, 3), -128, np.int8)}, "t")
    assert alt == "t Weights, a: largest 128.00, root mean square 128.00."


def test_pairs_that_are_all_alike_are_drawn():
    figures.pairs_figure({"a": (LINE * 0, LINE * 0)}, ("a", "b"), "x", "t", ("r", 1.0))


def test_the_values_of_a_masked_array_are_not_drawn():
    hidden = np.ma.masked_array(LINE, [0, 0, 1])
    with pytest.raises(TypeError, match=r"^lines: 'a' must not be a masked array"):
        figures.lines_figure(LINE, {"a": hidden}, "x", "y")


def test_a_network_may_have_no_titles_no_weights_and_nothing_that_stays():
    _, alt = figures.network_figure([LINE, LINE], [np.zeros((3, 3))], {(0, 1)})
    assert "dropped: layer 1 node 2; 6 of 9 edges are left. layer 1: 0, 1, 2." in alt
    figures.network_figure([LINE, LINE], [np.eye(3)], {(0, 0), (0, 1), (0, 2)})
    with pytest.raises(TypeError, match=r"^dropped, a node must be a whole number, got 0\.5"):
        figures.network_figure([LINE, LINE], dropped=[(0, 0.5)])


def test_a_stack_of_equal_values_is_not_cut():
    fig, _ = figures.dots_figure({"a": np.ones(9)}, "x", "t", ("mean", 1.0))
    assert fig.axes[0].get_ylim()[1] > 8 * 0.15


def test_a_matrix_may_have_no_title():
    _, alt = figures.matrices_figure({"matrix": np.eye(2)})
    assert alt == "A matrix. 2 × 2 matrix with rows 1, 0; 0, 1."


@pytest.fixture
def displayed(monkeypatch):
    """What ``show`` hands to IPython, as pairs (data, options)."""
    calls = []
    monkeypatch.setattr("IPython.display.display", lambda data, **k: calls.append((data, k)))
    return calls


def test_show_displays_a_picture_with_its_alternative_text(displayed):
    fig, alt = figures.states_figure(np.eye(2), "Two states")
    assert figures.show(fig, alt) is None
    ((data, options),) = displayed
    png = data.pop("image/png")
    assert data == {"text/plain": alt}
    assert options == {"raw": True, "metadata": {"image/png": {"alt": alt}}}
    assert isinstance(png, str)  # bytes would be a broken picture in a browser
    height, width, _ = imread(io.BytesIO(base64.b64decode(png)), format="png").shape
    assert [width, height] == pytest.approx(fig.get_size_inches() * style.DPI, abs=1)


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
def test_a_figure_is_the_same_whatever_the_readers_settings_are(name, displayed):
    figures.show(*CALLS[name]())
    with matplotlib.rc_context(READERS_STYLE):
        figures.show(*CALLS[name]())
        assert matplotlib.rcParams["text.color"] == "white"  # the reader's own are left alone
    assert displayed[0] == displayed[1]


def test_notebook_01_needs_no_scipy_and_a_figure_no_pyplot():
    program = """
import sys
from helpers.exercises import check
from helpers.figures import bars_figure, show
check("01.1", 1.0)
show(*bars_figure({"y": [1, 2]}, ["a", "b"], "class", "share"))
print(sorted(name for name in sys.modules if name.startswith(("scipy", "matplotlib.pyplot"))))
"""
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "[]"


# ---- words and colours --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (-7.0, 2, f"{MINUS}7"),
        (-1.25, 1, f"{MINUS}1.2"),
        (-0.0, 2, "0"),
        (-1e-12, 2, "0"),
        (0.00023, 4, "0.0002"),
        (1234.5, 0, "1234"),
    ],
)
def test_a_number_in_a_figure(value, digits, text):
    assert words.number(value, digits) == text


@given(st.floats(-1e6, 1e6), st.integers(0, 6))
def test_a_number_is_right_to_its_last_digit(value, digits):
    text = words.number(value, digits)
    assert float(text.replace(MINUS, "-")) == pytest.approx(value, abs=0.5000001 * 10**-digits)
    assert "-" not in text and text.strip("0.") != MINUS


def test_dropped_nodes_in_words():
    assert words.dropped_text([5, 3, 5, 4], [(2, 3), (1, 0), (2, 2)], ["x", "h", "g", "o"]) == (
        "dropped: h node 1, g nodes 3 and 4; 28 of 50 edges are left"
    )


def test_a_small_matrix_is_read_out_and_a_large_one_summed_up():
    matrix = np.array([[1, -2.5], [0, 4]])
    assert words.matrix_text(matrix, "w", [1], [1, 0], [0], digits=1) == (
        f"w: 2 × 2 matrix with rows 1, {MINUS}2.5; 0, 4; "
        "hatched: row 2 and columns 1 and 2; framed: row 1"
    )
    assert words.matrix_text(np.arange(56).reshape(7, 8), "w") == (
        "w: 7 × 8 matrix with entries from 0 to 55"
    )


@given(st.floats(-1, 1))
def test_a_weight_has_the_colour_of_its_sign_and_black_text_stays_readable_on_it(value):
    colour = colours.weight_colour(value)
    assert abs(value) < 0.1 or sign(colour) == np.sign(value)
    channels = np.array(colour[:3])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    assert (luminance + 0.05) / 0.05 >= 4.5  # the contrast that WCAG asks for
