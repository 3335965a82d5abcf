"""Rows pasted from a spreadsheet, as a file that an import reads. Pure."""

from __future__ import annotations

import csv
import io
import re
from typing import Final

from filon.kit.identifiers import ValueProblem, normalise_email

NAME: Final = "rows.tsv"
_PHONE: Final = re.compile(r"\+?[\d().\s/-]{8,20}")


def as_file(text: str) -> bytes:
    """The rows as a tab-separated file with column names; without a first row of names, those that tell themselves.

    Spreadsheets copy cells apart by tabs, and quote those that hold a tab, a quote or a line end.
    """
    rows = text.replace("\0", "").strip("\r\n")
    if not rows.strip():
        return b""
    first = next(csv.reader(io.StringIO(rows, newline=""), delimiter="\t"), [])
    names = [_name_of(cell) for cell in first]
    lines = ["sep=\t", rows] if not any(names) else ["sep=\t", "\t".join(names), rows]
    return "\n".join([*lines, ""]).encode()


def _name_of(cell: str) -> str:
    """What a value can only be; empty for one that may as well be the name of a column."""
    value = cell.strip()
    try:
        if "@" in value and normalise_email(value):
            return "email"
    except ValueProblem:
        return ""
    return "phone" if _PHONE.fullmatch(value) and sum(map(str.isdigit, value)) >= 8 else ""
