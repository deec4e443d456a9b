"""Elementary functions without branches, against SciPy's."""

import math

import numba
import numpy as np
import pytest
import scipy.special

from microestim.models import elementary

RNG = np.random.default_rng(0)
EVERY_SIZE = np.concatenate([np.exp(RNG.uniform(-700.0, 700.0, 20_000)), RNG.uniform(0.5, 1.5, 20_000)])
CASES = {
    "exp": (np.exp, np.concatenate([RNG.uniform(-707.0, 708.0, 20_000), RNG.uniform(-1.0, 1.0, 20_000)])),
    "log": (np.log, EVERY_SIZE),
    "log1p": (np.log1p, np.concatenate([EVERY_SIZE, RNG.uniform(-0.999, 1.0, 20_000), [1e-300, -1e-12]])),
    "erf": (scipy.special.erf, np.concatenate([RNG.uniform(-7.0, 7.0, 40_000), [1e-300, 1e3, -1e300]])),
}


@pytest.mark.parametrize("name", CASES)
def test_within_a_few_units_in_the_last_place(name):
    function, (reference, points) = getattr(elementary, name), CASES[name]

    @numba.njit(fastmath={"reassoc", "contract", "arcp", "nsz"})
    def over_all(x, values):
        for i in range(len(x)):
            values[i] = function(x[i])

    # As a caller that reorders its own sums has them, and one at a time.
    values = np.empty_like(points)
    over_all(points, values)
    # Two units each for the method and for the reference.
    assert np.allclose(values, reference(points), rtol=4 * 2.0**-52, atol=0.0)
    few = points[:: len(points) // 50]
    assert np.allclose([function(x) for x in few], reference(few), rtol=4 * 2.0**-52, atol=0.0)


def test_at_the_ends():
    exp, log, log1p, erf = (getattr(elementary, name) for name in ("exp", "log", "log1p", "erf"))
    inf = math.inf
    assert [exp(-inf), exp(-1e9), exp(0.0), exp(1e9), exp(inf)] == [0.0, 0.0, 1.0, inf, inf]
    assert [log(0.0), log(1.0), log(inf), log1p(-1.0), log1p(0.0)] == [-inf, 0.0, inf, -inf, 0.0]
    assert [erf(-inf), erf(0.0), erf(inf)] == [-1.0, 0.0, 1.0]
    for value in (exp(math.nan), log(math.nan), log(-1.0), log1p(-2.0), log1p(math.nan), erf(math.nan)):
        assert math.isnan(value)
