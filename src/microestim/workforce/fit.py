"""A study fitted by itself: what its priors and each piece of evidence do, its report and its file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO

import numpy as np

from microestim.checks.result import CheckResult
from microestim.errors import InputError
from microestim.models.evaluation import log_densities
from microestim.workforce.views import PosteriorViews

if TYPE_CHECKING:
    import xarray as xr

    from microestim.checks.evidence_influence import EvidenceInfluence, LeftOut
    from microestim.checks.prior_influence import PriorInfluence
    from microestim.results import Table
    from microestim.workforce.derived import Derived

__all__ = ["WorkforceFit"]


class WorkforceFit(PosteriorViews):
    """The posterior of a joint model; made by `WorkforceModel.fit` or `load_fit`.

    Parameters
    ----------
    study : Study
        The study.
    design : Design
        The model's parts, with the reading of the question on frequency that was used.
    priors : mapping of str to Prior
        All priors by name.
    vectors : ndarray, shape (chains, draws, coordinates)
        Draws in the sampler's coordinates.
    sample_stats : xarray.Dataset
        The sampler's statistics; `diverging` is used.
    settings : SamplerSettings
        How it was sampled, the seed included.
    reading : str or None
        How the question on frequency was read; None where there was none.
    versions : mapping of str to str, optional
        Versions of the software that drew; those installed unless given.

    Examples
    --------
    >>> import microestim as me
    >>> fit = me.WorkforceModel(me.load_study("fr-2018")).fit(rng=1)  # doctest: +SKIP
    >>> print(fit.summary())  # doctest: +SKIP
    >>> fit.report("fr-2018.html")  # doctest: +SKIP
    """

    @cached_property
    def _influence(self) -> dict[LeftOut, EvidenceInfluence]:
        return {}

    @property
    def refitted(self) -> Mapping[LeftOut, EvidenceInfluence]:
        """What `influence` has found on this fit so far, by what was left out."""
        return MappingProxyType(self._influence)

    def log_prior(self) -> dict[str, np.ndarray]:
        """Give the log density of every prior, by name of the quantity.

        Returns
        -------
        dict of str to ndarray, shape (chains, draws)
            Log densities in the sampler's coordinates.
        """
        prior, _ = log_densities(self.design, self._priors, self.deviates)
        return {name: values.reshape(self.shape) for name, values in prior.items()}

    def check(self, *, refits: bool = False, progress: bool | TextIO = False) -> list[CheckResult]:
        """Check whether the result is to be believed.

        Parameters
        ----------
        refits : bool, default False
            Fit again without each piece of evidence and without each platform, as `influence` does, unless
            that was done before: some minutes. What `influence` has found on this fit is used in any case.
        progress : bool or text stream, default False
            Write the progress of refits, to standard error where True.

        Returns
        -------
        list of CheckResult
            Convergence first; then evidence, conflict, thin evidence, priors, scope and benchmarks.
        """
        from microestim.checks.fit_checks import check_fit

        if refits:
            for by in ("evidence", "platform"):
                if by not in self.refitted:
                    self.influence(by=by, progress=progress)
        return check_fit(self, self.refitted)

    def prior_influence(self) -> PriorInfluence:
        """Measure how much each prior matters to each tier, without fitting again.

        Returns
        -------
        PriorInfluence
            One row a quantity; it names the assumption that matters most.
        """
        return self._prior_influence

    @cached_property
    def _prior_influence(self) -> PriorInfluence:
        from microestim.checks.prior_influence import prior_influence

        return prior_influence(self)

    def influence(
        self,
        *,
        by: LeftOut = "evidence",
        draws: int = 1000,
        tune: int = 600,
        cores: int | None = None,
        rng: int | np.random.Generator | np.random.SeedSequence | None = None,
        progress: bool | TextIO = False,
    ) -> EvidenceInfluence:
        """Measure what each piece of evidence does to each tier: fit again without it, one after the other.

        Parameters
        ----------
        by : {"evidence", "platform"}, default "evidence"
            What to leave out: one piece of evidence at a time, or all that is about one platform alone.
        draws, tune : int, default 1000 and 600
            Draws kept, and steps of adaptation, in each of as many chains as this fit has.
        cores : int, optional
            Chains run at the same time; as many as there are processors and chains unless given.
        rng : int, Generator, SeedSequence or None
            Source of randomness of the new fits; this fit's seed unless given.
        progress : bool or text stream, default False
            Write progress, to standard error where True.

        Returns
        -------
        EvidenceInfluence
            A matrix, evidence by tier: how far the median moves, and how much the interval widens. Evidence
            that the model cannot do without is named with the reason. For pieces of evidence also whether
            they conflict. The fit keeps it, and `check` and `report` then show it; a saved fit does not.

        Raises
        ------
        InputError
            `by` is neither of its two values, or a number is out of its range.
        """
        from microestim.workforce.leave_out import evidence_influence

        found = evidence_influence(
            self,
            by=by,
            draws=draws,
            tune=tune,
            cores=cores,
            rng=self.settings.seed if rng is None else rng,
            progress=progress,
        )
        self._influence[by] = found
        return found

    def write(
        self,
        folder: str | Path,
        *,
        alternatives: tuple[WorkforceFit, ...] = (),
        derived: Derived | None = None,
    ) -> dict[str, Path]:
        """Write the report, the estimates, the posterior and the figures to a folder.

        Parameters
        ----------
        folder : str or Path
            Folder to write to; made if it is not there, and files of the same name are replaced.
        alternatives : tuple of WorkforceFit, optional
            Fits of the same study under other readings, shown beside this one.
        derived : Derived, optional
            What `derived` gave, to stand in the report: shares of a population, wage bill, full-time
            equivalents. Without it, only what needs no further input does.

        Returns
        -------
        dict of str to Path
            The files.
        """
        from microestim.report.files import write_outputs

        table = self._derived_table(derived)
        return write_outputs(self, Path(folder), alternatives=alternatives, derived=table)

    def report(
        self,
        path: str | Path,
        *,
        alternatives: tuple[WorkforceFit, ...] = (),
        derived: Derived | None = None,
    ) -> Path:
        """Write the self-contained HTML report.

        Parameters
        ----------
        path : str or Path
            File to write.
        alternatives : tuple of WorkforceFit, optional
            Fits of the same study under other readings, shown beside this one.
        derived : Derived, optional
            What `derived` gave, to stand in the report: shares of a population, wage bill, full-time
            equivalents. Without it, only what needs no further input does.

        Returns
        -------
        Path
            The file.
        """
        from microestim.report.page import write_report

        table = self._derived_table(derived)
        return write_report(self, Path(path), alternatives=alternatives, derived=table)

    def _derived_table(self, derived: Derived | None) -> Table:
        if derived is not None and derived.study.hash != self.study.hash:
            raise InputError(
                f"derived is made of the people of {derived.study.id!r}, and this fit is of {self.study.id!r}"
            )
        return (derived or self.derived()).table()

    def save(self, path: str | Path) -> Path:
        """Save the fit as netCDF: draws, densities, study, priors, seed and versions.

        Parameters
        ----------
        path : str or Path
            File to write.

        Returns
        -------
        Path
            The file.
        """
        from microestim.workforce.storage import save_fit

        return save_fit(self, Path(path))

    @cached_property
    def datatree(self) -> xr.DataTree:
        """Everything as one `xarray.DataTree`, for ArviZ and for saving."""
        from microestim.workforce.storage import to_datatree

        return to_datatree(self)

    def __repr__(self) -> str:
        chains, draws = self.shape
        state = "converged" if self.converged else "NOT CONVERGED"
        return f"WorkforceFit(study={self.study.id!r}, chains={chains}, draws={draws}, {state})"
