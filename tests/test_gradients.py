"""Laws of the numerical derivative and of the comparison with it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from helpers.gradients import largest_difference, numerical_jacobian

FLOATS = st.floats(-5, 5)


@given(array_shapes(max_dims=3, max_side=3), st.integers(1, 4), st.data())
def test_the_jacobian_of_a_linear_map_is_its_matrix(shape, n_out, data):
    x = data.draw(arrays(float, shape, elements=FLOATS))
    matrix = data.draw(arrays(float, (n_out, x.size), elements=FLOATS))
    before = x.copy()
    jacobian = numerical_jacobian(lambda x: matrix @ x.ravel(), x)
    np.testing.assert_allclose(jacobian, matrix, atol=1e-8)
    np.testing.assert_array_equal(x, before)


@given(arrays(float, (2, 3), elements=FLOATS))
def test_a_scalar_function_has_a_gradient_in_one_row(x):
    jacobian = numerical_jacobian(lambda x: np.sum(x**2), x)
    assert jacobian.shape == (1, 6)
    np.testing.assert_allclose(jacobian.reshape(x.shape), 2 * x, atol=1e-8)


@given(st.floats(1e-4, 0.1))
def test_the_error_is_the_square_of_the_step(step):
    # the slope of x³ at 0 is 0; central differences give ((step)³ − (−step)³) / (2 step) = step²
    assert numerical_jacobian(lambda x: x**3, np.zeros(1), step)[0, 0] == pytest.approx(step**2)


def test_the_step_is_small_if_nothing_else_is_said():
    assert numerical_jacobian(lambda x: x**3, np.zeros(1))[0, 0] == pytest.approx(1e-10)


def test_at_a_kink_it_is_the_mean_of_the_two_slopes():
    leaky = lambda x: np.where(x > 0, x, 0.1 * x)  # noqa: E731
    np.testing.assert_allclose(numerical_jacobian(leaky, np.zeros(1)), (1 + 0.1) / 2, atol=1e-12)


@pytest.mark.parametrize(
    ("difference", "floor", "text"),
    [
        (0.5, 1e-9, "0.5"),
        (-0.031415, 1e-9, "0.031"),
        (1e-9, 1e-9, "1e-09"),
        (0.9e-9, 1e-9, "below 1e-09"),
        (0, 1e-9, "below 1e-09"),
        (1e-7, 1e-6, "below 1e-06"),
    ],
)
def test_the_largest_difference_in_words(difference, floor, text):
    a = np.ones((2, 3))
    a[1, 1] = 0
    b = a.copy()
    b[1, 1] = difference
    b[0, 2] += difference / 2
    assert largest_difference(a, b, floor) == text
    assert largest_difference(b, a, floor) == text


def test_differences_are_noise_below_a_billionth_if_nothing_else_is_said():
    assert largest_difference([1.0], [1.0 + 0.9e-9]) == "below 1e-09"
    assert largest_difference([0.0], [1.1e-9]) == "1.1e-09"


def test_of_entries_that_are_all_tiny_nothing_can_be_told():
    assert largest_difference([1e-10], [9e-10]) == "all entries are below 1e-09: too small to tell"
    assert largest_difference([1e-10], [1e-10]) == "below 1e-09"
    assert largest_difference(np.zeros(3), np.zeros(3)) == "below 1e-09"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_said_with_its_place(value):
    broken = np.array([[0.0, 1.0], [value, 2.0]])
    assert largest_difference(np.ones((2, 2)), broken) == f"b is {value} at index (1, 0)"
    assert largest_difference(broken, broken) == f"a is {value} at index (1, 0)"


def test_the_arguments_are_named():
    one = np.ones(2)
    for values in (None, ["1", "2"]):
        with pytest.raises(TypeError, match=r"^a must be"):
            largest_difference(values, one)
        with pytest.raises(TypeError, match=r"^b must be"):
            largest_difference(one, values)
    with pytest.raises(TypeError, match=r"^x must be an array of float64 numbers, got float32$"):
        numerical_jacobian(np.sin, one.astype(np.float32))
    with pytest.raises(TypeError, match=r"^x must not be a masked array"):
        numerical_jacobian(np.sin, np.ma.array(one))
    with pytest.raises(ValueError, match=r"^step must change x, got 1e-05: lost beside 1e\+12$"):
        numerical_jacobian(np.sin, np.array([1.0, 1e12, 1e13]))


def test_whole_numbers_are_compared_up_to_the_largest_that_floats_tell_apart():
    far = np.array([2**53]), np.array([2**53 + 1])
    assert largest_difference(far[0] - 2, far[1] - 2) == "1"
    assert largest_difference(*far) == "entries are up to 9.0e+15: too large to tell"


def test_a_difference_is_exact_whatever_the_dtypes_are():
    assert largest_difference(np.uint8([3]), np.uint8([255])) == "2.5e+02"
    assert largest_difference(np.float16([60000]), np.float16([-60000])) == "1.2e+05"
    with pytest.raises(TypeError, match=r"^b must not be a masked array"):
        largest_difference(np.ones(2), np.ma.masked_array([1.0, 4.0], mask=[0, 1]))


def test_arrays_that_would_broadcast_are_not_compared():
    with pytest.raises(ValueError, match=r"^a and b must .* shape, got \(5,\) and \(5, 1\)$"):
        largest_difference(np.ones(5), np.ones((5, 1)))


BUFFER = np.zeros(2)


def same_buffer(x):
    BUFFER[:] = x
    return BUFFER


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda x: x + np.random.default_rng().normal(), ValueError, "f must return the same for"),
        (same_buffer, ValueError, "f must return a new array each time"),
        (lambda x: x.astype(np.float32), TypeError, "what f returns must be float64 .*float32"),
        (lambda x: x.astype(int), TypeError, "what f returns must be float64 numbers, got int64"),
        (lambda x: x > 1, TypeError, "what f returns must be float64 numbers, got bool"),
        (lambda x: list(x), TypeError, "what f returns must be float64 numbers, got list"),
        (lambda x: None, TypeError, "what f returns must be float64 numbers, got NoneType"),
    ],
)
def test_a_function_whose_derivative_cannot_be_seen_is_refused(f, error, message):
    with pytest.raises(error, match=message):
        numerical_jacobian(f, np.array([1.0, 2.0]))


@pytest.mark.parametrize("step", [0, -1e-5, np.nan, "1e-5"])
def test_a_step_that_is_none_is_refused(step):
    with pytest.raises((ValueError, TypeError), match=r"^step must be"):
        numerical_jacobian(np.sin, np.ones(2), step)


@pytest.mark.parametrize("x", [[1.0, 2.0], 1.0, np.float32([1]), np.array([1, 2])])
def test_x_is_an_array_of_float64(x):
    with pytest.raises(TypeError, match=r"^x must be"):
        numerical_jacobian(np.sin, x)


def test_rows_are_counted_in_c_order_whatever_the_layout_of_what_f_returns():
    x = np.arange(1.0, 7).reshape(2, 3)
    transposed = numerical_jacobian(lambda x: np.asfortranarray(x**2), x)
    np.testing.assert_allclose(transposed, np.diag(2 * x.ravel()), atol=1e-8)
    assert numerical_jacobian(lambda x: float(x.sum()), x).shape == (1, 6)
