"""Guards of what ties a notebook to the rest of the project: helpers of the same name, links."""

import ast
import copy
import re
from itertools import takewhile
from pathlib import Path
from urllib.parse import unquote

from guards.form import LINK
from guards.notebook import PROJECT, Notebook, statements


def drift(notebook: Notebook) -> list[str]:
    """A function that a notebook writes out by hand is the helper of that name.

    The page is bare, the helper refuses: it may begin with lines ``check_…(…)`` that the page does
    not have, besides those that it has.
    """
    helpers = helper_functions()
    return [
        f"cell {cell.id}: {function.name} differs from that in {', '.join(helpers[function.name])}"
        for cell in notebook.code_cells
        for function in functions(statements(cell))
        if function.name in helpers
        and not any(
            bare(without_checks(function)) == bare(without_checks(helper))
            and set(checks(function)) <= set(checks(helper))
            for helper in helpers[function.name].values()
        )
    ]


def checks(function: ast.FunctionDef) -> list[str]:
    """The first lines ``check_…(…)`` of a function, as syntax trees in text."""
    body = function.body[ast.get_docstring(function) is not None :]
    return [ast.dump(line) for line in takewhile(is_check, body)]


def without_checks(function: ast.FunctionDef) -> ast.FunctionDef:
    """A copy of the function without docstring and without the first lines ``check_…(…)``."""
    function = copy.deepcopy(function)
    if ast.get_docstring(function) is not None:
        function.body = function.body[1:]
    while function.body and is_check(function.body[0]):
        function.body = function.body[1:]
    function.body = function.body or [ast.Pass()]
    return function


def is_check(statement: ast.stmt) -> bool:
    """Whether a statement is a line ``check_…(…)``."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id.startswith("check_")
    )


def helper_functions() -> dict[str, dict[str, ast.FunctionDef]]:
    """The public functions of the helpers: name -> file name -> function."""
    found: dict[str, dict[str, ast.FunctionDef]] = {}
    for path in sorted((PROJECT / "helpers").rglob("*.py")):
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


GUARDS = [drift, links]
