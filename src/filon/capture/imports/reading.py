"""Read any table: what a file is (`sniff`), and its rows (`read_rows`). Every row is accounted for exactly once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from filon.capture.imports.csv_rows import csv_layout, csv_rows
from filon.capture.imports.json_rows import json_layout, json_rows, looks_like_lines
from filon.capture.imports.layout import BadRow, Layout, Row, UnreadableFile
from filon.capture.imports.parquet_rows import parquet_layout, parquet_rows
from filon.capture.imports.sheet_rows import sheet_layout, sheet_rows
from filon.capture.imports.text_files import detect_encoding, open_text

__all__ = ["BadRow", "Layout", "Row", "UnreadableFile", "read_rows", "sniff"]

_HEAD_BYTES = 2**16
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")  # zip and the older OLE2
_OTHER_FILES = (
    (b"\x1f\x8b", "compressed", "gzip"),
    (b"BZh", "compressed", "bzip2"),
    (b"\xfd7zXZ\x00", "compressed", "xz"),
    (b"(\xb5/\xfd", "compressed", "zstd"),
    (b"7z\xbc\xaf", "compressed", "7z"),
    (b"Rar!", "compressed", "RAR"),
    (b"%PDF", "document", "PDF"),
    (b"\x89PNG", "document", "PNG"),
    (b"\xff\xd8\xff", "document", "JPEG"),
    (b"GIF8", "document", "GIF"),
    (b"{\\rtf", "document", "RTF"),
    (b"<!DOCTYPE", "document", "HTML"),
    (b"<!doctype", "document", "HTML"),
    (b"<html", "document", "HTML"),
    (b"<?xml", "document", "XML"),
    (b"SQLite format 3", "document", "SQLite"),
)
_CONTROLS = bytes(code for code in range(1, 32) if code not in b"\t\n\v\f\r\x1b")


def sniff(path: Path | str, *, sheet: str = "", encoding: str = "", separator: str = "") -> Layout:
    """What a file is and what its columns are called. Given `sheet`, `encoding` or `separator` are not guessed.

    The content decides, not the name. Raises UnreadableFile, whose message says what to do.
    """
    path = Path(path)
    try:
        return _sniff(path, sheet, encoding, separator)
    except OSError as error:
        raise UnreadableFile("missing", detail=error.strerror or str(error)) from None


def _sniff(path: Path, sheet: str, encoding: str, separator: str) -> Layout:
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head:
        raise UnreadableFile("empty")
    if head.startswith(_WORKBOOKS):
        return sheet_layout(path, sheet)
    if head.startswith(b"PAR1"):
        return parquet_layout(path)
    for mark, code, kind in _OTHER_FILES:
        if head.startswith(mark):
            raise UnreadableFile(code, kind=kind)
    encoding = encoding or detect_encoding(path)
    if not encoding.startswith(("utf-16", "utf-32")):
        _refuse_binary(head)
    if json_kind := _json_kind(path, encoding):
        return json_layout(path, encoding, is_lines=json_kind == "jsonl")
    return csv_layout(path, encoding, separator)


def _refuse_binary(head: bytes) -> None:
    zeros = head.count(0)
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if zeros > max(16, len(head) * 0.3) or controls > max(16, len(head) * 0.05):
        raise UnreadableFile("binary")


def _json_kind(path: Path, encoding: str) -> str:
    """`json`, `jsonl`, or nothing for a file that is not JSON."""
    with open_text(path, encoding) as stream:
        start = stream.read(4096).lstrip("\ufeff \t\r\n")
    is_named_json = path.suffix.lower() in {".json", ".jsonl", ".ndjson"}
    if start.startswith("["):
        inside = start[1:].lstrip()
        return "json" if is_named_json or inside.startswith(("{", "]")) else ""
    if start.startswith("{") or path.suffix.lower() in {".jsonl", ".ndjson"}:
        if looks_like_lines(path, encoding):
            return "jsonl"
        return "json" if is_named_json and start.startswith("{") else ""
    return ""


def read_rows(path: Path | str, layout: Layout, *, start_row: int = 0) -> Iterator[Row | BadRow]:
    """The rows after the first `start_row` ones, in order, numbered as in a full read. Memory stays constant
    (for a workbook: one sheet). Raises UnreadableFile when the file is gone or was changed since `sniff`.
    """
    path = Path(path)
    try:
        if layout.format == "csv":
            yield from csv_rows(path, layout, start_row)
        elif layout.format == "xlsx":
            yield from sheet_rows(path, layout, start_row)
        elif layout.format == "parquet":
            yield from parquet_rows(path, layout, start_row)
        else:
            yield from json_rows(path, layout, start_row)
    except OSError as error:
        raise UnreadableFile("missing", detail=error.strerror or str(error)) from None
