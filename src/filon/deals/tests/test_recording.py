"""What entries say of deals becomes opportunities: by name, by date, by difference from what was given before."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from filon.core.access import SYSTEM
from filon.core.models import Fact, User
from filon.deals.models import Opportunity, Pipeline, Product, StageName
from filon.deals.tests.doors import NOON
from filon.leads.models import Company, Finding, Lead, SourceRecord

ZONE = timezone.get_default_timezone()


def day(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), datetime.min.time(), ZONE)


def deal(**values):
    return {"external_id": "D1", "name": "Postes 2026", "company.name": "Sogetrel", **values}


def only() -> Opportunity:
    return Opportunity.objects.select_related("stage", "pipeline", "owner", "product", "company", "lead").get()


def findings() -> dict[str, str]:
    return dict(Finding.objects.values_list("code", "subject"))


@pytest.mark.parametrize(
    ("name", "code", "state"),
    [
        ("Won", "won", "won"),
        ("closedwon", "won", "won"),
        ("Gagné", "won", "won"),
        ("Closed Lost", "lost", "lost"),
        ("Perdue", "lost", "lost"),
        ("Engaging", "engaged", "open"),
        ("Proposal/Price Quote", "proposal", "open"),
        ("Négociation", "negotiation", "open"),
        ("Demo Scheduled", "engaged", "open"),
        ("appointmentscheduled", "prospecting", "open"),
        ("prospecting", "prospecting", "open"),
    ],
)
def test_usual_stage_names_are_understood(take, name, code, state):
    take("opportunity", [deal(stage=name)])
    assert (only().stage.code, only().state) == (code, state)
    assert "unknown_stage" not in findings()


def test_a_closed_deal_takes_its_close_date_when_it_has_no_other(take):
    take("opportunity", [deal(stage="Won", close_date=date(2026, 3, 4), created_at=day("2026-01-02"))])
    assert only().won_at == day("2026-03-04")
    assert only().close_date == date(2026, 3, 4)
    assert Fact.objects.get(kind="opportunity_won").at == day("2026-03-04")


def test_the_date_given_for_the_win_goes_before_the_close_date(take):
    won_at = datetime(2026, 3, 5, 14, 30, tzinfo=UTC)
    take("opportunity", [deal(stage="Won", close_date=date(2026, 3, 4), won_at=won_at)])
    assert only().won_at == won_at


def test_a_closed_deal_without_any_date_is_kept_and_flagged(take):
    take("opportunity", [deal(stage="Lost", reason="Prix")])
    assert only().lost_at == NOON
    assert only().reason == "price"
    assert "closed_without_date" in findings()


def test_a_deal_left_in_an_open_stage_by_its_system_is_closed_by_its_outcome(take):
    take("opportunity", [deal(stage="Negotiations Started", outcome="won", won_at=day("2026-02-03"))])
    assert (only().state, only().stage.code, only().won_at) == ("won", "won", day("2026-02-03"))


def test_a_stage_nobody_knows_waits_for_someone_to_explain_it(take):
    take("opportunity", [deal(stage="Comité d’achat")])
    assert (only().state, only().stage_name) == ("open", "Comité d’achat")
    assert findings()["unknown_stage"] == "Comité d’achat"
    assert StageName.objects.get(name_folded="comite d'achat").stage is None


def test_a_pipeline_nobody_knows_is_made_with_stages_of_its_own(take):
    take("opportunity", [deal(pipeline="Renouvellements", stage="Closed Won")])
    made = only()
    assert made.pipeline.name == "Renouvellements"
    assert made.stage.pipeline_id == made.pipeline_id
    assert (made.stage.code, made.state) == ("won", "won")
    assert findings()["unknown_pipeline"] == "Renouvellements"
    take("opportunity", [deal(external_id="D2", pipeline="Sales Pipeline")])
    assert Pipeline.objects.count() == 2


def test_owner_product_and_account_are_kept_by_their_names(take):
    take("opportunity", [deal(owner="Moses Frase", product="GTX Basic", stage="Engaging")])
    made = only()
    assert (made.owner.name, made.owner.role, made.owner.has_usable_password()) == ("Moses Frase", "sales", False)
    assert (made.product.name, made.product.is_known) == ("GTX Basic", False)
    assert made.company.name == "Sogetrel"
    assert {"unknown_owner": "Moses Frase", "unknown_product": "GTX Basic"}.items() <= findings().items()


def test_a_product_that_may_be_misspelt_keeps_its_name_and_is_asked_about(take):
    take("product", [{"name": "GTX Pro", "price": Decimal(4821)}])
    take("opportunity", [deal(product="GTXPro")])
    assert only().product.name == "GTXPro"
    assert findings()["misspelt_product"] == "GTXPro → GTX Pro"


def test_a_deal_without_a_name_is_named_after_account_and_product(take):
    take("opportunity", [{"external_id": "D1", "company.name": "Cancity", "product": "GTX Basic"}])
    assert only().name == "Cancity · GTX Basic"
    take("opportunity", [{"external_id": "D2"}])
    assert Opportunity.objects.filter(name="D2").exists()


def test_another_currency_is_kept_and_flagged(take):
    take("opportunity", [deal(amount=Decimal(100), currency="USD"), deal(external_id="D2", currency="écus")])
    assert sorted(Opportunity.objects.values_list("currency", flat=True)) == ["USD", "XXX"]
    assert set(Finding.objects.filter(code="other_currency").values_list("subject", flat=True)) == {"USD", "écus"}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"amount": Decimal(10)}, "no_identifier"),
        ({"name": "X", "amount": Decimal(-1)}, "invalid"),
        ({"name": "X", "amount": Decimal("1e20")}, "invalid"),
        ({"name": "X", "amount": Decimal("NaN")}, "invalid"),
        ({"name": "X", "probability": Decimal(250)}, "invalid"),
        ({"name": "X", "created_at": "yesterday"}, "invalid"),
        ({"name": "X", "close_date": "soon"}, "invalid"),
    ],
)
def test_what_cannot_be_a_deal_is_refused_with_its_reason_and_the_rest_goes_on(take, values, code):
    batch = take("opportunity", [deal(), values])
    assert [item.outcome for item in batch.items] == ["created", "rejected"]
    assert batch.items[1].refusal.code == code
    assert Opportunity.objects.count() == 1
    assert SourceRecord.objects.count() == 1  # a refused row can be given again


def test_a_probability_may_be_a_share_or_a_percentage(take):
    take("opportunity", [deal(probability=Decimal(60)), deal(external_id="D2", probability=Decimal("0.25"))])
    assert set(Opportunity.objects.values_list("probability", flat=True)) == {Decimal("0.6"), Decimal("0.25")}


# Again ----------------------------------------------------------------------------------------------------------------


def test_a_later_file_changes_what_it_says_anew_and_nothing_else(take):
    take("opportunity", [deal(stage="Engaging", amount=Decimal(1000), close_date=date(2026, 12, 1))])
    Opportunity.objects.update(amount=Decimal(1500))  # a person's edit
    values = deal(stage="Won", amount=Decimal(1000), close_date=date(2026, 11, 20))
    assert take("opportunity", [values]).items[0].outcome == "updated"
    changed = only()
    assert changed.amount == 1500
    assert (changed.state, changed.won_at, changed.version) == ("won", day("2026-11-20"), 1)
    kinds = list(Fact.objects.filter(opportunity_id=changed.id).order_by("id").values_list("kind", flat=True))
    assert kinds == ["opportunity_created", "opportunity_changed", "opportunity_stage_changed", "opportunity_won"]
    assert Fact.objects.get(kind="opportunity_won").value == 1500


def test_old_and_new_values_stand_in_the_erasable_detail(take):
    take("opportunity", [deal(amount=Decimal(1000))])
    take("opportunity", [deal(amount=Decimal(2000))])
    fact = Fact.objects.get(kind="opportunity_changed")
    assert fact.payload["fields"] == ["amount"]
    assert (fact.detail.values["old"], fact.detail.values["new"]) == ({"amount": "1000.00"}, {"amount": "2000.00"})


def test_a_corrected_close_date_moves_the_win_and_revokes_the_first_one(take):
    take("opportunity", [deal(stage="Won", close_date=date(2026, 3, 4))])
    take("opportunity", [deal(stage="Won", close_date=date(2026, 3, 9))])
    assert only().won_at == day("2026-03-09")
    first, second = Fact.objects.filter(kind="opportunity_won").order_by("id")
    assert second.revokes_id == first.id


def test_the_same_row_twice_in_one_file_is_one_deal(take):
    batch = take("opportunity", [deal(stage="Engaging"), deal(stage="Won", close_date=date(2026, 3, 4))])
    assert [item.outcome for item in batch.items] == ["created", "updated"]
    assert only().state == "won"


def test_two_systems_may_use_one_id(take):
    take("opportunity", [deal()], system="hubspot")
    take("opportunity", [deal()], system="salesforce")
    assert Opportunity.objects.count() == 2


def test_unknown_columns_become_attributes(take):
    take("opportunity", [deal(campaign="Salon SIDO")], attributes={"Zone": "Ouest"})
    assert only().attributes == {"campaign": "Salon SIDO", "Zone": "Ouest"}
    assert only().attributes_folded == {"campaign": "salon sido", "zone": "ouest"}


# Leads ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def lead(take):
    """A lead of Sogetrel captured on 1 February, known by its id and e-mail."""
    values = {
        "external_id": "L1",
        "email": "claire@sogetrel.fr",
        "company.name": "Sogetrel",
        "captured_at": day("2026-02-01"),
    }
    take("lead", [values])
    return Lead.objects.get()


def test_an_open_deal_makes_its_lead_an_opportunity_at_its_creation(take, lead):
    take("opportunity", [deal(**{"lead.external_id": "L1", "created_at": day("2026-02-10")})])
    lead.refresh_from_db()
    assert (lead.stage, lead.stage_since) == ("opportunity", day("2026-02-10"))
    assert only().lead_id == lead.id
    assert Fact.objects.get(kind="opportunity_created").person_id == lead.person_id


def test_a_won_deal_makes_its_lead_and_account_customers(take, lead):
    values = {"lead.external_id": "L1", "stage": "Won", "created_at": day("2026-02-10"), "close_date": date(2026, 3, 4)}
    take("opportunity", [deal(**values)])
    lead.refresh_from_db()
    assert (lead.stage, lead.stage_since, lead.is_open) == ("customer", day("2026-03-04"), False)
    assert Company.objects.get().is_customer
    passed = Fact.objects.filter(kind="stage_changed", lead_id=lead.id).order_by("id")
    assert [fact.payload["to_stage"] for fact in passed][-2:] == ["opportunity", "customer"]


def test_a_lead_is_lost_only_with_its_last_open_deal(take, lead):
    one = deal(**{"lead.external_id": "L1", "created_at": day("2026-02-10")})
    two = deal(**{"external_id": "D2", "lead.external_id": "L1", "created_at": day("2026-02-11")})
    take("opportunity", [one, two])
    take("opportunity", [{**one, "stage": "Lost", "close_date": date(2026, 3, 1)}])
    lead.refresh_from_db()
    assert lead.stage == "opportunity"
    take("opportunity", [{**two, "stage": "Lost", "close_date": date(2026, 4, 1), "reason": "Concurrent"}])
    lead.refresh_from_db()
    assert (lead.stage, lead.stage_since, lead.reason) == ("lost", day("2026-04-01"), "competitor")


def test_the_first_won_deal_makes_the_customer_while_others_are_open(take, lead):
    take("opportunity", [deal(**{"lead.external_id": "L1"}), deal(**{"external_id": "D2", "lead.external_id": "L1"})])
    take("opportunity", [deal(**{"lead.external_id": "L1", "stage": "Won", "close_date": date(2026, 3, 1)})])
    lead.refresh_from_db()
    assert lead.stage == "customer"


def test_a_lost_lead_comes_back_with_a_new_deal_and_a_disqualified_one_does_not(take, lead):
    take("opportunity", [deal(**{"lead.external_id": "L1", "stage": "Lost", "close_date": date(2026, 3, 1)})])
    take("opportunity", [deal(**{"external_id": "D2", "lead.external_id": "L1"})])
    lead.refresh_from_db()
    assert (lead.stage, lead.is_open) == ("opportunity", True)
    Lead.objects.update(stage="disqualified", is_open=False)
    take("opportunity", [deal(**{"external_id": "D3", "lead.external_id": "L1"})])
    lead.refresh_from_db()
    assert lead.stage == "disqualified"
    assert "opportunity_of_exited_lead" in findings()


def test_a_loss_beside_a_win_leaves_the_customer(take, lead):
    won = deal(**{"lead.external_id": "L1", "stage": "Won", "close_date": date(2026, 3, 1)})
    lost = deal(**{"external_id": "D2", "lead.external_id": "L1", "stage": "Lost", "close_date": date(2026, 4, 1)})
    take("opportunity", [lost, won])
    lead.refresh_from_db()
    assert lead.stage == "customer"


def test_winning_attaches_the_accounts_other_open_leads(take, lead):
    others = [
        {"external_id": "L2", "email": "marc@sogetrel.fr", "captured_at": day("2026-02-20")},
        {"external_id": "L3", "email": "zoe@sogetrel.fr", "captured_at": day("2026-06-01")},
        {"external_id": "L4", "email": "luc@sogetrel.fr", "captured_at": day("2026-02-02")},
        {"external_id": "L5", "email": "ines@ailleurs.fr", "captured_at": day("2026-02-02")},
    ]
    take("lead", [{**other, "company.name": "Sogetrel"} for other in others[:3]] + [others[3]])
    own_deal = {"external_id": "D4", "lead.external_id": "L4", "created_at": day("2026-02-15")}
    take("opportunity", [own_deal])
    take("opportunity", [deal(**{"lead.external_id": "L1", "stage": "Won", "close_date": date(2026, 3, 4)})])
    stages = dict(Lead.objects.values_list("person__email", "stage"))
    assert stages["claire@sogetrel.fr"] == "customer"
    assert stages["marc@sogetrel.fr"] == "attached"
    assert stages["zoe@sogetrel.fr"] == "captured"  # came after: a new interest
    assert stages["luc@sogetrel.fr"] == "opportunity"  # sells something of its own
    assert stages["ines@ailleurs.fr"] == "captured"


def test_a_deal_won_before_its_lead_came_is_counted_and_flagged(take, lead):
    values = {
        "lead.external_id": "L1",
        "stage": "Won",
        "created_at": day("2026-01-01"),
        "close_date": date(2026, 1, 20),
    }
    batch = take("opportunity", [deal(**values)])
    assert batch.items[0].outcome == "created"
    assert findings()["won_before_first_contact"] == "Postes 2026"


def test_a_lead_nobody_knows_is_a_finding(take):
    take("opportunity", [deal(**{"lead.external_id": "nobody"})])
    assert only().lead is None
    assert findings()["unknown_lead"] == "nobody"


def test_a_deal_finds_its_lead_by_email_and_takes_its_account(take, lead):
    take("opportunity", [{"external_id": "D9", "name": "Postes", "email": "claire@sogetrel.fr"}])
    assert (only().lead_id, only().company_id) == (lead.id, lead.company_id)


def test_history_starts_no_reaction_and_takes_its_own_dates(take, lead):
    take("opportunity", [deal(**{"lead.external_id": "L1", "created_at": day("2026-02-10")})])
    assert only().is_history
    assert only().stage_since == day("2026-02-10")


# Our own doors --------------------------------------------------------------------------------------------------------


def test_ids_of_ours_are_checked(take, lead):
    user = User.objects.create(name="Léa", name_folded="lea", role="sales", created_at=NOON)
    product = Product.objects.create(name="P", name_folded="p", created_at=NOON)
    good = {"name": "A", "lead.id": lead.id, "owner.id": user.id, "product.id": product.id}
    bad = [{"name": "B", field: 999_999} for field in ("lead.id", "owner.id", "product.id", "company.id", "stage.id")]
    batch = take("opportunity", [good, *bad], door="api", by=SYSTEM)
    assert [item.outcome for item in batch.items] == ["created"] + ["rejected"] * 5
    made = only()
    assert (made.lead_id, made.owner_id, made.product_id, made.company_id) == (
        lead.id,
        user.id,
        product.id,
        lead.company_id,
    )


# Cost -----------------------------------------------------------------------------------------------------------------


def rich(number: int) -> dict:
    """A deal that names everything, half of it new."""
    return {
        "external_id": f"D{number}",
        "name": f"Affaire {number}",
        "company.name": f"Compte {number % 7}",
        "lead.external_id": f"L{number}",
        "owner": f"Vendeur {number % 3}",
        "product": f"Produit {number % 5}",
        "stage": ("Won", "Lost", "Engaging")[number % 3],
        "close_date": date(2026, 3, 4),
        "created_at": day("2026-02-10"),
        "amount": Decimal(number),
    }


@pytest.mark.parametrize("many", [12, 300])
def test_a_batch_costs_the_same_statements_whatever_its_size(take, many):
    take("opportunity", [rich(10_000)])
    leads = [
        {"external_id": f"L{number}", "company.name": f"Compte {number % 7}", "captured_at": day("2026-02-01")}
        for number in range(many)
    ]
    take("lead", leads)
    with CaptureQueriesContext(connection) as made:
        take("opportunity", [rich(number) for number in range(many)])
    with CaptureQueriesContext(connection) as changed:
        take("opportunity", [{**rich(number), "amount": Decimal(number + 1)} for number in range(many)])
    assert Opportunity.objects.filter(amount__gte=1).count() == many + 1
    assert len(made.captured_queries) <= 32
    assert len(changed.captured_queries) <= 22
