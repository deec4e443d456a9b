"""How often a study's intervals would hold the truth: scores of worlds shaped like it, as tables."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict

from microestim.errors import InputError
from microestim.models.people import TIER_IDS
from microestim.results import Table
from microestim.simulate.coverage import ScoreSummary, score_ratios, summarise_scores
from microestim.simulate.scores import Scores

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["ARITHMETIC", "METHODS", "MODEL", "StudyCalibration", "WorldRow"]

MODEL, ARITHMETIC = "joint model", "published arithmetic"
METHODS = (MODEL, ARITHMETIC)
"""What is compared: the posterior, and the published arithmetic with its bootstrap."""


class WorldRow(TypedDict):
    """What came of one world.

    `scores` by method and tier; None where the method has no interval. `converged` is None where nothing was
    fitted, and `refused` then says why. `redrawn`: worlds drawn before it, by reason.
    """

    world: int
    truth: dict[str, int]
    scores: dict[str, dict[str, Scores | None]]
    converged: bool | None
    redrawn: dict[str, int]
    refused: NotRequired[str]
    faults: NotRequired[list[str]]
    compiled: NotRequired[bool]
    seconds: NotRequired[float]


@dataclass(frozen=True, eq=False)
class StudyCalibration:
    """Coverage, width and scores over worlds that are shaped like a study; made by `calibrate`.

    Parameters
    ----------
    study : str
        Id of the study.
    settings : mapping of str to object
        What fixes the worlds and the fits: the study's hash, the fingerprint of the model's density, seed,
        draws, priors, version.
    rows : tuple of WorldRow
        One a world, in order.
    """

    study: str
    settings: Mapping[str, Any]
    rows: tuple[WorldRow, ...]

    @property
    def refused(self) -> dict[int, str]:
        """Worlds without a posterior, with the reason."""
        return {row["world"]: row["refused"] for row in self.rows if "refused" in row}

    @property
    def not_converged(self) -> tuple[int, ...]:
        """Worlds whose fit did not converge; they are in every table."""
        return tuple(row["world"] for row in self.rows if row["converged"] is False)

    @property
    def redrawn(self) -> dict[str, int]:
        """Worlds drawn again because their evidence could not have the study's forms, by reason."""
        total: Counter[str] = Counter()
        for row in self.rows:
            total.update(row["redrawn"])
        return dict(total)

    def scores(self, tier: str, *, method: str = MODEL) -> list[Scores | None]:
        """Give the scores of one tier.

        Parameters
        ----------
        tier : {"registered", "monthly_active", "monthly", "weekly"}
            The tier.
        method : {"joint model", "published arithmetic"}, default "joint model"
            Whose intervals.

        Returns
        -------
        list of (Scores or None)
            One a world; None where the method has no interval.
        """
        for name, value, allowed in (("tier", tier, TIER_IDS), ("method", method, METHODS)):
            if value not in allowed:
                raise InputError(f"{name} is {value!r}; use one of {', '.join(map(repr, allowed))}")
        return [row["scores"].get(method, {}).get(tier) for row in self.rows]

    def summary(self, tier: str, *, method: str = MODEL) -> ScoreSummary | None:
        """Bring the scores of one tier together.

        Parameters
        ----------
        tier : {"registered", "monthly_active", "monthly", "weekly"}
            The tier.
        method : {"joint model", "published arithmetic"}, default "joint model"
            Whose intervals.

        Returns
        -------
        ScoreSummary or None
            Coverage with exact limits, width, bias, CRPS and interval scores; None where the method has no
            interval in any world.
        """
        found = [one for one in self.scores(tier, method=method) if one is not None]
        return summarise_scores(found) if found else None

    def ratio(self, tier: str, *, level: float = 0.9) -> float | None:
        """Compare mean interval scores of both methods.

        Parameters
        ----------
        tier : {"registered", "monthly_active", "monthly", "weekly"}
            The tier.
        level : float, default 0.9
            Level of the intervals: 0.5, 0.8, 0.9 or 0.95.

        Returns
        -------
        float or None
            Score of the published arithmetic over that of the model, over worlds with both: above 1 where the
            model is better. None without such a world.
        """
        _, ratios = score_ratios(self.scores(tier), self.scores(tier, method=ARITHMETIC))
        if ratios and level not in ratios:
            raise InputError(f"level is {level}; use one of {', '.join(map(str, ratios))}")
        return ratios.get(level)

    def to_frame(self) -> pd.DataFrame:
        """Give one row a tier, method and level, in full precision.

        Returns
        -------
        pandas.DataFrame
            Columns tier, method, level, worlds, covered, coverage, coverage_low, coverage_high (exact
            binomial, 95 %), factor (median of upper over lower limit), log_score, log_bias, log_crps, ratio.
        """
        import pandas as pd

        rows = []
        for tier in TIER_IDS:
            for method in METHODS:
                found = self.summary(tier, method=method)
                if found is None:
                    continue
                for each in found["levels"]:
                    rows.append(
                        {"tier": tier, "method": method, "worlds": found["worlds"]}
                        | dict(each)
                        | {"log_bias": found["log_bias"], "log_crps": found["log_crps"]}
                        | {"ratio": self.ratio(tier, level=each["level"]) if method == MODEL else None}
                    )
        return pd.DataFrame(rows)

    def table(self) -> Table:
        """Lay coverage, width and scores out for a reader.

        Returns
        -------
        Table
            One row a tier and method.
        """
        rows = []
        levels = [0.5, 0.8, 0.9, 0.95]
        for tier in TIER_IDS:
            for method in METHODS:
                found = self.summary(tier, method=method)
                if found is None:
                    rows.append((tier, method, "0", *([""] * (len(levels) + 5))))
                    continue
                shown = {each["level"]: each for each in found["levels"]}
                covered = [
                    f"{shown[level]['coverage']:.0%} ({100 * shown[level]['coverage_low']:.0f}-"
                    f"{100 * shown[level]['coverage_high']:.0f})"
                    for level in levels
                ]
                ratio = self.ratio(tier) if method == MODEL else None
                marks = (
                    _number(shown[0.9]["factor"], ".1f"),
                    _number(found["log_bias"], "+.2f"),
                    _number(found["log_crps"], ".3f"),
                    _number(shown[0.9]["log_score"], ".2f"),
                    _number(ratio, ".1f"),
                )
                rows.append((tier, method, str(found["worlds"]), *covered, *marks))
        shares = tuple(f"{level:.0%}" for level in levels)
        return Table(
            ("tier", "method", "worlds", *shares, "factor", "bias", "CRPS", "score", "ratio"),
            rows,
            title=f"{len(self.rows)} worlds shaped like {self.study}: people on the observed platforms",
            footer=self._remarks(),
            align=("left", "left", *_RIGHT),
            max_width=130,
        )

    def _remarks(self) -> tuple[str, ...]:
        lines = [
            "50% to 95%: share of worlds whose interval of that level holds the truth, with exact binomial "
            "95 % limits in per cent. factor: upper over lower limit of the 90 % interval, median over "
            "worlds. bias: log of median over truth, median over worlds. CRPS and score (of the 90 % "
            "interval): means of logarithms. ratio: score of the published arithmetic's bootstrap over the "
            "model's, in worlds that have both.",
        ]
        number = len(self.not_converged)
        fitted = sum(row["converged"] is not None for row in self.rows)
        lines.append(f"Not converged: {number} of {fitted} fits; they are in the table.")
        for reason, count in Counter(self.refused.values()).items():
            lines.append(f"Without a posterior: {count} worlds ({reason}).")
        again = self.redrawn
        if again:
            said = "; ".join(f"{reason}, {count}" for reason, count in again.items())
            lines.append(
                "Drawn again, because the evidence could not have the study's forms: "
                f"{sum(again.values())} worlds ({said})."
            )
        if len(self.rows) < 100:
            lines.append("Fewer than 100 worlds: the limits are wide, and say so.")
        return tuple(lines)

    def plot(self) -> Figure:
        """Draw coverage against the level of the intervals, by tier and method.

        Returns
        -------
        matplotlib.figure.Figure
            One column a tier.
        """
        from microestim.plots.study_calibration import plot_study_calibration

        summaries = {
            method: {tier: self.summary(tier, method=method) for tier in TIER_IDS} for method in METHODS
        }
        return plot_study_calibration(summaries, study=self.study, worlds=len(self.rows))

    def to_json(self) -> str:
        """Write everything as JSON: settings, one line a world, and the summary.

        Returns
        -------
        str
            The document; `calibrate` goes on from it.
        """
        head: dict[str, Any] = {"study": self.study, "settings": dict(self.settings)}
        head["summary"] = [
            {"tier": tier, "method": method, "ratio": self.ratio(tier) if method == MODEL else None}
            | dict(found)
            for tier in TIER_IDS
            for method in METHODS
            if (found := self.summary(tier, method=method)) is not None
        ]
        lines = ",\n".join(json.dumps(row, allow_nan=False) for row in self.rows)
        return json.dumps(head, allow_nan=False)[:-1] + f', "worlds": [\n{lines}\n]}}\n'

    @classmethod
    def from_json(cls, text: str) -> StudyCalibration:
        """Read what `to_json` wrote.

        Parameters
        ----------
        text : str
            The document.

        Returns
        -------
        StudyCalibration
            The calibration.

        Raises
        ------
        InputError
            The text is not such a document.
        """
        try:
            found = json.loads(text)
            return cls(found["study"], found["settings"], tuple(found["worlds"]))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"this is no calibration of a study: {error!r}") from error

    def write(self, folder: str | Path) -> dict[str, Path]:
        """Write `calibration.json`, `calibration.csv` and `calibration.png`.

        Parameters
        ----------
        folder : str or Path
            Where to; it is made if it does not exist.

        Returns
        -------
        dict of str to Path
            The files.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        files = {name: folder / name for name in ("calibration.json", "calibration.csv", "calibration.png")}
        files["calibration.json"].write_text(self.to_json(), encoding="utf-8")
        self.to_frame().to_csv(files["calibration.csv"], index=False)
        self.plot().savefig(files["calibration.png"])
        return files

    def __repr__(self) -> str:
        return f"<StudyCalibration: {len(self.rows)} worlds shaped like {self.study}>"

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table().to_html()


_RIGHT: tuple[Literal["right"], ...] = ("right",) * 10


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
