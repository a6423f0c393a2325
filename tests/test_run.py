"""``make run``: notebooks are executed in ``build/``, and stored only where it is asked."""

import os

import nbformat
from guards.stored import METADATA
from nbformat import v4

from tools import no_settings, run

CELLS = {
    "import sys\nprint('one', end='')\nsys.stdout.flush()\nprint(' line')": [],
    "print('seconds')": ["nbval-ignore-output"],
}


def test_outputs_are_stored_in_one_piece_and_nothing_else_changes(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run, "BUILD", tmp_path / "build")
    run.BUILD.mkdir()
    path, broken = tmp_path / "01_good.ipynb", tmp_path / "02_broken.ipynb"
    cells = [v4.new_code_cell(s, metadata={"tags": t} if t else {}) for s, t in CELLS.items()]
    cells[1].outputs = [v4.new_output("stream", text="measured before")]
    header = v4.new_markdown_cell("**It takes** 1 minute to read, 3 seconds to run.")
    nbformat.write(v4.new_notebook(cells=[header, *cells], metadata=METADATA), path)
    failing = v4.new_notebook(cells=[header, v4.new_code_cell("1 / 0")], metadata=METADATA)
    nbformat.write(failing, broken)
    without = tmp_path / "03_without.ipynb"
    missing = v4.new_code_cell("import a_package_that_nobody_has")
    nbformat.write(v4.new_notebook(cells=[header, missing], metadata=METADATA), without)
    before = broken.read_bytes()

    assert run.run_all([path, broken, without], at_once=2, store=True) == [True, False, False]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("01_good") and lines[0].endswith("ok")
    assert lines[1].startswith("02_broken") and "ZeroDivisionError" in lines[1]
    assert lines[3].startswith("a package is missing: after make clean")
    stored = nbformat.read(path, as_version=4)
    assert stored.metadata == METADATA
    assert [output.text for output in stored.cells[1].outputs] == ["one line\n"]
    assert stored.cells[2].outputs[0].text == "measured before"
    assert broken.read_bytes() == before
    executed = nbformat.read(run.BUILD / path.name, as_version=4)
    assert executed.cells[2].outputs[0].text == "seconds\n"


def test_a_damaged_notebook_is_a_line_of_its_own(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run, "BUILD", tmp_path)
    (tmp_path / "03_bad.ipynb").write_text("<<<<<<< HEAD")
    assert run.run_all([tmp_path / "03_bad.ipynb"], 1, store=True) == [False]
    assert "03_bad" in (line := capsys.readouterr().out) and "is damaged: git checkout" in line


def test_start_up_files_and_backend_of_a_reader_are_not_used(tmp_path, monkeypatch, capsys):
    start_up = tmp_path / "profile_default" / "startup"
    start_up.mkdir(parents=True)
    (start_up / "00.py").write_text("from numpy import *")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("MPLBACKEND", "nosuch")
    monkeypatch.setattr(run, "BUILD", tmp_path)
    path = tmp_path / "04_sums.ipynb"
    cells = [v4.new_code_cell("import matplotlib\nprint(sum(k for k in (1, 2)))")]
    nbformat.write(v4.new_notebook(cells=cells, metadata=METADATA), path)
    assert run.run_all([path], 1, store=True) == [True]
    assert nbformat.read(path, as_version=4).cells[0].outputs[0].text == "3\n"


def test_no_settings_of_a_reader_are_asked(tmp_path, monkeypatch):
    for variable in ("IPYTHONDIR", "MPLCONFIGDIR", "MATPLOTLIBRC", "MPLBACKEND"):
        monkeypatch.setenv(variable, "mine")
    monkeypatch.setattr(no_settings, "NO_SETTINGS", tmp_path / "none")
    no_settings.leave_out_settings()
    assert os.environ["IPYTHONDIR"] == os.environ["MPLCONFIGDIR"] == str(tmp_path / "none")
    assert not {"MATPLOTLIBRC", "MPLBACKEND"} & set(os.environ)
