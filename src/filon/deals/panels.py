"""Opportunities on other slices' pages: those of a lead, those of an account."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from filon.core.access import Actor
from filon.deals.listing import queries
from filon.deals.listing.queries import Filter

LEAD_TEMPLATE: Final = "deals/_lead_panel.html"
COMPANY_TEMPLATE: Final = "deals/_company_panel.html"
_SHOWN: Final = 8


def lead_panel(lead_id: int, *, by: Actor, at: datetime) -> dict[str, Any]:
    """What `LEAD_TEMPLATE` takes: the opportunities that come from a lead, the newest first. One statement."""
    return _panel("lead", lead_id, Filter(lead_id=lead_id), by=by, at=at)


def company_panel(company_id: int, *, by: Actor, at: datetime) -> dict[str, Any]:
    """What `COMPANY_TEMPLATE` takes: an account's newest opportunities, what is open and won. Three statements."""
    totals = {
        state: queries.totals(Filter(company_id=company_id, state=state), by=by, at=at) for state in ("open", "won")
    }
    return _panel("company", company_id, Filter(company_id=company_id), by=by, at=at) | totals


def _panel(of: str, row_id: int, wanted: Filter, *, by: Actor, at: datetime) -> dict[str, Any]:
    page = queries.opportunities(wanted, by=by, at=at, limit=_SHOWN)
    query = urlencode({of: row_id})
    return {
        "rows": page.rows,
        "has_more": bool(page.after),
        "list_url": f"{reverse('deals:list')}?{query}",
        "new_url": f"{reverse('deals:new')}?{query}" if by.may("deals.change") else "",
        "today": timezone.localdate(at),
    }
