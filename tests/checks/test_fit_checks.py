"""Every check of a fit has a case that passes and one that fails."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

import microestim as me
from microestim.checks import fit_checks, scope
from microestim.checks.bounds import BOUNDS, draw_bounds, frame_platform, study_bounds
from microestim.checks.power_scaling import check_power_scaling, power_scaling
from microestim.study import parse_study


def changed(fit: me.WorkforceFit, **members: Any) -> me.WorkforceFit:
    """Give a copy of a fit with some of its members replaced, and nothing else computed anew."""
    other = copy.copy(fit)
    other.__dict__ |= members
    return other


def with_counts(fit: me.WorkforceFit, **fields: Any) -> me.WorkforceFit:
    return changed(fit, counts=dataclasses.replace(fit.counts, **fields))


def test_a_converged_fit_says_so_and_one_with_divergences_says_it_everywhere(
    converged_prior_fit: me.WorkforceFit,
) -> None:
    good = {check.name: check for check in converged_prior_fit.check()}
    assert good["convergence"].passed is True
    # 2 of 1,600 draws are more than 1 in 1,000.
    diverging = np.zeros(converged_prior_fit.shape, dtype=bool)
    diverging[0, :2] = True
    bad_fit = changed(
        converged_prior_fit, sample_stats=xr.Dataset({"diverging": (("chain", "draw"), diverging)})
    )
    del bad_fit.__dict__["convergence"]
    bad = {check.name: check for check in bad_fit.check()}
    assert bad["convergence"].passed is False
    assert "2 of 1,600 draws diverged" in bad["convergence"].sentence
    for name, check in bad.items():
        if check.table is not None:
            assert "NOT CONVERGED" in check.table.title, name
            assert "NOT CONVERGED" not in (good[name].table or check.table).title


@pytest.mark.parametrize("stuck", ["one chain", "half of one", "all, each elsewhere"])
def test_chains_that_stand_still_are_named_and_break_no_check(
    single_platform_fit: me.WorkforceFit, stuck: str
) -> None:
    fit = single_platform_fit
    vectors = fit.vectors.copy()
    if stuck == "all, each elsewhere":
        vectors[:] = vectors[:, :1]
    else:
        vectors[0, 0 if stuck == "one chain" else vectors.shape[1] // 2 :] = 2.6
    standing = me.WorkforceFit(
        study=fit.study,
        design=fit.design,
        priors=fit.all_priors,
        vectors=vectors,
        sample_stats=fit.sample_stats,
        settings=fit.settings,
        reading=fit.reading,
    )
    checks = {check.name: check for check in standing.check()}
    assert checks["convergence"].passed is False
    assert "NOT CONVERGED" in str(standing.summary())
    # Half a chain of 100 is less than the tail of the weights, which then can be smoothed.
    assert ("a chain stands still" in checks["power scaling"].sentence) == (stuck != "half of one")


def test_a_limit_that_says_nothing_in_most_draws_leaves_the_sensitivities(
    make_prior_fit: Callable[..., me.WorkforceFit], single_platform_fit: me.WorkforceFit
) -> None:
    """All likelihoods of 1 are one weight, which ArviZ cannot smooth; no chain stands still for that."""
    study = single_platform_fit.study
    text = study.to_toml()
    (audience,) = (item for item in study.evidence if item.id == "ff-audience")
    loose = parse_study(
        text.replace(f"value = {audience.value:.0f}", "between = [0, 100000000]"), name="loose"
    )
    assert loose.hash != study.hash
    fit = make_prior_fit(loose, draws=200)
    assert np.mean(fit.log_likelihood()["ff-audience"] == 0.0) > 0.5
    scaled = power_scaling(fit)
    assert max(scaled.by_evidence["ff-audience"].values()) < 0.01
    assert max(scaled.by_evidence["ff-captures"].values()) > 0.05
    assert "Not computed" not in check_power_scaling(fit).sentence


def test_nesting(prior_fit: me.WorkforceFit) -> None:
    assert fit_checks.check_nesting(prior_fit).passed is True
    people = {tier: draws.copy() for tier, draws in prior_fit.counts.people.items()}
    people["weekly"][7] = people["monthly"][7] * 1.001
    check = fit_checks.check_nesting(with_counts(prior_fit, people=people))
    assert check.passed is False
    assert check.table is not None
    # One draw of 400.
    assert check.table.rows[0] == ("weekly within monthly", "0.25%", "0.00%")
    accounts = {tier: draws.copy() for tier, draws in prior_fit.counts.accounts.items()}
    accounts["monthly_active"][0, 3] = 2.0 * accounts["registered"][0, 3]
    assert fit_checks.check_nesting(with_counts(prior_fit, accounts=accounts)).passed is False


def test_predictive_fails_on_evidence_that_the_model_cannot_produce(prior_fit: me.WorkforceFit) -> None:
    assert fit_checks.check_predictive(prior_fit).passed is True
    replicates = prior_fit.predictive()
    for observed, expected in ((replicates["ff-memberships"][1].max() * 1.1, "0.000"), (0.9, "1.000")):
        moved = replicates | {"ff-memberships": (observed, replicates["ff-memberships"][1])}
        check = fit_checks.check_predictive(changed(prior_fit, predictive=lambda moved=moved: moved))
        assert check.passed is False
        assert f"ff-memberships ({expected})" in check.sentence
        assert "ff-frequency" not in check.sentence


def test_predictive_fails_on_a_statistic_that_is_undefined(prior_fit: me.WorkforceFit) -> None:
    replicates = prior_fit.predictive()
    observed, drawn = replicates["ff-audience"]
    broken = drawn.copy()
    broken[:3] = np.nan
    moved = replicates | {"ff-audience": (observed, broken)}
    check = fit_checks.check_predictive(changed(prior_fit, predictive=lambda: moved))
    assert check.passed is False
    assert "ff-audience (undefined in 3 draws)" in check.sentence


def test_memberships_add_up_in_all_draws(prior_fit: me.WorkforceFit) -> None:
    check = fit_checks.check_memberships(with_counts(prior_fit, weight_residual=np.zeros(400)))
    assert check.passed is True
    assert check.sentence.endswith("in all draws.")


def test_draws_that_do_not_add_up_matter_where_they_move_an_answer(prior_fit: me.WorkforceFit) -> None:
    # A fifth of the draws twice: spread evenly over the answer, then all of its upper end.
    order = np.argsort(prior_fit.counts.people["registered"])
    evenly, highest = np.zeros(400), np.zeros(400)
    evenly[order[2::5]] = 0.011
    highest[order[-80:]] = 0.011
    harmless = fit_checks.check_memberships(with_counts(prior_fit, weight_residual=evenly))
    assert harmless.passed is True
    assert "in 20.00% of the draws" in harmless.sentence
    harmful = fit_checks.check_memberships(with_counts(prior_fit, weight_residual=highest))
    assert harmful.passed is False
    assert "without these registered moves by" in harmful.sentence
    people = prior_fit.counts.people["registered"]
    limits, kept = np.quantile(people, [0.05, 0.95]), np.quantile(np.sort(people)[:-80], 0.95)
    expected = np.log(limits[1] / kept) / np.log(limits[1] / limits[0])
    assert expected > fit_checks.MOVED_LIMIT
    assert harmful.table is not None
    assert harmful.table.rows[0][-1] == f"{expected:.1%}"


@pytest.mark.parametrize(("missed", "passed"), [(200, True), (201, False)])
def test_most_draws_have_to_add_up(prior_fit: me.WorkforceFit, missed: int, passed: bool) -> None:
    # Every second draw in order of each answer is not to be had for all tiers: all tiers equal, then.
    people = {tier: np.linspace(1_000.0, 2_000.0, 400) for tier in prior_fit.counts.people}
    residual = np.zeros(400)
    residual[1::2] = 0.011
    residual[: 2 * (missed - 200) : 2] = 0.011
    check = fit_checks.check_memberships(with_counts(prior_fit, people=people, weight_residual=residual))
    assert check.passed is passed


def test_bounds_hold_and_a_count_beyond_all_accounts_fails(prior_fit: me.WorkforceFit) -> None:
    sound = prior_fit.counts.weight_residual < 0.01
    assert fit_checks.check_bounds(prior_fit).passed is True
    people = {tier: draws.copy() for tier, draws in prior_fit.counts.people.items()}
    accounts = prior_fit.counts.accounts["weekly"].sum(-1)
    # Two per cent too many in every draw are far less than what is not known; ten times too many are not.
    for factor, passed in ((1.02, True), (10.0, False)):
        people["weekly"] = factor * accounts
        check = fit_checks.check_bounds(with_counts(prior_fit, people=people))
        assert check.passed is passed
        assert "100.0% of the draws of weekly" in check.sentence
    bounds = draw_bounds(prior_fit).draws
    for tier in bounds:
        lower, upper = bounds[tier]["lower"][sound], bounds[tier]["upper given the mean"][sound]
        assert (lower <= bounds[tier]["published reading"][sound] * (1 + 1e-12)).all()
        assert (bounds[tier]["published reading"][sound] <= upper * (1 + 1e-12)).all()


def test_bounds_draw_by_draw_are_the_published_curve(prior_fit: me.WorkforceFit) -> None:
    bounds, counts, j = draw_bounds(prior_fit), prior_fit.counts, frame_platform(prior_fit.design)
    assert bounds.platform == "foule-factory"
    accounts, mean = counts.accounts["registered"][5], counts.frame_memberships["registered"][5]
    curve = me.membership_bounds(
        frame_accounts=accounts[j], total_accounts=accounts.sum(), frame_mean=mean, n_platforms=7
    )
    own = {name: draws[5] for name, draws in bounds.draws["registered"].items()}
    expected = {
        "free upper": curve.free_upper,
        "upper given the mean": curve.upper_given_mean,
        "published reading": float(curve.at(mean)),
        "lower": curve.lower,
    }
    # The same arithmetic in another order.
    assert {name: own[name] for name in expected} == pytest.approx(expected, rel=1e-12)
    assert list(bounds.to_frame()["bound"].unique()) == list(BOUNDS)


@pytest.mark.parametrize(
    ("study", "expected"),
    [("fr-2018", (92_583, 305_500, 319_000)), ("fr-2018-report", (92_583, 305_500, 319_000))],
)
def test_bounds_of_the_published_figures(study: str, expected: tuple[int, int, int]) -> None:
    bounds = study_bounds(me.load_study(study))
    assert bounds is not None
    assert (round(bounds.lower), round(bounds.upper_given_mean), round(bounds.free_upper)) == expected


def test_a_study_without_memberships_has_no_bounds() -> None:
    assert study_bounds(me.load_study("fr-2018").without("ff-memberships")) is None


@pytest.mark.parametrize(("shift", "passed"), [(1.4, True), (1.6, False), (-1.6, False)])
def test_visitors_per_person_far_from_their_prior(
    prior_fit: me.WorkforceFit, shift: float, passed: bool
) -> None:
    names = [parameter.name for parameter in prior_fit.design.parameters]
    place = names.index("visitors_per_person[work pages, SimilarWeb]")
    vectors = prior_fit.vectors.copy()
    vectors[..., place] += shift - np.median(vectors[..., place])
    moved = me.WorkforceFit(
        study=prior_fit.study,
        design=prior_fit.design,
        priors=prior_fit.all_priors,
        vectors=vectors,
        sample_stats=prior_fit.sample_stats,
        settings=prior_fit.settings,
        reading=prior_fit.reading,
    )
    check = fit_checks.check_visitors(moved)
    assert check.passed is passed
    assert check.table is not None
    assert check.table.rows[0][-1] == f"{shift:+.2f}"


def test_scope_names_assumptions_totals_and_what_is_left_out(prior_fit: me.WorkforceFit) -> None:
    check = scope.check_scope(prior_fit)
    assert check.passed is True
    assert "1 of those in the model rests on an assumption (ff-captures)" in check.sentence
    assert "6 platforms of 7 with no evidence of their own" in check.sentence
    assert check.table is not None
    assert len(check.table.rows) == len(prior_fit.study.evidence)


@pytest.mark.parametrize(("period", "passed"), [("2017-12/2018-01", True), ("2016/2017-12", False)])
def test_scope_fails_on_evidence_of_another_time(
    prior_fit: me.WorkforceFit, period: str, passed: bool
) -> None:
    moved = prior_fit.study.replacing("ff-audience", period=period)
    check = scope.check_scope(changed(prior_fit, study=moved))
    assert check.passed is passed
    assert (f"ff-audience ({period})" in check.sentence) is not passed


def test_published_figures_stand_beside_the_posterior_of_the_same_scope_only(
    prior_fit: me.WorkforceFit,
) -> None:
    check = scope.check_published(prior_fit)
    assert check.passed is None
    assert check.table is not None
    share = np.mean(prior_fit.draws("weekly") > 15_000)
    assert [row[-1] for row in check.table.rows if row[2] == "report-2019"][-1] == f"{share:.2f}"
    published = [
        each.model_copy(update={"platforms": "foule-factory"}) if each.id == "wp-weekly" else each
        for each in prior_fit.study.published
    ]
    narrower = prior_fit.study.model_copy(update={"published": tuple(published)})
    table = scope.check_published(changed(prior_fit, study=narrower)).table
    assert table is not None
    row = next(row for row in table.rows if row[0] == "weekly" and row[2] == "working-paper-2019")
    assert row[3].startswith("not compared")


def test_the_anchor_is_a_choice(prior_fit: me.WorkforceFit) -> None:
    check = scope.check_anchor(prior_fit)
    assert check.passed is None
    assert "14,066 people anchored on registrations, 19,811 on audience" in check.sentence
    without = changed(prior_fit, study=prior_fit.study.without("total-audience"))
    assert "no anchor to choose" in scope.check_anchor(without).sentence


def test_benchmarks_come_with_their_definitions(prior_fit: me.WorkforceFit) -> None:
    check = scope.check_benchmarks(prior_fit)
    assert check.passed is None
    assert check.table is not None
    assert len(check.table.rows) == len(prior_fit.study.of_type("benchmark"))
    assert all(row[1] and row[2] for row in check.table.rows)


def test_the_priors_that_stay_priors_are_named(converged_prior_fit: me.WorkforceFit) -> None:
    check = fit_checks.check_priors(converged_prior_fit)
    assert check.passed is None
    # The draws are the prior's, so the evidence identifies nothing; with 1,600 draws the contraction has a
    # standard error of 0.035, well below the limit of 0.1.
    unknown = check.sentence.partition("Priors, not findings")[2]
    assert "inflation" in unknown
    assert "departure" in unknown


def test_platforms_without_evidence_are_told_from_those_that_no_resident_can_join(
    prior_fit: me.WorkforceFit,
) -> None:
    sentence = scope.check_scope(prior_fit).sentence
    # 23 in the inventory, 7 observed, and one (Isahit) that takes no residents.
    assert "15 other platforms of the study that residents can join: without evidence" in sentence
    assert "1 platform of the study that no resident can join" in sentence
    others = [p for p in prior_fit.study.platforms if p.id not in prior_fit.design.platforms]
    assert sum(p.takes_residents for p in others) == 15
