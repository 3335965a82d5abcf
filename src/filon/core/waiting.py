"""Doors that answer 202: what they receive is stored at once, and goes down the line by a worker soon after.

Nothing is understood before it is stored, and nothing stored is lost: what breaks the line alone is quarantined.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from filon.core import inbox, line
from filon.core.access import Actor
from filon.core.inbox import Arrival
from filon.core.jobs import JobContext
from filon.core.line import Batch, Item
from filon.core.models import InboxEntry
from filon.kit import sql
from filon.kit.errors import Refused

log = logging.getLogger("filon.inbox")
_TOGETHER: Final = 200
HELD: Final = "held"
"""The reason of an entry that its door kept apart: it does not go down the line unless somebody replays it."""


def store(
    *, door: str, kind: str, route: str, body: Any, by: Actor, at: datetime, once: str, is_held: bool = False
) -> None:
    """Keep what a door received, durably. One statement; the same `once` again changes nothing.

    is_held: it looks like no human's, so it waits in quarantine instead.
    """
    status = InboxEntry.Status.QUARANTINED if is_held else InboxEntry.Status.WAITING
    InboxEntry.objects.bulk_create(
        [
            InboxEntry(
                door=door,
                kind=kind,
                received_at=at,
                actor_kind=by.kind,
                actor_id=by.id,
                status=status,
                payload={"route": route, "body": body},
                idempotency_key=once,
                reason=HELD if is_held else "",
            )
        ],
        ignore_conflicts=True,
    )


def held(door: str) -> QuerySet[InboxEntry]:
    """What a door keeps apart, the newest first."""
    return InboxEntry.objects.filter(status=InboxEntry.Status.QUARANTINED, reason=HELD, door=door).order_by("-id")


def release(entries: QuerySet[InboxEntry]) -> int:
    """Let entries of `held` go down the line after all; how many. A worker takes them soon."""
    return entries.order_by().update(status=InboxEntry.Status.WAITING, reason="")


def discard(entries: QuerySet[InboxEntry]) -> int:
    """Delete entries of `held`; how many."""
    return entries.order_by().delete()[0]


@dataclass(frozen=True, slots=True)
class _Stored:
    id: int
    arrival: Arrival


def drain(context: JobContext) -> None:
    """Take what waits down the line in bunches until nothing is left, oldest first."""
    while True:
        waiting = list(InboxEntry.objects.filter(status=InboxEntry.Status.WAITING).order_by("pk")[:_TOGETHER])
        if not waiting:
            return
        for bunch in _bunches(waiting):
            _take(bunch, context.now())


def _bunches(waiting: Sequence[InboxEntry]) -> list[list[_Stored]]:
    """The entries as arrivals, those of one author and kind together."""
    bunches: dict[tuple[Actor, str], list[_Stored]] = {}
    for entry in waiting:
        try:
            arrival = inbox.understood(entry)
        except Exception as error:  # what its door accepted may make no sense any more
            log.exception("Entry %d is no longer understood", entry.pk)
            _set_aside(entry.pk, _reason(error))
            continue
        bunches.setdefault((arrival.by, arrival.kind), []).append(_Stored(entry.pk, arrival))
    return list(bunches.values())


def _take(bunch: list[_Stored], at: datetime) -> None:
    try:
        _run(bunch, at)
    except Exception as error:  # one bad entry must not sink the bunch
        if sql.is_unavailable(error):
            raise
        if len(bunch) > 1:
            for stored in bunch:
                _take([stored], at)
            return
        log.exception("Entry %d broke the line and is quarantined", bunch[0].id)
        _set_aside(bunch[0].id, _reason(error))


def _run(bunch: list[_Stored], at: datetime) -> None:
    owners = [stored.id for stored in bunch for _ in stored.arrival.entries]
    entries = [entry for stored in bunch for entry in stored.arrival.entries]

    def leave_out_done(batch: Batch) -> None:
        """Another worker may have been here: what it did is not done again."""
        found = InboxEntry.objects.select_for_update().filter(pk__in=owners, status=InboxEntry.Status.WAITING)
        waiting = set(found.values_list("pk", flat=True))
        for owner, item in zip(owners, batch.items, strict=True):
            if owner not in waiting:
                item.outcome = "unchanged"

    def settle(batch: Batch) -> None:
        refused = {owner: item for owner, item in zip(owners, batch.items, strict=True) if item.refusal is not None}
        ids = {stored.id for stored in bunch} - refused.keys()
        done = InboxEntry.objects.filter(pk__in=ids, status=InboxEntry.Status.WAITING)
        done.update(status=InboxEntry.Status.DONE, done_at=at, attempts=1)
        for owner, item in refused.items():
            _set_aside(owner, _refusal(item))

    line.run_with_retries(lambda: Batch(entries, by=bunch[0].arrival.by, at=at), before=leave_out_done, after=settle)


def _set_aside(entry_id: int, reason: str) -> None:
    with transaction.atomic():
        waiting = InboxEntry.objects.select_for_update().filter(pk=entry_id, status=InboxEntry.Status.WAITING)
        waiting.update(status=InboxEntry.Status.QUARANTINED, reason=reason[:500], attempts=1)


def _reason(error: Exception) -> str:
    return error.message if isinstance(error, Refused) else sql.in_short(error)


def _refusal(item: Item) -> str:
    return item.refusal.message if item.refusal is not None else ""
