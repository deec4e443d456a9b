"""Platforms without evidence: how they are drawn, and what is certain of the people on all platforms."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import microestim as me
from microestim.errors import InputError, StudyError
from microestim.models.evaluation import Deviates, evaluate
from microestim.models.imputation import impute_platforms, platforms_to_impute
from microestim.models.people import TIER_IDS, count_people
from microestim.models.priors import DEFAULT_PRIORS, override_priors
from microestim.models.wider_scope import count_wider, wider_memberships

LOCALISED = "localised tasks"


def exactly(**medians):
    """Priors that leave no doubt about some quantities."""
    return override_priors(
        {name: {"median": value, "spread": 1e-9, "rationale": "test"} for name, value in medians.items()}
    )


def latent_of(model, size, seed, scale=1.0):
    design = model.design
    n = len(design.parameters) + len(design.rows) * design.n_platforms
    vectors = scale * np.random.default_rng(seed).standard_normal((size, n))
    return evaluate(design, model._priors, Deviates.from_vectors(vectors, design))


def widened(model, latent, priors=DEFAULT_PRIORS, *, seed=1, without_class=(), study=None):
    imputed = impute_platforms(
        study or model.study, latent, priors, np.random.default_rng(seed), without_class=without_class
    )
    memberships = wider_memberships(latent, model.design, imputed, priors, np.random.default_rng([seed, 1]))
    observed = count_people(latent)
    return imputed, memberships, observed, count_wider(latent, observed, imputed, memberships)


def with_links(study, **links):
    """The study with some intermediaries whose tasks are done on another platform."""
    contents = study.model_dump(by_alias=True)
    for platform in contents["platforms"]:
        if platform["id"] in links:
            platform |= {"layer": "intermediary", "executes_on": links[platform["id"]]}
    return me.Study(**contents)


def test_deviates_of_a_class_are_the_conditional_normal_of_their_joint_distribution(models):
    model, likeness = models["fr-2018"], 0.4
    one = latent_of(model, 1, seed=5)
    # The same draw many times: what varies is the imputation alone.
    design, n = model.design, 15_000
    vectors = np.random.default_rng(5).standard_normal(
        (1, len(design.parameters) + len(design.rows) * design.n_platforms)
    )
    latent = evaluate(design, model._priors, Deviates.from_vectors(np.repeat(vectors, n, 0), design))
    imputed = impute_platforms(
        model.study, latent, exactly(class_likeness=likeness), np.random.default_rng(2)
    )
    level, spread = one.sizes.level[0], one.sizes.spread[0]
    known = (one.sizes.log_accounts[0] - level) / spread
    found = (np.log(imputed.accounts) - level) / spread
    classes = [model.study.platform(name).class_ for name in (*design.platforms, *imputed.platforms)]
    alike = np.equal.outer(classes, classes)
    joint = likeness * alike + (1 - likeness) * np.eye(len(classes))
    j = design.n_platforms
    regress = joint[j:, :j] @ np.linalg.inv(joint[:j, :j])
    mean, covariance = regress @ known, joint[j:, j:] - regress @ joint[:j, j:]
    # Five standard errors of 15,000 draws of a variance of at most 1.
    assert found.mean(0) == pytest.approx(mean, abs=5 / np.sqrt(n))
    assert np.cov(found.T) == pytest.approx(covariance, abs=5 * np.sqrt(2 / n))


def test_a_class_without_observed_platforms_follows_its_prior(models):
    model = models["fr-2018"]
    latent = latent_of(model, 20_000, seed=3)
    imputed = impute_platforms(model.study, latent, DEFAULT_PRIORS, np.random.default_rng(4))
    found = dict(zip(imputed.platforms, imputed.observed_of_class, strict=True))
    assert found["mobeye"] == 0
    assert found["lionbridge"] == 6
    assert found["testapic"] == 1
    deviate = (np.log(imputed.accounts) - latent.sizes.level[:, None]) / latent.sizes.spread[:, None]
    alone = deviate[:, imputed.platforms.index("mobeye")]
    assert stats.kstest(alone, "norm").pvalue > 0.001
    # Alike on average as the prior says: the mean intraclass correlation of two of the class.
    prior = DEFAULT_PRIORS["class_likeness"]
    c = prior.natural(
        prior.location + prior.spread * np.random.default_rng(1).standard_normal(100_000), np.exp
    )
    two = deviate[:, imputed.platforms.index("roamler")]
    assert np.corrcoef(alone, two)[0, 1] == pytest.approx(c.mean(), abs=0.03)


@settings(max_examples=10)
@given(
    seed=st.integers(0, 2**32 - 1),
    scale=st.floats(0.2, 1.5),
    study=st.sampled_from(["fr-2018", "one platform"]),
)
def test_people_are_nested_in_scope_and_in_tier_wherever_the_parameters_are(models, seed, scale, study):
    model = models[study]
    source = model.study
    if study == "one platform":
        contents = source.model_dump(by_alias=True)
        contents["platforms"] += tuple(
            contents["platforms"][0] | {"id": name, "class": class_}
            for name, class_ in (("beta", "online micro-tasks"), ("gamma", "user tests"))
        )
        source = me.Study(**contents)
    _, _, observed, wider = widened(model, latent_of(model, 10, seed, scale), seed=seed % 1000, study=source)
    slack = 1 + 1e-9
    for tier in TIER_IDS:
        assert np.all(wider.people[tier] >= observed.people[tier]), tier
        assert np.all(wider.people[tier] >= wider.accounts[tier].max(-1) / slack), tier
        assert np.all(wider.people[tier] <= wider.accounts[tier].sum(-1) * slack), tier
    assert np.all(wider.people["weekly"] <= wider.people["monthly"] * slack)
    assert np.all(wider.people["monthly"] <= wider.people["registered"] * slack)
    assert np.all(wider.people["monthly_active"] <= wider.people["registered"] * slack)


def test_platforms_on_which_nobody_is_change_nothing(models):
    model = models["fr-2018"]
    latent = latent_of(model, 20, seed=8, scale=0.5)
    imputed, memberships, observed, _ = widened(model, latent)
    none = replace(imputed, accounts=1e-9 * imputed.accounts)
    memberships = wider_memberships(latent, model.design, none, DEFAULT_PRIORS, np.random.default_rng(1))
    wider = count_wider(latent, observed, none, memberships)
    for tier in TIER_IDS:
        # 0.5 %: the distribution of memberships over 22 platforms leaves a little weight on more of them than
        # the seven that have people.
        assert wider.people[tier] == pytest.approx(observed.people[tier], rel=5e-3)
    assert memberships.additional == pytest.approx(0.0, abs=1e-6)


def test_people_overlap_more_where_more_memberships_lead_out_of_the_observed_scope(models):
    model = models["fr-2018"]
    study = model.study.without("ff-memberships-any")
    model = me.WorkforceModel(study)
    latent = latent_of(model, 50, seed=9, scale=0.3)
    few, many = (
        widened(model, latent, exactly(wider_memberships=value))[3].people["registered"]
        for value in (0.25, 2.0)
    )
    assert np.all(few > many)


def test_respondents_hold_no_more_additional_memberships_than_they_have_elsewhere(models):
    model = models["fr-2018"]
    latent = latent_of(model, 2000, seed=10)
    imputed = impute_platforms(model.study, latent, DEFAULT_PRIORS, np.random.default_rng(1))
    priors = override_priors(
        {"wider_memberships": {"median": 20.0, "spread": 0.5, "rationale": "to be held down"}}
    )
    found = wider_memberships(latent, model.design, imputed, priors, np.random.default_rng(2))
    respondents = latent.frame("foule-factory").respondents
    mean, most = (respondents * found.additional).sum(-1), latent.p["other_memberships"]
    assert np.all(mean <= most * (1 + 1e-6))
    # It is the ceiling that holds them down, and not all in one place.
    assert np.mean(mean > 0.5 * most) > 0.5
    free = me.WorkforceModel(model.study.without("ff-memberships-any"))
    unheld = wider_memberships(latent, free.design, imputed, priors, np.random.default_rng(2))
    assert np.mean((respondents * unheld.additional).sum(-1) > most) > 0.5


def test_platforms_alike_keep_the_chance_of_each_membership(models):
    """Twice as many platforms of one size: the same chance of each, and twice the other memberships."""
    model = models["fr-2018"]
    latent = latent_of(model, 1, seed=1)
    n = latent.n_platforms
    imputed = impute_platforms(model.study, latent, DEFAULT_PRIORS, np.random.default_rng(1))
    latent.__dict__["accounts"] = np.full((1, n), 1000.0)
    same = replace(
        imputed,
        platforms=imputed.platforms[: n - 1],
        accounts=np.full((1, n - 1), 1000.0),
        of_new_people=np.ones((1, n - 1)),
    )
    free = me.WorkforceModel(model.study.without("ff-memberships-any"))
    found = wider_memberships(
        latent, free.design, same, exactly(wider_memberships=1.0), np.random.default_rng(1)
    )
    assert found.chance == pytest.approx(latent.other_chance, rel=1e-6)
    assert found.additional == pytest.approx(latent.others, rel=1e-6)


def test_platforms_that_take_no_residents_are_left_out(models):
    study = models["fr-2018"].study
    found = platforms_to_impute(study)
    assert len(found) == 15
    assert "isahit" not in found
    assert not set(found) & set(study.observed_platforms)
    assert len(platforms_to_impute(study, [LOCALISED])) == 8


def test_leaving_a_class_out_changes_no_other_platform(models):
    model = models["fr-2018"]
    latent = latent_of(model, 5, seed=2)
    whole = impute_platforms(model.study, latent, DEFAULT_PRIORS, np.random.default_rng(7))
    part = impute_platforms(
        model.study, latent, DEFAULT_PRIORS, np.random.default_rng(7), without_class=[LOCALISED]
    )
    kept = [whole.platforms.index(name) for name in part.platforms]
    assert np.array_equal(part.accounts, whole.accounts[:, kept])
    assert np.array_equal(part.weights, whole.weights[:, kept])


def test_people_on_two_layers_of_the_same_tasks_are_counted_once(models):
    model = models["fr-2018"]
    study = with_links(model.study, lionbridge="figure-eight", appen="figure-eight")
    latent = latent_of(model, 30, seed=6, scale=0.5)
    priors = exactly(layer_overlap=0.75)
    linked, _, _, together = widened(model, latent, priors, study=study)
    apart, _, _, separate = widened(model, latent, priors)
    assert np.array_equal(linked.accounts, apart.accounts)
    where = {name: j for j, name in enumerate(linked.platforms)}
    intermediary, host = linked.accounts[:, where["lionbridge"]], linked.accounts[:, where["figure-eight"]]
    observed = latent.accounts[:, model.design.platforms.index("appen")]
    # Off the intermediary where both are without evidence; off the host where the intermediary is observed.
    assert linked.of_new_people[:, where["lionbridge"]] == pytest.approx(
        1 - 0.75 * np.minimum(intermediary, host) / intermediary, rel=1e-6
    )
    assert linked.of_new_people[:, where["figure-eight"]] == pytest.approx(
        1 - 0.75 * np.minimum(observed, host) / host, rel=1e-6
    )
    others = [j for name, j in where.items() if name not in ("lionbridge", "figure-eight")]
    assert np.all(linked.of_new_people[:, others] == 1.0)
    assert np.all(apart.of_new_people == 1.0)
    assert np.median(together.people["registered"] / separate.people["registered"]) < 0.99


@pytest.mark.parametrize(
    ("links", "message"),
    [
        ({"lionbridge": "raterhub"}, "unknown platform"),
        ({"lionbridge": "appen"}, "tasks are not done on an intermediary"),
    ],
)
def test_impossible_layers_are_refused(models, links, message):
    with pytest.raises(StudyError, match=message):
        with_links(models["fr-2018"].study, **links)


def test_only_an_intermediary_has_its_tasks_done_elsewhere(models):
    contents = models["fr-2018"].study.model_dump(by_alias=True)
    contents["platforms"][1]["executes_on"] = "mturk"
    with pytest.raises(StudyError, match="only an intermediary"):
        me.Study(**contents)


def test_a_study_without_layers_keeps_its_hash(models):
    study = models["fr-2018"].study
    linked = with_links(study, lionbridge="figure-eight")
    assert "executes_on" not in study.to_toml()
    assert 'executes_on = "figure-eight"' in linked.to_toml()
    assert linked.hash != study.hash
    assert with_links(study).hash == study.hash


@pytest.mark.parametrize("name", ["freelancing", "online"])
def test_a_class_that_is_not_there_cannot_be_left_out(models, name):
    with pytest.raises(
        InputError, match=f"'{name}', of which .* has no platform without evidence.*'user tests'"
    ):
        platforms_to_impute(models["fr-2018"].study, [name])
