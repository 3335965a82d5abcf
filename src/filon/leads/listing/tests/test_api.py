"""The API of lists: pages, filters, words, saved filters, scopes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from filon.core import keys
from filon.core.models import ApiKey
from filon.leads.models import Lead, Segment

Submit = Callable[..., Lead]


@pytest.fixture
def client_of(db: None, at: datetime) -> Iterator[Callable[..., Client]]:
    """`client_of("leads:read")`: a program with a key of these scopes."""
    keys._cache.clear()

    def make(*scopes: str) -> Client:
        secret = f"filon_{'-'.join(scopes):x<43}"[:49]
        ApiKey.objects.create(
            name="test", prefix=secret[:10], key_hash=keys.hash_of(secret), scopes=list(scopes), created_at=at
        )
        return Client(headers={"Authorization": f"Bearer {secret}"})

    yield make
    keys._cache.clear()


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.content
    return [item["id"] for item in answer.json()["items"]]


def test_leads_come_in_pages_by_filter_order_and_words(
    submit: Submit, client_of: Callable[..., Client], at: datetime
) -> None:
    client = client_of("leads:read")
    leads = [
        submit(full_name=name, stage=stage, grade=grade)
        for name, stage, grade in (("Ana", "mql", "B1"), ("Ben", "mql", "A1"), ("Chloé", "sql", ""))
    ]
    first = client.get("/api/v1/leads", {"limit": 2, "filter": "stage in (mql, sql)", "sort": "grade"})
    assert ids(first) == [leads[1].pk, leads[0].pk]
    second = client.get(
        "/api/v1/leads", {"limit": 2, "filter": "stage in (mql, sql)", "sort": "grade", "after": first.json()["next"]}
    )
    assert (ids(second), second.json()["next"]) == ([leads[2].pk], None)
    from filon.leads.search import index

    index.rebuild(at=at)
    assert ids(client.get("/api/v1/leads", {"q": "chlo"})) == [leads[2].pk]


def test_a_lead_has_every_field_and_null_for_what_is_unknown(submit: Submit, client_of: Callable[..., Client]) -> None:
    lead = submit(full_name="Ana Petit", email="ana@acier.fr", company__name="Acier", external_id="", source="Salon")
    [item] = client_of("leads:read").get("/api/v1/leads").json()["items"]
    assert (item["id"], item["full_name"], item["company"], item["source"], item["stage"]) == (
        lead.pk,
        "Ana Petit",
        "Acier",
        "Salon",
        "captured",
    )
    assert (item["phone"], item["owner"], item["grade"], item["class"], item["due_at"]) == (None,) * 5
    assert item["captured_at"].endswith("Z")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"filter": "stage = mqll"}, "condition"),
        ({"sort": "shoe"}, "sort"),
        ({"after": "x"}, "cursor"),
        ({"limit": 0}, "invalid"),
        ({"filter": "\0"}, "condition"),
    ],
)
def test_what_cannot_be_asked_is_a_problem(client_of: Callable[..., Client], query: dict[str, Any], code: str) -> None:
    answer = client_of("leads:read").get("/api/v1/leads", query)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert answer.json()["code"] == code


def test_a_wrong_filter_says_where(client_of: Callable[..., Client]) -> None:
    [error] = client_of("leads:read").get("/api/v1/leads", {"filter": "stage = mqll"}).json()["errors"]
    assert (error["field"], error["position"], error["length"]) == ("filter", 8, 4)


def test_the_scopes_are_asked_for(client_of: Callable[..., Client]) -> None:
    costs = client_of("costs:write")
    assert costs.get("/api/v1/leads").status_code == 403
    assert costs.get("/api/v1/segments").status_code == 403
    reader = client_of("leads:read")
    body = {"name": "MQLs", "condition": "stage = mql"}
    assert reader.post("/api/v1/segments", body, content_type="application/json").status_code == 403
    assert Client().get("/api/v1/leads").status_code == 401


def test_a_saved_filter_is_made_once_and_listed(client_of: Callable[..., Client]) -> None:
    client = client_of("admin")
    body = {"name": "MQLs", "condition": "stage=mql"}
    first = client.post("/api/v1/segments", body, content_type="application/json")
    again = client.post("/api/v1/segments", body, content_type="application/json")
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert first.json()["condition"] == "stage = mql"
    other = client.post("/api/v1/segments", {**body, "condition": "stage = sql"}, content_type="application/json")
    assert other.status_code == 409
    assert [item["name"] for item in client.get("/api/v1/segments").json()["items"]] == ["MQLs"]
    assert Segment.objects.get().is_shared


def test_taking_leads_in_still_works_on_the_same_path(client_of: Callable[..., Client]) -> None:
    answer = client_of("leads:write").post("/api/v1/leads", {"email": "new@acier.fr"}, content_type="application/json")
    assert answer.status_code == 201
