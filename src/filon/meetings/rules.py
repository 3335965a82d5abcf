"""When a meeting can be. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

Span = tuple[datetime, datetime]
"""A stretch of time, aware: [start, end)."""

STEP: Final = timedelta(minutes=30)
"""Meetings begin on the hour and the half hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a colleague wants: on these weekdays (Monday 0), between these hours, with so much time kept free around."""

    days: frozenset[int]
    first: time
    last: time
    buffer: timedelta


def wished(shifts: Iterable[Span], wishes: Wishes, zone: tzinfo) -> Iterator[Span]:
    """The parts of open hours that a colleague wants meetings in. shifts: sorted, disjoint."""
    for start, end in shifts:
        day = start.astimezone(zone).date()
        while day <= end.astimezone(zone).date():
            if day.weekday() in wishes.days:
                first, last = _wall(day, wishes.first, zone), _wall(day, wishes.last, zone)
                if max(start, first) < min(end, last):
                    yield max(start, first), min(end, last)
            day += timedelta(days=1)


def _wall(day: date, clock: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock, zone)


def free(
    spans: Iterable[Span], busy: Sequence[Span], *, length: timedelta, buffer: timedelta, after: datetime, zone: tzinfo
) -> Iterator[datetime]:
    """The moments at which a meeting of this length can begin: whole within a span, from `after` on, and with the
    buffer free before and after. In order. Spans are sorted and disjoint; moments lie on the half hour of the wall."""
    for start, end in spans:
        moment = _on_step(start, zone)
        while moment + length <= end:
            if moment >= after and not _meets(busy, moment - buffer, moment + length + buffer):
                yield moment
            moment = moment + STEP


def _on_step(moment: datetime, zone: tzinfo) -> datetime:
    """The first half hour from a moment on."""
    local = moment.astimezone(zone)
    over = timedelta(minutes=local.minute % 30, seconds=local.second, microseconds=local.microsecond)
    return moment + (STEP - over if over else timedelta(0))


def _meets(busy: Sequence[Span], start: datetime, end: datetime) -> bool:
    return any(first < end and start < last for first, last in busy)
