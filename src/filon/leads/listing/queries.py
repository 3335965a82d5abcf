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
from filon.leads.listing.where import Leads, Where
from filon.leads.search import queries as search

COUNTED: Final = 10_000
"""The count of all leads stops here: beyond, a list says “more than 10,000”."""
FEW: Final = 2_000
"""The count of a filtered list stops here; up to here its leads are found once and sorted, beyond walked in order."""
PAGE: Final = 50
MOST: Final = 200
FOUND: Final = 2_000
"""How many leads the words of a list find at most; the newest."""
JOURNEY: Final = rules.STAGES
"""The columns of the board."""
CARDS: Final = 20
"""How many cards a column of the board shows."""
_WALKED: Final = 2_000
_COUNTED_A_STAGE: Final = 500


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What a list is asked for. condition: text in the condition language; after, before: cursors, one at the most.

    ids: these leads of the list only, when there are any.
    """

    condition: str = ""
    words: str = ""
    sort: str = orders.DEFAULT
    after: str = ""
    before: str = ""
    limit: int = PAGE
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order, and the cursors of the pages around them.

    count: how many the whole list has; `bound` + 1 when it has more than `bound`. leads: how they were found.
    """

    rows: Sequence[LeadRow]
    count: int
    bound: int
    leads: Leads
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
    if ask.ids:
        where.add(*sql.any_of("lead.id", ask.ids))
    where.add(*access.lead_scope(by))
    return where


def add_condition(where: Where, node: Node, *, at: datetime) -> None:
    """Add a condition of the condition language."""
    vendor: Any = connection.vendor
    part = compile_sql(node, fields.REGISTRY, at=at, vendor=vendor)
    where.add(f"({part.text})", part.params, part.tables)


def leads_of(ask: Ask, *, by: Actor, at: datetime) -> Leads:
    """The leads of a list, counted up to the bound. Few are known by their ids then: one scan serves count and page.

    One statement, two with words. Raises ConditionError, Refused.
    """
    where = where_of(ask, by=by, at=at)
    source = f"FROM {fields.source(where.joins)}{where.sql()}"
    if not where.parts:
        counted = sql.fetch(f"SELECT count(*) FROM (SELECT 1 {source} LIMIT {COUNTED + 1}) AS found")
        return Leads(where, counted[0][0], COUNTED, are_few=False)
    ids = [row[0] for row in sql.fetch(f"SELECT lead.id {source} LIMIT {FEW + 1}", where.params)]
    if len(ids) <= FEW:
        where = Where()
        where.add(*sql.any_of("lead.id", ids))
    return Leads(where, len(ids), FEW, are_few=len(ids) <= FEW)


# Pages ----------------------------------------------------------------------------------------------------------------


def lead_page(ask: Ask, *, by: Actor, at: datetime) -> Page:
    """One page of leads. Three statements, one more where leads without a value in the order begin, one for words.

    Raises ConditionError for the condition, Refused for an unknown order or a foreign cursor.
    """
    order = orders.named(ask.sort)
    after, before = orders.place_of(ask.sort, ask.after), orders.place_of(ask.sort, ask.before)
    leads = leads_of(ask, by=by, at=at)
    limit = max(1, min(ask.limit, MOST))
    is_back = after is None and before is not None
    found = orders.walk(order, leads, before if is_back else after, limit + 1, is_back=is_back)
    places = found[:limit]
    has_more = len(found) > limit
    if is_back:
        places.reverse()
    rows = rows_of([place.lead_id for place in places])
    if not places:
        return Page(rows, leads.count, leads.bound, leads)
    has_previous = has_more if is_back else after is not None
    return Page(
        rows,
        leads.count,
        leads.bound,
        leads,
        previous=orders.cursor(ask.sort, places[0]) if has_previous else "",
        next=orders.cursor(ask.sort, places[-1]) if has_more or is_back else "",
    )


def walk(ask: Ask, *, by: Actor, at: datetime) -> Iterator[Sequence[LeadRow]]:
    """Every lead of the list in its order, a few thousand at a time: for exports. Two statements a part."""
    order = orders.named(ask.sort)
    leads = leads_of(ask, by=by, at=at)
    place = None
    while places := orders.walk(order, leads, place, _WALKED):
        yield rows_of([each.lead_id for each in places])
        place = places[-1]


def count_all(ask: Ask, *, by: Actor, at: datetime) -> int:
    """How many leads the list has, exactly: for exports. One statement (two with words)."""
    where = where_of(ask, by=by, at=at)
    return int(sql.fetch(f"SELECT count(*) FROM {fields.source(where.joins)}{where.sql()}", where.params)[0][0])


# The board ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column:
    """A stage on the board: how many leads (more than the bound counts as bound + 1) and the newest of them."""

    stage: str
    count: int
    rows: Sequence[LeadRow]


@dataclass(frozen=True, slots=True)
class Board:
    """The columns. bound: where their counts stop; lower when there is a filter over many leads."""

    columns: Sequence[Column]
    bound: int


def board(ask: Ask, *, by: Actor, at: datetime, stages: Sequence[str] = rules.STAGES, cards: int = CARDS) -> Board:
    """The newest leads of each stage. Three statements, whatever the number of stages (four with words)."""
    leads = leads_of(ask, by=by, at=at)
    bound = COUNTED if leads.are_few or not leads.where.parts else _COUNTED_A_STAGE
    counts, newest = (
        _few_by_stage(leads.where, stages, cards)
        if leads.are_few
        else _many_by_stage(leads.where, stages, cards, bound)
    )
    shown = [lead_id for stage in stages for lead_id in newest[stage]]
    rows = {row.id: row for row in rows_of(shown)} if cards else {}
    columns = [Column(stage, counts[stage], [rows[each] for each in newest[stage] if each in rows]) for stage in stages]
    return Board(columns, bound)


_ByStage = tuple[dict[str, int], dict[str, list[int]]]


def _few_by_stage(where: Where, stages: Sequence[str], cards: int) -> _ByStage:
    """Counts, and ids newest first: of leads known by id all are read. One statement."""
    ids: dict[str, list[int]] = {stage: [] for stage in stages}
    newest = "ORDER BY lead.captured_at DESC, lead.id DESC"
    found = sql.fetch(f"SELECT lead.stage, lead.id FROM {fields.source(())}{where.sql()} {newest}", where.params)
    for stage, lead_id in found:
        if stage in ids:
            ids[stage].append(lead_id)
    return {stage: len(of_stage) for stage, of_stage in ids.items()}, {stage: ids[stage][:cards] for stage in stages}


def _many_by_stage(where: Where, stages: Sequence[str], cards: int, bound: int) -> _ByStage:
    """Counts, and ids newest first: the index of each stage is walked as far as needed. One statement."""
    source = fields.source(where.joins)
    parts, params = [], list[Any]()
    for stage in stages:
        there = where.copy()
        there.add("lead.stage = %s", [stage])
        inner = f"SELECT lead.id, lead.captured_at FROM {source}{there.sql()}"
        newest = f"{inner} ORDER BY lead.captured_at DESC, lead.id DESC LIMIT {cards}"
        parts += [
            f"SELECT %s AS stage, count(*) AS value, NULL AS captured_at FROM ({inner} LIMIT {bound + 1}) AS counted",
            f"SELECT %s AS stage, id AS value, captured_at FROM ({newest}) AS newest",
        ]
        params += [stage, *there.params] * 2
    counts: dict[str, int] = {}
    found: dict[str, list[tuple[Any, int]]] = {stage: [] for stage in stages}
    for stage, value, captured_at in sql.fetch(" UNION ALL ".join(parts), params):
        if captured_at is None:
            counts[stage] = value
        else:
            found[stage].append((captured_at, value))
    # A UNION need not keep the order of its parts.
    return counts, {stage: [lead_id for _at, lead_id in sorted(found[stage], reverse=True)] for stage in stages}


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
