"""Opportunities through the REST API."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from filon.core import keys
from filon.core.models import ApiKey, InboxEntry
from filon.deals import api as deals_api
from filon.deals.models import Opportunity, Stage
from filon.deals.tests.doors import NOON
from filon.leads.models import Finding, Lead

ADDRESS = "/api/v1/opportunities"


@pytest.fixture
def ask(db):
    """`ask("post", {…})`: a call with a key of these scopes; (status, body)."""

    def call(method, body=None, path=ADDRESS, *, scopes=("deals:write",), **headers):
        secret = f"filon_{'-'.join(scopes)}_0123456789012345678901234567890123456789"
        ApiKey.objects.get_or_create(
            key_hash=keys.hash_of(secret),
            defaults={"name": "test", "prefix": secret[:12], "scopes": list(scopes), "created_at": NOON},
        )
        given = json.dumps(body) if body is not None and not isinstance(body, str) else body or ""
        content = {"data": given, "content_type": "application/json"} if method != "get" else {"data": body or {}}
        response = getattr(Client(), method)(path, headers={"Authorization": f"Bearer {secret}", **headers}, **content)
        return response.status_code, json.loads(response.content or b"null")

    return call


POSTES = {
    "external_id": "D1",
    "name": "Postes 2027",
    "company": {"name": "Sogetrel"},
    "owner": "Nadia Benali",
    "product": "Postes",
    "stage": "Proposal",
    "amount": "48000.50",
    "close_date": "2027-01-31",
}


def test_an_opportunity_is_taken_in_and_answered_as_it_is(ask):
    status, body = ask("post", POSTES)
    assert status == 201
    assert (body["outcome"], body["amount"], body["currency"], body["state"]) == ("created", "48000.50", "EUR", "open")
    assert (body["company"], body["owner"], body["product"]) == ("Sogetrel", "Nadia Benali", "Postes")
    assert body["stage"]["code"] == "proposal"
    assert ask("get", path=f"{ADDRESS}/{body['id']}") == (200, {k: v for k, v in body.items() if k != "outcome"})
    stored = InboxEntry.objects.get()
    assert (stored.kind, stored.status, stored.payload["body"]["external_id"]) == ("opportunity", "done", "D1")


def test_sending_an_external_id_again_changes_the_same_opportunity(ask):
    _, first = ask("post", POSTES)
    assert ask("post", POSTES)[1] == {**first, "outcome": "unchanged"}
    status, changed = ask(
        "post", {**POSTES, "amount": "50000", "stage": "Closed Won", "won_at": "2026-11-01T10:00:00Z"}
    )
    assert (status, changed["id"], changed["outcome"], changed["state"]) == (201, first["id"], "updated", "won")
    assert changed["won_at"] == "2026-11-01T10:00:00Z"
    assert Opportunity.objects.count() == 1


def test_an_idempotency_key_gives_the_first_answer_again(ask):
    body = {"name": "Sans id", "amount": "10"}
    first = ask("post", body, **{"Idempotency-Key": "k1"})
    assert ask("post", body, **{"Idempotency-Key": "k1"}) == first
    assert Opportunity.objects.count() == 1
    assert ask("post", {"name": "Autre"}, **{"Idempotency-Key": "k1"})[0] == 422


def test_dotted_names_of_imports_mean_the_same(ask):
    _, body = ask("post", {"name": "A", "company.name": "Sogetrel"})
    assert body["company"] == "Sogetrel"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "A", "colour": "red"}, "colour"),
        ({"name": "A", "amount": "-1"}, "amount"),
        ({"name": "A", "amount": "many"}, "amount"),
        ({"name": "A", "currency": "euros"}, "currency"),
        ({"name": "A", "close_date": "31/12/2026"}, "close_date"),
        ({"name": "A", "probability": 60}, "probability"),
        ({"name": "A", "lead_id": 999_999}, "lead.id"),
        ({"amount": "10"}, "name"),
        ({"name": "  ", "amount": "10"}, "name"),
        ({"name": "A", "email": "not an address"}, "email"),
        ({"name": "A", "company": {"siren": "123"}}, "company.siren"),
    ],
)
def test_what_is_wrong_is_named(ask, body, field):
    status, problem = ask("post", body)
    assert status == 422
    assert field in problem["errors"][0]["field"]
    assert not Opportunity.objects.exists()


@pytest.mark.parametrize("body", ["", "{", "[1", "\x00", '"text"', "[]", "null", '{"name": "\\ud800"}'])
def test_a_body_that_is_no_opportunity_is_refused(ask, body):
    assert ask("post", body)[0] in {400, 422}


@pytest.mark.parametrize("scopes", [("deals:read",), ("leads:write",)])
def test_a_key_without_the_scope_is_refused(ask, scopes):
    assert ask("post", POSTES, scopes=scopes)[0] == 403
    assert not Opportunity.objects.exists()


def test_no_key_is_no_access(db):
    assert Client().get(ADDRESS).status_code == 401


def test_a_lists_pages_hold_every_opportunity_once_in_order(ask, take):
    rows = [
        {"external_id": str(n), "name": f"Affaire {n}", "amount": Decimal(n % 4) if n % 5 else "", "created_at": NOON}
        for n in range(23)
    ]
    take("opportunity", [{k: v for k, v in row.items() if v != ""} for row in rows])
    for sort in ("-created", "created", "amount", "-amount", "close", "-close", "name", "-name"):
        found, after = [], ""
        while True:
            status, page = ask("get", {"limit": 7, "sort": sort, "after": after})
            assert status == 200
            found += page["items"]
            after = page["next"]
            if not after:
                break
        assert sorted(row["name"] for row in found) == sorted(row["name"] for row in rows)
        if sort.endswith("amount"):
            amounts = [Decimal(row["amount"]) for row in found if row["amount"] is not None]
            assert amounts == sorted(amounts, reverse=sort.startswith("-"))
            assert [row["amount"] for row in found][len(amounts) :] == [None] * (len(rows) - len(amounts))
        if sort.endswith("name"):
            names = [row["name"] for row in found]
            assert names == sorted(names, reverse=sort.startswith("-"))


@pytest.mark.parametrize("after", ["x", "W10", "WyJ4IiwgMV0", "WyJ4IiwgIjEiXQ", "WyJ4IiwxZTk5XQ"])
def test_a_cursor_of_another_list_is_refused(ask, after):
    assert ask("get", {"after": after, "sort": "amount"})[0] == 422


def test_a_condition_filters_and_a_wrong_one_says_where(ask, take):
    take(
        "opportunity",
        [
            {"external_id": "1", "name": "Petite", "amount": Decimal(100), "company.name": "Sogetrel"},
            {"external_id": "2", "name": "Grande", "amount": Decimal(9000), "company.name": "Électricité Dupont"},
            {"external_id": "3", "name": "Gagnée", "stage": "Won", "owner": "Léa", "close_date": date(2026, 3, 1)},
        ],
    )
    for condition, names in (
        ("amount >= 1000", ["Grande"]),
        ('company = "electricite dupont"', ["Grande"]),
        ("state = won", ["Gagnée"]),
        ('owner = "lea"', ["Gagnée"]),
        ("won_at >= 2026-03-01 and won_at < 2026-03-02", ["Gagnée"]),
        ("amount is empty", ["Gagnée"]),
        ("stage = prospecting and not amount > 1000", ["Petite"]),
    ):
        status, page = ask("get", {"filter": condition})
        assert (status, [row["name"] for row in page["items"]]) == (200, names), condition
    status, problem = ask("get", {"filter": "amount >= "})
    assert (status, problem["errors"][0]["position"]) == (422, 10)


def test_a_change_is_made_and_its_rules_hold(ask):
    _, made = ask("post", POSTES)
    path = f"{ADDRESS}/{made['id']}"
    won = Stage.objects.get(code="won").pk
    assert ask("patch", {"stage_id": won}, path)[0] == 422
    status, body = ask("patch", {"stage_id": won, "closed_on": "2026-11-02", "version": made["version"]}, path)
    assert (status, body["state"], body["close_date"], body["version"]) == (200, "won", "2026-11-02", 1)
    assert ask("patch", {"name": "X", "version": 0}, path)[0] == 412
    assert ask("patch", {"amount": None}, path)[1]["amount"] is None
    assert ask("patch", {"unknown": 1}, path)[0] == 422
    assert ask("patch", {"name": "X"}, f"{ADDRESS}/999999")[0] == 404
    assert ask("patch", {"name": "X"}, f"{ADDRESS}/99999999999999999999")[0] == 422
    assert ask("patch", {"name": "X"}, path, scopes=("deals:read",))[0] == 403


def test_a_won_opportunity_makes_its_lead_a_customer(ask, take):
    take("lead", [{"external_id": "L1", "email": "claire@sogetrel.fr", "captured_at": NOON}])
    body = {
        "name": "A",
        "email": "claire@sogetrel.fr",
        "stage": "Won",
        "amount": "10",
        "won_at": "2026-12-01T10:00:00Z",
    }
    assert ask("post", body)[1]["lead_id"] == Lead.objects.get().pk
    assert Lead.objects.get().stage == "customer"
    assert not Finding.objects.filter(code="unknown_lead").exists()


def test_what_was_stored_can_be_understood_again(ask, admin):
    ask("post", POSTES)
    stored = InboxEntry.objects.get()
    arrival = deals_api.understand(stored.payload["body"], admin, stored.received_at)
    assert (arrival.route, arrival.entries[0].values["amount"]) == (stored.payload["route"], Decimal("48000.50"))


def test_naughty_text_comes_back_unchanged(ask):
    name = "Ω≈ç√∫ \u202etest\u202c <script>alert('x')</script> '; DROP TABLE deals_opportunity; --"
    _, body = ask("post", {"name": name, "attributes": {"Clé <b>": name}})
    assert (body["name"], body["attributes"]) == (name, {"Clé <b>": name})
