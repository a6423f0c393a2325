"""A table of the reader's own: what fits is read as it stands, what does not is named."""

import numpy as np
import pytest

from helpers.own_data import FEWEST, Table, read_table, split, standardised

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
        "kind,width,höhe",
        "",
        *(f"b{k % 3},{k}e1,{-k}e-1" for k in range(21)),
        "",
        encoding=encoding,
    )
    found = read_table(path, "kind")
    assert found.classes == ("b0", "b1", "b2") and found.x.dtype == np.float64
    assert np.array_equal(found.labels, np.arange(21) % 3)
    assert np.allclose(found.x, np.outer(np.arange(21), [10, -0.1]))


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
    "column 'id': it counts the rows": [
        "id,x,l",
        *(f"{k},{k % 5},{'ab'[k % 2]}" for k in range(30)),
    ],
    "column 'n': it counts the rows": [
        "x,n,l",
        *[f"{k % 7},{-k},{'ab'[k % 2]}" for k in range(FEWEST)],
    ],
    "line 1: column 1 has no name. Is it an index?": [",x,l", *ROWS],
    "line 2, column 'l': the class is missing": ["x,y,l", "1,2,NA", *ROWS],
    "line 2, column 'x': it must be a finite number, got '1_000'": ["x,y,l", "1_000,2,a", *ROWS],
    f"there are {FEWEST} classes in {FEWEST} rows; are these classes?": [
        "x,l",
        *[f"1,{k / 7}" for k in range(FEWEST)],
    ],
    "column 'row': it counts the rows": [  # with one left out
        "row,x,l",
        *(f"{k + (k > 15)},{k % 5},{'ab'[k % 2]}" for k in range(30)),
    ],
    "column 'mixed': it counts the rows": [
        "x,mixed,l",
        *(f"{k % 5},{k * 7 % 30},{'ab'[k % 2]}" for k in range(30)),
    ],
    "column 'l': '1' and '1.0' are two classes": ["x,l", *["1,1", "2,1.0", "3,2"] * FEWEST],
    "line 2, column 'x': 1000000000000000001 has more digits than a float": [
        "x,l",
        "1000000000000000001,a",
        *["1,b"] * FEWEST,
    ],
    "line 3, column 'l': the class is missing": ["x,l", "1,a", "2,#VALUE!"],
    "but x\ty\tl; values must be separated by commas": ["x\ty\tl", "1\t2\ta"],
}


def test_quotes_after_a_blank_and_accents_of_two_letters_make_no_other_class(table):
    rows = ['1, "é"', "2,e\u0301", '3,"a"', "4,a"]
    found = read_table(table("x,l", *[row for _ in range(FEWEST) for row in rows]), "l")
    assert found.classes == ("a", "é") and np.bincount(found.labels).tolist() == [40, 40]


def test_a_table_of_lists_is_one(table):
    lists = Table([[float(k % 3)] for k in range(8)], [k % 2 for k in range(8)], ["a", "b"])
    one, other = split(lists, 0.5, np.random.default_rng(0))
    ((x, labels),) = standardised(one)
    assert (len(one.x), len(other.x), x.shape, labels.shape) == (4, 4, (4, 1), (4,))
    with pytest.raises(TypeError, match=r"^classes of table must be a tuple of names, got 2"):
        split(lists._replace(classes=2), 0.5, np.random.default_rng(0))


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


def made_up(n):
    """A table whose last column counts its rows; its second is constant."""
    x = np.column_stack([np.random.default_rng(0).normal(5, 3, n), np.full(n, 7.7), np.arange(n)])
    return Table(x, np.arange(n) % 4, ("a", "b", "c", "d"))


def test_a_split_has_each_row_once_with_its_label():
    table = made_up(101)
    parts = split(table, 3 / 4, np.random.default_rng(1))
    assert [len(part.x) for part in parts] == [76, 25]
    rows = np.concatenate([part.x[:, 2] for part in parts]).astype(int)
    assert sorted(rows) == list(range(101)) and list(rows) != sorted(rows)
    for part in parts:
        assert np.array_equal(part.x, table.x[part.x[:, 2].astype(int)])
        assert np.array_equal(part.labels, part.x[:, 2] % 4) and part.classes == table.classes
    again = split(table, 3 / 4, np.random.default_rng(1))
    assert np.array_equal(parts[0].x, again[0].x)


def test_all_tables_are_scaled_by_the_first():
    training, other = split(made_up(101), 0.5, np.random.default_rng(1))
    (x, labels), (other_x, _) = standardised(training, other)
    assert x.dtype == np.float32 and np.array_equal(labels, training.labels)
    assert np.allclose(x[:, [0, 2]].mean(axis=0), 0, atol=1e-6)
    assert np.allclose(x[:, [0, 2]].std(axis=0), 1, atol=1e-6)
    assert not x[:, 1].any() and not other_x[:, 1].any()
    slope = 1 / training.x[:, 2].std()  # the same for both
    assert np.allclose(other_x[:, 2], slope * (other.x[:, 2] - training.x[:, 2].mean()))


@pytest.mark.parametrize("unit", [1e300, 1e-320, -1e200, 1.0])
def test_the_unit_of_a_column_changes_nothing(unit):
    column = np.arange(21.0)[:, np.newaxis]
    labels, classes = np.arange(21) % 2, ("a", "b")
    ((x, _),) = standardised(Table(unit * column, labels, classes))
    assert x[:, 0] == pytest.approx(np.sign(unit) * (column[:, 0] - 10) / 6.0553, abs=1e-3)


def test_a_column_that_varies_by_little_is_not_constant():
    x = 1e15 + np.arange(21.0)[:, np.newaxis] % 2
    ((scaled, _),) = standardised(Table(x, np.arange(21) % 2, ("a", "b")))
    assert set(np.sign(scaled[:, 0])) == {-1, 1}


@pytest.mark.parametrize(
    ("x", "labels", "message"),
    [
        (np.array([[1.0], [np.nan]]), [0, 1], r"^x of table must be finite, got nan at index"),
        (np.ones((2, 1)), [0, 1, 1], r"^x of table and labels of table must have the same number"),
        (np.ones((2, 1)), [0, 2], r"^labels of table must be whole numbers from 0 to 1, got 2"),
    ],
)
def test_a_table_whose_parts_do_not_fit_is_refused(x, labels, message):
    with pytest.raises(ValueError, match=message):
        split(Table(x, np.array(labels), ("a", "b")), 0.5, np.random.default_rng(0))


@pytest.mark.parametrize("table", [(np.ones((4, 1)), [0, 1, 0, 1], "ab"), [[1.0], [2.0]], None])
def test_what_is_no_table_is_said(table):
    with pytest.raises(TypeError, match=r"^table must be a table, as read_table returns it"):
        split(table, 0.5, np.random.default_rng(0))
    with pytest.raises(TypeError, match=r"^training must be a table, as read_table returns it"):
        standardised(table)


def test_a_value_far_out_is_cut():
    training = Table(np.arange(21.0)[:, np.newaxis] - 10, np.arange(21) % 2, ("a", "b"))
    other = Table(np.array([[-1e9], [18.1], [18.2]]), np.zeros(3, int), ("a", "b"))
    (_, _), (x, _) = standardised(training, other)  # the SD is √(440 / 12) = 6.0553
    assert x[:, 0] == pytest.approx([-3, 18.1 / 6.0553, 3], abs=1e-4)


@pytest.mark.parametrize("fraction", [0, 1, -1, 1.5])
def test_a_part_without_rows_is_refused(fraction):
    with pytest.raises(ValueError, match="fraction must leave both parts some of 20 rows, got"):
        split(made_up(20), fraction, np.random.default_rng(0))


def test_a_seed_is_no_generator():
    with pytest.raises(TypeError, match="rng"):
        split(made_up(20), 0.5, 1)


def test_columns_of_small_integers_do_not_overflow():
    table = Table(np.array([[-128], [0]], np.int8), np.array([0, 1]), ("a", "b"))
    ((x, _),) = standardised(table)
    assert x.tolist() == [[-1.0], [1.0]]


@pytest.mark.parametrize(
    ("path", "error", "found"),
    [
        (".", FileNotFoundError, "but '.' is a folder"),
        ("", FileNotFoundError, "but '' is a folder"),
        ("mine.csv", FileNotFoundError, "but 'mine.csv' is not in "),
        ("/nowhere/mine.csv", FileNotFoundError, "but '/nowhere/mine.csv' is not there"),
        ("~/nowhere/mine.csv", FileNotFoundError, "but '~/nowhere/mine.csv' is not there"),
        ("http://there/mine.csv", FileNotFoundError, "is an address: save"),
        ("a\0b.csv", FileNotFoundError, "is not in "),
        (None, TypeError, "got None"),
        (b"mine.csv", TypeError, "got b'mine.csv'"),
    ],
)
def test_what_is_no_file_is_said(path, error, found):
    with pytest.raises(error, match=f"^path must be that of a CSV file, .*{found}"):
        read_table(path, "class")
