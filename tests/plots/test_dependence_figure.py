"""The figure of limited dependence draws the sweep."""

import numpy as np

import microestim as me
from microestim.plots import plot_dependence
from microestim.plots.sheet import to_png


def test_two_samples_have_one_curve_and_its_limits():
    found = me.dependence(500, 500, 89, odds_ratio=(0.5, 2))
    figure = plot_dependence(found)
    (axes,) = figure.axes
    sweep = found.sweep(81)
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), sweep["odds_ratio"])
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), sweep["estimate"])
    shaded = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (shaded.min(), shaded.max()) == (sweep["ci_low"].min(), sweep["ci_high"].max())
    assert to_png(figure).startswith(b"\x89PNG")


def test_three_samples_have_one_curve_a_pair_and_none_without_overlap():
    counts = {"100": 20, "010": 30, "001": 25, "110": 9, "101": 0}
    figure = plot_dependence(me.dependence(me.Captures.from_counts(counts), odds_ratio=(1, 3)))
    (axes,) = figure.axes
    drawn = [line for line in axes.lines if np.isfinite(np.asarray(line.get_ydata(), dtype=float)).all()]
    assert len(drawn) == 1
    assert np.isfinite(axes.get_ylim()).all()
    assert to_png(figure).startswith(b"\x89PNG")
