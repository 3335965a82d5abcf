"""What can be asked of forms. Frozen rows, known cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Count

from filon.capture.models import Form
from filon.core import waiting
from filon.core.access import Actor
from filon.core.conditions.sql import LIVE_FACT_SQL
from filon.kit import sql
from filon.kit.errors import not_found
from filon.leads.events import Submitted

_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class FormRow:
    """A form, and what it brought in the last 30 days and the 30 before. held: submissions that look like machines'."""

    id: int
    slug: str
    title: str
    is_open: bool
    updated_at: datetime
    submissions: int
    before: int
    held: int


def forms(*, by: Actor, at: datetime) -> list[FormRow]:
    """All forms, the last changed first. Three statements."""
    by.require("leads.see")
    rows = list(Form.objects.order_by("-updated_at", "-pk"))
    now, before = (
        _submissions(at - timedelta(days=_DAYS), at),
        _submissions(at - timedelta(days=2 * _DAYS), at - timedelta(days=_DAYS)),
    )
    held = _held()
    return [
        FormRow(
            row.pk,
            row.slug,
            row.title,
            row.is_open,
            row.updated_at,
            now.get(f"/f/{row.slug}", 0),
            before.get(f"/f/{row.slug}", 0),
            held.get(row.pk, 0),
        )
        for row in rows
    ]


def form(form_id: int, *, by: Actor) -> Form:
    """One form. Raises Refused (not found)."""
    by.require("leads.see")
    found = Form.objects.select_related("consent_text", "tracking_text", "campaign").filter(pk=form_id).first()
    if found is None:
        raise not_found("Form")
    return found


def _submissions(since: datetime, until: datetime) -> dict[str, int]:
    return dict(
        sql.fetch(
            f"SELECT fact.path, COUNT(*) FROM core_fact fact WHERE fact.kind = '{Submitted.kind}' "
            f"AND fact.door = 'form' AND fact.at > %s AND fact.at <= %s AND {LIVE_FACT_SQL} GROUP BY fact.path",
            [connection.ops.adapt_datetimefield_value(moment) for moment in (since, until)],
        )
    )


def _held() -> dict[int | None, int]:
    """Submissions that are held back, by form."""
    counted = waiting.held("form").order_by().values_list("actor_id").annotate(Count("pk"))
    return dict(counted)
