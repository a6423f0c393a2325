"""A table of the reader's own: read from a CSV file, split, and scaled.

The first line of the file names the columns. One of them holds the classes, in any words; all
others hold numbers. What does not fit is refused with its line and column.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

import numpy as np

from helpers.validation import (
    check_generator,
    check_same_length,
    class_labels,
    finite_array,
    finite_number,
)

FEWEST = 20  # rows: less cannot be split in three
LIMIT = 3  # standard deviations
# what stands in the place of a class that is missing
MISSING = ("", "?", "NA", "N/A", "#N/A", "#VALUE!", "#REF!", "<NA>", "NAN", "NULL")


class Table(NamedTuple):
    """``x`` has shape (n, n_columns), ``labels`` are places in ``classes``, which are sorted."""

    x: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]


def read_table(path: str | Path, label: str) -> Table:
    """The table in the file, UTF-8 text with commas; ``label`` names the column of classes.

    Empty lines are passed over. Raises ``ValueError``, naming file, line and column, for a value
    that is no finite number, a class that is missing, a line with more or fewer values than there
    are columns; and for names that are twice there, fewer than ``FEWEST`` rows, or a single class.
    Raises ``FileNotFoundError`` if there is no file, ``TypeError`` if ``path`` cannot be one's.
    """
    path = _file(path)
    (_, names), *rows = _lines(path)
    names = [name.strip() for name in names]
    _check_names(path, names, label)
    numbers, labels = [], []
    for line, row in rows:
        if len(row) != len(names):
            raise ValueError(
                f"{path}, line {line}: {len(row)} values, but line 1 names {len(names)} columns"
            )
        values = dict(zip(names, row, strict=True))
        labels.append(normalize("NFC", values.pop(label).strip()))
        if labels[-1].upper() in MISSING:
            raise ValueError(f"{path}, line {line}, column {label!r}: the class is missing")
        numbers.append([_number(path, line, name, text) for name, text in values.items()])
    if len(rows) < FEWEST:
        raise ValueError(f"{path}: there must be at least {FEWEST} rows of data, got {len(rows)}")
    for name, column in zip(values, np.transpose(numbers), strict=True):
        if _counts_rows(column):
            raise ValueError(
                f"{path}, column {name!r}: it counts the rows, which may give the class away; "
                "leave it out"
            )
    _check_alike(path, label, labels)
    classes, labels = np.unique(labels, return_inverse=True)
    if len(classes) > len(rows) / 2:
        raise ValueError(
            f"{path}, column {label!r}: there are {len(classes)} classes in {len(rows)} rows; are "
            "these classes?"
        )
    if len(classes) < 2:
        raise ValueError(
            f"{path}, column {label!r}: there must be two classes or more, got {classes[0]!s}"
        )
    return Table(np.array(numbers), labels, tuple(map(str, classes)))


def split(table: Table, fraction: float, rng: np.random.Generator) -> tuple[Table, Table]:
    """Two tables that together have all rows of ``table``, drawn by ``rng``.

    The first gets the ``fraction`` of them, rounded. Raises ``ValueError`` unless each gets a row
    at least, ``TypeError`` for an ``rng`` that is no generator.
    """
    check_generator("rng", rng)
    table = _checked("table", table)
    order = rng.permutation(len(table.x))
    n_first = round(finite_number("fraction", fraction) * len(order))
    if not 0 < n_first < len(order):
        raise ValueError(
            f"fraction must leave both parts some of {len(order)} rows, got {fraction}"
        )
    return tuple(
        Table(table.x[rows], table.labels[rows], table.classes)
        for rows in (order[:n_first], order[n_first:])
    )


def standardised(training: Table, *others: Table) -> list[tuple[np.ndarray, np.ndarray]]:
    """Inputs and labels of each table, the inputs float32, to train `helpers.network` with.

    Every column of ``training`` gets mean 0 and standard deviation 1, and those of the others are
    scaled in the same way: nothing is learned from them. Values beyond ``LIMIT`` are cut to it, so
    that a rare one does not drown the others, and a column that is constant in ``training`` becomes
    0. Raises ``ValueError`` if the others have not as many columns or other classes.
    """
    training = _checked("training", training)
    others = [_checked("one of others", table) for table in others]
    for table in others:
        if table.x.shape[1] != training.x.shape[1] or table.classes != training.classes:
            raise ValueError(
                f"others must have the {training.x.shape[1]} columns and the classes "
                f"{training.classes} of training, got {table.x.shape[1]} and {table.classes}"
            )
    constant = np.ptp(training.x, axis=0) == 0
    # near 1, where no square is too large or too small; a power of 2 changes no digit
    _, power = np.frexp(np.abs(training.x).max(axis=0))
    near_1 = np.ldexp(training.x, -power)
    mean, sd = near_1.mean(axis=0), near_1.std(axis=0)
    scaled = []
    for table in (training, *others):
        with np.errstate(over="ignore"):  # what is far out is cut
            x = np.ldexp(table.x, -power) - mean
            x = np.where(constant, 0.0, x / np.where(constant, 1.0, sd))
        scaled.append((x.clip(-LIMIT, LIMIT).astype(np.float32), table.labels))
    return scaled


def _checked(name: str, table: Table) -> Table:
    """The table with arrays of floats and of integers; an error if it is none, or does not fit."""
    if not isinstance(table, Table):
        raise TypeError(f"{name} must be a table, as read_table returns it; got {table!r:.60}")
    x = finite_array(f"x of {name}", table.x, (None, None))
    if not isinstance(table.classes, tuple | list):
        raise TypeError(f"classes of {name} must be a tuple of names, got {table.classes!r}")
    labels = class_labels(f"labels of {name}", table.labels, len(table.classes))
    check_same_length(f"x of {name}", x, f"labels of {name}", labels)
    return Table(x, labels, table.classes)


def _file(path: str | Path) -> Path:
    """The file that is there; an error that says what is there instead."""
    if not isinstance(path, str | Path):
        raise TypeError(f"path must be that of a CSV file, got {path!r}")
    file = Path(path).expanduser() if str(path).startswith(("~/", "~\\")) else Path(path)
    if not file.is_file():
        found = "not there" if file.is_absolute() else f"not in {Path.cwd()}"
        if file.is_dir():
            found = "a folder"
        elif "://" in str(path):
            found = "an address: save what is there as a file first"
        raise FileNotFoundError(f"path must be that of a CSV file, but {str(path)!r} is {found}")
    return file


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """The lines that are not empty, each with its number in the file."""
    with path.open(encoding="utf-8-sig", newline="") as file:  # some programs begin with a mark
        reader = csv.reader(file, strict=True, skipinitialspace=True)
        try:
            lines = [(reader.line_num, row) for row in reader if row]
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}: the file must be text in UTF-8: {error}") from error
        except csv.Error as error:
            raise ValueError(f"{path}, line {reader.line_num}: {error}") from error
    if not lines:
        raise ValueError(f"{path}: the file is empty")
    return lines


def _check_names(path: Path, names: list[str], label: str) -> None:
    if "" in names:
        raise ValueError(
            f"{path}, line 1: column {names.index('') + 1} has no name. Is it an index? Leave it "
            "out, with pandas by to_csv(..., index=False): it may give the class away"
        )
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise ValueError(f"{path}, line 1: the column {twice[0]!r} is named twice")
    if label not in names:
        other = ";" in "".join(names) or "\t" in "".join(names)
        semicolons = "; values must be separated by commas" if other else ""
        raise ValueError(
            f"{path}, line 1: no column is named {label!r}, but {', '.join(names)}{semicolons}"
        )
    if len(names) < 2:
        raise ValueError(f"{path}, line 1: there must be a column of numbers beside {label!r}")


def _counts_rows(column: np.ndarray) -> bool:
    """Whether each row has a whole number of its own, in any order, with few of them left out."""
    different = np.unique(column).size == len(column)
    return bool(different and (column % 1 == 0).all() and np.ptp(column) < 2 * len(column))


def _check_alike(path: Path, label: str, names: list[str]) -> None:
    """Raise ``ValueError`` for classes that are one number, such as 1 and 1.0."""
    written: dict[float, str] = {}
    for name in dict.fromkeys(names):
        try:
            number = float(name)
        except ValueError:
            continue
        if written.setdefault(number, name) != name:
            raise ValueError(
                f"{path}, column {label!r}: {written[number]!r} and {name!r} are two classes; "
                "write one number in one way"
            )


def _number(path: Path, line: int, column: str, text: str) -> float:
    try:
        value = math.nan if "_" in text else float(text)  # to Python 1_000 is a number
    except ValueError:
        value = math.nan
    if abs(value) > 2**53 and text.strip().lstrip("+-").isdigit() and int(text) != int(value):
        raise ValueError(
            f"{path}, line {line}, column {column!r}: {text.strip()} has more digits than a float "
            "holds; is it a name and no number?"
        )
    if not math.isfinite(value):
        raise ValueError(
            f"{path}, line {line}, column {column!r}: it must be a finite number, got {text!r}"
        )
    return value
