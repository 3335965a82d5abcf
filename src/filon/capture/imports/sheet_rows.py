"""Rows of an Excel workbook, after its zip directory and its extent were found harmless."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import python_calamine

from filon.capture.imports.layout import Layout, Row, UnreadableFile, name_columns

# python-calamine keeps one sheet in memory, about 32 bytes a cell of its rectangle and the text of each cell.
_MAX_UNZIPPED_BYTES = 768 * 2**20
_MAX_CELLS = 25_000_000
_MAX_PARTS = 10_000
_CHUNK_BYTES = 2**20
_OVERLAP = 64
_ROW_NUMBER = re.compile(rb"""<(?:\w+:)?row\b[^<>]{0,64}?\sr=["'](\d{1,9})["']""")
_WIDE_COLUMN = re.compile(rb"""\sr=["']([A-Z]{2,3})\d""")


def sheet_layout(path: Path, sheet: str = "") -> Layout:
    """The header of a sheet: by name, else of the first visible sheet that holds something."""
    with _open(path) as workbook:
        visible = [meta.name for meta in workbook.sheets_metadata if "Visible" in str(meta.visible)]
        names = [name for name in visible if "VeryHidden" not in name] or list(workbook.sheet_names)
        if sheet and sheet not in workbook.sheet_names:
            raise UnreadableFile("no_sheet", sheet=sheet, sheets=", ".join(workbook.sheet_names))
        for name in [sheet] if sheet else names:
            for line, cells in _lines(workbook, name):
                texts = [_text(cell) for cell in cells]
                if any(text.strip() for text in texts):
                    return Layout("xlsx", name_columns(texts), header_lines=line, sheet=name, sheets=names)
    raise UnreadableFile("no_data")


def sheet_rows(path: Path, layout: Layout, start_row: int) -> Iterator[Row]:
    """Rows after the first `start_row` ones; a row without any value is no row. `line` is the sheet's row number."""
    with _open(path) as workbook:
        rows = (
            (line, cells)
            for line, cells in _lines(workbook, layout.sheet)
            if line > layout.header_lines and any(cell != "" for cell in cells)
        )
        for number, (line, cells) in enumerate(islice(rows, start_row, None), start=start_row + 1):
            yield Row(number, line, [_text(cell) for cell in cells])


def _open(path: Path) -> python_calamine.CalamineWorkbook:
    if zipfile.is_zipfile(path):
        _refuse_bomb(path)
    workbook: python_calamine.CalamineWorkbook = _guarded(python_calamine.CalamineWorkbook.from_path, path)
    return workbook


def _lines(workbook: python_calamine.CalamineWorkbook, name: str) -> Iterator[tuple[int, list[Any]]]:
    sheet = _guarded(workbook.get_sheet_by_name, name)
    yield from enumerate(_guarded(sheet.iter_rows), start=1)


def _guarded(call: Any, *arguments: Any) -> Any:
    """What calamine gives, or UnreadableFile."""
    try:
        return call(*arguments)
    except python_calamine.PasswordError:
        raise UnreadableFile("password") from None
    except BaseException as error:
        # A panic of the Rust code arrives as an exception beside Exception, and its class has no importable name.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise UnreadableFile("damaged", detail=str(error)[:200]) from None
        raise


def _refuse_bomb(path: Path) -> None:
    """Refuse a workbook that would fill the memory: by its directory first, then by the rectangle its cells span."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if not names & {"xl/workbook.xml", "xl/workbook.bin"}:
                raise UnreadableFile("compressed", kind="ZIP")
            unzipped = sum(part.file_size for part in parts)
            if unzipped > _MAX_UNZIPPED_BYTES or len(parts) > _MAX_PARTS:
                raise UnreadableFile("too_large", detail=f"{unzipped // 2**20} MB")
            for part in parts:
                if re.fullmatch(r"xl/worksheets/[^/]+\.xml", part.filename):
                    _refuse_extent(archive, part)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise UnreadableFile("damaged", detail=str(error)[:200]) from None


def _refuse_extent(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """A cell at the far end makes a rectangle of billions. Reading it all also proves the size in the directory."""
    rows, columns = 0, 26
    tail = b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            window = tail + chunk
            rows = max([rows, *map(int, _ROW_NUMBER.findall(window))])
            columns = max([columns, *map(_column_number, set(_WIDE_COLUMN.findall(window)))])
            tail = window[-_OVERLAP:]
    if rows * columns > _MAX_CELLS:
        raise UnreadableFile("too_large", detail=f"{rows} × {columns}")


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _text(cell: Any) -> str:
    if type(cell) is str:
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)
