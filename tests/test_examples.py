"""The examples run, and say what the library says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import microestim as me

EXAMPLES = Path(__file__).parents[1] / "examples"
SMALL = ["--draws", "100", "--tune", "150", "--chains", "2"]


def output_of(name: str, *arguments: str) -> str:
    """Run an example in a fresh interpreter, as a reader would, and give what it prints."""
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def median_of(tier: str, text: str) -> float:
    """Median that the first summary in a text prints for a tier."""
    row = re.search(rf"^{tier} .*?([\d,]+) +[\d,]+ to [\d,]+$", text, flags=re.MULTILINE)
    assert row is not None, f"no row of {tier} in the table"
    return float(row[1].replace(",", ""))


def test_template_country_is_a_study_of_assumptions_only() -> None:
    study = me.read_study(EXAMPLES / "template_country.toml")
    assert {item.basis for item in study.evidence} == {"assumption"}
    design = me.WorkforceModel(study).design
    assert design.left_out == {}
    # The total is reduced by the figure that it contains.
    assert {o.name: o.observed for o in design.observations}["total-registrations"] == {
        "total-registrations": 30_000
    }


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_every_example_says_what_it_takes(script: Path) -> None:
    # One sums on grids, and has no draws to choose the number of.
    takes = "--level" if script.stem == "mturk_by_country" else "--draws"
    assert takes in output_of(script.name, "--help")


@pytest.mark.slow
def test_countries_of_mturk_print_every_assumption_beside_the_bound() -> None:
    printed = output_of("mturk_by_country.py", "--countries", "FR", "VE", "--level", "0.9")
    assert printed.count("People by group: pooled counts") == 3
    assert "not work" in printed
    found = me.pooled_counts({name: me.datasets.mturk_countries().counts[name] for name in ("FR", "VE")})
    assert str(found.to_table(level=0.9)) in printed


def test_france_takes_thirty_lines() -> None:
    text = (EXAMPLES / "france_in_30_lines.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 30


@pytest.mark.slow
def test_france_prints_both_readings_beside_what_was_published() -> None:
    printed = output_of("france_in_30_lines.py", *SMALL)
    assert printed.count("environ 15 000") >= 2
    for reading in ("this platform", "any platform"):
        assert f"The question on frequency is read as about {reading}." in printed
    readme = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    for tier in ("registered", "monthly_active", "monthly", "weekly"):
        # 200 draws of a log with a standard deviation near 0.5 give a median to about 5 %; four times that.
        assert median_of(tier, printed) == pytest.approx(median_of(tier, readme), rel=0.2), (
            "the table in the README is not of this model"
        )


@pytest.mark.slow
def test_template_country_goes_from_file_to_posterior(tmp_path: Path) -> None:
    kept = tmp_path / "fit.nc"
    printed = output_of("template_country.py", *SMALL, "--save", str(kept))
    assert "Template country 2024: assumed values, not data" in printed
    fit = me.load_fit(kept)
    assert fit.shape == (2, 100)
    assert (fit.draws("weekly") <= fit.draws("monthly")).all()
    assert (fit.draws("monthly") <= fit.draws("registered")).all()
    assert str(fit.summary()) in printed
