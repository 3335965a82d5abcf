"""The REST API of a lead, of people and of companies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from filon.core import accounts
from filon.core.access import SYSTEM
from filon.core.models import Fact, User
from filon.leads.models import Campaign, Company, Lead, Person

pytestmark = pytest.mark.django_db


class Api:
    """A program with a key."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.client = Client()

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        headers["Authorization"] = f"Bearer {self.key}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kwargs = {} if body is None else {"data": body, "content_type": "application/json"}
        return getattr(self.client, method)(f"/api/v1{path}", headers=named, **kwargs)


@pytest.fixture
def api(at: datetime) -> Callable[..., Api]:
    """`api("leads:read")`: a program with a key of these scopes."""

    def with_scopes(*scopes: str) -> Api:
        return Api(accounts.create_key("test", scopes=list(scopes), by=SYSTEM, at=at)[1])

    return with_scopes


@pytest.fixture
def claire(come: Callable[..., Lead]) -> Lead:
    return come(
        email="claire@sogetrel.fr",
        full_name="Claire Morel",
        company__name="Sogetrel",
        source="Google",
        external_id="7",
    )


# Leads ----------------------------------------------------------------------------------------------------------------


def test_a_lead_is_read_whole(claire: Lead, api: Callable[..., Api]):
    answer = api("leads:read")("get", f"/leads/{claire.pk}")
    found = answer.json()
    assert answer.status_code == 200
    assert (found["id"], found["full_name"], found["company"], found["stage"]) == (
        claire.pk,
        "Claire Morel",
        "Sogetrel",
        "captured",
    )
    assert {"kind": "email", "system": "", "value": "claire@sogetrel.fr"} in found["identifiers"]
    assert found["captured_at"].endswith("Z")


def test_a_lead_is_changed_with_its_person_or_not_at_all(claire: Lead, api: Callable[..., Api], at: datetime):
    campaign = Campaign.objects.create(name="Salon", name_folded="salon", created_at=at)
    program = api("leads:write")
    body = {
        "version": 0,
        "job_title": "CTO",
        "phone": "06 12 34 56 78",
        "company": "Axians",
        "class": "buyer",
        "campaign_id": campaign.pk,
        "source": None,
        "attributes": {"budget": "50 k€"},
    }
    answer = program("patch", f"/leads/{claire.pk}", body)
    found = answer.json()
    assert answer.status_code == 200, found
    assert (found["job_title"], found["phone"], found["company"]) == ("CTO", "+33612345678", "Axians")
    assert (found["class"], found["campaign"], found["source"]) == ("buyer", "Salon", None)
    assert found["attributes"] == {"budget": "50 k€"}
    assert found["version"] > 0
    stale = program("patch", f"/leads/{claire.pk}", {"version": 0, "city": "Lyon"})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    half = program("patch", f"/leads/{claire.pk}", {"city": "Lyon", "email": "nonsense"})
    assert (half.status_code, half.json()["errors"][0]["field"]) == (422, "email")
    assert Person.objects.get(pk=claire.person_id).city == ""
    assert set(Fact.objects.filter(kind="fields_changed").values_list("actor_kind", flat=True)) == {"key"}


def test_what_nobody_knows_is_refused(claire: Lead, api: Callable[..., Api]):
    program = api("leads:write")
    for method, path, body in (
        ("patch", f"/leads/{claire.pk}", {"shoe_size": 42}),
        ("post", f"/leads/{claire.pk}/stage", {"stage": "sql", "shoe_size": 42}),
        ("post", f"/leads/{claire.pk}/activities", {"kind": "note_written", "text": "x", "shoe_size": 42}),
        ("patch", f"/people/{claire.person_id}", {"shoe_size": 42}),
        ("patch", f"/companies/{claire.company_id}", {"shoe_size": 42}),
    ):
        answer = program(method, path, body)
        assert answer.status_code == 422, path
        assert answer["Content-Type"] == "application/problem+json"
        assert "shoe_size" in answer.json()["errors"][0]["field"]


@pytest.mark.parametrize("path", ["/leads/999", "/leads/999/timeline", "/people/999", "/companies/999"])
def test_what_is_not_there_is_a_problem(path: str, api: Callable[..., Api]):
    answer = api("leads:read")("get", path)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_a_key_does_what_its_scopes_say(claire: Lead, api: Callable[..., Api]):
    reader = api("leads:read")
    for method, path, body in (
        ("patch", f"/leads/{claire.pk}", {"city": "Lyon"}),
        ("post", f"/leads/{claire.pk}/stage", {"stage": "sql"}),
        ("post", f"/leads/{claire.pk}/activities", {"kind": "note_written", "text": "x"}),
        ("patch", f"/people/{claire.person_id}", {"city": "Lyon"}),
        ("patch", f"/companies/{claire.company_id}", {"city": "Lyon"}),
    ):
        assert reader(method, path, body).status_code == 403, path
    figures = api("costs:write")
    assert figures("get", f"/leads/{claire.pk}").status_code == 403
    assert figures("get", "/people").status_code == 403
    assert Client().get(f"/api/v1/leads/{claire.pk}").status_code == 401


def test_a_timeline_is_read_page_by_page(
    claire: Lead, happen: Callable[..., None], api: Callable[..., Api], make_user: Callable[..., User]
):
    for number in range(5):
        happen(claire, "page_viewed", path=f"/{number}")
    happen(claire, "call_logged", text="Rappeler", outcome="voicemail")
    program, ids, after = api("leads:read"), [], ""
    while True:
        page = program("get", f"/leads/{claire.pk}/timeline?limit=2&after={after}").json()
        ids += [fact["id"] for fact in page["items"]]
        after = page["next"]
        if after is None:
            break
    own = Fact.objects.filter(lead_id=claire.pk) | Fact.objects.filter(lead_id=None, person_id=claire.person_id)
    assert sorted(ids) == sorted(own.values_list("id", flat=True))
    (call,) = program("get", f"/leads/{claire.pk}/timeline?family=exchanges").json()["items"]
    assert (call["kind"], call["body"], call["payload"]) == ("call_logged", "Rappeler", {"outcome": "voicemail"})
    assert "called" in call["text"]
    assert program("get", f"/leads/{claire.pk}/timeline?after=x").status_code == 422
    assert program("get", f"/leads/{claire.pk}/timeline?family=gossip").status_code == 422


def test_a_lead_is_moved_once_however_often_it_is_asked(claire: Lead, api: Callable[..., Api]):
    program = api("leads:write")
    first = program("post", f"/leads/{claire.pk}/stage", {"stage": "mql"}, Idempotency_Key="k1")
    assert (first.status_code, first.json()["stage"]) == (200, "mql")
    program("post", f"/leads/{claire.pk}/stage", {"stage": "sql"})
    retry = program("post", f"/leads/{claire.pk}/stage", {"stage": "mql"}, Idempotency_Key="k1")
    assert retry.json() == first.json()
    assert Lead.objects.get(pk=claire.pk).stage == "sql"
    other = program("post", f"/leads/{claire.pk}/stage", {"stage": "nurturing"}, Idempotency_Key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_move_that_cannot_be_says_why(claire: Lead, api: Callable[..., Api]):
    program = api("leads:write")
    for body, status in (
        ({"stage": "customer"}, 409),
        ({"stage": "lost"}, 422),
        ({"stage": "moon"}, 422),
        ({"stage": "sql", "version": 99}, 412),
    ):
        assert program("post", f"/leads/{claire.pk}/stage", body).status_code == status, body
    lost = program("post", f"/leads/{claire.pk}/stage", {"stage": "lost", "reason": "price"})
    assert (lost.json()["stage"], lost.json()["reason"]) == ("lost", "price")


def test_an_act_is_logged_once_with_when_it_happened(claire: Lead, api: Callable[..., Api]):
    program = api("leads:write")
    body = {"kind": "call_logged", "outcome": "reached", "text": "Intéressée", "at": "2026-01-05T10:00:00+01:00"}
    answers = [program("post", f"/leads/{claire.pk}/activities", body, Idempotency_Key="a1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["at"] == "2026-01-05T09:00:00Z"
    fact = Fact.objects.get(kind="call_logged")
    assert (fact.payload, fact.actor_kind, fact.door) == ({"outcome": "reached"}, "key", "api")
    for bad in ({"kind": "call_logged"}, {"kind": "pigeon"}, {**body, "at": "2999-01-01T00:00:00Z"}):
        assert program("post", f"/leads/{claire.pk}/activities", bad).status_code == 422, bad
    assert program("post", f"/leads/{claire.pk}/activities", {**body, "channel": "pigeon"}).status_code == 422


# People and companies -------------------------------------------------------------------------------------------------


def test_people_are_listed_in_pages_and_found(claire: Lead, come: Callable[..., Lead], api: Callable[..., Api]):
    karim = come(full_name="Karim Benali")
    program = api("leads:read")
    first = program("get", "/people?limit=1&sort=name").json()
    second = program("get", f"/people?limit=1&sort=name&after={first['next']}").json()
    assert [first["items"][0]["id"], second["items"][0]["id"]] == [claire.person_id, karim.person_id]
    assert second["next"] is None
    assert [one["name"] for one in program("get", "/people?q=claire").json()["items"]] == ["Claire Morel"]
    at_sogetrel = program("get", f"/people?company_id={claire.company_id}").json()["items"]
    assert [one["id"] for one in at_sogetrel] == [claire.person_id]
    assert program("get", "/people?sort=age").status_code == 422
    assert program("get", f"/people?after={first['next']}").status_code == 422


def test_a_person_is_read_and_changed(claire: Lead, api: Callable[..., Api]):
    program = api("leads:write")
    found = program("patch", f"/people/{claire.person_id}", {"city": "Lyon", "company": "Axians"}).json()
    assert (found["city"], found["company"], found["leads"][0]["id"]) == ("Lyon", "Axians", claire.pk)
    assert program("get", f"/people/{claire.person_id}").json() == found


def test_companies_are_listed_read_and_changed(claire: Lead, api: Callable[..., Api], make_user: Callable[..., User]):
    owner = make_user("sales", name="Ana")
    program = api("leads:write")
    body = {"employees": 420, "revenue": "1250000.5", "owner_id": owner.pk, "attributes": {"erp": "SAP"}}
    found = program("patch", f"/companies/{claire.company_id}", body).json()
    assert (found["employees"], found["revenue"], found["owner"]) == (420, "1250000.50", "Ana")
    assert (found["attributes"], found["leads"]) == ({"erp": "SAP"}, [{"stage": "captured", "leads": 1}])
    (listed,) = program("get", "/companies").json()["items"]
    assert (listed["name"], listed["people"], listed["open_leads"]) == ("Sogetrel", 1, 1)
    assert program("get", "/companies?q=soge").json()["items"] == [listed]
    taken = Company.objects.create(
        name="Axians", name_folded="axians", created_at=owner.created_at, updated_at=owner.created_at
    )
    taken.keys.create(kind="domain", value="axians.fr")
    answer = program("patch", f"/companies/{claire.company_id}", {"domain": "axians.fr"})
    assert (answer.status_code, answer.json()["errors"][0]["company_id"]) == (409, taken.pk)


def test_the_api_says_in_its_description_what_it_takes_and_answers(api: Callable[..., Api]):
    described = Client().get("/api/v1/openapi.json").json()
    for path, methods in {
        "/api/v1/leads/{lead_id}": {"get", "patch"},
        "/api/v1/leads/{lead_id}/timeline": {"get"},
        "/api/v1/leads/{lead_id}/stage": {"post"},
        "/api/v1/leads/{lead_id}/activities": {"post"},
        "/api/v1/people": {"get"},
        "/api/v1/people/{person_id}": {"get", "patch"},
        "/api/v1/companies": {"get"},
        "/api/v1/companies/{company_id}": {"get", "patch"},
        "/api/v1/campaigns": {"get", "post"},
        "/api/v1/costs": {"get", "post"},
    }.items():
        assert set(described["paths"][path]) == methods
        for operation in described["paths"][path].values():
            assert {"401", "403", "422"} <= set(operation["responses"])
            assert operation["description"]
