"""The arithmetic of the figures: shares with their intervals, waiting times, costs by the day. Pure."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

Z_95: Final = 1.959963984540054
"""The normal quantile of a two-sided 95 % interval."""

FEW: Final = 30
"""Under this many cases a rate is shown greyed, and under this many passages a delay is not known."""

CENT: Final = Decimal("0.01")
_GUARD: Final = 1e-12  # a share of exactly one half must count as one half in binary arithmetic too


def share(part: int, whole: int) -> float | None:
    """`part` out of `whole`, in [0, 1]; None when the whole is empty."""
    return part / whole if whole else None


def wilson(part: int, whole: int) -> tuple[float, float] | None:
    """The Wilson 95 % interval of a share; None when the whole is empty. Raises ValueError unless 0 ≤ part ≤ whole."""
    if not 0 <= part <= whole:
        raise ValueError(f"{part} is no part of {whole}")
    if not whole:
        return None
    p, z2 = part / whole, Z_95 * Z_95
    centre = (p + z2 / (2 * whole)) / (1 + z2 / whole)
    half = Z_95 * math.sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole)) / (1 + z2 / whole)
    low = 0.0 if part == 0 else max(0.0, centre - half)
    high = 1.0 if part == whole else min(1.0, centre + half)
    return low, high


def per(amount: Decimal | None, count: int) -> Decimal | None:
    """An amount for each of `count`, to the cent; None without an amount or without anything to divide it by."""
    if amount is None or not count:
        return None
    return (amount / count).quantize(CENT, ROUND_HALF_UP)


def spread(amount: Decimal, days: int) -> Iterator[Decimal]:
    """An amount evenly over consecutive days, in cents: each day within a cent of the others, together exactly it.

    Raises ValueError without a day.
    """
    if days < 1:
        raise ValueError("a cost needs at least one day")
    cents = int((amount / CENT).to_integral_value(ROUND_HALF_UP))
    given = 0
    for day in range(1, days + 1):
        until = cents * day // days
        yield (until - given) * CENT
        given = until


def survival_quantiles(
    events: Sequence[int], censored: Sequence[int], shares: Sequence[float] = (0.5, 0.9)
) -> list[int | None]:
    """The times at which given shares have passed, by Kaplan–Meier; None when the curve does not fall that far.

    events: how long those waited who passed, ascending. censored: how long those were seen waiting who had not passed
    when we looked or left by another way (a competing exit), ascending. In the same unit, usually seconds. At equal
    times those who passed did so while the others still waited. shares: in (0, 1), ascending.
    """
    found: list[int | None] = []
    at_risk = len(events) + len(censored)
    surviving = 1.0
    passed = left = 0
    wanted = list(shares)
    while passed < len(events) and wanted:
        gone = bisect_left(censored, events[passed], left)
        at_risk -= gone - left
        left = gone
        # Until the next one leaves, each passage takes one of those at risk, and the product telescopes.
        until = bisect_right(events, censored[left], passed) if left < len(censored) else len(events)
        run = until - passed
        while wanted:
            needed = at_risk - (1 - wanted[0] + _GUARD) * at_risk / surviving
            position = max(math.ceil(needed), 1)
            if position > run:
                break
            found.append(events[passed + position - 1])
            wanted.pop(0)
        surviving *= (at_risk - run) / at_risk
        at_risk -= run
        passed = until
    return [*found, *(None for _ in wanted)]


def surviving_share(events: Sequence[int], censored: Sequence[int]) -> float:
    """Where the Kaplan–Meier curve of these waits ends: the share that never passed while anyone watched."""
    at_risk = len(events) + len(censored)
    surviving = 1.0
    passed = left = 0
    while passed < len(events):
        gone = bisect_left(censored, events[passed], left)
        at_risk -= gone - left
        left = gone
        until = bisect_right(events, censored[left], passed) if left < len(censored) else len(events)
        surviving *= (at_risk - (until - passed)) / at_risk
        at_risk -= until - passed
        passed = until
    return surviving


@dataclass(frozen=True, slots=True)
class Delay:
    """How long a passage takes: median and p90 in seconds (None when the curve does not fall so far).

    usual: the time within which 90 % pass of those who ever do: p90 itself, or where the curve ends above a tenth (many
    never pass), the p90 of the part that it falls. passages: how many passed. exits: how many left by another way.
    left_out: how many had no dated entry of their own, and count for nothing here.
    """

    median: int | None
    p90: int | None
    usual: int | None
    passages: int
    exits: int = 0
    left_out: int = 0

    @property
    def is_known(self) -> bool:
        """Whether enough passed to speak of a delay at all."""
        return self.passages >= FEW


def delay_of(events: Sequence[int], censored: Sequence[int], *, exits: int = 0, left_out: int = 0) -> Delay:
    """The delay of a passage from waits as `survival_quantiles` takes them."""
    median, p90 = survival_quantiles(events, censored)
    usual = p90
    if usual is None and events:
        falls = 1 - surviving_share(events, censored)
        (usual,) = survival_quantiles(events, censored, [0.9 * falls])
    return Delay(median, p90, usual, len(events), exits, left_out)


def is_immature(age: timedelta, delay: Delay) -> bool | None:
    """Whether a cohort is too young to be judged: younger than the passage usually takes. None when nobody can know."""
    if not delay.is_known or delay.usual is None:
        return None
    return age.total_seconds() < delay.usual


def months_before(day: date, months: int) -> date:
    """The same day of the month some months earlier; the month's last day where it has no such day."""
    number = day.year * 12 + day.month - 1 - months
    first = date(number // 12, number % 12 + 1, 1)
    following = date((number + 1) // 12, (number + 1) % 12 + 1, 1)
    return first + timedelta(days=min(day.day, (following - first).days) - 1)
