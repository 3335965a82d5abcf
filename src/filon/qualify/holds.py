"""Holding a lead while one works on it, so that no colleague calls it at the same time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from filon.core.access import Actor
from filon.kit import sql
from filon.kit.errors import not_found
from filon.leads.sight import seen_by

AGAIN_S: Final = 30
"""How often a page that shows a lead says so."""
LASTS: Final = timedelta(seconds=75)
"""How long a hold stands after its page was last heard of: two missed times."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The other colleague who works on a lead."""

    name: str
    since: datetime


def hold(lead_id: int, *, by: Actor, at: datetime) -> Holder | None:
    """Hold a lead, or go on holding it; the colleague who has it already, where there is one. Needs `leads.act`.

    Two statements beside the look at the lead. Raises Refused (not found).
    """
    by.require("leads.act")
    if lead_id not in seen_by(by, [lead_id]):
        raise not_found("Lead")
    if by.kind != "user":
        return None
    now, gone = (_moment(moment) for moment in (at, at - LASTS))
    sql.execute(
        "INSERT INTO qualify_hold (lead_id, user_id, since, seen_at) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (lead_id) DO UPDATE SET seen_at = excluded.seen_at, user_id = excluded.user_id, "
        "since = CASE WHEN qualify_hold.user_id = excluded.user_id AND qualify_hold.seen_at > %s "
        "THEN qualify_hold.since ELSE excluded.since END "
        "WHERE qualify_hold.user_id = excluded.user_id OR qualify_hold.seen_at <= %s",
        [lead_id, by.id, now, now, gone, gone],
    )
    return holder(lead_id, by=by, at=at)


def release(lead_id: int, *, by: Actor) -> None:
    """Let go of a lead that one holds. One statement."""
    sql.execute("DELETE FROM qualify_hold WHERE lead_id = %s AND user_id = %s", [lead_id, by.id])


def holder(lead_id: int, *, by: Actor, at: datetime) -> Holder | None:
    """The other colleague who works on a lead now. One statement."""
    found = sql.fetch(
        "SELECT COALESCE(NULLIF(holder.name, ''), holder.email), hold.since FROM qualify_hold hold "
        "JOIN core_user holder ON holder.id = hold.user_id "
        "WHERE hold.lead_id = %s AND hold.user_id <> %s AND hold.seen_at > %s",
        [lead_id, by.id or 0, _moment(at - LASTS)],
    )
    return _holder(*found[0]) if found else None


def others(*, by: Actor, at: datetime) -> dict[int, Holder]:
    """All leads that other colleagues work on now, by lead. One statement: as many rows as colleagues at work."""
    found = sql.fetch(
        "SELECT hold.lead_id, COALESCE(NULLIF(holder.name, ''), holder.email), hold.since FROM qualify_hold hold "
        "JOIN core_user holder ON holder.id = hold.user_id WHERE hold.user_id <> %s AND hold.seen_at > %s",
        [by.id or 0, _moment(at - LASTS)],
    )
    return {lead_id: _holder(name, since) for lead_id, name, since in found}


def _holder(name: str, since: Any) -> Holder:
    moment = sql.as_utc(since)
    assert moment is not None  # noqa: S101 — the column has one always
    return Holder(name, moment)


def _moment(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)
