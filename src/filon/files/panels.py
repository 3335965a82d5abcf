"""The files of a record, on its page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.conf import settings

from filon.core.access import Actor
from filon.files import commands
from filon.files.models import Attachment

TEMPLATE: Final = "files/_panel.html"


def panel(of: str) -> Callable[..., dict[str, Any] | None]:
    """What `TEMPLATE` takes for records of a kind; None for one the actor may not see. Two statements."""

    def query(record_id: int, /, *, by: Actor, at: datetime) -> dict[str, Any] | None:
        del at
        if not commands.may_see(of, record_id, by):
            return None
        found = Attachment.objects.filter(of=of, record_id=record_id, removed_at=None).select_related("author")
        right = "deals.change" if of == "opportunity" else "leads.change"
        return {
            "of": of,
            "record_id": record_id,
            "files": list(found.order_by("-pk")[: commands.MOST_ON_ONE]),
            "may_change": by.may(right),
            "most": settings.FILON_FILES_MAX_MB,
        }

    return query
