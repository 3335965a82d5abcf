"""Tree → its canonical text. Parsing that text gives the same tree again."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from filon.core.conditions.tokens import is_plain, quoted, written
from filon.core.conditions.tree import And, Compare, Count, Duration, Empty, Node, Not, Now, OneOf, Or, Value

_PREFIX: Final = re.compile(r"\A(?:[a-z_][a-z0-9_]*\.)+")


def unparse(node: Node) -> str:
    """A condition as text, in one way of writing: `parse(unparse(tree), registry) == tree`."""
    if isinstance(node, And | Or):
        word = " and " if isinstance(node, And) else " or "
        return word.join(_inside(item, node) for item in node.items)
    if isinstance(node, Not):
        if isinstance(node.item, Empty):
            return f"{field_text(node.item.field)} is not empty"
        return f"not {_inside(node.item, node)}"
    if isinstance(node, Empty):
        return f"{field_text(node.field)} is empty"
    if isinstance(node, OneOf):
        return f"{field_text(node.field)} in ({', '.join(value_text(value) for value in node.values)})"
    if isinstance(node, Count):
        return _count(node)
    return _compare(node)


def value_text(value: Value) -> str:
    """A literal as it is written in a condition."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return written(value)
    if isinstance(value, Now):
        return _now(value)
    if isinstance(value, datetime):
        zone = "Z" if value.tzinfo is not None else ""
        moment = value.astimezone(UTC) if zone else value
        return f"{moment.replace(tzinfo=None).isoformat()}{zone}"
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def duration_text(duration: Duration) -> str:
    """`30 days`."""
    return f"{duration.amount} {duration.unit}"


def field_text(name: str) -> str:
    """A field's name; the name of an attribute that is no plain word is quoted."""
    match = _PREFIX.match(name)
    prefix = match.group() if match else ""
    rest = name[len(prefix) :]
    return name if is_plain(rest) else f"{prefix}{quoted(rest)}"


def _inside(item: Node, outer: Node) -> str:
    """An item of a join or `not`, in parentheses when it would be read otherwise."""
    needs = isinstance(item, And | Or) and not (isinstance(item, And) and isinstance(outer, Or))
    return f"({unparse(item)})" if needs else unparse(item)


def _compare(node: Compare) -> str:
    if node.value is True:
        return field_text(node.field)
    return f"{field_text(node.field)} {node.operator} {value_text(node.value)}"


def _count(node: Count) -> str:
    where = f" where {unparse(node.where)}" if node.where is not None else ""
    window = f", {duration_text(node.window)}" if node.window is not None else ""
    return f"count({node.kind}{where}{window}) {node.operator} {node.number}"


def _now(value: Now) -> str:
    if value.amount == 0:
        return "now"
    return f"now {'-' if value.amount < 0 else '+'} {abs(value.amount)} {value.unit}"
