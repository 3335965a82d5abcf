"""Entering a sequence: by itself when something happens to a lead of whom its condition holds, at its start, by hand.

What has happened is read from the ledger, part by part; nothing is asked of all leads again and again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from filon.core import following, ledger
from filon.core.access import SYSTEM, Actor
from filon.core.conditions import Sql, Vendor, compile_sql, parse
from filon.core.following import Position
from filon.core.jobs import Cancelled, JobContext
from filon.kit import sql
from filon.leads import fields
from filon.nurture.events import Enrolled
from filon.nurture.models import Sequence as SequenceRow
from filon.nurture.models import Step

FOLLOWER: Final = "nurture.entered"
PART: Final = 5_000
_MARGIN: Final = 1_000  # facts below the end that are looked at again: what writers had not committed yet

_MAY: Final = (
    "lead.is_open AND lead.stage NOT IN ('sql', 'opportunity') AND person.email <> '' AND NOT EXISTS "
    "(SELECT 1 FROM nurture_enrollment known WHERE known.lead_id = lead.id AND known.sequence_id = %s)"
)
"""Whom a sequence may take: open leads whom nobody speaks with, with an address, who were never in it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A running sequence that leads enter by themselves. step_id: the first."""

    sequence_id: int
    step_id: int
    condition: Sql


def enter(job: JobContext) -> None:
    """The clock: leads to whom something has happened since the last look enter the sequences they belong to."""
    entries = _entries(job.at)
    if not entries:
        return
    while True:
        is_last = enter_part(entries, at=job.at)
        if is_last:
            return
        if job.is_cancelled():
            raise Cancelled


def enter_part(entries: Sequence[Entry], *, at: datetime) -> bool:
    """Look at the next facts, and have their leads enter; whether these were the last. Emits Enrolled.

    History starts nothing: what an import tells of a lead that is history itself brings nobody in.
    """
    with transaction.atomic():
        before = following.load(FOLLOWER)
        part = following.part_after(before, ("lead_id", "import_id"), at=at, limit=PART)
        if part.position == before:
            return True
        if not following.save(FOLLOWER, before, part.position, at=at):
            return True  # another worker has gone on meanwhile
        told = {lead_id for _id, lead_id, import_id in part.facts if lead_id is not None and import_id is None}
        brought = {lead_id for _id, lead_id, _import in part.facts if lead_id is not None} - told
        for entry in entries:
            where, params = sql.any_of("lead.id", sorted(told))
            _take(entry, where, params, at=at)
            where, params = sql.any_of("lead.id", sorted(brought))
            _take(entry, f"{where} AND NOT lead.is_history", params, at=at)
    return part.is_last


def begin_following(*, at: datetime) -> None:
    """Look at what happens from now on, where nobody looked before. Must run in a transaction."""
    before = following.load(FOLLOWER)
    last = sql.fetch("SELECT COALESCE(MAX(id), 0) FROM core_fact")[0][0]
    if before.id < last - _MARGIN and not SequenceRow.objects.filter(state=SequenceRow.State.RUNNING).exists():
        following.save(FOLLOWER, before, Position(max(0, last - _MARGIN)), at=at)


def enter_known(job: JobContext) -> None:
    """The job that a start asks for: every lead of whom the condition holds today enters, part by part."""
    sequence_id, after = int(job.arguments["sequence_id"]), 0
    entries = [entry for entry in _entries(job.at) if entry.sequence_id == sequence_id]
    [(last,)] = sql.fetch("SELECT COALESCE(MAX(id), 0) FROM leads_lead")
    for entry in entries:
        while after < last:
            with transaction.atomic():
                _take(entry, "lead.id > %s AND lead.id <= %s", [after, after + PART], at=job.at)
            after += PART
            job.progress(min(after, last), last)
            if job.is_cancelled():
                raise Cancelled


def would_enter(sequence_id: int, condition: str, *, at: datetime) -> list[int]:
    """The leads who would enter a sequence if it started now, the newest first. One statement.

    Raises ConditionError.
    """
    found = _compiled(condition, at)
    rows = sql.fetch(
        f"SELECT lead.id FROM {_source(found)} WHERE {_MAY} AND ({found.text}) ORDER BY lead.id DESC",
        [sequence_id, *found.params],
    )
    return [row[0] for row in rows]


@transaction.atomic
def enroll(sequence: SequenceRow, lead_ids: Iterable[int], *, by: Actor, at: datetime) -> int:
    """Have leads enter by hand, whatever the condition says; how many did. Emits Enrolled."""
    step_id = first_step(sequence.pk)
    if step_id is None:
        return 0
    where, params = sql.any_of("lead.id", sorted(set(lead_ids)))
    everybody = Entry(sequence.pk, step_id, Sql("1 = 1", (), frozenset()))
    return _take(everybody, where, params, at=at, by=by)


def _take(entry: Entry, where: str, params: Sequence[Any], *, at: datetime, by: Actor = SYSTEM) -> int:
    """Have those of some leads enter who may. Two statements, and the facts."""
    moment = connection.ops.adapt_datetimefield_value(at)
    rows = sql.fetch(
        "INSERT INTO nurture_enrollment (sequence_id, lead_id, person_id, step_id, state, reason, due_at, entered_at) "
        f"SELECT %s, lead.id, lead.person_id, %s, 'active', '', {_as_time()}, {_as_time()} "
        f"FROM {_source(entry.condition)} WHERE {where} AND {_MAY} AND ({entry.condition.text}) "
        "ORDER BY lead.id ON CONFLICT DO NOTHING RETURNING id, lead_id, person_id",
        [entry.sequence_id, entry.step_id, moment, moment, *params, entry.sequence_id, *entry.condition.params],
    )
    facts = [
        Enrolled(at=at, lead_id=row[1], person_id=row[2], enrollment_id=row[0], sequence_id=entry.sequence_id)
        for row in sorted(rows)
    ]
    ledger.append(facts, by=by, learnt_at=at)
    return len(rows)


def _as_time() -> str:
    return "%s::timestamptz" if sql.is_postgresql() else "%s"


def _source(condition: Sql) -> str:
    return fields.source({*condition.tables, "person"})


def _entries(at: datetime) -> list[Entry]:
    """The running sequences that leads enter by themselves."""
    found: list[Entry] = []
    running = SequenceRow.objects.filter(state=SequenceRow.State.RUNNING).exclude(condition="").order_by("pk")
    for row in running:
        step_id = first_step(row.pk)
        if step_id is not None:
            found.append(Entry(row.pk, step_id, _compiled(row.condition, at)))
    return found


def first_step(sequence_id: int) -> int | None:
    """Where leads begin. One statement."""
    steps = Step.objects.filter(sequence_id=sequence_id, parent=None, is_removed=False)
    return steps.order_by("position", "pk").values_list("pk", flat=True).first()


def _compiled(condition: str, at: datetime) -> Sql:
    vendor: Vendor = connection.vendor  # type: ignore[assignment]  # the two that we run on
    return compile_sql(parse(condition, fields.REGISTRY), fields.REGISTRY, at=at, vendor=vendor)
