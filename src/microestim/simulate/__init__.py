"""Worlds with known truth: captures of a population, evidence from the prior, agents from the problem."""

from microestim.simulate.calibration import Calibration, calibrate, density_fingerprint, ecdf_band, uniformity
from microestim.simulate.closed_captures import captures
from microestim.simulate.evidence import SimulatedStudy, simulate_evidence
from microestim.simulate.scores import crps, interval_score, score_draws
from microestim.simulate.worlds import (
    DEPARTURES,
    Knobs,
    ShapedWorld,
    World,
    depart,
    draw_knobs,
    shaped_world,
    world,
)

__all__ = [
    "DEPARTURES",
    "Calibration",
    "Knobs",
    "ShapedWorld",
    "SimulatedStudy",
    "World",
    "calibrate",
    "captures",
    "crps",
    "density_fingerprint",
    "depart",
    "draw_knobs",
    "ecdf_band",
    "interval_score",
    "score_draws",
    "shaped_world",
    "simulate_evidence",
    "uniformity",
    "world",
]
