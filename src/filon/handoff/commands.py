"""Proposing a lead to sales, and their answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.core.line import Batch
from filon.core.models import User
from filon.handoff import agreement, rules
from filon.handoff.events import InterestConfirmed, SqlAccepted, SqlProposed, SqlRefused
from filon.handoff.models import Handoff
from filon.handoff.rules import Shift, Terms
from filon.kit.errors import Kind, Refused, not_found
from filon.leads import moving, tasks
from filon.leads.events import OwnerChanged
from filon.leads.models import Lead, Person
from filon.leads.moving import Move
from filon.leads.sight import seen_by

Shifts = Callable[[datetime, datetime, int | None], Iterable[Shift]]
SELLERS: Final = ("sales", "manager", "admin")
"""Roles whose people can be proposed a lead."""
_AHEAD: Final = timedelta(days=60)
_MORNING: Final = time(9, 30)
_shifts: Shifts | None = None


def connect(shifts: Shifts) -> None:
    """Set who knows a team's open hours between two moments; called once at start by `config`."""
    global _shifts  # noqa: PLW0603 — wired once, as `core.ledger.connect` is
    _shifts = shifts


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A lead for a seller. answers: by criterion. how: by what act of theirs the person confirmed their interest."""

    lead_id: int
    seller_id: int
    how: str
    answers: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def propose(proposal: Proposal, *, by: Actor, at: datetime) -> Handoff:
    """Propose a lead to a seller: it becomes an SQL, and they owe an answer by what was agreed (`agreement`).

    What was planned with it is done. Needs `leads.move`. Emits SqlProposed, InterestConfirmed, StageChanged,
    TaskClosed. Raises Refused naming what is missing; or where the lead is proposed already, has left, or has an
    opportunity.
    """
    by.require("leads.move")
    terms = agreement.in_force()
    answers = _checked(proposal, terms)
    seller = User.objects.filter(pk=proposal.seller_id, is_active=True, role__in=SELLERS).first()
    if seller is None:
        raise _wrong("seller", _("Choose a colleague of sales."))
    batch = Batch([], by=by, at=at)
    lead = _lead(batch, proposal.lead_id, by)
    if not lead["is_open"] or lead["stage"] == "opportunity":
        raise Refused(_("This lead has left, or has an opportunity already."), Kind.CONFLICT, code="closed")
    if Handoff.objects.filter(lead_id=lead["id"], state=Handoff.State.PROPOSED).exists():
        raise Refused(_("This lead waits for an answer of sales already."), Kind.CONFLICT, code="proposed")
    if lead["stage"] != "sql":
        moving.move_lead(Move(lead["id"], "sql"), by=by, at=at)
    handoff = Handoff.objects.create(
        lead_id=lead["id"],
        seller=seller,
        proposed_by_id=by.id if by.kind == "user" else None,
        answers=answers,
        agreement=terms.version,
        proposed_at=at,
        due_at=rules.due_at(at, _open_hours(at, seller.team_id), within=timedelta(hours=terms.answer_hours)),
    )
    planned = tasks.open_tasks(batch, [lead["id"]]).get(lead["id"], [])
    tasks.close(batch, [task for task in planned if task["kind"] != tasks.TODO], "done", person_id=lead["person_id"])
    batch.tell(InterestConfirmed(at=at, how=proposal.how, **_whom(lead)))
    batch.tell(SqlProposed(at=at, due_at=handoff.due_at, answers=answers, **_told(handoff, lead)))
    batch.write()
    return handoff


@transaction.atomic
def accept(handoff_id: int, *, by: Actor, at: datetime) -> Handoff:
    """Take a proposed lead on: its seller owns it, and a first talk is planned for the next working day.

    For its seller, and who may assign leads. Emits SqlAccepted, OwnerChanged, TaskPlanned. Raises Refused.
    """
    batch = Batch([], by=by, at=at)
    handoff, lead = _to_answer(batch, handoff_id, by)
    _answer(handoff, Handoff.State.ACCEPTED, by, at)
    rows, before = batch.rows(Lead), lead["owner_id"]
    if rows.change(lead, "owner_id", handoff.seller_id):
        rows.change(lead, "version", lead["version"] + 1)
        rows.change(lead, "updated_at", at)
        batch.tell(OwnerChanged(at=at, from_owner_id=before, to_owner_id=handoff.seller_id, **_of_owner(lead)))
    if all(task["kind"] == tasks.TODO for task in tasks.open_tasks(batch, [lead["id"]]).get(lead["id"], [])):
        due_at = _next_morning(at, handoff.seller.team_id)
        tasks.plan(batch, lead, "follow_up", due_at, text=handoff.answers.get("next_step", ""))
    batch.tell(SqlAccepted(at=at, is_late=rules.is_late(handoff.due_at, at), **_told(handoff, lead)))
    batch.write()
    return handoff


@transaction.atomic
def refuse(handoff_id: int, reason: str, text: str, *, by: Actor, at: datetime) -> Handoff:
    """Send a proposed lead back to nurturing, with a reason that its SDR reads.

    For its seller, and who may assign leads. Emits SqlRefused, StageChanged. Raises Refused.
    """
    if reason not in rules.REFUSALS:
        raise _wrong("reason", _("Choose a reason."))
    if len(text) > rules.LONGEST:
        raise _wrong("text", _("At most %(count)s characters.") % {"count": rules.LONGEST})
    batch = Batch([], by=by, at=at)
    handoff, lead = _to_answer(batch, handoff_id, by)
    _answer(handoff, Handoff.State.REFUSED, by, at, reason=reason, text=text.replace("\0", "").strip())
    told = _told(handoff, lead)
    batch.tell(SqlRefused(at=at, reason=reason, text=handoff.text, is_late=rules.is_late(handoff.due_at, at), **told))
    batch.write()
    moving.move_lead(Move(lead["id"], "nurturing", reason), by=by, at=at)
    return handoff


def may_answer(by: Actor, seller_id: int) -> bool:
    """Whether an actor may answer a proposal: its seller themselves, and whoever assigns leads.

    An API key has ids of its own kind: one that shares its number with a seller is not that seller.
    """
    is_seller = by.kind == "user" and by.id == seller_id
    return by.may("leads.move") and (is_seller or by.may("leads.assign"))


# Shared ---------------------------------------------------------------------------------------------------------------


def _checked(proposal: Proposal, terms: Terms) -> dict[str, str]:
    """The answers, cleaned. Raises Refused naming each criterion that is missing."""
    answers = {
        name: text
        for name in rules.CRITERIA
        if (text := str(proposal.answers.get(name, "")).replace("\0", "").strip()[: rules.LONGEST])
    }
    errors: list[dict[str, object]] = [
        {"field": name, "message": _("Sales need this to take the lead on.")}
        for name in rules.missing(answers, terms.required)
    ]
    if proposal.how not in rules.HOW:
        errors.append({"field": "how", "message": _("Say by what the person confirmed their interest.")})
    if errors:
        raise Refused(_("Something is missing for sales to take this lead on."), Kind.INVALID, errors, "incomplete")
    return answers


def _lead(batch: Batch, lead_id: int, by: Actor) -> dict[str, Any]:
    """A lead that the actor may see, locked after its person, as everywhere. Raises Refused (not found)."""
    seen = seen_by(by, [lead_id])
    batch.rows(Person).load_ids(seen.values(), lock=True)
    batch.rows(Lead).load_ids(seen, lock=True)
    lead = batch.rows(Lead).by_id.get(lead_id)
    if lead is None:
        raise not_found(_("Lead"))
    return lead


def _to_answer(batch: Batch, handoff_id: int, by: Actor) -> tuple[Handoff, dict[str, Any]]:
    """A proposal that waits, with its lead, both locked. Raises Refused: not found, not theirs, or answered already."""
    by.require("leads.move")
    known = Handoff.objects.filter(pk=handoff_id).values_list("lead_id", flat=True).first()
    if known is None:
        raise not_found(_("Proposal to sales"))
    lead = _lead(batch, known, by)
    handoff = Handoff.objects.select_for_update(of=("self",)).select_related("seller").get(pk=handoff_id)
    if not may_answer(by, handoff.seller_id):
        raise Refused(_("Only the seller it was proposed to can answer."), Kind.FORBIDDEN, code="forbidden")
    if handoff.state != Handoff.State.PROPOSED:
        raise Refused(_("This proposal has been answered already."), Kind.CONFLICT, code="answered")
    return handoff, lead


def _answer(
    handoff: Handoff, state: Handoff.State, by: Actor, at: datetime, *, reason: str = "", text: str = ""
) -> None:
    handoff.state, handoff.reason, handoff.text = state, reason, text
    handoff.answered_at, handoff.answered_by_id = at, by.id if by.kind == "user" else None
    handoff.save()


def _whom(lead: Mapping[str, Any]) -> dict[str, Any]:
    return {"lead_id": lead["id"], "person_id": lead["person_id"], "company_id": lead["company_id"]}


def _of_owner(lead: Mapping[str, Any]) -> dict[str, Any]:
    return {"lead_id": lead["id"], "person_id": lead["person_id"]}


def _told(handoff: Handoff, lead: Mapping[str, Any]) -> dict[str, Any]:
    return _whom(lead) | {"handoff_id": handoff.pk, "seller_id": handoff.seller_id}


def _open_hours(at: datetime, team_id: int | None) -> Iterable[Shift]:
    assert _shifts is not None  # noqa: S101 — `connect` ran at start
    return _shifts(at, at + _AHEAD, team_id)


def _next_morning(at: datetime, team_id: int | None) -> datetime:
    """Half past nine on the next working day, or when that day begins later."""
    today = timezone.localdate(at)
    for start, end in _open_hours(at, team_id):
        day = timezone.localdate(start)
        if day > today:
            wanted = timezone.make_aware(datetime.combine(day, _MORNING))
            return wanted if start <= wanted < end else start
    return at + timedelta(days=1)


def _wrong(name: str, message: str) -> Refused:
    return Refused(message, Kind.INVALID, [{"field": name, "message": message}], "invalid")
