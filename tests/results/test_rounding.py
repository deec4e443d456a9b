import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microestim.results import format_interval, format_number, format_share


@pytest.mark.parametrize(
    ("value", "se", "text"),
    [
        (14903.05, 1200.0, "14,900"),
        (14903.05, 12.4, "14,903"),
        (14903.05, 0.124, "14,903.05"),
        (14850.0, 1200.0, "14,900"),  # half goes up, not to the even neighbour
        (266126.0, None, "266,000"),
        (266126.0, 99600.0, "270,000"),  # 99,600 to two digits is 100,000
        (1.27, 0.021, "1.270"),
        (60.0, 0.0, "60"),
        (0.0, None, "0"),
        (531_502.0, 14e6, "530,000"),  # a skewed median: never 0, never twice itself
        (31.7, 3375.0, "32"),
        (0.0, 1200.0, "0"),
        (1e30, 1.0, "1,000,000,000,000,000,000,000,000,000,000.0"),
        (np.float64(14903.05), np.float64(1200.0), "14,900"),
        (0.05604, None, "0.056"),
        (-1234.0, 100.0, "-1,230"),
        (5e6, float("inf"), "5,000,000"),
        (float("nan"), 3.0, "not estimable"),
        (float("inf"), None, "no upper limit"),
    ],
)
def test_numbers_follow_the_declared_rule(value, se, text):
    assert format_number(value, se) == text


def test_limits_share_one_place_unless_that_rounds_the_lower_away():
    assert format_interval(2400.4, 3382.3) == "2,400 to 3,380"
    assert format_interval(95.2, 1234.5, se=300.0) == "95 to 1,230"
    assert format_share(0.056) == "5.6 %"


@given(st.floats(1e-3, 1e12), st.floats(1e-3, 1e9))
def test_printed_number_is_within_a_twentieth_of_the_error(value, se):
    # Two significant digits of se are a place of at most se / 10, so rounding moves by at most half of it;
    # the last factor covers se that round up to the next power of ten.
    assert abs(float(format_number(value, se).replace(",", "")) - value) <= se / 20 * 1.06 + 1e-12 * value
