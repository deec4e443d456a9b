"""From which ranges the knobs of a world are drawn, and why from these.

Where something has been measured the range is put around it; where nothing has, it is as wide as still
makes a country that somebody could study. Knobs are drawn independently of each other, but for those that
would contradict each other. A range is a statement about worlds, never about a model of them.
"""

from __future__ import annotations

import math

import numpy as np

from microestim.simulate.worlds.knobs import ActivityFamily, Knobs

__all__ = ["draw_knobs"]


class _Draw:
    """Draws from ranges, under the names that ranges have in words."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def even(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def log_even(self, low: float, high: float) -> float:
        return math.exp(self.rng.uniform(math.log(low), math.log(high)))

    def normal(self, mean: float, sd: float) -> float:
        return float(self.rng.normal(mean, sd))

    def whole(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def one_of[T](self, options: dict[T, float]) -> T:
        words = list(options)
        return words[int(self.rng.choice(len(words), p=list(options.values())))]


def draw_knobs(rng: int | np.random.Generator | np.random.SeedSequence | None = None) -> Knobs:
    """Draw every knob of a world at random from a wide plausible range.

    Parameters
    ----------
    rng : int, numpy.random.Generator, numpy.random.SeedSequence or None, optional
        Seed, or source of random numbers.

    Returns
    -------
    Knobs
        The knobs of one world.

    Notes
    -----
    The reason for each range, or its source, stands beside it in the code of this module. Sources:
    Difallah, Filatova and Ipeirotis (2018), doi:10.1145/3159652.3159661 (half-life of 12 to 18 months and
    heavy-tailed participation on Amazon Mechanical Turk); Kässi, Lehdonvirta and Stephany (2021),
    doi:10.12688/openreseurope.13639.4 (163 million profiles of which 14 million ever obtained work; 1.83
    platforms a person); Casilli et al. (2019), HAL hal-02139528 (1.27 platforms a respondent among seven,
    about three in all, 18.5 % on one only); Jansen, Jung and Salminen (2022),
    doi:10.1371/journal.pone.0268212 (an audience service 38.7 % below another on unique visitors); comScore
    (2007), 'The impact of cookie deletion' (up to 2.5 cookies a visitor); Kennedy et al. (2020),
    doi:10.1017/psrm.2020.6 (fraudulent accounts among respondents); Parry et al. (2021),
    doi:10.1038/s41562-021-01117-5 (logged against self-reported use).

    Examples
    --------
    >>> import microestim as me
    >>> me.simulate.draw_knobs(rng=1).n_platforms in range(1, 13)
    True
    """
    d = _Draw(np.random.default_rng(rng))
    # Unlike scales of country and of scope: from a few thousand accounts to more than France's 260,000.
    n_people = round(d.log_even(5_000, 300_000))
    # One to twelve, evenly: a study of one platform is as much a study as one of all.
    n_platforms = d.whole(1, 12)
    n_classes = min(n_platforms, d.one_of({1: 0.35, 2: 0.35, 3: 0.2, 4: 0.1}))
    # Two waves as in France most often; longer panels exist (Stewart et al. 2015: 13 quarters).
    n_waves = d.one_of({2: 0.75, 3: 0.15, 4: 0.1})
    two_waves = n_waves == 2
    families: dict[ActivityFamily, float] = {
        "lognormal": 0.3,
        "gamma": 0.25,
        "pareto": 0.2,
        "two kinds": 0.25,
    }
    family = d.one_of(families)
    return Knobs(
        n_people=n_people,
        n_platforms=n_platforms,
        n_classes=n_classes,
        # France's inventory of 23 has one that takes no residents (Isahit).
        n_without_residents=d.one_of({0: 0.7, 1: 0.2, 2: 0.1}),
        # Largest over median platform from about 2 to about 20: registers run from thousands to millions.
        size_spread=d.even(0.3, 1.8),
        # One closed platform of seven in France; national platforms elsewhere are often closed.
        closed_share=d.even(0.05, 0.5),
        # Clickworker gives access to UHRS; most worlds have no such pair.
        handover=d.even(0.3, 0.9) if d.chance(0.2) else 0.0,
        # 0.27 beyond the first among respondents on seven platforms, 0.83 in all online labour, 2 on
        # platforms of any kind: from nearly none to two.
        extra_memberships=d.log_even(0.05, 2.0),
        # Some collect platforms: from a Poisson number to one with a variance of twice its mean.
        overlap_spread=d.even(0.2, 1.2),
        # Never measured over a whole population; from none to a factor of e a standard deviation.
        overlap_activity_link=d.even(0.0, 1.0),
        # From indifference between classes to loyalty to one.
        taste_spread=d.even(0.0, 2.0),
        size_pull=d.even(0.3, 1.3),
        # Respondents in France work on about two others of any kind.
        outside_memberships=d.log_even(0.2, 3.0),
        activity_family=family,
        # From a visit every three months to one every six days; visitors of Mechanical Turk average almost 8
        # visits a month (Pew 2016), and those who are seen in a month are the more active.
        usual_rate=d.log_even(0.35, 5.0),
        # Heavy tails: in the data of Difallah et al. two thirds took part once in 28 months and some every
        # month; a spread of 1 is mild for numbers of visits, one of 2.2 has a Gini coefficient near 0.88.
        # Gamma rates have no long tail to the right unless they are spread out.
        activity_spread=d.even(1.3 if family == "gamma" else 0.8, 2.2),
        account_spread=d.even(0.2, 1.0),
        platform_spread=d.even(0.0, 0.8),
        # One platform provides most earnings (Casilli et al. 2019, qualitative).
        secondary_use=d.log_even(0.15, 1.0),
        # 91 % of profiles in Kässi et al. never obtained work; elsewhere a minority.
        never_used=d.even(0.05, 0.75),
        never_used_link=d.even(0.0, 1.5),
        # 12 to 18 months on Mechanical Turk for those who take part at all; apps lose half within weeks.
        account_half_life=d.log_even(1.5, 30.0),
        career_half_life=d.log_even(6.0, 80.0),
        lifetime_shape=d.even(0.4, 1.1),
        loyalty_link=d.even(0.0, 0.6),
        # Founded 2005 to 2017 and looked at in 2018.
        platform_age=d.log_even(15.0, 120.0),
        # From shrinking by a fifth a year to tripling.
        growth=d.even(-0.2, 1.1),
        join_together=d.even(0.1, 0.7),
        # Pauses from rare to the rule; spells from a week to a quarter; some pauses last for seasons.
        on_share=d.even(0.15, 0.95),
        on_spell=d.log_even(1.0, 13.0),
        long_pauses=d.even(0.0, 0.4),
        long_pause_factor=d.log_even(2.0, 12.0),
        shared_pauses=d.even(0.0, 1.0),
        # Tasks dry up and come back; summer differs from autumn.
        season_spread=d.even(0.0, 0.3),
        # Many visits find no task; on others every visitor finds one.
        task_share=d.even(0.3, 1.0),
        # Forbidden everywhere and known everywhere; no count exists.
        second_accounts=d.even(0.0, 0.15),
        # Kennedy et al. flag from a few per cent to a quarter of respondents.
        fake_accounts=d.log_even(0.01, 0.5),
        # Programs are in no panel of an audience service; people behind a false address may be.
        fakes_seen=d.even(0.0, 0.15),
        closed_counted=d.even(0.0, 0.4),
        # Declared numbers are held to be gross overestimates; 1: an honest count of the register.
        overstatement=d.log_even(0.95, 2.0),
        overstatement_spread=d.even(0.0, 0.4),
        # 'More than 50,000' to 318,944.
        declared_digits=d.one_of({1: 0.35, 2: 0.4, 3: 0.25}),
        staleness=d.even(0.0, 18.0),
        # Seven of 23 platforms had all figures in France.
        p_declared=d.even(0.4, 1.0),
        p_worldwide=d.even(0.3, 1.0),
        # France is less than 2.9 % of the accounts of the seven; on others a country can be a third.
        country_share=d.log_even(0.005, 0.3),
        # A share of connections stands for one of accounts; nobody has both.
        country_share_error=d.even(0.05, 0.6),
        p_country_share=d.even(0.7, 1.0),
        # Up to 2.5 cookies a visitor without correction, near 1 with it.
        devices=d.even(1.0, 1.7),
        shared_connections=d.even(0.0, 0.2),
        # On work pages one to several visitors in ten are curious; half to two for each worker is common.
        curious=d.log_even(0.05, 2.0),
        curious_spread=d.even(0.1, 0.7),
        whole_site=d.log_even(1.5, 8.0),
        p_whole_site=d.one_of({0.0: 0.5, 0.3: 0.3, 1.0: 0.2}),
        # 39 % below another service on 86 websites, itself an overcount; so centred a little below 0.
        vendor_bias=d.normal(-0.15, 0.3),
        vendor_noise=d.even(0.1, 0.5),
        # Panels hold from one in a thousand to one in fifty users.
        panel_share=d.log_even(0.002, 0.02),
        # Free services show nothing below some thousand visitors a month.
        threshold=d.log_even(50.0, 3_000.0),
        p_audience=d.even(0.5, 1.0),
        p_second_vendor=d.one_of({0.0: 0.8, 0.4: 0.1, 1.0: 0.1}),
        # Most studies that can be fitted at all have one; some countries have traffic and declarations only.
        has_survey=d.chance(0.9),
        survey_on=d.one_of({"largest closed": 0.5, "any": 0.5}),
        n_waves=n_waves,
        # 'A few weeks apart' from May to July in France.
        wave_days=d.whole(4, 30),
        gap_days=d.whole(10, 75) if two_waves else d.whole(7, 40),
        first_wave_day=d.whole(-60, 40),
        # About 1,000 answers in France; from a student's survey to an institute's.
        quota=round(d.log_even(120, 2_500)),
        # Paid tasks fill within days, voluntary questionnaires hardly.
        take_rate=d.log_even(0.02, 0.6),
        willingness_spread=d.even(0.2, 1.2),
        refusers=d.even(0.05, 0.5),
        # From fatigue to a habit.
        wave_habit=d.log_even(0.5, 2.0),
        outsiders=d.even(0.0, 0.08),
        # Identifiers differ from exact accounts to self-made codes.
        missed_matches=d.even(0.0, 0.12),
        false_matches=d.log_even(0.0002, 0.01),
        # 908 of about 1,000 answers were kept in France.
        incomplete=d.even(0.02, 0.25),
        # Logged and stated use correlate at about 0.4 to 0.5 in Parry et al., with bias in either direction.
        recall_noise=d.even(0.1, 0.9),
        recall_bias=d.normal(0.0, 0.25),
        recency=d.even(0.0, 0.8),
        heaping=d.even(0.0, 0.3),
        careless=d.even(0.0, 0.05),
        forgotten=d.even(0.0, 0.5),
        captures_form=d.one_of(
            {"two samples": 0.45, "histories": 0.2, "by frequency": 0.2, "estimate": 0.15}
            if two_waves
            else {"histories": 0.7, "by frequency": 0.3}
        ),
        frequency_form=d.one_of({"counts": 0.6, "shares": 0.25, "none": 0.15}),
        frequency_scope=d.one_of({"this platform": 0.75, "any platform": 0.25}),
        memberships_form=d.one_of({"counts": 0.35, "by frequency": 0.25, "mean": 0.3, "none": 0.1}),
        memberships_kind=d.one_of({"registered": 0.85, "worked": 0.15}),
        memberships_windows=d.chance(0.2),
        memberships_any=d.chance(0.25),
        population_sample=d.whole(20, 300) if d.chance(0.08) else 0,
        never_used_sample=d.whole(80, 2_000) if d.chance(0.25) else 0,
        # France prints one platform, and the rest as a total.
        totals=d.chance(0.2),
        stated_errors=d.chance(0.5),
        silent_class=False,
    )
