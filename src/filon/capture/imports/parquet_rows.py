"""Rows of a Parquet file, one batch of a row group in memory at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from filon.capture.imports.layout import BadRow, Layout, Row, UnreadableFile, bad_row, name_columns

_BATCH_ROWS = 5000
_MAX_GROUP_BYTES = 2**31  # unpacked, as the file says; a batch of it is far smaller


def parquet_layout(path: Path) -> Layout:
    """The column names. Raises UnreadableFile for a damaged footer or a row group too large to unpack."""
    file = _open(path)
    for place in range(file.num_row_groups):
        size = file.metadata.row_group(place).total_byte_size
        if size > _MAX_GROUP_BYTES:
            raise UnreadableFile("too_large", detail=f"{size // 2**20} MB")
    return Layout("parquet", name_columns(file.schema_arrow.names))


def parquet_rows(path: Path, layout: Layout, start_row: int) -> Iterator[Row | BadRow]:
    """Rows after the first `start_row` ones; those of a damaged part are bad rows. `line` is the row's number."""
    file = _open(path)
    done = 0
    for place in range(file.num_row_groups):
        size = file.metadata.row_group(place).num_rows
        if done + size > start_row:
            yield from _group(file, place, layout, first=done, start_row=start_row)
        done += size


def _open(path: Path) -> Any:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFile("damaged", detail=str(error)[:200]) from None


def _group(file: Any, place: int, layout: Layout, *, first: int, start_row: int) -> Iterator[Row | BadRow]:
    """The rows of one row group. What its footer promises and its pages do not give is told as damaged."""
    number, last = first, first + file.metadata.row_group(place).num_rows
    detail = "rows are missing"
    try:
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, row_groups=[place]):
            if number + batch.num_rows > start_row:
                for cells in zip(*map(_texts, batch.columns), strict=True) if batch.num_columns else ():
                    number += 1
                    if number > start_row:
                        yield _row(number, list(cells), layout)
            else:
                number += batch.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        detail = str(error)[:200]
    while number < last:
        number += 1
        if number > start_row:
            yield bad_row(number, number, "damaged", "", detail=detail)


def _row(number: int, cells: list[Any], layout: Layout) -> Row | BadRow:
    if None in cells:  # a text that is not UTF-8: see _texts
        column = layout.header[cells.index(None)]
        return bad_row(number, number, "not_decodable", "", column=column, encoding="UTF-8")
    return Row(number, number, cells)


def _texts(column: Any) -> list[str | None]:
    """A column's values as text; None where a text does not decode."""
    if pa.types.is_timestamp(column.type):
        column = pc.cast(column, pa.timestamp("us", column.type.tz), safe=False)  # Python knows no nanoseconds
    try:
        values = column.to_pylist()
    except UnicodeDecodeError:
        return [_one_text(value) for value in column]
    return [value if type(value) is str else _text(value) for value in values]


def _one_text(value: Any) -> str | None:
    try:
        return _text(value.as_py())
    except UnicodeDecodeError:
        return None


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
