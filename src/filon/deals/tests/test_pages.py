"""The pages of opportunities: what they show, what they refuse, what they cost."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from filon.core import access
from filon.deals import panels
from filon.deals.forms import AmountField
from filon.deals.models import Opportunity, Product, Stage, StageName
from filon.leads.models import Company, Lead

NARROW, HARD = "\u202f", "\u00a0"


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def deals(take, today):
    """Three open deals, one won, one lost, one in dollars."""
    rows = [
        {"external_id": "1", "name": "Postes", "stage": "Proposal", "amount": Decimal(40_000), "owner": "Nadia"},
        {"external_id": "2", "name": "Serveurs", "stage": "Engaging", "amount": Decimal(10_000), "product": "S1"},
        {"external_id": "3", "name": "Sans montant", "stage": "Prospecting"},
        {"external_id": "4", "name": "Signée", "stage": "Won", "amount": Decimal(5_000), "close_date": today},
        {"external_id": "5", "name": "Ratée", "stage": "Lost", "close_date": today, "reason": "Prix"},
        {"external_id": "6", "name": "Dollars", "stage": "Proposal", "amount": Decimal(999), "currency": "USD"},
        {"external_id": "7", "name": "Ancienne", "stage": "Won", "amount": Decimal(7), "close_date": date(2020, 1, 1)},
    ]
    late = {"close_date": today - timedelta(days=3), "company.name": "Sogetrel"}
    take("opportunity", [{**rows[0], **late}, *rows[1:]])
    return {deal.name: deal for deal in Opportunity.objects.all()}


@pytest.fixture
def seller(signed_in_client, db):
    return signed_in_client("sales")


def address(name: str, *arguments: object) -> str:
    return reverse(f"deals:{name}", args=arguments)


def test_the_board_sums_each_stage_without_other_currencies(seller, deals):
    page = seller.get(address("pipeline"))
    columns = {column["stage"].code: column for column in page.context["columns"]}
    assert {code: (column["count"], column["amount"]) for code, column in columns.items()} == {
        "prospecting": (1, 0),
        "engaged": (1, 10_000),
        "proposal": (2, 40_000),
        "negotiation": (0, 0),
        "won": (1, 5_000),  # the one of 2020 is out of the 90 days
        "lost": (1, 0),
    }
    assert columns["proposal"]["weighted"] == 20_000
    assert [card["row"].name for card in columns["proposal"]["cards"]] == ["Postes", "Dollars"]  # dated ones first
    assert "Sogetrel" in page.content.decode()


def test_every_number_of_the_board_opens_its_rows(seller, deals):
    page = seller.get(address("pipeline"))
    for column in page.context["columns"]:
        assert seller.get(column["url"]).context["totals"].count == column["count"]
    totals = [seller.get(tile["url"]).context["totals"].count for tile in page.context["tiles"]]
    assert totals == [4, 4, 1, 1]


def test_the_list_filters_by_its_address_and_sums_what_it_finds(seller, deals):
    product = Product.objects.get()
    owner = deals["Postes"].owner_id
    for query, names in (
        ({"state": "won"}, {"Signée", "Ancienne"}),
        ({"stage": deals["Postes"].stage_id}, {"Postes", "Dollars"}),
        ({"product": product.pk}, {"Serveurs"}),
        ({"owner": owner}, {"Postes"}),
        ({"owner": "me"}, set()),
        ({"amount_from": "10 000"}, {"Postes", "Serveurs"}),
        ({"amount_to": "999"}, {"Dollars", "Ancienne"}),
        ({"q": "SOGETREL"}, {"Postes"}),
        ({"q": "signee"}, {"Signée"}),
        ({"q": "100%"}, set()),
        ({"filter": "amount > 5000"}, {"Postes", "Serveurs"}),
        ({"filter": 'company = "sogetrel"', "state": "open"}, {"Postes"}),
        ({"company": deals["Postes"].company_id}, {"Postes"}),
    ):
        page = seller.get(address("list"), query)
        assert {row.name for row in page.context["rows"]} == names, query
        assert page.context["totals"].count == len(names), query
    totals = seller.get(address("list")).context["totals"]
    assert (totals.count, totals.amount, totals.others) == (7, 55_007, 3)
    by_state = seller.get(address("list")).context["by_state"]
    assert (sum(count for _, count, _amount in by_state), sum(amount for *_, amount in by_state)) == (7, 55_007)
    assert not seller.get(address("list"), {"state": "open"}).context["by_state"]


@pytest.mark.parametrize(
    "query",
    [
        {"stage": "x", "owner": "y", "product": "-1", "company": "9" * 40, "close_from": "soon", "amount_from": "many"},
        {"sort": "password", "state": "asleep", "pipeline": "zero"},
        {"closed_from": "2026-13-45", "lead": "é"},
    ],
)
def test_a_wrong_filter_is_said_and_never_an_error(seller, deals, query):
    assert seller.get(address("list"), query).status_code == 200
    assert seller.get(address("pipeline"), query).status_code == 200


def test_a_wrong_condition_is_shown_with_its_place(seller, deals):
    page = seller.get(address("list"), {"filter": "amont > 3"})
    assert page.status_code == 422
    assert page.context["error"]["at"] == "amont"


def test_the_opportunity_shows_what_happened_in_words(seller, deals):
    deal = deals["Postes"]
    seller.post(address("change", deal.pk), {"name": "Postes 2027", "amount": "41 000,50", "version": deal.version})
    page = seller.get(address("opportunity", deal.pk)).content.decode()
    assert f"41{NARROW}000,50{HARD}€" in page
    assert "Créée à l’étape" in page
    assert "Modifié" in page


def test_winning_from_the_page_makes_the_account_a_customer(seller, deals, today):
    deal = deals["Postes"]
    said = {"closed_on": today.isoformat(), "amount": "39 500", "version": "0"}
    assert seller.post(address("win", deal.pk), said).status_code == 422, "what shows it is asked"
    answer = seller.post(address("win", deal.pk), {**said, "proof": "Bon de commande 118"})
    assert answer.status_code == 302
    deal.refresh_from_db()
    assert (deal.state, deal.amount, deal.proof) == ("won", 39_500, "Bon de commande 118")
    assert Company.objects.get().is_customer


def test_a_refused_win_comes_back_in_its_dialog_with_what_was_typed(seller, deals, today):
    deal = deals["Postes"]
    tomorrow = today + timedelta(days=1)
    page = seller.post(address("win", deal.pk), {"closed_on": tomorrow.isoformat(), "amount": "39 500"})
    assert page.status_code == 422
    assert page.context["open_won"]
    assert "39 500" in page.content.decode()
    stale = seller.post(address("change", deal.pk), {"name": "X", "version": "9"})
    assert stale.status_code == 422
    assert Opportunity.objects.get(pk=deal.pk).name == "Postes"


def test_losing_asks_why_and_reopening_takes_it_back(seller, deals, today):
    deal = deals["Postes"]
    assert seller.post(address("lose", deal.pk), {"closed_on": today.isoformat(), "reason": ""}).status_code == 422
    seller.post(address("lose", deal.pk), {"closed_on": today.isoformat(), "reason": "competitor"})
    assert "Concurrent" in seller.get(address("opportunity", deal.pk)).content.decode()
    stage = Stage.objects.get(code="negotiation")
    assert seller.post(address("move", deal.pk), {"stage": stage.pk}).status_code == 302
    deal.refresh_from_db()
    assert (deal.state, deal.stage_id) == ("open", stage.pk)


@pytest.mark.parametrize("role", ["read_only", "marketing"])
def test_who_may_not_change_sees_no_buttons_and_is_refused(signed_in_client, deals, role, today):
    client, deal = signed_in_client(role), deals["Postes"]
    page = client.get(address("opportunity", deal.pk)).content.decode()
    assert address("win", deal.pk) not in page
    assert client.post(address("win", deal.pk), {"closed_on": today.isoformat(), "amount": "1"}).status_code == 403
    assert client.get(address("new")).status_code == 403


def test_reading_never_writes(seller, deals):
    for name in ("change", "win", "lose", "move"):
        assert seller.get(address(name, deals["Postes"].pk)).status_code == 405


def test_an_unknown_opportunity_is_not_found(seller):
    assert seller.get(address("opportunity", 999_999)).status_code == 404


def test_a_new_opportunity_of_a_lead_takes_its_account(seller, take):
    take("lead", [{"external_id": "L1", "email": "claire@sogetrel.fr", "company.name": "Sogetrel"}])
    lead = Lead.objects.get()
    page = seller.get(address("new"), {"lead": lead.pk})
    assert page.context["form"].initial["name"] == "Sogetrel"
    answer = seller.post(f"{address('new')}?lead={lead.pk}", {"name": "Postes", "amount": "1 200,50"})
    made = Opportunity.objects.get()
    assert answer.headers["Location"] == address("opportunity", made.pk)
    assert (made.lead_id, made.company_id, made.amount) == (lead.pk, lead.company_id, Decimal("1200.50"))
    assert made.owner_id == seller.user.pk
    lead.refresh_from_db()
    assert lead.stage == "opportunity"


def test_products_and_stage_names_are_edited_on_their_pages(signed_in_client, take, deals):
    client = signed_in_client("ops")
    product = Product.objects.get()
    assert "Non déclaré" in client.get(address("products")).content.decode()
    client.post(address("product", product.pk), {"name": "Serveur S1", "series": "S", "price": "1 000"})
    product.refresh_from_db()
    assert (product.name, product.is_known, product.price) == ("Serveur S1", True, 1000)
    assert client.post(address("products"), {"name": "serveur s1"}).status_code == 422
    take("opportunity", [{"external_id": "9", "name": "Mystère", "stage": "Comité"}])
    assert "Comité" in client.get(address("stage_names")).content.decode()
    stage = Stage.objects.get(code="negotiation")
    client.post(address("map_stage_name"), {"name": "Comité", "stage_id": stage.pk})
    assert Opportunity.objects.get(name="Mystère").stage_id == stage.pk
    assert StageName.objects.get(name="Comité").stage_id == stage.pk


def test_a_seller_sees_the_settings_but_changes_none(seller, deals):
    assert seller.get(address("products")).status_code == 200
    assert seller.post(address("products"), {"name": "Autre"}).status_code == 403
    assert Product.objects.count() == 1


def test_the_empty_board_and_list_say_what_to_do(seller):
    for name in ("pipeline", "list"):
        assert "Nouvelle opportunité" in seller.get(address(name)).content.decode()


def test_the_pages_speak_english_too(signed_in_client, deals):
    client = signed_in_client("sales", language="en")
    assert "New opportunity" in client.get(address("list")).content.decode()
    assert "Prospecting" in client.get(address("pipeline")).content.decode()


def test_naughty_names_are_escaped(seller, take):
    take("opportunity", [{"external_id": "1", "name": "<script>alert(1)</script>", "company.name": "<b>Corp</b>"}])
    deal = Opportunity.objects.get()
    for page in (address("pipeline"), address("list"), address("opportunity", deal.pk)):
        text = seller.get(page).content.decode()
        assert "<script>alert(1)" not in text
        assert "<b>Corp" not in text


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("48 000,50", "48000.50"),
        (f"48{NARROW}000,50{HARD}€", "48000.50"),
        ("48000.5", "48000.5"),
        ("48,000.50", "48000.50"),
        ("1.234.567,89", "1234567.89"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("12", "12"),
        ("", None),
    ],
)
def test_amounts_are_read_as_people_write_them(written, amount):
    assert AmountField(required=False).clean(written) == (None if amount is None else Decimal(amount))


def test_an_amount_is_shown_so_that_it_reads_back():
    with translation.override("fr"):
        for amount in (Decimal("48000.50"), Decimal("1234567.00"), Decimal("0.05")):
            assert AmountField().clean(AmountField().prepare_value(amount)) == amount


# Panels and cost ------------------------------------------------------------------------------------------------------


def test_panels_show_the_deals_of_a_lead_and_of_an_account(take, make_user, at, django_assert_num_queries):
    take("lead", [{"external_id": "L1", "email": "claire@sogetrel.fr", "company.name": "Sogetrel"}])
    rows = [
        {"external_id": "1", "name": "A", "lead.external_id": "L1", "amount": Decimal(10)},
        {"external_id": "2", "name": "B", "company.name": "Sogetrel", "stage": "Won", "amount": Decimal(5)},
    ]
    take("opportunity", rows)
    actor = access.of_user(make_user("sales"))
    lead = Lead.objects.get()
    with django_assert_num_queries(1):
        shown = panels.lead_panel(lead.pk, by=actor, at=at)
    assert [row.name for row in shown["rows"]] == ["A"]
    with django_assert_num_queries(3):
        account = panels.company_panel(lead.company_id, by=actor, at=at)
    assert {row.name for row in account["rows"]} == {"A", "B"}
    assert (account["open"].amount, account["won"].amount) == (10, 5)


@pytest.mark.parametrize(("name", "most"), [("pipeline", 11), ("list", 9), ("opportunity", 11), ("products", 4)])
def test_a_page_costs_few_statements_however_much_it_shows(
    seller, take, deals, name, most, django_assert_max_num_queries
):
    take("opportunity", [{"external_id": f"N{n}", "name": f"Affaire {n}", "owner": f"V{n % 9}"} for n in range(120)])
    page = address(name, deals["Postes"].pk) if name == "opportunity" else address(name)
    seller.get(page)  # once in fifteen seconds a process asks whether there are sample data
    with django_assert_max_num_queries(most):
        assert seller.get(page).status_code == 200


def test_a_manager_sees_the_deals_of_the_team_only(signed_in_client, deals):
    from filon.core.models import Team

    team = Team.objects.create(name="Nord", name_folded="nord", created_at=timezone.now())
    client = signed_in_client("manager", team=team)
    names = {row.name for row in client.get(address("list")).context["rows"]}
    assert "Postes" not in names  # Nadia's, of another team
    assert "Serveurs" in names  # nobody's
    assert client.get(address("opportunity", deals["Postes"].pk)).status_code == 404
