"""The routing step of the line, and giving leads to colleagues by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.core.ledger import Event
from filon.core.line import Batch
from filon.kit import sql
from filon.kit.errors import Kind, Refused, not_found
from filon.leads import asking, stages
from filon.leads.events import OwnerChanged
from filon.leads.models import Lead
from filon.leads.sight import seen_by
from filon.routing import decisions, desk, promises
from filon.routing.decisions import Decision
from filon.routing.desk import Waiting
from filon.routing.events import LeadRouted

NOT_BUYERS: Final = frozenset({"student", "applicant", "competitor", "vendor", "spam"})
"""Classes of leads that are sent to nobody."""

TAKEN_BACK_WITHIN: Final = timedelta(hours=24)
"""How long giving a lead to somebody can be taken back."""

_STAGE_OF: Final = {"nurture": "nurturing", "sdr": "qualifying", "direct_sales": "qualifying"}
_MOVES_FROM: Final = {
    "nurture": ("captured",),
    "sdr": ("captured", "nurturing"),
    "direct_sales": ("captured", "nurturing"),
}


# The line -------------------------------------------------------------------------------------------------------------


def route_leads(batch: Batch) -> None:
    """Send each new lead of a live batch where it belongs, and start its clock. History starts nothing.

    A nurtured lead that asks for us, or is an MQL, is decided on again. A constant number of statements; none
    when no lead waits.
    """
    if batch.is_live:
        route(batch, _waiting(batch))


def route(batch: Batch, waiting: Sequence[Waiting]) -> None:
    """Decide on these leads in their order, and keep what was decided in the batch."""
    if not waiting:
        return
    rule_set = desk.rules_in_force(batch)
    timetables = desk.kept_timetables(batch)
    open_desk = desk.opened(batch, waiting, rule_set, holds=True)
    made = promises.made(batch, waiting)
    for item in waiting:
        decision = open_desk.decide(desk.candidate(item), batch.at)
        if decision.route != item.lead["route"]:
            _apply(batch, item, decision, rule_set.version)
            made.start(item, decision, timetables)
    desk.keep_turns(batch, open_desk)
    made.tell()


def _waiting(batch: Batch) -> list[Waiting]:
    asked = {lead_id for event in batch.facts if (lead_id := _asks(event)) is not None}
    waiting: dict[int, Waiting] = {}
    for item in batch.going():
        lead = item.lead
        if lead is not None and lead["id"] not in waiting and _waits(lead, lead["id"] in asked):
            waiting[lead["id"]] = Waiting(lead, min(item.entry.at, batch.at), lead["id"] in asked)
    return list(waiting.values())


def _asks(event: Event) -> int | None:
    """The lead whose person asked for us by this act."""
    if not isinstance(event, asking.ASKS):
        return None
    act: Any = event
    if getattr(event, "is_machine", False):
        return None
    return act.lead_id if asking.is_asking(event.kind, act.door, act.channel, getattr(act, "wants", "")) else None


def _waits(lead: dict[str, Any], has_asked: bool) -> bool:
    if not lead["is_open"] or lead["lead_class"] in NOT_BUYERS:
        return False
    if lead["route"]:
        return bool(lead["route"] == decisions.NURTURE and (has_asked or lead["stage"] == "mql"))
    return has_asked or not lead["is_history"]


def _apply(batch: Batch, item: Waiting, decision: Decision, version: int) -> None:
    lead, at = item.lead, item.at or batch.at
    news = {"route": decision.route, "routed_at": at, "updated_at": batch.at}
    if decision.owner_id is not None:
        news["owner_id"] = decision.owner_id
    desk.change(batch, lead, news)
    batch.tell(
        LeadRouted(
            at=at,
            lead_id=lead["id"],
            person_id=lead["person_id"],
            company_id=lead["company_id"],
            route=decision.route,
            owner_id=lead["owner_id"],
            why=decision.why,
            version=version,
            rule=decision.rule,
            rule_name=decision.rule_name,
        )
    )
    if lead["stage"] in _MOVES_FROM[decision.route]:
        stages.move(batch, lead, _STAGE_OF[decision.route], at=at)


# By hand --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Assignment:
    """A lead and who shall own it; None puts it back for everybody."""

    lead_id: int
    owner_id: int | None


@transaction.atomic
def assign_lead(lead_id: int, owner_id: int | None, *, by: Actor, at: datetime) -> None:
    """Give one lead its owner. Raises Refused; see `assign_leads`."""
    refusal = assign_leads([Assignment(lead_id, owner_id)], by=by, at=at)[0]
    if refusal is not None:
        raise refusal


def assign_leads(items: Sequence[Assignment], *, by: Actor, at: datetime) -> list[Refused | None]:
    """Give leads their owners, one answer an item: None, or why not. Clocks go on, for the new owner.

    Emits OwnerChanged. Needs `leads.assign` (a manager: leads of their team, to their team), or `leads.act` to take a
    lead that nobody has. Must run in a transaction.
    """
    batch = Batch([], by=by, at=at)
    rows = batch.rows(Lead)
    rows.load_ids(seen_by(by, (item.lead_id for item in items)), lock=True)
    people = desk.colleagues(at)
    answers: list[Refused | None] = []
    for item in items:
        lead = rows.by_id.get(item.lead_id)
        owner = people.get(item.owner_id) if item.owner_id is not None else None
        refusal = _refusal(item, lead, owner, by)
        answers.append(refusal)
        if refusal is None and lead is not None and lead["owner_id"] != item.owner_id:
            _hand_over(batch, lead, item.owner_id)
    batch.write()
    return answers


def _refusal(
    item: Assignment, lead: dict[str, Any] | None, owner: decisions.Colleague | None, by: Actor
) -> Refused | None:
    if lead is None:
        return not_found(_("Lead"))
    if item.owner_id is not None and owner is None:
        return Refused(_("This colleague does not work here any more. Choose another one."), code="no_such_owner")
    if not by.may("leads.assign"):
        return _may_not_take(item, lead, by)
    if by.role == "manager" and owner is not None and owner.id != by.id and owner.team_id != by.team_id:
        return Refused(_("You can give leads to your own team only."), Kind.FORBIDDEN, code="forbidden")
    return None


def return_leads(facts: Sequence[int], *, by: Actor, at: datetime) -> list[Refused | None]:
    """Give leads back to who had them before these assignments, named by their facts, one answer each.

    By who assigned them or may assign leads, within a day, and only from whom they were given to. Who asks has seen to
    it that nobody decided on them since. Emits OwnerChanged. Must run in a transaction.
    """
    where, params = sql.any_of("id", sorted(set(facts)))
    found = sql.fetch(
        f"SELECT id, lead_id, learnt_at, actor_kind, actor_id, payload FROM core_fact WHERE {where} AND kind = %s",
        [*params, OwnerChanged.kind],
    )
    told = {row[0]: row for row in found}
    batch = Batch([], by=by, at=at)
    rows = batch.rows(Lead)
    rows.load_ids(seen_by(by, (row[1] for row in found)), lock=True)
    people = desk.colleagues(at)
    answers: list[Refused | None] = []
    for fact_id in facts:
        lead = rows.by_id.get(told[fact_id][1]) if fact_id in told else None
        refusal = _may_not_return(told.get(fact_id), lead, people, by, at)
        answers.append(refusal)
        if refusal is None and lead is not None:
            _hand_over(batch, lead, sql.as_json(told[fact_id][5]).get("from_owner_id"))
    batch.write()
    return answers


def _may_not_return(
    told: tuple[Any, ...] | None,
    lead: dict[str, Any] | None,
    people: Mapping[int, decisions.Colleague],
    by: Actor,
    at: datetime,
) -> Refused | None:
    if told is None or lead is None:
        return not_found(_("Lead"))
    _id, _lead_id, learnt_at, *author, payload = told
    said, since = sql.as_json(payload), sql.as_utc(learnt_at)
    before = said.get("from_owner_id")
    if lead["owner_id"] != said.get("to_owner_id"):
        return Refused(_("This lead has another owner by now."), Kind.STALE, code="stale")
    if tuple(author) != (by.kind, by.id) and not by.may("leads.assign"):
        return Refused(_("Only who gave a lead can take that back."), Kind.FORBIDDEN, code="forbidden")
    if since is not None and at - since > TAKEN_BACK_WITHIN:
        return Refused(_("Giving a lead can be taken back for a day."), Kind.CONFLICT, code="too_late")
    if before is not None and before not in people:
        return Refused(_("This colleague does not work here any more. Choose another one."), code="no_such_owner")
    return None


def _may_not_take(item: Assignment, lead: dict[str, Any], by: Actor) -> Refused | None:
    """Who may not assign may still take a lead that nobody has."""
    if by.kind != "user" or item.owner_id != by.id or not by.may("leads.act"):
        return Refused(_("Only a manager can give a lead to somebody else."), Kind.FORBIDDEN, code="forbidden")
    if lead["owner_id"] not in (None, by.id):
        return Refused(_("A colleague has just taken this lead."), Kind.CONFLICT, code="already_taken")
    return None


def _hand_over(batch: Batch, lead: dict[str, Any], owner_id: int | None) -> None:
    before = lead["owner_id"]
    batch.rows(Lead).change(lead, "owner_id", owner_id)
    batch.rows(Lead).change(lead, "updated_at", batch.at)
    batch.tell(
        OwnerChanged(
            at=batch.at,
            lead_id=lead["id"],
            person_id=lead["person_id"],
            from_owner_id=before,
            to_owner_id=owner_id,
        )
    )
