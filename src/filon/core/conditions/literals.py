"""What a literal means for a field: token → typed value."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from filon.core.conditions.fields import Field, nearest
from filon.core.conditions.meaning import MAX_DIGITS, is_number
from filon.core.conditions.tokens import RESERVED, Token, unquoted
from filon.core.conditions.tree import UNITS, Duration, Now, Value
from filon.core.conditions.words import Words, listed
from filon.kit.text import fold

_ORDERING: Final = frozenset({"<", "<=", ">", ">="})
_SEARCHING: Final = frozenset({"contains", "starts_with", "ends_with"})
_MAX_DURATION: Final = timedelta(days=36_525)


def value_of(token: Token, field: Field, operator: str) -> Value:
    """The value a token stands for beside `field operator`; `now ± …` is read by the parser. Raises ConditionError."""
    if token.kind in {"end", "mark", "operator"} or (token.kind == "word" and token.keyword in RESERVED):
        raise token.error("value", field=field.name)
    if field.kind == "number":
        return _number(token, field)
    if field.kind == "boolean":
        return _boolean(token, field)
    if field.kind == "datetime":
        return _moment(token, field)
    if field.kind == "choice":
        return _choice(token, field)
    if field.kind == "reference":
        return _reference(token, field, operator)
    if field.kind == "attribute":
        return _attribute(token, field, operator)
    return _text(token, field)


def duration_of(number: Token, unit: Token) -> Duration:
    """`30`, `days` as a duration. Raises ConditionError."""
    if number.kind != "number" or not number.text.isdigit():
        raise number.error("duration")
    name = unit.keyword if unit.keyword in UNITS else f"{unit.keyword}s"
    if name not in UNITS:
        raise unit.error("unit")
    amount = int(number.text) if len(number.text) <= MAX_DIGITS else 0
    if not 1 <= amount <= _MAX_DURATION // UNITS[name]:
        raise number.error("duration_range")
    return Duration(amount, name)


def _plain(token: Token) -> str:
    return unquoted(token.text) if token.kind == "string" else token.text


def _text(token: Token, field: Field) -> str:
    text = _plain(token)
    if not (text if field.kind == "code" else fold(text)):
        raise token.error("empty_value", field=field.name)
    return text


def _number(token: Token, field: Field) -> Decimal:
    if token.kind != "number":
        raise token.error("number", field=field.name)
    if not is_number(token.text):
        raise token.error("number_long")
    return Decimal(token.text)


def _boolean(token: Token, field: Field) -> bool:
    if token.keyword not in {"true", "false"}:
        raise token.error("boolean", field=field.name)
    return token.keyword == "true"


def _moment(token: Token, field: Field) -> date | datetime | Now:
    if token.keyword == "now":
        return Now()
    if token.kind != "moment":
        raise token.error("moment", field=field.name)
    try:
        moment = _calendar(token.text)
    except (ValueError, OverflowError):
        raise token.error("no_such_moment") from None
    if not 1900 <= moment.year <= 2999:
        raise token.error("year")
    return moment


def _calendar(text: str) -> date | datetime:
    if len(text) == len("2026-03-01"):
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text.upper())
    return moment.astimezone(UTC) if moment.tzinfo is not None else moment


def _choice(token: Token, field: Field) -> str:
    text = _plain(token)
    code = field.choice_of(text)
    if code is not None:
        return code
    if not fold(text):
        raise token.error("empty_value", field=field.name)
    known = {code: field.choice_words(code) for code in field.choices}
    near = nearest(text, known)
    if near is not None:
        raise token.error("choice_near", field=field.name, near=near)
    raise token.error("choice", field=field.name, choices=listed(list(field.choices)))


def _reference(token: Token, field: Field, operator: str) -> str | int:
    if token.kind == "number" and operator not in _SEARCHING:
        if "." in token.text:
            raise token.error("whole", field=field.name)
        return int(_number(token, field))
    if field.by_name is None:
        raise token.error("reference", field=field.name)
    return _text(token, field)


def _attribute(token: Token, field: Field, operator: str) -> str | Decimal:
    if operator in _ORDERING and token.kind != "number":
        raise token.error("number_text")
    if token.kind == "number" and operator not in _SEARCHING:
        if is_number(token.text):
            return Decimal(token.text)
        if operator in _ORDERING:
            raise token.error("number_long")
    return _text(token, field)


def label_of(value: Value, field: Field) -> Words:
    """What people call a choice's value; any other text stands for itself."""
    text = str(value)
    return field.choice_words(text) if field.kind == "choice" and text in field.choices else Words(text, text)
