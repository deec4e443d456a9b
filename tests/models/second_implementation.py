"""Every observation model written a second time, one point at a time: loops over cells, SciPy's densities.

Written from the equations, not from the library's code; only Tukey's form of the normal quantile is shared,
because its approximation is part of the model.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from scipy import special, stats

from microestim.models.activity import CELL_RATES
from microestim.models.latent import Latent
from microestim.models.memberships import normal_quantile
from microestim.models.namespace import NUMPY

WEEK = 30.44 / 7
BANDS = ("weekly", "monthly", "less")
X = np.log(CELL_RATES)


class World:
    """The latent quantities of one draw as plain numbers."""

    def __init__(self, latent: Latent, draw: int, frames: Any, open_to_world: np.ndarray) -> None:
        self.p = {name: float(np.asarray(value)[draw]) for name, value in latent.p.items()}
        self.accounts = np.asarray(latent.accounts)[draw]
        self.weights = np.asarray(latent.weights)[draw]
        self.inflation = np.asarray(latent.sizes.inflation)[draw]
        self.growth = (
            self.p["growth"] * np.exp(0.5 * latent.rows["growth"][draw])
            if "growth" in latent.rows
            else np.full(len(self.inflation), self.p.get("growth", 0.0))
        )
        self.active_share = np.asarray(latent.active_share)[draw]
        self.active_centre = np.asarray(latent.active_centre)[draw]
        self.visitor_effect = (
            self.p["visitors_spread"] * latent.rows["visitors"][draw]
            if "visitors" in latent.rows
            else np.zeros(1)
        )
        self.rows = {name: np.asarray(z)[draw] for name, z in latent.rows.items()}
        self.n = len(self.accounts)
        self.open = open_to_world
        odds = latent.numbers["prior:country_share"] + latent.numbers["prior:country_share spread"] * (
            latent.rows["share"][draw] if "share" in latent.rows else np.zeros(self.n)
        )
        self.share = np.where(open_to_world > 0, 1 / (1 + np.exp(-odds)), 1.0)
        self.frames = {frame.id: frame for frame in frames}
        self.surveyed = np.array([any(f.members[j] for f in frames) for j in range(self.n)])

    # Memberships of a person with an account in cell i.

    def other_chance(self, i: int) -> float:
        odds = self.p["memberships"] / (self.n - 1)
        odds *= math.exp(self.p["membership_slope"] * (min(max(X[i], -4), 4) - 2) / 6)
        return odds / (1 + odds)

    def number_of_others(self, i: int) -> Any:
        size = 1 / self.p["membership_dispersion"] - 1
        chance = self.other_chance(i)
        return stats.betabinom(self.n - 1, chance * size, (1 - chance) * size)

    def mean_others(self, i: int) -> float:
        return 0.0 if self.n == 1 else (self.n - 1) * self.other_chance(i)

    # The frame.

    def frame_weights(self, frame: str) -> tuple[float, np.ndarray]:
        members = self.frames[frame].members
        total = sum(a for a, m in zip(self.accounts, members, strict=True) if m)
        mixed = sum(a * w for a, w, m in zip(self.accounts, self.weights, members, strict=True) if m) / total
        return total, mixed

    def answered(self, frame: str, i: int) -> dict[str, float]:
        """Chance of every history with an answer in it, in cell i."""
        waves = self.frames[frame].waves
        exposure = CELL_RATES[i] ** self.p["capture_exponent"]
        rate = self.p[f"capture_rate[{frame}]"]
        rates = [rate] + [
            rate * self.p[f"capture_rate_change[{frame}, wave {t}]"] for t in range(2, waves + 1)
        ]
        chance = [-math.expm1(-each * exposure) for each in rates]
        if waves == 2:
            both = self.plackett(chance[0], chance[1], self.p["wave_dependence"])
            return {"11": both, "10": chance[0] - both, "01": chance[1] - both}
        found = {}
        for code in range(1, 2**waves):
            history = format(code, f"0{waves}b")
            found[history] = math.prod(c if d == "1" else 1 - c for c, d in zip(chance, history, strict=True))
        return found

    @staticmethod
    def plackett(a: float, b: float, odds: float) -> float:
        # The root of odds (a - x)(b - x) = x (1 - a - b + x) between its bounds.
        if abs(odds - 1) < 1e-9:
            return a * b
        roots = np.roots([odds - 1, -(1 + (odds - 1) * (a + b)), odds * a * b])
        low, high = max(0.0, a + b - 1), min(a, b)
        return float(min(roots.real, key=lambda x: max(low - x, x - high)))

    def respondents(self, frame: str) -> np.ndarray:
        _, weights = self.frame_weights(frame)
        captured = np.array([w * sum(self.answered(frame, i).values()) for i, w in enumerate(weights)])
        return captured / captured.sum()

    # Activity of the same person elsewhere.

    def elsewhere(self, frame: str, share: float) -> np.ndarray:
        members = self.frames[frame].members
        total = sum(self.accounts * members)
        below = np.zeros(len(X))
        for j in range(self.n):
            active = stats.norm.cdf(X, self.active_centre[j], self.p["active_rate_spread"])
            dormant = stats.norm.cdf(X, math.log(self.p["dormant_rate"]), 1.0)
            cdf = self.active_share[j] * active + (1 - self.active_share[j]) * dormant
            below += members[j] * self.accounts[j] / total * cdf
        score, threshold = normal_quantile(NUMPY, below), normal_quantile(NUMPY, 1 - share)
        rho = self.p["activity_correlation"]
        return stats.norm.sf((threshold - rho * score) / math.sqrt(1 - rho**2))

    def stated(self, frame: str, any_platform: bool) -> dict[str, np.ndarray]:
        """Chance of stating each band by cell: true band, then misreport as a product of matrices."""
        _, weights = self.frame_weights(frame)
        above = {}
        for band, rate in (("weekly", WEEK), ("monthly", 1.0)):
            here = (rate < CELL_RATES).astype(float)
            if any_platform:
                other = self.elsewhere(frame, float(weights @ here))
                shape = self.p["other_dispersion"]
                for i in range(len(X)):
                    mean = (self.mean_others(i) + self.p["other_memberships"]) * other[i]
                    # P(0) of a negative binomial, thinned to the platforms above the threshold.
                    none = stats.nbinom.pmf(0, shape, shape / (shape + mean))
                    here[i] = max(here[i], 1 - none)
            above[band] = here
        true = np.stack([above["weekly"], above["monthly"] - above["weekly"], 1 - above["monthly"]])
        up, down = self.p["overstated_frequency"], self.p["understated_frequency"]
        raised = np.array([[1, 0, 0], [up, 1 - up, 0], [up * up, up * (1 - up), 1 - up]])
        lowered = np.array([[1 - down, down * (1 - down), down * down], [0, 1 - down, down], [0, 0, 1]])
        # One may state a band too high or too low, never both from the middle: its two errors are exclusive.
        report = np.array(
            [
                lowered[0],
                [up * (1 - down), (1 - up) * (1 - down) + up * down, down * (1 - up)],
                raised[2],
            ]
        )
        assert np.allclose(report.sum(1), 1.0)
        return dict(zip(BANDS, report.T @ true, strict=True))


def _mean_of(world: World, cells: np.ndarray, weights: np.ndarray) -> float:
    return float((cells * weights).sum() / weights.sum())


def log_density(observation: Any, world: World, sizes: Any) -> float:
    """Log density of an observation's own numbers at one point, up to a constant of the data."""
    return _FORMULAS[type(observation).__name__](observation, world, sizes)


def _error(stated: float | None, assumed: bool, own: float) -> float:
    """What was stated, what the model allows for, or both where the stated one is a mere assumption."""
    if stated is None:
        return own
    return math.hypot(stated, own) if assumed else float(stated)


def _declared_error(world: World, sizes: Any, j: int) -> float:
    # A resident number of an open platform rests on a country share; a worldwide one meets it separately.
    shared = world.open[j] and not sizes.worldwide[j]
    own = math.hypot(world.p["declared_error"], world.p["share_error"] if shared else 0.0)
    stated = sizes.stated_error[j] if sizes.has_stated_error[j] else None
    return _error(stated, bool(sizes.assumed_error[j]), own)


def _declared(o: Any, w: World, sizes: Any) -> float:
    j = o.platform
    then = w.accounts[j] * math.exp(-w.growth[j] * sizes.years_old[j])
    whole = then * math.exp(w.inflation[j]) / (w.share[j] if sizes.worldwide[j] else 1.0)
    return stats.norm.logpdf(math.log(o.value), math.log(whole), _declared_error(w, sizes, j))


def _declared_sum(o: Any, w: World, sizes: Any) -> float:
    parts = o.total.members * w.accounts * np.exp(w.inflation - w.growth * o.total.years_old)
    share = parts / parts.sum() * w.open * w.p["share_error"]
    own = math.sqrt(w.p["declared_error"] ** 2 + (share**2).sum())
    stated = o.total.stated_error if o.total.has_stated_error else None
    return stats.norm.logpdf(
        math.log(o.value), math.log(parts.sum()), _error(stated, o.total.assumed_error, own)
    )


def _country_share(o: Any, w: World, sizes: Any) -> float:
    share = w.share[o.platform]
    relative = _error(o.stated_error, o.assumed_error, w.p["share_error"])
    return stats.norm.logpdf(
        math.log(o.value / (1 - o.value)), math.log(share / (1 - share)), relative / (1 - share)
    )


def _count(o: Any, w: World) -> tuple[float, float]:
    """Mean and standard deviation of the log of an audience service's count."""
    seen = w.weights @ (1 - np.exp(-CELL_RATES))
    parts = o.members * w.accounts * seen * np.exp(w.visitor_effect) / (w.share if o.worldwide else 1.0)
    centre = math.log(parts.sum() * w.p[o.source])
    own = w.p["audience_error"]
    if o.members.sum() != 1:
        own = math.sqrt(0.02**2 + own**2 * ((parts / parts.sum()) ** 2).sum())
    error = _error(o.stated_error, o.assumed_error, own)
    if o.months:
        centre += math.log(w.p[o.month]) - np.mean([math.log(w.p[month]) for month in o.months])
    if o.repeated:
        z = w.rows[o.source.replace("visitors_per_person", "steady_audience_error")]
        kept = w.p["audience_persistence"]
        centre += math.sqrt(kept) * error * float(parts @ z) / float(np.linalg.norm(parts))
        error *= math.sqrt(1 - kept)
    return centre, error


def _visitors(o: Any, w: World, sizes: Any) -> float:
    return stats.norm.logpdf(math.log(o.value), *_count(o, w))


def _censored(o: Any, w: World, sizes: Any) -> float:
    centre, error = _count(o, w)
    low = -math.inf if o.low is None else (math.log(o.low) - centre) / error
    high = (math.log(o.high) - centre) / error
    left, right = (low, high) if low + high < 0 else (-high, -low)
    inside = special.log_ndtr(right) + math.log1p(-math.exp(special.log_ndtr(left) - special.log_ndtr(right)))
    return inside if o.within else math.log1p(-math.exp(inside))


def _matched(w: World, n10: float, n01: float, n11: float) -> dict[str, float]:
    missed, false, outside = (w.p[k] for k in ("missed_match", "false_match", "outside_answers"))
    unrecognised = missed * n11
    wrongly_linked = false * (n01 + unrecognised)
    first, second = n10 + n11, n01 + n11
    linked = n11 - unrecognised + wrongly_linked
    strangers = outside / (1 - outside)
    return {
        "11": linked,
        "10": first - linked + strangers * first,
        "01": second - linked + strangers * second,
    }


def _histories(o: Any, w: World, sizes: Any) -> float:
    accounts, weights = w.frame_weights(o.frame)
    by_cell = [w.answered(o.frame, i) for i in range(len(X))]
    bands = {band for band, _ in o.counts}
    stated = {"": np.ones(len(X))} if bands == {""} else w.stated(o.frame, o.any_platform)
    means = {}
    for band in bands:
        mean = {
            h: accounts * sum(weights[i] * stated[band][i] * by_cell[i][h] for i in range(len(X)))
            for h in by_cell[0]
        }
        means[band] = _matched(w, mean["10"], mean["01"], mean["11"]) if o.waves == 2 else mean
    counts = {band: [o.counts.get((band, h), 0) for h in mean] for band, mean in means.items()}
    if not o.bands_known:
        cells = ((counts[band], means[band].values()) for band in bands)
        return sum(stats.poisson.logpmf(list(n), list(mean)).sum() for n, mean in cells)
    expected = sum(sum(mean.values()) for mean in means.values())
    total = stats.poisson.logpmf(sum(map(sum, counts.values())), expected)
    for band, mean in means.items():
        chances = np.array(list(mean.values())) / sum(mean.values())
        total += stats.multinomial.logpmf(counts[band], sum(counts[band]), chances)
    return total


def _published(o: Any, w: World, sizes: Any) -> float:
    accounts, weights = w.frame_weights(o.frame)
    cells = [w.answered(o.frame, i) for i in range(len(X))]
    counts = _matched(
        w,
        *(accounts * sum(v * c[h] for v, c in zip(weights, cells, strict=True)) for h in ("10", "01", "11")),
    )
    n1, n2 = counts["10"] + counts["11"], counts["01"] + counts["11"]
    error = w.p["estimate_error"] if o.stated_error is None else o.stated_error
    return stats.norm.logpdf(math.log(o.value), math.log(n1 * n2 / counts["11"]), error)


def _frequency(o: Any, w: World, sizes: Any) -> float:
    stated, respondents = w.stated(o.frame, o.any_platform), w.respondents(o.frame)
    return sum(
        count * math.log(sum(respondents @ stated[band] for band in group.split("+")))
        for group, count in o.counts.items()
    )


def _number_pmf(w: World, weights: np.ndarray) -> np.ndarray:
    table = np.stack([w.number_of_others(i).pmf(range(w.n)) for i in range(len(X))])
    return weights @ table / weights.sum()


def _membership_counts(o: Any, w: World, sizes: Any) -> float:
    pmf = _number_pmf(w, w.respondents(o.frame))
    counts = [o.counts.get(k, 0) for k in range(1, w.n + 1)]
    return stats.multinomial.logpmf(counts, sum(counts), pmf / pmf.sum())


def _by_frequency(o: Any, w: World, sizes: Any) -> float:
    stated, respondents = w.stated(o.frame, o.any_platform), w.respondents(o.frame)
    total = 0.0
    for band in {band for band, _ in o.counts}:
        pmf = _number_pmf(w, respondents * stated[band])
        counts = [o.counts.get((band, k), 0) for k in range(1, w.n + 1)]
        total += stats.multinomial.logpmf(counts, sum(counts), pmf / pmf.sum())
    return total


def _of_printed(o: Any, error: float) -> float:
    """Error of a mean as printed: rounding is uniform over the unit."""
    return error if o.rounded_to is None else math.hypot(error, stats.uniform(0, o.rounded_to).std())


def _membership_mean(o: Any, w: World, sizes: Any) -> float:
    respondents = w.respondents(o.frame)
    pmf = _number_pmf(w, respondents)
    number = np.arange(w.n)
    mean = float(pmf @ number)
    sd = math.sqrt(pmf @ number**2 - mean**2) if o.sd is None else o.sd
    return stats.norm.logpdf(o.value, 1 + mean, _of_printed(o, sd / math.sqrt(o.n)))


def _active_memberships(o: Any, w: World, sizes: Any) -> float:
    window = 1.0 if o.window == "month" else 7 / 30.44
    seen = 1 - np.exp(-CELL_RATES * window)
    _, weights = w.frame_weights(o.frame)
    elsewhere = w.elsewhere(o.frame, float(weights @ seen))
    others = np.array([w.mean_others(i) for i in range(len(X))]) * elsewhere
    mean = 1 + _mean_of(w, others, w.respondents(o.frame) * seen)
    return stats.norm.logpdf(o.value, mean, _of_printed(o, o.sd / math.sqrt(o.n)))


def _any_platform(o: Any, w: World, sizes: Any) -> float:
    respondents, shape = w.respondents(o.frame), w.p["other_dispersion"]
    mean = np.array([w.mean_others(i) + w.p["other_memberships"] for i in range(len(X))])
    law = stats.nbinom(shape, shape / (shape + mean))
    first, second = respondents @ law.mean(), respondents @ (law.var() + law.mean() ** 2)
    sd = math.sqrt(second - first**2)
    wider = 1.0 if o.sd is None else o.sd / sd
    if o.single is None:
        return stats.norm.logpdf(o.mean, 1 + first, _of_printed(o, wider * sd / math.sqrt(o.n)))
    # The law of those who have another: the sum of the others, over those who have one and all respondents.
    alone, several = respondents @ law.pmf(0), o.n - o.single
    mean = first / (1 - alone)
    sd = math.sqrt(second / (1 - alone) - mean**2)
    error = _of_printed(o, wider * sd * math.sqrt(several) / o.n)
    # The binomial law of a number that a share was printed of, and so no whole one.
    total = o.single * math.log(alone) + several * math.log1p(-alone)
    return total + stats.norm.logpdf(o.mean, 1 + several * mean / o.n, error)


def _population(o: Any, w: World, sizes: Any) -> float:
    people, asked = np.zeros(w.n), [j for j in range(w.n) if w.surveyed[j]]
    for j in range(w.n):
        pmf = _number_pmf(w, w.weights[j])
        if asked and j not in asked:
            for k in range(w.n):
                # Every set of k of the other platforms is as likely, and some have nothing of the frame.
                sets = list(itertools.combinations([i for i in range(w.n) if i != j], k))
                missed = np.mean([not set(asked) & set(each) for each in sets])
                pmf[k] *= 1 - missed + missed * np.exp(w.p["departure"] * k)
        # A person with k accounts is met k times among accounts.
        people += w.accounts[j] * pmf / pmf.sum() / np.arange(1, w.n + 1)
    counts = [o.counts.get(k, 0) for k in range(1, w.n + 1)]
    return stats.multinomial.logpmf(counts, sum(counts), people / people.sum())


def _never_used(o: Any, w: World, sizes: Any) -> float:
    never = w.weights[o.platform] @ np.exp(-CELL_RATES * w.p["account_age"])
    return stats.norm.logpdf(math.log(o.value), math.log(never), o.error)


def _last_visits(o: Any, w: World, sizes: Any) -> float:
    respondents, factor = w.respondents(o.frame), w.p["stated_gap"]
    limits = [0.0, *o.days, math.inf]
    total = 0.0
    for count, low, high in zip(o.counts, limits, limits[1:], strict=False):
        # The time since the visit before, in days, as stated: exponential in each cell.
        gap = stats.expon(scale=factor * 30.44 / CELL_RATES)
        total += count * math.log(respondents @ (gap.sf(low) - gap.sf(high)))
    return total


def _ratio(o: Any, w: World, sizes: Any) -> float:
    found = {}
    for kind in (o.numerator, o.denominator):
        chance = {
            "declared": np.ones(len(X)),
            "registered": np.ones(len(X)),
            "monthly": CELL_RATES > 1,
            "weekly": CELL_RATES > WEEK,
            "ever_worked": stats.poisson.sf(0, w.p.get("account_age", 1.0) * CELL_RATES),
        }[kind]
        inflated = np.exp(w.inflation) if kind == "declared" else 1.0
        found[kind] = float((o.members * w.accounts * inflated * (w.weights @ chance)).sum())
    part, whole = found[o.numerator], found[o.denominator]
    return stats.norm.logpdf(special.logit(o.value), math.log(part / (whole - part)), o.error)


_FORMULAS = {
    "LastVisits": _last_visits,
    "AccountRatio": _ratio,
    "DeclaredAccounts": _declared,
    "DeclaredSum": _declared_sum,
    "CountryShare": _country_share,
    "MonthlyVisitors": _visitors,
    "CensoredVisitors": _censored,
    "HistoryCounts": _histories,
    "PublishedEstimate": _published,
    "StatedFrequency": _frequency,
    "MembershipCounts": _membership_counts,
    "MembershipCountsByFrequency": _by_frequency,
    "MembershipMean": _membership_mean,
    "ActiveMemberships": _active_memberships,
    "AnyPlatformMemberships": _any_platform,
    "PopulationMemberships": _population,
    "NeverUsed": _never_used,
}
