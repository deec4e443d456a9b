"""The density of several countries: the map to their deviates, and what it reduces to."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microestim as me
from microestim.errors import PriorError
from microestim.models.correlations import (
    DEFAULT_CORRELATIONS,
    CountryCorrelation,
    correlation_kind,
    override_correlations,
)
from microestim.models.graph import build_graph, coordinate_names, graph_data
from microestim.models.pooled_density import pooled_density
from microestim.models.pooling import pool_designs
from microestim.models.priors import DEFAULT_PRIORS
from microestim.models.sampling import compile_model


def all_equal(value):
    """Give every quantity the same correlation between countries."""
    return override_correlations(
        {name: {"correlation": value, "rationale": "a test"} for name in DEFAULT_CORRELATIONS}
    )


def matrix(pooled):
    found = np.zeros((sum(pooled.sizes), pooled.size))
    found[pooled.rows, pooled.columns] = pooled.values
    return found


@pytest.fixture(scope="module")
def france(models):
    model = models["fr-2018"]
    compiled = compile_model(build_graph(model.design, model._priors))
    return model.design, compiled.with_data(graph_data(model.design, model._priors))


def density(call, compiled, point):
    value, gradient, status = call(compiled.function.ctypes, point, compiled.data)
    assert status == 0
    return value, gradient


def test_every_quantity_and_row_has_a_correlation(models):
    kinds = {correlation_kind(name) for name in DEFAULT_PRIORS} - {"accounts_centre", "country_share"}
    # These are drawn after sampling, for platforms without evidence.
    kinds -= {"class_likeness", "wider_memberships", "layer_overlap"}
    rows = {f"{row} of a platform" for row in ("size", "inflation", "active_share", "active_rate")}
    rows |= {"growth of a platform", "steady_audience_error of a platform"}
    rows |= {"visitors of a platform", "share of a platform"}
    assert set(DEFAULT_CORRELATIONS) == kinds | rows | {"accounts_level", "worldwide declaration"}
    for model in models.values():
        pool_designs([model.design, model.design], DEFAULT_CORRELATIONS)


@settings(max_examples=10)
@given(n=st.integers(2, 6), rho=st.floats(0.001, 1.0))
def test_each_group_has_its_correlation_and_each_country_its_prior(n, rho):
    design = _DESIGN
    pooled = pool_designs([design] * n, all_equal(rho))
    covariance = matrix(pooled) @ matrix(pooled).T
    size = len(coordinate_names(design))
    # Marginally standard normal, and independent within a country, whatever the correlation.
    for start in pooled.starts:
        own = covariance[start : start + size, start : start + size]
        assert np.allclose(own, np.eye(size), atol=1e-12)
    between = covariance[:size, size : 2 * size]
    linked = {link.name for link in pooled.links}
    expected = [rho if name in linked else 0.0 for name in _names(design)]
    assert np.allclose(between, np.diag(expected), atol=1e-12)
    assert pooled.size == n * size - (n - 1) * len(linked) * (rho == 1.0)


_DESIGN = me.WorkforceModel(me.load_study("fr-2018")).design


def _names(design):
    """Names of coordinates as links have them; those that no correlation can link have others."""
    total = design.sizes.total is not None
    names = ["declared total" if n == "accounts_level" and total else n for n in coordinate_names(design)]
    own = {
        f"size[{platform}]" for platform, own in zip(design.platforms, design.sizes.own, strict=True) if own
    }
    return [f"declared {name}" if name in own else name for name in names]


def test_one_country_is_its_own_model(france, call):
    design, compiled = france
    joint = pooled_density([compiled], pool_designs([design], DEFAULT_CORRELATIONS)).compiled
    assert joint.size == compiled.size
    rng = np.random.default_rng(4)
    for _ in range(3):
        point = 0.7 * rng.standard_normal(compiled.size)
        value, gradient = density(call, joint, point)
        own, own_gradient = density(call, compiled, point)
        # The same function; only the normal term is taken off and put back.
        assert value == pytest.approx(own, rel=1e-13)
        assert np.allclose(gradient, own_gradient, rtol=1e-12, atol=1e-12 * np.abs(gradient).max())


def test_countries_that_share_nothing_add_up(france, call):
    design, compiled = france
    joint = pooled_density([compiled, compiled], pool_designs([design] * 2, all_equal(0.0))).compiled
    points = 0.5 * np.random.default_rng(8).standard_normal((2, compiled.size))
    value, gradient = density(call, joint, points.ravel())
    alone = [density(call, compiled, point) for point in points]
    assert value == pytest.approx(sum(each for each, _ in alone), rel=1e-13)
    assert np.allclose(gradient, np.concatenate([each for _, each in alone]), rtol=1e-12)


@pytest.mark.parametrize("rho", [None, 0.4, 1.0])
def test_density_and_gradient_against_their_definition(france, call, rho):
    """The countries' likelihoods at x times the density of x, which is normal with covariance L L'."""
    from scipy.stats import multivariate_normal

    design, compiled = france
    pooled = pool_designs([design] * 3, DEFAULT_CORRELATIONS if rho is None else all_equal(rho))
    joint = pooled_density([compiled] * 3, pooled).compiled
    root = matrix(pooled)

    def likelihood(point):
        parts = [density(call, compiled, np.ascontiguousarray(x))[0] for x in pooled.apply(point)]
        size = sum(pooled.sizes)
        return (
            sum(parts)
            + 0.5 * sum(float(x @ x) for x in pooled.apply(point))
            + 0.5 * size * math.log(2 * math.pi)
        )

    point = 0.5 * np.random.default_rng(2).standard_normal(pooled.size)
    value, gradient = density(call, joint, point)
    assert np.allclose(np.concatenate(pooled.apply(point)), root @ point, rtol=1e-13, atol=1e-14)
    prior = multivariate_normal.logpdf(point, np.zeros(pooled.size), np.eye(pooled.size))
    assert value == pytest.approx(likelihood(point) + prior, rel=1e-12)
    if rho == 0.4:
        # The density of x differs from that of z by the constant log |L|.
        covariance = root @ root.T
        other = multivariate_normal.logpdf(root @ point, np.zeros(len(covariance)), covariance)
        assert other + np.linalg.slogdet(root)[1] == pytest.approx(prior, rel=1e-10)
    step = 1e-5
    directions = np.random.default_rng(3).standard_normal((12, pooled.size))
    for direction in directions:
        up, down = (likelihood(point + sign * step * direction) for sign in (1, -1))
        numeric = (up - down) / (2 * step) - point @ direction
        # Rounding of a density of some 1e4 over a step of 1e-5 is 1e-7.
        assert gradient @ direction == pytest.approx(numeric, rel=1e-5, abs=1e-3)


def test_a_point_without_a_density_is_reported(france, call):
    design, compiled = france
    joint = pooled_density([compiled, compiled], pool_designs([design] * 2, DEFAULT_CORRELATIONS)).compiled
    _, _, status = call(joint.function.ctypes, np.full(joint.size, 1e6), joint.data)
    assert status > 0


def test_parts_must_fit(france):
    design, compiled = france
    pooled = pool_designs([design, design], DEFAULT_CORRELATIONS)
    with pytest.raises(ValueError, match="other coordinates"):
        pooled_density([compiled], pooled)
    with pytest.raises(ValueError, match="no data yet"):
        pooled_density([replace(compiled, data=None), compiled], pooled)


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"inflaton": {"correlation": 0.5, "rationale": "x"}}, "unknown quantity 'inflaton'"),
        ({"inflation": {"correlation": 1.5, "rationale": "x"}}, "must be a number from 0 to 1"),
        ({"inflation": {"correlation": -0.1, "rationale": "x"}}, "must be a number from 0 to 1"),
        ({"inflation": {"correlation": True, "rationale": "x"}}, "must be a number from 0 to 1"),
        ({"inflation": {"correlation": 0.5}}, "'correlation' and 'rationale'"),
        ({"inflation": 0.5}, "'correlation' and 'rationale'"),
        ({"inflation": {"correlation": 0.5, "rationale": " "}}, "give the rationale"),
        ({"inflation": {"correlation": 0.5, "rationale": "x", "k": 1}}, "unknown key 'k'"),
        (
            {"inflation": CountryCorrelation(name="departure", correlation=0.1, rationale="x", source="y")},
            "two names must agree",
        ),
    ],
)
def test_impossible_correlations_are_refused(given_, message):
    with pytest.raises(PriorError, match=message):
        override_correlations(given_)
