"""One thread for the linear algebra of small matrices, which gains nothing from more and can lose much."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

__all__ = ["one_blas_thread"]

# Below this no library divides a product or a factorisation between threads.
SMALLEST_DIVIDED = 60


@contextmanager
def one_blas_thread(size: int) -> Iterator[None]:
    """Keep BLAS to one thread while matrices of a few hundred rows are factorised.

    Threads that wait for each other on a busy machine made a fit with 200 occasions ten times slower.

    Parameters
    ----------
    size : int
        Rows of the matrices; the setting is left alone where they are too small to be divided.

    Yields
    ------
    None
        While the limit holds.

    Examples
    --------
    >>> import numpy as np
    >>> with one_blas_thread(200):
    ...     float(np.linalg.det(np.eye(200)))
    1.0
    """
    if size < SMALLEST_DIVIDED:
        yield
        return
    with _libraries().limit(limits=1, user_api="blas"):
        yield


@cache
def _libraries() -> ThreadpoolController:
    import scipy.linalg.lapack  # noqa: F401 - loaded first, so that its BLAS is found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
