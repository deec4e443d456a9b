"""Behaviour of other packages that a result depends on, and that has been wrong or missing before."""

from pathlib import Path

import arviz as az
import numpy as np
import pytest
import xarray as xr


@pytest.fixture
def exponential() -> xr.DataTree:
    """Draws at the quantiles of the exponential distribution, whose intervals are known in closed form."""
    n = 4000
    draws = -np.log1p(-(np.arange(n) + 0.5) / n)
    # Any order serves an interval; this one gives each chain the whole range.
    return az.from_dict({"posterior": {"x": draws.reshape(1000, 4).T}})


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("hdi", 0.0, -np.log(0.05)), ("eti", -np.log(0.975), -np.log(0.025))],
)
def test_arviz_prints_the_interval_that_its_heading_names(
    exponential: xr.DataTree, kind: str, low: float, high: float
) -> None:
    row = az.summary(exponential, ci_prob=0.95, ci_kind=kind, kind="stats").loc["x"]
    bounds = getattr(az, kind)(exponential, prob=0.95)["x"]
    # 4000 draws: neighbours at the 97.5 % point lie 0.01 apart. The mislabelled interval differs by 0.7.
    assert [row[f"{kind}95_lb"], row[f"{kind}95_ub"]] == pytest.approx([low, high], abs=0.02)
    assert bounds.to_numpy().tolist() == pytest.approx([low, high], abs=0.02)


def test_draws_survive_a_file_to_the_bit(exponential: xr.DataTree, tmp_path: Path) -> None:
    # ArviZ alone installs no writer for this format: it comes with the extra that pyproject.toml asks for.
    # Unnamed, the engine is SciPy's in the lowest xarray that we allow, and that one cannot write groups.
    exponential.attrs["microestim"] = '{"seed": 1}'
    exponential.to_netcdf(tmp_path / "draws.nc", engine="h5netcdf")
    with xr.open_datatree(tmp_path / "draws.nc", engine="h5netcdf") as back:
        np.testing.assert_array_equal(back["posterior"]["x"], exponential["posterior"]["x"])
        assert back.attrs["microestim"] == '{"seed": 1}'


def test_arviz_draws_with_matplotlib(exponential: xr.DataTree) -> None:
    # Without its extra, ArviZ chooses the backend 'none' and draws nothing, without a word.
    from matplotlib.figure import Figure

    collection = az.plot_forest(exponential, ci_probs=(0.5, 0.95))
    assert isinstance(collection.viz["figure"].item(), Figure)
