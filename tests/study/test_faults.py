"""Every fault of a study file gives one clear message with its place, and all come at once."""

import datetime as dt
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from microestim.errors import DoubleCountingError, ScopeError, StudyError, UnitError
from microestim.study import EVIDENCE_TYPES, EvidenceItem, Study, parse_study, read_study
from microestim.study.platforms import Platform, PlatformSetDef
from microestim.study.positions import Positions
from microestim.study.publications import PublishedResult, Source, Step, Tier
from microestim.study.writing import to_toml

EVERY_FIELD = Path(__file__).parent / "every_field.toml"
RECORDS: dict[str, type[BaseModel]] = {
    "sources": Source,
    "platforms": Platform,
    "platform_sets": PlatformSetDef,
    "tiers": Tier,
    "published": PublishedResult,
    "steps": Step,
}

Path_ = tuple[str | int, ...]


def fields_of(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Every key of every table of a document."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from fields_of(inner, (*path, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from fields_of(inner, (*path, i))


def get(contents: Any, path: Path_) -> Any:
    for step in path:
        contents = contents[step]
    return contents


def record_of(contents: dict[str, Any], path: Path_) -> type[BaseModel]:
    if len(path) == 1:
        return Study
    if path[0] == "evidence":
        return EVIDENCE_TYPES[contents["evidence"][path[1]]["type"]]
    return RECORDS[str(path[0])]


def faults_in(contents: dict[str, Any]) -> tuple[Any, str]:
    text = to_toml(contents)
    with pytest.raises(StudyError) as caught:
        parse_study(text)
    return caught.value.faults, text


def once_each() -> list[Path_]:
    """One place of every field: the common fields of evidence recur with every type of it."""
    contents = tomllib.loads(EVERY_FIELD.read_text(encoding="utf-8"))
    found: dict[tuple[str, ...], Path_] = {}
    for path in fields_of(contents):
        kind = record_of(contents, path)
        inherited = kind in EVIDENCE_TYPES.values() and str(path[2]) in EvidenceItem.model_fields
        owner = "evidence" if inherited and kind is not EVIDENCE_TYPES["benchmark"] else kind.__name__
        basis = str(get(contents, path[:2]).get("basis")) if inherited else ""
        name = (str(path[0]),) if len(path) == 1 else tuple(str(step) for step in path[2:])
        found.setdefault((owner, basis, *name), path)
    return list(found.values())


ALL_FIELDS = once_each()
# Keys of a record (the tables inside a record, such as counts by band, have keys of their own).
RECORD_FIELDS = [p for p in ALL_FIELDS if len(p) == 1 or (len(p) == 3 and isinstance(p[1], int))]
# Optional as far as the field goes, and required by what the other fields of the record say.
NEEDED_HERE = {
    ("rationale", "assumption"),
    ("derivation", "derived"),
    ("source", "published"),
    ("source", "derived"),
    ("locator", "published"),
    # Without them nothing is observed, or only half of it.
    *((field, "published") for field in ("histories", "n1", "n2", "m", "estimate", "estimator", "shares")),
    *((field, "published") for field in ("histories_by_frequency", "by_frequency", "mean", "between")),
}


def test_the_example_uses_every_field_of_every_record(contents: dict[str, Any]) -> None:
    # Otherwise 'every field broken in turn' below would be less than it says.
    for part, kind in RECORDS.items():
        used = {key for entry in contents[part] for key in entry}
        assert used == {f.alias or name for name, f in kind.model_fields.items()}, part
    common = set.intersection(*(set(kind.model_fields) for kind in EVIDENCE_TYPES.values()))
    everywhere = {key for entry in contents["evidence"] for key in entry}
    assert common <= everywhere
    for word, kind in EVIDENCE_TYPES.items():
        used = {key for entry in contents["evidence"] if entry["type"] == word for key in entry}
        assert set(kind.model_fields) - common <= used, word
    assert set(contents) == set(Study.model_fields)


@pytest.mark.parametrize("path", RECORD_FIELDS, ids=lambda p: ".".join(map(str, p)))
def test_a_missing_field_is_named_with_its_place_unless_it_is_optional(
    contents: dict[str, Any], path: Path_
) -> None:
    kind = record_of(contents, path)
    record = get(contents, path[:-1])
    name = str(path[-1])
    field = next(f for n, f in kind.model_fields.items() if (f.alias or n) == name)
    needed = field.is_required() or (name == "type") or (name, record.get("basis")) in NEEDED_HERE
    needed |= name == "counts" or (name, record.get("type")) == ("value", "audience")
    del record[name]
    if not needed:
        assert_valid_or_dangling(contents)
        return
    faults, text = faults_in(contents)
    named = [f for f in faults if f.keys == path or re.search(rf"\b{name}\b", f"{f.message} {f.accepted}")]
    assert named, faults
    # The line is that of the record's header, since the field itself has none.
    assert Positions(text).line(path[:-1]) in {f.line for f in named}


def assert_valid_or_dangling(contents: dict[str, Any]) -> None:
    """Leaving out an optional field breaks nothing but what refers to it or relies on it."""
    try:
        Study(**contents)
    except StudyError as error:
        allowed = ("unknown", "not described", "would count twice", "no published result of tier")
        # Of the item with a mean over a month that is shown only: without that role, or without n.
        # Without their design effect, weighted shares are surer than they are.
        allowed += ("weights make shares less sure",)
        # Without its window, the item on work in the last week is about work at any time.
        allowed += (
            "no quantity of the model",
            "a window needs",
            "memberships of the general population",
            "a mean needs the number",
        )
        for fault in error.faults:
            assert any(word in str(fault) for word in allowed), fault


WRONG = {str: 7, int: "seven", float: "seven", bool: "yes", list: 3.5, dict: "x", dt.date: 7}


@pytest.mark.parametrize("path", ALL_FIELDS, ids=lambda p: ".".join(map(str, p)))
def test_a_value_of_the_wrong_type_is_refused_with_path_line_and_value(
    contents: dict[str, Any], path: Path_
) -> None:
    record = get(contents, path[:-1])
    wrong = WRONG[type(record[path[-1]])]
    record[path[-1]] = wrong
    faults, text = faults_in(contents)
    here = [f for f in faults if f.keys == path or f.keys[: len(path)] == path]
    assert here, faults
    assert here[0].line == Positions(text).line(path)
    assert str(wrong) in (here[0].given or "")
    assert here[0].accepted


@pytest.mark.parametrize(
    "path",
    [
        p
        for p in ALL_FIELDS
        if type(get(tomllib.loads(EVERY_FIELD.read_text(encoding="utf-8")), p)) in (int, float)
    ],
    ids=lambda p: ".".join(map(str, p)),
)
def test_a_negative_number_is_refused(contents: dict[str, Any], path: Path_) -> None:
    get(contents, path[:-1])[path[-1]] = -1
    faults, _ = faults_in(contents)
    here = [f for f in faults if f.keys == path]
    assert here[0].message == "too small"
    assert here[0].given == "-1"


# What is changed in the text, and what the message must then hold: path, message, given, accepted, kind.
BROKEN = {
    "share over 1": (
        "value = 0.25",
        "value = 25",
        ("evidence[2].value", "too large", "25", "1.0 or less", StudyError),
    ),
    "share of 0": (
        "value = 0.25",
        "value = 0",
        ("evidence[2].value", "too small", "0", "above 0", StudyError),
    ),
    "share in per cent": (
        "value = 0.01\nvalue_high = 0.03",
        "value = 1\nvalue_high = 3",
        ("evidence[17].value_high", "a share above 1", "3", "from 0 to 1", StudyError),
    ),
    "not a number": (
        "value = 40000",
        "value = nan",
        ("evidence[0].value", "finite", "NaN", "finite", StudyError),
    ),
    "infinite": (
        "value = 40000",
        "value = inf",
        ("evidence[0].value", "finite", "Inf", "finite", StudyError),
    ),
    "unknown platform": (
        'platforms = ["alpha", "beta"]\ncontains',
        'platforms = ["alpha", "bta"]\ncontains',
        ("evidence[1].platforms[1]", "unknown platform", "bta", "beta?", StudyError),
    ),
    "unknown platform set": (
        'observed = "open"',
        'observed = "opn"',
        ("observed", "unknown platform or platform set", "opn", "open?", StudyError),
    ),
    "unknown unit": (
        'unit = "visitors"\npage_scope = "work pages"',
        'unit = "clicks"\npage_scope = "work pages"',
        ("evidence[3].unit", "not one of the allowed words", "clicks", "'visitors'", StudyError),
    ),
    "unit of money": (
        "BRL/month",
        "reais",
        ("evidence[15].unit", "not of the required form", "reais", "EUR/month", StudyError),
    ),
    "unknown source": (
        'derivation = "sum over the two"\nsource = "book"',
        'derivation = "sum over the two"\nsource = "boook"',
        ("evidence[1].source", "unknown source", "boook", "book", StudyError),
    ),
    "unknown type": (
        'type = "audience"\nplatforms = "open"',
        'type = "audiense"\nplatforms = "open"',
        ("evidence[4].type", "unknown type", "audiense", "audience?", StudyError),
    ),
    "unknown field": (
        'vendor = "Some service"\nreach = "resident"\nerror',
        'vendor = "Some service"\nvendr = "x"\nreach = "resident"\nerror',
        ("evidence[3].vendr", "unknown field", "x", "vendor?", StudyError),
    ),
    "unknown field of the study": (
        'country = "BR"',
        'country = "BR"\ncontry = "BR"',
        ("contry", "unknown field", "BR", "country?", StudyError),
    ),
    "duplicate id of evidence": (
        'id = "beta-share"',
        'id = "hours"',
        ("evidence[16].id", "already used in evidence[2]", "hours", "an id of its own", StudyError),
    ),
    "set named like a platform": (
        'id = "gamma"',
        'id = "open"',
        ("platform_sets[0].id", "already used in platforms[2]", "open", "an id of its own", StudyError),
    ),
    "id with blanks": (
        'id = "gamma"',
        'id = "Gamma 1"',
        ("platforms[2].id", "required form", "Gamma 1", "lower", StudyError),
    ),
    "country in words": (
        'country = "BR"',
        'country = "Brazil"',
        ("country", "form", "Brazil", "ISO 3166", StudyError),
    ),
    "period": (
        'period = "2020-05"\n',
        'period = "May 2020"\n',
        ("evidence[3].period", "form", "May", "ISO", StudyError),
    ),
    "more recaptured than captured": (
        "m = 40",
        "m = 290",
        ("evidence[5].m", "m is above n2", "290", "min(n1, n2) = 280", StudyError),
    ),
    "captures in two ways": (
        "n1 = 300",
        "estimate = 2100\nestimator = 'chapman'\nn1 = 300",
        ("evidence[5].", "exactly one way", "estimate", "n1 and n2 and m", StudyError),
    ),
    "a wave too many": (
        'waves = ["2020-05", "2020-06"]',
        'waves = ["2020-05", "2020-06", "2020-07"]',
        ("evidence[5].waves", "number of waves", "3", "2", StudyError),
    ),
    "history of nobody": (
        '"100" = 50',
        '"000" = 50',
        ("evidence[6].histories.000", "form", "000", "not all 0", StudyError),
    ),
    "history of another length": (
        '"111" = 2}',
        '"11" = 2}',
        ("evidence[6].histories.11", "same number of occasions", "11", "one digit an occasion", StudyError),
    ),
    "bands do not sum to n": (
        "less = 100}",
        "less = 101}",
        ("evidence[9].counts", "do not sum to n", "541", "540", StudyError),
    ),
    "shares above 1": (
        "monthly = 0.2}",
        "monthly = 0.31}",
        ("evidence[10].shares", "exceed 1", "1.01", "at most 1", StudyError),
    ),
    "unknown band": (
        "monthly = 0.2}",
        "daily = 0.2}",
        ("evidence[10].shares.daily", "allowed", "daily", "'weekly'", StudyError),
    ),
    "more memberships than platforms": (
        '"2" = 140}',
        '"3" = 140}',
        ("evidence[11].counts.3", "more platforms than were counted", "3", "1 to 2", StudyError),
    ),
    "mean below 1": (
        "mean = 2.5",
        "mean = 0.9",
        ("evidence[12].mean", "too small", "0.9", "1.0 or more", StudyError),
    ),
    "mean below what the share with one platform allows": (
        "mean = 2.5",
        "mean = 1.2",
        ("evidence[12].mean", "two platforms or more", "1.2", "1.695 or more", StudyError),
    ),
    "mean above 1 of people with one platform": (
        "share_single = 0.3",
        "share_single = 1",
        ("evidence[12].mean", "all respondents are on one", "2.5", "1", StudyError),
    ),
    "a mean rounded to more than one": (
        "rounded_to = 0.5",
        "rounded_to = 5",
        ("evidence[12].rounded_to", "too large", "5", "1.0 or less", StudyError),
    ),
    "memberships ever worked on": (
        'kind = "registered"\ncounts',
        'kind = "worked"\ncounts',
        ("evidence[11].kind", "no quantity of the model", "worked", "registered", StudyError),
    ),
    "memberships of a week that are all alike": (
        '"1" = 100, "2" = 60}',
        '"1" = 160}',
        ("evidence[13].counts", "no spread", "1", "two numbers", StudyError),
    ),
    "composition above 1": (
        '"45 and more" = 0.25',
        '"45 and more" = 0.45',
        ("shares", "exceed 1", "1.05", "1", StudyError),
    ),
    "composition of more than were asked": (
        "men = 230",
        "men = 250",
        ("counts", "above n", "510", "1 to 500", StudyError),
    ),
    "composition with a category of the rest": (
        "women = 260, men = 230",
        '"all others" = 260, men = 230',
        ("counts.all others", "name is kept", "all others", "another name", StudyError),
    ),
    "weights without their effect": (
        "weighted = true\ndesign_effect = 1.4\n",
        "weighted = true\n",
        ("evidence", "weights make shares less sure", None, "design_effect", StudyError),
    ),
    "assumption without a reason": (
        '\nrationale = "like its neighbours"',
        "",
        ("evidence[2]", "an assumption needs its rationale", None, "rationale", StudyError),
    ),
    "platform closed to residents": (
        'type = "never_used"\nplatforms = "beta"',
        'type = "never_used"\nplatforms = "gamma"',
        ("evidence[14].platforms", "residents cannot join", "gamma", "shown only", ScopeError),
    ),
    "share of a platform for residents": (
        'type = "country_share"\nplatforms = "beta"',
        'type = "country_share"\nplatforms = "alpha"',
        ("evidence[2].value", "its country share is 1", "0.25", "residents_only = false", StudyError),
    ),
    "share of 1": (
        "value = 0.25",
        "value = 1",
        ("evidence[2].value", "only residents", "1", "below 1", StudyError),
    ),
    "worldwide total": (
        'value = 100000\nunit = "accounts"\nreach = "resident"',
        'value = 100000\nunit = "accounts"\nreach = "worldwide"',
        (
            "evidence[1].reach",
            "each of which has its own country share",
            "worldwide",
            "residents' total",
            ScopeError,
        ),
    ),
    "second number of registrations": (
        'platforms = ["alpha", "beta"]\ncontains = ["alpha-registrations"]\n',
        'platforms = "alpha"\n',
        ("evidence[1].platforms", "a second number", "alpha", "one number a platform", DoubleCountingError),
    ),
    "never used, with nothing to weigh it by": (
        'n = 1000\nunit = "share"\n'
        'error = {relative = 0.1, basis = "assumption", rationale = "small sample"}',
        'unit = "share"',
        ("evidence[14]", "how sure this share is", None, "n (accounts looked at)", StudyError),
    ),
    "never used by none": (
        "value = 0.4",
        "value = 0",
        ("evidence[14].value", "cannot be weighed", "0", "does not exclude", StudyError),
    ),
    "memberships of the population by a mean": (
        'locator = "p. 6"\nrole = "shown only"',
        'locator = "p. 6"',
        ("evidence[12].frame", "general population", "population", "counts", StudyError),
    ),
    "window over any platform": (
        'locator = "p. 6"\nrole = "shown only"',
        'locator = "p. 6"',
        ("evidence[12].window", "a window needs", "month", "ever", ScopeError),
    ),
    "mean over a window without its spread": (
        'by_frequency = {weekly = {"1" = 100, "2" = 60}, less = {"1" = 80}}',
        "mean = 1.2\nn = 200",
        ("evidence[13]", "needs its standard deviation", None, "sd, or counts", StudyError),
    ),
    "captures of two platforms": (
        'type = "captures"\nplatforms = "beta"\nhistories',
        'type = "captures"\nplatforms = "open"\nhistories',
        ("evidence[6].platforms", "is about one platform", "alpha", "one platform id", ScopeError),
    ),
    "memberships over other platforms": (
        'type = "memberships"\nplatforms = "open"\nframe = ["alpha", "beta"]',
        'type = "memberships"\nplatforms = ["beta"]\nframe = "beta"',
        (
            "evidence[13].platforms",
            "counted over 1 platforms, the estimate covers 2",
            "beta",
            "observed platforms",
            ScopeError,
        ),
    ),
    "benchmark as evidence": (
        'role = "benchmark only"',
        'role = "evidence"',
        ("evidence[17].role", "does not enter the joint model", "evidence", "benchmark only", StudyError),
    ),
    "total without what it contains": (
        'contains = ["alpha-registrations"]\n',
        "",
        (
            "evidence[1]",
            "would count twice",
            None,
            'contains = [..., "alpha-registrations"]',
            DoubleCountingError,
        ),
    ),
    "contains the unknown": (
        'contains = ["alpha-audience"]',
        'contains = ["alpha-audience", "alpha-audiance"]',
        ("evidence[4].contains[1]", "unknown evidence", "alpha-audiance", "alpha-audience?", StudyError),
    ),
    "contains another type": (
        'contains = ["alpha-audience"]',
        'contains = ["alpha-audience", "alpha-registrations"]',
        ("evidence[4].contains[1]", "of another type", "registrations", "audience", StudyError),
    ),
    "contains another month": (
        'over six months"}\nperiod = "2020-05"',
        'over six months"}\nperiod = "2020-06"',
        ("evidence[4].contains[0]", "another period", "2020-06", "2020-05", ScopeError),
    ),
    "contains other pages": (
        'page_scope = "work pages"\nvendor = "Some service"\nreach = "resident"\nperiod',
        'page_scope = "whole site"\nvendor = "Some service"\nreach = "resident"\nperiod',
        ("evidence[4].contains[0]", "another page_scope", "work pages", "whole site", ScopeError),
    ),
    "one service in two spellings": (
        'vendor = "A list of ranks"',
        'vendor = "some  Service"',
        ("evidence[21].vendor", "in another spelling", "some  Service", "Some service", StudyError),
    ),
    "total below its part": (
        "value = 12000",
        "value = 4000",
        ("evidence[4].contains", "not less than the total", "5000", "below 4,000", StudyError),
    ),
    "estimate beside its own counts": (
        'period = "2020"\nbasis = "published"\nsource = "book"\nlocator = "p. 9"\n\n[[evidence]]\nid = "freq',
        'period = "2020-05/2020-06"\nbasis = "published"\nsource = "book"\nlocator = "p. 9"\n\n'
        '[[evidence]]\nid = "freq',
        ("evidence[8]", "as the counts of two-waves", "2100", "only the counts", DoubleCountingError),
    ),
    "visitors added to accounts": (
        'inputs = {terms = ["rest", "alpha-registrations"]}',
        'inputs = {terms = ["rest", "alpha-audience"]}',
        ("steps[2].inputs.terms", "visitors cannot be added to accounts", "visitors", "accounts", UnitError),
    ),
    "a platform added twice": (
        'inputs = {terms = ["rest", "alpha-registrations"]}',
        'inputs = {terms = ["total-registrations", "alpha-registrations"]}',
        ("steps[2].inputs.terms", "counted twice", "alpha", "separate platforms", DoubleCountingError),
    ),
    "factor of other platforms": (
        'inputs = {accounts = "whole", memberships = "memberships-counts"}\nprinted = 77000\n',
        'inputs = {accounts = "whole", memberships = "memberships-mean"}\n',
        (
            "steps[5].inputs.memberships",
            "memberships were counted over any platforms, the total is over 2 platforms",
            None,
            "memberships counted over alpha, beta",
            ScopeError,
        ),
    ),
    "anchor of another unit": (
        'inputs = {share = "part-of-accounts", anchor = "whole"}',
        'inputs = {share = "part-of-accounts", anchor = "total-audience"}',
        (
            "steps[3].inputs.anchor",
            "the share is per accounts, the anchor counts visitors",
            None,
            "accounts",
            UnitError,
        ),
    ),
    "step before its input": (
        'inputs = {terms = ["rest", "alpha-registrations"]}',
        'inputs = {terms = ["people", "alpha-registrations"]}',
        ("steps[2].inputs.terms", "comes later", "people", "earlier step", StudyError),
    ),
    "wrong name of an input": (
        "{share =",
        "{ratio =",
        ("steps[3].inputs.ratio", "takes no input 'ratio'", "ratio", "share, anchor", StudyError),
    ),
    "printed result that is nowhere": (
        "printed = 77000",
        "printed = 78000",
        ("steps[5].printed", "no published result of tier registered", "78000", "77,000", StudyError),
    ),
    "tier that is not described": (
        'tier = "registered"\nvalue = 77000',
        'tier = "monthly"\nvalue = 77000',
        ("published[0].tier", "not described", "monthly", "registered", StudyError),
    ),
    "wrong schema version": (
        'schema_version = "1.0"',
        'schema_version = "2.0"',
        ("schema_version", "allowed", "2.0", "'1.0'", StudyError),
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_one_fault_is_said_with_place_value_and_remedy(text: str, case: str) -> None:
    old, new, (path, message, given, accepted, kind) = BROKEN[case]
    assert old in text
    before, after = text.split(old, 1)
    with pytest.raises(StudyError) as caught:
        parse_study(before + new + after, name="my-study.toml")
    error = caught.value
    fault = next(f for f in error.faults if message in f.message)
    assert path in fault.path
    assert given is None or given.lower() in (fault.given or "").lower()
    assert accepted in (fault.accepted or "")
    assert fault.kind is kind
    assert fault.line == Positions(before + new + after).line(fault.keys)
    assert "my-study.toml" in str(error)
    assert f"line {fault.line}: {fault.path}" in str(error)
    if all(f.kind is kind for f in error.faults):
        assert type(error) is kind


def test_all_faults_come_at_once_in_the_order_of_the_file(text: str) -> None:
    broken = text.replace('country = "BR"', 'country = "b"').replace("founded = 2010", "founded = 'x'")
    broken = (
        broken.replace("value = 40000", "value = -1")
        .replace("m = 40", "m = 999")
        .replace("mean = 2.5", "mean = 0")
    )
    # Two faults in one record: one of a single field, one of several fields together.
    broken = broken.replace("value = 0.25\n", "value = 2\n").replace(
        '\nrationale = "like its neighbours"', ""
    )
    with pytest.raises(StudyError) as caught:
        parse_study(broken)
    paths = [f.path for f in caught.value.faults]
    assert paths == [
        "country",
        "platforms[0].founded",
        "evidence[0].value",
        "evidence[2]",
        "evidence[2].value",
        "evidence[5].m",
        "evidence[12].mean",
    ]
    lines = [f.line for f in caught.value.faults]
    assert lines == sorted(lines)
    assert str(caught.value).startswith("the study: 7 faults\n")


def test_a_faulty_part_is_not_reported_again_where_it_is_referred_to(text: str) -> None:
    with pytest.raises(StudyError) as caught:
        parse_study(text.replace("year = 2021", 'year = "soon"').replace("value = 40000", "value = -4"))
    assert [f.path for f in caught.value.faults] == ["sources[0].year", "evidence[0].value"]


@pytest.mark.parametrize(
    ("raw", "line", "message"),
    [
        (b"id = 'a'\ntitle = \xe9\n", 2, "not UTF-8"),
        (b"id = 'a'\ntitle = = 'b'\n", 2, "not valid TOML"),
        (b"id = 'a'\nid = 'b'\n", 2, "not valid TOML"),
        (b"id = 'a'\nnotes = [", 2, "not valid TOML"),
        (b"", 1, "missing"),
    ],
    ids=["not UTF-8", "syntax", "key twice", "cut off", "empty"],
)
def test_a_file_that_is_no_toml_says_so_with_its_line(
    tmp_path: Path, raw: bytes, line: int, message: str
) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(raw)
    with pytest.raises(StudyError, match=message) as caught:
        read_study(path)
    assert caught.value.faults[0].line == line
    assert str(path) in str(caught.value)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="No such file"):
        read_study(tmp_path / "absent.toml")
    with pytest.raises(StudyError, match="Is a directory"):
        read_study(tmp_path)


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert read_study(path) == parse_study(text)


def test_a_study_made_in_python_is_checked_like_a_file(contents: dict[str, Any]) -> None:
    contents["evidence"][5]["m"] = 290
    with pytest.raises(StudyError, match="m is above n2") as caught:
        Study(**contents)
    assert caught.value.faults[0].line is None
