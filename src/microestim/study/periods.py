"""Periods as a study writes them: whether two overlap, and how far apart they are."""

from __future__ import annotations

__all__ = ["overlap", "years_before"]


def _months(period: str) -> tuple[int, int]:
    """First and last month of an ISO 8601 period, counted from year 0."""
    first, _, last = period.partition("/")

    def month(text: str, missing: int) -> int:
        parts = text.split("-")
        return 12 * int(parts[0]) + (int(parts[1]) if len(parts) > 1 else missing)

    return month(first, 1), month(last or first, 12)


def overlap(one: str, other: str) -> bool:
    """Say whether two periods have a month in common.

    Parameters
    ----------
    one, other : str
        Periods: a year, a month, a day, or two of these with a slash between.

    Returns
    -------
    bool
        Whether they do.
    """
    (start, end), (first, last) = _months(one), _months(other)
    return start <= last and first <= end


def years_before(figure: str, study: str) -> float:
    """Give how old a figure is: years from the middle of its period to that of the study.

    Parameters
    ----------
    figure, study : str
        Their periods.

    Returns
    -------
    float
        Years; 0 where the two overlap, below 0 where the figure is the later one.
    """
    if overlap(figure, study):
        return 0.0
    (start, end), (first, last) = _months(figure), _months(study)
    return (first + last - start - end) / 24.0
