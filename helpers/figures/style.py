"""The look of all figures, but for colours: sizes, an empty figure to draw on, and ``show``."""

import io
import linecache
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence, Sized
from functools import wraps
from inspect import signature

import numpy as np
from matplotlib import style as styles
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from helpers.validation import check_real

MAX_WIDTH = 8.4  # inches; wider figures would be shrunk by JupyterLab, and their text with them
DPI = 100
SMALL, TEXT, TITLE = 9, 9.5, 10  # points
LEGEND = {"fontsize": SMALL, "frameon": False}

Described = tuple[Figure, str]


def check_groups(
    name: str,
    groups: Sized,
    most: int | None = None,
    n: int | None = None,
    low: float = -np.inf,
    high: float = np.inf,
) -> None:
    """Raise ``ValueError`` for nothing to draw, and for more than can be told apart.

    Of a mapping the values are arrays, or tuples of arrays: they must be numbers from ``low`` to
    ``high``, and each array must hold ``n`` of them, or as many as the others of its tuple.
    """
    if not 1 <= len(groups) <= (most or len(groups)):
        allowed = f"from 1 to {most}" if most else "at least one"
        raise ValueError(f"{name} must be {allowed}, got {len(groups)}")
    if isinstance(groups, Mapping):
        for group, values in groups.items():
            arrays = values if isinstance(values, tuple) else (values,)
            length = np.size(arrays[0]) if n is None else n
            for array in arrays:
                check_real(f"{name}: {group!r}", array)
                if not np.isfinite(array).all():
                    raise ValueError(f"{name}: {group!r} must be finite")
                if np.size(array) != length or length == 0:
                    want = length or "some"
                    raise ValueError(
                        f"{name}: {group!r} must hold {want} values, got {np.size(array)}"
                    )
                least, largest = np.min(array), np.max(array)
                if least < low or largest > high:
                    raise ValueError(
                        f"{name}: {group!r} must be from {low:g} to {high:g}, "
                        f"got {least:g} to {largest:g}"
                    )


def in_own_style(draw: Callable) -> Callable:
    """``draw`` with matplotlib's default settings, whatever those of the reader are."""

    @wraps(draw)
    def drawn(*args, **kwargs):
        with styles.context("default"):
            return draw(*args, **kwargs)

    return drawn


def figure(draw: Callable) -> Callable:
    """``draw`` in its own style, and with an error in words for all that it cannot draw.

    Every number in an argument must be finite. An error that does not say what must be, because
    Python, NumPy or matplotlib raised it, gets the name of the function.
    """

    @wraps(draw)
    def drawn(*args, **kwargs):
        try:
            for name, value in signature(draw).bind(*args, **kwargs).arguments.items():
                check_finite(name, value)
            return in_own_style(draw)(*args, **kwargs)
        except Exception as error:
            if " must " in str(error) and _raised_here(error):
                raise
            kind = TypeError if isinstance(error, TypeError | AttributeError) else ValueError
            raise kind(
                f"{draw.__name__} cannot draw this: {type(error).__name__}: {error}; "
                f"help({draw.__name__}) says what its arguments are"
            ) from error

    return drawn


def _raised_here(error: Exception) -> bool:
    """Whether a line of the helpers raises ``error``, and not NumPy or matplotlib."""
    trace = error.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    line = linecache.getline(trace.tb_frame.f_code.co_filename, trace.tb_lineno)
    ours = trace.tb_frame.f_globals.get("__name__", "").startswith("helpers.")
    return ours and line.lstrip().startswith("raise ")


def check_finite(name: str, value: object) -> None:
    """Raise ``ValueError`` if a number in ``value``, however deep in lists, is not finite."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            check_finite(f"{name}: {key!r}", part)
    elif isinstance(value, list | tuple):
        for part in value:
            check_finite(name, part)
    elif isinstance(value, float | np.ndarray) and np.asarray(value).dtype.kind == "f":
        if not np.isfinite(value).all():
            raise ValueError(f"{name} must be finite")


@in_own_style
def show(fig: Figure, alt: str) -> None:
    """Display ``fig`` as a PNG with ``alt`` as its alternative text.

    ``alt`` is also the output's plain text: a reader without images gets it, and nbval compares
    it, so the numbers in it are checked on every run.
    """
    from IPython.display import display  # nothing else here needs IPython

    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=DPI, facecolor="white")
    png = b64encode(buffer.getvalue()).decode()  # text: a kernel in a browser cannot send bytes
    display({"image/png": png, "text/plain": alt}, raw=True, metadata={"image/png": {"alt": alt}})


def new_panels(width: float, height: float, columns: int, rows: int = 1, **kwargs) -> tuple:
    """A figure of at most ``MAX_WIDTH`` inches with ``rows`` × ``columns`` axes, not in pyplot.

    Returns ``(figure, axes)``, the axes always as a 2-D array.
    """
    fig = Figure(figsize=(min(width, MAX_WIDTH), height), layout="constrained")
    return fig, fig.subplots(rows, columns, squeeze=False, **kwargs)


def new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of at most ``MAX_WIDTH`` inches with one pair of axes: ``(figure, axes)``."""
    fig, axes = new_panels(width, height, 1)
    return fig, axes[0, 0]


def write(
    ax: Axes, x: float, y: float, text: str, size: float = TEXT, ha="center", va="center", **look
) -> None:
    """``text`` with its centre at (x, y); ``va="bottom"`` puts it above."""
    ax.text(x, y, text, fontsize=size, ha=ha, va=va, **look)


def frame(ax: Axes, left: float, right: float, bottom: float, top: float) -> None:
    """Show this part of a drawing, with units of the same length in both directions."""
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    ax.set_aspect("equal")
    ax.axis("off")


def set_log(ax: Axes, log: str, x: Sequence[float]) -> None:
    """Make the axes that are named in ``log`` logarithmic; ``x`` are the ticks of the first.

    Raises ``ValueError`` for places on them that are not positive: they have none for them.
    """
    if log not in ("", "x", "y", "xy"):
        raise ValueError(f"log must be '', 'x', 'y' or 'xy', got {log!r}")
    if "x" in log:
        if min(x) <= 0:
            raise ValueError(f"x must be positive on a logarithmic scale, got {min(x):g}")
        ax.set_xscale("log")
        ax.set_xticks(x, [f"{value:g}" for value in x])
        ax.set_xticks([], minor=True)
    if "y" in log:
        least = min(np.min(line.get_ydata()) for line in ax.lines)
        if least <= 0:
            raise ValueError(f"y must be positive on a logarithmic scale, got {least:g}")
        ax.set_yscale("log")
        low, high = ax.get_ylim()
        if high < 1000 * low:  # so few powers of ten that they say little
            ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter("")


def log_text(log: str) -> str:
    """What an alternative text says of these axes."""
    return f" (logarithmic scale: {' and '.join(log)})" if log else ""


def with_scale(label: str, log: str, axis: str) -> str:
    """The label of an axis, which says of a logarithmic one that it is."""
    return f"{label} (logarithmic scale)" if axis in log else label


def finish(ax: Axes, x_label: str, y_label: str, title: str = "") -> None:
    """Label the axes of a chart and take away what is not data."""
    ax.set_xlabel(x_label, fontsize=TEXT)
    ax.set_ylabel(y_label, fontsize=TEXT)
    ax.set_title(title, fontsize=TITLE)
    ax.tick_params(labelsize=SMALL)
    ax.spines[["top", "right"]].set_visible(False)
