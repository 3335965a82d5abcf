"""What stands under a list: sums over all of its leads that cost little, however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from filon.kit import sql
from filon.leads import fields
from filon.leads.listing.where import Leads

FEW: Final = 2_000
"""Up to here every lead of a list is looked at."""
BOUND: Final = 500
"""Where the counts of a long list stop."""
_OWED: Final = "lead.due_at IS NOT NULL AND lead.responded_at IS NULL AND lead.is_open"


@dataclass(frozen=True, slots=True)
class Totals:
    """Leads of a list by what they ask for. Counts are `bound` + 1 when there are more than `bound`.

    is_open, without_owner: None for more than `FEW` leads, where they would cost a walk through all of them.
    """

    due: int
    overdue: int
    bound: int
    is_open: int | None = None
    without_owner: int | None = None


def totals_of(leads: Leads, *, at: datetime) -> Totals:
    """The totals of leads that were counted. One statement: over the few there are, or in the index of clocks."""
    moment = connection.ops.adapt_datetimefield_value(at)
    return _of_few(leads, moment) if leads.count <= FEW else _of_many(leads, moment)


def _of_few(leads: Leads, moment: Any) -> Totals:
    owed = f"CASE WHEN {_OWED} THEN 1 ELSE 0 END"
    late = f"CASE WHEN {_OWED} AND lead.due_at < %s THEN 1 ELSE 0 END"
    is_open = "CASE WHEN lead.is_open THEN 1 ELSE 0 END"
    nobody = "CASE WHEN lead.is_open AND lead.owner_id IS NULL THEN 1 ELSE 0 END"
    sums = ", ".join(f"COALESCE(SUM({one}), 0)" for one in (owed, late, is_open, nobody))
    where = leads.where
    statement = f"SELECT {sums} FROM {fields.source(where.joins)}{where.sql()}"
    due, overdue, opened, unowned = map(int, sql.fetch(statement, [moment, *where.params])[0])
    return Totals(due, overdue, leads.bound, opened, unowned)


def _of_many(leads: Leads, moment: Any) -> Totals:
    """Clocks that run are few and have an index of their own; SQLite is told to take it."""
    owed, late = leads.where.copy(), leads.where.copy()
    owed.add(_OWED)
    late.add(f"{_OWED} AND lead.due_at < %s", [moment])
    source = fields.source(leads.where.joins)
    if not sql.is_postgresql():
        source = source.replace(fields.BASE, f"{fields.BASE} INDEXED BY leads_lead_due", 1)
    counts = ", ".join(
        f"(SELECT count(*) FROM (SELECT 1 FROM {source}{where.sql()} LIMIT {BOUND + 1}) AS found)"
        for where in (owed, late)
    )
    due, overdue = sql.fetch(f"SELECT {counts}", [*owed.params, *late.params])[0]
    return Totals(due, overdue, BOUND)
