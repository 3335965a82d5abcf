"""When a colleague is busy elsewhere: what their own calendar says (iCalendar, RFC 5545), as spans."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Final

import icalendar
import recurring_ical_events

from filon.meetings.rules import Span

MOST: Final = 5_000
"""So many spans are kept, the first ones."""
_FOLD: Final = re.compile(rb"\r?\n[ \t]")
_TOO_OFTEN: Final = re.compile(rb"FREQ=(SECONDLY|MINUTELY)|BY(SECOND|MINUTE)=[^;:\r\n]*,", re.IGNORECASE)


class NoCalendar(Exception):
    """What was read is no calendar we can use, and why, in short."""


def busy_spans(
    content: bytes, *, start: datetime, end: datetime, zone: tzinfo, is_ours: Callable[[str], bool] = lambda uid: False
) -> list[Span]:
    """The spans between two moments, aware, in which a calendar has something: not what is cancelled or marked as free.
    Days without hours, and hours without a zone, are those of `zone`. Sorted. Raises NoCalendar.

    is_ours: whether a UID is of an invitation of ours: what is booked here is known better here.
    """
    if _TOO_OFTEN.search(_FOLD.sub(b"", content)):
        raise NoCalendar("an event comes back every minute")  # it would make millions
    try:
        calendar = icalendar.Calendar.from_ical(content)
        events = recurring_ical_events.of(calendar, skip_bad_series=True).between(start, end)
    except Exception as error:  # the library raises whatever a broken calendar makes it stumble over
        raise NoCalendar(type(error).__name__) from error
    others = (event for event in events if not is_ours(str(event.get("UID", ""))))
    spans = [span for event in others if (span := _span(event, zone)) is not None]
    return sorted({(max(first, start), min(last, end)) for first, last in spans if first < end and last > start})[:MOST]


def _span(event: Any, zone: tzinfo) -> Span | None:
    if str(event.get("TRANSP", "")).upper() == "TRANSPARENT" or str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None
    first, last = event["DTSTART"].dt, event["DTEND"].dt if "DTEND" in event else None
    begins = _moment(first, zone)
    if last is None:
        last = first + timedelta(days=0 if isinstance(first, datetime) else 1)
    ends = _moment(last, zone)
    return (begins, ends) if begins < ends else None


def _moment(value: date | datetime, zone: tzinfo) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time.min, zone)
    return value if value.tzinfo is not None else value.replace(tzinfo=zone)
