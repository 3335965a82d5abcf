"""What guests see: free moments, their meeting, and how it is moved or cancelled. No session, no cookie."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from filon.core import limits
from filon.core.forms import show_refusal
from filon.core.post import letters as post
from filon.kit.errors import Kind, Refused
from filon.meetings import commands, letters, queries, tying
from filon.meetings.forms import GuestForm, moment
from filon.meetings.free_times import free_times
from filon.meetings.models import KIND_LABELS, KINDS, BookingPage, Meeting

MOST: Final = 20
WINDOW: Final = timedelta(minutes=10)
DAYS: Final = 7
"""So many days with free moments stand on a page."""
TRAP: Final = "website"
_AHEAD: Final = timedelta(days=21)
_SALT: Final = "filon.booking"
_KEPT_OPEN: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Day:
    """The free moments of a day: (ISO moment, hour on the wall)."""

    day: date
    times: Sequence[tuple[str, datetime]]


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def book(request: HttpRequest, slug: str) -> HttpResponse:
    """A colleague's free moments; then who books; a POST books, or says what is wrong and keeps what was typed."""
    request.encoding = "utf-8"
    page = queries.page_of(slug)
    if page is None:
        return render(request, "meetings/gone.html", status=404)
    with translation.override(page.language):
        response = _book(request, page)
        response["Content-Language"] = page.language
        response["Cache-Control"] = "no-store"
    return response


def _book(request: HttpRequest, page: BookingPage) -> HttpResponse:
    kind = request.GET.get("kind", "") or next(iter(kind for kind in KINDS if kind in page.minutes), "")
    if request.method != "POST":
        chosen = moment(request.GET.get("at", "").replace(" ", "+"))
        if chosen is None:
            return _choose(request, page, kind, 200)
        return _ask(request, page, kind, GuestForm(initial={"starts_at": chosen.isoformat()}), 200)
    at, form = timezone.now(), GuestForm(request.POST)
    mark = _mark(page, request.POST.get("mark", ""))
    if mark is None:
        form.add_error(None, _("This page was open for a long time. Please send it once more."))
    elif form.is_valid():
        try:
            address = limits.network_of(request.META.get("REMOTE_ADDR", ""))
            limits.take("booking", f"{page.pk}:{address}", most=MOST, window=WINDOW, at=at)
            source = _source(request)
            meeting = commands.book(
                page,
                kind,
                form.cleaned_data["starts_at"],
                form.guest(source),
                mark=mark,
                at=at,
                is_held=bool(request.POST.get(TRAP)),
            )
        except Refused as refused:
            if refused.code == "taken":
                return _ask_again(request, page, kind, form, refused.message)
            if refused.kind not in {Kind.INVALID, Kind.TOO_MANY}:
                raise
            show_refusal(form, refused)
            status = 429 if refused.kind is Kind.TOO_MANY else 422
            return _ask(request, page, kind, form, status)
        if meeting is None:
            return render(request, "meetings/thanks.html", {"page": page}, status=202)
        return redirect(reverse("booking:meeting", args=[meeting.token]), permanent=False)
    return _ask(request, page, kind, form, 422)


def _source(request: HttpRequest) -> str:
    given = request.GET.get("utm_source", "")[:200]
    return "" if "@" in given or "\0" in given else given


def _ask(request: HttpRequest, page: BookingPage, kind: str, form: GuestForm, status: int) -> HttpResponse:
    chosen = moment(str(form["starts_at"].value() or ""))
    if chosen is None:
        return _choose(request, page, kind, 422)
    return _ask_page(request, page, kind, form, {"chosen": chosen}, status=status)


def _ask_page(
    request: HttpRequest, page: BookingPage, kind: str, form: GuestForm, more: dict[str, Any], *, status: int
) -> HttpResponse:
    context = {
        "page": page,
        "kind": kind,
        "kind_label": KIND_LABELS.get(kind, ""),
        "minutes": page.minutes.get(kind),
        "form": form,
        **more,
        "mark": signing.dumps([page.pk, secrets.token_urlsafe(18)], salt=_SALT),
        "trap": TRAP,
        "back_url": f"?{urlencode({'kind': kind})}",
    }
    if status != 200 and _mark(page, request.POST.get("mark", "")) is not None:
        context["mark"] = request.POST["mark"]
    return render(request, "meetings/ask.html", context, status=status)


def _ask_again(request: HttpRequest, page: BookingPage, kind: str, form: GuestForm, why: str) -> HttpResponse:
    """The moment is gone: what was typed stays, and the moments that are left stand beside it."""
    del form.fields["starts_at"]
    times = _times(request, page, kind)
    return _ask_page(request, page, kind, form, {"taken": why, **times}, status=409)


def _mark(page: BookingPage, text: str) -> str | None:
    try:
        page_id, mark = signing.loads(text, salt=_SALT, max_age=_KEPT_OPEN)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return mark if page_id == page.pk and isinstance(mark, str) else None


def _choose(request: HttpRequest, page: BookingPage, kind: str, status: int) -> HttpResponse:
    context = {
        "page": page,
        "kinds": [
            {
                "label": KIND_LABELS[one],
                "minutes": page.minutes[one],
                "url": f"?{urlencode({'kind': one})}",
                "current": one == kind,
            }
            for one in KINDS
            if one in page.minutes
        ],
        "kind": kind,
        **_times(request, page, kind),
    }
    return render(request, "meetings/choose.html", context, status=status)


def _times(request: HttpRequest, page: BookingPage, kind: str, except_id: int | None = None) -> dict[str, Any]:
    """The free moments from the day the address asks for on, and the address of the days after."""
    at = timezone.now()
    start = max(_day(request.GET.get("from", "")) or at, at)
    found = free_times(page, kind, start=start, end=start + _AHEAD, at=at, except_id=except_id)
    days = [
        Day(day, [(one.isoformat(), one) for one in times])
        for day, times in groupby(found, key=lambda one: timezone.localtime(one).date())
    ]
    shown, later = days[:DAYS], days[DAYS].day if len(days) > DAYS else timezone.localdate(start + _AHEAD)
    is_last = len(days) <= DAYS and start + _AHEAD >= at + timedelta(days=page.horizon)
    query = {"kind": kind, "from": later.isoformat()}
    return {
        "days": shown,
        "later_url": "" if is_last else f"?{urlencode(query)}",
        "is_later": start > at,
        "zone": timezone.get_default_timezone_name(),
    }


def _day(text: str) -> datetime | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    if not 2000 < day.year < 2100:
        return None
    return datetime.combine(day, datetime.min.time(), timezone.get_default_timezone())


# The meeting ----------------------------------------------------------------------------------------------------------


@login_not_required
@require_safe
def meeting(request: HttpRequest, token: str) -> HttpResponse:
    """A guest's meeting, with the free moments it could be moved to. Changes nothing."""
    return _shown(request, token, {}, 200)


def _shown(request: HttpRequest, token: str, more: dict[str, Any], status: int) -> HttpResponse:
    found = queries.by_token(token)
    if found is None:
        return render(request, "meetings/gone.html", status=404)
    with translation.override(found.language):
        context = _meeting_context(request, found) | more
        response = render(request, "meetings/meeting.html", context, status=status)
        response["Content-Language"] = found.language
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
    return response


def _meeting_context(request: HttpRequest, found: Meeting) -> dict[str, Any]:
    is_to_come = found.state == Meeting.State.BOOKED and found.starts_at > timezone.now()
    page = BookingPage.objects.select_related("user").filter(user_id=found.host_id).first()
    times = _times(request, page, found.kind, found.pk) if is_to_come and page is not None else {"days": []}
    return {
        "meeting": found,
        "kind_label": KIND_LABELS[found.kind],
        "is_to_come": is_to_come,
        "is_told": post.sender() is not None,
        "is_recalled": found.starts_at - timezone.now() > letters.REMINDED,
        **times,
    }


@login_not_required
@csrf_exempt
@require_POST
def move(request: HttpRequest, token: str) -> HttpResponse:
    """A guest moves their meeting to another free moment."""
    return _change(request, token, "move")


@login_not_required
@csrf_exempt
@require_POST
def cancel(request: HttpRequest, token: str) -> HttpResponse:
    """A guest cancels their meeting."""
    return _change(request, token, "cancel")


def _change(request: HttpRequest, token: str, what: str) -> HttpResponse:
    found = queries.by_token(token)
    if found is None:
        return render(request, "meetings/gone.html", status=404)
    at = timezone.now()
    with translation.override(found.language):
        try:
            if what == "cancel":
                commands.cancel(found.pk, by=tying.SITE, at=at)
            else:
                chosen = moment(request.POST.get("starts_at", ""))
                if chosen is None:
                    raise Refused(_("Choose a moment."), Kind.INVALID, code="moment")
                commands.move(found.pk, chosen, by=tying.SITE, at=at)
        except Refused as refused:
            if refused.kind not in {Kind.INVALID, Kind.CONFLICT}:
                raise
            return _shown(request, token, {"problem": refused.message}, 409)
    return redirect("booking:meeting", token)


@login_not_required
@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The meeting as a file for calendars."""
    del request
    found = queries.by_token(token)
    if found is None:
        return HttpResponse(status=404)
    text = letters.calendar(found, found.host, at=timezone.now())
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="invitation.ics"'
    response["Cache-Control"] = "no-store"
    return response


def address(page: BookingPage) -> str:
    """Where a page is."""
    return f"{settings.FILON_BASE_URL}{reverse('booking:book', args=[page.slug])}"
