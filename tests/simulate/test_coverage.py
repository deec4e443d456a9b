"""Scores of many worlds together: exact binomial limits, medians, means and ratios by hand."""

import math

import pytest

import microestim as me
from microestim.errors import InputError
from microestim.simulate.coverage import binomial_interval, score_ratios, summarise_scores


@pytest.mark.parametrize(("hits", "trials"), [(0, 10), (10, 10), (3, 10), (45, 50), (190, 200)])
def test_exact_limits_are_where_binomial_tails_have_the_probability(hits: int, trials: int) -> None:
    def tail(share: float, counts: range) -> float:
        return math.fsum(math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in counts)

    low, high = binomial_interval(hits, trials)
    # The tails are sums of at most 200 terms of double precision.
    if hits > 0:
        assert tail(low, range(hits, trials + 1)) == pytest.approx(0.025, rel=1e-9)
    else:
        assert low == 0.0
    if hits < trials:
        assert tail(high, range(hits + 1)) == pytest.approx(0.025, rel=1e-9)
    else:
        assert high == 1.0


@pytest.mark.parametrize(
    ("hits", "trials", "level"), [(3, 2, 0.95), (-1, 2, 0.95), (0, 0, 0.95), (1, 2, 1.0)]
)
def test_what_is_no_share_is_refused(hits: int, trials: int, level: float) -> None:
    with pytest.raises(InputError, match=r"is no share|level is 1\.0"):
        binomial_interval(hits, trials, level=level)


def test_summary_by_hand() -> None:
    """Draws that are all alike: intervals of no width, of which one of three holds the truth."""
    scores = [me.simulate.score_draws([100.0] * 4, truth) for truth in (100, 200, 400)]
    found = summarise_scores(scores)
    assert found["worlds"] == 3
    assert found["log_bias"] == pytest.approx(-math.log(2))
    assert found["log_crps"] == pytest.approx(math.log(2))
    ninety = next(each for each in found["levels"] if each["level"] == 0.9)
    assert (ninety["covered"], ninety["factor"]) == (1, 1.0)
    # Misses of log 2 and log 4, times 2 / 0.1, over three worlds.
    assert ninety["log_score"] == pytest.approx(20 * math.log(8) / 3)
    wider = [me.simulate.score_draws([50.0] * 4, truth) for truth in (100, 200, 400)]
    worlds, ratios = score_ratios([*scores, None], [*wider, scores[0]])
    assert worlds == 3
    assert ratios[0.9] == pytest.approx(math.log(64) / math.log(8))
    assert score_ratios([None], [scores[0]]) == (0, {})
    with pytest.raises(InputError, match="one score a world"):
        score_ratios(scores, [None])
    with pytest.raises(InputError, match="no scores"):
        summarise_scores([])
