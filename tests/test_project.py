"""The README: its map of the notebooks, its links and words."""

import re

import pytest
from guards import NOTEBOOKS, PROJECT, README, Notebook, broken_links, overclaims, wrong_words

from tools.run import TAKES

LICENCE_TEXTS = ("LICENSE", "README.md", "helpers/mnist_sample.LICENSE.txt")


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


@pytest.mark.parametrize(
    "path", [README, *sorted((PROJECT / "helpers").glob("*.py"))], ids=lambda path: path.name
)
def test_nothing_claims_to_know_the_numbers_of_article_a(path):
    assert overclaims(path.read_text(encoding="utf-8")) == []


def plain(name: str) -> str:
    """The text of a file in one line, a Markdown link as ``words (address)``."""
    text = (PROJECT / name).read_text(encoding="utf-8")
    return " ".join(re.sub(r"\[([^]]*)]\(([^)]*)\)", r"\1 (\2)", text).split())


def about_mnist(name: str) -> str:
    """What a file says of the licence of MNIST: whose it is, and who states what."""
    found = re.findall(r"MNIST is by .*? We know .*?/by-sa/3\.0/\)\.", plain(name))
    assert len(found) == 1, f"{name} has {len(found)} such paragraphs"
    return found[0]


@pytest.mark.parametrize("name", LICENCE_TEXTS)
def test_all_texts_say_the_same_of_the_licence_of_mnist(name):
    assert about_mnist(name) == about_mnist("LICENSE")
    assert "made from it" not in plain(name), "a claim that nobody whom we can name has made"


@pytest.mark.parametrize("name", ["LICENSE", "README.md"])
def test_pictures_of_digits_are_not_put_under_the_licence_of_the_texts(name):
    ours, digits = "creativecommons.org/licenses/by/4.0/", "except pictures that show MNIST digits"
    assert re.search(rf"{ours}\)?, {digits}", plain(name))
