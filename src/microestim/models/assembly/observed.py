"""What a study says of its observed platforms, as far as it enters the model."""

from __future__ import annotations

import numpy as np

from microestim.errors import DoubleCountingError, StudyError
from microestim.study import Study
from microestim.study.evidence import AudienceEvidence, CountryShareEvidence, RegistrationsEvidence

__all__ = ["ObservedStudy", "is_assumed"]


class ObservedStudy:
    """The evidence of a study on its observed platforms.

    Parameters
    ----------
    study : Study
        The study.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.platforms = study.observed_platforms
        self.index = {platform: j for j, platform in enumerate(self.platforms)}
        self.left_out: dict[str, str] = {}
        """Why evidence is not used, by id."""
        self.items = []
        """Evidence that is used, in the order of the study."""
        for item in study.evidence:
            if item.type in ("income", "hours", "composition", "benchmark"):
                self.left_out[item.id] = (
                    "shown beside the result; it does not measure how many people there are"
                )
            elif item.role != "evidence":
                self.left_out[item.id] = f"its role is {item.role!r}"
            else:
                self.items.append(item)

    def members(self, platforms: tuple[str, ...]) -> np.ndarray:
        """Mark some platforms.

        Parameters
        ----------
        platforms : tuple of str
            Their ids.

        Returns
        -------
        ndarray, shape (platforms,)
            1 for these, 0 for the other observed platforms.
        """
        return np.array([float(platform in platforms) for platform in self.platforms])

    def residual(
        self, item: RegistrationsEvidence | AudienceEvidence, whole: float
    ) -> tuple[float, tuple[str, ...], float | None]:
        """Take off a total what it contains.

        An error stated of the total is of the whole, and what is left of it carries all of it: an error of
        10 % on a total of which a fifth is left is one of 50 % on that fifth.

        Parameters
        ----------
        item : RegistrationsEvidence or AudienceEvidence
            The total.
        whole : float
            Its value.

        Returns
        -------
        value : float
            What is left of it.
        platforms : tuple of str
            Ids of the platforms that are left.
        stated_error : float or None
            Standard deviation of the log of what is left; None where no error is stated.

        Raises
        ------
        DoubleCountingError
            No platform is left.
        StudyError
            The total is not above the sum of its parts.
        """
        value, platforms = whole, set(self.study.resolve(item.platforms))
        for part_id in item.contains:
            part = self.study.item(part_id)
            if part.type != item.type or part.role != "evidence" or part.value is None:
                continue
            if isinstance(part, AudienceEvidence) and part.threshold is not None:
                # Somewhere below the threshold: the total still counts those platforms.
                continue
            value -= part.value
            platforms -= set(self.study.resolve(part.platforms))
        if not platforms:
            raise DoubleCountingError(
                f"evidence {item.id!r} says nothing beyond what it contains ({', '.join(item.contains)}); "
                'set role = "shown only" on one of them'
            )
        if value <= 0:
            raise StudyError(
                f"evidence {item.id!r}: the total {whole:,.0f} is not above the sum of what it contains "
                f"({', '.join(item.contains)}); a total must exceed its parts"
            )
        stated = item.error.relative * whole / value if item.error else None
        return value, tuple(p for p in self.study.resolve(item.platforms) if p in platforms), stated


def is_assumed(item: RegistrationsEvidence | AudienceEvidence | CountryShareEvidence) -> bool:
    """Say whether the error of a figure is what somebody assumes.

    Parameters
    ----------
    item : RegistrationsEvidence, AudienceEvidence or CountryShareEvidence
        The figure.

    Returns
    -------
    bool
        False where no error is stated.
    """
    return item.error is not None and item.error.basis == "assumption"
