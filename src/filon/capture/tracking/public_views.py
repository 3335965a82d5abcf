"""What the company's own pages talk to: the script, and the one address it sends to.

No cookie and no session; only pages of the sites that were named are answered.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from filon.capture.tracking import commands, keys, queries, visits
from filon.core import limits
from filon.kit.agents import is_program

_LONGEST_BODY: Final = 4096
_LONGEST_PATH: Final = 500
_MOST_VIEWS: Final = 300
_MOST_KEYS: Final = 60
_WINDOW: Final = timedelta(minutes=10)


@login_not_required
@require_safe
def script(request: HttpRequest) -> HttpResponse:
    """The script for the company's pages."""
    del request  # the settings know our address; a request's host may be anything
    text = render_to_string("capture/tracking/t.js", {"address": json.dumps(f"{settings.FILON_BASE_URL}/t")})
    response = HttpResponse(text, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@login_not_required
@csrf_exempt
@require_POST
def collect(request: HttpRequest) -> HttpResponse:
    """A key to exchange for a visitor's token (200), or a view of a known visitor (202); 410 forgets the token."""
    origin = request.headers.get("Origin", "")
    if not queries.is_site(origin):
        return HttpResponse(status=403)
    response = _answer(request)
    response["Access-Control-Allow-Origin"] = origin
    response["Vary"] = "Origin"
    response["Cache-Control"] = "no-store"
    return response


def _answer(request: HttpRequest) -> HttpResponse:
    said = _read(request)
    if said is None:
        return HttpResponse(status=400)
    if is_program(request.headers.get("User-Agent", "")):
        return HttpResponse(status=204)
    if key := _text(said, "key", 300):
        return _exchange(request, key)
    return _view(_text(said, "visitor", 64), said)


def _read(request: HttpRequest) -> dict[str, Any] | None:
    if len(request.body) > _LONGEST_BODY:
        return None
    try:
        said = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return None
    return said if isinstance(said, dict) else None


def _exchange(request: HttpRequest, key: str) -> HttpResponse:
    at = timezone.now()
    address = limits.network_of(request.META.get("REMOTE_ADDR", ""))
    limits.take("tracking-key", address, most=_MOST_KEYS, window=_WINDOW, at=at)
    person_id = keys.person_of(key)
    token = commands.tie(person_id, at=at) if person_id is not None else None
    if token is None:
        return HttpResponse(status=410)
    return HttpResponse(json.dumps({"visitor": token}), content_type="application/json")


def _view(token: str, said: dict[str, Any]) -> HttpResponse:
    at, digest = timezone.now(), keys.digest_of(token)
    if not token or not queries.is_known(digest, at=at):
        return HttpResponse(status=410)
    limits.take("tracking-view", digest, most=_MOST_VIEWS, window=_WINDOW, at=at)
    path = urlsplit(_text(said, "path", 2000)).path[:_LONGEST_PATH] or "/"
    source = _text(said, "source", 200)
    visits.store(digest, path, "" if "@" in source else source, at=at)
    return HttpResponse(status=202)


def _text(said: dict[str, Any], name: str, longest: int) -> str:
    value = said.get(name)
    return value.replace("\0", "")[:longest] if isinstance(value, str) else ""
