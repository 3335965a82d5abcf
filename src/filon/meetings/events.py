"""The facts told of meetings. That one was held is `MeetingHeld`, as when a colleague logs it by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from filon.core.ledger import Event


@dataclass(frozen=True, kw_only=True)
class MeetingFact(Event):
    """What every fact of a meeting says: which one, with whom, whose, and when it begins."""

    meeting_id: int
    meeting: str
    host_id: int
    starts_at: datetime
    lead_id: int
    person_id: int | None = None
    company_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class MeetingBooked(MeetingFact):
    """Somebody booked a meeting, or a colleague did for them."""


@dataclass(frozen=True, kw_only=True)
class MeetingMoved(MeetingFact):
    """It begins at another moment; `was_at`: the one before."""

    was_at: datetime


@dataclass(frozen=True, kw_only=True)
class MeetingCancelled(MeetingFact):
    """It will not take place."""


@dataclass(frozen=True, kw_only=True)
class MeetingMissed(MeetingFact):
    """The other one did not come."""


@dataclass(frozen=True, kw_only=True)
class BookingPageSaved(Event):
    """A colleague's booking page was made or changed."""

    user_id: int
    is_open: bool
