"""Meetings on other pages: of a lead, and on the homes of who meets people."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Final

from django.utils import timezone

from filon.core.access import Actor
from filon.meetings import queries
from filon.meetings.models import KIND_LABELS

LEAD_TEMPLATE: Final = "meetings/_lead_panel.html"
HOME_TEMPLATE: Final = "meetings/_home.html"


def lead_panel(lead_id: int, *, by: Actor, at: datetime) -> dict[str, Any] | None:
    """What `LEAD_TEMPLATE` takes: the meetings of a lead; None for a lead the actor may not see. Two statements."""
    found = queries.of_lead(lead_id, by=by)
    if found is None:
        return None
    return {"meetings": found, "now": at, "may_act": by.may("leads.act"), "lead_id": lead_id}


def home_panel(*, by: Actor, at: datetime) -> dict[str, Any]:
    """What `HOME_TEMPLATE` takes: today's meetings, and those whose outcome is to be said. One statement."""
    evening = datetime.combine(timezone.localdate(at) + timedelta(days=1), time.min, timezone.get_default_timezone())
    return {"meetings": queries.today(by=by, at=at, evening=evening), "kinds": KIND_LABELS, "now": at}
