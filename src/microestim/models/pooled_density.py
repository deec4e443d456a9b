"""The log density of several countries at once: each country's compiled function, called at x = L z.

One small compiled function serves every combination of countries: it finds the addresses of the countries'
functions, their data and the linear map among its own data, so that nothing is compiled again for a new
combination.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from microestim.models.pooling import PooledMap
from microestim.models.sampling import CompiledModel

if TYPE_CHECKING:
    from numba.core.ccallback import CFunc

__all__ = ["PooledDensity", "pooled_density"]

_HEAD = 5
"""Numbers before the tables: length of the data, countries, coordinates, entries of the map, constant."""
_LARGEST_ADDRESS = 2**53
"""Whole numbers up to here are exact as floating-point numbers, so that an address may stand among data."""


@dataclass(frozen=True)
class PooledDensity:
    """A log density of several countries, ready to be sampled.

    Parameters
    ----------
    compiled : CompiledModel
        The density of independent deviates.
    parts : tuple of CompiledModel
        The countries' own densities, which `compiled` calls: they must live as long as it does.
    """

    compiled: CompiledModel
    parts: tuple[CompiledModel, ...]


def pooled_density(parts: Sequence[CompiledModel], pooled: PooledMap) -> PooledDensity:
    r"""Join the countries' densities.

    Parameters
    ----------
    parts : sequence of CompiledModel
        The countries' densities, with their data. Each has its coordinates' standard normal density in it.
    pooled : PooledMap
        The map from independent deviates.

    Returns
    -------
    PooledDensity
        The joint density.

    Notes
    -----
    With f_c the log density of country c, in which each of its n_c coordinates is standard normal, and
    x = L z,

    .. math:: \log p(z) = \sum_c \Big[ f_c(x_c) + \tfrac12 x_c^T x_c \Big] - \tfrac12 z^T z
              + \tfrac12 \Big( \sum_c n_c - n_z \Big) \log 2 \pi

    and its gradient is :math:`L^T (\nabla f + x) - z`.
    """
    if tuple(part.size for part in parts) != pooled.sizes:
        raise ValueError("the map was made for countries with other coordinates")
    blocks = []
    for part in parts:
        if part.data is None:
            raise ValueError("a country's compiled model has no data yet")
        address = _address(part)
        if address >= _LARGEST_ADDRESS:
            raise ValueError(f"the function's address {address} is beyond 2**53")
        blocks.append(part.data)
    entries, countries = len(pooled.values), len(parts)
    start = _HEAD + 3 * countries + 3 * entries
    offsets = start + np.concatenate([[0], np.cumsum([len(block) for block in blocks])])
    constant = 0.5 * (sum(pooled.sizes) - pooled.size) * math.log(2.0 * math.pi)
    tables: list[Any] = [
        [offsets[-1], countries, sum(pooled.sizes), entries, constant],
        [_address(part) for part in parts],
        pooled.sizes,
        offsets[:-1],
        pooled.rows,
        pooled.columns,
        pooled.values,
        *blocks,
    ]
    data = np.concatenate([np.asarray(table, dtype=float) for table in tables])
    compiled = CompiledModel(
        function=_joint_function(),
        size=pooled.size,
        lengths={"joint": len(data)},
        data=data,
        seconds=sum(part.seconds for part in parts),
    )
    return PooledDensity(compiled, tuple(parts))


def _address(part: CompiledModel) -> int:
    address: int | None = part.function.address
    assert address is not None
    return address


@functools.cache
def _joint_function() -> CFunc:
    """Compile the function that calls the countries' own."""
    import numba
    from numba.extending import intrinsic
    from numba.np.numpy_support import carray

    from microestim.models.loop_function import address_types

    number, addresses = address_types()
    called = numba.int64(number, addresses, addresses, addresses, addresses)
    pointer = numba.types.ExternalFunctionPointer(called, lambda _function: 0)

    def call_by_address(
        _typing: Any, address: Any, size: Any, values: Any, gradient: Any, value: Any, data: Any
    ) -> Any:
        signature = numba.types.int64(*[numba.types.int64] * 6)

        def generate(context: Any, builder: Any, _signature: Any, given: Any) -> Any:
            function = builder.inttoptr(given[0], context.get_function_pointer_type(pointer))
            array = context.get_value_type(addresses)
            arrays = [builder.inttoptr(each, array) for each in given[2:]]
            return context.call_function_pointer(builder, function, [given[1], *arrays])

        return signature, generate

    call: Any = intrinsic(call_by_address)
    head = _HEAD

    def evaluate(size: int, values_: Any, gradient_: Any, value_: Any, data_: Any) -> int:
        length = int(carray(data_, 1)[0])
        data = carray(data_, length)
        countries, coordinates, entries = int(data[1]), int(data[2]), int(data[3])
        values = carray(values_, size)
        gradient = carray(gradient_, size)
        x, slope = np.zeros(coordinates), np.empty(coordinates)
        part = np.empty(1)
        rows = head + 3 * countries
        columns, entry = rows + entries, rows + 2 * entries
        for i in range(entries):
            x[int(data[rows + i])] += data[entry + i] * values[int(data[columns + i])]
        total = data[4]
        first = 0
        for c in range(countries):
            own = int(data[head + countries + c])
            status = call(
                int(data[head + c]),
                own,
                x.ctypes.data + 8 * first,
                slope.ctypes.data + 8 * first,
                part.ctypes.data,
                data.ctypes.data + 8 * int(data[head + 2 * countries + c]),
            )
            if status != 0:
                return 1 if status > 0 else -1
            total += part[0]
            first += own
        for i in range(coordinates):
            total += 0.5 * x[i] * x[i]
            slope[i] += x[i]
        for i in range(size):
            total -= 0.5 * values[i] * values[i]
            gradient[i] = -values[i]
        for i in range(entries):
            gradient[int(data[columns + i])] += data[entry + i] * slope[int(data[rows + i])]
        value_[0] = total
        finite = math.isfinite(total)
        for i in range(size):
            finite = finite and math.isfinite(gradient[i])
        return 0 if finite else 1

    compiled: CFunc = numba.cfunc(called)(evaluate)
    return compiled
