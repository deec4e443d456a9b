"""The tiers of a fit over all platforms: draws, frames, summary, saving."""

import numpy as np
import pytest

import microestim as me
from microestim.errors import InputError
from microestim.results import FRAME_COLUMNS, IMPUTED_COLUMNS

TIERS = ("registered", "monthly_active", "monthly", "weekly")


def test_people_of_all_platforms_are_those_of_the_observed_and_more(prior_fit):
    wide = prior_fit.tiers.over("all")
    assert wide.scope == "all"
    assert len(wide.platforms) == 22
    assert wide.platforms[:7] == prior_fit.design.platforms
    for tier in TIERS:
        people = prior_fit.draws(tier, scope="all")
        assert people.shape == prior_fit.shape
        assert np.all(people >= prior_fit.draws(tier))
        assert np.any(people > prior_fit.draws(tier))
        assert np.array_equal(people, wide.draws(tier))
        # What is observed stays as it is, platform by platform.
        for platform in prior_fit.design.platforms:
            assert np.array_equal(
                prior_fit.draws(tier, of="accounts", platform=platform, scope="all"),
                prior_fit.draws(tier, of="accounts", platform=platform),
            )
    assert wide.over("observed") is prior_fit.tiers
    bands = [wide.band(name) for name in ("weekly", "monthly, not weekly", "registered, less than monthly")]
    assert sum(bands) == pytest.approx(wide.draws("registered"), rel=1e-9)
    assert min(band.min() for band in bands) >= -1e-6


def test_each_row_says_which_share_is_imputed(prior_fit):
    frame = prior_fit.tiers.to_frame(scope="all")
    assert list(frame.columns) == [*FRAME_COLUMNS, *IMPUTED_COLUMNS]
    assert set(frame["scope"]) == {
        "all: 22 platforms, 15 without evidence, 7 of them of a class with none observed"
    }
    weekly = frame.query("tier == 'weekly' and unit == 'people'").iloc[0]
    share = 1 - prior_fit.draws("weekly") / prior_fit.draws("weekly", scope="all")
    assert weekly.imputed_people == pytest.approx(np.median(share))
    accounts = prior_fit.draws("weekly", of="accounts"), prior_fit.draws("weekly", of="accounts", scope="all")
    assert weekly.imputed_accounts == pytest.approx(np.median(1 - accounts[0] / accounts[1]))
    by = prior_fit.tiers.to_frame(scope="all", by="platform").set_index("platform")["scope"]
    assert set(by["mobeye"]) == {"without evidence: 1 platform, drawn from the prior of its class"}
    assert set(by["testapic"]) == {"without evidence: 1 platform, drawn from 1 observed of its class"}
    assert set(by["mturk"]) == {"observed: 1 platform"}
    plain = prior_fit.tiers.to_frame()
    assert list(plain.columns) == list(FRAME_COLUMNS)
    assert set(plain["scope"]) == {"observed: 7 platforms"}


def test_a_printed_table_says_its_scope_and_its_verdict(prior_fit, converged_prior_fit):
    text = str(prior_fit.tiers)
    assert "People; observed: 7 platforms." in text
    assert "NOT CONVERGED" in text
    assert "NOT CONVERGED" in str(prior_fit.derived(active_population=30e6))
    assert "NOT CONVERGED" in str(prior_fit.tiers.over("all"))
    wide = str(converged_prior_fit.tiers.over("all"))
    assert "NOT CONVERGED" not in wide + str(converged_prior_fit.derived(active_population=30e6))
    assert "People; all: 22 platforms, 15 without evidence" in wide
    share = np.median(converged_prior_fit.tiers.over("all").imputed_share("weekly"))
    assert f"{100 * share:.3g} %" in wide


def test_a_class_without_observed_platforms_is_named_and_can_be_left_out(prior_fit):
    text = str(prior_fit.summary(scope="all"))
    assert "No platform of the class 'localised tasks' is observed" in text
    assert "Isahit takes no residents" in text
    without = prior_fit.summary(scope="all", without_class="localised tasks")
    assert "Left out: platforms without evidence of localised tasks." in str(without)
    assert (
        "without evidence of localised tasks: 15 platforms, 8 without evidence" in without.frame["scope"][0]
    )
    fewer = prior_fit.draws("registered", scope="all", without_class="localised tasks")
    assert np.median(fewer) < np.median(prior_fit.draws("registered", scope="all"))


def test_a_saved_fit_gives_the_same_draws_also_where_it_is_older_than_these_priors(prior_fit, tmp_path):
    older = me.WorkforceFit(
        study=prior_fit.study,
        design=prior_fit.design,
        priors={k: v for k, v in prior_fit.all_priors.items() if k != "class_likeness"},
        vectors=prior_fit.vectors,
        sample_stats=prior_fit.sample_stats,
        settings=prior_fit.settings,
        reading=prior_fit.reading,
    )
    again = me.load_fit(older.save(tmp_path / "older.nc"))
    for tier in TIERS:
        assert np.array_equal(again.draws(tier, scope="all"), prior_fit.draws(tier, scope="all"))


def test_where_every_platform_is_observed_all_is_observed(single_platform_fit):
    study = single_platform_fit.study
    contents = study.model_dump(by_alias=True)
    contents["platforms"] = tuple(p for p in contents["platforms"] if p["id"] == "foule-factory")
    contents["platform_sets"] = ()
    alone = me.WorkforceFit(
        study=me.Study(**contents),
        design=single_platform_fit.design,
        priors=single_platform_fit.all_priors,
        vectors=single_platform_fit.vectors,
        sample_stats=single_platform_fit.sample_stats,
        settings=single_platform_fit.settings,
        reading=single_platform_fit.reading,
    )
    for tier in TIERS:
        assert np.array_equal(alone.draws(tier, scope="all"), alone.draws(tier))
    frame = alone.tiers.to_frame(scope="all")
    assert (frame[list(IMPUTED_COLUMNS)] == 0.0).all(axis=None)
    assert "nothing is imputed" in str(alone.summary(scope="all"))


def test_one_observed_platform_takes_the_rest_from_priors_and_says_so(single_platform_fit):
    for tier in TIERS:
        assert np.all(single_platform_fit.draws(tier, scope="all") >= single_platform_fit.draws(tier))
    assert "One platform is observed" in str(single_platform_fit.summary(scope="all"))


def test_priors_of_all_platforms_are_those_that_move_them(make_prior_fit, single_platform_fit):
    """Each prior that is listed, and none that is not listed, changes people on all platforms."""
    study = single_platform_fit.study
    model = me.WorkforceModel(study)
    assert not model.wider_priors.keys() & model.priors.keys()
    before = single_platform_fit.draws("registered", scope="all")
    for name, prior in single_platform_fit.all_priors.items():
        if name in model.priors:
            continue
        other = {name: {"spread": prior.spread / 2, "rationale": "a test"}}
        after = make_prior_fit(study, draws=100, seed=3, priors=other).draws("registered", scope="all")
        moved = not np.array_equal(before, after)
        # The correlation of activity moves no registered people, and who is active moves none either.
        still = {"activity_correlation", "active_share_spread", "active_rate_platform_spread"}
        if name not in still:
            assert moved == (name in model.wider_priors), name
    france = me.WorkforceModel(me.load_study("fr-2018"))
    assert list(france.wider_priors) == ["class_likeness", "wider_memberships"]


def test_levels_are_printed_as_they_are(prior_fit):
    for level, words in ((0.999, "99.9% credible"), (0.975, "97.5% credible"), (0.95, "95% credible")):
        assert words in str(prior_fit.summary(level=level))
        assert words in str(prior_fit.summary(level=level, scope="all"))
        assert words in str(prior_fit.derived().table(level=level))


def test_fits_stand_beside_each_other_as_what_they_are(prior_fit, other_reading, make_prior_fit):
    assert "Priors that differ" not in str(prior_fit.beside([other_reading]))
    wider = make_prior_fit("fr-2018", draws=100, priors={"inflation": {"spread": 1.4, "rationale": "a test"}})
    text = str(prior_fit.beside([wider]))
    assert "Priors that differ: inflation." in text
    assert "1: read as about" in text
    assert "2: read as about" in text
    with pytest.raises(InputError, match="others is one fit; give a list"):
        prior_fit.beside(other_reading)


def test_fits_of_two_studies_do_not_stand_beside_each_other(prior_fit, single_platform_fit):
    with pytest.raises(InputError, match="one of others is a fit of"):
        prior_fit.beside([single_platform_fit])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scope": "country"}, "scope is 'country'; use 'observed' or 'all'"),
        ({"without_class": "user tests"}, "give scope='all'"),
        ({"scope": "all", "without_class": "freelancing"}, "no platform without evidence"),
        ({"scope": "all", "platform": "isahit"}, "the platforms of this scope are"),
        ({"platform": "mobeye"}, "the observed platforms are"),
        ({"scope": "all", "without_class": None}, "without_class is None; give a class, or a list"),
    ],
)
def test_impossible_scopes_are_refused(prior_fit, options, message):
    with pytest.raises(InputError, match=message):
        prior_fit.draws("weekly", **options)
