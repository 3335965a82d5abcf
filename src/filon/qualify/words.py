"""The worklist in words: why a lead is to be contacted now, and what follows from a call."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from filon.leads.card.words import act, task
from filon.qualify import rules
from filon.qualify.queries import Row
from filon.qualify.rules import Next
from filon.ui import formats, stages


def reason(row: Row, now: datetime) -> str:
    """Why a row stands where it does, in few words."""
    lead = row.waiting
    acted = formats.ago(lead.last_act_at, now) if lead.last_act_at else ""
    match row.reason:
        case "answered":
            return _("%(act)s %(ago)s: answer") % {"act": act(lead.asked), "ago": _when(lead.asked_at, now)}
        case "call_back":
            return _("Asked to be called back %(when)s") % {"when": _when(lead.task_due_at, now)}
        case "clock":
            return _("First answer due %(when)s") % {"when": _when(lead.promised_by, now)}
        case "crossed":
            return _("Crossed the threshold %(ago)s") % {"ago": formats.ago(lead.stage_since, now)}
        case "planned":
            return _planned(row, now)
        case "open":
            return _("No next action · %(act)s %(ago)s") % {"act": act(lead.last_act), "ago": acted}
    return _planned(row, now)


def _planned(row: Row, now: datetime) -> str:
    said = {"what": task(row.waiting.task), "when": _when(row.waiting.task_due_at, now)}
    if row.waiting.task == "call":
        return _("Attempt %(n)s of %(all)s %(when)s") % {**said, "n": row.attempt, "all": rules.ATTEMPTS}
    return _("%(what)s %(when)s") % said


def _when(moment: datetime | None, now: datetime) -> str:
    return formats.ago(moment, now) if moment else ""


def following(follows: Next, now: datetime) -> str:
    """What follows from an outcome."""
    if follows.stage:
        return _("→ %(stage)s") % {"stage": stages.label(follows.stage)}
    if follows.due_at is None:
        return _("→ follow-up on the day you say")
    when = formats.appointment(follows.due_at, now)
    if follows.kind == "call":
        return _("→ attempt %(n)s %(when)s") % {"n": follows.attempt, "when": when}
    return _("→ %(what)s %(when)s") % {"what": task(follows.kind).lower(), "when": when}
