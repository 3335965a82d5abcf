"""Attaching files, taking them off, putting them back, forgetting them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.core.jobs import JobContext
from filon.core.line import Batch
from filon.files import rules, store
from filon.files.events import FileAttached, FileFact, FileRemoved, FileRestored
from filon.files.models import Attachment
from filon.kit import sql
from filon.kit.errors import Kind, Refused, not_found
from filon.leads.models import Company, Lead
from filon.leads.sight import seen_by

MOST_ON_ONE: Final = 200
KEPT: Final = timedelta(days=30)
"""How long a file that was taken off can be put back."""
_LEAST_AGE_S: Final = 86_400.0
"""A content that no row names is left alone for a day: its row may be on its way."""

Seen = Callable[[Iterable[int], Actor], Iterable[int]]
_others: Mapping[str, Other] = {}


@dataclass(frozen=True, slots=True)
class Other:
    """What is to be known of records of another slice. right: changes them; seen: which of some an actor may see."""

    right: str
    seen: Seen
    table: str


def connect(others: Mapping[str, Other]) -> None:
    """Set what is to be known of records of other slices, by kind; called once at start by `config`."""
    global _others  # noqa: PLW0603 — wired once, as `core.ledger.connect` is
    _others = others


def may_see(of: str, record_id: int, by: Actor) -> bool:
    """Whether the actor may see a record, and so its files. One statement at the most."""
    if not 0 < record_id < 2**63:
        return False
    if of == "lead":
        return by.may("leads.see") and record_id in seen_by(by, [record_id])
    if of == "company":
        return by.may("people.see") and Company.objects.filter(pk=record_id).exists()
    if of in _others:
        return by.may("deals.see") and record_id in set(_others[of].seen([record_id], by))
    return False


def _require(of: str, record_id: int, by: Actor) -> None:
    if not may_see(of, record_id, by):
        raise not_found(_("Record"))
    by.require(_others[of].right if of in _others else "leads.change")


def attach(of: str, record_id: int, name: str, chunks: Iterable[bytes], *, by: Actor, at: datetime) -> Attachment:
    """Attach a file to a record. Needs the right to change it. The content is kept durably before its row is written.

    Emits FileAttached. Raises Refused: no such record, too large, empty, too many.
    """
    _require(of, record_id, by)
    if Attachment.objects.filter(of=of, record_id=record_id, removed_at=None).count() >= MOST_ON_ONE:
        raise Refused(_("There are too many files here: take some off first."), Kind.CONFLICT, code="too_many")
    digest, size = store.keep(chunks, most=settings.FILON_FILES_MAX_MB * 1_000_000)
    if not size:
        raise Refused(_("This file is empty."), Kind.INVALID, code="empty")
    with transaction.atomic():
        made = Attachment.objects.create(
            of=of,
            record_id=record_id,
            name=rules.clean_name(name),
            size=size,
            digest=digest,
            author_id=by.id if by.kind == "user" else None,
            at=at,
        )
        _tell(made, FileAttached, by, at)
    return made


def remove(attachment_id: int, *, by: Actor, at: datetime) -> Attachment:
    """Take a file off; it can be put back for `KEPT`. Emits FileRemoved. Raises Refused."""
    return _turn(attachment_id, FileRemoved, by=by, at=at)


def restore(attachment_id: int, *, by: Actor, at: datetime) -> Attachment:
    """Put a file back that was taken off. Emits FileRestored. Raises Refused."""
    return _turn(attachment_id, FileRestored, by=by, at=at)


@transaction.atomic
def _turn(attachment_id: int, event: type[FileFact], *, by: Actor, at: datetime) -> Attachment:
    found = Attachment.objects.select_for_update().filter(pk=attachment_id).first()
    if found is None:
        raise not_found(_("File"))
    _require(found.of, found.record_id, by)
    wanted = at if event is FileRemoved else None
    if (found.removed_at is None) == (wanted is None):
        return found  # it is so already
    found.removed_at = wanted
    found.save(update_fields=["removed_at"])
    _tell(found, event, by, at)
    return found


def _tell(attachment: Attachment, event: type[FileFact], by: Actor, at: datetime) -> None:
    batch = Batch([], by=by, at=at)
    on: dict[str, Any] = {f"{attachment.of}_id": attachment.record_id}
    batch.tell(event(at=at, file_id=attachment.pk, name=attachment.name, size=attachment.size, **on))
    batch.write()


# Forgetting -----------------------------------------------------------------------------------------------------------


def forget(job: JobContext) -> None:
    """The daily clock: files taken off long ago or whose record is gone, and contents that no file has."""
    Attachment.objects.filter(removed_at__lt=job.at - KEPT).delete()
    tables = {"lead": Lead._meta.db_table, "company": Company._meta.db_table}
    for of, table in (tables | {of: other.table for of, other in _others.items()}).items():
        sql.execute(
            f"DELETE FROM files_attachment WHERE of = %s AND record_id NOT IN (SELECT id FROM {table} "
            "WHERE id IN (SELECT record_id FROM files_attachment WHERE of = %s))",
            [of, of],
        )
    old = time.time() - _LEAST_AGE_S
    for path, digest in store.contents():
        if path.stat().st_mtime < old and not Attachment.objects.filter(digest=digest).exists():
            path.unlink(missing_ok=True)
