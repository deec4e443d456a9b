"""Leslie's test: by all ways to spread captures, as Cochran's Q, and by simulation of its size."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microestim as me
from microestim.errors import InputError, NotEstimableError


def captures_of(later):
    """People first captured on one occasion before those of a table."""
    rows = np.hstack([np.ones((len(later), 1), dtype=int), np.asarray(later, dtype=int)])
    return me.Captures.from_histories(rows)


def all_tables(sizes, people):
    """Every way to spread so many captures on each occasion over the people."""
    columns = [list(itertools.combinations(range(people), size)) for size in sizes]
    for chosen in itertools.product(*columns):
        table = np.zeros((people, len(sizes)), dtype=int)
        for place, caught in enumerate(chosen):
            table[list(caught), place] = 1
        yield table


@pytest.mark.parametrize(("sizes", "people"), [((2, 3), 5), ((1, 2, 2), 5), ((1, 1, 2, 3), 4)])
def test_mean_and_variance_over_all_tables(sizes, people):
    found = [me.leslie_test(captures_of(table)).statistic for table in all_tables(sizes, people)]
    row = me.leslie_test(captures_of(next(all_tables(sizes, people)))).rows[0]
    # Both are exact, but for rounding.
    assert np.mean(found) == pytest.approx(people, rel=1e-12)
    assert np.var(found) == pytest.approx(row.variance, rel=1e-12)


def test_it_is_cochrans_q_with_people_as_treatments():
    rng = np.random.default_rng(4)
    table = (rng.random((30, 5)) < [0.2, 0.4, 0.5, 0.3, 0.6]).astype(int)
    by_person, by_occasion, total = table.sum(axis=1), table.sum(axis=0), table.sum()
    # Cochran (1950): k treatments, here people; blocks, here occasions.
    q = 29 * (30 * (by_person**2).sum() - total**2) / (30 * total - (by_occasion**2).sum())
    assert me.leslie_test(captures_of(table)).statistic * 29 / 30 == pytest.approx(q, rel=1e-12)


def size_at_five_percent(occasions, chances, samples=1_500, people=60):
    rng = np.random.default_rng([7, occasions])
    by_gamma = by_chi_square = 0
    for _ in range(samples):
        table = rng.random((people, occasions)) < chances
        test = me.leslie_test(captures_of(table))
        by_gamma += test.p_value < 0.05
        by_chi_square += test.p_value_chi_square < 0.05
    return by_gamma / samples, by_chi_square / samples


@pytest.mark.parametrize("occasions", [3, 6])
def test_its_size_at_five_percent(occasions):
    by_gamma, by_chi_square = size_at_five_percent(occasions, np.linspace(0.2, 0.5, occasions))
    # Three standard errors of a share of 1,500, and 0.5 % for the shape of the distribution.
    assert by_gamma == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 1_500) + 0.005)
    # The published one is below its level, the more the fewer the occasions.
    assert by_chi_square < by_gamma


def test_people_who_differ_are_found():
    rng = np.random.default_rng(5)
    chances = rng.choice([0.1, 0.6], size=(150, 1))
    assert me.leslie_test(captures_of(rng.random((150, 6)) < chances)).p_value < 1e-6


def test_groups_are_series_of_their_own():
    counts = {
        "1011": 4,
        "1000": 6,
        "1010": 3,
        "1101": 5,
        "0111": 2,
        "0100": 7,
        "0101": 6,
        "0010": 4,
    }
    whole = me.leslie_test(me.Captures.from_counts(counts))
    assert [(row.marked_on, row.people) for row in whole.rows] == [("1", 18), ("2", 15), ("3", 4)]
    # The third group has one later occasion, which tells nothing of differences.
    assert whole.rows[2].statistic is None
    parts = [
        me.leslie_test(me.Captures.from_counts({h: n for h, n in counts.items() if h.index("1") == first}))
        for first in (0, 1)
    ]
    assert whole.statistic == pytest.approx(sum(part.statistic for part in parts), rel=1e-12)
    assert whole.df == 17 + 14
    assert len(whole.to_frame()) == 3
    assert "first captured on" in str(whole)


def test_those_known_to_be_alive_are_followed_to_the_occasion_before():
    counts = {"1011": 4, "1001": 6, "1101": 5, "1110": 9, "1000": 8}
    found = me.leslie_test(me.Captures.from_counts(counts), alive_on="4")
    alive = me.leslie_test(me.Captures.from_counts({"101": 4, "100": 6, "110": 5}))
    assert (found.statistic, found.df) == (pytest.approx(alive.statistic, rel=1e-12), 14)


@pytest.mark.parametrize(
    ("captures", "options", "kind", "message"),
    [
        (me.FrequencyCounts({1: 5, 2: 3}, occasions=4), {}, InputError, "FrequencyCounts has none"),
        (me.Captures.from_counts({"10": 4, "11": 3}), {}, NotEstimableError, "no such group"),
        (me.Captures.from_counts({"111": 4, "110": 3}), {}, NotEstimableError, "no such group"),
        (me.Captures.from_counts({"1110": 4, "1101": 3}), {"alive_on": "9"}, InputError, "one of 1, 2, 3, 4"),
        (
            me.Captures.from_histories([[1, 1, 0], [1, 0, 1], [1, 0, 0]], by=["a", "b", "a"]),
            {},
            InputError,
            r"pooled\(\)",
        ),
        (
            me.Captures.from_uvn([5, 3, 2], [2, 3, 5], [5, 5, 5]),
            {},
            InputError,
            "statistics by occasion",
        ),
    ],
)
def test_refusals(captures, options, kind, message):
    with pytest.raises(kind, match=message):
        me.leslie_test(captures, **options)


@given(st.lists(st.integers(0, 40), min_size=15, max_size=15))
@settings(max_examples=60, deadline=None)
def test_every_table_is_answered_or_refused(people):
    counts = {format(code, "04b"): n for code, n in enumerate(people, start=1)}
    try:
        test = me.leslie_test(me.Captures.from_counts(counts))
    except me.MicroestimError:
        return
    assert 0 <= test.statistic < np.inf
    assert 0 <= test.p_value <= 1
    # Later occasions are exchangeable within a group: only those after all first captures may be turned.
    only = {h: n for h, n in counts.items() if h[0] == "1"}
    if sum(only.values()):
        turned = {h[0] + h[3] + h[1] + h[2]: n for h, n in only.items()}
        try:
            one = me.leslie_test(me.Captures.from_counts(only)).p_value
        except NotEstimableError:
            return
        assert me.leslie_test(me.Captures.from_counts(turned)).p_value == pytest.approx(one, rel=1e-9)
