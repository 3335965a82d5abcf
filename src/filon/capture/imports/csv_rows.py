"""Rows of a CSV file, each accounted for once, whatever its quotes, bytes and line ends."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TextIO

from filon.capture.imports.layout import MAX_RECORD_CHARS, BadRow, Layout, Row, UnreadableFile, bad_row, name_columns
from filon.capture.imports.text_files import BROKEN, open_text, skip_line

SEPARATORS = (",", ";", "\t", "|")
_SAMPLE_CHARS = 2**18
_SAMPLE_ROWS = 200
_SEPARATOR_HINT = re.compile(r"\ufeff?sep=(.)\s*", re.IGNORECASE)  # the line Excel writes and reads
_MAX_RECORD_LINES = 50_000
_MIN_RECORD_LINES = 16
_HEAD_CHARS = 4000  # of a line too long to be read


def csv_layout(path: Path, encoding: str, separator: str = "") -> Layout:
    """Separator, quote and header of a CSV file. Raises UnreadableFile when it has no header row."""
    with open_text(path, encoding) as stream:
        sample = stream.read(_SAMPLE_CHARS)
    is_whole = len(sample) < _SAMPLE_CHARS
    hint = _SEPARATOR_HINT.fullmatch(sample.partition("\n")[0])
    skipped = 1 if hint else 0
    body = sample.partition("\n")[2] if hint else sample
    if hint:
        separator = separator or hint[1]
    quote = "'" if _has_single_quotes(body, separator) else '"'
    separator = separator or max(SEPARATORS, key=lambda mark: _consistency(body, mark, quote, is_whole=is_whole))
    with open_text(path, encoding) as stream:
        header, used = _first_record(stream, skipped, separator, quote)
    return Layout(
        "csv", name_columns(header), encoding=encoding, separator=separator, quote=quote, header_lines=skipped + used
    )


def _has_single_quotes(sample: str, separator: str) -> bool:
    """Whether every name of the header is in single quotes."""
    first = sample.lstrip("\ufeff\r\n").splitlines()[:1]
    marks = [separator] if separator else list(SEPARATORS)
    return bool(first) and any(
        re.fullmatch(rf"'[^']*'(?:{re.escape(mark)}'[^']*')+\s*", first[0]) is not None for mark in marks
    )


def _consistency(sample: str, separator: str, quote: str, *, is_whole: bool) -> float:
    """How much the sample looks like a table with this separator: rows as wide as the first, and wide."""
    reader = _reader(io.StringIO(sample, newline=""), separator, quote)
    widths: list[int] = []
    for row in reader:
        if row:
            widths.append(len(row))
        if len(widths) > _SAMPLE_ROWS:
            break
    if not is_whole and len(widths) > 1 and len(widths) <= _SAMPLE_ROWS:
        widths.pop()  # cut in the middle
    if not widths or widths[0] == 1:
        return 0.0
    share = sum(1 for width in widths if width == widths[0]) / len(widths)
    return share * share * min(widths[0], 8)


def _reader(lines: Iterable[str], separator: str, quote: str) -> Iterator[list[str]]:
    # Process-wide, as the module has it: only ever raised, and the records are bounded by _Lines.
    csv.field_size_limit(max(csv.field_size_limit(), 2 * MAX_RECORD_CHARS))
    return csv.reader(lines, delimiter=separator, quotechar=quote)


def _first_record(stream: TextIO, skipped: int, separator: str, quote: str) -> tuple[list[str], int]:
    """The header's names and how many lines it and the blank lines before it take."""
    _skip_lines(stream, skipped)
    lines = _Lines(stream, 0)
    for cells in _records(lines, separator, quote):
        if lines.is_too_long:
            raise UnreadableFile("header")
        if lines.is_cut:  # a quote opened in a name: take the line as it is
            first = lines.pending[0]
            taken = lines.taken - len(lines.pending) + 1
            return first.rstrip("\r\n").replace(quote, "").split(separator), taken
        if any(cell.strip(" \t\ufeff\0") for cell in cells):
            return cells, lines.taken
        lines.pending.clear()
    raise UnreadableFile("empty")


def _skip_lines(stream: TextIO, count: int) -> None:
    for _ in range(count):
        stream.readline()


def csv_rows(path: Path, layout: Layout, start_row: int) -> Iterator[Row | BadRow]:
    """Rows after the first `start_row` ones, numbered as in a full read."""
    with open_text(path, layout.encoding) as stream:
        _skip_lines(stream, layout.header_lines)
        lines = _Lines(stream, layout.header_lines)
        pending = lines.pending
        width = len(layout.header)
        number = 0
        for cells in _records(lines, layout.separator, layout.quote):
            line = lines.taken - len(pending) + 1
            if len(pending) > 1 and not lines.is_cut:
                lines.is_cut = _is_loose(pending, layout.separator, layout.quote)
            if lines.is_cut or lines.is_broken or lines.is_too_long:
                number += 1
                bad = _bad(lines, number, line, cells, layout)
                if number > start_row:
                    yield bad
                continue
            if len(cells) != width:
                if not cells or (len(cells) == 1 and not cells[0].strip()):
                    pending.clear()  # a blank line is no row
                    continue
                if any(cell.strip() for cell in cells[width:]):
                    number += 1
                    if number > start_row:
                        cut = {"cells": str(len(cells)), "columns": str(width)}
                        yield bad_row(number, line, "too_many_cells", "".join(pending), **cut)
                    pending.clear()
                    continue
            number += 1
            pending.clear()
            lines.trust()
            if number > start_row:
                yield Row(number, line, cells if len(cells) == width else _fitted(cells, width))


def _fitted(cells: list[str], width: int) -> list[str]:
    """Missing cells at the end are empty; more cells, all empty, are dropped."""
    return cells[:width] + [""] * (width - len(cells))


class _CutLine(str):
    """The beginning of a line too long to be read; its rest is skipped already."""

    __slots__ = ()


class _Lines:
    """Lines for the csv reader; it remembers those of the current record, so that a bad one can be taken back.

    When a record grows past its limits or the file ends inside a quote, iteration stops for a moment: the reader then
    gives what it has, and the record's lines after the first are read again as rows of their own. Each such failure
    halves how far the next open quote may reach, so that a file full of stray quotes still takes linear time.
    """

    def __init__(self, stream: TextIO, taken: int) -> None:
        self._stream = stream
        self._readline = partial(stream.readline, MAX_RECORD_CHARS)
        self._returned: deque[str] = deque()
        self._size = 0
        self._reach = _MAX_RECORD_LINES
        self.pending: list[str] = []
        self.taken = taken
        self.is_cut = self.is_broken = self.is_too_long = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else self._readline()
        if not line:
            self.is_cut = bool(self.pending)
            raise StopIteration
        if self.pending:
            self._size += len(line)
            if len(self.pending) >= self._reach or self._size > MAX_RECORD_CHARS:
                self._returned.appendleft(line)
                self.is_cut = True
                raise StopIteration
        else:
            self._size = len(line)
        self.taken += 1
        if len(line) >= MAX_RECORD_CHARS and line[-1] not in "\r\n":
            skip_line(self._stream)
            line = _CutLine(line[:_HEAD_CHARS])
        self.pending.append(line)
        if type(line) is _CutLine:
            self.is_too_long = True
            return "\n"  # nothing of it is worth parsing
        if not line.isascii() and BROKEN.search(line):
            self.is_broken = True
        return line

    def trust(self) -> None:
        """A good row was read: an open quote may reach a little further again."""
        if self._reach < _MAX_RECORD_LINES:
            self._reach += _MIN_RECORD_LINES

    def drop_record(self) -> str:
        """Give up the current record; when it is an open quote, only its first line. Returns what was given up."""
        raw = self.pending[0] if self.is_cut else "".join(self.pending)
        if self.is_cut:
            self._returned.extendleft(reversed(self.pending[1:]))
            self.taken -= len(self.pending) - 1
            self._reach = max(_MIN_RECORD_LINES, self._reach // 2)
        self.is_cut = self.is_broken = self.is_too_long = False
        self.pending.clear()
        return raw


def _records(lines: _Lines, separator: str, quote: str) -> Iterator[list[str]]:
    """What the csv module makes of the lines; an empty record where it refuses or stops short."""
    reader = _reader(lines, separator, quote)
    while True:
        try:
            yield from reader
        except csv.Error:
            lines.is_cut = True
        if not lines.is_cut:
            return
        yield []


def _is_loose(pending: list[str], separator: str, quote: str) -> bool:
    """Whether a record of several lines closes its quote before a letter: then the quote of another row was taken for
    its end, and the rows between would be swallowed."""
    try:
        next(csv.reader(pending, delimiter=separator, quotechar=quote, strict=True), None)
    except csv.Error:
        return True
    return False


def _bad(lines: _Lines, number: int, line: int, cells: list[str], layout: Layout) -> BadRow:
    column, params = "", {}
    if lines.is_cut:
        code = "open_quote"
    elif lines.is_too_long:
        code, params = "too_long", {"limit": str(MAX_RECORD_CHARS // 2**20)}
    else:
        names = (name for name, cell in zip(layout.header, cells, strict=False) if BROKEN.search(cell))
        code, column, params = "not_decodable", next(names, ""), {"encoding": layout.encoding}
    return bad_row(number, line, code, lines.drop_record(), column=column, **params)
