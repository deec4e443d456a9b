"""Against Rcapture 1.4-4: every row that it gives for the models fitted here."""

from collections import defaultdict
from functools import cache
from itertools import groupby

import numpy as np
import pytest
from scipy.special import gammaln

from microestim.capture import Captures, FrequencyCounts
from microestim.errors import MicroestimError, NotEstimableError
from microestim.estimators.closed_populations.counts import closed_counts
from microestim.estimators.closed_populations.models import closed
from microestim.estimators.closed_populations.profile import SizeProfile
from microestim.estimators.closed_populations.removal_models import fit_removal_model
from reference_rows import reference_rows

# Newton's maximum against R's, which stops when the deviance changes by less than 1e-8 of itself.
SIZE = {"rel": 1e-6}
# R takes a standard error from the weights of the last iteration but one, so it is less precise than its
# estimate: for one and the same model and data closedp.t and closedp.0 differ by up to 1.6e-4.
ERROR = {"rel": 2.5e-4}
# Sizes for which the peer's own search stopped early: R's glm says 'did not converge'.
SEARCH_OF_THE_PEER = {
    ("woodmice", "Mh poisson(2)"),
    ("bbs2001_species", "Mh poisson(2)"),
}
# Here the peer keeps a coefficient beyond the largest number of captures, where the likelihood does not
# depend on it: one degree of freedom less, at the same size.
ONE_MORE_COEFFICIENT = {"new_orleans_trafficking_8list", "cottontail_rabbits_18", "cottontail_rabbits"}
# Here the peer's rule (the first negative coefficient of Chao's shape becomes zero for good) ends below the
# maximum over coefficients that are not negative. The size is the same, but for the birds.
RULE_OF_THE_PEER = {"woodmice", "bbs2001_species", "malay_butterflies_25plus_pooled"}
FAST = {"snowshoe_hare", "hepatitis_a_taiwan", "taxicab_edinburgh_A", "arboreal_geckos", "deermice_6"}


HISTORIES = {
    name: (
        np.array([[int(c) for c in r["history"]] for r in rows]),
        np.array([int(r["count"]) for r in rows]),
    )
    for name, rows in (
        (k, list(g)) for k, g in groupby(reference_rows("closed_histories.csv"), lambda r: r["dataset"])
    )
}
FREQUENCIES = defaultdict(dict)
for line in reference_rows("closed_frequencies.csv"):
    FREQUENCIES[line["dataset"]][int(line["times_seen"])] = int(line["count"])
ROWS = reference_rows("closed_rcapture.csv")


@cache
def data_of(dataset, function):
    if function.startswith("closedpCI.0"):
        occasions = function.partition("t=")[2]
        return FrequencyCounts(FREQUENCIES[dataset], occasions=None if occasions == "Inf" else int(occasions))
    histories, people = HISTORIES[dataset]
    captures = Captures.from_histories(histories, counts=people)
    return captures.frequencies if function == "closedp.0" else captures


@cache
def fit(dataset, function, name):
    model, _, shape = name.partition(" ")
    try:
        return closed(data_of(dataset, function), model, heterogeneity=shape or None)
    except MicroestimError as error:
        return error


def label(row):
    return f"{row['dataset']}-{row['function']}-{row['model']}-{row['level']}"


def beyond_the_model(row):
    """The peer says that the estimate is not to be relied on, or it is no number of people."""
    seen = data_of(row["dataset"], row["function"])
    return row["flag"] in ("1", "13") or float(row["estimate"]) < seen.n_observed


LOG_LINEAR = [row for row in ROWS if row["kind"] == "log-linear"]
REFUSED = [
    row
    for row in LOG_LINEAR
    if beyond_the_model(row) or (row["flag"] == "3" and "scotland" in row["dataset"])
]
# A standard error larger than the estimate, by the peer's own numbers and by ours.
FLAT = [
    row
    for row in LOG_LINEAR
    if row["model"] in ("Mb", "Mbh") and row not in REFUSED and float(row["se"]) > float(row["estimate"])
]
FITTED = [row for row in LOG_LINEAR if row not in REFUSED + FLAT]


@pytest.mark.parametrize("row", FITTED, ids=label)
def test_log_linear_estimate_equals_the_peers(row):
    found = fit(row["dataset"], row["function"], row["model"])
    if isinstance(found, MicroestimError):
        raise found
    if row["dataset"] in RULE_OF_THE_PEER and row["model"] == "Mh chao":
        # One cell a number of captures, of which the peer's parameters leave so many degrees of freedom.
        parameters = found.df_resid + found.n_params - int(row["df"])
        assert found.loglik > parameters - float(row["aic"]) / 2 + 1e-3
        rounding = {"rel": 6e-3} if row["dataset"] == "bbs2001_species" else SIZE
        assert found.n_hat == pytest.approx(float(row["estimate"]), **rounding)
        return
    if (row["dataset"], row["model"]) in SEARCH_OF_THE_PEER:
        # The peer's likelihood is not above ours, so it is not at the maximum.
        assert found.loglik >= float(row["loglik"] or -float(row["aic"]) / 2 + found.n_params) - 1e-3
        assert found.n_hat == pytest.approx(float(row["estimate"]), rel=1e-4)
        return
    assert found.n_hat == pytest.approx(float(row["estimate"]), **SIZE)
    if row["model"] not in ("Mb", "Mbh"):
        # The peer's errors of Mb and Mbh are dealt with in test_removal_errors_are_those_of_the_full_table.
        assert found.se == pytest.approx(float(row["se"]), **ERROR)
    if row["deviance"]:
        # Nine printed digits, and a stopping rule of 1e-8 of the deviance.
        assert found.deviance == pytest.approx(float(row["deviance"]), rel=1e-7, abs=1e-5)
    if row["model"].endswith("chao") and row["dataset"] in ONE_MORE_COEFFICIENT:
        assert found.df_resid - int(row["df"]) in (0, 1)
        return
    assert found.df_resid == int(row["df"])
    # Ten printed digits of numbers whose error is of second order in that of the maximum.
    assert found.aic == pytest.approx(float(row["aic"]), rel=1e-7, abs=1e-6)
    assert found.bic == pytest.approx(float(row["bic"]), rel=1e-7, abs=1e-6)
    if row["loglik"]:
        assert found.loglik == pytest.approx(float(row["loglik"]), rel=1e-7, abs=1e-6)


@pytest.mark.parametrize("row", REFUSED, ids=label)
def test_what_the_peer_warns_of_is_refused_with_a_reason(row):
    found = fit(row["dataset"], row["function"], row["model"])
    assert isinstance(found, NotEstimableError)
    assert any(
        reason in found.reason for reason in ("first-order bias", "no maximum", "decline", "nobody missing")
    )


@pytest.mark.parametrize("row", FLAT, ids=label)
def test_flat_maxima_are_those_of_the_peer_and_refused(row):
    captures = data_of(row["dataset"], row["function"])
    found = fit_removal_model(row["model"], closed_counts(captures), first_apart=row["model"] == "Mbh")
    assert captures.n_observed + found.f0 == pytest.approx(float(row["estimate"]), **SIZE)
    refusal = fit(row["dataset"], row["function"], row["model"])
    assert isinstance(refusal, NotEstimableError)
    assert "is flat" in refusal.reason


class PeersProfile(SizeProfile):
    """The profile as the peer computes it: above N = 100 by Stirling's formula without its 1 / (12 x)."""

    def __init__(self, exact):
        self.exact = exact

    @property
    def n_observed(self):
        return self.exact.n_observed

    def loglik(self, size):
        value, unseen = self.exact.loglik(size), size - self.n_observed
        return value - remainder(size) + remainder(unseen) if size > 100 else value

    def slope(self, size):
        width = 1e-5 * (size - self.n_observed + 1)
        low = max(size - width, self.n_observed)
        return (self.loglik(size + width) - self.loglik(low)) / (size + width - low)


def remainder(x):
    return gammaln(x + 1) - (x * np.log(x) - x + np.log(2 * np.pi * x) / 2) if x > 0 else 0.0


def profile_row(row):
    slow = () if row["dataset"] in FAST else pytest.mark.slow
    return pytest.param(row, id=label(row), marks=slow)


WITHOUT_PROFILE = {(row["dataset"], row["model"]) for row in REFUSED + FLAT} | SEARCH_OF_THE_PEER
WITHOUT_PROFILE |= {("bbs2001_species", "Mh chao")}
PROFILES = [
    row for row in ROWS if row["kind"] == "profile" and (row["dataset"], row["model"]) not in WITHOUT_PROFILE
]


@pytest.mark.parametrize("row", [profile_row(row) for row in PROFILES])
def test_profile_interval_equals_the_peers_but_for_its_factorials(row):
    found = fit(row["dataset"], row["function"], row["model"])
    if isinstance(found, MicroestimError):
        raise found
    maximum, seen = found.multinomial_maximum, found.n_observed
    interval = found.interval(float(row["level"]))
    if maximum > 100 and maximum - seen < 2:
        # Stirling's formula has a pole at nobody unseen, to which the peer's search runs.
        assert interval.low == seen
        return
    if maximum > 100 or interval.high > 100:
        peer = PeersProfile(found._profile)
        maximum, limits = peer.maximum(), peer.limits(float(row["level"]))
        # What that formula leaves out is at most 1 / (12 x), x the number unseen.
        assert found.multinomial_maximum == pytest.approx(maximum, rel=5e-4)
    else:
        limits = interval[:2]
    # R's optimize stops within 1e-4, its uniroot within 1.3e-4; both see a function whose deviance is good
    # to 1e-8 of itself, and the larger the size, the flatter that is.
    assert maximum == pytest.approx(float(row["estimate"]), rel=2e-6, abs=2e-4)
    for limit, printed in zip(limits, (row["lower"], row["upper"]), strict=True):
        if printed:
            assert limit == pytest.approx(float(printed), rel=3e-6, abs=1e-3)
