"""Audience evidence that is not one figure a platform: limits, several months, several sources."""

import math

import numpy as np
import pytest
from scipy import integrate, special, stats

import microestim as me
from microestim.errors import DoubleCountingError, StudyError
from microestim.models.evaluation import Deviates, evaluate, model_numbers
from microestim.models.graph import coordinate_names
from microestim.models.namespace import NUMPY
from microestim.models.observations import CensoredVisitors, MonthlyVisitors
from microestim.models.tails import log_normal_cdf, log_normal_interval
from microestim.plots.predictive import plot_predictive
from microestim.study import parse_study

HEAD = """
schema_version = "1.0"
id = "xx-2021"
title = "Audiences"
country = "BR"
country_name = "Brazil"
language = "pt-BR"
period = "2021"
summary = "Only audiences."
observed = ["alpha", "beta"]

[[sources]]
id = "book"
authors = ["Silva, Ana"]
year = 2021
title = "The book"
"""
PLATFORM = """
[[platforms]]
id = "{0}"
name = "{0}"
class = "online micro-tasks"
layer = "two-sided"
residents_only = true
"""
AUDIENCE = """
[[evidence]]
id = "{id}"
type = "audience"
platforms = {platforms}
{value}
unit = "visitors"
page_scope = "work pages"
vendor = "{vendor}"
reach = "resident"
period = "{period}"
basis = "published"
source = "book"
locator = "p. 1"
"""


def audience(id, platforms='"alpha"', value="value = 4000", vendor="First", period="2021-05"):
    return AUDIENCE.format(id=id, platforms=platforms, value=value, vendor=vendor, period=period)


def study(*items):
    return parse_study(HEAD + PLATFORM.format("alpha") + PLATFORM.format("beta") + "".join(items))


def latent_of(model, vectors):
    return evaluate(
        model.design, model._priors, Deviates.from_vectors(vectors, model.design), generative=True
    )


def observation(model, name):
    return next(each for each in model.design.observations if each.name == name)


# Tails of the normal distribution.


def test_log_normal_cdf_against_scipy():
    x = np.concatenate([np.linspace(-60.0, 8.0, 5001), [-1e4, -4.0, 30.0]])
    # 1 + erf(x) has an absolute error of 2e-16, at -4 still 4e-12 of the probability.
    assert np.allclose(log_normal_cdf(NUMPY, x), special.log_ndtr(x), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("low", [-45.0, -12.0, -3.0, -0.2, 0.0, 2.5, 7.0, 38.0])
@pytest.mark.parametrize("width", [0.05, 1.0, 9.0])
def test_log_normal_interval_against_quadrature(low, width):
    high = low + width
    inner = 0.0 if low < 0 < high else min(abs(low), abs(high))
    # Scaled by the density at its highest point, so that nothing underflows.
    area, _ = integrate.quad(
        lambda x: math.exp(0.5 * (inner**2 - x * x)), low, high, epsabs=0, epsrel=1e-12, limit=400
    )
    expected = math.log(area) - 0.5 * inner**2 - 0.5 * math.log(2 * math.pi)
    # A width of 0.05 loses two digits of the probability's complement.
    assert float(log_normal_interval(NUMPY, low, high)) == pytest.approx(expected, rel=1e-11, abs=1e-9)


# Totals.


@pytest.mark.parametrize("basis", ["published", "assumption"])
def test_what_is_left_of_a_total_carries_all_of_the_error_that_is_stated_of_it(basis):
    stated = f'error = {{relative = 0.1, basis = "{basis}", rationale = "a test"}}'
    accounts = AUDIENCE.replace('page_scope = "work pages"\nvendor = "{vendor}"\n', "")
    for template, kind, unit in ((AUDIENCE, "audience", "visitors"), (accounts, "registrations", "accounts")):
        text = template.replace('"audience"', f'"{kind}"').replace('"visitors"', f'"{unit}"')
        given = {"vendor": "First", "period": "2021-05"}
        part = text.format(id="part", platforms='"alpha"', value="value = 8000", **given)
        for value, left in ((10_000, 2_000), (9_000, 1_000)):
            contains = f'value = {value}\n{stated}\ncontains = ["part"]'
            total = text.format(id="total", platforms='["alpha", "beta"]', value=contains, **given)
            model = me.WorkforceModel(study(part, total))
            latent = latent_of(model, np.zeros((1, size_of(model))))
            seen = observation(model, "total")
            assert seen.observed["total"] == left
            _, error = seen.centre_and_error(NUMPY, latent)
            # 10 % of the whole, in accounts or visitors, over what is left.
            relative = 0.1 * value / left
            if basis == "published":
                assert float(error[0]) == pytest.approx(relative)
            else:
                assert float(error[0]) > relative


# Zeros and rank buckets.


def test_a_zero_with_a_threshold_is_the_probability_of_it():
    model = me.WorkforceModel(study(audience("a"), audience("zero", '"beta"', "value = 0\nthreshold = 900")))
    zero, latent = observation(model, "zero"), latent_of(model, np.zeros((1, size_of(model))))
    centre, error = (float(each[0]) for each in zero.centre_and_error(NUMPY, latent))
    numbers = model_numbers(model.design, model._priors)
    got = float(zero.log_likelihood(NUMPY, latent, numbers)[0])
    assert got == pytest.approx(stats.norm.logcdf(math.log(900), centre, error), rel=1e-9)
    assert isinstance(zero, CensoredVisitors)
    assert "zero" not in model.design.left_out


def size_of(model):
    return len(coordinate_names(model.design))


@pytest.mark.parametrize("value", ["value = 0\nthreshold = 2500", "between = [900, 2500]"])
def test_limits_occur_as_often_as_they_say(value):
    model = me.WorkforceModel(study(audience("a"), audience("limits", '"beta"', value)))
    limits = observation(model, "limits")
    numbers = model_numbers(model.design, model._priors)
    for point in (np.zeros(size_of(model)), 0.4 * np.random.default_rng(3).standard_normal(size_of(model))):
        n = 20_000
        latent = latent_of(model, np.repeat(point[None], n, axis=0))
        share = limits.replicate(np.random.default_rng(1), latent)["limits"].mean()
        chance = math.exp(limits.log_likelihood(NUMPY, latent_of(model, point[None]), numbers)[0])
        # Five binomial standard errors.
        assert abs(share - chance) < 5 * math.sqrt(0.25 / n)


def test_a_zero_pulls_a_platform_down_as_far_as_its_threshold_says():
    """Given the sizes, the log odds of a small against a large platform rise with a lower threshold."""
    gain = []
    for threshold in (300, 3000, 300_000):
        zero = audience("zero", '"beta"', f"value = 0\nthreshold = {threshold}")
        model = me.WorkforceModel(study(audience("a"), zero))
        numbers, names = model_numbers(model.design, model._priors), coordinate_names(model.design)
        points = np.zeros((2, len(names)))
        points[:, names.index("size[beta]")] = -1, 1
        small, large = observation(model, "zero").log_likelihood(NUMPY, latent_of(model, points), numbers)
        gain.append(small - large)
    assert gain[0] > gain[1] > gain[2] >= 0
    assert gain[2] == pytest.approx(0.0, abs=0.01)


def test_a_zero_without_threshold_is_left_out_with_its_reason():
    model = me.WorkforceModel(study(audience("a"), audience("zero", '"beta"', "value = 0")))
    assert "threshold" in model.design.left_out["zero"]
    assert [each.name for each in model.design.observations] == ["a"]


def test_a_total_keeps_the_platforms_that_are_below_the_threshold():
    items = [
        audience("zero", '"beta"', "value = 0\nthreshold = 900"),
        audience("all", '["alpha", "beta"]', 'value = 5000\ncontains = ["zero"]'),
    ]
    total = observation(me.WorkforceModel(study(*items)), "all")
    assert total.value == 5000
    assert total.members.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("value = 4000\nthreshold = 900", "what a count of 0 means"),
        ("threshold = 900", "exactly one way"),
        ("value = 0\nthreshold = 0", "threshold"),
        ("value = 10\nbetween = [1, 20]", "exactly one way"),
        ("between = [20, 10]", "not in order"),
        ("between = [20]", "between"),
        ("between = [-3, 10]", "between"),
    ],
)
def test_impossible_limits_are_refused(value, message):
    with pytest.raises(StudyError, match=message):
        study(audience("a"), audience("b", '"beta"', value))


def test_only_a_threshold_says_nothing_of_any_size():
    with pytest.raises(StudyError, match="nothing says how large"):
        me.WorkforceModel(study(audience("zero", value="value = 0\nthreshold = 900")))
    me.WorkforceModel(study(audience("rank", value="between = [900, 2000]")))


def test_a_total_cannot_contain_a_rank_bucket():
    bucket = audience("bucket", '"beta"', "between = [900, 2000]")
    contains = audience("all", '["alpha", "beta"]', 'value = 5000\ncontains = ["bucket"]')
    with pytest.raises(StudyError, match="between two limits"):
        study(bucket, contains)
    with pytest.raises(DoubleCountingError, match="would count twice"):
        study(bucket, audience("all", '["alpha", "beta"]', "value = 5000"))


def test_limits_survive_writing_and_have_words():
    written = study(
        audience("a", value="between = [900, 2000]"), audience("z", '"beta"', "value = 0\nthreshold = 9")
    )
    assert parse_study(written.to_toml()).hash == written.hash
    assert written.item("a").describe().startswith("900 to 2,000 visitors a month")
    assert written.item("z").describe().startswith("fewer than 9 visitors a month")
    assert written.item("a").headline is None


# Several months.


def log_counts(model, names, n, seed=5):
    """Replicated log counts of one world at the middle of the prior, with errors and months drawn anew."""
    coordinates = coordinate_names(model.design)
    points = np.zeros((n, len(coordinates)))
    rng = np.random.default_rng(seed)
    for i, name in enumerate(coordinates):
        if name.startswith(("steady_audience_error", "audience_month")):
            points[:, i] = rng.standard_normal(n)
    latent = latent_of(model, points)
    return np.log([observation(model, name).replicate(rng, latent)[name] for name in names])


def precision(covariance):
    """Precision of the common level of normal figures with this covariance."""
    ones = np.ones(len(covariance))
    return float(ones @ np.linalg.solve(covariance, ones))


def test_two_months_do_not_count_as_two_sources():
    first, later = audience("first"), audience("later", period="2021-06")
    other = audience("other", vendor="Second")
    n = 200_000
    once = me.WorkforceModel(study(first))
    error, kept = (once.priors["audience_error"].median, 0.7)
    one = np.cov(log_counts(once, ["first"], n))
    two_months = np.cov(log_counts(me.WorkforceModel(study(first, later)), ["first", "later"], n))
    two_sources = np.cov(log_counts(me.WorkforceModel(study(first, other)), ["first", "other"], n))
    # A sample variance of 200,000 has a standard error of 0.3 %; four of them.
    assert one == pytest.approx(error**2, rel=0.013)
    assert precision(two_sources) * error**2 == pytest.approx(2.0, rel=0.013)
    # The steady part does not average out: 2 / (1 + kept), and months differ around their own mean only.
    assert precision(two_months) * error**2 == pytest.approx(2.0 / (1.0 + kept), rel=0.013)
    season = 0.1**2 / 2
    assert two_months[0, 0] == pytest.approx(error**2 + season, rel=0.013)
    assert two_months[0, 1] == pytest.approx(kept * error**2 - season, rel=0.02)


def test_one_month_is_the_model_without_months():
    """Nothing is added to the model where no platform is counted twice by a source, and one month only."""
    items = [audience("a"), audience("b", '"beta"', "value = 700"), audience("c", vendor="Second")]
    model = me.WorkforceModel(study(*items))
    assert not {"audience_persistence", "audience_month"} & set(model.priors)
    assert not [name for name in coordinate_names(model.design) if "month" in name or "steady" in name]
    assert all(not each.repeated and each.month is None for each in model.design.observations)


def test_a_platform_counted_once_keeps_its_error_beside_one_counted_twice():
    """The two parts of the error add up to what it was: a figure alone is as sure as before."""
    items = [audience("a"), audience("later", period="2021-06"), audience("b", '"beta"', "value = 700")]
    model = me.WorkforceModel(study(*items))
    assert observation(model, "b").repeated
    variance = float(np.var(log_counts(model, ["b"], 200_000)))
    assert variance == pytest.approx(model.priors["audience_error"].median ** 2 + 0.1**2 / 2, rel=0.013)


def test_totals_share_the_steady_errors_of_their_platforms():
    """A total in one month and its platforms in the next are not independent either."""
    items = [
        audience("total", '["alpha", "beta"]', "value = 5000"),
        audience("a", period="2021-06"),
        audience("b", '"beta"', "value = 700", period="2021-06"),
    ]
    drawn = np.cov(log_counts(me.WorkforceModel(study(*items)), ["total", "a", "b"], 200_000))
    # At the middle of the prior both platforms are alike: half of each one's steady variance, less season.
    expected = 0.7 * 0.25 * math.sqrt(0.02**2 + 0.25**2 / 2) / math.sqrt(2) - 0.1**2 / 2
    assert drawn[0, 1] == pytest.approx(expected, rel=0.03)
    assert drawn[0, 2] == pytest.approx(expected, rel=0.03)


def test_months_move_all_platforms_and_sources_together():
    items = [
        audience("a"),
        audience("b", '"beta"', "value = 700", vendor="Second"),
        audience("later", '"beta"', "value = 700", period="2021-06"),
    ]
    model = me.WorkforceModel(study(*items))
    names = coordinate_names(model.design)
    points = np.zeros((3, len(names)))
    points[1, names.index("audience_month[2021-05]")] = 2.0
    points[2, [i for i, name in enumerate(names) if name.startswith("audience_month")]] = 2.0
    centres = {
        each.name: each.centre_and_error(NUMPY, latent_of(model, points))[0]
        for each in model.design.observations
    }
    # Half of 2 x 0.1 up in May, and half down in June: the mean of the months stays.
    moved = {name: float(centre[1] - centre[0]) for name, centre in centres.items()}
    assert moved == pytest.approx({"a": 0.1, "b": 0.1, "later": -0.1})
    assert all(centre[2] == pytest.approx(centre[0]) for centre in centres.values())
    assert all(isinstance(each, MonthlyVisitors) for each in model.design.observations)


@pytest.mark.parametrize("threshold", [3_000, 1e12])
def test_limits_have_a_row_in_the_figure_of_replicates(make_prior_fit, threshold):
    """Replicates are ones and zeros, or all ones: no density is drawn of them."""
    items = [audience("a"), audience("zero", '"beta"', f"value = 0\nthreshold = {threshold:.0f}")]
    fit = make_prior_fit(study(*items), draws=50)
    observed, replicates = fit.predictive()["zero"]
    assert observed == 1.0
    assert set(np.unique(replicates)) <= {0.0, 1.0}
    figure = plot_predictive(fit)
    assert any("observed 1 (1: yes, 0: no)" in text.get_text() for text in figure.texts)
