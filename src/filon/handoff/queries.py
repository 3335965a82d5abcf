"""Proposals as people see them: those that wait, those of one lead, and who could be proposed a lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from filon.core import access
from filon.core.access import Actor
from filon.core.models import User
from filon.handoff import rules
from filon.handoff.commands import SELLERS, may_answer
from filon.handoff.models import Handoff
from filon.kit import sql
from filon.kit.errors import not_found
from filon.leads.sight import seen_by

SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A proposal. may_answer: whether the reader may."""

    id: int
    lead_id: int
    name: str
    company: str
    grade: str
    seller_id: int
    seller: str
    proposed_by: str
    state: str
    reason: str
    text: str
    answers: dict[str, str]
    proposed_at: datetime | None
    due_at: datetime | None
    answered_at: datetime | None
    is_late: bool
    may_answer: bool


_SELECT: Final = (
    "SELECT handoff.id, handoff.lead_id, "
    "COALESCE(NULLIF(person.full_name, ''), NULLIF(person.email, ''), person.phone), COALESCE(company.name, ''), "
    "lead.grade, handoff.seller_id, seller.name, COALESCE(proposer.name, ''), handoff.state, handoff.reason, "
    "handoff.text, handoff.answers, handoff.proposed_at, handoff.due_at, handoff.answered_at "
    "FROM handoff_handoff handoff JOIN leads_lead lead ON lead.id = handoff.lead_id "
    "JOIN leads_person person ON person.id = lead.person_id "
    "LEFT JOIN leads_company company ON company.id = lead.company_id "
    "JOIN core_user seller ON seller.id = handoff.seller_id "
    "LEFT JOIN core_user proposer ON proposer.id = handoff.proposed_by_id "
)


def waiting(*, by: Actor, at: datetime) -> list[Row]:
    """Proposals that wait for an answer, the first due first: a seller's own, a manager's team's, everybody's for the
    others. One statement. Needs `leads.see`."""
    by.require("leads.see")
    where, params = ["handoff.state = 'proposed'"], list[Any]()
    if by.role == "sales":
        where.append("handoff.seller_id = %s")
        params.append(by.id)
    elif by.role == "manager":
        where.append("(seller.team_id = %s OR seller.id = %s)")
        params += [by.team_id, by.id]
    elif by.role == "sdr":
        where.append("(handoff.proposed_by_id = %s OR lead.owner_id = %s)")
        params += [by.id, by.id]
    return _rows(where, params, "handoff.due_at, handoff.id", by=by, at=at)


def answered(*, by: Actor, at: datetime, limit: int = 20) -> list[Row]:
    """The latest answers to what the reader proposed, or gave. One statement."""
    by.require("leads.see")
    where, params = ["handoff.state IN ('accepted', 'refused')"], list[Any]()
    if by.role in {"sales", "sdr"}:
        where.append("(handoff.proposed_by_id = %s OR handoff.seller_id = %s)")
        params += [by.id, by.id]
    return _rows(where, params, "handoff.answered_at DESC, handoff.id DESC", by=by, at=at, limit=limit)


def of_lead(lead_id: int, *, by: Actor, at: datetime) -> list[Row] | None:
    """The proposals of a lead, the latest first; None for one the actor may not see. Two statements."""
    if lead_id not in seen_by(by, [lead_id]):
        return None
    return _rows(["handoff.lead_id = %s"], [lead_id], "handoff.id DESC", by=by, at=at)


def one(handoff_id: int, *, by: Actor, at: datetime) -> Row:
    """One proposal. One statement. Raises Refused (not found)."""
    by.require("leads.see")
    found = _rows(["handoff.id = %s"], [handoff_id], "handoff.id", by=by, at=at)
    if not found:
        raise not_found(_("Proposal to sales"))
    return found[0]


def _rows(
    where: Sequence[str], params: Sequence[Any], order: str, *, by: Actor, at: datetime, limit: int = SHOWN
) -> list[Row]:
    scope, more = access.lead_scope(by)
    conditions = " AND ".join([*where, *([scope] if scope else [])])
    found = sql.fetch(f"{_SELECT}WHERE {conditions} ORDER BY {order} LIMIT {limit}", [*params, *more])
    return [_row(cells, by, at) for cells in found]


def _row(cells: Sequence[Any], by: Actor, at: datetime) -> Row:
    proposed_at, due_at, answered_at = (sql.as_utc(cell) for cell in cells[12:15])
    state, until = cells[8], answered_at or at
    is_late = state != "withdrawn" and due_at is not None and rules.is_late(due_at, until)
    is_theirs = state == "proposed" and may_answer(by, cells[5])
    moments = (proposed_at, due_at, answered_at)
    return Row(*(*cells[:11], sql.as_json(cells[11]), *moments, is_late, is_theirs))


def next_step(lead_id: int) -> tuple[str, datetime | None] | None:
    """The answer that sales owe a lead, in words, and when it is due; None when they owe none. One statement."""
    found = Handoff.objects.filter(lead_id=lead_id, state=Handoff.State.PROPOSED)
    row = found.values_list("seller__name", "due_at").first()
    return (_("Answer of %(name)s") % {"name": row[0]}, row[1]) if row is not None else None


# Whom to propose a lead to --------------------------------------------------------------------------------------------


def sellers() -> list[tuple[int, str]]:
    """Colleagues who can be proposed a lead, by name. One statement."""
    found = User.objects.filter(is_active=True, role__in=SELLERS).order_by("name_folded")
    return list(found.values_list("pk", "name"))


def suggested_seller(lead_id: int) -> int | None:
    """Whose turn it is: who looks after the account, else the owner when they sell, else the seller who was proposed
    the fewest leads so far. Two statements."""
    known = sql.fetch(
        "SELECT account.id, mine.id FROM leads_lead lead "
        "LEFT JOIN leads_company company ON company.id = lead.company_id "
        "LEFT JOIN core_user account ON account.id = company.owner_id AND account.is_active "
        "AND account.role IN ('sales', 'manager') "
        "LEFT JOIN core_user mine ON mine.id = lead.owner_id AND mine.is_active AND mine.role = 'sales' "
        "WHERE lead.id = %s",
        [lead_id],
    )
    for account_id, owner_id in known:
        if account_id or owner_id:
            return int(account_id or owner_id)
    turns = sql.fetch(
        "SELECT seller.id FROM core_user seller LEFT JOIN handoff_handoff handoff ON handoff.seller_id = seller.id "
        "WHERE seller.is_active AND seller.role = 'sales' GROUP BY seller.id "
        "ORDER BY count(handoff.id), max(handoff.proposed_at) NULLS FIRST, seller.id LIMIT 1"
    )
    return int(turns[0][0]) if turns else None
