"""Findings as their page shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from filon.core.access import Actor
from filon.kit import sql
from filon.leads.findings import words

SHOWN: Final = 300
"""How many findings a page shows; those met most often."""

_OPEN: Final = "(settled_at IS NULL OR last_at > settled_at)"
"""A finding that comes again after it was settled is open again."""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding in the reader's language. url: its records, empty when they have no page."""

    id: int
    kind: str
    code: str
    title: str
    advice: str
    url: str
    count: int
    last_at: datetime
    settled_at: datetime | None
    import_id: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """The findings about one kind of record."""

    kind: str
    label: str
    rows: Sequence[FindingRow]


@dataclass(frozen=True, slots=True)
class Found:
    """Groups in the order of the journey; how many findings there are, open and settled."""

    groups: Sequence[Group]
    open: int
    settled: int


def findings(*, by: Actor, is_settled: bool = False, limit: int = SHOWN) -> Found:
    """Open findings, or those settled, the most frequent first within their kind. Two statements. Needs `leads.see`."""
    by.require("leads.see")
    counted = sql.fetch(f"SELECT COUNT(*), COALESCE(SUM(CASE WHEN {_OPEN} THEN 1 ELSE 0 END), 0) FROM leads_finding")
    everything, still_open = counted[0]
    where = f"NOT {_OPEN}" if is_settled else _OPEN
    found = sql.fetch(
        "SELECT id, kind, code, subject, count, last_at, settled_at, import_id FROM leads_finding "
        f"WHERE {where} ORDER BY count DESC, id LIMIT %s",
        [limit],
    )
    rows = [_row(cells) for cells in found]
    return Found(_grouped(rows), int(still_open), int(everything) - int(still_open))


def finding(finding_id: int, *, by: Actor) -> FindingRow | None:
    """One finding; None when there is none of that number. Needs `leads.see`."""
    by.require("leads.see")
    found = sql.fetch(
        "SELECT id, kind, code, subject, count, last_at, settled_at, import_id FROM leads_finding WHERE id = %s",
        [finding_id],
    )
    return _row(found[0]) if found else None


def _row(cells: Sequence[Any]) -> FindingRow:
    row_id, kind, code, subject, count, last_at, settled_at, import_id = cells
    said, seen, settled = words.wording(kind, code), sql.as_utc(last_at), sql.as_utc(settled_at)
    assert seen is not None  # noqa: S101 — the column is never empty
    if settled is not None and seen > settled:
        settled = None
    title = words.said_of(kind, code, subject)
    return FindingRow(row_id, kind, code, title, str(said.advice), said.url(subject), count, seen, settled, import_id)


def _grouped(rows: Iterable[FindingRow]) -> list[Group]:
    order = {kind: position for position, kind in enumerate(words.KINDS)}
    ordered = sorted(rows, key=lambda row: (order.get(row.kind, len(order)), row.kind))
    return [
        Group(kind, str(words.KINDS.get(kind, kind)), list(group))
        for kind, group in groupby(ordered, lambda row: row.kind)
    ]
