"""Routing's calendars as other slices read them: every team's shifts over a stretch of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta

from django.utils import timezone

from filon.routing import desk, rules
from filon.routing.models import Absence
from filon.routing.rules import Shift, Timetable


def shifts(start: datetime, end: datetime) -> Mapping[int | None, Iterator[Shift]]:
    """The shifts in [start, end), aware, by team; those of everybody else under None. One statement."""
    found = desk.timetables()
    return {
        None: _between(found.default, start, end),
        **{team_id: _between(timetable, start, end) for team_id, timetable in found.of_team.items()},
    }


def shifts_of(start: datetime, end: datetime, team_id: int | None) -> Iterator[Shift]:
    """The shifts of one team in [start, end), aware. One statement."""
    return _between(desk.timetables().of(team_id), start, end)


def absences(user_id: int, start: datetime, end: datetime) -> list[Shift]:
    """When a colleague is away between two moments, aware: whole days of the workspace. One statement."""
    zone = timezone.get_default_timezone()
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    found = Absence.objects.filter(user_id=user_id, starts_on__lte=last, ends_on__gte=first)
    return [
        (datetime.combine(begins, time.min, zone), datetime.combine(ends + timedelta(days=1), time.min, zone))
        for begins, ends in found.values_list("starts_on", "ends_on")
    ]


def open_time(start: datetime, end: datetime, team_id: int | None) -> timedelta:
    """The open time between two moments, aware, in a team's hours; negative when `end` comes first. One statement."""
    timetable = desk.timetables().of(team_id)
    return rules.working_time_between(start, end, timetable) - rules.working_time_between(end, start, timetable)


def _between(timetable: Timetable, start: datetime, end: datetime) -> Iterator[Shift]:
    moment = start
    while moment < end:
        last = moment
        for shift in rules.shifts_from(timetable, moment):
            if shift[0] >= end:
                return
            yield shift
            last = shift[1]
        if last == moment:
            return  # nobody works for years: there is nothing more to tell
        moment = last
