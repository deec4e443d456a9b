"""Dask and Spark frames are grouped by their own engine, and give the very container that pandas gives.

Spark is not among the test requirements, since it needs Java: `pip install pyspark` on a machine that has it.
"""

import shutil

import numpy as np
import pandas as pd
import pytest

from microestim.capture import Captures
from microestim.errors import InputError

pytestmark = [
    pytest.mark.slow,
    # narwhals 2.29 announces that its part for Dask will be a package of its own.
    pytest.mark.filterwarnings("ignore:Dask support is moving out of Narwhals:FutureWarning"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]


def dask_frames():
    dd = pytest.importorskip("dask.dataframe", reason="Dask is not installed")
    yield lambda frame: dd.from_pandas(frame, npartitions=4, sort=False)


def spark_frames():
    sql = pytest.importorskip("pyspark.sql", reason="Spark is not installed")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    options = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
    }
    session = sql.SparkSession.builder.master("local[1]").config(map=options).getOrCreate()
    yield lambda frame: session.createDataFrame(frame).repartition(4)
    session.stop()


@pytest.fixture(scope="module", params=[dask_frames, spark_frames], ids=["dask", "spark"])
def partitioned(request):
    """Cut a frame of pandas into partitions that know nothing of people."""
    yield from request.param()


def log(*, people=300, events=3000, days=420):
    rng = np.random.default_rng(21)
    who = rng.integers(0, people, events)
    at = pd.Timestamp("2023-11-03 05:00") + pd.to_timedelta(rng.integers(0, days * 86400, events), unit="s")
    frame = pd.DataFrame({"user": [f"u{i:03d}" for i in who], "at": at, "age": 20 + who % 7})
    frame["class"] = np.where(who % 3 == 0, "web", "app")
    frame["paid"] = who % 2 == 0
    last = frame.groupby("user")["at"].transform("max") == frame["at"]
    frame["removed"] = last & (who % 11 == 0)
    return frame


@pytest.mark.parametrize("every", ["1 week", "1 month", "1 quarter"])
def test_events(partitioned, every):
    frame = log()
    options = {"unit": "user", "time": "at", "every": every, "by": "class", "covariates": ["age", "paid"]}
    expected = Captures.from_events(frame, **options, lost="removed")
    assert Captures.from_events(partitioned(frame), **options, lost="removed") == expected
    assert expected.has_losses


def test_events_that_lack_something_are_counted(partitioned):
    frame = log()
    frame.loc[[3, 5], "user"] = None
    frame.loc[[5, 7, 9], "at"] = pd.NaT
    options = {"unit": "user", "time": "at", "every": "1 month"}
    with pytest.raises(InputError, match=r"of 3,000 events 2 have no id .* and 3 have no time"):
        Captures.from_events(partitioned(frame), **options)
    kept = Captures.from_events(partitioned(frame), **options, missing="drop")
    assert kept == Captures.from_events(frame, **options, missing="drop")
    assert kept.notes[0].startswith("4 of 3,000 events were left out as asked")


def test_histories(partitioned):
    rng = np.random.default_rng(22)
    matrix = rng.integers(0, 2, (500, 4))
    matrix[~matrix.any(axis=1), 2] = 1
    frame = pd.DataFrame(matrix, columns=list("abcd")).assign(
        k=rng.integers(0, 5, 500), sex=rng.choice(["f", "m"], 500), age=rng.integers(18, 22, 500)
    )
    options = {"names": list("abcd"), "counts": "k", "by": "sex", "covariates": ["age"]}
    expected = Captures.from_histories(frame, **options)
    assert Captures.from_histories(partitioned(frame), **options) == expected
    frame.loc[7, "a"] = 3
    with pytest.raises(InputError, match="column 'a' has entries other than 0 or 1 in 1 of 500 rows"):
        Captures.from_histories(partitioned(frame), **options)
