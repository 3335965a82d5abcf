"""Lists of leads: one keyset page, bounded counts, the board. A constant number of statements a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.db import connection

from filon.core import access
from filon.core.access import Actor
from filon.core.conditions import Node, compile_sql, parse
from filon.kit import sql
from filon.leads import fields, rules
from filon.leads.listing import orders
from filon.leads.listing.rows import LeadRow, rows_of
from filon.leads.listing.where import Where
from filon.leads.search import queries as search

COUNTED: Final = 10_000
"""Counts stop here: beyond, a list says “more than 10,000”."""
PAGE: Final = 50
MOST: Final = 200
FOUND: Final = 5_000
"""How many leads the words of a list find at most; the newest."""
CARDS: Final = 20
"""How many cards a column of the board shows."""
_WALKED: Final = 2_000


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What a list is asked for. condition: text in the condition language; after, before: cursors, one at the most."""

    condition: str = ""
    words: str = ""
    sort: str = orders.DEFAULT
    after: str = ""
    before: str = ""
    limit: int = PAGE


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order, and the cursors of the pages around it; empty where the list ends."""

    rows: Sequence[LeadRow]
    previous: str = ""
    next: str = ""


def where_of(ask: Ask, *, by: Actor, at: datetime) -> Where:
    """What a list shows of all leads: its condition, its words, and what the actor may see. A statement for the words.

    Needs `leads.see`. Raises ConditionError (with its position) for a condition that cannot be read.
    """
    by.require("leads.see")
    where = Where()
    if ask.condition.strip():
        add_condition(where, parse(ask.condition, fields.REGISTRY), at=at)
    if ask.words.strip():
        where.add(*sql.any_of("lead.id", search.matching(ask.words, by=by, limit=FOUND)))
    where.add(*access.lead_scope(by))
    return where


def add_condition(where: Where, node: Node, *, at: datetime) -> None:
    """Add a condition of the condition language."""
    vendor: Any = connection.vendor
    part = compile_sql(node, fields.REGISTRY, at=at, vendor=vendor)
    where.add(f"({part.text})", part.params, part.tables)


# Pages ----------------------------------------------------------------------------------------------------------------


def lead_page(ask: Ask, *, by: Actor, at: datetime) -> Page:
    """One page of leads. Two statements, one more where leads without a value in the order begin, one for words.

    Raises ConditionError for the condition, Refused for an unknown order or a foreign cursor.
    """
    order = orders.named(ask.sort)
    after, before = orders.place_of(ask.sort, ask.after), orders.place_of(ask.sort, ask.before)
    where = where_of(ask, by=by, at=at)
    limit = max(1, min(ask.limit, MOST))
    is_back = after is None and before is not None
    found = orders.walk(order, where, before if is_back else after, limit + 1, is_back=is_back)
    places = found[:limit]
    has_more = len(found) > limit
    if is_back:
        places.reverse()
    rows = rows_of([place.lead_id for place in places])
    if not places:
        return Page(rows)
    has_previous = has_more if is_back else after is not None
    return Page(
        rows,
        previous=orders.cursor(ask.sort, places[0]) if has_previous else "",
        next=orders.cursor(ask.sort, places[-1]) if has_more or is_back else "",
    )


def walk(ask: Ask, *, by: Actor, at: datetime) -> Iterator[Sequence[LeadRow]]:
    """Every lead of the list in its order, a few thousand at a time: for exports. Two statements a part."""
    order = orders.named(ask.sort)
    where = where_of(ask, by=by, at=at)
    place = None
    while places := orders.walk(order, where, place, _WALKED):
        yield rows_of([each.lead_id for each in places])
        place = places[-1]


# Counts ---------------------------------------------------------------------------------------------------------------


def count(ask: Ask, *, by: Actor, at: datetime) -> int:
    """How many leads the list has, at most COUNTED + 1. One statement (two with words)."""
    where = where_of(ask, by=by, at=at)
    statement = f"SELECT 1 FROM {fields.source(where.joins)}{where.sql()} LIMIT {COUNTED + 1}"
    return int(sql.fetch(f"SELECT count(*) FROM ({statement}) AS found", where.params)[0][0])


def count_all(ask: Ask, *, by: Actor, at: datetime) -> int:
    """How many leads the list has, exactly: for exports. One statement (two with words)."""
    where = where_of(ask, by=by, at=at)
    return int(sql.fetch(f"SELECT count(*) FROM {fields.source(where.joins)}{where.sql()}", where.params)[0][0])


# The board ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column:
    """A stage on the board: how many leads (bounded) and the newest of them."""

    stage: str
    count: int
    rows: Sequence[LeadRow]


def board(ask: Ask, *, by: Actor, at: datetime, stages: Sequence[str] = rules.STAGES) -> list[Column]:
    """The newest leads of each stage. Two statements, whatever the number of stages (three with words)."""
    where = where_of(ask, by=by, at=at)
    source = fields.source(where.joins)
    newest = "ORDER BY lead.captured_at DESC, lead.id DESC"
    parts, params = [], list[Any]()
    for stage in stages:
        there = where.copy()
        there.add("lead.stage = %s", [stage])
        inner = f"SELECT lead.id FROM {source}{there.sql()}"
        parts += [
            f"SELECT %s AS stage, 1 AS is_count, count(*) AS value FROM ({inner} LIMIT {COUNTED + 1}) AS counted",
            f"SELECT %s AS stage, 0 AS is_count, id AS value FROM ({inner} {newest} LIMIT {CARDS}) AS cards",
        ]
        params += [stage, *there.params] * 2
    counts: dict[str, int] = {}
    ids: dict[str, list[int]] = {stage: [] for stage in stages}
    for stage, is_count, value in sql.fetch(" UNION ALL ".join(parts), params):
        if is_count:
            counts[stage] = value
        else:
            ids[stage].append(value)
    rows = {row.id: row for row in rows_of([lead_id for column in ids.values() for lead_id in column])}
    return [Column(stage, counts[stage], _newest(rows, ids[stage])) for stage in stages]


def _newest(rows: dict[int, LeadRow], ids: Sequence[int]) -> list[LeadRow]:
    """The cards of a column; a UNION need not keep the order of its parts."""
    found = [rows[lead_id] for lead_id in ids if lead_id in rows]
    return sorted(found, key=lambda row: (row.captured_at, row.id), reverse=True)


def stage_counts(ask: Ask, stages: Sequence[str], *, by: Actor, at: datetime) -> dict[str, int]:
    """How many leads of the list stand at each of these stages, at most COUNTED + 1. One statement (two with words)."""
    where = where_of(ask, by=by, at=at)
    parts, params = [], list[Any]()
    for stage in stages:
        there = where.copy()
        there.add("lead.stage = %s", [stage])
        inner = f"SELECT 1 FROM {fields.source(there.joins)}{there.sql()} LIMIT {COUNTED + 1}"
        parts.append(f"SELECT %s AS stage, count(*) AS value FROM ({inner}) AS counted")
        params += [stage, *there.params]
    return dict(sql.fetch(" UNION ALL ".join(parts), params)) if parts else {}


# One ------------------------------------------------------------------------------------------------------------------


def visible_row(lead_id: int, *, by: Actor) -> LeadRow | None:
    """One lead as lists show it; None when it does not exist for this actor. Two statements."""
    by.require("leads.see")
    return rows_of([lead_id])[0] if may_see(lead_id, by=by) else None


def may_see(lead_id: int, *, by: Actor) -> bool:
    """Whether the lead exists for this actor. One statement."""
    where = Where(["lead.id = %s"], [lead_id])
    where.add(*access.lead_scope(by))
    return bool(sql.fetch(f"SELECT 1 FROM {fields.source(())}{where.sql()}", where.params))


def without_paging(ask: Ask) -> Ask:
    """The same list from its beginning."""
    return replace(ask, after="", before="")
