"""The shipped studies, against figures entered a second time from the publications' facts."""

from typing import Any

import pytest

import microestim
from microestim.errors import InputError
from microestim.study import Study, load_study, studies

# Entered by reading the list of facts again, not by copying from the study files.
EVIDENCE: dict[str, dict[str, Any]] = {
    # Annexe 3 of the report.
    "ff-registrations": {"value": 50_000, "unit": "accounts", "reach": "resident", "basis": "published"},
    "ff-audience": {"value": 6_900, "unit": "visitors", "page_scope": "work pages", "vendor": "SimilarWeb"},
    "ff-captures": {"estimate": 2_800, "n1": None, "n2": None, "m": None, "histories": None, "waves": ()},
    "ff-frequency": {"n": 908, "shares": {"weekly": 0.9}, "frequency_scope": "any platform"},
    "ff-memberships": {"mean": 1.27, "n": 908, "kind": "registered", "frame": "foule-factory"},
}
# 319,000 - 50,000 and 62,000 - 6,900.
FR_2018 = {
    **EVIDENCE,
    "others-registrations": {"value": 269_000, "basis": "derived", "platforms": "six-others"},
    "others-audience": {"value": 55_100, "basis": "derived", "platforms": "six-others"},
    "total-registrations": {"value": 319_000, "role": "shown only", "basis": "published"},
    "total-audience": {"value": 62_000, "role": "shown only", "basis": "published"},
    "ff-memberships-any": {"mean": 3, "share_single": 0.185, "n": 908, "kind": "worked", "platforms": "any"},
    "ff-income": {"value": 21, "currency": "EUR", "per": "month", "statistic": "mean"},
    "ff-hours": {"value": 3, "statistic": "median", "bound": "at most"},
    "ff-sex": {"variable": "sex", "n": 908, "shares": {"women": 0.561}},
    "ff-age": {"variable": "age", "n": 907, "shares": {"25 to 34": 0.334, "35 to 44": 0.300}},
    "ff-occupation": {"variable": "occupation", "n": 908, "shares": {"no occupation": 0.36}},
    "declared-worldwide": {"value": 11_000_000, "reach": "worldwide", "role": "shown only"},
    "mturk-france": {"value": 1_250, "unit": "people", "platforms": "mturk", "tier": None},
    "world-bank-2015": {"value": 5_800_000, "bound": "at least"},
    "declared-everywhere": {"value": 100_000_000, "bound": "at least"},
    "forde-2017": {"value": 0.01, "value_high": 0.05},
    "platform-workers-active": {"value": 0.005, "value_high": 0.02},
    "eurobarometer-2018": {"value": 455_000, "unit": "people"},
    "drivers-couriers": {"value": 10_000},
    "huws-2020": {"value": 0.11, "unit": "share"},
    "forum-members": {"value": 27_262},
    "hara-2017": {"value": 2, "unit": "USD/hour", "bound": "at most"},
    "berg-2018": {"value": 3.31, "unit": "USD/hour"},
    "forde-minimum-wage": {"value": 0.541},
    "stewart-2015": {"value": 7_300},
    "apec-range": {"value": 15_000, "value_high": 20_000},
    "full-time-jobs": {"value": 5_000, "unit": "full-time jobs"},
}
# The published study uses the question as if it were about the surveyed platform.
AS_PUBLISHED = {"ff-frequency": EVIDENCE["ff-frequency"] | {"frequency_scope": "this platform"}}
REPORT = {
    **EVIDENCE,
    **AS_PUBLISHED,
    "total-registrations": {"value": 319_000, "basis": "published", "contains": ("ff-registrations",)},
    "total-audience": {"value": 62_000, "basis": "published", "contains": ("ff-audience",)},
}
WORKING_PAPER = {
    **EVIDENCE,
    **AS_PUBLISHED,
    "total-registrations": {"value": 337_980, "basis": "derived", "contains": ("ff-registrations",)},
    "total-audience": {"value": 66_468, "basis": "derived", "contains": ("ff-audience",)},
}
SEVEN = {"foule-factory", "clickworker", "microworkers", "clixsense", "mturk", "appen", "ferpection"}


@pytest.mark.parametrize(
    ("name", "facts"),
    [("fr-2018", FR_2018), ("fr-2018-report", REPORT), ("fr-2018-working-paper", WORKING_PAPER)],
)
def test_the_evidence_is_that_of_the_publications(name: str, facts: dict[str, dict[str, Any]]) -> None:
    study = load_study(name)
    assert {e.id for e in study.evidence} == set(facts)
    for id, fields in facts.items():
        item = study.item(id)
        assert {field: getattr(item, field) for field in fields} == fields, id
    assert study.item("ff-captures").error.relative == 0.09
    assert study.item("ff-captures").error.basis == "assumption"
    assert set(study.observed_platforms) == SEVEN
    assert set(study.resolve("seven")) == SEVEN


def test_no_wave_counts_are_presented_as_data() -> None:
    for name in studies().ids:
        for item in load_study(name).of_type("captures"):
            assert item.two_sample is None
            assert item.counts_by_history is None


# Table 1 of the report: class, year, whether among the seven, whether its seat is in France.
TABLE_1 = {
    "Foule Factory": ("online micro-tasks", 2014, True),
    "Clickworker": ("online micro-tasks", 2005, False),
    "Microworkers": ("online micro-tasks", 2009, False),
    "Clixsense": ("online micro-tasks", 2007, False),
    "Figure Eight": ("online micro-tasks", 2007, False),
    "Amazon Mechanical Turk": ("online micro-tasks", 2005, False),
    "Appen": ("online micro-tasks", 1996, False),
    "Lionbridge": ("online micro-tasks", 1996, False),
    "Pactera": ("online micro-tasks", 1995, False),
    "Isahit": ("online micro-tasks", 2015, True),
    "5euros.com": ("online micro-tasks", 2017, True),
    "MobEye": ("localised tasks", 2013, True),
    "WinMinute": ("localised tasks", 2013, True),
    "BeMyEye": ("localised tasks", 2011, False),
    "Clic and Walk": ("localised tasks", 2012, True),
    "Roamler": ("localised tasks", 2011, False),
    "Bpeek": ("localised tasks", 2016, True),
    "StreetBees": ("localised tasks", 2015, False),
    "Ferpection": ("user tests", 2014, True),
    "Testapic": ("user tests", 2011, True),
    "Ba-Click": ("user tests", 2017, True),
    "LooNea": ("user tests", 2010, True),
    "Moolineo": ("user tests", 2010, True),
}


def test_the_23_platforms_are_those_of_table_1() -> None:
    study = load_study("fr-2018")
    found = {
        p.name: (p.class_, p.founded, (p.headquarters or "").endswith("France")) for p in study.platforms
    }
    assert found == TABLE_1
    assert [p.id for p in study.platforms if p.residents_only] == ["foule-factory"]
    assert [p.id for p in study.platforms if not p.takes_residents] == ["isahit"]
    assert {p.name for p in study.platforms if p.layer != "two-sided"} == {"Appen", "Lionbridge", "Pactera"}
    assert set(study.resolve("inventory")) == {p.id for p in study.platforms}
    assert set(study.resolve("six-others")) == SEVEN - {"foule-factory"}


PUBLISHED = {
    "report-weekly": ("weekly", 15_000),
    "report-monthly": ("monthly_active", 50_000),
    "report-registered": ("registered", 260_000),
    "wp-weekly": ("weekly", 14_903),
    "wp-monthly": ("monthly_active", 52_337),
    "wp-registered": ("registered", 266_126),
    "senate-weekly": ("weekly", 15_000),
    "senate-monthly": ("monthly_active", 50_000),
    "senate-registered": ("registered", 260_000),
    "humanite-monthly": ("monthly_active", 52_000),
    "le-monde-registered": ("registered", 250_000),
    "le-figaro-registered": ("registered", 266_000),
}


def test_published_results_stand_beside_the_right_estimand() -> None:
    # 'Réguliers' come from an audience count: people seen in a month, not a usual frequency.
    assert {p.id: (p.tier, p.value) for p in load_study("fr-2018").published} == PUBLISHED
    for name in ("fr-2018-report", "fr-2018-working-paper"):
        for result in load_study(name).published:
            assert PUBLISHED[result.id] == (result.tier, result.value)


@pytest.mark.parametrize("name", studies().ids)
def test_tiers_have_the_thresholds_of_the_estimands(name: str) -> None:
    study = load_study(name)
    rates = {t.id: t.least_rate for t in study.tiers}
    assert rates == {"registered": None, "monthly_active": None, "monthly": 1, "weekly": 30.44 / 7}
    labels = {t.id: t.label for t in study.tiers}
    assert (labels["weekly"], labels["monthly_active"]) == ("très actif", "régulier")
    assert labels["registered"] == "occasionnel"


def test_every_source_is_used_and_can_be_found() -> None:
    study = load_study("fr-2018")
    used = (
        {e.source for e in study.evidence}
        | {p.source for p in study.published}
        | {s.source for s in study.steps}
    )
    # Sources without a figure of their own: a critique, and the article with rounded figures.
    assert {s.id for s in study.sources} - used == {"critique-2019", "journal-2020"}
    assert study.source("report-2019").identifier == "HAL hal-02139528"
    assert "1901.03889" in (study.source("working-paper-2019").identifier or "")


def test_the_list_of_studies_reads_as_a_list_and_prints_as_a_table() -> None:
    listed = studies()
    assert listed.ids == ("fr-2018", "fr-2018-report", "fr-2018-working-paper")
    assert [id for id, _ in listed] == list(listed.ids)
    for id, title in listed:
        assert load_study(id).title == title
        assert f"{id}  " in str(listed)
        assert title in str(listed)
    with pytest.raises(InputError, match="fr-2018"):
        load_study("fr-2019")
    assert isinstance(microestim.load_study("fr-2018"), Study)
