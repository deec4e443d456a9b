"""The figures of frequency counts draw the numbers of the estimators."""

import numpy as np
import pytest

import microestim as me
from microestim.errors import NotEstimableError
from microestim.plots import plot_one_inflation_curve, plot_ratios
from microestim.plots.sheet import to_png

COUNTS = {1: 1645, 2: 183, 3: 37, 4: 13, 5: 1, 6: 1}


@pytest.mark.filterwarnings("ignore::microestim.errors.OneInflationWarning")
def test_ratios_are_those_of_the_counts() -> None:
    fit = me.truncated_counts(COUNTS)
    figure = plot_ratios(COUNTS, fit)
    points, line = (each for each in figure.axes[0].lines if len(each.get_xdata()) == 5)
    if points.get_linestyle() != "None":
        points, line = line, points
    ratios = [(x + 1) * COUNTS[x + 1] / COUNTS[x] for x in range(1, 6)]
    # Logs there and back.
    np.testing.assert_allclose(points.get_ydata(), ratios, rtol=1e-12)
    # One rate makes the fitted ratios level at that rate.
    np.testing.assert_allclose(line.get_ydata(), fit.params["rate"], rtol=1e-9)
    assert to_png(figure).startswith(b"\x89PNG")
    with_occasions = plot_ratios(me.FrequencyCounts({1: 9, 2: 6, 3: 2}, occasions=8)).axes[0]
    assert with_occasions.lines[0].get_ydata()[0] == pytest.approx(2 * 6 / 9 / 7, rel=1e-12)


def test_without_neighbours_there_is_no_ratio() -> None:
    with pytest.raises(NotEstimableError, match="neighbouring"):
        plot_ratios({1: 5, 3: 2})


def test_the_curve_and_its_ends_are_drawn() -> None:
    curve = me.one_inflation_curve(COUNTS)
    figure = plot_one_inflation_curve(curve)
    axes = figure.axes[0]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), curve.n_hat, rtol=1e-12)
    written = " ".join(text.get_text() for text in (*axes.texts, *figure.texts))
    for number in (curve.n_hat[0], curve.n_hat[-1], 1880, curve.surplus):
        assert f"{number:,.0f}" in written


def test_what_has_a_picture_draws_it() -> None:
    ratios = me.FrequencyCounts(COUNTS).plot()
    np.testing.assert_array_equal(
        ratios.axes[0].lines[0].get_ydata(), plot_ratios(COUNTS).axes[0].lines[0].get_ydata()
    )
    curve = me.one_inflation_curve(COUNTS)
    assert "80 % log-normal" in " ".join(text.get_text() for text in curve.plot(level=0.8).texts)
