"""What the business says of opportunities. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from filon.kit.text import fold

STATES: Final = ("open", "won", "lost")
LARGEST_AMOUNT: Final = Decimal(10) ** 16
"""Amounts stay below this (18 digits, two of them cents)."""

STAGES: Final = (
    ("prospecting", "open", Decimal("0.10")),
    ("engaged", "open", Decimal("0.25")),
    ("proposal", "open", Decimal("0.50")),
    ("negotiation", "open", Decimal("0.75")),
    ("won", "won", Decimal(1)),
    ("lost", "lost", Decimal(0)),
)
"""(code, state, probability) of the stages every new pipeline starts with, in order."""

LOST_REASONS: Final = ("price", "competitor", "no_budget", "postponed", "no_answer", "missing_feature", "status_quo")
_REASON_NAMES: Final = {
    "price": "prix|trop cher|tarif|too expensive|price too high",
    "competitor": "concurrent|concurrence|competition|lost to competitor",
    "no_budget": "pas de budget|budget|no budget|lack of budget",
    "postponed": "projet reporte|reporte|timing|not now|delayed|project postponed",
    "no_answer": "sans suite|pas de reponse|no answer|no response|unresponsive|ghosted",
    "missing_feature": "fonction manquante|fonctionnalite manquante|missing feature|feature|product fit",
    "status_quo": "reste sur l'existant|statu quo|status quo|no decision|stayed with the existing solution",
}
_REASON_OF: Final = {name: code for code, names in _REASON_NAMES.items() for name in (code, *names.split("|"))}


def lost_reason(given: str) -> str:
    """The code of a reason in our words or another system's; an unknown reason stays as it was given."""
    return _REASON_OF.get(fold(given), given)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a deal stands: its state and since when it is closed. `is_dated` is False when nobody said when."""

    state: str
    won_at: datetime | None = None
    lost_at: datetime | None = None
    is_dated: bool = True

    @property
    def closed_at(self) -> datetime | None:
        """When it was won or lost; None while open."""
        return self.won_at or self.lost_at


def standing(
    state: str, *, at: datetime, won_at: datetime | None, lost_at: datetime | None, close_at: datetime | None
) -> Standing:
    """The standing of a deal in `state`: closed at the moment given for it, else its close date, else `at`.

    A moment given for another state is left out: the stage decides.
    """
    if state == "open":
        return Standing("open")
    given = won_at if state == "won" else lost_at
    closed_at = given or close_at or at
    is_dated = given is not None or close_at is not None
    if state == "won":
        return Standing("won", won_at=closed_at, is_dated=is_dated)
    return Standing("lost", lost_at=closed_at, is_dated=is_dated)


def state_told(values: Any) -> str | None:
    """The state that fields other than the stage tell of: `outcome`, `won_at`, `lost_at`; None when they are silent."""
    outcome = values.get("outcome")
    if outcome in STATES:
        return str(outcome)
    if values.get("won_at"):
        return "won"
    return "lost" if values.get("lost_at") else None


def probability_of(given: Any) -> Decimal | None:
    """A probability in [0, 1], four decimals, from a fraction (0.6) or a percentage (60); None when it is neither."""
    value = Decimal(str(given))
    if value > 1:
        value /= 100
    return value.quantize(Decimal("0.0001"), ROUND_HALF_UP) if 0 <= value <= 1 else None


def amount_of(given: Any) -> Decimal | None:
    """An amount with two decimals; None when it is negative, too large or no number."""
    value = Decimal(given)
    if not value.is_finite() or not 0 <= value < LARGEST_AMOUNT - 1:
        return None
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def weighted(amount: Decimal | None, probability: Decimal) -> Decimal:
    """What a deal counts for in a forecast: its amount by its probability, in cents; 0 without an amount."""
    return ((amount or Decimal(0)) * probability).quantize(Decimal("0.01"), ROUND_HALF_UP)


CATEGORIES: Final = ("engaged", "probable", "possible", "left_out")
_SURE: Final = ((Decimal("0.75"), "engaged"), (Decimal("0.50"), "probable"))


def category_of(probability: Decimal, said: str) -> str:
    """What a deal is in the forecast: what its seller says; else engaged from 75 % on, probable from 50 %, possible."""
    if said in CATEGORIES:
        return said
    return next((category for least, category in _SURE if probability >= least), "possible")


@dataclass(frozen=True, slots=True)
class Norm:
    """How long deals that were won stayed in a stage: days; of how many deals."""

    median: float
    p90: float
    count: int


LEAST_FOR_NORM: Final = 8
"""Fewer won deals than these say nothing of how long a stage takes."""


def norm_of(days: Sequence[float]) -> Norm | None:
    """The median and the ninth decile of some stays, between the values next to them; None when they are too few."""
    if len(days) < LEAST_FOR_NORM:
        return None
    ordered = sorted(days)
    return Norm(_quantile(ordered, 0.5), _quantile(ordered, 0.9), len(ordered))


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Linear between the two ranks around it (Hyndman and Fan 1996, definition 7)."""
    rank = share * (len(ordered) - 1)
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)


def day_of(given: date | datetime, zone: tzinfo) -> date:
    """The workspace's calendar day of a date or a moment."""
    return given.astimezone(zone).date() if isinstance(given, datetime) else given


def start_of(day: date, zone: tzinfo) -> datetime:
    """The moment a calendar day begins in the workspace, aware."""
    return datetime.combine(day, time.min, tzinfo=zone)


def name_of(company: str, product: str, key: str) -> str:
    """The name of a deal that came without one: who buys what, else its key in the other system."""
    return " · ".join(part for part in (company, product) if part) or key or "–"
