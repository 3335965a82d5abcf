"""Pages of opportunities by keyset, and the totals of all that a filter finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db import connection

from filon.core.access import Actor
from filon.core.conditions import Node, compile_sql
from filon.deals.listing import fields
from filon.deals.rows import TABLES, OpportunityRow, Part, cents, money, select_parts, source
from filon.deals.rules import STATES
from filon.deals.scope import opportunity_scope
from filon.kit import keyset, sql
from filon.kit.text import fold

SORTS: Final = {"created": "created_at", "close": "close_date", "amount": "amount", "name": "name_folded"}
"""What a list can be sorted by; a leading minus turns the order round. Empty values come last either way."""
DEFAULT_SORT: Final = "-created"
MOST: Final = 200
_MAY_BE_EMPTY: Final = frozenset({"amount", "close_date"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which opportunities. Bounds are included; `closed_from` is about the moment of winning or losing."""

    state: str = ""
    pipeline_id: int | None = None
    stage_id: int | None = None
    stage_ids: tuple[int, ...] = ()
    owner_id: int | None = None
    product_id: int | None = None
    company_id: int | None = None
    lead_id: int | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    close_from: date | None = None
    close_to: date | None = None
    closed_from: datetime | None = None
    text: str = ""
    condition: Node | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list; `after` is the cursor of the next one, empty at the end."""

    rows: list[OpportunityRow]
    after: str


@dataclass(frozen=True, slots=True)
class Totals:
    """How many, and how much in the workspace's currency; `others` counts those in another one or without amount."""

    count: int
    amount: Decimal
    others: int


def opportunities(
    wanted: Filter, *, by: Actor, at: datetime, sort: str = DEFAULT_SORT, after: str = "", limit: int = 50
) -> Page:
    """A page of opportunities the actor may see. One statement.

    Needs `deals.see`. Raises Refused for a cursor of another list.
    """
    by.require("deals.see")
    is_down, column = sort.startswith("-"), SORTS[sort.removeprefix("-")]
    limit = min(limit, MOST)
    where, params = condition(wanted, by, at)
    last = keyset.decode(after, 2) if after else None
    if last is not None and not (isinstance(last[1], int) and 0 <= last[1] < 2**63):
        raise keyset.wrong()
    parts: list[Part] = []
    if last is None or last[0] is not None:
        parts.append(_with_value(column, where, params, last, is_down=is_down))
    if column in _MAY_BE_EMPTY:
        since = last[1] if last is not None and last[0] is None else None
        parts.append(_without_value(column, where, params, since, is_down=is_down))
    rows = select_parts(parts, limit + 1)
    if len(parts) > 1:
        valued = [row for row in rows if getattr(row, column) is not None]
        valued.sort(key=lambda row: (getattr(row, column), row.id), reverse=is_down)
        empty = [row for row in rows if getattr(row, column) is None]
        rows = [*valued, *sorted(empty, key=lambda row: row.id, reverse=is_down)]
    shown = rows[:limit]
    cursor = keyset.encode(_sort_value(shown[-1], column), shown[-1].id) if len(rows) > limit else ""
    return Page(shown, cursor)


def _with_value(column: str, where: str, params: list[Any], last: list[Any] | None, *, is_down: bool) -> Part:
    """Rows with a value in the sort column, after the last one seen."""
    order = "DESC" if is_down else "ASC"
    more, values = f" AND opportunity.{column} IS NOT NULL" if column in _MAY_BE_EMPTY else "", list(params)
    if last is not None:
        more += f" AND (opportunity.{column}, opportunity.id) {'<' if is_down else '>'} (%s, %s)"
        values += [_cursor_value(column, last[0]), last[1]]
    return f"{where}{more}", values, f"opportunity.{column} {order}, opportunity.id {order}"


def _without_value(column: str, where: str, params: list[Any], since: int | None, *, is_down: bool) -> Part:
    """Rows without a value in the sort column: they come last."""
    order, sign = ("DESC", "<") if is_down else ("ASC", ">")
    more, values = f" AND opportunity.{column} IS NULL", list(params)
    if since is not None:
        more += f" AND opportunity.id {sign} %s"
        values.append(since)
    return f"{where}{more}", values, f"opportunity.id {order}"


def _cursor_value(column: str, given: Any) -> Any:
    """A cursor's sort value as the column compares it. Raises Refused for one of another list."""
    try:
        if column == "created_at":
            return connection.ops.adapt_datetimefield_value(datetime.fromisoformat(given))
        if column == "close_date":
            return _bound(date.fromisoformat(given))
        if column == "amount":
            return _bound(Decimal(given))
    except (TypeError, ValueError, ArithmeticError) as error:
        raise keyset.wrong() from error
    return str(given).replace("\0", "")


def _sort_value(row: OpportunityRow, column: str) -> Any:
    return fold(row.name)[:500] if column == "name_folded" else getattr(row, column)


# Which ----------------------------------------------------------------------------------------------------------------


def condition(wanted: Filter, by: Actor, at: datetime) -> tuple[str, list[Any]]:
    """The filter and the actor's scope as one condition over `source()`."""
    parts: list[tuple[str, list[Any]]] = [("TRUE", [])]
    scope, scope_params = opportunity_scope(by)
    if scope:
        parts.append((scope, scope_params))
    for column in ("pipeline_id", "stage_id", "owner_id", "product_id", "company_id", "lead_id"):
        value = getattr(wanted, column)
        if value is not None:
            parts.append((f"opportunity.{column} = %s", [value]))
    if wanted.stage_ids:
        parts.append(sql.any_of("opportunity.stage_id", wanted.stage_ids))
    if wanted.state:
        parts.append(("opportunity.state = %s", [wanted.state]))
    if wanted.text:
        parts.append(_contains(wanted.text))
    parts += _ranges(wanted)
    if wanted.condition is not None:
        vendor = "postgresql" if sql.is_postgresql() else "sqlite"
        compiled = compile_sql(wanted.condition, fields.registry(), at=at, vendor=vendor)  # type: ignore[arg-type]
        parts.append((compiled.text, list(compiled.params)))
    return " AND ".join(text for text, _ in parts), [value for _, values in parts for value in values]


def _ranges(wanted: Filter) -> Iterable[tuple[str, list[Any]]]:
    bounds = (
        ("amount", ">=", wanted.amount_from),
        ("amount", "<=", wanted.amount_to),
        ("close_date", ">=", wanted.close_from),
        ("close_date", "<=", wanted.close_to),
    )
    for column, sign, value in bounds:
        if value is not None:
            yield f"opportunity.{column} {sign} %s", [_bound(value)]
    if wanted.closed_from is not None:
        moment = connection.ops.adapt_datetimefield_value(wanted.closed_from)
        columns = {"won": ("won_at",), "lost": ("lost_at",)}.get(wanted.state, ("won_at", "lost_at"))
        since = " OR ".join(f"opportunity.{column} >= %s" for column in columns)
        yield f"({since})", [moment] * len(columns)


def _bound(value: Any) -> Any:
    if sql.is_postgresql():
        return value
    return value.isoformat() if isinstance(value, date) else float(value)


def _contains(text: str) -> tuple[str, list[Any]]:
    """The text anywhere in the name of the deal or of its account, folded."""
    pattern = "%" + fold(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return (
        "(opportunity.name_folded LIKE %s ESCAPE '\\' OR company.name_folded LIKE %s ESCAPE '\\')",
        [pattern, pattern],
    )


def totals(wanted: Filter, *, by: Actor, at: datetime) -> Totals:
    """Count and sum of all that a filter finds. One statement."""
    by.require("deals.see")
    where, params = condition(wanted, by, at)
    ours = "opportunity.amount IS NOT NULL AND opportunity.currency = %s"
    found = sql.fetch(
        f"SELECT COUNT(*), COALESCE(SUM(CASE WHEN {ours} THEN {cents()} END), 0), "
        f"COALESCE(SUM(CASE WHEN {ours} THEN 0 ELSE 1 END), 0) FROM {source(_joined(wanted))} WHERE {where}",
        [settings.FILON_CURRENCY, settings.FILON_CURRENCY, *params],
    )
    count, total, others = found[0]
    return Totals(count, money(total), others)


def totals_by_state(wanted: Filter, *, by: Actor, at: datetime) -> dict[str, Totals]:
    """Count and sum of what a filter finds in each state that has any: open, won, lost. One statement."""
    by.require("deals.see")
    where, params = condition(wanted, by, at)
    ours = "opportunity.amount IS NOT NULL AND opportunity.currency = %s"
    found = sql.fetch(
        f"SELECT opportunity.state, COUNT(*), COALESCE(SUM(CASE WHEN {ours} THEN {cents()} END), 0), "
        f"COALESCE(SUM(CASE WHEN {ours} THEN 0 ELSE 1 END), 0) "
        f"FROM {source(_joined(wanted))} WHERE {where} GROUP BY 1",
        [settings.FILON_CURRENCY, settings.FILON_CURRENCY, *params],
    )
    known = {state: Totals(count, money(total), others) for state, count, total, others in found}
    return {state: known[state] for state in STATES if state in known}


def together(parts: Iterable[Totals]) -> Totals:
    """The sum of some totals."""
    known = list(parts)
    return Totals(
        sum(one.count for one in known),
        sum((one.amount for one in known), Decimal(0)),
        sum(one.others for one in known),
    )


def _joined(wanted: Filter) -> set[str]:
    """The tables that a filter's conditions read."""
    tables: set[str] = {"company"} if wanted.text else set()
    return set(TABLES) if wanted.condition is not None else tables
