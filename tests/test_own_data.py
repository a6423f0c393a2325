"""A table of the reader's own: what fits is read as it stands, what does not is named."""

import numpy as np
import pytest

from helpers.own_data import FEWEST, Table, read_table, three_sets

ROWS = [f"{k},{k / 4},{'ab'[k % 2]}" for k in range(FEWEST)]


@pytest.fixture
def table(tmp_path):
    """Write lines to a file, as bytes if they are; return its path."""

    def write(*lines, encoding="utf-8"):
        path = tmp_path / "own.csv"
        path.write_bytes("\n".join(lines).encode(encoding))
        return path

    return write


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_table_is_read_whatever_the_place_of_the_label(table, encoding):
    path = table(
        "kind,width,höhe", "", *(f"b{k % 3},{k},{-k}e-1" for k in range(21)), "", encoding=encoding
    )
    found = read_table(path, "kind")
    assert found.classes == ("b0", "b1", "b2") and found.x.dtype == np.float64
    assert np.array_equal(found.labels, np.arange(21) % 3)
    assert np.allclose(found.x, np.stack([np.arange(21), -np.arange(21) / 10], axis=1))


BROKEN = {
    "line 3, column 'y': it must be a finite number, got 'abc'": ["x,y,l", ROWS[0], "1,abc,a"],
    "line 3, column 'x': it must be a finite number, got ''": ["x,y,l", ROWS[0], ",2,a"],
    "line 2, column 'y': it must be a finite number, got 'nan'": ["x,y,l", "1,nan,a", *ROWS],
    "line 2, column 'y': it must be a finite number, got '1e999'": ["x,y,l", "1,1e999,a", *ROWS],
    "line 4, column 'l': the class is missing": ["x,y,l", ROWS[0], ROWS[1], "1,2, "],
    "line 4: 2 values, but line 1 names 3 columns": ["x,y,l", "", ROWS[0], "1,2", *ROWS],
    "line 1: the column 'x' is named twice": ["x,x,l", *ROWS],
    "line 1: no column is named 'l', but x, y": ["x,y", "1,2"],
    "no column is named 'l', but x;y;l; values must be separated by commas": ["x;y;l", "1;2;a"],
    "line 1: there must be a column of numbers beside 'l'": ["l", "a", "b"],
    "column 'l': there must be two classes or more, got a": ["x,l", *["1,a"] * FEWEST],
    f"there must be at least {FEWEST} rows of data, got 2": ["x,y,l", ROWS[0], ROWS[1]],
    "line 2: unexpected end of data": ["x,y,l", '1,2,"a'],
    "the file is empty": [""],
}


@pytest.mark.parametrize("message", BROKEN)
def test_what_does_not_fit_is_refused_by_line_and_column(table, message):
    path = table(*BROKEN[message])
    with pytest.raises(ValueError) as error:
        read_table(path, "l")
    assert message in str(error.value) and str(error.value).startswith(str(path))


def test_another_encoding_is_refused(table):
    path = table("x,y,l", *ROWS, "1,2,ä", encoding="latin-1")
    with pytest.raises(ValueError, match="must be text in UTF-8"):
        read_table(path, "l")


def test_the_three_sets_hold_each_row_once_and_are_scaled_by_the_training_set():
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(5, 3, 101), np.full(101, 7.7), np.arange(101.0)])
    table = Table(x, np.arange(101) % 4, ("a", "b", "c", "d"))
    sets = three_sets(table, np.random.default_rng(1))
    assert [len(labels) for _, labels in sets] == [50, 25, 26]
    training = sets[0][0]
    assert training.dtype == np.float32
    assert np.allclose(training[:, [0, 2]].mean(axis=0), 0, atol=1e-6)
    assert np.allclose(training[:, [0, 2]].std(axis=0), 1, atol=1e-6)
    everything = np.concatenate([inputs for inputs, _ in sets])
    labels = np.concatenate([labels for _, labels in sets])
    assert not everything[:, 1].any()
    order = np.argsort(everything[:, 2])  # the rows again, in the order of the table
    assert np.array_equal(labels[order], table.labels)
    steps = np.diff(everything[order, 2])
    assert np.allclose(steps, steps[0], rtol=1e-3)
    again = three_sets(table, np.random.default_rng(1))
    assert all(
        np.array_equal(a, b)
        for one, other in zip(sets, again, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def test_a_seed_is_no_generator():
    with pytest.raises(TypeError, match="rng"):
        three_sets(Table(np.zeros((20, 1)), np.arange(20) % 2, ("a", "b")), 1)
