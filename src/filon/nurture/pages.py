"""What the pages of nurturing share."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _


def tabs(current: str) -> list[dict[str, Any]]:
    """The parts of nurturing, the current one marked."""
    labels = {
        "sequences": _("Sequences"),
        "templates": _("Templates"),
        "sends": _("Messages"),
        "sender": _("Sender"),
        "mailbox": _("Answers"),
    }
    return [
        {"label": label, "url": reverse(f"nurture:{name}"), "current": name == current}
        for name, label in labels.items()
    ]
