"""Which moments of a colleague's page are free: their hours, less what they have already."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from filon.kit.errors import Kind, Refused
from filon.meetings import rules
from filon.meetings.models import BookingPage, Meeting
from filon.meetings.rules import Span, Wishes

Shifts = Callable[[datetime, datetime, int | None], Iterable[Span]]
Absences = Callable[[int, datetime, datetime], Iterable[Span]]
_shifts: Shifts | None = None
_absences: Absences = lambda user_id, start, end: ()  # noqa: E731 — replaced at start
_LONGEST: Final = timedelta(hours=12)


def connect(shifts: Shifts, absences: Absences) -> None:
    """Set who knows a team's open hours between two moments, and when a colleague is away; called once at start by
    `config`."""
    global _shifts, _absences
    _shifts, _absences = shifts, absences


def open_shifts(start: datetime, end: datetime, team_id: int | None) -> Iterable[Span]:
    """A team's open hours between two moments. One statement."""
    assert _shifts is not None  # noqa: S101 — `connect` ran at start
    return _shifts(start, end, team_id)


def elsewhere(page: BookingPage) -> list[Span]:
    """When a page's colleague is busy by their own calendar, as it was last read."""
    return [(datetime.fromisoformat(first), datetime.fromisoformat(last)) for first, last in page.busy]


def free_times(
    page: BookingPage, kind: str, *, start: datetime, end: datetime, at: datetime, except_id: int | None = None
) -> list[datetime]:
    """When a meeting of a kind can begin between two moments, as things stand at `at`; empty for a kind that is not
    offered. Three statements. except_id: a meeting that is to be moved, and so is not in the way."""
    minutes = page.minutes.get(kind)
    zone = timezone.get_default_timezone()
    last = min(end, at + timedelta(days=page.horizon))
    if not minutes or last <= start:
        return []
    wishes = Wishes(days=frozenset(page.days), first=page.first, last=page.last, buffer=timedelta(minutes=page.buffer))
    busy = Meeting.objects.filter(
        host_id=page.user_id,
        state=Meeting.State.BOOKED,
        starts_at__gte=start - _LONGEST,
        starts_at__lt=last + _LONGEST,
    ).exclude(pk=except_id or 0)
    spans = rules.wished(open_shifts(start, last, page.user.team_id), wishes, zone)
    return list(
        rules.free(
            spans,
            [*busy.values_list("starts_at", "ends_at"), *elsewhere(page), *_absences(page.user_id, start, last)],
            length=timedelta(minutes=minutes),
            buffer=wishes.buffer,
            after=max(start, at + timedelta(hours=page.notice)),
            zone=zone,
        )
    )


def taken() -> Refused:
    """The refusal of a moment that somebody else has."""
    message = _("This moment is not free any more. Please choose another one.")
    return Refused(message, Kind.CONFLICT, [{"field": "starts_at", "message": message}], "taken")
