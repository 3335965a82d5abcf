"""What people do with deals: permission, rules, facts, and what follows for leads and accounts."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from filon.core import access
from filon.core.models import Fact
from filon.deals import commands
from filon.deals.catalogue import commands as catalogue
from filon.deals.commands import Change, change_opportunities, change_opportunity, create_opportunity
from filon.deals.models import Opportunity, Product, Stage, StageName
from filon.deals.tests.doors import NOON
from filon.kit.errors import Kind, Refused
from filon.leads.models import Company, Lead

ZONE = timezone.get_default_timezone()
LATER = NOON + timedelta(days=10)


@pytest.fixture
def seller(db, make_user):
    return access.of_user(make_user("sales", name="Nadia"))


@pytest.fixture
def stage(db):
    return {stage.code: stage.pk for stage in Stage.objects.all()}


@pytest.fixture
def lead(take):
    take(
        "lead", [{"external_id": "L1", "email": "claire@sogetrel.fr", "company.name": "Sogetrel", "captured_at": NOON}]
    )
    return Lead.objects.get()


@pytest.fixture
def deal(seller, lead):
    return create_opportunity({"name": "Postes", "lead.id": lead.pk, "amount": Decimal(1000)}, by=seller, at=NOON)


def kinds(opportunity_id: int) -> list[str]:
    return list(Fact.objects.filter(opportunity_id=opportunity_id).order_by("id").values_list("kind", flat=True))


def refused(call, *arguments, **options) -> Refused:
    with pytest.raises(Refused) as caught:
        call(*arguments, **options)
    return caught.value


def test_creating_gives_the_deal_its_author_as_owner_and_moves_the_lead(deal, seller, lead):
    made = Opportunity.objects.get(pk=deal)
    assert (made.owner_id, made.company_id, made.state, made.created_at) == (seller.id, lead.company_id, "open", NOON)
    assert Lead.objects.get().stage == "opportunity"
    fact = Fact.objects.get(kind="opportunity_created")
    assert (fact.actor_kind, fact.actor_id, fact.value) == ("user", seller.id, 1000)


@pytest.mark.parametrize("role", ["read_only", "sdr", "marketing", "head"])
def test_who_may_not_change_deals_is_refused(role, make_user, deal, stage):
    actor = access.of_user(make_user(role))
    for call in (
        lambda: create_opportunity({"name": "X"}, by=actor, at=NOON),
        lambda: change_opportunity(deal, {"name": "X"}, by=actor, at=NOON),
    ):
        assert refused(call).kind is Kind.FORBIDDEN
    assert Opportunity.objects.get().name == "Postes"


def test_a_manager_changes_deals_of_the_team_and_of_nobody_only(make_user, take, deal):
    from filon.core.models import Team, User

    ours, theirs = (Team.objects.create(name=name, name_folded=name, created_at=NOON) for name in ("ours", "theirs"))
    User.objects.filter(name="Nadia").update(team=ours)
    assert (
        commands.change_opportunity(deal, {"name": "A"}, by=access.of_user(make_user("manager", team=ours)), at=NOON)
        is None
    )
    stranger = access.of_user(make_user("manager", team=theirs))
    assert refused(change_opportunity, deal, {"name": "B"}, by=stranger, at=NOON).kind is Kind.NOT_FOUND
    Opportunity.objects.update(owner=None)
    change_opportunity(deal, {"name": "B"}, by=stranger, at=NOON)


def test_a_win_asks_for_its_day_and_amount(deal, seller, stage):
    won = {"stage_id": stage["won"]}
    assert refused(change_opportunity, deal, won, by=seller, at=LATER).errors[0]["field"] == "closed_on"
    change_opportunity(deal, {"amount": None}, by=seller, at=LATER)
    day = LATER.astimezone(ZONE).date()
    assert (
        refused(change_opportunity, deal, {**won, "closed_on": day}, by=seller, at=LATER).errors[0]["field"] == "amount"
    )
    tomorrow = {**won, "amount": Decimal(900), "closed_on": day + timedelta(days=1)}
    assert refused(change_opportunity, deal, tomorrow, by=seller, at=LATER).errors[0]["field"] == "closed_on"
    change_opportunity(deal, {**won, "amount": Decimal(900), "closed_on": day}, by=seller, at=LATER)
    made = Opportunity.objects.get()
    assert (made.state, made.won_at, made.amount, made.close_date) == ("won", LATER, 900, day)
    assert Company.objects.get().is_customer
    assert Lead.objects.get().stage == "customer"


def test_a_loss_asks_for_its_reason_and_a_postponed_one_for_its_date(deal, seller, stage):
    lost = {"stage_id": stage["lost"]}
    assert refused(change_opportunity, deal, lost, by=seller, at=LATER).errors[0]["field"] == "reason"
    assert refused(change_opportunity, deal, {**lost, "reason": "weather"}, by=seller, at=LATER).kind is Kind.INVALID
    postponed = {**lost, "reason": "postponed"}
    assert refused(change_opportunity, deal, postponed, by=seller, at=LATER).errors[0]["field"] == "postponed_to"
    change_opportunity(deal, {**postponed, "postponed_to": date(2027, 3, 1)}, by=seller, at=LATER)
    made = Opportunity.objects.get()
    assert (made.state, made.lost_at, made.reason, made.postponed_to) == ("lost", LATER, "postponed", date(2027, 3, 1))
    assert Lead.objects.get().stage == "lost"
    assert Fact.objects.get(kind="opportunity_lost").payload["reason"] == "postponed"


def test_reopening_takes_back_what_the_win_had_done(deal, seller, stage):
    day = LATER.astimezone(ZONE).date()
    change_opportunity(deal, {"stage_id": stage["won"], "closed_on": day}, by=seller, at=LATER)
    change_opportunity(deal, {"stage_id": stage["negotiation"]}, by=seller, at=LATER + timedelta(hours=1))
    made = Opportunity.objects.get()
    assert (made.state, made.won_at, made.reason) == ("open", None, "")
    assert Lead.objects.get().stage == "opportunity"
    assert not Company.objects.get().is_customer
    won, reopened = (Fact.objects.get(kind=kind) for kind in ("opportunity_won", "opportunity_reopened"))
    assert reopened.revokes_id == won.id


def test_reopening_leaves_the_account_a_customer_by_its_other_deals(deal, seller, stage, lead):
    day = LATER.astimezone(ZONE).date()
    other = create_opportunity(
        {"name": "Autre", "company.id": lead.company_id, "amount": Decimal(5)}, by=seller, at=NOON
    )
    for opportunity_id in (deal, other):
        change_opportunity(opportunity_id, {"stage_id": stage["won"], "closed_on": day}, by=seller, at=LATER)
    change_opportunity(deal, {"stage_id": stage["proposal"]}, by=seller, at=LATER)
    assert Company.objects.get().is_customer


def test_a_lead_whose_person_opened_another_stays_closed_when_its_deal_is_reopened(deal, seller, stage, lead, take):
    change_opportunity(deal, {"stage_id": stage["lost"], "reason": "price"}, by=seller, at=LATER)
    values = {"email": "claire@sogetrel.fr", "captured_at": LATER}
    take("lead", [values], door="api", at=LATER)
    assert Lead.objects.count() == 2
    change_opportunity(deal, {"stage_id": stage["proposal"]}, by=seller, at=LATER)
    lead.refresh_from_db()
    assert (lead.stage, lead.is_open) == ("lost", False)


def test_a_deal_reopened_has_no_reason_of_a_loss_any_more(deal, seller, stage):
    lost = {"stage_id": stage["lost"], "reason": "postponed", "postponed_to": date(2027, 3, 1)}
    change_opportunity(deal, lost, by=seller, at=LATER)
    change_opportunity(deal, {"stage_id": stage["proposal"]}, by=seller, at=LATER)
    assert Opportunity.objects.values_list("reason", "postponed_to", "lost_at").get() == ("", None, None)


def test_correcting_the_amount_of_a_win_revokes_the_fact_and_tells_it_anew(deal, seller, stage):
    day = LATER.astimezone(ZONE).date()
    change_opportunity(deal, {"stage_id": stage["won"], "closed_on": day}, by=seller, at=LATER)
    change_opportunity(deal, {"amount": Decimal("1234.56")}, by=seller, at=LATER)
    first, second = Fact.objects.filter(kind="opportunity_won").order_by("id")
    assert (first.value, second.value, second.revokes_id) == (1000, Decimal("1234.56"), first.id)
    assert first.at == second.at


def test_a_stale_edit_is_refused_and_changes_nothing(deal, seller):
    change_opportunity(deal, {"name": "Premier"}, by=seller, at=LATER, version=0)
    stale = refused(change_opportunity, deal, {"name": "Second"}, by=seller, at=LATER, version=0)
    assert stale.kind is Kind.STALE
    assert Opportunity.objects.get().name == "Premier"


def test_saying_the_same_again_leaves_no_fact(deal, seller):
    change_opportunity(deal, {"name": "Postes", "amount": Decimal("1000.00")}, by=seller, at=LATER)
    assert kinds(deal) == ["opportunity_created"]
    assert Opportunity.objects.get().version == 0


def test_one_refused_change_does_not_sink_the_others(deal, seller, stage):
    other = create_opportunity({"name": "Autre"}, by=seller, at=NOON)
    answers = change_opportunities(
        [
            Change(deal, {"stage_id": stage["lost"]}),
            Change(other, {"name": "Renommée"}),
            Change(999_999, {"name": "X"}),
            Change(deal, {"colour": "red"}),
        ],
        by=seller,
        at=LATER,
    )
    assert [answer and answer.kind for answer in answers] == [Kind.INVALID, None, Kind.NOT_FOUND, Kind.INVALID]
    assert Opportunity.objects.get(pk=other).name == "Renommée"


def test_a_new_stage_brings_its_own_probability(deal, seller, stage):
    change_opportunity(deal, {"probability": Decimal("0.9")}, by=seller, at=LATER)
    change_opportunity(deal, {"stage_id": stage["proposal"]}, by=seller, at=LATER)
    assert Opportunity.objects.get().probability is None


def test_changing_many_costs_as_many_statements_as_changing_two(seller, stage, db, django_assert_max_num_queries):
    ids = [
        create_opportunity({"name": f"Affaire {n}", "company.name": f"Compte {n}"}, by=seller, at=NOON)
        for n in range(12)
    ]
    change = {"stage_id": stage["lost"], "reason": "price"}
    for some in (ids[:2], ids[2:]):
        with django_assert_max_num_queries(16):
            answers = change_opportunities([Change(row_id, change) for row_id in some], by=seller, at=LATER)
        assert answers == [None] * len(some)


# Names and products ---------------------------------------------------------------------------------------------------


@pytest.fixture
def importer(db, make_user):
    return access.of_user(make_user("ops"))


def test_explaining_a_stage_name_moves_the_deals_that_waited_for_it(take, importer, stage):
    rows = [
        {"external_id": "1", "name": "A", "stage": "Bon de commande", "close_date": date(2026, 3, 4)},
        {"external_id": "2", "name": "B", "stage": "BON DE COMMANDE", "close_date": date(2026, 3, 5)},
        {"external_id": "3", "name": "C", "stage": "Autre chose"},
    ]
    take("opportunity", rows)
    assert catalogue.map_stage_name("Bon de commande", stage["won"], by=importer, at=LATER) == 2
    states = dict(Opportunity.objects.values_list("name", "state"))
    assert states == {"A": "won", "B": "won", "C": "open"}
    assert Opportunity.objects.get(name="A").won_at == datetime(2026, 3, 4, tzinfo=ZONE)
    take("opportunity", [{"external_id": "4", "name": "D", "stage": "bon de commande"}])
    assert Opportunity.objects.get(name="D").state == "won"
    assert StageName.objects.filter(stage=None).values_list("name", flat=True).get() == "Autre chose"


def test_a_seller_explains_no_stage_names(seller, stage):
    assert refused(catalogue.map_stage_name, "X", stage["won"], by=seller, at=NOON).kind is Kind.FORBIDDEN


def test_declaring_a_product_that_a_row_named_makes_it_known(take, importer):
    take("opportunity", [{"external_id": "1", "name": "A", "product": "gtx basic"}])
    product = Product.objects.get()
    catalogue.save_product(product.pk, name="GTX Basic", series="GTX", price=Decimal(550), by=importer, at=NOON)
    product.refresh_from_db()
    assert (product.name, product.is_known, product.price) == ("GTX Basic", True, 550)
    taken = refused(catalogue.save_product, None, name="gtx  BASIC", series="", price=None, by=importer, at=NOON)
    assert taken.kind is Kind.CONFLICT
