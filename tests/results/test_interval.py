import pickle

import numpy as np
import pytest

from microestim.errors import InputError
from microestim.results import INTERVAL_KINDS, Interval, floored_interval


def test_interval_is_a_tuple_of_exactly_four():
    interval = Interval(1.0, 2.0, 0.95, "confidence: Wald", note="why")
    low, high, level, kind = interval
    assert (low, high, level, kind) == (1.0, 2.0, 0.95, "confidence: Wald")
    assert interval._fields == ("low", "high", "level", "kind")
    assert interval.note == "why"


@pytest.mark.parametrize(
    ("values", "accepted"),
    [
        ((1.0, 2.0, 0.95, "normal"), "confidence: Wald"),
        ((2.0, 1.0, 0.95, "confidence: Wald"), "above its upper"),
        ((1.0, 2.0, 95, "confidence: Wald"), "0.95"),
        ((1.0, 2.0, True, "confidence: Wald"), "0.95"),
    ],
)
def test_impossible_intervals_are_refused(values, accepted):
    with pytest.raises(InputError, match=accepted):
        Interval(*values)


def test_interval_survives_pickling_with_its_remarks_and_cannot_be_changed():
    interval = Interval(3.0, np.inf, 0.9, "confidence: log-normal", floor_applied=True, note="open")
    again = pickle.loads(pickle.dumps(interval))
    assert again == interval
    assert (again.floor_applied, again.note) == (True, "open")
    with pytest.raises(AttributeError, match="frozen"):
        interval.note = "shut"


def test_floor_raises_limits_and_says_where():
    made = floored_interval(
        [-5.0, 20.0, np.nan], [8.0, 30.0, np.nan], level=0.95, kind="confidence: Wald", floor=12
    )
    np.testing.assert_array_equal(made.low, [12.0, 20.0, np.nan])
    np.testing.assert_array_equal(made.high, [12.0, 30.0, np.nan])
    np.testing.assert_array_equal(made.floor_applied, [True, False, False])


@pytest.mark.parametrize("kind", INTERVAL_KINDS)
def test_text_names_level_family_and_construction(kind):
    family, construction = kind.split(": ")
    assert str(Interval(100.0, 200.0, 0.9, kind)).startswith(f"90 % {family} interval ({construction}): ")
