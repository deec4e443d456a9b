import math

import numpy as np
import pytest

from microestim.errors import InputError, NotEstimableError
from microestim.results import FRAME_COLUMNS, Estimand, Estimate, Reference

KNOWN = Estimate(n_hat=1000.0, se=100.0, n_observed=400.0, method="sum", assumptions=("It holds.",))
CONTRACT = (
    "study tier platform estimand method status estimate se ci_low ci_high ci_level ci_kind unit scope "
    "period window threshold"
)


def test_lognormal_limits_against_the_formula_by_hand():
    low, high, level, kind = KNOWN.interval(method="lognormal")
    spread = math.exp(1.959963984540054 * math.sqrt(math.log(1 + (100 / 600) ** 2)))
    # Same formula in plain floats: only rounding differs.
    assert low == pytest.approx(400 + 600 / spread, rel=1e-12)
    assert high == pytest.approx(400 + 600 * spread, rel=1e-12)
    assert (level, kind) == (0.95, "confidence: log-normal")


def test_wald_limits_and_floor():
    low, high, *_ = KNOWN.interval(0.9, "wald")
    # z of 90 % as printed in tables, to nine digits.
    assert (low, high) == pytest.approx((1000 - 164.485363, 1000 + 164.485363), rel=1e-9)
    wide = Estimate(n_hat=500.0, se=400.0, n_observed=400.0, method="sum").interval(method="wald")
    assert wide.low == 400.0
    assert wide.floor_applied is True


def test_no_error_in_the_inputs_means_no_interval():
    exact = Estimate(n_hat=1000.0, method="sum")
    with pytest.raises(NotEstimableError, match="no sampling error in the inputs"):
        exact.interval()
    assert exact.to_frame()["ci_low"].isna().all()
    assert "no sampling error" in str(exact)


@pytest.mark.parametrize(
    ("options", "accepted"),
    [
        ({"method": "magic"}, "lognormal, wald"),
        ({"level": 95}, "0.95"),
        ({"rng": 1}, "bootstrap"),
        ({"method": "wald", "n_resamples": 10}, "bootstrap"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, accepted):
    with pytest.raises(InputError, match=accepted):
        KNOWN.interval(**options)


def test_lognormal_does_not_exist_at_or_below_the_number_seen():
    below = Estimate(n_hat=399.0, se=100.0, n_observed=400.0, method="sum")
    with pytest.raises(NotEstimableError, match="not above the number seen"):
        below.interval()
    frame = Estimate(
        n_hat=np.array([399.0, 1000.0]), se=np.array([100.0, 100.0]), n_observed=400.0, method="sum"
    ).to_frame()
    assert frame["ci_low"].isna().to_list() == [True, False]


def test_frame_has_the_columns_of_the_contract_and_the_estimand():
    frame = KNOWN.about(tier="weekly", scope="7 platforms", threshold=4.35, study="fr").to_frame()
    assert " ".join(frame.columns) == CONTRACT == " ".join(FRAME_COLUMNS)
    row = frame.iloc[0]
    assert (row["tier"], row["scope"], row["threshold"], row["study"]) == (
        "weekly",
        "7 platforms",
        4.35,
        "fr",
    )
    assert (row["estimate"], row["unit"]) == (1000.0, "people")
    # One number computed twice by the same function.
    assert (row["ci_low"], row["ci_high"]) == KNOWN.interval()[:2]


def test_arrays_give_one_row_each():
    many = Estimate(n_hat=np.array([[1.0, 2.0], [3.0, 4.0]]), se=np.full((2, 2), 0.1), method="sum")
    assert many.to_frame()["estimate"].to_list() == [1.0, 2.0, 3.0, 4.0]
    assert repr(many) == "<sum: 4 estimates of people>"


def test_text_forms_are_rounded_and_hold_no_address():
    assert repr(KNOWN) == "<sum: 1,000 people, se 100, 400 seen>"
    text = str(KNOWN)
    assert "It holds." in text
    assert "two significant digits" in text
    assert "0x" not in text
    assert KNOWN._repr_html_().startswith("<table")


def test_unknown_status_and_nameless_estimand_are_refused():
    with pytest.raises(InputError, match="estimated, bound, not estimable"):
        Estimate(n_hat=1.0, method="sum", status="guessed")
    with pytest.raises(InputError, match="needs a name"):
        Estimand(name=" ")


def test_reference_in_text_and_bibtex():
    reference = Reference(
        authors=("Rivest, L.-P.", "Yauck, M."), year=2023, title="Small sample", journal="arXiv", kind="misc"
    )
    assert reference.short == "Rivest & Yauck (2023)"
    assert reference.bibtex().splitlines()[0] == "@misc{rivest2023small,"
    assert "  howpublished = {arXiv}," in reference.bibtex()
