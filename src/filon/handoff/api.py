"""The REST API of hand-offs: propose a lead to sales, and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict, StringConstraints

from filon.core import idempotency
from filon.core.access import Actor
from filon.core.idempotency import Key
from filon.handoff import commands, queries, rules
from filon.handoff.commands import Proposal
from filon.kit.problems import Problem
from filon.kit.shapes import Id

router = Router(tags=["hand-offs"])
PROBLEMS: Final = dict.fromkeys((400, 401, 403, 404, 409, 422, 503), Problem)
LongText = Annotated[str, StringConstraints(max_length=rules.LONGEST)]


class In(Schema):
    """What a program sends: a field that nobody knows is refused."""

    model_config = ConfigDict(extra="forbid")


class ProposalIn(In):
    """What is known of a lead, and the seller it is for (whose turn it is when not given)."""

    need: LongText = Field(examples=["Remplacer leur outil de planification avant la haute saison"])
    authority: LongText = Field(examples=["La directrice des opérations décide avec le DAF"])
    timing: LongText = Field(examples=["Choix en avril, en service en juin"])
    budget: LongText = ""
    next_step: LongText = ""
    how: str = Field("conversation", description=f"One of {', '.join(rules.HOW)}.")
    seller_id: Id | None = None


class RefusalIn(In):
    """Why the lead is sent back."""

    reason: str = Field(description=f"One of {', '.join(rules.REFUSALS)}.", examples=["no_project"])
    text: LongText = ""


class HandoffOut(Schema):
    """A proposal. Times are RFC 3339, UTC."""

    id: int
    lead_id: int
    seller_id: int
    seller: str
    state: str = Field(description="proposed, accepted, refused or withdrawn.")
    reason: str
    answers: dict[str, str]
    proposed_at: datetime
    due_at: datetime
    answered_at: datetime | None
    is_late: bool


@router.post("/leads/{lead_id}/handoff", response={201: HandoffOut, **PROBLEMS}, summary="Propose a lead to sales")
def propose(request: HttpRequest, lead_id: Id, body: ProposalIn, idempotency_key: Key = "") -> Any:
    """The lead becomes an SQL, and its seller owes an answer by what was agreed. Needs the scope `leads:write`."""
    actor, at = _actor(request), timezone.now()

    def act() -> Any:
        seller_id = body.seller_id or queries.suggested_seller(lead_id) or 0
        answers = {name: getattr(body, name) for name in rules.CRITERIA}
        proposal = Proposal(lead_id=lead_id, seller_id=seller_id, how=body.how, answers=answers)
        return _out(commands.propose(proposal, by=actor, at=at).pk, actor, at)

    return Status(201, idempotency.answer_request(request, idempotency_key, act, by=actor, at=at))


@router.post("/handoffs/{handoff_id}/accept", response={200: HandoffOut, **PROBLEMS}, summary="Accept a lead")
def accept(request: HttpRequest, handoff_id: Id, idempotency_key: Key = "") -> Any:
    """Take a proposed lead on, for its seller. Needs the scope `admin`: a program answers for somebody else."""
    actor, at = _actor(request), timezone.now()

    def act() -> Any:
        return _out(commands.accept(handoff_id, by=actor, at=at).pk, actor, at)

    return idempotency.answer_request(request, idempotency_key, act, by=actor, at=at)


@router.post("/handoffs/{handoff_id}/refuse", response={200: HandoffOut, **PROBLEMS}, summary="Send a lead back")
def refuse(request: HttpRequest, handoff_id: Id, body: RefusalIn, idempotency_key: Key = "") -> Any:
    """Send a proposed lead back to nurturing, with a reason. Needs the scope `admin`."""
    actor, at = _actor(request), timezone.now()

    def act() -> Any:
        return _out(commands.refuse(handoff_id, body.reason, body.text, by=actor, at=at).pk, actor, at)

    return idempotency.answer_request(request, idempotency_key, act, by=actor, at=at)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _out(handoff_id: int, actor: Actor, at: datetime) -> dict[str, Any]:
    row = queries.one(handoff_id, by=actor, at=at)
    return {
        "id": row.id,
        "lead_id": row.lead_id,
        "seller_id": row.seller_id,
        "seller": row.seller,
        "state": row.state,
        "reason": row.reason,
        "answers": row.answers,
        "proposed_at": row.proposed_at,
        "due_at": row.due_at,
        "answered_at": row.answered_at,
        "is_late": row.is_late,
    }
