"""The figures: each runs its named SQL over a snapshot of the lake and works its rows out."""

from collections.abc import Mapping
from typing import Final

from filon.measure.figures.cost import COST
from filon.measure.figures.desk import Figure
from filon.measure.figures.funnel import DURATIONS, FUNNEL
from filon.measure.figures.headline import HEADLINE
from filon.measure.figures.speed import SPEED
from filon.measure.figures.velocity import VELOCITY

FIGURES: Final[Mapping[str, Figure]] = {
    "funnel": FUNNEL,
    "durations": DURATIONS,
    "headline": HEADLINE,
    "speed": SPEED,
    "cost": COST,
    "velocity": VELOCITY,
}
"""Every figure by its name."""
