"""Figures: what they say is what the fit says, and a failed fit is stamped on every one."""

import numpy as np
import pytest

import microestim as me
from microestim.checks.prior_influence import prior_influence
from microestim.checks.scope import platforms_without_own_evidence
from microestim.plots import plot_memberships, plot_platforms, plot_predictive, plot_priors, plot_tiers
from microestim.plots.canvas import round_numbers
from microestim.plots.predictive import upper_tail
from microestim.plots.priors import standard_draws
from microestim.plots.sheet import to_png
from microestim.results import format_interval, format_number

FIGURES = {
    "tiers": plot_tiers,
    "platforms": plot_platforms,
    "predictive": plot_predictive,
    "priors": plot_priors,
}


def texts(figure):
    """Everything written on a figure."""
    axes = [text for each in figure.axes for text in each.texts]
    labels = [each.xaxis.label for each in figure.axes]
    return [text.get_text() for text in (*figure.texts, *axes, *labels)]


@pytest.mark.parametrize("name", FIGURES)
def test_only_a_failed_fit_is_stamped(name, prior_fit, converged_prior_fit):
    assert not prior_fit.converged
    assert converged_prior_fit.converged
    assert "NOT CONVERGED" in texts(FIGURES[name](prior_fit))
    assert "NOT CONVERGED" not in texts(FIGURES[name](converged_prior_fit))


def test_a_failed_alternative_is_stamped_too(converged_prior_fit, prior_fit):
    figure = plot_tiers(converged_prior_fit, alternatives=[prior_fit])
    assert "NOT CONVERGED" in texts(figure)


def test_tiers_are_labelled_with_the_frame_s_numbers(converged_prior_fit):
    written = " ".join(texts(plot_tiers(converged_prior_fit)))
    frame = converged_prior_fit.tiers.to_frame().query("unit == 'people'")
    for row in frame.itertuples():
        error = (row.ci_high - row.ci_low) / 4
        assert format_number(row.estimate, error) in written
        assert format_interval(row.ci_low, row.ci_high, error) in written
    assert "published 260,000" in written
    assert "people (logarithmic scale)" in written


def test_platforms_without_figures_are_marked(converged_prior_fit):
    written = texts(plot_platforms(converged_prior_fit))
    indirect = platforms_without_own_evidence(converged_prior_fit.design)
    assert 0 < len(indirect) < converged_prior_fit.design.n_platforms
    assert written.count("no figure of its own") == len(indirect)
    for platform in converged_prior_fit.design.platforms:
        assert converged_prior_fit.study.platform(platform).name in written


def test_every_piece_of_evidence_has_a_row(converged_prior_fit):
    written = texts(plot_predictive(converged_prior_fit))
    for observation in converged_prior_fit.design.observations:
        assert observation.label in written


def test_priors_stand_in_the_order_of_their_influence(converged_prior_fit):
    influence = prior_influence(converged_prior_fit)
    written = texts(plot_priors(converged_prior_fit, influence=influence))
    ranked = [each.name for each in influence.ranked]
    assert [text for text in written if text in ranked] == ranked


def test_standard_draws_are_the_quantity_on_its_prior_s_scale(converged_prior_fit):
    fit = converged_prior_fit
    for each in prior_influence(fit).quantities:
        z = standard_draws(fit, each.name)
        if each.name in fit.latent.p:
            natural = each.prior.natural(each.prior.location + each.prior.spread * z, np.exp)
            # Double precision through exp and log.
            np.testing.assert_allclose(natural, fit.quantity(each.name).ravel(), rtol=1e-9)
        assert z.mean() == pytest.approx(each.shift, abs=1e-9)


def test_memberships_curve_is_labelled_with_the_bounds():
    bounds = me.membership_bounds(
        frame_accounts=50_000, total_accounts=319_000, frame_mean=1.27, n_platforms=7
    )
    written = " ".join(texts(plot_memberships(bounds)))
    for number in ("319,000", "305,500", "251,181", "92,583"):
        assert number in written


def test_a_single_platform_has_figures_too(single_platform_fit):
    for plot in FIGURES.values():
        assert to_png(plot(single_platform_fit)).startswith(b"\x89PNG")


def test_a_notebook_shows_figures_by_itself(prior_fit):
    figure = prior_fit.plot()
    assert figure._repr_png_() == to_png(figure)
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_drawing_twice_gives_the_same_picture(prior_fit):
    assert to_png(plot_tiers(prior_fit)) == to_png(plot_tiers(prior_fit))


@pytest.mark.parametrize(("low", "high"), [(1.5, 9), (900, 1.2e5), (30, 4e8), (1e-3, 1e9)])
def test_ticks_are_within_and_few(low, high):
    ticks = round_numbers(low, high, width=5.0)
    assert all(low <= tick <= high for tick in ticks)
    # Labels are at least 0.2 inches wide with their gaps; fewer than two ticks say nothing.
    assert 2 <= len(ticks) <= 12


def test_upper_tail_counts_ties_half():
    assert upper_tail(1.0, np.array([0.0, 1.0, 1.0, 2.0])) == 0.5
    assert upper_tail(5.0, np.array([0.0, 1.0])) == 0.0
