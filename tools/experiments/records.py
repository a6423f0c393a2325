"""Results files, written: one finished run a line, whole whatever stops the process.

``helpers.recorded`` says what is in such a file, and reads it. A finished run is appended at once;
`tidy` sorts. What is there is compared with the experiment as it is today.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from helpers.recorded import check_run, command_of
from helpers.recorded import read as read_file
from tools.experiments.all_experiments import experiment_of
from tools.files import alone_in, replacing

NOTE = (
    "Each run names the versions that made it. Other versions and other machines round differently "
    "and give other numbers, of the same distribution."
)
NOTE_OF_TIMES = "Times of one machine, on one core; another one has others."
DATA = {
    "MNIST": "MNIST, 60000 training and 10000 test images",
    "sample": "the bundled sample of MNIST, 5000 training images",
    "none": "none",
}


def header_of(name: str, seeds: int | None = None) -> dict:
    """The first line of the results file as it is today; ``seeds`` (None: by default) are in it."""
    experiment = experiment_of(name)
    header = {
        "experiment": name,
        "command": f"{command_of(name)} --seeds {seeds or experiment.seeds}",
        "note": NOTE_OF_TIMES if experiment.timed else NOTE,
        "data": DATA[experiment.data],
        "settings": experiment.settings,
        "results": experiment.results,
    }
    return json.loads(as_line(header))  # as it comes back from a file: a tuple is a list


def read(path: Path, header: dict) -> list[dict]:
    """The runs in the file, by the order of the settings in ``header`` and then by seed.

    ``header`` says what the experiment is today; a file that does not exist, or is empty because
    whoever made it was stopped, has no runs. Raises ``ValueError`` for a damaged file, naming the
    line, and for one whose runs are not of today's experiment. Settings may have been added.
    """
    if not path.exists() or path.stat().st_size == 0:
        return []
    before, runs = read_file(path)
    for key in ("data", "results"):
        if before[key] != header[key]:
            raise ValueError(
                f"{path}, line 1: {key} is {before[key]!r}, today it is {header[key]!r}. Delete "
                f"the file, and {command_of(path.stem)} makes it again"
            )
    _check_settings(path, before["settings"], header["settings"], runs)
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
