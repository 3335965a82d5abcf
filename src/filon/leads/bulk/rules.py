"""How many at once, how long back, and what was announced. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

PART: Final = 200
"""Leads in one transaction; an order of no more is carried out while its author waits."""
UNDO: Final = timedelta(hours=24)
"""How long an order can be taken back."""
KEPT: Final = timedelta(days=30)
"""How long an order, and what it did to each lead, is remembered."""


def can_undo(ordered_at: datetime, at: datetime) -> bool:
    """Whether an order may still be taken back."""
    return at - ordered_at <= UNDO


def is_as_announced(announced: int, found: int) -> bool:
    """Whether an order does what its author was told: no more leads, give or take one in a hundred."""
    return found <= announced + announced // 100
