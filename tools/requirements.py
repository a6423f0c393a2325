"""What the requirements files and ``constraints.txt`` say for one Python.

A line may carry a marker, such as ``; python_version >= "3.14"``, and then holds only where the
marker is true. Several lines of a package hold together. A Python is named ``"3.14"`` here.
"""

from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

PROJECT = Path(__file__).resolve().parent.parent
RUNNING = PROJECT / "requirements.txt"
TESTING = PROJECT / "tests" / "requirements.txt"  # those of RUNNING as well
CONSTRAINTS = PROJECT / "constraints.txt"


def lines(path: Path) -> Iterator[Requirement]:
    """Every requirement of a file and of those that it includes."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            yield from lines(path.parent / line.removeprefix("-r "))
        elif line and not line.startswith("#"):
            yield Requirement(line)


def holds(requirement: Requirement, python: str) -> bool:
    """Whether a line holds for a Python.

    >>> line = Requirement('numpy>=2.3.2; python_version >= "3.14"')
    >>> holds(line, "3.14"), holds(line, "3.9")
    (True, False)
    """
    versions = {"python_version": python, "python_full_version": f"{python}.0"}
    return requirement.marker is None or requirement.marker.evaluate(versions)


def required(path: Path, python: str) -> dict[str, SpecifierSet]:
    """The versions of each package that a file admits for a Python."""
    admitted: dict[str, SpecifierSet] = {}
    for line in lines(path):
        if holds(line, python):
            name = canonicalize_name(line.name)
            admitted[name] = admitted.get(name, SpecifierSet()) & line.specifier
    return admitted


def oldest(admitted: SpecifierSet) -> Version:
    """The lowest version that is admitted: the highest of the lower bounds.

    >>> oldest(SpecifierSet(">=2.2,<3,>=2.3.2"))
    <Version('2.3.2')>
    """
    return max(Version(bound.version) for bound in admitted if bound.operator == ">=")
