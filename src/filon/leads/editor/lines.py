"""A condition as the lines people edit, and back. A line may hold several values; negation is part of its comparison.

What is nested deeper than one group in the whole stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from filon.core.conditions import ConditionError, CountRow, Field, Group, Node, Registry, Row, Words, from_rows, to_rows
from filon.core.conditions.fields import Scope
from filon.core.conditions.tree import ANY_KIND, And, Compare, Count, Empty, Not, OneOf, Or

ALL: Final = "all"
ANY: Final = "any"


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a line compares: the language's operator, whether it is negated, and whether it takes several values.

    moving: it compares with a moment that moves (`now`, `now -`, `now +`); after the latter two a length of time is
    typed. is_times: it compares how often something happened.
    """

    operator: str
    label: Words
    negated: bool = False
    is_many: bool = False
    moving: str = ""
    is_times: bool = False

    @property
    def has_value(self) -> bool:
        """Whether there is anything to type."""
        return self.operator != "empty" and self.moving != "now"

    @property
    def is_span(self) -> bool:
        """Whether a length of time is typed: an amount and its unit."""
        return self.moving in {"now -", "now +"}


COMPARISONS: Final[Mapping[str, Comparison]] = {
    "is": Comparison("=", Words("is one of", "est"), is_many=True),
    "is_not": Comparison("=", Words("is none of", "n’est pas"), negated=True, is_many=True),
    "contains": Comparison("contains", Words("contains", "contient"), is_many=True),
    "contains_not": Comparison("contains", Words("does not contain", "ne contient pas"), negated=True, is_many=True),
    "starts": Comparison("starts_with", Words("starts with", "commence par"), is_many=True),
    "starts_not": Comparison(
        "starts_with", Words("does not start with", "ne commence pas par"), negated=True, is_many=True
    ),
    "ends": Comparison("ends_with", Words("ends with", "finit par"), is_many=True),
    "ends_not": Comparison("ends_with", Words("does not end with", "ne finit pas par"), negated=True, is_many=True),
    "equal": Comparison("=", Words("equals", "égale")),
    "least": Comparison(">=", Words("is at least", "est au moins")),
    "most": Comparison("<=", Words("is at most", "est au plus")),
    "more": Comparison(">", Words("is more than", "est supérieur à")),
    "less": Comparison("<", Words("is less than", "est inférieur à")),
    "on": Comparison("=", Words("is on", "est le")),
    "since": Comparison(">=", Words("is from … on", "est à partir du")),
    "until": Comparison("<=", Words("is until the end of", "est jusqu’au")),
    "after": Comparison(">", Words("is after", "est après le")),
    "before": Comparison("<", Words("is before", "est avant le")),
    "within": Comparison(">=", Words("is in the last", "est depuis moins de"), moving="now -"),
    "older": Comparison("<=", Words("is longer ago than", "date de plus de"), moving="now -"),
    "ahead": Comparison("<=", Words("is within the next", "est dans moins de"), moving="now +"),
    "past": Comparison("<", Words("is past", "est passé"), moving="now"),
    "to_come": Comparison(">", Words("is to come", "est à venir"), moving="now"),
    "times_least": Comparison(">=", Words("at least", "au moins"), is_times=True),
    "times_most": Comparison("<=", Words("at most", "au plus"), is_times=True),
    "times_exactly": Comparison("=", Words("exactly", "exactement"), is_times=True),
    "so": Comparison("=", Words("is", "est")),
    "filled": Comparison("empty", Words("is filled in", "est renseigné"), negated=True),
    "empty": Comparison("empty", Words("is empty", "n’est pas renseigné")),
    "differs": Comparison("!=", Words("is filled in and is not", "est renseigné et n’est pas")),
}
"""Every comparison of the form by its code."""

_TEXTS: Final = ("contains", "contains_not", "is", "is_not", "starts", "starts_not", "ends", "ends_not")
_FILLED: Final = ("filled", "empty")
_MOVING: Final = ("within", "older", "ahead", "past", "to_come")
_NUMBERS: Final = ("least", "most", "equal", "more", "less")
_OF_KIND: Final[Mapping[str, tuple[str, ...]]] = {
    "text": (*_TEXTS, *_FILLED, "differs"),
    "code": (*_TEXTS, *_FILLED, "differs"),
    "choice": ("is", "is_not", *_FILLED, "differs"),
    "reference": ("is", "is_not", "contains", "contains_not", *_FILLED, "differs"),
    "attribute": (*_TEXTS, "least", "most", "more", "less", *_FILLED, "differs"),
    "number": (*_NUMBERS, *_FILLED, "differs"),
    "datetime": (*_MOVING, "since", "until", "on", "after", "before", *_FILLED, "differs"),
    "boolean": ("so", *_FILLED),
}
_TIMES: Final = ("times_least", "times_most", "times_exactly")
COUNT: Final = "count:"
"""Before the kind of act, in the field of a line that counts acts."""
UNITS: Final[Mapping[str, Words]] = {
    "minutes": Words("minutes", "minutes"),
    "hours": Words("hours", "heures"),
    "days": Words("days", "jours"),
    "weeks": Words("weeks", "semaines"),
    "months": Words("months", "mois"),
}
_MOVING_VALUE: Final = re.compile(r"(now [+-]) ([0-9]+) (minutes|hours|days|weeks|months)\Z")


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison as typed. field: a name, the prefix of an attribute (`attributes.`) whose `name` is typed, or
    `count:KIND` for how often something happened.

    values: a length of time is its amount and its unit; a count is how often, then the length of time or "".
    """

    field: str
    comparison: str
    values: tuple[str, ...] = ()
    name: str = ""

    @property
    def full_field(self) -> str:
        """The field as the language names it."""
        return f"{self.field}{self.name}" if self.field.endswith(".") else self.field


@dataclass(frozen=True, slots=True)
class Block:
    """All (`all`) or any (`any`) of its lines. The outer block may hold blocks; those hold lines only."""

    join: str = ALL
    lines: tuple[Line | Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """What the form may speak of: the fields of the lead, or those of an act; without the hidden ones.

    first: the field of a new line. counts: whether lines may count acts.
    """

    registry: Registry
    first: str
    is_act: bool = False
    counts: bool = False
    hidden: frozenset[str] = field(default_factory=frozenset)

    @property
    def scope(self) -> Scope:
        """The names that can be used."""
        return self.registry.act if self.is_act else self.registry.lead

    def fields(self) -> list[Field]:
        """The fields to choose from, in the registry's order; attributes are apart (`scope.attributes`)."""
        return [one for name, one in self.scope.fields.items() if name not in self.hidden]

    def comparisons(self, line: Line) -> tuple[str, ...]:
        """Codes of the comparisons that fit a line's field."""
        if line.field.startswith(COUNT):
            return _TIMES
        found = self.scope.find(line.full_field)
        if found is None:
            return _OF_KIND["attribute"] if line.field.endswith(".") else _OF_KIND["text"]
        return _OF_KIND[found.kind]

    def new_line(self) -> Line:
        """A line to begin with, on the field most often asked about."""
        return Line(self.first, self.comparisons(Line(self.first, ""))[0])


class WrongLine(ValueError):
    """A line that cannot be understood: its path from the outer block, and what to say in both languages."""

    def __init__(self, path: tuple[int, ...], words: Words) -> None:
        super().__init__(words.en)
        self.path = path
        self.words = words


# Condition → lines ----------------------------------------------------------------------------------------------------


def to_block(node: Node, offer: Offer) -> Block | None:
    """A condition as the form shows it; None when it is deeper than the form, or compares in a way it has not."""
    alone = _line(node, offer)
    if alone is not None:
        return Block(ALL, (alone,))
    if not isinstance(node, And | Or):
        return None
    parts: list[Line | Block] = []
    for items in _neighbours(node):
        part = _line(items[0] if len(items) == 1 else Or(tuple(items)), offer) or _inner(items[0], offer)
        if part is None:
            return None
        parts.append(part)
    return Block(ALL if isinstance(node, And) else ANY, tuple(parts))


def _inner(node: Node, offer: Offer) -> Block | None:
    """A group in the whole: of lines only."""
    block = to_block(node, offer) if isinstance(node, And | Or) else None
    return None if block is None or any(isinstance(part, Block) for part in block.lines) else block


def _neighbours(node: And | Or) -> Iterable[list[Node]]:
    """The items; in an `or` those that search one field the same way come together, as one line shows them."""
    if isinstance(node, And):
        return [[item] for item in node.items]
    grouped = (list(items) for key, items in groupby(node.items, key=_search))
    return [part for items in grouped for part in ([items] if _search(items[0]) else [[item] for item in items])]


def _search(node: Node) -> tuple[str, str] | None:
    is_search = isinstance(node, Compare) and node.operator in {"contains", "starts_with", "ends_with"}
    return (node.field, node.operator) if is_search and isinstance(node, Compare) else None


def _line(node: Node, offer: Offer) -> Line | None:
    if isinstance(node, Count):
        return _counting(node, offer)
    negated = isinstance(node, Not)
    inner = node.item if isinstance(node, Not) else node
    alternatives = inner.items if isinstance(inner, Or) else (inner,)
    if len(alternatives) > 1 and len({_search(item) for item in alternatives} - {None}) != 1:
        return None
    if len(alternatives) > 1 and any(_search(item) is None for item in alternatives):
        return None
    rows = [_row(item, offer) for item in alternatives]
    leaf = rows[0]
    if leaf is None or not _is_offered(leaf.field, offer):
        return None
    operator = "=" if leaf.operator == "in" else leaf.operator
    values = tuple(value for row in rows if row is not None for value in row.values)
    if any(value != " ".join(value.split()) for value in values):
        return None  # spaces at the ends or lines would be lost in the box
    field_name, name = _split(leaf.field, offer)
    line = Line(field_name, "", values, name)
    moving, typed = _moving(values)
    for code in offer.comparisons(line):
        one = COMPARISONS[code]
        is_meant = (one.operator, one.negated, one.moving) == (operator, negated, moving)
        if is_meant and (one.is_many or one.moving or len(values) < 2):
            return Line(field_name, code, typed, name)
    is_text = moving and any(COMPARISONS[code].moving for code in offer.comparisons(line))
    return None if is_text else _plain_line(line, operator, offer, negated=negated)


def _plain_line(line: Line, operator: str, offer: Offer, *, negated: bool) -> Line | None:
    """A line whose value only looks like a moment that moves: the text “now”, for example."""
    for code in offer.comparisons(line):
        one = COMPARISONS[code]
        is_meant = (one.operator, one.negated, one.moving) == (operator, negated, "")
        if is_meant and (one.is_many or len(line.values) < 2):
            return Line(line.field, code, line.values, line.name)
    return None


def _moving(values: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """What a moment that moves is measured from, and what stands in its boxes."""
    match = _MOVING_VALUE.match(values[0]) if len(values) == 1 else None
    if match is not None:
        return match[1], (match[2], match[3])
    return ("now", ()) if values == ("now",) else ("", values)


def _counting(node: Count, offer: Offer) -> Line | None:
    """A count of all acts of a kind; one that looks into the acts is deeper than a line shows."""
    if not offer.counts or node.where is not None:
        return None
    span = (str(node.window.amount), node.window.unit) if node.window is not None else ("", "days")
    for code in _TIMES:
        if COMPARISONS[code].operator == node.operator:
            return Line(f"{COUNT}{node.kind}", code, (str(node.number), *span))
    return None


def _row(node: Node, offer: Offer) -> Row | None:
    """A plain comparison with its values as their boxes show them."""
    if not isinstance(node, Compare | OneOf | Empty):
        return None
    if not offer.is_act:
        group = to_rows(node, offer.registry)
        row = group.rows[0] if group is not None else None
    else:
        group = to_rows(Count(ANY_KIND, ">=", 1, node), offer.registry)
        counted = group.rows[0] if group is not None else None
        row = counted.where[0] if isinstance(counted, CountRow) else None
    return row if isinstance(row, Row) else None


def _is_offered(name: str, offer: Offer) -> bool:
    return name not in offer.hidden


def _split(name: str, offer: Offer) -> tuple[str, str]:
    split = offer.scope.split(name)
    return (name, "") if split is None else (f"{split[0]}.", split[1])


# Lines → condition ----------------------------------------------------------------------------------------------------


def to_node(block: Block, offer: Offer) -> Node:
    """The condition that the lines mean. Raises WrongLine."""
    return _joined(block, offer, ())


def _joined(block: Block, offer: Offer, path: tuple[int, ...]) -> Node:
    if not block.lines:
        raise WrongLine(path, Words("Add at least one line", "Ajoutez au moins une ligne"))
    items: list[Node] = []
    for index, part in enumerate(block.lines):
        here = (*path, index)
        item = _joined(part, offer, here) if isinstance(part, Block) else _meaning(part, offer, here)
        if isinstance(item, Or) and block.join == ANY:
            items += item.items
        else:
            items.append(item)
    if len(items) == 1:
        return items[0]
    return And(tuple(items)) if block.join == ALL else Or(tuple(items))


def _meaning(line: Line, offer: Offer, path: tuple[int, ...]) -> Node:
    one = COMPARISONS.get(line.comparison)
    if one is None or line.comparison not in offer.comparisons(line):
        raise WrongLine(path, Words("Choose how to compare", "Choisissez une comparaison"))
    if one.is_times:
        return _counted(line, one, offer, path)
    if one.moving:
        return _leaf(Row(line.full_field, one.operator, (_moment(line, one, path),)), offer, path)
    values = tuple(value for value in line.values if value.strip())
    if one.has_value and not values:
        raise WrongLine(path, Words("Type a value", "Saisissez une valeur"))
    item = _compared(line, one, values if one.has_value else (), offer, path)
    return Not(item) if one.negated else item


def _moment(line: Line, one: Comparison, path: tuple[int, ...]) -> str:
    if not one.is_span:
        return one.moving
    amount, unit, *_others = (*line.values, "", "")
    if not amount.strip():
        raise WrongLine(path, Words("Type how long", "Saisissez une durée"))
    return f"{one.moving} {amount.strip()} {unit or 'days'}"


def _counted(line: Line, one: Comparison, offer: Offer, path: tuple[int, ...]) -> Node:
    number, amount, unit, *_others = (*line.values, "", "", "")
    if not number.strip():
        raise WrongLine(path, Words("Type how often", "Saisissez un nombre de fois"))
    window = f"{amount.strip()} {unit or 'days'}" if amount.strip() else ""
    row = CountRow(line.field.removeprefix(COUNT), one.operator, number, window=window)
    try:
        return from_rows(Group("all", (row,)), offer.registry)
    except ConditionError as error:
        raise WrongLine(path, error.words) from error


def _compared(line: Line, one: Comparison, values: Sequence[str], offer: Offer, path: tuple[int, ...]) -> Node:
    if one.operator == "=" and len(values) > 1:
        return _leaf(Row(line.full_field, "in", tuple(values)), offer, path)
    leaves = [_leaf(Row(line.full_field, one.operator, (value,)), offer, path) for value in values]
    if not leaves:
        return _leaf(Row(line.full_field, one.operator), offer, path)
    return leaves[0] if len(leaves) == 1 else Or(tuple(leaves))


def _leaf(row: Row, offer: Offer, path: tuple[int, ...]) -> Node:
    try:
        if not offer.is_act:
            return from_rows(Group("all", (row,)), offer.registry)
        counted = from_rows(Group("all", (CountRow(ANY_KIND, ">=", "1", where=(row,)),)), offer.registry)
    except ConditionError as error:
        raise WrongLine(path, error.words) from error
    assert isinstance(counted, Count)  # noqa: S101 — that is what the row means
    assert counted.where is not None  # noqa: S101 — one row stands in it
    return counted.where
