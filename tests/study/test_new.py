"""The template of a new study: what is left to fill in is listed, and a filled one is valid."""

import re

import pytest

from microestim import datasets
from microestim.errors import InputError, StudyError
from microestim.study import EVIDENCE_TYPES, parse_study
from microestim.study.new import template

ANSWERS = {
    "title": '"Brazil 2023"',
    "country_name": '"Brazil"',
    "language": '"pt-BR"',
    "summary": '"A survey."',
    "authors": '["Silva, Ana"]',
    "year": "2023",
    "name": '"A platform"',
    "locator": '"Table 1"',
    "vendor": '"Some service"',
    "value": "0.5",
    "rationale": '"A guess."',
    "class": '"other"',
    "layer": '"two-sided"',
}


def fill(text: str) -> str:
    lines = []
    for line in text.splitlines():
        found = re.match(r'^(\w+) = (\["\?"\]|"\?")(.*)$', line)
        lines.append(f"{found[1]} = {ANSWERS[found[1]]}{found[3]}" if found else line)
    return "\n".join(lines)


def uncomment(text: str) -> str:
    """Take away the '# ' before every block of evidence and every published result."""
    out, inside = [], False
    for line in text.splitlines():
        inside = (inside or line in ("# [[evidence]]", "# [[published]]")) and line.startswith("#")
        out.append(line[2:] if inside and not line.startswith("# #") else line)
    return "\n".join(out)


def test_checking_a_template_lists_exactly_its_blanks() -> None:
    text = template("br-2023")
    with pytest.raises(StudyError) as caught:
        parse_study(text)
    blanks = [i for i, line in enumerate(text.splitlines(), 1) if '"?"' in line.split("#")[0]]
    assert [f.line for f in caught.value.faults] == blanks
    assert {f.message for f in caught.value.faults} == {"still to be filled in"}
    assert all(f.accepted for f in caught.value.faults)


def test_a_filled_template_is_a_valid_study() -> None:
    study = parse_study(fill(template("br-2023")))
    assert (study.id, study.country, study.period) == ("br-2023", "BR", "2023")
    assert [e.type for e in study.evidence] == ["registrations", "country_share", "audience"]


def test_every_block_of_the_template_is_valid_when_it_is_uncommented() -> None:
    study = parse_study(uncomment(fill(template("br-2023"))))
    shown = {e.type for e in study.evidence}
    # Income and hours do not bear on the size, and are left to the documentation.
    assert shown == set(EVIDENCE_TYPES) - {"income", "hours", "composition"}
    assert [p.id for p in study.published] == ["report-weekly"]


@pytest.mark.parametrize(("id", "people"), [("br-2023", 86), ("in-2017", 4501)])
def test_a_study_begun_with_what_is_public_cannot_be_used_before_its_blanks_are_filled(
    id: str, people: int
) -> None:
    text = template(id, public=True)
    with pytest.raises(StudyError, match="still to be filled in") as caught:
        parse_study(text)
    blanks = [i for i, line in enumerate(text.splitlines(), 1) if '"?"' in line.split("#")[0]]
    assert [f.line for f in caught.value.faults] == blanks
    assert {f.message for f in caught.value.faults} == {"still to be filled in"}
    study = parse_study(fill(text))
    # Every figure that is filled in has a source; what is left to its writer is an assumption until then.
    given = {e.id: e for e in study.evidence if e.basis != "assumption"}
    assert all(e.source is not None for e in given.values())
    assert {e.id for e in study.evidence if e.basis == "assumption"} == {
        "clickworker-share",
        "clickworker-audience",
        "platform-c-audience",
    }
    # The share is that of the shipped counts.
    counts = datasets.mturk_countries().counts
    total = sum(each.n_observed for each in counts.values())
    assert counts[id[:2].upper()].n_observed == people
    assert given["mturk-share"].value == pytest.approx(people / total, rel=2e-3)


def test_only_some_countries_are_begun() -> None:
    with pytest.raises(InputError, match="there are Brazil"):
        template("fr-2018", public=True)
    with pytest.raises(InputError, match="there are Brazil"):
        template("my-survey", public=True)


def test_an_id_without_country_and_year_leaves_them_blank() -> None:
    text = template("my-survey")
    assert 'country = "?"' in text
    assert text.count('period = "?"') == template("br-2023").count('period = "2023"')
    with pytest.raises(InputError, match="lower-case"):
        template("BR 2023")
