"""The panel of models as a picture: the numbers are those of the panel, what is infinite is an arrow."""

import numpy as np
import pytest

import microestim as me
from microestim.plots import plot_models


@pytest.fixture(scope="module")
def panel():
    return me.closed_models(me.datasets.load("hepatitis-a").data)


def dots(axes):
    return [line for line in axes.lines if line.get_marker() == "o"]


def test_dots_are_the_estimates_and_rings_the_bounds(panel):
    axes = plot_models(panel).axes[0]
    assert [float(dot.get_xdata()[0]) for dot in dots(axes)] == [float(e.n_hat) for e in panel.estimates]
    rings = [dot.get_markerfacecolor() != dot.get_markeredgecolor() for dot in dots(axes)]
    assert rings == [estimate.status == "bound" for estimate in panel.estimates]
    assert [label.get_text() for label in axes.get_yticklabels()] == [e.method for e in panel.estimates]


def test_an_interval_without_an_upper_limit_ends_in_an_arrow(panel):
    axes = plot_models(panel, method="profile").axes[0]
    arrows = {float(line.get_ydata()[0]) for line in axes.lines if line.get_marker() == ">"}
    infinite = {
        -float(row) for row, e in enumerate(panel.estimates) if np.isinf(e.interval(method="profile").high)
    }
    assert infinite
    assert arrows == infinite


def test_models_without_an_estimate_are_named(panel):
    written = " ".join(text.get_text() for text in plot_models(panel).texts)
    named = written.partition("Without an estimate: ")[2].strip()
    assert named.rstrip(".").split(", ") == [row.name for row in panel.rows if row.estimate is None]
