"""What opportunities offer to homes: the seller's own, the next to close first."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from filon.core.access import Actor
from filon.deals.listing import queries
from filon.deals.listing.queries import Filter

TEMPLATE: Final = "deals/_home_mine.html"
SHOWN: Final = 8


def mine_panel(*, by: Actor, at: datetime) -> dict[str, Any]:
    """What `TEMPLATE` takes: one's open opportunities with their sum, or the team's. Two statements."""
    wanted = Filter(state="open", owner_id=by.id if by.role == "sales" else None)
    page = queries.opportunities(wanted, by=by, at=at, sort="close", limit=SHOWN)
    query = {"state": "open", "sort": "close", **({"owner": by.id} if wanted.owner_id is not None else {})}
    return {
        "rows": page.rows,
        "totals": queries.totals(wanted, by=by, at=at),
        "is_mine": wanted.owner_id is not None,
        "today": timezone.localdate(at),
        "url": f"{reverse('deals:list')}?{urlencode(query)}",
    }
