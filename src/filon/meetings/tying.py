"""How a meeting and its lead find each other: a step of the line, and what is planned with the lead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from filon.core.access import SCOPES, Actor
from filon.core.inbox import Arrival
from filon.core.line import Batch, Entry, Item
from filon.kit import identifiers
from filon.kit.errors import Kind, Refused
from filon.kit.identifiers import ValueProblem
from filon.leads import tasks
from filon.leads.events import OwnerChanged
from filon.leads.models import Lead
from filon.meetings.events import MeetingBooked, MeetingFact
from filon.meetings.models import KIND_LABELS, Meeting

ROUTE: Final = "POST /b"
MEETING: Final = "meeting"
"""The field of an entry that names the meeting it was booked with."""
SITE: Final = Actor("site", permissions=SCOPES["leads:write"])
_NORMALISERS: Final = {"email": identifiers.normalise_email}


def arrival(body: Any, by: Actor, at: datetime) -> Arrival:
    """What was kept of a booking, as an arrival of the line; also how it is replayed. Raises Refused naming what cannot
    be. `wants` keeps the clock of the first contact from starting: the meeting is the answer."""
    values = dict(body["lead"])
    for name, normalise in _NORMALISERS.items():
        try:
            values[name] = normalise(values[name])
        except ValueProblem as problem:
            errors: list[dict[str, object]] = [{"field": name, "message": str(problem)}]
            raise Refused(str(problem), Kind.INVALID, errors, "invalid") from problem
    entry = Entry(kind="lead", door="form", at=at, values={**values, "wants": MEETING}, is_live=True)
    if body["meeting"]:
        entry.values[MEETING] = body["meeting"]
    return Arrival(door="form", kind="lead", route=ROUTE, entries=[entry], payload=body, by=by, at=at, shape=_nothing)


def _nothing(items: Sequence[Item]) -> dict[str, Any]:
    del items
    return {}


def tie_meetings(batch: Batch) -> None:
    """Tie the meetings that were booked to their leads, and plan them there. A lead nobody owns is the host's.

    Five statements when there are such. Emits MeetingBooked, OwnerChanged, and what planning tells.
    """
    items = {item.entry.values[MEETING]: item for item in batch.going() if MEETING in item.entry.values}
    if not items:
        return
    rows = batch.rows(Lead)
    for meeting in Meeting.objects.select_for_update().filter(pk__in=items).order_by("pk"):
        lead = items[meeting.pk].lead
        if lead is None or meeting.lead_id is not None:
            continue
        rows.number()
        Meeting.objects.filter(pk=meeting.pk).update(lead_id=lead["id"], person_id=lead["person_id"])
        meeting.lead_id, meeting.person_id = lead["id"], lead["person_id"]
        if lead["owner_id"] is None:
            rows.change(lead, "owner_id", meeting.host_id)
            if not rows.is_new(lead):
                ids = {"lead_id": lead["id"], "person_id": lead["person_id"]}
                batch.tell(OwnerChanged(at=batch.at, from_owner_id=None, to_owner_id=meeting.host_id, **ids))
        tell(batch, meeting, MeetingBooked)
        plan(batch, meeting)


def tell(batch: Batch, meeting: Meeting, event: type[MeetingFact], **more: Any) -> None:
    """Leave a fact of a meeting, once it has its lead."""
    lead = batch.rows(Lead).by_id.get(meeting.lead_id or 0)
    if lead is None:
        return
    batch.tell(
        event(
            at=batch.at,
            meeting_id=meeting.pk,
            meeting=meeting.kind,
            host_id=meeting.host_id,
            starts_at=meeting.starts_at,
            lead_id=lead["id"],
            person_id=lead["person_id"],
            company_id=lead["company_id"],
            **more,
        )
    )


def plan(batch: Batch, meeting: Meeting) -> None:
    """The meeting is what is next with its loaded lead, in place of what was planned. Two statements at the most."""
    lead = batch.rows(Lead).by_id.get(meeting.lead_id or 0)
    if lead is None or not lead["is_open"] or meeting.state != Meeting.State.BOOKED:
        return
    planned = _planned(batch, lead["id"]) if not batch.rows(Lead).is_new(lead) else []
    tasks.close(batch, planned, "dropped", person_id=lead["person_id"])
    tasks.plan(batch, lead, "meeting", meeting.starts_at, text=str(KIND_LABELS[meeting.kind]))


def unplan(batch: Batch, meeting: Meeting, *, at: datetime, follow_up: str = "") -> None:
    """The meeting is not what is next with its loaded lead any more; with a note, following up is, from the next
    morning on."""
    lead = batch.rows(Lead).by_id.get(meeting.lead_id or 0)
    if lead is None:
        return
    mine = [task for task in _planned(batch, lead["id"]) if task["kind"] == "meeting"]
    tasks.close(batch, mine, "dropped" if follow_up else "done", person_id=lead["person_id"])
    if follow_up and mine and lead["is_open"]:
        tasks.plan(batch, lead, "follow_up", at, text=follow_up)


def _planned(batch: Batch, lead_id: int) -> list[dict[str, Any]]:
    found = tasks.open_tasks(batch, [lead_id]).get(lead_id, [])
    return [task for task in found if task["kind"] != tasks.TODO]
