"""Settling findings, and opening them again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from filon.core import ledger
from filon.core.access import Actor
from filon.kit import sql
from filon.kit.errors import not_found
from filon.leads.findings.events import FindingSettled
from filon.leads.models import Finding

PERMISSION = "leads.change"


@transaction.atomic
def settle_finding(finding_id: int, *, by: Actor, at: datetime) -> None:
    """Somebody has seen to a finding. Raises Refused; see `settle_findings`."""
    if not settle_findings([finding_id], by=by, at=at):
        raise not_found(_("Finding"))


@transaction.atomic
def settle_findings(ids: Sequence[int], *, by: Actor, at: datetime) -> int:
    """Somebody has seen to these; how many there are. They come back when the same is found again.

    Emits FindingSettled. Needs `leads.change`. Two statements, beside the facts.
    """
    return _set(ids, at, by=by, at=at)


@transaction.atomic
def reopen_finding(finding_id: int, *, by: Actor, at: datetime) -> None:
    """A finding is open after all. Emits FindingSettled (`is_reopened`). Needs `leads.change`. Raises Refused."""
    if not _set([finding_id], None, by=by, at=at):
        raise not_found(_("Finding"))


def _set(ids: Sequence[int], settled_at: datetime | None, *, by: Actor, at: datetime) -> int:
    by.require(PERMISSION)
    where, params = sql.any_of("id", sorted(set(ids)))
    lock = " FOR UPDATE" if sql.is_postgresql() else ""
    found = sql.fetch(f"SELECT id, code FROM leads_finding WHERE {where} ORDER BY id{lock}", params)
    Finding.objects.filter(pk__in=[row[0] for row in found]).update(settled_at=settled_at)
    told = [
        FindingSettled(at=at, finding_id=row_id, code=code, is_reopened=settled_at is None) for row_id, code in found
    ]
    ledger.append(told, by=by, learnt_at=at)
    return len(found)
