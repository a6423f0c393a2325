"""Guards: what must hold for a notebook as a file, whatever its cells compute.

A guard is a function from a :class:`Notebook` to its complaints, a list of sentences that is empty
where all is well. ``GUARDS`` holds all of them. ``test_notebooks.py`` asks each of them about each
notebook, and breaks a small good notebook in many ways to see each of them complain.
"""

import ast
import copy
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import nbformat

from tools.run import TAKES

PROJECT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))
README = PROJECT / "README.md"

# Cells whose output nbval does not compare: (notebook, cell id) -> the reason, in a sentence.
NOT_COMPARED: dict[tuple[str, str], str] = {
    ("04_weight_matrix_slicing", "52170a58"): (
        "It plots seconds, which differ from machine to machine."
    ),
}

# Cells that may be longer than MOST_LINES: (notebook, cell id) -> the reason, in a sentence.
LONG_CELLS: dict[tuple[str, str], str] = {
    ("05_a_network_that_slices", "1b11f1c9"): "It is the article's class, as one piece."
}

# The same in every notebook, so that a diff shows what was changed by hand and nothing else.
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
IGNORING_TAGS = {"nbval-ignore-output", "nbval-skip"}
ALLOWED_TAGS = {"raises-exception", *IGNORING_TAGS}
IGNORING_COMMENT = re.compile(r"^\s*#+\s*(NBVAL_IGNORE_OUTPUT|NBVAL_SKIP|PYTEST_VALIDATE\w*)", re.M)

MACHINE_PATH = re.compile(
    r"/(?:home|root|work|tmp|Users|private|usr|opt|mnt)/|\b[A-Z]:\\\w|site-packages|ipykernel_\d"
)
PRINTED_WARNING = re.compile(r":\d+: \w*Warning: ")
# No number of article A's run is known from its page: there they are pictures.
OVERCLAIMS = re.compile(
    r"\bdigit[\s-]for[\s-]digit\b|\blast\s(?:printed\s)?digit\b"
    r"|\b(?:the\sarticle|article\sA)['’]s\s(?:own\s)?(?:numbers|loss(?:es)?)\b",
    re.I,
)
BANNED_WORDS = re.compile(r"\b(simply|obviously|clearly|trivial(?:ly)?|of course)\b", re.I)
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u26ff\u2705\u2728\u274c\u2753-\u2757\ufe0f]")
CODE_OR_MATH = re.compile(r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]+\$|!(?=\[)|<!--.*?-->", re.S)
LINK = re.compile(r"\]\(([^)\s]+)[^)]*\)|\b(?:src|href)=[\"']([^\"']+)[\"']")

STOP = re.compile(r"^\*\*A good place to stop\.\*\* \w", re.M)
LAST_SECTIONS = ["What you learned", "Exercises", "Go further"]
MOST_LINES = 18  # of code in a cell; about twelve is what reads well
SHORTEST_ALT = 40  # characters; fewer cannot say what a figure shows


@dataclass
class Notebook:
    """A notebook as read from its file; ``name`` is the file's name without ``.ipynb``."""

    name: str
    cells: list
    metadata: dict

    @classmethod
    def read(cls, path: Path) -> "Notebook":
        """Return the notebook at ``path``; raises where it is not a valid notebook."""
        nb = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        nbformat.validate(nb)
        return cls(path.stem, nb.cells, nb.metadata)

    @property
    def code_cells(self) -> list:
        """The code cells, in order."""
        return [cell for cell in self.cells if cell.cell_type == "code"]

    @property
    def prose(self) -> str:
        """All Markdown cells as one text."""
        return "\n\n".join(cell.source for cell in self.cells if cell.cell_type == "markdown")

    def section(self, heading: str) -> list:
        """The cells from the one that starts with ``## heading`` to the next ``##`` heading."""
        cells, inside = [], False
        for cell in self.cells:
            if cell.cell_type == "markdown" and cell.source.startswith("## "):
                inside = cell.source.splitlines()[0] == f"## {heading}"
            if inside:
                cells.append(cell)
        return cells


# --- cells and outputs ------------------------------------------------------------------------


def execution_counts(notebook: Notebook) -> list[str]:
    """The code cells were executed once, from top to bottom, in a fresh kernel."""
    counts = [cell.execution_count for cell in notebook.code_cells]
    expected = list(range(1, len(counts) + 1))
    return [] if counts == expected else [f"execution counts are {counts}, not 1 to {len(counts)}"]


def errors(notebook: Notebook) -> list[str]:
    """No cell stores an error, unless its tag says that it raises one to show it."""
    return [
        f"cell {cell.id} stores {output.ename}"
        for cell in notebook.code_cells
        for output in cell.outputs
        if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", [])
    ]


def stray_outputs(notebook: Notebook) -> list[str]:
    """No cell stores stderr, a warning, a widget, or the text of a figure object."""
    complaints = []
    for cell in notebook.code_cells:
        for output in cell.outputs:
            text = output_text(output)
            if output.get("name") == "stderr":
                complaints.append(f"cell {cell.id} stores stderr: {text[:80]!r}")
            elif PRINTED_WARNING.search(text):
                complaints.append(f"cell {cell.id} stores a warning: {text[:80]!r}")
            if "application/vnd.jupyter.widget-view+json" in output.get("data", {}):
                complaints.append(f"cell {cell.id} stores a widget, which is dead in the file")
            if "<Figure size" in text:
                complaints.append(f"cell {cell.id} stores '<Figure size …': use show(fig, alt)")
    return complaints


def machine_paths(notebook: Notebook) -> list[str]:
    """No output tells where it was made."""
    complaints = []
    for cell in notebook.code_cells:
        for output in cell.outputs:
            found = MACHINE_PATH.search(output_text(output))
            if found:
                complaints.append(f"cell {cell.id} stores a path of a machine: {found[0]!r}")
    return complaints


def uncompared_cells(notebook: Notebook) -> list[str]:
    """A cell that nbval does not compare is listed in ``NOT_COMPARED``, and no other is listed."""
    marked = {
        cell.id
        for cell in notebook.code_cells
        if IGNORING_TAGS & set(cell.metadata.get("tags", []))
        or IGNORING_COMMENT.search(cell.source)
    }
    listed = {id_ for name, id_ in NOT_COMPARED if name == notebook.name}
    return [
        *(f"cell {id_} is not compared, without a listed reason" for id_ in marked - listed),
        *(f"cell {id_} is listed as not compared, but it is" for id_ in listed - marked),
    ]


def metadata(notebook: Notebook) -> list[str]:
    """The metadata are the same in all notebooks, and cells have none but a few tags."""
    complaints = []
    if notebook.metadata != METADATA:
        complaints.append(f"the notebook's metadata are {dict(notebook.metadata)}, not {METADATA}")
    for cell in notebook.cells:
        if set(cell.metadata) - {"tags"} or cell.metadata.get("tags") == []:
            complaints.append(f"cell {cell.id} has metadata {dict(cell.metadata)}")
        elif set(cell.metadata.get("tags", [])) - ALLOWED_TAGS:
            complaints.append(f"cell {cell.id} has tags {cell.metadata.tags}")
    return complaints


def cell_ids(notebook: Notebook) -> list[str]:
    """Every cell has an id of its own."""
    counts = Counter(cell.get("id", "") for cell in notebook.cells)
    return [f"the id {id_!r} is used {n} times" for id_, n in counts.items() if n > 1 or not id_]


def figures(notebook: Notebook) -> list[str]:
    """Every figure has a sentence for those who cannot see it, where nbval compares it as well.

    Nothing follows a figure as the value of the cell's last line.
    """
    complaints = []
    for cell in notebook.code_cells:
        pictures = [o for o in cell.outputs if any("image/" in kind for kind in o.get("data", {}))]
        for output in pictures:
            if "image/png" not in output.data:
                complaints.append(f"cell {cell.id} shows a picture that is no PNG")
            alt = output.metadata.get("image/png", {}).get("alt")
            if alt is None or alt != output.data.get("text/plain"):
                complaints.append(f"cell {cell.id}: the alt text {alt!r} is not its text/plain")
            elif len(alt) < SHORTEST_ALT or not alt[0].isupper() or not alt.rstrip().endswith("."):
                complaints.append(f"cell {cell.id}: the alt text is not a sentence: {alt!r}")
        if pictures and any(output.output_type == "execute_result" for output in cell.outputs):
            complaints.append(f"cell {cell.id} ends with an expression after its figure")
    return complaints


def output_text(output: dict) -> str:
    """Everything that an output says in text (pictures left out)."""
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":  # the traceback is not shown to be read, but stored
        return "\n".join([output.ename, output.evalue, *output.traceback])
    return "\n".join(
        value if isinstance(value, str) else json.dumps(value)
        for kind, value in output.data.items()
        if not kind.startswith("image/")
    )


# --- the form of a lesson ---------------------------------------------------------------------


def header(notebook: Notebook) -> list[str]:
    """The first cell has a numbered title, a motivation, and the four paragraphs in their order."""
    cell = notebook.cells[0]
    if cell.cell_type != "markdown":
        return ["the first cell is not Markdown"]
    complaints = []
    title = re.match(r"# (\d+)\. [A-Z]\w+ \w+", cell.source)
    if title is None or f"{int(title[1]):02}" != notebook.name[:2]:
        complaints.append(f"the first line is not '# {int(notebook.name[:2])}. Verb …'")
    labels = re.findall(r"^\*\*([^*]+)\*\*", cell.source, re.M)
    if labels != ["You will learn", "You need", "It follows", "It takes"]:
        return [*complaints, f"the header's bold paragraphs are {labels}"]
    motivation, learn, _, follows, _ = re.split(r"^\*\*[^*]+\*\*", cell.source, flags=re.M)
    if not motivation.partition("\n")[2].strip():
        complaints.append("no sentence of motivation follows the title")
    bullets = len(re.findall(r"^[-*] ", learn, re.M))
    if not 3 <= bullets <= 5:
        complaints.append(f"'You will learn' has {bullets} bullets, not 3 to 5")
    if not LINK.search(follows):
        complaints.append("'It follows' has no link")
    if not TAKES.search(cell.source):
        complaints.append("'It takes' is not '**It takes** N minutes to read, M seconds to run'")
    return complaints


def imports(notebook: Notebook) -> list[str]:
    """The second cell imports, and it alone; it makes the helpers importable."""
    complaints = []
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            found = any(isinstance(n, ast.Import | ast.ImportFrom) for n in statements(cell))
            if found and index != 1:
                complaints.append(f"cell {cell.id} imports; only the second cell should")
            if not found and index == 1:
                complaints.append("the second cell imports nothing")
    second = notebook.cells[1]
    if second.cell_type != "code" or 'sys.path.insert(0, "..")' not in second.source:
        complaints.append('the second cell is not code with sys.path.insert(0, "..")')
    return complaints


def ending(notebook: Notebook) -> list[str]:
    """The last three sections are there, with facts, exercises and links; each starts a cell."""
    headings = re.findall(r"^## (.+)$", notebook.prose, re.M)
    if headings[-3:] != LAST_SECTIONS or any(headings.count(name) > 1 for name in LAST_SECTIONS):
        return [f"the last sections are {headings[-3:]}, not {LAST_SECTIONS}"]
    learned, exercises, further = (notebook.section(heading) for heading in LAST_SECTIONS)
    if not (learned and exercises and further):
        return ["one of the last three headings is not at the start of its cell"]
    complaints = []
    facts = len(re.findall(r"^[-*] ", markdown(learned), re.M))
    if not 3 <= facts <= 5:
        complaints.append(f"'What you learned' has {facts} bullets, not 3 to 5")
    links = len(LINK.findall(markdown(further)))
    if not 2 <= links <= 4:
        complaints.append(f"'Go further' has {links} links, not 2 to 4")
    if any(cell.cell_type == "code" for cell in further):
        complaints.append("code follows the exercises")
    return complaints


def exercises(notebook: Notebook) -> list[str]:
    """Three to five exercise cells, numbered in order, each with its answer left open."""
    pattern = re.compile(r'\bcheck\("([^"]*)", answer\)')
    unanswered = re.compile(r"^answer = \.\.\.(\s|$)", re.M)
    cells = [cell for cell in notebook.section("Exercises") if cell.cell_type == "code"]
    labels = [label for cell in cells for label in pattern.findall(cell.source)]
    expected = [f"{notebook.name[:2]}.{k}" for k in range(1, len(labels) + 1)]
    complaints = []
    if labels != expected or not 3 <= len(labels) <= 5:
        complaints.append(f"the exercises are {labels}, not 3 to 5 as {expected}")
    for cell in notebook.code_cells:
        if pattern.search(cell.source) and cell not in cells:
            complaints.append(f"cell {cell.id} calls check outside the exercises")
        elif pattern.search(cell.source) and not unanswered.search(cell.source):
            complaints.append(f"cell {cell.id} calls check without the line 'answer = ...'")
    return complaints


def rhythm(notebook: Notebook) -> list[str]:
    """A word stands between any two code cells (the import cell aside), and no cell is empty."""
    complaints = [f"cell {cell.id} is empty" for cell in notebook.cells if not cell.source.strip()]
    for before, after in zip(notebook.cells[2:], notebook.cells[3:], strict=False):
        if before.cell_type == after.cell_type == "code":
            complaints.append(f"cell {after.id} is code after code, without a word between")
    return complaints


def length(notebook: Notebook) -> list[str]:
    """A code cell is short enough to be read at a glance, but for those in ``LONG_CELLS``."""
    complaints = []
    listed = {id_ for name, id_ in LONG_CELLS if name == notebook.name}
    for cell in notebook.code_cells:
        lines = [line.strip() for line in cell.source.splitlines()]
        n = sum(bool(line) and not line.startswith("#") for line in lines)
        if n > MOST_LINES and cell.id not in listed:
            complaints.append(f"cell {cell.id} has {n} lines of code, more than {MOST_LINES}")
        elif n <= MOST_LINES and cell.id in listed:
            complaints.append(f"cell {cell.id} is listed as long, but it is not")
    return complaints


def stop(notebook: Notebook) -> list[str]:
    """One place to stop is marked, near the middle: two sittings, not one of ninety minutes."""
    marks = [k for k, cell in enumerate(notebook.cells) for _ in STOP.findall(cell.source)]
    if len(marks) != 1:
        return [f"'**A good place to stop.**' begins {len(marks)} paragraphs, not 1"]
    share = marks[0] / len(notebook.cells)
    return [] if 0.3 < share < 0.7 else [f"the place to stop comes after {share:.0%} of the cells"]


def words(notebook: Notebook) -> list[str]:
    """The prose has no word that tells the reader how easy it is, no shouting, no emoji."""
    return wrong_words(notebook.prose)


def wrong_words(text: str) -> list[str]:
    """What ``words`` complains about in a Markdown text (code and formulas left out)."""
    prose = CODE_OR_MATH.sub(" ", text)
    found = [match[0] for match in BANNED_WORDS.finditer(prose)]
    found += re.findall(r"\S* ?!", prose) + EMOJI.findall(prose)
    return [f"the prose says {word!r}" for word in found]


def claims(notebook: Notebook) -> list[str]:
    """No cell says that its numbers are those that article A shows: those nobody has read."""
    return [
        f"cell {cell.id}: {complaint}"
        for cell in notebook.cells
        for complaint in overclaims(cell.source)
    ]


def overclaims(text: str) -> list[str]:
    """What ``claims`` complains about in a text."""
    found = [" ".join(match[0].split()) for match in OVERCLAIMS.finditer(text)]
    return [f"{words!r} claims more than is known" for words in found]


# --- the notebook and the rest of the project ---------------------------------------------------


def drift(notebook: Notebook) -> list[str]:
    """A function that a notebook writes out by hand is the helper of that name."""
    helpers = helper_functions()
    return [
        f"cell {cell.id}: {function.name} differs from that in {', '.join(helpers[function.name])}"
        for cell in notebook.code_cells
        for function in functions(statements(cell))
        if function.name in helpers
        and bare(function) not in map(bare, helpers[function.name].values())
    ]


def helper_functions() -> dict[str, dict[str, ast.FunctionDef]]:
    """The public functions of the helpers: name -> file name -> function."""
    found: dict[str, dict[str, ast.FunctionDef]] = {}
    for path in sorted((PROJECT / "helpers").glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                found.setdefault(node.name, {})[path.name] = node
    return found


def functions(nodes: list[ast.stmt]) -> list[ast.FunctionDef]:
    """The functions that these statements define, also inside of ``if``, but not in a class."""
    found = []
    for node in nodes:
        if isinstance(node, ast.FunctionDef):
            found.append(node)
        elif not isinstance(node, ast.ClassDef):
            found += functions([n for n in ast.iter_child_nodes(node) if isinstance(n, ast.stmt)])
    return found


def bare(function: ast.FunctionDef) -> str:
    """The syntax tree of a function as text, without docstrings and annotations."""
    function = copy.deepcopy(function)
    for node in ast.walk(function):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
            if ast.get_docstring(node) is not None:
                node.body = node.body[1:] or [ast.Pass()]
        elif isinstance(node, ast.arg):
            node.annotation = None
    return ast.dump(function)


def links(notebook: Notebook) -> list[str]:
    """Every relative link leads to a file."""
    return broken_links(notebook.prose, PROJECT / "notebooks")


def broken_links(text: str, folder: Path) -> list[str]:
    """The relative links in a Markdown text in ``folder`` that lead nowhere."""
    targets = ["".join(match) for match in LINK.findall(re.sub(r"```.*?```", "", text, flags=re.S))]
    files = [t.partition("#")[0] for t in targets if not re.match(r"[a-z]+:|#", t)]
    lost = [file for file in files if not (folder / unquote(file)).exists()]
    return [f"the link to {file} leads nowhere" for file in lost]


def statements(cell: dict) -> list[ast.stmt]:
    """The statements of a code cell, without lines that start with ``%`` or ``!``."""
    lines = ["" if re.match(r"\s*[%!]", line) else line for line in cell.source.splitlines()]
    return ast.parse("\n".join(lines)).body


def markdown(cells: list) -> str:
    """The Markdown of these cells as one text."""
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


GUARDS = [
    execution_counts,
    errors,
    stray_outputs,
    machine_paths,
    uncompared_cells,
    metadata,
    cell_ids,
    figures,
    header,
    imports,
    ending,
    exercises,
    rhythm,
    length,
    stop,
    words,
    claims,
    drift,
    links,
]
