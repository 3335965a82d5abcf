"""Bulk orders in words: what will be done to how many leads, what was done, and to what end it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from filon.leads import fields, reasons
from filon.leads.bulk.acts import What
from filon.leads.models import BulkOrder
from filon.ui import formats, stages

State = BulkOrder.State


@dataclass(frozen=True, slots=True)
class Names:
    """What colleagues and campaigns are called, by id."""

    users: Mapping[int, str] = field(default_factory=dict)
    campaigns: Mapping[int, str] = field(default_factory=dict)


def announced(act: str, what: What, count: int, names: Names) -> str:
    """What an order would do, with the number of its leads: “212 leads will be given to Léa.”"""
    how = _how(what, names)
    if act == "assign" and what.get("owner_id") is None:
        text = ngettext(
            "%(count)s lead will have no owner any more.", "%(count)s leads will have no owner any more.", count
        )
    elif act == "assign":
        text = ngettext(
            "%(count)s lead will be given to %(owner)s.", "%(count)s leads will be given to %(owner)s.", count
        )
    elif act == "move":
        text = ngettext("%(count)s lead will move to “%(stage)s”.", "%(count)s leads will move to “%(stage)s”.", count)
    elif how["value"]:
        text = ngettext(
            "“%(field)s” of %(count)s lead will be “%(value)s”.",
            "“%(field)s” of %(count)s leads will be “%(value)s”.",
            count,
        )
    else:
        text = ngettext(
            "“%(field)s” of %(count)s lead will be emptied.", "“%(field)s” of %(count)s leads will be emptied.", count
        )
    return text % {**how, "count": formats.number(count)}


def title(act: str, what: What, names: Names) -> str:
    """What an order does, without the number: “Give to Léa”."""
    how = _how(what, names)
    if act == "assign":
        text = _("Give to nobody") if what.get("owner_id") is None else _("Give to %(owner)s")
    elif act == "move":
        text = _("Move to “%(stage)s” (%(reason)s)") if how["reason"] else _("Move to “%(stage)s”")
    else:
        text = _("Set “%(field)s” to “%(value)s”") if how["value"] else _("Empty “%(field)s”")
    return text % how


def done(order: BulkOrder) -> str:
    """What has become of the leads of an order so far: “12 leads changed · 3 were so already · 1 stays as it is”."""
    parts = [ngettext("%(count)s lead changed", "%(count)s leads changed", order.changed) % _n(order.changed)]
    if order.unchanged:
        text = ngettext("%(count)s was so already", "%(count)s were so already", order.unchanged)
        parts.append(text % _n(order.unchanged))
    if order.refused:
        text = ngettext("%(count)s could not be changed", "%(count)s could not be changed", order.refused)
        parts.append(text % _n(order.refused))
    return " · ".join(parts)


def undone(order: BulkOrder) -> str:
    """What taking an order back came to."""
    parts = [ngettext("%(count)s lead taken back", "%(count)s leads taken back", order.undone) % _n(order.undone)]
    if order.kept:
        text = ngettext("%(count)s stays: changed since", "%(count)s stay: changed since", order.kept)
        parts.append(text % _n(order.kept))
    return " · ".join(parts)


def _n(count: int) -> dict[str, str]:
    return {"count": formats.number(count)}


def state(order: BulkOrder) -> tuple[str, str]:
    """How far an order is, with the tone of its chip."""
    return {
        State.RUNNING: (_("Under way"), ""),
        State.DONE: (_("Done"), "good"),
        State.CANCELLED: (_("Stopped"), "warn"),
        State.UNDOING: (_("Being taken back"), ""),
        State.UNDONE: (_("Taken back"), "warn"),
    }[State(order.state)]


def _how(what: What, names: Names) -> dict[str, str]:
    owner_id, stage, name = what.get("owner_id"), what.get("stage", ""), what.get("field", "")
    return {
        "owner": names.users.get(owner_id or 0, "") or _("a colleague"),
        "stage": stages.label(stage) if stage else "",
        "reason": reasons.label(stage, what.get("reason", "")),
        "field": field_label(name),
        "value": _value(name, what.get("value"), names),
    }


FIELDS: Final = ("class", "motion", "channel", "source", "medium", "campaign")
"""The fields of leads that many may be given at once, beside custom ones."""


def field_label(name: str) -> str:
    """What people call a field; a custom one by its own name."""
    if name not in FIELDS:
        return name.removeprefix("attributes.")
    return fields.REGISTRY.lead.get(name).label_words().in_language(get_language() or "fr")


def _value(name: str, value: Any, names: Names) -> str:
    if value in (None, ""):
        return ""
    if name == "campaign":
        return names.campaigns.get(int(value), f"#{value}")
    known = choices(name).get(str(value)) if name in _CHOICES else None
    return known or str(value)


_CHOICES: Final = {"class": fields.CLASSES, "motion": fields.MOTIONS, "channel": fields.CHANNELS}


def choices(name: str) -> dict[str, str]:
    """What a field of fixed values may say, in words; nothing for the others."""
    language = get_language() or "fr"
    return {code: label.in_language(language) for code, label in _CHOICES.get(name, {}).items()}
