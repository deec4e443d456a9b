"""The figure of a consensus draws the limits that were stated, those that were believed, and the result."""

import numpy as np
import pytest

import microestim as me
from microestim.plots import plot_consensus
from microestim.plots.sheet import to_png


def test_limits_are_the_stated_ones_and_wider_by_the_confidence():
    found = me.consensus(
        {"a": (2000, 1000, 4000), "b": (900, 300, 2700)}, confidence=[0.5, 1], prior=(3000, 4000)
    )
    figure = plot_consensus(found)
    (axes,) = figure.axes
    lines = [np.asarray(line.get_xdata(), dtype=float) for line in axes.lines]
    # Each estimate has a thin line, a thick one and a point; symmetric limits give the stated ones back.
    assert lines[0] == pytest.approx([2000 / 4, 2000 * 4], rel=1e-12)
    assert lines[1] == pytest.approx([1000, 4000], rel=1e-12)
    assert lines[3] == pytest.approx([300, 2700], rel=1e-12)
    assert lines[4] == pytest.approx([300, 2700], rel=1e-12)
    assert lines[-2] == pytest.approx(found.interval()[:2], rel=1e-12)
    assert lines[-1] == pytest.approx([found.n_hat], rel=1e-12)
    assert to_png(figure).startswith(b"\x89PNG")
