"""The costs step of the line, and recording a cost by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from filon.capture.events import CostRecorded
from filon.capture.models import Cost
from filon.core import line
from filon.core.access import Actor
from filon.core.line import Batch, Entry, Item
from filon.kit.text import fold
from filon.leads import names, records, rules


def record_costs(batch: Batch) -> None:
    """Write the costs the entries tell. A constant number of statements."""
    items = batch.going()
    campaigns = names.campaigns(batch, items)
    rows = batch.rows(Cost)
    rows.load_ids(item.source_record["record_id"] for item in items if item.given_before and item.source_record)
    for item in items:
        cells = _cells(batch, item, campaigns)
        if cells is None:
            continue
        known = item.told_before("record")
        if known is None and item.given_before and item.source_record:
            known = rows.by_id.get(item.source_record["record_id"])
        if known is not None:
            changed = [rows.change(known, column, value) for column, value in cells.items()]
            item.outcome, item.record = ("updated" if any(changed) else "unchanged"), known
        else:
            item.record = rows.add(**cells, created_at=batch.at, import_id=batch.import_id)
    rows.number()
    for item in items:
        if item.record is not None and item.outcome != "unchanged":
            records.point(batch, item, item.record)
            _tell(batch, item.record)


def _cells(batch: Batch, item: Item, campaigns: Mapping[str, int]) -> dict[str, Any] | None:
    """The columns an entry says; None (and the item refused) when it lacks what a cost needs."""
    values = item.entry.values
    day_from, day_to = values.get("from") or values.get("date"), values.get("to") or values.get("date")
    amount = values.get("amount")
    if day_from is None or amount is None:
        missing = "amount" if day_from is not None else "date"
        item.refuse(f"A cost needs its {missing}.", field_name=missing, code="missing")
        return None
    day_from, day_to = _day(day_from), _day(day_to or day_from)
    if day_to < day_from:
        item.refuse("The cost ends before it starts.", field_name="to", code="order")
        return None
    channel, is_known = rules.channel_of(values.get("channel") or "unknown")
    if not is_known:
        batch.find("cost", "unknown_channel", values["channel"])
    kind = fold(values.get("kind") or "media")
    if kind not in Cost.Kind.values:
        batch.find("cost", "unknown_kind", kind)
        kind = Cost.Kind.MEDIA.value
    currency = (values.get("currency") or settings.FILON_CURRENCY).upper()[:3]
    if currency != settings.FILON_CURRENCY:
        batch.find("cost", "other_currency", currency)
    campaign = values.get("campaign")
    return {
        "date_from": day_from,
        "date_to": day_to,
        "channel": channel,
        "campaign_id": campaigns[names.campaign_key(campaign)] if campaign else None,
        "kind": kind,
        "amount": Decimal(amount),
        "currency": currency,
    }


def _day(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


def _tell(batch: Batch, row: Mapping[str, Any]) -> None:
    batch.tell(
        CostRecorded(
            at=batch.at,
            cost_id=row["id"],
            channel=row["channel"],
            campaign_id=row["campaign_id"],
            cost_kind=row["kind"],
            value=row["amount"],
            currency=row["currency"],
            date_from=row["date_from"],
            date_to=row["date_to"],
        )
    )


def add_cost(values: dict[str, Any], *, by: Actor, at: datetime) -> dict[str, Any]:
    """Record one cost typed by a person; its row. Needs `costs.change`; raises Refused when it cannot be one."""
    by.require("costs.change")
    entry = Entry(kind="cost", door="manual", at=at, values=values)
    item = line.run_with_retries(lambda: Batch([entry], by=by, at=at)).items[0]
    if item.refusal is not None:
        raise item.refusal
    assert item.record is not None  # noqa: S101 — an item that was not refused has its row
    return item.record
