"""The page of the rows behind a number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from filon.core.access import Actor
from filon.measure.insight import presentation, records
from filon.measure.insight.addresses import address
from filon.measure.insight.pages import PAGES, Page
from filon.measure.insight.presentation import Text
from filon.measure.periods import Asked
from filon.measure.queries import Behind
from filon.ui import formats, stages


def context(behind: Behind, asked: Asked, query: QueryDict, *, by: Actor) -> dict[str, Any]:
    """A page of the rows a number counts, under the same question."""
    by.require("leads.see" if behind.of == "lead" else "deals.see" if behind.of == "opportunity" else "kpi.see")
    readers: dict[str, Any] = {"lead": records.leads, "opportunity": records.deals, "cost": records.costs}
    page, column = _column_of(query.get("figure", ""), query.get("cell", ""))
    next_url = ""
    if behind.after is not None:
        following = query.copy()
        following["after"] = str(behind.after)
        next_url = f"?{following.urlencode()}"
    back = [*(("by", name) for name in asked.by), *((name, text) for name, text in address(asked) if text)]
    return {
        "of": behind.of,
        "records": readers[behind.of](behind.ids),
        "total": behind.total,
        "title": column,
        "facets": _facets(behind, asked),
        "next_url": next_url,
        "trail": [
            (str(page.title), f"{reverse(f'measure:{page.name}')}?{urlencode(back)}"),
            (column, ""),
        ],
        "as_of": presentation.moment_text(behind.as_of),
    }


def _column_of(figure: str, name: str) -> tuple[Page, str]:
    """The page a figure is on, and what its column is called there."""
    page = next((page for page in PAGES.values() if page.figure == figure), PAGES["funnel"])
    labels = {
        column.name: str(column.label) for one in PAGES.values() for column in one.columns if one.figure == figure
    }
    return page, labels.get(name) or str(_OTHER_COLUMNS.get(name, "")) or stages.label(name)


_OTHER_COLUMNS: Final[Mapping[str, Text]] = {
    "new_leads": gettext_lazy("New leads"),
    "sql_accepted": gettext_lazy("SQL accepted"),
    "created": gettext_lazy("Opportunities created"),
    "won_amount": gettext_lazy("Won, excl. tax"),
    "customers_won": gettext_lazy("Customers won"),
    "cac": gettext_lazy("CAC"),
    "captured": gettext_lazy("Leads"),
    "nurturing_visited": gettext_lazy("Entered nurturing"),
    "nurtured_to_mql": gettext_lazy("Left it as MQL"),
    "nurturing_now": gettext_lazy("In it now"),
    "qualifying_skipped": gettext_lazy("Qualification skipped"),
    "nurturing_skipped": gettext_lazy("Nurturing skipped"),
    "mql_skipped": gettext_lazy("MQL skipped"),
    "sql_skipped": gettext_lazy("SQL skipped"),
    "opportunity_skipped": gettext_lazy("Opportunity skipped"),
}


def _facets(behind: Behind, asked: Asked) -> list[tuple[str, str]]:
    """What narrows the rows, in words: label and value."""
    found = [
        (presentation.dimension_label(dimension.name), presentation.key_text(dimension, key, shown))
        for dimension, key, shown in behind.split
    ]
    if asked.first or asked.last:
        first = formats.day(asked.first) if asked.first else "…"
        last = formats.day(asked.last - timedelta(days=1)) if asked.last else "…"
        found.append((_("Period"), f"{first} – {last}"))
    if asked.as_of:
        found.append((_("As of"), presentation.moment_text(asked.as_of)))
    if asked.condition:
        found.append((_("Filter"), asked.condition))
    return found
