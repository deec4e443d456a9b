"""Every observation model against a second implementation, and its simulator against its density."""

import dataclasses

import numpy as np
import pytest

import microestim as me
from microestim.models import observations
from microestim.models.evaluation import Deviates, evaluate, model_numbers
from microestim.models.namespace import NUMPY

STUDIES = ("fr-2018", "one platform", "everything")
TABLE = "alpha-frequency"


def latent_at(model, vectors, generative=False):
    return evaluate(
        model.design, model._priors, Deviates.from_vectors(vectors, model.design), generative=generative
    )


def size_of(model):
    return len(model.design.parameters) + len(model.design.rows) * model.design.n_platforms


def test_the_studies_hold_every_kind_of_observation(models):
    used = {
        type(observation).__name__ for model in models.values() for observation in model.design.observations
    }
    abstract = {"AudienceFigure", "Observation", "ReadFrequency", "Replicates"}
    assert used == set(observations.__all__) - abstract


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("any_platform", [False, True])
def test_log_likelihood_against_a_second_implementation(models, second, study, any_platform):
    model = models[study]
    design = model.design.with_reading(any_platform)
    latent = latent_at(model, 0.7 * np.random.default_rng(4).standard_normal((3, size_of(model))))
    numbers = model_numbers(design, model._priors)
    worlds = [second.World(latent, draw, design.frames, design.sizes.open_to_world) for draw in range(3)]
    for observation in design.observations:
        got = np.asarray(observation.log_likelihood(NUMPY, latent, numbers))
        expected = np.array([second.log_density(observation, world, design.sizes) for world in worlds])
        # A log-likelihood is up to a constant of the data, so differences between points are compared. The
        # roots of Plackett's equation and SciPy's beta-binomial are good to some 1e-9 of terms of up to 1e5.
        assert np.allclose(np.diff(got), np.diff(expected), rtol=1e-6, atol=1e-6), observation.name


def test_answers_by_band_and_history_count_once_beside_a_table_of_frequency(models):
    """Histories within bands and the table of frequency together are the counts by band and history."""
    model = models["everything"]
    histories, table = (
        {o.name: o for o in model.design.observations}[name] for name in ("alpha-waves", TABLE)
    )
    assert histories.bands_known
    in_all = {
        band: float(sum(count for (of, _), count in histories.counts.items() if of == band))
        for band in ("weekly", "monthly", "less")
    }
    same = dataclasses.replace(table, counts=in_all, any_platform=histories.any_platform)
    latent = latent_at(model, np.random.default_rng(4).standard_normal((100, size_of(model))))
    whole, within, margin = (
        np.asarray(each.log_likelihood(NUMPY, latent, each.observed))
        for each in (dataclasses.replace(histories, bands_known=False), histories, same)
    )
    # Up to wrong links, which fall on bands otherwise than answers do.
    assert np.std(whole - within) > 50
    assert np.std(whole - within - margin) < 0.05 * np.std(margin)


def test_a_table_of_another_time_is_of_other_answers(models):
    study = models["everything"].study
    other = me.WorkforceModel(study.replacing(TABLE, period="2019-01"))
    assert not {o.name: o for o in other.design.observations}["alpha-waves"].bands_known


@pytest.mark.parametrize("study", STUDIES)
def test_replicates_follow_the_density(models, study):
    """E[p(y | other point) / p(y | point)] = 1 over replicates y of the point, for any other point.

    A simulator that draws from anything but the density fails it for some direction.
    """
    model = models[study]
    rng = np.random.default_rng(17)
    size, n = size_of(model), 4000
    point = 0.3 * rng.standard_normal(size)
    here = latent_at(model, point[None], generative=True)
    repeated = latent_at(model, np.repeat(point[None], n, axis=0), generative=True)
    numbers = model_numbers(model.design, model._priors)
    for observation in model.design.observations:
        drawn = numbers | observation.replicate(rng, repeated)
        base = np.asarray(observation.log_likelihood(NUMPY, here, drawn))
        tried = 0
        for _ in range(4):
            direction = rng.standard_normal(size)

            def change(step, direction=direction, observation=observation, base=base, drawn=drawn):
                other = latent_at(model, (point + step * direction)[None], generative=True)
                return np.asarray(observation.log_likelihood(NUMPY, other, drawn)) - base

            spread = change(1e-3).std()
            if spread < 1e-6:
                continue
            # A step that changes the log density by half a unit: the mean of far larger ratios has no use.
            step = min(0.5e-3 / spread, 0.3)
            while change(step).std() > 0.6:
                step /= 2
            ratio = np.exp(change(step))
            tried += 1
            error = ratio.std() / np.sqrt(n)
            # Four standard errors of the mean over replicates, at a fixed seed.
            assert abs(ratio.mean() - 1) < 4 * error, observation.name
        assert tried, observation.name


@pytest.mark.parametrize("study", STUDIES)
def test_observed_statistics_are_those_of_the_study(models, study):
    model = models[study]
    numbers = model_numbers(model.design, model._priors)
    rng = np.random.default_rng(2)
    latent = latent_at(model, 0.3 * rng.standard_normal((7, size_of(model))))
    for observation in model.design.observations:
        own = {key: numbers[key] for key in observation.observed}
        item = model.study.item(observation.name)
        kind = type(observation).__name__
        value = observation.statistic(own)
        if kind in ("StatedFrequency", "LastVisits"):
            assert value == pytest.approx(100 * item.headline)
        elif kind == "HistoryCounts":
            repeated = sum(c for h, c in item.counts_by_history.items() if h.count("1") > 1)
            assert value == repeated
        elif kind == "CensoredVisitors":
            assert value == 1.0
        else:
            assert value == pytest.approx(item.headline)
        replicated = observation.statistic(observation.replicate(rng, latent))
        assert np.shape(replicated) == (7,)


def test_a_mean_on_any_platform_and_the_share_with_one_are_of_the_same_people(models):
    """Drawn from respondents one by one, the mean falls where more of them have a single platform."""
    model = models["everything"]
    (kept,) = (o for o in model.design.observations if isinstance(o, observations.AnyPlatformMemberships))
    asked = dataclasses.replace(kept, sd=None, rounded_to=None)
    rng = np.random.default_rng(8)
    point = 0.2 * rng.standard_normal(size_of(model))
    latent = latent_at(model, point[None])
    frame = latent.frame(asked.frame)
    shape = float(latent.p["other_dispersion"][0])
    by_cell = (latent.others + latent.p["other_memberships"][..., None]).ravel()
    weights = np.broadcast_to(frame.respondents.ravel(), by_cell.shape)
    worlds = 4000
    cells = rng.choice(by_cell.size, p=weights / weights.sum(), size=(worlds, asked.n))
    others = rng.negative_binomial(shape, shape / (shape + by_cell[cells]))
    drawn = asked.replicate(rng, latent_at(model, np.repeat(point[None], worlds, axis=0)))
    single, mean = drawn[f"{asked.name}[one only]"], drawn[asked.name]
    expected = (others == 0).sum(1), 1 + others.mean(1)
    assert np.corrcoef(*expected)[0, 1] < -0.3
    # Four standard errors over 4,000 worlds: of a mean in spreads, and of a correlation at most, 4/sqrt(4000)
    # = 0.063, so 0.09 for the difference of two; a ratio of spreads has the same.
    for ours, theirs in zip((single, mean), expected, strict=True):
        assert abs(ours.mean() - theirs.mean()) < 0.09 * theirs.std()
        assert abs(ours.std() / theirs.std() - 1) < 0.09
    assert abs(np.corrcoef(single, mean)[0, 1] - np.corrcoef(*expected)[0, 1]) < 0.09


@pytest.mark.parametrize("unit", [0.1, 1.0])
def test_a_rounded_mean_says_as_much_less_as_rounding_hides(models, unit):
    model = models["everything"]
    latent = latent_at(model, 0.3 * np.random.default_rng(9).standard_normal((50, size_of(model))))
    kinds = observations.MembershipMean, observations.ActiveMemberships
    for each in (o for o in model.design.observations if isinstance(o, kinds)):
        exact = dataclasses.replace(each, rounded_to=None)
        centre, error = exact.centre_and_error(NUMPY, latent)
        rounded = dataclasses.replace(each, rounded_to=unit).centre_and_error(NUMPY, latent)
        # A uniform law of width h has variance h**2 / 12.
        assert np.array_equal(rounded[0], centre)
        assert np.allclose(rounded[1] ** 2 - error**2, unit**2 / 12, rtol=1e-9)


def test_respondents_who_all_have_one_platform_say_nothing_by_their_mean(models):
    model = models["everything"]
    (kept,) = (o for o in model.design.observations if isinstance(o, observations.AnyPlatformMemberships))
    alone = dataclasses.replace(kept, mean=1.0, single=float(kept.n), sd=None, rounded_to=None)
    latent = latent_at(model, 0.3 * np.random.default_rng(10).standard_normal((50, size_of(model))))
    share = latent.frame(kept.frame)
    chance = (share.respondents * share.no_other(1.0)).sum(-1)
    got = alone.log_likelihood(NUMPY, latent, alone.observed)
    assert np.allclose(got, kept.n * np.log(chance), rtol=1e-12)


@pytest.mark.parametrize("up", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("down", [0.0, 0.2, 1.0])
def test_stated_bands_are_a_distribution(models, up, down):
    model = models["everything"]
    latent = latent_at(model, np.random.default_rng(1).standard_normal((20, size_of(model))))
    latent.p["overstated_frequency"] = np.full(20, up)
    latent.p["understated_frequency"] = np.full(20, down)
    for any_platform in (0.0, 1.0):
        bands = latent.frame("alpha").stated_bands(any_platform)
        assert np.allclose(sum(bands.values()), 1.0, atol=1e-12)
        assert all(np.min(chance) > -1e-12 for chance in bands.values())


def test_matching_errors_leave_positive_counts_across_the_prior(models):
    """A wrong link takes an answer from the unlinked ones of the first wave: more must be there to take."""
    model = models["everything"]
    rng = np.random.default_rng(6)
    for _ in range(10):
        latent = latent_at(model, rng.standard_normal((400, size_of(model))))
        for observation in model.design.observations:
            if isinstance(observation, observations.HistoryCounts):
                expected = observation._expected(NUMPY, latent, 0.0)
                for cell, mean in expected.items():
                    assert np.all(mean >= 0), (observation.name, cell)
