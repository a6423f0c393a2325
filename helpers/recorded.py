"""What the laboratory recorded: reads ``results/``, and nothing more.

``results/NAME.jsonl`` is UTF-8 text, a JSON object on each line. The first is the header: the
experiment, the command that makes the file, a note on what its numbers hold for, the data, the
options of every setting, and what a run gives. Each line after it is one run: its setting, its
seed, its results, and the versions that made it. Nothing here guesses: a line that cannot be right
is an error that names it and says what to do.

>>> recorded("article_b")["published, x / 255"]["test"].shape
(20,)
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).resolve().parent.parent / "results"
HEADER_KEYS = ("experiment", "command", "note", "data", "settings", "results")


def recorded(name: str, folder: str | Path = RESULTS) -> dict[str, dict[str, np.ndarray]]:
    """The recorded results of experiment ``name``: setting → result → array of shape (n_seeds,).

    The arrays are over the seeds 0, 1, …, so that two settings can be compared seed by seed. An
    unfinished experiment gives the settings that have runs, with the seeds that they have.
    Raises what `read` raises, and ``ValueError`` where a seed is missing before others.
    """
    path = Path(folder) / f"{name}.jsonl"
    header, runs = read(path)
    found: dict[str, list[dict]] = {}
    for run in runs:
        of_setting = found.setdefault(run["setting"], [])
        if run["seed"] != len(of_setting):
            raise ValueError(
                f"{path}: {run['setting']} has no run of seed {len(of_setting)}, but of "
                f"{run['seed']}: {command_of(name)} makes it"
            )
        of_setting.append(run)
    return {
        setting: {result: np.array([run[result] for run in ones]) for result in header["results"]}
        for setting, ones in found.items()
    }


def made_with(name: str, folder: str | Path = RESULTS) -> list[str]:
    """The versions and machines that made the recorded runs of ``name``, each once, sorted.

    Raises what `read` raises.
    """
    _, runs = read(Path(folder) / f"{name}.jsonl")
    return sorted({run["versions"] for run in runs})


def command_of(name: str) -> str:
    """The command that makes what is missing of experiment ``name``."""
    return f"python -m tools.experiments run {name}"


def read(path: Path) -> tuple[dict, list[dict]]:
    """The header of a results file, and its runs by the order of the settings there, then by seed.

    Raises ``ValueError``, naming file and line, for a line that is damaged, and
    ``FileNotFoundError``, with the command that makes the file, if there is none.
    """
    command = command_of(path.stem)
    if not path.exists():
        names = ", ".join(sorted(other.stem for other in path.parent.glob("*.jsonl"))) or "none"
        raise FileNotFoundError(
            f"no record of {path.stem} at {path}; recorded are: {names}. If it is an experiment, "
            f"{command} makes it"
        )
    first, *lines = path.read_bytes().splitlines(keepends=True) or [b""]
    try:
        header = _parsed(first)
        check_header(header, path.stem)
    except ValueError as error:
        raise ValueError(
            f"{path}, line 1: it must be the header of the experiment {path.stem}: "
            f"{error.args[0]}. Restore the line, or delete the file, and {command} makes it again"
        ) from error
    seen: dict[tuple[str, int], tuple[int, dict]] = {}
    for number, line in enumerate(lines, start=2):
        try:  # an error has a message, and a remedy if that is not to delete the line
            run = _parsed(line)
            check_run(run, header)
            key = run["setting"], run["seed"]
            if key in seen:
                same = f"the same setting and seed as line {seen[key][0]}"
                raise ValueError(same, "Delete one of them")
        except ValueError as error:
            delete = f"Delete the line, and this makes what is missing: {command}"
            what, remedy = (*error.args, delete)[:2]
            raise ValueError(f"{path}, line {number}: {what}. {remedy}") from error
        seen[key] = number, run
    order = {setting: place for place, setting in enumerate(header["settings"])}
    in_order = sorted(seen, key=lambda key: (order[key[0]], key[1]))
    return header, [seen[key][1] for key in in_order]


def check_header(header: dict, name: str) -> None:
    """Raise ``ValueError`` if ``header`` is not the first line of the experiment ``name``."""
    _check_keys(header, HEADER_KEYS)
    if header["experiment"] != name:
        raise ValueError(f"experiment must be {name!r}, got {header['experiment']!r}")
    settings = header["settings"]
    options = settings.values() if isinstance(settings, dict) else [settings]
    if not all(isinstance(one, dict) for one in options):
        raise ValueError(f"settings must be an object of objects, got {settings!r}")
    results = header["results"]
    if not isinstance(results, list) or not all(isinstance(one, str) for one in results):
        raise ValueError(f"results must be a list of names, got {results!r}")


def check_run(run: dict, header: dict) -> None:
    """Raise ``ValueError`` if ``run`` is not a run of the experiment that ``header`` describes."""
    _check_keys(run, ("setting", "seed", *header["results"], "versions"))
    if not isinstance(run["setting"], str) or run["setting"] not in header["settings"]:
        unknown = f"line 1 has no setting {run['setting']!r}"
        raise ValueError(unknown, "Restore line 1, if it had; or delete this one")
    if type(run["seed"]) is not int or run["seed"] < 0:
        raise ValueError(f"seed must be a whole number from 0, got {run['seed']!r}")
    for name in header["results"]:
        if type(run[name]) not in (int, float) or not abs(run[name]) < math.inf:  # nan is refused
            raise ValueError(f"{name} must be a finite number, got {run[name]!r}")
    if not isinstance(run["versions"], str):
        raise ValueError(f"versions must be text, got {run['versions']!r}")


def _parsed(line: bytes) -> dict:
    """The JSON object in ``line``; ``ValueError``, perhaps with a remedy, if it is none."""
    if not line.strip():
        raise ValueError("the line is empty", "Delete it")
    try:
        value = json.loads(line.decode(), object_pairs_hook=_each_once)
    except KeyError as twice:
        raise ValueError(f"the line has the key {twice} twice") from twice
    except (ValueError, RecursionError) as error:  # not UTF-8, or not JSON
        raise ValueError(f"the line is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"the line must be a JSON object, got {value!r}")
    if not line.endswith(b"\n"):
        raise ValueError("no newline ends the line", "Add one")
    return value


def _each_once(pairs: list[tuple[str, object]]) -> dict:
    """The object of these pairs; ``KeyError`` for a key that comes twice, of which one is lost."""
    value: dict[str, object] = {}
    for key, item in pairs:
        if key in value:
            raise KeyError(key)
        value[key] = item
    return value


def _check_keys(value: dict, keys: tuple[str, ...]) -> None:
    """Raise ``ValueError`` if ``value`` lacks one of ``keys`` or has another."""
    missing = [key for key in keys if key not in value]
    unknown = [key for key in value if key not in keys]
    said = [f"lacks {', '.join(missing)}"] * bool(missing)
    said += [f"must not have {', '.join(unknown)}"] * bool(unknown)
    if said:
        raise ValueError(f"the line {' and '.join(said)}")
