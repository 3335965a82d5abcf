"""The line: whatever came in goes down the same steps in batches, one transaction a batch, and leaves facts.

A step is a plural command: it takes the whole batch and a constant number of SQL statements. `flow.py` says which
steps an entry of each kind goes through; the doors call `take` and never know them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, Literal

from django.db import DatabaseError, IntegrityError, OperationalError, models, transaction

from filon.core import ledger
from filon.core.access import Actor
from filon.core.ledger import Event
from filon.kit import sql
from filon.kit.errors import Kind, Refused

log = logging.getLogger("filon.line")
_TRIES: Final = 6
_OFF: Final = frozenset({"rejected", "unchanged"})


@dataclass(slots=True, kw_only=True)
class Entry:
    """One thing a door received, already stored or about to be: `values` by field of the contract, normalised.

    kind: lead, event, company, opportunity, cost, product or user. at: when it was received, aware UTC.
    key: names the record in its `system` so that giving it again changes nothing (file door); `digest` its content.
    given: the values as text by field, in JSON, where the door had time to make it.
    """

    kind: str
    door: str
    at: datetime
    values: dict[str, Any]
    attributes: dict[str, str] = field(default_factory=dict)
    is_live: bool = True
    system: str = ""
    key: str = ""
    digest: str = ""
    given: str = ""
    line: int = 0
    findings: Sequence[tuple[str, str]] = ()  # (code, subject) of what its door found odd


@dataclass(slots=True)
class Item:
    """An entry on its way: what is known of it so far, and in the end what became of it.

    outcome: created, updated, unchanged or rejected (then `refusal` says why).
    """

    entry: Entry
    outcome: str = "created"
    refusal: Refused | None = None
    is_matched: bool = False
    is_changed: bool = False  # whether it changed a row that was known before
    person: dict[str, Any] | None = None
    others: Sequence[dict[str, Any]] = ()  # people known already who took part beside `person`
    company: dict[str, Any] | None = None
    lead: dict[str, Any] | None = None
    record: dict[str, Any] | None = None  # the opportunity, cost, product or user of other kinds
    source_record: dict[str, Any] | None = None
    given_before: Mapping[str, Any] | None = None  # what the same system last gave
    earlier: Item | None = None  # the last one before it in the batch that its system calls by the same key
    later: Item | None = None  # and the next one after it
    gives: Mapping[str, Any] = field(default_factory=dict)  # what it says, as `given_before`, when there are such
    answer: dict[str, Any] | None = None

    def told_before(self, what: Literal["company", "lead", "record"]) -> dict[str, Any] | None:
        """The row that its key has become in this batch already, where there is one: it is this item's row too."""
        item = self.earlier
        while item is not None:
            row: dict[str, Any] | None = getattr(item, what)
            if row is not None:
                return row
            item = item.earlier
        return None

    def refuse(self, message: str, *, field_name: str = "", code: str = "invalid") -> None:
        """Take the item off the line with its reason; the rest of the batch goes on, as if it had said nothing."""
        self.outcome = "rejected"
        before, item = self.given_before, self.later
        while item is not None:
            item.given_before = before
            before, item = {**(before or {}), **item.gives}, item.later
        self.refusal = Refused(message, Kind.INVALID, [{"field": field_name, "message": message}], code)


class Rows:
    """The rows of one table that a batch has loaded or made, written together at its end."""

    def __init__(self, model: type[models.Model], *, may_lock: bool = True) -> None:
        self.model = model
        self.may_lock = may_lock
        self.columns = tuple(str(item.column) for item in model._meta.concrete_fields)
        self.by_id: dict[int, dict[str, Any]] = {}
        self.new: list[dict[str, Any]] = []
        self.changed: dict[int, set[str]] = {}
        self._fresh: set[int] = set()
        self._makers: dict[int, Item] = {}
        self._last_id = 0

    def is_new(self, row: dict[str, Any]) -> bool:
        """Whether the row was made in this batch."""
        return "id" not in row or row["id"] in self._fresh

    def is_made_by(self, item: Item, row: dict[str, Any]) -> bool:
        """Whether the row is new and this item the first to fill it: to the items behind it the row is known."""
        return self.is_new(row) and self._makers.setdefault(row["id"], item) is item

    def load(self, where: str, params: Sequence[Any], *, lock: bool = False) -> list[dict[str, Any]]:
        """Read rows into the batch (those already here stay as they are), in id order."""
        names = ", ".join(f'"{column}"' for column in self.columns)
        tail = " FOR UPDATE" if lock and self.may_lock and sql.is_postgresql() else ""
        table = self.model._meta.db_table
        found = sql.fetch(f'SELECT {names} FROM "{table}" WHERE {where} ORDER BY id{tail}', params)
        readers = sql.readers(self.model, self.columns)
        return [self._known(cells, readers) for cells in found]

    def take(self, cells: Sequence[Any]) -> dict[str, Any]:
        """The row of these cells, read by a wider statement in the order of `columns`; one already here stays."""
        return self._known(cells, sql.readers(self.model, self.columns))

    def _known(self, cells: Sequence[Any], readers: Sequence[tuple[int, sql.Adapter]]) -> dict[str, Any]:
        row = self.by_id.get(cells[0])
        if row is None:
            row = self.by_id[cells[0]] = self._row(cells, readers)
        return row

    def _row(self, cells: Sequence[Any], readers: Sequence[tuple[int, sql.Adapter]]) -> dict[str, Any]:
        row = dict(zip(self.columns, cells, strict=True))
        for position, reader in readers:
            if cells[position] is not None:
                row[self.columns[position]] = reader(cells[position])
        return row

    @staticmethod
    def joined(tables: Sequence[Rows]) -> str:
        """The columns of several tables, each under its name in lower case, for `take_joined`."""
        named = ((rows.model.__name__.lower(), rows.columns) for rows in tables)
        return ", ".join(f'{name}."{column}"' for name, columns in named for column in columns)

    @staticmethod
    def take_joined(tables: Sequence[Rows], cells: Sequence[Any]) -> list[dict[str, Any] | None]:
        """The row of each table in the cells of `joined` columns; None where an outer join found none."""
        found: list[dict[str, Any] | None] = []
        start = 0
        for rows in tables:
            own = cells[start : start + len(rows.columns)]
            start += len(own)
            found.append(None if own[0] is None else rows.take(own))
        return found

    def load_ids(self, ids: Iterable[int], *, lock: bool = False) -> None:
        """Read the rows with these ids that are not here yet."""
        missing = sorted({item for item in ids if item not in self.by_id})
        if missing:
            self.load(*sql.any_of("id", missing), lock=lock)

    def add(self, **values: Any) -> dict[str, Any]:
        """A new row, its other columns at their defaults; its id is given by `number`, or at the end."""
        row = {**_blank(self.model), **values}
        self.new.append(row)
        return row

    def number(self) -> None:
        """Give an id to every new row that has none yet."""
        waiting = [row for row in self.new if "id" not in row]
        for row, row_id in zip(waiting, sql.allocate_ids(self.model, len(waiting), after=self._last_id), strict=True):
            row["id"] = self._last_id = row_id
            self.by_id[row_id] = row
        self._fresh.update(row["id"] for row in waiting)

    def leave_out(self, row: dict[str, Any]) -> None:
        """Neither write a new row nor change a known one after all."""
        if self.is_new(row):
            self.new = [one for one in self.new if one is not row]
        else:
            self.changed.pop(row["id"], None)

    def change(self, row: dict[str, Any], column: str, value: Any) -> bool:
        """Set a column; True when that is news. A row made in this batch needs no update of its own."""
        if row.get(column) == value:
            return False
        row[column] = value
        if not self.is_new(row):
            self.changed.setdefault(row["id"], set()).add(column)
        return True

    def write(self) -> None:
        """Update what changed, then insert what is new: one statement a table and set of columns.

        In this order, for a new row may take a place that a known one gives up: a person has one open lead.
        """
        self.number()
        groups: dict[frozenset[str], list[int]] = {}
        for row_id, columns_changed in self.changed.items():
            groups.setdefault(frozenset(columns_changed), []).append(row_id)
        for names, ids in groups.items():
            ordered = sorted(names)
            rows = [[row_id, *(self.by_id[row_id][name] for name in ordered)] for row_id in sorted(ids)]
            sql.update_rows(self.model, ordered, rows)
        if self.new:
            cells = itemgetter(*self.columns)
            sql.insert_rows(self.model, self.columns, [cells(row) for row in self.new])
        self.new, self.changed = [], {}


@lru_cache(maxsize=64)
def _blank(model: type[models.Model]) -> dict[str, Any]:
    """The defaults of a table's columns, without its id. Shared: nobody changes the values in place."""
    blank: dict[str, Any] = {}
    for item in model._meta.concrete_fields:
        if item.column and item.column != "id":
            blank[item.column] = None if not item.has_default() and item.null else item.get_default()
    return blank


class Batch:
    """What goes down the line together: items, the rows they touch, and the facts they will leave."""

    def __init__(
        self, entries: Sequence[Entry], *, by: Actor, at: datetime, import_id: int | None = None, is_live: bool = True
    ) -> None:
        self.items = [Item(entry) for entry in entries]
        self.by = by
        self.at = at
        self.import_id = import_id
        self.is_live = is_live
        self.is_rehearsal = False  # nothing of it will be written, so nobody need wait for it
        self.is_story = False  # told as it happened: each fact was learnt at its own moment, and nothing reacts
        self.among: frozenset[int] | None = None  # the colleagues who may be given its leads; everybody when None
        self.facts: list[Event] = []
        self._rows: dict[type[models.Model], Rows] = {}
        self.findings: dict[tuple[str, str, str], int] = {}
        self.known: dict[str, Any] = {}  # what one step read and a later one needs again, by the reader's own name

    def rows(self, model: type[models.Model]) -> Rows:
        """The batch's rows of a table."""
        rows = self._rows.get(model)
        if rows is None:
            rows = self._rows[model] = Rows(model, may_lock=not self.is_rehearsal)
        return rows

    def going(self) -> list[Item]:
        """Items still on the line: neither refused nor found to be what is known already."""
        return [item for item in self.items if item.outcome not in _OFF]

    def tell(self, event: Event) -> None:
        """A fact to leave in the ledger with the change."""
        self.facts.append(event)

    def find(self, kind: str, code: str, subject: str) -> None:
        """Something a person should know, counted by subject; it never stops an entry."""
        key = (kind, code, subject[:500])
        self.findings[key] = self.findings.get(key, 0) + 1

    def write(self) -> None:
        """Write the rows in the order their tables were first touched, then the facts."""
        for rows in self._rows.values():
            rows.write()
        ledger.append(
            self.facts,
            by=self.by,
            learnt_at=None if self.is_story else self.at,
            import_id=self.import_id,
            starts_reactions=self.is_live,
        )


Step = Callable[[Batch], None]
_lines: dict[str, Sequence[Step]] = {}


def connect(lines: Mapping[str, Sequence[Step]]) -> None:
    """Set the steps of each kind of entry; called once at start with `flow.py`'s table."""
    _lines.clear()
    _lines.update(lines)


def run(batch: Batch, *, before: Step | None = None, after: Step | None = None) -> None:
    """Take a batch of one kind down its line in one transaction; races with other writers are retried.

    `before` and `after` are the door's own acts in the same transaction (inbox rows, progress of an import).
    Raises what a step raised when it is no race.
    """
    with transaction.atomic():
        if before:
            before(batch)
        going = batch.going()
        if going:
            for step in _lines[going[0].entry.kind]:
                step(batch)
        batch.write()
        if after:
            after(batch)


def rehearse(batch: Batch) -> None:
    """Take a batch down its line and write nothing: `items` and `facts` then say what would become of it.

    Steps only read, and change the batch's rows in memory; what writes is `Batch.write`, which is left out. So nobody
    waits for a rehearsal, however long it takes.
    """
    batch.is_rehearsal = True
    with sql.reading():
        going = batch.going()
        if going:
            for step in _lines[going[0].entry.kind]:
                step(batch)


def run_with_retries(make: Callable[[], Batch], *, before: Step | None = None, after: Step | None = None) -> Batch:
    """`run` a batch made anew for each try: unique, serialisation and deadlock errors mean another writer was first."""
    for left in reversed(range(_TRIES)):
        batch = make()
        try:
            run(batch, before=before, after=after)
        except IntegrityError:
            if not left:
                raise
        except OperationalError as error:
            if not left or not _is_race(error):
                raise
        else:
            return batch
    raise AssertionError("unreachable")


def _is_race(error: DatabaseError) -> bool:
    state = getattr(error.__cause__, "sqlstate", "") or ""
    return state in {"40001", "40P01"} or "locked" in str(error)
