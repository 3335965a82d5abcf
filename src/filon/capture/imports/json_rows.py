"""Rows of JSON lines and of a JSON array (or objects one after the other), streamed.

Numbers keep the digits they were written with. An object inside a row becomes columns with dots
(`{"company": {"name": …}}` → `company.name`); a list stays JSON text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from filon.capture.imports.layout import (
    MAX_COLUMNS,
    MAX_RECORD_CHARS,
    BadRow,
    Layout,
    Row,
    UnreadableFile,
    bad_row,
)
from filon.capture.imports.text_files import BROKEN, open_text, read_lines

_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
_CHUNK_CHARS = 2**18
_BETWEEN = re.compile(r"[\s,\ufeff]*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|["{}\[\]]', re.DOTALL)  # a quote by itself opens a text that never ends


class _Found(NamedTuple):
    line: int
    record: Any  # what the JSON holds, or None when `problem` says why it cannot be read
    raw: str
    problem: str = ""
    detail: str = ""


def json_layout(path: Path, encoding: str, *, is_lines: bool) -> Layout:
    """The names used anywhere in the file, in order of first use. Reads the whole file."""
    names: dict[str, None] = {}
    found_any = False
    for found in _records(path, encoding, is_lines=is_lines):
        found_any = True
        if isinstance(found.record, dict):
            names.update(dict.fromkeys(_flat(found.record)))
        if len(names) > MAX_COLUMNS:
            raise UnreadableFile("too_many_columns", columns=str(len(names)), limit=str(MAX_COLUMNS))
    if not found_any:
        raise UnreadableFile("empty")
    return Layout("jsonl" if is_lines else "json", list(names), encoding=encoding)


def looks_like_lines(path: Path, encoding: str) -> bool:
    """Whether one of the first lines is a JSON object by itself."""
    with open_text(path, encoding) as stream:
        for seen, (line, _is_cut) in enumerate(read_lines(stream, MAX_RECORD_CHARS)):
            if isinstance(_decode(0, line).record, dict):
                return True
            if seen >= 20:
                break
    return False


def json_rows(path: Path, layout: Layout, start_row: int) -> Iterator[Row | BadRow]:
    """Rows after the first `start_row` ones, numbered as in a full read."""
    header = layout.header
    for number, found in enumerate(_records(path, layout.encoding, is_lines=layout.format == "jsonl"), start=1):
        if number <= start_row:
            continue
        if found.problem:
            params = {"detail": found.detail, "encoding": layout.encoding, "limit": str(MAX_RECORD_CHARS // 2**20)}
            yield bad_row(number, found.line, found.problem, found.raw, **params)
            continue
        record = _flat(found.record)
        cells = [_text(record.get(name)) for name in header]
        if "\\u" in found.raw and (column := _broken_column(header, cells)):
            yield bad_row(number, found.line, "not_decodable", found.raw, column=column, encoding="JSON")
        else:
            yield Row(number, found.line, cells)


def _records(path: Path, encoding: str, *, is_lines: bool) -> Iterator[_Found]:
    with open_text(path, encoding) as stream:
        yield from _from_lines(stream) if is_lines else _from_stream(stream)


def _from_lines(stream: TextIO) -> Iterator[_Found]:
    for line, (text, is_cut) in enumerate(read_lines(stream, MAX_RECORD_CHARS), start=1):
        if is_cut:
            yield _Found(line, None, text[:4000], "too_long")
        elif text.strip(" \t\r\n\ufeff"):
            yield _decode(line, text)


def _decode(line: int, text: str) -> _Found:
    if not text.isascii() and BROKEN.search(text):
        return _Found(line, None, text, "not_decodable")
    try:
        record = _DECODER.decode(text.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        return _Found(line, None, text, "not_json", f"{error.msg}, {error.colno}")
    except RecursionError:
        return _Found(line, None, text, "not_json", "too deep")
    if not isinstance(record, dict):
        return _Found(line, None, text, "not_an_object")
    return _Found(line, record, text)


def _from_stream(stream: TextIO) -> Iterator[_Found]:
    """The objects of an array, or one after the other, found by their braces, so that a bad one costs only itself."""
    buffer, place, line = "", 0, 1
    is_end = is_inside = False
    while True:
        gap = _BETWEEN.match(buffer, place)
        start = gap.end() if gap else place
        if start < len(buffer) and not is_inside and buffer[start] == "[":
            is_inside = True
            line += buffer.count("\n", place, start)
            place = start + 1
            continue
        end = _value_end(buffer, start, is_end=is_end)
        if end is None and not is_end and len(buffer) - start < MAX_RECORD_CHARS:
            line += buffer.count("\n", place, start)
            more = stream.read(max(_CHUNK_CHARS, len(buffer) - start))  # doubles, so a long value is scanned few times
            buffer, place, is_end = buffer[start:] + more, 0, not more
            continue
        line += buffer.count("\n", place, start)
        if start >= len(buffer) or (is_inside and buffer[start] == "]"):
            return
        if end is None:  # it never closes, or is too long to look for its end
            problem = "not_json" if is_end else "too_long"
            yield _Found(line, None, buffer[start : start + 4000], problem, "never closed")
            return
        yield _decode(line, buffer[start:end])
        line += buffer.count("\n", start, end)
        place = end


def _value_end(buffer: str, start: int, *, is_end: bool) -> int | None:
    """Where the value that begins at `start` ends, or None when the buffer does not hold its end."""
    if start >= len(buffer):
        return None
    if buffer[start] == "]":
        return start + 1
    if buffer[start] not in "{[":  # a bare value where an object should be
        cut = re.compile(r"[,\]\n]").search(buffer, start + 1)
        return cut.start() if cut else (len(buffer) if is_end else None)
    depth = 0
    for token in _TOKEN.finditer(buffer, start):
        mark = token[0]
        if mark == '"':
            return None
        if mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
            if depth == 0:
                return token.end()
    return None


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    if not any(isinstance(value, dict) for value in record.values()):
        return record
    flat: dict[str, Any] = {}
    left = [("", record)]
    while left:
        prefix, part = left.pop()
        for name, value in part.items():
            if isinstance(value, dict):
                left.append((f"{prefix}{name}.", value))
            else:
                flat[prefix + name] = value
    return flat


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


def _broken_column(header: list[str], cells: list[str]) -> str:
    return next((name for name, cell in zip(header, cells, strict=True) if BROKEN.search(cell)), "")
