"""Pages of sequences: the list, one with its steps, a step, and what was sent."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from filon.core.forms import show_refusal
from filon.core.web import Request
from filon.kit.errors import Kind, Refused, not_found
from filon.nurture import queries, words
from filon.nurture.models import STEP_KINDS, Sequence, Step, Template
from filon.nurture.pages import tabs
from filon.nurture.sequences import commands, conditions, forms, walking
from filon.nurture.sequences.forms import SequenceForm, StepForm
from filon.nurture.writing.queries import sender

_MENDABLE: Final = {Kind.INVALID, Kind.CONFLICT, Kind.STALE}
_SIDES: Final = ("yes", "no")


@require_safe
def show_all(request: Request) -> HttpResponse:
    """The sequences, with how many are in them and what came of their messages."""
    rows = [(row, words.state(row.state)) for row in queries.sequences(by=request.actor)]
    context = {
        "tabs": tabs("sequences"),
        "rows": rows,
        "has_sender": sender() is not None,
        "is_kept_here": settings.FILON_EMAIL_URL.startswith("console:"),
        "may_change": request.actor.may("nurture.change"),
    }
    return render(request, "nurture/sequences.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Request) -> HttpResponse:
    """A sequence to make."""
    request.actor.require("nurture.change")
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: Request, sequence_id: int) -> HttpResponse:
    """A sequence's name, who enters, and when it stops."""
    request.actor.require("nurture.change")
    return _edit(request, queries.sequence(sequence_id, by=request.actor))


def _edit(request: Request, known: Sequence | None) -> HttpResponse:
    posted = request.POST if request.method == "POST" else None
    form = SequenceForm(posted, initial=forms.initial_of(known) if known else {})
    usual = known.condition if known else "stage = nurturing"
    editor = conditions.posted(request.POST) if posted else conditions.of_text(usual)
    if posted and form.is_valid() and editor.error is None:
        try:
            saved = commands.save_sequence(
                form.draft(editor.text),
                sequence_id=known.pk if known else None,
                seen=form.cleaned_data["version"],
                by=request.actor,
                at=timezone.now(),
            )
        except Refused as refused:
            _show(form, refused)
        else:
            return redirect("nurture:sequence", saved.pk)
    context = {
        "known": known,
        "form": form,
        "trail": _trail(known.name if known else _("New sequence")),
        **conditions.shown(editor),
    }
    return render(request, "nurture/sequence_settings.html", context, status=422 if posted else 200)


@require_POST
def condition(request: Request) -> HttpResponse:
    """A condition after one of its buttons, with what it says now. Writes nothing."""
    request.actor.require("nurture.see")
    changed = conditions.acted(conditions.posted(request.POST), request.POST.get("do", ""))
    return render(request, "nurture/_condition.html", conditions.shown(changed))


@require_safe
def show(request: Request, sequence_id: int) -> HttpResponse:
    """One sequence: its steps with who stands there and what came of each message, and what starting it would do."""
    known = queries.sequence(sequence_id, by=request.actor)
    steps = walking.steps_of([sequence_id])[sequence_id]
    tallies, standing = queries.tallies(sequence_id), queries.standing(sequence_id)
    templates = dict(Template.objects.values_list("pk", "name"))
    rows = [
        {
            "step": step,
            "depth": depth,
            "said": words.step(step, templates),
            "kind": words.step_kind(step.kind),
            "tally": tallies.get(step.id),
            "standing": standing.get(step.id, 0),
            "sides": [(side, steps.of(step.id, side)) for side in _SIDES] if step.kind == "branch" else [],
        }
        for step, depth in steps.in_order()
    ]
    last = steps.of()[-1].id if steps.of() else None
    context = {
        "known": known,
        "state": words.state(known.state),
        "who": words.condition(known.condition) if known.condition else "",
        "rows": rows,
        "last": last,
        "kinds": [(kind, words.step_kind(kind)) for kind in STEP_KINDS],
        "endings": [(words.ending(reason), count) for reason, count in queries.endings(sequence_id)],
        "may_change": request.actor.may("nurture.change"),
        "has_sender": sender() is not None,
        "trail": _trail(known.name),
    }
    return render(request, "nurture/sequence.html", context)


@require_safe
def simulation(request: Request, sequence_id: int) -> HttpResponse:
    """Who would enter today, and who of them could not be written to: a part of the sequence's page."""
    known = queries.sequence(sequence_id, by=request.actor)
    found = queries.simulate(known, at=timezone.now(), by=request.actor)
    context = {"found": found, "reasons": [(words.reason(code), count) for code, count in found.reasons]}
    return render(request, "nurture/_simulation.html", context)


# Steps ----------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def new_step(request: Request, sequence_id: int, kind: str) -> HttpResponse:
    """A step to add. `?after=` the step before it; or `?parent=` a branch and `?side=` yes or no."""
    request.actor.require("nurture.change")
    if kind not in STEP_KINDS:
        raise not_found(_("Step of a sequence"))
    known = queries.sequence(sequence_id, by=request.actor)
    place = {
        "after": _id(request.GET.get("after", "")),
        "parent_id": _id(request.GET.get("parent", "")),
        "side": request.GET.get("side", ""),
    }
    return _step(request, known, kind, None, place)


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: Request, step_id: int) -> HttpResponse:
    """A step to change."""
    request.actor.require("nurture.change")
    found = Step.objects.select_related("sequence").filter(pk=step_id, is_removed=False).first()
    if found is None:
        raise not_found(_("Step of a sequence"))
    return _step(request, found.sequence, found.kind, found, {})


def _step(request: Request, sequence: Sequence, kind: str, known: Step | None, place: dict[str, Any]) -> HttpResponse:
    posted = request.POST if request.method == "POST" else None
    form = StepForm(kind, posted, initial=forms.initial_of_step(known) if known else {})
    usual = known.condition if known else "count(email_clicked, 7 days) >= 1"
    editor = conditions.posted(request.POST) if posted is not None and kind == "branch" else conditions.of_text(usual)
    if posted is not None and form.is_valid() and editor.error is None:
        draft, at = form.draft(editor.text, **place), timezone.now()
        try:
            if known is None:
                commands.add_step(sequence.pk, draft, by=request.actor, at=at)
            else:
                commands.change_step(known.pk, draft, by=request.actor, at=at)
        except Refused as refused:
            _show(form, refused)
        else:
            return redirect("nurture:sequence", sequence.pk)
    context = {
        "sequence": sequence,
        "known": known,
        "kind": kind,
        "kind_label": words.step_kind(kind),
        "form": form,
        "has_templates": kind != "email" or Template.objects.exists(),
        "trail": [*_trail(sequence.name, reverse("nurture:sequence", args=[sequence.pk])), (words.step_kind(kind), "")],
        **(conditions.shown(editor) if kind == "branch" else {}),
    }
    return render(request, "nurture/step.html", context, status=422 if posted is not None else 200)


@require_POST
def remove_step(request: Request, step_id: int) -> HttpResponse:
    """Take a step out."""
    sequence_id = Step.objects.filter(pk=step_id).values_list("sequence_id", flat=True).first()
    commands.remove_step(step_id, by=request.actor, at=timezone.now())
    messages.success(request, _("The step is taken out."))
    return redirect("nurture:sequence", sequence_id)


# Going ----------------------------------------------------------------------------------------------------------------


@require_POST
def start(request: Request, sequence_id: int) -> HttpResponse:
    """Set a sequence going, with or without those of whom its condition holds today."""
    with_known = request.POST.get("with_known") == "1"
    try:
        commands.start_sequence(sequence_id, with_known=with_known, by=request.actor, at=timezone.now())
    except Refused as refused:
        if refused.kind not in _MENDABLE:
            raise
        messages.error(request, refused.message)
    else:
        messages.success(request, _("The sequence runs."))
    return redirect("nurture:sequence", sequence_id)


@require_POST
def pause(request: Request, sequence_id: int) -> HttpResponse:
    """Stop a sequence where it is."""
    commands.pause_sequence(sequence_id, by=request.actor, at=timezone.now())
    messages.success(request, _("The sequence is paused: nobody enters, and nothing is sent."))
    return redirect("nurture:sequence", sequence_id)


@require_POST
def enroll(request: Request, lead_id: int) -> HttpResponse:
    """Put a lead into a sequence by hand."""
    sequence_id = _id(request.POST.get("sequence", ""))
    if sequence_id is None:
        raise not_found(_("Sequence"))
    count = commands.enroll_leads(sequence_id, [lead_id], by=request.actor, at=timezone.now())
    if count:
        messages.success(request, _("The lead is in the sequence."))
    else:
        messages.error(request, _("This lead cannot enter: it has no address, has left, or was in it before."))
    return redirect("leads:lead", lead_id)


@require_POST
def remove(request: Request, lead_id: int, enrollment_id: int) -> HttpResponse:
    """Take a lead out of a sequence by hand."""
    commands.remove_leads([enrollment_id], by=request.actor, at=timezone.now())
    messages.success(request, _("The lead is out of the sequence."))
    return redirect("leads:lead", lead_id)


# What was sent --------------------------------------------------------------------------------------------------------


@require_safe
def sends(request: Request) -> HttpResponse:
    """Every message, the newest first. `?state=`, `?sequence=`, `?before=` a message."""
    state = request.GET.get("state", "")
    sequence_id, before = _id(request.GET.get("sequence", "")), _id(request.GET.get("before", ""))
    found = queries.messages(state=state, sequence_id=sequence_id, before=before, by=request.actor)
    shown = found[: queries.PAGE]
    states = ("", "queued", "sent", "uncertain", "refused", "held")
    context = {
        "tabs": tabs("sends"),
        "rows": [(row, words.state(row.state), words.reason(row.reason)) for row in shown],
        "states": [(code, words.state(code) if code else _("All"), code == state) for code in states],
        "sequence_id": sequence_id,
        "next": shown[-1].id if len(found) > queries.PAGE else None,
        "is_filtered": bool(state or sequence_id or before),
        "may_change": request.actor.may("nurture.change"),
    }
    return render(request, "nurture/sends.html", context)


@require_POST
def send_again(request: Request, delivery_id: int) -> HttpResponse:
    """Send an uncertain message once more."""
    try:
        commands.send_again(delivery_id, by=request.actor, at=timezone.now())
    except Refused as refused:
        if refused.kind not in _MENDABLE:
            raise
        messages.error(request, refused.message)
    else:
        messages.success(request, _("The message waits to be sent again."))
    return redirect(f"{reverse('nurture:sends')}?state=uncertain")


def _show(form: Any, refused: Refused) -> None:
    if refused.kind not in _MENDABLE:
        raise refused
    show_refusal(form, refused)


def _trail(label: str, url: str = "") -> list[tuple[str, str]]:
    return [(_("Sequences"), reverse("nurture:sequences")), (label, url)]


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
