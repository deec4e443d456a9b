"""What the calibration on worlds says: coverage, width, bias and scores, by group of worlds and by tier.

    python experiments/worlds_table.py                  # of docs/_data/worlds.json, as a table

Coverage comes with its exact binomial 95 % interval. A world that was refused, or for which the arithmetic
has no inputs, has no interval: it is counted in `without`, and not in the rest. Worlds whose fit did not
converge are counted, and are in the rest. Interval scores and CRPS are means over worlds on the scale of
logarithms, so that a large country does not outweigh all others; `ratio` is the arithmetic's interval score
over the model's, over worlds that have both. The arithmetic leaves out platforms without a figure;
`--complete` keeps the worlds in which there is none such among the observed.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

OUTPUT = Path(__file__).resolve().parents[1] / "docs" / "_data" / "worlds.json"

TIERS = ("registered", "monthly_active", "monthly", "weekly")


def binomial_interval(hits: int, trials: int, *, level: float = 0.95) -> tuple[float, float]:
    """Limits of the exact (Clopper-Pearson) interval of a share."""
    from scipy.stats import beta

    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else float(beta.ppf(tail, hits, trials - hits + 1))
    high = 1.0 if hits == trials else float(beta.ppf(1 - tail, hits + 1, trials - hits))
    return low, high


def summarise(worlds: list[dict[str, Any]], *, scope: str = "observed") -> list[dict[str, Any]]:
    """One row for each group of worlds, tier and method.

    Parameters
    ----------
    worlds : list of dict
        Rows that `worlds.py` wrote.
    scope : {"observed", "all"}
        Scope of the people; where all platforms are observed the two are the same.

    Returns
    -------
    list of dict
        Coverage by level with exact intervals, and the means and medians of the scores.
    """
    rows = []
    for group in dict.fromkeys(row["group"] for row in worlds):
        mine = [row for row in worlds if row["group"] == group]
        for tier in TIERS:
            scores = {
                method: [_of(row, method, scope, tier) for row in mine] for method in ("model", "arithmetic")
            }
            both = [
                (m, a)
                for m, a in zip(scores["model"], scores["arithmetic"], strict=True)
                if m is not None and a is not None
            ]
            for method in ("model", "arithmetic"):
                found = [one for one in scores[method] if one is not None]
                row = {"group": group, "tier": tier, "method": method, "scope": scope, "worlds": len(mine)}
                row["without"] = len(mine) - len(found)
                row["not_converged"] = sum(not r["converged"] for r in mine)
                rows.append(row | (_summary(found) if found else {}))
                if method == "model" and both:
                    rows[-1]["ratio"] = _ratio(both)
    return rows


def _of(row: dict[str, Any], method: str, scope: str, tier: str) -> Any:
    """Find the scores of a tier; where all platforms are observed, the two scopes are one."""
    same = row["observed"] == row["platforms"]
    return row[method].get("observed" if same else scope, {}).get(tier)


def _summary(found: list[Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for position, first in enumerate(found[0]["intervals"]):
        intervals = [one["intervals"][position] for one in found]
        hits = sum(interval["covered"] for interval in intervals)
        result[f"coverage_{first['level']:.0%}"] = hits / len(found)
        result[f"coverage_{first['level']:.0%}_ci"] = binomial_interval(hits, len(found))
        result[f"factor_{first['level']:.0%}"] = math.exp(_median(i["log_width"] for i in intervals))
        result[f"log_score_{first['level']:.0%}"] = _mean(i["log_score"] for i in intervals)
    result["log_bias"] = _median(one["log_bias"] for one in found)
    result["log_crps"] = _mean(one["log_crps"] for one in found)
    return result


def _ratio(both: list[tuple[Any, Any]]) -> dict[str, float]:
    """Mean interval score of the arithmetic over that of the model, by level."""
    ratios = {}
    for position, first in enumerate(both[0][0]["intervals"]):
        model, arithmetic = (
            _mean(pair[which]["intervals"][position]["log_score"] for pair in both) for which in (0, 1)
        )
        ratios[f"{first['level']:.0%}"] = arithmetic / model
    return ratios


def _known(values: Any) -> list[float]:
    return [value for value in values if value is not None]


def _mean(values: Any) -> float:
    known = _known(values)
    return float(np.mean(known)) if known else math.nan


def _median(values: Any) -> float:
    known = _known(values)
    return float(np.median(known)) if known else math.nan


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path, nargs="?", default=OUTPUT)
    parser.add_argument("--complete", action="store_true", help="only worlds in which no figure is missing")
    parser.add_argument("--scope", choices=("observed", "all"), default="observed")
    given = parser.parse_args()
    if not given.file.exists():
        parser.error(f"{given.file} does not exist yet: run python experiments/worlds.py --fit all")
    worlds = json.loads(given.file.read_text(encoding="utf-8"))["worlds"]
    if given.complete:
        worlds = [row for row in worlds if all(row["arithmetic_complete"].values())]
    rows = summarise(worlds, scope=given.scope)
    print(
        f"{'group':16}{'tier':15}{'method':11}{'worlds':>7}{'without':>8}{'50 %':>6}{'80 %':>6}{'90 %':>6}"
        f"{'95 %':>6}  {'90 % between':14}{'factor':>7}{'bias':>7}{'CRPS':>7}{'score':>7}{'ratio':>6}"
    )
    for row in rows:
        line = f"{row['group']:16}{row['tier']:15}{row['method']:11}{row['worlds']:7}{row['without']:8}"
        if "log_crps" in row:
            line += "".join(f"{row[f'coverage_{level}']:6.0%}" for level in ("50%", "80%", "90%", "95%"))
            low, high = row["coverage_90%_ci"]
            line += f"  {f'{low:.0%} to {high:.0%}':14}{row['factor_90%']:7.2f}{row['log_bias']:+7.2f}"
            line += f"{row['log_crps']:7.3f}{row['log_score_90%']:7.2f}"
            line += f"{row['ratio']['90%']:6.1f}" if "ratio" in row else ""
        print(line)


if __name__ == "__main__":
    main()
