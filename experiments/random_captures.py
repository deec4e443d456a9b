"""Random tables of captures through every model of a closed population: what must hold for any data.

    python experiments/random_captures.py --tables 20000 --jobs 2

prints each fault with the smallest table found that has it, as a snippet that can be pasted, and ends with
status 1 when there is one. Whatever the table, the answer is a finite estimate, an infinite limit with its
reason, or a `MicroestimError` that says why there is none: never nan, never another exception, never a
warning. No interval starts below the number seen. The order of occasions does not matter to models without
behaviour, and rows split by a covariate are the rows in one piece. Captures with several strata are refused,
and pooled before anything is asked of them. Table i is the same in every run.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from microestim import Captures, closed, closed_models
from microestim.errors import InputError, MicroestimError
from microestim.estimators.closed_populations.panel import PANEL

SEED = 20250611
# Tables that a process takes at a time: a few seconds.
CHUNK = 80
Call = tuple[str, str | None]
Rows = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
Generator = np.random.Generator

CALLS: tuple[Call, ...] = (*PANEL, ("Mh", "poisson(1.3)"), ("Mh", "gamma(0.5)"), ("Mth", "gamma(20)"))
"""Models and shapes: those of the panel, and parameters away from the usual ones."""

IN_ORDER = ("Mb", "Mtb", "Mbh", "Mtbh")
"""Models of behaviour, in which an occasion is before or after another."""

# Everything that a slip in arithmetic, in an index or in a type raises; a MicroestimError is an answer.
SLIPS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


# -- tables ------------------------------------------------------------------------------------------


def _people(chances: npt.NDArray[np.float64], rng: Generator) -> Rows:
    seen = (rng.random(chances.shape) < chances).astype(np.int64)
    seen = seen[seen.any(axis=1)]
    return seen, np.ones(len(seen), dtype=np.int64)


def _size(rng: Generator) -> int:
    return int(np.exp(rng.uniform(np.log(2), np.log(600))))


def _sparse(t: int, rng: Generator) -> Rows:
    return _people(np.full((_size(rng), t), rng.uniform(0.5, 2.0) / (4 * t)), rng)


def _even(t: int, rng: Generator) -> Rows:
    return _people(np.full((_size(rng), t), rng.uniform(0.1, 0.6)), rng)


def _dense(t: int, rng: Generator) -> Rows:
    return _people(np.full((_size(rng), t), rng.uniform(0.7, 0.99)), rng)


def _unequal(t: int, rng: Generator) -> Rows:
    logits = rng.normal(-1.0, rng.uniform(0.5, 3.0), (_size(rng), 1)) + rng.normal(0.0, 1.0, t)
    return _people(1 / (1 + np.exp(-logits)), rng)


def _behaviour(t: int, rng: Generator) -> Rows:
    first, again = rng.uniform(0.05, 0.6, 2)
    seen = np.zeros((_size(rng), t), dtype=np.int64)
    for occasion in range(t):
        chance = np.where(seen.any(axis=1), again, first)
        seen[:, occasion] = rng.random(len(seen)) < chance
    seen = seen[seen.any(axis=1)]
    return seen, np.ones(len(seen), dtype=np.int64)


def _one_history(t: int, rng: Generator) -> Rows:
    row = rng.integers(0, 2, (1, t))
    row[0, rng.integers(t)] = 1
    return row, rng.integers(1, 60, 1)


def _one_person(t: int, rng: Generator) -> Rows:
    return _one_history(t, rng)[0], np.ones(1, dtype=np.int64)


def _everybody_always(t: int, rng: Generator) -> Rows:
    return np.ones((1, t), dtype=np.int64), rng.integers(1, 500, 1)


def _almost_always(t: int, rng: Generator) -> Rows:
    rows, counts = _everybody_always(t, rng)
    other = _one_history(t, rng)[0]
    return np.vstack([rows, other]), np.append(counts, 1)


def _empty_occasions(t: int, rng: Generator) -> Rows:
    rows, counts = _unequal(t, rng)
    kept = rng.random(t) < 0.6
    kept[rng.integers(t)] = True
    rows = rows * kept
    return rows[rows.any(axis=1)], counts[rows.any(axis=1)]


def _no_recapture(t: int, rng: Generator) -> Rows:
    return np.eye(t, dtype=np.int64), rng.integers(0, 40, t)


def _same_margin(t: int, rng: Generator) -> Rows:
    k = int(rng.integers(1, t + 1))
    rows = (rng.random((_size(rng), t)).argsort(axis=1) < k).astype(np.int64)
    return rows, np.ones(len(rows), dtype=np.int64)


def _full_occasion(t: int, rng: Generator) -> Rows:
    rows, counts = _even(t, rng)
    rows[:, rng.integers(t)] = 1
    return rows, counts


def _equal_occasions(t: int, rng: Generator) -> Rows:
    rows, counts = _even(t, rng)
    rows[:, 0] = rows[:, -1]
    return rows[rows.any(axis=1)], counts[rows.any(axis=1)]


def _any_histories(t: int, rng: Generator) -> Rows:
    rows = rng.integers(0, 2, (int(rng.integers(1, 12)), t))
    counts = np.exp(rng.uniform(0, np.log(2000), len(rows))).astype(np.int64)
    return rows[rows.any(axis=1)], counts[rows.any(axis=1)]


def _huge_counts(t: int, rng: Generator) -> Rows:
    rows, _ = _unequal(t, rng)
    return rows, np.exp(rng.uniform(0, np.log(1e9), len(rows))).astype(np.int64)


KINDS: dict[str, Callable[[int, Generator], Rows]] = {
    "sparse": _sparse,
    "even": _even,
    "dense": _dense,
    "unequal": _unequal,
    "behaviour": _behaviour,
    "one history": _one_history,
    "one person": _one_person,
    "everybody always": _everybody_always,
    "almost always": _almost_always,
    "empty occasions": _empty_occasions,
    "no recapture": _no_recapture,
    "same margin": _same_margin,
    "full occasion": _full_occasion,
    "equal occasions": _equal_occasions,
    "any histories": _any_histories,
    "huge counts": _huge_counts,
}


@dataclass(frozen=True)
class RandomTable:
    """A table of captures with the number that makes it again.

    Parameters
    ----------
    number : int
        Its place among all tables.
    kind : str
        One of `KINDS`.
    captures : Captures
        The data; every third table has strata.
    """

    number: int
    kind: str
    captures: Captures


def random_table(number: int) -> RandomTable:
    """Make a table; the same number gives the same table.

    Parameters
    ----------
    number : int
        From 0 on; kinds follow one another.

    Returns
    -------
    RandomTable
        Two to twelve occasions, one person at least.
    """
    rng = np.random.default_rng([SEED, number])
    kind = list(KINDS)[number % len(KINDS)]
    while True:
        rows, counts = KINDS[kind](int(rng.integers(2, 13)), rng)
        if counts.sum() > 0:
            break
    by = rng.choice(["f", "m", "x"], len(rows)) if number // len(KINDS) % 3 == 2 else None
    return RandomTable(number, kind, Captures.from_histories(rows, counts=counts, by=by))


# -- what must hold ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """Something that must not happen, and the data that it happens to.

    Parameters
    ----------
    table : RandomTable
        The data.
    call : str
        What was asked, as a call on `captures`.
    what : str
        What came of it.
    """

    table: RandomTable
    call: str
    what: str

    def __str__(self) -> str:
        """Return one line."""
        return f"table {self.table.number} ({self.table.kind}), {self.call}: {self.what}"


def attempt(call: Callable[[], Any]) -> tuple[Any, str]:
    """Call something under the rule that it returns or raises a `MicroestimError` with a reason.

    Parameters
    ----------
    call : callable
        Without arguments.

    Returns
    -------
    answer : object
        What it returned; the error where it refused; None where it broke the rule.
    fault : str
        How it broke the rule; empty where it did not.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return call(), ""
        except MicroestimError as refusal:
            if not str(refusal).strip():
                return refusal, "refused without a reason"
            if "nan" in str(refusal).lower().replace("'", " ").split():
                return refusal, f"refused with a nan in the reason: {refusal}"
            bound = getattr(refusal, "bound", None)
            return refusal, "the bound is nan" if bound is not None and math.isnan(bound) else ""
        except (*SLIPS, Warning) as slip:
            return None, f"{type(slip).__name__}: {slip}"


def text_of(call: Call) -> str:
    """Write a call of `closed` as it is typed.

    Parameters
    ----------
    call : tuple
        Model and shape.

    Returns
    -------
    str
        Such as ``'closed(captures, "M0")'``.
    """
    model, shape = call
    return f'closed(captures, "{model}"' + ("" if shape is None else f', heterogeneity="{shape}"') + ")"


def estimated(captures: Any, call: Call) -> tuple[Any, str]:
    """Fit one model, under the rule of `attempt`.

    Parameters
    ----------
    captures : Captures or FrequencyCounts
        The data.
    call : tuple
        Model and shape.

    Returns
    -------
    answer : ClosedEstimate or MicroestimError or None
        As `attempt`.
    fault : str
        As `attempt`.
    """
    return attempt(lambda: closed(captures, call[0], heterogeneity=call[1]))  # type: ignore[arg-type]


def wrong_numbers(estimate: Any) -> Iterator[str]:
    """Find numbers in an estimate that cannot be.

    Parameters
    ----------
    estimate : ClosedEstimate
        An answer of `closed`.

    Yields
    ------
    str
        What is wrong.
    """
    seen = float(estimate.n_observed)
    n_hat = float(estimate.n_hat)
    if math.isnan(n_hat) or (math.isinf(n_hat) and not estimate.reason):
        yield f"n_hat is {n_hat} without a reason"
    # All these models put people beside those seen; a rounding error of the sum is allowed.
    if n_hat < seen * (1 - 1e-12):
        yield f"n_hat is {n_hat}, below the {seen:g} seen"
    if estimate.se is not None and not (math.isfinite(estimate.se) and estimate.se >= 0):
        yield f"se is {estimate.se}"
    for name in ("loglik", "aic", "bic", "deviance"):
        if not math.isfinite(getattr(estimate, name)):
            yield f"{name} is {getattr(estimate, name)}"
    if estimate.deviance < 0:
        yield f"deviance is {estimate.deviance}"
    chances = np.asarray(estimate.capture_probabilities, dtype=float)
    if not ((chances >= 0) & (chances <= 1 + 1e-12)).all():
        yield f"capture probabilities are {chances.tolist()}"
    again = estimate.recapture_probability
    if again is not None and not 0 <= again <= 1:
        yield f"recapture probability is {again}"
    if not all(math.isfinite(value) for value in estimate.coefficients.values()):
        yield f"coefficients are {estimate.coefficients}"
    for text in (str(estimate), repr(estimate)):
        if "nan" in text.lower().replace(",", " ").split():
            yield f"prints nan: {text}"


def wrong_limits(estimate: Any, method: str) -> Iterator[str]:
    """Find limits that cannot be.

    Parameters
    ----------
    estimate : ClosedEstimate
        An answer of `closed`.
    method : str
        One of its interval methods that draw nothing at random.

    Yields
    ------
    str
        What is wrong.
    """
    interval, fault = attempt(lambda: estimate.interval(method=method))
    if fault:
        yield fault
    elif not isinstance(interval, MicroestimError):
        low, high = float(interval.low), float(interval.high)
        if not (math.isfinite(low) and low <= high):
            yield f"the limits are {low} and {high}"
        if low < estimate.n_observed:
            yield f"the lower limit {low} is below the {estimate.n_observed:g} seen"
        if math.isinf(high) and not interval.note:
            yield "an infinite upper limit without a reason"
        if method == "lognormal" and not low <= estimate.n_hat <= high:
            yield f"the limits {low} and {high} do not hold the estimate {estimate.n_hat}"


def same_answers(one: Any, other: Any) -> str:
    """Compare two answers that should be one.

    Parameters
    ----------
    one, other : ClosedEstimate or MicroestimError
        The answers.

    Returns
    -------
    str
        How they differ; empty where they do not.
    """
    refused = [isinstance(answer, MicroestimError) for answer in (one, other)]
    if any(refused):
        return "" if all(refused) else f"{one!r} became {other!r}"
    n = float(one.n_observed)
    # A maximum is found to the square root of the rounding in its likelihood, at the worst. The likelihood is
    # a difference of sums of the order n log n.
    for name, tolerance, order in (
        ("n_hat", 1e-6, 1.0),
        ("se", 1e-4, 1.0),
        ("loglik", 1e-9, n * math.log1p(n)),
    ):
        a, b = float(getattr(one, name)), float(getattr(other, name))
        if abs(a - b) > tolerance * max(abs(a), abs(b), order):
            return f"{name} {a!r} became {b!r}"
    return ""


def faults_of_model(
    table: RandomTable, call: Call, *, methods: Sequence[str], changes: int | None = None
) -> Iterator[Fault]:
    """Fit one model, and find what must not be in the answer.

    Parameters
    ----------
    table : RandomTable
        The data.
    call : tuple
        Model and shape.
    methods : sequence of str
        Interval methods to try.
    changes : int, optional
        How many changes of the data that must not matter to try, chosen by the number of the table; all
        when None.

    Yields
    ------
    Fault
        What must not happen.
    """
    captures, text = table.captures, text_of(call)
    found, fault = estimated(captures, call)
    if fault:
        yield Fault(table, text, fault)
        return
    if not isinstance(found, MicroestimError):
        for what in wrong_numbers(found):
            yield Fault(table, text, what)
        for method in methods:
            for what in wrong_limits(found, method):
                yield Fault(table, f'{text}.interval(method="{method}")', what)
        _, fault = attempt(found.to_frame) if "profile" in methods else (None, "")
        if fault:
            yield Fault(table, f"{text}.to_frame()", fault)
    rng = np.random.default_rng([SEED, table.number, 1])
    others: list[tuple[str, Any]] = []
    if call[0] not in IN_ORDER:
        names = rng.permutation(captures.names).tolist()
        others.append((f"captures = captures.select({names})", captures.select(names)))
    others.append(("captures split by a covariate at random", split_by_covariate(captures, rng)))
    if call[0] in ("M0", "Mh"):
        others.append(("captures = captures.frequencies", captures.frequencies))
    for place in rng.permutation(len(others))[:changes]:
        change, changed = others[place]
        again, fault = estimated(changed, call)
        if isinstance(changed, Captures) and not fault:
            fault = same_answers(found, again)
        elif not fault and type(found) is type(again) and not isinstance(found, MicroestimError):
            # Other cells, so another likelihood; the size is the same.
            gap = abs(float(found.n_hat) - float(again.n_hat))
            fault = f"n_hat {found.n_hat} became {again.n_hat}" if gap > 1e-6 * found.n_hat else ""
        elif not fault:
            fault = f"{found!r} became {again!r}" if type(found) is not type(again) else ""
        if fault:
            yield Fault(table, f"{change}; {text}", fault)


def split_by_covariate(captures: Captures, rng: Generator) -> Captures:
    """Give the same people a covariate, so that equal histories are two rows.

    Parameters
    ----------
    captures : Captures
        Without strata.
    rng : Generator
        Who has which value.

    Returns
    -------
    Captures
        With a covariate of two values, unless all people have one.
    """
    left = np.array([int(rng.integers(0, count + 1)) for count in captures.counts])
    counts = np.concatenate([left, captures.counts - left])
    value = np.repeat(["a", "b"], len(left))
    rows = np.vstack([captures.histories] * 2)
    return Captures.from_histories(
        rows[counts > 0],
        names=captures.names,
        counts=counts[counts > 0],
        covariates={"value": value[counts > 0]},
    )


def faults_of_strata(table: RandomTable) -> Iterator[Fault]:
    """Ask for an estimate from captures with strata: refused when there are several, and else of the one.

    Parameters
    ----------
    table : RandomTable
        The data.

    Yields
    ------
    Fault
        What must not happen.
    """
    if not table.captures.groups:
        return
    several = len(table.captures.groups) > 1
    for text, ask in (
        (text_of(("M0", None)), lambda captures: closed(captures, "M0")),
        ("closed_models(captures)", closed_models),
    ):
        answer, fault = attempt(lambda ask=ask: ask(table.captures))
        if several and not fault:
            refused = isinstance(answer, InputError) and "strata" in str(answer)
            fault = "" if refused else f"several strata are not refused: {answer!r}"
        elif not fault:
            pooled, fault = attempt(lambda ask=ask: ask(table.captures.pooled()))
            fault = fault or ("" if repr(answer) == repr(pooled) else f"{answer!r} became {pooled!r}")
        if fault:
            yield Fault(table, text, fault)


def faults_of_panel(table: RandomTable) -> Iterator[Fault]:
    """Fit the panel, and hold its rows against single calls.

    Parameters
    ----------
    table : RandomTable
        The data.

    Yields
    ------
    Fault
        What must not happen.
    """
    panel, fault = attempt(lambda: closed_models(table.captures))
    if fault:
        yield Fault(table, "closed_models(captures)", fault)
    if fault or isinstance(panel, MicroestimError):
        return
    for call, text in (
        (panel.to_frame, "to_frame()"),
        (panel.table, "table()"),
        (panel.average, "average()"),
    ):
        answer, fault = attempt(call)
        if fault:
            yield Fault(table, f"closed_models(captures).{text}", fault)
        elif text == "average()" and not isinstance(answer, MicroestimError):
            numbers = [float(answer.n_hat), 0.0 if answer.se is None else float(answer.se)]
            if not np.isfinite(numbers).all():
                yield Fault(table, "closed_models(captures).average()", f"n_hat and se are {numbers}")
    for row in panel.rows:
        if row.estimate is None and not row.reason:
            yield Fault(table, f"closed_models(captures)[{row.name!r}]", "no estimate and no reason")


def faults_of_container(table: RandomTable) -> Iterator[Fault]:
    """Use everything that the container offers, and hold its statistics against each other.

    Parameters
    ----------
    table : RandomTable
        The data.

    Yields
    ------
    Fault
        What must not happen.
    """
    captures = table.captures
    pooled = captures.pooled()
    names = list(captures.names)

    def again() -> Captures:
        by = "group" if captures.groups else None
        return Captures.from_histories(captures.to_frame(), names=names, counts="count", by=by)

    def backwards() -> Captures:
        return captures.select(names[::-1]).select(names)

    def strata() -> Captures:
        return Captures.from_strata(captures.strata) if captures.groups else captures

    for text, call, expected in (
        ("from_histories(captures.to_frame())", again, captures),
        ("captures.select(backwards)", backwards, captures),
        ("from_strata(captures.strata)", strata, captures),
        ("from_counts(captures.to_counts())", lambda: Captures.from_counts(captures.to_counts()), pooled),
        ("captures.merge({})", lambda: captures.merge({}), captures),
    ):
        answer, fault = attempt(call)
        if fault or answer != expected:
            yield Fault(table, text, fault or f"gives other captures: {answer!r}")

    def statistics() -> dict[str, bool]:
        n = int(captures.counts.sum())
        alone = Captures.from_uvn(captures.u_i, captures.v_i, captures.n_i)
        m_array = captures.m_array
        tabled = Captures.from_m_array(m_array.released, m_array.recaptured)
        return {
            "u_i, v_i and f_k add up to the people seen": (
                n == captures.n_observed == captures.v_i.sum() == captures.f_k.sum()
            ),
            "captures by occasion and by frequency are the same": (
                captures.n_captures == int(captures.f_k @ np.arange(1, len(names) + 1))
            ),
            "statistics alone say the same": (
                alone.n_observed == n and alone.has_recaptures == captures.has_recaptures
            ),
            "the m-array has them": (
                np.array_equal(tabled.u_i, captures.u_i) and np.array_equal(tabled.v_i, captures.v_i)
            ),
            "it prints": "nan" not in str(captures) + repr(captures) + captures._repr_html_(),
        }

    answer, fault = attempt(statistics)
    if fault:
        yield Fault(table, "statistics", fault)
    elif not isinstance(answer, dict):
        yield Fault(table, "statistics", f"refused: {answer}")
    else:
        for rule, holds in answer.items():
            if not holds:
                yield Fault(table, "statistics", f"not so: {rule}")

    for text, call, short in (
        ("captures.drop(captures.names[0])", lambda: captures.drop(names[0]), len(names) == 2),
        ("captures.merge(...)", lambda: captures.merge({"both": names[:2]}), len(names) == 2),
    ):
        answer, fault = attempt(call)
        # Too few occasions, or nobody left, are refused.
        refused = isinstance(answer, MicroestimError)
        expected_refusal = short or (
            text.startswith("captures.drop") and bool(answer) and not captures.n_i[1:].any()
        )
        if fault or refused != expected_refusal:
            yield Fault(table, text, fault or f"gives {answer!r}")


def faults_of(table: RandomTable, *, calls: int | None = 1) -> Iterator[Fault]:
    """Find everything that must not happen with one table.

    Parameters
    ----------
    table : RandomTable
        The data.
    calls : int, optional
        How many of `CALLS` to try, chosen by the number of the table. What costs many fits is then done
        for some tables only: a profile interval for each eighth, the panel for each thirty-second. None
        does everything.

    Yields
    ------
    Fault
        What must not happen.
    """
    rng = np.random.default_rng([SEED, table.number, 2])
    everything = calls is None
    with_container, with_panel, with_profile = rng.random(3) < (
        (1, 1, 1) if everything else (1 / 2, 1 / 32, 1 / 8)
    )
    if with_container:
        yield from faults_of_container(table)
    yield from faults_of_strata(table)
    table = replace(table, captures=table.captures.pooled())
    if with_panel:
        yield from faults_of_panel(table)
    for place in rng.permutation(len(CALLS))[:calls]:
        methods = ("lognormal", "wald", *(("profile",) if with_profile else ()))
        yield from faults_of_model(table, CALLS[place], methods=methods, changes=None if everything else 1)


# -- smallest tables ---------------------------------------------------------------------------------


def smallest(fault: Fault, find: Callable[[RandomTable], Iterator[Fault]]) -> Fault:
    """Make the data of a fault smaller while they still have it.

    Parameters
    ----------
    fault : Fault
        What was found.
    find : callable
        Finds the faults of a table again.

    Returns
    -------
    Fault
        The same kind of fault in a table with fewer occasions, histories and people.
    """

    def same(other: Fault) -> bool:
        words = [text.what.split()[:3] for text in (fault, other)]
        return words[0] == words[1]

    captures = fault.table.captures.pooled()
    best = fault
    while True:
        for smaller in _smaller(captures):
            table = RandomTable(fault.table.number, fault.table.kind, smaller)
            found = next((other for other in find(table) if same(other)), None)
            if found is not None:
                captures, best = smaller, found
                break
        else:
            return best


def _smaller(captures: Captures) -> Iterator[Captures]:
    if captures.n_occasions > 2:
        for name in captures.names:
            left = captures.histories[:, [place for place, n in enumerate(captures.names) if n != name]]
            if left.any():
                yield captures.drop(name)
    rows, counts = captures.histories, captures.counts
    for row in range(len(counts)):
        for fewer in sorted({0, int(counts[row]) // 2, int(counts[row]) - 1} - {int(counts[row])}):
            changed = counts.copy()
            changed[row] = fewer
            if changed.sum():
                yield Captures.from_histories(rows, names=captures.names, counts=changed)


def snippet(fault: Fault) -> str:
    """Write a fault as code.

    Parameters
    ----------
    fault : Fault
        The fault.

    Returns
    -------
    str
        Lines that show it.
    """
    captures = fault.table.captures
    if captures.groups:
        made = f"# with strata: random_table({fault.table.number}).captures"
    else:
        made = f"captures = Captures.from_counts({captures.to_counts()})"
    return f"{made}\n{fault.call}\n# {fault.what}"


def faults_among(numbers: range, calls: int | None) -> list[Fault]:
    """Find what must not be in some tables.

    Parameters
    ----------
    numbers : range
        Of the tables.
    calls : int or None
        As for `faults_of`.

    Returns
    -------
    list of Fault
        In the order of the tables.
    """
    return [fault for number in numbers for fault in faults_of(random_table(number), calls=calls)]


def main() -> int:
    """Run the tables and print the faults; the exit status is 1 when there is one."""
    from joblib import Parallel, delayed

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tables", type=int, default=20_000)
    parser.add_argument("--start", type=int, default=0, help="number of the first table")
    parser.add_argument("--calls", type=int, default=1, help="models a table; 0 for everything")
    parser.add_argument("--jobs", type=int, default=1, help="processes; -1 for one a core")
    options = parser.parse_args()
    calls = options.calls or None
    known: dict[tuple[str, ...], int] = {}
    started, done, end = time.perf_counter(), 0, options.start + options.tables
    parts = [range(first, min(first + CHUNK, end)) for first in range(options.start, end, CHUNK)]
    running = Parallel(n_jobs=options.jobs, return_as="generator")
    for part, faults in zip(
        parts, running(delayed(faults_among)(part, calls) for part in parts), strict=True
    ):
        done += len(part)
        for fault in faults:
            key = (fault.call.split("(captures")[-1], *fault.what.split()[:3])
            known[key] = known.get(key, 0) + 1
            if known[key] == 1:
                print(f"\n# {fault}")
                least = smallest(fault, lambda table: faults_of(table, calls=calls))
                print(snippet(least), flush=True)
        print(
            f"{done:,} of {options.tables:,} tables, {sum(known.values()):,} faults, "
            f"{time.perf_counter() - started:,.0f} s",
            file=sys.stderr,
            flush=True,
        )
    print(f"\n{options.tables:,} tables, {sum(known.values()):,} faults of {len(known)} kinds")
    return int(bool(known))


if __name__ == "__main__":
    sys.exit(main())
