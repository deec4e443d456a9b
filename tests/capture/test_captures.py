"""The container: what it says of histories, whatever they were read from, and how it changes."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from microestim.capture import Captures, FrequencyCounts
from microestim.errors import InputError, NotEstimableError

REFERENCE = Path(__file__).parents[1] / "reference" / "snowshoe_hare.csv"
HARE = pd.read_csv(REFERENCE, dtype={"history": str}, comment="#")


@st.composite
def seen_people(draw, *, least=2, most=12):
    """A matrix of people by occasions in which everybody was seen."""
    occasions = draw(st.integers(least, most))
    people = draw(st.integers(1, 30))
    matrix = draw(npst.arrays(np.uint8, (people, occasions), elements=st.integers(0, 1)))
    # Nobody without a capture: those rows get one on the first occasion.
    matrix[~matrix.any(axis=1), 0] = 1
    return matrix


@given(seen_people(), st.randoms(use_true_random=False))
def test_the_order_of_people_and_their_grouping_change_nothing(matrix, random):
    captures = Captures.from_histories(matrix)
    rows = list(range(len(matrix)))
    random.shuffle(rows)
    assert Captures.from_histories(matrix[rows]) == captures
    # Collapsed and expanded again, with the same history split over several rows.
    expanded = np.repeat(captures.histories, captures.counts, axis=0)
    assert Captures.from_histories(expanded) == captures
    doubled = np.concatenate([captures.histories, captures.histories])
    split = np.concatenate([captures.counts - captures.counts // 2, captures.counts // 2])
    assert Captures.from_histories(doubled, counts=split) == captures
    assert Captures.from_counts(captures.to_counts()) == captures
    assert Captures.from_histories(captures.to_frame(), counts="count") == captures
    assert hash(Captures.from_histories(matrix[rows])) == hash(captures)


@given(seen_people())
def test_statistics_are_those_of_the_matrix(matrix):
    captures = Captures.from_histories(matrix)
    t = matrix.shape[1]
    times = matrix.sum(axis=1)
    seen_on = [np.flatnonzero(row) for row in matrix]
    assert captures.n_observed == len(matrix) == captures.u_i.sum() == captures.v_i.sum()
    assert captures.n_captures == times.sum() == (np.arange(1, t + 1) * captures.f_k).sum()
    np.testing.assert_array_equal(captures.n_i, matrix.sum(axis=0))
    np.testing.assert_array_equal(captures.f_k, [(times == k).sum() for k in range(1, t + 1)])
    np.testing.assert_array_equal(captures.u_i, [sum(on[0] == i for on in seen_on) for i in range(t)])
    np.testing.assert_array_equal(captures.v_i, [sum(on[-1] == i for on in seen_on) for i in range(t)])
    assert captures.has_recaptures == bool((times > 1).any())
    table = np.zeros((t - 1, t - 1), dtype=int)
    for on in seen_on:
        for earlier, later in pairwise(on):
            table[earlier, later - 1] += 1
    np.testing.assert_array_equal(captures.m_array.recaptured, table)
    np.testing.assert_array_equal(captures.m_array.never_seen_again, captures.v_i[:-1])


@given(seen_people(), st.randoms(use_true_random=False))
def test_the_order_of_occasions_changes_only_first_and_last_captures(matrix, random):
    captures = Captures.from_histories(matrix)
    names = list(captures.names)
    random.shuffle(names)
    turned = captures.select(names)
    np.testing.assert_array_equal(turned.n_i, captures.n_i[[int(name) - 1 for name in names]])
    np.testing.assert_array_equal(turned.f_k, captures.f_k)
    assert turned.select(captures.names) == captures


@given(seen_people())
def test_statistics_alone_say_what_the_histories_said(matrix):
    captures = Captures.from_histories(matrix)
    by_occasion = Captures.from_uvn(captures.u_i, captures.v_i, captures.n_i, captures.m_i)
    assert by_occasion.missing == ("histories", "f_k", "m_array")
    assert by_occasion.has_recaptures == captures.has_recaptures
    table = captures.m_array
    released = Captures.from_m_array(table.released, table.recaptured)
    assert released.missing == ("histories", "f_k")
    for word in ("n_i", "u_i", "v_i", "m_i"):
        np.testing.assert_array_equal(getattr(by_occasion, word), getattr(captures, word))
        np.testing.assert_array_equal(getattr(released, word), getattr(captures, word))


# Beyond 64 occasions the histories are ordered as bytes, up to there as integers.
@pytest.mark.parametrize("t", [2, 8, 9, 64, 65, 200])
def test_rows_are_distinct_and_in_the_order_of_numbers(t):
    rng = np.random.default_rng(t)
    matrix = (rng.random((300, t)) < 2 / t).astype(np.uint8)
    matrix = matrix[matrix.any(axis=1)]
    captures = Captures.from_histories(np.concatenate([matrix, matrix[::-1]]))
    texts = ["".join(map(str, row)) for row in captures.histories]
    assert texts == sorted({"".join(map(str, row)) for row in matrix})
    assert captures.counts.sum() == 2 * len(matrix)
    assert captures == Captures.from_lists(
        {str(j + 1): np.flatnonzero(np.tile(matrix[:, j], 2)) for j in range(t)}
    )


def test_published_statistics_of_the_hares():
    captures = Captures.from_counts(dict(zip(HARE["history"], HARE["count"], strict=True)))
    assert captures.n_observed == 68
    # Frequencies and captures by occasion as Rcapture 1.4-4 prints them with descriptive(hare).
    assert captures.f_k.tolist() == [25, 22, 13, 5, 1, 2]
    assert captures.n_i.tolist() == [16, 28, 20, 26, 23, 32]
    assert captures.frequencies == FrequencyCounts({1: 25, 2: 22, 3: 13, 4: 5, 5: 1, 6: 2}, occasions=6)


def test_arrays_cannot_be_changed_from_outside():
    captures = Captures.from_counts({"10": 3, "11": 2})
    with pytest.raises(ValueError, match="read-only"):
        captures.histories[0, 0] = 0
    with pytest.raises(ValueError, match="read-only"):
        captures.counts[0] = 9
    with pytest.raises(ValueError, match="read-only"):
        captures.m_array.recaptured[0, 0] = 9
    captures.n_i[0] = 99
    assert captures.n_i.tolist() == [5, 2]


def test_strata_are_kept_apart_and_pooled_again():
    # The last history of one stratum is the first of the other: they are two rows all the same.
    men, women = {"01": 3, "10": 5}, {"10": 2, "11": 4}
    both = Captures.from_strata({"women": Captures.from_counts(women), "men": Captures.from_counts(men)})
    assert both.groups == ("men", "women")
    assert {name: part.to_counts() for name, part in both.strata.items()} == {
        "men": men,
        "women": women,
    }
    assert both.to_counts() == both.pooled().to_counts() == {"01": 3, "10": 7, "11": 4}
    frame = both.to_frame()
    assert Captures.from_histories(frame, counts="count", by="group") == both
    rows = frame.loc[frame.index.repeat(frame["count"])]
    assert Captures.from_histories(rows[["1", "2"]].to_numpy(), by=rows["group"].to_numpy()) == both
    assert both != both.pooled()
    parts = [
        Captures.from_counts(dict.fromkeys(texts, 1))
        for texts in (["01"], ["10", "11"], ["01", "10"], ["11"])
    ]
    assert Captures.from_strata({"x": parts[0], "y": parts[1]}) != Captures.from_strata(
        {"x": parts[2], "y": parts[3]}
    )
    assert both.summary().footer == ("Strata: men 8, women 6 people.",)


def test_dropping_an_occasion_says_who_is_lost_with_it():
    captures = Captures.from_histories(
        [[1, 0, 0], [1, 1, 0], [0, 0, 1]], names=["a", "b", "c"], by=["x", "y", "y"]
    )
    kept = captures.drop("a")
    assert kept.to_counts() == {"01": 1, "10": 1}
    assert kept.groups == ("y",)
    assert kept.notes == ("Left out with the dropped occasions, being seen on no other: 1 person.",)
    with pytest.raises(InputError, match="at least 2 are needed"):
        kept.drop("b")
    with pytest.raises(InputError, match="no occasion 'd'; the occasions are a, b, c"):
        captures.drop("d")
    with pytest.raises(InputError, match="nobody was seen on any of the occasions b, c"):
        Captures.from_counts({"100": 3}, names="abc".__iter__()).select(["b", "c"])


def test_merging_occasions_keeps_everybody():
    captures = Captures.from_counts({"1000": 1, "0100": 2, "1100": 4, "0011": 8}, names=list("abcd"))
    merged = captures.merge({"ab": ["a", "b"]})
    assert merged.names == ("ab", "c", "d")
    assert merged.to_counts() == {"011": 8, "100": 7}
    assert captures.merge({"bd": ["d", "b"], "ac": ["a", "c"]}).to_counts() == {"01": 2, "10": 1, "11": 12}
    with pytest.raises(InputError, match="'b' is in two parts"):
        captures.merge({"x": ["a", "b"], "y": ["b", "c"]})
    with pytest.raises(InputError, match="two occasions have the same name"):
        captures.merge({"c": ["a", "b"]})
    with pytest.raises(InputError, match="at least 2 are needed"):
        captures.merge({"all": list("abcd")})


def test_what_statistics_do_not_say_is_refused_with_the_reason():
    captures = Captures.from_m_array([10, 9], [[3, 2], [0, 4]])
    assert repr(captures) == "<Captures: 3 occasions, statistics only>"
    for word in captures.missing:
        with pytest.raises(NotEstimableError, match=rf"'{word}' is not known: .*not known: histories, n_i"):
            getattr(captures, word)
    for method in (captures.to_frame, captures.to_counts, captures.pooled):
        with pytest.raises(NotEstimableError, match="is not known"):
            method()
    assert captures.to_frame(of="occasions").columns.tolist() == ["occasion"]
    assert "Given as statistics; not known: histories, n_i, u_i, v_i, f_k." in str(captures)


def test_summary_of_many_occasions_shows_the_first_and_the_last():
    summary = Captures.from_histories(np.eye(40, dtype=int)).summary()
    assert [row[0] for row in summary.rows][11:14] == ["12", "…", "29"]
    assert summary.rows[12][1] == "16 more"
    assert summary.footer[-1].startswith("Nobody was seen twice")
    assert Captures.from_counts({"11": 1})._repr_html_().startswith('<table class="microestim">')


def test_lists_match_by_id():
    captures = Captures.from_lists({"a": ["x", "y"], "b": pd.Series(["y", "z"]), "c": np.array(["y"])})
    assert captures.to_counts() == {"010": 1, "100": 1, "111": 1}
    assert Captures.from_lists({"a": [1, 2], "b": []}).n_i.tolist() == [2, 0]


def test_a_stratum_of_rows_without_people_is_left_out():
    histories, counts = [[1, 0], [1, 1], [0, 1]], [3, 0, 2]
    captures = Captures.from_histories(histories, counts=counts, by=["a", "b", "c"])
    assert captures.groups == ("a", "c")
    assert {name: part.n_observed for name, part in captures.strata.items()} == {"a": 3, "c": 2}
    assert Captures.from_strata(captures.strata) == captures
