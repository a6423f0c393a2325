"""Requirements, pins, and where Pythons are listed: the same everywhere."""

import re
import sys
from pathlib import Path

import pytest
import yaml
from fake_python import NEWER, fake_python
from guards import PROJECT, README
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tools import matrix
from tools.matrix import PYTHONS
from tools.requirements import CONSTRAINTS, RUNNING, TESTING, holds, lines, required

# ---- requirements and pins ---------------------------------------------------------------------


def conda() -> dict[str, SpecifierSet]:
    """The packages in ``environment.yml``."""
    environment = yaml.safe_load((PROJECT / "environment.yml").read_text(encoding="utf-8"))
    return {line.name: line.specifier for line in map(Requirement, environment["dependencies"])}


def test_conda_gets_the_lowest_bounds():
    packages = conda()
    del packages["python"]
    assert packages == required(RUNNING, PYTHONS[0])


@pytest.mark.parametrize("python", [*PYTHONS, NEWER])
def test_every_requirement_has_a_lower_and_an_upper_bound(python):
    for name, admitted in required(RUNNING, python).items():
        operators = [bound.operator for bound in admitted]
        assert ">=" in operators and operators.count("<") == 1, f"{name}{admitted}"


def test_the_oldest_packages_of_a_python_have_its_own_bounds():
    for python, numpy in {"3.11": "2.2", "3.13": "2.2", "3.14": "2.3.2", NEWER: "2.5.2"}.items():
        assert f"numpy=={numpy}\n" in matrix.constraints("oldest", python)


@pytest.mark.parametrize("python", PYTHONS)
def test_the_pins_are_what_the_requirements_admit(python):
    pins = [line for line in lines(CONSTRAINTS) if holds(line, python)]
    assert len({pin.name for pin in pins}) == len(pins), "something is pinned twice"
    pinned = {pin.name: pin.specifier for pin in pins}
    for name, admitted in required(TESTING, python).items():
        (pin,) = pinned[name]
        assert pin.operator == "==" and pin.version in admitted, f"{name}: {pin}, not {admitted}"


def test_the_pins_name_no_host_and_no_path():
    pin = re.compile(r"[a-z0-9-]+==[\w.]+( ; [\w.'<>=! ()]+)?")
    text = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    assert text[0].endswith("Made by: make lock")
    assert [line for line in text if not (line.startswith("# ") or pin.fullmatch(line))] == []


def test_the_readme_installs_the_pins():
    installs = re.findall(r"pip install -r .*", README.read_text(encoding="utf-8"))
    assert len(installs) == 3
    assert all("requirements.txt -c constraints.txt" in line for line in installs)


# ---- where Pythons are listed ------------------------------------------------------------------


def test_the_pythons_are_the_same_everywhere():
    first, last = PYTHONS[0], PYTHONS[-1]
    assert f"\n# Tested with Python {first} to {last}\n" in CONSTRAINTS.read_text(encoding="utf-8")
    workflow = yaml.safe_load((PROJECT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))
    assert workflow["jobs"]["tests"]["strategy"]["matrix"]["python"] == PYTHONS
    assert f"Pythons from {first} to {last}" in README.read_text(encoding="utf-8")


def test_no_python_is_too_new():
    assert conda()["python"] == SpecifierSet(f">={PYTHONS[0]}")
    assert f"Python {PYTHONS[0]} or newer" in README.read_text(encoding="utf-8")


def test_the_matrix_finds_a_python_by_its_name_alone(tmp_path, monkeypatch):
    fake_python(tmp_path / "python3.99", NEWER)
    fake_python(tmp_path / "python3.10", "3.10")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    found = matrix.find_pythons()
    assert found.pop(NEWER) == str(tmp_path / "python3.99")
    assert list(found.values()) == [sys.executable]


def test_the_matrix_says_which_pythons_it_has_not_tried(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(matrix, "MATRIX", tmp_path)
    monkeypatch.setattr(matrix, "find_pythons", lambda: {"3.12": "python3.12", NEWER: "python"})
    monkeypatch.setattr(matrix, "environment", lambda *_: Path("python"))
    monkeypatch.setattr(matrix, "test", lambda _, name, *__: ("ok", name))
    monkeypatch.setattr(sys, "argv", ["matrix"])
    assert matrix.main() == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[-1].endswith("not installed: Python 3.11, 3.13, 3.14, 3.15")
    assert "3.12-pinned" in printed and f"{NEWER}-newest" in printed
    assert f"{NEWER}-pinned" not in printed
