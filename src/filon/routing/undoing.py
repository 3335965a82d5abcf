"""What a move did to routing, found in the ledger, and how it is taken back with the move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from filon.core.ledger import Told
from filon.core.line import Batch
from filon.kit import sql
from filon.leads import asking
from filon.leads.events import StageChanged, StageMoveUndone
from filon.leads.models import Lead
from filon.routing import decisions, desk, promises
from filon.routing.events import LeadRouted, PromiseCancelled, PromiseMade, RoutingUndone
from filon.routing.models import Promise

_PASSAGES: Final = frozenset({StageChanged.kind, StageMoveUndone.kind})
_ASKS: Final = frozenset(event.kind for event in asking.ASKS)
_KINDS: Final = sorted({*_PASSAGES, *_ASKS, LeadRouted.kind, PromiseMade.kind, PromiseCancelled.kind})


@dataclass(slots=True)
class _Done:
    """What one move did: the promises it cancelled (→ the fact that says so) and made, and where it sent the lead."""

    at: datetime
    learnt_at: datetime
    back_to_nurturing: bool
    route_before: str
    has_asked: bool = False  # the person asked at that very moment: then not the move decided
    cancelled: dict[int, int] = field(default_factory=dict)
    made: set[int] = field(default_factory=set)
    routed_by: int | None = None


def put_back(batch: Batch, undone: Sequence[Told]) -> None:
    """Give leads back what the moves taken back (StageMoveUndone) had taken, and take what they had given.

    Safe to run twice: what was given back is revoked, and nothing told after the undo counts. Three statements.
    """
    done = _done(undone)
    if not done:
        return
    leads, rows = batch.rows(Lead), batch.rows(Promise)
    leads.load_ids(done, lock=True)
    where, params = sql.any_of("lead_id", sorted(done))
    by_lead: dict[int, list[dict[str, Any]]] = {}
    for promise in rows.load(where, params, lock=True):
        by_lead.setdefault(promise["lead_id"], []).append(promise)
    events: list[Any] = [fact.event for fact in undone]
    for event in events:
        lead = leads.by_id.get(event.lead_id)
        if lead is not None and event.lead_id in done and lead["stage"] == event.to_stage:
            _put_back_one(batch, lead, done[event.lead_id], by_lead.get(event.lead_id, []))


def _put_back_one(batch: Batch, lead: dict[str, Any], done: _Done, owed: Sequence[dict[str, Any]]) -> None:
    began = [promise for promise in owed if promise["id"] in done.made and promise["stopped_at"] is None]
    promises.no_longer_owed(batch, {promise["id"]: (batch.at, lead["stage"]) for promise in began})
    if done.routed_by is not None:
        batch.tell(RoutingUndone(at=batch.at, lead_id=lead["id"], route=done.route_before, revokes_id=done.routed_by))
        desk.change(batch, lead, {"route": done.route_before, "due_at": None})
    elif done.back_to_nurturing and lead["route"] == decisions.NURTURE:
        desk.change(batch, lead, {"route": done.route_before})
    for promise in owed:
        if any(other["stopped_at"] is None for other in owed):
            return  # something is owed already
        if promise["stopped_at"] != max(done.at, promise["started_at"]):
            continue
        if promise["id"] in done.cancelled and promise["state"] == Promise.State.CANCELLED:
            promises.resume(batch, promise, cancelled_by=done.cancelled[promise["id"]])
        elif promise["state"] == Promise.State.BREACHED:
            promises.resume(batch, promise, cancelled_by=None)


# What the ledger tells ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Fact:
    id: int
    kind: str
    at: datetime
    learnt_at: datetime
    payload: Mapping[str, Any]


def _done(undone: Sequence[Told]) -> dict[int, _Done]:
    """What each move did that these facts (StageMoveUndone) take back, by lead. One statement."""
    spans: dict[int, tuple[int, int]] = {}
    for told in undone:
        event: Any = told.event
        spans[event.lead_id] = (event.revokes_id, told.id)
    facts = _facts(spans)
    found: dict[int, _Done] = {}
    for lead_id, (move_id, undo_id) in spans.items():
        done = _done_by(facts.get(lead_id, []), move_id, undo_id)
        if done is not None:
            found[lead_id] = done
    return found


def _done_by(facts: Sequence[_Fact], move_id: int, undo_id: int) -> _Done | None:
    move = next((fact for fact in facts if fact.id == move_id), None)
    if move is None:
        return None
    done = _Done(
        move.at,
        move.learnt_at,
        decisions.goes_back_to_nurturing(move.payload["from_stage"], move.payload["to_stage"]),
        _route_of(fact for fact in facts if fact.id < move_id),
        any(fact.kind in _ASKS and fact.learnt_at == move.learnt_at for fact in facts),
    )
    for fact in facts:
        if move_id < fact.id < undo_id:
            _attribute(fact, done)
    return done


def _attribute(fact: _Fact, done: _Done) -> None:
    """Note what this fact says the move did. What begins may have other reasons, so it must have begun at the moment of
    the move, and so must what was cancelled have stopped, which `_put_back_one` looks at."""
    if fact.kind == PromiseCancelled.kind:
        done.cancelled[fact.payload["promise_id"]] = fact.id
    elif done.has_asked or fact.at != done.learnt_at:
        return
    elif fact.kind == PromiseMade.kind:
        done.made.add(fact.payload["promise_id"])
    elif fact.kind == LeadRouted.kind:
        done.routed_by = fact.id


def _route_of(facts: Iterable[_Fact]) -> str:
    """The route of a lead after these facts."""
    route = ""
    for fact in facts:
        if fact.kind == LeadRouted.kind:
            route = fact.payload["route"]
        elif fact.kind in _PASSAGES and decisions.goes_back_to_nurturing(
            fact.payload["from_stage"], fact.payload["to_stage"]
        ):
            route = decisions.NURTURE
    return route


def _facts(spans: Mapping[int, tuple[int, int]]) -> dict[int, list[_Fact]]:
    """What is told of these leads and not revoked (but by the undo itself), oldest first."""
    leads, lead_params = sql.any_of("fact.lead_id", sorted(spans))
    kinds, kind_params = sql.any_of("fact.kind", _KINDS)
    moves, move_params = sql.any_of("fact.id", sorted(move_id for move_id, _undo_id in spans.values()))
    found = sql.fetch(
        "SELECT fact.lead_id, fact.id, fact.kind, fact.at, fact.learnt_at, fact.payload FROM core_fact fact "
        f"WHERE {leads} AND {kinds} "
        f"AND ({moves} OR NOT EXISTS (SELECT 1 FROM core_fact r WHERE r.revokes_id = fact.id)) ORDER BY fact.id",
        [*lead_params, *kind_params, *move_params],
    )
    facts: dict[int, list[_Fact]] = {}
    for lead_id, fact_id, kind, at, learnt_at, payload in found:
        happened, learnt = sql.as_utc(at), sql.as_utc(learnt_at)
        assert happened is not None  # noqa: S101 — every fact has its times
        assert learnt is not None  # noqa: S101
        facts.setdefault(lead_id, []).append(_Fact(fact_id, kind, happened, learnt, sql.as_json(payload)))
    return facts
