"""What a colleague is told of. Frozen rows, known cost; leads they may not see any more are not shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from filon.core import access
from filon.core.access import Actor
from filon.kit import sql
from filon.notices.models import Muted, Notice

SHOWN: Final = 100
MOST: Final = 99
"""The number on the bell goes no further."""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice with the names it takes."""

    id: int
    kind: str
    lead_id: int | None
    lead: str
    company: str
    count: int
    by: str
    what: str
    created_at: datetime
    is_read: bool


def unread(*, by: Actor) -> int:
    """How many notices were not read, up to one more than `MOST`. One statement."""
    found = sql.fetch(
        "SELECT COUNT(*) FROM (SELECT 1 FROM notices_notice WHERE user_id = %s AND read_at IS NULL "
        f"LIMIT {MOST + 1}) unread",
        [by.id if by.kind == "user" else 0],
    )
    return int(found[0][0])


def notices(*, by: Actor, only_unread: bool) -> list[NoticeRow]:
    """The newest notices of the actor. One statement."""
    scope, more = access.lead_scope(by)
    seen = f"AND (notice.lead_id IS NULL OR {scope})" if scope else ""
    is_open = "AND notice.read_at IS NULL" if only_unread else ""
    rows = sql.fetch(
        "SELECT notice.id, notice.kind, notice.lead_id, COALESCE(NULLIF(person.full_name, ''), person.email, ''), "
        "COALESCE(company.name, ''), notice.count, COALESCE(author.name, ''), notice.what, notice.created_at, "
        "notice.read_at FROM notices_notice notice LEFT JOIN leads_lead lead ON lead.id = notice.lead_id "
        "LEFT JOIN leads_person person ON person.id = lead.person_id "
        "LEFT JOIN leads_company company ON company.id = lead.company_id "
        "LEFT JOIN core_user author ON author.id = notice.by_id "
        f"WHERE notice.user_id = %s {is_open} {seen} ORDER BY notice.id DESC LIMIT {SHOWN}",
        [by.id if by.kind == "user" else 0, *more],
    )
    return [_row(row) for row in rows]


def _row(cells: tuple[Any, ...]) -> NoticeRow:
    *told, created_at, read_at = cells
    names = ("id", "kind", "lead_id", "lead", "company", "count", "by", "what")
    return NoticeRow(**dict(zip(names, told, strict=True)), created_at=_utc(created_at), is_read=read_at is not None)


def _utc(cell: Any) -> datetime:
    moment = sql.as_utc(cell)
    assert moment is not None  # noqa: S101 — the column has one always
    return moment


def muted(*, by: Actor) -> set[str]:
    """The kinds that the actor does not want. One statement."""
    return set(Muted.objects.filter(user_id=by.id or 0).values_list("kind", flat=True))


def is_theirs(notice_id: int, *, by: Actor) -> Notice | None:
    """A notice of the actor's own. One statement."""
    return Notice.objects.filter(pk=notice_id, user_id=by.id or 0).first() if by.kind == "user" else None
