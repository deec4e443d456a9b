"""Worlds with known truth: evidence drawn from the model's own prior, and calibration on it."""

from microestim.simulate.calibration import Calibration, calibrate, density_fingerprint, ecdf_band, uniformity
from microestim.simulate.evidence import SimulatedStudy, simulate_evidence

__all__ = [
    "Calibration",
    "SimulatedStudy",
    "calibrate",
    "density_fingerprint",
    "ecdf_band",
    "simulate_evidence",
    "uniformity",
]
