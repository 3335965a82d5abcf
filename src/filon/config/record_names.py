"""What imports and opportunities are called, as the timeline of a lead speaks of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from filon.core.access import Actor
from filon.deals import queries
from filon.deals.models import REASON_LABELS, STAGE_LABELS
from filon.demo import commands as sample
from filon.leads.card.facts import Elsewhere

_IMPORTS: Final = ("capture_import", f"CASE WHEN kind = '{sample.KIND}' THEN '' ELSE file_name END")


def elsewhere() -> Elsewhere:
    """What `leads.card.facts.connect` takes."""
    return Elsewhere(
        imports=_IMPORTS, opportunities=_opportunities, deal_stages=STAGE_LABELS, loss_reasons=REASON_LABELS
    )


def _opportunities(ids: Collection[int], by: Actor) -> Mapping[int, str]:
    if not by.may("deals.see"):
        return {}
    return {row.id: row.name for row in queries.opportunities_with(sorted(ids), by=by)}
