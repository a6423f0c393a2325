"""Results files: one finished run a line, whole whatever stops the process that writes them.

``results/NAME.jsonl`` is UTF-8 text, a JSON object on each line. The first is the header: the
experiment, the command that makes the file, a note on what its numbers hold for, the data, the
options of every setting, and what a run gives. Each line after it is one run: its setting, its
seed, its results, and the versions that made it. A finished run is appended at once; `tidy` sorts.
Nothing here guesses: a line that cannot be right is an error that names it.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

from tools.files import alone_in, replacing

HEADER_KEYS = ("experiment", "command", "note", "data", "settings", "results")


def read(path: Path, header: dict) -> list[dict]:
    """The runs in the file, by the order of the settings in ``header`` and then by seed.

    ``header`` has ``HEADER_KEYS`` and says what the experiment is today; a file that does not
    exist, or is empty because whoever made it was stopped, has no runs. Raises ``ValueError``,
    naming file and line, for a line that is damaged, and for runs that were made with other options
    than those of today. Settings may have been added.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    if lines == [b""]:
        return []
    header = json.loads(as_line(header))  # as it comes back from a file: a tuple is a list
    recorded_header = _parse_header(path, lines[0] if len(lines) > 1 else b"", header)
    runs, first_seen = [], {}
    for number, line in enumerate(lines[1:], start=2):
        last = number == len(lines)
        if last and not line:  # the end of the line before
            break
        try:  # an error has a message, and a remedy if that is not to delete the line
            run = _parse_run(line, recorded_header, header)
            if last:
                raise ValueError("no newline ends the line", "Add one")
            key = run["setting"], run["seed"]
            if key in first_seen:
                other = first_seen[key]
                raise ValueError(f"the same setting and seed as line {other}", "Delete one of them")
        except ValueError as error:
            delete = f"Delete the line, and this makes what is missing: {header['command']}"
            what, remedy = (*error.args, delete)[:2]
            raise ValueError(f"{path}, line {number}: {what}. {remedy}") from error
        first_seen[key] = number
        runs.append(run)
    _check_settings(path, recorded_header["settings"], header["settings"], runs)
    order = list(header["settings"])
    return sorted(runs, key=lambda run: (order.index(run["setting"]), run["seed"]))


def check_writable(path: Path) -> None:
    """Make the folder of the file; raise ``OSError`` if `append` cannot write there.

    To be asked before there is a finished run to lose.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for place in (path.parent, path):
        if place.exists() and not os.access(place, os.W_OK):
            raise PermissionError(f"{place} must be writable: finished runs are recorded there")


def append(path: Path, header: dict, run: dict) -> None:
    """Add one finished run to the file, which gets ``header`` and its folder if it is new.

    It is one write to the end of the file and is on the disk when this returns. If another process
    has recorded the same setting and seed meanwhile, that run stays and this one is not written.
    Raises ``ValueError`` if ``run`` is not what ``header`` says, or has a number that is not
    finite.
    """
    check_run(run, header)
    path.parent.mkdir(parents=True, exist_ok=True)
    with alone_in(path.parent), open(path, "ab+", buffering=0) as file:
        file.seek(0)
        text = file.read()
        line = as_line(run)
        # every line starts with its setting and its seed
        start = as_line({"setting": run["setting"], "seed": run["seed"]})[:-2] + b","
        whole_lines = text.split(b"\n")[:-1]
        if any(other.startswith(start) for other in whole_lines):
            return
        if not text:
            line = as_line(header) + line
        elif not text.endswith(b"\n"):  # cut off by somebody else: that line is lost, not this one
            line = b"\n" + line
        if file.write(line) < len(line):
            raise OSError(f"{path}: the disk is full; the last line is cut off")
        os.fsync(file.fileno())


def tidy(path: Path, header: dict) -> None:
    """Sort the runs in the file and bring its header up to date; nothing if there is no file.

    The sorted file takes the place of the other at once: whoever looks finds one of the two, whole.
    Raises what `read` raises, and then changes nothing.
    """
    if not path.exists():
        return
    with alone_in(path.parent):
        runs = read(path, header)
        content = b"".join([as_line(header), *map(as_line, runs)])
        if content == path.read_bytes():
            return
        with replacing(path) as file:
            file.write(content)


def as_line(value: dict) -> bytes:
    """``value`` as a line of JSON; ``ValueError`` if it holds nan or infinity."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def check_run(run: dict, header: dict) -> None:
    """Raise ``ValueError`` if ``run`` is not a run of the experiment that ``header`` describes."""
    _check_keys(run, ("setting", "seed", *header["results"], "versions"))
    if not isinstance(run["setting"], str) or run["setting"] not in header["settings"]:
        raise ValueError(f"the header knows no setting {run['setting']!r}")
    if type(run["seed"]) is not int or run["seed"] < 0:
        raise ValueError(f"seed must be a whole number from 0, got {run['seed']!r}")
    for name in header["results"]:
        if type(run[name]) not in (int, float) or not abs(run[name]) < math.inf:  # nan is refused
            raise ValueError(f"{name} must be a finite number, got {run[name]!r}")
    if not isinstance(run["versions"], str):
        raise ValueError(f"versions must be text, got {run['versions']!r}")


def _parse_header(path: Path, line: bytes, header: dict) -> dict:
    """The header in ``line``; ``ValueError`` if it is damaged or of something else."""
    try:
        found = _parse(line)
        _check_keys(found, HEADER_KEYS)
        if not isinstance(found["settings"], dict):
            raise ValueError(f"settings must be an object, got {found['settings']!r}")
        for setting, options in found["settings"].items():
            if not isinstance(options, dict):
                raise ValueError(f"{setting} must be an object, got {options!r}")
        for key in ("experiment", "data", "results"):
            if found[key] != header[key]:
                raise ValueError(f"{key} is {found[key]!r}, today it is {header[key]!r}")
    except ValueError as error:
        raise ValueError(
            f"{path}, line 1: it must be the header of the experiment {header['experiment']}: "
            f"{error}. Restore the line, or delete the file, and {header['command']} makes it again"
        ) from error
    return found


def _parse_run(line: bytes, recorded_header: dict, header: dict) -> dict:
    """The run in ``line``; ``ValueError``, perhaps with a remedy, if it cannot be one."""
    if not line.strip():
        raise ValueError("the line is empty", "Delete it")
    run = _parse(line)
    lost = [name for name in header["settings"] if name not in recorded_header["settings"]]
    if run.get("setting") in lost:  # when the run was recorded, the header had it
        raise ValueError(f"line 1 has no setting {run['setting']!r}", "Restore line 1")
    check_run(run, recorded_header)
    return run


def _parse(line: bytes) -> dict:
    """The JSON object in ``line``; ``ValueError`` if it is none."""
    try:
        value = json.loads(line.decode())
    except (ValueError, RecursionError) as error:  # not UTF-8, or not JSON
        raise ValueError(f"the line is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"the line must be a JSON object, got {value!r}")
    return value


def _check_keys(value: dict, keys: tuple[str, ...]) -> None:
    """Raise ``ValueError`` if ``value`` lacks one of ``keys`` or has another."""
    missing = [key for key in keys if key not in value]
    unknown = [key for key in value if key not in keys]
    if missing or unknown:
        said = [f"{kind} {', '.join(names)}" for kind, names in
                (("lacks", missing), ("must not have", unknown)) if names]  # fmt: skip
        raise ValueError(f"the line {' and '.join(said)}")


def _check_settings(path: Path, before: dict, today: dict, runs: list[dict]) -> None:
    """Raise ``ValueError`` if a setting that has runs is not what it was."""
    used = [setting for setting in before if any(run["setting"] == setting for run in runs)]
    removed = [setting for setting in used if setting not in today]
    changed = [
        f"{setting} ({_differences(before[setting], today[setting])})"
        for setting in used
        if setting not in removed and today[setting] != before[setting]
    ]
    for what, settings in (("have other options", changed), ("are not there", removed)):
        if settings:
            raise ValueError(
                f"{path}: today these settings of line 1 {what}: {'; '.join(settings)}. New "
                f"options need a new name, beside the old one; or delete the lines of these "
                f"settings. If line 1 is damaged, restore it"
            )


def _differences(before: dict, today: dict) -> str:
    """Which options differ, and how.

    >>> _differences({"l2": 0.1, "epochs": 3}, {"epochs": 3})
    'l2 0.1 there, not given today'
    """
    none = "not given"
    return ", ".join(
        f"{option} {before.get(option, none)} there, {today.get(option, none)} today"
        for option in {**before, **today}
        if before.get(option, none) != today.get(option, none)
    )
