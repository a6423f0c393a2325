"""All drawing. Every figure function returns ``(figure, alt)``, to be passed to ``show``.

Nothing is computed here beyond what a description needs: functions draw what they are given. The
alternative text carries the numbers that matter, made from the data that is drawn.

- ``style``: colours, sizes, and ``show``
- ``networks``: networks and their nodes; ``backward``: gradients and the way back of errors
- ``matrices``: matrices, alone or beside their network
- ``charts``: lines, bars, histograms, dots; ``curves``: trainings over epochs, means of many
- ``digits``: images, features, confusion matrices; ``uncertainty``: confidence, bands
- ``words``: how numbers, dropped nodes and matrices are told
"""

from helpers.figures.backward import gradients_figure, way_back_figure
from helpers.figures.charts import (
    bars_figure,
    dots_figure,
    histograms_figure,
    lines_figure,
    pairs_figure,
)
from helpers.figures.colours import TEST, TRAIN
from helpers.figures.curves import curves_figure, means_figure
from helpers.figures.digits import confusion_figure, digits_figure, features_figure
from helpers.figures.matrices import matrices_figure, sliced_figure
from helpers.figures.networks import network_figure, networks_figure, product_figure, states_figure
from helpers.figures.style import show
from helpers.figures.uncertainty import bands_figure, reliability_figure
from helpers.figures.words import names

__all__ = [
    "TEST",
    "TRAIN",
    "bands_figure",
    "bars_figure",
    "confusion_figure",
    "curves_figure",
    "digits_figure",
    "dots_figure",
    "features_figure",
    "gradients_figure",
    "histograms_figure",
    "lines_figure",
    "matrices_figure",
    "means_figure",
    "names",
    "network_figure",
    "networks_figure",
    "pairs_figure",
    "product_figure",
    "reliability_figure",
    "show",
    "sliced_figure",
    "states_figure",
    "way_back_figure",
]
