"""How long deals that were won stayed in each stage: what an open one is measured against."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from filon.core.conditions import LIVE_FACT_SQL
from filon.deals import rules
from filon.deals.rules import Norm
from filon.kit import sql

_BACK: Final = timedelta(days=365)
_MOST: Final = 500
"""The latest won deals say enough, and a board is read often."""


def stage_norms(at: datetime) -> Mapping[int, Norm]:
    """Stage id → how long the deals won in the year before `at` stayed in it. One statement.

    A stay is from when a deal came to the stage until it left; one that came back to a stage stayed twice. Stages that
    too few won deals have passed are left out.
    """
    found = sql.fetch(
        "SELECT fact.payload, fact.at FROM core_fact fact "
        "JOIN (SELECT id FROM deals_opportunity WHERE won_at >= %s AND won_at <= %s "
        f"ORDER BY won_at DESC LIMIT {_MOST}) AS won ON won.id = fact.opportunity_id "
        f"WHERE fact.kind = 'opportunity_stage_changed' AND {LIVE_FACT_SQL}",
        [connection.ops.adapt_datetimefield_value(moment) for moment in (at - _BACK, at)],
    )
    stays: dict[int, list[float]] = {}
    for payload, left_at in found:
        told = sql.as_json(payload)
        until = sql.as_utc(left_at)
        since = datetime.fromisoformat(told["from_since"])
        if until is not None and until >= since:
            stays.setdefault(told["from_stage_id"], []).append((until - since).total_seconds() / 86_400)
    return {stage_id: norm for stage_id, days in stays.items() if (norm := rules.norm_of(days)) is not None}
