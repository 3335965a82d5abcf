"""Routing on other slices' pages: where a lead went and why, its owner, its clocks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from filon.core.access import Actor
from filon.core.models import User
from filon.routing import clocks

TEMPLATE: Final = "routing/_route_panel.html"


def route_panel(lead_id: int, *, by: Actor, at: datetime) -> dict[str, Any] | None:
    """What `TEMPLATE` takes for one lead; None for a lead the actor may not see. Five statements."""
    found = clocks.lead_routing(lead_id, by=by, at=at)
    if found is None:
        return None
    may_assign = by.may("leads.assign")
    people = User.objects.filter(is_active=True).order_by("name_folded") if may_assign else User.objects.none()
    if by.role == "manager":
        people = people.filter(team_id=by.team_id or 0)
    return {
        "lead_id": lead_id,
        "routing": found,
        "people": list(people.values_list("pk", "name")),
        "taker_id": by.id if by.kind == "user" and by.may("leads.act") and not found.owner_id else None,
    }
