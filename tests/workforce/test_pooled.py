"""Several countries: what they share, what is refused, and that a country with thin evidence borrows."""

import copy
import dataclasses
import warnings

import numpy as np
import pytest
import xarray as xr

import microestim as me
from microestim.checks.extended_latent import extended_quantities
from microestim.checks.shared_figures import check_shared_figures
from microestim.errors import DoubleCountingError, InputError, ScopeError
from microestim.models.correlations import DEFAULT_CORRELATIONS
from microestim.models.graph import coordinate_names
from microestim.models.people import TIER_IDS
from microestim.models.pooling import OtherCountries
from microestim.models.priors import DEFAULT_PRIORS
from microestim.models.sampling import SamplerSettings
from microestim.results import printed_draws
from microestim.study import parse_study
from microestim.workforce.pooled_fit import PooledFit
from microestim.workforce.widening import widen

SURVEY = ("ff-captures", "ff-frequency", "ff-memberships", "ff-memberships-any")
SMALL = {"draws": 60, "tune": 100, "chains": 2, "target_accept": 0.9}
NOTHING = {name: {"correlation": 0.0, "rationale": "a test"} for name in DEFAULT_CORRELATIONS}


def elsewhere(country="BE", *, own_platform="own"):
    """France's evidence as that of a country of another name, whose closed platform is another one."""
    text = me.load_study("fr-2018").to_toml()
    for old, new in (
        ('id = "fr-2018"', f'id = "{country.lower()}-2018"'),
        ('country = "FR"', f'country = "{country}"'),
        ('"foule-factory"', f'"{own_platform}"'),
    ):
        assert old in text
        text = text.replace(old, new)
    return parse_study(text, name="another country")


@pytest.fixture(scope="module")
def france():
    return me.load_study("fr-2018")


@pytest.fixture(scope="module")
def thin():
    """A country without a survey."""
    return elsewhere().without(*SURVEY)


def test_only_what_both_have_is_shared(france, thin):
    model = me.PooledModel([france, thin])
    shared = {link.name: link for link in model.pooled_map.links}
    assert {link.countries for link in shared.values()} == {(0, 1)}
    assert "visitors_per_person[work pages, SimilarWeb]" in shared
    assert "active_rate[clickworker]" in shared
    # Alone with one country: its survey, its level, and the platform that only its residents may join.
    assert not any(name.startswith(("capture_rate", "accounts_level", "overstated")) for name in shared)
    assert "active_rate[foule-factory]" not in shared
    assert set(model.correlations) == {link.kind for link in shared.values()}
    assert "stated, not estimated" in str(model)
    assert repr(me.PooledModel([france])) == "PooledModel(studies=['fr-2018'], shared=0)"


def test_one_service_under_another_name_shares_nothing(france, thin):
    text = thin.to_toml()
    assert '"SimilarWeb"' in text
    other = parse_study(text.replace('"SimilarWeb"', '"Another service"'), name="other")
    shared = {link.kind for link in me.PooledModel([france, other]).pooled_map.links}
    assert "visitors_per_person" not in shared
    assert "audience_error" in shared


WORLDWIDE = """
schema_version = "1.0"
id = "@id@-2018"
title = "A country"
country = "@ID@"
country_name = "A country"
language = "en"
period = "2018"
summary = "Two worldwide platforms."
observed = ["alpha", "beta"]

[[sources]]
id = "book"
authors = ["Silva, Ana"]
year = 2018
title = "The book"

[[platforms]]
id = "alpha"
name = "Alpha"
class = "online micro-tasks"
layer = "two-sided"
residents_only = false

[[platforms]]
id = "beta"
name = "Beta"
class = "online micro-tasks"
layer = "two-sided"
residents_only = false

[[evidence]]
id = "alpha-registrations"
type = "registrations"
platforms = "alpha"
value = @value@
unit = "accounts"
reach = "worldwide"
period = "2018"
basis = "published"
source = "book"
locator = "p. 1"
"""


def worldwide(country, value):
    text = WORLDWIDE.replace("@id@", country.lower()).replace("@ID@", country).replace("@value@", value)
    return parse_study(text, name=country)


def test_one_worldwide_number_has_one_error():
    same = me.PooledModel([worldwide("AR", "1000000"), worldwide("BR", "1000000")])
    declared = [link for link in same.pooled_map.links if link.kind == "worldwide declaration"]
    assert [link.correlation for link in declared] == [1.0]
    model = same.models["ar-2018"].design
    place = len(model.parameters) + model.rows.index("size") * 2
    first, second = same.pooled_map.apply(np.random.default_rng(1).standard_normal((5, same.pooled_map.size)))
    assert np.array_equal(first[:, place], second[:, place])
    assert not np.allclose(first[:, place + 1], second[:, place + 1])
    # Two numbers, two declarations.
    other = me.PooledModel([worldwide("AR", "1000000"), worldwide("BR", "700000")])
    assert not any(link.kind == "worldwide declaration" for link in other.pooled_map.links)


VISITORS = """
[[evidence]]
id = "@id@-visitors"
type = "audience"
platforms = ["beta", "alpha"]
value = 50000
unit = "visitors"
page_scope = "work pages"
vendor = "A service"
reach = "worldwide"
period = "2018"
basis = "published"
source = "book"
locator = "p. 2"

[[evidence]]
id = "weekly-among-registered"
type = "ratio"
platforms = "alpha"
numerator = "weekly"
denominator = "registered"
value = 0.05
unit = "share"
error = { relative = 0.5, basis = "assumption", rationale = "another country" }
period = "2018"
basis = "published"
source = "book"
locator = "p. 3"
role = "evidence"
"""


def test_a_figure_of_one_error_in_two_studies_is_named():
    def study(country, *, reach="worldwide"):
        text = WORLDWIDE.replace("@value@", "1000000") + VISITORS.replace('"worldwide"', f'"{reach}"')
        return parse_study(text.replace("@id@", country.lower()).replace("@ID@", country), name=country)

    first, second = study("AR"), study("BR")
    used = ["alpha-registrations", "ar-visitors", "weekly-among-registered"]
    found = check_shared_figures(first, used, {"br-2018": second})
    assert found.passed is False
    # A declared number has one error in both, since the model gives it one.
    assert [row[0] for row in found.table.rows] == ["ar-visitors", "weekly-among-registered"]
    assert all(row[2] == "br-2018" for row in found.table.rows)
    assert "too narrow" in found.sentence
    assert check_shared_figures(first, used[:1], {"br-2018": second}).passed is True
    # Visitors of each country are figures of their own, even where they are equal.
    residents = check_shared_figures(study("AR", reach="resident"), used, {"br-2018": second})
    assert [row[0] for row in residents.table.rows] == ["weekly-among-registered"]
    # Its error is stated, and may have been widened for that.
    assert residents.passed is None
    assert check_shared_figures(first, used, {}).passed is True


def test_what_does_not_belong_together_is_refused(france):
    with pytest.raises(InputError, match="must be a list of studies"):
        me.PooledModel(france)
    with pytest.raises(InputError, match="studies is empty"):
        me.PooledModel([])
    with pytest.raises(InputError, match="two studies have the id 'fr-2018'"):
        me.PooledModel([france, france])
    with pytest.raises(DoubleCountingError, match="count the same evidence twice"):
        me.PooledModel([france, me.load_study("fr-2018-report")])
    summer = {"id": "summer", "period": "2018-05/2018-07"}
    with pytest.raises(DoubleCountingError, match=r"both of France, and their periods meet"):
        me.PooledModel([france, me.Study(**(france.model_dump(by_alias=True) | summer))])
    with pytest.raises(ScopeError, match="only residents of the country may join"):
        me.PooledModel([france, elsewhere(own_platform="foule-factory")])
    changed = parse_study(
        elsewhere().to_toml().replace('name = "Clickworker"', 'name = "Klickworker"'), name="changed"
    )
    with pytest.raises(ScopeError, match="'clickworker': name is 'Clickworker' in study 'fr-2018'"):
        me.PooledModel([france, changed])


def test_readings_are_by_study(france, thin):
    model = me.PooledModel([france, thin])
    with pytest.raises(InputError, match="no study of this model"):
        model.fit(readings={"de-2018": "this platform"})
    with pytest.raises(InputError, match="none: it has no evidence on stated frequency"):
        model.fit(readings={"be-2018": "this platform"})
    with pytest.raises(InputError, match="use one of 'any platform', 'this platform'"):
        model.fit(readings={"fr-2018": "some platform"})


@pytest.fixture(scope="module")
def small(france):
    """Two copies of one country: they need one compiled model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", me.errors.ConvergenceWarning)
        return me.PooledModel([france, elsewhere()]).fit(
            rng=3, readings={"be-2018": "this platform"}, **SMALL
        )


def test_a_fit_is_countries_and_their_sum(small):
    assert list(small) == ["fr-2018", "be-2018"]
    assert small["be-2018"].reading == "this platform"
    total = sum(small[name].draws("weekly") for name in small)
    assert np.array_equal(small.draws("weekly"), total)
    with pytest.raises(InputError, match="has no study 'de-2018'"):
        small["de-2018"]
    frame = small.summary().to_frame()
    assert frame.groupby("study").size().to_dict() == {"fr-2018": 8, "be-2018": 8}
    # 120 draws are too few, and every table says so.
    assert not small.converged
    assert "NOT CONVERGED" in str(small)
    assert "NOT CONVERGED" in frame["method"].iloc[0]
    assert "Fitted together with be-2018" in str(small["fr-2018"].summary())
    names = [check.name for check in small.check()["fr-2018"]]
    assert names[:2] == ["convergence", "nesting"]
    assert names[-1] == "one figure in several countries"


def test_the_table_of_countries_is_had_over_all_platforms(small):
    summary = small.summary(scope="all")
    text, frame = str(summary), summary.to_frame()
    france = small["fr-2018"]
    assert frame["scope"].str.startswith("all: ").all()
    row = frame.set_index(["study", "tier", "unit"]).loc[("fr-2018", "weekly", "people")]
    assert row["estimate"] == np.median(france.draws("weekly", scope="all"))
    assert row["estimate"] > np.median(france.draws("weekly"))
    share = np.median(france.tiers.over("all").imputed_share("weekly"))
    (line,) = (each for each in text.splitlines() if each.split()[:2] == ["fr-2018", "weekly"])
    assert line.rstrip().endswith(f" {100 * share:.0f} %")
    assert "all platforms of each study that residents can join" in text.replace("\n", " ")
    assert "imputed" not in str(small.summary()).lower()
    with pytest.raises(InputError, match="scope is 'every'; use 'observed' or 'all'"):
        small.summary(scope="every")


def test_what_is_said_of_a_country_names_those_that_it_was_fitted_with(small, france, prior_fit, monkeypatch):
    fit = small["be-2018"]
    assert f"The model is fitted together with {france.id}" in fit.paragraph()
    assert f"Le modèle est ajusté avec {france.id}" in fit.paragraph("fr")
    assert "together" not in prior_fit.paragraph()
    monkeypatch.setattr("microestim.workforce.planning.LEAST_DRAWS", 100)
    plan = me.plan(fit, {"a figure": me.PlatformFigure(platform="mturk")}, rng=1)
    assert f"(fitted together with {france.id})" in plan.title
    with pytest.raises(InputError, match="a plan is of one study: give the fit of one of"):
        me.plan(small, {"a figure": me.PlatformFigure(platform="mturk")})


@pytest.mark.parametrize("correlation", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("n", [1, 3])
def test_a_deviate_given_those_of_other_countries_is_that_of_the_joint_normal_law(france, correlation, n):
    name = "visitors_per_person[work pages, SimilarWeb]"
    design = me.WorkforceModel(france).design
    place = [each.name for each in design.parameters].index(name)
    vectors = np.random.default_rng(2).standard_normal((n, 5, len(coordinate_names(design))))
    stated = DEFAULT_CORRELATIONS["visitors_per_person"]
    correlations = dict(DEFAULT_CORRELATIONS) | {
        "visitors_per_person": dataclasses.replace(stated, correlation=correlation)
    }
    mean, sd = OtherCountries((design,) * n, tuple(vectors), correlations).given(name)
    # With a common correlation of 1 the others agree, and the matrix below has no inverse: a hair less then.
    rho = min(correlation, 1 - 1e-9)
    whole = (1 - rho) * np.eye(n + 1) + rho
    weights = np.linalg.solve(whole[1:, 1:], whole[1:, 0])
    assert np.allclose(mean, weights @ vectors[:, :, place], atol=1e-6)
    # A root of what rounding leaves of a variance of 0 is up to 1e-4.
    assert sd == pytest.approx(np.sqrt(1 - whole[0, 1:] @ weights), abs=1e-4)


def test_a_country_knows_of_what_it_lacks_as_much_as_the_others_say(france):
    """Under the prior: a service that only France has, and a country with no audience at all."""
    quiet = elsewhere().without(*SURVEY, *(e.id for e in france.evidence if e.type == "audience"))
    model = me.PooledModel([france, quiet])
    n = 4000
    fit = PooledFit.from_deviates(
        np.random.default_rng(3).standard_normal((2, n // 2, model.pooled_map.size)),
        pooled=model.pooled_map,
        studies=model.studies,
        designs={name: each.design for name, each in model.models.items()},
        priors=DEFAULT_PRIORS,
        correlations=DEFAULT_CORRELATIONS,
        sample_stats=xr.Dataset({"diverging": (("chain", "draw"), np.zeros((2, n // 2), dtype=bool))}),
        settings=SamplerSettings(draws=n // 2, tune=100, chains=2, cores=1, seed=1, target_accept=0.9),
        readings={"fr-2018": None, "be-2018": None},
    )
    name = "visitors_per_person[work pages, SimilarWeb]"
    assert name not in fit["be-2018"].latent.p
    drawn = np.log(extended_quantities(fit["be-2018"], np.random.default_rng(4))[name])
    there = fit["fr-2018"].quantity(name)
    rho = DEFAULT_CORRELATIONS["visitors_per_person"].correlation
    # Four standard errors of a correlation near rho, and of a mean and a spread over 4,000 draws.
    assert np.corrcoef(drawn, np.log(there).ravel())[0, 1] == pytest.approx(
        rho, abs=4 * (1 - rho**2) / n**0.5
    )
    alone = np.log(fit["fr-2018"].quantity(name))
    assert drawn.mean() == pytest.approx(alone.mean(), abs=4 * 2**0.5 * alone.std() / n**0.5)
    assert drawn.std() == pytest.approx(alone.std(), rel=4 / n**0.5)


def test_platforms_without_evidence_are_drawn_apart_in_each_country(small):
    fit = small["fr-2018"]
    as_another = copy.copy(fit)
    as_another.stream = small["be-2018"].stream
    first, again, other = (widen(each, ()).people["registered"] for each in (fit, fit, as_another))
    assert np.array_equal(first, again)
    # The same posterior draws, with other random numbers for what is drawn after sampling.
    assert not np.isclose(first, other).any()


def test_what_needs_the_country_alone_is_not_there_and_says_why(small, tmp_path):
    fit = small["fr-2018"]
    for name in ("influence", "prior_influence", "log_prior", "refitted", "datatree", "report", "write"):
        assert hasattr(me.WorkforceFit, name)
        assert not hasattr(fit, name)
        with pytest.raises(AttributeError, match=r"also rests on be-2018.*WorkforceModel\(study\)"):
            getattr(fit, name)
    with pytest.raises(AttributeError, match=r"use save\(\) of the pooled fit"):
        fit.save(tmp_path / "a.nc")
    with pytest.raises(AttributeError, match=r"no attribute 'weekly'$"):
        fit.weekly  # noqa: B018


def test_a_fit_survives_its_file(small, tmp_path):
    path = small.save(tmp_path / "countries.nc")
    again = me.load_pooled_fit(path)
    assert isinstance(again, PooledFit)
    for name in small:
        assert np.array_equal(again[name].vectors, small[name].vectors)
        assert again[name].reading == small[name].reading
    assert again.correlations == small.correlations
    with pytest.raises(InputError, match="there is no file"):
        me.load_pooled_fit(tmp_path / "none.nc")
    with pytest.raises(InputError, match="not a fit saved by microestim"):
        me.load_fit(path)
    (tmp_path / "text.nc").write_text("text", encoding="utf-8")
    with pytest.raises(InputError, match="not a netCDF file"):
        me.load_pooled_fit(tmp_path / "text.nc")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_draws(small, france):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", me.errors.ConvergenceWarning)
        again = me.PooledModel([france, elsewhere()]).fit(
            rng=3, readings={"be-2018": "this platform"}, **SMALL
        )
    assert np.array_equal(again.deviates, small.deviates)


def log_width(fit, tier):
    low, high = np.quantile(fit.draws(tier), [0.05, 0.95])
    return float(np.log(high / low))


def fitted(model, seed):
    """Two chains, which may fall short of the limits of convergence: the margins are wider than that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", me.errors.ConvergenceWarning)
        return model.fit(rng=seed, draws=1200, tune=600, chains=2)


@pytest.mark.slow
def test_countries_that_share_nothing_have_their_own_posteriors(france):
    pooled = fitted(me.PooledModel([france, elsewhere()], correlations=NOTHING), 5)
    alone = fitted(me.WorkforceModel(france), 6)
    for tier in TIER_IDS:
        log = np.log(alone.draws(tier))
        for name in pooled:
            # Means of logs with an effective size of at least 200 each: four standard errors.
            error = 4.0 * log.std() * np.sqrt(2 / 200)
            assert np.log(pooled[name].draws(tier)).mean() == pytest.approx(log.mean(), abs=error)


@pytest.mark.slow
def test_a_country_without_a_survey_borrows(france, thin):
    pooled = fitted(me.PooledModel([france, thin]), 5)
    alone = fitted(me.WorkforceModel(thin), 6)
    for tier in ("monthly_active", "monthly", "weekly"):
        assert log_width(pooled["be-2018"], tier) < 0.95 * log_width(alone, tier)
        assert log_width(pooled["be-2018"], tier) > log_width(pooled["fr-2018"], tier)


def test_the_picture_has_a_row_for_each_country_and_tier(small, prior_fit):
    picture = small.plot()
    words = [text.get_text() for text in picture.axes[0].texts]
    assert [words.count(name) for name in small] == [4, 4]
    median, interval = printed_draws(small["be-2018"].draws("weekly"))
    assert f"{median}  ({interval})" in words
    # A study fitted alone is drawn below its pooled part, in each tier.
    beside = small.plot(alone=[prior_fit])
    assert len(beside.axes[0].texts) == len(words) + 4
    assert "alone" in " ".join(text.get_text() for text in beside.texts)
    # These fits did not converge, and the picture says so.
    assert "NOT CONVERGED" in {text.get_text() for text in picture.texts}


def test_the_picture_refuses_a_fit_of_another_study(small, prior_fit):
    with pytest.raises(InputError, match="has no study 'fr-2018-report'"):
        small.plot(alone=[changed_study(prior_fit, me.load_study("fr-2018-report"))])
    other = me.load_study("fr-2018").without("ff-frequency")
    with pytest.raises(InputError, match="alone is of another study than the pooled one"):
        small.plot(alone=[changed_study(prior_fit, other)])


def changed_study(fit, study):
    """The same fit, said to be of another study."""
    other = copy.copy(fit)
    other.study = study
    return other
