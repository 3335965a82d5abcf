"""What a proposal to sales answers, why sales may refuse, and when their answer is due. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

CRITERIA: Final = ("need", "authority", "timing", "budget", "next_step")
"""What an SDR answers of a lead, in order: the need, who decides, when, with what money, what comes next."""
HOW: Final = ("conversation", "demo", "quote", "reply")
"""By what act of their own a person has confirmed their interest."""
REFUSALS: Final = ("off_target", "no_project", "wrong_contact", "unreachable", "already_followed", "incomplete")
"""Why sales send a lead back."""
LONGEST: Final = 2000
MOST_HOURS: Final = 80
"""The longest that sales may be given to answer, in open hours: two weeks."""

Shift = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Terms:
    """What marketing and sales agreed on. required: criteria without which no lead is proposed. answer_hours: open
    hours within which sales answer. version: 0 before anybody said anything.
    """

    required: frozenset[str] = frozenset({"need", "authority", "timing"})
    answer_hours: int = 8
    version: int = 0


def missing(answers: Mapping[str, str], required: Set[str]) -> list[str]:
    """The criteria that must be answered and are not, in order."""
    return [name for name in CRITERIA if name in required and not answers.get(name, "").strip()]


def due_at(proposed_at: datetime, shifts: Iterable[Shift], *, within: timedelta) -> datetime:
    """When the answer is due, counting open time only.

    shifts: open hours from `proposed_at` on, sorted, disjoint, aware. Raises ValueError when they end before.
    """
    left = within
    for start, end in shifts:
        begin = max(start, proposed_at)
        if left <= end - begin:
            return begin + left
        left -= max(end - begin, timedelta(0))
    raise ValueError(f"{left} of the time falls after the last open hour")


def is_late(due: datetime, at: datetime) -> bool:
    """Whether an answer given at `at` comes after its due time."""
    return at > due
