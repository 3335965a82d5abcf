"""The sequences of a lead, on its page."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from filon.core.access import Actor
from filon.nurture import queries, words

TEMPLATE: Final = "nurture/_lead_panel.html"


def lead_panel(lead_id: int, *, by: Actor, at: datetime) -> dict[str, Any] | None:
    """What `TEMPLATE` takes for one lead; None for a lead the actor may not see. Three statements."""
    del at
    walks = queries.walks(lead_id, by=by)
    if walks is None:
        return None
    in_one = {walk.sequence_id for walk in walks}
    return {
        "lead_id": lead_id,
        "walks": [(walk, words.ending(walk.reason), words.step_kind(walk.step_kind)) for walk in walks],
        "free": [(pk, name) for pk, name in queries.running(by=by) if pk not in in_one],
        "may_act": by.may("leads.act"),
    }
