"""Pages of routing: the rules and their versions, what they would do, and clocks. Commands judge who may."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from filon.core.conditions import ConditionError, parse
from filon.core.models import User
from filon.core.web import Request
from filon.kit.errors import Kind, Refused, not_found
from filon.leads.fields import REGISTRY
from filon.routing import clocks, commands, forms, labels, queries, rulebook
from filon.routing.clocks import PromiseFilter
from filon.routing.decisions import Rule, RuleSet
from filon.routing.simulation import simulate

_TABS: Final = ("rules", "teams", "calendars", "promises")


def page(request: Request, template: str, tab: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """A page of routing with its tabs; promises show how many are broken and unanswered."""
    titles = {
        "rules": _("Rules"),
        "teams": _("Teams and turns"),
        "calendars": _("Working hours"),
        "promises": _("First responses"),
    }
    counts = {"promises": clocks.promise_counts(by=request.actor)["breached"] or ""}
    tabs = [
        {"label": titles[name], "url": reverse(f"routing:{name}"), "current": name == tab, "count": counts.get(name)}
        for name in _TABS
    ]
    return render(request, template, {"tabs": tabs, **context}, status=status)


# Rules ----------------------------------------------------------------------------------------------------------------


@require_safe
def rules(request: Request) -> HttpResponse:
    """The rules in their order, as the draft has them."""
    book = queries.rule_book(by=request.actor, language=_language())
    initial = {"minutes_asked": book.draft.minutes_asked, "minutes_other": book.draft.minutes_other}
    return page(
        request,
        "routing/rules.html",
        "rules",
        book=book,
        promise_form=forms.PromiseForm(initial=initial),
        versions=queries.versions(by=request.actor),
        may_change=request.actor.may("routing.change"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: Request, number: int | None = None) -> HttpResponse:
    """One rule of the draft, or a new one at its end."""
    request.actor.require("routing.change")
    draft, revision = rulebook.draft()
    known = _rule(draft, number) if number is not None else None
    form = forms.RuleForm(request.POST or None, initial=forms.initial_of(known) if known else {"receiver": "team:"})
    if form.is_valid():
        place = number - 1 if number else len(draft.rules)
        changed = [*draft.rules[:place], form.rule, *draft.rules[place + 1 :]]
        try:
            _save(request, replace(draft, rules=tuple(changed)), revision=_revision(request))
        except Refused as refused:
            if refused.kind not in {Kind.INVALID, Kind.STALE}:  # what was typed stays on the page
                raise
            forms.show_refusal(form, refused, {"to": "receiver"})
        else:
            return redirect("routing:rules")
    return page(
        request,
        "routing/rule.html",
        "rules",
        status=422 if form.errors else 200,
        form=form,
        number=number,
        revision=request.POST.get("revision", revision),
        vocabulary=queries.vocabulary(_language()),
    )


@require_POST
def move_rule(request: Request, number: int) -> HttpResponse:
    """Put a rule one place up or down (`to`: the place it shall have)."""
    draft, _revision_now = rulebook.draft()
    moved = _rule(draft, number)
    place = _number(request.POST.get("to"))
    others = [one for position, one in enumerate(draft.rules, start=1) if position != number]
    others.insert(min(max(place - 1, 0), len(others)), moved)
    _save(request, replace(draft, rules=tuple(others)), revision=_revision(request))
    return redirect(f"{reverse('routing:rules')}#rule-{place}")


@require_POST
def remove_rule(request: Request, number: int) -> HttpResponse:
    """Take a rule out of the draft."""
    draft, _revision_now = rulebook.draft()
    gone = _rule(draft, number)
    others = tuple(one for position, one in enumerate(draft.rules, start=1) if position != number)
    _save(request, replace(draft, rules=others), revision=_revision(request))
    messages.success(request, _("The rule “%(name)s” is out of the draft.") % {"name": gone.name})
    return redirect("routing:rules")


@require_POST
def set_promises(request: Request) -> HttpResponse:
    """What is promised unless a rule says otherwise."""
    draft, _revision_now = rulebook.draft()
    form = forms.PromiseForm(request.POST)
    if not form.is_valid():
        raise Refused(_("A promise is between 1 minute and 30 days of work."))
    _save(request, replace(draft, **form.cleaned_data), revision=_revision(request))
    return redirect("routing:rules")


@require_POST
def check_condition(request: Request) -> HttpResponse:
    """A condition in words, or what is wrong with it and where: a part of the rule's page."""
    request.actor.require("leads.see")
    text = request.POST.get("when", "")
    said, mistake = queries.in_words(text, _language())
    context = {"said": said, "error": _mistake(text, mistake) if mistake and text.strip() else None}
    return render(request, "routing/_condition.html", context)


@require_safe
def simulation(request: Request) -> HttpResponse:
    """Where the draft would send the latest leads."""
    in_force, draft, revision = rulebook.both()
    found = simulate(draft, by=request.actor, at=timezone.now(), against=in_force)
    only_moved = request.GET.get("only") == "moved"
    shown = [outcome for outcome in found.outcomes if outcome.is_moved or not only_moved]
    here = reverse("routing:simulation")
    views = [
        {"label": _("All leads"), "url": here, "current": not only_moved},
        {"label": _("Only those that would go elsewhere"), "url": f"{here}?only=moved", "current": only_moved},
    ]
    return page(request, "routing/simulation.html", "rules", revision=revision, found=found, shown=shown, views=views)


@require_POST
def publish(request: Request) -> HttpResponse:
    """Let the draft route from now on."""
    version = rulebook.publish_draft(revision=_revision(request), by=request.actor, at=timezone.now())
    messages.success(request, _("Version %(version)s routes from now on.") % {"version": version})
    return redirect("routing:rules")


@require_POST
def discard(request: Request) -> HttpResponse:
    """Forget the draft."""
    rulebook.discard_draft(by=request.actor)
    messages.success(request, _("The draft is gone; the rules in force go on."))
    return redirect("routing:rules")


@require_safe
def version(request: Request, number: int) -> HttpResponse:
    """One published version as it was."""
    request.actor.require("leads.see")
    found = rulebook.version(number)
    return page(
        request,
        "routing/version.html",
        "rules",
        found=found,
        rows=queries.rule_rows(found, _language()),
        may_change=request.actor.may("routing.change"),
    )


@require_POST
def restore(request: Request, number: int) -> HttpResponse:
    """Make a draft of a former version."""
    rulebook.restore(number, by=request.actor, at=timezone.now())
    messages.success(
        request, _("The draft is now version %(version)s. Publish it to put it in force.") % {"version": number}
    )
    return redirect("routing:rules")


def _save(request: Request, draft: RuleSet, *, revision: int) -> None:
    rulebook.save_draft(draft, revision=revision, by=request.actor, at=timezone.now())


def _rule(draft: RuleSet, number: int) -> Rule:
    if not 1 <= number <= len(draft.rules):
        raise not_found(_("Rule"))
    return draft.rules[number - 1]


def _revision(request: Request) -> int:
    return _number(request.POST.get("revision"))


def _number(text: str | None) -> int:
    if text is None or not text.isdecimal() or len(text) > 9:
        raise Refused(_("The page is out of date: reload it."), Kind.STALE, code="stale_draft")
    return int(text)


def _mistake(text: str, message: str) -> dict[str, str]:
    """A condition's text cut around its mistake, for `ui/condition_error.html`."""
    try:
        parse(text, REGISTRY)
    except ConditionError as error:
        end = error.position + max(error.length, 1)
        parts = {"before": text[: error.position], "at": text[error.position : end], "after": text[end:]}
        return {"message": message, **parts}
    return {"message": message, "before": text, "at": "", "after": ""}


def _language() -> str:
    return get_language() or "fr"


# Clocks ---------------------------------------------------------------------------------------------------------------


@require_safe
def promises(request: Request) -> HttpResponse:
    """The clocks: running and broken ones by due time, or those of one state."""
    wanted = PromiseFilter(
        state=request.GET.get("state", ""),
        owner_id=int(owner) if (owner := request.GET.get("owner", "")).isdecimal() else None,
    )
    found = clocks.promises(wanted, by=request.actor, at=timezone.now(), after=request.GET.get("after", ""))
    return page(
        request,
        "routing/promises.html",
        "promises",
        found=found,
        state=wanted.state,
        states=labels.STATES,
        counts=clocks.promise_counts(by=request.actor),
        owners=User.objects.filter(is_active=True, role__in=["sdr", "sales"]).order_by("name_folded"),
        owner_id=wanted.owner_id,
    )


@require_POST
def assign(request: Request, lead_id: int) -> HttpResponse:
    """Give a lead to a colleague (`owner`: their id; empty: to nobody), or take it."""
    owner = request.POST.get("owner", "")
    owner_id = int(owner) if owner.isdecimal() else None
    commands.assign_lead(lead_id, owner_id, by=request.actor, at=timezone.now())
    response = HttpResponse(status=204)
    response["HX-Refresh"] = "true"
    return response
