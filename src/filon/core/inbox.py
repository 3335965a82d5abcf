"""Arrivals: what a synchronous door received, down the line and answered in one commit.

The inbox row, the line's writes, the facts and the kept answer commit together; an arrival that breaks the line alone
is committed as quarantined, with its reason, and can be replayed.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import F

from filon.core import access, idempotency, line
from filon.core.access import SCOPES, SYSTEM, Actor
from filon.core.line import Batch, Entry, Item
from filon.core.models import ApiKey, InboxEntry, User
from filon.kit import json_in, sql
from filon.kit.errors import Kind, Refused, not_found

log = logging.getLogger("filon.inbox")


@dataclass(slots=True)
class Answer:
    """What the door says: `body` for a 2xx, or the refusal it turns into a problem."""

    body: Any = None
    refusal: Refused | None = None
    is_replay: bool = False


@dataclass(slots=True, kw_only=True)
class Arrival:
    """One call of a door: its entries (all of one kind), as received (`payload`) and understood.

    key: the caller's idempotency key, or empty. shape: makes the answer's body from the items at the line's end.
    """

    door: str
    kind: str
    route: str
    entries: Sequence[Entry]
    payload: Any
    by: Actor
    at: datetime
    shape: Callable[[Sequence[Item]], Any]
    key: str = ""
    is_live: bool = True
    answer: Answer = field(default_factory=Answer)
    tried_id: int | None = None  # the quarantined entry that this is another try of

    def scoped_key(self) -> str | None:
        """The key as the database knows it: per credential and route."""
        return idempotency.scoped_key(self.key, route=self.route, by=self.by) if self.key else None

    def payload_hash(self) -> str:
        """Hash of what was sent, where a retry may be compared with it."""
        return idempotency.digest(self.payload) if self.key else ""


def take(arrivals: Sequence[Arrival]) -> None:
    """Take arrivals down the line, those of one author and kind in one transaction; sets each `answer`.

    Never raises: what happens to one arrival is told to its caller alone.
    """
    groups: dict[tuple[Actor, str, bool], list[Arrival]] = {}
    for arrival in arrivals:
        groups.setdefault((arrival.by, arrival.kind, arrival.is_live), []).append(arrival)
    for group in groups.values():
        _take_group(_without_twins(group))


def _without_twins(group: list[Arrival]) -> list[Arrival]:
    """Of two arrivals under one key in one bunch, the second is told that the first is still in flight."""
    seen: set[str] = set()
    first: list[Arrival] = []
    for arrival in group:
        key = arrival.scoped_key()
        if key is not None and key in seen:
            arrival.answer = Answer(refusal=idempotency.in_flight())
            continue
        if key is not None:
            seen.add(key)
        first.append(arrival)
    return first


def _take_group(group: list[Arrival]) -> None:
    if not group:
        return
    try:
        _run(group)
    except Exception as error:  # one bad entry must not sink the bunch
        if sql.is_unavailable(error):
            _say_away(group)
            return
        if len(group) > 1:
            for arrival in group:
                _take_group([arrival])
            return
        log.exception("An arrival broke the line and is quarantined")
        _quarantine(group[0], error)


def _say_away(group: Sequence[Arrival]) -> None:
    log.exception("The database did not answer; %d arrivals were not stored", len(group))
    connection.close()
    for arrival in group:
        message = "The database does not answer at the moment. Nothing was stored: try again."
        arrival.answer = Answer(refusal=Refused(message, Kind.BUSY, code="database_unavailable"))


def _run(group: list[Arrival]) -> None:
    first = group[0]
    entries = [entry for arrival in group for entry in arrival.entries]

    def make() -> Batch:
        return Batch(entries, by=first.by, at=first.at, is_live=first.is_live)

    line.run_with_retries(
        make,
        before=lambda batch: _recall(batch, group),
        after=lambda batch: _keep(batch, group),
    )


def _parts(batch: Batch, group: Sequence[Arrival]) -> list[tuple[Arrival, list[Item]]]:
    """Each arrival with its items."""
    parts = []
    start = 0
    for arrival in group:
        end = start + len(arrival.entries)
        parts.append((arrival, batch.items[start:end]))
        start = end
    return parts


def _recall(batch: Batch, group: Sequence[Arrival]) -> None:
    """Give retries their first answer and take them off the line. One statement when keys were sent.

    A retry of an entry in quarantine goes down the line as that entry. A key whose time is over is free again: one
    statement more, once.
    """
    keys = {key: arrival for arrival in group if (key := arrival.scoped_key())}
    for arrival in group:
        arrival.answer, arrival.tried_id = Answer(), None
    if not keys:
        return
    where, params = sql.any_of("idempotency_key", list(keys))
    lock = " FOR UPDATE" if sql.is_postgresql() else ""  # or a replay could do an entry that we do too
    known = sql.fetch(
        "SELECT id, idempotency_key, status, payload_hash, answer, received_at, received_at > %s "
        f"FROM core_inboxentry WHERE {where} ORDER BY id{lock}",
        [first_kept(batch.at), *params],
    )
    parts = {id(arrival): items for arrival, items in _parts(batch, group)}
    over: list[int] = []
    for row_id, key, status, payload_hash, answer, received_at, is_kept in known:
        if not is_kept:
            over.append(row_id)
            continue
        arrival = keys[key]
        if status == InboxEntry.Status.QUARANTINED and payload_hash == arrival.payload_hash():
            arrival.tried_id = row_id
            for entry in arrival.entries:
                entry.at = sql.as_utc(received_at) or entry.at
            continue
        arrival.answer = _replayed(arrival, payload_hash, sql.as_json(answer))
        for item in parts[id(arrival)]:
            item.outcome = "unchanged"
    if over:
        where, params = sql.any_of("id", over)
        sql.execute(f"UPDATE core_inboxentry SET idempotency_key = NULL WHERE {where}", params)


def first_kept(at: datetime) -> Any:
    """The oldest time whose answers are still replayed, as the database compares it."""
    oldest = at - idempotency.KEPT
    return oldest if sql.is_postgresql() else oldest.isoformat(" ")[:-6]


def _replayed(arrival: Arrival, payload_hash: str, answer: Any) -> Answer:
    if payload_hash != arrival.payload_hash():
        return Answer(refusal=idempotency.reused())
    if answer is None:
        return Answer(refusal=idempotency.in_flight())
    try:
        return Answer(body=idempotency.first_answer(answer), is_replay=True)
    except Refused as refusal:
        return Answer(refusal=refusal, is_replay=True)


_INBOX: Final = (
    "door",
    "kind",
    "received_at",
    "actor_kind",
    "actor_id",
    "status",
    "payload",
    "idempotency_key",
    "payload_hash",
    "answer",
    "reason",
    "attempts",
    "done_at",
)


def _keep(batch: Batch, group: Sequence[Arrival]) -> None:
    """Answer each arrival and keep what was received, with the answer where a retry may ask for it."""
    rows = []
    for arrival, items in _parts(batch, group):
        if arrival.answer.is_replay or arrival.answer.refusal is not None:
            continue
        arrival.answer = _answer(arrival, items)
        if arrival.tried_id is not None:
            _settle(InboxEntry.objects.get(pk=arrival.tried_id), arrival.answer, at=batch.at)
            continue
        received = {"body": arrival.payload}
        rows.append(_inbox_row(arrival, "done", received, reason=_reason(arrival.answer)))
    sql.insert_rows(InboxEntry, _INBOX, rows)


def _answer(arrival: Arrival, items: Sequence[Item]) -> Answer:
    if len(items) == 1 and items[0].refusal is not None and arrival.kind != "event":
        return Answer(refusal=items[0].refusal)
    return Answer(body=arrival.shape(items))


def _settle(entry: InboxEntry, answer: Answer, *, at: datetime) -> None:
    """A quarantined entry went through: its answer is kept where a retry may ask for it."""
    entry.status, entry.reason, entry.done_at = InboxEntry.Status.DONE, _reason(answer), at
    entry.answer = sql.as_json(sql.dumps(_kept(answer))) if entry.idempotency_key else None
    entry.attempts += 1
    entry.save(update_fields=["status", "reason", "done_at", "answer", "attempts"])


def _kept(answer: Answer) -> Any:
    return idempotency.kept_answer(answer.body, answer.refusal)


def _reason(answer: Answer) -> str:
    return answer.refusal.message[:500] if answer.refusal else ""


def _inbox_row(arrival: Arrival, status: str, received: dict[str, Any], *, reason: str) -> tuple[Any, ...]:
    key = arrival.scoped_key()
    kept = _kept(arrival.answer) if key and status == "done" else None
    return (
        arrival.door,
        arrival.kind,
        arrival.at,
        arrival.by.kind,
        arrival.by.id,
        status,
        {"route": arrival.route, **received},
        key,
        arrival.payload_hash(),
        kept,
        reason,
        1,
        arrival.at if status == "done" else None,
    )


def _quarantine(arrival: Arrival, error: Exception) -> None:
    """Keep an arrival that broke the line; its sender is told that it is safe and will be looked at."""
    reason = sql.in_short(error)
    message = "This was received and stored, but could not be handled. It is kept in quarantine and will be replayed."
    refusal = Refused(message, Kind.FAILED, code="quarantined")
    try:
        try:
            _keep_quarantined(arrival, {"body": arrival.payload}, reason)
        except Exception as refused:  # the payload itself may be what the database refuses
            if sql.is_unavailable(refused):
                raise
            log.exception("An arrival could not be kept as it came; it is kept as text")
            _keep_quarantined(arrival, {"text": json.dumps(arrival.payload, default=str)}, reason)
    except Exception as refused:
        if sql.is_unavailable(refused):
            _say_away([arrival])
            return
        log.exception("An arrival could be neither handled nor stored")
        refusal = Refused("This could not be stored. Try again, or report it.", Kind.FAILED, code="not_stored")
    arrival.answer = Answer(refusal=refusal)


def _keep_quarantined(arrival: Arrival, received: dict[str, Any], reason: str) -> None:
    """The entry under its key; another try of one that is kept already only counts."""
    key = arrival.scoped_key()
    with transaction.atomic():
        known = InboxEntry.objects.select_for_update().filter(idempotency_key=key).first() if key else None
        if known is not None and known.received_at <= arrival.at - idempotency.KEPT:
            InboxEntry.objects.filter(pk=known.pk).update(idempotency_key=None)
            known = None
        if known is None:
            sql.insert_rows(InboxEntry, _INBOX, [_inbox_row(arrival, "quarantined", received, reason=reason)])
        else:
            InboxEntry.objects.filter(pk=known.pk, status=InboxEntry.Status.QUARANTINED).update(
                attempts=F("attempts") + 1, reason=reason
            )


def _received(entry: InboxEntry) -> Any:
    """What an entry's sender sent."""
    text = entry.payload.get("text")
    return entry.payload["body"] if text is None else json_in.read(text.encode())


# Replay ----------------------------------------------------------------------------------------------------------

Understand = Callable[[Any, Actor, datetime], Arrival]
_understand: dict[str, Understand] = {}


def connect(understand: Mapping[str, Understand]) -> None:
    """Set how a stored body becomes an arrival again, by route; called once at start with `flow.py`'s table."""
    _understand.clear()
    _understand.update(understand)


def replay(ids: Sequence[int], *, by: Actor, at: datetime) -> dict[int, str]:
    """Take quarantined entries down the line again; what became of each: `done`, or the reason it failed again.

    Needs `jobs.change`. Raises Refused for an id that is not in quarantine.
    """
    by.require("jobs.change")
    return {entry_id: _replay_one(entry_id, at) for entry_id in ids}


def _replay_one(entry_id: int, at: datetime) -> str:
    with transaction.atomic():
        found = InboxEntry.objects.select_for_update().filter(pk=entry_id, status="quarantined").first()
        if found is None:
            raise not_found("Quarantined entry")
        try:
            with transaction.atomic():
                answer = _try_again(found, at)
        except Exception as error:  # the entry stays in quarantine with its new reason
            log.exception("Entry %d broke the line again", entry_id)
            found.attempts += 1
            found.reason = sql.in_short(error)
            found.save(update_fields=["attempts", "reason"])
            return found.reason
        _settle(found, answer, at=at)
        return "done"


def understood(entry: InboxEntry) -> Arrival:
    """A stored entry as the arrival it was. Raises whatever its door says of what it cannot understand."""
    return _understand[entry.payload["route"]](_received(entry), _author(entry), entry.received_at)


def _try_again(found: InboxEntry, at: datetime) -> Answer:
    arrival = understood(found)
    batch = Batch(arrival.entries, by=arrival.by, at=at, is_live=arrival.is_live)
    line.run(batch)
    return _answer(arrival, batch.items)


def _author(found: InboxEntry) -> Actor:
    """Who sent it, with no more rights than they have: a replay may do no more than the first try."""
    permissions: frozenset[str] = frozenset()  # of a key that is gone, or of a colleague who is
    match found.actor_kind:
        case "system":
            permissions = SYSTEM.permissions
        case "form" | "mail" | "site":
            permissions = SCOPES["leads:write"] | SCOPES["events:write"]
        case "key" if key := ApiKey.objects.filter(pk=found.actor_id or 0).first():
            permissions = access.of_key(key).permissions
        case "user" if user := User.objects.filter(pk=found.actor_id or 0, is_active=True).first():
            permissions = access.of_user(user).permissions
    return Actor(found.actor_kind, found.actor_id, permissions=permissions)
