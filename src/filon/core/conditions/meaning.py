"""What a tree means, wherever it runs: said once, so that the closure and the SQL cannot drift apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Final

from filon.core.conditions.fields import Field
from filon.core.conditions.tree import Now, OneOf, Order, Value
from filon.kit.text import fold

MAX_DIGITS: Final = 15
"""Digits of a number that Decimal, float, NUMERIC and REAL compare alike."""

TEXTUAL: Final = frozenset({"text", "code", "choice", "attribute"})
"""Kinds whose value is a text, empty when it is `""` or NULL; the others are empty when NULL."""

_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z")
_ASCII_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_INSTANT: Final = timedelta(microseconds=1)  # the finest time that either database keeps


def is_number(text: str) -> bool:
    """Whether an attribute's folded text counts as a number: -?digits(.digits)?, at most 15 digits in all."""
    return _NUMBER.match(text) is not None and len(text) - text.count("-") - text.count(".") <= MAX_DIGITS


def lower_ascii(text: str) -> str:
    """A code with A–Z as a–z and the rest unchanged: the form in which codes compare."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


def key_of(text: str, field: Field) -> str:
    """A text literal in the form its field's column holds: folded, or a code in lower case, or a choice as it is."""
    if field.kind == "choice":
        return text
    return lower_ascii(text) if field.kind == "code" else fold(text)


def compared_field(field: Field, value: Value) -> Field:
    """The field whose column meets this value: the name of a reference when the value is a name."""
    if isinstance(value, str) and field.by_name is not None:
        return field.by_name
    return field


def by_type(node: OneOf) -> Sequence[OneOf]:
    """`in` with numbers and texts together, as one `in` of each type: they meet different columns or rules."""
    types = dict.fromkeys(type(value) for value in node.values)
    return [OneOf(node.field, tuple(value for value in node.values if type(value) is one)) for one in types]


def interval_of(value: Value, at: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The moments a literal stands for, as [start, end) in UTC: a whole day of `zone`, or one microsecond.

    `x = v` is start <= x < end, `x < v` is x < start, `x <= v` is x < end, `x > v` is x >= end, `x >= v` is x >= start.
    """
    if isinstance(value, Now):
        start = (at + value.delta).astimezone(UTC)
        return start, start + _INSTANT
    if isinstance(value, datetime):
        start = (value if value.tzinfo is not None else value.replace(tzinfo=zone)).astimezone(UTC)
        return start, start + _INSTANT
    assert isinstance(value, date)  # noqa: S101 — what the parser gives beside a datetime field
    start, end = (datetime.combine(day, time.min, zone) for day in (value, value + timedelta(days=1)))
    return start.astimezone(UTC), end.astimezone(UTC)


def exact(value: Decimal | int) -> Decimal | int:
    """A number literal as an int when it is one: ints compare faster, and let an index on integers work."""
    return int(value) if value == int(value) else value


def enough_acts(number: int) -> int:
    """How many acts need to be counted before `count(…) operator number` cannot change any more."""
    return number + 1


def exists_when(operator: Order, number: int) -> bool | None:
    """Whether a count is but the question of one act: True there is one, False there is none, None when it is more."""
    if (operator, number) in {(">=", 1), (">", 0), ("!=", 0)}:
        return True
    if (operator, number) in {("<", 1), ("<=", 0), ("=", 0)}:
        return False
    return None
