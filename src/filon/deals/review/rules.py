"""What is odd about an open deal. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

SILENT_DAYS: Final = 30
"""Without an exchange for so long, a deal is looked at."""
DORMANT_DAYS: Final = 90
"""With nothing at all for so long, it sleeps."""
PUSHES: Final = 3
"""A close date put off so often is a wish."""

FINDINGS: Final = ("close_passed", "dormant", "pushed", "slow", "silent", "no_next_step", "no_amount", "no_close_date")
"""What can be odd, the worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What there is to see of an open deal. Days are whole, ended ones.

    has_next: something is planned, and its day has not passed. exchange_days: since the last call, meeting or message
    either way, or since its creation without any. quiet_days: since anything at all was done about it. slow_after: days
    that nine of ten won deals stayed in its stage at most; None when that is not known.
    """

    close_date: date | None
    has_amount: bool
    has_next: bool
    stage_days: int
    exchange_days: int
    quiet_days: int
    pushes: int
    slow_after: float | None


def findings(look: Look, today: date) -> tuple[str, ...]:
    """What is odd about a deal, the worst first. A dormant one is not called silent too."""
    is_dormant = look.quiet_days >= DORMANT_DAYS
    odd = {
        "close_passed": look.close_date is not None and look.close_date < today,
        "dormant": is_dormant,
        "pushed": look.pushes >= PUSHES,
        "slow": look.slow_after is not None and look.stage_days > look.slow_after,
        "silent": not is_dormant and look.exchange_days >= SILENT_DAYS,
        "no_next_step": not look.has_next,
        "no_amount": not look.has_amount,
        "no_close_date": look.close_date is None,
    }
    return tuple(code for code in FINDINGS if odd[code])
