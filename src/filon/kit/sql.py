"""Set-based reads and writes on both databases: a constant number of statements, whatever the number of rows.

Table and column names come from models only; values travel as parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from typing import Any, Final

import orjson
from django.db import Error, InterfaceError, OperationalError, connection, models, transaction

Row = Sequence[Any]
_TOGETHER = 100  # rows of one INSERT on SQLite: each statement looks its table's sequence up anew


def is_postgresql() -> bool:
    """Whether the workspace lives in PostgreSQL."""
    return connection.vendor == "postgresql"


@contextmanager
def reading() -> Iterator[None]:
    """A transaction that keeps nothing and, as long as it locks no rows, nobody waiting.

    On SQLite it reads one moment without the write lock, and any write in it fails.
    """
    with connection.reading() if hasattr(connection, "reading") else nullcontext(), transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def fetch(statement: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of one SELECT."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


@contextmanager
def bulk_writing() -> Iterator[None]:
    """Give this connection what long writing needs: room for index pages, and checkpoints seldom instead of at every
    commit. Nothing on PostgreSQL, which has both."""
    if is_postgresql():
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA cache_size=-262144")
        cursor.execute("PRAGMA wal_autocheckpoint=16000")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size=-65536")
            cursor.execute("PRAGMA wal_autocheckpoint=1000")


def execute(statement: str, params: Sequence[Any] = ()) -> int:
    """Run one writing statement; the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.rowcount)


def any_of(column: str, values: Iterable[Any]) -> tuple[str, list[Any]]:
    """`column` is one of `values` (ints or texts), as one parameter however many they are."""
    items = list(values)
    if not is_postgresql():
        return f"{column} IN (SELECT value FROM json_each(%s))", [orjson.dumps(items).decode()]
    if not items:
        return "FALSE", []
    if isinstance(items[0], int):  # a text the driver hands on; a list it would look at one by one
        return f"{column} = ANY(%s::bigint[])", [f"{{{','.join(map(str, items))}}}"]
    return f"{column} IN (SELECT json_array_elements_text(%s::json))", [orjson.dumps(items).decode()]


def one_of(column: str, values: Iterable[Any]) -> models.Q:
    """The condition of a check that `column` is one of `values`, as alternatives.

    SQLite makes an index of the list anew for each row it checks with IN: that costs as much as all indexes of a lead.
    """
    return models.Q(*((column, value) for value in values), _connector=models.Q.OR)


def allocate_ids(model: type[models.Model], count: int, *, after: int = 0) -> range | list[int]:
    """Reserve `count` ids. On SQLite this holds only inside the write transaction that uses them.

    after: the last id that this transaction has reserved and not yet used.
    """
    if count == 0:
        return []
    table = model._meta.db_table
    if is_postgresql():
        rows = fetch(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [table, count],
        )
        return [row[0] for row in rows]
    rows = fetch("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
    first = max(rows[0][0] if rows else 0, after) + 1
    return range(first, first + count)


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows given as tuples of Python values in the order of `columns` (database column names)."""
    if not rows:
        return
    adapted = _adapt(model, tuple(columns), rows)
    table = model._meta.db_table
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        if is_postgresql():  # COPY beats INSERT from the first row on
            copying = cursor.copy(f'COPY "{table}" ({names}) FROM STDIN')
            with connection.wrap_database_errors, copying as copy:  # or a race would not be known as one
                for row in adapted:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(columns))
        statement = f'INSERT INTO "{table}" ({names}) VALUES '
        whole = len(adapted) // _TOGETHER * _TOGETHER
        parts = (chain.from_iterable(adapted[start : start + _TOGETHER]) for start in range(0, whole, _TOGETHER))
        if whole:
            cursor.executemany(statement + ", ".join([f"({marks})"] * _TOGETHER), [list(part) for part in parts])
        if rest := adapted[whole:]:
            cursor.executemany(f"{statement}({marks})", rest)


def update_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Set `columns` on rows given as tuples (id, values in the order of `columns`)."""
    if not rows:
        return
    adapted = _adapt(model, ("id", *columns), rows)
    table = model._meta.db_table
    if is_postgresql():
        _update_from_values(model, table, columns, adapted)
        return
    sets = ", ".join(f'"{column}" = %s' for column in columns)
    with connection.cursor() as cursor:
        cursor.executemany(f'UPDATE "{table}" SET {sets} WHERE "id" = %s', [(*row[1:], row[0]) for row in adapted])


def _update_from_values(model: type[models.Model], table: str, columns: Sequence[str], adapted: Sequence[Row]) -> None:
    """One UPDATE from rows given as one JSON text: an array a column would be looked at value by value."""
    sets = ", ".join(
        f'"{column}" = (value->>{place})::{_type(model, column)}' for place, column in enumerate(columns, start=1)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{table}" SET {sets} FROM jsonb_array_elements(%s::jsonb) AS given(value) '
            f'WHERE "{table}"."id" = (value->>0)::bigint',
            [dumps(adapted)],
        )


def _type(model: type[models.Model], column: str) -> str:
    kind = str(_field(model, column).db_type(connection))
    return "text" if kind.startswith("varchar") else kind


def upsert_counts(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    key: Sequence[str],
    count: str,
    latest: str,
) -> None:
    """Insert counted rows; where one with the same `key` stands, add to its `count` and move its `latest` on."""
    adapted = _adapt(model, tuple(columns), rows)
    table = model._meta.db_table
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join([f"({', '.join(['%s'] * len(columns))})"] * len(rows))
    execute(
        f'INSERT INTO "{table}" ({names}) VALUES {values} ON CONFLICT ({", ".join(key)}) DO UPDATE SET '
        f'"{count}" = "{table}"."{count}" + excluded."{count}", "{latest}" = excluded."{latest}"',
        [value for row in adapted for value in row],
    )


def delete_rows(model: type[models.Model], ids: Iterable[int]) -> int:
    """Delete rows by id; how many there were."""
    where, params = any_of('"id"', ids)
    return execute(f'DELETE FROM "{model._meta.db_table}" WHERE {where}', params)


def in_parts(values: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    """Consecutive slices of at most `size`."""
    return (values[start : start + size] for start in range(0, len(values), size))


def as_utc(value: Any) -> datetime | None:
    """A date-time read by a raw statement, as aware UTC. SQLite gives Django's text form."""
    if value is None or value == "":
        return None
    moment: datetime = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class JsonText:
    """A JSON value as the text that a column keeps: made where there was time for it."""

    text: str


def as_json(value: Any) -> Any:
    """A JSON value read by a raw statement, or about to be written as it is."""
    if isinstance(value, JsonText):
        value = value.text
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def readers(model: type[models.Model], columns: Sequence[str]) -> list[tuple[int, Adapter]]:
    """(position, reader) of the columns whose raw value is not yet the Python value the model speaks of."""
    return _readers(model, tuple(columns), connection.vendor)


@lru_cache(maxsize=256)
def _readers(model: type[models.Model], columns: tuple[str, ...], vendor: str) -> list[tuple[int, Adapter]]:
    found = [(position, _reader(_field(model, column), vendor)) for position, column in enumerate(columns)]
    return [(position, reader) for position, reader in found if reader is not None]


def _reader(field: models.Field[Any, Any], vendor: str) -> Adapter | None:
    if isinstance(field, models.JSONField):
        return as_json
    if vendor == "postgresql":
        return None
    if isinstance(field, models.DateTimeField):
        return _sqlite_read_datetime
    if isinstance(field, models.DateField):
        return _as_date
    if isinstance(field, models.DecimalField):
        return _sqlite_read_decimal(field.decimal_places)
    return bool if isinstance(field, models.BooleanField) else None


def _sqlite_read_datetime(value: str) -> datetime:
    return datetime.fromisoformat(f"{value}+00:00")  # six times as quick as to replace the zone afterwards


def _as_date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _sqlite_read_decimal(places: int) -> Adapter:
    unit = Decimal(1).scaleb(-places)
    return lambda value: Decimal(str(value)).quantize(unit)


def dumps(value: Any) -> str:
    """JSON text as both databases store it; decimals and times as text."""
    if type(value) is JsonText:
        return value.text
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


Adapter = Callable[[Any], Any]


def _adapt(model: type[models.Model], columns: tuple[str, ...], rows: Sequence[Row]) -> Sequence[Row]:
    adapters = _adapters(model, columns, connection.vendor)
    if not adapters:
        return rows
    given: list[Sequence[Any]] = list(zip(*rows, strict=True))  # by column: a cell costs one look-up then
    for position, adapter in adapters:
        cells = given[position]
        texts = {id(value): None if value is None else adapter(value) for value in _distinct(cells)}
        given[position] = [texts[id(value)] for value in cells]
    return list(zip(*given, strict=True))


def _distinct(cells: Sequence[Any]) -> Iterable[Any]:
    """The objects in a column, each once: many cells of a batch are one object, its time or an empty dict."""
    return {id(value): value for value in cells}.values()


@lru_cache(maxsize=256)
def _adapters(model: type[models.Model], columns: tuple[str, ...], vendor: str) -> list[tuple[int, Adapter]]:
    """(position, adapter) of the columns whose Python value the driver does not take as it is."""
    found: list[tuple[int, Adapter]] = []
    for position, column in enumerate(columns):
        adapter = _adapter(_field(model, column), vendor)
        if adapter is not None:
            found.append((position, adapter))
    return found


@lru_cache(maxsize=1024)
def _field(model: type[models.Model], column: str) -> models.Field[Any, Any]:
    for field in model._meta.concrete_fields:
        if field.column == column:
            return field
    raise LookupError(f"{model.__name__} has no column {column}")


def _adapter(field: models.Field[Any, Any], vendor: str) -> Adapter | None:
    if isinstance(field, models.JSONField):
        return dumps
    if vendor == "postgresql":
        return None
    if isinstance(field, models.DateTimeField):
        return _sqlite_datetime
    if isinstance(field, models.DateField):
        return date.isoformat
    if isinstance(field, models.DecimalField):
        return _sqlite_decimal(field.decimal_places)
    return None


def _sqlite_datetime(value: datetime) -> str:
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(" ")[:-6]  # without "+00:00", as Django writes it


def _sqlite_decimal(places: int) -> Adapter:
    unit = Decimal(1).scaleb(-places)

    @lru_cache(maxsize=4096)
    def adapt(value: Any) -> str:
        return str(Decimal(value).quantize(unit))

    return adapt


# What went wrong ------------------------------------------------------------------------------------------------------

_AWAY: Final = ("08", "40", "53", "55P03", "57", "58", "25006")
"""SQLSTATEs, or their classes, of a server that is cut off, full, stopping, a stand-by, or too busy with others."""


def is_unavailable(error: BaseException) -> bool:
    """Whether the database is down, cut off, full or too busy, rather than asked for what it will always refuse."""
    if not isinstance(error, Error):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    if state:
        return str(state).startswith(_AWAY)
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    if code is not None and isinstance(error, OperationalError):
        return bool(code & 0xFF != 1)  # SQLITE_ERROR: no such table, wrong syntax
    return isinstance(error, OperationalError | InterfaceError)  # the driver's own word: it never reached the server


def in_short(error: BaseException) -> str:
    """An error without any value: its class, and the constraint that a database named. Its message may quote rows."""
    name = type(error).__name__
    cause = error.__cause__
    constraint = getattr(getattr(cause, "diag", None), "constraint_name", None)
    if constraint is None and getattr(cause, "sqlite_errorcode", None) is not None:
        constraint = str(cause).partition("constraint failed: ")[2]  # SQLite names columns, never values
    return f"{name} ({constraint})" if constraint else name
