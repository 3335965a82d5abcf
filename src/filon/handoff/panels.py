"""Hand-offs on other pages: of a lead, and on the homes of sales and SDRs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from filon.core.access import Actor
from filon.handoff import queries, rules, words
from filon.handoff.queries import Row

LEAD_TEMPLATE: Final = "handoff/_lead_panel.html"
HOME_TEMPLATE: Final = "handoff/_home.html"
_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal as pages print it. answers: (criterion in words, what was written)."""

    row: Row
    state: str
    reason: str
    answers: list[tuple[str, str]]


def shown(row: Row) -> Shown:
    """A proposal in words."""
    labels = words.criteria()
    return Shown(
        row,
        words.state(row.state),
        words.refusals().get(row.reason, row.reason),
        [(labels[name], row.answers[name]) for name in rules.CRITERIA if row.answers.get(name)],
    )


def lead_panel(lead_id: int, *, by: Actor, at: datetime) -> dict[str, Any] | None:
    """What `LEAD_TEMPLATE` takes for one lead; None for a lead the actor may not see. Two statements."""
    rows = queries.of_lead(lead_id, by=by, at=at)
    if rows is None:
        return None
    return {
        "lead_id": lead_id,
        "rows": [shown(row) for row in rows],
        "may_propose": by.may("leads.move") and not any(row.state == "proposed" for row in rows),
    }


def home_panel(*, by: Actor, at: datetime) -> dict[str, Any]:
    """What `HOME_TEMPLATE` takes: what waits for an answer. One statement."""
    rows = queries.waiting(by=by, at=at)
    return {"rows": [shown(row) for row in rows[:_SHOWN]], "count": len(rows), "role": by.role}
