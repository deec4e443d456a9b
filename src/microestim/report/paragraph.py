"""A paragraph about a fit, to be quoted as it is, in the reader's language."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from microestim.errors import InputError
from microestim.models.imputation import platforms_to_impute
from microestim.models.people import TIER_IDS
from microestim.report.wording import power_of_ten
from microestim.results import check_level, credible_interval, format_interval, format_share, printed_draws

if TYPE_CHECKING:
    from microestim.checks.fitted import FittedModel

__all__ = ["languages", "paragraph"]

_KEYS = frozenset(
    {
        "name",
        "thousands",
        "decimal",
        "range",
        "one_platform",
        "platforms",
        "all_platforms",
        "some_platforms",
        "imputed",
        "imputed_from_prior",
        "left_out",
        "pooled",
        "magnitudes",
        "sentences",
        "not_converged",
    }
)


def languages() -> tuple[str, ...]:
    """List the languages that come with the library.

    Returns
    -------
    tuple of str
        Codes.

    Examples
    --------
    >>> languages()
    ('en', 'fr')
    """
    folder = files("microestim.report") / "languages"
    return tuple(
        sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))
    )


def paragraph(
    fit: FittedModel,
    language: str | Path = "en",
    *,
    level: float = 0.95,
    scope: Literal["observed", "all"] = "observed",
    without_class: str | Sequence[str] = (),
) -> str:
    """Write a paragraph about a fit.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    language : str or Path, default "en"
        Code of a language that comes with the library, or a TOML file with the same keys as its files.
    level : float, default 0.95
        Level of the credible intervals.
    scope : {"observed", "all"}, default "observed"
        Which platforms. Over all platforms the paragraph says what share no evidence speaks of.
    without_class : str or sequence of str, optional
        With scope "all": classes whose platforms without evidence are left out.

    Returns
    -------
    str
        The paragraph; of a fit that did not converge it says so first.

    Raises
    ------
    InputError
        If the language is unknown, or its file lacks a key or names what is not known.
    """
    check_level(level)
    words = _words(language)
    tiers = fit.tiers.over(scope, without_class=without_class)
    n, shown = len(tiers.platforms), f"{round(100 * level, 6):g}"
    named = "platforms" if scope == "observed" else "some_platforms" if tiers.left_out else "all_platforms"
    joinable = fit.design.n_platforms + len(platforms_to_impute(fit.study))
    values: dict[str, str] = {
        "country": fit.study.country_name,
        "period": fit.study.period,
        "study": fit.study.title,
        "version": fit.versions["microestim"],
        "level": _number(shown, words),
        "platforms": words[named].format(number=n, total=joinable)
        if n > 1
        else words["one_platform"].format(platform=fit.study.platform(tiers.platforms[0]).name),
    }
    for tier in TIER_IDS:
        draws = tiers.draws(tier)
        low, high, *_ = credible_interval(draws, level)
        lower, _, upper = format_interval(float(low), float(high)).partition(" to ")
        printed = printed_draws(draws, level)[0]
        values[tier] = _number(printed, words)
        values[f"{tier}_range"] = words["range"].format(low=_number(lower, words), high=_number(upper, words))
        power = min(power_of_ten(printed), len(words["magnitudes"]) - 1)
        values[f"{tier}_magnitude"] = words["magnitudes"][power]
    sentences = list(words["sentences"])
    if tiers.imputed:
        values["imputed_number"] = str(len(tiers.imputed))
        for tier in TIER_IDS:
            share = float(np.median(tiers.imputed_share(tier)))
            values[f"{tier}_imputed"] = _number(format_share(round(share, 2)).removesuffix(" %"), words)
        sentences.insert(-2, words["imputed"])
        alone = [name for name, found in tiers.imputed.items() if not found]
        if alone:
            classes = dict.fromkeys(fit.study.platform(name).class_ for name in alone)
            values["prior_number"], values["prior_classes"] = str(len(alone)), ", ".join(classes)
            sentences.insert(-2, words["imputed_from_prior"])
    if tiers.left_out:
        values["classes"] = ", ".join(tiers.left_out)
        sentences.insert(-2, words["left_out"])
    if fit.others:
        values["others"] = ", ".join(fit.others)
        sentences.insert(-1, words["pooled"])
    try:
        text = " ".join(sentence.format(**values) for sentence in sentences)
    except (KeyError, IndexError, ValueError) as error:
        raise InputError(
            f"a sentence of language {str(language)!r} names {error}; known are {', '.join(sorted(values))}"
        ) from error
    return text if fit.converged else f"{words['not_converged']} {text}"


def _words(language: str | Path) -> dict[str, Any]:
    if isinstance(language, str):
        if language not in languages():
            raise InputError(
                f"language is {language!r}; use one of {', '.join(languages())}, or the path of a TOML file"
            )
        source = (files("microestim.report") / "languages" / f"{language}.toml").read_text(encoding="utf-8")
    elif isinstance(language, Path):
        try:
            source = language.read_text(encoding="utf-8")
        except OSError as error:
            raise InputError(f"cannot read the language file {str(language)!r}: {error.strerror}") from error
    else:
        raise InputError(f"language is {language!r}; use one of {', '.join(languages())}, or a Path")
    try:
        words = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"language file {str(language)!r} is no TOML: {error}") from error
    lacking, unknown = _KEYS - words.keys(), words.keys() - _KEYS
    if lacking or unknown:
        parts = [f"lacks {', '.join(sorted(lacking))}"] if lacking else []
        parts += [f"has unknown {', '.join(sorted(unknown))}"] if unknown else []
        raise InputError(f"language file {str(language)!r} {' and '.join(parts)}")
    return words


def _number(text: str, words: dict[str, Any]) -> str:
    """Put a number that is printed by the library's rule into a language's digits."""
    return text.translate({ord(","): words["thousands"], ord("."): words["decimal"]})
