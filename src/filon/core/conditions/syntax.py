"""The grammar: text → tree, by recursive descent, every name and value checked against the registry on the way.

condition  = all { "or" all }
all        = one { "and" one }
one        = "not" one | "(" condition ")" | count | field test
test       = nothing (a boolean field) | operator value | "in" "(" value { "," value } ")" | "is" ["not"] "empty"
count      = "count" "(" kind [ "where" condition ] [ "," number unit ] ")" order number
value      = word | "text" | 'text' | number | date | date-time | "now" [ ("+" | "-") number unit ]
"""

from __future__ import annotations

from typing import Final, cast

from filon.core.conditions import literals
from filon.core.conditions.errors import ConditionError, wording
from filon.core.conditions.fields import Field, Registry, Scope, nearest
from filon.core.conditions.tokens import RESERVED, Token, tokenize, unquoted
from filon.core.conditions.tree import (
    ANY_KIND,
    And,
    Compare,
    Count,
    Duration,
    Empty,
    Node,
    Not,
    Now,
    OneOf,
    Operator,
    Or,
    Order,
    Span,
    Value,
)
from filon.core.conditions.words import Words, listed

MAX_DEPTH: Final = 50
"""Deepest nesting of parentheses, `not` and `count`."""

MAX_COUNT: Final = 1_000_000
"""Largest number that `count` can be compared with."""

_ORDERS: Final = frozenset({"=", "!=", "<", "<=", ">", ">="})
_TESTS: Final = _ORDERS | {"contains", "starts_with", "ends_with", "in", "is"}


def parse(text: str, registry: Registry) -> Node:
    """A condition as a tree. Raises ConditionError, and nothing else, for any text."""
    parser = _Parser(text, registry)
    if parser.token.kind == "end":
        raise parser.token.error("nothing")
    node = parser.condition()
    if parser.token.kind != "end":
        raise parser.stray("join")
    return node


def parse_value(text: str, field: Field, operator: str) -> Value:
    """One value as it stands beside `field operator`, for the boxes of a form. Raises ConditionError."""
    reader = _Reader(text)
    value = reader.value(field, operator)
    if reader.token.kind != "end":
        raise reader.token.error("one_value")
    return value


def parse_duration(text: str) -> Duration:
    """`30 days`. Raises ConditionError."""
    reader = _Reader(text)
    duration = reader.duration()
    if reader.token.kind != "end":
        raise reader.token.error("one_value")
    return duration


def compared(field: Field, operator: Operator, value: Value, span: Span) -> Compare:
    """A comparison in its one form: a boolean that is not true is one that is false."""
    if field.kind == "boolean" and operator == "!=":
        return Compare(field.name, "=", not value, span)
    return Compare(field.name, operator, value, span)


def unknown_field(name: str, scope: Scope) -> Words:
    """What to say of a name that no field has."""
    if scope.split(name) is not None:
        return wording("attribute_name")
    near = scope.nearest(name)
    return wording("unknown_field_near", name=name, near=near) if near else wording("unknown_field", name=name)


class _Reader:
    """A place in the tokens. Methods are named after what they read; each leaves the place just after it."""

    def __init__(self, text: str) -> None:
        self._tokens = tokenize(text)
        self._index = 0

    @property
    def token(self) -> Token:
        """The token at the place."""
        return self._tokens[self._index]

    def next(self) -> Token:
        """The token at the place, which moves on; the end is never passed."""
        token = self.token
        if token.kind != "end":
            self._index += 1
        return token

    def take(self, keyword: str) -> bool:
        """Whether the token is this keyword or mark; if so the place moves on."""
        is_there = self.token.keyword == keyword
        if is_there:
            self._index += 1
        return is_there

    def peek_is(self, mark: str) -> bool:
        """Whether the token after this one is a mark."""
        return self._index + 1 < len(self._tokens) and self._tokens[self._index + 1].keyword == mark

    def span_from(self, position: int) -> Span:
        """From a position to the end of the last token read."""
        return position, self._tokens[self._index - 1].end - position

    def value(self, field: Field, operator: str) -> Value:
        """A literal of a field."""
        token = self.next()
        if token.kind != "now":
            return literals.value_of(token, field, operator)
        if field.kind != "datetime":
            raise token.error("value", field=field.name)
        duration = self.duration()
        return Now(-duration.amount if "-" in token.text else duration.amount, duration.unit)

    def duration(self) -> Duration:
        """`30 days`."""
        number = self.next()
        if number.kind != "number":
            raise number.error("duration")
        return literals.duration_of(number, self.next())

    def stray(self, code: str) -> ConditionError:
        """The mistake that something else had to come here."""
        before = self._tokens[self._index - 1]
        is_test = self._index + 1 < len(self._tokens) and self._tokens[self._index + 1].keyword in _TESTS
        if before.kind == "word" and self.token.kind == "word" and not is_test:
            start = before.position
            message = wording("several_words", value=f"{before.text} {self.token.text}")
            return ConditionError(message, start, self.token.end - start)
        return self.token.error(code)


class _Parser(_Reader):
    """Reads conditions. `_scope` holds the names that count where the place is."""

    def __init__(self, text: str, registry: Registry) -> None:
        super().__init__(text)
        self._depth = 0
        self._registry = registry
        self._scope = registry.lead

    def condition(self) -> Node:
        """Alternatives."""
        items = [self._all()]
        while self.take("or"):
            items.append(self._all())
        return items[0] if len(items) == 1 else Or(tuple(items), self.span_from(items[0].span[0]))

    def _all(self) -> Node:
        items = [self._one()]
        while self.take("and"):
            items.append(self._one())
        return items[0] if len(items) == 1 else And(tuple(items), self.span_from(items[0].span[0]))

    def _one(self) -> Node:
        start = self.token
        if self.take("not"):
            self._deepen(start)
            item = self._one()
            self._depth -= 1
            return Not(item, self.span_from(start.position))
        if self.take("("):
            self._deepen(start)
            node = self.condition()
            if not self.take(")"):
                raise self.stray("close")
            self._depth -= 1
            return node
        if start.keyword == "count" and self.peek_is("("):
            return self._count()
        return self._comparison()

    def _deepen(self, token: Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise token.error("too_deep", limit=MAX_DEPTH)

    def _comparison(self) -> Node:
        start = self.token
        field = self._field()
        test = self.token
        operators = listed([*field.operators, "is empty"])
        if test.keyword not in _TESTS:
            if field.kind == "boolean":
                return Compare(field.name, "=", value=True, span=self.span_from(start.position))
            raise test.error("operator", field=field.name, operators=operators)
        self.next()
        if test.keyword == "is":
            return self._emptiness(field, start)
        if test.keyword not in field.operators:
            raise test.error("operator_not_for", field=field.name, operator=test.keyword, operators=operators)
        if test.keyword == "in":
            values = self._list(field)
            return OneOf(field.name, values, self.span_from(start.position))
        value = self.value(field, test.keyword)
        return compared(field, cast(Operator, test.keyword), value, self.span_from(start.position))

    def _emptiness(self, field: Field, start: Token) -> Node:
        is_negated = self.take("not")
        if not self.take("empty"):
            raise self.token.error("empty_word")
        span = self.span_from(start.position)
        return Not(Empty(field.name, span), span) if is_negated else Empty(field.name, span)

    def _list(self, field: Field) -> tuple[Value, ...]:
        if not self.take("("):
            raise self.token.error("open_list")
        values = [self.value(field, "in")]
        while self.take(","):
            values.append(self.value(field, "in"))
        if not self.take(")"):
            raise self.stray("list")
        return tuple(values)

    def _field(self) -> Field:
        start = self.next()
        if start.kind != "word" or start.keyword in RESERVED:
            raise start.error("field")
        name = start.text
        if name.endswith(".") and self.token.kind == "string" and self.token.position == start.end:
            name += unquoted(self.next().text)
        field = self._scope.find(name)
        if field is None:
            raise ConditionError(unknown_field(name, self._scope), *self.span_from(start.position))
        return field

    def _count(self) -> Node:
        start = self.next()
        if self._scope is self._registry.act:
            raise start.error("count_inside")
        self._deepen(start)
        self.take("(")
        kind = self._kind()
        where = self._where() if self.take("where") else None
        window = self.duration() if self.take(",") else None
        if not self.take(")"):
            raise self.stray("after_kind" if where is None and window is None else "close")
        self._depth -= 1
        operator = self.next()
        if operator.keyword not in _ORDERS:
            raise operator.error("count_operator")
        number = self._acts()
        return Count(kind, cast(Order, operator.keyword), number, where, window, self.span_from(start.position))

    def _where(self) -> Node:
        self._scope = self._registry.act
        where = self.condition()
        self._scope = self._registry.lead
        return where

    def _kind(self) -> str:
        token = self.next()
        if token.kind != "word" or token.keyword in RESERVED:
            raise token.error("kind")
        if token.keyword == ANY_KIND or token.keyword in self._registry.kinds:
            return token.keyword
        near = nearest(token.text, self._registry.kinds)
        raise token.error("unknown_kind_near" if near else "unknown_kind", name=token.text, near=near)

    def _acts(self) -> int:
        token = self.next()
        is_whole = token.kind == "number" and token.text.isdigit() and len(token.text) <= len(str(MAX_COUNT))
        if not is_whole or int(token.text) > MAX_COUNT:
            raise token.error("count_number")
        return int(token.text)
