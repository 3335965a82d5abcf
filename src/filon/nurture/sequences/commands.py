"""Making sequences, their steps, and setting them going."""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from filon.core import jobs, ledger
from filon.core.access import Actor
from filon.core.conditions import ConditionError, parse
from filon.kit.errors import Kind, Refused, not_found
from filon.kit.text import fold
from filon.leads import fields
from filon.leads.sight import seen_by
from filon.nurture.events import SequenceSaved
from filon.nurture.models import STEP_TASKS, Delivery, Enrollment, Sender, Sequence, Step, Template
from filon.nurture.sequences import ending, entering

KNOWN_JOB: Final = "nurture.enter_known"
_LONGEST_WAIT: Final = 366 * 24 * 60
_MOST_STEPS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a sequence shall be; see `models.Sequence`."""

    name: str
    condition: str = ""
    in_working_hours: bool = True
    stops_at_mql: bool = True


@transaction.atomic
def save_sequence(
    draft: Draft, *, sequence_id: int | None = None, seen: int | None = None, by: Actor, at: datetime
) -> Sequence:
    """Make a sequence, or change one (seen: the version that was looked at). Needs `nurture.change`.

    Emits SequenceSaved. Raises Refused naming what cannot be.
    """
    by.require("nurture.change")
    if not draft.name.strip():
        raise _wrong("name", _("Give the sequence a name."))
    _check_condition("condition", draft.condition)
    sequence = _locked(sequence_id, seen) if sequence_id is not None else Sequence(created_at=at, version=0)
    sequence.name, sequence.name_folded = draft.name.strip()[:120], fold(draft.name)[:120]
    sequence.condition = draft.condition.strip()
    sequence.in_working_hours, sequence.stops_at_mql = draft.in_working_hours, draft.stops_at_mql
    try:
        with transaction.atomic():
            _save(sequence, by=by, at=at)
    except IntegrityError as error:
        raise _wrong("name", _("Another sequence has this name."), Kind.CONFLICT) from error
    return sequence


# Steps ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDraft:
    """What a step shall be; see `models.Step`. after: the step before it on its side, None to begin it."""

    kind: str
    template_id: int | None = None
    minutes: int = 0
    condition: str = ""
    task: str = ""
    text: str = ""
    parent_id: int | None = None
    side: str = ""
    after: int | None = None


@transaction.atomic
def add_step(sequence_id: int, draft: StepDraft, *, by: Actor, at: datetime) -> Step:
    """Put a step into a sequence; leads who have passed its place are not called back. Needs `nurture.change`.

    Emits SequenceSaved. Raises Refused naming what cannot be.
    """
    by.require("nurture.change")
    sequence = _locked(sequence_id, None)
    cells = _checked(draft)
    steps = Step.objects.filter(sequence=sequence, parent_id=draft.parent_id, side=draft.side)
    if draft.parent_id is not None:
        branch = Step.objects.filter(sequence=sequence, pk=draft.parent_id, kind="branch", is_removed=False)
        if draft.side not in {"yes", "no"} or not branch.exists():
            raise not_found(_("Step of a sequence"))
    elif draft.side:
        raise not_found(_("Step of a sequence"))
    if Step.objects.filter(sequence=sequence, is_removed=False).count() >= _MOST_STEPS:
        raise _wrong("kind", _("A sequence has at most %(count)d steps.") % {"count": _MOST_STEPS})
    before = steps.filter(pk=draft.after).first() if draft.after is not None else None
    if draft.after is not None and before is None:
        raise not_found(_("Step of a sequence"))
    position = before.position + 1 if before else 0
    steps.filter(position__gte=position).update(position=F("position") + 1)
    step = Step.objects.create(
        sequence=sequence, parent_id=draft.parent_id, side=draft.side, position=position, **cells
    )
    _save(sequence, by=by, at=at)
    return step


@transaction.atomic
def change_step(step_id: int, draft: StepDraft, *, by: Actor, at: datetime) -> Step:
    """Change what a step does; its kind and place stay. Needs `nurture.change`. Emits SequenceSaved. Raises Refused."""
    by.require("nurture.change")
    step = _step(step_id)
    if draft.kind != step.kind:
        raise _wrong("kind", _("A step stays of its kind: remove it and add another."))
    for name, value in _checked(draft).items():
        setattr(step, name, value)
    step.save()
    _save(step.sequence, by=by, at=at)
    return step


@transaction.atomic
def remove_step(step_id: int, *, by: Actor, at: datetime) -> None:
    """Take a step out, a branch with its sides. Who stands there goes on after it; its messages that wait are not sent.

    Needs `nurture.change`. Emits SequenceSaved.
    """
    by.require("nurture.change")
    step = _step(step_id)
    gone, parents = [step.pk], [step.pk]
    while parents:
        parents = list(Step.objects.filter(parent_id__in=parents, is_removed=False).values_list("pk", flat=True))
        gone += parents
    Step.objects.filter(pk__in=gone).update(is_removed=True)
    waiting = Delivery.objects.filter(step_id__in=gone, state=Delivery.State.QUEUED)
    waiting.update(state=Delivery.State.HELD, reason="step_removed", settled_at=at)
    Enrollment.objects.filter(step_id__in=gone, state=Enrollment.State.ACTIVE).update(due_at=at)
    _save(step.sequence, by=by, at=at)


def _step(step_id: int) -> Step:
    step = Step.objects.filter(pk=step_id, is_removed=False).first()
    if step is None:
        raise not_found(_("Step of a sequence"))
    _locked(step.sequence_id, None)
    return step


def _checked(draft: StepDraft) -> dict[str, Any]:
    """The cells of a step, those that its kind does not know left empty."""
    match draft.kind:
        case "email":
            if draft.template_id is None or not Template.objects.filter(pk=draft.template_id).exists():
                raise _wrong("template", _("Choose the template to send."))
            return {"kind": "email", "template_id": draft.template_id}
        case "wait":
            if not 1 <= draft.minutes <= _LONGEST_WAIT:
                raise _wrong("minutes", _("A wait lasts from a minute to a year."))
            return {"kind": "wait", "minutes": draft.minutes}
        case "branch":
            if not draft.condition.strip():
                raise _wrong("condition", _("Say what is asked here."))
            _check_condition("condition", draft.condition)
            return {"kind": "branch", "condition": draft.condition.strip()}
        case "task":
            if draft.task not in STEP_TASKS:
                raise _wrong("task", _("Choose one of these."))
            return {"kind": "task", "task": draft.task, "text": " ".join(draft.text.split())[:500]}
    raise _wrong("kind", _("Choose one of these."))


# Going ----------------------------------------------------------------------------------------------------------------


@transaction.atomic
def start_sequence(sequence_id: int, *, with_known: bool, by: Actor, at: datetime) -> None:
    """Set a sequence going. with_known: those of whom the condition holds today enter too, by a job.

    Needs `nurture.change`. Emits SequenceSaved. Raises Refused: no step, no message, no sender.
    """
    by.require("nurture.change")
    sequence = _locked(sequence_id, None)
    if entering.first_step(sequence_id) is None:
        raise Refused(_("A sequence needs at least one step."), Kind.CONFLICT, code="no_step")
    if not Sender.objects.exists():
        raise Refused(_("First say in whose name messages go: see “Sender”."), Kind.CONFLICT, code="no_sender")
    if sequence.state != Sequence.State.RUNNING:
        entering.begin_following(at=at)
        sequence.state, sequence.started_at = Sequence.State.RUNNING, sequence.started_at or at
        _save(sequence, by=by, at=at)
    if with_known and sequence.condition:
        jobs.enqueue(KNOWN_JOB, {"sequence_id": sequence_id}, at=at, key=f"{KNOWN_JOB}:{sequence_id}")


@transaction.atomic
def pause_sequence(sequence_id: int, *, by: Actor, at: datetime) -> None:
    """Stop a sequence where it is: nobody enters, walks on, or is written to until it is started again.

    Needs `nurture.change`. Emits SequenceSaved.
    """
    by.require("nurture.change")
    sequence = _locked(sequence_id, None)
    if sequence.state == Sequence.State.RUNNING:
        sequence.state = Sequence.State.PAUSED
        _save(sequence, by=by, at=at)


@transaction.atomic
def enroll_leads(sequence_id: int, lead_ids: Many[int], *, by: Actor, at: datetime) -> int:
    """Have leads enter a running sequence by hand; how many could. Needs `leads.act`. Emits Enrolled.

    Raises Refused when it does not run.
    """
    by.require("leads.act")
    sequence = _locked(sequence_id, None)
    if sequence.state != Sequence.State.RUNNING:
        raise Refused(_("This sequence does not run: start it first."), Kind.CONFLICT, code="not_running")
    return entering.enroll(sequence, seen_by(by, lead_ids), by=by, at=at)


@transaction.atomic
def remove_leads(enrollment_ids: Many[int], *, by: Actor, at: datetime) -> int:
    """Take leads out of the sequence they are in; how many were. Needs `leads.act`. Emits EnrollmentEnded."""
    by.require("leads.act")
    leads = dict(Enrollment.objects.filter(pk__in=enrollment_ids).values_list("pk", "lead_id"))
    seen = seen_by(by, leads.values())
    mine = [(pk, "removed") for pk, lead_id in leads.items() if lead_id in seen]
    return ending.end(mine, by=by, at=at)


@transaction.atomic
def send_again(delivery_id: int, *, by: Actor, at: datetime) -> None:
    """Send an uncertain message once more, on a person's word that it did not come. Needs `nurture.change`.

    It goes under its Message-ID, so that a mail program that has it shows it once. Raises Refused.
    """
    by.require("nurture.change")
    delivery = Delivery.objects.select_for_update().filter(pk=delivery_id).first()
    if delivery is None or delivery.lead_id not in seen_by(by, [delivery.lead_id]):
        raise not_found(_("Message"))
    if delivery.state != Delivery.State.UNCERTAIN:
        raise Refused(_("Only an uncertain message can be sent again."), Kind.CONFLICT, code="not_uncertain")
    if Enrollment.objects.filter(pk=delivery.enrollment_id, state=Enrollment.State.STOPPED).exists():
        raise Refused(_("This person is no longer in the sequence."), Kind.CONFLICT, code="left")
    delivery.state, delivery.reason, delivery.due_at, delivery.settled_at = Delivery.State.QUEUED, "again", at, None
    delivery.attempts = 0
    delivery.save(update_fields=["state", "reason", "due_at", "settled_at", "attempts"])


# Shared ---------------------------------------------------------------------------------------------------------------


def _save(sequence: Sequence, *, by: Actor, at: datetime) -> None:
    sequence.version += 1
    sequence.updated_at = at
    sequence.save()
    fact = SequenceSaved(at=at, sequence_id=sequence.pk, version=sequence.version, state=str(sequence.state))
    ledger.append([fact], by=by, learnt_at=at)


def _locked(sequence_id: int, seen: int | None) -> Sequence:
    sequence = Sequence.objects.select_for_update().filter(pk=sequence_id).first()
    if sequence is None:
        raise not_found(_("Sequence"))
    if seen is not None and seen != sequence.version:
        message = _("Somebody changed this sequence while you were at it. Reload the page to see what it is now.")
        raise Refused(message, Kind.STALE, code="stale")
    return sequence


def _check_condition(field: str, text: str) -> None:
    if not text.strip():
        return
    try:
        parse(text, fields.REGISTRY)
    except ConditionError as error:
        message = error.words.in_language(get_language() or "fr")
        raise _wrong(
            field, _("At character %(place)d: %(why)s") % {"place": error.position + 1, "why": message}
        ) from error


def _wrong(field: str, message: str, kind: Kind = Kind.INVALID) -> Refused:
    return Refused(message, kind, [{"field": field, "message": message}], "invalid")
