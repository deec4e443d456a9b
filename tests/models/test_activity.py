"""The activity grid against quadrature of the distribution that it stands for."""

import numpy as np
import pytest
from scipy import integrate, stats

from microestim.models.activity import (
    CELL_LOG_RATES,
    CELL_RATES,
    IN_MONTHLY,
    IN_WEEKLY,
    SEEN_IN_MONTH,
    activity_weights,
    share,
)
from microestim.models.namespace import NUMPY

# active share, median rate, spread of log rate, dormant rate: the priors' middle, and both tails of each.
POINTS = [
    (0.25, 1.0, 1.5, 0.03),
    (0.02, 0.05, 1.0, 0.005),
    (0.85, 20.0, 2.3, 0.2),
    (0.5, 4.0, 0.9, 0.03),
]


def mixture(of, point):
    """E[of(r)] over the two log-normal components, by adaptive quadrature."""
    active, rate, spread, dormant = point
    total = 0.0
    for weight, centre, sd in ((active, np.log(rate), spread), (1 - active, np.log(dormant), 1.0)):
        value, _ = integrate.quad(
            lambda x, centre=centre, sd=sd: of(np.exp(x)) * stats.norm.pdf(x, centre, sd),
            centre - 10 * sd,
            centre + 10 * sd,
            points=[0.0, np.log(30.44 / 7)],
            limit=400,
            epsabs=1e-13,
            epsrel=1e-11,
        )
        total += weight * value
    return total


def grid(point):
    active, rate, spread, dormant = (np.array(value) for value in point)
    return activity_weights(NUMPY, active[None], np.log(rate)[None], spread, np.log(dormant))[0]


@pytest.mark.parametrize("point", POINTS)
def test_shares_above_a_threshold_are_exact(point):
    weights = grid(point)
    assert weights.sum() == pytest.approx(1.0, abs=1e-14)
    # Both thresholds are edges of the grid, so the only error is the quadrature's own.
    assert share(weights, IN_WEEKLY) == pytest.approx(mixture(lambda r: r >= 30.44 / 7, point), abs=1e-9)
    assert share(weights, IN_MONTHLY) == pytest.approx(mixture(lambda r: r >= 1.0, point), abs=1e-9)


@pytest.mark.parametrize("point", POINTS)
def test_smooth_shares_have_the_error_of_the_midpoint_rule(point):
    weights = grid(point)
    smooth = {
        "seen in a month": (SEEN_IN_MONTH, lambda r: 1 - np.exp(-r)),
        "captured": (1 - np.exp(-0.05 * CELL_RATES**0.8), lambda r: 1 - np.exp(-0.05 * r**0.8)),
        "captured twice": (
            (1 - np.exp(-0.05 * CELL_RATES**0.8)) ** 2,
            lambda r: (1 - np.exp(-0.05 * r**0.8)) ** 2,
        ),
    }
    for name, (cells, exact) in smooth.items():
        relative = share(weights, cells) / mixture(exact, point) - 1
        # The error of midpoints is step**2 / 24 times f''/f in log r: 0.29**2 / 24 = 0.0036 where a chance
        # grows as r, four times that where as its square; errors of evidence are 5 % and more.
        assert abs(relative) < 0.015, name


def test_cells_lie_on_the_side_of_a_threshold_that_their_name_says():
    assert np.all(IN_WEEKLY <= IN_MONTHLY)
    assert np.all((CELL_RATES >= 30.44 / 7) == (IN_WEEKLY == 1))
    assert np.all(np.diff(CELL_LOG_RATES) > 0)
