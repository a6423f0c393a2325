"""The colours of all figures, and what goes with them: dashes, markers, hatching.

A colour that a figure uses is named here, and nowhere else. Whatever differs in colour differs in
one of the others, too.
"""

import numpy as np
from matplotlib import colormaps

INK, PAPER = "#1a1a1a", "#f7f3ea"  # what is there, active nodes
FADED = "#8a8a8a"  # what is dropped, and lines behind others
WEIGHTS = colormaps["PuOr_r"]  # safe for colour-blind readers, light at zero
EDGE, EDGE_OFF_PATH, EDGE_WITHOUT_GRADIENT = "#999999", "#d4d4d4", "#c4c4c4"  # edges with no weight
DASHES = (0, (2, 1.5))  # around dropped nodes
HATCHING, HATCHED_NUMBER = "#c8c8c8", "#555555"  # dropped rows and columns of a matrix
RIGHT_ANSWERS = "#dcdcdc"  # the diagonal of a confusion matrix
TRAIN, TEST = "#0072b2", "#d55e00"
MARKERS = {TRAIN: "o", TEST: "s"}
SETS = (TRAIN, TEST)  # what is trained on, and what is not: validation digits, too
SECOND = "#7b4ea3"  # of two things that are compared
LINES = [("-", "o", INK), ("--", "s", SECOND), (":", "^", "#b36b00"), ("-.", "D", FADED)]
BARS = [("#b8b8b8", ""), ("#4d94c4", "//"), ("#e59866", ".."), ("white", "xx")]
HISTOGRAM, GRID, BAND = "#4d94c4", "#e4e4e4", "#d3c6de"


def weight_colour(value: float, least: float = 0.0, most: float = 0.3) -> tuple[float, ...]:
    """Colour of a weight scaled to [−1, 1]: orange when positive, violet when negative.

    It stays so light that black text is readable. A line needs more: ``least`` and ``most`` say how
    far from the middle of the map the colours of the smallest and of the largest weights lie.
    """
    return WEIGHTS(0.5 + (most - least) * value + least * np.sign(value))
