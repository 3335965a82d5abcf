"""What every request goes through: its id, its actor, its language, sign-in, and how a refusal is answered."""

from __future__ import annotations

import logging
import re
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from filon.core import access, logs, metrics
from filon.core.access import Actor
from filon.core.models import User
from filon.kit import sql, web
from filon.kit.errors import Kind, Refused
from filon.kit.looking import looking

log = logging.getLogger("filon.web")
_SLOW_S: Final = 1.0
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")

Answer = Callable[[HttpRequest], HttpResponseBase]


class Request(HttpRequest):
    """A request as views get it, for their annotations: with its actor."""

    actor: Actor
    id: str


class RequestMiddleware:
    """The outermost: gives the request its id, counts it, and logs it when it was slow or went wrong.

    Logged is the pattern of the address, never the address: it may hold a token or a name.
    """

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Called by Django for every request."""
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        request.id = request_id  # type: ignore[attr-defined]
        token = logs.request_id.set(request_id)
        start = time.perf_counter()
        try:
            response = self._get_response(request)
            seconds = time.perf_counter() - start
            response["X-Request-ID"] = request_id
            metrics.count_request(request.method or "", response.status_code, seconds)
            if seconds > _SLOW_S or response.status_code >= 500:
                route = request.resolver_match.route if request.resolver_match else "-"
                log.warning("%s /%s %s in %.0f ms", request.method, route, response.status_code, seconds * 1000)
        finally:
            logs.request_id.reset(token)
        return response


class ActorMiddleware:
    """Sets `request.actor` to who is signed in. API keys are seen to by the API."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Called by Django for every request."""
        user = request.user
        actor = access.of_user(user) if isinstance(user, User) else access.ANONYMOUS
        request.actor = actor  # type: ignore[attr-defined]
        return self._get_response(request)


class LanguageMiddleware:
    """Speaks the user's language; else the one chosen on this browser; else the workspace's. To programs it speaks
    English, unless they ask for French."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response
        self._known = {code for code, _name in settings.LANGUAGES}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Called by Django for every request."""
        chosen = getattr(request.user, "language", "") or request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in self._known else settings.LANGUAGE_CODE
        if web.is_api(request):
            language = web.api_language(request.headers.get("Accept-Language", ""))
        request.LANGUAGE_CODE = language
        translation.activate(language)
        response = self._get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class LookingMiddleware:
    """A request that only looks asks what several parts of its page need once: `kit.looking`."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Called by Django for every request."""
        if request.method not in {"GET", "HEAD"}:
            return self._get_response(request)
        with looking():
            return self._get_response(request)


class SignInMiddleware(LoginRequiredMiddleware):
    """Every page asks for sign-in unless its view is marked `login_not_required`; the API has its own keys."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        """Called by Django before the view."""
        if web.is_api(request):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(  # type: ignore[override]  # its users take any response
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        """To the sign-in page, and from there back; a part of a page sends its whole page there."""
        if not web.is_htmx(request):
            return super().handle_no_permission(request, view_func)
        page = back_to(request)
        return HttpResponse(status=401, headers={"HX-Redirect": f"{reverse('sign_in')}?next={quote(page)}"})


class RefusalMiddleware:
    """Answers a `Refused` raised by a view: problem+json, toast, message on the page it came from, or an own page."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Called by Django for every request."""
        response = self._get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and web.is_api(request):
            message = f"This address does not take {request.method}."
            problem = web.problem(Refused(message, Kind.NOT_ALLOWED, code="method_not_allowed"))
            problem["Allow"] = response["Allow"]
            return problem
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Called by Django with whatever a view raised."""
        if isinstance(error, Refused):
            return refusal(request, error)
        if sql.is_unavailable(error):
            log.warning("database unavailable: %s", logs.place(error))
            return unavailable(request)
        return None


def refusal(request: HttpRequest, refused: Refused) -> HttpResponseBase:
    """A refusal in the form the asker understands."""
    if web.is_api(request):
        return web.problem(refused)
    if web.is_htmx(request):
        return web.refusal_toast(refused)
    if request.method == "POST" and refused.kind in {Kind.INVALID, Kind.CONFLICT, Kind.STALE}:
        messages.error(request, refused.message)
        return HttpResponseRedirect(back_to(request), status=303)
    return error_page(request, web.STATUS[refused.kind], refused.message)


def back_to(request: HttpRequest) -> str:
    """The page of ours this request came from, else the home."""
    page = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "/"
    if url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure()):
        return page
    return "/"


# Error pages: Django calls these by name from `config/urls.py` -------------------------------------------------------


def error_page(request: HttpRequest, status: int, message: str) -> HttpResponse:
    """A page that says what went wrong and what to do."""
    return render(request, "core/error.html", {"status": status, "message": message}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """400, or 413 for a body longer than is read."""
    if isinstance(exception, RequestDataTooBig):
        return refusal(request, Refused(_("What you sent is too large."), Kind.TOO_LARGE, code="too_large"))
    return refusal(request, Refused(_("This request could not be understood."), Kind.MALFORMED, code="bad_request"))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """403."""
    return refusal(request, Refused(_("You do not have the right to do this."), Kind.FORBIDDEN, code="forbidden"))


def not_found(request: HttpRequest, exception: Http404) -> HttpResponseBase:
    """404."""
    message = _("This page does not exist, or no longer does.")
    if request.method == "POST" and not web.is_api(request) and not web.is_htmx(request):
        return error_page(request, 404, message)
    return refusal(request, Refused(message, Kind.NOT_FOUND, code="not_found"))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """403 for a form that this page's own server did not give, or that has grown old."""
    message = _("This form has expired. Reload the page and send it again.")
    if web.is_htmx(request):
        return web.refusal_toast(Refused(message, Kind.FORBIDDEN))
    return error_page(request, 403, message)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """500, or 503 when it is the database that is away or busy."""
    error = sys.exc_info()[1]
    if error is not None and sql.is_unavailable(error):
        log.warning("database unavailable: %s", logs.place(error))
        return unavailable(request)
    log.error("unexpected error", exc_info=error)
    message = _("Something went wrong on our side. The error has been recorded; try again in a moment.")
    if web.is_api(request):
        body = {"type": "about:blank", "title": "Internal error", "status": 500, "detail": message}
        body |= {"code": "internal_error", "errors": []}
        return web.problem_response(body)
    if web.is_htmx(request):
        return web.toast(message, level="error", status=500)
    return _plain_page(500, message)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After, made without the database."""
    with translation.override(getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE)):
        refused = Refused(
            _("The database is not answering. Nothing was changed; try again in a few seconds."), Kind.BUSY, code="busy"
        )
        if web.is_api(request):
            return web.problem(refused)
        if web.is_htmx(request):
            return web.refusal_toast(refused)
        response = _plain_page(503, refused.message)
    response["Retry-After"] = str(web.RETRY_AFTER_S[Kind.BUSY])
    return response


def _plain_page(status: int, message: str) -> HttpResponse:
    """A page that needs neither database nor session; bare text when even the page is broken."""
    try:
        page = render_to_string("core/error.html", {"status": status, "message": message})
    except Exception as error:  # noqa: BLE001 — the last resort must answer whatever happened
        log.error("the error page itself failed: %s", logs.place(error))
        return HttpResponse(message, status=status, content_type="text/plain; charset=utf-8")
    return HttpResponse(page, status=status)
