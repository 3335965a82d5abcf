"""What imports offer to homes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from filon.capture.imports import queries
from filon.core.access import Actor

TEMPLATE: Final = "capture/imports/_home.html"
SHOWN: Final = 5


def imports_panel(*, by: Actor, at: datetime) -> dict[str, Any]:
    """What `TEMPLATE` takes: the latest imports. One statement. Needs `imports.run`."""
    return {"imports": queries.imports(by, limit=SHOWN)}
