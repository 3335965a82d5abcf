"""Walking: leads whose step is due go on, many at once, until each has to wait for something."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from filon.core.access import SYSTEM
from filon.core.conditions import ConditionError, Vendor, compile_sql, parse
from filon.core.jobs import Cancelled, JobContext
from filon.core.line import Batch
from filon.kit import sql
from filon.leads import fields, tasks
from filon.leads.models import Lead
from filon.nurture.models import Delivery, Step
from filon.nurture.rules import StepRow, Steps
from filon.nurture.sending.making import new_message_id
from filon.nurture.sequences import ending

Shifts = Callable[[datetime, datetime, int | None], Iterable[tuple[datetime, datetime]]]
PART: Final = 500
_AHEAD: Final = timedelta(days=30)
_shifts: Shifts | None = None


def connect(shifts: Shifts) -> None:
    """Set who knows the open hours between two moments; called once at start by `config`."""
    global _shifts  # noqa: PLW0603 — wired once, as `core.ledger.connect` is
    _shifts = shifts


def walk(job: JobContext) -> None:
    """The clock: every lead whose step is due goes on."""
    done = 0
    while count := walk_on(at=job.at):
        done += count
        job.progress(done, None)
        if job.is_cancelled():
            raise Cancelled
        if count < PART:
            return


@dataclass(slots=True)
class _Walker:
    """A lead on its way. step: where it stands; None at the end."""

    enrollment_id: int
    lead_id: int
    person_id: int
    in_working_hours: bool
    steps: Steps
    step: StepRow | None
    due_at: datetime | None = None
    reason: str = ""
    waits: bool = False


@transaction.atomic
def walk_on(*, at: datetime) -> int:
    """Take up to `PART` leads on from where they stand; how many were due.

    A constant number of statements for each step of a sequence that anybody passes. Emits EnrollmentEnded, TaskPlanned.
    """
    walkers = _due(at)
    if not walkers:
        return 0
    while going := [walker for walker in walkers if not walker.waits and walker.step is not None]:
        by_step: dict[int, list[_Walker]] = {}
        for walker in going:
            assert walker.step is not None  # noqa: S101 — chosen by it
            by_step.setdefault(walker.step.id, []).append(walker)
        for group in by_step.values():
            step = group[0].step
            assert step is not None  # noqa: S101 — as above
            _pass(step, group, at)
    _keep(walkers, at)
    return len(walkers)


def _due(at: datetime) -> list[_Walker]:
    lock = " FOR UPDATE OF enrollment SKIP LOCKED" if sql.is_postgresql() else ""
    rows = sql.fetch(
        "SELECT enrollment.id, enrollment.lead_id, enrollment.person_id, enrollment.sequence_id, "
        "sequence.in_working_hours, enrollment.step_id FROM nurture_enrollment enrollment "
        "JOIN nurture_sequence sequence ON sequence.id = enrollment.sequence_id AND sequence.state = 'running' "
        "WHERE enrollment.state = 'active' AND enrollment.due_at <= %s "
        f"ORDER BY enrollment.due_at, enrollment.id LIMIT {PART}{lock}",
        [connection.ops.adapt_datetimefield_value(at)],
    )
    steps = steps_of({row[3] for row in rows})
    return [
        _Walker(
            enrollment_id=enrollment_id,
            lead_id=lead_id,
            person_id=person_id,
            in_working_hours=bool(in_working_hours),
            steps=steps[sequence_id],
            step=steps[sequence_id].by_id.get(step_id),
        )
        for enrollment_id, lead_id, person_id, sequence_id, in_working_hours, step_id in rows
    ]


def steps_of(sequence_ids: Iterable[int]) -> dict[int, Steps]:
    """The steps of sequences, by sequence. One statement."""
    rows: dict[int, list[StepRow]] = {sequence_id: [] for sequence_id in sequence_ids}
    names = ("id", "parent_id", "side", "position", "kind", "template_id", "minutes", "condition", "task", "text")
    for sequence_id, *cells in Step.objects.filter(sequence_id__in=list(rows)).values_list(
        "sequence_id", *names, "is_removed"
    ):
        rows[sequence_id].append(StepRow(*cells))
    return {sequence_id: Steps(found) for sequence_id, found in rows.items()}


# Passing a step -------------------------------------------------------------------------------------------------------


def _pass(step: StepRow, group: Sequence[_Walker], at: datetime) -> None:
    """Take a group past the step where all of it stands, or have it wait there."""
    after = group[0].steps.after(step)
    if step.is_removed:
        _move(group, after)
        return
    match step.kind:
        case "email":
            _write(step, group, after, at)
        case "wait":
            for walker in group:
                walker.due_at, walker.waits = at + timedelta(minutes=step.minutes), after is not None
            _move(group, after)
        case "branch":
            _part(step, group, at)
        case "task":
            _plan(step, group, at)
            _move(group, after)


def _move(group: Iterable[_Walker], to: StepRow | None) -> None:
    for walker in group:
        walker.step = to


def _write(step: StepRow, group: Sequence[_Walker], after: StepRow | None, at: datetime) -> None:
    """Queue the message of a step for those who were never sent it; the others walk on, or leave where it failed."""
    _queue(step, group, at)
    where, params = sql.any_of("person_id", [walker.person_id for walker in group])
    told = sql.fetch(
        f"SELECT person_id, enrollment_id, state, reason FROM nurture_delivery WHERE step_id = %s AND {where}",
        [step.id, *params],
    )
    known = {person_id: cells for person_id, *cells in told}
    for walker in group:
        enrollment_id, state, reason = known[walker.person_id]
        if enrollment_id != walker.enrollment_id:  # it is sent to the same person for another lead: once is enough
            walker.step = after
        elif state in {"queued", "handing_over"}:
            walker.waits, walker.due_at = True, None
        elif state in {"held", "refused"}:
            walker.step, walker.reason = None, reason or state
        else:
            walker.step = after


def _queue(step: StepRow, group: Sequence[_Walker], at: datetime) -> None:
    """A message for each person of a group; the database, not we, knows who has one of this step already."""
    assert step.template_id is not None  # noqa: S101 — the database asks it of a message
    kept = {walker.in_working_hours for walker in group}
    due_at = {is_kept: _open_moment(at) if is_kept else at for is_kept in kept}
    Delivery.objects.bulk_create(
        [
            Delivery(
                step_id=step.id,
                template_id=step.template_id,
                enrollment_id=walker.enrollment_id,
                lead_id=walker.lead_id,
                person_id=walker.person_id,
                message_id=new_message_id(uuid.uuid4().hex),
                due_at=due_at[walker.in_working_hours],
                queued_at=at,
            )
            for walker in group
        ],
        ignore_conflicts=True,
    )


def _open_moment(at: datetime) -> datetime:
    """The first moment from `at` on at which the company works."""
    assert _shifts is not None  # noqa: S101 — `connect` ran at start
    for start, end in _shifts(at, at + _AHEAD, None):
        if end > at:
            return max(start, at)
    return at


def _part(step: StepRow, group: Sequence[_Walker], at: datetime) -> None:
    """Send each of a group to the side of a branch that its lead belongs to."""
    holds = leads_where(step.condition, [walker.lead_id for walker in group], at=at)
    for walker in group:
        walker.step = walker.steps.beyond(step, holds=walker.lead_id in holds)


def leads_where(condition: str, lead_ids: Sequence[int], *, at: datetime) -> set[int]:
    """Those of these leads of which a condition holds. One statement. Nobody when it can no longer be read."""
    try:
        node = parse(condition, fields.REGISTRY)
    except ConditionError:
        return set()
    vendor: Vendor = connection.vendor  # type: ignore[assignment]  # the two that we run on
    part = compile_sql(node, fields.REGISTRY, at=at, vendor=vendor)
    where, params = sql.any_of("lead.id", lead_ids)
    rows = sql.fetch(
        f"SELECT lead.id FROM {fields.source(part.tables)} WHERE {where} AND ({part.text})", [*params, *part.params]
    )
    return {row[0] for row in rows}


def _plan(step: StepRow, group: Sequence[_Walker], at: datetime) -> None:
    """Plan a task with each lead for its owner; beside what is planned already where there is a next action."""
    batch = Batch([], by=SYSTEM, at=at)
    rows = batch.rows(Lead)
    rows.load_ids([walker.lead_id for walker in group], lock=True)
    planned = tasks.open_tasks(batch, rows.by_id)
    for lead in rows.by_id.values():
        if lead["is_open"]:
            is_busy = any(task["kind"] != tasks.TODO for task in planned.get(lead["id"], []))
            tasks.plan(batch, lead, tasks.TODO if is_busy else step.task, at, text=step.text)
    batch.write()


def _keep(walkers: Sequence[_Walker], at: datetime) -> None:
    """Write down where everybody stands now, and end what is at its end."""
    ended = [(walker.enrollment_id, walker.reason) for walker in walkers if walker.step is None]
    moment = connection.ops.adapt_datetimefield_value
    kept = [
        [walker.step.id, moment(walker.due_at) if walker.due_at else None, walker.enrollment_id]
        for walker in walkers
        if walker.step is not None
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE nurture_enrollment SET step_id = %s, due_at = %s WHERE id = %s AND state = 'active'", kept
        )
    ending.end(ended, by=SYSTEM, at=at)
