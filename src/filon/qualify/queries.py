"""The worklist: whom one colleague contacts now, and why. Frozen rows, known cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from filon.core import access
from filon.core.access import Actor
from filon.kit import sql
from filon.leads.models import WORKED
from filon.qualify import holds, rules
from filon.qualify.holds import Holder
from filon.qualify.rules import Waiting

_LOOKED_AT: Final = 200
"""Leads of each sort that are looked at: nobody calls more in a day."""
TABS: Final = ("now", "today", "late", "answered", "meetings", "waiting")


@dataclass(frozen=True, slots=True)
class Row:
    """A lead of the queue. reason: why now, see `rules.ORDER`; empty while it waits. attempt: of the next call.
    holder: the other colleague who works on it.
    """

    lead_id: int
    name: str
    job_title: str
    company: str
    employees: int | None
    waiting: Waiting
    reason: str
    attempt: int
    text: str
    holder: Holder | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """All that one colleague has before them, in order; `counts` by tab."""

    rows: Sequence[Row]
    counts: Mapping[str, int]

    def of(self, tab: str, *, now: datetime, evening: datetime) -> list[Row]:
        """The rows of a tab."""
        return [row for row in self.rows if tab in _tabs(row, now=now, evening=evening)]


_COLUMNS: Final = (
    "lead.id, COALESCE(NULLIF(person.full_name, ''), NULLIF(person.email, ''), person.phone), person.job_title, "
    "COALESCE(company.name, ''), company.employees, lead.stage, lead.stage_since, lead.grade, lead.last_act, "
    "lead.last_act_at, CASE WHEN lead.responded_at IS NULL THEN lead.due_at END, lead.asked, lead.asked_at"
)
_FROM: Final = (
    "JOIN leads_person person ON person.id = lead.person_id LEFT JOIN leads_company company ON "
    "company.id = lead.company_id"
)


def queue(*, by: Actor, now: datetime, evening: datetime, team_id: int | None = None) -> Queue:
    """What this colleague has before them at `now`; evening: the end of their day. team_id: what that whole team has.
    Five statements.

    Each sort of lead is read by an index and cut, so that it costs the same with a thousand leads and a million.
    """
    by.require("leads.see")
    scope, more = access.lead_scope(by)
    scoped = f" AND {scope}" if scope else ""
    whose = "= %s" if team_id is None else "IN (SELECT id FROM core_user WHERE team_id = %s)"
    mine = [by.id if team_id is None else team_id, *more]
    planned = sql.fetch(
        f"SELECT {_COLUMNS}, task.kind, task.due_at, task.attempt, task.text FROM leads_task task "
        f"JOIN leads_lead lead ON lead.id = task.lead_id {_FROM} WHERE task.owner_id {whose} "
        f"AND task.closed_at IS NULL AND task.kind <> 'todo' AND lead.is_open{scoped} "
        f"ORDER BY task.due_at LIMIT {_LOOKED_AT}",
        mine,
    )
    owed = sql.fetch(
        f"SELECT {_COLUMNS} FROM leads_lead lead {_FROM} WHERE lead.owner_id {whose} AND lead.due_at IS NOT NULL "
        f"AND lead.responded_at IS NULL AND lead.is_open{scoped} ORDER BY lead.due_at LIMIT {_LOOKED_AT}",
        mine,
    )
    asking = sql.fetch(
        f"SELECT {_COLUMNS} FROM leads_lead lead {_FROM} WHERE lead.owner_id {whose} AND lead.asked_at IS NOT NULL "
        "AND NOT (lead.stage = 'nurturing' AND lead.asked_at < lead.stage_since) "
        f"AND lead.is_open{scoped} ORDER BY lead.asked_at LIMIT {_LOOKED_AT}",
        mine,
    )
    stages = ", ".join(f"'{stage}'" for stage in WORKED)
    newest = sql.fetch(
        f"SELECT {_COLUMNS} FROM leads_lead lead {_FROM} WHERE lead.owner_id {whose} AND lead.is_open "
        f"AND lead.stage IN ({stages}) AND lead.next_at IS NULL{scoped} "
        f"ORDER BY lead.captured_at DESC LIMIT {_LOOKED_AT}",
        mine,
    )
    found: dict[int, Row] = {}
    for cells in (*planned, *asking, *owed, *newest):
        if cells[0] not in found:
            found[cells[0]] = _row(cells, now)
    held = holds.others(by=by, at=now)
    rows = [replace(row, holder=held.get(row.lead_id)) for row in sorted(found.values(), key=_place)]
    counts = {tab: sum(tab in _tabs(row, now=now, evening=evening) for row in rows) for tab in TABS}
    return Queue(rows, counts)


def _row(cells: Sequence[Any], now: datetime) -> Row:
    lead_id, name, job_title, company, employees, stage, since, grade, *more = cells
    last_act, last_act_at, promised_by, asked, asked_at, *task = more
    kind, due_at, attempt, text = task or ("", None, 0, "")
    stage_since = sql.as_utc(since)
    assert stage_since is not None  # noqa: S101 — the column has one always
    waiting = Waiting(
        stage,
        stage_since,
        grade,
        last_act,
        sql.as_utc(last_act_at),
        sql.as_utc(promised_by),
        asked,
        sql.as_utc(asked_at),
        kind,
        sql.as_utc(due_at),
    )
    reason = rules.why(waiting, now=now, day_ago=now - timedelta(days=1))
    return Row(lead_id, name or "", job_title, company, employees, waiting, reason, attempt, text)


def _place(row: Row) -> tuple[Any, ...]:
    if row.reason:
        return (0, *rules.place(row.waiting, row.reason), row.lead_id)
    due = row.waiting.task_due_at
    return 1, due.timestamp() if due else 0.0, row.lead_id


def _tabs(row: Row, *, now: datetime, evening: datetime) -> set[str]:
    """The tabs a row stands in."""
    due = row.waiting.task_due_at
    tabs = {"now" if row.reason else "waiting"}
    if row.reason == "answered":
        tabs.add("answered")
    if row.waiting.task == "meeting":
        tabs.add("meetings")
    elif due is not None and now - timedelta(days=1) < due <= evening:
        tabs.add("today")
    promised_by = row.waiting.promised_by
    if (due is not None and due < now) or (promised_by is not None and promised_by < now):
        tabs.add("late")
    return tabs
