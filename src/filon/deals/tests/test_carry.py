"""An import of opportunities taken back: what it made is gone, what it changed is as before."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.forms.models import model_to_dict

from filon.capture.imports import undo
from filon.capture.models import Import
from filon.core.access import SYSTEM
from filon.deals.commands import change_opportunity
from filon.deals.models import Opportunity, Product, Stage
from filon.deals.tests.doors import NOON
from filon.leads.models import Company, Lead

LATER = NOON + timedelta(days=1)
_NEVER_BACK = {"version", "updated_at"}


@pytest.fixture
def imported(take):
    """`imported(rows)`: rows taken in as one import; its id."""

    def run(rows, at=NOON):
        made = Import.objects.create(
            kind="opportunities", file_name="f.csv", file_hash="x", state=Import.State.DONE, created_at=at
        )
        take("opportunity", rows, at=at, import_id=made.pk)
        return made.pk

    return run


def take_back(import_id: int) -> None:
    undo.start_undo(import_id, by=SYSTEM, at=LATER)
    list(undo.run_undo(import_id, at=LATER))


def snapshot(deal: Opportunity) -> dict:
    deal.refresh_from_db()
    return {name: value for name, value in model_to_dict(deal).items() if name not in _NEVER_BACK}


FIRST = {
    "external_id": "D1",
    "name": "Postes",
    "company.name": "Sogetrel",
    "stage": "Engaging",
    "amount": Decimal("1000.50"),
    "close_date": date(2026, 12, 1),
    "product": "P1",
}


def test_what_an_import_made_goes_and_its_account_is_no_customer_any_more(imported, take):
    take("lead", [{"external_id": "L1", "email": "claire@sogetrel.fr", "company.name": "Sogetrel"}])
    import_id = imported([{**FIRST, "stage": "Won", "lead.external_id": "L1"}])
    assert Company.objects.get().is_customer
    take_back(import_id)
    assert not Opportunity.objects.exists()
    assert not Product.objects.exists()
    assert not Company.objects.get().is_customer
    assert Lead.objects.get().stage == "captured"


def test_what_an_import_changed_returns_to_what_it_was(imported, take):
    take("opportunity", [FIRST])
    deal = Opportunity.objects.get()
    before = snapshot(deal)
    changed = {
        **FIRST,
        "name": "Postes 2027",
        "stage": "Won",
        "amount": Decimal(2000),
        "close_date": date(2026, 11, 20),
        "product": "P2",
    }
    import_id = imported([changed])
    assert snapshot(deal)["state"] == "won"
    take_back(import_id)
    assert snapshot(deal) == before
    assert not Company.objects.get().is_customer
    assert set(Product.objects.values_list("name", flat=True)) == {"P1"}


def test_a_corrected_closing_returns_to_its_first_date(imported, take):
    take("opportunity", [{**FIRST, "stage": "Won"}])
    deal = Opportunity.objects.get()
    before = snapshot(deal)
    import_id = imported([{**FIRST, "stage": "Won", "close_date": date(2026, 12, 9)}])
    assert snapshot(deal) != before
    take_back(import_id)
    assert snapshot(deal) == before
    assert Company.objects.get().is_customer


def test_what_a_person_changed_since_stays(imported, take, make_user):
    import_id = imported([FIRST])
    deal = Opportunity.objects.get()
    change_opportunity(deal.pk, {"name": "Renommée"}, by=SYSTEM, at=LATER)
    take_back(import_id)
    assert not Opportunity.objects.exists()  # the system is no person
    import_id = imported([{**FIRST, "external_id": "D2"}])
    from filon.core import access

    seller = access.of_user(make_user("sales"))
    deal = Opportunity.objects.get()
    stage = Stage.objects.get(code="negotiation")
    change_opportunity(deal.pk, {"stage_id": stage.pk}, by=seller, at=LATER)
    take_back(import_id)
    assert Opportunity.objects.get().stage_id == stage.pk


def test_an_import_taken_back_can_come_again(imported):
    import_id = imported([FIRST])
    take_back(import_id)
    imported([FIRST], at=LATER)
    assert Opportunity.objects.get().name == "Postes"
