"""Agent-based worlds whose truth is known: written from the problem, for calibrating any model of it."""

from microestim.simulate.worlds.departures import DEPARTURES, Departure, depart
from microestim.simulate.worlds.knobs import Knobs
from microestim.simulate.worlds.ranges import draw_knobs
from microestim.simulate.worlds.shaped import ShapedWorld, shaped_world
from microestim.simulate.worlds.world import World, world

__all__ = [
    "DEPARTURES",
    "Departure",
    "Knobs",
    "ShapedWorld",
    "World",
    "depart",
    "draw_knobs",
    "shaped_world",
    "world",
]
