"""The evidence of a world in the forms of a study's evidence: the same items, with the world's numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from microestim.simulate.worlds.answers import Answers
from microestim.simulate.worlds.declared import round_to_digits
from microestim.study.evidence import (
    ActivityEvidence,
    AudienceEvidence,
    CapturesEvidence,
    CountryShareEvidence,
    MembershipsEvidence,
    NeverUsedEvidence,
    RegistrationsEvidence,
)
from microestim.study.vocabulary import BANDS

__all__ = [
    "Impossible",
    "SurveyData",
    "captures_numbers",
    "digits_of",
    "figure_numbers",
    "frequency_numbers",
    "memberships_numbers",
    "never_used_numbers",
    "population_numbers",
    "rounded_like",
    "share_numbers",
]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

type Numbers = dict[str, Any]


class Impossible(Exception):
    """A drawn world in which a piece of the study's evidence could not have its form."""


@dataclass(frozen=True, eq=False)
class SurveyData:
    """What came of one survey.

    Parameters
    ----------
    histories : ndarray of bool
        People as they seem to be x waves.
    respondent : ndarray of int
        The respondent in whose first answer each history begins.
    complete : ndarray of bool
        Whether the answers of each history can be used.
    answers : Answers
        What each respondent says.
    """

    histories: Bools
    respondent: Ints
    complete: Bools
    answers: Answers

    def usable(self, n: int, rng: np.random.Generator) -> Ints:
        """Choose the respondents whose answers are reported.

        Parameters
        ----------
        n : int
            How many the study has.
        rng : numpy.random.Generator
            Source of random numbers.

        Returns
        -------
        ndarray of int
            Respondents.

        Raises
        ------
        Impossible
            There are fewer.
        """
        found = self.respondent[self.complete]
        if len(found) < n:
            raise Impossible("fewer usable answers than in the study")
        return rng.permutation(found)[:n]


def digits_of(value: float) -> int:
    """Count the significant digits that a printed number shows.

    Parameters
    ----------
    value : float
        The number, above 0.

    Returns
    -------
    int
        At least 1: zeros at the end of a whole number are taken for rounding.
    """
    text = f"{value:.12g}"
    if "e" in text:
        text = text.partition("e")[0]
    digits = text.replace(".", "").lstrip("0")
    return max(1, len(digits if "." in text else digits.rstrip("0")))


def rounded_like(value: float, printed: float) -> float:
    """Round a world's number to as many significant digits as the study's has.

    Parameters
    ----------
    value : float
        The world's.
    printed : float
        The study's.

    Returns
    -------
    float
        The number as printed.

    Raises
    ------
    Impossible
        It is 0, which nobody prints.
    """
    found = round_to_digits(value, digits_of(printed))
    if found <= 0:
        raise Impossible("a figure of 0 where the study has one")
    return found


def share_numbers(item: CountryShareEvidence, share: float | None) -> Numbers:
    """Give a country share as the study has it.

    Parameters
    ----------
    item : CountryShareEvidence
        The study's.
    share : float or None
        The world's published share.

    Returns
    -------
    dict
        The fields that differ.
    """
    if share is None or not 0 < share < 1:
        raise Impossible("no country share where the study has one")
    return {"value": rounded_like(share, item.value)}


def captures_numbers(item: CapturesEvidence, data: SurveyData) -> Numbers:
    """Give who was seen in which wave, in the study's form.

    Parameters
    ----------
    item : CapturesEvidence
        The study's.
    data : SurveyData
        What came of the survey.

    Returns
    -------
    dict
        The fields that differ.
    """
    if item.histories_by_frequency is not None:
        kept = data.histories[data.complete]
        band = data.answers.band[data.respondent[data.complete]]
        # A band that the study does not list was not looked at.
        return {
            "histories_by_frequency": {
                word: _histories(kept[band == BANDS.index(word)]) for word in item.histories_by_frequency
            }
        }
    if item.histories is not None:
        return {"histories": _histories(data.histories)}
    n1, n2 = (int(n) for n in data.histories[:, :2].sum(axis=0))
    m = int(data.histories[:, :2].all(axis=1).sum())
    if item.estimate is None:
        return {"n1": n1, "n2": n2, "m": m}
    if item.estimator == "chapman":
        size = (n1 + 1) * (n2 + 1) / (m + 1) - 1
    elif item.estimator == "bailey":
        size = n1 * (n2 + 1) / (m + 1)
    elif m == 0:
        raise Impossible("nobody was seen again")
    else:
        size = n1 * n2 / m
    return {"estimate": rounded_like(size, item.estimate)}


def _histories(histories: Bools) -> dict[str, int]:
    words, counts = np.unique(histories.astype(np.int64), axis=0, return_counts=True)
    table = {"".join(map(str, word)): int(count) for word, count in zip(words, counts, strict=True)}
    return table or {"1" * histories.shape[1]: 0}


def frequency_numbers(item: ActivityEvidence, data: SurveyData, who: Ints) -> Numbers:
    """Give stated frequencies in the study's form.

    Parameters
    ----------
    item : ActivityEvidence
        The study's.
    data : SurveyData
        What came of the survey.
    who : ndarray of int
        The respondents.

    Returns
    -------
    dict
        The fields that differ.
    """
    chosen = who[: item.n]
    counts = {word: int((data.answers.band[chosen] == i).sum()) for i, word in enumerate(BANDS)}
    if item.counts is not None:
        return {"counts": counts}
    return {"shares": {word: round(counts[word] / item.n, 2) for word in item.shares or {}}}


def memberships_numbers(item: MembershipsEvidence, data: SurveyData, who: Ints) -> Numbers:
    """Give memberships of respondents in the study's form.

    Parameters
    ----------
    item : MembershipsEvidence
        The study's.
    data : SurveyData
        What came of the survey.
    who : ndarray of int
        The respondents.

    Returns
    -------
    dict
        The fields that differ.
    """
    chosen = who[: item.n_respondents]
    answers = data.answers
    if item.platforms == "any":
        numbers = answers.anywhere
    elif item.window == "ever":
        numbers = answers.registered
    else:
        numbers = answers.month if item.window == "month" else answers.week
    k = numbers[chosen]
    if item.window != "ever" and len(np.unique(k)) < 2:
        raise Impossible("all respondents gave the same number of platforms")
    if item.counts is not None:
        return {"counts": _count(k)}
    if item.by_frequency is not None:
        band = answers.band[chosen]
        tables: Mapping[str, Any] = {
            word: _count(k[band == BANDS.index(word)]) or {"1": 0} for word in item.by_frequency
        }
        # Those of a band that the study does not list were not asked.
        listed = sum(sum(table.values()) for table in tables.values())
        return {"by_frequency": tables} | ({} if item.n is None else {"n": listed})
    assert item.mean is not None
    unit = item.rounded_to or 0.01
    found: Numbers = {"mean": round(round(float(k.mean()) / unit) * unit, 10)}
    if item.sd is not None:
        found["sd"] = round(float(k.std()), 2)
        if found["sd"] == 0:
            raise Impossible("all respondents gave the same number of platforms")
    if item.share_single is not None:
        found["share_single"] = round(float((k == 1).mean()), 3)
    return found


def _count(numbers: Ints) -> dict[str, int]:
    values, counts = np.unique(numbers, return_counts=True)
    return {str(value): int(count) for value, count in zip(values, counts, strict=True)}


def population_numbers(
    item: MembershipsEvidence, memberships: Ints, forgotten: float, rng: np.random.Generator
) -> Numbers:
    """Give memberships of registered people who were found in a sample of the population.

    Parameters
    ----------
    item : MembershipsEvidence
        The study's.
    memberships : ndarray of int
        Observed platforms of each person who is registered on any.
    forgotten : float
        Chance that an account other than one is not thought of.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    dict
        The fields that differ.
    """
    if len(memberships) < item.n_respondents:
        raise Impossible("fewer people than were asked in the study")
    k = rng.permutation(memberships)[: item.n_respondents]
    return {"counts": _count(1 + rng.binomial(k - 1, 1 - forgotten))}


def never_used_numbers(item: NeverUsedEvidence, worked: Bools, rng: np.random.Generator) -> Numbers:
    """Give the share of accounts with which nothing was ever done.

    Parameters
    ----------
    item : NeverUsedEvidence
        The study's.
    worked : ndarray of bool
        Whether a task was ever done with each account of the platform.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    dict
        The fields that differ.
    """
    if item.n is None:
        assert item.error is not None
        share = float(1 - worked.mean()) if len(worked) else 0.0
        value = share * math.exp(item.error.relative * rng.standard_normal())
    else:
        if len(worked) < item.n:
            raise Impossible("fewer accounts than were looked at in the study")
        value = float(1 - rng.permutation(worked)[: item.n].mean())
    if not 0 < value < 1:
        raise Impossible("all accounts that were looked at are alike")
    return {"value": value}


def figure_numbers(
    item: RegistrationsEvidence | AudienceEvidence, by_platform: Mapping[int, float], where: list[int]
) -> Numbers:
    """Give a figure over one platform or several.

    Parameters
    ----------
    item : RegistrationsEvidence or AudienceEvidence
        The study's.
    by_platform : mapping of int to float
        The world's figure of each platform.
    where : list of int
        The platforms that it is about.

    Returns
    -------
    dict
        The fields that differ; a service's 0 stays one.

    Raises
    ------
    Impossible
        The world has visitors where the study's service shows none below its threshold.
    """
    if not item.value:
        limit = item.threshold if isinstance(item, AudienceEvidence) else None
        if limit is not None and sum(by_platform[j] for j in where) >= limit:
            raise Impossible("visitors above a threshold that the study's are below")
        return {}
    return {"value": rounded_like(sum(by_platform[j] for j in where), item.value)}
