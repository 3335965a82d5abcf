"""What routing does when something happens to a lead: clocks stop, are cancelled, run again, and MQLs go to a human."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from filon.core.ledger import Told
from filon.core.line import Batch
from filon.leads import rules as journey
from filon.leads.models import Lead
from filon.routing import commands, decisions, promises, undoing
from filon.routing.desk import Waiting


def stop_promises(facts: Sequence[Told], at: datetime) -> None:
    """A colleague called or wrote: the first response is made. What programs and imports tell never counts."""
    answers: dict[int, datetime] = {}
    for fact in facts:
        act: Any = fact.event
        if fact.by.kind in promises.HUMANS and not act.is_machine and act.lead_id is not None:
            answers[act.lead_id] = min(act.at, answers.get(act.lead_id, act.at))
    if answers:
        batch = Batch([], by=facts[0].by, at=at)
        promises.respond(batch, answers)
        batch.write()


def follow_undone_act(facts: Sequence[Told], at: datetime) -> None:
    """A first response was taken back: the clock it stopped runs on."""
    undone: dict[int, datetime] = {}
    for fact in facts:
        event: Any = fact.event
        if event.act in promises.STOPPING:
            undone[event.lead_id] = event.acted_at
    if undone:
        batch = Batch([], by=facts[0].by, at=at)
        promises.unanswer(batch, undone)
        batch.write()


def follow_stage(facts: Sequence[Told], at: datetime) -> None:
    """A lead that leaves, or goes back to nurturing, is owed no first response; an MQL is due to a human."""
    moves: list[Any] = [fact.event for fact in facts]
    ends: dict[int, tuple[datetime, str]] = {}
    mqls: set[int] = set()
    for move in moves:
        if not journey.is_open(move.to_stage) or decisions.goes_back_to_nurturing(move.from_stage, move.to_stage):
            ends[move.lead_id] = (move.at, move.reason or move.to_stage)
        elif move.to_stage == "mql":
            mqls.add(move.lead_id)
    if not ends and not mqls:
        return
    batch = Batch([], by=facts[0].by, at=at)
    batch.rows(Lead).load_ids([*ends, *mqls], lock=True)
    if ends:
        promises.cancel(batch, ends)
        _back_to_nurturing(batch, {move.lead_id for move in moves if move.to_stage == "nurturing"} & set(ends))
    _route_again(batch, mqls)
    batch.write()


def follow_owner(facts: Sequence[Told], at: datetime) -> None:
    """What is owed to a lead is its new owner's to keep."""
    changes: list[Any] = [fact.event for fact in facts]
    batch = Batch([], by=facts[0].by, at=at)
    promises.hand_over(batch, {change.lead_id: change.to_owner_id for change in changes})
    batch.write()


def follow_undone_move(facts: Sequence[Told], at: datetime) -> None:
    """A move was taken back: what it cancelled is owed again, and what it began is not."""
    batch = Batch([], by=facts[0].by, at=at)
    undoing.put_back(batch, facts)
    batch.write()


def _back_to_nurturing(batch: Batch, lead_ids: set[int]) -> None:
    rows = batch.rows(Lead)
    for lead_id in lead_ids:
        rows.change(rows.by_id[lead_id], "route", decisions.NURTURE)
        rows.change(rows.by_id[lead_id], "due_at", None)


def _route_again(batch: Batch, lead_ids: set[int]) -> None:
    """Decide on the MQLs that nobody looks after yet; those of this batch's own line are decided already."""
    leads = (batch.rows(Lead).by_id[lead_id] for lead_id in sorted(lead_ids))
    commands.route(
        batch,
        [Waiting(lead, batch.at, has_asked=False) for lead in leads if lead["route"] in ("", decisions.NURTURE)],
    )
