"""The file of a fit gives back what was written, or says that it cannot."""

import h5py
import numpy as np
import pytest

import microestim as me
from microestim.errors import InputError


def test_a_fit_survives_its_file(single_platform_fit, tmp_path):
    again = me.load_fit(single_platform_fit.save(tmp_path / "fit.nc"))
    assert np.array_equal(again.vectors, single_platform_fit.vectors)
    assert str(again.summary()) == str(single_platform_fit.summary())
    assert [path.name for path in tmp_path.iterdir()] == ["fit.nc"]


def test_a_folder_that_is_not_there_is_named(single_platform_fit, tmp_path):
    with pytest.raises(InputError, match="there is no folder"):
        single_platform_fit.save(tmp_path / "nowhere" / "fit.nc")


def test_lost_numbers_are_not_read_as_draws(single_platform_fit, tmp_path):
    """What a failing disk leaves behind: a file that opens, with zeros in the place of its numbers."""
    path = single_platform_fit.save(tmp_path / "fit.nc")
    with h5py.File(path, "r+") as file:
        file["deviates/deviate"][...] = 0.0
    with pytest.raises(InputError, match="damaged: its draws are not those saved"):
        me.load_fit(path)


def test_a_file_cut_short_is_no_fit(single_platform_fit, tmp_path):
    path = single_platform_fit.save(tmp_path / "fit.nc")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InputError, match="not a netCDF file, or is damaged"):
        me.load_fit(path)


def test_an_interrupted_save_leaves_the_file_before_it(single_platform_fit, tmp_path, monkeypatch):
    import xarray as xr

    path = single_platform_fit.save(tmp_path / "fit.nc")
    before = path.read_bytes()

    def stop(self, target, **options):
        target.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(xr.DataTree, "to_netcdf", stop)
    with pytest.raises(OSError, match="disk full"):
        single_platform_fit.save(path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["fit.nc"]
