"""The one place that moves a lead from stage to stage inside a batch."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from filon.core.line import Batch
from filon.leads import rules
from filon.leads.events import StageChanged
from filon.leads.models import Lead


def move(batch: Batch, lead: dict[str, Any], to: str, *, at: datetime, reason: str = "") -> bool:
    """Move a loaded lead row to stage `to` and tell it; False when it is there already.

    at: when it passed, aware UTC (history passes at its own dates). What a lead reached stays reached.
    """
    before = lead["stage"]
    if before == to:
        return False
    rows = batch.rows(Lead)
    rows.change(lead, "stage", to)
    rows.change(lead, "stage_since", at)
    rows.change(lead, "is_open", rules.is_open(to))
    rows.change(lead, "reason", reason)
    rows.change(lead, "reached", max(lead["reached"], rules.RANK.get(to, 0)))
    batch.tell(
        StageChanged(
            at=at,
            lead_id=lead["id"],
            person_id=lead["person_id"],
            company_id=lead["company_id"],
            from_stage=before,
            to_stage=to,
            reason=reason,
        )
    )
    return True
