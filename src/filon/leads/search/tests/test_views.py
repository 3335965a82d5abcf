"""The page of results and the palette."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from django.test import Client

from filon.core.models import Team, User
from filon.deals import commands as deals
from filon.leads.models import Company, Lead
from filon.leads.search import index

Submit = Callable[..., Lead]
SignIn = Callable[..., Client]
PALETTE = {"X-Palette": "true", "HX-Request": "true"}


def text_of(response: Any) -> str:
    return unescape(response.content.decode())


@pytest.fixture
def found(submit: Submit, at: datetime, db: None) -> list[Lead]:
    leads = [
        submit(full_name="Claire Morel", email="claire@sogetrel.fr", company__name="Sogetrel", job_title="DSI"),
        submit(full_name="Karim Haddad", company__name="Bessonnet"),
    ]
    index.rebuild(at=at)
    return leads


def test_the_page_shows_leads_companies_and_pages(found: list[Lead], signed_in_client: SignIn) -> None:
    shown = text_of(signed_in_client("sdr").get("/search?q=soge"))
    assert f'href="/leads/{found[0].pk}"' in shown
    assert f'href="/companies/{found[0].company_id}"' in shown
    assert "Karim" not in shown.split("<main")[1]
    pages = text_of(signed_in_client("sdr").get("/search?q=opport")).split("<main")[1]
    assert "Opportunités" in pages


def test_the_palette_gets_options_under_headings(found: list[Lead], signed_in_client: SignIn) -> None:
    shown = text_of(signed_in_client("sdr").get("/search?q=claire", headers=PALETTE))
    assert re.findall(r'<a role="option" href="([^"]+)"', shown) == [f"/leads/{found[0].pk}"]
    assert "Sogetrel · Nouveau" in shown
    assert shown.count('class="palette-group"') == 1
    assert "<html" not in shown


def test_opportunities_are_found_by_who_may_see_them(
    found: list[Lead], signed_in_client: SignIn, admin: Any, at: datetime
) -> None:
    number = deals.create_opportunity({"name": "Postes Sogetrel 2027"}, by=admin, at=at)
    shown = text_of(signed_in_client("sales").get("/search?q=postes", headers=PALETTE))
    assert "Postes Sogetrel 2027" in shown
    assert f"/{number}" in shown


def test_a_manager_finds_no_lead_of_another_team(
    submit: Submit, signed_in_client: SignIn, make_user: Callable[..., User], at: datetime, db: None
) -> None:
    mine, theirs = (Team.objects.create(name=name, name_folded=name, created_at=at) for name in ("mine", "theirs"))
    submit(full_name="Ana Mienne", owner=make_user("sdr", team=mine))
    submit(full_name="Ana Leurre", owner=make_user("sdr", team=theirs))
    index.rebuild(at=at)
    shown = text_of(signed_in_client("manager", team=mine).get("/search?q=ana", headers=PALETTE))
    assert "Ana Mienne" in shown
    assert 'palette-group">Leads' in shown
    assert "Ana Leurre" not in shown.split('palette-group">Leads')[1].split("palette-group")[0]


def test_results_say_what_to_do_when_there_are_none(found: list[Lead], signed_in_client: SignIn) -> None:
    client = signed_in_client("sdr")
    for query in ("?q=zzzz", "?q=a", "?q=%00", "", "?q=%22%20OR%20*"):
        response = client.get(f"/search{query}")
        assert response.status_code == 200
        assert f'href="/leads/{found[0].pk}"' not in text_of(response)


def test_names_cannot_bring_markup_into_results(
    submit: Submit, signed_in_client: SignIn, at: datetime, db: None
) -> None:
    submit(full_name="<script>Ana</script>", company__name="<b>Ana</b>")
    Company.objects.create(name="<i>Ana</i>", name_folded="ana i", created_at=at, updated_at=at)
    index.rebuild(at=at)
    client = signed_in_client("sdr")
    for headers in ({}, PALETTE):
        answer = client.get("/search?q=ana", headers=headers).content
        assert b"<script>Ana" not in answer
        assert b"<b>Ana" not in answer
        assert b"<i>Ana" not in answer


def test_a_search_costs_at_most_twelve_statements(
    found: list[Lead], signed_in_client: SignIn, django_assert_max_num_queries: Any
) -> None:
    client = signed_in_client("sdr")
    for headers in ({}, PALETTE):
        with django_assert_max_num_queries(12):
            client.get("/search?q=soge", headers=headers)
