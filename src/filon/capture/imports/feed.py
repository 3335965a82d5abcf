"""The file side of a running import: a child process reads, maps and keys the rows, the parent only writes.

Parsing and normalising cost as much as the database does, so they get a core of their own. The child is started
fresh (no fork of a threaded server) and imports nothing of Django. It never runs more than `_AHEAD` parts ahead, so
memory does not grow with the file.
"""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from filon.capture.imports.layout import BadRow, Row
from filon.capture.imports.mapper import Finding, digest
from filon.capture.imports.plan import Plan
from filon.capture.imports.reading import read_rows
from filon.leads.rules import given

PART: Final = 1000
"""Rows a part; the parent joins parts into batches of the size it likes."""
_AHEAD: Final = 8


class MappedRow(NamedTuple):
    """A row that became values. `key` names it in its system, `digest` its content (hex).

    given: what a lead's row says, as text by field, in JSON; of other kinds the line makes it. raw: its cells, where
    the line may still refuse it; of leads, which it does not, none.
    """

    number: int
    line: int
    key: str
    digest: str
    given: str
    values: dict[str, Any]
    attributes: dict[str, str]
    findings: list[Finding]
    raw: list[str]


class Reject(NamedTuple):
    """A row that cannot be taken: an English msgid with its params, and the row as it stood."""

    number: int
    line: int
    column: str
    reason: str
    params: dict[str, str]
    raw: list[str]


@dataclass
class Part:
    """Consecutive rows of the file."""

    rows: list[MappedRow] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    last_number: int = 0


def stream(path: Path, plan: Plan, *, start_row: int = 0) -> Iterator[Part]:
    """The parts of a file after its first `start_row` data rows, read by a child process.

    Raises what the child raised (`UnreadableFile`), and ChildProcessError when it was killed.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_feed, args=(theirs, path, plan, start_row), daemon=True, name="filon-feed")
    child.start()
    theirs.close()
    try:
        for _ in range(_AHEAD):
            ours.send(True)
        while True:
            try:
                message = ours.recv()
            except EOFError:
                raise ChildProcessError("The process that reads the file was stopped.") from None
            if isinstance(message, BaseException):
                raise message
            if message is None:
                return
            yield message
            with suppress(BrokenPipeError, ConnectionResetError):  # it has sent its last part and gone
                ours.send(True)
    finally:
        ours.close()
        child.join(timeout=5)
        if child.is_alive():
            child.kill()


def _feed(pipe: Connection, path: Path, plan: Plan, start_row: int) -> None:
    """The child: send parts as long as the parent asks for more, then None, or the error."""
    try:
        for part in parts(path, plan, start_row=start_row):
            pipe.recv()
            pipe.send(part)
        pipe.recv()
        pipe.send(None)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the parent has gone
    except Exception as error:  # noqa: BLE001 — the parent says what went wrong
        pipe.send(error)
    finally:
        pipe.close()


def parts(path: Path, plan: Plan, *, start_row: int = 0) -> Iterator[Part]:
    """The same parts, read here."""
    mapper = plan.mapper()
    keyer = _Keyer(plan.entry_kind, plan.sets.get("kind", "") if plan.kinds else "")
    has_raw = plan.entry_kind != "lead"
    # Rows without a key of their own are told apart by how often the file has said them, so those before
    # `start_row` must be counted too.
    first = 0 if keyer.counts else start_row
    part = Part()
    for row in read_rows(path, plan.layout, start_row=first):
        if row.number > start_row:
            _take(part, row, mapper, keyer, has_raw=has_raw)
            part.last_number = row.number
            if len(part.rows) + len(part.rejects) >= PART:
                yield part
                part = Part()
        elif isinstance(row, Row):
            mapped = mapper(row)
            if not isinstance(mapped, list):
                keyer.key(mapped.values, digest(mapped).hex())
    if part.rows or part.rejects:
        yield part


def _take(part: Part, row: Row | BadRow, mapper: Callable[[Row], Any], keyer: _Keyer, *, has_raw: bool) -> None:
    if isinstance(row, BadRow):
        part.rejects.append(Reject(row.number, row.line, row.column, row.reason, row.params, [row.raw]))
        return
    mapped = mapper(row)
    if isinstance(mapped, list):
        problem = mapped[0]
        part.rejects.append(
            Reject(row.number, row.line, problem.column, problem.message, problem.params, list(row.cells))
        )
        return
    content = digest(mapped).hex()
    key = keyer.key(mapped.values, content)
    said = "" if has_raw else orjson.dumps(given(mapped.values, mapped.attributes)).decode()
    raw = list(row.cells) if has_raw else []
    part.rows.append(
        MappedRow(row.number, row.line, key, content, said, mapped.values, mapped.attributes, mapped.findings, raw)
    )


_NAMED_BY: Final = {
    "lead": ("email", "linkedin_url", "phone"),
    "company": ("company.siren", "company.domain", "company.name"),
    "product": ("name",),
    "user": ("email", "name"),
}


class _Keyer:
    """Names each row in its system: by its external id, else by its identifiers, else by its content and how often
    the file has said it.

    file: what the rows of the file are, where a system numbers each kind of its records anew.
    """

    def __init__(self, kind: str, file: str = "") -> None:
        self._prefix = f"{file.lower()}:" if file else ""
        self._fields = _NAMED_BY.get(kind, ())
        self.counts = not self._fields
        self._seen: sqlite3.Connection | None = None

    def key(self, values: dict[str, Any], content: str) -> str:
        """The key of a row with these values and content hash."""
        if external_id := values.get("external_id"):
            return f"{self._prefix}{external_id}"
        for name in self._fields:
            if value := values.get(name):
                return f"{name}:{value}"[:500]
        return f"#{content}:{self._occurrence(content)}" if self.counts else ""

    def _occurrence(self, content: str) -> int:
        """1 for the first row with this content, 2 for the next; counted on disk, so that memory stays flat."""
        if self._seen is None:
            self._seen = sqlite3.connect("")  # a private database on disk, gone with its connection
            self._seen.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16384;")
            self._seen.execute("CREATE TABLE seen (content BLOB PRIMARY KEY, times INTEGER) WITHOUT ROWID")
        row = self._seen.execute(
            "INSERT INTO seen VALUES (?, 1) ON CONFLICT (content) DO UPDATE SET times = times + 1 RETURNING times",
            [bytes.fromhex(content)],
        ).fetchone()
        return int(row[0])
