"""When things happen in a French company's year: working hours, seasons, weekends. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from filon.routing import rules, starter

_MONTHS: Final = (1.0, 0.95, 1.1, 1.0, 0.8, 1.0, 0.7, 0.35, 1.35, 1.25, 1.15, 0.65)
_DAYS: Final = (1.1, 1.2, 1.05, 1.1, 0.85, 0.14, 0.12)
_ON_A_HOLIDAY: Final = 0.15
_GROWTH: Final = 0.2  # more leads a day in the end of the year than at its beginning
_HOURS: Final = (1, 0, 0, 0, 0, 0, 1, 4, 9, 12, 13, 11, 7, 7, 11, 12, 11, 9, 6, 4, 4, 5, 4, 2)
_HOUR: Final = timedelta(hours=1)


class Office:
    """The hours in which colleagues work, over the whole story and some months on."""

    def __init__(self, first: datetime, last: datetime, zone: str) -> None:
        timetable = rules.Timetable(starter.WEEK, starter.REGION, zone)
        shifts = list(takewhile(lambda shift: shift[0] < last, rules.shifts_from(timetable, first)))
        self._shifts = shifts
        self._starts = [start for start, _end in shifts]
        self._worked = [timedelta(0)]
        for start, end in shifts:
            self._worked.append(self._worked[-1] + (end - start))

    def after(self, at: datetime, hours: float) -> datetime:
        """The moment so many open hours after `at`; the very last one when the story is over by then."""
        position = max(bisect_right(self._starts, at) - 1, 0)
        start, end = self._shifts[position]
        goal = self._worked[position] + max(min(at, end) - start, timedelta(0)) + _HOUR * hours
        place = bisect_left(self._worked, goal) - 1
        if place >= len(self._shifts):
            return self._shifts[-1][1]
        begin = max(place, 0)
        return self._shifts[begin][0] + (goal - self._worked[begin])

    def days_before(self, at: datetime, count: int) -> datetime:
        """The opening of the day so many working days before the last one begun."""
        position = bisect_right(self._starts, at) - 1
        return self._starts[max(position - count, 0)]


def day_weights(first: date, last: date) -> dict[date, float]:
    """How many leads each day brings in, relative to the others."""
    total = (last - first).days
    weights: dict[date, float] = {}
    for offset in range(total + 1):
        day = first + timedelta(days=offset)
        closed = day in rules.holidays_in(day.year, starter.REGION)
        season = _MONTHS[day.month - 1] * (1 + _GROWTH * offset / max(total, 1))
        weights[day] = season * (_ON_A_HOLIDAY if closed else _DAYS[day.weekday()])
    return weights


def hour_of(day: date, rng: Random, zone: ZoneInfo) -> datetime:
    """A moment of the day at which people sit before a screen, aware UTC."""
    hour = rng.choices(range(24), _HOURS)[0]
    return moment(day, hour * 60 + rng.randrange(60), zone) + timedelta(seconds=rng.randrange(60))


def moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """A minute of a local day, aware UTC."""
    return (datetime.combine(day, time.min, zone) + timedelta(minutes=minute)).astimezone(UTC)


def tuesdays(year: int, month: int, nth: int, days: int) -> list[date]:
    """`days` days from the nth Tuesday of a month on."""
    first = date(year, month, 1)
    start = first + timedelta(days=(1 - first.weekday()) % 7 + 7 * (nth - 1))
    return [start + timedelta(days=offset) for offset in range(days)]


def months(first: date, last: date) -> Sequence[tuple[date, date]]:
    """(first day, last day) of each calendar month that has a day in [first, last], cut to it."""
    found = []
    start = first
    while start <= last:
        following = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        found.append((start, min(following - timedelta(days=1), last)))
        start = following
    return found
