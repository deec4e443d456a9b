"""How many people a number of accounts can be: the curve that memberships asked on one platform leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from microestim.estimators import membership_bounds
from microestim.plots.canvas import (
    FIRST,
    INK,
    LABEL,
    MUTED,
    PAPER,
    REMARK,
    RULE,
    SECOND,
    new_sheet,
    open_axes,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from microestim.estimators.memberships import MembershipBounds

__all__ = ["plot_memberships"]


def plot_memberships(bounds: MembershipBounds) -> Figure:
    """Draw people against the mean memberships of those outside the surveyed platform.

    Parameters
    ----------
    bounds : MembershipBounds
        What `microestim.membership_bounds` gave.

    Returns
    -------
    matplotlib.figure.Figure
        The curve U(k'), its ends, and the published division by the mean.
    """
    raise NotImplementedError
