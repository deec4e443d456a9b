"""Bias-corrected sizes of closed populations, by small constants added to the frequencies of capture."""

import numpy as np
import numpy.typing as npt

from microestim.errors import NotEstimableError
from microestim.estimators.closed_populations.counts import ClosedCounts, MarginCounts
from microestim.estimators.closed_populations.designs import MarginDesign, OccasionDesign
from microestim.estimators.closed_populations.heterogeneity import Heterogeneity
from microestim.estimators.closed_populations.log_linear import fit_log_linear
from microestim.estimators.closed_populations.margin_models import fit_margin_model, history_numbers
from microestim.estimators.closed_populations.removal_models import people_left

__all__ = ["WAITED_LESS", "corrected_unseen", "frequency_changes"]

Array = npt.NDArray[np.float64]

WAITED_LESS = 3.0
"""By how many occasions before first captures, in all, the correction of Mb and Mbh has people wait less.

The value that removes the first-order bias of f0 depends on the chance p of capture and on the number of
occasions: 1 / p where p is small; for five occasions 4.7, 3.1 and 2.0 at p = 0.2, 0.3 and 0.5. Three
removes most of the bias between 0.2 and 0.4, too little of it below, and more than there is above, where
there is next to none.
"""


def frequency_changes(column: Array | None, occasions: int | None) -> Array:
    r"""Constants that are added to the numbers of people captured once, twice and three times.

    Parameters
    ----------
    column : ndarray, shape (4 or more,), or None
        Shape of heterogeneity for 0, 1, 2, 3 captures; None without heterogeneity.
    occasions : int or None
        Number of occasions where each has a chance of its own; None where all are alike.

    Returns
    -------
    ndarray, shape (3,)
        In people.

    Notes
    -----
    Of all models but those of a reaction to capture; theirs is `WAITED_LESS`.

    Where captures are rare, the people captured once, twice and three times determine the model, and
    :math:`f_0 \propto f_1^{a_1} f_2^{a_2} f_3^{a_3}`, with :math:`\sum_k a_k = 1`,
    :math:`\sum_k k a_k = 0` and :math:`\sum_k h(k) a_k = 0`; without heterogeneity a = (2, -1, 0). For a
    Poisson count f, the first-order bias of :math:`f^a` vanishes for :math:`(f + (1 - a) / 2)^a`. Each of
    t - 1 chances of capture more adds a half to the people captured once.

    Examples
    --------
    >>> frequency_changes(None, None).tolist()
    [-0.5, 1.0, 0.0]
    >>> frequency_changes(np.array([0.0, 0.5, 2.0, 4.5]), 6).round(9).tolist()
    [1.5, 2.0, 0.0]
    """
    if column is None:
        changes = np.array([-0.5, 1.0, 0.0])
    else:
        conditions = np.array([np.ones(3), np.arange(1.0, 4.0), column[1:4]])
        changes = (1 - np.linalg.solve(conditions, [1.0, 0.0, 0.0])) / 2
    if occasions is not None:
        changes[0] += (occasions - 1) / 2
    return changes


def corrected_unseen(
    name: str, model: str, counts: MarginCounts, shape: Heterogeneity | None
) -> tuple[float, float]:
    """Estimate the people not seen with a first-order bias correction.

    Parameters
    ----------
    name : str
        Name of the model, for messages.
    model : str
        Model without its shape.
    counts : MarginCounts
        The data.
    shape : Heterogeneity or None
        Shape of unequal catchability.

    Returns
    -------
    f0, se : float
        People not seen, and the standard error of the size.

    Raises
    ------
    NotEstimableError
        If there is no correction for the model, or no maximum after it.
    """
    by_occasion = model in ("Mt", "Mth")
    if shape is not None and shape.is_bound and model == "Mh":
        return _corrected_bound(counts)
    if model in ("Mb", "Mbh") and isinstance(counts, ClosedCounts):
        return _corrected_removal(name, counts, first_apart=model == "Mbh")
    # Constants are published for Mth with these three shapes only.
    known = shape is None or not by_occasion or shape.is_bound or str(shape) in ("poisson(2)", "darroch")
    log_linear = shape is None or shape.is_log_linear
    if model not in ("M0", "Mt", "Mh", "Mth") or not known or not log_linear:
        raise NotEstimableError(
            f"there is no bias-corrected form of {name} here; M0, Mt, Mb, Mbh, Mh with the shapes 'chao', "
            "'poisson', 'darroch' and 'gamma', and Mth with 'chao', 'poisson(2)' and 'darroch' have one."
        )
    if by_occasion and counts.occasions == 2:
        raise NotEstimableError(
            "with two occasions the bias-corrected form of Mt is Chapman's: chapman(n1, n2, m)."
        )
    bound = shape is not None and shape.is_bound
    # Chao's shape leaves the people captured once and twice to those without heterogeneity.
    column = None if shape is None or bound else shape.columns(max(counts.cells, 3))[:, 0]
    changes = frequency_changes(column, counts.occasions if by_occasion else None)[: counts.cells]
    f_k = counts.f_k.copy()
    f_k[: len(changes)] += changes
    if (f_k < 0).any():
        raise NotEstimableError(
            f"the bias correction of {name} leaves fewer than no people captured once: too few were."
        )
    people = float(f_k.sum())
    columns = np.zeros((counts.cells + 1, 0))
    if shape is not None and bound:
        # With the coefficients that are above zero before the correction.
        kept = fit_margin_model(name, counts, shape, by_occasion=True).kept
        columns = shape.columns(counts.cells)[:, kept]
    elif shape is not None:
        columns = shape.columns(counts.cells)
        columns = columns / np.abs(columns[counts.most])
    design: MarginDesign | OccasionDesign
    if by_occasion and isinstance(counts, ClosedCounts):
        # Everybody who is added is captured on each occasion alike.
        n_i = counts.n_i + changes @ np.arange(1, len(changes) + 1) / counts.t
        design = OccasionDesign(columns=columns, captured=n_i, total=f_k @ columns[1:])
        share = n_i / (1.25 * people)
    else:
        z = np.column_stack([np.arange(counts.cells + 1.0), columns])[1:]
        design = MarginDesign(log_histories=history_numbers(counts), columns=z, total=f_k @ z)
        share = f_k @ z[:, :1] / (1.25 * people * (counts.occasions or counts.cells))
    start = np.concatenate([np.log(share / (1 - share)), np.zeros(columns.shape[1])])
    fit = fit_log_linear(design, people, start)
    if fit is None:
        raise NotEstimableError(f"the likelihood of {name} has no maximum once its bias is corrected.")
    return fit.f0, fit.se


def _corrected_removal(name: str, counts: ClosedCounts, *, first_apart: bool) -> tuple[float, float]:
    first = counts.u_i[1:] if first_apart else counts.u_i
    t = len(first)
    least = 4 if first_apart else 3
    if t < 3:
        raise NotEstimableError(
            f"the bias correction of {name} changes three first captures, so it needs {least} occasions; "
            f"there are {counts.t}."
        )
    waited = float(first @ np.arange(t)) - WAITED_LESS
    if waited <= 0:
        raise NotEstimableError(
            f"the bias correction of {name} takes {WAITED_LESS:g} from the occasions that people waited for "
            f"their first capture, and they waited {waited + WAITED_LESS:g} in all: nobody is left to be "
            "missing."
        )
    return people_left(t, float(first.sum()), waited)[:2]


def _corrected_bound(counts: MarginCounts) -> tuple[float, float]:
    """Chao's bound, with it and the square of its expectation free of bias for Poisson counts."""
    share = 0.5 if counts.occasions is None else (counts.occasions - 1) / (2 * counts.occasions)
    f1, f2 = counts.f_k[:2]
    f0 = share * f1 * (f1 - 1) / (f2 + 1)
    square = share**2 * f1 * (f1 - 1) * (f1 - 2) * (f1 - 3) / ((f2 + 1) * (f2 + 2))
    return float(f0), float(np.sqrt(f0 + f0**2 - square))
