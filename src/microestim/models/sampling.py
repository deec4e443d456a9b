"""The only door to the sampler: nutpie, named, with its seed and versions recorded and its work judged."""

from __future__ import annotations

import functools
import importlib.metadata
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from microestim.errors import InputError
from microestim.models.graph import DensityGraph
from microestim.models.loop_function import address_types
from microestim.models.loops import print_loops

if TYPE_CHECKING:
    import xarray as xr
    from numba.core.ccallback import CFunc
    from nutpie.compile_pymc import CompiledPyMCModel
    from pytensor.graph.basic import Variable

__all__ = [
    "CompiledModel",
    "SamplerSettings",
    "compile_model",
    "progress_stream",
    "sample",
    "seed_from",
    "software_versions",
]


@dataclass(frozen=True, kw_only=True)
class SamplerSettings:
    """How to sample.

    Parameters
    ----------
    draws, tune : int
        Draws kept, and steps of adaptation, in each chain.
    chains : int
        Independent chains; at least 2, or convergence cannot be judged.
    cores : int
        Chains run at the same time.
    seed : int
        Seed of the sampler.
    target_accept : float
        Acceptance that the step size is adapted to, between 0 and 1.
    """

    draws: int
    tune: int
    chains: int
    cores: int
    seed: int
    target_accept: float

    def __post_init__(self) -> None:
        for name, least in (("draws", 4), ("tune", 100), ("chains", 2), ("cores", 1)):
            value = getattr(self, name)
            if isinstance(value, bool | np.bool) or not isinstance(value, Integral) or value < least:
                raise InputError(f"{name} is {value!r}; it must be a whole number of at least {least}")
        target: Any = self.target_accept
        if not isinstance(target, Real) or not 0.5 <= float(target) < 1.0:
            raise InputError(f"target_accept is {target!r}; it must be a number from 0.5 to below 1")


_STEPS_UPHILL = 40
"""Steps of L-BFGS that come close to the mode of France's posterior from where chains are drawn."""
_HALVINGS = 30


@dataclass(frozen=True)
class CompiledModel:
    """A compiled log density that can be given new data without compiling again.

    Parameters
    ----------
    function : numba.core.ccallback.CFunc
        The function that `print_loops` describes.
    size : int
        Number of coordinates.
    lengths : mapping of str to int
        Length of each array of data, in order.
    data : ndarray or None
        The data, arrays joined; None until `with_data` gives them.
    seconds : float
        Time that compiling took.
    """

    function: CFunc
    size: int
    lengths: Mapping[str, int]
    data: np.ndarray | None
    seconds: float

    def with_data(self, data: Mapping[str, np.ndarray]) -> CompiledModel:
        """Give the same model with other data.

        Parameters
        ----------
        data : mapping of str to ndarray
            New arrays, of the lengths of the old.

        Returns
        -------
        CompiledModel
            The model.
        """
        lengths = {name: len(values) for name, values in data.items()}
        if lengths != self.lengths:
            raise ValueError(f"data of lengths {lengths} do not fit a model compiled for {self.lengths}")
        return replace(self, data=np.concatenate([data[name] for name in self.lengths], dtype=float))

    def log_density(self, point: np.ndarray) -> float:
        """Compute the log density at one point, as the sampler does.

        Parameters
        ----------
        point : ndarray, shape (size,)
            Standard normal deviates.

        Returns
        -------
        float
            The log density; NaN where it or its gradient is not finite.
        """
        return self._density_and_gradient(point)[0]

    def start(self, seed: int) -> np.ndarray:
        """Choose where a chain starts.

        Parameters
        ----------
        seed : int
            Seed of the chain.

        Returns
        -------
        ndarray, shape (size,)
            Uniform deviates between -2 and 2, moved uphill by L-BFGS as far as draws lie, which is below the
            mode by half the number of coordinates where the posterior is normal, and no further. From as far
            down as deviates are drawn, the first trajectories are fast enough to leave a chain in some far
            corner for good; from the mode, all chains would start at one point and could not disagree.
        """
        from scipy.optimize import minimize

        def downhill(point: np.ndarray) -> tuple[float, np.ndarray]:
            value, gradient = self._density_and_gradient(point)
            return (-value, -gradient) if math.isfinite(value) else (math.inf, gradient)

        drawn = np.random.default_rng(seed).uniform(-2.0, 2.0, self.size)
        if not math.isfinite(self.log_density(drawn)):
            # The sampler asks for another seed.
            return drawn
        path = [drawn]
        minimize(
            downhill,
            drawn,
            jac=True,
            method="L-BFGS-B",
            callback=lambda point: path.append(np.array(point)),
            options={"maxiter": _STEPS_UPHILL},
        )
        heights = [self.log_density(point) for point in path]
        enough = max(heights) - self.size / 2.0
        place = next(i for i, height in enumerate(heights) if height >= enough)
        return path[0] if place == 0 else self._lowest(path[place - 1], path[place], enough)

    def _lowest(self, below: np.ndarray, above: np.ndarray, enough: float) -> np.ndarray:
        """Find the point of a step uphill at which it has come high enough."""
        for _ in range(_HALVINGS):
            middle = (below + above) / 2.0
            if self.log_density(middle) >= enough:
                above = middle
            else:
                below = middle
        return above

    def _density_and_gradient(self, point: np.ndarray) -> tuple[float, np.ndarray]:
        import ctypes

        if self.data is None:
            raise ValueError("the compiled model has no data yet")
        values, gradient, value = np.array(point, float), np.zeros(self.size), np.zeros(1)
        address = ctypes.POINTER(ctypes.c_double)
        arrays = (values, gradient, value, np.ascontiguousarray(self.data))
        status = self.function.ctypes(self.size, *(array.ctypes.data_as(address) for array in arrays))
        return (float(value[0]) if status == 0 else math.nan), gradient

    def target(self) -> CompiledPyMCModel:
        """Give the model in the form that nutpie samples from: compiled functions, called from its threads.

        Returns
        -------
        nutpie.compile_pymc.CompiledPyMCModel
            The model, with its data and the starts of its chains.
        """
        import pandas as pd
        from nutpie.compile_pymc import CompiledPyMCModel

        if self.data is None:
            raise ValueError("the compiled model has no data yet")
        size = self.size
        return CompiledPyMCModel(
            dims={"deviate": ("coordinate",)},
            compiled_logp_func=self.function,
            compiled_expand_func=_copy_of_point(),
            initial_point_func=self.start,
            shared_data={},
            shared_var_keys={},
            user_data=self.data,
            n_expanded=size,
            shape_info=(["deviate"], [slice(0, size)], [(size,)]),
            logp_func=None,
            expand_func=None,
            _n_dim=size,
            _shapes={"deviate": (size,)},
            _coords={"coordinate": pd.RangeIndex(size)},
        )


@functools.cache
def _copy_of_point() -> CFunc:
    """Compile what nutpie calls for each draw to keep: here a copy of the point."""
    import numba

    def copy(size: int, _expanded: int, point: Any, out: Any, _data: Any) -> int:
        for i in range(size):
            out[i] = point[i]
        return 0

    number, numbers = address_types()
    compiled: CFunc = numba.cfunc(numba.int64(number, number, numbers, numbers, numbers))(copy)
    return compiled


def seed_from(rng: int | np.random.Generator | np.random.SeedSequence | None) -> int:
    """Turn what the caller gave as `rng` into the seed that is recorded.

    Parameters
    ----------
    rng : int, Generator, SeedSequence or None
        A whole number is used as it is.

    Returns
    -------
    int
        Seed, from 0 to 2**32 - 1.
    """
    given: Any = rng
    if given is not True and given is not False and isinstance(given, Integral):
        if not 0 <= int(given) < 2**32:
            raise InputError(f"rng is {given!r}; a whole number must be from 0 to {2**32 - 1}")
        return int(given)
    if given is not None and not isinstance(given, np.random.Generator | np.random.SeedSequence):
        raise InputError(
            f"rng is {given!r}; use a whole number from 0 to {2**32 - 1}, a Generator, a SeedSequence or None"
        )
    return int(np.random.default_rng(given).integers(2**32))


def compile_model(graph: DensityGraph) -> CompiledModel:
    """Compile a log density and its gradient.

    Parameters
    ----------
    graph : DensityGraph
        The log density.

    Returns
    -------
    CompiledModel
        The compiled model, without data.
    """
    started = time.perf_counter()
    given = [each for group in graph.data.values() for each in group]
    loops = print_loops(graph.value, graph.coordinates, given)
    return CompiledModel(
        function=loops.compile(),
        size=_length(graph.coordinates),
        lengths={name: _length(group) for name, group in graph.data.items()},
        data=None,
        seconds=time.perf_counter() - started,
    )


def _length(variables: Sequence[Variable[Any, Any]]) -> int:
    return sum(math.prod(each.type.shape) for each in variables)


_EIGENVALUE_CUTOFF = 1.3
"""Correlations are adapted to where they stretch or shrink the posterior by more than this: nutpie's own 100
leaves the metric diagonal here, and some chains then stick at high inflation."""


def sample(
    compiled: CompiledModel, settings: SamplerSettings, *, progress: TextIO | None = None
) -> xr.DataTree:
    """Draw from the posterior.

    Parameters
    ----------
    compiled : CompiledModel
        The model.
    settings : SamplerSettings
        How to sample.
    progress : text stream, optional
        Where to write progress; nothing is written without it.

    Returns
    -------
    xarray.DataTree
        Groups `posterior` and `sample_stats`.
    """
    import nutpie

    tree: xr.DataTree = nutpie.sample(
        compiled.target(),
        draws=settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        cores=settings.cores,
        seed=settings.seed,
        target_accept=settings.target_accept,
        adaptation="low_rank",
        mass_matrix_eigval_cutoff=_EIGENVALUE_CUTOFF,
        save_warmup=False,
        progress_bar=False,
        progress_callback=None if progress is None else _reporter(progress),
        progress_rate=500,
    )
    if progress is not None:
        progress.write("\r" + " " * 60 + "\r")
        progress.flush()
    return tree


def progress_stream(progress: bool | TextIO) -> TextIO | None:
    """Give the stream that progress is written to.

    Parameters
    ----------
    progress : bool or text stream
        Standard error where True.

    Returns
    -------
    text stream or None
        None where no progress is wanted.
    """
    if progress is True:
        return sys.stderr
    return progress or None


def _reporter(stream: TextIO) -> Callable[[list[Any]], None]:
    def report(chains: list[Any]) -> None:
        done = sum(chain.finished_draws for chain in chains)
        total = sum(chain.total_draws for chain in chains)
        bad = sum(chain.divergences for chain in chains)
        stream.write(f"\r  sampling {done:,} of {total:,} draws, {bad} divergences   ")
        stream.flush()

    return report


def software_versions() -> dict[str, str]:
    """Versions of everything that a result's digits depend on.

    Returns
    -------
    dict of str to str
        Version by distribution, Python's included.
    """
    names = (
        "microestim",
        "pytensor",
        "nutpie",
        "numba",
        "arviz",
        "arviz-stats",
        "numpy",
        "scipy",
        "xarray",
    )
    versions = {"python": ".".join(str(part) for part in sys.version_info[:3])}
    return versions | {name: importlib.metadata.version(name) for name in names}
