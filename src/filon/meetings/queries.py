"""Booking pages and meetings as pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.kit.errors import not_found
from filon.leads.sight import seen_by
from filon.meetings.models import BookingPage, Meeting

SHOWN: Final = 100
PAST: Final = timedelta(days=30)
_TEAM: Final = frozenset({"manager"})
_ALL: Final = frozenset({"admin", "head", "ops"})
State = Meeting.State


@dataclass(frozen=True, slots=True)
class Diary:
    """Meetings: those whose outcome nobody has said (the oldest first), those to come, those of the last days."""

    to_say: Sequence[Meeting]
    coming: Sequence[Meeting]
    past: Sequence[Meeting]


def page_of(slug: str) -> BookingPage | None:
    """The open booking page at an address, of a colleague who works here; None when there is none. One statement."""
    return BookingPage.objects.select_related("user").filter(slug=slug, is_open=True, user__is_active=True).first()


def own_page(*, by: Actor) -> BookingPage | None:
    """One's own page. One statement."""
    return BookingPage.objects.filter(user_id=by.id or 0).first()


def by_token(token: str) -> Meeting | None:
    """The meeting that a link in an invitation names. One statement."""
    return Meeting.objects.select_related("host").filter(token=token).first()


def diary(*, by: Actor, at: datetime) -> Diary:
    """The meetings an actor may see. Needs `leads.see`. Three statements."""
    by.require("leads.see")
    mine = _seen(by)
    booked = mine.filter(state=State.BOOKED)
    return Diary(
        list(booked.filter(ends_at__lte=at).order_by("starts_at")[:SHOWN]),
        list(booked.filter(ends_at__gt=at).order_by("starts_at")[:SHOWN]),
        list(mine.exclude(state=State.BOOKED).filter(starts_at__gt=at - PAST).order_by("-starts_at")[:SHOWN]),
    )


def today(*, by: Actor, at: datetime, evening: datetime) -> list[Meeting]:
    """One's own meetings until the evening, and those whose outcome is still to be said. One statement."""
    found = Meeting.objects.filter(host_id=by.id or 0, state=State.BOOKED, starts_at__lte=evening)
    return list(found.select_related("host").order_by("starts_at")[:8])


def of_lead(lead_id: int, *, by: Actor) -> list[Meeting] | None:
    """The meetings of a lead, the latest first; None for a lead the actor may not see. Two statements."""
    if lead_id not in seen_by(by, [lead_id]):
        return None
    return list(Meeting.objects.filter(lead_id=lead_id).select_related("host").order_by("-starts_at")[:10])


def seen_meeting(meeting_id: int, *, by: Actor) -> Meeting:
    """One meeting that the actor may see. One statement. Raises Refused."""
    by.require("leads.see")
    found = _seen(by).filter(pk=meeting_id).first()
    if found is None:
        raise not_found(_("Meeting"))
    return found


def _seen(by: Actor) -> QuerySet[Meeting]:
    found = Meeting.objects.select_related("host", "lead")
    if by.role in _ALL:
        return found
    if by.role in _TEAM:
        return found.filter(Q(host_id=by.id) | Q(host__team_id=by.team_id, host__team__isnull=False))
    return found.filter(host_id=by.id or 0)
