"""Next actions of leads: planned, done, dropped. A lead has one at a time, and to-dos beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from filon.core.ledger import Told
from filon.core.line import Batch
from filon.kit import sql
from filon.leads import rules
from filon.leads.events import ActUndone, TaskClosed, TaskPlanned
from filon.leads.models import Lead, Task

TODO = "todo"


def open_tasks(batch: Batch, lead_ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """The open tasks of leads, locked, by lead. One statement."""
    where, params = sql.any_of("lead_id", sorted(set(lead_ids)))
    found: dict[int, list[dict[str, Any]]] = {}
    for task in batch.rows(Task).load(f"{where} AND closed_at IS NULL", params, lock=True):
        found.setdefault(task["lead_id"], []).append(task)
    return found


def has_meeting(batch: Batch, lead_id: int) -> bool:
    """Whether a meeting is planned with a lead, as far as the batch has planned it. No statement."""
    known = batch.rows(Task).by_id.values()
    return any(task["lead_id"] == lead_id and task["kind"] == "meeting" and task["closed_at"] is None for task in known)


def plan(
    batch: Batch, lead: dict[str, Any], kind: str, due_at: datetime, *, text: str = "", attempt: int = 0
) -> dict[str, Any]:
    """Plan something with a loaded lead, for its owner. The next action before it must be closed by now."""
    rows = batch.rows(Task)
    task = rows.add(
        lead_id=lead["id"],
        kind=kind,
        owner_id=lead["owner_id"],
        due_at=due_at,
        text=text[:500],
        attempt=attempt,
        created_at=batch.at,
    )
    rows.number()
    _mark(batch, task, due_at)
    _tell_planned(batch, task, lead["person_id"])
    return task


def _mark(batch: Batch, task: dict[str, Any], due_at: datetime | None) -> None:
    """Have the lead of a task say when its next action is due; a to-do is none."""
    if task["kind"] != TODO:
        rows = batch.rows(Lead)
        rows.load_ids([task["lead_id"]], lock=True)
        rows.change(rows.by_id[task["lead_id"]], "next_at", due_at)


def _tell_planned(batch: Batch, task: dict[str, Any], person_id: int | None) -> None:
    batch.tell(
        TaskPlanned(
            at=batch.at,
            task_id=task["id"],
            lead_id=task["lead_id"],
            person_id=person_id,
            task=task["kind"],
            owner_id=task["owner_id"],
            due_at=task["due_at"],
            attempt=task["attempt"],
        )
    )


def close(batch: Batch, tasks: Sequence[dict[str, Any]], result: str, *, person_id: int | None = None) -> None:
    """Close loaded tasks: `done` or `dropped`."""
    rows = batch.rows(Task)
    for task in tasks:
        rows.change(task, "closed_at", batch.at)
        rows.change(task, "result", result)
        _mark(batch, task, None)
        batch.tell(
            TaskClosed(
                at=batch.at,
                task_id=task["id"],
                lead_id=task["lead_id"],
                person_id=person_id,
                task=task["kind"],
                result=result,
            )
        )


def follow_stage(facts: Sequence[Told], at: datetime) -> None:
    """A lead that leaves its journey, or goes back to nurturing, has nothing planned any more."""
    moves: list[Any] = [fact.event for fact in facts]
    gone = {move.lead_id for move in moves if not rules.is_open(move.to_stage) or move.to_stage == "nurturing"}
    if not gone:
        return
    batch = Batch([], by=facts[0].by, at=at)
    batch.rows(Lead).load_ids(gone, lock=True)
    for tasks in open_tasks(batch, gone).values():
        close(batch, tasks, "dropped")
    batch.write()


def follow_undone_move(facts: Sequence[Told], at: datetime) -> None:
    """What a move had dropped is planned again when the move is taken back, unless something else is by now.

    Three statements when a lead is back on its journey. Emits TaskPlanned.
    """
    moves: dict[int, Any] = {}
    for fact in facts:
        move: Any = fact.event
        if rules.is_open(move.to_stage):
            moves[move.lead_id] = move
    if not moves:
        return
    moved_at = _learnt_at(move.revokes_id for move in moves.values())
    batch = Batch([], by=facts[0].by, at=at)
    batch.rows(Lead).load_ids(moves, lock=True)
    where, params = sql.any_of("lead_id", sorted(moves))
    found = batch.rows(Task).load(f"{where} AND (closed_at IS NULL OR result = 'dropped')", params, lock=True)
    busy = {task["lead_id"] for task in found if task["closed_at"] is None and task["kind"] != TODO}
    for task in found:
        move = moves[task["lead_id"]]
        is_dropped = task["closed_at"] is not None and task["closed_at"] == moved_at.get(move.revokes_id)
        if is_dropped and (task["kind"] == TODO or task["lead_id"] not in busy):
            _open_again(batch, task, move.person_id)
    batch.write()


def _open_again(batch: Batch, task: dict[str, Any], person_id: int | None) -> None:
    """A loaded task that was closed is planned again."""
    batch.rows(Task).change(task, "closed_at", None)
    batch.rows(Task).change(task, "result", "")
    _mark(batch, task, task["due_at"])
    _tell_planned(batch, task, person_id)


def follow_undone_act(facts: Sequence[Told], at: datetime) -> None:
    """What an act had done or planned is as before it: what it closed is open again, what it planned is dropped.

    One statement, and two that write. Emits TaskClosed, TaskPlanned.
    """
    logged = {event.lead_id: event for fact in facts if isinstance(event := fact.event, ActUndone)}
    dropping = Batch([], by=facts[0].by, at=at)
    where, params = sql.any_of("lead_id", sorted(logged))
    found = dropping.rows(Task).load(where, params, lock=True)
    for task in found:
        event = logged[task["lead_id"]]
        if task["closed_at"] is None and task["created_at"] == event.logged_at:
            close(dropping, [task], "dropped", person_id=event.person_id)
    dropping.write()  # before the others open again: a lead has one next action at a time
    opening = Batch([], by=facts[0].by, at=at)
    opening.rows(Task).load_ids(task["id"] for task in found)
    for task in opening.rows(Task).by_id.values():
        event = logged[task["lead_id"]]
        if task["result"] == "done" and task["closed_at"] == event.logged_at:
            _open_again(opening, task, event.person_id)
    opening.write()


def _learnt_at(fact_ids: Iterable[int]) -> dict[int, datetime | None]:
    """When facts were learnt, by id. One statement."""
    where, params = sql.any_of("id", sorted(fact_ids))
    return {
        row_id: sql.as_utc(moment)
        for row_id, moment in sql.fetch(f"SELECT id, learnt_at FROM core_fact WHERE {where}", params)
    }


def follow_owner(facts: Sequence[Told], at: datetime) -> None:
    """What is planned with a lead goes with it to its new owner."""
    owners: dict[int, int | None] = {}
    for fact in facts:
        change: Any = fact.event
        owners[change.lead_id] = change.to_owner_id
    batch = Batch([], by=facts[0].by, at=at)
    for lead_id, tasks in open_tasks(batch, owners).items():
        for task in tasks:
            batch.rows(Task).change(task, "owner_id", owners[lead_id])
    batch.write()
