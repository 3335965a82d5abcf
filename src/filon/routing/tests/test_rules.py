"""Working hours and due times, over clock changes, holidays and weekends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from filon.routing import rules
from filon.routing.rules import Timetable, due_at, parse_hours, shifts_from, working_time_between

PARIS = ZoneInfo("Europe/Paris")
NINE_TO_SIX = ((9 * 60, 18 * 60),)
OFFICE = Timetable((NINE_TO_SIX,) * 5 + ((), ()))
ALSACE = Timetable((NINE_TO_SIX,) * 5 + ((), ()), "FR-57")
ALWAYS = Timetable((((0, rules.DAY),),) * 7, "")


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def due(assigned: str, minutes: int, timetable: Timetable = OFFICE) -> datetime:
    start = paris(assigned).astimezone(UTC)
    return due_at(start, timedelta(minutes=minutes), shifts_from(timetable, start))


@pytest.mark.parametrize(
    ("assigned", "minutes", "expected"),
    [
        ("2026-11-23 10:00", 60, "2026-11-23 11:00"),  # a Monday
        ("2026-11-23 17:30", 60, "2026-11-24 09:30"),  # half tonight, half tomorrow
        ("2026-11-23 17:00", 60, "2026-11-23 18:00"),  # used up exactly at closing
        ("2026-11-23 03:00", 60, "2026-11-23 10:00"),  # before opening
        ("2026-11-27 17:30", 60, "2026-11-30 09:30"),  # over the weekend
        ("2026-11-10 17:30", 60, "2026-11-12 09:30"),  # Armistice Day
        ("2026-12-24 17:30", 60, "2026-12-28 09:30"),  # Christmas on a Friday
        ("2026-03-27 17:30", 60, "2026-03-30 09:30"),  # summer time begins on the Sunday
        ("2026-10-23 17:30", 60, "2026-10-26 09:30"),  # and ends
        ("2026-12-31 17:30", 60, "2027-01-04 09:30"),  # New Year
        ("2026-11-23 09:00", 5 * 540, "2026-11-27 18:00"),  # a whole week
    ],
)
def test_a_promise_counts_open_time_only(assigned, minutes, expected):
    assert due(assigned, minutes) == paris(expected)


def test_alsace_moselle_rests_on_good_friday_and_saint_stephens_day():
    assert due("2026-04-02 17:30", 60, OFFICE) == paris("2026-04-03 09:30")
    assert due("2026-04-02 17:30", 60, ALSACE) == paris("2026-04-07 09:30")
    assert {day for day, _ in rules.next_holidays("FR-57", date(2026, 1, 1), 13)} - set(
        rules.holidays_in(2026, "FR")
    ) == {date(2026, 4, 3), date(2026, 12, 26)}


def test_a_day_of_a_clock_change_has_23_or_25_hours():
    assert working_time_between(paris("2026-03-29 00:00"), paris("2026-03-30 00:00"), ALWAYS) == timedelta(hours=23)
    assert working_time_between(paris("2026-10-25 00:00"), paris("2026-10-26 00:00"), ALWAYS) == timedelta(hours=25)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (((120, 180),), timedelta(0)),  # the skipped hour itself
        (((150, 240),), timedelta(hours=1)),  # opens inside it: at 03:00
        (((60, 150),), timedelta(hours=1)),  # closes inside it: at 02:00, which is 03:00
        (((60, 150), (160, 240)), timedelta(hours=2)),  # both inside it
    ],
)
def test_hours_that_the_clock_skips_are_not_worked(hours, expected):
    night = Timetable(((),) * 6 + (hours,), "")
    assert working_time_between(paris("2026-03-29 00:00"), paris("2026-03-30 00:00"), night) == expected


def test_an_hour_that_comes_twice_is_counted_from_its_first_coming():
    night = Timetable(((),) * 6 + (((60, 150), (151, 240)),), "")
    start = paris("2026-10-25 00:00").astimezone(UTC)
    shifts = [shift for shift in shifts_from(night, start) if shift[0] < start + timedelta(days=1)]
    assert shifts[1][0] - shifts[0][1] == timedelta(minutes=1)
    assert sum((end - begin for begin, end in shifts), timedelta(0)) == timedelta(hours=3, minutes=59)


MINUTES = st.integers(min_value=0, max_value=rules.DAY)
DAYS = st.lists(MINUTES, unique=True, max_size=6).map(
    lambda edges: tuple(zip(*[iter(sorted(edges)[: len(edges) // 2 * 2])] * 2, strict=True))
)
ZONES = st.sampled_from(["Europe/Paris", "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"])
TIMETABLES = st.builds(Timetable, st.tuples(*[DAYS] * 7).filter(any), st.sampled_from(["", "FR", "FR-57"]), ZONES)
FIRST = datetime(2025, 12, 20, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=386)).map(lambda passed: FIRST + passed)
PROMISES = st.integers(min_value=1, max_value=60 * 40).map(lambda minutes: timedelta(minutes=minutes))


@settings(deadline=None)
@given(MOMENTS, PROMISES, TIMETABLES)
def test_the_open_time_until_due_is_the_promise(assigned, promise, timetable):
    due = due_at(assigned, promise, _endless(timetable, assigned, promise))
    assert working_time_between(assigned, due, timetable) == promise
    assert working_time_between(assigned, due - timedelta(microseconds=1), timetable) < promise


@settings(deadline=None)
@given(MOMENTS, MOMENTS, PROMISES)
def test_who_is_assigned_later_is_never_due_earlier(one, other, promise):
    first, second = sorted((one, other))
    assert due_at(first, promise, shifts_from(OFFICE, first)) <= due_at(second, promise, shifts_from(OFFICE, second))


@settings(deadline=None)
@given(MOMENTS, MOMENTS, MOMENTS, TIMETABLES)
def test_open_time_adds_up_over_a_cut(one, two, three, timetable):
    first, second, third = sorted((one, two, three))
    whole = working_time_between(first, third, timetable)
    parts = working_time_between(first, second, timetable), working_time_between(second, third, timetable)
    assert whole == sum(parts, timedelta(0))
    assert timedelta(0) <= whole <= third - first


@settings(deadline=None)
@given(TIMETABLES, st.sampled_from([2025, 2026]))
@example(Timetable(((),) * 6 + (((150, 160),),), "", "Europe/Paris"), 2026)
def test_shifts_are_in_order_and_disjoint(timetable, year):
    shifts = rules._year(timetable, year).shifts
    assert all(start < end for start, end in shifts)
    assert all(before[1] <= after[0] for before, after in pairwise(shifts))


@settings(deadline=None)
@given(st.integers(0, 386 * rules.DAY).map(lambda minutes: FIRST + timedelta(minutes=minutes)))
@example(datetime(2026, 3, 30, 6, 59, tzinfo=UTC))
@example(datetime(2026, 10, 26, 8, 0, tzinfo=UTC))
def test_an_instant_is_open_exactly_when_the_wall_clock_says_so(start):
    wall = start.astimezone(PARIS)
    is_open = wall.weekday() < 5 and 9 <= wall.hour < 18 and wall.date() not in rules.holidays_in(wall.year, "FR")
    assert working_time_between(start, start + timedelta(minutes=1), OFFICE) == timedelta(minutes=is_open)


def _endless(timetable, moment, promise):
    """A week may hold one open minute only: look further than the product does."""
    year = moment.year - 1
    while year < moment.year + 60:
        yield from (shift for shift in rules._year(timetable, year).shifts if shift[1] > moment)
        year += 1


def test_a_calendar_that_never_opens_is_refused_instead_of_waited_for():
    start = paris("2026-11-23 10:00")
    with pytest.raises(ValueError, match="after the last shift"):
        due_at(start, timedelta(hours=1), shifts_from(Timetable(((),) * 7), start))


@pytest.mark.parametrize("week", [((600, 540),), ((540, 720), (700, 800)), ((-5, 60),), ((600, 1500),), ((540, 540),)])
def test_impossible_hours_are_refused(week):
    with pytest.raises(ValueError, match="hours"):
        Timetable((week,) + ((),) * 6)


def test_hours_are_read_as_people_write_them():
    assert parse_hours("9h-12h30, 14:00–18:00") == ((540, 750), (840, 1080))
    assert parse_hours(" ") == ()
    assert parse_hours(rules.show_hours(((540, 750), (840, 1440)))) == ((540, 750), (840, 1440))
    for wrong in ("9", "9-x", "25:00-26:00", "9:75-10"):
        with pytest.raises(ValueError, match="is not"):
            parse_hours(wrong)


@settings(deadline=None)
@given(st.lists(DAYS, min_size=1, max_size=1))
def test_hours_shown_are_read_back_the_same(days):
    assert parse_hours(rules.show_hours(days[0])) == days[0]
