"""The figure of capture data draws the numbers that the container has."""

import numpy as np
import pytest

from microestim.capture import Captures
from microestim.errors import NotEstimableError
from microestim.plots.captures import plot_captures
from microestim.plots.sheet import to_png

CAPTURES = Captures.from_counts({"1100": 9, "1000": 30, "0110": 4, "0100": 21, "0010": 3, "1111": 2})


def bars(axes):
    return [patch.get_height() for patch in axes.patches]


def curve(axes):
    return axes.lines[0].get_xdata(), axes.lines[0].get_ydata()


def test_bars_and_points_are_the_statistics():
    occasions, first, times, ways = plot_captures(CAPTURES).axes
    assert bars(occasions) == [*CAPTURES.n_i, *CAPTURES.u_i]
    assert bars(times) == CAPTURES.f_k.tolist()
    # Nobody was first seen on the last occasion, or three times: no point there.
    assert curve(first)[0].tolist() == [1, 2, 3]
    assert curve(first)[1].tolist() == CAPTURES.u_i[:3].tolist()
    assert curve(ways)[0].tolist() == [1, 2, 4]
    # f_k t / C(t, k) with C(4, k) = 4, 6, 4, 1; tolerance of the logarithm of the gamma function.
    np.testing.assert_allclose(curve(ways)[1], [54, 13 * 4 / 6, 2 * 4], rtol=1e-12)


def test_equal_chances_give_straight_lines():
    # Expected counts of 10,000 people, each seen with chance 1/2 on each of 3 occasions.
    whole = Captures.from_counts({format(k, "03b"): 10_000 for k in range(1, 8)})
    _, first, _, ways = plot_captures(whole).axes
    for axes in (first, ways):
        steps = np.diff(np.log(curve(axes)[1]))
        # Straight up to rounding in doubles.
        np.testing.assert_allclose(steps, steps[0], rtol=0, atol=1e-12)


def test_statistics_without_frequencies_have_two_graphs():
    known = Captures.from_uvn(CAPTURES.u_i, CAPTURES.v_i, CAPTURES.n_i)
    figure = plot_captures(known)
    assert len(figure.axes) == 2
    assert to_png(figure).startswith(b"\x89PNG")
    with pytest.raises(NotEstimableError, match="'n_i' is not known"):
        plot_captures(Captures.from_m_array([10, 9], [[3, 2], [0, 4]]))


def test_many_occasions_fit():
    rng = np.random.default_rng(1)
    matrix = (rng.random((2000, 200)) < rng.beta(1, 30, (2000, 1))).astype(int)
    assert to_png(plot_captures(Captures.from_histories(matrix[matrix.any(axis=1)]))).startswith(b"\x89PNG")
