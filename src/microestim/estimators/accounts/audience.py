"""Totals from audiences and registrations, and what is measured on one platform carried over to others."""

from collections.abc import Mapping, Sequence

import numpy as np

from microestim.errors import InputError, UnitError
from microestim.estimators.accounts.scaling import Quantity, estimand_of, positive, quantity, scaled
from microestim.estimators.references import HARRIS_KRUEGER_2015, LE_LUDEC_2019
from microestim.results import Estimand, Estimate

__all__ = ["audience_total", "extrapolate_ratio", "proxy_scale"]

Amounts = float | Sequence[float] | Mapping[str, float]


def audience_total(
    visitors: Amounts,
    *,
    visitors_per_person: float = 1.0,
    se: Amounts | None = None,
    visitors_per_person_se: float | None = None,
) -> Estimate:
    r"""Add up unique visitors over platforms and divide by what one person counts as.

    Parameters
    ----------
    visitors : float, sequence of float, or mapping of str to float
        Unique visitors a month from the country: a total, or one number a platform.
    visitors_per_person : float, default 1.0
        Visitors that the service counts for each person who works there: devices, browsers, and visitors
        who are no workers. The published method takes 1.
    se : like `visitors`, optional
        Standard errors of the visitors, independent of each other.
    visitors_per_person_se : float, optional
        Standard error of `visitors_per_person`; shared by all platforms, so it does not average out.

    Returns
    -------
    Estimate
        In visitors, window one month. A person on two platforms is in it twice: see
        `people_from_accounts`.

    Raises
    ------
    InputError
        If a number is not positive, or the standard errors do not match the visitors.

    Notes
    -----
    :math:`V / \delta` with :math:`V = \sum_j v_j`, and by the delta method
    :math:`se^2 = (V / \delta)^2 \{\sum_j se_j^2 / V^2 + se_\delta^2 / \delta^2\}`. Source: Le Ludec,
    Tubaro & Casilli (2019), doi:10.48550/arXiv.1901.03889.

    Examples
    --------
    >>> audience_total({"Foule Factory": 6_900, "six others": 55_100})
    <audience total: 62,000 visitors>
    """
    parts = _parts("visitors", visitors)
    total = sum(parts.values())
    total_se = None
    if se is not None:
        errors = _parts("se", se)
        if errors.keys() != parts.keys():
            raise InputError(
                f"visitors are given for {', '.join(parts)} and se for {', '.join(errors)}; "
                "give one standard error for each number of visitors."
            )
        total_se = sum(error**2 for error in errors.values()) ** 0.5
    divisor = quantity("visitors_per_person", visitors_per_person, visitors_per_person_se)
    named = isinstance(visitors, Mapping)
    return scaled(
        Quantity(float(total), total_se),
        over=(divisor,),
        method="audience total",
        assumption=(
            "Every visitor counted by the service is a worker of the platform, and a person counts as "
            f"{divisor.value:g} of them.",
            "Nobody who worked in the month is missing from the service's count.",
        ),
        reference=LE_LUDEC_2019,
        estimand=Estimand(
            name="monthly audience",
            unit="visitors",
            window="1 month",
            scope=", ".join(parts) if named else None,
        ),
    )


def extrapolate_ratio(
    estimate: float | Estimate,
    *,
    of: float | Estimate,
    to: float | Estimate,
    se: float | None = None,
    of_se: float | None = None,
    to_se: float | None = None,
    unit: str = "accounts",
) -> Estimate:
    r"""Carry a number measured on one platform over to several, in proportion to an anchor.

    Parameters
    ----------
    estimate : float or Estimate
        The number measured on the platform, such as a two-sample estimate.
    of : float or Estimate
        The anchor on that platform: its registrations, or its audience.
    to : float or Estimate
        The same anchor over all the platforms, that one included.
    se, of_se, to_se : float, optional
        Standard errors of plain numbers; without one a number is taken as exact.
    unit : str, default "accounts"
        Unit of the result. A person who is active on two platforms is in it twice, so it is not people.

    Returns
    -------
    Estimate
        ``estimate * to / of``. With exact anchors its intervals are those of `estimate`, scaled.

    Raises
    ------
    UnitError
        If the two anchors are estimates in different units.
    InputError
        If a number is not positive.

    Notes
    -----
    :math:`\hat N \, T / A`, with the delta method
    :math:`se^2 = (\hat N T / A)^2 (r_N^2 + r_A^2 + r_T^2)`, r the relative errors, taken as independent.
    The anchor decides much: in the French study registrations give 14,066 people and audience 19,811.
    Source: Le Ludec, Tubaro & Casilli (2019), doi:10.48550/arXiv.1901.03889.

    Examples
    --------
    >>> round(extrapolate_ratio(2_800, of=50_000, to=319_000).n_hat)
    17864
    """
    here, there = quantity("of", of, of_se), quantity("to", to, to_se)
    if here.unit is not None and there.unit is not None and here.unit != there.unit:
        raise UnitError(
            f"the anchor is in {here.unit} on the platform (of) and in {there.unit} in total (to); "
            "give both in the same unit."
        )
    source = quantity("estimate", estimate, se, arrays=True)
    target = there.estimate.estimand if there.estimate is not None else Estimand(unit=None)
    return scaled(
        source,
        times=(there,),
        over=(here,),
        method=_after(source, "extrapolated by ratio"),
        assumption=(
            f"On the other platforms the number stands in the same ratio to the {here.unit or 'anchor'} as "
            "where it was measured.",
        ),
        reference=LE_LUDEC_2019,
        estimand=estimand_of(source, unit=unit, scope=target.scope, platform=None),
    )


def proxy_scale(
    known: float | Estimate,
    *,
    index_known: float | Estimate,
    index_total: float | Estimate,
    se: float | None = None,
    index_known_se: float | None = None,
    index_total_se: float | None = None,
) -> Estimate:
    r"""Scale the known size of one platform's workforce by an index that is known for all.

    Parameters
    ----------
    known : float or Estimate
        Known size on one platform.
    index_known : float or Estimate
        The index on that platform, such as searches for its name, in any unit.
    index_total : float or Estimate
        The index summed over all platforms, that one included, in the same unit.
    se, index_known_se, index_total_se : float, optional
        Standard errors of plain numbers; without one a number is taken as exact.

    Returns
    -------
    Estimate
        ``known * index_total / index_known``, in the unit of `known` (people for a plain number).

    Raises
    ------
    UnitError
        If the two indices are estimates in different units.
    InputError
        If a number is not positive.

    Notes
    -----
    The method of Harris & Krueger (2015, Hamilton Project Discussion Paper 2015-10) with Google searches
    for the platforms' names. Error by the delta method as in `extrapolate_ratio`.

    Examples
    --------
    >>> round(proxy_scale(160_000, index_known=40.0, index_total=150.0).n_hat)
    600000
    """
    here = quantity("index_known", index_known, index_known_se)
    there = quantity("index_total", index_total, index_total_se)
    if here.unit is not None and there.unit is not None and here.unit != there.unit:
        raise UnitError(
            f"index_known is in {here.unit} and index_total in {there.unit}; give both in the same unit."
        )
    source = quantity("known", known, se, arrays=True)
    return scaled(
        source,
        times=(there,),
        over=(here,),
        method=_after(source, "scaled by a proxy"),
        assumption=("The index is proportional to the workforce, with the same factor on every platform.",),
        reference=HARRIS_KRUEGER_2015,
        estimand=estimand_of(source, platform=None, scope=None),
    )


def _after(source: Quantity, step: str) -> str:
    return step if source.estimate is None else f"{source.estimate.method}, {step}"


def _parts(name: str, given: Amounts) -> dict[str, float]:
    if isinstance(given, Mapping):
        parts = {str(key): positive(f"{name} of {key}", value) for key, value in given.items()}
    elif isinstance(given, (int, float)) or np.ndim(given) == 0:
        parts = {"all platforms": positive(name, given)}
    else:
        parts = {f"item {i}": positive(f"{name}[{i}]", value) for i, value in enumerate(given)}
    if not parts:
        raise InputError(f"{name} is empty; give at least one number.")
    return parts
