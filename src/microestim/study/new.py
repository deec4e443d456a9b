"""A commented template from which a new study is written."""

from __future__ import annotations

import re
from importlib.resources import files

from microestim.errors import InputError
from microestim.study.vocabulary import BLANK, ID_PATTERN

__all__ = ["template"]


_BEGUN = ("BR", "IN")
"""Countries without a survey for which a study is begun with what is public."""


def template(id: str, *, public: bool = False) -> str:
    """Give the text of a study file to be filled in.

    Every value that only its writer can know is ``"?"``; `read_study` refuses the file as long as
    one is left, and lists each with its line. Kinds of evidence that many studies lack are there as
    comments.

    Parameters
    ----------
    id : str
        Id of the new study: lower-case letters, digits and hyphens. Country and year are taken from
        an id such as "br-2023".
    public : bool, default False
        Fill in what is public about the country of the id, each figure with its source, and leave every other
        place a blank. Such files exist for Brazil ("br-...") and India ("in-..."), which have no survey.

    Returns
    -------
    str
        TOML.

    Raises
    ------
    InputError
        The id is not of the required form, or `public` is asked for a country without such a file.

    Examples
    --------
    >>> from microestim.study import template
    >>> lines = template("br-2023").splitlines()
    >>> next(line for line in lines if line.startswith("country"))
    'country = "BR"              # ISO 3166, two capital letters'
    """
    if not re.match(ID_PATTERN, id):
        raise InputError(
            f"{id!r} cannot be the id of a study; accepted: lower-case letters, digits and hyphens, "
            'best country and year: "br-2023"'
        )
    found = re.match(r"([a-z]{2})-(\d{4})(?:-|$)", id)
    country, period = (found[1].upper(), found[2]) if found else (BLANK, BLANK)
    if public and country not in _BEGUN:
        raise InputError(
            f"{id!r}: no study of this country is begun with what is public; there are Brazil (ids such as "
            '"br-2023") and India ("in-2023")'
        )
    name = f"{country.lower()}.toml" if public else "study.toml"
    text = (files("microestim.study") / "template" / name).read_text(encoding="utf-8")
    return text.replace("@ID@", id).replace("@COUNTRY@", country).replace("@PERIOD@", period)
