"""A value and its gradient, printed as loops: compiled, and kept for the next time."""

from __future__ import annotations

import ast
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numba.core.ccallback import CFunc

__all__ = ["LoopFunction", "address_types"]


@dataclass(frozen=True)
class LoopFunction:
    """A value and its gradient, printed as loops.

    Parameters
    ----------
    source : str
        A Python module with `evaluate(size, values, gradient, value, data)`, all but the first being
        addresses of numbers. It fills `gradient` and `value` and returns 0, or 1 where either is not finite.
    """

    source: str

    def compile(self, folder: Path | None = None) -> CFunc:
        """Compile with Numba, or load what was compiled from the same source before.

        Parameters
        ----------
        folder : Path, optional
            Where compiled code is kept; the user's cache folder unless given. Where it cannot be written
            to, the function is compiled and not kept.

        Returns
        -------
        numba.core.ccallback.CFunc
            The function in C's form; it needs no interpreter, and many threads may call it at once.
        """
        import numba

        from microestim.models.native import as_intrinsic

        path = _keep(self.source, _cache_folder() if folder is None else folder)
        scope: dict[str, Any] = {"__name__": __name__}
        exec(compile(self.source, path or "<log density>", "exec"), scope)
        scope["loops"] = as_intrinsic(_loops_of(self.source), scope)
        number, numbers = address_types()
        signature = numba.int64(number, numbers, numbers, numbers, numbers)
        compiled: CFunc = numba.cfunc(
            signature, error_model="numpy", fastmath=_REORDERING, cache=path is not None
        )(scope["evaluate"])
        return compiled


def _loops_of(source: str) -> ast.FunctionDef:
    """Find the function `loops` in the source of a module."""
    found = [each for each in ast.parse(source).body if isinstance(each, ast.FunctionDef)]
    return next(each for each in found if each.name == "loops")


_REORDERING = {"arcp", "contract", "nsz", "reassoc"}
"""What the compiler may do to arithmetic, so that sums run on vectors. That no number is infinite or
undefined is not among it: where one is, the sampler is told."""


def address_types() -> tuple[Any, Any]:
    """Give Numba's types of what nutpie passes to compiled functions.

    Returns
    -------
    tuple
        The type of a number of elements, and that of the address of an array of numbers.
    """
    import numba

    return numba.types.uint64, numba.types.CPointer(numba.float64)  # type: ignore[no-untyped-call]


def _cache_folder() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("microestim") / "compiled"


def _keep(source: str, folder: Path) -> str | None:
    """Write the source where Numba keeps compiled code beside it; None where that is not possible."""
    from microestim.models import elementary, native

    # Numba looks at the time of this one file; what else the compiled code is made from is in its name.
    modules = [Path(str(each.__file__)).read_text("utf-8") for each in (elementary, native)]
    made_from = (source, *modules, *sorted(_REORDERING))
    path = folder / f"density_{hashlib.sha256('\n'.join(made_from).encode()).hexdigest()[:24]}.py"
    if not path.exists():
        try:
            # Numba keeps its files in this folder beside the source.
            (folder / "__pycache__").mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                "w", dir=folder, suffix=".tmp", delete=False, encoding="utf-8"
            ) as file:
                file.write(source)
            os.replace(file.name, path)
        except OSError:
            return None
    return str(path) if os.access(folder / "__pycache__", os.W_OK) else None
