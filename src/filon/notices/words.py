"""Notices in words."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filon.leads.card.words import act
from filon.notices.queries import NoticeRow

ICONS = {
    "given": "user-check",
    "asked": "mail",
    "late": "timer",
    "proposed": "send",
    "answered": "handshake",
    "mentioned": "message-square",
    "meeting": "calendar",
}


def kinds() -> dict[str, str]:
    """What one can be told of, by kind."""
    return {
        "given": _("A lead is given to me"),
        "asked": _("Somebody of mine answers or asks for us"),
        "late": _("A first answer of mine is late"),
        "proposed": _("A lead is proposed to me"),
        "answered": _("Sales answer my proposal"),
        "mentioned": _("A colleague mentions me in a note"),
        "meeting": _("A meeting with me is booked, moved or cancelled"),
        "digest": _("The letter of the morning: what is due today, and what is new"),
    }


def sentence(row: NoticeRow) -> str:
    """What happened, in few words."""
    names = {"by": row.by, "lead": row.lead or _("a lead"), "n": row.count, "act": act(row.what) if row.what else ""}
    match row.kind:
        case "given" if row.lead_id is None:
            said = ngettext("%(n)s lead is yours now", "%(n)s leads are yours now", row.count)
        case "given":
            said = _("%(by)s gave you %(lead)s") if row.by else _("%(lead)s is yours now")
        case "asked":
            said = _("%(lead)s: %(act)s")
        case "late":
            said = _("The first answer to %(lead)s is late")
        case "proposed":
            said = _("%(by)s proposes %(lead)s to you") if row.by else _("%(lead)s is proposed to you")
        case "answered" if row.what == "sql_accepted":
            said = _("%(by)s takes %(lead)s on") if row.by else _("%(lead)s is taken on by sales")
        case "answered":
            said = _("%(by)s sends %(lead)s back") if row.by else _("%(lead)s is sent back by sales")
        case "meeting":
            said = {
                "meeting_moved": _("%(lead)s moves your meeting"),
                "meeting_cancelled": _("Your meeting with %(lead)s is cancelled"),
            }.get(row.what, _("%(lead)s books a meeting with you"))
        case _:
            said = _("%(by)s mentions you: %(lead)s") if row.by else _("You are mentioned: %(lead)s")
    return said % names
