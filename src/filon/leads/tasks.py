"""Next actions of leads: planned, done, dropped. A lead has one at a time, and to-dos beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from filon.core.ledger import Told
from filon.core.line import Batch
from filon.kit import sql
from filon.leads import rules
from filon.leads.events import TaskClosed, TaskPlanned
from filon.leads.models import Task

TODO = "todo"


def open_tasks(batch: Batch, lead_ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """The open tasks of leads, locked, by lead. One statement."""
    where, params = sql.any_of("lead_id", sorted(set(lead_ids)))
    found: dict[int, list[dict[str, Any]]] = {}
    for task in batch.rows(Task).load(f"{where} AND closed_at IS NULL", params, lock=True):
        found.setdefault(task["lead_id"], []).append(task)
    return found


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
    batch.tell(
        TaskPlanned(
            at=batch.at,
            task_id=task["id"],
            lead_id=lead["id"],
            person_id=lead["person_id"],
            task=kind,
            owner_id=lead["owner_id"],
            due_at=due_at,
            attempt=attempt,
        )
    )
    return task


def close(batch: Batch, tasks: Sequence[dict[str, Any]], result: str, *, person_id: int | None = None) -> None:
    """Close loaded tasks: `done` or `dropped`."""
    rows = batch.rows(Task)
    for task in tasks:
        rows.change(task, "closed_at", batch.at)
        rows.change(task, "result", result)
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
    for tasks in open_tasks(batch, gone).values():
        close(batch, tasks, "dropped")
    batch.write()


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
