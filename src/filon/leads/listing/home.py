"""What leads offer to homes: whom one owes a first contact, and what each channel brought this week."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language

from filon.core import access
from filon.core.access import Actor
from filon.kit import sql
from filon.leads import fields
from filon.leads.listing.rows import rows_where
from filon.leads.models import WORKED

DUE_TEMPLATE: Final = "leads/_home_due.html"
CHANNELS_TEMPLATE: Final = "leads/_home_channels.html"
SHOWN: Final = 8
_WEEK: Final = timedelta(days=7)
_OWED: Final = "due_at is not empty and responded_at is empty and is_open = true"
_IDLE: Final = (
    "is_open = true and owner is not empty and stage in (captured, qualifying, mql) and next_at is empty and "
    "(due_at is empty or responded_at is not empty)"
)
"""Leads that are worked on, and with whom nothing is planned and no first contact is owed."""
_MANY: Final = 10_000


def due_panel(*, by: Actor, at: datetime) -> dict[str, Any]:
    """What `DUE_TEMPLATE` takes: leads whose first contact is owed, the most urgent first: one's own, or those of the
    team for whoever owns none; and how many have nothing planned. Two statements."""
    by.require("leads.see")
    parts, params = ["lead.due_at IS NOT NULL AND lead.responded_at IS NULL AND lead.is_open"], list[Any]()
    is_mine = by.role in {"sdr", "sales"}
    if is_mine:
        parts, params = [*parts, "lead.owner_id = %s"], [by.id]
    scope, more = access.lead_scope(by)
    where, params = " AND ".join(filter(None, [*parts, scope])), [*params, *more]
    source = f"FROM {fields.BASE} WHERE {where}"
    first = f"lead.id IN (SELECT lead.id {source} ORDER BY lead.due_at, lead.id LIMIT {SHOWN})"
    late = "COALESCE(SUM(CASE WHEN lead.due_at < %s THEN 1 ELSE 0 END), 0)"
    now = connection.ops.adapt_datetimefield_value(at)
    idle, idle_params = _idle(by, is_mine=is_mine)
    counted = sql.fetch(f"SELECT COUNT(*), {late}, ({idle}) {source}", [now, *idle_params, *params])[0]
    condition = f"{_OWED} and owner = {by.id}" if is_mine else _OWED
    return {
        "rows": rows_where(first, params, "lead.due_at, lead.id"),
        "count": counted[0],
        "late": counted[1],
        "idle": counted[2],
        "idle_is_more": counted[2] > _MANY,
        "idle_url": _list_url(f"{_IDLE} and owner = {by.id}" if is_mine else _IDLE),
        "is_mine": is_mine,
        "now": at,
        "url": _list_url(condition, sort="due_at"),
    }


def _idle(by: Actor, *, is_mine: bool) -> tuple[str, list[Any]]:
    """How many leads are worked on with nothing planned, as an expression and its parameters; counted up to a bound."""
    stages = ", ".join(f"'{stage}'" for stage in WORKED)
    parts, params = ["lead.owner_id IS NOT NULL", f"lead.stage IN ({stages})", "lead.next_at IS NULL"], list[Any]()
    parts += ["lead.is_open", "(lead.due_at IS NULL OR lead.responded_at IS NOT NULL)"]
    if is_mine:
        parts, params = [*parts, "lead.owner_id = %s"], [by.id]
    scope, more = access.lead_scope(by)
    where = " AND ".join(filter(None, [*parts, scope]))
    counted = f"SELECT COUNT(*) FROM (SELECT 1 FROM leads_lead lead WHERE {where} LIMIT {_MANY + 1}) idle"
    return counted, [*params, *more]


def _list_url(condition: str, **more: str) -> str:
    return f"{reverse('leads:list')}?{urlencode({'filter': condition, **more})}"


def channels_panel(*, by: Actor, at: datetime) -> dict[str, Any]:
    """What `CHANNELS_TEMPLATE` takes: leads by channel, seven days against seven. One statement."""
    by.require("leads.see")
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    since = midnight - timedelta(days=6)
    start, middle = (connection.ops.adapt_datetimefield_value(each) for each in (since - _WEEK, since))
    scope, more = access.lead_scope(by)
    where = " AND ".join(filter(None, ["lead.captured_at >= %s", scope]))
    counted = sql.fetch(
        "SELECT lead.channel, SUM(CASE WHEN lead.captured_at >= %s THEN 1 ELSE 0 END), COUNT(*) "
        f"FROM {fields.BASE} WHERE {where} GROUP BY lead.channel",
        [middle, start, *more],
    )
    rows = sorted(
        ((name, int(this), both - int(this)) for name, this, both in counted), key=lambda row: (-row[1], row[0])
    )
    return {
        "rows": [_channel(name, this, last, since) for name, this, last in rows],
        "this": sum(this for _name, this, _last in rows),
        "last": sum(last for _name, _this, last in rows),
    }


def _channel(channel: str, this: int, last: int, since: datetime) -> dict[str, Any]:
    condition = f"channel = {channel} and captured_at >= {since:%Y-%m-%d}"
    label = fields.CHANNELS[channel].in_language(get_language() or "fr") if channel in fields.CHANNELS else channel
    return {
        "label": label,
        "this": this,
        "last": last,
        "delta": (this - last) / last if last else None,
        "url": f"{reverse('leads:list')}?{urlencode({'filter': condition})}",
    }
