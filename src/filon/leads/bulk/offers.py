"""What the bar under a list offers to do with the chosen leads."""

from __future__ import annotations

from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.leads.models import BULK_ACTS


def offered(by: Actor) -> list[dict[str, str]]:
    """The acts that this actor may order, for the bar under a list."""
    may = {
        "assign": by.may("leads.assign") or (by.kind == "user" and by.may("leads.act")),
        "move": by.may("leads.move"),
        "edit": by.may("leads.change"),
    }
    labels = {
        "assign": (_("Assign…"), "user-plus"),
        "move": (_("Move to…"), "arrow-right"),
        "edit": (_("Set a field…"), "pencil"),
    }
    return [{"act": act, "label": labels[act][0], "icon": labels[act][1]} for act in BULK_ACTS if may[act]]
