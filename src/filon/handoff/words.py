"""Hand-offs in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from filon.handoff import rules


def criteria() -> dict[str, str]:
    """What is answered of a lead, by criterion."""
    return {
        "need": _("What they need"),
        "authority": _("Who decides, and the person’s part in it"),
        "timing": _("When"),
        "budget": _("Budget"),
        "next_step": _("Next step agreed"),
    }


def ways() -> dict[str, str]:
    """By what act people confirm their interest."""
    return {
        "conversation": _("in a conversation"),
        "demo": _("asked for a demonstration"),
        "quote": _("asked for a quote"),
        "reply": _("answered a message"),
    }


def refusals() -> dict[str, str]:
    """Why sales send a lead back."""
    found = {
        "off_target": _("Off target"),
        "no_project": _("No project"),
        "wrong_contact": _("Not the right person"),
        "unreachable": _("Unreachable"),
        "already_followed": _("Followed already"),
        "incomplete": _("Incomplete"),
    }
    return {code: found[code] for code in rules.REFUSALS}


def state(code: str) -> str:
    """What became of a proposal."""
    return {
        "proposed": _("Waits for sales"),
        "accepted": _("Accepted"),
        "refused": _("Sent back"),
        "withdrawn": _("Withdrawn"),
    }.get(code, code)
