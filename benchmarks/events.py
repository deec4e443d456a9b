"""Ten million events to capture histories, against the same group-by written in Polars and in DuckDB.

Events of a million people over twelve months are written once to a Parquet file. Each measurement runs in a
process of its own, three times in turn with the direct query of the same engine, and the best counts: seconds
from the query to the distinct histories, without imports, and the most memory that the process ever held,
with them. Both routes are checked to give the same histories. Seconds of the processors are printed beside,
since they are the steadier figure on a machine that has other work. The budget is for each engine against
itself: what the library adds. Every figure is also printed as a multiple of the direct query in Polars, which
tells engines apart and no budget is set for.
"""

import argparse
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

BUDGET = 1.5
REPEATS = 3
EDGES = [*(date(2024, month, 1) for month in range(1, 13)), date(2025, 1, 1)]
MICROSECONDS_A_DAY = 86_400_000_000


def write_events(path: Path, *, events: int, people: int) -> None:
    """Write a log of events, uneven over people and even over the year.

    Parameters
    ----------
    path : Path
        Parquet file to write.
    events, people : int
        How many.
    """
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(12)
    # The square of a uniform number: some people come often, many once or twice.
    who = (people * rng.random(events) ** 2).astype(np.int64)
    days = (EDGES[-1] - EDGES[0]).days
    start = (EDGES[0] - date(1970, 1, 1)).days * MICROSECONDS_A_DAY
    at = start + rng.integers(0, days * MICROSECONDS_A_DAY, events)
    log = pl.DataFrame({"person": who, "moment": at})
    log.with_columns(pl.col("moment").cast(pl.Datetime("us"))).write_parquet(path)


def through_library(engine: str, path: Path) -> dict[int, int]:
    """Count people by history with `Captures.from_events`.

    Parameters
    ----------
    engine : {"polars", "duckdb"}
        What reads the file and does the grouping.
    path : Path
        The events.

    Returns
    -------
    dict of int to int
        People by history, the first occasion being the lowest bit.
    """
    from microestim import Captures

    frame: Any
    if engine == "polars":
        import polars as pl

        frame = pl.scan_parquet(path)
    else:
        import duckdb

        frame = duckdb.connect().read_parquet(str(path))
    captures = Captures.from_events(frame, unit="person", time="moment", edges=EDGES)
    bits = captures.histories.astype(int) @ [1 << place for place in range(captures.n_occasions)]
    return dict(zip(bits.tolist(), captures.counts.tolist(), strict=True))


def directly(engine: str, path: Path) -> dict[int, int]:
    """Count people by history with a query written for the engine, one group-by of bits and one of histories.

    Parameters
    ----------
    engine : {"polars", "duckdb"}
        What reads the file and does the grouping.
    path : Path
        The events.

    Returns
    -------
    dict of int to int
        People by history, the first occasion being the lowest bit.
    """
    if engine == "polars":
        import polars as pl

        occasion = pl.sum_horizontal(*((pl.col("moment") >= edge).cast(pl.Int64) for edge in EDGES[1:-1]))
        rows = (
            pl.scan_parquet(path)
            .filter((pl.col("moment") >= EDGES[0]) & (pl.col("moment") < EDGES[-1]))
            .select("person", pl.lit(2, pl.Int64).pow(occasion).cast(pl.Int64).alias("bit"))
            .group_by("person")
            .agg(pl.col("bit").bitwise_or())
            .group_by("bit")
            .len()
            .collect()
        )
        return dict(rows.rows())
    import duckdb

    past = " + ".join(f"(moment >= DATE '{edge}')::INTEGER" for edge in EDGES[1:-1])
    query = f"""
        SELECT history, count(*) FROM (
            SELECT person, bit_or(1 << ({past})) AS history FROM read_parquet(?)
            WHERE moment >= DATE '{EDGES[0]}' AND moment < DATE '{EDGES[-1]}' GROUP BY person
        ) GROUP BY history
    """
    return dict(duckdb.connect().execute(query, [str(path)]).fetchall())


def measured(route: str, engine: str, path: Path) -> dict[str, Any]:
    """Measure one route in this process.

    Parameters
    ----------
    route : {"library", "direct"}
        Which.
    engine : {"polars", "duckdb"}
        What does the grouping.
    path : Path
        The events.

    Returns
    -------
    dict
        Seconds, megabytes, and a digest of the result.
    """
    importlib.import_module(engine)
    if route == "library":
        # What the library imports on the way, DuckDB's results being frames of pandas.
        for name in ("microestim.capture", "narwhals.stable.v2", *(["pandas"] if engine == "duckdb" else [])):
            importlib.import_module(name)
    begun, begun_work = perf_counter(), process_time()
    counts = (through_library if route == "library" else directly)(engine, path)
    seconds, work = perf_counter() - begun, process_time() - begun_work
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "seconds": seconds,
        "processor_seconds": work,
        "megabytes": kilobytes / 1024,
        "histories": len(counts),
        "people": sum(counts.values()),
        "digest": hash(tuple(sorted(counts.items()))),
    }


def best_of_processes(engine: str, path: Path) -> dict[str, dict[str, Any]]:
    """Measure both routes in fresh processes, in turn, and keep the best of each figure.

    Parameters
    ----------
    engine : {"polars", "duckdb"}
        What does the grouping.
    path : Path
        The events.

    Returns
    -------
    dict
        As of `measured`, by route.
    """
    runs: dict[str, list[dict[str, Any]]] = {"library": [], "direct": []}
    for _ in range(REPEATS):
        for route, done in runs.items():
            command = [sys.executable, __file__, "--route", route, "--engine", engine, "--file", str(path)]
            output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
            done.append(json.loads(output))
    figures = ("seconds", "processor_seconds", "megabytes")
    return {
        route: done[0] | {figure: min(run[figure] for run in done) for figure in figures}
        for route, done in runs.items()
    }


def main() -> int:
    """Print the measurements as JSON; the exit status is 1 when one is over the budget."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--route", choices=("library", "direct"), help=argparse.SUPPRESS)
    parser.add_argument("--engine", choices=("polars", "duckdb"), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.route:
        print(json.dumps(measured(options.route, options.engine, options.file)))
        return 0
    result: dict[str, Any] = {
        "events": options.events,
        "people": options.people,
        "occasions": len(EDGES) - 1,
        "cores": os.cpu_count(),
        "budget": BUDGET,
    }
    passed = True
    polars_directly: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.parquet"
        write_events(path, events=options.events, people=options.people)
        for engine in ("polars", "duckdb"):
            best = best_of_processes(engine, path)
            library, direct = best["library"], best["direct"]
            if library["digest"] != direct["digest"]:
                raise RuntimeError(f"{engine}: the two routes give different histories.")
            polars_directly = polars_directly or direct
            result[engine] = {"histories": library["histories"]}
            for figure in ("seconds", "processor_seconds", "megabytes"):
                result[engine][figure] = round(library[figure], 2)
                result[engine][f"{figure}_direct"] = round(direct[figure], 2)
                result[engine][f"{figure}_ratio"] = round(library[figure] / direct[figure], 2)
                against = library[figure] / polars_directly[figure]
                result[engine][f"{figure}_ratio_to_polars_directly"] = round(against, 2)
            passed &= result[engine]["seconds_ratio"] <= BUDGET
            passed &= result[engine]["megabytes_ratio"] <= BUDGET
    print(json.dumps(result, indent=2))
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main())
