"""Citations: well-formed BibTeX of everything that a number rests on."""

import re

import pytest

import microestim as me
from microestim.report import fit_citations, library_citation, study_citations


def entries(bibtex):
    """Parse BibTeX by its grammar, counting braces; anything left over is a fault."""
    found, rest = {}, bibtex.strip()
    while rest:
        head = re.match(r"@(\w+)\{([^,\s{}]+),\s*", rest)
        assert head is not None, rest[:60]
        assert head[2] not in found
        fields, at = {}, head.end()
        while rest[at] != "}":
            name = re.match(r"(\w+) = \{", rest[at:])
            assert name is not None, rest[at : at + 60]
            start = at = at + name.end()
            depth = 1
            while depth:
                if rest[at] == "\\":
                    at += 1
                else:
                    depth += {"{": 1, "}": -1}.get(rest[at], 0)
                at += 1
            fields[name[1]] = rest[start : at - 1]
            at = re.compile(r",\s*").match(rest, at).end()
        found[head[2]] = (head[1], fields)
        rest = rest[at + 1 :].lstrip()
    return found


@pytest.mark.parametrize("study_id", ["fr-2018", "fr-2018-report", "fr-2018-working-paper"])
def test_every_source_is_cited_once(study_id):
    study = me.load_study(study_id)
    found = entries(study_citations(study))
    assert list(found) == [source.id for source in study.sources]
    for source in study.sources:
        fields = found[source.id][1]
        assert fields["year"] == str(source.year)
        assert len(fields["author"].split(" and ")) == len(source.authors)


def test_special_characters_and_institutions_survive():
    study = me.load_study("fr-2018")
    source = study.source("apec").model_copy(update={"title": "5 % & {more}_", "identifier": "doi:10.1/x_y"})
    found = entries(study_citations(study.model_copy(update={"sources": (source,)})))["apec"][1]
    assert found["author"] == "{Apec}"
    assert found["title"] == r"{5 \% \& \{more\}\_}"
    assert found["doi"] == "10.1/x_y"


def test_a_fit_cites_library_sources_and_methods(prior_fit, single_platform_fit):
    found = entries(fit_citations(prior_fit))
    assert found["microestim"][1]["version"] == me.__version__
    assert {source.id for source in prior_fit.study.sources} <= set(found)
    dois = {fields.get("doi") for _, fields in found.values()}
    assert {"10.1145/2833157.2833162", "10.1214/20-BA1221", "10.1093/biomet/81.3.457"} <= dois
    assert prior_fit.versions["nutpie"] in found["nutpie"][1]["note"]
    # Memberships over platforms play no part with one platform.
    alone = {fields.get("doi") for _, fields in entries(fit_citations(single_platform_fit)).values()}
    assert "10.1093/biomet/81.3.457" not in alone


def test_a_development_version_asks_not_to_be_cited(monkeypatch):
    from microestim.report import citations

    monkeypatch.setattr(citations, "__version__", "1.2.3.dev4")
    assert "not to be cited" in entries(library_citation())["microestim"][1]["note"]
    monkeypatch.setattr(citations, "__version__", "1.2.3")
    assert "note" not in entries(library_citation())["microestim"][1]
