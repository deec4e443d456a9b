"""What a number is a number of: unit, scope, period, recall window and threshold."""

from dataclasses import dataclass

from microestim.errors import InputError

__all__ = ["FRAME_COLUMNS", "IDENTIFYING_COLUMNS", "IMPUTED_COLUMNS", "Estimand"]

FRAME_COLUMNS = (
    "study",
    "tier",
    "platform",
    "estimand",
    "method",
    "status",
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "ci_level",
    "ci_kind",
    "unit",
    "scope",
    "period",
    "window",
    "threshold",
)
"""Columns of every exported frame, in this order; one row an estimate."""

IMPUTED_COLUMNS = ("imputed_accounts", "imputed_people")
"""Further columns of a frame of all platforms: median shares that rest on platforms without evidence."""

IDENTIFYING_COLUMNS = ("unit", "scope", "period", "tier", "window", "threshold", "platform")
"""Columns that must agree before two estimates can stand for the same quantity."""


@dataclass(frozen=True, kw_only=True)
class Estimand:
    """What an estimate is an estimate of; None means that nobody stated it.

    Parameters
    ----------
    name : str
        The quantity in words.
    unit : str or None
        What is counted: ``"people"``, ``"accounts"``, ``"visitors"`` …
    scope : str or None
        Over which platforms.
    period : str or None
        When, as a date or a range of dates.
    window : str or None
        Recall or observation window, such as ``"1 month"``.
    threshold : str or float or None
        Least activity that counts, such as visits a month.
    tier : str or None
        Tier of engagement.
    platform : str or None
        The platform, where it is one.
    study : str or None
        The study.

    Raises
    ------
    InputError
        If the name is empty.

    Examples
    --------
    >>> Estimand(unit="accounts", scope="7 platforms").unit
    'accounts'
    """

    name: str = "population size"
    unit: str | None = "people"
    scope: str | None = None
    period: str | None = None
    window: str | None = None
    threshold: str | float | None = None
    tier: str | None = None
    platform: str | None = None
    study: str | None = None

    def __post_init__(self) -> None:
        """Refuse an estimand without a name."""
        if not self.name.strip():
            raise InputError("an estimand needs a name in words, such as 'population size'.")

    def stated(self) -> dict[str, str]:
        """Return what was stated, in words, without the name.

        Returns
        -------
        dict of str to str
            Keys are the fields that are not None.

        Examples
        --------
        >>> Estimand(period="2018").stated()
        {'unit': 'people', 'period': '2018'}
        """
        fields = ("study", "tier", "platform", "unit", "scope", "period", "window", "threshold")
        return {field: str(getattr(self, field)) for field in fields if getattr(self, field) is not None}
