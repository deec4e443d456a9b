"""Which model of a closed population is identified with how many occasions, and why not with fewer."""

from dataclasses import dataclass

from microestim.errors import NotEstimableError
from microestim.estimators.closed_populations.heterogeneity import HETEROGENEITIES, Heterogeneity

__all__ = ["IDENTIFIED", "Identified", "check_occasions", "identified", "shapes_of"]

_TIME = "two occasions give three counts, and size, reaction and a chance for each occasion are four unknowns"
_FIRST = "with the first occasion set apart, one occasion is left, from which no decline can be seen"
_MARGIN = (
    "heterogeneity shows in the frequencies of capture alone, two occasions give two of them, and size and "
    "chance of capture already use them up"
)
_CLASSES = (
    "the distribution of ability shows in the frequencies of capture alone, one for each occasion; k classes "
    "have k chances and k - 1 shares, which with the size makes 2k unknowns"
)
_BOTH = (
    "three occasions have seven histories to tell effects, reaction, heterogeneity and size apart, which "
    "leaves one count or none to spare"
)
_CONSTRAINT = (
    "logit c_i = logit p_i + b on every occasion after the first; free recapture chances would do as well"
)


@dataclass(frozen=True, kw_only=True)
class Identified:
    """One model, with a shape of heterogeneity where it takes one, and the fewest occasions that identify it.

    Parameters
    ----------
    model : str
        The model.
    heterogeneity : str or None
        The shape.
    least : int
        Fewest occasions; of classes for two of them.
    per_class : int
        Occasions that each further class needs.
    reason : str
        Why fewer do not do; empty for two occasions, below which nothing is.
    constraint : str
        What is assumed so that it is identified; empty where nothing is.
    frequencies : bool
        Whether frequencies of capture suffice, without who was captured when.
    """

    model: str
    heterogeneity: str | None
    least: int
    per_class: int = 0
    reason: str = ""
    constraint: str = ""
    frequencies: bool = False


def _with_shapes(model: str) -> tuple[Identified, ...]:
    rows = []
    for shape in HETEROGENEITIES:
        if shape == "beta-binomial" and model != "Mh":
            continue
        classes = shape == "mixture"
        rows.append(
            Identified(
                model=model,
                heterogeneity=shape,
                least=4 if classes else 3,
                per_class=2 if classes else 0,
                reason=_CLASSES if classes else _MARGIN,
                frequencies=model == "Mh",
            )
        )
    return tuple(rows)


IDENTIFIED: tuple[Identified, ...] = (
    Identified(model="M0", heterogeneity=None, least=2, frequencies=True),
    Identified(model="Mt", heterogeneity=None, least=2),
    Identified(model="Mb", heterogeneity=None, least=2),
    Identified(model="Mtb", heterogeneity=None, least=3, reason=_TIME, constraint=_CONSTRAINT),
    *_with_shapes("Mh"),
    *_with_shapes("Mth"),
    Identified(model="Mbh", heterogeneity=None, least=3, reason=_FIRST),
    Identified(model="Mtbh", heterogeneity="normal", least=4, reason=_BOTH, constraint=_CONSTRAINT),
    Identified(
        model="Mtbh", heterogeneity="mixture", least=4, per_class=2, reason=_CLASSES, constraint=_CONSTRAINT
    ),
)
"""Every model that `closed` fits, with the shapes of heterogeneity that it takes."""


def shapes_of(model: str) -> tuple[str, ...]:
    """Shapes of heterogeneity that a model takes.

    Parameters
    ----------
    model : str
        The model.

    Returns
    -------
    tuple of str
        Empty for a model without heterogeneity.

    Examples
    --------
    >>> shapes_of("Mtbh")
    ('normal', 'mixture')
    """
    return tuple(row.heterogeneity for row in IDENTIFIED if row.model == model and row.heterogeneity)


def identified(model: str, shape: Heterogeneity | None) -> Identified:
    """Find the row of a model.

    Parameters
    ----------
    model : str
        The model.
    shape : Heterogeneity or None
        Its shape of heterogeneity.

    Returns
    -------
    Identified
        The row.

    Raises
    ------
    KeyError
        If the model does not take that shape.
    """
    wanted = None if shape is None else shape.shape
    for row in IDENTIFIED:
        if row.model == model and row.heterogeneity == wanted:
            return row
    raise KeyError((model, wanted))


def check_occasions(
    name: str, model: str, shape: Heterogeneity | None, occasions: int | None, *, most: int
) -> None:
    """Refuse a model that so few occasions do not identify.

    Parameters
    ----------
    name : str
        Name of the model, for messages.
    model : str
        The model.
    shape : Heterogeneity or None
        Its shape of heterogeneity.
    occasions : int or None
        Number of occasions; None where people can be captured any number of times.
    most : int
        Largest number of captures: without occasions there are so many frequencies.

    Raises
    ------
    NotEstimableError
        With the reason.
    """
    row = identified(model, shape)
    least = row.least
    if shape is not None and shape.classes is not None:
        # One class is no heterogeneity, and asks for what the model without it does.
        least = max(row.least + row.per_class * (shape.classes - 2), 2 if model in ("Mh", "Mth") else 3)
    if occasions is not None and occasions < least:
        raise NotEstimableError(
            f"{name} is not identified with {occasions} occasions: {row.reason}. It needs {least} or more."
        )
    if occasions is None and shape is not None and not shape.is_log_linear and most < least:
        raise NotEstimableError(
            f"{name} is not identified by frequencies of one to {most} captures: it has {least} unknowns, "
            f"the size included, and needs people captured {least} times or more."
        )
