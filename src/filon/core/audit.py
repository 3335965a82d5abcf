"""The audit log: sign-ins, exports, reads of personal data, changes of access and settings. Each entry seals the last.

Entries hold ids and codes only: the log cannot forget, so it must not know whom it could hurt.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from django.db import transaction

from filon.core.access import Actor
from filon.core.models import AuditEntry
from filon.kit import sql

FIRST: Final = "0" * 64
_LOCK: Final = 0x4649_4C4F_4E01  # PostgreSQL's advisory lock of this log: one writer at a time


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of the chain found. `broken_id`: the first entry that does not follow from the one before."""

    entries: int
    last_hash: str
    broken_id: int | None

    @property
    def is_whole(self) -> bool:
        """Whether every entry follows from the one before."""
        return self.broken_id is None


def append(kind: str, *, by: Actor, at: datetime, **what: Any) -> None:
    """Write an entry in the caller's transaction. `what`: ids and codes, no personal values."""
    with transaction.atomic():
        if sql.is_postgresql():
            sql.fetch("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        last = AuditEntry.objects.order_by("-id").values_list("hash", flat=True).first() or FIRST
        entry = AuditEntry(at=at, kind=kind, actor_kind=by.kind, actor_id=by.id, what=what, previous_hash=last)
        entry.hash = seal(entry)
        entry.save(force_insert=True)


def seal(entry: AuditEntry) -> str:
    """The hash over an entry and, through `previous_hash`, all before it."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    content = [entry.previous_hash, at, entry.kind, entry.actor_kind, entry.actor_id, entry.what]
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def check() -> Checked:
    """Walk the whole chain; an entry that was changed, removed or moved shows as the first that does not follow."""
    previous, count = FIRST, 0
    for entry in AuditEntry.objects.order_by("id").iterator(chunk_size=2_000):
        if entry.previous_hash != previous or entry.hash != seal(entry):
            return Checked(count, previous, entry.pk)
        previous, count = entry.hash, count + 1
    return Checked(count, previous, None)
