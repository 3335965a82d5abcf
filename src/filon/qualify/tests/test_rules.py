"""The cadence of calls and the order of the queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.leads import fields
from filon.qualify import rules
from filon.qualify.rules import Next, Shift, Waiting

PARIS = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=PARIS)


def weekdays(start: datetime, days: int = 60) -> list[Shift]:
    """Nine to half past twelve and two to six, Monday to Friday."""
    found = []
    for number in range(days):
        day = (start + timedelta(days=number)).date()
        if day.weekday() < 5:
            for begin, end in ((time(9), time(12, 30)), (time(14), time(18))):
                found.append((datetime.combine(day, begin, PARIS), datetime.combine(day, end, PARIS)))
    return [(begin.astimezone(UTC), end.astimezone(UTC)) for begin, end in found if end > start]


def following(outcome: str, attempt: int = 1, at: datetime = MONDAY, when: datetime | None = None) -> Next:
    return rules.following(outcome, attempt=attempt, at=at, shifts=weekdays(at), zone=PARIS, when=when)


def test_five_attempts_over_twelve_working_days_each_at_another_hour() -> None:
    at, attempt, made = MONDAY, 1, [MONDAY]
    while (follows := following("no_answer", attempt, at)).kind:
        assert (follows.kind, follows.attempt) == ("call", attempt + 1)
        assert follows.due_at is not None
        at, attempt = follows.due_at, follows.attempt
        made.append(at)
    assert follows == Next(stage="nurturing")
    assert [moment.astimezone(PARIS).strftime("%d %H:%M") for moment in made] == [
        "02 10:00",
        "03 14:00",
        "05 11:30",
        "11 16:30",
        "18 10:30",
    ]
    hours = [moment.astimezone(PARIS).time() for moment in made[1:]]
    assert len(set(hours)) == len(hours)
    assert len({start.date() for start, _ in weekdays(MONDAY) if start <= made[-1]} - {MONDAY.date()}) == 12


@pytest.mark.parametrize(
    ("outcome", "when", "kind", "due"),
    [
        ("reached", None, "follow_up", "04 09:30"),
        ("call_back", None, "call_back", "03 09:30"),
        ("wrong_number", None, "follow_up", "03 09:30"),
        ("call_back", MONDAY + timedelta(hours=2), "call_back", "02 12:00"),
        ("not_now", MONDAY + timedelta(days=28), "follow_up", "30 11:00"),
    ],
)
def test_what_follows_from_a_conversation(outcome: str, when: datetime | None, kind: str, due: str) -> None:
    if outcome == "not_now":
        when = datetime(2026, 3, 30, 11, 0, tzinfo=PARIS)
    follows = following(outcome, when=when)
    assert follows.due_at is not None
    assert (follows.kind, follows.due_at.astimezone(PARIS).strftime("%d %H:%M")) == (kind, due)


def test_every_outcome_has_its_consequence() -> None:
    for outcome in fields.OUTCOMES:
        follows = following(outcome)
        assert follows.kind or follows.stage
    with pytest.raises(ValueError, match="no outcome"):
        following("sneezed")


@given(
    st.integers(0, 364 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=PARIS) + timedelta(minutes=minutes)),
    st.integers(1, 20),
    st.sampled_from(rules.HOURS),
)
def test_a_planned_moment_lies_ahead_in_open_hours(at: datetime, days: int, hour: time) -> None:
    shifts = weekdays(at)
    due = rules.working_day(days, hour, at, shifts, PARIS)
    assert due > at
    assert any(start <= due < end for start, end in shifts)
    between = {start.astimezone(PARIS).date() for start, _ in shifts if start.astimezone(PARIS).date() > at.date()}
    assert len([day for day in between if day <= due.astimezone(PARIS).date()]) == days


def test_without_working_days_nothing_is_promised() -> None:
    with pytest.raises(ValueError, match="no 1 working days"):
        rules.working_day(1, rules.MORNING, MONDAY, [], PARIS)


OPEN = Waiting("qualifying", MONDAY - timedelta(days=9), "B2", "page_viewed", MONDAY - timedelta(days=1), None)
NOW, DAY_AGO = MONDAY, MONDAY - timedelta(days=1)


def why(lead: Waiting) -> str:
    return rules.why(lead, now=NOW, day_ago=DAY_AGO)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, "open"),
        ({"asked_at": NOW}, "answered"),
        ({"asked_at": NOW, "task": "call", "task_due_at": NOW + timedelta(days=3)}, "answered"),
        ({"asked_at": NOW, "stage": "nurturing", "stage_since": NOW}, "answered"),
        ({"asked_at": NOW, "stage": "nurturing", "stage_since": NOW + timedelta(seconds=1)}, "open"),
        ({"task": "call_back", "task_due_at": NOW}, "call_back"),
        ({"task": "call_back", "task_due_at": NOW + timedelta(minutes=1)}, ""),
        ({"promised_by": NOW + timedelta(hours=1)}, "clock"),
        ({"stage": "mql", "stage_since": DAY_AGO}, "crossed"),
        ({"stage": "mql", "stage_since": DAY_AGO - timedelta(seconds=1)}, "open"),
        ({"task": "call", "task_due_at": NOW - timedelta(hours=1)}, "planned"),
        ({"task": "follow_up", "task_due_at": NOW + timedelta(hours=1)}, ""),
    ],
)
def test_why_a_lead_is_to_be_contacted_now(change: dict[str, object], reason: str) -> None:
    assert why(replace(OPEN, **change)) == reason  # type: ignore[arg-type]


def test_the_order_of_the_queue() -> None:
    later = replace(OPEN, promised_by=NOW + timedelta(hours=2))
    sooner = replace(OPEN, promised_by=NOW - timedelta(hours=2))
    better = replace(OPEN, grade="A1")
    leads = [OPEN, better, later, sooner, replace(OPEN, asked_at=NOW), replace(OPEN, grade="")]
    ranked = sorted(leads, key=lambda lead: rules.place(lead, why(lead)))
    assert ranked == [leads[4], sooner, later, better, OPEN, leads[5]]
