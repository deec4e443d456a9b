"""Last visits, survey weights and ratios from elsewhere: what they do to the model, and what is refused."""

import numpy as np
import pytest

import microestim as me
from microestim.checks.fit_checks import check_fit
from microestim.checks.ratios import check_ratios
from microestim.errors import ScopeError, StudyError
from microestim.models.activity import CELL_RATES
from microestim.models.evaluation import Deviates, evaluate, model_numbers
from microestim.models.graph import coordinate_names
from microestim.models.namespace import NUMPY
from microestim.models.observations import AccountRatio, LastVisits
from microestim.study import parse_study

ABOUT = """
unit = "{unit}"
period = "2018-05"
basis = "assumption"
rationale = "a test"
"""
LAST_VISIT = """
[[evidence]]
id = "last"
type = "last_visit"
platforms = {platforms}
question = "Before today, when were you last here?"
days = {days}
counts = {counts}
{more}
"""
RATIO = """
[[evidence]]
id = "ratio"
type = "ratio"
platforms = "seven"
numerator = "{numerator}"
denominator = "{denominator}"
value = {value}
{more}
"""
ERROR = 'error = {relative = 0.5, basis = "assumption", rationale = "elsewhere"}'


def with_last_visit(platforms='"foule-factory"', days="[7, 30]", counts="[300, 100, 40]", more=""):
    item = LAST_VISIT.format(platforms=platforms, days=days, counts=counts, more=more)
    return parse_study(me.load_study("fr-2018").to_toml() + item + ABOUT.format(unit="respondents"))


def with_ratio(numerator="weekly", denominator="registered", value=0.05, more=ERROR):
    item = RATIO.format(numerator=numerator, denominator=denominator, value=value, more=more)
    return parse_study(me.load_study("fr-2018").to_toml() + item + ABOUT.format(unit="share"))


def at(model, *, draws=1, spread=0.3, seed=4):
    """Latent quantities at random points, and the model's numbers."""
    size = len(coordinate_names(model.design))
    vectors = spread * np.random.default_rng(seed).standard_normal((draws, size))
    latent = evaluate(model.design, model._priors, Deviates.from_vectors(vectors, model.design))
    return latent, model_numbers(model.design, model._priors)


def observation(model, name):
    return next(each for each in model.design.observations if each.name == name)


# Last visits.


def test_bands_of_last_visits_are_those_of_simulated_visits():
    """Respondents drawn by activity, each with a Poisson process of visits up to the one of the survey."""
    model = me.WorkforceModel(with_last_visit())
    latent, _ = at(model)
    last = observation(model, "last")
    assert isinstance(last, LastVisits)
    rng, n = np.random.default_rng(11), 400_000
    chances = latent.frame("foule-factory").respondents[0]
    rates = rng.choice(CELL_RATES, size=n, p=chances / chances.sum())
    gap = rng.exponential(30.44 / rates) * latent.p["stated_gap"][0]
    simulated = [(gap < 7).mean(), ((gap >= 7) & (gap < 30)).mean(), (gap >= 30).mean()]
    expected = [float(chance[0]) for chance in last._chances(NUMPY, latent)]
    assert sum(expected) == pytest.approx(1.0, rel=1e-9)
    # Four binomial standard errors at most.
    assert simulated == pytest.approx(expected, abs=4 * 0.5 / np.sqrt(n))


def test_recent_last_visits_speak_for_active_people():
    """Between two points that differ in activity only, recent answers favour the more active one."""
    favour = []
    for counts in ("[400, 30, 10]", "[10, 30, 400]"):
        model = me.WorkforceModel(with_last_visit(counts=counts))
        names = coordinate_names(model.design)
        points = np.zeros((2, len(names)))
        points[:, names.index("active_rate")] = -1, 1
        latent = evaluate(model.design, model._priors, Deviates.from_vectors(points, model.design))
        calm, busy = observation(model, "last").log_likelihood(
            NUMPY, latent, model_numbers(model.design, model._priors)
        )
        favour.append(busy - calm)
    assert favour[0] > 0 > favour[1]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"days": "[30, 7]"}, "not in ascending order"),
        ({"days": "[7, 7]"}, "not in ascending order"),
        ({"days": "[]", "counts": "[4]"}, "not in ascending order"),
        ({"days": "[0, 7]"}, "above 0"),
        ({"counts": "[300, 100]"}, "not one count a band"),
        ({"counts": "[0, 0, 0]"}, "nobody answered"),
        ({"counts": "[3, -1, 4]"}, "0 or more"),
        ({"platforms": '"seven"'}, "about one platform"),
        ({"more": "design_effect = 0.8"}, "below 1"),
    ],
)
def test_impossible_last_visits_are_refused(given, message):
    with pytest.raises(StudyError, match=message):
        with_last_visit(**given)


# Survey weights.

WEIGHED = {
    "ff-frequency": {"n": 900},
    "ff-memberships": {"n": 900},
    "ff-memberships-any": {"n": 900},
}


@pytest.mark.parametrize("name", list(WEIGHED))
def test_a_design_effect_is_a_smaller_survey(name):
    """An effect of 3 on 900 respondents is the model of 300."""
    study = me.load_study("fr-2018").replacing(name, n=900)
    weighed = me.WorkforceModel(study.replacing(name, design_effect=3.0))
    smaller = me.WorkforceModel(study.replacing(name, n=300))
    latent, numbers = at(weighed, draws=5)
    got = observation(weighed, name).log_likelihood(NUMPY, latent, numbers)
    other = observation(smaller, name)
    expected = other.log_likelihood(NUMPY, latent, model_numbers(smaller.design, smaller._priors))
    assert got == pytest.approx(expected, rel=1e-9)
    statistics = [
        observation(each, name).statistic(observation(each, name).observed) for each in (weighed, smaller)
    ]
    assert statistics[0] == pytest.approx(statistics[1])


@pytest.mark.parametrize(
    "counts",
    [
        {"counts": {"1": 600, "2": 240, "3": 60}},
        {"by_frequency": {"weekly": {"1": 500, "2": 240}, "less": {"1": 100, "3": 60}}},
    ],
)
def test_counts_of_memberships_are_divided_by_the_design_effect(counts):
    plain = me.load_study("fr-2018").replacing("ff-memberships", mean=None, n=None, **counts)
    once = me.WorkforceModel(plain)
    weighed = me.WorkforceModel(plain.replacing("ff-memberships", design_effect=2.0))
    latent, numbers = at(once, draws=5)
    whole = observation(once, "ff-memberships").log_likelihood(NUMPY, latent, numbers)
    half = observation(weighed, "ff-memberships").log_likelihood(
        NUMPY, latent, model_numbers(weighed.design, weighed._priors)
    )
    assert half == pytest.approx(whole / 2, rel=1e-12)
    drawn = observation(weighed, "ff-memberships").replicate(np.random.default_rng(1), latent)
    assert sum(value[0] for value in drawn.values()) == 450


def test_a_design_effect_below_one_is_explained():
    with pytest.raises(StudyError, match="more than a simple random sample"):
        me.load_study("fr-2018").replacing("ff-frequency", design_effect=0.6)
    study = me.load_study("fr-2018")
    assert study.replacing("ff-frequency", design_effect=None).hash == study.hash
    assert study.replacing("ff-frequency", design_effect=1.0).hash != study.hash


# Ratios from elsewhere.


def test_a_ratio_is_shown_and_changes_nothing_unless_it_is_asked_to():
    plain = me.WorkforceModel(me.load_study("fr-2018"))
    shown = me.WorkforceModel(with_ratio())
    assert coordinate_names(shown.design) == coordinate_names(plain.design)
    assert [o.name for o in shown.design.observations] == [o.name for o in plain.design.observations]
    assert shown.design.left_out["ratio"] == "its role is 'shown only'"


def test_a_ratio_of_role_evidence_is_a_prior_of_its_stated_width():
    model = me.WorkforceModel(with_ratio(more=ERROR + '\nrole = "evidence"'))
    ratio = observation(model, "ratio")
    assert isinstance(ratio, AccountRatio)
    latent, numbers = at(model, draws=200, spread=1.0)
    weekly = np.array([latent.weights[:, j, CELL_RATES > 30.44 / 7].sum(-1) for j in range(7)]).T
    share = (latent.accounts * weekly).sum(-1) / latent.accounts.sum(-1)
    z = (np.log(0.05 / 0.95) - np.log(share / (1 - share))) / (0.5 / 0.95)
    got = ratio.log_likelihood(NUMPY, latent, numbers)
    # A normal density on the log odds, whose width is the stated error over one less the share.
    assert np.diff(got) == pytest.approx(np.diff(-0.5 * z**2), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("numerator", "denominator"),
    [("ever_worked", "declared"), ("registered", "declared"), ("weekly", "monthly")],
)
def test_the_models_ratio_stands_beside(make_prior_fit, numerator, denominator):
    study = with_ratio(numerator, denominator, 0.086)
    fit = make_prior_fit(study, draws=50)
    check = check_ratios(fit)
    assert check.passed is None
    assert check.table is not None
    ((name, accounts, value, used, middle, span),) = check.table.rows
    assert (name, accounts, value, used) == ("ratio", f"{numerator} / {denominator}", "8.6 %", "no")
    middle, low, high = (float(part.removesuffix(" %")) for part in (middle, *span.split(" to ")))
    assert 0 < low < middle < high < 100
    assert check.name in [each.name for each in check_fit(fit)]


def test_a_ratio_of_another_time_does_not_fail_the_dates(make_prior_fit):
    study = with_ratio(more=ERROR + '\nrole = "evidence"').replacing("ratio", period="2009")
    dates = next(c for c in check_fit(make_prior_fit(study, draws=50)) if c.name == "scope and dates")
    assert dates.passed


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"numerator": "registered"}, "no share"),
        ({"numerator": "monthly_active", "denominator": "monthly"}, "no share"),
        ({"value": 1}, "below 1"),
        ({"value": 0}, "above 0"),
        ({"more": ""}, "error"),
        ({"denominator": "weekly"}, "allowed"),
    ],
)
def test_impossible_ratios_are_refused(given, message):
    with pytest.raises(StudyError, match=message):
        with_ratio(**given)


def test_a_ratio_enters_on_observed_platforms_only():
    study = me.load_study("fr-2018")
    outside = next(p.id for p in study.platforms if p.id not in study.observed_platforms)
    item = RATIO.format(
        numerator="weekly", denominator="registered", value=0.1, more=ERROR + '\nrole = "evidence"'
    ).replace('"seven"', f'"{outside}"')
    with pytest.raises(ScopeError, match=r"observed|join"):
        parse_study(study.to_toml() + item + ABOUT.format(unit="share"))
