"""What can be asked of people: pages of them, those a few words find, one of them with what is known around."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from filon.core import access
from filon.core.access import Actor
from filon.kit import sql
from filon.kit.errors import not_found
from filon.leads.card.queries import check_id
from filon.leads.card.words import phone
from filon.leads.directory import paging, searching
from filon.leads.directory.paging import Directory, Walk
from filon.leads.models import Company, Person

PEOPLE: Final = Directory("leads_person", "full_name_folded")
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as lists show them, with the lead of theirs that matters most, if this actor may see one."""

    id: int
    name: str
    job_title: str
    email: str
    phone: str
    company_id: int | None
    company: str
    lead_id: int | None
    stage: str
    grade: str
    owner: str
    last_act_at: datetime | None

    @property
    def phone_shown(self) -> str:
        """The phone number as people write it."""
        return phone(self.phone) if self.phone else ""


_FIELDS: Final = tuple(field.name for field in fields(PersonRow))


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """People in order, and the cursors of the pages around. is_cut: a search found more than it shows."""

    rows: Sequence[PersonRow]
    previous: str = ""
    next: str = ""
    is_cut: bool = False


def people(asked: Walk, *, by: Actor, words: str = "", company_id: int | None = None) -> PeoplePage:
    """A page of people, or those that words find (by name, then at the most one page). Four statements at the most.

    Needs `people.see`. People belong to everybody, leads to a team: a manager sees all people, and their own leads.
    """
    by.require("people.see")
    if words.strip():
        ids = searching.people(words, by=by, limit=asked.limit + 1)
        return PeoplePage(_rows(ids[: asked.limit], by), is_cut=len(ids) > asked.limit)
    if company_id is not None:
        asked = Walk(
            sort=asked.sort,
            where="company_id = %s",
            params=(company_id,),
            after=asked.after,
            before=asked.before,
            limit=asked.limit,
        )
    found = paging.page(PEOPLE, asked)
    return PeoplePage(_rows(found.ids, by), found.previous, found.next)


def _rows(ids: Sequence[int], by: Actor) -> list[PersonRow]:
    """These people in this order. One statement."""
    if not ids:
        return []
    where, params = sql.any_of("person.id", ids)
    scope, scope_params = access.lead_scope(by)
    scoped = f" AND {scope}" if scope else ""
    rows = sql.fetch(
        "SELECT person.id, COALESCE(NULLIF(person.full_name, ''), NULLIF(person.email, ''), NULLIF(person.phone, ''), "
        "(SELECT i.value FROM leads_identifier i WHERE i.person_id = person.id ORDER BY i.id LIMIT 1), ''), "
        "person.job_title, person.email, person.phone, company.id, COALESCE(company.name, ''), best.id, "
        "COALESCE(best.stage, ''), COALESCE(best.grade, ''), COALESCE(owner.name, ''), best.last_act_at "
        "FROM leads_person AS person LEFT JOIN leads_company AS company ON company.id = person.company_id "
        "LEFT JOIN leads_lead AS best ON best.id = (SELECT lead.id FROM leads_lead lead "
        f"WHERE lead.person_id = person.id{scoped} ORDER BY lead.is_open DESC, lead.id DESC LIMIT 1) "
        f"LEFT JOIN core_user AS owner ON owner.id = best.owner_id WHERE {where}",
        [*scope_params, *params],
    )
    found: dict[int, PersonRow] = {}
    for cells in rows:
        values: dict[str, Any] = dict(zip(_FIELDS, cells, strict=True))
        values["last_act_at"] = sql.as_utc(values["last_act_at"])
        found[cells[0]] = PersonRow(**values)
    return [found[one] for one in ids if one in found]


# One ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LeadLine:
    """One of a person's leads."""

    id: int
    stage: str
    grade: str
    is_open: bool
    owner: str
    source: str
    channel: str
    captured_at: datetime | None


@dataclass(frozen=True, slots=True)
class PersonCard:
    """A person, their account (None without one), and their leads that this actor may see, open ones first."""

    person: Mapping[str, Any]
    company: Mapping[str, Any] | None
    leads: Sequence[LeadLine]

    @property
    def title(self) -> str:
        """What to call them: their name, else an identifier."""
        person = self.person
        return str(person["full_name"] or person["email"] or person["phone"] or f"#{person['id']}")


def person(person_id: int, *, by: Actor) -> PersonCard:
    """One person. Three statements. Raises Refused (not found)."""
    by.require("people.see")
    check_id(person_id, _("Person"))
    row = Person.objects.filter(pk=person_id).values().first()
    if row is None:
        raise not_found(_("Person"))
    company = Company.objects.filter(pk=row["company_id"]).values().first() if row["company_id"] else None
    found: dict[str, Any] = {**row, "company": company["name"] if company else ""}
    return PersonCard(found, dict(company) if company else None, _leads(person_id, by))


def _leads(person_id: int, by: Actor) -> list[LeadLine]:
    scope, params = access.lead_scope(by)
    scoped = f" AND {scope}" if scope else ""
    rows = sql.fetch(
        "SELECT lead.id, lead.stage, lead.grade, lead.is_open, COALESCE(owner.name, ''), lead.source, lead.channel, "
        "lead.captured_at FROM leads_lead AS lead LEFT JOIN core_user AS owner ON owner.id = lead.owner_id "
        f"WHERE lead.person_id = %s{scoped} ORDER BY lead.is_open DESC, lead.id DESC LIMIT 20",
        [person_id, *params],
    )
    return [
        LeadLine(lead_id, stage, grade, bool(is_open), owner, source, channel, sql.as_utc(at))
        for lead_id, stage, grade, is_open, owner, source, channel, at in rows
    ]
