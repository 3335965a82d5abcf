"""When a promise falls due: working hours, holidays, and what became of a promise. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from holidays import country_holidays

Shift: TypeAlias = tuple[datetime, datetime]
"""Open time [start, end), aware UTC."""

Hours: TypeAlias = tuple[tuple[int, int], ...]
"""A day's opening hours as sorted, disjoint [from, to) pairs of minutes since midnight; empty when closed."""

DAY: Final = 24 * 60
HOLIDAYS: Final[Mapping[str, str | None]] = {"FR": None, "FR-57": "57"}
"""Holiday region → subdivision of France: the metropolis, and Alsace-Moselle. A calendar with none has `""`."""

_LANGUAGES: Final = {"fr": "fr", "en": "en_US"}
_HORIZON_YEARS: Final = 3  # a calendar that is closed this long is a mistake, not a promise


@dataclass(frozen=True, slots=True)
class Timetable:
    """When a team works: seven days from Monday on, its holidays, and the zone its clock shows.

    Raises ValueError for hours that overlap, are out of order or leave the day, and for an unknown region.
    """

    week: tuple[Hours, ...]
    region: str = "FR"
    zone: str = "Europe/Paris"

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise ValueError("a week has seven days")
        if self.region and self.region not in HOLIDAYS:
            raise ValueError(f"{self.region!r} is no known holiday region")
        for hours in self.week:
            edges = [minute for pair in hours for minute in pair]
            if any(later <= earlier for earlier, later in pairwise(edges)):
                raise ValueError("hours must be in order and may not overlap")
            if edges and (edges[0] < 0 or edges[-1] > DAY):
                raise ValueError("hours must lie within the day")


@dataclass(frozen=True, slots=True)
class _Year:
    shifts: tuple[Shift, ...]
    starts: tuple[datetime, ...]
    worked: tuple[timedelta, ...] = field(repr=False)  # open time before each shift, and in the end of the year


@lru_cache(maxsize=256)
def holidays_in(year: int, region: str, language: str = "fr") -> Mapping[date, str]:
    """The public holidays of a year with their names; none for the region `""`."""
    if not region:
        return {}
    found = country_holidays("FR", years=year, subdiv=HOLIDAYS[region], language=_LANGUAGES.get(language, "fr"))
    return dict(sorted(found.items()))


@lru_cache(maxsize=256)
def _year(timetable: Timetable, year: int) -> _Year:
    """All shifts of a local calendar year; computed once, since every clock asks for them."""
    shifts = tuple(_shifts_of(timetable, year))
    worked = [timedelta(0)]
    for start, end in shifts:
        worked.append(worked[-1] + (end - start))
    return _Year(shifts, tuple(start for start, _ in shifts), tuple(worked))


def _shifts_of(timetable: Timetable, year: int) -> Iterator[Shift]:
    zone = ZoneInfo(timetable.zone)
    closed = holidays_in(year, timetable.region)
    day = date(year, 1, 1)
    while day.year == year:
        if day not in closed:
            for opens, closes in timetable.week[day.weekday()]:
                start, end = _instant(day, opens, zone), _instant(day, closes, zone)
                if start < end:
                    yield start, end
        day += timedelta(days=1)


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The first instant at which the clock on the wall shows this minute of the day, or has jumped past it."""
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
    instant = wall.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return instant
    # The hour is skipped that night: open and close at the jump itself.
    before = wall.replace(fold=1).astimezone(UTC)
    jumped = instant.astimezone(zone).utcoffset()
    minutes = range(int((instant - before) / timedelta(minutes=1)) + 1)
    return before + timedelta(minutes=bisect_left(minutes, 1, key=lambda m: _offset_is(before, m, zone, jumped)))


def _offset_is(before: datetime, minutes: int, zone: ZoneInfo, offset: timedelta | None) -> int:
    return int((before + timedelta(minutes=minutes)).astimezone(zone).utcoffset() == offset)


def shifts_from(timetable: Timetable, moment: datetime) -> Iterator[Shift]:
    """The shifts that end after `moment` (aware UTC), in order, for some years on."""
    first = moment.astimezone(ZoneInfo(timetable.zone)).year
    for year in range(first, first + _HORIZON_YEARS + 1):
        of_year = _year(timetable, year)
        start = max(bisect_right(of_year.starts, moment) - 1, 0)
        yield from (shift for shift in of_year.shifts[start:] if shift[1] > moment)


def due_at(assigned_at: datetime, promise: timedelta, shifts: Iterable[Shift]) -> datetime:
    """When the first answer is due, counting open time only.

    assigned_at: aware UTC. promise: open time allowed, more than none. shifts: sorted, disjoint [start, end) pairs.
    Raises ValueError for a promise of no time, and when the shifts end before the promise is used up.
    """
    if promise <= timedelta(0):
        raise ValueError("a promise needs some time")
    left = promise
    for start, end in shifts:
        begin = max(start, assigned_at)
        if left <= end - begin:
            return begin + left
        left -= max(end - begin, timedelta(0))
    raise ValueError(f"{left} of the promise falls after the last shift")


def working_time_between(start: datetime, end: datetime, timetable: Timetable) -> timedelta:
    """Open time in [start, end), both aware; none when `end` is not after `start`. Quick over any number of years."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)  # two times of one zone would subtract as wall clocks do
    if end <= start:
        return timedelta(0)
    zone = ZoneInfo(timetable.zone)
    first, last = start.astimezone(zone).year, end.astimezone(zone).year
    whole = sum((_year(timetable, year).worked[-1] for year in range(first, last)), timedelta(0))
    return whole + _worked(_year(timetable, last), end) - _worked(_year(timetable, first), start)


def _worked(year: _Year, moment: datetime) -> timedelta:
    """Open time of the year before `moment`."""
    position = bisect_right(year.starts, moment) - 1
    if position < 0:
        return timedelta(0)
    start, end = year.shifts[position]
    return year.worked[position] + min(moment, end) - start


def next_holidays(region: str, after: date, count: int, language: str = "fr") -> list[tuple[date, str]]:
    """The next holidays on or after a day, with their names."""
    if not region:
        return []
    years = range(after.year, after.year + 2 + count // 10)
    coming = [(day, name) for year in years for day, name in holidays_in(year, region, language).items()]
    return [(day, name) for day, name in coming if day >= after][:count]


def parse_hours(text: str) -> Hours:
    """`09:00-12:30, 14:00-18:00` as hours; an empty text is a closed day. Raises ValueError."""
    return tuple(_pair(part) for part in text.replace(";", ",").split(",") if part.strip())


def _pair(text: str) -> tuple[int, int]:
    opens, dash, closes = text.replace("–", "-").partition("-")
    if not dash:
        raise ValueError(f"{text.strip()!r} is not like 09:00-18:00")
    return _minute(opens), _minute(closes)


def _minute(text: str) -> int:
    hour, _, minute = text.strip().lower().replace("h", ":").partition(":")
    if not hour.isdecimal() or not (minute or "0").isdecimal():
        raise ValueError(f"{text.strip()!r} is not a time such as 09:00")
    value = int(hour) * 60 + int(minute or 0)
    if int(minute or 0) > 59 or value > DAY:
        raise ValueError(f"{text.strip()!r} is not a time of the day")
    return value


def show_hours(hours: Sequence[Sequence[int]]) -> str:
    """Hours as `parse_hours` reads them."""
    return ", ".join(f"{opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}" for opens, closes in hours)
