"""The project as a whole: its README and its other pages, and which part may import which."""

import ast
import json
import os
import re
import subprocess
import sys

import pytest
from guards import NOTEBOOKS, PROJECT, README, Notebook, broken_links, overclaims, wrong_words

from tools.run import TAKES

PAGES = [README, PROJECT / "CONTRIBUTING.md"]
HELPERS = sorted((PROJECT / "helpers").rglob("*.py"))
LICENCE_TEXTS = ("LICENSE", "README.md", "helpers/mnist_sample.LICENSE.txt")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_readme_maps_every_notebook(path):
    link = f"(notebooks/{path.name})"
    lines = README.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and link in line]
    assert rows, f"the table in README.md has no link to {path.name}"
    takes = TAKES.search(Notebook.read(path).cells[0].source)
    cells = [cell.strip() for cell in rows[0].split("|")]
    assert takes[1] in cells and takes[2] in cells, "minutes and seconds are not the header's"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_links_and_words_of_a_page(path):
    text = path.read_text(encoding="utf-8")
    assert broken_links(text, PROJECT) == wrong_words(text) == []


def test_the_numbers_of_the_opening_picture_are_those_of_notebook_07():
    text = README.read_text(encoding="utf-8")
    alt = re.search(r"!\[(.*?)\]\(\.github/dropout_helps\.png\)", text)[1]
    (stored,) = [
        output.data["text/plain"]
        for cell in Notebook.read(NOTEBOOKS[6]).code_cells
        for output in cell.outputs
        if output.get("data", {}).get("text/plain", "").startswith("The patient and the remedy")
    ]
    rounded = {f"{float(n):.{k}f}" for n in re.findall(r"\d+(?:\.\d+)?", stored) for k in (0, 1, 2)}
    numbers = re.findall(r"\d+(?:\.\d+)?", alt)
    assert len(numbers) == 7 and set(numbers) <= rounded


def test_every_place_that_contributing_names_is_there():
    """A pattern such as ``nNN_name.py`` stands for a file that has a number."""
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    places = re.findall(r"`((?:notebooks|helpers|tests|tools|results)/[\w./]*)`", text)
    assert len(places) > 10
    lost = [p for p in places if not list(PROJECT.glob(re.sub(r"NN_name|NAME", "*", p)))]
    assert lost == []


@pytest.mark.parametrize("path", [README, *HELPERS], ids=lambda path: path.name)
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


# ---- which part imports which ----------------------------------------------------------------

HEAVY = ["pooch", "requests", "tqdm", "distributed", "dask", "ipywidgets"]
BROWSER = ["_multiprocessing"]  # what a browser does not have


@pytest.mark.parametrize("path", HELPERS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_helper_imports_nothing_of_tools_or_tests(path):
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    modules = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module for node in nodes if isinstance(node, ast.ImportFrom)]
    assert {module.partition(".")[0] for module in modules}.isdisjoint({"tools", "tests"})


@pytest.mark.parametrize(
    ("platform", "message", "code"),
    [
        ("darwin", "overflow encountered in matmul", 0),
        ("darwin", "overflow encountered in exp", 1),
        ("linux", "overflow encountered in matmul", 1),
    ],
)
def test_false_warnings_of_products_are_silenced_on_macs_alone(platform, message, code):
    source = f"""import sys, warnings
sys.platform = {platform!r}
import helpers
warnings.warn({message!r}, RuntimeWarning)"""
    command = [sys.executable, "-W", "error", "-c", source]
    assert subprocess.run(command, cwd=PROJECT, capture_output=True).returncode == code


@pytest.mark.parametrize("paths", [NOTEBOOKS[:1], NOTEBOOKS[1:]], ids=["01", "the others"])
def test_what_notebooks_import_is_light(paths):
    """Their import cells load no heavy package, nothing that a browser lacks, and 01 no SciPy."""
    cells = [Notebook.read(path).code_cells[0].source for path in paths]
    report = "import json\nprint(json.dumps(sorted({n.partition('.')[0] for n in sys.modules})))"
    process = subprocess.run(
        [sys.executable, "-c", "\n".join([*cells, report])],
        cwd=paths[0].parent, env={**os.environ, "PYTHONPATH": ""}, capture_output=True, text=True,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    loaded = set(json.loads(process.stdout.splitlines()[-1]))
    assert loaded.isdisjoint(HEAVY + BROWSER)
    assert {"numpy", "helpers"} <= loaded
    assert ("scipy" in loaded) == (len(paths) > 1)
