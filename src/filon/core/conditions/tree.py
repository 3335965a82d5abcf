"""What a condition is once parsed: a frozen tree. Positions in the text are kept beside, and do not count as equal."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal, TypeAlias

Span: TypeAlias = tuple[int, int]
"""Where a node stands in the text: (position, length), in characters."""

Order: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]
Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "contains", "starts_with", "ends_with"]

UNITS: Final = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
    "months": timedelta(days=30),
}
"""Length of each unit of time. A day is 24 hours and a month is 30 days, whatever the calendar says."""

ANY_KIND: Final = "any"
"""The kind that stands for acts of every kind in `count(…)`."""


@dataclass(frozen=True, slots=True)
class Duration:
    """`30 days`, as it was written."""

    amount: int
    unit: str

    @property
    def delta(self) -> timedelta:
        """The same as a length of time."""
        return self.amount * UNITS[self.unit]


@dataclass(frozen=True, slots=True)
class Now:
    """`now`, `now - 7 days` (a negative amount) or `now + 1 weeks`: a moment that moves with `at`."""

    amount: int = 0
    unit: str = "days"

    @property
    def delta(self) -> timedelta:
        """What to add to `at`."""
        return self.amount * UNITS[self.unit]


Value: TypeAlias = str | Decimal | bool | int | date | datetime | Now
"""A literal. Its type follows the field: text and choice str, number Decimal, reference int or str (a name),
datetime date (a whole day), datetime (aware UTC, or naive in the registry's zone) or Now, attribute str or Decimal."""


@dataclass(frozen=True, slots=True)
class Compare:
    """`field operator value`. False when the field is empty, `!=` included."""

    field: str
    operator: Operator
    value: Value
    span: Span = dataclasses.field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class OneOf:
    """`field in (value, …)`: equal to one of them."""

    field: str
    values: tuple[Value, ...]
    span: Span = dataclasses.field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Empty:
    """`field is empty`; `is not empty` is its `Not`."""

    field: str
    span: Span = dataclasses.field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Count:
    """`count(kind where …, 30 days) >= number`: acts of people, not revoked, in `(at - window, at]`."""

    kind: str
    operator: Order
    number: int
    where: Node | None = None
    window: Duration | None = None
    span: Span = dataclasses.field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The exact complement of a condition."""

    item: Node
    span: Span = dataclasses.field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class And:
    """All of at least two conditions."""

    items: tuple[Node, ...]
    span: Span = dataclasses.field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Or:
    """Any of at least two conditions."""

    items: tuple[Node, ...]
    span: Span = dataclasses.field(default=(0, 0), compare=False, repr=False)


Node: TypeAlias = Compare | OneOf | Empty | Count | Not | And | Or


def _leaves(node: Node) -> Iterator[Compare | OneOf | Empty | Count]:
    if isinstance(node, And | Or):
        for item in node.items:
            yield from _leaves(item)
    elif isinstance(node, Not):
        yield from _leaves(node.item)
    else:
        yield node


def fields_of(node: Node) -> frozenset[str]:
    """Names of the fields of the lead that a condition reads; the fields of acts inside `count` are not among them."""
    return frozenset(leaf.field for leaf in _leaves(node) if not isinstance(leaf, Count))


def kinds_of(node: Node) -> frozenset[str]:
    """Kinds of acts that a condition counts, `any` among them when it counts all: what must be loaded to judge it."""
    return frozenset(leaf.kind for leaf in _leaves(node) if isinstance(leaf, Count))
