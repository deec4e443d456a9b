"""People differ in one number, their ability to be captured: histories averaged over its distribution.

On the logit scale an occasion's effect, a person's ability and a reaction to the first capture add up. A
history then matters through its occasions, its number of captures and, with a reaction, its first capture;
averages over abilities are sums over nodes, so the work is that of occasions times nodes, never of 2^t
histories.
"""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from microestim.estimators.closed_populations.counts import ClosedCounts, MarginCounts
from microestim.estimators.closed_populations.likelihood import HistoryModel, Surface

__all__ = [
    "AbilityData",
    "AbilityModel",
    "Nodes",
    "ability_data",
    "cumulants",
    "mean_chances",
    "start_effects",
]

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
    cells : tuple of (int, ndarray, ndarray)
        For each occasion of the first capture (a single -1 where there is no reaction) numbers of captures
        that occur, and people with each.
    reaction : bool
        Whether the chance of capture changes after the first capture.
    """

    captured: Array
    trials: int | None
    most: int
    cells: tuple[tuple[int, Array, Array], ...]
    reaction: bool

    @property
    def people(self) -> float:
        """People seen."""
        return float(sum(people.sum() for _, _, people in self.cells))


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
        table = dict(enumerate(counts.first_and_number))
    else:
        table = {-1: counts.f_k}
    cells = tuple((first, k[row > 0], row[row > 0]) for first, row in table.items() if row.any())
    trials: int | None = counts.occasions
    captured = np.array([counts.f_k @ k])
    if by_occasion:
        assert isinstance(counts, ClosedCounts)
        captured, trials = counts.n_i, 1
    return AbilityData(
        captured=np.asarray(captured, dtype=float),
        trials=trials,
        most=len(counts.f_k),
        cells=cells,
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


@dataclass(frozen=True, kw_only=True, eq=False)
class Nodes:
    """A distribution of ability on finitely many points, as a function of its parameters.

    Parameters
    ----------
    place : ndarray, shape (nodes, spreads)
        Abilities are `place` times the first parameters.
    log_weight : ndarray, shape (nodes,)
        Log weights, which sum to 1 where there are no other parameters.
    tilt : ndarray, shape (nodes, tilts)
        `tilt` times the other parameters is added to the log weights, which are then normalised.
    """

    place: Array
    log_weight: Array
    tilt: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class AbilityModel(HistoryModel):
    """A model of ability with its data; subclasses say how ability is distributed.

    Parameters are the occasions' effects, the reaction where there is one, and those of the nodes.

    Parameters
    ----------
    data : AbilityData
        The data.
    """

    data: AbilityData

    @property
    def people(self) -> float:
        """People seen."""
        return self.data.people

    @property
    def effects(self) -> int:
        """Number of effects and reactions, which come first among the parameters."""
        return len(self.data.captured) + self.data.reaction

    @abstractmethod
    def nodes(self, theta: Array) -> Nodes:
        """Return the nodes that serve at given parameters.

        Parameters
        ----------
        theta : ndarray, shape (parameters,)
            Parameters.

        Returns
        -------
        Nodes
            The distribution of ability.
        """

    def parts(self, theta: Array) -> tuple[Surface, Surface]:
        """See `HistoryModel`."""
        data, nodes = self.data, self.nodes(theta)
        slope, bend = np.zeros(len(theta)), np.zeros((len(theta), len(theta)))
        slope[: len(data.captured)] = data.captured
        if data.reaction:
            slope[len(data.captured)] = sum(people @ (number - 1) for _, number, people in data.cells)
        value = float(slope @ theta)
        if data.reaction:
            unseen = self._averages(theta, nodes, np.zeros(1), np.ones((1, 1)), -1)[0]
            parts = [
                self._averages(theta, nodes, number, people[None, :], first)[0]
                for first, number, people in data.cells
            ]
        else:
            # One pass for the people seen and for the empty history.
            ((_, number, people),) = data.cells
            weights = np.zeros((2, len(number) + 1))
            weights[0, 1:], weights[1, 0] = people, 1.0
            part, unseen = self._averages(theta, nodes, np.append(0.0, number), weights, -1)
            parts = [part]
        for part in parts:
            value, slope, bend = value + part.value, slope + part.slope, bend + part.bend
        return Surface(value=value, slope=slope, bend=bend), unseen

    def distribution(self, theta: Array, nodes: Nodes | None = None) -> tuple[Array, Array]:
        """Return where abilities are, and their log weights.

        Parameters
        ----------
        theta : ndarray, shape (parameters,)
            Parameters.
        nodes : Nodes, optional
            Those that serve at these parameters; made anew when None.

        Returns
        -------
        ability, log_weight : ndarray, shape (nodes,)
            The distribution of ability.
        """
        nodes = self.nodes(theta) if nodes is None else nodes
        spreads = nodes.place.shape[1]
        ability = nodes.place @ theta[self.effects : self.effects + spreads]
        logs = nodes.log_weight + nodes.tilt @ theta[self.effects + spreads :]
        if not nodes.tilt.shape[1]:
            return ability, logs
        top = logs.max()
        return ability, logs - (top + np.log(np.sum(np.exp(logs - top))))

    def _averages(
        self, theta: Array, nodes: Nodes, number: Array, weights: Array, first: int
    ) -> list[Surface]:
        """Weighted sums of logs of averages over ability, all of one first capture (-1: of no reaction)."""
        data = self.data
        rows, e, q = len(data.captured), self.effects, nodes.place.shape[1]
        ability, log_weight = self.distribution(theta, nodes)
        logits = theta[:rows, None] + ability
        after = np.zeros(rows)
        if data.reaction and first >= 0:
            after[first + 1 :] = 1.0
            logits = logits + after[:, None] * theta[rows]
        constant, mean, variance = cumulants(data, logits)
        logs = log_weight + np.multiply.outer(number, ability) - constant.sum(axis=0)
        top = logs.max(axis=1)
        shares = np.exp(logs - top[:, None])
        total = shares.sum(axis=1)
        shares /= total[:, None]
        averages = top + np.log(total)
        # The derivative of a node's log term is `fixed` + number * `rising`.
        weight = np.exp(log_weight)
        centre = weight @ nodes.tilt
        spread = (nodes.tilt.T * weight) @ nodes.tilt - np.outer(centre, centre)
        fixed, rising = np.empty((len(theta), len(ability))), np.zeros((len(theta), len(ability)))
        fixed[:rows] = -mean
        if data.reaction:
            fixed[rows] = -(after @ mean)
        fixed[e : e + q] = -mean.sum(axis=0) * nodes.place.T
        fixed[e + q :] = (nodes.tilt - centre).T
        rising[e : e + q] = nodes.place.T
        each = shares @ fixed.T + number[:, None] * (shares @ rising.T)
        found = []
        for people in weights:
            s0, s1, s2 = people @ shares, (people * number) @ shares, (people * number**2) @ shares
            mixed = (fixed * s1) @ rising.T
            bend = (fixed * s0) @ fixed.T + mixed + mixed.T + (rising * s2) @ rising.T
            bend -= (each.T * people) @ each
            bent = variance * s0
            by_row, cross = bent.sum(axis=1), bent @ nodes.place
            bend[np.arange(rows), np.arange(rows)] -= by_row
            bend[:rows, e : e + q] -= cross
            bend[e : e + q, :rows] -= cross.T
            bend[e : e + q, e : e + q] -= nodes.place.T @ (bent.sum(axis=0)[:, None] * nodes.place)
            if data.reaction:
                bend[rows, :rows] -= after * by_row
                bend[:rows, rows] -= after * by_row
                bend[rows, rows] -= after @ by_row
                bend[rows, e : e + q] -= after @ cross
                bend[e : e + q, rows] -= after @ cross
            bend[e + q :, e + q :] -= s0.sum() * spread
            slope = fixed @ s0 + rising @ s1
            found.append(Surface(value=float(people @ averages), slope=slope, bend=bend))
        return found


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


def mean_chances(model: AbilityModel, theta: Array) -> Array:
    """Chance of a first capture, averaged over people.

    Parameters
    ----------
    model : AbilityModel
        The model.
    theta : ndarray, shape (parameters,)
        Its parameters.

    Returns
    -------
    ndarray
        By occasion, or one for all occasions; empty where captures are Poisson counts.
    """
    data = model.data
    if data.trials is None:
        return np.empty(0)
    ability, log_weight = model.distribution(theta)
    captures = cumulants(data, theta[: len(data.captured), None] + ability)[1]
    return np.asarray(captures @ np.exp(log_weight) / data.trials)
