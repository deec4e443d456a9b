"""From audience figures to observations of visitors, and the quantities that their sources ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from microestim.models.assembly.observed import ObservedStudy, is_assumed
from microestim.models.observations import AudienceFigure, CensoredVisitors, MonthlyVisitors
from microestim.models.observations.audience import month_name, source_name
from microestim.study.evidence import AudienceEvidence

__all__ = ["read_audience"]


def read_audience(
    observed: ObservedStudy, like: Sequence[AudienceFigure] = ()
) -> tuple[dict[str, str], list[AudienceFigure]]:
    """Read audience figures; a zero without a threshold is left out, with the reason.

    Parameters
    ----------
    observed : ObservedStudy
        The study.
    like : sequence of AudienceFigure, optional
        Figures of a study with more evidence. What a service's error is made of, and the months it is of, are
        as they are there: a single figure of May says the same whether June's is known or left out.

    Returns
    -------
    sources : dict of str to str
        The quantity that holds each source's visitors per person, with the name of its prior.
    observations : list of AudienceFigure
        The figures.
    """
    observations: list[AudienceFigure] = []
    sources: dict[str, str] = {}
    used: list[tuple[AudienceEvidence, float | None, tuple[str, ...], float | None]] = []
    for item in observed.items:
        if not isinstance(item, AudienceEvidence):
            continue
        if item.limits is not None:
            stated = item.error.relative if item.error else None
            used.append((item, None, observed.study.resolve(item.platforms), stated))
        elif item.value:
            used.append((item, *observed.residual(item, item.value)))
        else:
            observed.left_out[item.id] = (
                "a count of zero means 'below the service's threshold', which is not given"
            )
    times = Counter(
        (source_name(item.page_scope, item.vendor), platform)
        for item, _, platforms, _ in used
        for platform in platforms
    )
    repeated = {source for (source, _), count in times.items() if count > 1}
    repeated |= {figure.source for figure in like if figure.repeated}
    periods = tuple(dict.fromkeys(item.period for item, *_ in used))
    months = tuple(month_name(period) for period in periods) if len(periods) > 1 else ()
    months = next((figure.months for figure in like), months)
    for item, value, platforms, stated in used:
        source = source_name(item.page_scope, item.vendor)
        sources[source] = f"visitors_per_person[{item.page_scope}]"
        where = (
            observed.study.platform(platforms[0]).name
            if len(platforms) == 1
            else f"{len(platforms)} platforms together"
        )
        about: dict[str, Any] = {
            "name": item.id,
            "members": observed.members(platforms),
            "worldwide": item.reach == "worldwide",
            "source": source,
            "stated_error": stated,
            "assumed_error": is_assumed(item),
            "repeated": source in repeated,
            "month": month_name(item.period) if months else None,
            "months": months,
        }
        if value is not None:
            observations.append(
                MonthlyVisitors(label=f"visitors, {where}", unit="visitors", value=value, **about)
            )
            continue
        assert item.limits is not None
        low, high = item.limits
        said = f"below {high:,.0f}" if low is None else f"{low:,.0f} to {high:,.0f}"
        observations.append(
            CensoredVisitors(
                label=f"visitors {said}, {where}", unit="(1: yes, 0: no)", low=low, high=high, **about
            )
        )
    return sources, observations
