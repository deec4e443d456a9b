"""What each piece of evidence does: the matrix against its own definition, and refits in the slow suite."""

import copy
import io
from pathlib import Path

import numpy as np
import pytest

import microestim as me
from microestim.checks.evidence_influence import EvidenceInfluence, compare_without
from microestim.errors import InputError
from microestim.workforce.leave_out import evidence_of_platforms


@pytest.fixture
def matrix(
    converged_prior_fit: me.WorkforceFit, other_reading: me.WorkforceFit, prior_fit: me.WorkforceFit
) -> EvidenceInfluence:
    first, second, third = (each.name for each in converged_prior_fit.design.observations[:3])
    return compare_without(
        converged_prior_fit, {first: other_reading, second: prior_fit}, needed={third: "nothing is left"}
    )


def test_a_cell_is_the_relative_change_of_the_median_and_of_the_log_width(
    matrix: EvidenceInfluence, converged_prior_fit: me.WorkforceFit, other_reading: me.WorkforceFit
) -> None:
    name = converged_prior_fit.design.observations[0].name
    for tier in ("registered", "weekly"):
        before, after = converged_prior_fit.draws(tier), other_reading.draws(tier)
        change = matrix.of(name, tier)
        assert change.moved == pytest.approx(np.median(after) / np.median(before) - 1, abs=1e-3)
        low, high = np.quantile(np.log(after), [0.05, 0.95])
        low_0, high_0 = np.quantile(np.log(before), [0.05, 0.95])
        assert change.widened == pytest.approx((high - low) / (high_0 - low_0) - 1)
        assert (change.low, change.high) == (pytest.approx(np.exp(low)), pytest.approx(np.exp(high)))


def test_draws_of_the_same_distribution_do_not_count_as_a_change(
    converged_prior_fit: me.WorkforceFit,
) -> None:
    name = converged_prior_fit.design.observations[0].name
    same = compare_without(converged_prior_fit, {name: converged_prior_fit}, needed={})
    assert not any(change.clear for change in same.changes)
    assert "~0 / +0 %" in str(same)


def test_what_cannot_be_left_out_is_named_with_the_reason(
    matrix: EvidenceInfluence, converged_prior_fit: me.WorkforceFit
) -> None:
    name = converged_prior_fit.design.observations[2].name
    assert "cannot be left out: nothing is left." in str(matrix)
    with pytest.raises(InputError, match="cannot be left out: nothing is left"):
        matrix.of(name, "weekly")
    with pytest.raises(InputError, match="there is no 'rumour' for 'weekly'; evidence left out was"):
        matrix.of("rumour", "weekly")


def test_a_fit_that_did_not_converge_is_marked(
    matrix: EvidenceInfluence, converged_prior_fit: me.WorkforceFit
) -> None:
    name = converged_prior_fit.design.observations[1].name
    assert not matrix.of(name, "weekly").converged
    assert any(f"({name}) (NOT CONVERGED)" in row[0] for row in matrix.table().rows)
    frame = matrix.to_frame()
    assert len(frame) == 8
    assert frame.groupby("left_out")["converged"].first().sum() == 1


def test_the_picture_has_a_row_for_each_piece_of_evidence(matrix: EvidenceInfluence) -> None:
    figure = matrix.plot()
    assert len(figure.axes) == 4
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    names = dict.fromkeys(change.left_out for change in matrix.changes)
    assert [" ".join(label.split()) for label in labels] == [matrix.labels[name] for name in names]


def test_what_was_left_out_stands_among_the_checks_and_in_the_report(
    matrix: EvidenceInfluence, converged_prior_fit: me.WorkforceFit, tmp_path: Path
) -> None:
    asked = {check.name: check for check in converged_prior_fit.check()}
    for name in ("leave one piece of evidence out", "conflict between sources", "unexplained spread"):
        assert asked[name].passed is None
        assert "ask with fit.check(refits=True)" in asked[name].sentence
    fit = copy.copy(converged_prior_fit)
    fit.__dict__["_influence"] = {"evidence": matrix}
    found = {check.name: check for check in fit.check()}
    assert found.keys() == asked.keys()
    assert "At most the median moves: registered by" in found["leave one piece of evidence out"].sentence
    assert "NOT CONVERGED without" in found["leave one piece of evidence out"].sentence
    # Draws of the prior without any evidence: nothing that could be contradicted by what they expect.
    assert found["conflict between sources"].passed is not None
    assert found["leave one platform out"].passed is None
    page = fit.report(tmp_path / "report.html").read_text()
    assert "the rest says, median" in page
    assert "explained by stated errors" in page
    assert "Each tier without each piece of evidence." in page
    assert "Each tier without all that is about one platform alone." not in page
    files = fit.write(tmp_path / "written")
    assert files["figures/without_evidence.png"].read_bytes().startswith(b"\x89PNG")
    assert "figures/without_platform.png" not in files


def test_the_evidence_of_a_platform_is_what_is_about_it_alone(prior_fit: me.WorkforceFit) -> None:
    found = evidence_of_platforms(prior_fit.design)
    assert set(found) == set(prior_fit.design.platforms)
    assert found["foule-factory"] == (
        "ff-registrations",
        "ff-audience",
        "ff-captures",
        "ff-frequency",
        "ff-memberships",
        "ff-memberships-any",
    )
    # The six others are known through totals only.
    assert found["mturk"] == ()


def test_platforms_left_out_say_nothing_of_conflict(converged_prior_fit: me.WorkforceFit) -> None:
    fit = converged_prior_fit
    matrix = compare_without(
        fit, {"mturk": fit}, needed={"appen": "no evidence is about it alone"}, by="platform"
    )
    (check,) = matrix.checks()
    assert check.name == "leave one platform out"
    assert "no evidence is about it alone" in str(check.table)
    assert matrix.unexplained["weekly"].factor is None
    nothing = compare_without(fit, {}, needed={"appen": "no evidence is about it alone"}, by="platform")
    assert nothing.checks()[0].sentence == "No platform can be left out."
    assert "no platform can be left out" in repr(nothing)
    with pytest.raises(InputError, match=r"nothing to draw \(appen: no evidence is about it alone"):
        nothing.plot()


def test_a_report_of_what_cannot_be_left_out_has_no_picture_of_it(
    single_platform_fit: me.WorkforceFit, tmp_path: Path
) -> None:
    fit = copy.copy(single_platform_fit)
    needed = {"foule-factory": "nothing is left"}
    fit._influence = {"platform": compare_without(fit, {}, needed=needed, by="platform")}
    page = fit.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "No platform can be left out." in page
    assert "Each tier without all that is about one platform alone." not in page


def test_only_evidence_or_platforms_can_be_left_out(prior_fit: me.WorkforceFit) -> None:
    with pytest.raises(InputError, match="by is 'country'; use 'evidence' or 'platform'"):
        prior_fit.influence(by="country")  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_study_is_fitted_again_without_each_piece_of_its_evidence() -> None:
    study = me.load_study("fr-2018")
    about = ("ff-registrations", "ff-audience", "ff-frequency")
    small = study.without(*(item.id for item in study.evidence if item.id not in about))
    contents = small.model_dump(by_alias=True) | {"observed": ["foule-factory"], "published": (), "steps": ()}
    alone = me.Study(**contents)
    fit = me.WorkforceModel(alone).fit(rng=1)
    progress = io.StringIO()
    found = fit.influence(draws=500, progress=progress)
    assert "without ff-audience (2 of 3)" in progress.getvalue()
    direct = me.WorkforceModel(alone.without("ff-audience")).fit(rng=1, draws=500)
    change = found.of("ff-audience", "monthly_active")
    assert change.median == pytest.approx(float(np.median(direct.draws("monthly_active"))))
    assert change.widened > 0.1
    assert found.of("ff-registrations", "registered").widened > 0.5
    checks = {check.name: check for check in fit.check(refits=True)}
    assert checks["conflict between sources"].passed is True
    assert checks["unexplained spread"].passed is not None
    # Without its only platform's evidence the study has none.
    assert checks["leave one platform out"].sentence == "No platform can be left out."
