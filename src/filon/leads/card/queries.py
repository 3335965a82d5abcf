"""What the page of a lead shows of it: its head, its origin, whom we know around it. Frozen rows, known cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from filon.core import access
from filon.core.access import Actor
from filon.core.conditions import LIVE_FACT_SQL
from filon.core.models import Fact, FactDetail
from filon.kit import identifiers, sql
from filon.kit.errors import not_found
from filon.kit.identifiers import ValueProblem
from filon.kit.text import fold
from filon.leads import editing, events, fields, fills
from filon.leads.card import words
from filon.leads.models import Company, Lead, Person

_LARGEST_ID: Final = 2**63

# One lead -------------------------------------------------------------------------------------------------------------

_LEAD: Final = (
    "id",
    "person_id",
    "company_id",
    "stage",
    "stage_since",
    "is_open",
    "lead_class",
    "motion",
    "product_line",
    "reason",
    "reached",
    "is_history",
    "attributes",
    "version",
    "created_at",
    "updated_at",
    "door",
    "channel",
    "source",
    "medium",
    "campaign_id",
    "landing_page",
    "captured_at",
    "is_captured_at_known",
    "last_act_at",
    "last_act",
    "fit",
    "grade",
    "probability",
    "route",
    "routed_at",
    "owner_id",
    "due_at",
    "responded_at",
)
_PERSON: Final = (
    "id",
    "first_name",
    "last_name",
    "full_name",
    "email",
    "phone",
    "job_title",
    "linkedin_url",
    "country",
    "city",
    "language",
)
_COMPANY: Final = (
    "id",
    "name",
    "domain",
    "siren",
    "sector",
    "employees",
    "revenue",
    "country",
    "city",
    "issues",
    "is_customer",
    "owner_id",
    "attributes",
)
_TABLES: Final = (("lead", Lead, _LEAD), ("person", Person, _PERSON), ("company", Company, _COMPANY))
_CELLS: Final = ", ".join(f'{alias}."{column}"' for alias, _model, columns in _TABLES for column in columns)
_CARD: Final = (
    f"SELECT {_CELLS}, COALESCE(owner.name, ''), COALESCE(campaign.name, ''), COALESCE(account_owner.name, ''), "
    "owner.team_id, "
    "COALESCE((SELECT i.value FROM leads_identifier i WHERE i.person_id = person.id ORDER BY i.id LIMIT 1), ''), "
    "task.kind, task.due_at "
    f"FROM {fields.source()} LEFT JOIN core_user AS account_owner ON account_owner.id = company.owner_id "
    "LEFT JOIN leads_task AS task ON task.lead_id = lead.id AND task.closed_at IS NULL AND task.kind <> 'todo' "
    "WHERE lead.id = %s"
)


@dataclass(frozen=True, slots=True)
class LeadCard:
    """A lead with its person, its account (None without one), its owner's name and team, and the next action planned
    with it (kind, due time).

    lead, person, company: rows by column name, times aware UTC, with `campaign_name`, `company` and `owner_name`.
    """

    lead: Mapping[str, Any]
    person: Mapping[str, Any]
    company: Mapping[str, Any] | None
    owner: str
    team_id: int | None
    identifier: str
    planned: tuple[str, datetime] | None = None

    @property
    def id(self) -> int:
        """The lead."""
        return int(self.lead["id"])

    @property
    def title(self) -> str:
        """What to call the lead: its person's name, else an identifier."""
        person = self.person
        return str(person["full_name"] or person["email"] or person["phone"] or self.identifier or f"#{self.id}")

    @property
    def promised_by(self) -> datetime | None:
        """When the first contact is due, as long as it is owed."""
        is_owed = self.lead["is_open"] and self.lead["responded_at"] is None
        due_at: datetime | None = self.lead["due_at"] if is_owed else None
        return due_at


def check_id(record_id: int, what: str) -> None:
    """Raise Refused (not found) for a number that is too long for an id of either database."""
    if record_id >= _LARGEST_ID:
        raise not_found(what)


def card(lead_id: int, *, by: Actor) -> LeadCard:
    """One lead. One statement. Needs `leads.see`. Raises Refused: not found when it is not for this actor."""
    by.require("leads.see")
    check_id(lead_id, _("Lead"))
    scope, params = access.lead_scope(by)
    found = sql.fetch(_CARD + (f" AND {scope}" if scope else ""), [lead_id, *params])
    if not found:
        raise not_found(_("Lead"))
    cells = list(found[0])
    rows: dict[str, dict[str, Any]] = {}
    for alias, model, columns in _TABLES:
        own, cells = cells[: len(columns)], cells[len(columns) :]
        rows[alias] = _row(model, columns, own)
    company = rows["company"] if rows["company"]["id"] is not None else None
    owner, campaign, account_owner, team_id, identifier, task, due = cells
    rows["lead"]["campaign_name"] = campaign
    rows["company"]["owner_name"] = account_owner
    rows["person"]["company"] = rows["company"]["name"] or ""
    due_at = sql.as_utc(due)
    planned = (task, due_at) if due_at is not None else None
    return LeadCard(rows["lead"], rows["person"], company, owner, team_id, identifier, planned)


def _row(model: Any, columns: Sequence[str], cells: Sequence[Any]) -> dict[str, Any]:
    row = dict(zip(columns, cells, strict=True))
    for position, reader in sql.readers(model, columns):
        if cells[position] is not None:
            row[columns[position]] = reader(cells[position])
    return row


# Around it ------------------------------------------------------------------------------------------------------------

_TOUCHES: Final = tuple(
    sorted(
        {
            events.Submitted.kind,
            events.FormSubmitted.kind,
            events.DemoRequested.kind,
            events.ContentDownloaded.kind,
            events.WebinarAttended.kind,
            events.EventAttended.kind,
            events.ChatStarted.kind,
            events.EmailClicked.kind,
            events.InboundCall.kind,
            events.Replied.kind,
            events.MeetingHeld.kind,
        }
    )
)
"""Voluntary acts of the person; a page view counts when a campaign brought it."""


@dataclass(frozen=True, slots=True)
class Touch:
    """A voluntary act of the person, and where it came from."""

    at: datetime
    kind: str
    channel: str
    source: str
    path: str
    campaign: str

    @property
    def label(self) -> str:
        """What the act is called."""
        return words.act(self.kind)


def touches(lead: Mapping[str, Any]) -> tuple[Touch | None, Touch | None]:
    """The first touch, at or before the capture, and the last one; None where there is none. One statement."""
    kinds, params = sql.any_of("fact.kind", _TOUCHES)
    is_touch = (
        f"({kinds} OR (fact.kind = %s AND fact.campaign_id IS NOT NULL)) AND NOT fact.is_machine AND {LIVE_FACT_SQL}"
    )
    params = [*params, events.PageViewed.kind]
    places = (
        ("fact.lead_id = %s", lead["id"]),
        ("fact.lead_id IS NULL AND fact.person_id = %s", lead["person_id"]),
    )
    parts: list[str] = []
    values: list[Any] = []
    for order in ("ASC", "DESC"):
        for where, value in places:
            parts.append(
                f"SELECT * FROM (SELECT fact.id, fact.at, fact.kind, fact.channel, fact.source, fact.path, "
                f"fact.campaign_id FROM core_fact fact WHERE {where} AND {is_touch} "
                f"ORDER BY fact.at {order}, fact.id {order} LIMIT 1) AS part"
            )
            values += [value, *params]
    found = sql.fetch(
        "SELECT touch.at, touch.kind, touch.channel, touch.source, touch.path, COALESCE(campaign.name, '') "
        f"FROM ({' UNION '.join(parts)}) AS touch LEFT JOIN leads_campaign campaign ON campaign.id = touch.campaign_id "
        "ORDER BY touch.at, touch.id",
        values,
    )
    every = [Touch(moment, *rest) for at, *rest in found if (moment := sql.as_utc(at)) is not None]
    if not every:
        return None, None
    return (every[0] if every[0].at <= lead["captured_at"] else None), every[-1]


def passages(lead_id: int) -> dict[str, datetime]:
    """When the lead last came to each stage. One statement."""
    rows = sql.fetch(
        "SELECT fact.at, fact.payload FROM core_fact fact WHERE fact.lead_id = %s AND fact.kind = %s "
        f"AND {LIVE_FACT_SQL} ORDER BY fact.at, fact.id",
        [lead_id, events.StageChanged.kind],
    )
    return {sql.as_json(payload)["to_stage"]: moment for at, payload in rows if (moment := sql.as_utc(at)) is not None}


NAMED: Final = frozenset({"owner", "campaign", "company.name"})
"""Fields of whose former value a fact keeps the name only."""

_NO_OTHER: Final = {
    "person": {"lead_id": None},
    "company": {"lead_id": None, "person_id": None},
    "lead": {},
}
"""What an edit of a record does not speak of; its facts are found by an index that says so."""


def edits(of: str, record_id: int, *, by: Actor) -> QuerySet[Fact]:
    """The actor's own edits of a record."""
    own = {f"{of}_id": record_id, "actor_kind": by.kind, "actor_id": by.id}
    return Fact.objects.filter(kind=events.FieldsChanged.kind, **own, **_NO_OTHER[of])


def edit_of(fact_id: int, of: str, record_id: int, field: str, *, by: Actor) -> tuple[str, str]:
    """The value before the actor's own edit of a field, and the one it gave, as `seen` compares them.

    Two statements. Raises Refused (not found).
    """
    fact = edits(of, record_id, by=by).filter(pk=fact_id).first()
    detail = FactDetail.objects.filter(fact_id=fact_id).first() if fact is not None else None
    if detail is None or field in NAMED or field not in detail.values.get("new", {}):
        raise not_found(_("Record"))
    kept = (detail.values["old"].get(field), detail.values["new"][field])
    before, since = (Decimal(str(one)) if one and field == "company.revenue" else one for one in kept)
    return editing.shown(before), editing.shown(since)


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody known at an account, with the lead of theirs that matters most; no lead id when it is not for us."""

    id: int
    name: str
    job_title: str
    lead_id: int | None
    stage: str
    owner: str


CONTACTS: Final = 6


def contacts(company_id: int, *, except_for: int, by: Actor) -> list[Contact]:
    """The latest known people of an account but one, at most one more than `CONTACTS`. One statement."""
    scope, params = access.lead_scope(by)
    scoped = f" AND {scope}" if scope else ""
    rows = sql.fetch(
        "SELECT person.id, COALESCE(NULLIF(person.full_name, ''), NULLIF(person.email, ''), person.phone), "
        "person.job_title, best.id, COALESCE(best.stage, ''), COALESCE(owner.name, '') "
        f"FROM (SELECT * FROM leads_person WHERE company_id = %s AND id <> %s ORDER BY id DESC LIMIT {CONTACTS + 1}) "
        "AS person LEFT JOIN leads_lead AS best ON best.id = (SELECT lead.id FROM leads_lead lead "
        f"WHERE lead.person_id = person.id{scoped} ORDER BY lead.is_open DESC, lead.id DESC LIMIT 1) "
        "LEFT JOIN core_user AS owner ON owner.id = best.owner_id ORDER BY person.id DESC",
        [company_id, except_for, *params],
    )
    return [Contact(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class IdentifierRow:
    """A name of the person. is_disputed: another record was met under it."""

    kind: str
    system: str
    value: str
    is_disputed: bool

    @property
    def label(self) -> str:
        """What sort of name it is; an id by the system it comes from."""
        return words.identifier(self.kind, self.system)

    @property
    def shown(self) -> str:
        """Its value as people read it."""
        return words.identifier_value(self.kind, self.value)


def identifiers_of(person_id: int) -> list[IdentifierRow]:
    """What names a person, strongest first, and which of them a finding says names others too. One statement."""
    rows = sql.fetch(
        "SELECT i.kind, i.system, i.value, EXISTS (SELECT 1 FROM leads_finding f WHERE f.kind = 'lead' "
        "AND f.code = 'identifiers_disagree' AND f.subject = i.value AND f.settled_at IS NULL) "
        "FROM leads_identifier i WHERE i.person_id = %s ORDER BY i.id LIMIT 50",
        [person_id],
    )
    order = {"email": 0, "phone": 1, "profile": 2, "external": 3}
    found = [IdentifierRow(kind, system, value, bool(disputed)) for kind, system, value, disputed in rows]
    return sorted(found, key=lambda row: order.get(row.kind, 9))


# Known already? -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody known who may be the one being typed in. is_same: by an identifier, so that the lead would join theirs.

    lead_id: the lead that matters most; None when they have none for this actor.
    """

    person_id: int
    name: str
    company: str
    lead_id: int | None
    stage: str
    is_open: bool
    owner: str
    is_same: bool


def known(values: Mapping[str, str], *, by: Actor, limit: int = 3) -> list[Known]:
    """Who is known by what has been typed so far: an identifier, or the same name. Two statements at the most."""
    by.require("leads.see")
    same = _identified(values)
    name = fold(fills.full_name(values.get("first_name", ""), values.get("last_name", "")))
    parts: list[str] = []
    params: list[Any] = []
    if same:
        where, found = sql.any_of("value", same)
        parts.append(f"SELECT person_id AS id FROM leads_identifier WHERE {where}")
        params += found
    if values.get("first_name", "").strip() and values.get("last_name", "").strip():
        parts.append(f"SELECT * FROM (SELECT id FROM leads_person WHERE full_name_folded = %s LIMIT {limit}) AS named")
        params.append(name)
    if not parts:
        return []
    ids = [row[0] for row in sql.fetch(" UNION ".join(parts), params)]
    return _known(ids, same, by)[:limit] if ids else []


def _identified(values: Mapping[str, str]) -> list[str]:
    """The identifiers that the fields hold, as far as they are ones yet."""
    found: list[str] = []
    for field, normalise in (
        ("email", identifiers.normalise_email),
        ("linkedin_url", identifiers.normalise_profile_url),
    ):
        try:
            found += [normalise(values[field])] if values.get(field, "").strip() else []
        except ValueProblem:
            continue  # still being typed
    phone = identifiers.normalise_phone(values["phone"], "FR") if values.get("phone", "").strip() else None
    return [*found, *([phone] if phone else [])]


def _known(ids: Sequence[int], same: Sequence[str], by: Actor) -> list[Known]:
    where, params = sql.any_of("person.id", ids)
    scope, scope_params = access.lead_scope(by)
    scoped = f" AND {scope}" if scope else ""
    named, named_params = sql.any_of("i.value", same)
    rows = sql.fetch(
        "SELECT person.id, COALESCE(NULLIF(person.full_name, ''), NULLIF(person.email, ''), person.phone), "
        "COALESCE(company.name, ''), best.id, COALESCE(best.stage, ''), COALESCE(best.is_open, FALSE), "
        "COALESCE(owner.name, ''), "
        f"EXISTS (SELECT 1 FROM leads_identifier i WHERE i.person_id = person.id AND {named}) "
        "FROM leads_person AS person LEFT JOIN leads_company AS company ON company.id = person.company_id "
        "LEFT JOIN leads_lead AS best ON best.id = (SELECT lead.id FROM leads_lead lead "
        f"WHERE lead.person_id = person.id{scoped} ORDER BY lead.is_open DESC, lead.id DESC LIMIT 1) "
        f"LEFT JOIN core_user AS owner ON owner.id = best.owner_id WHERE {where}",
        [*named_params, *scope_params, *params],
    )
    found = [
        Known(person_id, name, company, lead_id, stage, bool(is_open), owner, bool(is_same))
        for person_id, name, company, lead_id, stage, is_open, owner, is_same in rows
    ]
    return sorted(found, key=lambda one: (not one.is_same, one.name, one.person_id))
