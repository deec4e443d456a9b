"""What models of ability need of capture data, and the distribution of captures given ability."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from microestim.estimators.closed_populations.counts import ClosedCounts, MarginCounts

__all__ = ["AbilityData", "ability_data", "cumulants", "start_effects"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class AbilityData:
    """What models of ability need of the data.

    Parameters
    ----------
    captured : ndarray, shape (effects,)
        Captures by effect: one for each occasion, or one number for all of them.
    trials : int or None
        Occasions that share one effect; 1 where each has its own, None where captures are Poisson counts, cut
        off at the largest seen.
    most : int
        Largest number of captures that can be: of occasions, or the largest seen.
    number, first : ndarray, shape (cells,)
        Number of captures that occurs, and occasion of the first capture (-1: none, or no matter where there
        is no reaction); the history without captures is the first cell, and cells with one first capture are
        neighbours.
    weights : ndarray, shape (2, cells)
        People in each cell, and 1 for the history without captures.
    reaction : bool
        Whether the chance of capture changes after the first capture.
    """

    captured: Array
    trials: int | None
    most: int
    number: Array
    first: npt.NDArray[np.intp]
    weights: Array
    reaction: bool

    @property
    def people(self) -> float:
        """People seen."""
        return float(self.weights[0].sum())

    def by_first(self, cells: npt.NDArray[np.intp], values: Array) -> Array:
        """Add values up by the occasion of the first capture.

        Parameters
        ----------
        cells : ndarray of int
            Some cells, in their order.
        values : ndarray, shape (len(cells), columns)
            Values of these cells.

        Returns
        -------
        ndarray, shape (occasions + 1, columns)
            A row for each occasion of a first capture, and last one for none; only that without a reaction.
        """
        first = self.first[cells]
        begins = np.flatnonzero(np.diff(first, prepend=-2))
        table = np.zeros((len(self.captured) + 1 if self.reaction else 1, values.shape[1]))
        table[first[begins]] = np.add.reduceat(values, begins, axis=0)
        return table

    @cached_property
    def is_after(self) -> npt.NDArray[np.bool_]:
        """Whether an occasion, which is a column, is after the first capture of a cell."""
        return (self.first[:, None] >= 0) & (np.arange(len(self.captured)) > self.first[:, None])


def ability_data(counts: MarginCounts, *, by_occasion: bool, reaction: bool) -> AbilityData:
    """Reduce counts to what models of ability need.

    Parameters
    ----------
    counts : MarginCounts
        The data; `ClosedCounts` where `by_occasion` or `reaction`.
    by_occasion : bool
        Whether each occasion has an effect of its own.
    reaction : bool
        Whether the chance of capture changes after the first capture; with `by_occasion` only.

    Returns
    -------
    AbilityData
        In people.
    """
    k = np.arange(1.0, len(counts.f_k) + 1)
    if reaction:
        assert isinstance(counts, ClosedCounts)
        first, place = np.nonzero(counts.first_and_number)
        people = counts.first_and_number[first, place]
    else:
        place = np.flatnonzero(counts.f_k)
        first, people = np.full(len(place), -1), counts.f_k[place]
    weights = np.zeros((2, len(place) + 1))
    weights[0, 1:], weights[1, 0] = people, 1.0
    trials: int | None = counts.occasions
    captured = np.array([counts.f_k @ k])
    if by_occasion:
        assert isinstance(counts, ClosedCounts)
        captured, trials = counts.n_i, 1
    return AbilityData(
        captured=np.asarray(captured, dtype=float),
        trials=trials,
        most=len(counts.f_k),
        number=np.append(0.0, k[place]),
        first=np.append(-1, first),
        weights=weights,
        reaction=reaction,
    )


def cumulants(data: AbilityData, logits: Array) -> tuple[Array, Array, Array]:
    """Log of the normalising constant of captures at each logit, with two derivatives.

    Parameters
    ----------
    data : AbilityData
        Says how captures are distributed.
    logits : ndarray
        Logits of capture, or logs of a rate where captures are Poisson counts.

    Returns
    -------
    log_constant, mean, variance : ndarray
        In the shape of `logits`: of the captures that share an effect.
    """
    if data.trials is not None:
        chance = np.exp(-np.logaddexp(0, -logits))
        spread = data.trials * chance * np.exp(-np.logaddexp(0, logits))
        return data.trials * np.logaddexp(0, logits), data.trials * chance, spread
    from scipy.special import gammaln, logsumexp

    k = np.arange(data.most + 1.0)
    logs = logits[..., None] * k - gammaln(k + 1)
    constant = logsumexp(logs, axis=-1)
    shares = np.exp(logs - constant[..., None])
    mean = shares @ k
    return np.asarray(constant), mean, shares @ k**2 - mean**2


def start_effects(data: AbilityData) -> Array:
    """Effects of a population a quarter larger than what was seen, with no reaction.

    Parameters
    ----------
    data : AbilityData
        The data.

    Returns
    -------
    ndarray, shape (effects,)
        Effects, and a reaction of 0 where there is one.
    """
    size = 1.25 * data.people
    if data.trials is None:
        effects = np.log(data.captured / size)
    else:
        share = data.captured / (data.trials * size)
        effects = np.log(share / (1 - share))
    return np.concatenate([effects, np.zeros(int(data.reaction))])
