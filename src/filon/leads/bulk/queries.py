"""What can be asked of bulk orders: those of the last days, one with the leads it left, what stands against undoing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.core.models import Job, User
from filon.kit.errors import Refused, not_found
from filon.leads.bulk import commands, rules
from filon.leads.bulk.acts import ACTS
from filon.leads.bulk.words import Names
from filon.leads.listing.rows import rows_of
from filon.leads.models import BulkItem, BulkOrder, Campaign
from filon.leads.sight import seen_by

State = BulkOrder.State
SHOWN: Final = 50
"""Orders on the page of all, and leads that stayed on the page of one."""


@dataclass(frozen=True, slots=True)
class StayedRow:
    """A lead that stays as it is, and why."""

    lead_id: int
    name: str
    company: str
    why: str


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason why leads stay as they are, and how many."""

    why: str
    count: int


def orders(*, by: Actor) -> list[BulkOrder]:
    """The latest orders: one's own, or everybody's for who may assign leads. One statement."""
    by.require("leads.see")
    found = BulkOrder.objects.select_related("author").order_by("-created_at").defer("lead_ids")
    if not by.may("leads.assign"):
        found = found.filter(author_id=by.id if by.kind == "user" else None, author__isnull=False)
    return list(found[:SHOWN])


def one(order_id: int, *, by: Actor) -> BulkOrder:
    """An order. Raises Refused when there is none, or it is somebody else's. One statement."""
    by.require("leads.see")
    found = BulkOrder.objects.select_related("author", "undone_by").defer("lead_ids").filter(pk=order_id).first()
    if found is None:
        raise not_found(_("Bulk act"))
    commands.require_mine(found, by=by)
    return found


def can_undo(found: BulkOrder, *, by: Actor, at: datetime) -> bool:
    """Whether this actor can take the order back now. No statement."""
    if found.state not in {State.DONE, State.CANCELLED} or not found.changed:
        return False
    try:
        commands.require_mine(found, by=by)
        ACTS[found.act].require_some(by=by)
    except Refused:
        return False
    return rules.can_undo(found.created_at, at)


def job_of(found: BulkOrder) -> Job | None:
    """The job at work on an order, or the one that gave up. One statement, none when no job is needed."""
    keys = {State.RUNNING: commands.job_key, State.UNDOING: commands.undo_key}
    if found.state not in keys:
        return None
    open_jobs = Job.objects.filter(key=keys[State(found.state)](found.pk)).exclude(state__in=["done", "cancelled"])
    return open_jobs.order_by("-id").first()


def reasons(found: BulkOrder) -> list[Reason]:
    """Why leads of an order stay as they are, the most frequent first. One statement."""
    groups = found.items.filter(_stayed()).values_list("why").annotate(count=Count("pk")).order_by("-count", "why")
    return [Reason(why, count) for why, count in groups[:SHOWN]]


def stayed(found: BulkOrder, *, by: Actor) -> list[StayedRow]:
    """Some of the leads that an order left as they are, those whom the actor may see. Three statements at the most."""
    items = list(found.items.filter(_stayed()).order_by("lead_id").values_list("lead_id", "why")[:SHOWN])
    seen = seen_by(by, (lead_id for lead_id, _why in items))
    rows = {row.id: row for row in rows_of(list(seen))}
    return [
        StayedRow(lead_id, rows[lead_id].title, rows[lead_id].company, why) for lead_id, why in items if lead_id in rows
    ]


def _stayed() -> Q:
    return Q(state__in=[BulkItem.State.REFUSED, BulkItem.State.KEPT])


def names_in(found: Iterable[BulkOrder]) -> Names:
    """What the colleagues and campaigns of orders are called. Two statements at the most."""
    whats: Sequence[dict[str, Any]] = [one.what for one in found]
    users = {what["owner_id"] for what in whats if what.get("owner_id")}
    campaigns = {what["value"] for what in whats if what.get("field") == "campaign" and what.get("value")}
    return Names(
        dict(User.objects.filter(pk__in=users).values_list("pk", "name")) if users else {},
        dict(Campaign.objects.filter(pk__in=campaigns).values_list("pk", "name")) if campaigns else {},
    )
