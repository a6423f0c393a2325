"""Guards: what must hold for a notebook as a file, whatever its cells compute.

A guard is a function from a `Notebook` to its complaints, a list of sentences that is empty where
all is well. ``GUARDS`` holds all of them. ``test_notebooks.py`` asks each of them about each
notebook, and breaks a small good notebook in many ways to see each of them complain.
"""

from guards import form, project, stored
from guards.form import overclaims, wrong_words
from guards.notebook import NOTEBOOKS, PROJECT, README, Notebook, statements
from guards.project import broken_links

__all__ = [
    "GUARDS",
    "NOTEBOOKS",
    "PROJECT",
    "README",
    "Notebook",
    "broken_links",
    "overclaims",
    "statements",
    "wrong_words",
]

GUARDS = [*stored.GUARDS, *form.GUARDS, *project.GUARDS]
