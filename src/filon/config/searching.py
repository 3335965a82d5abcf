"""What search finds beside leads, people and companies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from filon.core.access import Actor
from filon.deals.listing import queries
from filon.deals.listing.queries import Filter
from filon.leads.search.sources import Hit, Source
from filon.ui import formats


def _opportunities(words: str, /, *, by: Actor, at: datetime, limit: int) -> Sequence[Hit]:
    """Opportunities whose name, or whose account's, has the words."""
    if not by.may("deals.see"):
        return []
    page = queries.opportunities(Filter(text=words), by=by, at=at, limit=limit)
    return [
        Hit(
            row.name,
            reverse("deals:opportunity", args=[row.id]),
            " · ".join(part for part in (row.company, formats.money_short(row.amount, row.currency)) if part),
        )
        for row in page.rows
    ]


SOURCES: Sequence[Source] = (Source(_("Opportunities"), "handshake", _opportunities),)
"""What `leads.search.sources.connect` takes."""
