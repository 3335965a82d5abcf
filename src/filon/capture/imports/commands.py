"""Imports: keep a file, plan it, rehearse it, take it in chunk by chunk, undo it.

Every chunk is one transaction: the line's writes, its inbox row, the rejects and the counters. A killed import goes on
after its last committed chunk.
"""

from __future__ import annotations

import gc
import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

from filon.capture.events import ImportFinished
from filon.capture.imports import activities, mapping
from filon.capture.imports.feed import MappedRow, Part, Reject, parts, stream
from filon.capture.imports.fields import Kind
from filon.capture.imports.layout import BadRow, UnreadableFile
from filon.capture.imports.mapping import MappingError, Preset
from filon.capture.imports.plan import Plan
from filon.capture.imports.reading import read_rows, sniff
from filon.capture.models import Import, RejectedRow
from filon.core import ledger, line, presence
from filon.core.access import Actor
from filon.core.line import Batch, Entry
from filon.core.models import InboxEntry
from filon.kit import sql
from filon.kit.errors import Kind as Refusal
from filon.kit.errors import Refused, not_found
from filon.kit.identifiers import ValueProblem
from filon.leads.events import ACTS

log = logging.getLogger("filon.imports")
SAMPLES: Final = 200
IDLE_BATCH: Final = 5000
SERVING_TARGET_S: Final = 0.1
"""While the product serves people, a chunk may hold the write lock this long, and pauses as long after."""
OLD: Final = timedelta(days=7)
LONGEST_SYSTEM: Final = 40


class Readable(Protocol):
    """Something to read bytes from."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes, none at the end."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the author of an import may choose; everything else is proposed from the file."""

    kind: Kind
    maps: Sequence[tuple[str, str]] = ()
    sets: Sequence[tuple[str, str]] = ()
    preset: str = ""
    system: str = ""
    mode: str = ""  # live or history; empty: proposed from the file's own dates
    country: str = "FR"


# Planning --------------------------------------------------------------------------------------------------------


def files_dir() -> Path:
    """Where imported files are kept, under their hash."""
    path = Path(settings.FILON_DATA_DIR) / "files"
    path.mkdir(parents=True, exist_ok=True)
    return path


def keep_file(source: Readable) -> tuple[str, Path]:
    """Copy a file into the data folder; its SHA-256 and its place."""
    target = files_dir() / f".incoming-{time.monotonic_ns()}"
    digest = hashlib.sha256()
    with target.open("wb") as file:
        while block := source.read(1 << 20):
            digest.update(block)
            file.write(block)
    kept = files_dir() / digest.hexdigest()
    target.replace(kept)
    return digest.hexdigest(), kept


def create_import(source: Readable, file_name: str, options: Options, *, by: Actor, at: datetime) -> Import:
    """Keep a file and plan its import; nothing is taken in yet. Needs `imports.run`.

    Raises Refused when the file cannot be read or the mapping cannot be used.
    """
    by.require("imports.run")
    if len(options.system) > LONGEST_SYSTEM or "\0" in options.system:
        raise Refused(_("The name of a system has at most %(count)s characters.") % {"count": LONGEST_SYSTEM})
    file_hash, path = keep_file(source)
    plan = plan_for(path, options)
    return Import.objects.create(
        kind=options.kind,
        file_name=file_name[:255],
        file_hash=file_hash,
        system=options.system or _system_of(options),
        mode=options.mode or propose_mode(path, plan, at=at),
        plan=plan.as_json(),
        state=Import.State.DRAFT,
        expected_rows=_expected_rows(path, plan),
        author_id=by.id if by.kind == "user" else None,
        created_at=at,
    )


def _expected_rows(path: Path, plan: Plan) -> int | None:
    """About how many rows a text file has: its line ends. None where that cannot be told without reading it."""
    if plan.layout.format not in {"csv", "jsonl"}:
        return None
    with path.open("rb") as file:
        ends = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    return max(ends - plan.layout.header_lines, 1)


def plan_for(path: Path, options: Options) -> Plan:
    """The layout of a file and what its columns are, with the author's choices. Raises Refused."""
    try:
        layout = sniff(path)
        preset = _preset_of(options)
        samples = [row.cells for row in islice(read_rows(path, layout), SAMPLES) if not isinstance(row, BadRow)]
        choices = mapping.propose(options.kind, layout.header, samples, preset)
        choices = mapping.with_styles(options.kind, mapping.override(choices, options.maps), samples)
    except (UnreadableFile, MappingError) as error:
        raise Refused(_(error.message) % error.params, Refusal.INVALID, code=error.code) from error
    sets = dict(options.sets)
    kinds = preset.kinds if preset and options.kind == "events" else {}
    if preset and kinds and (kind := preset.kind_of_file(layout.header)):
        sets.setdefault("kind", kind)
    plan = Plan(options.kind, layout, choices, sets, settings.TIME_ZONE, options.country, kinds)
    try:
        plan.mapper()
    except ValueProblem as problem:  # of a value for all rows
        raise Refused(_(problem.message) % problem.params, Refusal.INVALID, code=problem.code) from problem
    return plan


def _preset_of(options: Options) -> Preset | None:
    """The preset chosen, whose kinds of acts are ours. Raises MappingError."""
    preset = mapping.load_preset(options.preset) if options.preset else None
    for word, kind in preset.kinds.items() if preset else ():
        if kind not in activities.SORTS and kind not in ACTS:
            raise MappingError("bad_preset", preset=options.preset, detail=f"events.kinds: {word} = {kind}")
    return preset


def _system_of(options: Options) -> str:
    return mapping.load_preset(options.preset).system if options.preset else "default"


def propose_mode(path: Path, plan: Plan, *, at: datetime) -> str:
    """`history` when most rows of the sample are older than seven days, or say no date: it starts nothing."""
    fresh = total = 0
    for part in islice(parts(path, plan), 2):
        for row in part.rows:
            total += 1
            said = next((row.values[name] for name in _DATES if name in row.values), None)
            fresh += said is not None and (said if isinstance(said, datetime) else _midnight(said, plan)) > at - OLD
    return "live" if total and fresh * 2 > total else "history"


def _midnight(day: date, plan: Plan) -> datetime:
    """When a mere date begins, where it was written."""
    return datetime(day.year, day.month, day.day, tzinfo=plan.time_zone)


def replan(imported: Import, maps: Iterable[tuple[str, str]], *, mode: str, by: Actor) -> None:
    """Change what the columns are, or the mode, before the import has run. Needs `imports.run`."""
    by.require("imports.run")
    if imported.state != Import.State.DRAFT:
        raise Refused(_("This import has started: undo it to change its columns."), Refusal.CONFLICT)
    plan = Plan.from_json(imported.plan)
    samples = [
        row.cells for row in islice(read_rows(path_of(imported), plan.layout), SAMPLES) if not isinstance(row, BadRow)
    ]
    try:
        choices = mapping.with_styles(plan.kind, mapping.override(plan.choices, maps), samples)
    except MappingError as error:
        raise Refused(_(error.message) % error.params, Refusal.INVALID, code=error.code) from error
    imported.plan = replace(plan, choices=choices).as_json()
    imported.mode = mode
    imported.rehearsal = None
    imported.save(update_fields=["plan", "mode", "rehearsal"])


def path_of(imported: Import) -> Path:
    """Where the file of an import is kept."""
    return files_dir() / imported.file_hash


# Entries ---------------------------------------------------------------------------------------------------------


_DATES: Final = ("captured_at", "at", "due", "created_at")
"""What tells how old a row is, the surest first."""


def entries_of(rows: Iterable[MappedRow], plan: Plan, *, system: str, is_live: bool, at: datetime) -> list[Entry]:
    """Mapped rows as entries of the line."""
    kind, zone = plan.entry_kind, plan.time_zone
    entries = []
    for row in rows:
        values = row.values
        findings = [(finding.code, f"{finding.column}: {finding.value}") for finding in row.findings]
        if kind == "event":
            values, odd = activities.settle(values, plan.kinds, now=at, zone=zone)
            findings += odd
        elif kind == "lead" and not is_live and "captured_at" not in values:
            findings.append(("lead_without_date", ""))
        entries.append(
            Entry(
                kind=kind,
                door="file",
                at=at,
                values=values,
                attributes=row.attributes,
                is_live=is_live,
                system=system,
                key=row.key,
                digest=row.digest,
                given=row.given,
                line=row.line,
                findings=findings,
            )
        )
    return entries


# Running ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: rows of the file done so far, and rows a second lately."""

    done: int
    per_second: float
    counts: dict[str, int]


class Overtaken(Exception):
    """Another process has taken in the rows that this one was about to write: nothing is written twice."""


def start_import(import_id: int, *, by: Actor) -> Import:
    """Let a planned import run (or a failed or cancelled one go on). Needs `imports.run`."""
    by.require("imports.run")
    may = [Import.State.DRAFT, Import.State.FAILED, Import.State.CANCELLED]
    updated = Import.objects.filter(pk=import_id, state__in=may).update(
        state=Import.State.WAITING, wants_cancel=False, error=""
    )
    imported = Import.objects.filter(pk=import_id).first()
    if imported is None:
        raise not_found(pgettext("record", "Import"))
    if not updated and imported.state not in {Import.State.WAITING, Import.State.RUNNING}:
        raise Refused(_("This import is finished."), Refusal.CONFLICT)
    return imported


def run_import(import_id: int, *, by: Actor, now: Callable[[], datetime]) -> Iterator[Progress]:
    """Take a file in from where it stands, yielding after each chunk. Raises Refused when the file cannot be read."""
    imported = Import.objects.get(pk=import_id)
    plan = Plan.from_json(imported.plan)
    started = time.perf_counter()
    Import.objects.filter(pk=import_id).update(
        state=Import.State.RUNNING, started_at=imported.started_at or now(), error=""
    )
    try:
        with sql.bulk_writing(), _garbage_between_chunks():
            yield from _chunks(imported, plan, by=by, now=now)
    except Overtaken as error:
        raise Refused(_("Another process is taking this import in: follow it there."), Refusal.CONFLICT) from error
    except UnreadableFile as error:
        message = _(error.message) % error.params
        _end(import_id, Import.State.FAILED, started, at=now(), error=message)
        raise Refused(message, Refusal.INVALID, code=error.code) from error
    except Exception as error:
        _end(import_id, Import.State.FAILED, started, at=now(), error=sql.in_short(error))
        raise
    cancelled = Import.objects.filter(pk=import_id, wants_cancel=True).exists()
    _end(import_id, Import.State.CANCELLED if cancelled else Import.State.DONE, started, at=now())
    if not cancelled:
        _tell_finished(import_id, by=by, at=now())


def _chunks(imported: Import, plan: Plan, *, by: Actor, now: Callable[[], datetime]) -> Iterator[Progress]:
    pace = _Pace()
    source = stream(path_of(imported), plan, start_row=imported.done_rows)
    rows: list[MappedRow] = []
    rejects: list[Reject] = []
    for part in _with_end(source):
        if part is not None:
            rows += part.rows
            rejects += part.rejects
        while rows or rejects:
            if part is not None and len(rows) + len(rejects) < pace.size:
                break
            taken, rows, gone, rejects = _cut(rows, rejects, pace.size)
            began = time.perf_counter()
            counts = _take_chunk(imported, plan, taken, gone, by=by, at=now())
            pace.took(time.perf_counter() - began, len(taken))
            gc.collect(0)  # what is left of the chunk, now that its rows are gone
            yield Progress(counts["done_rows"], pace.per_second, counts)
            if Import.objects.filter(pk=imported.pk, wants_cancel=True).exists():
                return


@contextmanager
def _garbage_between_chunks() -> Iterator[None]:
    """No garbage collection within a chunk: its hundred thousand live objects would be walked again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _with_end(source: Iterator[Part]) -> Iterator[Part | None]:
    yield from source
    yield None


def _cut(
    rows: list[MappedRow], rejects: list[Reject], size: int
) -> tuple[list[MappedRow], list[MappedRow], list[Reject], list[Reject]]:
    """The first `size` rows in the file's order, with the rejects that stand among them, and what is left."""
    taken, left = rows[:size], rows[size:]
    if not left:
        return taken, left, rejects, []
    limit = left[0].number
    return taken, left, [row for row in rejects if row.number < limit], [row for row in rejects if row.number >= limit]


def _is_serving() -> bool:
    """Whether people are being served from this data folder: then an import makes way."""
    return bool(presence.alive("servers"))


class _Pace:
    """How many rows the next chunk takes: many when nobody waits, else what fits the write lock's share."""

    def __init__(self) -> None:
        self.size = 500 if _is_serving() else IDLE_BATCH
        self.per_second = 0.0
        self._checked_at = time.monotonic()
        self._is_serving = self.size != IDLE_BATCH

    def took(self, seconds: float, rows: int) -> None:
        """Learn from the chunk just written; while serving, leave the lock to others as long as it was held."""
        rate = rows / seconds if seconds else 0.0
        self.per_second = rate if not self.per_second else 0.7 * self.per_second + 0.3 * rate
        if time.monotonic() - self._checked_at > 1:
            self._checked_at, self._is_serving = time.monotonic(), _is_serving()
        if not self._is_serving:
            self.size = IDLE_BATCH
        elif rate:
            self.size = max(50, min(IDLE_BATCH, int(rate * SERVING_TARGET_S)))
            time.sleep(seconds)


def _take_chunk(
    imported: Import, plan: Plan, rows: list[MappedRow], rejects: list[Reject], *, by: Actor, at: datetime
) -> dict[str, int]:
    """Write one chunk; the import's counters after it."""
    is_live = imported.mode == "live"
    counters: dict[str, int] = {}

    def make() -> Batch:
        entries = entries_of(rows, plan, system=imported.system, is_live=is_live, at=at)
        return Batch(entries, by=by, at=at, import_id=imported.pk, is_live=is_live)

    def after(batch: Batch) -> None:
        counters.update(_keep_chunk(imported, batch, rows, rejects, at=at))

    try:
        line.run_with_retries(make, after=after)
    except Overtaken:
        raise  # no row is at fault
    except Exception as error:
        if not rows or sql.is_unavailable(error):
            raise
        if len(rows) == 1:
            log.exception("Row %d of import %d broke the line", rows[0].number, imported.pk)
            return _take_chunk(imported, plan, [], [*rejects, broken(rows[0], error)], by=by, at=at)
        middle = len(rows) // 2  # one row that breaks the line must not stop the others: find it
        before, behind = [r for r in rejects if r.number < rows[middle].number], rejects
        _take_chunk(imported, plan, rows[:middle], before, by=by, at=at)
        return _take_chunk(imported, plan, rows[middle:], [r for r in behind if r not in before], by=by, at=at)
    imported.done_rows = counters["done_rows"]
    return counters


def broken(row: MappedRow, error: Exception) -> Reject:
    """A row that the line could not handle, as a reject: nothing is lost, and the others go on."""
    reason = gettext_noop("This row could not be handled (%(error)s). Report it with its values.")
    return Reject(row.number, row.line, "", reason, {"error": type(error).__name__}, _as_cells(row))


def _keep_chunk(
    imported: Import, batch: Batch, rows: list[MappedRow], rejects: list[Reject], *, at: datetime
) -> dict[str, int]:
    """The chunk's own rows, in its transaction: rejects, counters, inbox row."""
    refused = _refused(batch, rows)
    _keep_rejects(imported, rejects, refused)
    counts = {"created": 0, "updated": 0, "unchanged": 0, "rejected": 0}
    for item in batch.items:
        counts[item.outcome] += 1
    counts["rejected"] += len(rejects)
    numbers = [row.number for row in rows] + [row.number for row in rejects]
    first, last = min(numbers), max(numbers)
    is_ours = Import.objects.filter(pk=imported.pk, done_rows=imported.done_rows).update(
        done_rows=last,
        rows=F("rows") + sum(counts.values()),
        **{name: F(name) + count for name, count in counts.items()},
    )
    if not is_ours:
        raise Overtaken
    InboxEntry.objects.create(
        door="file",
        kind=batch.items[0].entry.kind if batch.items else "lead",
        received_at=imported.created_at,
        actor_kind=batch.by.kind,
        actor_id=batch.by.id,
        status=InboxEntry.Status.DONE,
        payload={"first": first, "last": last},
        import_id=imported.pk,
        attempts=1,
        done_at=at,
    )
    return {**counts, "done_rows": last}


def _refused(batch: Batch, rows: Sequence[MappedRow]) -> list[tuple[MappedRow, str, str]]:
    """(row, column, reason) of the entries the line refused."""
    found = []
    for item, row in zip(batch.items, rows, strict=True):
        if item.refusal is not None:
            name = str(item.refusal.errors[0]["field"]) if item.refusal.errors else ""
            found.append((row, name, _(item.refusal.message)))
    return found


def _keep_rejects(imported: Import, rejects: Sequence[Reject], refused: Sequence[tuple[MappedRow, str, str]]) -> None:
    cells: list[tuple[Any, ...]] = [
        (imported.pk, row.number, row.line, row.column[:300], (_(row.reason) % row.params)[:500], row.raw)
        for row in rejects
    ]
    cells += [
        (imported.pk, row.number, row.line, column[:300], reason[:500], _as_cells(row))
        for row, column, reason in refused
    ]
    sql.insert_rows(RejectedRow, ("imported_id", "number", "line", "column", "reason", "raw"), cells)


def _as_cells(row: MappedRow) -> list[str]:
    return row.raw or [str(value) for value in (*row.values.values(), *row.attributes.values())]


def _end(import_id: int, state: Import.State, started: float, *, at: datetime, error: str = "") -> None:
    Import.objects.filter(pk=import_id).update(
        state=state,
        finished_at=at,
        error=error[:2000],
        seconds=F("seconds") + (time.perf_counter() - started),
    )


def _tell_finished(import_id: int, *, by: Actor, at: datetime) -> None:
    imported = Import.objects.get(pk=import_id)
    with transaction.atomic():
        event = ImportFinished(
            at=at,
            imported_id=import_id,
            of=imported.kind,
            created=imported.created,
            updated=imported.updated,
            unchanged=imported.unchanged,
            rejected=imported.rejected,
        )
        ledger.append([event], by=by, learnt_at=at)


def forget_draft(import_id: int, *, by: Actor) -> None:
    """Throw a planned import away; nothing of it was taken in. Needs `imports.run`."""
    by.require("imports.run")
    Import.objects.filter(pk=import_id, state=Import.State.DRAFT).delete()


def cancel_import(import_id: int, *, by: Actor) -> None:
    """Ask a running import to stop after its chunk; it can go on later. Needs `imports.run`."""
    by.require("imports.run")
    Import.objects.filter(pk=import_id, state__in=[Import.State.WAITING, Import.State.RUNNING]).update(
        wants_cancel=True
    )
