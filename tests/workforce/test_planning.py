"""What to collect next: expected widths against closed forms, candidates against brute force, one refit."""

import io
from collections.abc import Callable

import numpy as np
import pytest

import microestim as me
from microestim.checks.expected_width import expected_limits
from microestim.errors import InputError
from microestim.study.evidence import AudienceEvidence
from microestim.workforce.candidates import Candidate

NORMAL_90 = 2 * 1.6448536


@pytest.mark.parametrize("noise", [0.2, 1.0, 3.0])
def test_widths_are_those_of_normal_theory(noise: float) -> None:
    rng = np.random.default_rng(1)
    truth = rng.standard_normal(8_000)
    low, high = expected_limits(truth, (truth + noise * rng.standard_normal(8_000))[:, None])
    exact = NORMAL_90 * np.sqrt(noise**2 / (1 + noise**2))
    # Quantiles of 800 neighbours err by some 4 %, their mean over 41 places by less.
    assert (high - low).mean() == pytest.approx(exact, rel=0.03)
    assert np.mean((low <= truth) & (truth <= high)) == pytest.approx(0.9, abs=0.01)


def test_data_that_say_nothing_narrow_nothing() -> None:
    rng = np.random.default_rng(2)
    truth = rng.standard_normal(4_000)
    low, high = expected_limits(truth, rng.standard_normal((4_000, 8)))
    assert (high - low).mean() == pytest.approx(NORMAL_90, rel=0.03)


def test_a_curved_relation_is_followed() -> None:
    rng = np.random.default_rng(3)
    truth = rng.standard_normal(8_000)
    data = np.exp(truth) + 0.05 * rng.standard_normal(8_000)
    low, high = expected_limits(truth, data[:, None])
    assert (high - low).mean() < 0.25 * NORMAL_90


@pytest.fixture(scope="module")
def one_platform(
    single_platform_fit: me.WorkforceFit, make_prior_fit: Callable[..., me.WorkforceFit]
) -> me.WorkforceFit:
    """The fit of one platform, with as many draws as a plan takes."""
    return make_prior_fit(single_platform_fit.study, draws=300, seed=3)


def test_an_answer_known_for_sure_has_no_width_left(one_platform: me.WorkforceFit) -> None:
    exact = me.PlatformFigure(platform="foule-factory", tier="weekly", error=1e-6)
    found = me.plan(one_platform, {"exact": exact}, rng=1)
    assert found.of("exact", "weekly").ratio < 0.02
    assert found.of("exact", "registered").ratio > 0.2


@pytest.mark.parametrize(
    "candidate",
    [
        me.SurveyWaves(platform="foule-factory", answers=5, waves=1, asks=("memberships",)),
        me.PopulationSurvey(people=1000, population=50e6, asks=("memberships",)),
    ],
)
def test_a_question_without_an_answer_is_no_candidate(
    one_platform: me.WorkforceFit, candidate: Candidate
) -> None:
    with pytest.raises(InputError, match="'asked' brings no number: the study observes one platform"):
        me.plan(one_platform, {"asked": candidate})


def test_too_few_draws_make_no_plan(single_platform_fit: me.WorkforceFit) -> None:
    with pytest.raises(InputError, match=r"the fit has 400 draws, too few .* 1,000 at least"):
        me.plan(single_platform_fit, {"exact": me.PlatformFigure(platform="foule-factory")})
    with pytest.raises(InputError, match="fit is a str; give what"):
        me.plan("fr-2018", {"exact": me.PlatformFigure(platform="foule-factory")})


def test_a_planned_survey_has_the_answers_that_were_asked_for(converged_prior_fit: me.WorkforceFit) -> None:
    plan = me.SurveyWaves(platform="foule-factory", answers=200, waves=2)
    drawn = plan.simulate(np.random.default_rng(1), converged_prior_fit)
    counts = {name: np.exp(values) - 0.5 for name, values in drawn.items() if name.startswith("history")}
    answers = (counts["history[10]"] + counts["history[01]"] + 2 * counts["history[11]"]) / 2
    # Answers from outside the population come on top.
    outside = converged_prior_fit.latent.p["outside_answers"]
    enough = converged_prior_fit.latent.accounts[:, 0] > 10_000
    residents = (answers * (1 - outside))[enough]
    assert np.median(residents) == pytest.approx(200, rel=0.03)
    stated = sum(np.exp(values) - 0.5 for name, values in drawn.items() if name.startswith("says"))
    # Whoever answers in both waves says how often once.
    twice = np.median(counts["history[11]"])
    np.testing.assert_allclose(stated, stated[0], rtol=1e-9)
    assert stated[0] == pytest.approx(400 - twice, rel=0.03)
    assert stated[0] < 400


def test_what_an_answer_costs_makes_the_cost(converged_prior_fit: me.WorkforceFit) -> None:
    waves = me.SurveyWaves(platform="mturk", answers=100, waves=2, cost=50.0, cost_per_answer=2.5)
    assert waves.total_cost == pytest.approx(550.0)
    asked = me.PopulationSurvey(people=2_000_000, population=50e6, cost_per_answer=0.5)
    found = me.plan(converged_prior_fit, {"asked": asked}, tier="weekly", rng=1)
    each = found.of("asked", "weekly")
    assert each.cost == 1e6
    assert each.saved_per_cost == pytest.approx((each.now - each.expected) / 1e6)
    assert f"{each.saved_per_cost:.2g}" in str(found)
    assert me.PlatformFigure(platform="mturk").total_cost is None


def test_a_population_survey_counts_people_in_proportion(converged_prior_fit: me.WorkforceFit) -> None:
    plan = me.PopulationSurvey(people=1_000_000, population=50e6)
    drawn = plan.simulate(np.random.default_rng(1), converged_prior_fit)
    weekly = np.exp(drawn["weekly"]) - 0.5
    expected = converged_prior_fit.counts.people["weekly"] / 50
    assert weekly.sum() == pytest.approx(expected.sum(), rel=0.01)
    z = (weekly - expected) / np.sqrt(expected)
    assert z.std() == pytest.approx(1, abs=0.1)


def test_a_traffic_source_is_drawn_around_the_people_seen(converged_prior_fit: me.WorkforceFit) -> None:
    fit = converged_prior_fit
    drawn = me.TrafficSource(vendor="panel").simulate(np.random.default_rng(1), fit)
    assert tuple(drawn) == fit.design.platforms
    prior = fit.all_priors["visitors_per_person[work pages]"]
    shift = np.stack(list(drawn.values()), axis=-1) - fit.latent.log_visitors
    # One level a source, common to its platforms, around the prior's median.
    assert np.median(shift) == pytest.approx(prior.location, abs=0.1)
    level = shift.mean(axis=1)
    assert level.std() == pytest.approx(prior.spread, rel=0.15)


def test_the_plan_puts_the_best_candidate_first(converged_prior_fit: me.WorkforceFit) -> None:
    candidates = {
        "noise": me.PlatformFigure(platform="foule-factory", error=100.0, cost=1.0),
        "everybody": me.PopulationSurvey(people=10_000_000, population=50e6, cost=1e6),
    }
    found = me.plan(converged_prior_fit, candidates, tier="registered", rng=1)
    assert found.candidates == ("everybody", "noise")
    assert found.of("everybody", "registered").ratio < 0.2
    assert found.of("noise", "registered").ratio == pytest.approx(1, abs=0.05)
    text = str(found)
    assert "Expected to halve the interval of registered: everybody." in text
    assert "1,000,000" in text
    frame = found.to_frame()
    assert len(frame) == 8
    assert (frame["width_low"] <= frame["width_high"]).all()
    assert frame["cost"].notna().all()
    assert len(found.plot().axes) == 4


def test_progress_names_each_candidate(converged_prior_fit: me.WorkforceFit) -> None:
    stream = io.StringIO()
    figure = me.PlatformFigure(platform="mturk")
    me.plan(converged_prior_fit, {"a figure": figure, "another": figure}, progress=stream)
    assert stream.getvalue() == "  a figure (1 of 2)\n  another (2 of 2)\n"


def test_the_same_seed_gives_the_same_plan(converged_prior_fit: me.WorkforceFit) -> None:
    candidates = {"survey": me.SurveyWaves(platform="mturk", answers=100, waves=1)}
    first, second = (me.plan(converged_prior_fit, candidates).to_frame() for _ in range(2))
    assert first.equals(second)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: me.SurveyWaves(platform="x", answers=0), "answers is 0; it must be a whole number"),
        (lambda: me.SurveyWaves(platform="x", answers=5, asks=("income",)), "asks is"),
        (lambda: me.SurveyWaves(platform="x", answers=5, waves=1, asks=()), "asks is"),
        (lambda: me.PopulationSurvey(people=100, population=50), "population is 50"),
        (lambda: me.PopulationSurvey(people=100, population=5e6, asks=()), "asks is"),
        (lambda: me.TrafficSource(vendor="x", page_scope="home"), "page_scope is 'home'"),
        (lambda: me.PlatformFigure(platform="x", tier="daily"), "tier is 'daily'"),
        (lambda: me.PlatformFigure(platform="x", error=-1.0), "error is -1.0"),
        (lambda: me.PlatformFigure(platform="x", cost=0.0), "cost is 0.0"),
        (lambda: me.PlatformFigure(platform="x", cost="50"), "cost is '50'; it must be a number above 0"),
        (lambda: me.PlatformFigure(platform="x", error="a"), "error is 'a'"),
        (lambda: me.PopulationSurvey(people=100, population="50"), "population is '50'"),
        (
            lambda: me.PopulationSurvey(people=9, population=5e6, cost_per_answer=-1),
            "cost_per_answer is -1",
        ),
        (lambda: me.SurveyWaves(platform="x", answers=5, waves=30), "waves is 30; at most 8"),
        (lambda: me.SurveyWaves(platform="x", answers=5, asks="frequency"), "asks is 'frequency'"),
        (lambda: me.TrafficSource(vendor="  "), "vendor is '  '; give the name"),
        (lambda: me.TrafficSource(vendor="x", platforms=()), r"platforms is \(\); give ids"),
        (lambda: me.TrafficSource(vendor="x", platforms=("mturk", "mturk")), "each once"),
        (
            lambda: me.TrafficSource(vendor="x", platforms="mturk"),
            "platforms is 'mturk'; give ids",
        ),
        (lambda: me.TrafficSource(vendor="x", platforms=5), "platforms is 5; give ids"),
    ],
)
def test_a_candidate_that_makes_no_sense_is_refused(make: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize(
    ("candidates", "tier", "message"),
    [
        ({}, "weekly", "candidates is empty"),
        ({"a": "a survey"}, "weekly", "candidate 'a' is a str; give SurveyWaves"),
        ({"a": me.PlatformFigure(platform="x")}, "weekly", "platform is 'x'; the observed platforms are"),
        ({"a": me.PlatformFigure(platform="mturk")}, "daily", "tier is 'daily'"),
        ({"a": me.TrafficSource(vendor="SimilarWeb")}, "weekly", "counted by 'SimilarWeb' already"),
        ({"a": me.TrafficSource(vendor="similarweb ")}, "weekly", "counted by 'similarweb ' already"),
        ({"a": me.PopulationSurvey(people=10, population=1e3)}, "weekly", "population is 1,000"),
        (
            {"a": me.SurveyWaves(platform="mturk", answers=10**8)},
            "weekly",
            "answers is 100,000,000, and",
        ),
        ([me.PlatformFigure(platform="mturk")], "weekly", "candidates is a list; give a mapping"),
    ],
)
def test_a_plan_that_does_not_fit_the_study_is_refused(
    converged_prior_fit: me.WorkforceFit, candidates: dict[str, object], tier: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        me.plan(converged_prior_fit, candidates, tier=tier)


@pytest.mark.slow
def test_expected_widths_agree_with_refits() -> None:
    study = me.load_study("fr-2018")
    fit = me.WorkforceModel(study).fit(rng=1)
    source = me.TrafficSource(vendor="panel")
    drawn = source.simulate(np.random.default_rng(5), fit)
    people = np.log(fit.draws("monthly_active").ravel())
    low, high = expected_limits(people, np.column_stack(list(drawn.values())))
    predicted, found = [], []
    for share in (0.3, 0.5, 0.7):
        place = int(np.argmin(np.abs(people - np.quantile(people, share))))
        evidence = tuple(
            AudienceEvidence(
                id=f"panel-{platform}",
                platforms=platform,
                value=float(np.exp(values[place])),
                page_scope="work pages",
                vendor="panel",
                reach="resident",
                period="2018",
                basis="assumption",
                rationale="Drawn from the posterior predictive distribution, for a test.",
            )
            for platform, values in drawn.items()
        )
        # Which data are drawn is another matter on each kind of processor, so that none of them may be slow.
        wider = study.model_copy(update={"evidence": (*study.evidence, *evidence)})
        after = me.WorkforceModel(wider).fit(rng=1, draws=2500, target_accept=0.99)
        limits = np.quantile(np.log(after.draws("monthly_active")), [0.05, 0.95])
        predicted.append(high[place] - low[place])
        found.append(limits[1] - limits[0])
    # Three data sets of many: their mean width on the log scale is known to some 15 %.
    assert np.mean(predicted) == pytest.approx(np.mean(found), rel=0.2)
