"""The glossary: its words are found, its links lead somewhere, and its six lines are dropout."""

import re

import numpy as np
import pytest
from guards import NOTEBOOKS, PROJECT, Notebook, broken_links, wrong_words

from helpers.gradients import numerical_jacobian

GLOSSARY = (PROJECT / "notebooks/glossary.md").read_text(encoding="utf-8")
WORDS = re.findall(r"^### (.+)$", GLOSSARY, re.M)


def test_its_links_and_words():
    assert broken_links(GLOSSARY, PROJECT / "notebooks") == wrong_words(GLOSSARY) == []


def test_its_words_are_sorted_and_each_is_explained_once():
    assert sorted(WORDS, key=str.casefold) == WORDS and len(set(WORDS)) == len(WORDS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_link_to_a_word_finds_it(path):
    anchors = {word.lower().replace(" ", "-") for word in WORDS}
    asked = re.findall(r"\(glossary\.md#([^)]*)\)", Notebook.read(path).prose)
    assert set(asked) <= anchors


def test_the_six_lines_keep_both_laws():
    (code,) = re.findall(r"```python\n(.*?)```", GLOSSARY, re.S)
    given = np.random.default_rng(1)
    names = {
        "rng": np.random.default_rng(0),
        "drop": 0.25,
        "layer": given.normal(size=(3, 4)),
        "w": given.normal(size=(2, 4)),
        "b": given.normal(size=2),
        "error": given.normal(size=(3, 2)),
    }
    exec(code, names)
    layer, w, b, mask = (names[name] for name in ("layer", "w", "b", "mask"))

    def loss(layer, w):  # its derivative with respect to z is the error
        return float(((layer * mask @ w.T + b) * names["error"]).sum())

    numerical = numerical_jacobian(lambda layer: loss(layer, w), layer).reshape(layer.shape)
    np.testing.assert_allclose(names["gradient_layer"], numerical, atol=1e-8)
    numerical = numerical_jacobian(lambda w: loss(layer, w), w).reshape(w.shape)
    np.testing.assert_allclose(names["gradient_w"], numerical, atol=1e-8)
    total = 0
    for _ in range(40_000):
        exec(code.splitlines()[0], names)
        total = total + names["mask"]
    np.testing.assert_allclose(total / 40_000, 1, atol=5 * (0.25 / 0.75 / 40_000) ** 0.5)
    np.testing.assert_array_equal(names["z_when_predicting"], layer @ w.T + b)
