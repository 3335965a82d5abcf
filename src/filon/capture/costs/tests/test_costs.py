"""Campaigns and costs: through the pages and through the API, the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from filon.capture.costs import queries
from filon.capture.costs.campaigns import add_campaign
from filon.capture.costs.commands import add_cost
from filon.capture.models import Cost
from filon.core import accounts
from filon.core.access import SYSTEM, Actor
from filon.core.models import Fact
from filon.kit.errors import Kind, Refused
from filon.leads.models import Campaign

pytestmark = pytest.mark.django_db


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode()).replace("\u00a0", " ").replace("\u202f", " ")


@pytest.fixture
def program(at: datetime) -> Callable[..., Any]:
    """`program("post", "/costs", {…})`: a program that may record costs."""
    key = accounts.create_key("erp", scopes=["costs:write"], by=SYSTEM, at=at)[1]
    client = Client()

    def call(method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = {"Authorization": f"Bearer {key}"} | {name.replace("_", "-"): value for name, value in headers.items()}
        kwargs = {} if body is None else {"data": body, "content_type": "application/json"}
        return getattr(client, method)(f"/api/v1{path}", headers=named, **kwargs)

    return call


def spend(amount: str, day: date, *, by: Actor, at: datetime, **more: Any) -> None:
    add_cost({"amount": amount, "date": day, **more}, by=by, at=at)


# Commands and queries -------------------------------------------------------------------------------------------------


def test_a_campaign_is_declared_once_under_its_name(admin: Actor, at: datetime):
    made = add_campaign("  Salon  Préventica ", by=admin, at=at, channel="event")
    assert (made.name, made.channel) == ("Salon Préventica", "event")
    fact = Fact.objects.get(kind="campaign_added")
    assert (fact.campaign_id, fact.channel) == (made.pk, "event")
    with pytest.raises(Refused) as refused:
        add_campaign("salon preventica", by=admin, at=at)
    assert (refused.value.kind, refused.value.errors[0]["campaign_id"]) == (Kind.CONFLICT, made.pk)
    assert Campaign.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": "   "}),
        ("name", {"name": "x" * 201}),
        ("channel", {"name": "A", "channel": "pigeon"}),
        ("ends_on", {"name": "A", "starts_on": date(2026, 3, 2), "ends_on": date(2026, 3, 1)}),
    ],
)
def test_a_campaign_that_cannot_be_is_refused_by_field(field: str, values: Any, admin: Actor, at: datetime):
    with pytest.raises(Refused) as refused:
        add_campaign(**values, by=admin, at=at)
    assert refused.value.errors[0]["field"] == field


def test_campaigns_know_what_they_cost_to_the_cent(admin: Actor, at: datetime):
    for amount in ("0.10", "0.20", "1000000.00"):
        spend(amount, date(2026, 3, 1), by=admin, at=at, campaign="Salon", channel="event")
    spend("5.00", date(2026, 3, 1), by=admin, at=at, campaign="Salon", currency="USD")
    (row,) = queries.campaigns(by=admin).rows
    assert (row.name, row.spent) == ("Salon", Decimal("1000000.30"))


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_every_cost_stands_on_one_page_the_latest_first(limit: int, admin: Actor, at: datetime):
    for day in (3, 1, 2, 2):
        spend("1.00", date(2026, 3, day), by=admin, at=at)
    found, after = [], ""
    while True:
        page = queries.costs(by=admin, after=after, limit=limit)
        found += [(row.date_from.day, row.id) for row in page.rows]
        after = page.after
        if not after:
            break
    assert found == sorted(found, reverse=True)
    assert len(found) == 4


def test_costs_are_seen_by_who_sees_figures_or_records_them(admin: Actor):
    for permissions in ({"kpi.see"}, {"costs.change"}):
        assert queries.costs(by=Actor("key", 1, permissions=frozenset(permissions))).rows == []
    with pytest.raises(Refused):
        queries.costs(by=Actor("key", 1, permissions=frozenset({"leads.see"})))
    for cursor in ("x", "WzFd", "WyJ4IiwgMV0"):
        with pytest.raises(Refused):
            queries.costs(by=admin, after=cursor)


# Pages ----------------------------------------------------------------------------------------------------------------


def test_campaigns_and_costs_are_added_on_their_pages(signed_in_client: Callable[..., Client]):
    client = signed_in_client("marketing")
    campaign = {"name": "Salon", "channel": "event", "starts_on": "2026-03-01", "ends_on": ""}
    assert client.post("/capture/campaigns", campaign).status_code == 302
    cost = {"amount": "1 250,50", "kind": "event", "date_from": "2026-03-01", "date_to": "2026-03-31"}
    answer = client.post("/capture/costs", {**cost, "channel": "event", "campaign": "Salon"})
    assert answer.status_code == 302, text_of(answer)
    made = Cost.objects.select_related("campaign").get()
    assert (made.amount, made.date_to, made.kind) == (Decimal("1250.50"), date(2026, 3, 31), "event")
    assert made.campaign is not None
    campaigns, costs = text_of(client.get("/capture/campaigns")), text_of(client.get("/capture/costs"))
    assert "1 250,50 €" in campaigns
    assert "filter=campaign+%3D+%22Salon%22" in campaigns
    assert "1 250,50 €" in costs
    assert "Aucun coût" in text_of(client.get("/capture/costs?campaign=999"))


def test_a_form_that_is_refused_keeps_what_was_typed_and_stays_open(signed_in_client: Callable[..., Client]):
    client = signed_in_client("marketing")
    client.post("/capture/campaigns", {"name": "Salon", "channel": "event"})
    taken = client.post("/capture/campaigns", {"name": "SALON", "channel": "event"})
    assert taken.status_code == 422
    assert 'value="SALON"' in taken.content.decode()
    assert "data-open" in taken.content.decode()
    wrong = client.post("/capture/costs", {"amount": "beaucoup", "kind": "media", "date_from": "2026-03-01"})
    assert wrong.status_code == 422
    before = {"amount": "1", "kind": "media", "channel": "web", "date_from": "2026-03-02", "date_to": "2026-03-01"}
    assert client.post("/capture/costs", before).status_code == 422
    assert not Cost.objects.exists()


def test_who_may_only_look_adds_nothing(signed_in_client: Callable[..., Client]):
    client = signed_in_client("sdr")
    assert "data-dialog" not in text_of(client.get("/capture/costs")).partition("<main")[2].partition("</main>")[0]
    assert client.post("/capture/campaigns", {"name": "Salon", "channel": "event"}).status_code == 403
    cost = {"amount": "1", "kind": "media", "channel": "web", "date_from": "2026-03-02"}
    assert client.post("/capture/costs", cost).status_code == 403


@pytest.mark.parametrize("path", ["/capture/campaigns", "/capture/costs"])
def test_a_page_costs_at_most_twelve_statements(
    path: str, signed_in_client: Callable[..., Client], admin: Actor, at: datetime
):
    for number in range(60):
        spend("1.00", date(2026, 3, 1), by=admin, at=at, campaign=f"Campagne {number}")
    client = signed_in_client("admin")
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        page = client.get(path)
    assert page.content.count(b"<tr>") == 51
    assert len(captured) <= 12


# The API --------------------------------------------------------------------------------------------------------------


def test_a_campaign_and_its_costs_come_through_the_api_once(program: Callable[..., Any]):
    made = [program("post", "/campaigns", {"name": "SEA", "channel": "paid_search"}, Idempotency_Key="c") for _ in "ab"]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json() == made[1].json()
    again = program("post", "/campaigns", {"name": "sea"})
    assert (again.status_code, again.json()["errors"][0]["campaign_id"]) == (409, made[0].json()["id"])
    body = {"from": "2026-03-01", "to": "2026-03-31", "channel": "paid_search", "campaign": "SEA", "amount": "310.50"}
    answers = [program("post", "/costs", body, Idempotency_Key="k") for _ in "ab"]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert (answers[0].json()["amount"], answers[0].json()["campaign"]) == ("310.50", "SEA")
    assert Cost.objects.count() == 1
    (listed,) = program("get", "/costs").json()["items"]
    assert listed == answers[0].json()
    (campaign,) = program("get", "/campaigns").json()["items"]
    assert (campaign["name"], campaign["spent"]) == ("SEA", "310.50")


@pytest.mark.parametrize(
    "body",
    [
        {"amount": "1"},
        {"date": "2026-03-01"},
        {"date": "2026-03-01", "from": "2026-03-01", "amount": "1"},
        {"from": "2026-03-02", "to": "2026-03-01", "amount": "1"},
        {"date": "2026-03-01", "amount": "-1"},
        {"date": "2026-03-01", "amount": "NaN"},
        {"date": "2026-03-01", "amount": "1", "kind": "gift"},
        {"date": "2026-03-01", "amount": "1", "colour": "red"},
        {"date": "0001-01-01", "amount": "1"},
    ],
)
def test_a_cost_that_cannot_be_is_a_problem(body: dict[str, str], program: Callable[..., Any]):
    answer = program("post", "/costs", body)
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert not Cost.objects.exists()


def test_lists_go_on_where_the_page_before_ended(program: Callable[..., Any], admin: Actor, at: datetime):
    for day in (1, 2, 3):
        spend("1.00", date(2026, 3, day), by=admin, at=at, campaign=f"C{day}")
    for path in ("/costs", "/campaigns"):
        first = program("get", f"{path}?limit=2").json()
        second = program("get", f"{path}?limit=2&after={first['next']}").json()
        assert (len(first["items"]), len(second["items"]), second["next"]) == (2, 1, None)
    assert program("get", "/costs?after=x").status_code == 422
