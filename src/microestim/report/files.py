"""The files of a run: report, estimates, posterior, figures; all of them or none."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from microestim.checks.fitted import FittedAlone
from microestim.errors import InputError
from microestim.models.imputation import platforms_to_impute
from microestim.report.figures import FIGURE_NAMES
from microestim.report.page import compose_report
from microestim.results import FRAME_COLUMNS, IMPUTED_COLUMNS, Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["estimate_frame", "write_outputs"]


class SavableFit(FittedAlone, Protocol):
    """A fitted model that can be saved."""

    def save(self, path: Path) -> Path:
        """Save the fit as netCDF.

        Parameters
        ----------
        path : Path
            File to write.

        Returns
        -------
        Path
            The file.
        """


def write_outputs(
    fit: SavableFit, folder: Path, *, alternatives: Sequence[FittedAlone] = (), derived: Table | None = None
) -> dict[str, Path]:
    """Write `report.html`, `estimates.csv`, `posterior.nc` and `figures/*.png` to a folder.

    Everything is made first, in memory and in a temporary folder, and then moved: where something cannot be
    made, the folder stays as it was.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    folder : Path
        Folder to write to; made if missing. Files of these names are replaced, others are left alone.
    alternatives : sequence of WorkforceFit, optional
        Fits of the same study under other readings: in the report and in the estimates.
    derived : Table, optional
        What follows from the number of people, to stand in the report.

    Returns
    -------
    dict of str to Path
        The files by name relative to the folder.

    Raises
    ------
    InputError
        `folder` is a file, cannot be written to, or an alternative is a fit of another study.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{str(folder)!r} is a file; give a folder to write to")
    report = compose_report(fit, alternatives=alternatives, derived=derived)
    contents = {
        "report.html": report.html.encode(),
        "estimates.csv": estimate_frame(fit, alternatives=alternatives).to_csv(index=False).encode(),
        **{f"figures/{name}.png": picture.png for name, picture in report.pictures.items()},
    }
    stale = [f"figures/{name}.png" for name in FIGURE_NAMES if name not in report.pictures]
    try:
        # On the folder's own file system, so that moving is renaming.
        nearest = next(each for each in (folder, *folder.absolute().parents) if each.is_dir())
        with tempfile.TemporaryDirectory(dir=nearest, prefix=".microestim-") as made:
            staged = Path(made)
            (staged / "figures").mkdir()
            for name, content in contents.items():
                (staged / name).write_bytes(content)
            fit.save(staged / "posterior.nc")
            (folder / "figures").mkdir(parents=True, exist_ok=True)
            names = (
                "report.html",
                "estimates.csv",
                "posterior.nc",
                *(n for n in contents if n.startswith("fig")),
            )
            for name in names:
                shutil.move(staged / name, folder / name)
        for name in stale:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"cannot write to {str(folder)!r}: {error.strerror or error}") from error
    return {name: folder / name for name in names}


def estimate_frame(fit: FittedAlone, *, alternatives: Sequence[FittedAlone] = ()) -> pd.DataFrame:
    """Give every estimate of a run, one a row: totals, platforms and bands, for each reading and scope.

    Parameters
    ----------
    fit : WorkforceFit
        The fit.
    alternatives : sequence of WorkforceFit, optional
        Fits under other readings.

    Returns
    -------
    pandas.DataFrame
        The columns that every export of the library has, and two with the share that rests on platforms
        without evidence (of a row's accounts, and of its people); `method` names the reading. Bands over all
        platforms have no such share.
    """
    import pandas as pd

    frames = []
    for each in (fit, *alternatives):
        tiers = {"observed": each.tiers}
        if platforms_to_impute(each.study):
            tiers["all"] = each.tiers.over("all")
        for over in tiers.values():
            for by in ("total", "platform", "band"):
                frame = over.to_frame(by=by)
                if over.imputed and by == "platform":
                    # The observed ones are the same in both scopes.
                    frame = frame[frame["platform"].isin(list(over.imputed))]
                if not over.imputed:
                    frame[list(IMPUTED_COLUMNS)] = 0.0
                if each.reading is not None:
                    frame["method"] = frame["method"] + f"; frequency read as about {each.reading}"
                frames.append(frame)
    columns = [*FRAME_COLUMNS, *IMPUTED_COLUMNS]
    return pd.concat([frame.reindex(columns=columns) for frame in frames], ignore_index=True)
