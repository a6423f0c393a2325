"""The notebooks as files: every guard about every notebook, and every guard seen to complain.

They are run, and their outputs compared, by nbval: its settings and the limit of a cell stand in
``pyproject.toml``, the order in the ``Makefile``, what is compared and how in ``conftest.py``.
"""

import ast
import re
from copy import deepcopy

import pytest
from guards import GUARDS, NOTEBOOKS, PROJECT, Notebook, form, project, stored
from guards.stored import METADATA
from nbformat import v4

ALT = "A small picture of one node that is dropped and two that are active."

MOTIVATION = "A small notebook that every guard is content with."

HEADER = f"""# 9. Test the guards

{MOTIVATION}

**You will learn**

- one thing,
- another thing,
- a third thing.

**You need** nothing.

**It follows** the [README](../README.md).

**It takes** 1 minute to read, 2 seconds to run."""


def code(source: str, id_: str, outputs: tuple = ()) -> dict:
    """A code cell without metadata."""
    return v4.new_code_cell(source, id=id_, outputs=list(outputs))


def text(source: str, id_: str) -> dict:
    """A Markdown cell without metadata."""
    return v4.new_markdown_cell(source, id=id_)


def picture(alt: str = ALT, plain: str = ALT) -> dict:
    """The output of ``show``."""
    return v4.new_output(
        "display_data",
        data={"image/png": "iVBORw0KGgo=", "text/plain": plain},
        metadata={"image/png": {"alt": alt}},
    )


def printed(line: str, stream: str = "stdout") -> dict:
    """The output of ``print``."""
    return v4.new_output("stream", name=stream, text=line)


def good() -> Notebook:
    """A small notebook that no guard complains about."""
    cells = [
        text(HEADER, "header"),
        code(f"import sys\n\n{form.FINDS_HELPERS}", "imports"),
        code("x = 1", "after-imports"),
        text("## A step\n\nLet us print $n!$ and draw; `simply!` is code.", "step"),
        code("print(x)", "prints", [printed("1\n")]),
        text("Now the picture.", "before-figure"),
        code("show(figure, alt)", "figure", [picture()]),
        text("So it is.\n\n**A good place to stop.** You have a picture.", "stop"),
        text("## What you learned\n\n- one\n- two\n- three", "learned"),
        text("## Exercises\n\nThe first.", "exercises"),
        code('answer = ...\ncheck("09.1", answer)', "ex-1"),
        text("The second.", "exercise-2"),
        code('answer = ...\ncheck("09.2", answer)', "ex-2"),
        text("The third.", "exercise-3"),
        code('answer = ...\ncheck("09.3", answer)', "ex-3"),
        text("## Go further\n\n[One](https://a.example) and [two](https://b.example).", "further"),
    ]
    notebook = Notebook("09_guards", cells, deepcopy(METADATA))
    for count, cell in enumerate(notebook.code_cells, start=1):
        cell.execution_count = count
    return notebook


def cell(notebook: Notebook, id_: str) -> dict:
    """The cell with this id."""
    return next(cell for cell in notebook.cells if cell.id == id_)


def replacing(id_: str, old: str, new: str):
    """A way to break the good notebook: replace text in the source of a cell."""

    def breaks(notebook: Notebook) -> None:
        source = cell(notebook, id_).source
        assert old in source
        cell(notebook, id_).source = source.replace(old, new)

    return breaks


def printing(*outputs: dict):
    """A way to break the good notebook: other outputs for one of its cells."""
    return lambda notebook: cell(notebook, "prints").update(outputs=list(outputs))


def drawing(*outputs: dict):
    """A way to break the good notebook: other outputs for the cell with the figure."""
    return lambda notebook: cell(notebook, "figure").update(outputs=list(outputs))


def tagging(id_: str, **metadata):
    """A way to break the good notebook: metadata for one of its cells."""
    return lambda notebook: cell(notebook, id_).metadata.update(metadata)


def inserting(before: str, *cells: dict):
    """A way to break the good notebook: more cells before one of its cells."""

    def breaks(notebook: Notebook) -> None:
        at = notebook.cells.index(cell(notebook, before))
        notebook.cells[at:at] = cells

    return breaks


def removing(*ids: str):
    """A way to break the good notebook: without some of its cells."""

    def breaks(notebook: Notebook) -> None:
        notebook.cells = [cell for cell in notebook.cells if cell.id not in ids]

    return breaks


ERROR = v4.new_output("error", ename="ValueError", evalue="no", traceback=["ValueError: no"])
VALUE = v4.new_output("execute_result", data={"text/plain": "1"}, execution_count=1)
FIGURE_TEXT = v4.new_output("display_data", data={"text/plain": "<Figure size 640x480>"})
WIDGET = v4.new_output("display_data", data={"application/vnd.jupyter.widget-view+json": {}})
SVG = v4.new_output("display_data", data={"image/svg+xml": "<svg/>", "text/plain": ALT})
RELU = "def relu(x: float, leak: float = 0.0):\n    '''Wrong.'''\n    return x"

# (guard, way to break the good notebook, what the complaint says)
BROKEN = [
    (stored.execution_counts, lambda n: cell(n, "prints").update(execution_count=7), "counts"),
    (stored.execution_counts, lambda n: cell(n, "prints").update(execution_count=None), "None"),
    (stored.errors, printing(ERROR), "ValueError"),
    (stored.stray_outputs, printing(printed("oops", stream="stderr")), "stderr"),
    (stored.stray_outputs, printing(printed("a.py:3: UserWarning: no\n  x")), "a warning"),
    (stored.stray_outputs, printing(WIDGET), "widget"),
    (stored.stray_outputs, drawing(FIGURE_TEXT), "<Figure size"),
    (stored.machine_paths, printing(printed("/home/ada/lesson/x.npz\n")), "/home/"),
    (stored.machine_paths, printing(printed("C:\\Users\\ada")), "C:"),
    (stored.machine_paths, printing(printed("in site-packages/numpy")), "site-packages"),
    (stored.uncompared_cells, tagging("prints", tags=["nbval-ignore-output"]), "listed reason"),
    (stored.uncompared_cells, tagging("prints", tags=["nbval-skip"]), "listed reason"),
    (stored.uncompared_cells, replacing("prints", "print", "# NBVAL_SKIP\nprint"), "prints"),
    (stored.metadata, lambda n: n.metadata["language_info"].update(version="3.12.1"), "3.12.1"),
    (stored.metadata, tagging("prints", collapsed=True), "collapsed"),
    (stored.metadata, tagging("prints", jupyter={"source_hidden": True}), "source_hidden"),
    (stored.metadata, tagging("step", tags=[]), "tags"),
    (stored.answers, replacing("step", "Let us", "*Predict:* is it one? Let us"), "not hidden"),
    (stored.answers, replacing("stop", "So it is.", "*Predict:* what?"), "no cell below"),
    (stored.answers, tagging("prints", **stored.HIDDEN), "answers no question"),
    (stored.metadata, tagging("step", tags=["slide"]), "slide"),
    (stored.cell_ids, lambda n: cell(n, "prints").update(id="step"), "2 times"),
    (stored.figures, drawing(picture(plain="something else")), "text/plain"),
    (stored.figures, drawing(picture(alt="A dot.", plain="A dot.")), "sentence"),
    (stored.figures, drawing(picture(alt=ALT[:-1], plain=ALT[:-1])), "sentence"),
    (stored.figures, drawing(picture(alt=ALT.lower(), plain=ALT.lower())), "sentence"),
    (stored.figures, drawing(SVG), "no PNG"),
    (stored.figures, drawing(picture(), VALUE), "expression"),
    (form.header, removing("header"), "not Markdown"),
    (form.header, replacing("header", "# 9. Test", "# 8. Test"), "# 9. Verb"),
    (form.header, replacing("header", "# 9. Test the", "# 9 The"), "# 9. Verb"),
    (form.header, replacing("header", "**You need**", "You need"), "bold paragraphs"),
    (form.header, replacing("header", "- a third thing.", ""), "2 bullets"),
    (form.header, replacing("header", MOTIVATION, ""), "motivation"),
    (form.header, replacing("header", "(../README.md)", ""), "no link"),
    (form.header, replacing("header", "2 seconds", "a few seconds"), "It takes"),
    (form.imports, replacing("prints", "print", "import os\nprint"), "only the second"),
    (form.imports, replacing("imports", "import sys", "sys = 1"), "imports nothing"),
    (form.imports, replacing("imports", '".."', '"."'), "sys.path"),
    (form.imports, inserting("imports", text("A word.", "word")), "sys.path"),
    (form.ending, removing("learned"), "last sections"),
    (form.ending, replacing("learned", "- three", ""), "2 bullets"),
    (form.ending, replacing("learned", "## What", "Now:\n\n## What"), "start of its cell"),
    (form.ending, replacing("further", "[One](https://a.example)", "One"), "1 links"),
    (form.ending, lambda n: n.cells.append(code("x", "late")), "code follows"),
    (form.exercises, removing("ex-3"), "not 3 to 5"),
    (form.exercises, replacing("ex-2", "09.2", "09.4"), "09.4"),
    (form.exercises, replacing("ex-2", "09.2", "08.2"), "08.2"),
    (form.exercises, replacing("ex-2", "answer = ...", "answer = 3"), "answer = ..."),
    (form.exercises, replacing("prints", "print(x)", 'check("09.1", answer)'), "outside"),
    (form.rhythm, removing("before-figure"), "code after code"),
    (form.rhythm, replacing("before-figure", "Now the picture.", " "), "empty"),
    (form.length, replacing("prints", "print(x)", "print(x)\n" * 19), "19 lines"),
    (form.stop, removing("stop"), "0 paragraphs"),
    (form.stop, replacing("step", "## A step", "**A good place to stop.** So"), "2 paragraphs"),
    (form.stop, replacing("stop", "So it is.\n\n", "Or not, "), "0 paragraphs"),
    (
        form.stop,
        replacing("stop", "a picture.", "it.\n\n**A good place to stop.** Or"),
        "2 paragraphs",
    ),
    (form.stop, inserting("stop", *[text("On.", f"on-{k}") for k in range(20)]), "75%"),
    (form.words, replacing("before-figure", "Now", "Obviously"), "Obviously"),
    (form.words, replacing("before-figure", "Now", "Of course"), "Of course"),
    (form.words, replacing("before-figure", "picture.", "picture!"), "picture!"),
    (form.words, replacing("before-figure", "picture.", "\U0001f600"), "\U0001f600"),
    (form.claims, replacing("before-figure", "Now", "Digit for\ndigit"), "before-figure: 'Digit"),
    (form.claims, replacing("before-figure", "Now", "To its last digit"), "last digit"),
    (form.claims, replacing("prints", "x", "x  # the article's numbers"), "numbers"),
    (form.claims, replacing("learned", "three", "article A's loss"), "loss"),
    (project.drift, replacing("prints", "print(x)", RELU), "relu"),
    (
        project.drift,
        replacing("prints", "print(x)", "if x:\n    def relu(x): pass"),
        "relu differs",
    ),
    (project.links, replacing("before-figure", "Now", "[Now](../nowhere.md#part)"), "nowhere.md"),
    (project.links, replacing("before-figure", "Now", "<img src='no.png'>"), "no.png"),
]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_notebook(guard, path):
    assert guard(Notebook.read(path)) == []


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_guard_is_content_with_a_good_notebook(guard):
    assert guard(good()) == []


@pytest.mark.parametrize(
    ("guard", "breaks", "complaint"),
    BROKEN,
    ids=[f"{guard.__name__}-{complaint}" for guard, _, complaint in BROKEN],
)
def test_guard_complains(guard, breaks, complaint):
    notebook = good()
    breaks(notebook)
    assert re.search(re.escape(complaint), "\n".join(guard(notebook)))


def test_every_guard_has_been_seen_to_complain():
    assert {guard for guard, _, _ in BROKEN} == set(GUARDS)


@pytest.mark.parametrize("more", [{}, {"collapsed": True}])
def test_the_answer_to_a_question_may_be_hidden_as_jupyterlab_does_it(more):
    notebook = good()
    replacing("step", "Let us", "*Predict:* is it one? Let us")(notebook)
    tagging("prints", **stored.HIDDEN, **more)(notebook)
    assert [complaint for guard in GUARDS for complaint in guard(notebook)] == []


def test_an_error_may_be_stored_where_the_tag_announces_it():
    notebook = good()
    printing(ERROR)(notebook)
    tagging("prints", tags=["raises-exception"])(notebook)
    assert stored.errors(notebook) == stored.metadata(notebook) == []


def test_a_cell_may_be_left_uncompared_where_a_reason_is_listed(monkeypatch):
    monkeypatch.setitem(stored.NOT_COMPARED, ("09_guards", "prints"), "It prints seconds.")
    notebook = good()
    assert stored.uncompared_cells(notebook) == ["cell prints is listed as not compared, but it is"]
    tagging("prints", tags=["nbval-ignore-output"])(notebook)
    assert stored.uncompared_cells(notebook) == []


def test_every_uncompared_cell_has_a_reason_in_a_known_notebook():
    names = {path.stem for path in NOTEBOOKS}
    for (name, _), reason in stored.NOT_COMPARED.items():
        assert name in names
        assert len(reason.split()) > 3


def test_a_cell_may_be_long_where_a_reason_is_listed(monkeypatch):
    monkeypatch.setitem(form.LONG_CELLS, ("09_guards", "prints"), "It is one piece.")
    notebook = good()
    assert form.length(notebook) == ["cell prints is listed as long, but it is not"]
    cell(notebook, "prints").source = "print(x)\n" * 19
    assert form.length(notebook) == []


def test_every_long_cell_is_there():
    for name, id_ in form.LONG_CELLS:
        (path,) = [path for path in NOTEBOOKS if path.stem == name]
        assert cell(Notebook.read(path), id_)


def test_drift_ignores_docstrings_and_annotations_and_sees_everything_else(monkeypatch):
    helper = (
        "def double(x: float) -> float:\n"
        "    '''Twice x.'''\n"
        "    check_number(x)\n"  # the page is bare, the helper refuses
        "    return 2 * x"
    )
    function = ast.parse(helper).body[0]
    monkeypatch.setattr(project, "helper_functions", lambda: {"double": {"maths.py": function}})
    notebook = good()
    for source, complaints in [
        ("def double(x):\n    return 2 * x  # twice", 0),
        ("def double(x):\n    check_number(x)\n    return 2 * x", 0),
        ("def double(x):\n    check_string(x)\n    return 2 * x", 1),
        ("def double(x):\n    return x * 2", 1),
        ("def double(x, y=1):\n    return 2 * x", 1),
        ("class A:\n    def double(self):\n        return 2", 0),
    ]:
        cell(notebook, "prints").source = source
        assert len(project.drift(notebook)) == complaints, source


def test_notebooks_are_numbered_and_alone_in_their_folder():
    assert NOTEBOOKS
    numbers = range(1, len(NOTEBOOKS) + 1)
    assert [path.name[:3] for path in NOTEBOOKS] == [f"{number:02}_" for number in numbers]
    found = {path.name for path in (PROJECT / "notebooks").iterdir()}
    assert found - {".ipynb_checkpoints"} == {"glossary.md", *(path.name for path in NOTEBOOKS)}


def test_the_picture_that_is_not_compared_shows_what_the_text_reads_in_it():
    """Notebook 04: cutting before takes about a quarter of the time, and slicing lies between."""
    path = next(path for path in NOTEBOOKS if path.stem == "04_weight_matrix_slicing")
    (output,) = cell(Notebook.read(path), "52170a58").outputs
    masked, sliced, cut_before = (
        {int(size): float(ms) for ms, size in re.findall(r"([\d.e-]+) at (\d+)", curve)}
        for curve in re.split(r"masked:|sliced:|cut before:", output.data["text/plain"])[1:]
    )
    assert len(masked) == 6
    assert all(cut_before[size] < sliced[size] < masked[size] for size in masked)
    assert all(3 < masked[size] / cut_before[size] < 6 for size in masked if size >= 256)
