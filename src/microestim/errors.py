"""Every exception and warning that the library raises.

All exceptions derive from `MicroestimError` and from the built-in exception that fits, so that code
which knows nothing of this library still handles them. All warnings derive from
`MicroestimWarning`, one class per cause, so that a user can silence one cause and keep the others.
"""

from typing import Any

__all__ = [
    "ConvergenceWarning",
    "DoubleCountingError",
    "InputError",
    "MicroestimError",
    "MicroestimWarning",
    "NotConvergedError",
    "NotEstimableError",
    "OneInflationWarning",
    "PriorError",
    "ScopeError",
    "SmallRecaptureWarning",
    "StudyError",
    "UnitError",
]


class MicroestimError(Exception):
    """Base class of every exception that microestim raises on purpose."""


class InputError(MicroestimError, ValueError):
    """An argument is outside what a function accepts; the message says what it does accept."""


class NotEstimableError(MicroestimError, ValueError):
    """The estimate asked for does not exist for these data.

    Parameters
    ----------
    reason : str
        Why there is no estimate, and what to use instead.
    bound : float, optional
        The bound that does exist, where there is one (unit: as the estimate would have had).
    """

    def __init__(self, reason: str, *, bound: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.bound = bound


class StudyError(MicroestimError, ValueError):
    """A study file is not valid; the message lists every fault with its place in the file.

    Parameters
    ----------
    message : str
        All faults, one a line.
    faults : tuple, optional
        The same as `microestim.study.Fault` objects: path, line, message, given, accepted.
    """

    def __init__(self, message: str, *, faults: tuple[Any, ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults


class UnitError(StudyError):
    """Quantities of different units (people, accounts, visitors) were combined."""


class ScopeError(StudyError):
    """Quantities over different sets of platforms were combined."""


class DoubleCountingError(StudyError):
    """Two pieces of evidence count the same people, and neither says that it contains the other."""


class PriorError(MicroestimError, ValueError):
    """A prior has an unknown name or an impossible value."""


class NotConvergedError(MicroestimError, RuntimeError):
    """The sampler did not converge and the caller asked for that to be an error."""


class MicroestimWarning(UserWarning):
    """Base class of every warning that microestim issues."""


class ConvergenceWarning(MicroestimWarning):
    """The sampler did not converge; results made from this fit say so."""


class SmallRecaptureWarning(MicroestimWarning):
    """So few recaptures that a normal interval is not to be trusted."""


class OneInflationWarning(MicroestimWarning):
    """Far more people were seen once than the others lead to, and the estimate rests on them.

    It is issued where a likelihood-ratio test of one-inflation rejects at a level of 0.001, with geometric
    counts (exponential rates) as the reference: rates that differ as usual do not lead to it. The message
    names the estimators that do without the people seen once.
    """
