"""What core offers to homes: how the house is doing."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from filon.core import health
from filon.core.access import Actor

TEMPLATE: Final = "core/_home_health.html"


def health_panel(*, by: Actor, at: datetime) -> dict[str, Any]:
    """What `TEMPLATE` takes: jobs, quarantine and workers. Two statements. Needs `health.see`."""
    by.require("health.see")
    return {"counts": health.counts(at), "workers": sum(one["is_alive"] for one in health.workers(at))}
