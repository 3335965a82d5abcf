"""Every writing operation of the API keeps its Idempotency-Key: a retry gets the first answer and does nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from filon.config.api import api
from filon.core import keys
from filon.core.models import ApiKey, Fact, InboxEntry, User
from filon.deals.models import Opportunity
from filon.handoff.models import Handoff
from filon.leads.models import Company, Lead, Person, Segment

KEY = "filon_" + "r" * 43
EMAIL = "claire.morel@example.com"

BODIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "POST /api/v1/leads": ({"email": "a@example.com"}, {"email": "b@example.com"}),
    "POST /api/v1/events": (
        {"events": [{"kind": "page_viewed", "email": EMAIL, "path": "/a"}]},
        {"events": [{"kind": "page_viewed", "email": EMAIL, "path": "/b"}]},
    ),
    "POST /api/v1/segments": (
        {"name": "Chaud", "condition": "stage = mql"},
        {"name": "Tiède", "condition": "stage = sql"},
    ),
    "POST /api/v1/opportunities": ({"name": "Postes 2027", "company": {"name": "Exemple"}}, {"name": "Postes 2028"}),
    "POST /api/v1/campaigns": ({"name": "Salon"}, {"name": "Salon d’hiver"}),
    "POST /api/v1/costs": (
        {"date": "2026-11-02", "amount": "10.00"},
        {"date": "2026-11-02", "amount": "11.00"},
    ),
    "POST /api/v1/leads/{lead_id}/stage": ({"stage": "sql"}, {"stage": "mql"}),
    "POST /api/v1/leads/{lead_id}/activities": (
        {"kind": "note_written", "text": "Rappeler"},
        {"kind": "note_written", "text": "Relancer"},
    ),
    "PATCH /api/v1/leads/{lead_id}": (
        {"job_title": "Directrice", "version": 0},
        {"job_title": "Acheteuse", "version": 0},
    ),
    "PATCH /api/v1/people/{person_id}": ({"city": "Lyon"}, {"city": "Lille"}),
    "PATCH /api/v1/companies/{company_id}": ({"sector": "Énergie"}, {"sector": "Industrie"}),
    "PATCH /api/v1/opportunities/{opportunity_id}": (
        {"name": "Postes 2029", "version": 0},
        {"name": "Postes 2030", "version": 0},
    ),
    "POST /api/v1/leads/{lead_id}/handoff": (
        {"need": "Planifier", "authority": "Elle décide", "timing": "Avril"},
        {"need": "Chiffrer", "authority": "Elle décide", "timing": "Avril"},
    ),
    "POST /api/v1/handoffs/{handoff_id}/accept": ({}, {"again": True}),
    "POST /api/v1/handoffs/{handoff_id}/refuse": ({"reason": "no_project"}, {"reason": "incomplete"}),
}
"""A body for each writing operation, and another one."""


def writing() -> dict[str, dict[str, Any]]:
    paths = api.get_openapi_schema()["paths"]
    return {
        f"{method.upper()} {path}": operation
        for path, operations in paths.items()
        for method, operation in operations.items()
        if method not in {"get", "head"}
    }


def test_every_writing_operation_is_tried_here_and_says_that_it_takes_a_key() -> None:
    found = writing()
    assert set(found) == set(BODIES)
    for name, operation in found.items():
        headers = {item["name"] for item in operation.get("parameters", []) if item["in"] == "header"}
        assert "Idempotency-Key" in headers, name
        assert {"409", "422"} <= {str(code) for code in operation["responses"]}, name


@pytest.fixture
def send(committed_db: str) -> Iterator[Any]:
    keys._cache.clear()
    ApiKey.objects.create(
        name="retries", prefix=KEY[:10], key_hash=keys.hash_of(KEY), scopes=["admin"], created_at=timezone.now()
    )

    User.objects.create(name="Karim", email="karim@filon.test", role="sales", created_at=timezone.now())

    def send(name: str, body: Any, key: str = "") -> HttpResponse:
        method, path = name.split(" ")
        headers = {"Authorization": f"Bearer {KEY}"} | ({"Idempotency-Key": key} if key else {})
        return Client().generic(
            method, _filled(path), orjson.dumps(body), content_type="application/json", headers=headers
        )

    yield send
    keys._cache.clear()


MODELS: dict[str, Any] = {
    "lead_id": Lead,
    "person_id": Person,
    "company_id": Company,
    "opportunity_id": Opportunity,
    "handoff_id": Handoff,
}


def propose(name: str) -> None:
    """A proposal that waits, where the operation answers one."""
    if "{handoff_id}" in name:
        Handoff.objects.all().delete()
        at = timezone.now()
        Handoff.objects.create(
            lead=Lead.objects.earliest("pk"), seller=User.objects.get(), proposed_at=at, due_at=at + timedelta(hours=8)
        )


def _filled(path: str) -> str:
    for name, model in MODELS.items():
        if "{" + name + "}" in path:
            path = path.replace("{" + name + "}", str(model.objects.order_by("id").first().pk))
    return path


@pytest.mark.parametrize("name", BODIES)
def test_a_retry_gets_the_first_answer_and_another_body_is_refused(send: Any, name: str) -> None:
    send("POST /api/v1/leads", {"email": EMAIL, "company": {"name": "Exemple"}})
    send("POST /api/v1/opportunities", {"name": "Affaire", "company": {"name": "Exemple"}})
    propose(name)
    body, other = BODIES[name]
    first = send(name, body, "k1")
    assert first.status_code < 300, first.content
    facts = Fact.objects.count()
    again = send(name, body, "k1")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    refused = send(name, other, "k1")
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert Fact.objects.count() == facts
    too_long = send(name, other, "k" * 121)
    assert (too_long.status_code, too_long.json()["code"]) == (422, "idempotency_key_long")


@pytest.mark.parametrize("key", ["", "k1"])
def test_nul_in_any_body_is_no_matter(send: Any, key: str) -> None:
    send("POST /api/v1/leads", {"email": EMAIL, "company": {"name": "Exemple"}})
    send("POST /api/v1/opportunities", {"name": "Affaire", "company": {"name": "Exemple"}})
    for name, (body, _) in BODIES.items():
        propose(name)
        said = {field: value for field, value in body.items() if field != "version"}
        answer = send(name, orjson.loads(orjson.dumps(said).replace(b'":"', b'":"\\u0000')), key)
        assert answer.status_code < 300, (name, answer.content)
        assert b"u0000" not in answer.content, name


def test_a_segment_saved_again_after_it_was_deleted_is_not_made_a_second_time(send: Any) -> None:
    name = "POST /api/v1/segments"
    first = send(name, BODIES[name][0], "k1")
    Segment.objects.all().delete()
    assert send(name, BODIES[name][0], "k1").json() == first.json()
    assert not Segment.objects.exists()


@pytest.mark.parametrize("name", ["POST /api/v1/leads", "POST /api/v1/segments"])
def test_a_key_is_free_again_after_three_days(send: Any, name: str) -> None:
    body, other = BODIES[name]
    assert send(name, other, "k1").status_code == 201
    InboxEntry.objects.update(received_at=timezone.now() - timedelta(hours=73))
    first = send(name, body, "k1")
    assert first.status_code == 201, first.content
    assert send(name, body, "k1").json() == first.json()
    assert send(name, other, "k1").status_code == 422


def test_a_refusal_is_kept_with_its_key_too(send: Any) -> None:
    name = "POST /api/v1/segments"
    wrong = {"name": "Chaud", "condition": "stage ="}
    first = send(name, wrong, "k1")
    again = send(name, wrong, "k1")
    assert first.status_code == 422
    assert (again.status_code, again.json()) == (422, first.json())
