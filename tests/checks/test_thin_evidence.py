"""Where evidence is thin: every check has a study that passes and one that fails."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import microestim as me
from microestim.checks import thin_evidence
from microestim.models.observations import HistoryCounts


def study_of(platforms: tuple[str, ...], evidence: tuple[str, ...]) -> me.Study:
    """France with fewer observed platforms and only this evidence."""
    study = me.load_study("fr-2018")
    kept = study.without(*(item.id for item in study.evidence if item.id not in evidence))
    contents = kept.model_dump(by_alias=True) | {"observed": list(platforms), "published": (), "steps": ()}
    return me.Study(**contents)


def with_influence(fit: me.WorkforceFit, influence: Any) -> me.WorkforceFit:
    other = copy.copy(fit)
    other.__dict__["_prior_influence"] = influence
    return other


def test_three_platforms_fail_and_one_or_seven_do_not(
    converged_prior_fit: me.WorkforceFit,
    single_platform_fit: me.WorkforceFit,
    make_prior_fit: Callable[..., me.WorkforceFit],
) -> None:
    assert thin_evidence.check_platforms(converged_prior_fit).passed is True
    assert thin_evidence.check_platforms(single_platform_fit).passed is None
    three = study_of(("foule-factory", "mturk", "appen"), ("ff-registrations", "ff-audience", "ff-frequency"))
    check = thin_evidence.check_platforms(make_prior_fit(three, draws=400))
    assert check.passed is False
    assert "memberships end at 3" in check.sentence
    # Draws of the prior: no spread is learned.
    assert "accounts_spread, active_share_spread" in check.sentence


@pytest.mark.parametrize(("answers", "passed"), [(150, True), (149, False)])
def test_a_question_needs_a_hundred_and_fifty_answers(
    prior_fit: me.WorkforceFit, answers: int, passed: bool, make_prior_fit: Callable[..., me.WorkforceFit]
) -> None:
    study = prior_fit.study.replacing("ff-memberships", n=answers)
    check = thin_evidence.check_surveys(make_prior_fit(study, draws=100))
    assert check.passed is passed
    assert ("ff-memberships has 149 answers" in check.sentence) is not passed


@pytest.mark.parametrize(("both", "passed"), [(25, True), (24, False)])
def test_two_waves_need_people_captured_twice(prior_fit: me.WorkforceFit, both: int, passed: bool) -> None:
    waves = HistoryCounts(
        name="waves",
        label="two waves",
        unit="answers",
        frame="foule-factory",
        waves=2,
        counts={("weekly", "10"): 150, ("weekly", "01"): 140, ("weekly", "11"): 4, ("less", "11"): both - 4},
    )
    fit = copy.copy(prior_fit)
    fit.__dict__["design"] = replace(prior_fit.design, observations=(waves,))
    check = thin_evidence.check_surveys(fit)
    assert check.passed is passed
    assert ("waves has about 24 people captured twice" in check.sentence) is not passed


def test_the_error_of_a_published_estimate_stands_for_its_recaptures(prior_fit: me.WorkforceFit) -> None:
    check = thin_evidence.check_surveys(prior_fit)
    assert check.passed is True
    assert check.table is not None
    row = next(row for row in check.table.rows if row[0] == "ff-captures")
    # 1 / 0.09 squared.
    assert row[-1] == "123"


def test_a_study_without_a_survey_fails(prior_fit: me.WorkforceFit) -> None:
    surveyed = ("ff-captures", "ff-frequency", "ff-memberships", "ff-memberships-any")
    study = prior_fit.study.without(*surveyed)
    model = me.WorkforceModel(study)
    assert model.readings == ()
    fit = copy.copy(prior_fit)
    fit.__dict__ |= {"study": study, "design": model.design}
    check = thin_evidence.check_surveys(fit)
    assert check.passed is False
    assert "There is no survey" in check.sentence


def test_activity_unknown_on_most_accounts_fails(
    prior_fit: me.WorkforceFit, make_prior_fit: Callable[..., me.WorkforceFit]
) -> None:
    passed = thin_evidence.check_activity(prior_fit)
    assert passed.passed is True
    assert passed.sentence == "Every platform has its visitors counted, or a survey."
    blind = make_prior_fit(prior_fit.study.without("others-audience"), draws=100)
    check = thin_evidence.check_activity(blind)
    parts = blind.counts.accounts["registered"]
    held = float(np.median(parts[:, 1:].sum(-1) / parts.sum(-1)))
    assert held > 0.5
    assert check.passed is False
    assert f"which hold {held:.0%} of the accounts" in check.sentence


def test_a_class_without_any_evidence_is_named(
    prior_fit: me.WorkforceFit, make_prior_fit: Callable[..., me.WorkforceFit]
) -> None:
    check = thin_evidence.check_classes(prior_fit)
    assert check.passed is None
    assert "No platform of the class localised tasks is observed" in check.sentence
    everywhere = copy.copy(prior_fit)
    contents = prior_fit.study.model_dump(by_alias=True)
    kept = [each for each in contents["platforms"] if each["class"] != "localised tasks"]
    names = {each["id"] for each in kept}
    contents["platforms"] = kept
    contents["platform_sets"] = [
        each for each in contents["platform_sets"] if names.issuperset(each["platforms"])
    ]
    everywhere.__dict__["study"] = me.Study(**contents)
    assert thin_evidence.check_classes(everywhere).passed is True
    silent = study_of(("foule-factory", "ferpection"), ("ff-registrations", "ff-audience", "ff-frequency"))
    check = thin_evidence.check_classes(make_prior_fit(silent, draws=100))
    assert check.passed is False
    assert "No evidence at all on the class user tests" in check.sentence


def test_a_tier_that_is_one_prior_is_named(converged_prior_fit: me.WorkforceFit) -> None:
    fit, influence = converged_prior_fit, converged_prior_fit.prior_influence()
    share = max(
        each.squared_correlation[tier]
        for each in influence.quantities
        if each.prior_only
        for tier in each.squared_correlation
    )
    check = thin_evidence.check_rests_on_priors(fit)
    assert check.passed is (share <= thin_evidence.DOMINATED_ABOVE)
    first = influence.quantities[0]
    # All of the variance of weekly goes with a quantity of which nothing was learned.
    dominant = replace(
        first, contraction=0.0, squared_correlation=dict.fromkeys(first.squared_correlation, 0.9)
    )
    moved = replace(influence, quantities=(dominant,))
    failed = thin_evidence.check_rests_on_priors(with_influence(fit, moved))
    assert failed.passed is False
    assert f"weekly is mostly the prior of {first.name} (90%)" in failed.sentence
    learned = replace(dominant, contraction=0.9)
    sound = thin_evidence.check_rests_on_priors(
        with_influence(fit, replace(influence, quantities=(learned,)))
    )
    assert sound.passed is True


def test_limits_of_visitors_count_as_visitors_and_last_visits_as_answers(
    prior_fit: me.WorkforceFit, make_prior_fit: Callable[..., me.WorkforceFit]
) -> None:
    contents = prior_fit.study.model_dump(by_alias=True)
    evidence = {item["id"]: dict(item) for item in contents["evidence"]}
    evidence["others-audience"] |= {"value": None, "between": [40_000, 60_000]}
    asked = {name: evidence["ff-frequency"][name] for name in ("platforms", "period", "source", "locator")}
    evidence["gaps"] = asked | {
        "id": "gaps",
        "type": "last_visit",
        "role": "evidence",
        "basis": "published",
        "unit": "respondents",
        "question": "When were you last here?",
        "days": [7, 30],
        "counts": [60, 20, 10],
    }
    fit = make_prior_fit(me.Study(**(contents | {"evidence": list(evidence.values())})), draws=50)
    activity = thin_evidence.check_activity(fit)
    assert activity.sentence == "Every platform has its visitors counted, or a survey."
    surveys = thin_evidence.check_surveys(fit)
    assert surveys.passed is False
    assert "gaps has 90 answers" in surveys.sentence


def test_without_a_survey_the_studies_it_is_fitted_with_are_named(
    make_prior_fit: Callable[..., me.WorkforceFit],
) -> None:
    thin = me.load_study("fr-2018").without(
        "ff-captures", "ff-frequency", "ff-memberships", "ff-memberships-any"
    )
    fit = make_prior_fit(thin, draws=50)
    alone = thin_evidence.check_surveys(fit)
    assert alone.passed is False
    assert "monthly and weekly are priors scaled by registrations" in alone.sentence
    fit.others = ("be-2018",)
    pooled = thin_evidence.check_surveys(fit)
    assert pooled.passed is False
    assert "the studies it is fitted with (be-2018) say of it" in pooled.sentence
    assert "are priors scaled" not in pooled.sentence


def test_declared_numbers_say_what_overstated_ones_would_mean(single_platform_fit: me.WorkforceFit) -> None:
    check = thin_evidence.check_declared(single_platform_fit)
    assert check.passed is None
    assert check.table is not None
    # One platform that declared its number: people are that number over the ratio, but for its own error.
    (declared,) = (item.value for item in single_platform_fit.study.evidence if item.id == "ff-registrations")
    for ratio, row in zip(thin_evidence.OVERSTATED, check.table.rows, strict=True):
        people = float(row[1].replace(",", ""))
        # 400 draws of an error of some 20 %: its median is known to 2 %, and rounding takes 5 %.
        assert people == pytest.approx(declared / ratio, rel=0.1)
        assert f"At {ratio:g} accounts, registered people would be about {row[1]}." in check.sentence
    prior = single_platform_fit.all_priors["inflation"]
    assert f"declare {np.exp(prior.median):.2g} accounts" in check.sentence
    assert "next to nothing" in check.sentence


def test_declared_numbers_leave_out_a_ratio_that_no_draw_reaches(
    make_prior_fit: Callable[..., me.WorkforceFit],
) -> None:
    narrow = {"inflation": {"spread": 0.05, "rationale": "a test"}}
    few = make_prior_fit("fr-2018", draws=50, priors=narrow)
    assert np.exp(few.latent.p["inflation"]).max() < thin_evidence.OVERSTATED[0]
    check = thin_evidence.check_declared(few)
    assert check.table is None
    assert "registered people would be" not in check.sentence
    assert "Beyond that, fit again with another prior of inflation." in check.sentence


def test_declared_numbers_need_one(make_prior_fit: Callable[..., me.WorkforceFit]) -> None:
    silent = study_of(("foule-factory", "mturk", "appen"), ("ff-audience", "ff-frequency"))
    check = thin_evidence.check_declared(make_prior_fit(silent, draws=50))
    assert check.passed is None
    assert "none can be overstated" in check.sentence
