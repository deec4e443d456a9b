"""The report: complete, self-contained, honest about what failed and what was assumed."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import microestim as me
from microestim.errors import InputError
from microestim.report.page import compose_report, write_report
from microestim.results import format_interval, format_number

VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """Reads a page strictly: every element closed where it should be."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.loads, self.captions, self.images, self.text = (
            [],
            [],
            [],
            [],
            [],
            [],
            [],
        )

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given["href"])
        self.loads += [given[key] for key in ("src", "srcset", "data", "action") if key in given]
        if tag == "link":
            self.loads.append(given["href"])
        if tag == "img":
            self.images.append(given)
        if tag in ("caption", "figcaption"):
            self.captions.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)
        if "caption" in self.open or "figcaption" in self.open:
            self.captions[-1] += data


def read(html):
    page = Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


@pytest.fixture(scope="module")
def failed(prior_fit, other_reading):
    return compose_report(prior_fit, alternatives=[other_reading])


@pytest.fixture(scope="module")
def sound(converged_prior_fit):
    return compose_report(converged_prior_fit)


def words(report):
    return re.sub(r"\s+", " ", " ".join(read(report.html).text))


def test_the_page_is_well_formed_and_loads_nothing(failed):
    page = read(failed.html)
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert page.loads
    assert all(load.startswith("data:image/png;base64,") for load in page.loads)
    # Style sheets can load as well.
    assert not re.search(r"@import|url\(", failed.html)
    assert "<script" not in failed.html
    assert '<html lang="en">' in failed.html
    assert all(len(image["alt"]) > 30 for image in page.images)
    assert len(page.images) == len(failed.pictures) == 5


def test_a_failed_fit_says_so_everywhere(failed):
    page = read(failed.html)
    assert page.captions
    assert all(caption.lstrip().startswith("NOT CONVERGED.") for caption in page.captions)
    assert 'role="alert"' in failed.html
    assert all(image["alt"].startswith("NOT CONVERGED") for image in page.images)


def test_a_sound_fit_does_not(sound):
    assert "NOT CONVERGED" not in words(sound)
    assert 'role="alert"' not in sound.html


def test_numbers_are_those_of_the_frame(sound, converged_prior_fit):
    text = words(sound)
    for by in ("total", "platform", "band"):
        frame = converged_prior_fit.tiers.to_frame(by=by)
        shown = frame[frame["unit"].eq("people") | frame["platform"].ne("")]
        for row in shown[shown["tier"].ne("monthly") | shown["platform"].eq("")].itertuples():
            error = (row.ci_high - row.ci_low) / 4
            assert format_number(row.estimate, error) in text
            assert format_interval(row.ci_low, row.ci_high, error) in text


def test_everything_is_in_it(failed, prior_fit, other_reading):
    text = words(failed)
    study = prior_fit.study
    for item in study.evidence:
        assert item.id in text
    for name, prior in prior_fit.priors.items():
        assert name in text
        assert prior.rationale in text
    for source in study.sources:
        assert " ".join(source.title.split()) in text
    for note in study.notes:
        assert " ".join(note.split()) in text
    for check in prior_fit.check():
        assert check.name in text
    for line in me.reproduce(study).lines:
        assert line.label in text
    for name, version in prior_fit.versions.items():
        assert f"{name} {version}" in text
    assert str(prior_fit.settings.seed) in text
    assert "does not follow" in text
    for bound in ("92,583", "305,500", "319,000"):
        assert bound in text
    for fit in (prior_fit, other_reading):
        assert f"read as about {fit.reading}" in text
    assert "Being registered is not working" in text
    assert "@software{microestim" in text


def test_assumptions_are_marked_wherever_they_stand(failed, prior_fit):
    marked = '<strong class="assumption">assumption</strong>'
    row = re.search(r'<tr><th scope="row">ff-captures</th>.*?</tr>', failed.html, re.DOTALL)[0]
    assert f"published, with an {marked}" in row
    rows = re.findall(r'<td class="left" data-label="basis">' + re.escape(marked), failed.html)
    assert len(rows) == len(prior_fit.priors)


def test_replaced_priors_are_told_from_the_library_s(prior_fit):
    from microestim.report.tables import prior_table

    basis = {row[0]: row[-1] for row in prior_table(prior_fit).rows}
    assert not any("default" in each for each in basis.values())
    replaced = me.Prior(
        name="departure",
        family="normal",
        median=0.0,
        spread=0.2,
        unit="log odds",
        meaning="memberships",
        rationale="a second survey",
        source="judgement",
    )
    other = me.WorkforceFit(
        study=prior_fit.study,
        design=prior_fit.design,
        priors={**prior_fit.all_priors, "departure": replaced},
        vectors=prior_fit.vectors,
        sample_stats=prior_fit.sample_stats,
        settings=prior_fit.settings,
        reading=prior_fit.reading,
    )
    basis = {row[0]: row[-1] for row in prior_table(other).rows}
    assert [name for name, each in basis.items() if "default" in each] == ["departure"]


def test_what_studies_say_is_escaped(single_platform_fit):
    one = single_platform_fit
    fit = me.WorkforceFit(
        study=one.study.replacing("ff-audience", note="<script>alert(1)</script>"),
        design=one.design,
        priors=one.all_priors,
        vectors=one.vectors,
        sample_stats=one.sample_stats,
        settings=one.settings,
        reading=one.reading,
    )
    html = compose_report(fit).html
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_an_alternative_of_another_study_is_refused(prior_fit, single_platform_fit):
    with pytest.raises(InputError, match="not of 'fr-2018'"):
        compose_report(prior_fit, alternatives=[single_platform_fit])


def test_a_study_of_one_platform_without_steps_has_a_report(single_platform_fit):
    text = words(compose_report(single_platform_fit))
    assert "on Foule Factory at least weekly" in text
    assert "The study file holds no published steps" in text
    assert "its figures by themselves bound nothing" in text


def test_the_report_is_replaced_whole(tmp_path, prior_fit, sound, monkeypatch):
    from microestim.report import page

    monkeypatch.setattr(page, "compose_report", lambda fit, *, alternatives, derived: sound)
    path = tmp_path / "report.html"
    path.write_text("old")
    assert write_report(prior_fit, path) == path
    assert path.read_text(encoding="utf-8") == sound.html
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(InputError, match="cannot write the report"):
        write_report(prior_fit, tmp_path / "missing" / "report.html")


def test_the_report_can_be_quoted_in_english_and_in_the_study_s_language(converged_prior_fit):
    from html import unescape

    page = unescape(compose_report(converged_prior_fit).html)
    for language in ("en", "fr"):
        assert f'<blockquote lang="{language}"><p>{converged_prior_fit.paragraph(language)}</p>' in page


def test_what_follows_and_who_answered_stand_in_the_page(
    converged_prior_fit: me.WorkforceFit, tmp_path: Path
) -> None:
    """With inputs: shares, wage bill, jobs by income and by hours. Without: the reserve alone."""
    fit = converged_prior_fit
    derived = fit.derived(
        active_population=(29e6, 30e6), monthly_income=21, monthly_wage=1185, hourly_pay=(2, 3),
        weekly_hours=3, full_time_hours=35, currency="euros",
    )  # fmt: skip
    page = fit.report(tmp_path / "full.html", derived=derived).read_text(encoding="utf-8")
    for words in (
        "share of the active population",
        "wage bill",
        "full-time equivalents by income",
        "full-time equivalents by hours",
        "full-time equivalents by the hours that income pays",
        "monthly, not weekly",
        "unless the model extends it",
        "no occupation",
    ):
        assert words in page
    frame = derived.to_frame()
    for quantity in ("full-time equivalents by income", "full-time equivalents by hours"):
        assert set(frame.loc[frame["quantity"] == quantity, "tier"]) == set(fit.tiers.people)
    plain = fit.report(tmp_path / "plain.html").read_text(encoding="utf-8")
    assert "reserve" in plain
    assert "wage bill" not in plain
