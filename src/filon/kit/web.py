"""Refusals as HTTP answers: the one place that maps a kind of no to a status."""

from __future__ import annotations

import json
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation.trans_real import parse_accept_lang_header

from filon.kit.errors import Kind, Refused

STATUS: Final[dict[Kind, int]] = {
    Kind.INVALID: 422,
    Kind.NOT_FOUND: 404,
    Kind.FORBIDDEN: 403,
    Kind.CONFLICT: 409,
    Kind.STALE: 412,
    Kind.BUSY: 503,
    Kind.NOT_SIGNED_IN: 401,
    Kind.TOO_MANY: 429,
    Kind.FAILED: 500,
    Kind.TOO_LARGE: 413,
    Kind.MALFORMED: 400,
    Kind.NOT_ALLOWED: 405,
}
RETRY_AFTER_S: Final = {Kind.BUSY: 5, Kind.TOO_MANY: 60}
PROBLEM_TYPE: Final = "application/problem+json"


def is_htmx(request: HttpRequest) -> bool:
    """Whether a part of a page asks, not the browser for a whole one."""
    return request.headers.get("HX-Request") == "true"


def is_api(request: HttpRequest) -> bool:
    """Whether a program asks through the REST API."""
    return request.path_info.startswith("/api/")


def api_language(accepted: str) -> str:
    """The language in which the API says no, by the `Accept-Language` of its caller: English unless French is asked."""
    asked = (code[:2] for code, _weight in parse_accept_lang_header(accepted[:200].lower()))
    return next((code for code in asked if code in {"en", "fr"}), "en")


def problem(refused: Refused) -> HttpResponse:
    """A refusal as `application/problem+json` (RFC 9457)."""
    return _retry_later(refused, problem_response(problem_body(refused)))


def problem_response(body: dict[str, Any]) -> HttpResponse:
    """The members of a problem as an answer with their `status`."""
    return HttpResponse(json.dumps(body, ensure_ascii=False), status=body["status"], content_type=PROBLEM_TYPE)


def problem_body(refused: Refused) -> dict[str, Any]:
    """The members of a problem: `type`, `title`, `status`, `detail`, `code`, `errors`."""
    return {
        "type": f"urn:filon:{refused.kind.value}",
        "title": refused.kind.value.replace("-", " ").capitalize(),
        "status": STATUS[refused.kind],
        "detail": refused.message,
        "code": refused.code,
        "errors": refused.errors,
    }


def toast(message: str, *, level: str = "success", undo: str = "", status: int = 200) -> HttpResponse:
    """An empty answer to HTMX that shows a short message and leaves the page as it is."""
    response = add_toast(HttpResponse(status=status), message, level=level, undo=undo)
    response["HX-Reswap"] = "none"
    return response


def add_toast(response: HttpResponse, message: str, *, level: str = "success", undo: str = "") -> HttpResponse:
    """Let an answer to HTMX also show a short message. level: info, success, warning or error; undo: a POST address."""
    response["HX-Trigger"] = json.dumps({"toast": {"message": message, "level": level, "undo": undo}})
    return response


def refusal_toast(refused: Refused) -> HttpResponse:
    """A refusal as an answer to HTMX."""
    return _retry_later(refused, toast(refused.message, level="error", status=STATUS[refused.kind]))


def _retry_later(refused: Refused, response: HttpResponse) -> HttpResponse:
    if refused.kind in RETRY_AFTER_S:
        response["Retry-After"] = str(RETRY_AFTER_S[refused.kind])
    return response
