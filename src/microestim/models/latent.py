"""The latent quantities of the joint model, each computed once from the parameters.

`Latent` is written for any namespace: with PyTensor it builds the graph that is sampled, with NumPy it
evaluates the same formulas on draws.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from microestim.models.activity import (
    CELL_LOG_RATES,
    DORMANT_SPREAD,
    IN_MONTHLY,
    IN_WEEKLY,
    SEEN_IN_MONTH,
    activity_weights,
    share,
)
from microestim.models.frames import Captures, Frame, capture_chances
from microestim.models.memberships import (
    active_elsewhere,
    membership_chances,
    membership_pmf,
    normal_quantile,
)
from microestim.models.namespace import Namespace, normal_cdf
from microestim.models.sizes import SizeDesign, Sizes, platform_sizes

__all__ = ["FrameLatent", "Latent", "frame_members"]


def _unit(n: int, index: int) -> np.ndarray:
    return np.asarray(np.arange(n) == index, dtype=float)


def frame_members(surveyed: np.ndarray) -> np.ndarray:
    """Give the platforms whose people the memberships are those of.

    Parameters
    ----------
    surveyed : ndarray, shape (platforms,)
        1 for surveyed platforms.

    Returns
    -------
    ndarray, shape (platforms,)
        The same, or 1 for all platforms where there was no survey: then nobody departs from those asked.
    """
    return surveyed if surveyed.any() else np.ones_like(surveyed)


class Latent:
    """What the evidence is about, given the parameters.

    Parameters
    ----------
    xp : Namespace
        NumPy or PyTensor.
    sizes : SizeDesign
        Which platforms declared what.
    frames : tuple of Frame
        The surveys.
    numbers : mapping of str to float or scalar graph
        Observed numbers and constants of priors.
    log_declared : array, shape (platforms,)
        Log of declared numbers of accounts, 0 where there is none.
    p : mapping of str to array
        Quantities in their own units, shape (...).
    rows : mapping of str to array
        Standard normal deviates by platform, shape (..., platforms).
    generative : bool, default False
        Ignore declared numbers and follow the prior.
    planned : tuple of Frame, optional
        Surveys that were not made: they have latent quantities, and change those of nothing else.
    asked : SizeDesign, optional
        Which platforms declared what, as observations read it, where they are asked about declared numbers
        that the sizes are not built on; as `sizes` unless given.
    """

    def __init__(
        self,
        xp: Namespace,
        *,
        sizes: SizeDesign,
        frames: tuple[Frame, ...],
        numbers: Mapping[str, Any],
        log_declared: Any,
        p: Mapping[str, Any],
        rows: Mapping[str, Any],
        generative: bool = False,
        planned: tuple[Frame, ...] = (),
        asked: SizeDesign | None = None,
    ) -> None:
        self.xp = xp
        self.size_design = sizes if asked is None else asked
        self._built_on = sizes
        self.n_platforms = sizes.n_platforms
        self.numbers = numbers
        self.p = p
        self.rows = rows
        self.generative = generative
        self._log_declared = log_declared
        self._frames = {frame.id: FrameLatent(self, frame) for frame in (*frames, *planned)}
        self.surveyed = np.minimum(sum((frame.members for frame in frames), np.zeros(self.n_platforms)), 1.0)
        # Effects are measured from the surveyed platform only where there is exactly one: there the
        # survey speaks of that platform, and the others depart from it.
        single = len(frames) == 1 and frames[0].members.sum() == 1
        self._anchor = frames[0].members if single and self.n_platforms > 1 else None

    @property
    def anchor(self) -> np.ndarray | None:
        """1 for the platform from which effects on activity are measured; None where it is none of them."""
        return np.ones(1) if self.n_platforms == 1 else self._anchor

    def frame(self, frame_id: str) -> FrameLatent:
        """Give the latent quantities of one survey.

        Parameters
        ----------
        frame_id : str
            Name of the frame.

        Returns
        -------
        FrameLatent
            Its quantities.
        """
        return self._frames[frame_id]

    def at(self, values: Any, platform: int) -> Any:
        """Take one platform's value.

        Parameters
        ----------
        values : array, shape (..., platforms)
            A quantity by platform.
        platform : int
            Index of the platform.

        Returns
        -------
        array, shape (...)
            The platform's value.
        """
        # A masked sum: the printer of loops knows sums, and no indexing.
        return (values * _unit(self.n_platforms, platform)).sum(-1)

    def platform_weights(self, platform: int) -> Any:
        """Weights of the cells of activity on one platform.

        Parameters
        ----------
        platform : int
            Index of the platform.

        Returns
        -------
        array, shape (..., cells)
            The weights.
        """
        return (self.weights * _unit(self.n_platforms, platform)[:, None]).sum(-2)

    @cached_property
    def log_share(self) -> Any:
        """Log of the country share of each platform, 0 where only residents count, shape (..., platforms)."""
        if "share" not in self.rows:
            return 0.0 * self.rows["size"]
        odds = (
            self.numbers["prior:country_share"]
            + self.numbers["prior:country_share spread"] * self.rows["share"]
        )
        return -self.size_design.open_to_world * self.xp.log1p(self.xp.exp(-odds))

    @cached_property
    def sizes(self) -> Sizes:
        """Numbers of accounts, with inflation and level."""
        return platform_sizes(
            self.xp,
            self._built_on,
            p=self.p,
            rows=self.rows,
            log_declared=self._log_declared,
            log_total=self.numbers.get("declared total", 0.0),
            log_share=self._built_on.worldwide * self.log_share,
            centre=self.numbers["prior:accounts_centre"],
            centre_spread=self.numbers["prior:accounts_centre spread"],
            generative=self.generative,
        )

    @cached_property
    def accounts(self) -> Any:
        """Residents with an account, shape (..., platforms)."""
        return self.xp.exp(self.sizes.log_accounts)

    def _effect(self, row: str, spread: str) -> Any:
        if self.n_platforms == 1:
            return 0.0 * self.rows["size"]
        z = self.rows[row]
        if self._anchor is not None:
            z = z - (z * self._anchor).sum(-1)[..., None]
        return self.p[spread][..., None] * z

    @cached_property
    def active_share(self) -> Any:
        """Share of accounts in the active component, shape (..., platforms)."""
        level = self.p["active_share"]
        log_odds = self.xp.log(level) - self.xp.log(1.0 - level)
        return 1.0 / (
            1.0 + self.xp.exp(-(log_odds[..., None] + self._effect("active_share", "active_share_spread")))
        )

    @cached_property
    def active_centre(self) -> Any:
        """Median log rate of the active component (log visits a month), shape (..., platforms)."""
        centre = self.xp.log(self.p["active_rate"])
        return centre[..., None] + self._effect("active_rate", "active_rate_platform_spread")

    @cached_property
    def dormant_centre(self) -> Any:
        """Median log rate of the dormant component (log visits a month), shape (...)."""
        return self.xp.log(self.p["dormant_rate"])

    @cached_property
    def weights(self) -> Any:
        """Weight of every cell of activity, shape (..., platforms, cells)."""
        return activity_weights(
            self.xp, self.active_share, self.active_centre, self.p["active_rate_spread"], self.dormant_centre
        )

    @cached_property
    def seen_share(self) -> Any:
        """Share of accounts used at least once in a month, shape (..., platforms)."""
        return share(self.weights, SEEN_IN_MONTH)

    @cached_property
    def log_visitors(self) -> Any:
        """Log of resident visitors a month, before the source's own level, shape (..., platforms)."""
        value = self.sizes.log_accounts + self.xp.log(self.seen_share)
        if self.n_platforms == 1:
            return value
        return value + self.p["visitors_spread"][..., None] * self.rows["visitors"]

    @cached_property
    def other_chance(self) -> Any:
        """Mean chance of each other membership, shape (..., cells)."""
        return membership_chances(
            self.xp, self.n_platforms, self.p["memberships"], self.p["membership_slope"]
        )

    @cached_property
    def others(self) -> Any:
        """Mean number of other memberships among the study's platforms, shape (..., cells)."""
        if self.n_platforms == 1:
            return np.zeros(len(CELL_LOG_RATES))
        return (self.n_platforms - 1) * self.other_chance

    @cached_property
    def membership_pmf(self) -> list[Any]:
        """Chances of 1, 2, ... memberships of a person with an account in each cell, shape (..., cells)."""
        return membership_pmf(self.xp, self.n_platforms, self.other_chance, self.p["membership_dispersion"])

    @cached_property
    def membership_variance(self) -> Any:
        """Variance of the number of memberships within a cell, shape (..., cells)."""
        n = self.n_platforms - 1
        if n == 0:
            return np.zeros(len(CELL_LOG_RATES))
        chance = self.other_chance
        return n * chance * (1.0 - chance) * (1.0 + (n - 1) * self.p["membership_dispersion"][..., None])

    @cached_property
    def people_by_memberships(self) -> list[Any]:
        """People with 1, 2, ... accounts, each of shape (...), platforms taken as alike in their overlap."""
        off_frame = 1.0 - frame_members(self.surveyed)
        others, unsurveyed = self.n_platforms - 1, max(int(off_frame.sum()) - 1, 0)
        by_number = []
        for k, pmf in enumerate(self.membership_pmf):
            # Of those met off the frame who have k other memberships, the share that has none of them on it.
            unmet = off_frame * math.comb(unsurveyed, k) / math.comb(others, k)
            tilt = unmet * (self.xp.exp(self.p["departure"] * k) - 1.0)[..., None]
            by_number.append((self.weights * pmf[..., None, :]).sum(-1) * (1.0 + tilt))
        whole = sum(by_number)
        return [(self.accounts * each / whole).sum(-1) / (k + 1) for k, each in enumerate(by_number)]


class FrameLatent:
    """What holds for the people of one survey's frame; made by `Latent`.

    Parameters
    ----------
    latent : Latent
        The quantities that all surveys share.
    frame : Frame
        The survey.
    """

    def __init__(self, latent: Latent, frame: Frame) -> None:
        self._latent = latent
        self._frame = frame

    @cached_property
    def accounts(self) -> Any:
        """Accounts of residents on the frame's platforms, shape (...)."""
        return (self._latent.accounts * self._frame.members).sum(-1)

    @cached_property
    def weights(self) -> Any:
        """Weight of every cell of activity over the frame's accounts, shape (..., cells)."""
        members = self._frame.members
        if members.sum() == 1:
            return (self._latent.weights * members[:, None]).sum(-2)
        part = self._latent.accounts * members / self.accounts[..., None]
        return (self._latent.weights * part[..., None]).sum(-2)

    @cached_property
    def captures(self) -> Captures:
        """Chances of an answer, by cell."""
        return capture_chances(self._latent.xp, self._frame, self._latent.p)

    @cached_property
    def respondents(self) -> Any:
        """Distribution of respondents over the cells, shape (..., cells)."""
        captured = self.weights * self.captures.any
        return captured / captured.sum(-1)[..., None]

    @cached_property
    def score(self) -> Any:
        """Normal score of each cell's activity among the frame's accounts, shape (..., cells)."""
        xp, latent, members = self._latent.xp, self._latent, self._frame.members
        spread = latent.p["active_rate_spread"][..., None]
        dormant = normal_cdf(xp, (CELL_LOG_RATES - latent.dormant_centre[..., None]) / DORMANT_SPREAD)
        if members.sum() == 1:
            platform = int(members.argmax())
            centre, mix = (
                latent.at(each, platform)[..., None] for each in (latent.active_centre, latent.active_share)
            )
            active = normal_cdf(xp, (CELL_LOG_RATES - centre) / spread)
            return normal_quantile(xp, mix * active + (1.0 - mix) * dormant)
        active = normal_cdf(xp, (CELL_LOG_RATES - latent.active_centre[..., None]) / spread[..., None])
        mix = latent.active_share[..., None]
        below = mix * active + (1.0 - mix) * dormant[..., None, :]
        part = latent.accounts * members / self.accounts[..., None]
        return normal_quantile(xp, (below * part[..., None]).sum(-2))

    def elsewhere(self, share_elsewhere: Any) -> Any:
        """Chance that another account of the same person is among the most active ones.

        Parameters
        ----------
        share_elsewhere : array, shape (...)
            Share of accounts that are among the most active ones.

        Returns
        -------
        array, shape (..., cells)
            The chance, by the cell of the account on the frame.
        """
        xp = self._latent.xp
        threshold = normal_quantile(xp, 1.0 - share_elsewhere)
        return active_elsewhere(xp, self.score, threshold, self._latent.p["activity_correlation"])

    def on_any_platform(self, cells: np.ndarray) -> Any:
        """Chance of being in a set of high cells on at least one platform, in the study or outside it.

        The number of other platforms is negative binomial: the study's own others and those outside,
        with a common shape.

        Parameters
        ----------
        cells : ndarray, shape (cells,)
            1 for the cells above a threshold.

        Returns
        -------
        array, shape (..., cells)
            The chance, by the cell of the account on the frame.
        """
        return 1.0 - (1.0 - cells) * self.no_other(self.elsewhere(share(self.weights, cells)))

    def no_other(self, chance: Any) -> Any:
        """Chance of having no other platform at all on which something of this chance holds.

        Parameters
        ----------
        chance : array, shape (..., cells)
            Chance that it holds on each other platform.

        Returns
        -------
        array, shape (..., cells)
            The chance.
        """
        xp, p = self._latent.xp, self._latent.p
        others = self._latent.others + p["other_memberships"][..., None]
        shape = p["other_dispersion"][..., None]
        return xp.exp(-shape * xp.log1p(others * chance / shape))

    @cached_property
    def bands(self) -> dict[str, Any]:
        """Chance of each true band of frequency on this platform: exact cells, shape (cells,)."""
        return {"weekly": IN_WEEKLY, "monthly": IN_MONTHLY - IN_WEEKLY, "less": 1.0 - IN_MONTHLY}

    def stated_bands(self, any_platform: Any) -> dict[str, Any]:
        """Chance of stating each band of frequency, by cell of true activity on the frame.

        Parameters
        ----------
        any_platform : float or scalar graph
            1 where the question was about any platform, 0 where it was about this one.

        Returns
        -------
        dict of str to array, shape (..., cells)
            Chances of stating weekly, monthly and less; they sum to 1.
        """
        p = self._latent.p
        on_any_weekly = self.on_any_platform(IN_WEEKLY)
        on_any_monthly = self.on_any_platform(IN_MONTHLY)
        weekly = IN_WEEKLY + any_platform * (on_any_weekly - IN_WEEKLY)
        monthly = IN_MONTHLY + any_platform * (on_any_monthly - IN_MONTHLY) - weekly
        less = 1.0 - weekly - monthly
        up = p["overstated_frequency"][..., None]
        down = p["understated_frequency"][..., None]
        says_weekly = weekly * (1.0 - down) + monthly * up * (1.0 - down) + less * up * up
        says_less = less * (1.0 - up) + monthly * down * (1.0 - up) + weekly * down * down
        return {"weekly": says_weekly, "monthly": 1.0 - says_weekly - says_less, "less": says_less}
