"""The studio: the rules in force, the draft, its simulation, its publication, and the versions before."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from filon.core.web import Request
from filon.kit.errors import Kind, Refused, not_found
from filon.scoring import commands
from filon.scoring.rules import EngagementRule, FitRule
from filon.scoring.studio import conditions, diff, forms, thresholds, wording
from filon.scoring.studio import queries as studio
from filon.scoring.studio.queries import Version

_STATUS: Final = {Kind.INVALID: 422, Kind.STALE: 409, Kind.CONFLICT: 409}


@require_safe
def rules(request: Request) -> HttpResponse:
    """The rules: those of the draft when there is one, marked against what is in force."""
    current, draft = _both(request)
    shown = draft or current
    return render(
        request,
        "scoring/rules.html",
        {
            "tabs": _tabs("rules"),
            "current": current,
            "draft": draft,
            "shown": shown.content,
            "fit_rules": wording.fit_rows(shown.content.fit, current.content.fit),
            "engagement_rules": wording.engagement_rows(shown.content.engagement, current.content.engagement),
            "changes": _changes(current, draft),
            "may_change": request.actor.may("scoring.change"),
            "counted": True,
            "job": studio.recomputation(by=request.actor),
        },
    )


@require_safe
def counts(request: Request) -> HttpResponse:
    """How many leads each rule is about, put beside the rules once they have been counted."""
    current, draft = _both(request)
    content = (draft or current).content
    found = studio.rule_counts(content, at=timezone.now(), by=request.actor)
    rows = (*wording.fit_rows(content.fit, ()), *wording.engagement_rows(content.engagement, ()))
    cells = [(row.id, found.by_rule.get(row.id), row.url) for row in rows]
    return render(request, "scoring/_counts.html", {"counts": found, "cells": cells})


@require_safe
def progress(request: Request) -> HttpResponse:
    """How far the computation of all scores is."""
    return render(request, "scoring/_progress.html", {"job": studio.recomputation(by=request.actor)})


@require_POST
def check(request: Request, family: str) -> HttpResponse:
    """A condition as it is written: in words, or what is wrong and where. Writes nothing."""
    request.actor.require("leads.see")
    typed = conditions.posted(request.POST, family)
    return render(request, "scoring/_check.html", conditions.checked(typed, family, request.POST.get("kind", "")))


@require_POST
def editor(request: Request, family: str) -> HttpResponse:
    """The condition's lines after one of their buttons, with what they say now. Writes nothing."""
    request.actor.require("leads.see")
    kind = request.POST.get("kind", "")
    changed = conditions.acted(
        conditions.posted(request.POST, family), request.POST.get("do", ""), family=family, kind=kind
    )
    context = {**conditions.shown(changed, family), **conditions.checked(changed, family, kind)}
    return render(request, "scoring/_editor.html", context)


# Rules of the draft ---------------------------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_rule(request: Request, family: str) -> HttpResponse:
    """Add a rule to the draft."""
    request.actor.require("scoring.change")
    return _edit_rule(request, family, None)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: Request, rule_id: str) -> HttpResponse:
    """Change a rule in the draft."""
    request.actor.require("scoring.change")
    _current, draft = _both(request)
    content = (draft or _current).content
    for family, known in (("fit", content.fit), ("engagement", content.engagement)):
        for one in known:
            if one.id == rule_id:
                return _edit_rule(request, family, one)
    raise not_found(_("Rule"))


def _edit_rule(request: Request, family: str, known: FitRule | EngagementRule | None) -> HttpResponse:
    typed = conditions.posted(request.POST, family) if request.method == "POST" else None
    form = _rule_form(request, family, known, typed.text if typed else "")
    status = 200
    if typed is not None and form.is_valid() and typed.error is None:
        try:
            _save_rule(request, form, known.id if known else "")
        except Refused as refused:
            status = _show(form, refused, request)
        else:
            messages.success(request, _("Saved in the draft. It counts once it is published."))
            return redirect("scoring:studio")
    elif typed is not None:
        status = 422
    kind = str(form["kind"].value() or "any") if family == "engagement" else ""
    shown = typed or conditions.of_rule(known, family)
    context = {
        "form": form,
        "text_field": form[form.text_field],
        "family": family,
        "known": known,
        "fields": wording.act_fields() if family == "engagement" else wording.fit_fields(),
        "trail": _trail(known.name if known else _("New rule")),
        **conditions.shown(shown, family),
        **conditions.checked(shown, family, kind),
    }
    return render(request, "scoring/rule.html", context, status=status)


def _rule_form(
    request: Request, family: str, known: FitRule | EngagementRule | None, text: str
) -> forms.FitRuleForm | forms.EngagementRuleForm:
    initial: dict[str, Any] = {"edition": _edition(request)}
    if isinstance(known, FitRule):
        initial |= forms.FitRuleForm.values_of(known)
    elif known is not None:
        initial |= forms.EngagementRuleForm.values_of(known)
    make = forms.FitRuleForm if family == "fit" else forms.EngagementRuleForm
    if request.method != "POST":
        return make(initial=initial)
    data = request.POST.copy()
    data[make.text_field] = text
    return make(data, initial=initial)


def _save_rule(request: Request, form: forms.FitRuleForm | forms.EngagementRuleForm, rule_id: str) -> None:
    terms: dict[str, Any] = {"edition": form.edition_seen(), "by": request.actor, "at": timezone.now()}
    if isinstance(form, forms.FitRuleForm):
        commands.save_fit_rule(form.rule(rule_id), **terms)
    else:
        commands.save_engagement_rule(form.rule(rule_id), **terms)


@require_POST
def remove_rule(request: Request, rule_id: str) -> HttpResponse:
    """Take a rule out of the draft."""
    commands.remove_rule(rule_id, edition=_posted_edition(request), by=request.actor, at=timezone.now())
    messages.success(request, _("The rule is out of the draft."))
    return redirect("scoring:studio")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: Request) -> HttpResponse:
    """Half-life and thresholds of the draft, beside those that history suggests."""
    request.actor.require("scoring.change")
    current, draft = _both(request)
    content = (draft or current).content
    proposal = thresholds.propose_thresholds(by=request.actor)
    chosen = proposal.thresholds if "proposed" in request.GET else content.thresholds
    initial = {"edition": _edition(request), **forms.SettingsForm.values_of(content.half_life_days, chosen)}
    form = forms.SettingsForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            commands.save_settings(
                form.cleaned_data["half_life_days"],
                form.thresholds(),
                edition=form.edition_seen(),
                by=request.actor,
                at=timezone.now(),
            )
        except Refused as refused:
            status = _show(form, refused, request)
        else:
            messages.success(request, _("Saved in the draft. It counts once it is published."))
            return redirect("scoring:studio")
    elif request.method == "POST":
        status = 422
    context = {
        "form": form,
        "proposal": proposal,
        "is_proposed": "proposed" in request.GET,
        "trail": _trail(_("Thresholds and half-life")),
    }
    return render(request, "scoring/settings.html", context, status=status)


@require_POST
def discard(request: Request) -> HttpResponse:
    """Forget the draft."""
    commands.discard_draft(edition=_posted_edition(request), by=request.actor, at=timezone.now())
    messages.success(request, _("The draft is forgotten. What is in force has not changed."))
    return redirect("scoring:studio")


# Publication ----------------------------------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: Request) -> HttpResponse:
    """What the draft changes, what that would do to real leads, and its publication with a note."""
    request.actor.require("scoring.change")
    current, draft = _both(request)
    if draft is None:
        return redirect("scoring:studio")
    initial = {"edition": draft.edition, "in_force": current.number}
    form = forms.PublishForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            published = commands.publish_draft(
                form.cleaned_data["note"],
                edition=form.edition_seen(),
                in_force=form.cleaned_data["in_force"],
                by=request.actor,
                at=timezone.now(),
            )
        except Refused as refused:
            status = _show(form, refused, request, in_force=current.number)
        else:
            return _published(request, published.number)
    elif request.method == "POST":
        status = 422
    context = {
        "form": form,
        "current": current,
        "draft": draft,
        "changes": _changes(current, draft),
        "trail": _trail(_("Simulate and publish")),
    }
    return render(request, "scoring/publish.html", context, status=status)


@require_safe
def simulation(request: Request) -> HttpResponse:
    """What publishing the draft would do to the latest leads; nothing is written."""
    request.actor.require("scoring.change")
    _current, draft = _both(request)
    if draft is None:
        raise not_found(_("Draft"))
    found = studio.simulate(draft.content, at=timezone.now(), by=request.actor)
    context = {
        "simulation": found,
        "letters": wording.matrix_of(found.grades, 0),
        "figures": wording.matrix_of(found.grades, 1),
        "matrix": wording.matrix(found.grades),
    }
    return render(request, "scoring/_simulation.html", context)


def _published(request: Request, number: int | None) -> HttpResponse:
    message = _("Version %(number)s is in force. The scores of known leads are being computed anew.")
    messages.success(request, message % {"number": number})
    return redirect("scoring:studio")


# Versions -------------------------------------------------------------------------------------------------------------


@require_safe
def history(request: Request) -> HttpResponse:
    """Every version with what it changed, the newest first."""
    listed = [(one, wording.said(changed)) for one, changed in studio.history(by=request.actor)]
    context = {"tabs": _tabs("versions"), "listed": listed, "may_change": request.actor.may("scoring.change")}
    return render(request, "scoring/versions.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def version(request: Request, number: int) -> HttpResponse:
    """What one version said, and its return into force."""
    shown = studio.version(number, by=request.actor)
    current = studio.in_force(by=request.actor)
    in_force = current.number if current else 0
    form = forms.PublishForm(
        request.POST if request.method == "POST" else None, initial={"edition": 0, "in_force": in_force}
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            restored = commands.restore_version(
                number,
                form.cleaned_data["note"],
                in_force=form.cleaned_data["in_force"],
                by=request.actor,
                at=timezone.now(),
            )
        except Refused as refused:
            if refused.kind is Kind.FORBIDDEN:
                raise
            status = _show(form, refused, request, in_force=in_force)
        else:
            return _published(request, restored.number)
    elif request.method == "POST":
        status = 422
    context = {
        "form": form,
        "version": shown,
        "in_force": in_force,
        "changes": wording.said(diff.changes(current.content, shown.content)) if current else [],
        "fit_rules": wording.fit_rows(shown.content.fit, shown.content.fit),
        "engagement_rules": wording.engagement_rows(shown.content.engagement, shown.content.engagement),
        "may_change": request.actor.may("scoring.change"),
        "trail": [
            (_("Scoring"), reverse("scoring:studio")),
            (_("Versions"), reverse("scoring:versions")),
            (_("Version %(number)s") % {"number": number}, ""),
        ],
    }
    return render(request, "scoring/version.html", context, status=status)


# What pages share -----------------------------------------------------------------------------------------------------


def _both(request: Request) -> tuple[Version, Version | None]:
    """What is in force, and the draft when there is one."""
    current = studio.in_force(by=request.actor)
    if current is None:
        raise Refused(_("There are no scoring rules yet."), Kind.CONFLICT, code="no_scoring")
    return current, studio.draft(by=request.actor)


def _changes(current: Version, draft: Version | None) -> list[wording.SaidChange]:
    return wording.said(diff.changes(current.content, draft.content)) if draft else []


def _edition(request: Request) -> int:
    draft = studio.draft(by=request.actor)
    return draft.edition if draft else 0


def _posted_edition(request: Request) -> int:
    text = request.POST.get("edition", "")
    return int(text) if text.isdigit() else 0


def _show(form: Any, refused: Refused, request: Request, **fresh: Any) -> int:
    """Say on the form why it was refused, keep what was typed, and let the next try know of what it did not know."""
    if refused.kind not in _STATUS:
        raise refused
    forms.show_refusal(form, refused)
    if refused.kind is not Kind.INVALID:
        form.data = form.data.copy()
        for name, value in {"edition": _edition(request), **fresh}.items():
            form.data[name] = str(value)
    return _STATUS[refused.kind]


def _tabs(current: str) -> list[dict[str, Any]]:
    return [
        {"label": _("Rules"), "url": reverse("scoring:studio"), "current": current == "rules"},
        {"label": _("Versions"), "url": reverse("scoring:versions"), "current": current == "versions"},
    ]


def _trail(label: str) -> list[tuple[str, str]]:
    return [(_("Scoring"), reverse("scoring:studio")), (label, "")]
