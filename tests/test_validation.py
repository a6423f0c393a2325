"""What the argument checks let through, and what they say about the rest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.validation import (
    check_count,
    check_drop,
    check_same_length,
    class_labels,
    finite_array,
    finite_number,
)

NAN, INF = float("nan"), float("inf")


@given(st.floats(0, 1, exclude_max=True))
def test_drop_is_returned_as_it_is(drop):
    assert check_drop(drop) == drop


@pytest.mark.parametrize("drop", [-0.1, -1e-12, 1, 1.5, NAN, INF, -INF])
def test_drop_out_of_range_is_refused(drop):
    with pytest.raises(ValueError, match=rf"^rate must be in \[0, 1\).* dropped; got {drop}$"):
        check_drop(drop, "rate")


def test_drop_is_called_drop_if_nothing_else_is_said():
    with pytest.raises(ValueError, match=r"^drop must be"):
        check_drop(1)


@pytest.mark.parametrize("value", [2, 3, 5, np.int64(4), np.uint8(2)])
def test_a_whole_number_in_range_is_returned_as_int(value):
    count = check_count("units", value, 2, 5)
    assert count == value and type(count) is int


def test_a_count_starts_at_one_and_has_no_limit_if_nothing_else_is_said():
    assert check_count("units", 1) == 1
    assert check_count("units", 10**12) == 10**12
    with pytest.raises(ValueError, match=r"^units must be at least 1, got 0$"):
        check_count("units", 0)


@pytest.mark.parametrize("value", [1, 6, -3])
def test_a_whole_number_out_of_range_is_refused(value):
    with pytest.raises(ValueError, match=rf"^units must be from 2 to 5, got {value}$"):
        check_count("units", value, 2, 5)


@pytest.mark.parametrize("value", [2.0, "3", None, True, np.True_, np.float64(3), NAN])
def test_what_is_no_whole_number_is_no_count(value):
    with pytest.raises(TypeError, match=r"^units must be a whole number, got "):
        check_count("units", value)


@pytest.mark.parametrize("value", [0, -2.5, np.float32(0.5), np.int64(3)])
def test_a_finite_number_comes_back_as_float(value):
    number = finite_number("rate", value)
    assert number == value and type(number) is float


@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_a_number_that_is_not_finite_is_refused(value):
    with pytest.raises(ValueError, match=rf"^rate must be finite, got {value}$"):
        finite_number("rate", value)


@pytest.mark.parametrize("value", ["0.1", None, True, np.False_, [0.1]])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(TypeError, match=r"^rate must be a number, got "):
        finite_number("rate", value)


@pytest.mark.parametrize(
    "values", [[[1, 2], [3, 4]], np.ones((2, 2), np.float32), ((0, 1), (2, 3))]
)
@pytest.mark.parametrize("shape", [(2, 2), (None, 2), (2, None), (None, None)])
def test_an_array_that_fits_comes_back_as_float64(values, shape):
    array = finite_array("data", values, shape)
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, values)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("values", [[1, 2], np.array([1, 2], np.float32), np.array([1, 2], ">f8")])
def test_an_array_comes_back_in_the_dtype_that_is_asked(values, dtype):
    array = finite_array("data", values, (2,), dtype)
    assert array.dtype == dtype
    np.testing.assert_array_equal(array, [1, 2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_array_that_has_its_dtype_is_not_copied(dtype):
    values = np.ones(3, dtype)
    assert finite_array("data", values, (3,), dtype) is values
    with pytest.raises(ValueError, match=r"^data must be finite, got nan at index \(1,\)$"):
        finite_array("data", np.array([1, NAN], dtype), (2,), dtype)


@pytest.mark.parametrize(
    ("values", "shape", "message"),
    [
        ([1, 2], (3,), r"shape \(3,\), got \(2,\)"),
        ([1, 2], (None, 2), r"shape \(any, 2\), got \(2,\)"),
        ([[1, 2]], (None, 3), r"shape \(any, 3\), got \(1, 2\)"),
        ([[1, 2]], (2, None), r"shape \(2, any\), got \(1, 2\)"),
        (1.0, (None,), r"shape \(any,\), got \(\)"),
        (np.empty((0, 2)), (None, 2), r"not be empty, got shape \(0, 2\)"),
        ([1, NAN, INF], (3,), r"be finite, got nan at index \(1,\)"),
        ([[1, 2], [3, -INF]], (2, 2), r"be finite, got -inf at index \(1, 1\)"),
    ],
)
def test_an_array_that_does_not_fit_is_refused(values, shape, message):
    with pytest.raises(ValueError, match=rf"^data must (have )?{message}$"):
        finite_array("data", values, shape)


def test_an_array_of_words_is_refused():
    with pytest.raises(TypeError, match=r"^data must be an array of real numbers, got text"):
        finite_array("data", ["one", "two"], (2,))


@pytest.mark.parametrize("labels", [["0", "1"], [True, False], [0, None]])
def test_labels_that_are_no_numbers_are_refused(labels):
    with pytest.raises(TypeError, match=r"^labels must be whole numbers, got .* values$"):
        class_labels("labels", labels, 4)


@pytest.mark.parametrize(
    "labels",
    [[3, 0, 2], [[3], [0], [2]], [3.0, 0.0, 2.0], np.array([3, 0, 2], np.uint8)],
    ids=["(n,)", "(n, 1)", "floats", "bytes"],
)
def test_labels_come_back_as_a_row_of_integers(labels):
    checked = class_labels("labels", labels, 4)
    assert checked.dtype == np.intp
    assert checked.tolist() == [3, 0, 2]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 4, 5], "be whole numbers from 0 to 3, got 4 at index 1"),
        ([[0], [-1]], "be whole numbers from 0 to 3, got -1 at index 1"),
        ([0, 2.5], "be whole numbers from 0 to 3, got 2.5 at index 1"),
        ([NAN, 0], "be whole numbers from 0 to 3, got nan at index 0"),
        ([], "not be empty"),
        (np.empty((0, 1)), "not be empty"),
        ([[0, 1], [1, 0]], r"have shape \(n,\) or \(n, 1\), got \(2, 2\)"),
        ([[[0]]], r"have shape \(n,\) or \(n, 1\), got \(1, 1, 1\)"),
        (1, r"have shape \(n,\) or \(n, 1\), got \(\)"),
    ],
)
def test_labels_that_are_no_classes_are_refused(labels, message):
    with pytest.raises(ValueError, match=rf"^labels must {message}$"):
        class_labels("labels", labels, 4)


def test_different_lengths_are_refused():
    check_same_length("a", np.ones((3, 2)), "b", np.ones(3))
    with pytest.raises(ValueError, match=r"^a and b must have .* rows, got 3 and 2$"):
        check_same_length("a", np.ones((3, 2)), "b", np.ones(2))
