"""Data frames of every kind: the same data give the same container, whichever engine groups them."""

import zoneinfo
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from microestim.capture import Captures
from microestim.errors import InputError

ENGINES = ["pandas", "narwhals lazy", "pyarrow", "polars", "polars lazy", "duckdb"]


def in_engine(frame, engine):
    """Give the same data as a frame of another library; skip where it is not installed."""
    if engine == "pandas":
        return frame
    if engine == "narwhals lazy":
        import narwhals.stable.v2 as nw

        # The path of lazy engines, run by pandas.
        return nw.from_native(frame).lazy()
    columns = {name: frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in frame}
    columns = {
        name: [v.to_pydatetime() if isinstance(v, pd.Timestamp) else v for v in values]
        for name, values in columns.items()
    }
    if engine == "pyarrow":
        return pytest.importorskip("pyarrow", reason="PyArrow is not installed").table(columns)
    if engine.startswith("polars"):
        native = pytest.importorskip("polars", reason="Polars is not installed").DataFrame(columns)
        return native.lazy() if engine == "polars lazy" else native
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
    texts = {name: object for name in frame if pd.api.types.is_string_dtype(frame[name])}
    return duckdb.connect().from_df(frame.astype(texts))


def log(*, rng, people=150, events=900, days=420):
    """A log in which the same people come back at any second of the days, strata fixed by person."""
    who = rng.integers(0, people, events)
    at = pd.Timestamp("2023-11-03 05:00") + pd.to_timedelta(rng.integers(0, days * 86400, events), unit="s")
    return pd.DataFrame(
        {"user": [f"u{i:03d}" for i in who], "at": at, "class": np.where(who % 3 == 0, "web", "app")}
    )


def by_hand(frame, edges, *, stratum=None):
    """Histories by plain Python: the first edge that is not after the event, from the left."""
    seen = {}
    for row in frame.itertuples():
        place = pd.Index(edges).searchsorted(row.at, side="right") - 1
        if 0 <= place < len(edges) - 1:
            seen.setdefault(row.user, set()).add(int(place))
    return [[int(j in places) for j in range(len(edges) - 1)] for places in seen.values()]


WINDOWS = {
    # 61 weeks are held in two numbers, 421 days in nine.
    "1 week": pd.date_range("2023-10-30", periods=62, freq="7D"),
    "1 day": pd.date_range("2023-11-03", periods=422, freq="1D"),
    "1 month": pd.date_range("2023-11-01", periods=15, freq="MS"),
    "2 quarters": pd.date_range("2023-10-01", periods=4, freq="6MS"),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("every", WINDOWS)
def test_events_in_windows_of_equal_name(engine, every):
    frame = log(rng=np.random.default_rng(3))
    captures = Captures.from_events(in_engine(frame, engine), unit="user", time="at", every=every)
    edges = WINDOWS[every][: captures.n_occasions + 1]
    assert edges[-2] <= frame["at"].max() < edges[-1]
    assert captures.names == tuple(edge.date().isoformat() for edge in edges[:-1])
    expected = Captures.from_histories(by_hand(frame, edges), names=captures.names)
    assert captures == expected
    assert captures.notes == ()


@pytest.mark.parametrize("engine", ENGINES)
def test_events_between_edges_by_stratum(engine):
    frame = log(rng=np.random.default_rng(4))
    edges = ["2023-12-01", date(2024, 1, 15), datetime(2024, 1, 15, 12, 30), np.datetime64("2024-08-01")]
    captures = Captures.from_events(
        in_engine(frame, engine), unit="user", time="at", edges=edges, by="class", names=["a", "b", "c"]
    )
    times = pd.to_datetime([str(edge) for edge in edges], format="ISO8601")
    assert captures.groups == ("app", "web")
    for name in captures.groups:
        rows = by_hand(frame[frame["class"] == name], times)
        assert captures.stratum(name) == Captures.from_histories(rows, names=["a", "b", "c"])
    outside = int(((frame["at"] < times[0]) | (frame["at"] >= times[-1])).sum())
    assert captures.notes == (f"{outside} of 900 events lie outside the edges.",)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("every", "start"), [(7, 28), (2.5, 27.5)])
def test_events_at_numbers(engine, every, start):
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"user": rng.integers(0, 40, 200), "at": rng.integers(28, 90, 200)})
    frame.loc[0, "at"] = 28
    if isinstance(every, float):
        frame["at"] = frame["at"] + 0.25
    captures = Captures.from_events(in_engine(frame, engine), unit="user", time="at", every=every)
    edges = start + every * np.arange(captures.n_occasions + 1)
    assert edges[-2] <= frame["at"].max() < edges[-1]
    assert [float(name) for name in captures.names] == edges[:-1].tolist()
    assert captures == Captures.from_histories(by_hand(frame, edges), names=captures.names)


def test_windows_of_decimal_width_have_the_edges_that_are_written():
    frame = pd.DataFrame({"user": range(30), "at": [tenth / 10 for tenth in range(30)]})
    captures = Captures.from_events(frame, unit="user", time="at", every=0.1)
    assert captures.names[:4] == ("0.0", "0.1", "0.2", "0.3")
    assert captures.n_i.tolist() == [1] * 30


@pytest.mark.parametrize("engine", ENGINES)
def test_events_that_lack_something_are_counted(engine):
    frame = log(rng=np.random.default_rng(6), events=60)
    frame["user"] = frame["user"].astype(object)
    frame.loc[[3, 5], "user"] = None
    frame.loc[[5, 7, 9], "at"] = pd.NaT
    native = in_engine(frame, engine)
    with pytest.raises(InputError, match=r"of 60 events 2 have no id \(column 'user'\) and 3 have no time"):
        Captures.from_events(native, unit="user", time="at", every="1 month")
    kept = Captures.from_events(native, unit="user", time="at", every="1 month", missing="drop")
    whole = frame.dropna(subset=["user", "at"])
    assert kept == Captures.from_events(whole, unit="user", time="at", every="1 month")
    assert kept.notes == (
        "4 of 60 events were left out as asked: 2 have no id (column 'user') and 3 have no time "
        "(column 'at').",
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_a_person_in_two_strata_is_refused(engine):
    frame = log(rng=np.random.default_rng(7), events=80)
    first = frame["user"] == frame["user"].mode()[0]
    frame.loc[first, "class"] = ["app", "web"] * (first.sum() // 2) + ["web"] * (first.sum() % 2)
    with pytest.raises(InputError, match="1 person with events in more than one stratum of 'class'"):
        Captures.from_events(in_engine(frame, engine), unit="user", time="at", every="1 month", by="class")


def test_windows_follow_the_clock_on_the_wall():
    zone = zoneinfo.ZoneInfo("Europe/Paris")
    # Midnight in Paris is 23:00 UTC in winter and 22:00 in summer; clocks changed on 31 March 2024.
    utc = ["2024-03-29 23:00", "2024-03-30 22:59", "2024-03-30 23:00", "2024-03-31 21:59", "2024-03-31 22:00"]
    at = pd.to_datetime(utc).tz_localize("UTC").tz_convert(zone)
    frame = pd.DataFrame({"user": list("aabbc"), "at": at})
    captures = Captures.from_events(frame, unit="user", time="at", every="1 day")
    assert captures.names == ("2024-03-30", "2024-03-31", "2024-04-01")
    assert captures.to_counts() == {"001": 1, "010": 1, "100": 1}
    edges = ["2024-03-30", "2024-03-31", datetime(2024, 4, 1, tzinfo=zone), "2024-04-02"]
    assert Captures.from_events(frame, unit="user", time="at", edges=edges) == captures
    # The day of the change has 23 hours, and each of them is one occasion.
    hours = Captures.from_events(frame, unit="user", time="at", every="1 hour")
    assert hours.n_occasions == 24 + 23 + 1
    assert np.flatnonzero(hours.n_i).tolist() == [0, 23, 24, 46, 47]


@pytest.mark.parametrize("engine", ENGINES)
def test_dates_without_a_time_of_day(engine):
    days = [date(2024, 1, 7), date(2024, 1, 8), date(2024, 1, 14), date(2024, 1, 15)]
    if engine in ("pandas", "narwhals lazy"):
        pyarrow = pytest.importorskip("pyarrow", reason="pandas has dates only through PyArrow")
        frame = pd.DataFrame(
            {"user": list("abbc"), "at": pd.array(days, dtype=pd.ArrowDtype(pyarrow.date32()))}
        )
        native = in_engine(frame, engine)
    elif engine == "duckdb":
        duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
        rows = ", ".join(f"('{u}', DATE '{d}')" for u, d in zip("abbc", days, strict=True))
        native = duckdb.connect().sql(f'SELECT * FROM (VALUES {rows}) AS t(user_, "at")')
    else:
        native = in_engine(pd.DataFrame({"user": list("abbc"), "at": days}), engine)
    unit = "user_" if engine == "duckdb" else "user"
    captures = Captures.from_events(native, unit=unit, time="at", every="1 week")
    assert captures.names == ("2024-01-01", "2024-01-08", "2024-01-15")
    assert captures.to_counts() == {"001": 1, "010": 1, "100": 1}
    # An occasion holds its start and not its end: the last event is outside.
    edges = ["2024-01-07", "2024-01-14", "2024-01-15"]
    between = Captures.from_events(native, unit=unit, time="at", edges=edges)
    assert between.to_counts() == {"10": 1, "11": 1}
    assert between.notes == ("1 of 4 events lie outside the edges.",)


@pytest.mark.parametrize("engine", ENGINES)
def test_histories_as_columns(engine):
    rng = np.random.default_rng(8)
    matrix = rng.integers(0, 2, (200, 4))
    matrix[~matrix.any(axis=1), 2] = 1
    frame = pd.DataFrame(matrix, columns=list("abcd")).assign(
        k=rng.integers(0, 5, 200), sex=rng.choice(["f", "m"], 200), d=matrix[:, 3].astype(bool)
    )
    names = ["b", "a", "d"]
    frame.loc[~frame[names].any(axis=1), "a"] = 1
    native = in_engine(frame, engine)
    expected = Captures.from_histories(
        frame[names].to_numpy(dtype=int), names=names, counts=frame["k"], by=frame["sex"]
    )
    assert Captures.from_histories(native, names=names, counts="k", by="sex") == expected
    assert expected.n_observed == frame["k"].sum()
    people = Captures.from_histories(frame[list("abcd")].to_numpy(dtype=int), names=list("abcd"))
    assert Captures.from_histories(in_engine(frame[list("abcd")], engine)) == people


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"a": [1, 5, 0]}, "column 'a' has entries other than 0 or 1 in 1 of 3 rows"),
        ({"a": [1.0, None, 0.0]}, "column 'a' has no value in 1 of 3 rows"),
        ({"k": [1, -4, 2]}, "column 'k' has entries other than whole numbers from 0 on in 1 of 3"),
        ({"k": [1.0, 0.5, 2.0]}, "column 'k' has entries other than whole numbers from 0 on in 1 of 3"),
        ({"a": [1, 0, 0], "b": [0, 0, 0], "k": [1, 2, 3]}, "5 people with a history of zeros only"),
    ],
)
@pytest.mark.parametrize("engine", ["narwhals lazy", "polars lazy", "duckdb"])
def test_faults_in_lazy_frames_are_counted_before_grouping(engine, changes, message):
    frame = pd.DataFrame({"a": [1, 1, 0], "b": [0, 1, 1], "k": [1, 2, 3]}).assign(**changes)
    with pytest.raises(InputError, match=message):
        Captures.from_histories(in_engine(frame, engine), counts="k")


EVENTS = pd.DataFrame({"user": ["a", "b"], "at": pd.to_datetime(["2024-01-01", "2024-02-01"])})


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (EVENTS, {}, "either every="),
        (EVENTS, {"every": "1 week", "edges": ["2024-01-01"]}, "either every="),
        (
            EVENTS,
            {"every": "fortnight"},
            "every is 'fortnight'; give a whole number and one of second, minute",
        ),
        (EVENTS, {"every": 7}, "every is 7; give a whole number and one of"),
        (EVENTS, {"every": "0 days"}, "every is '0 days'"),
        (EVENTS, {"every": "1 year"}, "puts all events into one occasion"),
        (EVENTS, {"every": "1 second"}, "makes 2,678,401 occasions, more than 2,000"),
        (EVENTS, {"every": "1 week", "missing": "ignore"}, "choose 'raise' or 'drop'"),
        (EVENTS, {"every": "1 week", "names": ["a"]}, "1 names for 5 occasions"),
        (EVENTS, {"every": "1 week", "by": "sex"}, "no column 'sex'; its columns are user, at"),
        (EVENTS, {"edges": ["2024-01-01", "2024-02-01"]}, "fewer than two occasions"),
        (
            EVENTS,
            {"edges": ["2024-01-01", "2024-03-01", "2024-02-01"]},
            r"edge 3 \(2024-02-01\) is not after",
        ),
        (EVENTS, {"edges": ["2024-01-01", "1 Feb", "2024-03-01"]}, "'1 Feb' is no date or time in ISO 8601"),
        (EVENTS, {"edges": [1, 2, 3]}, "edge 1 is no date"),
        (EVENTS, {"edges": ["2025-01-01", "2025-02-01", "2025-03-01"]}, "no event lies between"),
        (EVENTS, {"edges": ["2024-01-01T00:00Z", "2024-02-01", "2024-03-01"]}, "has a time zone, but"),
        (EVENTS.astype({"at": str}), {"every": "1 week"}, "column 'at' holds String, not times"),
        (EVENTS.iloc[:0], {"every": "1 week"}, "no events with an id and a time"),
        (EVENTS.assign(at=[1, 9]), {"every": "1 week"}, "every is '1 week', but column 'at' holds numbers"),
        (EVENTS.assign(at=[1, 9]), {"edges": [1, "5", 9]}, "edge '5' is no number"),
        (EVENTS.assign(at=[1, np.inf]), {"every": 1}, "column 'at' holds infinite times"),
        ({"user": ["a"]}, {"every": "1 week"}, "frame is a dict; give a data frame"),
    ],
)
def test_refusals(frame, options, message):
    with pytest.raises(InputError, match=message):
        Captures.from_events(frame, unit="user", time="at", **options)


def people_with_more(*, rng, people=60):
    """What is known of each person: an age, a sex, whether they are paid."""
    return pd.DataFrame(
        {
            "user": [f"u{number:03d}" for number in range(people)],
            "age": rng.integers(18, 22, people),
            "score": rng.integers(0, 3, people) / 4,
            "sex": rng.choice(["f", "m"], people),
            "paid": rng.random(people) < 0.4,
        }
    )


KNOWN = ["age", "score", "sex", "paid"]


# Sixty occasions are held in two numbers, five in one: every engine takes both ways.
@pytest.mark.parametrize("n_occasions", [5, 60])
@pytest.mark.parametrize("engine", ENGINES)
def test_events_with_covariates_and_losses(engine, n_occasions):
    rng = np.random.default_rng(9)
    people = people_with_more(rng=rng)
    events = pd.DataFrame({"user": rng.choice(people["user"], 400), "at": rng.integers(0, n_occasions, 400)})
    events = events.merge(people, on="user")
    last = events.groupby("user")["at"].transform("max")
    gone = set(rng.choice(people["user"], 15, replace=False))
    # With one of the events of a person's last occasion, not necessarily all of them.
    removing = (events["at"] == last) & events["user"].isin(gone)
    events["removed"] = removing & ~events[removing].duplicated("user").reindex(events.index, fill_value=True)
    captures = Captures.from_events(
        in_engine(events, engine),
        unit="user",
        time="at",
        edges=list(range(n_occasions + 1)),
        by="sex",
        covariates=["age", "score", "paid"],
        lost="removed",
    )
    seen = pd.crosstab(events["user"], events["at"]).reindex(columns=range(n_occasions), fill_value=0)
    known = people.set_index("user").loc[seen.index]
    expected = Captures.from_histories(
        (seen.to_numpy() > 0).astype(int),
        names=[str(edge) for edge in range(n_occasions)],
        by=known["sex"].tolist(),
        covariates={name: known[name].tolist() for name in ("age", "score", "paid")},
        lost=seen.index.isin(gone),
    )
    assert captures == expected
    assert captures.lost_i.sum() == len(gone & set(seen.index)) > 0


@pytest.mark.parametrize("engine", ENGINES)
def test_events_whose_covariates_do_not_fit(engine):
    rng = np.random.default_rng(10)
    people = people_with_more(rng=rng, people=20)
    events = pd.DataFrame({"user": rng.choice(people["user"], 80), "at": rng.integers(0, 3, 80)})
    events = events.merge(people, on="user").assign(removed=False)
    options = {"unit": "user", "time": "at", "edges": [0, 1, 2, 3], "lost": "removed"}

    def read(frame, covariates):
        return Captures.from_events(in_engine(frame, engine), covariates=covariates, **options)

    often = events["user"].mode()[0]
    torn = events.assign(age=events["age"] + (events["user"] == often) * np.arange(80))
    with pytest.raises(InputError, match="1 person with more than one value of the covariate 'age', such as"):
        read(torn, ["age"])
    back = events.sort_values(["user", "at"], ignore_index=True)
    first = int(np.flatnonzero(back["user"] == often)[0])
    assert back[back["user"] == often]["at"].nunique() > 1
    back.loc[first, "removed"] = True
    with pytest.raises(
        InputError, match="1 person with events on occasions after the one on which they were"
    ):
        read(back, ["sex"])
    lacking = events.assign(score=events["score"].where(events.index > 2))
    with pytest.raises(InputError, match=r"of 80 events 3 have no covariate \(column 'score'\)"):
        read(lacking, ["score"])
    with pytest.raises(InputError, match="no column 'height'"):
        read(events, ["height"])
    with pytest.raises(InputError, match=r"column 'age' holds .*, but lost= says yes or no"):
        Captures.from_events(in_engine(events, engine), **{**options, "lost": "age"})


@pytest.mark.parametrize("engine", ENGINES)
def test_histories_with_covariates_and_losses(engine):
    rng = np.random.default_rng(11)
    known = people_with_more(rng=rng, people=200).drop(columns="user")
    matrix = rng.integers(0, 2, (200, 3))
    matrix[~matrix.any(axis=1), 1] = 1
    frame = pd.DataFrame(matrix, columns=list("abc")).join(known)
    frame["removed"], frame["k"] = rng.random(200) < 0.2, rng.integers(1, 4, 200)
    options = {"counts": "k", "by": "sex", "covariates": ["age", "score", "paid"], "lost": "removed"}
    expected = Captures.from_histories(
        matrix,
        names=list("abc"),
        counts=frame["k"],
        by=frame["sex"].tolist(),
        covariates={name: frame[name].tolist() for name in options["covariates"]},
        lost=frame["removed"],
    )
    assert Captures.from_histories(in_engine(frame, engine), **options) == expected
    lacking = frame.assign(score=frame["score"].where(frame.index != 7))
    with pytest.raises(InputError, match="covariate 'score' has no value in 1 of 200 rows"):
        Captures.from_histories(in_engine(lacking, engine), **options)
