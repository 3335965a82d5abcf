"""How every request is answered: sign-in, refusals in the asker's form, no database, strict headers, quiet logs."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from filon.config import urls as house
from filon.core import logs, web
from filon.kit.errors import Kind, Refused, not_found
from filon.kit.looking import asked_once
from filon.kit.web import STATUS

pytestmark = pytest.mark.django_db


def refuse(request: HttpRequest, kind: str) -> HttpResponse:
    raise Refused("Choose another owner – «Léa» is away.", Kind(kind), [{"field": "owner"}], "away")


def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("claire.morel@sogetrel.test")


def no_database(request: HttpRequest) -> HttpResponse:
    raise OperationalError("database is locked")


urlpatterns = [
    path("refuse/<str:kind>", refuse),
    path("api/v1/refuse/<str:kind>", refuse),
    path("broken", broken),
    path("api/v1/broken", broken),
    path("no-database", no_database),
    path("api/v1/no-database", no_database),
    *house.urlpatterns,
]
handler400, handler403 = house.handler400, house.handler403
handler404, handler500 = house.handler404, house.handler500


@pytest.fixture(autouse=True)
def _addresses(settings: object) -> None:
    settings.ROOT_URLCONF = __name__  # type: ignore[attr-defined]


@pytest.fixture
def client(signed_in_client: Callable[..., Client]) -> Iterator[Client]:
    client = signed_in_client("sdr")
    client.raise_request_exception = False
    return client


def test_every_kind_of_refusal_has_a_status() -> None:
    assert set(STATUS) == set(Kind)


@pytest.mark.parametrize(("kind", "status"), [("forbidden", 403), ("not-found", 404), ("conflict", 409), ("busy", 503)])
def test_a_refused_page_says_why(client: Client, kind: str, status: int) -> None:
    answer = client.get(f"/refuse/{kind}")
    assert answer.status_code == status
    assert "«Léa» is away" in answer.content.decode()


def test_a_refused_form_leads_back_to_its_page_with_a_message(client: Client) -> None:
    answer = client.post("/refuse/conflict", headers={"Referer": "http://testserver/account"})
    assert (answer.status_code, answer.url) == (303, "/account") or answer.url == "http://testserver/account"
    assert "is away" in client.get("/account").content.decode()


def test_a_refused_form_never_leads_to_another_site(client: Client) -> None:
    assert client.post("/refuse/conflict", headers={"Referer": "https://evil.test/x"}).url == "/"


@pytest.mark.parametrize(("kind", "status"), [("forbidden", 403), ("conflict", 409), ("invalid", 422)])
def test_a_refused_part_of_a_page_is_a_toast_and_swaps_nothing(client: Client, kind: str, status: int) -> None:
    answer = client.post(f"/refuse/{kind}", headers={"HX-Request": "true"})
    assert answer.status_code == status
    toast = json.loads(answer["HX-Trigger"])["toast"]
    assert toast == {"message": "Choose another owner – «Léa» is away.", "level": "error", "undo": ""}
    assert answer["HX-Reswap"] == "none"


@pytest.mark.parametrize(
    ("kind", "status"), [("invalid", 422), ("stale", 412), ("too-many", 429), ("not-signed-in", 401)]
)
def test_a_refused_call_is_a_problem(client: Client, kind: str, status: int) -> None:
    answer = client.post(f"/api/v1/refuse/{kind}")
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["detail"] == "Choose another owner – «Léa» is away."
    assert (problem["status"], problem["errors"], problem["code"]) == (status, [{"field": "owner"}], "away")
    assert {"type", "title"} <= set(problem)


@pytest.mark.parametrize("address", ["/broken", "/api/v1/broken"])
def test_what_nobody_foresaw_is_a_500_without_its_values(client: Client, address: str, caplog) -> None:
    with caplog.at_level(logging.ERROR, "filon.web"):
        answer = client.get(address)
    assert answer.status_code == 500
    assert "claire" not in answer.content.decode()
    [record] = [record for record in caplog.records if record.name == "filon.web"]
    text = logs.Line().format(record)
    assert "ValueError" in text
    assert "test_web.py" in text
    assert "claire" not in text


@pytest.mark.parametrize("address", ["/no-database", "/api/v1/no-database"])
def test_a_busy_database_is_a_503_to_be_tried_again(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 503
    assert answer["Retry-After"]


def test_a_database_that_is_away_before_the_view_is_a_503_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)
    client.cookies["filon"] = "x" * 32

    def away(*args: object) -> None:
        raise OperationalError("could not connect to server")

    monkeypatch.setattr(connection, "cursor", away)
    answer = client.get("/account")
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert "nouveau" in answer.content.decode() or "base" in answer.content.decode()


def test_every_page_asks_for_sign_in() -> None:
    assert Client().get("/account").url == "/sign-in?next=/account"
    assert Client().get("/refuse/conflict").status_code == 302


def test_a_part_of_a_page_sends_its_whole_page_to_sign_in() -> None:
    answer = Client().get(
        "/account", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/leads?filter=a b"}
    )
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/sign-in?next=http%3A//testserver/leads%3Ffilter%3Da%20b"


@pytest.mark.parametrize("address", ["/account", "/nowhere", "/refuse/conflict", "/settings/users"])
def test_the_content_security_policy_allows_nothing_inline(client: Client, address: str) -> None:
    policy = dict(part.strip().split(" ", 1) for part in client.get(address)["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in str(policy)


@pytest.mark.parametrize("address", ["/sign-in", "/account", "/settings/keys", "/nowhere"])
def test_pages_hold_no_script_or_style_of_their_own(signed_in_client: Callable[..., Client], address: str) -> None:
    for client in (signed_in_client("admin"), Client()):
        page = client.get(address, follow=True).content.decode()
        assert "<style" not in page
        assert " style=" not in page
        assert " onclick=" not in page
        assert all("src=" in tag or 'type="application/json"' in tag for tag in page.split("<script")[1:])


def test_a_request_keeps_the_id_it_came_with_when_it_is_a_harmless_one(client: Client) -> None:
    assert client.get("/account", headers={"X-Request-ID": "abcdef-123456"})["X-Request-ID"] == "abcdef-123456"
    made = client.get("/account", headers={"X-Request-ID": "bad\tid"})["X-Request-ID"]
    assert len(made) == 32


def test_a_stale_form_is_refused_with_what_to_do() -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/sign-in", {"email": "a@b.fr", "password": "x"}).status_code == 403


def test_a_log_line_cannot_be_forged_by_a_value() -> None:
    record = logging.LogRecord("filon", logging.INFO, "", 0, "got %s", ("a\x1b[31m\r2026 ERROR forged",), None)
    line = logs.Line().format(record)
    assert "\r" not in line
    assert "\x1b" not in line


def test_django_itself_logs_no_addresses() -> None:
    logger = logging.getLogger("django.request")
    assert not logger.propagate
    assert not any(type(handler) is logging.StreamHandler for handler in logger.handlers)


def test_a_refusal_made_without_a_request_can_be_shown() -> None:
    request = RequestFactory().get("/api/v1/x")
    assert web.refusal(request, not_found("Lead")).status_code == 404


@asked_once
def question() -> object:
    """Another answer each time it is asked."""
    return object()


@pytest.mark.parametrize(("method", "times"), [("GET", 1), ("HEAD", 1), ("POST", 2)])
def test_only_a_request_that_looks_shares_answers(method: str, times: int):
    answers: list[object] = []

    def view(_request: HttpRequest) -> HttpResponse:
        answers.extend([question(), question()])
        return HttpResponse()

    web.LookingMiddleware(view)(RequestFactory().generic(method, "/"))
    assert len({id(answer) for answer in answers}) == times
