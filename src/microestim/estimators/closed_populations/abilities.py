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

from microestim.estimators.closed_populations.ability_chances import Abilities, ability_chances
from microestim.estimators.closed_populations.ability_data import AbilityData, cumulants
from microestim.estimators.closed_populations.likelihood import HistoryModel, Surface

__all__ = ["AbilityModel", "Nodes", "mean_chances"]

Array = npt.NDArray[np.float64]


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
        data = self.data
        slope = np.zeros(len(theta))
        slope[: len(data.captured)] = data.captured
        if data.reaction:
            slope[len(data.captured)] = data.weights[0] @ np.maximum(data.number - 1, 0)
        seen, unseen = self._averages(theta)
        linear = float(slope @ theta)
        return Surface(value=linear + seen.value, slope=slope + seen.slope, bend=seen.bend), unseen

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

    def chances(self, theta: Array) -> Array:
        """See `HistoryModel`."""
        return ability_chances(self._by_occasion(theta), self._abilities(theta), self._reaction(theta))

    def margin(self, theta: Array) -> Array:
        """See `HistoryModel`; without occasions, of counts that end where those of the data do."""
        data, people = self.data, self._abilities(theta)
        if data.trials is not None:
            return self._margin_of_occasions(theta)
        from scipy.special import gammaln

        k = np.arange(data.most + 1.0)
        logits = theta[0] + people.place
        logs = people.log_share + np.multiply.outer(k, logits) - cumulants(data, logits)[0]
        return np.asarray(np.exp(logs).sum(axis=1) / np.exp(gammaln(k + 1)))

    def _margin_of_occasions(self, theta: Array) -> Array:
        """Add captures up node by node, where they are independent but for the reaction."""
        people, t = self._abilities(theta), self.data.most
        logits = self._by_occasion(theta)[:, None] + people.place
        known_logits = logits + (self._reaction(theta) or 0.0)
        fresh, known = np.ones(len(people.place)), np.zeros((t + 1, len(people.place)))
        for new, again in zip(logits, known_logits, strict=True):
            caught = known * np.exp(-np.logaddexp(0, -again))
            known *= np.exp(-np.logaddexp(0, again))
            known[1:] += caught[:-1]
            known[1] += fresh * np.exp(-np.logaddexp(0, -new))
            fresh *= np.exp(-np.logaddexp(0, new))
        known[0] = fresh
        return np.asarray(known @ people.share)

    def _by_occasion(self, theta: Array) -> Array:
        return np.broadcast_to(theta[: len(self.data.captured)], self.data.most)

    def _reaction(self, theta: Array) -> float | None:
        return float(theta[len(self.data.captured)]) if self.data.reaction else None

    def _abilities(self, theta: Array) -> Abilities:
        place, log_share = self.distribution(theta)
        return Abilities(place=place, log_share=log_share)

    def _averages(self, theta: Array) -> list[Surface]:
        """Weighted sums of the logs of averages over ability: of those seen, and of the empty history."""
        data, nodes = self.data, self.nodes(theta)
        rows, e, q = len(data.captured), self.effects, nodes.place.shape[1]
        ability, log_weight = self.distribution(theta, nodes)
        logits = theta[:rows, None] + ability
        before = cumulants(data, logits)
        after = cumulants(data, logits + theta[rows]) if data.reaction else None
        constant, captures, again = _by_first(before, after)
        logs = log_weight + np.multiply.outer(data.number, ability) - constant[data.first]
        top = logs.max(axis=1)
        shares = np.exp(logs - top[:, None])
        total = shares.sum(axis=1)
        shares /= total[:, None]
        averages = top + np.log(total)
        # The derivative of a node's log term by the parameters after the effects of occasions is `tail`, one
        # for each occasion of the first capture, plus the number of captures times `rise`.
        weight = np.exp(log_weight)
        centre = weight @ nodes.tilt
        tail = np.empty((len(constant), len(theta) - rows, len(ability)))
        if data.reaction:
            tail[:, 0] = -again
        tail[:, e - rows : e - rows + q] = -captures[:, None, :] * nodes.place.T
        tail[:, e - rows + q :] = (nodes.tilt - centre).T
        rise = np.zeros(tail.shape[1:])
        rise[e - rows : e - rows + q] = nodes.place.T
        each = np.empty((len(shares), len(theta)))
        each[:, :rows] = shares @ -before[1].T
        if after is not None:
            np.copyto(each[:, :rows], shares @ -after[1].T, where=data.is_after)
        for d in range(tail.shape[1]):
            each[:, rows + d] = np.einsum("cj,cj->c", shares, tail[:, d][data.first])
        each[:, rows:] += data.number[:, None] * (shares @ rise.T)
        spread = (nodes.tilt.T * weight) @ nodes.tilt - np.outer(centre, centre)
        found = []
        for people in data.weights:
            # Of the histories that count, which for the empty one is itself alone.
            own = np.flatnonzero(people)
            weighty, number = people[own, None] * shares[own], data.number[own]
            s0, s1 = data.by_first(own, weighty), data.by_first(own, number[:, None] * weighty)
            s2 = number**2 @ weighty
            bend = np.empty((len(theta), len(theta)))
            effect, bent, bent_after = _effect_blocks(before, after, s0, bend[:rows, :rows])
            weighted = s0[:, None, :] * tail
            mixed = np.einsum("fdj,fj->dj", tail, s1) @ rise.T
            ends = np.einsum("fdj,fej->de", weighted, tail) + mixed + mixed.T + (rise * s2) @ rise.T
            cross = -_contract(before[1], None if after is None else after[1], weighted)
            cross -= _contract(before[1], None if after is None else after[1], s1[:, None, :] * rise)
            place = slice(e - rows, e - rows + q)
            cross[:, place] -= bent @ nodes.place
            ends[place, place] -= nodes.place.T @ (bent.sum(axis=0)[:, None] * nodes.place)
            if data.reaction:
                cross[:, 0] -= bent_after.sum(axis=1)
                ends[0, 0] -= bent_after.sum()
                ends[0, place] -= bent_after.sum(axis=0) @ nodes.place
                ends[place, 0] -= bent_after.sum(axis=0) @ nodes.place
            ends[e - rows + q :, e - rows + q :] -= s0.sum() * spread
            bend[:rows, rows:], bend[rows:, :rows], bend[rows:, rows:] = cross, cross.T, ends
            bend -= (each[own].T * people[own]) @ each[own]
            slope = np.concatenate([-effect, weighted.sum(axis=(0, 2)) + rise @ s1.sum(axis=0)])
            found.append(Surface(value=float(people @ averages), slope=slope, bend=bend))
        return found


Cumulants = tuple[Array, Array, Array]


def _by_first(before: Cumulants, after: Cumulants | None) -> tuple[Array, Array, Array]:
    """Sum over occasions, for each occasion of the first capture and last for none.

    Of the log constants, of mean captures, and of mean captures after the first.
    """
    if after is None:
        return before[0].sum(axis=0)[None], before[1].sum(axis=0)[None], np.zeros((1, before[0].shape[1]))
    sums = []
    for place in (0, 1):
        early, late = np.cumsum(before[place], axis=0), np.cumsum(after[place], axis=0)
        sums.append(np.vstack([early + late[-1] - late, early[-1:]]))
    late = np.cumsum(after[1], axis=0)
    return sums[0], sums[1], np.vstack([late[-1] - late, np.zeros((1, late.shape[1]))])


def _split(weights: Array) -> tuple[Array, Array]:
    """For each occasion, sums of weights by first capture: not before it, and before it."""
    earlier = np.cumsum(weights[:-1], axis=0)
    earlier = np.concatenate([np.zeros((1, *weights.shape[1:])), earlier[:-1]])
    return weights.sum(axis=0) - earlier, earlier


def _contract(mean: Array, again: Array | None, weights: Array) -> Array:
    """Mean captures on each occasion times weights (first capture, column, node), summed over both."""
    if again is None:
        return np.asarray(mean @ weights[0].T)
    late, early = _split(weights)
    return np.asarray(np.einsum("ij,idj->id", mean, late) + np.einsum("ij,idj->id", again, early))


def _effect_blocks(
    before: Cumulants, after: Cumulants | None, weights: Array, block: Array
) -> tuple[Array, Array, Array]:
    """Fill the block of second derivatives by the effects of occasions.

    Returns mean captures by occasion, and variances times weights by occasion and node: of all, and of those
    captured before.
    """
    if after is None:
        block[:] = (before[1] * weights[0]) @ before[1].T
        bent = before[2] * weights[0]
        block[np.diag_indices(len(block))] -= bent.sum(axis=1)
        return (before[1] * weights[0]).sum(axis=1), bent, np.zeros_like(bent)
    late, early = _split(weights)
    x, y = before[1], after[1]
    # Above the diagonal: both after the first capture, the later one only, or neither.
    upper = ((y - x) * early) @ y.T + x @ (y * early + x * late).T
    block[:] = np.triu(upper) + np.triu(upper, 1).T
    bent_after = after[2] * early
    bent = before[2] * late + bent_after
    block[np.diag_indices(len(block))] -= bent.sum(axis=1)
    return (x * late + y * early).sum(axis=1), bent, bent_after


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
