"""Page views on their way down the event line, and the tie of a form's browser on the lead line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection

from filon.capture.tracking.commands import PURPOSE
from filon.capture.tracking.events import VisitorTied
from filon.core import idempotency, waiting
from filon.core.access import SCOPES, Actor
from filon.core.inbox import Arrival
from filon.core.line import Batch, Entry, Item
from filon.kit import sql
from filon.leads import consents
from filon.leads.events import PageViewed
from filon.leads.models import Person

ROUTE: Final = "POST /t"
VISITOR: Final = "visitor"
"""The field of an entry that names a browser, by the hash of its token."""
_SITE: Final = Actor("site", permissions=SCOPES["events:write"])


def store(visitor: str, path: str, source: str, *, at: datetime) -> None:
    """Keep a view durably; the same page again within ten seconds is one view. One statement."""
    body = {"visitor": visitor, "path": path, "source": source, "at": at.isoformat()}
    once = f"view:{idempotency.digest([visitor, path, int(at.timestamp()) // 10])}"
    waiting.store(door="site", kind="event", route=ROUTE, body=body, by=_SITE, at=at, once=once)


def arrival(body: Any, by: Actor, at: datetime) -> Arrival:
    """What was kept of a view, as an arrival of the line; also how it is replayed."""
    values = {
        "kind": PageViewed.kind,
        VISITOR: body["visitor"],
        "path": body["path"],
        "source": body["source"],
        "at": datetime.fromisoformat(body["at"]),
    }
    entry = Entry(kind="event", door="site", at=at, values={name: value for name, value in values.items() if value})
    return Arrival(door="site", kind="event", route=ROUTE, entries=[entry], payload=body, by=by, at=at, shape=_nothing)


def _nothing(items: Sequence[Item]) -> dict[str, Any]:
    del items
    return {}


def know_visitors(batch: Batch) -> None:
    """Set the person of each view by the browser that tells it; what nobody is tied to, or whose person does not agree
    any more, leaves no trace. Three statements when there are views."""
    items = [item for item in batch.going() if VISITOR in item.entry.values]
    if not items:
        return
    where, params = sql.any_of("visitor.digest", sorted({item.entry.values[VISITOR] for item in items}))
    found = dict(
        sql.fetch(
            "SELECT visitor.digest, visitor.person_id FROM capture_visitor visitor JOIN leads_consent consent "
            "ON consent.person_id = visitor.person_id AND consent.purpose = %s AND consent.state = 'given' "
            f"WHERE {where}",
            [PURPOSE, *params],
        )
    )
    people = batch.rows(Person)
    people.load_ids(found.values(), lock=True)
    for item in items:
        person = people.by_id.get(found.get(item.entry.values[VISITOR], 0))
        if person is None:
            item.outcome = "unchanged"
        else:
            item.person, item.is_matched = person, True
    _seen(sorted(found), batch.at)


def _seen(digests: Sequence[str], at: datetime) -> None:
    if digests:
        where, params = sql.any_of("digest", digests)
        moment = connection.ops.adapt_datetimefield_value(at)
        sql.execute(f"UPDATE capture_visitor SET seen_at = %s WHERE {where}", [moment, *params])


def tie_visitors(batch: Batch) -> None:
    """Tie the browsers that sent forms to their people, where the box was ticked. One statement a browser that is tied;
    none when no entry names one. Emits VisitorTied."""
    for item in batch.going():
        values = item.entry.values
        if VISITOR not in values or item.person is None or not values.get(consents.field_of(PURPOSE)):
            continue
        tied = sql.execute(
            "UPDATE capture_visitor SET person_id = %s WHERE digest = %s AND person_id IS NULL",
            [item.person["id"], values[VISITOR]],
        )
        if tied:
            lead_id = item.lead["id"] if item.lead is not None else None
            batch.tell(VisitorTied(at=batch.at, person_id=item.person["id"], lead_id=lead_id, way="form"))
