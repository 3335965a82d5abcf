"""What people meet who got a message: where its links lead, and the page on which they leave.

No session, no cookie, no sign-in. Looking changes nothing that the person would have to decide: only a POST leaves.
"""

from __future__ import annotations

import base64
from typing import Final

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from filon.leads import consents, suppression
from filon.nurture.answers import arrivals, tokens
from filon.nurture.answers.arrivals import Sent
from filon.nurture.models import Link

_PIXEL: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@login_not_required
@never_cache
@require_safe
def click(request: HttpRequest, token: str) -> HttpResponse:
    """Go where a link of a message leads: to a stored destination, and nowhere else."""
    named = tokens.link_of(token)
    link = Link.objects.filter(pk=named[1]).first() if named else None
    if named is None or link is None:
        return _gone(request)
    message = arrivals.sent(named[0])
    address = link.url
    if message is not None and request.method == "GET":
        agent, at = request.headers.get("User-Agent", ""), timezone.now()
        arrivals.note_click(message, link.pk, link.url, agent=agent, at=at)
        address = arrivals.destination(message, link.url, agent=agent, at=at)
    response = HttpResponseRedirect(address)
    response["Referrer-Policy"] = "no-referrer"
    return response


@login_not_required
@never_cache
@require_safe
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """The image that tells of an opening. It is always the same; whether anything is kept is the person's choice."""
    delivery_id = tokens.delivery_of(token)
    message = arrivals.sent(delivery_id) if delivery_id is not None else None
    if message is not None and request.method == "GET":
        arrivals.note_open(message, agent=request.headers.get("User-Agent", ""), at=timezone.now())
    return HttpResponse(_PIXEL, content_type="image/gif")


@login_not_required
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """The page on which a person leaves. A POST leaves at once, from a mail program (RFC 8058) as from the page."""
    delivery_id = tokens.delivery_of(token)
    message = arrivals.sent(delivery_id) if delivery_id is not None else None
    if message is None:
        return _gone(request)
    with translation.override(message.language):
        status = 200
        if request.method == "POST":
            status = _said(message, request.POST.get("what", ""))
        return _page(request, message, status)


def _said(message: Sent, what: str) -> int:
    """Do what was asked; the status to answer with."""
    at = timezone.now()
    if what == "tracking":
        consents.refuse(message.person_id, "tracking", door="mail", at=at)
    elif suppression.reasons_of([message.email]).get(message.email) != suppression.OBJECTION:
        return 503 if arrivals.leave(message, at=at).refusal is not None else 200
    return 200


def _page(request: HttpRequest, message: Sent, status: int) -> HttpResponse:
    has_left = suppression.reasons_of([message.email]).get(message.email) == suppression.OBJECTION
    context = {
        "has_left": has_left,
        "is_tracked": consents.state_of(message.person_id, "tracking") == "given",
        "company": message.company,
        "email": _hidden(message.email),
        "failed": status != 200,
    }
    response = render(request, "nurture/leave.html", context, status=status)
    response["Content-Language"] = message.language
    return response


def _hidden(email: str) -> str:
    """An address that its owner knows again and nobody else learns: `c•••@essai.fr`."""
    local, _at, domain = email.partition("@")
    return f"{local[:1]}•••@{domain}"


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "nurture/leave.html", {"is_unknown": True}, status=404)
