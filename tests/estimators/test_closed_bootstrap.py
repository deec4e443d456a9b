import pickle

import joblib
import numpy as np
import pytest

from microestim.capture import Captures, FrequencyCounts
from microestim.capture.statistics import Statistics
from microestim.errors import InputError, NotEstimableError
from microestim.estimators.closed_populations.models import closed
from microestim.estimators.closed_populations.resampling import draw_by_history, draw_counts

FITS = [
    ("M0", None),
    ("Mt", None),
    ("Mh", "poisson"),
    ("Mh", "darroch"),
    ("Mh", "gamma"),
    ("Mh", "chao"),
    ("Mth", "poisson"),
    ("Mth", "darroch"),
    ("Mth", "gamma"),
    ("Mth", "chao"),
    ("Mb", None),
    ("Mbh", None),
]
TAXICABS = {1: 142, 2: 81, 3: 49, 4: 7, 5: 3, 6: 1}


def simulated(t, people, seed, mean=-1.2):
    rng = np.random.default_rng(seed)
    logits = rng.normal(mean, 0.4, size=(people, 1)) + rng.normal(0, 0.3, size=t)
    seen = rng.random((people, t)) < 1 / (1 + np.exp(-logits))
    return Captures.from_histories(seen[seen.any(axis=1)])


def one_of(drawn, row, occasions):
    """One drawn data set, as a container."""
    n_i, u_i, f_k = (np.asarray(part[row], dtype=np.int64) for part in (drawn.n_i, drawn.u_i, drawn.f_k))
    if occasions is None:
        return FrequencyCounts({k: int(people) for k, people in enumerate(f_k, start=1)})
    return Captures(Statistics(tuple(map(str, range(occasions))), n_i=n_i, u_i=u_i, f_k=f_k))


def fitted(captures, model, shape):
    """The estimate, or the reason why there is none."""
    try:
        return closed(captures, model, shape)
    except NotEstimableError as refused:
        return refused.reason


@pytest.mark.parametrize(("model", "shape"), FITS)
def test_a_resample_is_fitted_as_the_data_would_be(model, shape):
    found = closed(simulated(5, 300, 3), model, shape)
    resampler = found._resampler
    drawn = resampler.draw(12, np.random.default_rng(5))
    compared = 0
    for row, size in enumerate(resampler.refitted(drawn)):
        again = fitted(one_of(drawn, row, 5), model, shape)
        if isinstance(again, str):
            # A large bias or error withholds an estimate, but the maximum is there.
            assert np.isfinite(size) == ("first-order bias" in again or "is flat" in again)
        else:
            # Both are at the maximum, whose steps were below 1e-8 before the last; removal halves a bracket.
            assert size == pytest.approx(again.n_hat, rel=1e-8)
            compared += 1
    assert compared >= 3


@pytest.mark.parametrize("shape", ["poisson", "darroch", "chao"])
def test_a_resample_without_occasions_is_fitted_as_frequencies_are(shape):
    found = closed(FrequencyCounts(TAXICABS), "Mh", shape)
    drawn = found._resampler.draw(8, np.random.default_rng(2))
    for row, size in enumerate(found._resampler.refitted(drawn)):
        again = closed(one_of(drawn, row, None), "Mh", shape)
        assert size == pytest.approx(again.n_hat, rel=1e-8)


@pytest.mark.parametrize(("model", "shape"), [("Mt", None), ("Mth", "poisson"), ("Mth", "chao")])
def test_an_occasion_without_captures_is_left_out_of_a_resample(model, shape):
    captures = simulated(5, 300, 3)
    found = closed(captures, model, shape)
    drawn = found._resampler.draw(1, np.random.default_rng(5))
    n_i = np.insert(drawn.n_i, 2, 0.0, axis=1)
    longer = closed(
        Captures.from_histories(
            np.vstack([np.insert(captures.histories, 2, 0, axis=1), [[0, 0, 1, 0, 0, 0]]]),
            counts=[*captures.counts, 1],
        ),
        model,
        shape,
    )
    empty = type(drawn)(
        n_i=n_i, u_i=np.insert(drawn.u_i, 2, 0.0, axis=1), f_k=np.insert(drawn.f_k, 5, 0.0, axis=1)
    )
    # An occasion on which nobody can be captured says nothing.
    assert longer._resampler.refitted(empty) == pytest.approx(found._resampler.refitted(drawn), rel=1e-8)


def test_resamples_without_a_maximum_or_with_nobody_missing():
    found = closed(simulated(3, 300, 3), "Mt")
    drawn = type(found._resampler.draw(1, np.random.default_rng(1)))
    sizes = found._resampler.refitted(
        drawn(
            n_i=np.array([[5, 4, 3], [9, 9, 9], [9, 4, 0], [0, 0, 0]], dtype=float),
            u_i=np.array([[5, 4, 3], [9, 0, 0], [9, 0, 0], [0, 0, 0]], dtype=float),
            f_k=np.array([[12, 0, 0], [0, 0, 9], [5, 4, 0], [0, 0, 0]], dtype=float),
        )
    )
    # Nobody twice; everybody always; everybody on the first occasion; nobody at all.
    assert sizes.tolist() == [np.inf, 9.0, 9.0, np.inf]


def test_draws_have_the_chances_of_their_model():
    rng = np.random.default_rng(8)
    found = closed(simulated(4, 800, 1), "Mth", "darroch")
    drawn = found._resampler.draw(4000, rng)
    # Five standard errors of a mean over 4,000 draws of about 200 people.
    assert drawn.n_i.mean(axis=0) == pytest.approx(found.n_hat * found.capture_probabilities, abs=1.2)
    assert drawn.n_observed.mean() == pytest.approx(found.n_observed, abs=1.2)
    assert (drawn.n_i.sum(axis=1) == drawn.f_k @ [1, 2, 3, 4]).all()
    assert (drawn.u_i.sum(axis=1) == drawn.n_observed).all()


def test_counts_by_history_and_statistics_are_draws_of_one_distribution():
    rng = np.random.default_rng(4)
    chances = rng.uniform(0.1, 0.6, size=(3, 4))
    histories, counts = draw_by_history(chances, 4_000_000, rng)
    counted = draw_counts(chances, 4_000_000, 1, rng)
    assert len(histories) == 7
    # Two draws of some million people each, whose errors are below two thousand.
    assert counts @ histories == pytest.approx(counted.n_i[0], abs=8000)
    for history, people in zip(histories, counts, strict=True):
        before = np.cumsum(history) - history
        chance = np.prod(np.where(history == 1, chances[range(3), before], 1 - chances[range(3), before]))
        assert people == pytest.approx(4_000_000 * chance, abs=5 * np.sqrt(4_000_000 * chance))


@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
def test_the_back_end_changes_no_digit(backend):
    found = closed(simulated(5, 300, 3), "Mth", "poisson")
    alone = found.interval(method="bootstrap", rng=7, n_resamples=250)
    with joblib.parallel_config(backend=backend, n_jobs=2):
        assert found.interval(method="bootstrap", rng=7, n_resamples=250) == alone
    # Another process gets a copy of the fitted model.
    copied = pickle.loads(pickle.dumps(found._resampler))
    sizes = [each.sizes(20, np.random.default_rng(3)).tolist() for each in (copied, found._resampler)]
    assert sizes[0] == sizes[1]
    assert found.interval(method="bootstrap", rng=8, n_resamples=250) != alone


@pytest.mark.parametrize(("model", "shape"), [("M0", None), ("Mt", None), ("Mth", "darroch"), ("Mb", None)])
def test_bootstrap_and_profile_agree_where_there_are_many_people(model, shape):
    found = closed(simulated(6, 20_000, 2), model, shape)
    drawn = found.interval(method="bootstrap", rng=1, n_resamples=400)
    assert drawn.kind == "confidence: bootstrap percentile"
    assert drawn.low >= found.n_observed
    # A percentile of 400 draws has an error of about a fifth of the standard error.
    assert drawn[:2] == pytest.approx(found.interval()[:2], abs=0.6 * found.se)


def test_resamples_without_an_estimate_are_told_and_count_as_infinite():
    # First captures that hardly decline: many resamples do not decline at all.
    histories = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1]]
    found = closed(Captures.from_histories(histories, counts=[70, 60, 66, 10, 10]), "Mb")
    interval = found.interval(method="bootstrap", rng=1, n_resamples=200)
    assert interval.high == np.inf
    assert "of 200 resamples have no estimate" in interval.note
    for wrong in (99, 1000.0, True):
        with pytest.raises(InputError, match="at least 100"):
            found.interval(method="bootstrap", rng=1, n_resamples=wrong)
