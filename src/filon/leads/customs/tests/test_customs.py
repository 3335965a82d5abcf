"""Custom fields made on a screen: who may, what records then show and take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from filon.core import access, line
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry
from filon.core.models import Fact
from filon.kit.errors import Refused
from filon.leads import editing
from filon.leads.customs import commands, known
from filon.leads.customs.commands import Draft
from filon.leads.listing.suggestions import attribute_names
from filon.leads.models import CustomField, Lead


@pytest.fixture
def lead(db: None, at: datetime) -> Lead:
    values = {"email": "claire@sogetrel.fr", "last_name": "Morel"}
    entry = Entry(kind="lead", door="form", at=at, values=values, attributes={"Vague": "2", "Outil": "excel"})
    line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at))
    return Lead.objects.get()


def make(at: datetime, name: str = "Outil", kind: str = "choice", **more: Any) -> CustomField:
    more.setdefault("choices", ("HubSpot", "Salesforce") if kind == "choice" else ())
    return commands.make(Draft(of="lead", name=name, kind=kind, **more), by=SYSTEM, at=at)


def test_a_field_stands_on_every_lead_filled_or_not(lead: Lead, at: datetime, signed_in_client: Any) -> None:
    make(at, "Budget", "number")
    page = signed_in_client("sales").get(f"/leads/{lead.pk}").content.decode()
    assert page.index("Budget") < page.index("Vague"), "those that were made come first"
    assert attribute_names() == ["Budget", "Outil", "Vague"]


def test_a_value_is_checked_by_its_kind_and_told(lead: Lead, at: datetime, make_user: Callable[..., Any]) -> None:
    make(at)
    make(at, "Budget", "number")
    make(at, "Échéance", "date")
    by = access.of_user(make_user("sales"))
    editing.edit_lead(lead.pk, {"attributes.Outil": "hubspot", "attributes.Budget": "12 500,50"}, by=by, at=at)
    editing.edit_lead(lead.pk, {"attributes.Échéance": "31/12/2026"}, by=by, at=at)
    lead.refresh_from_db()
    assert lead.attributes == {"Vague": "2", "Outil": "HubSpot", "Budget": "12500.5", "Échéance": "2026-12-31"}
    for name, wrong in (("Outil", "Excel"), ("Budget", "cher"), ("Échéance", "bientôt")):
        with pytest.raises(Refused) as caught:
            editing.edit_lead(lead.pk, {f"attributes.{name}": wrong}, by=by, at=at)
        assert caught.value.errors[0]["field"] == f"attributes.{name}"
    editing.edit_lead(lead.pk, {"attributes.Budget": "", "attributes.Vague": "ce qu’on veut"}, by=by, at=at)
    lead.refresh_from_db()
    assert "Budget" not in lead.attributes
    assert Fact.objects.filter(kind="fields_changed", actor_kind="user").count() == 3


def test_the_page_offers_choices_and_shows_values_as_people_read_them(
    lead: Lead, at: datetime, signed_in_client: Any
) -> None:
    make(at)
    make(at, "Échéance", "date")
    Lead.objects.update(attributes={"Échéance": "2026-12-31", "Outil": "excel"})
    client = signed_in_client("sales")
    page = client.get(f"/leads/{lead.pk}").content.decode()
    assert '<option value="HubSpot">HubSpot</option>' in page
    assert "31 décembre 2026" in page
    assert "excel" in page, "what it held before stays to be read"
    wrong = client.post(f"/records/lead/{lead.pk}/attributes.Outil", {"value": "Autre"})
    assert wrong.status_code == 422
    assert "HubSpot, Salesforce" in wrong.content.decode()


def test_names_with_all_sorts_of_signs_have_their_page(lead: Lead, at: datetime, signed_in_client: Any) -> None:
    for name in ("A/B", "50 % ?", "N° #1", "é & è"):
        make(at, name, "text")
    client = signed_in_client("sales")
    assert client.get(f"/leads/{lead.pk}").status_code == 200
    assert client.post(f"/records/lead/{lead.pk}/attributes.A%2FB", {"value": "x"}).status_code == 200
    lead.refresh_from_db()
    assert lead.attributes["A/B"] == "x"


def test_ops_make_change_and_retire_fields_on_the_screen(lead: Lead, signed_in_client: Any, at: datetime) -> None:
    client: Client = signed_in_client("ops")
    first = client.get("/settings/fields").content.decode()
    assert "Vague" in first, "names in use are offered"
    said = {"name": "Outil", "of": "lead", "kind": "choice", "choices": "HubSpot\nSalesforce\n hubspot "}
    assert client.post("/settings/fields", {**said, "choices": "un seul"}).status_code == 422
    assert client.post("/settings/fields", said).status_code == 302
    assert client.post("/settings/fields", {**said, "name": " outil "}).status_code == 422
    made = CustomField.objects.get()
    assert made.choices == ["HubSpot", "Salesforce"]
    changed = {"choices": "HubSpot\nSalesforce\nPipedrive", "hint": "Celui d’aujourd’hui"}
    assert client.post(f"/settings/fields/{made.pk}", changed).status_code == 302
    assert known.customs("lead")[0].choices == ("HubSpot", "Salesforce", "Pipedrive")
    client.post(f"/settings/fields/{made.pk}", {**changed, "is_retired": "on"})
    assert known.customs("lead") == []
    editing.edit_lead(lead.pk, {"attributes.Outil": "n’importe quoi"}, by=SYSTEM, at=at)
    assert Fact.objects.filter(kind="custom_field_saved").count() == 3
    assert client.get("/settings/fields/999999").status_code == 404


@pytest.mark.parametrize("role", ["sales", "marketing", "head", "read_only"])
def test_others_may_not(db: None, signed_in_client: Any, role: str) -> None:
    assert signed_in_client(role).get("/settings/fields").status_code == 403
    assert not CustomField.objects.exists()
