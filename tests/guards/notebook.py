"""A notebook as the guards read it."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

from tools.answers import compared, strict, without_editors_fields

PROJECT = Path(__file__).resolve().parents[2]
README = PROJECT / "README.md"
NOTEBOOKS = [compared(path) for path in sorted((PROJECT / "notebooks").glob("*.ipynb"))]


@dataclass
class Notebook:
    """A notebook as read from its file; ``name`` is the file's name without ``.ipynb``."""

    name: str
    cells: list
    metadata: dict

    @classmethod
    def read(cls, path: Path) -> "Notebook":
        """Return the notebook at ``path``; raises where it is not a valid notebook.

        What editors write into it besides counts only where all is to be compared as it stands.
        """
        nb = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        if not strict():
            without_editors_fields(nb)
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


def statements(cell: dict) -> list[ast.stmt]:
    """The statements of a code cell, without lines that start with ``%`` or ``!``."""
    lines = ["" if re.match(r"\s*[%!]", line) else line for line in cell.source.splitlines()]
    return ast.parse("\n".join(lines)).body


def markdown(cells: list) -> str:
    """The Markdown of these cells as one text."""
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
