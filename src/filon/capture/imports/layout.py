"""What is known of a file before its rows are read, and what reading gives: rows, bad rows, or a clear no. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from filon.kit.identifiers import gettext_noop

MAX_COLUMNS = 20_000
MAX_RECORD_CHARS = 16 * 2**20  # one row, however many lines it takes

Format = Literal["csv", "xlsx", "jsonl", "json", "parquet"]


@dataclass(frozen=True)
class Layout:
    """How to read a file. Plain values only: it travels to other processes and into JSON.

    `xlsx` is any Excel workbook. `header_lines` counts the physical lines (in a sheet: rows) before the first data
    row. `header` has one unique name a column; a column without a name is called “Column 7” by its place.
    """

    format: Format
    header: list[str]
    encoding: str = ""
    separator: str = ""
    quote: str = '"'
    header_lines: int = 0
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)


class Row(NamedTuple):
    """A data row. `number` counts data rows from 1; `line` is where it starts in the file, from 1."""

    number: int
    line: int
    cells: list[str]


class BadRow(NamedTuple):
    """A data row that cannot be read. `reason` is an English msgid for `params`; `column` is empty when unknown."""

    number: int
    line: int
    column: str
    reason_code: str
    reason: str
    raw: str
    params: dict[str, str] = {}


class UnreadableFile(Exception):
    """No row of the file can be read. `message` is an English msgid for `params`, and says what to do."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code, params)
        self.code = code
        self.message = _UNREADABLE[code]
        self.params = params

    def __reduce__(self) -> tuple[object, ...]:
        return _unreadable, (self.code, self.params)

    def __str__(self) -> str:
        return self.message % self.params


def _unreadable(code: str, params: dict[str, str]) -> UnreadableFile:
    return UnreadableFile(code, **params)


_UNREADABLE = {
    "missing": gettext_noop("The file cannot be opened (%(detail)s). Check its name and that it may be read."),
    "empty": gettext_noop("The file is empty. Export it again, with its column names in the first row."),
    "binary": gettext_noop("The file is not a table. Export it as CSV, XLSX, JSON lines or Parquet."),
    "document": gettext_noop("This is a %(kind)s file, not a table. Export the data as CSV or XLSX."),
    "compressed": gettext_noop("This is a compressed file (%(kind)s). Decompress it and import the table inside."),
    "damaged": gettext_noop("The file is damaged or incomplete (%(detail)s). Export or transfer it again."),
    "password": gettext_noop("The workbook is protected by a password. Save it without one."),
    "no_sheet": gettext_noop("The workbook has no sheet “%(sheet)s”. It has: %(sheets)s."),
    "no_data": gettext_noop("The workbook holds no table. Put the column names in the first row of a sheet."),
    "too_large": gettext_noop("The workbook is too large once opened (%(detail)s). Save the sheet as CSV."),
    "too_many_columns": gettext_noop("The file has %(columns)s columns; at most %(limit)s can be read."),
    "header": gettext_noop("The first row, which should hold the column names, is longer than can be read."),
    "encoding": gettext_noop("“%(encoding)s” is not an encoding that can be read. Use utf-8, utf-16 or cp1252."),
}

BAD_ROW_REASONS = {
    "too_many_cells": gettext_noop("The row has %(cells)s cells for %(columns)s columns: look for a missing quote."),
    "open_quote": gettext_noop("A quote is opened and never closed."),
    "not_decodable": gettext_noop("The row holds bytes that are not %(encoding)s text: save the file in one encoding."),
    "too_long": gettext_noop("The row is longer than %(limit)s million characters."),
    "not_json": gettext_noop("The line is not valid JSON (%(detail)s)."),
    "not_an_object": gettext_noop("The line is JSON, but not an object with a name for each value."),
    "damaged": gettext_noop("This part of the file is damaged (%(detail)s)."),
}

_RAW_LIMIT = 4000
_UNDECODABLE = re.compile("[\udc00-\udcff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def bad_row(number: int, line: int, code: str, raw: str, *, column: str = "", **params: str) -> BadRow:
    """A bad row with its reason; `raw` is cut at 4,000 characters and its undecodable bytes become `\\xNN`."""
    shown = _UNDECODABLE.sub(lambda match: f"\\x{ord(match[0]) - 0xDC00:02x}", raw[:_RAW_LIMIT].rstrip("\r\n"))
    shown = _SURROGATE.sub("\ufffd", shown)
    return BadRow(number, line, column, code, BAD_ROW_REASONS[code], shown, params)


def name_columns(names: Sequence[str]) -> list[str]:
    """One unique name a column: white space collapsed, the second “Name” called “Name (2)”, no name “Column 7”."""
    if len(names) > MAX_COLUMNS:
        raise UnreadableFile("too_many_columns", columns=str(len(names)), limit=str(MAX_COLUMNS))
    taken: set[str] = set()
    named: list[str] = []
    for place, raw in enumerate(names, start=1):
        printable = _SURROGATE.sub("\ufffd", raw.replace("\0", "").replace("\ufeff", ""))
        base = " ".join(printable.split()) or f"Column {place}"
        name, count = base, 1
        while name in taken:
            count += 1
            name = f"{base} ({count})"
        taken.add(name)
        named.append(name)
    return named


def is_unnamed(name: str, place: int) -> bool:
    """Whether the column at `place` (from 0) had no name in the file."""
    return name == f"Column {place + 1}"
