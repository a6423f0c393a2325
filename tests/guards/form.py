"""Guards of the form of a lesson: its header, sections, exercises, rhythm and words."""

import ast
import re

from guards.notebook import Notebook, markdown, statements
from tools.run import TAKES

# Cells that may be longer than MOST_LINES: (notebook, cell id) -> the reason, in a sentence.
LONG_CELLS: dict[tuple[str, str], str] = {
    ("05_a_network_that_slices", "1b11f1c9"): "It is the article's class, as one piece."
}

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

FINDS_HELPERS = (
    'sys.path[:0] = ["..", "../.."]  '
    '# no helpers? Get the whole project; README, "A notebook alone"'
)
STOP = re.compile(r"^\*\*A good place to stop\.\*\* \w", re.M)
LAST_SECTIONS = ["What you learned", "Exercises", "Go further"]
MOST_LINES = 18  # of code in a cell; about twelve is what reads well


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
    if second.cell_type != "code" or FINDS_HELPERS not in second.source:
        complaints.append(f"the second cell is not code with {FINDS_HELPERS}")
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


GUARDS = [header, imports, ending, exercises, rhythm, length, stop, words, claims]
