"""What hand-offs do when their lead goes somewhere, and the clock that tells answers that did not come in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from filon.core import ledger
from filon.core.access import SYSTEM, Actor
from filon.core.jobs import JobContext
from filon.core.ledger import Event, Told
from filon.handoff import rules
from filon.handoff.events import AcceptanceBreached, SqlAccepted, SqlRefused, SqlReopened, SqlWithdrawn
from filon.handoff.models import Handoff
from filon.kit import sql

_SALES: frozenset[str] = frozenset({"opportunity", "customer"})


def follow_stage(facts: Sequence[Told], at: datetime) -> None:
    """A proposal is answered by the opportunity that its seller records, and withdrawn where the lead goes elsewhere.

    Emits SqlAccepted, SqlWithdrawn.
    """
    moves: dict[int, Any] = {}
    for fact in facts:
        event: Any = fact.event
        if event.to_stage != "sql":
            moves[event.lead_id] = event
    waiting = Handoff.objects.select_for_update().filter(lead_id__in=moves, state=Handoff.State.PROPOSED)
    told = [
        _answered_by(handoff, moves[handoff.lead_id], moves[handoff.lead_id].to_stage, by=facts[0].by, at=at)
        for handoff in waiting
    ]
    ledger.append(told, by=facts[0].by, learnt_at=at)


def _answered_by(handoff: Handoff, gone: Any, to_stage: str, *, by: Actor, at: datetime) -> Event:
    """A proposal whose lead has gone to another stage waits no more; what is told of it.

    gone: what names its person and company: the passage, or the lead.
    """
    is_accepted = to_stage in _SALES
    handoff.state = Handoff.State.ACCEPTED if is_accepted else Handoff.State.WITHDRAWN
    handoff.answered_at = at
    handoff.answered_by_id = by.id if by.kind == "user" else None
    handoff.save(update_fields=["state", "answered_at", "answered_by"])
    ids = _ids(handoff, gone.person_id, gone.company_id)
    if is_accepted:
        return SqlAccepted(at=at, is_late=rules.is_late(handoff.due_at, at), **ids)
    return SqlWithdrawn(at=at, **ids)


def follow_undone_move(facts: Sequence[Told], at: datetime) -> None:
    """A move was taken back: what had sent the lead away is none any more, and so is what had brought it to sales.

    Emits SqlReopened, SqlWithdrawn.
    """
    moves: list[Any] = [fact.event for fact in facts]
    told = [_reopened(move, at) for move in moves if move.to_stage == "sql"]
    ledger.append([event for event in told if event is not None], by=facts[0].by, learnt_at=at)
    follow_stage(facts, at)


def _reopened(move: Any, at: datetime) -> SqlReopened | None:
    """The last proposal of a lead that is with sales again, waiting as before; None where it had been accepted."""
    last = Handoff.objects.select_for_update().filter(lead_id=move.lead_id).order_by("-pk").first()
    if last is None or last.state not in {Handoff.State.REFUSED, Handoff.State.WITHDRAWN}:
        return None
    kind = SqlRefused.kind if last.state == Handoff.State.REFUSED else SqlWithdrawn.kind
    last.state, last.reason, last.text = Handoff.State.PROPOSED, "", ""
    last.answered_at = last.answered_by = None
    last.save()
    [(fact_id,)] = sql.fetch("SELECT MAX(id) FROM core_fact WHERE lead_id = %s AND kind = %s", [move.lead_id, kind])
    return SqlReopened(at=at, revokes_id=fact_id, **_ids(last, move.person_id, move.company_id))


def run(job: JobContext) -> None:
    """The clock: twice a minute, so that a breach is told within one."""
    breach_due(at=job.at)


def breach_due(*, at: datetime) -> int:
    """Mark every proposal whose time has passed without an answer, and tell it; how many. Each is told once.

    History starts no reaction: a lead that an import has taken elsewhere meanwhile is found here, and breaks no
    promise.
    """
    with transaction.atomic():
        late = Handoff.objects.filter(state=Handoff.State.PROPOSED, breached_at=None, due_at__lt=at)
        found = list(late.select_for_update(skip_locked=True, of=("self",)).select_related("lead")[:1000])
        told = [_breached(handoff, at) for handoff in found]
        ledger.append(told, by=SYSTEM, learnt_at=at)
    return sum(isinstance(event, AcceptanceBreached) for event in told)


def _breached(handoff: Handoff, at: datetime) -> Event:
    lead = handoff.lead
    if lead.stage != "sql":
        return _answered_by(handoff, lead, lead.stage, by=SYSTEM, at=at)
    handoff.breached_at = handoff.due_at
    handoff.save(update_fields=["breached_at"])
    return AcceptanceBreached(at=handoff.due_at, **_ids(handoff, lead.person_id, lead.company_id))


def _ids(handoff: Handoff, person_id: int | None, company_id: int | None) -> dict[str, Any]:
    return {
        "lead_id": handoff.lead_id,
        "person_id": person_id,
        "company_id": company_id,
        "handoff_id": handoff.pk,
        "seller_id": handoff.seller_id,
    }
