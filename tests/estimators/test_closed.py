import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln

from microestim.capture import Captures, FrequencyCounts
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.closed_populations.counts import closed_counts
from microestim.estimators.closed_populations.family import UnreliableMaximumError
from microestim.estimators.closed_populations.heterogeneity import Heterogeneity, heterogeneity_of
from microestim.estimators.closed_populations.margin_models import MarginModel
from microestim.estimators.closed_populations.models import MODELS, closed
from microestim.estimators.closed_populations.panel import PANEL, closed_models
from microestim.estimators.two_samples import lincoln_petersen

SHAPES = ("poisson(2)", "darroch", "gamma(3.5)")


def captures_of(histories, counts):
    return Captures.from_histories(np.asarray(histories), counts=np.asarray(counts))


def simulated(t, people, seed, spread=1.0):
    """Histories of people whose logits of capture differ by person and by occasion."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(-1.2, spread, size=(people, 1)) + rng.normal(0, 0.5, size=t)
    seen = rng.random((people, t)) < 1 / (1 + np.exp(-logits))
    histories, counts = np.unique(seen[seen.any(axis=1)].astype(np.uint8), axis=0, return_counts=True)
    return captures_of(histories, counts)


class Table:
    """A Poisson regression on the table of all 2^t - 1 histories, by iterated least squares."""

    def __init__(self, captures, shape, *, by_occasion):
        t = captures.histories.shape[1]
        self.omega = np.array(list(product((0, 1), repeat=t)))[1:]
        place = captures.histories @ (1 << np.arange(t)[::-1])
        self.y = np.zeros(2**t - 1)
        self.y[place - 1] = captures.counts
        k = self.omega.sum(axis=1)
        effects = self.omega if by_occasion else k[:, None]
        columns = np.zeros((t + 1, 0)) if shape is None else heterogeneity_of(shape).columns(t)
        self.x = np.column_stack([np.ones(len(k)), effects, columns[k]])
        self.mu = self.y + 0.1
        for _ in range(100):
            target = np.log(self.mu) + (self.y - self.mu) / self.mu
            self.cov = np.linalg.inv((self.x.T * self.mu) @ self.x)
            self.beta = self.cov @ (self.x.T @ (self.mu * target))
            self.mu = np.exp(self.x @ self.beta)
        self.f0 = math.exp(self.beta[0])

    @property
    def se(self):
        return math.sqrt(self.f0 + self.f0**2 * self.cov[0, 0])

    @property
    def deviance(self):
        logs = np.log(np.where(self.y > 0, self.y / self.mu, 1.0))
        return 2 * (self.y @ logs)

    @property
    def bias(self):
        leverage = np.sum((self.x @ self.cov) * self.x, axis=1)
        first = -self.cov[0] @ (self.x.T @ (self.mu * leverage)) / 2
        return self.f0 * (first + self.cov[0, 0] / 2)


@pytest.mark.parametrize("t", [3, 4, 6, 10])
@pytest.mark.parametrize("shape", [None, *SHAPES])
@pytest.mark.parametrize("by_occasion", [True, False])
def test_margins_give_what_the_full_table_gives(t, shape, by_occasion):
    captures = simulated(t, 2000, seed=t)
    model = ("Mt" if by_occasion else "M0") if shape is None else ("Mth" if by_occasion else "Mh")
    found, table = (
        closed(captures, model, heterogeneity=shape),
        Table(captures, shape, by_occasion=by_occasion),
    )
    seen = captures.counts.sum()
    # A matrix with columns up to 2^10 is inverted: some eight digits are left of sixteen.
    assert found.n_hat - seen == pytest.approx(table.f0, rel=1e-8)
    assert found.se == pytest.approx(table.se, rel=1e-7)
    assert found.deviance == pytest.approx(table.deviance, rel=1e-8)
    assert found.df_resid == 2**t - 1 - table.x.shape[1]
    # By a central difference, whose error is of the order of the square of its step of 1e-4.
    assert found.asymptotic_bias == pytest.approx(table.bias, rel=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 300))
def test_two_occasions_collapse_to_closed_forms(only_first, only_second, both):
    captures = captures_of([[1, 0], [0, 1], [1, 1]], [only_first, only_second, both])
    n1, n2 = only_first + both, only_second + both
    pair = lincoln_petersen(n1, n2, both)
    mt = closed(captures, "Mt") if abs(bias_share(captures)) <= 0.05 else None
    if mt is not None:
        # Newton's method at double precision, on a likelihood with at most 600 people.
        assert mt.n_hat == pytest.approx(pair.n_hat, rel=1e-9)
        seen = n1 + n2 - both
        u1, u2 = only_first, only_second
        assert mt.se == pytest.approx(math.sqrt(n1 * n2 * u1 * u2 / both**3), rel=1e-8)
        assert closed(captures, "M0").n_hat == pytest.approx((n1 + n2) ** 2 / (4 * both), rel=1e-9)
        assert mt.interval(0.9)[:2] == pytest.approx(pair.interval(0.9, "profile")[:2], rel=1e-7)
        assert mt.interval(0.9).low >= seen


def bias_share(captures):
    """First-order bias of Mt as a share of it, in closed form: u1 u2 / m^2 people of n."""
    only_once, both = captures.f_k
    return only_once**2 / 4 / both**2 / (captures.n_observed + only_once**2 / 4 / both)


def test_without_heterogeneity_in_the_data_mth_is_mt():
    # Expected counts of Mt, in whole people: the shape then has nothing to explain.
    chances = np.array([0.5, 0.25, 0.2, 0.1])
    histories = np.array(list(product((0, 1), repeat=4)))[1:]
    people = 8_000_000 * np.prod(np.where(histories == 1, chances, 1 - chances), axis=1)
    assert people == pytest.approx(np.rint(people), abs=1e-6)
    captures = captures_of(histories, np.rint(people))
    for shape in SHAPES:
        found = closed(captures, "Mth", heterogeneity=shape)
        # The counts are exact multiples, so tau is zero up to rounding.
        assert found.coefficients["tau"] == pytest.approx(0.0, abs=1e-9)
        assert found.n_hat == pytest.approx(8_000_000, rel=1e-8)
    bound = closed(captures, "Mth", heterogeneity="chao")
    assert bound.status == "bound"
    assert bound.n_hat == pytest.approx(8_000_000, rel=1e-8)


def test_the_lower_bound_on_margins_is_chaos_formula_where_no_coefficient_is_negative():
    # (t - 1) / t f1^2 / (2 f2), unseen: Chao (1989), eq. 1, for convex log (f_k / C(t, k)).
    f_k = {1: 400, 2: 120, 3: 90, 4: 80, 5: 70}
    found = closed(FrequencyCounts(f_k, occasions=5), "Mh", heterogeneity="chao")
    assert min(found.coefficients.values()) > 0
    assert found.n_hat == pytest.approx(760 + 4 / 5 * 400**2 / 240, rel=1e-10)
    poisson = closed(FrequencyCounts(f_k), "Mh", heterogeneity="chao")
    assert poisson.n_hat == pytest.approx(760 + 400**2 / 240, rel=1e-10)


@pytest.mark.parametrize("by_occasion", [True, False])
@pytest.mark.parametrize("seed", [4, 5, 8])
def test_the_lower_bound_is_the_maximum_over_coefficients_that_are_not_negative(by_occasion, seed):
    captures = closed_counts(simulated(9, 3000, seed, spread=0.3))
    columns = heterogeneity_of("chao").columns(9)[:, : captures.most - 2]
    model = MarginModel(counts=captures, columns=columns, bounded=True, by_occasion=by_occasion)
    best, kept = model.maximum(captures.n_observed, all_histories=False)
    assert 0 < len(kept) < columns.shape[1]
    assert (best.theta[model.effects :] > 0).all()
    # The conditions of Karush, Kuhn and Tucker, which suffice: the likelihood is concave. Newton's last step
    # was below 1e-8 and shrinks quadratically.
    slope = model.design(kept).statistic / captures.n_observed - best.moments.mean
    assert slope == pytest.approx(0.0, abs=1e-12)
    margin = model.design(kept).margin(best.theta, all_histories=False)
    by_all = captures.f_k @ columns[1:] / captures.n_observed - margin @ columns
    assert by_all.max() < 1e-9
    # From any other start, even one with every coefficient, the same maximum.
    start = np.concatenate([best.theta[: model.effects], np.ones(columns.shape[1])])
    again, same = model.maximum(
        captures.n_observed, all_histories=False, near=(start, np.arange(columns.shape[1]))
    )
    assert same.tolist() == kept.tolist()
    assert again.theta == pytest.approx(best.theta, rel=1e-8)


def removal_table(captures, *, apart):
    """Maximum and inverse information of Mb or Mbh on all histories, in (log N, logits), by differences."""
    from scipy.optimize import minimize

    t = captures.histories.shape[1]
    omega = np.array(list(product((0, 1), repeat=t)))[1:]
    y = np.zeros(len(omega))
    y[captures.histories @ (1 << np.arange(t)[::-1]) - 1] = captures.counts
    before = np.cumsum(omega, axis=1) - omega > 0

    def log_mu(theta):
        first = np.full(t, theta[1])
        first[0] = theta[3] if apart else theta[1]
        logits = np.where(before, theta[2], first)
        return theta[0] - np.sum(np.logaddexp(0, np.where(omega == 1, -logits, logits)), axis=1)

    def loss(theta):
        logs = log_mu(theta)
        return np.sum(np.exp(logs)) - y @ logs

    start = np.array([np.log(1.5 * y.sum()), -1.0, -1.0, -1.0])[: 4 if apart else 3]
    theta = minimize(
        loss, start, method="Nelder-Mead", options={"maxiter": 20000, "xatol": 1e-12, "fatol": 1e-14}
    ).x
    step = 1e-5
    moves = np.eye(len(theta)) * step
    slopes = np.array([(log_mu(theta + m) - log_mu(theta - m)) / (2 * step) for m in moves])
    cov = np.linalg.inv((slopes * np.exp(log_mu(theta))) @ slopes.T)
    size = math.exp(theta[0])
    return size, math.sqrt(size**2 * cov[0, 0] - size)


@pytest.mark.parametrize("apart", [False, True])
def test_removal_errors_are_those_of_the_full_table(apart):
    # The peer's errors of Mbh are up to five times these (14.6 against 4.6 for the snowshoe hares); its own
    # Mb, on the occasions that Mbh leaves, agrees with ours. Where Mb fits badly its errors are off by 1e-3.
    rng = np.random.default_rng(11)
    caught = np.zeros((900, 5), dtype=int)
    for occasion in range(5):
        chance = np.where(caught.any(axis=1), 0.25, 0.5 if occasion == 0 else 0.3)
        caught[:, occasion] = rng.random(900) < chance
    histories, counts = np.unique(caught[caught.any(axis=1)], axis=0, return_counts=True)
    captures = captures_of(histories, counts)
    found = closed(captures, "Mbh" if apart else "Mb")
    size, se = removal_table(captures, apart=apart)
    # A search without derivatives locates a maximum to the root of the precision of its height.
    assert found.n_hat == pytest.approx(size, rel=1e-5)
    assert found.se == pytest.approx(se, rel=1e-4)


@pytest.mark.parametrize("model", ["Mb", "Mbh", "Mt"])
def test_profile_has_its_peak_where_its_slope_vanishes_and_limits_where_it_has_fallen(model):
    found = closed(simulated(5, 600, 8, spread=0.3), model)
    profile, peak = found._profile, found.multinomial_maximum
    low, high = found.interval(0.95)[:2]
    assert low < peak < high
    for size in (low, peak, high):
        # A central difference of step 0.01 in a function that bends by 1e-4 a person squared.
        slope = (profile.loglik(size + 0.01) - profile.loglik(size - 0.01)) / 0.02
        assert profile.slope(size) == pytest.approx(slope, abs=1e-7)
    drop = [2 * (profile.loglik(peak) - profile.loglik(limit)) for limit in (low, high)]
    # chi-square of one degree of freedom at 95 %; the limits are solved to ten digits.
    assert drop == pytest.approx([3.841458820694124] * 2, rel=1e-6)


def test_intervals_state_how_they_were_made_and_start_at_the_number_seen():
    found = closed(simulated(4, 300, 5), "Mt")
    drawn = {"rng": 1, "n_resamples": 200}
    options = {method: drawn if method == "bootstrap" else {} for method in found.interval_methods}
    made = {method: found.interval(method=method, **options[method]) for method in options}
    kinds = {method: interval.kind for method, interval in made.items()}
    assert kinds == {
        "profile": "confidence: profile likelihood",
        "lognormal": "confidence: log-normal",
        "wald": "confidence: Wald",
        "bootstrap": "confidence: bootstrap percentile",
    }
    wide = [found.interval(0.999, method, **options[method]) for method in options]
    assert min(interval.low for interval in wide) >= found.n_observed
    with pytest.raises(InputError, match="belong to a bootstrap"):
        found.interval(method="profile", rng=1)
    with pytest.raises(InputError, match="profile, lognormal, wald, bootstrap"):
        found.interval(method="exact")


def test_an_endless_upper_limit_is_infinite_and_says_why():
    # First captures 80, 70, 66: a decline, but none from which a chance of 0 could be told.
    histories = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1]]
    found = closed(captures_of(histories, [70, 60, 66, 10, 10]), "Mb")
    interval = found.interval()
    assert interval.high == math.inf
    assert "ten million" in interval.note
    assert found.n_observed < interval.low < found.n_hat
    # At a level of a tenth the same data do bound it.
    assert found.multinomial_maximum < found.interval(0.1).high < math.inf


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("model", ["Mh", "Mth"])
@pytest.mark.parametrize(
    ("people", "reason"),
    [
        ({"00111": 5, "11010": 7, "11001": 4, "10110": 2}, "captured 3 times"),
        ({"01011": 4, "01111": 5, "10011": 7, "11110": 35, "11001": 11}, "captured 3 or 4 times"),
        (
            {"10000": 4, "01000": 5, "00100": 7, "00010": 5, "00001": 1, "11111": 2},
            "captured once or 5 times",
        ),
    ],
)
def test_numbers_of_captures_as_alike_or_as_far_apart_as_can_be_are_refused(model, shape, people, reason):
    captures = Captures.from_counts(people)
    for order in (["1", "2", "3", "4", "5"], ["5", "2", "4", "1", "3"]):
        with pytest.raises(NotEstimableError, match=f"no maximum .* {reason}"):
            closed(captures.select(order), model, heterogeneity=shape)
    if "once" in reason:
        with pytest.raises(NotEstimableError, match="no maximum"):
            closed(captures, model, heterogeneity="chao")
    else:
        # The bound is at people who do not differ, of whom some can be missing.
        found = closed(captures, model, heterogeneity="chao")
        assert found.n_hat == pytest.approx(closed(captures, "M0" if model == "Mh" else "Mt").n_hat)


def test_flat_removal_is_refused():
    # First captures 40, 36, 35.
    histories = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1]]
    captures = captures_of(histories, [30, 26, 35, 10, 10])
    with pytest.raises(UnreliableMaximumError, match="likelihood of Mb is flat") as refused:
        closed(captures, "Mb")
    assert refused.value.bound == pytest.approx(closed(captures, "Mh", heterogeneity="chao").n_hat)
    # From statistics by occasion there is no bound: it needs the frequencies of capture.
    with pytest.raises(UnreliableMaximumError, match="Not even Chao's") as refused:
        closed(Captures.from_uvn(captures.u_i, captures.v_i, captures.n_i), "Mb")
    assert refused.value.bound is None


@pytest.mark.parametrize("model", ["Mh", "Mth"])
@pytest.mark.parametrize("shape", ["chao", *SHAPES])
def test_heterogeneity_is_refused_with_two_occasions(model, shape):
    captures = captures_of([[1, 0], [0, 1], [1, 1]], [40, 30, 20])
    with pytest.raises(NotEstimableError, match="not identified with 2 occasions"):
        closed(captures, model, heterogeneity=shape)


@pytest.mark.parametrize(
    ("histories", "counts", "model", "reason"),
    [
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [9, 5, 4], "Mt", "nobody was"),
        ([[1, 1, 1]], [9], "M0", "every occasion"),
        ([[1, 1, 0], [1, 0, 0]], [9, 5], "Mt", "occasion 3"),
        ([[1, 1, 0], [1, 0, 1], [1, 1, 1]], [9, 5, 3], "Mt", "occasion 1"),
        ([[1, 0, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1]], [5, 9, 2, 8], "Mb", "decline"),
        ([[1, 0, 0], [1, 1, 0], [1, 1, 1]], [5, 9, 2], "Mb", "nobody is missing"),
        ([[1, 0], [0, 1], [1, 1]], [20, 9, 8], "Mbh", "not identified"),
    ],
)
def test_what_cannot_be_estimated_is_refused_with_the_reason(histories, counts, model, reason):
    with pytest.raises(NotEstimableError, match=reason):
        closed(captures_of(histories, counts), model)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("Mx",), {}, "M0, Mt, Mh, Mth, Mb, Mtb, Mbh, Mtbh"),
        (("Mh",), {}, "chao"),
        (("Mt",), {"heterogeneity": "chao"}, "use Mth"),
        (("Mh",), {"heterogeneity": "poisson(1)"}, "above 1"),
        (("Mh",), {"heterogeneity": "chao(2)"}, "no parameter"),
        (("Mh",), {"heterogeneity": "probit"}, "give one of"),
    ],
)
def test_options_that_do_not_fit_are_refused(arguments, options, message):
    with pytest.raises(InputError, match=message):
        closed(simulated(4, 200, 1), *arguments, **options)


def test_captures_and_their_frequencies_are_read_as_histories_are():
    drawn = simulated(5, 400, 6)
    captures = Captures.from_counts(
        {"".join(map(str, row)): int(n) for row, n in zip(drawn.histories, drawn.counts, strict=True)}
    )
    for model in ("Mt", "Mb", "M0"):
        assert closed(captures, model).aic == closed(drawn, model).aic
    # Another likelihood, of frequencies and not of histories, with the same maximum.
    assert closed(captures.frequencies, "M0").n_hat == closed(captures, "M0").n_hat


@pytest.mark.parametrize("model", ["M0", "Mt", "Mb", "Mbh"])
@pytest.mark.parametrize("as_m_array", [False, True])
def test_statistics_by_occasion_give_what_the_histories_give(model, as_m_array):
    captures = simulated(5, 600, 8, spread=0.3)
    if as_m_array:
        told = Captures.from_m_array(captures.m_array.released, captures.m_array.recaptured)
    else:
        told = Captures.from_uvn(captures.u_i, captures.v_i, captures.n_i)
    full, part = closed(captures, model), closed(told, model)
    # The same sufficient statistics; only the order of additions may differ.
    assert (part.n_hat, part.se) == pytest.approx((full.n_hat, full.se), rel=1e-12)
    assert part.interval()[:2] == pytest.approx(full.interval()[:2], rel=1e-9)
    assert part.deviance is None
    assert "not known" in str(part)
    # What is missing is the constant of the counts by history.
    assert part.loglik - full.loglik == pytest.approx(gammaln(captures.counts + 1).sum(), rel=1e-12)


def test_statistics_by_occasion_refuse_models_that_need_frequencies():
    captures = simulated(5, 600, 8, spread=0.3)
    told = Captures.from_uvn(captures.u_i, captures.v_i, captures.n_i)
    with pytest.raises(NotEstimableError, match="'f_k' is not known"):
        closed(told, "Mth", "chao")
    panel = closed_models(told)
    assert {row.name for row in panel.rows if row.admissible} == {"M0", "Mt", "Mb", "Mtb", "Mbh"}
    assert {row.reason[:5] for row in panel.rows if not row.admissible} == {"'f_k'"}
    assert panel.to_frame()["deviance"].isna().all()
    with pytest.raises(NotEstimableError, match="last occasion"):
        closed(Captures.from_m_array([10, 9], [[3, 2], [0, 4]]), "Mt")


def test_strata_are_not_pooled_in_silence():
    captures = Captures.from_histories([[1, 0, 1], [1, 1, 0], [0, 1, 0]], by=["women", "men", "men"])
    with pytest.raises(InputError, match=r"strata men, women.*stratum\(name\).*pooled\(\)"):
        closed(captures, "Mt")
    with pytest.raises(InputError, match="strata men, women"):
        closed_models(captures)


def test_data_of_another_kind_are_refused():
    with pytest.raises(InputError, match="takes Captures or FrequencyCounts"):
        closed([[1, 0], [0, 1]], "Mt")
    with pytest.raises(InputError, match="who was captured when"):
        closed(FrequencyCounts({1: 9, 2: 4}, occasions=4), "Mt")
    with pytest.raises(InputError, match="pooled"):
        closed(FrequencyCounts({1: 9, 2: 4}, last_is_pooled=True), "M0")


@st.composite
def tables(draw):
    t = draw(st.integers(2, 5))
    rows = draw(st.lists(st.integers(1, 2**t - 1), min_size=1, max_size=12))
    counts = draw(st.lists(st.integers(1, 60), min_size=len(rows), max_size=len(rows)))
    return np.array([[row >> i & 1 for i in range(t)] for row in rows]), np.array(counts)


@settings(max_examples=60, deadline=None)
@given(tables(), st.sampled_from([*PANEL]), st.randoms(use_true_random=False))
def test_random_tables_give_a_finite_answer_or_a_reason_whatever_the_order(table, which, random):
    histories, counts = table
    model, shape = which
    order = list(range(histories.shape[1]))
    if model not in ("Mb", "Mtb", "Mbh"):
        random.shuffle(order)
    split = np.vstack([histories, histories]), np.concatenate([counts, np.ones_like(counts)])
    try:
        found = closed(captures_of(*split), model, heterogeneity=shape)
    except NotEstimableError as error:
        reason = error.reason
    else:
        reason = ""
    if reason:
        assert len(reason) > 40
        return
    assert math.isfinite(found.n_hat)
    assert found.n_hat >= found.n_observed
    assert math.isfinite(found.se)
    low, high = found.interval()[:2]
    assert found.n_observed <= low <= high
    again = closed(captures_of(histories[:, order], counts + 1), model, heterogeneity=shape)
    # The same maximum by another route: Newton's method leaves some ten digits of f0, fewer in its error
    # where two columns are nearly one.
    assert again.n_hat == pytest.approx(found.n_hat, rel=1e-6)
    assert again.se == pytest.approx(found.se, rel=1e-4)


def test_fifty_occasions_need_no_table_of_histories():
    captures = simulated(50, 400, 2)
    found = closed(captures, "Mth", heterogeneity="darroch")
    assert found.df_resid == 2**50 - 1 - 52
    assert found.capture_probabilities @ np.ones(50) * found.n_hat == pytest.approx(
        captures.counts @ captures.histories.sum(axis=1), rel=1e-12
    )
    # With a mean of twelve captures a person nearly everybody is seen, whatever the shape.
    assert found.n_hat == pytest.approx(400, rel=0.02)


def test_panel_has_a_row_for_every_model_and_says_what_failed():
    histories = captures_of(
        np.array([[int(c) for c in f"{i:04b}"] for i in range(1, 16)]),
        [78, 27, 5, 42, 6, 5, 1, 31, 5, 4, 1, 8, 1, 1, 1],
    )
    panel = closed_models(histories, criterion="aic")
    frame = panel.to_frame()
    assert len(frame) == len(PANEL)
    found = frame[frame["status"] != "not estimable"]
    assert found["aic"].is_monotonic_increasing
    refused = frame[frame["status"] == "not estimable"]
    assert set(refused["model"]) >= {"Mb"}
    assert found["converged"].all()
    assert found["admissible"].all()
    assert not refused["admissible"].any()
    assert refused["reason"].str.len().min() > 20
    assert set(frame.loc[frame["status"] == "bound", "model"]) == {"Mh chao", "Mth chao"}
    assert "Mb: " in str(panel)
    assert panel["Mt"].estimate.n_hat == closed(histories, "Mt").n_hat


@pytest.mark.parametrize("weights", ["aic", "bic"])
def test_average_is_burnham_and_andersons(weights):
    panel = closed_models(simulated(5, 1500, 4, spread=0.6))
    models = [m for m in panel.estimates if m.status == "estimated"]
    share = np.exp([-getattr(m, weights) / 2 + getattr(models[0], weights) / 2 for m in models])
    share /= share.sum()
    mean = sum(w * m.n_hat for w, m in zip(share, models, strict=True))
    se = sum(w * math.sqrt(m.se**2 + (m.n_hat - mean) ** 2) for w, m in zip(share, models, strict=True))
    average = panel.average(weights=weights)
    # The same sum in another order.
    assert (average.n_hat, average.se) == pytest.approx((mean, se), rel=1e-12)


def test_models_are_not_compared_with_two_occasions():
    with pytest.raises(NotEstimableError, match="two occasions"):
        closed_models(captures_of([[1, 0], [0, 1], [1, 1]], [40, 30, 20]))
    with pytest.raises(InputError, match="aic, bic"):
        closed_models(simulated(4, 200, 1), criterion="aicc")


def test_a_shape_reads_as_it_is_written():
    for text in ("chao", "poisson(2)", "poisson(1.5)", "darroch", "gamma(3.5)"):
        assert str(heterogeneity_of(text)) == text
    assert heterogeneity_of(Heterogeneity(shape="gamma", a=2.0)).a == 2.0
    assert set(MODELS) == {model for model, _ in PANEL}


def test_params_name_what_was_fitted():
    captures = simulated(5, 900, 4, spread=0.3)
    bound, removal = closed(captures, "Mth", "chao"), closed(captures, "Mbh")
    assert list(bound.params) == ["p1", "p2", "p3", "p4", "p5", "eta3", "eta4", "multinomial_maximum"]
    assert bound.params["p2"] * bound.n_hat == pytest.approx(captures.n_i[1], rel=1e-12)
    assert bound.params["multinomial_maximum"] == bound.multinomial_maximum < bound.n_hat
    assert removal.params["p1"] * removal.n_hat == pytest.approx(captures.u_i[0], rel=1e-12)
    assert removal.params["p2"] == removal.params["p5"]
    # Whoever was left after the first occasion and never captured was missed on the four others.
    left = (removal.n_hat - captures.u_i[0]) * (1 - removal.params["p2"]) ** 4
    assert left == pytest.approx(removal.n_hat - removal.n_observed, rel=1e-9)
    assert removal.params["c"] == removal.recapture_probability
    assert list(closed(captures, "M0").params) == ["p", "multinomial_maximum"]
