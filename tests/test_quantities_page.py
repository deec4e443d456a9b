"""The page 'What each quantity means' says what the code says."""

from pathlib import Path

import pytest

from microestim import chapman
from microestim.models.activity import WEEKLY_RATE
from microestim.results import FRAME_COLUMNS, INTERVAL_KINDS, STATUSES
from microestim.study import EVIDENCE_TYPES
from microestim.study.vocabulary import BENCHMARK_UNIT_PATTERN
from microestim.workforce.tiers import BANDS, ESTIMANDS, WINDOWS

PAGE = (Path(__file__).parents[1] / "docs" / "quantities.md").read_text(encoding="utf-8")


def table(first_heading: str) -> list[list[str]]:
    """Rows of the one table of the page whose first heading is this, without the marks of code."""
    blocks = [block for block in PAGE.split("\n\n") if block.startswith(f"| {first_heading} |")]
    assert len(blocks) == 1, f"the page has {len(blocks)} tables headed {first_heading!r}"
    _, _, *rows = blocks[0].strip().splitlines()
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]


def unit_in_code(evidence: type) -> str | None:
    """The one unit that a kind of evidence has; None where its file says which."""
    field = evidence.model_fields["unit"]
    return None if field.is_required() else field.default


def test_tiers_with_their_windows_and_thresholds() -> None:
    rows = {tier: (estimand, window, threshold) for tier, estimand, window, threshold, _ in table("tier")}
    assert rows == {tier: (ESTIMANDS[tier], *WINDOWS[tier]) for tier in ESTIMANDS}
    assert list(rows) == list(ESTIMANDS)


def test_bands() -> None:
    assert {band: (outer, inner or None) for band, outer, inner in table("band")} == dict(BANDS)


def test_units_of_evidence() -> None:
    on_page = dict(table("evidence"))
    assert list(on_page) == list(EVIDENCE_TYPES)
    fixed = {name: unit for name, kind in EVIDENCE_TYPES.items() if (unit := unit_in_code(kind)) is not None}
    assert {name: on_page[name] for name in fixed} == fixed
    assert set(on_page) - set(fixed) == {"income", "benchmark"}


def test_units_are_those_that_studies_may_use() -> None:
    listed = {unit for unit, _, _ in table("unit")}
    used = {unit_in_code(kind) for kind in EVIDENCE_TYPES.values()} - {None, "hours/week"}
    assert used <= listed
    of_people = BENCHMARK_UNIT_PATTERN.removeprefix("^(").split("|")[:5]
    assert set(of_people) <= listed


def test_rate_of_a_weekly_visit() -> None:
    assert f"30.44 / 7 = {WEEKLY_RATE:.2f}" in PAGE
    assert pytest.approx(30.44 / 7) == WEEKLY_RATE


@pytest.mark.parametrize(
    ("heading", "in_code"),
    [("column", FRAME_COLUMNS), ("kind", INTERVAL_KINDS)],
)
def test_lists_have_the_same_members_in_the_same_order(heading: str, in_code: tuple[str, ...]) -> None:
    assert tuple(row[0] for row in table(heading)) == in_code


def test_default_interval_of_two_samples() -> None:
    marked = [kind for kind, where in table("kind") if where.endswith("the default there")]
    assert marked == [chapman(500, 500, 89).interval().kind]


def test_statuses() -> None:
    meaning = dict(table("column"))["status"]
    assert meaning.replace("`", "") == f"{', '.join(STATUSES[:-1])} or {STATUSES[-1]}"
