"""The netCDF file of a fit: written whole or not at all, and read only where its draws are those written."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from microestim.errors import InputError, MicroestimWarning
from microestim.models.sampling import software_versions

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["draws_hash", "read_fit_file", "write_fit_file"]


def draws_hash(deviates: np.ndarray) -> str:
    """Hash the draws of a fit.

    Parameters
    ----------
    deviates : ndarray, shape (chains, draws, coordinates)
        The sampler's coordinates.

    Returns
    -------
    str
        SHA-256 of the numbers, little-endian, and of their shape.
    """
    numbers = np.ascontiguousarray(deviates, dtype="<f8")
    return hashlib.sha256(f"{numbers.shape}".encode() + numbers.tobytes()).hexdigest()


def write_fit_file(tree: xr.DataTree, path: Path) -> Path:
    """Write a fit beside the file, and then in its place: an interrupted save leaves what was there.

    Parameters
    ----------
    tree : xarray.DataTree
        The fit, with `draws_hash` among its attributes.
    path : Path
        File to write.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        The folder does not exist.
    """
    if not path.parent.is_dir():
        raise InputError(f"cannot save the fit as {str(path)!r}: there is no folder {str(path.parent)!r}")
    beside = path.with_name(path.name + ".part")
    try:
        tree.to_netcdf(beside, engine="h5netcdf")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path


def read_fit_file(path: str | Path, form: str, *, otherwise: str) -> xr.DataTree:
    """Read the file of a fit.

    Parameters
    ----------
    path : str or Path
        The netCDF file.
    form : str
        What the file must call its format.
    otherwise : str
        What to do with a file of another format.

    Returns
    -------
    xarray.DataTree
        The fit. A `MicroestimWarning` names software whose version has changed since it was made.

    Raises
    ------
    InputError
        The file is missing, of another format, or its draws are not those that were written.
    """
    import xarray as xr

    path = Path(path)
    if not path.is_file():
        raise InputError(
            f"there is no file {str(path)!r}; give the netCDF file that save() or `microestim run` wrote"
        )
    try:
        with xr.open_datatree(path, engine="h5netcdf") as opened:
            tree = opened.load()
    except OSError as error:
        raise InputError(f"{str(path)!r} is not a netCDF file, or is damaged") from error
    if tree.attrs.get("format") != form:
        raise InputError(f"{str(path)!r} is a netCDF file, but not {otherwise}")
    # Storage that fails may keep a file's head and lose its numbers: they then read as zeros.
    if tree.attrs.get("draws_hash") != draws_hash(tree["deviates"]["deviate"].to_numpy()):
        raise InputError(
            f"{str(path)!r} is damaged: its draws are not those saved; load another copy, or fit again"
        )
    versions = json.loads(tree.attrs["versions"])
    changed = [
        f"{name} {old} (now {new})"
        for name, new in software_versions().items()
        if (old := versions.get(name)) is not None and old != new
    ]
    if changed:
        warnings.warn("this fit was made with " + ", ".join(changed), MicroestimWarning, stacklevel=3)
    return tree
