"""The cadence of calls, and what follows from the outcome of each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from typing import Final

Shift = tuple[datetime, datetime]

ATTEMPTS: Final = 5
"""Calls that are tried before a lead goes back to nurturing."""
GAPS: Final = (1, 2, 4, 5)
"""Working days from each attempt to the next: five attempts over twelve working days."""
HOURS: Final = (time(9, 30), time(14, 0), time(11, 30), time(16, 30), time(10, 30))
"""The hour of each attempt: who does not answer in the morning may in the afternoon."""
MORNING: Final = HOURS[0]

NOBODY: Final = frozenset({"voicemail", "no_answer", "gatekeeper"})
"""Outcomes of a call that did not reach the person."""
ASKS_WHEN: Final = frozenset({"not_now"})
"""Outcomes after which a day must be said."""
TAKES_WHEN: Final = frozenset({"reached", "call_back", "not_now"})
"""Outcomes after which a day may be said."""
ASKS_REASON: Final = frozenset({"not_interested"})
"""Outcomes that end the journey, for a reason."""


@dataclass(frozen=True, slots=True)
class Next:
    """What follows. kind: of the task that is planned, empty for none. stage: where the lead goes, empty to stay."""

    kind: str = ""
    due_at: datetime | None = None
    attempt: int = 0
    stage: str = ""


def following(
    outcome: str, *, attempt: int, at: datetime, shifts: Iterable[Shift], zone: tzinfo, when: datetime | None = None
) -> Next:
    """What follows from a call.

    attempt: which one it was, from 1. shifts: open hours from `at` on, sorted, aware. when: what was agreed, if
    anything. Raises ValueError for an outcome nobody knows.
    """
    if outcome in NOBODY:
        if attempt >= ATTEMPTS:
            return Next(stage="nurturing")
        return Next("call", attempt_at(attempt + 1, at, shifts, zone), attempt + 1)
    match outcome:
        case "reached":
            return Next("follow_up", when or working_day(2, MORNING, at, shifts, zone))
        case "call_back":
            return Next("call_back", when or working_day(1, MORNING, at, shifts, zone), attempt)
        case "wrong_number":
            return Next("follow_up", working_day(1, MORNING, at, shifts, zone))
        case "not_now":
            return Next("follow_up", when)
        case "not_interested":
            return Next(stage="disqualified")
    raise ValueError(f"no outcome of a call: {outcome}")


def attempt_at(number: int, after: datetime, shifts: Iterable[Shift], zone: tzinfo) -> datetime:
    """When attempt `number` (2 to 5) is due after the one made at `after`: its gap in working days, its own hour."""
    return working_day(GAPS[number - 2], HOURS[number - 1], after, shifts, zone)


def working_day(days: int, hour: time, after: datetime, shifts: Iterable[Shift], zone: tzinfo) -> datetime:
    """The hour on the `days`-th working day after `after`'s day, moved into that day's open hours when it lies
    outside. Raises ValueError when the shifts end before."""
    for count, (day, spans) in enumerate(_days(after, shifts, zone), start=1):
        if count == days:
            wanted = datetime.combine(day, hour, zone)
            for start, end in spans:
                if wanted < end:
                    return max(start, wanted)
            return spans[-1][0]
    raise ValueError(f"there are no {days} working days after {after.date()}")


def _days(after: datetime, shifts: Iterable[Shift], zone: tzinfo) -> Iterator[tuple[date, list[Shift]]]:
    """Working days after that of `after`, each with its open hours."""
    today = after.astimezone(zone).date()
    day, spans = today, list[Shift]()
    for start, end in shifts:
        this = start.astimezone(zone).date()
        if this <= today:
            continue
        if this != day and spans:
            yield day, spans
            spans = []
        day = this
        spans.append((start, end))
    if spans:
        yield day, spans


# The queue -----------------------------------------------------------------------------------------------------------

ORDER: Final = ("answered", "call_back", "clock", "crossed", "planned", "open")
"""Why a lead is to be contacted now, the most urgent first."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the queue looks at of a lead. asked: the act that waits for our answer. task: kind of its next action."""

    stage: str
    stage_since: datetime
    grade: str
    last_act: str
    last_act_at: datetime | None
    promised_by: datetime | None
    asked: str = ""
    asked_at: datetime | None = None
    task: str = ""
    task_due_at: datetime | None = None


def why(lead: Waiting, *, now: datetime, day_ago: datetime) -> str:
    """Why the lead is to be contacted now (see `ORDER`); empty when it waits for a later day."""
    if lead.asked_at is not None and not (lead.stage == "nurturing" and lead.asked_at < lead.stage_since):
        return "answered"  # who was put back to nurturing since is answered by that
    if lead.task == "call_back" and lead.task_due_at is not None and lead.task_due_at <= now:
        return "call_back"
    if lead.promised_by is not None:
        return "clock"
    if lead.task_due_at is not None and lead.task_due_at > now:
        return ""
    if not lead.task and lead.stage == "mql" and lead.stage_since >= day_ago:
        return "crossed"
    return "planned" if lead.task else "open"


def place(lead: Waiting, reason: str) -> tuple[int, float, str, float]:
    """Where it stands in the queue: by reason, then the earlier due, the better grade, the later act."""
    due = {
        "answered": lead.asked_at,
        "clock": lead.promised_by,
        "call_back": lead.task_due_at,
        "planned": lead.task_due_at,
    }.get(reason)
    acted = lead.last_act_at.timestamp() if lead.last_act_at else 0.0
    return ORDER.index(reason), due.timestamp() if due else 0.0, lead.grade or "Z", -acted
