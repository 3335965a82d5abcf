"""CSV for people: spreadsheets open it as text, never as formulas. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

BOM: Final = "\ufeff"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_FIGURE: Final = re.compile(r"[+-]?[0-9][0-9 ().,/-]*\Z", re.ASCII)
"""A number or a telephone number: it begins with a sign, and no spreadsheet runs it."""


def cell(value: Any) -> str:
    """A value as its cell: empty for None, ISO for times, `true`/`false`, decimals with a point.

    A text that a spreadsheet would run as a formula gets an apostrophe before it, which spreadsheets hide.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = str(value)
    return f"'{text}" if is_formula(text) else text


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run the text, were it a cell."""
    return text.startswith(_FORMULA) and _FIGURE.match(text) is None


class _Line:
    """What `csv.writer` writes to: it gives the line back."""

    def write(self, line: str) -> str:
        return line


def lines(header: Sequence[str], rows: Iterable[Sequence[Any]], *, separator: str = ",") -> Iterator[str]:
    """The lines of a file, its byte-order mark first (without it Excel takes UTF-8 for something else)."""
    write: Callable[[Iterable[str]], str] = csv.writer(_Line(), delimiter=separator, lineterminator="\r\n").writerow
    yield BOM + write([cell(name) for name in header])
    for row in rows:
        yield write([cell(value) for value in row])
