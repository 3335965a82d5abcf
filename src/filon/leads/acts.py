"""The acts step: what people did, or was done toward them, joins their open lead and the ledger."""

from __future__ import annotations

from typing import Any, Final

from filon.core.line import Batch, Item
from filon.kit.text import fold
from filon.leads import commands, events, names, records, rules
from filon.leads.events import LeadCaptured
from filon.leads.models import Lead

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


def record_acts(batch: Batch) -> None:
    """Tell each act of the batch, on the person's open lead where there is one. A constant number of statements."""
    items = batch.going()
    campaigns = names.campaigns(batch, items)
    leads = commands.open_leads_of(batch, items)
    opened: list[Item] = []
    for item in items:
        person = item.person
        assert person is not None  # noqa: S101 — identify_people sets it or refuses the item
        if item.lead is None:  # a door that shows a lead says which one
            item.lead = leads.get(person["id"])
        if item.lead is None and item.entry.is_live and item.entry.values["kind"] in OPENING:
            item.lead = leads[person["id"]] = commands.new_lead(batch, item, person)
            opened.append(item)
    batch.rows(Lead).number()
    for item in opened:
        _tell_opening(batch, item, campaigns)
    for item in items:
        _tell(batch, item, campaigns)


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


def _tell(batch: Batch, item: Item, campaigns: dict[str, int]) -> None:
    values, lead, person = item.entry.values, item.lead, item.person
    assert person is not None  # noqa: S101 — identify_people sets it or refuses the item
    at = values.get("at") or item.entry.at
    outcome = values.get("outcome")
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
        **({"outcome": outcome} if outcome and values["kind"] == events.CallLogged.kind else {}),
        **_origin(item, campaigns),
    )
    batch.tell(act)
    item.outcome = "created"
    if lead is not None and not act.is_machine and (lead["last_act_at"] is None or lead["last_act_at"] < at):
        rows = batch.rows(Lead)
        rows.change(lead, "last_act_at", at)
        rows.change(lead, "last_act", act.kind)
    records.point(batch, item, lead or person)
