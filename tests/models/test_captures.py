"""Chances of capture against brute force, and what a two-sample estimate expects against simulated people."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microestim.models.activity import CELL_RATES, activity_weights
from microestim.models.frames import Frame, capture_chances, history_chance
from microestim.models.namespace import NUMPY
from microestim.models.observations import PublishedEstimate
from microestim.models.observations.captures import _linked


def quantities(rate=0.1, change=1.1, odds=1.4, exponent=0.8, waves=2):
    return {
        "capture_exponent": np.array(exponent),
        "capture_rate[a]": np.array(rate),
        **{f"capture_rate_change[a, wave {t}]": np.array(change) for t in range(2, waves + 1)},
        "wave_dependence": np.array(odds),
        "missed_match": np.array(0.08),
        "false_match": np.array(0.01),
        "outside_answers": np.array(0.04),
    }


@given(rate=st.floats(1e-3, 2), change=st.floats(0.5, 2), odds=st.floats(0.2, 5))
def test_two_waves_have_the_margins_and_the_odds_ratio(rate, change, odds):
    captures = capture_chances(NUMPY, Frame("a", np.ones(1), 2), quantities(rate, change, odds))
    table = {history: history_chance(captures, history) for history in ("11", "10", "01")}
    exposure = CELL_RATES**0.8
    assert np.allclose(table["11"] + table["10"], 1 - np.exp(-rate * exposure), rtol=1e-12)
    assert np.allclose(table["11"] + table["01"], 1 - np.exp(-rate * change * exposure), rtol=1e-12)
    neither = 1 - captures.any
    # Where nearly everybody is captured the small cells are differences of numbers near one.
    usable = (neither > 1e-6) & (table["10"] > 1e-6) & (table["01"] > 1e-6)
    diagonal, other = table["11"] * neither, table["10"] * table["01"]
    assert np.allclose(diagonal[usable], odds * other[usable], rtol=1e-6)


@pytest.mark.parametrize("waves", [1, 2, 3, 4])
def test_histories_and_nobody_sum_to_one(waves):
    captures = capture_chances(NUMPY, Frame("a", np.ones(1), waves), quantities(waves=waves))
    histories = ["".join(h) for h in itertools.product("01", repeat=waves) if "1" in h]
    seen = sum(history_chance(captures, history) for history in histories)
    assert np.allclose(seen, captures.any, atol=1e-14)
    assert np.all(captures.any < 1.0 + 1e-14)


@pytest.mark.parametrize("waves", [2, 3])
def test_histories_against_simulated_answers(waves):
    p = quantities(rate=0.3, odds=2.5, waves=waves)
    captures = capture_chances(NUMPY, Frame("a", np.ones(1), waves), p)
    cell = int(np.argmin(np.abs(CELL_RATES - 4)))
    rng, n = np.random.default_rng(5), 400_000
    rates = [0.3 * (1.0 if t == 0 else 1.1) * CELL_RATES[cell] ** 0.8 for t in range(waves)]
    chance = [1 - np.exp(-rate) for rate in rates]
    if waves == 2:
        # The chance of both that gives an odds ratio of 2.5, by bisection on the table itself.
        low, high = max(0.0, sum(chance) - 1), min(chance)
        for _ in range(200):
            both = (low + high) / 2
            odds = both * (1 - sum(chance) + both) / ((chance[0] - both) * (chance[1] - both))
            low, high = (both, high) if odds < 2.5 else (low, both)
        cells = rng.multinomial(n, [both, chance[0] - both, chance[1] - both, 1 - sum(chance) + both])
        observed = dict(zip(("11", "10", "01"), cells, strict=False))
    else:
        answered = rng.random((n, waves)) < chance
        texts, counts = np.unique(answered @ [4, 2, 1], return_counts=True)
        observed = {format(t, "03b"): c for t, c in zip(texts, counts, strict=True) if t}
    for history, count in observed.items():
        expected = history_chance(captures, history)[cell]
        # Four standard errors of a binomial share; seeded.
        assert count / n == pytest.approx(expected, abs=4 * np.sqrt(expected / n)), history


def test_expected_estimate_against_simulated_people():
    """N E[p1] E[p2] / E[p1 p2], with matching errors and strangers, against people simulated one by one."""
    p = quantities(rate=0.05, odds=1.0)
    weights = activity_weights(NUMPY, np.array([0.3]), np.array([0.5]), np.array(1.4), np.array(-3.5))[0]
    n = 4_000_000
    captures = capture_chances(NUMPY, Frame("a", np.ones(1), 2), p)
    frame = SimpleNamespace(weights=weights, captures=captures, accounts=np.array(float(n)))
    latent = SimpleNamespace(p=p, frame=lambda name: frame)
    estimate = PublishedEstimate(name="e", label="", unit="accounts", value=1.0, frame="a", stated_error=0.1)
    centre, error = estimate.centre_and_error(NUMPY, latent)
    assert error == pytest.approx(0.1)

    rng = np.random.default_rng(8)
    rate = CELL_RATES[rng.choice(len(weights), size=n, p=weights / weights.sum())]
    first = rng.random(n) < 1 - np.exp(-0.05 * rate**0.8)
    second = rng.random(n) < 1 - np.exp(-0.055 * rate**0.8)
    both = first & second
    # An unrecognised recapture looks like a newcomer, and any newcomer may be linked to a first answer.
    recognised = both & (rng.random(n) >= 0.08)
    newcomer = second & ~recognised
    linked = recognised.sum() + (newcomer & (rng.random(n) < 0.01)).sum()
    strangers = 0.04 / 0.96
    n1, n2 = first.sum() * (1 + strangers), second.sum() * (1 + strangers)
    # Some 8,000 links: one standard error is 1.2 per cent; four, seeded.
    assert np.exp(centre) == pytest.approx(n1 * n2 / linked, rel=0.05)
    assert np.exp(centre) < 0.5 * n  # what unequal catchability does


def test_matching_errors_keep_the_answers_of_each_wave():
    p = quantities()
    latent = SimpleNamespace(p=p)
    linked = _linked(NUMPY, latent, {"10": np.array(300.0), "01": np.array(350.0), "11": np.array(80.0)})
    answers = 1 / (1 - 0.04)
    assert linked["10"] + linked["11"] == pytest.approx(380 * answers, rel=1e-12)
    assert linked["01"] + linked["11"] == pytest.approx(430 * answers, rel=1e-12)
    # 80 less 8 %, and 1 % of the 350 + 6.4 who seem new.
    assert linked["11"] == pytest.approx(80 * 0.92 + 0.01 * 356.4, rel=1e-12)
