"""The few things SQLite and PostgreSQL say differently. Both compare by characters, never by a collation of words."""

# ruff: noqa: D102 — what each method gives is said once, in Dialect

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar, Final, Literal, TypeAlias

from filon.core.conditions.meaning import MAX_DIGITS, exact

Vendor: TypeAlias = Literal["sqlite", "postgresql"]
Part: TypeAlias = tuple[str, tuple[object, ...]]
"""SQL text with its parameters, in the order of their marks."""


class Dialect(ABC):
    """One database's words. Expressions given and returned hold no parameter unless they are a `Part`."""

    numeric_cast: ClassVar[str]
    """Type that an attribute's digits are cast to."""

    @abstractmethod
    def instant(self, moment: datetime) -> object:
        """A moment as the parameter that date-time columns compare with."""

    @abstractmethod
    def number(self, value: Decimal | int) -> object:
        """A number as a parameter."""

    @abstractmethod
    def lowered(self, expression: str) -> str:
        """The expression with A–Z as a–z and nothing else changed."""

    @abstractmethod
    def contains(self, expression: str, key: str) -> Part:
        """Whether the key stands anywhere in the text; NULL for NULL, as the next two."""

    @abstractmethod
    def starts_with(self, expression: str, key: str) -> Part:
        """Whether the text begins with the key."""

    @abstractmethod
    def ends_with(self, expression: str, key: str) -> Part:
        """Whether the text ends with the key."""

    @abstractmethod
    def is_number(self, expression: str) -> str:
        """Whether a text is a number as `meaning.is_number` says."""

    @abstractmethod
    def member(self, column: str, key: str, kind: str) -> Part:
        """The value under a key of a JSON object: text, number or boolean by `kind`; NULL when of another type."""

    @abstractmethod
    def items(self, column: str) -> tuple[str, str, str]:
        """FROM clause that unfolds a JSON array, the text of an item, and the condition that the item is a text."""


class SQLite(Dialect):
    """Date-times are text, decimals REAL or INTEGER, booleans 0 or 1, JSON text: as Django stores them."""

    numeric_cast = "REAL"

    def instant(self, moment: datetime) -> str:
        # Without a fraction when it is zero, as Django writes it: then text order is time order.
        return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ")

    def number(self, value: Decimal | int) -> int | float:
        plain = exact(value)
        return plain if isinstance(plain, int) else float(plain)

    def lowered(self, expression: str) -> str:
        return f"LOWER({expression})"

    def contains(self, expression: str, key: str) -> Part:
        return f"INSTR({expression}, %s) > 0", (key,)

    def starts_with(self, expression: str, key: str) -> Part:
        after = _successor(key)
        if after is None:
            return f"{expression} >= %s", (key,)
        return f"{expression} >= %s AND {expression} < %s", (key, after)

    def ends_with(self, expression: str, key: str) -> Part:
        return f"SUBSTR({expression}, %s) = %s", (-len(key), key)

    def is_number(self, expression: str) -> str:
        digits = f"REPLACE({expression}, '.', '')"
        return (
            f"LTRIM({expression}, '-') GLOB '[0-9]*' AND {expression} GLOB '*[0-9]' "
            f"AND {expression} NOT GLOB '--*' AND LTRIM({expression}, '-') NOT GLOB '*[^0-9.]*' "
            f"AND {expression} NOT GLOB '*.*.*' AND LENGTH(LTRIM({digits}, '-')) <= {MAX_DIGITS}"
        )

    def member(self, column: str, key: str, kind: str) -> Part:
        types = {"number": "('integer', 'real')", "boolean": "('true', 'false')"}.get(kind, "('text')")
        # json_each and not json_extract: its path cannot name every key.
        return f"(SELECT one.value FROM json_each({column}) AS one WHERE one.key = %s AND one.type IN {types})", (key,)

    def items(self, column: str) -> tuple[str, str, str]:
        return f"json_each({column}) AS item", "item.value", "item.type = 'text'"


class PostgreSQL(Dialect):
    """JSON is jsonb. LIKE, not strpos, so that trigram and pattern indexes can serve."""

    numeric_cast = "NUMERIC"

    def instant(self, moment: datetime) -> datetime:
        return moment.astimezone(UTC)

    def number(self, value: Decimal | int) -> Decimal | int:
        return exact(value)

    def lowered(self, expression: str) -> str:
        return f'LOWER({expression} COLLATE "C")'

    def contains(self, expression: str, key: str) -> Part:
        return f"{expression} LIKE %s", (f"%{_escaped(key)}%",)

    def starts_with(self, expression: str, key: str) -> Part:
        return f"{expression} LIKE %s", (f"{_escaped(key)}%",)

    def ends_with(self, expression: str, key: str) -> Part:
        return f"{expression} LIKE %s", (f"%{_escaped(key)}",)

    def is_number(self, expression: str) -> str:
        digits = f"TRANSLATE({expression}, '-.', '')"
        return f"{expression} ~ '^-?[0-9]+([.][0-9]+)?$' AND LENGTH({digits}) <= {MAX_DIGITS}"

    def member(self, column: str, key: str, kind: str) -> Part:
        json_type = kind if kind in {"number", "boolean"} else "string"
        cast = {"number": "NUMERIC", "boolean": "BOOLEAN"}.get(kind, "TEXT")
        return (
            f"(CASE WHEN jsonb_typeof({column} -> %s::text) = '{json_type}' "
            f"THEN CAST({column} ->> %s::text AS {cast}) END)",
            (key, key),
        )

    def items(self, column: str) -> tuple[str, str, str]:
        array = f"CASE WHEN jsonb_typeof({column}) = 'array' THEN {column} END"
        return (
            f"jsonb_array_elements({array}) AS item(value)",
            "item.value #>> '{}'",
            "jsonb_typeof(item.value) = 'string'",
        )


DIALECTS: Final[dict[Vendor, Dialect]] = {"sqlite": SQLite(), "postgresql": PostgreSQL()}


def _escaped(key: str) -> str:
    """The key as part of a LIKE pattern, where \\ is the escape."""
    return key.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _successor(key: str) -> str | None:
    """The first text after all texts that begin with the key, in the order of characters; None when there is none."""
    for index in range(len(key) - 1, -1, -1):
        code = ord(key[index]) + 1
        if code <= 0x10FFFF:
            return key[:index] + chr(0xE000 if code == 0xD800 else code)
    return None
