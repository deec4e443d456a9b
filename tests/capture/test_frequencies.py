"""The container of frequency counts: what it keeps, and what it refuses."""

import pickle

import numpy as np
import pytest

from microestim.capture import FrequencyCounts
from microestim.capture.frequencies import as_frequency_counts
from microestim.errors import InputError

RABBITS = {1: 43, 2: 16, 3: 8, 4: 6, 6: 2, 7: 1}


def test_totals_are_those_of_the_people_one_by_one() -> None:
    times = np.repeat(list(RABBITS), list(RABBITS.values()))
    counts = FrequencyCounts(RABBITS, occasions=18)
    assert counts.n_observed == times.size
    assert counts.total_captures == times.sum()
    assert counts.singletons == (times == 1).sum()
    assert counts.counts == {int(k): int((times == k).sum()) for k in np.unique(times)}


def test_order_zeros_and_number_types_do_not_matter() -> None:
    shuffled = {7.0: np.int64(1), 2: 16.0, 5: 0, 4: 6, 1: 43, np.int32(3): 8, 6: 2}
    same, other = FrequencyCounts(shuffled), FrequencyCounts(RABBITS)  # type: ignore[arg-type]
    assert same == other
    assert hash(same) == hash(other)
    assert same != FrequencyCounts(RABBITS, occasions=18)


def test_it_survives_pickling_and_does_not_change() -> None:
    counts = FrequencyCounts(RABBITS, occasions=18, last_is_pooled=True)
    assert pickle.loads(pickle.dumps(counts)) == counts
    counts.counts[1] = 0
    assert counts.singletons == 43
    with pytest.raises(AttributeError):
        counts.occasions = 3  # type: ignore[misc]


def test_a_pooled_class_hides_what_it_pools() -> None:
    counts = FrequencyCounts({1: 5, 2: 4, 3: 2}, last_is_pooled=True)
    assert counts.total_captures is None
    assert counts[2] == 4
    for times in (3, 4):
        with pytest.raises(InputError, match="not known"):
            counts[times]
    assert counts.to_frame()["or_more"].tolist() == [False, False, True]
    assert "3 or more" in str(counts.summary())


def test_an_empty_pooled_class_hides_nothing() -> None:
    assert FrequencyCounts({1: 5, 2: 4, 6: 0}, last_is_pooled=True) == FrequencyCounts({1: 5, 2: 4})


def test_frames_hold_every_person() -> None:
    frame = FrequencyCounts(RABBITS).summary().to_frame()
    assert frame["people"].sum() == 76
    # Shares of one total: only rounding of the sum.
    assert frame["share"].sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("counts", "options", "message"),
    [
        ({0: 3, 1: 5}, {}, "zero times"),
        ({1: -1, 2: 3}, {}, "seen 1 times is -1"),
        ({1: 2.5}, {}, "2.5"),
        ({1: float("nan")}, {}, "nan"),
        ({1.5: 2}, {}, "1.5"),
        ({"1": 2}, {}, "'1'"),
        ({True: 2}, {}, "True"),
        ({}, {}, "nobody was seen"),
        ({1: 0}, {}, "nobody was seen"),
        ({1: 4, 9: 1}, {"occasions": 8}, "only 8 occasions"),
        ({1: 4}, {"occasions": 1}, "at least 2"),
        ({1: 4}, {"last_is_pooled": 1}, "True or False"),
        ([43, 16], {}, "enumerate"),
    ],
)
def test_wrong_input_is_refused_with_what_was_given(counts, options, message) -> None:
    with pytest.raises(InputError, match=message):
        FrequencyCounts(counts, **options)


def test_estimators_take_the_container_a_mapping_or_what_holds_one() -> None:
    class Held:
        frequencies = FrequencyCounts(RABBITS, occasions=18)

    assert as_frequency_counts(Held()) is Held.frequencies
    assert as_frequency_counts(RABBITS) == FrequencyCounts(RABBITS)
    with pytest.raises(InputError, match="list"):
        as_frequency_counts([43, 16])
