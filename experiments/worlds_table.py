"""What the calibration on worlds says: coverage, width, bias and scores, by group of worlds and by tier.

    python experiments/worlds_table.py                  # of docs/_data/worlds.json, as text
    python experiments/worlds_table.py --markdown       # as Markdown, all tables
    python experiments/worlds_table.py --json           # the same numbers, in full precision

Every coverage comes with its exact binomial 95 % interval. A world that was refused, or for which the
arithmetic has no inputs, has no interval: it is counted in `without`, and not in the rest. Worlds whose fit
did not converge are counted, and are in the rest. Interval scores and CRPS are means over worlds on the
scale of logarithms, so that a large country does not outweigh all others. `ratio` is the arithmetic's
interval score over the model's, over worlds that have both; `ratio, complete` over those among them in which
no observed platform lacks a figure, since the arithmetic counts nobody there.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

from microestim.results import Table
from microestim.simulate.coverage import score_ratios, summarise_scores

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "docs" / "_data" / "worlds.json"
DRAWN = Path(__file__).with_name("worlds_drawn.json")

TIERS = ("registered", "monthly_active", "monthly", "weekly")
METHODS = {"model": "joint model", "arithmetic": "published arithmetic"}
LEVELS = (0.5, 0.8, 0.9, 0.95)
_HYPHEN = "\u2011"
"""At which no line breaks."""


def load(path: Path = OUTPUT) -> list[dict[str, Any]]:
    """Read the worlds that were fitted; none where there is no file yet."""
    return json.loads(path.read_text(encoding="utf-8"))["worlds"] if path.exists() else []


def planned() -> dict[str, int]:
    """How many worlds of each group were fixed before any fit."""
    groups: dict[str, int] = {}
    for row in json.loads(DRAWN.read_text(encoding="utf-8"))["worlds"]:
        groups[row["group"]] = groups.get(row["group"], 0) + 1
    return groups


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
        Counts, what `summarise_scores` gives, and for the model the ratios of interval scores by level.
    """
    rows = []
    for group in dict.fromkeys(row["group"] for row in worlds):
        mine = [row for row in worlds if row["group"] == group]
        complete = [all(row["arithmetic_complete"].values()) for row in mine]
        for tier in TIERS:
            scores = {method: [_of(row, method, scope, tier) for row in mine] for method in METHODS}
            for method in METHODS:
                found = [one for one in scores[method] if one is not None]
                row = {"group": group, "tier": tier, "method": method, "scope": scope, "worlds": len(mine)}
                row["without"] = len(mine) - len(found)
                row["refused"] = sum("refused" in each for each in mine)
                row["not_converged"] = sum(not r["converged"] and "refused" not in r for r in mine)
                row["scores"] = summarise_scores(found) if found else None
                if method == "model":
                    row["ratio"] = _ratio(scores["model"], scores["arithmetic"])
                    row["ratio_complete"] = _ratio(
                        *([one for one, whole in zip(each, complete, strict=True) if whole] for each in
                          (scores["model"], scores["arithmetic"]))
                    )  # fmt: skip
                rows.append(row)
    return rows


def _whole(share: float) -> str:
    return f"{100 * share:.0f}"


def _of(row: dict[str, Any], method: str, scope: str, tier: str) -> Any:
    """Find the scores of a tier; where all platforms are observed, the two scopes are one."""
    same = row["observed"] == row["platforms"]
    return row[method].get("observed" if same else scope, {}).get(tier)


def _ratio(ours: list[Any], theirs: list[Any]) -> dict[str, Any]:
    worlds, ratios = score_ratios(ours, theirs)
    return {"worlds": worlds} | {f"{level:.0%}": ratio for level, ratio in ratios.items()}


def named_by_checks(worlds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each group, in how many fits each check failed; worlds fitted without checks are not counted."""
    rows = []
    for group in dict.fromkeys(row["group"] for row in worlds):
        checked = [row["failed_checks"] for row in worlds if row["group"] == group and "failed_checks" in row]
        names = sorted({name for names in checked for name in names})
        failed = {name: sum(name in names for names in checked) for name in names}
        rows.append({"group": group, "checked": len(checked), "failed": failed})
    return rows


def coverage_table(worlds: list[dict[str, Any]], *, scope: str = "observed") -> Table:
    """Coverage of every level with its exact limits, width, bias and scores."""
    rows = []
    for row in summarise(worlds, scope=scope):
        head = (row["group"], row["tier"], METHODS[row["method"]], str(row["worlds"] - row["without"]))
        scores = row["scores"]
        if scores is None:
            rows.append((*head, *[""] * 10))
            continue
        by_level = {each["level"]: each for each in scores["levels"]}
        covered = [
            f"{each['coverage']:.0%} ({_whole(each['coverage_low'])}{_HYPHEN}{_whole(each['coverage_high'])})"
            for each in (by_level[level] for level in LEVELS)
        ]
        ninety = by_level[0.9]
        ratios = [row.get(name, {}).get("90%") for name in ("ratio", "ratio_complete")]
        numbers = [
            _text(ninety["factor"], ".1f"), _text(scores["log_bias"], "+.2f"),
            _text(scores["log_crps"], ".3f"), _text(ninety["log_score"], ".2f"),
            *(_text(ratio, ".1f") for ratio in ratios),
        ]  # fmt: skip
        rows.append((*head, *covered, *numbers))
    fitted = {group: sum(row["group"] == group for row in worlds) for group in planned()}
    whole = ", ".join(f"{group} {fitted[group]} of {size}" for group, size in planned().items())
    refused = sum("refused" in row for row in worlds)
    loose = sum(not row["converged"] and "refused" not in row for row in worlds)
    columns = ["group", "tier", "method", "n", *(f"{level:.0%}" for level in LEVELS)]
    columns += ["factor", "bias", "CRPS", "score", "ratio", "full"]
    return Table(
        columns,
        rows,
        title=f"{len(worlds)} of {sum(planned().values())} worlds, people on {scope} platforms",
        footer=(
            f"Worlds so far: {whole}. Refused by the model: {refused}. Not converged: {loose}, in the table.",
            "n: intervals. 50% to 95%: share of them that hold the truth, with exact binomial 95 % limits. "
            "factor: upper over lower limit of the 90 % interval, median. bias: log of median over truth, "
            "median. CRPS and score (90 %): means of logarithms. ratio: the arithmetic's score over the "
            "model's, over worlds with both; full: the same where no observed platform lacks a figure.",
        ),
        align=("left", "left", "left", *["right"] * 11),
        max_width=150,
    )


def checks_table(worlds: list[dict[str, Any]]) -> Table:
    """Which checks of the fit fail in which group: whether a departure is named."""
    rows = [
        (
            row["group"],
            str(row["checked"]),
            ", ".join(f"{name} {count}" for name, count in row["failed"].items()) or "none",
        )
        for row in named_by_checks(worlds)
    ]
    return Table(
        ("group", "fits checked", "fits in which a check failed, by check"),
        rows,
        title="Checks that failed",
        align=("left", "right", "left"),
        max_width=150,
    )


def document(worlds: list[dict[str, Any]]) -> dict[str, Any]:
    """Give everything as one JSON document, in full precision."""
    return {
        "planned": planned(),
        "worlds": len(worlds),
        "rows": [row for scope in ("observed", "all") for row in summarise(worlds, scope=scope)],
        "checks": named_by_checks(worlds),
    }


def _text(value: float | None, form: str) -> str:
    return "" if value is None or math.isnan(value) else format(value, form)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path, nargs="?", default=OUTPUT)
    parser.add_argument("--complete", action="store_true", help="only worlds in which no figure is missing")
    parser.add_argument("--scope", choices=("observed", "all"), help="one scope; both unless given")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true")
    form.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if not given.file.exists():
        parser.error(f"{given.file} does not exist yet: run python experiments/worlds.py --fit all")
    worlds = load(given.file)
    if given.complete:
        worlds = [row for row in worlds if all(row["arithmetic_complete"].values())]
    if given.json:
        print(json.dumps(document(worlds), indent=1, allow_nan=False))
        return
    scopes = (given.scope,) if given.scope else ("observed", "all")
    tables = [*(coverage_table(worlds, scope=scope) for scope in scopes), checks_table(worlds)]
    print("\n\n".join(table.to_markdown() if given.markdown else str(table) for table in tables))


if __name__ == "__main__":
    main()
