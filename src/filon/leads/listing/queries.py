"""Lists of leads: one keyset page, bounded counts, the board. A constant number of statements a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from filon.core import access
from filon.core.access import Actor
from filon.core.conditions import compile_sql, parse
from filon.kit import keyset, sql
from filon.kit.errors import Kind, Refused
from filon.leads import fields, rules

COUNTED: Final = 10_000
"""Counts stop here: beyond, a list says “more than 10,000”."""
PAGE: Final = 50
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Order:
    """A way to sort: the column, whether it descends, and what rows it leaves out (an index has only the others)."""

    column: str
    is_descending: bool
    only: str = ""
    joins: frozenset[str] = frozenset()
    is_moment: bool = False


ORDERS: Final[dict[str, Order]] = {
    "-captured_at": Order("lead.captured_at", is_descending=True, is_moment=True),
    "captured_at": Order("lead.captured_at", is_descending=False, is_moment=True),
    "-last_act_at": Order("lead.last_act_at", is_descending=True, only="lead.last_act_at IS NOT NULL", is_moment=True),
    "due_at": Order(
        "lead.due_at",
        is_descending=False,
        only="lead.due_at IS NOT NULL AND lead.responded_at IS NULL AND lead.is_open",
        is_moment=True,
    ),
    "name": Order("person.full_name_folded", is_descending=False, joins=frozenset({"person"})),
    "grade": Order("lead.grade", is_descending=False, only="lead.grade <> ''"),
}


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What a list is asked for. `condition` is text in the condition language; `after` a cursor."""

    condition: str = ""
    stage: str = ""
    words: str = ""
    sort: str = "-captured_at"
    after: str = ""
    limit: int = PAGE


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A lead as lists show it. Times are aware UTC."""

    id: int
    person_id: int
    name: str
    email: str
    phone: str
    job_title: str
    company_id: int | None
    company: str
    employees: int | None
    stage: str
    stage_since: datetime
    grade: str
    fit: Decimal | None
    route: str
    channel: str
    source: str
    campaign: str
    owner_id: int | None
    owner: str
    captured_at: datetime
    last_act_at: datetime | None
    last_act: str
    due_at: datetime | None
    responded_at: datetime | None
    is_history: bool

    @property
    def title(self) -> str:
        """What to call the lead: its person's name, else an identifier."""
        return self.name or self.email or self.phone or f"#{self.id}"


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order and the cursor of the next page, empty on the last."""

    rows: Sequence[LeadRow]
    next_after: str = ""


_COLUMNS: Final = """lead.id, person.id, person.full_name, person.email, person.phone, person.job_title,
    company.id, company.name, company.employees, lead.stage, lead.stage_since, lead.grade, lead.fit, lead.route,
    lead.channel, lead.source, campaign.name, lead.owner_id, owner.name, lead.captured_at, lead.last_act_at,
    lead.last_act, lead.due_at, lead.responded_at, lead.is_history"""
_MOMENTS: Final = (10, 19, 20, 22, 23)


@dataclass(slots=True)
class Where:
    """Conditions joined by AND, with their parameters and the aliases they need."""

    parts: list[str] = field(default_factory=list)
    params: list[Any] = field(default_factory=list)
    joins: set[str] = field(default_factory=set)

    def add(self, part: str, params: Sequence[Any] = (), joins: Sequence[str] | frozenset[str] = ()) -> None:
        """One more condition; an empty one changes nothing."""
        if part:
            self.parts.append(part)
            self.params.extend(params)
            self.joins.update(joins)

    def sql(self) -> str:
        """The WHERE clause, or nothing."""
        return f" WHERE {' AND '.join(self.parts)}" if self.parts else ""


def where_of(ask: Ask, *, by: Actor, at: datetime) -> Where:
    """What a list shows of all leads: its condition, its stage, and what the actor may see.

    Raises ConditionError (with its position) for a condition that cannot be read.
    """
    by.require("leads.see")
    where = Where()
    if ask.stage:
        if ask.stage not in rules.ALL_STAGES:
            raise Refused(f"There is no stage {ask.stage!r}.", Kind.INVALID, code="stage")
        where.add("lead.stage = %s", [ask.stage])
    if ask.words:
        from filon.leads.search import queries as search  # noqa: PLC0415 — search lists nothing of its own

        where.add(*sql.any_of("lead.id", search.lead_ids(ask.words)))
    if ask.condition.strip():
        where_condition(where, ask.condition, at=at)
    where.add(*access.lead_scope(by))
    return where


def where_condition(where: Where, condition: str, *, at: datetime) -> None:
    """Add a condition of the condition language. Raises ConditionError."""
    vendor: Any = connection.vendor
    part = compile_sql(parse(condition, fields.REGISTRY), fields.REGISTRY, at=at, vendor=vendor)
    where.add(f"({part.text})", part.params, part.tables)


def lead_page(ask: Ask, *, by: Actor, at: datetime) -> Page:
    """One page of leads. One statement (two when it searches words).

    Raises ConditionError for the condition, Refused for an unknown order or a foreign cursor.
    """
    order = _order(ask.sort)
    where = where_of(ask, by=by, at=at)
    where.add(order.only, (), order.joins)
    limit = max(1, min(ask.limit, MOST))
    if ask.after:
        _add_cursor(where, order, ask.after)
    joins = where.joins | order.joins
    direction = "DESC" if order.is_descending else "ASC"
    keys = (
        f"SELECT lead.id, {order.column} FROM {fields.source(joins)}{where.sql()} "
        f"ORDER BY {order.column} {direction}, lead.id {direction} LIMIT {limit + 1}"
    )
    found = sql.fetch(keys, where.params)
    rows = rows_of([row[0] for row in found[:limit]])
    last = found[limit - 1] if len(found) > limit else None
    return Page(rows, keyset.encode(_key(last[1]), last[0]) if last else "")


def _order(name: str) -> Order:
    try:
        return ORDERS[name]
    except KeyError:
        message = f"Leads cannot be sorted by {name!r}. Choose one of {', '.join(ORDERS)}."
        raise Refused(message, Kind.INVALID, code="sort") from None


def _key(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _add_cursor(where: Where, order: Order, after: str) -> None:
    value, last_id = keyset.decode(after, 2)
    if not isinstance(last_id, int) or not isinstance(value, str):
        raise keyset.wrong()
    if order.is_moment:
        moment = _moment(value)
        value = moment if sql.is_postgresql() else moment.isoformat(" ").removesuffix("+00:00")
    sign = "<" if order.is_descending else ">"
    where.add(f"({order.column}, lead.id) {sign} (%s, %s)", [value, last_id], order.joins)


def _moment(text: str) -> datetime:
    try:
        moment = sql.as_utc(text)
    except ValueError as error:
        raise keyset.wrong() from error
    assert moment is not None  # noqa: S101 — the text is not empty
    return moment


def rows_of(ids: Sequence[int]) -> list[LeadRow]:
    """These leads in this order. One statement; no permission is checked: the caller has."""
    if not ids:
        return []
    where, params = sql.any_of("lead.id", ids)
    found = {}
    for cells in sql.fetch(f"SELECT {_COLUMNS} FROM {fields.source()} WHERE {where}", params):
        values = list(cells)
        for position in _MOMENTS:
            values[position] = sql.as_utc(values[position])
        values[7], values[16], values[18] = values[7] or "", values[16] or "", values[18] or ""
        values[12] = None if values[12] is None else Decimal(str(values[12])).quantize(Decimal("0.1"))
        values[24] = bool(values[24])
        found[cells[0]] = LeadRow(*values)
    return [found[lead_id] for lead_id in ids if lead_id in found]


def count(ask: Ask, *, by: Actor, at: datetime) -> int:
    """How many leads the list has, at most COUNTED + 1. One statement."""
    where = where_of(ask, by=by, at=at)
    statement = f"SELECT 1 FROM {fields.source(where.joins)}{where.sql()} LIMIT {COUNTED + 1}"
    return int(sql.fetch(f"SELECT count(*) FROM ({statement}) AS some", where.params)[0][0])


@dataclass(frozen=True, slots=True)
class Column:
    """A stage on the board: how many leads (bounded) and the newest of them."""

    stage: str
    count: int
    rows: Sequence[LeadRow]


def board(ask: Ask, *, by: Actor, at: datetime, stages: Sequence[str] = rules.STAGES, cards: int = 20) -> list[Column]:
    """The newest leads of each stage, longest in it last. Two statements, whatever the number of stages."""
    where = where_of(ask, by=by, at=at)
    source = fields.source(where.joins)
    parts, params = [], []
    for stage in stages:
        limits = ((COUNTED + 1, "count"), (cards, "ids"))
        condition = " AND ".join([*where.parts, "lead.stage = %s"])
        for limit, what in limits:
            inner = f"SELECT lead.id FROM {source} WHERE {condition} ORDER BY lead.captured_at DESC, lead.id DESC LIMIT {limit}"
            chosen = "count(*)" if what == "count" else "id"
            parts.append(f"SELECT %s AS stage, '{what}' AS what, {chosen} AS value FROM ({inner}) AS some")
            params += [stage, *where.params, stage]
    counts: dict[str, int] = {}
    ids: dict[str, list[int]] = {stage: [] for stage in stages}
    for stage, what, value in sql.fetch(" UNION ALL ".join(parts), params):
        if what == "count":
            counts[stage] = value
        else:
            ids[stage].append(value)
    rows = {row.id: row for row in rows_of([lead_id for column in ids.values() for lead_id in column])}
    return [
        Column(stage, counts.get(stage, 0), [rows[lead_id] for lead_id in ids[stage] if lead_id in rows])
        for stage in stages
    ]


def may_see(lead_id: int, *, by: Actor) -> bool:
    """Whether the lead exists for this actor. One statement."""
    where = Where(["lead.id = %s"], [lead_id])
    where.add(*access.lead_scope(by))
    return bool(sql.fetch(f"SELECT 1 FROM {fields.source()}{where.sql()}", where.params))
