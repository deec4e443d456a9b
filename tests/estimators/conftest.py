from collections.abc import Callable

import numpy as np
import pytest


@pytest.fixture(scope="session")
def summed_posterior() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Posterior by adding up likelihood times prior over every size up to a largest one."""

    def summed(n1, n2, m, weight, largest):
        sizes = np.arange(n1 + n2 - m, largest + 1, dtype=float)
        after = sizes[1:]
        # The hypergeometric likelihood of N over that of N - 1, so that no factorial is needed.
        ratios = (after - n1) * (after - n2) / (after * (after - n1 - n2 + m))
        logs = np.concatenate(([0.0], np.cumsum(np.log(ratios))))
        probabilities = np.exp(logs - logs.max()) * weight(sizes)
        return sizes, probabilities / probabilities.sum()

    return summed
