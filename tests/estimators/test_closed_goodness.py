from itertools import product

import numpy as np
import pytest
from scipy.stats import chi2

from microestim import simulate
from microestim.capture import Captures, FrequencyCounts
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.closed_populations import closed, closed_tests

TAXICABS = {1: 142, 2: 81, 3: 49, 4: 7, 5: 3, 6: 1}


def simulated(t, people, seed, *, spread=0.0, time=0.0, again=0.0):
    """Captures in which people, occasions, or captures before may matter."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(-1.0, spread, size=(people, 1)) + np.linspace(-time, time, t)
    caught = np.zeros((people, t), dtype=int)
    for occasion in range(t):
        logit = logits[:, occasion] + again * caught.any(axis=1)
        caught[:, occasion] = rng.random(people) < 1 / (1 + np.exp(-logit))
    return Captures.from_histories(caught[caught.any(axis=1)])


FITS = [("M0", None), ("Mt", None), ("Mh", "chao"), ("Mth", "darroch"), ("Mb", None), ("Mbh", None)]


@pytest.mark.parametrize(("model", "shape"), FITS)
def test_expected_counts_add_up_and_give_the_deviance(model, shape):
    captures = simulated(4, 900, 2, spread=0.6, time=0.3)
    found = closed(captures, model, shape)
    by_captures, by_history = found.expected(), found.expected("histories")
    # Counts are Poisson, so at the maximum they add up to what was seen: to Newton's last step.
    assert by_captures["expected"][1:].sum() == pytest.approx(found.n_observed, rel=1e-9)
    assert by_captures["expected"][0] == pytest.approx(found.n_hat - found.n_observed, rel=1e-9)
    assert by_history["expected"].sum() == pytest.approx(found.n_observed, rel=1e-9)
    y, mu = by_history["observed"][:-1].to_numpy(), by_history["expected"][:-1].to_numpy()
    # The deviance of independent Poisson counts whose expectations have the same sum.
    assert 2 * np.sum(y * np.log(y / mu)) == pytest.approx(found.deviance, rel=1e-8)
    residual = by_history["pearson_residual"][:-1].to_numpy()
    assert residual == pytest.approx((y - mu) / np.sqrt(mu), rel=1e-12)


def test_expected_counts_of_mbh_are_those_of_all_histories_listed():
    found = closed(simulated(4, 900, 2, again=0.5), "Mbh")
    first, again = found.capture_probabilities, found.recapture_probability
    margin = np.zeros(5)
    for history in product((0, 1), repeat=4):
        caught = np.array(history)
        chance = np.where(np.cumsum(caught) - caught > 0, again, first)
        margin[caught.sum()] += np.prod(np.where(caught == 1, chance, 1 - chance))
    assert found.expected()["expected"].to_numpy() == pytest.approx(margin * found.n_hat, rel=1e-12)


def test_goodness_of_fit_tells_a_wrong_model_from_a_right_one():
    captures = simulated(5, 1500, 3, spread=1.2)
    wrong = closed(captures, "M0").goodness_of_fit(rng=1, n_resamples=100)
    right = closed(captures, "Mth", "darroch").goodness_of_fit(rng=1, n_resamples=100)
    # Nothing drawn is as far away as the data: 1 in 101.
    assert wrong.deviance_p == wrong.pearson_p == 1 / (1 + wrong.n_resamples)
    assert right.deviance_p > 0.02
    assert wrong.n_resamples + wrong.n_without_fit == 100
    assert "drawn from the fitted model" in str(wrong)
    assert repr(closed(captures, "M0").goodness_of_fit(rng=1, n_resamples=100)) == repr(wrong)


def test_expectations_too_small_for_a_number_leave_the_chi_square_finite():
    # Two hundred captures of one person have a chance of 1e-340.
    found = closed(simulate.captures("M0", 50, capture=0.02, occasions=200, rng=4), "M0")
    assert found.expected()["expected"].iloc[-1] == 0
    fit = found.goodness_of_fit(rng=1, n_resamples=100)
    expected, observed = (found.expected()[name][1:].to_numpy() for name in ("expected", "observed"))
    some = expected > 0
    terms = (observed - expected)[some] ** 2 / expected[some]
    assert fit.pearson == pytest.approx(terms.sum(), rel=1e-12)
    # One drawn from the model is as far away by chance; nothing at all is as far as nan.
    assert fit.pearson_p > 0.02


@pytest.mark.parametrize("occasions", [10, None])
def test_frequencies_have_a_goodness_of_fit_and_no_histories(occasions):
    found = closed(FrequencyCounts(TAXICABS, occasions=occasions), "Mh", "darroch")
    fit = found.goodness_of_fit(rng=5, n_resamples=100)
    assert 0 < fit.pearson_p < 1
    expected = found.expected()
    residual = expected["pearson_residual"][1:]
    assert (residual**2).sum() == pytest.approx(fit.pearson, rel=1e-12)
    with pytest.raises(NotEstimableError, match="who was seen when"):
        found.expected("histories")
    with pytest.raises(InputError, match="'captures' or 'histories'"):
        found.expected("history")


def test_statistics_by_occasion_have_no_goodness_of_fit():
    captures = simulated(4, 400, 2)
    told = closed(Captures.from_uvn(captures.u_i, captures.v_i, captures.n_i), "Mt")
    with pytest.raises(NotEstimableError, match="'histories' is not known"):
        told.expected("histories")
    with pytest.raises(NotEstimableError, match="by history are not known"):
        told.goodness_of_fit(rng=1, n_resamples=100)


@pytest.mark.parametrize(
    ("made", "effect"),
    [({"time": 0.8}, 0), ({"again": 1.0}, 1), ({"spread": 1.2}, 2), ({"spread": 1.2, "time": 0.8}, 3)],
)
def test_an_effect_is_found_by_its_own_test(made, effect):
    tests = closed_tests(simulated(5, 2000, 6, **made))
    assert tests.rows[effect].p_value < 1e-4


def test_a_test_is_twice_the_gain_in_likelihood():
    captures = simulated(5, 500, 4, spread=0.4, time=0.2)
    tests = closed_tests(captures, heterogeneity="poisson")
    small, large = closed(captures, "Mt"), closed(captures, "Mth", "poisson")
    row = tests.rows[3]
    assert (row.null, row.alternative, row.df) == ("Mt", "Mth poisson(2)", 1)
    # The same likelihoods.
    assert row.statistic == pytest.approx(small.deviance - large.deviance, rel=1e-9)
    assert row.p_value == pytest.approx(chi2.sf(row.statistic, 1), rel=1e-10)
    frame = tests.to_frame()
    assert frame["df"].tolist() == [4, 1, 1, 1]
    assert "does not choose a model" in " ".join(str(tests).split())


@pytest.mark.slow
def test_p_values_are_uniform_when_the_null_holds():
    values = np.array(
        [
            [row.p_value for row in closed_tests(simulated(5, 1000, seed)).rows if row.p_value is not None]
            for seed in range(400)
        ]
    )
    # Five standard errors of a share of a tenth among 400.
    assert (values < 0.1).mean(axis=0) == pytest.approx(0.1, abs=0.075)


def test_tests_that_cannot_be_made():
    told = simulated(4, 400, 2)
    told = closed_tests(Captures.from_uvn(told.u_i, told.v_i, told.n_i))
    assert [row.statistic is None for row in told.rows] == [False, False, True, True]
    assert "'f_k' is not known" in told.rows[2].reason
    assert [row.effect for row in closed_tests(FrequencyCounts(TAXICABS)).rows] == ["unequal catchability"]
    with pytest.raises(NotEstimableError, match="two occasions"):
        closed_tests(Captures.from_counts({"10": 4, "01": 5, "11": 3}))
    with pytest.raises(NotEstimableError, match="boundary"):
        closed_tests(simulated(4, 400, 2), heterogeneity="chao")
