"""Images of digits, and how often one class is taken for another."""

from collections.abc import Mapping, Sequence
from math import ceil

import numpy as np
from matplotlib.patches import Rectangle

from helpers.figures import colours, style
from helpers.figures.style import (
    Described,
    check_groups,
    figure,
    finish,
    new_figure,
    new_panels,
    write,
)
from helpers.figures.words import listed
from helpers.validation import check_count, check_indices, finite_array


@figure
def digits_figure(
    images: np.ndarray, captions: Sequence[str], alt: str, columns: int = 10
) -> Described:
    """Images of shape (n, 28, 28), ``columns`` in a row, each with its caption above.

    ``alt`` says what they are; the captions follow it. With fewer columns the images are as large,
    and there is more room for captions.
    """
    check_groups("images", images)
    finite_array("images", images, (None, None, None), np.asarray(images).dtype)
    low, high = np.min(images), np.max(images)
    if 0 < high <= 1 or low < 0 or high > 255:
        raise ValueError(f"images must be pixels from 0 to 255, got {low:g} to {high:g}")
    if len(captions) != len(images):
        raise ValueError(f"captions must be {len(images)}, one an image; got {len(captions)}")
    check_count("columns", columns)
    rows = ceil(len(images) / columns)
    lines = max(caption.count("\n") + 1 for caption in captions)
    fig, axes = new_panels(
        style.MAX_WIDTH, (style.MAX_WIDTH / 10 + 0.2 * lines) * rows, columns, rows
    )
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, caption in zip(axes.flat, images, captions, strict=False):
        ax.imshow(image, cmap="gray_r", vmin=0, vmax=255)
        ax.set_title(caption, fontsize=style.SMALL, pad=3)
        if not np.any(image):  # white on white, but for its frame
            ax.axis("on")
            ax.set(xticks=[], yticks=[])
    return fig, f"{alt} {'; '.join(captions)}.".replace("\n", ", ")


@figure
def features_figure(rows: Mapping[str, np.ndarray], alt: str) -> Described:
    """Weights that lead to units, as small images: for each name a row, shape (n, height, width).

    All have the same scale of colours, violet for negative and orange for positive weights.
    ``alt`` says what they are; what it adds are the largest weight and the typical size by row.
    """
    check_groups("rows", rows)
    columns = len(next(iter(rows.values())))
    rows = {
        name: finite_array(f"rows: {name!r}", weights, (columns, None, None))
        for name, weights in rows.items()
    }
    largest = max(np.abs(weights).max() for weights in rows.values())
    fig, axes = new_panels(style.MAX_WIDTH, 1.05 * len(rows), columns, len(rows))
    for line, (name, weights) in zip(axes, rows.items(), strict=True):
        for ax, image in zip(line, weights, strict=True):
            ax.imshow(image, cmap=colours.WEIGHTS, vmin=-largest, vmax=largest)
            ax.set(xticks=[], yticks=[])
        line[0].set_ylabel(name, fontsize=style.SMALL)
    sizes = "; ".join(
        f"{name}: largest {np.abs(weights).max():.2f}, root mean square "
        f"{np.sqrt(np.mean(weights**2)):.2f}"
        for name, weights in rows.items()
    )
    return fig, f"{alt} Weights, {sizes}."


@figure
def confusion_figure(
    counts: Mapping[tuple[int, int], int], n_classes: int, title: str, thing: str = "digit"
) -> Described:
    """A confusion matrix from ``{(target, predicted): count}``: rows are the true classes.

    ``thing`` is what a class is.
    """
    matrix = np.zeros((n_classes, n_classes), dtype=int)
    for pair, count in counts.items():
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ValueError(f"counts must have pairs of classes as keys, got {pair!r}")
        check_indices("counts, a pair of classes", list(set(pair)), n_classes)
        matrix[pair] = check_count(f"counts[{pair}]", count, 0)
    right = matrix.diagonal()
    wrong = matrix - np.diag(right)
    worst = wrong.max()
    fig, ax = new_figure(5.6, 5.0)
    for (t, p), count in np.ndenumerate(matrix):
        shade, weight = colours.weight_colour(count / max(worst, 1)), "normal"
        if t == p:
            shade, weight = colours.RIGHT_ANSWERS, "bold"
        ax.add_patch(Rectangle((p - 0.5, t - 0.5), 1, 1, fc=shade, ec="white"))
        write(ax, p, t, count or "·", style.SMALL, weight=weight)
    ax.set(xlim=(-0.5, n_classes - 0.5), ylim=(n_classes - 0.5, -0.5), aspect="equal")
    ax.set(xticks=range(n_classes), yticks=range(n_classes))
    finish(ax, f"predicted {thing}", f"true {thing}", title)
    ax.spines[:].set_visible(False)
    alt = (
        f"{title}: {right.sum()} of {matrix.sum()} right. Right for each true {thing}: "
        f"{', '.join(map(str, right))}. Answers of each {thing}: "
        f"{', '.join(map(str, matrix.sum(axis=0)))}."
    )
    if worst:
        mistakes = [f"{t} taken for {p}" for t, p in np.argwhere(wrong == worst)]
        alt += f" Most frequent mistake, {worst} times: {listed(mistakes)}."
    return fig, alt
