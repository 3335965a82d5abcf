"""The list as a CSV file, written while it is read; every export is in the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.utils.translation import get_language

from filon.core import audit
from filon.core.access import Actor
from filon.core.conditions import parse
from filon.kit import csv_out
from filon.leads import fields
from filon.leads.listing import columns, filters, queries, suggestions
from filon.leads.listing.queries import Ask


def export_csv(ask: Ask, *, by: Actor, at: datetime) -> Iterator[bytes]:
    """The leads of a list in its order, as parts of a UTF-8 file. Needs `export`; the audit log has count and filter.

    Semicolons for a French reader, whose spreadsheet expects them. Raises Refused and ConditionError at once.
    """
    by.require("export")
    node = parse(ask.condition, fields.REGISTRY) if ask.condition.strip() else None
    with transaction.atomic():
        count = queries.count_all(ask, by=by, at=at)
        audit.append(
            "leads_exported",
            by=by,
            at=at,
            count=count,
            filter=filters.impersonal(node),
            has_words=bool(ask.words.strip()),
            **({"chosen": len(ask.ids)} if ask.ids else {}),
        )
    return _parts(ask, by, at)


def _parts(ask: Ask, by: Actor, at: datetime) -> Iterator[bytes]:
    own = suggestions.attribute_names(looked_at=20_000)
    rows = (columns.export_row(row, own) for part in queries.walk(ask, by=by, at=at) for row in part)
    separator = ";" if (get_language() or "fr").startswith("fr") else ","
    lines = csv_out.lines(columns.export_header(own), rows, separator=separator)
    part: list[str] = []
    for line in lines:
        part.append(line)
        if len(part) == 500:
            yield "".join(part).encode()
            part.clear()
    yield "".join(part).encode()
