"""The shipped data sets are those of the publications, and load as what estimators take."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest

import microestim as me

REFERENCE = Path(__file__).parent / "reference"
TRUTHS = {
    "rabbits": 135,
    "taxicabs": 420,
    "geckos": 106,
    "golf-tees": 250,
    "belgian-claims": 9461,
    "hepatitis-a": 545,
}
SAME = {
    "rabbits": "cottontail_rabbits_18",
    "hepatitis-a": "hepatitis_a_taiwan",
    "snowshoe-hares": "snowshoe_hare",
    "taxicabs": "taxicab_edinburgh_A",
    "geckos": "arboreal_geckos",
    "belgian-claims": "traffic_accidents_belgium",
    "skinks": "skinks",
    "dutch-immigrants": "dutch_illegal_immigrants",
    "malay-butterflies": "malay_butterflies_25plus_pooled",
}


def reference(file: str, key: str) -> dict[str, dict[str, int]]:
    tables: dict[str, dict[str, int]] = defaultdict(dict)
    with (REFERENCE / file).open(encoding="utf-8") as lines:
        for row in csv.DictReader(line for line in lines if not line.startswith("#")):
            tables[row["dataset"]][row[key]] = int(row["count"])
    return tables


HISTORIES = reference("closed_histories.csv", "history")
FREQUENCIES = reference("frequency_counts.csv", "times_seen")


@pytest.mark.parametrize("name", me.datasets.names())
def test_every_data_set_loads_with_its_source(name: str) -> None:
    found = me.datasets.load(name)
    assert found.data.n_observed > 0
    assert found.title
    assert found.source in str(found)
    assert found.truth == TRUTHS.get(name)


@pytest.mark.parametrize("name", SAME)
def test_counts_are_those_of_the_reference_data(name: str) -> None:
    data, key = me.datasets.load(name).data, SAME[name]
    if isinstance(data, me.Captures):
        assert data.to_counts() == HISTORIES[key]
    else:
        counts = dict(zip(data.times_seen, data.people, strict=True))
        assert {str(times): people for times, people in counts.items()} == FREQUENCIES[key]


def test_histories_and_frequencies_of_the_rabbits_are_one_experiment() -> None:
    rabbits = me.datasets.load("rabbits").data.frequencies
    assert {str(k): rabbits[k] for k in rabbits.times_seen} == FREQUENCIES["cottontail_rabbits"]


def test_an_unknown_data_set_is_refused_with_the_known_ones() -> None:
    with pytest.raises(me.errors.InputError, match=r"no data set 'rabbit'; there are rabbits, "):
        me.datasets.load("rabbit")


def test_mturk_participation_gives_the_bound_that_its_authors_print():
    # Chao (1987), equation 10, with 29 months; the repository of Difallah et al. prints 97579.46725138437.
    seen = me.datasets.load("mturk-participation").data
    f1, f2, f3 = (seen.counts[times] for times in (1, 2, 3))
    further = f1**2 / (2 * f2) * (1 - 2 * f2 / (29 * f1)) / (1 - 3 * f3 / (29 * f2))
    # One person with 34 answers is not in the counts.
    assert seen.n_observed + 1 + further == pytest.approx(97579.46725138437, abs=1e-6)
