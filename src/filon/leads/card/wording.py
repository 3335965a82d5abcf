"""Every fact in plain words, in the reader's language: one sentence a kind, whichever slice tells it.

A sentence goes on from whoever it is about (“Léa” + “called: voicemail”), or stands alone. `WORDINGS` must know every
kind of `core.ledger.KINDS`; a test holds it to that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filon.kit import sql
from filon.leads import reasons
from filon.leads.card import words
from filon.leads.card.facts import FactRow, Kinds, Names
from filon.ui import formats, stages


class Family(StrEnum):
    """What sort of thing happened; the filters of the timeline. Every kind is of exactly one."""

    EXCHANGE = "exchanges"
    SIGNAL = "signals"
    CHANGE = "changes"


class Subject(StrEnum):
    """Whom a sentence is about: the person, whoever did it on our side, or nobody."""

    PERSON = "person"
    ACTOR = "actor"
    NOBODY = "nobody"


class Weight(StrEnum):
    """How much room a fact takes: a human act in full, a line, or a line that folds together with its neighbours."""

    FULL = "full"
    LINE = "line"
    FOLD = "fold"


Say = Callable[[FactRow, Names], str]


@dataclass(frozen=True, slots=True)
class Wording:
    """How facts of one kind are shown. body: what was said or written. icon: a lucide name."""

    family: Family
    subject: Subject
    weight: Weight
    icon: str
    say: Say
    body: Callable[[FactRow], str] = lambda fact: str(fact.get("text", ""))


@dataclass(frozen=True, slots=True)
class Sentence:
    """A fact as people read it: `who` may be empty, `body` mostly is."""

    who: str
    text: str
    body: str

    def __str__(self) -> str:
        return f"{self.who} {self.text}" if self.who else self.text


def wording_of(kind: str) -> Wording:
    """How a kind of fact is shown; one that nobody knows any more by its code."""
    return WORDINGS.get(kind, _UNKNOWN)


def sentence(fact: FactRow, names: Names) -> Sentence:
    """A fact in words."""
    how = wording_of(fact.kind)
    text = how.say(fact, names)
    if fact.is_machine:
        text = _("%(what)s (by a program)") % {"what": text}
    subject = Subject.ACTOR if _is_typed_in(fact) else how.subject
    return Sentence(_who(subject, fact, names), text, how.body(fact))


def _is_typed_in(fact: FactRow) -> bool:
    """Whether a colleague wrote down what the person asked for."""
    return fact.kind == "submitted" and fact.door == "manual"


def _who(subject: Subject, fact: FactRow, names: Names) -> str:
    if subject is Subject.NOBODY:
        return ""
    if subject is Subject.PERSON:
        return names.people.get(fact.person_id or 0, "") or _("The person")
    if fact.import_id is not None and (name := names.imports.get(fact.import_id)) != "":  # "": of sample data
        return _("Import “%(name)s”") % {"name": name} if name else _("An import")
    if fact.actor_kind == "user":
        return names.users.get(fact.actor_id or 0, "") or _("A colleague")
    if fact.actor_kind == "key":
        return names.keys.get(fact.actor_id or 0, "") or _("A program")
    return "Filon"


# Acts -----------------------------------------------------------------------------------------------------------------


def _with_place(bare: str, at_place: str, fact: FactRow) -> str:
    """The sentence with the page or document it happened on, where that is known."""
    return at_place % {"path": fact.path} if fact.path else bare


def _captured(fact: FactRow, names: Names) -> str:
    by_door = {
        "form": _("The lead came in through a form"),
        "file": _("The lead came in with a file"),
        "api": _("The lead came in from another program"),
        "hook": _("The lead came in from an ad form"),
        "mail": _("The lead came in by e-mail"),
        "stand": _("The lead was met at a stand"),
        "manual": _("The lead was typed in"),
    }
    text = by_door.get(fact.door, _("The lead came in"))
    campaign = names.campaigns.get(fact.campaign_id or 0, "")
    return " · ".join([text, *(part for part in (fact.source, campaign) if part)])


def _submitted(fact: FactRow, _names: Names) -> str:
    if _is_typed_in(fact):
        return _("wrote down what this person asked for")
    return _with_place(_("sent a request"), _("sent a request on %(path)s"), fact)


def _said_in_form(fact: FactRow) -> str:
    """The message, and what was answered otherwise than known: nothing of it was taken over."""
    otherwise: Mapping[str, object] = fact.get("otherwise", {})
    lines = [str(fact.get("message", ""))]
    lines += [
        _("%(field)s: said “%(new)s”, not taken over")
        % {"field": words.field_label("company" if name.startswith("company.") else "person", name), "new": value}
        for name, value in otherwise.items()
    ]
    return "\n".join(line for line in lines if line)


def _called(fact: FactRow, _names: Names) -> str:
    outcome = str(fact.get("outcome", ""))
    return _("called: %(outcome)s") % {"outcome": words.outcome(outcome)} if outcome else _("called")


def _note(fact: FactRow, _names: Names) -> str:
    abouts = {
        "call": _("a call"),
        "email": _("an e-mail"),
        "message": _("a message"),
        "meeting": _("a meeting"),
        "task": _("a task"),
    }
    what, due = abouts.get(str(fact.get("about", "")), ""), fact.get("due")
    if not what:
        return _("wrote a note")
    if fact.get("state") == "planned":
        if due:
            return _("planned %(what)s for %(day)s") % {"what": what, "day": words.moment(due)}
        return _("planned %(what)s") % {"what": what}
    if fact.get("state") == "dropped":
        return _("noted %(what)s that did not take place") % {"what": what}
    return _("noted %(what)s") % {"what": what}


def _consent(fact: FactRow, *, is_given: bool) -> str:
    if fact.get("purpose") == "tracking":
        return _("agreed that clicks and visits are noted") if is_given else _("refused that clicks are noted")
    return _("agreed to receive e-mails") if is_given else _("refused to receive e-mails")


def _custom(fact: FactRow, _names: Names) -> str:
    name = str(fact.get("name", "")) or _("Something happened")
    parts = [name, *(part for part in (fact.path, words.number(fact.value) if fact.value is not None else "") if part)]
    return " · ".join(parts)


# Changes --------------------------------------------------------------------------------------------------------------


def _changed(fact: FactRow, _names: Names) -> str:
    fields: Sequence[str] = fact.get("fields", ())
    of = str(fact.get("of", "lead"))
    if len(fields) != 1:
        text = ngettext("changed %(n)s field", "changed %(n)s fields", len(fields))
        return text % {"n": len(fields)}
    label = words.field_label(of, fields[0])
    if fields[0] not in fact.get("new", {}):
        return _("changed: %(field)s") % {"field": label}
    old, new = (words.value_of(fields[0], fact.get(side, {}).get(fields[0])) for side in ("old", "new"))
    return _("changed: %(field)s, “%(old)s” → “%(new)s”") % {"field": label, "old": old, "new": new}


def _changes(fact: FactRow) -> str:
    fields: Sequence[str] = fact.get("fields", ())
    new: Mapping[str, object] = fact.get("new", {})
    if len(fields) < 2 or not new:
        return ""
    old, of = fact.get("old", {}), str(fact.get("of", "lead"))
    return "\n".join(
        _("%(field)s: %(old)s → %(new)s")
        % {
            "field": words.field_label(of, field),
            "old": words.value_of(field, old.get(field)),
            "new": words.value_of(field, new.get(field)),
        }
        for field in fields
    )


def _stage_changed(fact: FactRow, _names: Names) -> str:
    to = str(fact.get("to_stage", ""))
    text = _("moved the lead from %(old)s to %(new)s") % {
        "old": stages.label(str(fact.get("from_stage", ""))),
        "new": stages.label(to),
    }
    return f"{text} · {reasons.label(to, str(reason))}" if (reason := fact.get("reason")) else text


def _planned(fact: FactRow, _names: Names) -> str:
    due = sql.as_utc(fact.get("due_at"))
    said = {"what": words.task(str(fact.get("task", ""))), "when": formats.exact(due) if due else ""}
    if attempt := fact.get("attempt"):
        return _("planned: %(what)s no. %(attempt)s, %(when)s") % {**said, "attempt": attempt}
    return _("planned: %(what)s, %(when)s") % said


def _closed_task(fact: FactRow, _names: Names) -> str:
    text = _("dropped: %(what)s") if fact.get("result") == "dropped" else _("done: %(what)s")
    return text % {"what": words.task(str(fact.get("task", "")))}


def _owner_changed(fact: FactRow, names: Names) -> str:
    to = fact.get("to_owner_id")
    if to is None:
        return _("left the lead without an owner")
    if fact.actor_kind == "user" and fact.actor_id == to:
        return _("took the lead")
    return _("gave the lead to %(name)s") % {"name": _user(to, names)}


def _routed(fact: FactRow, names: Names) -> str:
    whys = {
        "owner_given": _("its owner was named when it came in"),
        "customer": _("the account is a customer"),
        "open_deal": _("the account has an open opportunity"),
        "same_account": _("a colleague looks after the account"),
        "rule": _("rule “%(name)s”") % {"name": fact.get("rule_name", "")},
        "default": _("no rule decided"),
    }
    why = whys.get(str(fact.get("why", "")), "")
    route = words.choice("route", str(fact.get("route", "")))
    owner = fact.get("owner_id")
    text = _("sent the lead to %(route)s") % {"route": route}
    if owner is not None:
        text = _("sent the lead to %(route)s, for %(name)s") % {"route": route, "name": _user(owner, names)}
    return f"{text} ({why})" if why else text


def _user(user_id: object, names: Names) -> str:
    return names.users.get(user_id, "") if isinstance(user_id, int) and user_id in names.users else _("a colleague")


def _threshold(fact: FactRow, _names: Names) -> str:
    figures = {"fit": words.number(fact.get("fit", 0)), "engagement": words.number(fact.get("engagement", 0))}
    if fact.get("direction") == "down":
        return _("No longer an MQL by its scores (profile %(fit)s, engagement %(engagement)s)") % figures
    return _("Passed the MQL thresholds (profile %(fit)s, engagement %(engagement)s)") % figures


def _cancelled(fact: FactRow, _names: Names) -> str:
    reason = stages.label(str(fact.get("reason", "")))
    text = _("First contact no longer owed")
    return f"{text} ({reason})" if reason else text


# Hand-offs ------------------------------------------------------------------------------------------------------------


def _proposed(fact: FactRow, names: Names) -> str:
    return _("proposed the lead to %(name)s") % {"name": _user(fact.get("seller_id"), names)}


def _proposal(fact: FactRow) -> str:
    answers: Mapping[str, object] = fact.get("answers", {})
    return "\n".join(str(text) for text in answers.values())


def _sent_back(fact: FactRow, _names: Names) -> str:
    reason = reasons.label("nurturing", str(fact.get("reason", "")))
    return _("sent the lead back: %(reason)s") % {"reason": reason}


def _file(done: str, fact: FactRow) -> str:
    """What was done with a file, and its name, unless that was erased."""
    name = str(fact.get("name", ""))
    return f"{done} : {name}" if name else done


def _meeting(done: str, fact: FactRow) -> str:
    """What was done with a meeting, and when it begins."""
    starts_at = str(fact.get("starts_at", ""))
    return f"{done} : {formats.exact(datetime.fromisoformat(starts_at))}" if starts_at else done


# Opportunities --------------------------------------------------------------------------------------------------------


def _deal(fact: FactRow, names: Names) -> str:
    """The opportunity's name and amount, as far as they are known."""
    name = names.opportunities.get(fact.opportunity_id or 0, "") or f"#{fact.opportunity_id}"
    if fact.value is None:
        return _("“%(name)s”") % {"name": name}
    return _("“%(name)s” (%(amount)s)") % {
        "name": name,
        "amount": words.money(fact.value, str(fact.get("currency", "")) or "EUR"),
    }


def _deal_created(fact: FactRow, names: Names) -> str:
    return _("opened the opportunity %(deal)s") % {"deal": _deal(fact, names)}


def _deal_moved(fact: FactRow, names: Names) -> str:
    return _("moved the opportunity %(deal)s from %(old)s to %(new)s") % {
        "deal": _deal(fact, names),
        "old": _deal_stage(fact.get("from_stage"), names),
        "new": _deal_stage(fact.get("to_stage"), names),
    }


def _deal_stage(code: object, names: Names) -> str:
    return str(names.deal_stages.get(str(code), words.plain(code)))


def _deal_won(fact: FactRow, names: Names) -> str:
    return _("won the opportunity %(deal)s") % {"deal": _deal(fact, names)}


def _deal_lost(fact: FactRow, names: Names) -> str:
    code = str(fact.get("reason", ""))
    reason = str(names.loss_reasons.get(code, code)) or str(fact.get("reason_text", ""))
    text = _("lost the opportunity %(deal)s") % {"deal": _deal(fact, names)}
    return _("%(what)s: %(why)s") % {"what": text, "why": reason} if reason else text


def _deal_changed(fact: FactRow, names: Names) -> str:
    return _("changed the opportunity %(deal)s") % {"deal": _deal(fact, names)}


# Of the workspace -----------------------------------------------------------------------------------------------------


def _cost(fact: FactRow, _names: Names) -> str:
    return _("recorded a cost of %(amount)s on %(channel)s, %(first)s to %(last)s") % {
        "amount": words.money(fact.value, str(fact.get("currency", "")) or "EUR"),
        "channel": words.choice("channel", fact.channel),
        "first": words.moment(fact.get("date_from")),
        "last": words.moment(fact.get("date_to")),
    }


def _import_finished(fact: FactRow, _names: Names) -> str:
    return _("imported a file: %(created)s created, %(updated)s updated, %(rejected)s rejected") % {
        name: words.number(fact.get(name, 0)) for name in ("created", "updated", "rejected")
    }


def _bulk_done(fact: FactRow, _names: Names) -> str:
    count = fact.get("changed", 0)
    return ngettext("changed %(count)s lead at once", "changed %(count)s leads at once", count) % {
        "count": words.number(count)
    }


def _bulk_undone(fact: FactRow, _names: Names) -> str:
    count = fact.get("undone", 0)
    text = ngettext(
        "took back what was done to %(count)s lead", "took back what was done to %(count)s leads at once", count
    )
    return text % {"count": words.number(count)}


def _absence(fact: FactRow, names: Names) -> str:
    days = {
        "name": _user(fact.get("user_id"), names),
        "first": words.moment(fact.get("starts_on")),
        "last": words.moment(fact.get("ends_on")),
    }
    if fact.get("is_withdrawn"):
        return _("withdrew the absence of %(name)s, %(first)s to %(last)s") % days
    return _("planned an absence of %(name)s, %(first)s to %(last)s") % days


def _capacity(fact: FactRow, names: Names) -> str:
    name, most = _user(fact.get("user_id"), names), fact.get("leads_at_most")
    if most is None:
        return _("lets %(name)s hold any number of leads") % {"name": name}
    return _("lets %(name)s hold %(n)s leads at most") % {"name": name, "n": words.number(most)}


def _scoring_published(fact: FactRow, _names: Names) -> str:
    number, restores = fact.get("number"), fact.get("restores")
    if restores:
        return _("published version %(number)s of the scoring, which restores %(old)s") % {
            "number": words.plain(number),
            "old": restores,
        }
    return _("published version %(number)s of the scoring") % {"number": words.plain(number)}


def _named(text: str, fact: FactRow) -> str:
    name = fact.get("name", "")
    return _("%(what)s: %(why)s") % {"what": text, "why": name} if name else text


# The table ------------------------------------------------------------------------------------------------------------


def _exchange(subject: Subject, icon: str, say: Say) -> Wording:
    return Wording(Family.EXCHANGE, subject, Weight.FULL, icon, say)


def _signal(icon: str, say: Say, weight: Weight = Weight.FULL, subject: Subject = Subject.PERSON) -> Wording:
    return Wording(Family.SIGNAL, subject, weight, icon, say)


def _change(icon: str, say: Say, weight: Weight = Weight.LINE, subject: Subject = Subject.ACTOR) -> Wording:
    return Wording(Family.CHANGE, subject, weight, icon, say)


_NOBODY: Final = Subject.NOBODY
_UNKNOWN: Final = _change("activity", lambda fact, names: fact.kind.replace("_", " "))

WORDINGS: Final[Mapping[str, Wording]] = {
    # Exchanges
    "note_written": _exchange(Subject.ACTOR, "sticky-note", _note),
    "call_logged": _exchange(Subject.ACTOR, "phone", _called),
    "message_sent": _exchange(Subject.ACTOR, "send", lambda fact, names: _("sent a message")),
    "meeting_held": _exchange(Subject.ACTOR, "calendar-check", lambda fact, names: _("held a meeting")),
    "meeting_booked": _exchange(Subject.PERSON, "calendar", lambda fact, names: _meeting(_("booked a meeting"), fact)),
    "meeting_moved": _exchange(Subject.PERSON, "calendar", lambda fact, names: _meeting(_("moved a meeting"), fact)),
    "meeting_cancelled": _exchange(
        Subject.ACTOR, "calendar", lambda fact, names: _meeting(_("cancelled a meeting"), fact)
    ),
    "meeting_missed": _exchange(Subject.PERSON, "user-x", lambda fact, names: _meeting(_("missed a meeting"), fact)),
    "inbound_call": _exchange(Subject.PERSON, "phone", lambda fact, names: _("called us")),
    "replied": _exchange(Subject.PERSON, "mail", lambda fact, names: _("answered our message")),
    "chat_started": _exchange(Subject.PERSON, "message-square", lambda fact, names: _("started a chat on our site")),
    # Signals
    "lead_captured": _signal("sprout", _captured, Weight.LINE, _NOBODY),
    "submitted": Wording(Family.SIGNAL, Subject.PERSON, Weight.FULL, "inbox", _submitted, _said_in_form),
    "consent_given": _signal("shield", lambda fact, names: _consent(fact, is_given=True)),
    "consent_refused": _signal("ban", lambda fact, names: _consent(fact, is_given=False)),
    "form_submitted": _signal(
        "file-up", lambda fact, names: _with_place(_("sent a form"), _("sent the form on %(path)s"), fact)
    ),
    "demo_requested": _signal("star", lambda fact, names: _("asked for a demonstration or a quote")),
    "content_downloaded": _signal(
        "download", lambda fact, names: _with_place(_("downloaded a document"), _("downloaded %(path)s"), fact)
    ),
    "webinar_attended": _signal(
        "play", lambda fact, names: _with_place(_("attended a webinar"), _("attended the webinar %(path)s"), fact)
    ),
    "event_attended": _signal("map-pin", lambda fact, names: _("visited our stand or event")),
    "page_viewed": _signal(
        "eye", lambda fact, names: _with_place(_("viewed a page"), _("viewed %(path)s"), fact), Weight.FOLD
    ),
    "email_opened": _signal("mail", lambda fact, names: _("opened an e-mail"), Weight.FOLD),
    "email_clicked": _signal(
        "mouse-pointer-click",
        lambda fact, names: _with_place(_("followed a link in an e-mail"), _("followed a link to %(path)s"), fact),
        Weight.LINE,
    ),
    "unsubscribed": _signal("ban", lambda fact, names: _("wants no more messages from us")),
    "auto_answered": Wording(
        Family.SIGNAL,
        Subject.PERSON,
        Weight.LINE,
        "mail",
        lambda fact, names: _("answered automatically"),
        lambda fact: str(fact.get("text", "")),
    ),
    "bounced": _signal(
        "triangle-alert", lambda fact, names: _("A message could not be delivered"), Weight.LINE, _NOBODY
    ),
    "custom_act": _signal("activity", _custom, Weight.LINE, _NOBODY),
    "threshold_crossed": _signal("gauge", _threshold, Weight.LINE, _NOBODY),
    # Changes of the lead
    "fields_changed": Wording(Family.CHANGE, Subject.ACTOR, Weight.FOLD, "pencil", _changed, _changes),
    "stage_changed": _change("arrow-right", _stage_changed),
    "stage_move_undone": _change(
        "undo-2",
        lambda fact, names: (
            _("took a move back: the lead is at %(stage)s again")
            % {"stage": stages.label(str(fact.get("to_stage", "")))}
        ),
    ),
    "visitor_tied": _signal(
        "globe", lambda fact, names: _("can be known again on our site, as they agreed"), Weight.FOLD
    ),
    "act_undone": _change(
        "undo-2", lambda fact, names: _("took back: %(act)s") % {"act": words.act(str(fact.get("act", "")))}
    ),
    "ask_answered": _change(
        "check",
        lambda fact, names: _("answered: %(act)s") % {"act": words.act(str(fact.get("asked", "")))},
        Weight.FOLD,
    ),
    "ask_reopened": _change("undo-2", lambda fact, names: _("An answer is owed again"), Weight.FOLD, _NOBODY),
    "owner_changed": _change("user-check", _owner_changed),
    "task_planned": _change("calendar-check", _planned),
    "task_closed": _change("check", _closed_task),
    "lead_routed": _change("route", _routed),
    "routing_undone": _change("route", lambda fact, names: _("Routing taken back with the move"), Weight.FOLD, _NOBODY),
    "promise_made": _change(
        "timer",
        lambda fact, names: _("First contact promised by %(moment)s") % {"moment": words.moment(fact.get("due_at"))},
        Weight.FOLD,
        _NOBODY,
    ),
    "promise_met": _change("circle-check", lambda fact, names: _("First contact made in time"), Weight.LINE, _NOBODY),
    "promise_breached": _change(
        "circle-alert", lambda fact, names: _("First contact was not made in time"), Weight.LINE, _NOBODY
    ),
    "promise_cancelled": _change("timer", _cancelled, Weight.FOLD, _NOBODY),
    "promise_resumed": _change(
        "timer",
        lambda fact, names: _("First contact owed again by %(moment)s") % {"moment": words.moment(fact.get("due_at"))},
        Weight.FOLD,
        _NOBODY,
    ),
    # Hand-offs
    "interest_confirmed": _signal("star", lambda fact, names: _("confirmed their interest"), Weight.LINE),
    "sql_proposed": Wording(Family.CHANGE, Subject.ACTOR, Weight.FULL, "send", _proposed, _proposal),
    "sql_accepted": _change("circle-check", lambda fact, names: _("accepted the lead for sales")),
    "sql_refused": Wording(Family.CHANGE, Subject.ACTOR, Weight.FULL, "undo-2", _sent_back),
    "sql_withdrawn": _change("send", lambda fact, names: _("Sales owe no answer any more"), Weight.FOLD, _NOBODY),
    "sql_reopened": _change("undo-2", lambda fact, names: _("Sales owe an answer again"), Weight.FOLD, _NOBODY),
    "acceptance_breached": _change(
        "circle-alert", lambda fact, names: _("Sales did not answer in time"), Weight.LINE, _NOBODY
    ),
    # Sequences
    "enrolled": _change("send", lambda fact, names: _("put the lead into a sequence")),
    "enrollment_ended": _change(
        "send",
        lambda fact, names: (
            _("The sequence stopped before its end") if fact.get("reason") else _("The sequence came to its end")
        ),
        Weight.LINE,
        _NOBODY,
    ),
    "email_sent": _change("mail", lambda fact, names: _("A message of a sequence was sent"), Weight.LINE, _NOBODY),
    "email_refused": _change(
        "triangle-alert", lambda fact, names: _("The mail server refused a message"), Weight.LINE, _NOBODY
    ),
    "email_held": _change(
        "ban", lambda fact, names: _("A message was not sent: the person must not be written to"), Weight.LINE, _NOBODY
    ),
    "email_uncertain": _change(
        "circle-alert",
        lambda fact, names: _("A message may or may not have been sent; it is not sent again by itself"),
        Weight.LINE,
        _NOBODY,
    ),
    # Opportunities
    "opportunity_created": _change("handshake", _deal_created),
    "opportunity_stage_changed": _change("arrow-right", _deal_moved),
    "opportunity_won": _change("circle-check", _deal_won),
    "opportunity_lost": _change("circle-x", _deal_lost),
    "opportunity_reopened": _change(
        "undo-2",
        lambda fact, names: _("reopened the opportunity %(deal)s") % {"deal": _deal(fact, names)},
    ),
    "opportunity_changed": _change("pencil", _deal_changed, Weight.FOLD),
    "opportunity_person_set": _change(
        "user",
        lambda fact, names: _("said who decides in the opportunity %(deal)s") % {"deal": _deal(fact, names)},
        Weight.FOLD,
    ),
    "mail_written": _change("mail", lambda fact, names: _("wrote a mail"), Weight.FOLD),
    "mail_withdrawn": _change("undo-2", lambda fact, names: _("took a mail back before it left"), Weight.FOLD),
    "mailbox_connected": _change("mail", lambda fact, names: _("connected their mailbox")),
    "mailbox_disconnected": _change("mail", lambda fact, names: _("disconnected their mailbox")),
    "booking_page_saved": _change("calendar", lambda fact, names: _("changed a booking page")),
    "file_attached": _change("paperclip", lambda fact, names: _file(_("attached a file"), fact)),
    "file_removed": _change("paperclip", lambda fact, names: _file(_("took a file off"), fact)),
    "file_restored": _change("paperclip", lambda fact, names: _file(_("put a file back"), fact)),
    "custom_field_saved": _change("tag", lambda fact, names: _("changed a custom field")),
    "target_set": _change("target", lambda fact, names: _("set a target of sales")),
    # Of the workspace: on no lead's timeline
    "cost_recorded": _change("euro", _cost),
    "template_saved": _change("mail", lambda fact, names: _("saved a template")),
    "sequence_saved": _change("send", lambda fact, names: _("changed a sequence")),
    "sender_saved": _change("mail", lambda fact, names: _("changed in whose name we write")),
    "handoff_terms_changed": _change(
        "handshake", lambda fact, names: _("changed the agreement of marketing and sales")
    ),
    "form_saved": _change("clipboard-list", lambda fact, names: _("saved a form")),
    "campaign_added": _change("megaphone", lambda fact, names: _("added a campaign")),
    "import_finished": _change("file-up", _import_finished),
    "import_undone": _change("undo-2", lambda fact, names: _("took an import back")),
    "scoring_published": _change("gauge", _scoring_published),
    "scoring_drafted": _change("gauge", lambda fact, names: _("changed the draft of the scoring")),
    "routing_rules_published": _change(
        "route",
        lambda fact, names: (
            _("published version %(number)s of the routing") % {"number": words.plain(fact.get("version"))}
        ),
    ),
    "calendar_changed": _change("calendar", lambda fact, names: _("changed working hours or holidays")),
    "absence_planned": _change("calendar", _absence),
    "capacity_set": _change("layers", _capacity),
    "colleague_added": _change(
        "user-plus", lambda fact, names: _("added %(name)s") % {"name": _user(fact.get("user_id"), names)}
    ),
    "colleague_changed": _change(
        "users",
        lambda fact, names: _("changed what is known of %(name)s") % {"name": _user(fact.get("user_id"), names)},
    ),
    "segment_saved": _change("bookmark", lambda fact, names: _named(_("saved a filter"), fact)),
    "bulk_done": _change("layers", _bulk_done),
    "bulk_undone": _change("undo-2", _bulk_undone),
    "segment_deleted": _change("bookmark", lambda fact, names: _named(_("deleted a filter"), fact)),
    "finding_settled": _change(
        "flag",
        lambda fact, names: _("opened a finding again") if fact.get("is_reopened") else _("settled a finding"),
    ),
    "product_recorded": _change("tag", lambda fact, names: _("changed a product")),
    "stage_name_mapped": _change("tag", lambda fact, names: _("said what a stage of another system means")),
}
"""Every kind of fact, with how it is shown."""


def kinds_of(family: str) -> Kinds | None:
    """Which kinds of fact a filter of the timeline shows; None for all. Changes are whatever is nothing else."""
    if family not in set(Family):
        return None
    if family == Family.CHANGE:
        return Kinds({kind for kind, how in WORDINGS.items() if how.family is not Family.CHANGE}, is_left_out=True)
    return Kinds({kind for kind, how in WORDINGS.items() if how.family == family})


# Folded ---------------------------------------------------------------------------------------------------------------

_COUNTED: Final[Mapping[str, Callable[[int], str]]] = {
    "page_viewed": lambda n: ngettext("%(n)s page viewed", "%(n)s pages viewed", n),
    "email_opened": lambda n: ngettext("%(n)s e-mail opened", "%(n)s e-mails opened", n),
    "email_clicked": lambda n: ngettext("%(n)s link followed", "%(n)s links followed", n),
    "fields_changed": lambda n: ngettext("%(n)s change of fields", "%(n)s changes of fields", n),
    "opportunity_changed": lambda n: ngettext("%(n)s change of an opportunity", "%(n)s changes of opportunities", n),
    "promise": lambda n: ngettext("%(n)s step of the SLA clock", "%(n)s steps of the SLA clock", n),
    "other": lambda n: ngettext("%(n)s other fact", "%(n)s other facts", n),
}


def counted(facts: Sequence[FactRow]) -> str:
    """Several facts in few words: “14 pages viewed · 2 e-mails opened”."""
    counts = Counter(_counted_as(fact.kind) for fact in facts)
    return " · ".join(_COUNTED[name](n) % {"n": n} for name, n in counts.items())


def _counted_as(kind: str) -> str:
    name = "promise" if kind.startswith("promise_") else kind
    return name if name in _COUNTED else "other"
