"""The names that other people's code relies on, and what it costs to load them."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import microestim as me

# The contract: a name leaves this list only with a major version.
PUBLIC = {
    "two samples": [
        "lincoln_petersen",
        "chapman",
        "bailey",
        "two_sample_posterior",
        "dependence",
        "multiplier",
    ],
    "published arithmetic": [
        "audience_total",
        "extrapolate_ratio",
        "inverse_bounds",
        "membership_bounds",
        "people_from_accounts",
        "proxy_scale",
    ],
    "one survey": ["last_visit", "weighted_shares"],
    "who was seen when": ["Captures", "FrequencyCounts"],
    "closed populations": [
        "closed",
        "closed_models",
        "closed_tests",
        "leslie_test",
        "list_coverage",
        "removal",
        "sample_coverage",
        "schnabel",
        "schumacher_eschmeyer",
    ],
    "frequency counts": [
        "ace",
        "chao",
        "chao_bunge",
        "chao_improved",
        "chao_missed_matches",
        "chao_one_inflated",
        "jackknife",
        "lanumteang_bohning",
        "npmle",
        "one_inflation_curve",
        "poisson_compound_gamma",
        "ratio_regression",
        "truncated_counts",
        "turing",
        "zelterman",
    ],
    "answers": ["Estimate", "Interval", "compare", "consensus"],
    "studies": ["Study", "citation", "load_study", "read_study", "reproduce", "studies", "template"],
    "what to collect next": ["PlatformFigure", "PopulationSurvey", "SurveyWaves", "TrafficSource", "plan"],
    "the joint model": [
        "calibrate",
        "full_time_equivalents",
        "Prior",
        "WorkforceFit",
        "WorkforceModel",
        "load_fit",
        "read_priors",
    ],
    "several countries": ["CountPriors", "PooledFit", "PooledModel", "load_pooled_fit", "pooled_counts"],
    "rooms": ["datasets", "errors", "simulate"],
    "bases of errors": ["MicroestimError", "MicroestimWarning"],
    "version": ["__version__"],
}
NAMES = sorted(name for names in PUBLIC.values() for name in names)
CALLABLES = sorted(
    name
    for topic, names in PUBLIC.items()
    for name in names
    if topic not in ("rooms", "bases of errors", "version")
)


def fresh_process(code: str) -> list[str]:
    """Run code in a fresh interpreter and give the words that it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_dir_is_the_contract() -> None:
    assert dir(me) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_name_resolves(name: str) -> None:
    assert getattr(me, name) is not None


def test_type_checkers_and_the_lazy_loader_see_the_same_names() -> None:
    tree = ast.parse(Path(me.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    checked = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            checked[alias.name] = node.module
    lazy = {name: f"microestim.{home}" for name, home in me._HOMES.items()}
    lazy |= dict.fromkeys(me._MODULES, "microestim")
    assert checked == lazy
    assert sorted({*lazy, "__version__"}) == sorted(me.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lincoln'"):
        me.lincoln  # noqa: B018


def test_import_loads_nothing_but_the_standard_library() -> None:
    code = "import sys, microestim; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = set(fresh_process(code))
    assert loaded - sys.stdlib_module_names - set(fresh_process("import sys; print(*sys.modules)")) <= {
        "microestim"
    }


def test_a_two_sample_estimate_loads_no_sampler_and_no_frames() -> None:
    heavy = [
        "arviz",
        "matplotlib",
        "numba",
        "nutpie",
        "pandas",
        "pydantic",
        "pytensor",
        "scipy.stats",
        "xarray",
    ]
    code = (
        "import sys, microestim as me\n"
        "estimate = me.chapman(500, 500, 89)\n"
        "str(estimate), estimate.interval()\n"
        f"print(*[name for name in {heavy} if name in sys.modules])"
    )
    assert fresh_process(code) == []


@pytest.mark.parametrize("name", CALLABLES)
def test_no_long_row_of_positional_arguments(name: str) -> None:
    parameters = inspect.signature(getattr(me, name)).parameters.values()
    positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    # An interval is a tuple of exactly four, and is made like one.
    assert len(positional) <= (4 if name == "Interval" else 3), positional
    assert not [p.name for p in parameters if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


@pytest.mark.parametrize("name", CALLABLES)
def test_every_public_function_shows_an_example(name: str) -> None:
    docstring = inspect.getdoc(getattr(me, name)) or ""
    assert "\nExamples\n" in docstring
    assert ">>> " in docstring


def test_the_reference_page_lists_every_public_name() -> None:
    page = (Path(__file__).parents[1] / "docs" / "api.md").read_text(encoding="utf-8").splitlines()
    assert [name for name in CALLABLES if f"   {name}" not in page] == []


@pytest.mark.parametrize("name", me.errors.__all__)
def test_errors_derive_from_the_base_and_from_a_built_in(name: str) -> None:
    cause = getattr(me.errors, name)
    if issubclass(cause, Warning):
        assert issubclass(cause, me.MicroestimWarning)
        assert issubclass(cause, UserWarning)
    else:
        assert issubclass(cause, me.MicroestimError)
        assert name == "MicroestimError" or issubclass(cause, ValueError | RuntimeError)
