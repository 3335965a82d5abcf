"""Pages of one's own mailbox, and of writing to somebody."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from filon.core.forms import show_refusal
from filon.core.web import Request, back_to
from filon.kit.errors import Kind, Refused
from filon.mailboxes import connecting, forms, queries, rules, writing
from filon.mailboxes.queries import Whom


@require_safe
def own(request: Request) -> HttpResponse:
    """How one's mailbox stands, and one's BCC address."""
    request.actor.require(connecting.RIGHT)
    context = {"account": queries.own(by=request.actor), "drop_address": queries.drop_address(by=request.actor)}
    return render(request, "mailboxes/own.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: Request) -> HttpResponse:
    """Connect one's mailbox, or change how."""
    request.actor.require(connecting.RIGHT)
    account = queries.own(by=request.actor)
    first = forms.initial(account, name=request.actor.label, email=getattr(request.user, "email", "") or "")
    form = forms.AccountForm(request.POST or None, initial=first, is_known=account is not None)
    if form.is_valid():
        try:
            connecting.connect(form.draft(), by=request.actor, at=timezone.now())
        except Refused as refused:
            if refused.kind is not Kind.INVALID:
                raise
            show_refusal(form, refused)
        else:
            messages.success(request, _("Your mailbox is connected: mails with known people stand on their timeline."))
            return redirect("mailboxes:own")
    context = {"form": form, "account": account}
    return render(request, "mailboxes/settings.html", context, status=422 if form.is_bound else 200)


@require_POST
def pause(request: Request) -> HttpResponse:
    """Read and send nothing for a while."""
    connecting.pause(True, by=request.actor)
    return redirect("mailboxes:own")


@require_POST
def resume(request: Request) -> HttpResponse:
    """Go on."""
    connecting.pause(False, by=request.actor)
    return redirect("mailboxes:own")


@require_POST
def disconnect(request: Request) -> HttpResponse:
    """Forget one's mailbox."""
    connecting.disconnect(by=request.actor, at=timezone.now())
    messages.success(request, _("Your mailbox is disconnected, and its password forgotten."))
    return redirect("mailboxes:own")


@require_http_methods(["GET", "HEAD", "POST"])
def write(request: Request, lead_id: int) -> HttpResponse:
    """A mail to the person of a lead, from one's own address."""
    at = timezone.now()
    whom = queries.whom(lead_id, by=request.actor, at=at)
    account = queries.own(by=request.actor)
    signature = account.signature if account is not None else ""
    form = forms.MailForm(list(whom.conversations), request.POST or None, initial=_start(request, whom, signature))
    if form.is_valid():
        said = form.cleaned_data
        draft = writing.Draft(
            lead_id=lead_id,
            subject=said["subject"],
            text=said["text"],
            answers=said.get("answers", ""),
            key=said["key"],
        )
        try:
            writing.write(draft, by=request.actor, at=at)
        except Refused as refused:
            if refused.kind not in {Kind.INVALID, Kind.CONFLICT}:
                raise
            form.add_error(None, refused.message)
        else:
            messages.success(request, _("Your mail leaves in a few seconds; until then you can take it back."))
            return redirect("leads:lead", lead_id)
    context = {
        "form": form,
        "whom": whom,
        "account": account,
        "templates": writing.templates(by=request.actor),
        "chosen": request.GET.get("template", ""),
    }
    return render(request, "mailboxes/write.html", context, status=422 if form.is_bound else 200)


def _start(request: Request, whom: Whom, signature: str) -> dict[str, Any]:
    """What the form of a mail begins with: an answer to their last mail, or a template, above one's signature."""
    start: dict[str, Any] = {"key": uuid.uuid4().hex}
    text = ""
    chosen = request.GET.get("template", "")
    if chosen.isascii() and chosen.isdecimal() and len(chosen) < 19:
        start["answers"] = ""
        start["subject"], text = writing.filled(int(chosen), whom.lead_id, by=request.actor)
    elif whom.conversations:
        start["answers"] = whom.conversations[0].message_id
        start["subject"] = rules.answering(whom.conversations[0].subject)
    start["text"] = f"{text}\n\n-- \n{signature}" if signature else text
    return start


@require_POST
def withdraw(request: Request, written_id: int) -> HttpResponse:
    """Take a mail back before it goes."""
    if writing.withdraw(written_id, by=request.actor, at=timezone.now()):
        messages.success(request, _("The mail was taken back: it did not leave."))
    else:
        messages.error(request, _("Too late: the mail has left."))
    return redirect(_lead_page(request))


@require_POST
def again(request: Request, written_id: int) -> HttpResponse:
    """Have a mail sent after all."""
    if writing.send_again(written_id, by=request.actor, at=timezone.now()):
        messages.success(request, _("The mail is being sent."))
    return redirect(_lead_page(request))


@require_POST
def discard(request: Request, written_id: int) -> HttpResponse:
    """Put a mail away that did not arrive."""
    writing.discard(written_id, by=request.actor)
    return redirect(_lead_page(request))


def _lead_page(request: Request) -> str:
    return back_to(request) or "/leads"
