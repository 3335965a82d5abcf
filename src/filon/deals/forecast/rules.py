"""Periods, sums by category, and the spread of what may be won. Pure."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from filon.deals.rules import weighted

COUNTED: Final = ("engaged", "probable", "possible")
"""The categories of open deals that a forecast counts; what is left out is shown apart."""
DRAWS: Final = 2_000
_PERIOD: Final = re.compile(r"(?P<year>20\d\d)-(?:(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4]))")


@dataclass(frozen=True, slots=True)
class Period:
    """Some whole months of the workspace. end: the first day that is not in it."""

    name: str
    start: date
    end: date

    def months(self) -> list[date]:
        """The first day of each of its months."""
        found, month = [], self.start
        while month < self.end:
            found.append(month)
            month = months_on(month, 1)
        return found

    def moved(self, by: int) -> Period:
        """The period of the same length so many lengths later."""
        length = len(self.months())
        start = months_on(self.start, by * length)
        name = f"{start:%Y-%m}" if length == 1 else f"{start.year}-Q{(start.month + 2) // 3}"
        return Period(name, start, months_on(start, length))


def period_of(name: str, today: date) -> Period:
    """The month (`2026-11`) or quarter (`2026-Q4`) of a name; that month of today for anything else."""
    found = _PERIOD.fullmatch(name)
    if found is None:
        start = today.replace(day=1)
        return Period(f"{start:%Y-%m}", start, months_on(start, 1))
    if found["quarter"]:
        start = date(int(found["year"]), int(found["quarter"]) * 3 - 2, 1)
        return Period(name, start, months_on(start, 3))
    start = date(int(found["year"]), int(found["month"]), 1)
    return Period(name, start, months_on(start, 1))


def months_on(month: date, count: int) -> date:
    """The first day of the month so many months later."""
    number = month.year * 12 + month.month - 1 + count
    return date(number // 12, number % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class Chance:
    """An open deal as a forecast sees it. probability in [0, 1]; is_past: its close date has passed."""

    owner_id: int | None
    amount: Decimal
    probability: Decimal
    category: str
    is_past: bool = False

    @property
    def weighted(self) -> Decimal:
        """Amount by probability, in cents."""
        return weighted(self.amount, self.probability)


@dataclass(slots=True)
class Line:
    """What a seller, or all together, come to in a period. `target` is None where nobody has set one.

    past: what is open although its close date has passed; it is in no other sum.
    """

    target: Decimal | None = None
    won: Decimal = Decimal(0)
    by_category: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys((*COUNTED, "left_out"), Decimal(0)))
    weighted: Decimal = Decimal(0)
    past: Decimal = Decimal(0)

    @property
    def open(self) -> Decimal:
        """What is open and counted."""
        return sum((self.by_category[category] for category in COUNTED), Decimal(0))

    @property
    def landing(self) -> Decimal:
        """Where it lands: won, and what is open by its probability."""
        return self.won + self.weighted

    @property
    def gap(self) -> Decimal | None:
        """What is still to win; never below 0. None without a target."""
        return None if self.target is None else max(self.target - self.won, Decimal(0))

    @property
    def coverage(self) -> Decimal | None:
        """What is open for each euro still to win; None when nothing is, or without a target."""
        return self.open / self.gap if self.gap else None

    def add(self, chance: Chance) -> None:
        """Count an open deal."""
        if chance.is_past:
            self.past += chance.amount
            return
        self.by_category[chance.category] += chance.amount
        if chance.category in COUNTED:
            self.weighted += chance.weighted


def lines(
    chances: Iterable[Chance], won: Iterable[tuple[int | None, Decimal]], targets: Iterable[tuple[int | None, Decimal]]
) -> tuple[Line, dict[int | None, Line]]:
    """All together, and by owner (None: nobody's).

    Targets of owner None are those of the whole; without any, the whole has the sum of its sellers' ones.
    """
    whole, by_owner = Line(), dict[int | None, Line]()
    of_whole: Decimal | None = None
    for owner_id, amount in targets:
        if owner_id is None:
            of_whole = (of_whole or Decimal(0)) + amount
        else:
            line = by_owner.setdefault(owner_id, Line())
            line.target = (line.target or Decimal(0)) + amount
    told = [line.target for line in by_owner.values() if line.target is not None]
    whole.target = of_whole if of_whole is not None else sum(told, Decimal(0)) if told else None
    for owner_id, amount in won:
        by_owner.setdefault(owner_id, Line()).won += amount
        whole.won += amount
    for chance in chances:
        by_owner.setdefault(chance.owner_id, Line()).add(chance)
        whole.add(chance)
    return whole, by_owner


def spread(chances: Sequence[Chance], won: Decimal, seed: str) -> tuple[Decimal, Decimal, Decimal] | None:
    """P10, P50 and P90 of what the period comes to, each open deal won or not by itself with its probability.

    Simulated with a seed: the same deals give the same answer. None when nothing is open: it is what is won.
    """
    counted = [(one.amount, float(one.probability)) for one in chances if not one.is_past and one.category in COUNTED]
    counted = [(amount, share) for amount, share in counted if amount]
    if not counted:
        return None
    dice = random.Random(seed)  # noqa: S311 — a simulation, not a secret
    totals = sorted(sum((amount for amount, share in counted if dice.random() < share), won) for _draw in range(DRAWS))
    low, middle, high = (totals[round(share * (DRAWS - 1))] for share in (0.1, 0.5, 0.9))
    return low, middle, high
