"""The stages and exits of a lead as people read them, and the part of the journey each stands for."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

LABELS: Final[dict[str, str | Promise]] = {
    "captured": pgettext_lazy("stage", "New"),
    "qualifying": _("In qualification"),
    "nurturing": _("In nurturing"),
    "mql": _("MQL"),
    "sql": _("SQL"),
    "opportunity": _("Opportunity"),
    "customer": _("Customer"),
    "disqualified": _("Disqualified"),
    "lost": pgettext_lazy("stage", "Lost"),
    "attached": pgettext_lazy("stage", "Attached"),
}
FILLED: Final = {"captured": 0.0, "qualifying": 0.2, "nurturing": 0.35, "mql": 0.5, "sql": 0.67, "opportunity": 0.84}
"""How far the circle before a stage's name is filled."""


def label(stage: str) -> str:
    """The stage's name in the active language; the code itself for one from another system."""
    return str(LABELS.get(stage, stage))
