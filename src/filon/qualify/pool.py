"""The common pool: leads to be contacted that nobody has. Who has done their own takes some, never what others take."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import transaction

from filon.core import access
from filon.core.access import Actor
from filon.core.line import Batch
from filon.kit import sql
from filon.leads.events import OwnerChanged
from filon.leads.models import Lead

TAKEN: Final = 10
"""How many leads are taken at once."""

_FREE: Final = "lead.owner_id IS NULL AND lead.is_open"
_OWED: Final = (
    f"SELECT lead.id FROM leads_lead lead WHERE {_FREE} AND lead.due_at IS NOT NULL AND lead.responded_at IS NULL"
    "{scope} ORDER BY lead.due_at LIMIT %s"
)
_ASKING: Final = (
    f"SELECT lead.id FROM leads_lead lead WHERE {_FREE} AND lead.asked_at IS NOT NULL{{scope}} "
    "ORDER BY lead.asked_at LIMIT %s"
)
_PLANNED: Final = (
    f"SELECT lead.id FROM leads_task task JOIN leads_lead lead ON lead.id = task.lead_id WHERE {_FREE} "
    "AND task.owner_id IS NULL AND task.closed_at IS NULL AND task.kind <> 'todo' AND task.due_at <= %s{scope} "
    "ORDER BY task.due_at LIMIT %s"
)
_STAGE: Final = (
    f"SELECT lead.id FROM leads_lead lead WHERE {_FREE} AND lead.stage = %s{{scope}} "
    "ORDER BY lead.captured_at DESC LIMIT %s"
)


@transaction.atomic
def take_some(*, by: Actor, at: datetime, count: int = TAKEN) -> int:
    """Give the actor up to `count` leads that nobody has, the most urgent first; how many.

    Who waits for an answer, first answers owed, then what is planned for now, then MQLs and leads in qualification,
    the newest first. Two colleagues at once take different ones. Needs `leads.act`, as a colleague. Emits
    OwnerChanged.
    """
    by.require("leads.act")
    if by.kind != "user":
        return 0
    batch = Batch([], by=by, at=at)
    rows = batch.rows(Lead)
    rows.load_ids(_free(by, at, count))
    for lead in rows.by_id.values():
        rows.change(lead, "owner_id", by.id)
        rows.change(lead, "updated_at", at)
        batch.tell(
            OwnerChanged(at=at, lead_id=lead["id"], person_id=lead["person_id"], from_owner_id=None, to_owner_id=by.id)
        )
    batch.write()
    return len(rows.by_id)


def _free(by: Actor, at: datetime, count: int) -> list[int]:
    """The leads to take, locked; those that another is just taking are left to them."""
    scope, more = access.lead_scope(by)
    scoped = f" AND {scope}" if scope else ""
    lock = " FOR UPDATE OF lead SKIP LOCKED" if sql.is_postgresql() else ""
    asked: list[tuple[str, list[Any]]] = [
        (_ASKING, [*more, count]),
        (_OWED, [*more, count]),
        (_PLANNED, [at, *more, count]),
        *((_STAGE, [stage, *more, count]) for stage in ("mql", "qualifying")),
    ]
    found: dict[int, None] = {}
    for statement, params in asked:
        if len(found) < count:
            found |= dict.fromkeys(row[0] for row in sql.fetch(statement.format(scope=scoped) + lock, params))
    return list(found)[:count]
