"""Worlds with known truth: captures of a known population, evidence drawn from the prior, calibration."""

from microestim.simulate.calibration import Calibration, calibrate, density_fingerprint, ecdf_band, uniformity
from microestim.simulate.closed_captures import captures
from microestim.simulate.evidence import SimulatedStudy, simulate_evidence

__all__ = [
    "Calibration",
    "SimulatedStudy",
    "calibrate",
    "captures",
    "density_fingerprint",
    "ecdf_band",
    "simulate_evidence",
    "uniformity",
]
