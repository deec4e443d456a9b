"""The only door to the sampler: nutpie, named, with its seed and versions recorded and its work judged."""

from __future__ import annotations

import importlib.metadata
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from microestim.errors import InputError

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

__all__ = ["CompiledModel", "SamplerSettings", "compile_model", "sample", "seed_from", "software_versions"]


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
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"{name} is {value!r}; it must be a whole number of at least {least}")
        if not 0.5 <= self.target_accept < 1.0:
            raise InputError(f"target_accept is {self.target_accept}; it must be from 0.5 to below 1")


@dataclass(frozen=True)
class CompiledModel:
    """A compiled log density that can be given new data without compiling again.

    Parameters
    ----------
    compiled : nutpie.CompiledModel
        What nutpie samples from.
    seconds : float
        Time that compiling took.
    """

    compiled: Any
    seconds: float

    def with_data(self, data: Mapping[str, np.ndarray]) -> CompiledModel:
        """Give the same model with other data.

        Parameters
        ----------
        data : mapping of str to ndarray
            New arrays, of the shapes of the old.

        Returns
        -------
        CompiledModel
            The model.
        """
        return CompiledModel(self.compiled.with_data(**data), self.seconds)


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
    if isinstance(rng, bool) or (isinstance(rng, int) and not 0 <= rng < 2**32):
        raise InputError(f"rng is {rng!r}; a whole number must be from 0 to {2**32 - 1}")
    if isinstance(rng, int):
        return rng
    return int(np.random.default_rng(rng).integers(2**32))


def compile_model(model: pm.Model) -> CompiledModel:
    """Compile the log density and gradient of a model for nutpie.

    Parameters
    ----------
    model : pymc.Model
        The model.

    Returns
    -------
    CompiledModel
        The compiled model.
    """
    import nutpie

    started = time.perf_counter()
    with _without_inplace_rewrites():
        compiled = nutpie.compile_pymc_model(model, backend="numba", freeze_model=False)
    return CompiledModel(compiled, time.perf_counter() - started)


@contextmanager
def _without_inplace_rewrites() -> Iterator[None]:
    """Leave out PyTensor's in-place rewrites: on wide sums they take longer than all other rewrites together.

    nutpie names the mode instead of taking one, so the named mode is exchanged while it compiles. What is
    computed does not change.
    """
    from pytensor.compile.mode import predefined_modes

    usual = predefined_modes["NUMBA"]
    predefined_modes["NUMBA"] = usual.excluding("inplace")  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        predefined_modes["NUMBA"] = usual


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
        compiled.compiled,
        draws=settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        cores=settings.cores,
        seed=settings.seed,
        target_accept=settings.target_accept,
        adaptation="low_rank",
        save_warmup=False,
        progress_bar=False,
        progress_callback=None if progress is None else _reporter(progress),
        progress_rate=500,
    )
    if progress is not None:
        progress.write("\r" + " " * 60 + "\r")
        progress.flush()
    return tree


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
        "pymc",
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
