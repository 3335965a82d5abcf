"""What a proposal to sales answers, why sales may refuse, and when their answer is due. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

CRITERIA: Final = ("need", "authority", "timing", "budget", "next_step")
"""What an SDR answers of a lead, in order: the need, who decides, when, with what money, what comes next."""
REQUIRED: Final = frozenset({"need", "authority", "timing"})
"""Without these no lead is proposed."""
HOW: Final = ("conversation", "demo", "quote", "reply")
"""By what act of their own a person has confirmed their interest."""
REFUSALS: Final = ("off_target", "no_project", "wrong_contact", "unreachable", "already_followed", "incomplete")
"""Why sales send a lead back."""
ANSWER_WITHIN: Final = timedelta(hours=8)
"""Open time within which sales answer: a working day."""
LONGEST: Final = 2000

Shift = tuple[datetime, datetime]


def missing(answers: Mapping[str, str]) -> list[str]:
    """The criteria that must be answered and are not, in order."""
    return [name for name in CRITERIA if name in REQUIRED and not answers.get(name, "").strip()]


def due_at(proposed_at: datetime, shifts: Iterable[Shift], *, within: timedelta = ANSWER_WITHIN) -> datetime:
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
