"""Nurturing in words: states, reasons, steps."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from filon.core.conditions import ConditionError, describe, parse
from filon.leads import fields
from filon.leads.card.words import task
from filon.nurture.models import Enrollment
from filon.nurture.rules import StepRow


def state(code: str) -> str:
    """What the state of a sequence or a message is called."""
    return {
        "draft": _("Draft"),
        "running": _("Running"),
        "paused": _("Paused"),
        "active": _("Under way"),
        "done": _("Come to its end"),
        "stopped": _("Left before the end"),
        "queued": _("Waiting"),
        "handing_over": _("Being sent"),
        "sent": _("Was sent"),
        "uncertain": _("Not certain"),
        "refused": _("Not delivered"),
        "held": _("Was not sent"),
    }.get(code, code)


def reason(code: str) -> str:
    """Why a message was not sent, or what happened to it."""
    return {
        "no_email": _("no e-mail address"),
        "not_real": _("made-up address of sample data"),
        "objection": _("the person objected"),
        "complaint": _("the person complained"),
        "invalid": _("the address does not exist"),
        "refused": _("refused"),
        "no_consent": _("private address without consent"),
        "left": _("the lead left the sequence"),
        "template": _("the template could not be filled in"),
        "step_removed": _("the step was taken out"),
        "put_off": _("put off by the mail server"),
        "bad_address": _("the address does not exist"),
        "no_answer": _("the mail server did not say whether it took the message"),
        "crashed": _("the system stopped while the message was being handed over"),
        "again": _("sent again by hand"),
    }.get(code, code)


def ending(code: str) -> str:
    """Why a lead left a sequence before its end."""
    return {
        "replied": _("answered"),
        "called": _("called us"),
        "met": _("met us"),
        "taken_over": _("a colleague took over"),
        "mql": _("became an MQL"),
        "removed": _("taken out by hand"),
        "refused": _("refuses our messages"),
    }.get(code) or reason(code)


def next_step(lead_id: int) -> tuple[str, datetime | None] | None:
    """What the sequence of a lead does next, and when; None for a lead in none. One statement."""
    found = Enrollment.objects.filter(lead_id=lead_id, state=Enrollment.State.ACTIVE).order_by("due_at")
    row = found.values_list("sequence__name", "due_at").first()
    return (_("Sequence “%(name)s”") % {"name": row[0]}, row[1]) if row is not None else None


def step_kind(code: str) -> str:
    """What a kind of step is called."""
    return {"email": _("E-mail"), "wait": _("Wait"), "branch": _("Branch"), "task": _("Task")}.get(code, code)


def step(row: StepRow, templates: dict[int, str]) -> str:
    """What a step does."""
    match row.kind:
        case "email":
            return _("Send “%(name)s”") % {"name": templates.get(row.template_id or 0, "?")}
        case "wait":
            return _("Wait %(time)s") % {"time": duration(row.minutes)}
        case "branch":
            return _("If %(condition)s") % {"condition": condition(row.condition)}
    return f"{task(row.task)} · {row.text}" if row.text else task(row.task)


def duration(minutes: int) -> str:
    """A length of time in the largest unit that says it exactly."""
    if minutes % 1440 == 0:
        return ngettext("%(n)d day", "%(n)d days", minutes // 1440) % {"n": minutes // 1440}
    if minutes % 60 == 0:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def condition(text: str) -> str:
    """A condition in words; as it is written where it can no longer be read."""
    try:
        return describe(parse(text, fields.REGISTRY), get_language() or "fr", fields.REGISTRY)
    except ConditionError:
        return text
