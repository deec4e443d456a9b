"""Covariates and losses on capture: kept with the histories, through every engine and every change."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microestim.capture import Captures
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.closed_populations import closed, closed_models
from microestim.estimators.frequency_counts import chao

PEOPLE = pd.DataFrame(
    {
        "May": [1, 0, 1, 1, 1],
        "June": [0, 1, 1, 0, 1],
        "July": [0, 1, 0, 0, 1],
        "age": [20, 34, 20, 20, 51],
        "weight": [1.5, 2.0, 1.5, 1.5, -0.0],
        "sex": ["f", "m", "f", "f", "woman"],
        "paid": [True, False, True, True, False],
        "removed": [False, False, True, False, False],
        "site": ["b", "a", "b", "b", "a"],
    }
)
OCCASIONS = ["May", "June", "July"]
KNOWN = ["age", "weight", "sex", "paid"]


def whole():
    return Captures.from_histories(PEOPLE, names=OCCASIONS, by="site", covariates=KNOWN, lost="removed")


def rows_of(captures):
    """Each row as a tuple, with its people: what the container says, without its order."""
    groups = [captures.groups[code] if captures.groups else None for code in captures.group_of]
    known = [values.tolist() for values in captures.covariates.values()]
    rows = zip(captures.histories.tolist(), groups, *known, captures.lost.tolist(), strict=True)
    return Counter(
        {(tuple(row[0]), *row[1:]): n for row, n in zip(rows, captures.counts.tolist(), strict=True)}
    )


def test_rows_are_distinct_in_everything_that_is_known():
    captures = whole()
    assert rows_of(captures) == {
        ((1, 0, 0), "b", 20, 1.5, "f", True, False): 2,
        ((1, 1, 0), "b", 20, 1.5, "f", True, True): 1,
        ((0, 1, 1), "a", 34, 2.0, "m", False, False): 1,
        ((1, 1, 1), "a", 51, 0.0, "woman", False, False): 1,
    }
    assert {name: values.dtype.kind for name, values in captures.covariates.items()} == {
        "age": "i",
        "weight": "f",
        "sex": "U",
        "paid": "b",
    }
    assert captures.has_losses
    assert captures.lost_i.tolist() == [0, 1, 0]
    assert captures.m_array.released.tolist() == (captures.n_i - [0, 1, 0]).tolist()
    assert captures.m_array.never_seen_again.tolist() == [2, 0]
    assert repr(captures).endswith("2 strata, covariates age, weight, sex, paid, 1 lost>")
    assert captures.summary().footer == (
        "Strata: a 2, b 3 people.",
        "Covariates: age (20 to 51), weight (0 to 2), sex (f, m, woman), paid (False, True).",
        "Lost on capture: 1 person.",
    )
    with pytest.raises(ValueError, match="read-only"):
        captures.covariates["age"][0] = 0
    with pytest.raises(ValueError, match="read-only"):
        captures.lost[0] = True


@given(
    st.lists(
        st.tuples(
            st.tuples(*(3 * [st.integers(0, 1)])).filter(any),
            st.integers(0, 3),
            st.sampled_from("pq"),
            st.sampled_from("fm"),
            st.booleans(),
        ),
        min_size=1,
        max_size=40,
    ),
    st.randoms(use_true_random=False),
)
def test_people_in_any_order_give_the_rows_that_counting_gives(people, random):
    def read(rows):
        histories, age, sex, group, lost = (list(column) for column in zip(*rows, strict=True))
        return Captures.from_histories(histories, by=group, covariates={"age": age, "sex": sex}, lost=lost)

    captures = read(people)
    counted = Counter((history, group, age, sex, lost) for history, age, sex, group, lost in people)
    assert rows_of(captures) == counted
    shuffled = list(people)
    random.shuffle(shuffled)
    assert read(shuffled) == captures
    assert hash(read(shuffled)) == hash(captures)
    pooled = Counter()
    for (history, _, *known), n in counted.items():
        pooled[(history, None, *known)] += n
    assert rows_of(captures.pooled()) == pooled
    assert Captures.from_strata(captures.strata) == captures
    again = Captures.from_histories(
        captures.to_frame(),
        names=captures.names,
        counts="count",
        by="group",
        covariates=["age", "sex"],
        lost="lost" if captures.has_losses else None,
    )
    assert again == captures


def test_equal_people_are_equal_whatever_they_were_read_from():
    captures = whole()
    columns = {name: PEOPLE[name].tolist() for name in KNOWN}
    from_matrix = Captures.from_histories(
        PEOPLE[OCCASIONS].to_numpy(),
        names=OCCASIONS,
        by=PEOPLE["site"].tolist(),
        covariates=columns,
        lost=PEOPLE["removed"].tolist(),
    )
    assert from_matrix == captures
    categories = Captures.from_histories(
        PEOPLE.astype({"sex": "category"}), names=OCCASIONS, by="site", covariates=KNOWN, lost="removed"
    )
    assert categories == captures
    # Whole numbers and the same numbers as doubles are told apart, as are equal values of other people.
    assert captures != Captures.from_histories(
        PEOPLE.astype({"age": float}), names=OCCASIONS, by="site", covariates=KNOWN, lost="removed"
    )
    assert captures != Captures.from_histories(
        PEOPLE, names=OCCASIONS, by="site", covariates=KNOWN, lost=None
    )
    # A text that is no longer there leaves no trace in the width of the others.
    of_b = Captures.from_histories(
        PEOPLE[PEOPLE["site"] == "b"], names=OCCASIONS, covariates=KNOWN, lost="removed"
    )
    assert captures.stratum("b") == of_b
    numbers = Captures.from_histories([[1, 0], [1, 1]], covariates={"x": [Fraction(1, 2), 1]})
    assert numbers.covariates["x"].tolist() == [0.5, 1.0]


def test_changes_keep_what_is_known():
    captures = whole()
    assert rows_of(captures.drop("July")) == {
        ((1, 0), "b", 20, 1.5, "f", True, False): 2,
        ((1, 1), "b", 20, 1.5, "f", True, True): 1,
        ((0, 1), "a", 34, 2.0, "m", False, False): 1,
        ((1, 1), "a", 51, 0.0, "woman", False, False): 1,
    }
    assert rows_of(captures.merge({"early": ["May", "June"]}).pooled()) == {
        ((1, 0), None, 20, 1.5, "f", True, False): 2,
        ((1, 0), None, 20, 1.5, "f", True, True): 1,
        ((1, 1), None, 34, 2.0, "m", False, False): 1,
        ((1, 1), None, 51, 0.0, "woman", False, False): 1,
    }
    # Lost on the last of the occasions that are kept, or after it, when the rest was over.
    later = Captures.from_counts({"1001": 4, "0110": 2}, lost={"1001": 3, "0110": 1}).select(["1", "2"])
    assert rows_of(later) == {((1, 0), None, False): 4, ((0, 1), None, False): 2}


def test_changes_that_losses_do_not_allow():
    captures = Captures.from_counts({"110": 5, "011": 2}, lost={"110": 1})
    with pytest.raises(
        InputError, match="1 person lost on an occasion that is left out, while later ones stay"
    ):
        captures.drop("2")
    with pytest.raises(InputError, match="the occasions keep their order"):
        captures.select(["2", "1", "3"])
    with pytest.raises(InputError, match="only neighbouring occasions"):
        captures.merge({"x": ["1", "3"]})
    with pytest.raises(InputError, match="which counts by history do not say"):
        captures.to_counts()
    assert captures.merge({"x": ["2", "3"]}).lost_i.tolist() == [0, 1]


@pytest.mark.parametrize(
    "call",
    [
        lambda captures: closed(captures, "M0"),
        lambda captures: closed(captures, "Mb"),
        closed_models,
        chao,
        lambda captures: captures.frequencies,
    ],
)
def test_a_closed_population_has_no_losses(call):
    counts = {"100": 50, "010": 21, "001": 9, "110": 24, "011": 4, "111": 12}
    call(Captures.from_counts(counts))
    with pytest.raises(NotEstimableError, match=r"5 people lost on capture: .* is not closed"):
        call(Captures.from_counts(counts, lost={"110": 5}))


def test_covariates_change_no_estimate_that_knows_nothing_of_them():
    rng = np.random.default_rng(5)
    matrix = (rng.random((200, 4)) < 0.4).astype(int)
    matrix = matrix[matrix.any(axis=1)]
    plain = Captures.from_histories(matrix)
    known = Captures.from_histories(matrix, covariates={"x": rng.normal(size=len(matrix))})
    assert len(known.counts) == len(matrix)
    assert known.to_counts() == plain.to_counts()
    for model in ("M0", "Mt", "Mb"):
        assert closed(known, model).n_hat == closed(plain, model).n_hat
        assert closed(known, model).deviance == closed(plain, model).deviance


def test_lists_with_what_is_known_by_id():
    lists = {"survey": ["a", "b", "c"], "app": ["b", "c", "d"]}
    age = {"a": 20, "b": 30, "c": 30, "d": 40, "somebody else": None}
    captures = Captures.from_lists(lists, by=dict(zip("abcd", "fmmf", strict=True)), covariates={"age": age})
    assert rows_of(captures) == {
        ((1, 0), "f", 20, False): 1,
        ((1, 1), "m", 30, False): 2,
        ((0, 1), "f", 40, False): 1,
    }
    with pytest.raises(InputError, match="covariate 'age' has no value in 1 of 4 rows"):
        Captures.from_lists(lists, covariates={"age": {"a": 1, "b": 2, "c": 3}})
    with pytest.raises(InputError, match="2 of 4 rows have no value in by"):
        Captures.from_lists(lists, by={"a": "f", "b": "m"})


MATRIX = [[1, 0], [1, 1], [0, 1]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"covariates": {"x": [1.0, None, np.nan]}}, r"'x' has no value in 2 of 3 rows \(the first in row 2"),
        (
            {"covariates": {"x": np.array([1.0, 2.0, np.nan])}},
            r"no value in 1 of 3 rows \(the first in row 3",
        ),
        ({"covariates": {"x": ["a", pd.NA, "b"]}}, r"no value in 1 of 3 rows \(the first in row 2"),
        ({"covariates": {"x": ["a", 1, "b"]}}, "values of type int, str; give numbers, texts or booleans"),
        ({"covariates": {"x": [True, 1, 0]}}, "values of type bool, int"),
        ({"covariates": {"x": pd.to_datetime(["2024-01-01"] * 3)}}, "A date becomes a number first"),
        ({"covariates": {"x": [1.0, np.inf, 2.0]}}, "'x' is inf in row 2; give finite numbers"),
        ({"covariates": {"x": np.array([1, 2, 2**63], dtype=np.uint64)}}, "whole numbers go up to"),
        ({"covariates": {"x": [1, 2]}}, "'x' has 2 values; the matrix has 3 rows"),
        ({"covariates": {"x": 3}}, "'x' is 3; give one value a row"),
        ({"covariates": ["x"]}, "a matrix has no columns with names"),
        ({"covariates": {"count": [1, 2, 3]}}, "a covariate is named 'count', as is a column of to_frame"),
        ({"covariates": {"1": [1, 2, 3]}}, "'1' is given as a covariate and as something else"),
        ({"lost": [True, None, False]}, "lost is None in row 2"),
        ({"lost": [True, 2, False]}, "lost is 2 in row 2"),
        ({"lost": [True, False]}, "lost has 2 values; the data have 3 rows"),
        ({"lost": "gone"}, "lost is 'gone'; give true or false for each row"),
        ({"names": ["lost", "b"]}, "an occasion is named 'lost'"),
    ],
)
def test_refusals_of_matrices(options, message):
    with pytest.raises(InputError, match=message):
        Captures.from_histories(MATRIX, **options)


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        (
            {"age": [20, None, 20, None, 5]},
            {"covariates": ["age"]},
            r"'age' has no value in 2 of 5 rows \(the",
        ),
        ({}, {"covariates": "age"}, r"covariates is the text 'age'; give .* such as \['age'\]"),
        ({}, {"covariates": {"age": [1]}}, "covariates must be names of columns"),
        ({}, {"covariates": ["age", "age"]}, "covariate 'age' is given twice"),
        ({}, {"covariates": ["age"], "by": "age"}, "'age' is given as a covariate and as something else"),
        ({}, {"covariates": ["height"]}, "no column 'height'"),
        ({}, {"lost": "age"}, "column 'age' holds Int64, but lost= says yes or no"),
        ({}, {"lost": [True] * 5}, "lost must be the name of a column"),
    ],
)
def test_refusals_of_frames(changes, options, message):
    with pytest.raises(InputError, match=message):
        Captures.from_histories(PEOPLE.assign(**changes), names=OCCASIONS, **options)


def test_refusals_of_counts_and_strata():
    with pytest.raises(InputError, match="of the 2 people with history '10' 3 are said to be lost"):
        Captures.from_counts({"10": 2, "11": 1}, lost={"10": 3})
    with pytest.raises(InputError, match="lost has the history '01', which counts has not"):
        Captures.from_counts({"10": 2, "11": 1}, lost={"01": 1})
    with pytest.raises(InputError, match="number 1 is -1"):
        Captures.from_counts({"10": 2, "11": 1}, lost={"10": -1})
    one = Captures.from_histories(MATRIX, covariates={"x": [1, 2, 3]})
    with pytest.raises(InputError, match="stratum 'b' has the covariates none; 'a' has x"):
        Captures.from_strata({"a": one, "b": Captures.from_histories(MATRIX)})
    with pytest.raises(InputError, match="of the same type"):
        Captures.from_strata({"a": one, "b": Captures.from_histories(MATRIX, covariates={"x": list("abc")})})
    halves = Captures.from_histories(MATRIX, covariates={"x": [0.5, 2, 3]})
    assert Captures.from_strata({"a": one, "b": halves}).covariates["x"].dtype == float
