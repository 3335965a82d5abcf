"""Writing an export: streamed in parts by id, so that memory does not grow with the data."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from django.utils.translation import gettext as _

from filon.core import audit
from filon.core.access import Actor
from filon.core.conditions import compile_sql, parse
from filon.exports.tables import TABLES, Table
from filon.kit import sql
from filon.kit.errors import Kind, Refused, not_found
from filon.kit.text import fold
from filon.leads import fields
from filon.leads.models import Segment

PART: Final = 5_000
FORMATS: Final = ("csv", "jsonl", "parquet")


def export(kind: str, path: Path, *, format_: str, segment: str = "", by: Actor, at: datetime) -> Iterator[int]:
    """Write all records of a kind to a file, yielding how many so far. Needs `export`; leaves an audit entry.

    segment: the name of a saved filter (leads only). Raises Refused.
    """
    by.require("export")
    table = TABLES[kind]
    only, params = _segment(kind, segment, at)
    names = _attribute_names(table)
    header = [*table.columns, *(f"attributes.{name}" for name in names)]
    count = 0
    with _writer(format_, path, header) as writer:
        for rows in _parts(table, only, params):
            cells = [_cells(table, row, names) for row in rows]
            writer.write(cells)
            count += len(cells)
            yield count
    audit.append("exported", by=by, at=at, of=kind, rows=count, segment=segment)
    yield count


def _segment(kind: str, name: str, at: datetime) -> tuple[str, list[Any]]:
    if not name:
        return "", []
    if kind != "leads":
        raise Refused(_("Only leads can be exported by saved filter."), Kind.INVALID)
    segment = Segment.objects.filter(name_folded=fold(name)).order_by("-is_shared", "id").first()
    if segment is None:
        raise not_found(_("Saved filter"))
    vendor: Any = "postgresql" if sql.is_postgresql() else "sqlite"
    part = compile_sql(parse(segment.condition, fields.REGISTRY), fields.REGISTRY, at=at, vendor=vendor)
    return part.text, list(part.params)


def _attribute_names(table: Table) -> list[str]:
    """Every name of a custom attribute in use, in order. One statement."""
    if not table.attributes:
        return []
    keys = "jsonb_object_keys({0}) AS one(key)" if sql.is_postgresql() else "json_each({0}) AS one"
    statement = f"SELECT DISTINCT one.key FROM {table.attributes_of}, {keys.format(table.attributes)} ORDER BY 1"
    return [row[0] for row in sql.fetch(statement)]


def _parts(table: Table, only: str, params: Sequence[Any]) -> Iterator[list[tuple[Any, ...]]]:
    """Rows in id order, a part at a time; the last cell of each is its attributes."""
    expressions = [*table.columns.values(), table.attributes or "NULL"]
    condition = f" AND {only}" if only else ""
    statement = (
        f"SELECT {table.order}, {', '.join(expressions)} FROM {table.source} "
        f"WHERE {table.order} > %s{condition} ORDER BY {table.order} LIMIT {PART}"
    )
    last = 0
    while rows := sql.fetch(statement, [last, *params]):
        last = rows[-1][0]
        yield [row[1:] for row in rows]


def _cells(table: Table, row: Sequence[Any], names: Sequence[str]) -> list[str]:
    cells = [
        _moment(value) if name in table.moments else _text(value)
        for name, value in zip(table.columns, row[:-1], strict=True)
    ]
    if names:
        attributes = sql.as_json(row[-1]) or {}
        cells += [_text(attributes.get(name)) for name in names]
    return cells


def _moment(value: Any) -> str:
    moment = sql.as_utc(value)
    return moment.isoformat() if moment else ""


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value) if isinstance(value, dict) else str(value)


class _Writer(Protocol):
    def __enter__(self) -> _Writer: ...

    def __exit__(self, *error: object) -> None: ...

    def write(self, rows: Sequence[Sequence[str]]) -> None:
        """Add rows."""


def _writer(format_: str, path: Path, header: Sequence[str]) -> _Writer:
    if format_ == "csv":
        return _Csv(path, header)
    return _JsonLines(path, header) if format_ == "jsonl" else _Parquet(path, header)


class _Csv:
    """CSV in UTF-8. Cells stand as they are, so that the file imports again unchanged: open it with care in Excel."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._file = path.open("w", newline="", encoding="utf-8")
        self._writer = csv.writer(self._file)
        self._writer.writerow(header)

    def __enter__(self) -> _Csv:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def write(self, rows: Sequence[Sequence[str]]) -> None:
        """Add rows."""
        self._writer.writerows(rows)


class _JsonLines:
    """One JSON object a line, without empty values."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._header = header

    def __enter__(self) -> _JsonLines:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def write(self, rows: Sequence[Sequence[str]]) -> None:
        """Add rows."""
        for row in rows:
            said = {name: cell for name, cell in zip(self._header, row, strict=True) if cell}
            self._file.write(json.dumps(said, ensure_ascii=False) + "\n")


class _Parquet:
    """Parquet, every column as text: what imports is what stands there."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        import pyarrow as pa  # noqa: PLC0415 — a second of loading that other formats are spared
        import pyarrow.parquet as pq  # noqa: PLC0415

        self._pa = pa
        self._schema = pa.schema([(name, pa.string()) for name in header])
        self._writer = pq.ParquetWriter(path, self._schema)

    def __enter__(self) -> _Parquet:
        return self

    def __exit__(self, *error: object) -> None:
        self._writer.close()

    def write(self, rows: Sequence[Sequence[str]]) -> None:
        """Add rows."""
        columns = [
            self._pa.array([cell or None for cell in column], self._pa.string()) for column in zip(*rows, strict=True)
        ]
        self._writer.write_table(self._pa.Table.from_arrays(columns, schema=self._schema))
