"""What the container refuses, and that it says where the fault is."""

import numpy as np
import pandas as pd
import pytest

from microestim.capture import Captures
from microestim.errors import InputError

GOOD = pd.DataFrame({"a": [1, 0], "b": [1, 1], "k": [2, 3], "g": ["x", "y"]})


@pytest.mark.parametrize(
    ("matrix", "options", "message"),
    [
        ([[1, 0], [0, 2]], {}, "row 2, column '2' is 2"),
        ([[1, 0], [0, 2]], {"names": ["May", "June"]}, "row 2, column 'June' is 2"),
        ([[1, 0], [None, 1]], {}, "row 2, column '1' is None"),
        ([[1, 0], [np.nan, np.nan]], {}, r"row 2, column '1' is nan \(2 such entries\)"),
        ([[1, 0], [1, 0, 1]], {}, "row 2 has 3 entries and row 1 has 2"),
        ([["1", "0"]], {}, "entries are text"),
        (["10", "01"], {}, "two dimensions"),
        ([1, 0], {}, "two dimensions"),
        ([[1, 0], [0, 0], [0, 0]], {}, r"2 people with a history of zeros only \(the first in row 2"),
        ([[1], [1]], {}, "1 occasion; at least 2 are needed"),
        (np.zeros((0, 3)), {}, "nobody was seen"),
        ([[1, 0]], {"names": ["a"]}, "1 names for 2 occasions"),
        ([[1, 0]], {"names": ["a", "a"]}, "same name: 'a'"),
        ([[1, 0]], {"names": "ab"}, "names is the text 'ab'"),
        ([[1, 0]], {"names": ["a", "count"]}, "named 'count'"),
        ([[1, 0]], {"counts": [1.5]}, "number 1 is 1.5"),
        ([[1, 0], [0, 1]], {"counts": [1, -1]}, "number 2 is -1"),
        ([[1, 0]], {"counts": [1, 2]}, r"counts has shape \(2,\); the matrix has 1 rows"),
        ([[1, 0]], {"counts": "k"}, "a matrix has no columns with names"),
        ([[1, 0], [0, 1]], {"by": ["x", None]}, "1 of 2 rows have no value in by"),
        ([[1, 0], [0, 1]], {"by": ["x", float("nan")]}, "1 of 2 rows have no value in by"),
        ([[1, 0]], {"counts": [0]}, "nobody was seen"),
    ],
)
def test_matrices(matrix, options, message):
    with pytest.raises(InputError, match=message):
        Captures.from_histories(matrix, **options)


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({"a": [1, 7]}, {"names": ["a", "b"]}, "row 2, column 'a' is 7"),
        ({"b": [1.0, None]}, {"names": ["a", "b"]}, "column 'b' has no value in 1 of 2 rows"),
        ({"a": [1, 0], "b": [1, 0]}, {"names": ["a", "b"]}, "history of zeros only"),
        ({}, {}, "column 'g' holds String, not 0 and 1; .* with names="),
        ({}, {"names": ["a", "z"]}, "no column 'z'; its columns are a, b, k, g"),
        ({}, {"names": ["a", "b"], "counts": [2, 3]}, "counts must be the name of a column"),
        ({"k": [2, 2.5]}, {"names": ["a", "b"], "counts": "k"}, "2.5"),
        ({"k": [2, None]}, {"names": ["a", "b"], "counts": "k"}, "column 'k' has no value in 1 of 2 rows"),
        ({"g": ["x", None]}, {"names": ["a", "b"], "by": "g"}, "1 of 2 rows have no value in column 'g'"),
    ],
)
def test_frames(changes, options, message):
    with pytest.raises(InputError, match=message):
        Captures.from_histories(GOOD.assign(**changes), **options)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"10": 1, "111": 2}, "'111' has 3 occasions and '10' has 2"),
        ({"12": 1}, "'12' has '2' at occasion 2"),
        ({10: 1, 11: 2}, "10 is not text; a number loses its leading zeros"),
        ({"10": 1, "00": 4}, "4 people with a history of zeros only"),
        ({"10": 1, "01": 2.5}, "number 2 is 2.5"),
        ({"10": 0}, "nobody was seen"),
        ({"1": 3}, "at least 2 are needed"),
        ({}, "no histories"),
        ([("10", 1)], "must be a mapping"),
    ],
)
def test_counts_by_history(counts, message):
    with pytest.raises(InputError, match=message):
        Captures.from_counts(counts)


def test_a_row_for_the_unseen_without_people_is_no_fault():
    assert Captures.from_counts({"00": 0, "01": 2, "11": 1}).to_counts() == {"01": 2, "11": 1}


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ({"a": [1, 2, 2, 1, 1], "b": [1]}, r"list 'a' has 2 ids more than once, such as 1 \(3 times\)"),
        ({"a": [1], "b": [1, None, float("nan"), pd.NA]}, "list 'b' has 3 missing ids among 4"),
        ({"a": [1], "b": ["1"]}, "list 'b' has ids that are text, list 'a' ids that are numbers"),
        ({"a": "xyz", "b": ["x"]}, "list 'a' is a text"),
        ({"a": [[1]], "b": [2]}, "cannot be compared"),
        ({"a": [1]}, "at least 2 are needed"),
        ({"a": [], "b": []}, "nobody was seen"),
        ([[1], [2]], "must be a mapping"),
    ],
)
def test_lists(lists, message):
    with pytest.raises(InputError, match=message):
        Captures.from_lists(lists)


@pytest.mark.parametrize(
    ("u", "v", "n", "m", "message"),
    [
        ([5, 2], [3, 3], [5, 4], None, "u adds up to 7 people and v to 6"),
        ([5, 2], [4, 3], [6, 3], None, "n at occasion '1' is 6, which is above the number of people between"),
        ([5, 2], [4, 3], [4, 3], None, "u at occasion '1' is 5, which is above n"),
        ([5, 2], [3, 4], [5, 3], None, "v at occasion '2' is 4, which is above n"),
        ([5, 2], [4, 3], [5, 3], [0, 2], "m at occasion '2' is 2, but n - u is 1"),
        ([5, 2], [4, 3], [5], None, "n has shape"),
        ([5, 2.5], [4, 3], [5, 3], None, "u must be whole numbers"),
        ([0, 0], [0, 0], [0, 0], None, "nobody was seen"),
        ([5], [5], [5], None, "at least 2"),
    ],
)
def test_statistics_by_occasion(u, v, n, m, message):
    with pytest.raises(InputError, match=message):
        Captures.from_uvn(u, v, n, m)


@pytest.mark.parametrize(
    ("released", "recaptured", "message"),
    [
        ([10, 9], [[3, 2], [1, 4]], r"recaptured\[1, 0\] is 1, below the diagonal"),
        ([4, 9], [[3, 2], [0, 4]], "5 people released on occasion '1' were seen again, but 4 were released"),
        ([10, 9, 3], [[3, 2], [0, 4]], "6 people were seen again on occasion '3', but 3 were released"),
        ([10, 9], [[3, 2, 1], [0, 4, 1]], r"recaptured has shape \(2, 3\)"),
        ([10], [[3, 2], [0, 4]], "2 numbers, or 3 with the last"),
        ([0, 0], [[0, 0], [0, 0]], "nobody was released"),
        ([10, 9], [[3], [0, 4]], "rows of one length"),
    ],
)
def test_m_arrays(released, recaptured, message):
    with pytest.raises(InputError, match=message):
        Captures.from_m_array(released, recaptured)


def test_strata_must_fit_together():
    two, three = Captures.from_counts({"10": 1}), Captures.from_counts({"100": 1})
    with pytest.raises(InputError, match="stratum 'b' has the occasions 1, 2, 3; 'a' has 1, 2"):
        Captures.from_strata({"a": two, "b": three})
    with pytest.raises(InputError, match="has strata of its own"):
        Captures.from_strata({"a": Captures.from_strata({"x": two}), "b": two})
    with pytest.raises(InputError, match="no stratum 'z'; these data have no strata"):
        two.stratum("z")
