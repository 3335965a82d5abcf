"""Rubbish sent to the API: each is answered with the right no, in the API's own form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from filon.core import keys
from filon.core.models import ApiKey
from filon.leads.models import Lead

Ask = Callable[..., HttpResponse]
KEY = "filon_" + "h" * 43


@pytest.fixture
def with_scopes(committed_db: str) -> Iterator[Callable[..., Ask]]:
    """`with_scopes("admin")`: a caller whose key has these scopes."""
    keys._cache.clear()

    def with_scopes(*scopes: str) -> Ask:
        ApiKey.objects.all().delete()
        keys._cache.clear()
        ApiKey.objects.create(
            name="hostile", prefix=KEY[:10], key_hash=keys.hash_of(KEY), scopes=list(scopes), created_at=timezone.now()
        )

        def ask(method: str, path: str, body: bytes = b"", **headers: str) -> HttpResponse:
            headers = {"Authorization": f"Bearer {KEY}"} | {k.replace("_", "-"): v for k, v in headers.items()}
            client = Client(raise_request_exception=False)
            return client.generic(method, f"/api/v1{path}", body, content_type="application/json", headers=headers)

        return ask

    yield with_scopes
    keys._cache.clear()


@pytest.fixture
def ask(with_scopes: Callable[..., Ask]) -> Ask:
    return with_scopes("admin")


def problem(answer: HttpResponse) -> tuple[int, str]:
    """Status and code of a problem, all of whose members are there."""
    assert answer["Content-Type"] == "application/problem+json", answer.content
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "code", "errors"} <= set(body)
    assert body["status"] == answer.status_code
    return answer.status_code, body["code"]


@pytest.mark.parametrize("key", ["", "k1"])
@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf{}",
        '{"name": "Salon"}'.encode("utf-16"),
        b'{"name": "\\ud800"}',
        b'{"name": NaN}',
        b"[" * 100_000,
        b"\0",
    ],
    ids=["byte order mark", "utf-16", "half a character", "nan", "deep", "nul"],
)
@pytest.mark.parametrize("address", ["POST /campaigns", "POST /leads", "PATCH /people/1", "POST /opportunities"])
def test_what_is_no_json_is_malformed_with_and_without_a_key(ask: Ask, address: str, body: bytes, key: str) -> None:
    method, path = address.split()
    headers = {"Idempotency_Key": key} if key else {}
    assert problem(ask(method, path, body, **headers)) == (400, "malformed")


def test_a_body_longer_than_is_read_is_too_large(ask: Ask) -> None:
    assert problem(ask("POST", "/campaigns", b"a" * 11_000_000)) == (413, "too_large")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE"])
def test_a_method_that_an_address_does_not_know_is_a_problem_too(ask: Ask, method: str) -> None:
    answer = ask(method, "/leads")
    assert problem(answer) == (405, "method_not_allowed")
    assert {"GET", "POST"} <= {name.strip() for name in answer["Allow"].split(",")}


@pytest.mark.parametrize("lead_id", ["0", "-1", str(2**63), "9" * 30])
def test_a_score_of_an_id_that_cannot_be_is_refused(ask: Ask, lead_id: str) -> None:
    assert problem(ask("GET", f"/leads/{lead_id}/score")) == (422, "invalid")


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00%2B14:00", "1899-12-31", "soon"])
def test_a_score_at_a_time_that_cannot_be_is_refused(ask: Ask, at: str) -> None:
    ask("POST", "/leads", b'{"email": "a@example.com"}')
    lead = Lead.objects.get()
    assert problem(ask("GET", f"/leads/{lead.pk}/score?at={at}")) == (422, "invalid")
    assert ask("GET", f"/leads/{lead.pk}/score?at=2199-01-01").status_code == 200


def test_a_key_for_figures_reads_no_names(with_scopes: Callable[..., Ask]) -> None:
    with_scopes("admin")("POST", "/leads", b'{"email": "a@example.com"}')
    lead = Lead.objects.get()
    ask = with_scopes("kpi:read")
    for path in ("/leads", f"/leads/{lead.pk}", f"/leads/{lead.pk}/timeline", f"/leads/{lead.pk}/score", "/segments"):
        assert problem(ask("GET", path))[0] == 403, path
    assert problem(ask("GET", "/opportunities"))[0] == 403
    for path in ("/kpi/funnel", "/kpi/velocity", "/kpi/cost", "/kpi/speed", "/campaigns", "/costs"):
        assert ask("GET", path).status_code == 200, path


def test_what_breaks_says_so_without_saying_where(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    from filon.leads.listing import queries

    def breaks(*_args: Any, **_more: Any) -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(queries, "lead_page", breaks)
    answer = ask("GET", "/leads")
    assert problem(answer) == (500, "internal_error")
    assert b"inside" not in answer.content
