"""What findings offer to homes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from filon.core.access import Actor
from filon.leads.findings import queries

TEMPLATE: Final = "leads/findings/_home.html"
SHOWN: Final = 5


def findings_panel(*, by: Actor, at: datetime) -> dict[str, Any]:
    """What `TEMPLATE` takes: the findings met most often, and how many are open. Two statements."""
    found = queries.findings(by=by, limit=SHOWN)
    rows = sorted((row for group in found.groups for row in group.rows), key=lambda row: -row.count)
    return {"rows": rows, "open": found.open}
