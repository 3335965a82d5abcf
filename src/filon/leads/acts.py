"""The acts step: what people did, or was done toward them, joins their open lead and the ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.utils.translation import gettext_noop

from filon.core.line import Batch, Item
from filon.kit import sql
from filon.kit.text import fold
from filon.leads import asking, commands, events, names, records, rules
from filon.leads.events import LeadCaptured
from filon.leads.models import Lead, Person

AHEAD: Final = timedelta(minutes=5)
"""How far the clocks of other machines may be ahead."""

OPENING: Final = frozenset(
    {
        events.FormSubmitted.kind,
        events.DemoRequested.kind,
        events.ContentDownloaded.kind,
        events.WebinarAttended.kind,
        events.EventAttended.kind,
        events.ChatStarted.kind,
        events.InboundCall.kind,
    }
)
"""Acts of interest that open a lead when the person has none; a page view or an open does not."""


def needs_known_person(item: Item) -> bool:
    """Whether the act makes sense only of somebody who is here already."""
    kind = item.entry.values["kind"]
    return kind in events.OF_KNOWN_PEOPLE and not (item.entry.is_live and kind in OPENING)


def check_acts(batch: Batch) -> None:
    """Refuse what does not say what happened, and what a program says of days to come. No statement."""
    for item in batch.going():
        entry = item.entry
        if not entry.values.get("kind"):
            item.refuse(gettext_noop("The row does not say what happened: give its kind."), field_name="kind")
        elif entry.door == "api" and (at := entry.values.get("at")) is not None and at > entry.at:
            if at > entry.at + AHEAD:
                item.refuse(
                    gettext_noop("This moment is yet to come: an act is told once it has happened."),
                    field_name="at",
                    code="in_the_future",
                )
            else:
                entry.values["at"] = entry.at


def know_leads(batch: Batch) -> None:
    """Set the lead, and so the person, of acts whose door knows them (`lead_id`): a link in a message of ours.

    Three statements when there are such. People are locked before their leads, as everywhere in the line.
    """
    items = [(item, item.entry.values["lead_id"]) for item in batch.going() if "lead_id" in item.entry.values]
    if not items:
        return
    where, params = sql.any_of("id", sorted({lead_id for _, lead_id in items}))
    people = {row[0] for row in sql.fetch(f"SELECT person_id FROM leads_lead WHERE {where}", params)}
    batch.rows(Person).load_ids(sorted(people), lock=True)
    rows = batch.rows(Lead)
    rows.load_ids((lead_id for _, lead_id in items), lock=True)
    for item, lead_id in items:
        lead = rows.by_id.get(lead_id)
        if lead is None:
            item.refuse(gettext_noop("This lead is not there any more."), code="unknown_lead")
        else:
            item.lead, item.person, item.is_matched = lead, batch.rows(Person).by_id[lead["person_id"]], True


def record_acts(batch: Batch) -> None:
    """Tell each act of the batch, on the person's open lead where there is one. A constant number of statements.

    History joins the journey of its own time. What a system tells again is told again only when it has become
    another act: a call that was planned, made.
    """
    for item in batch.going():
        if item.given_before and records.given(item).items() <= item.given_before.items():
            item.outcome = "unchanged"
            batch.find("event", "act_changed", "")
    items = batch.going()
    campaigns = names.campaigns(batch, items)
    leads = commands.open_leads_of(batch, items)
    journeys = _journeys(batch, items)
    opened: list[Item] = []
    for item in items:
        person = item.person
        assert person is not None  # noqa: S101 — identify_people sets it or refuses the item
        if item.lead is None:  # a door that shows a lead says which one
            item.lead = _lead_of(item, person, leads, journeys)
        if item.lead is None and item.entry.is_live and item.entry.values["kind"] in OPENING:
            item.lead = leads[person["id"]] = commands.new_lead(batch, item, person)
            opened.append(item)
    batch.rows(Lead).number()
    for item in opened:
        _tell_opening(batch, item, campaigns)
    for item in items:
        assert item.person is not None  # noqa: S101 — identify_people sets it or refuses the item
        _tell(batch, item, item.person, item.lead, campaigns)
        for person in item.others:
            _tell(batch, item, person, _lead_of(item, person, leads, journeys), campaigns)
        item.outcome = "created"
        records.point(batch, item, item.lead or item.person)


_Journeys = dict[int, list[dict[str, Any]]]


def _journeys(batch: Batch, items: list[Item]) -> _Journeys:
    """All leads of the people whom history is about, by person, in the order in which they came."""
    past = [item for item in items if not item.entry.is_live and item.person is not None and item.is_matched]
    people = {person["id"] for item in past for person in (item.person, *item.others) if person is not None}
    if not people:
        return {}
    where, params = sql.any_of("person_id", sorted(people))
    found: _Journeys = {}
    for lead in batch.rows(Lead).load(f"{where} AND product_line = ''", params, lock=True):
        found.setdefault(lead["person_id"], []).append(lead)
    for leads in found.values():
        leads.sort(key=lambda lead: (lead["captured_at"], lead["id"]))
    return found


def _lead_of(
    item: Item, person: dict[str, Any], leads: dict[int, dict[str, Any]], journeys: _Journeys
) -> dict[str, Any] | None:
    """The open lead of a person; for history the one they had at that time, else their first."""
    had = journeys.get(person["id"])
    if not had:
        return leads.get(person["id"])
    at = item.entry.values.get("at") or item.entry.at
    return next((lead for lead in reversed(had) if lead["captured_at"] <= at), had[0])


def _origin(item: Item, campaigns: dict[str, int]) -> dict[str, Any]:
    values = item.entry.values
    source = values.get("source") or ""
    channel, _ = rules.channel_of(values.get("channel") or "")
    if channel == "unknown" and source:
        channel = rules.channel_of_source(fold(source))
    campaign = values.get("campaign")
    return {
        "channel": channel,
        "source": source,
        "campaign_id": campaigns[names.campaign_key(campaign)] if campaign else None,
    }


def _tell_opening(batch: Batch, item: Item, campaigns: dict[str, int]) -> None:
    lead = item.lead
    assert lead is not None  # noqa: S101 — opened above
    origin = _origin(item, campaigns)
    at = item.entry.values.get("at") or item.entry.at
    lead.update(origin, source_folded=fold(origin["source"]), captured_at=at, stage_since=at)
    batch.tell(
        LeadCaptured(
            at=at,
            lead_id=lead["id"],
            person_id=lead["person_id"],
            company_id=lead["company_id"],
            door=item.entry.door,
            is_history=not item.entry.is_live,
            **origin,
        )
    )


_OF_KIND: Final = {
    events.CallLogged.kind: ("outcome",),
    events.EmailClicked.kind: ("delivery_id",),
    events.EmailOpened.kind: ("delivery_id",),
    events.NoteWritten.kind: ("about", "state", "due"),
}
"""Fields that only acts of a kind have."""


def _tell(
    batch: Batch, item: Item, person: dict[str, Any], lead: dict[str, Any] | None, campaigns: dict[str, int]
) -> None:
    values = item.entry.values
    at = values.get("at") or item.entry.at
    own = {name: values[name] for name in _OF_KIND.get(values["kind"], ()) if values.get(name) is not None}
    act = events.act_of(
        values["kind"],
        at=at,
        person_id=person["id"],
        lead_id=lead["id"] if lead else None,
        company_id=person["company_id"],
        door=item.entry.door,
        path=values.get("path") or "",
        value=values.get("value"),
        is_machine=bool(values.get("is_machine")),
        text=values.get("text") or "",
        **own,
        **_origin(item, campaigns),
    )
    batch.tell(act)
    if (
        lead is not None and not act.is_machine and at <= batch.at + AHEAD
    ):  # a meeting of next week is planned, not held
        _mark(batch, item, lead, act)


def _mark(batch: Batch, item: Item, lead: dict[str, Any], act: events.Act) -> None:
    """What a lead shows of its acts: the last one, and what still waits for an answer of ours."""
    if lead["last_act_at"] is None or lead["last_act_at"] < act.at:
        rows = batch.rows(Lead)
        rows.change(lead, "last_act_at", act.at)
        rows.change(lead, "last_act", act.kind)
    asking.settle(batch, lead, act.kind, act.at)
    if item.entry.is_live and item.entry.door != "file":  # a file tells what is over for those who bring it
        asking.note(batch, lead, act.kind, act.at)
