"""The rows of the form: a condition as the flat “all of these / any of these” that people edit, and back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

from filon.core.conditions.errors import ConditionError, wording
from filon.core.conditions.fields import OPERATORS, Registry, Scope
from filon.core.conditions.syntax import MAX_COUNT, compared, parse_duration, parse_value, unknown_field
from filon.core.conditions.text import duration_text, value_text
from filon.core.conditions.tokens import quoted
from filon.core.conditions.tree import (
    ANY_KIND,
    And,
    Compare,
    Count,
    Empty,
    Node,
    Not,
    OneOf,
    Operator,
    Or,
    Order,
    Value,
)
from filon.core.conditions.words import listed

Join: TypeAlias = Literal["all", "any"]

_EITHER: Final = frozenset({"attribute", "reference"})  # compared with numbers and with texts
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z")


@dataclass(frozen=True, slots=True)
class Row:
    """`field operator values`, maybe negated (the exact complement, so it also takes empty values).

    operator: one of the language's, or `empty`. values: as people type them in the boxes (one; several for `in`; none
    for `empty`): a text without quotes, but an attribute's or reference's text that looks like a number in quotes.
    """

    field: str
    operator: str
    values: tuple[str, ...] = ()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class CountRow:
    """`count(kind where …, window) operator number`; where: rows about the act, window: `30 days`, empty for ever."""

    kind: str
    operator: str
    number: str
    where: tuple[Row, ...] = ()
    where_join: Join = "all"
    window: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """All or any of its rows. The outer group may hold groups; those hold rows only."""

    join: Join
    rows: tuple[Row | CountRow | Group, ...]


def to_rows(node: Node, registry: Registry) -> Group | None:
    """The condition as the form shows it; None when it is deeper than the form, which then shows the text."""
    group = _group(node, registry)
    if group is None:
        return None
    nested = [row for row in group.rows if isinstance(row, Group)]
    return None if any(isinstance(inner, Group) for row in nested for inner in row.rows) else group


def from_rows(group: Group, registry: Registry) -> Node:
    """The condition that the form's rows mean. Raises ConditionError, whose `row` says which one is wrong."""
    return _joined(group, registry, ())


# Tree → rows ---------------------------------------------------------------------------------------------------------


def _group(node: Node, registry: Registry) -> Group | None:
    if not isinstance(node, And | Or):
        row = _row(node, registry)
        return None if row is None else Group("all", (row,))
    rows: list[Row | CountRow | Group] = []
    for item in node.items:
        part = _group(item, registry) if isinstance(item, And | Or) else _row(item, registry)
        if part is None:
            return None
        rows.append(part)
    return Group("all" if isinstance(node, And) else "any", tuple(rows))


def _row(node: Node, registry: Registry) -> Row | CountRow | None:
    negated = isinstance(node, Not)
    item = node.item if isinstance(node, Not) else node
    if isinstance(item, Count):
        return _count_row(item, registry, negated=negated)
    return None if isinstance(item, And | Or | Not) else _plain_row(item, registry.lead, negated=negated)


def _plain_row(node: Compare | OneOf | Empty, scope: Scope, *, negated: bool) -> Row:
    if isinstance(node, Empty):
        return Row(node.field, "empty", negated=negated)
    kind = scope.get(node.field).kind
    if isinstance(node, OneOf):
        return Row(node.field, "in", tuple(_box(value, kind) for value in node.values), negated)
    return Row(node.field, node.operator, (_box(node.value, kind),), negated)


def _count_row(node: Count, registry: Registry, *, negated: bool) -> CountRow | None:
    conditions = node.where.items if isinstance(node.where, And | Or) else (node.where,) if node.where else ()
    rows: list[Row] = []
    for condition in conditions:
        item = condition.item if isinstance(condition, Not) else condition
        if not isinstance(item, Compare | OneOf | Empty):
            return None
        rows.append(_plain_row(item, registry.act, negated=isinstance(condition, Not)))
    join: Join = "any" if isinstance(node.where, Or) else "all"
    window = "" if node.window is None else duration_text(node.window)
    return CountRow(node.kind, node.operator, str(node.number), tuple(rows), join, window, negated)


def _box(value: Value, kind: str) -> str:
    """A value as its box shows it; quoted where it would else be read as a number or as quoted."""
    if not isinstance(value, str):
        return value_text(value)
    return quoted(value) if kind in _EITHER and _is_special(value) else value


def _is_special(text: str) -> bool:
    return text.strip()[:1] == '"' or _NUMBER.match(text.strip()) is not None


# Rows → tree ---------------------------------------------------------------------------------------------------------


def _joined(group: Group, registry: Registry, path: tuple[int, ...]) -> Node:
    if not group.rows:
        raise ConditionError(wording("no_rows"), 0, 0, row=path)
    items = tuple(_condition(row, registry, (*path, index)) for index, row in enumerate(group.rows))
    return items[0] if len(items) == 1 else And(items) if group.join == "all" else Or(items)


def _condition(row: Row | CountRow | Group, registry: Registry, path: tuple[int, ...]) -> Node:
    if isinstance(row, Group):
        return _joined(row, registry, path)
    try:
        item = _of_count(row, registry) if isinstance(row, CountRow) else _of_row(row, registry.lead)
    except ConditionError as error:
        raise ConditionError(error.words, error.position, error.length, row=(*path, *error.row)) from None
    return Not(item) if row.negated else item


def _of_row(row: Row, scope: Scope) -> Compare | OneOf | Empty:
    field = scope.find(row.field)
    if field is None:
        raise ConditionError(unknown_field(row.field, scope), 0, 0)
    if row.operator == "empty":
        return Empty(field.name)
    if row.operator not in field.operators:
        operators = listed([*field.operators, "empty"])
        raise ConditionError(
            wording("operator_not_for", field=field.name, operator=row.operator, operators=operators), 0, 0
        )
    values = tuple(parse_value(_literal(box, field.kind), field, row.operator) for box in row.values or ("",))
    if row.operator == "in":
        return OneOf(field.name, values)
    return compared(field, cast(Operator, row.operator), values[0], (0, 0))


def _literal(box: str, kind: str) -> str:
    """What a box holds, as it would stand in a condition's text."""
    is_text = kind in {"text", "code", "choice"} or (kind in _EITHER and not _is_special(box))
    return quoted(box) if is_text else box


def _of_count(row: CountRow, registry: Registry) -> Count:
    if row.kind != ANY_KIND and row.kind not in registry.kinds:
        raise ConditionError(wording("unknown_kind", name=row.kind), 0, 0)
    if row.operator not in OPERATORS["datetime"]:
        raise ConditionError(wording("count_operator", found=row.operator), 0, 0)
    number = row.number.strip()
    if not (number.isascii() and number.isdigit() and len(number) <= 7 and int(number) <= MAX_COUNT):
        raise ConditionError(wording("count_number", found=row.number), 0, len(row.number))
    window = parse_duration(row.window) if row.window.strip() else None
    where = _of_where(row, registry) if row.where else None
    return Count(row.kind, cast(Order, row.operator), int(number), where, window)


def _of_where(row: CountRow, registry: Registry) -> Node:
    items: list[Node] = []
    for index, part in enumerate(row.where):
        try:
            item = _of_row(part, registry.act)
        except ConditionError as error:
            raise ConditionError(error.words, error.position, error.length, row=(index,)) from None
        items.append(Not(item) if part.negated else item)
    if len(items) == 1:
        return items[0]
    return And(tuple(items)) if row.where_join == "all" else Or(tuple(items))
