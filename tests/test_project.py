"""The README: its map of the notebooks, its links and words."""

import pytest
from guards import NOTEBOOKS, PROJECT, README, Notebook, broken_links, wrong_words

from tools.run import TAKES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_readme_maps_every_notebook(path):
    link = f"(notebooks/{path.name})"
    rows = [line for line in README.read_text(encoding="utf-8").splitlines() if link in line]
    assert rows, f"README.md has no link to {path.name}"
    takes = TAKES.search(Notebook.read(path).cells[0].source)
    cells = [cell.strip() for cell in rows[0].split("|")]
    assert takes[1] in cells and takes[2] in cells, "minutes and seconds are not the header's"


def test_the_links_of_the_readme_lead_somewhere():
    assert broken_links(README.read_text(encoding="utf-8"), PROJECT) == []


def test_the_words_of_the_readme():
    assert wrong_words(README.read_text(encoding="utf-8")) == []
