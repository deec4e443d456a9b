"""What a study says of a survey on one platform: how many waves, how many answers, which questions."""

from __future__ import annotations

import math
from dataclasses import dataclass

from microestim.study.evidence import ActivityEvidence, CapturesEvidence, Evidence, MembershipsEvidence

__all__ = ["SurveyShape"]


@dataclass(frozen=True)
class SurveyShape:
    """A survey on one platform.

    Parameters
    ----------
    platform : str
        Where people were asked.
    items : tuple of Evidence
        What was reported of it.
    """

    platform: str
    items: tuple[Evidence, ...]

    @property
    def captures(self) -> tuple[CapturesEvidence, ...]:
        """Who was seen in which wave."""
        return tuple(item for item in self.items if isinstance(item, CapturesEvidence))

    @property
    def n_waves(self) -> int:
        """Waves; 1 where nobody was looked for again."""
        counts = [2 if each.estimate is not None else each.occasions or 2 for each in self.captures]
        return counts[0] if counts else 1

    @property
    def wave_sizes(self) -> tuple[int, ...] | None:
        """Answers in each wave; None where they are not printed."""
        for item in self.captures:
            counts = item.counts_by_history
            if counts is not None:
                return tuple(
                    sum(count for history, count in counts.items() if history[wave] == "1")
                    for wave in range(len(next(iter(counts))))
                )
        return None

    @property
    def usable(self) -> int:
        """Respondents whose answers were reported: the most of any question."""
        asked = [item.n for item in self.items if isinstance(item, ActivityEvidence)]
        asked += [item.n_respondents for item in self.items if isinstance(item, MembershipsEvidence)]
        return max(asked, default=0)

    @property
    def any_platform(self) -> bool:
        """Whether the question on frequency was about any platform."""
        return any(
            isinstance(item, ActivityEvidence) and item.frequency_scope == "any platform"
            for item in self.items
        )

    def quota(self, incomplete: float) -> int:
        """Answers after which a wave is closed, so that there are as many as in the study.

        Parameters
        ----------
        incomplete : float
            Share of respondents whose answers cannot be used.

        Returns
        -------
        int
            Mean size of the printed waves; else so many that, were they different people, there would be a
            fifth more usable ones than were reported.
        """
        if self.wave_sizes is not None:
            return max(1, round(sum(self.wave_sizes) / len(self.wave_sizes)))
        return max(1, math.ceil(1.2 * self.usable / (1 - incomplete) / self.n_waves))
