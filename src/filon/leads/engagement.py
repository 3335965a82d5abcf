"""Engagement as a lead row keeps it: the logarithm of a sum that halves every half-life. Pure.

The row holds ln Σ points · 2^(t / half-life), with t the days from `EPOCH` to each act. Nothing in it moves with time:
what people see is this minus the age of the epoch, so it decays by itself and sorts by index.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""Where the days of engagement are counted from."""

HALF_TENTH: Final = 0.05
"""People see tenths of a point, rounded: 19.95 is shown as 20.0, and counts as 20 wherever it is compared."""

_LN2: Final = math.log(2)
_DAY_S: Final = 86_400.0


def decay(at: datetime, half_life_days: float) -> float:
    """What an act at `at` (aware UTC) adds to the logarithm of its points, and what a look at `at` takes away."""
    return (at - EPOCH).total_seconds() / _DAY_S / half_life_days * _LN2


def log_sum(logs: Sequence[float]) -> float | None:
    """ln Σ e^x without overflow; None of nothing."""
    if not logs:
        return None
    if len(logs) == 1:
        return logs[0]
    highest = max(logs)
    return highest + math.log(math.fsum(math.exp(log - highest) for log in logs))


def points(engagement_log: float | None, at: datetime, half_life_days: float) -> float:
    """The engagement people see at `at`, not rounded."""
    return 0.0 if engagement_log is None else math.exp(engagement_log - decay(at, half_life_days))


def level(shown: float, at: datetime, half_life_days: float) -> float:
    """The logarithm from which the engagement is shown as at least `shown` points at `at`; -inf for none."""
    least = shown - HALF_TENTH
    return math.log(least) + decay(at, half_life_days) if least > 0 else -math.inf
