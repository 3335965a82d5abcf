"""The ways a list of leads can be sorted, and walking through it place by place, forwards and backwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext as _

from filon.kit import keyset, sql
from filon.kit.errors import Kind, Refused
from filon.leads import fields
from filon.leads.listing.where import Leads, Where

_LARGEST_ID: Final = 2**63


class Part(NamedTuple):
    """Rows of one kind in one order: all `columns` the same way; the last one is the lead's id."""

    columns: tuple[str, ...]
    is_descending: bool
    only: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """A way to sort. Leads that have a value come first, by `columns`; those that `lack` one follow, newest id first.

    An index holds the rows of `has` in the order of `columns`, so that a page costs what it shows. walked_by: how
    SQLite, which knows little of the data, is told to walk that index (the beginning of the FROM).
    """

    columns: tuple[str, ...]
    has: str = ""
    lacks: str = ""
    joins: frozenset[str] = frozenset()
    is_moment: bool = False
    is_descending: bool = False
    walked_by: str = ""

    @property
    def parts(self) -> tuple[Part, ...]:
        """The kinds of rows, in their order."""
        first = Part(self.columns, self.is_descending, self.has)
        return (first, Part(("lead.id",), is_descending=True, only=self.lacks)) if self.lacks else (first,)


_RUNNING: Final = "lead.due_at IS NOT NULL AND lead.responded_at IS NULL AND lead.is_open"
_ORDERS: Final[dict[str, Order]] = {
    "captured_at": Order(("lead.captured_at", "lead.id"), is_moment=True),
    "last_act_at": Order(
        ("lead.last_act_at", "lead.id"),
        has="lead.last_act_at IS NOT NULL",
        lacks="lead.last_act_at IS NULL",
        is_moment=True,
        walked_by=f"{fields.BASE} INDEXED BY leads_lead_last_act",
    ),
    "due_at": Order(
        ("lead.due_at", "lead.id"),
        has=_RUNNING,
        lacks=f"NOT ({_RUNNING})",
        is_moment=True,
        walked_by=f"{fields.BASE} INDEXED BY leads_lead_due",
    ),
    "name": Order(
        ("person.full_name_folded", "person.id", "lead.id"),
        has="person.full_name_folded <> ''",
        lacks="NOT (person.full_name_folded <> '')",  # not "= ''": the nameless are taken by id, not by name
        joins=frozenset({"person"}),
        walked_by=(
            '"leads_person" AS person INDEXED BY leads_person_by_name '
            f"CROSS JOIN {fields.BASE} ON lead.person_id = person.id"
        ),
    ),
    "company": Order(
        ("company.name_folded", "company.id", "lead.id"),
        has="company.name_folded >= ''",  # false without a company, so that its index may lead the join
        lacks="lead.company_id IS NULL",
        joins=frozenset({"company"}),
        walked_by=(
            '"leads_company" AS company INDEXED BY leads_company_by_name '
            f"CROSS JOIN {fields.BASE} ON lead.company_id = company.id"
        ),
    ),
    "grade": Order(
        ("lead.grade", "lead.id"),
        has="NOT (lead.grade = '')",
        lacks="lead.grade = ''",
        walked_by=f"{fields.BASE} INDEXED BY leads_lead_by_grade",
    ),
}
SORTS: Final = tuple(name for base in _ORDERS for name in (base, f"-{base}"))
"""What lists can be sorted by; a minus turns the order round."""

DEFAULT: Final = "-captured_at"


class Place(NamedTuple):
    """Where a row stands in an order: its part, and its values there; the last one is the lead's id."""

    part: int
    values: tuple[Any, ...]

    @property
    def lead_id(self) -> int:
        """The lead of the row."""
        return int(self.values[-1])


def named(name: str) -> Order:
    """The order of a name. Raises Refused for one there is not."""
    order = _ORDERS.get(name.removeprefix("-"))
    if order is None:
        message = _("Leads cannot be sorted by %(name)s. Choose one of: %(known)s.")
        raise Refused(message % {"name": name[:80], "known": ", ".join(SORTS)}, Kind.INVALID, code="sort")
    return replace(order, is_descending=True) if name.startswith("-") else order


def walk(order: Order, leads: Leads, start: Place | None, limit: int, *, is_back: bool = False) -> list[Place]:
    """The places after `start` (before it, nearest first, with `is_back`), at most `limit`. A statement a part."""
    numbers = range(len(order.parts))
    if start is not None:
        numbers = numbers[start.part :] if not is_back else numbers[: start.part + 1]
    found: list[Place] = []
    for number in reversed(numbers) if is_back else numbers:
        since = start.values if start is not None and start.part == number else None
        rows = _read(order, number, leads, since, limit - len(found), is_back=is_back)
        found += [Place(number, _values(row, is_moment=order.is_moment and number == 0)) for row in rows]
        if len(found) >= limit:
            break
    return found


def _read(
    order: Order, number: int, leads: Leads, since: Sequence[Any] | None, limit: int, *, is_back: bool
) -> list[tuple[Any, ...]]:
    part = order.parts[number]
    direction = "DESC" if part.is_descending != is_back else "ASC"
    where = leads.where.copy()
    where.add(part.only)
    if since is not None:
        _add_bound(where, part.columns, since, "<" if direction == "DESC" else ">")
    source = _source(order, where.joins | order.joins, is_walked=number == 0 and not leads.are_few)
    columns = part.columns
    fence = ""
    if leads.are_few and sql.is_postgresql():  # OFFSET 0 keeps the planner from walking an index for the few
        where_few = f"SELECT {', '.join(f'{column} AS c{at}' for at, column in enumerate(columns))} FROM {source}"
        fence = f"({where_few}{where.sql()} OFFSET 0) AS few"
        columns = tuple(f"c{at}" for at in range(len(columns)))
    ordered = ", ".join(f"{column} {direction}" for column in columns)
    chosen = f"SELECT {', '.join(columns)} FROM {fence or source + where.sql()}"
    return sql.fetch(f"{chosen} ORDER BY {ordered} LIMIT {limit}", where.params)


def _source(order: Order, joins: set[str] | frozenset[str], *, is_walked: bool) -> str:
    if not is_walked or not order.walked_by or sql.is_postgresql():
        return fields.source(joins)
    others = [join for alias, join in fields.TABLES.items() if alias in joins - order.joins]
    return " ".join([order.walked_by, *others])


def _add_bound(where: Where, columns: Sequence[str], since: Sequence[Any], sign: str) -> None:
    values = [_param(value) for value in since]
    if len(columns) > 2:  # over two tables the comparison of rows is no bound of an index
        where.add(f"{columns[0]} {sign}= %s", values[:1])
    marks = ", ".join(["%s"] * len(columns))
    where.add(f"({', '.join(columns)}) {sign} ({marks})", values)


def _values(row: Sequence[Any], *, is_moment: bool) -> tuple[Any, ...]:
    return (sql.as_utc(row[0]), *row[1:]) if is_moment else tuple(row)


def _param(value: Any) -> Any:
    if isinstance(value, datetime) and not sql.is_postgresql():
        return value.isoformat(" ").removesuffix("+00:00")
    return value


# Cursors --------------------------------------------------------------------------------------------------------------


def cursor(name: str, place: Place) -> str:
    """The place in the order of this name, as it stands in a URL."""
    values = [value.isoformat() if isinstance(value, datetime) else value for value in place.values]
    return keyset.encode(name, place.part, values)


def place_of(name: str, text: str) -> Place | None:
    """The place a cursor of this order stands for; None for an empty one. Raises Refused for any other."""
    if not text:
        return None
    given, part, values = keyset.decode(text, 3)
    parts = named(name).parts
    if given != name or part not in range(len(parts)) or not isinstance(values, list):
        raise keyset.wrong()
    columns = parts[part].columns
    if len(values) != len(columns):
        raise keyset.wrong()
    first = values[:-1]
    ids = values[-1:] + [first.pop() for column in columns[1:-1] if column.endswith(".id")]
    if not all(type(value) is int and 0 <= value < _LARGEST_ID for value in ids):
        raise keyset.wrong()
    if not all(isinstance(value, str) and "\0" not in value for value in first):
        raise keyset.wrong()
    if named(name).is_moment and part == 0:
        values = [_moment(values[0]), *values[1:]]
    return Place(part, tuple(values))


def _moment(text: str) -> datetime:
    try:
        moment = sql.as_utc(text)
    except (ValueError, OverflowError) as error:
        raise keyset.wrong() from error
    if moment is None:
        raise keyset.wrong()
    return moment
