"""The paragraph in every language: the numbers are those of the summary, the digits those of the language."""

import re
from pathlib import Path

import numpy as np
import pytest

import microestim as me
from microestim.errors import InputError
from microestim.report.paragraph import languages

OWN = """
name = "short"
thousands = "'"
decimal = "."
range = "{low}-{high}"
one_platform = "{platform}"
platforms = "{number}"
all_platforms = "all {number}"
imputed = "{imputed_number} drawn, {weekly_imputed}"
left_out = "not {classes}"
some_platforms = "{number} of {total}"
imputed_from_prior = "{prior_number} from a prior"
pooled = "with {others}"
magnitudes = ["few", "tens", "hundreds", "thousands"]
sentences = ["SENTENCE"]
not_converged = "No."
"""


@pytest.mark.parametrize(("language", "separator"), [("en", ","), ("fr", "\u202f")])
def test_numbers_are_those_of_the_summary(
    converged_prior_fit: me.WorkforceFit, language: str, separator: str
) -> None:
    text = converged_prior_fit.paragraph(language)
    for row in converged_prior_fit.summary().table.rows:
        median, interval = row[3], row[4]
        for number in (median, *interval.split(" to ")):
            assert number.replace(",", separator) in text
    assert "{" not in text
    assert str(converged_prior_fit.design.n_platforms) in text


def test_a_fit_that_did_not_converge_says_so_first(prior_fit: me.WorkforceFit) -> None:
    assert prior_fit.paragraph().startswith("The sampler did not converge: these numbers must not be used.")
    assert prior_fit.paragraph("fr").startswith("L'échantillonneur n'a pas convergé")


def test_one_platform_is_named(single_platform_fit: me.WorkforceFit) -> None:
    name = single_platform_fit.study.platform(single_platform_fit.design.platforms[0]).name
    assert f"are on {name} at least weekly" in single_platform_fit.paragraph()


def test_every_language_uses_every_number(converged_prior_fit: me.WorkforceFit) -> None:
    counts = {
        language: len(re.findall(r"\d+[,\u202f]\d{3}", converged_prior_fit.paragraph(language)))
        for language in languages()
    }
    assert len(set(counts.values())) == 1, counts


def test_a_language_can_be_added_as_a_file(converged_prior_fit: me.WorkforceFit, tmp_path: Path) -> None:
    path = tmp_path / "short.toml"
    path.write_text(OWN.replace("SENTENCE", "{weekly} ({weekly_range}), {weekly_magnitude}; {level}"))
    text = converged_prior_fit.paragraph(path, level=0.9)
    assert re.fullmatch(r"[\d']+ \([\d']+-[\d']+\), \w+; 90", text)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (OWN.replace("SENTENCE", "{daily}"), "names 'daily'; known are country"),
        (OWN.replace('decimal = "."\n', ""), "lacks decimal"),
        (OWN + 'colour = "red"\n', "has unknown colour"),
        ("name = ", "is no TOML"),
    ],
)
def test_a_language_file_that_is_wrong_says_where(
    converged_prior_fit: me.WorkforceFit, tmp_path: Path, source: str, message: str
) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(source)
    with pytest.raises(InputError, match=message):
        converged_prior_fit.paragraph(path)


def test_a_language_file_that_cannot_be_read_is_named(
    converged_prior_fit: me.WorkforceFit, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="cannot read the language file"):
        converged_prior_fit.paragraph(tmp_path / "nowhere.toml")
    with pytest.raises(InputError, match="language is None; use one of en, fr, or a Path"):
        converged_prior_fit.paragraph(None)  # type: ignore[arg-type]


def test_an_unknown_language_is_refused(converged_prior_fit: me.WorkforceFit) -> None:
    with pytest.raises(InputError, match="language is 'de'; use one of en, fr"):
        converged_prior_fit.paragraph("de")


@pytest.mark.parametrize(("language", "separator"), [("en", ","), ("fr", "\u202f")])
def test_all_platforms_are_told_from_the_observed_ones(
    converged_prior_fit: me.WorkforceFit, language: str, separator: str
) -> None:
    wider = converged_prior_fit.tiers.over("all")
    text = converged_prior_fit.paragraph(language, scope="all")
    for row in converged_prior_fit.summary(scope="all").table.rows:
        for number in (row[2], *row[3].split(" to ")):
            assert number.replace(",", separator) in text
    assert f" {len(wider.platforms)} plat" in text
    assert f" {len(wider.imputed)} " in text
    share = round(100 * float(np.median(wider.imputed_share("weekly"))))
    assert f"{share} % " in text
    without = converged_prior_fit.paragraph(language, scope="all", without_class="localised tasks")
    assert "localised tasks" in without
    count = len(re.findall(r"localised tasks", text))
    assert count == 1
    assert ("Among them are 7" if language == "en" else "Parmi elles, 7") in text
    assert ("15 of the 22 platforms" if language == "en" else "15 des 22 plateformes") in without
    assert converged_prior_fit.paragraph(language, scope="observed") == converged_prior_fit.paragraph(
        language
    )


def test_an_unknown_scope_is_refused(converged_prior_fit: me.WorkforceFit) -> None:
    with pytest.raises(InputError, match="scope is 'whole'"):
        converged_prior_fit.paragraph(scope="whole")
