"""The clean-up: which deals are odd, one decision, and the way back."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from filon.core import access
from filon.core.models import Fact
from filon.deals.commands import change_opportunity, create_opportunity
from filon.deals.models import Decision, Opportunity, Stage
from filon.deals.review import commands, queries
from filon.deals.tests.doors import NOON, take_in
from filon.kit.errors import Kind, Refused
from filon.leads.models import Lead
from tests.frame.effort import examples

TODAY = timezone.localdate(NOON)
LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def take(db):
    return take_in


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
    values = {
        "name": "Postes",
        "lead.id": lead.pk,
        "amount": Decimal(1000),
        "close_date": TODAY + timedelta(days=9),
        "next_step": "Envoyer la proposition",
        "next_on": TODAY + timedelta(days=2),
    }
    return create_opportunity(values, by=seller, at=NOON)


def decide(kind: str, deal: int, said: dict, *, by: access.Actor, at: datetime = LATER) -> commands.Done:
    return commands.decide(kind, [deal], said, order=str(uuid.uuid4()), by=by, at=at)


def odd(by: access.Actor, at: datetime) -> dict[str, tuple[str, ...]]:
    found = queries.review(owner_id=None, by=by, at=at)
    return {one.row.name: one.findings for one in found.rows}


# Which are odd --------------------------------------------------------------------------------------------------------


def test_a_deal_with_all_it_needs_is_left_alone_until_time_passes(seller, deal):
    assert odd(seller, NOON) == {}
    assert odd(seller, NOON + timedelta(days=10)) == {"Postes": ("close_passed", "no_next_step")}
    assert odd(seller, NOON + timedelta(days=30))["Postes"] == ("close_passed", "silent", "no_next_step")
    assert odd(seller, NOON + timedelta(days=90))["Postes"] == ("close_passed", "dormant", "no_next_step")


def test_what_is_planned_with_its_lead_is_a_next_step(seller, lead):
    create_opportunity(
        {"name": "Postes", "lead.id": lead.pk, "amount": Decimal(1), "close_date": TODAY}, by=seller, at=NOON
    )
    assert odd(seller, NOON) == {"Postes": ("no_next_step",)}
    Lead.objects.update(next_at=NOON + timedelta(days=1))
    assert odd(seller, NOON) == {}


def test_an_exchange_with_a_colleague_of_the_account_counts(seller, deal, take):
    take("lead", [{"external_id": "L2", "email": "paul@sogetrel.fr", "company.name": "Sogetrel", "captured_at": NOON}])
    at = NOON + timedelta(days=40)
    assert "silent" in odd(seller, at)["Postes"]
    replied = {"kind": "replied", "email": "paul@sogetrel.fr", "at": NOON + timedelta(days=20)}
    take("event", [replied], at=at)
    assert "silent" not in odd(seller, at)["Postes"]


def test_only_putting_a_date_off_counts_as_a_push(seller, deal):
    for number, days in enumerate((20, 15, 30, 40), start=1):  # one of them brings it forward
        change_opportunity(
            deal, {"close_date": TODAY + timedelta(days=days)}, by=seller, at=NOON + timedelta(hours=number)
        )
    assert odd(seller, NOON + timedelta(hours=9))["Postes"] == ("pushed",)


def test_a_deal_is_slow_beyond_nine_of_ten_won_ones(seller, deal, stage):
    for number in range(10):
        days = number + 1
        won = create_opportunity({"name": f"G{number}", "amount": Decimal(5)}, by=seller, at=NOON - timedelta(days=60))
        at = NOON - timedelta(days=60 - days)
        day = timezone.localdate(at)
        change_opportunity(won, {"stage_id": stage["won"], "closed_on": day}, by=seller, at=at)
    fine = {"next_on": TODAY + timedelta(days=300), "close_date": TODAY + timedelta(days=300), "next_step": "x"}
    change_opportunity(deal, fine, by=seller, at=NOON)
    assert odd(seller, NOON + timedelta(days=9)) == {}
    assert odd(seller, NOON + timedelta(days=10)) == {"Postes": ("slow",)}  # p90 of 1…10 days is 9.1


def test_a_manager_sees_the_team_only(make_user, deal):
    stranger = access.of_user(make_user("manager"))
    assert odd(stranger, NOON + timedelta(days=90)) == {}


# Decisions ------------------------------------------------------------------------------------------------------------


def test_a_new_date_is_set_and_taken_back(seller, deal):
    before = Opportunity.objects.values().get(pk=deal)
    made = decide("new_date", deal, {"close_date": TODAY + timedelta(days=30)}, by=seller)
    assert (made.count, made.amount, made.refused) == (1, Decimal(1000), ())
    assert Opportunity.objects.get(pk=deal).close_date == TODAY + timedelta(days=30)
    assert commands.undo(made.order, by=seller, at=LATER).count == 1
    assert same(before, Opportunity.objects.values().get(pk=deal))
    assert commands.undo(made.order, by=seller, at=LATER).count == 0, "once"


def test_a_loss_takes_the_deal_out_and_is_counted_until_it_is_taken_back(seller, deal, lead):
    made = decide("lost", deal, {"reason": "price"}, by=seller)
    row = Opportunity.objects.get(pk=deal)
    assert (row.state, row.reason, row.next_step, row.next_on) == ("lost", "price", "", None)
    assert Lead.objects.get(pk=lead.pk).stage == "lost"
    counted = queries.cleaned(owner_id=None, by=seller, at=LATER)
    assert (counted.decided, counted.taken_out, counted.amount) == (1, 1, Decimal(1000))
    commands.undo(made.order, by=seller, at=LATER)
    assert Lead.objects.get(pk=lead.pk).stage == "opportunity"
    assert queries.cleaned(owner_id=None, by=seller, at=LATER).decided == 0


def test_back_to_nurturing_closes_the_deal_and_sends_its_lead_back(seller, deal, lead):
    before = Opportunity.objects.values().get(pk=deal)
    made = decide("nurture", deal, {"postponed_to": TODAY + timedelta(days=90)}, by=seller)
    row = Opportunity.objects.get(pk=deal)
    assert (row.state, row.reason, row.postponed_to) == ("lost", "postponed", TODAY + timedelta(days=90))
    assert (Lead.objects.get(pk=lead.pk).stage, made.leads) == ("nurturing", 1)
    assert commands.undo(made.order, by=seller, at=LATER).count == 1
    assert Lead.objects.get(pk=lead.pk).stage == "opportunity"
    assert same(before, Opportunity.objects.values().get(pk=deal))


def test_a_lead_with_another_open_deal_stays_with_it(seller, deal, lead):
    create_opportunity({"name": "Serveurs", "lead.id": lead.pk}, by=seller, at=NOON)
    made = decide("nurture", deal, {}, by=seller)
    assert (made.count, made.leads) == (1, 0)
    assert Lead.objects.get(pk=lead.pk).stage == "opportunity"


def test_the_same_order_again_decides_nothing_more(seller, deal):
    said = {"close_date": TODAY + timedelta(days=30)}
    first = commands.decide("new_date", [deal], said, order="once", by=seller, at=LATER)
    facts = Fact.objects.count()
    again = commands.decide("new_date", [deal], said, order="once", by=seller, at=LATER)
    assert (again.count, again.amount) == (first.count, first.amount)
    assert (Fact.objects.count(), Decision.objects.count()) == (facts, 1)


def test_a_closed_deal_stays_and_the_others_are_decided(seller, deal):
    other = create_opportunity({"name": "Serveurs", "amount": Decimal(7)}, by=seller, at=NOON)
    decide("lost", deal, {"reason": "price"}, by=seller)
    made = commands.decide(
        "new_date", [deal, other], {"close_date": TODAY + timedelta(days=3)}, order="both", by=seller, at=LATER
    )
    assert (made.count, made.amount, len(made.refused)) == (1, Decimal(7), 1)


def test_what_was_changed_since_stays_as_it_is(seller, deal):
    made = decide("new_date", deal, {"close_date": TODAY + timedelta(days=30)}, by=seller)
    change_opportunity(deal, {"close_date": TODAY + timedelta(days=60)}, by=seller, at=LATER)
    undone = commands.undo(made.order, by=seller, at=LATER)
    assert (undone.count, len(undone.refused)) == (0, 1)
    assert Opportunity.objects.get(pk=deal).close_date == TODAY + timedelta(days=60)


@pytest.mark.parametrize(
    ("kind", "said", "field"),
    [
        ("new_date", {"close_date": TODAY - timedelta(days=1)}, "close_date"),
        ("next_step", {"next_step": " ", "next_on": TODAY}, "next_step"),
        ("next_step", {"next_step": "Appeler", "next_on": None}, "next_on"),
        ("nurture", {"postponed_to": TODAY}, "postponed_to"),
    ],
)
def test_what_makes_no_sense_is_refused_whole(seller, deal, kind, said, field):
    with pytest.raises(Refused) as caught:
        decide(kind, deal, said, by=seller)
    assert caught.value.errors[0]["field"] == field
    assert not Decision.objects.exists()


def test_a_loss_without_its_reason_stays(seller, deal):
    made = decide("lost", deal, {}, by=seller)
    assert (made.count, len(made.refused)) == (0, 1)
    assert Opportunity.objects.get(pk=deal).state == "open"


def test_who_may_not_change_deals_decides_nothing(make_user, deal, seller):
    reader = access.of_user(make_user("read_only"))
    with pytest.raises(Refused) as caught:
        decide("lost", deal, {"reason": "price"}, by=reader)
    assert caught.value.kind is Kind.FORBIDDEN
    made = decide("lost", deal, {"reason": "price"}, by=seller)
    colleague = access.of_user(make_user("sales"))
    with pytest.raises(Refused):
        commands.undo(made.order, by=colleague, at=LATER)
    with pytest.raises(Refused):
        commands.undo(made.order, by=seller, at=LATER + timedelta(hours=24, seconds=1))


def same(before: dict, after: dict) -> bool:
    """Whether a deal is again what it was, but for how often it was changed."""
    return {**before, "version": 0, "updated_at": None} == {**after, "version": 0, "updated_at": None}


_DAYS = st.dates(TODAY + timedelta(days=1), date(2027, 12, 31))
_DECISIONS = st.one_of(
    st.tuples(st.just("new_date"), st.fixed_dictionaries({"close_date": _DAYS})),
    st.tuples(st.just("next_step"), st.fixed_dictionaries({"next_step": st.just("Appeler"), "next_on": _DAYS})),
    st.tuples(st.just("lost"), st.fixed_dictionaries({"reason": st.sampled_from(["price", "competitor"])})),
    st.tuples(st.just("nurture"), st.fixed_dictionaries({"postponed_to": st.none() | _DAYS})),
)


@examples(40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(taken=st.lists(_DECISIONS, min_size=1, max_size=4), start=st.sampled_from(["prospecting", "proposal"]))
def test_decisions_taken_back_from_the_last_leave_all_as_it_was(db, make_user, taken, start):
    with transaction.atomic():
        by = access.of_user(make_user("sales"))
        take_in(
            "lead", [{"external_id": "L1", "email": "c@sogetrel.fr", "company.name": "Sogetrel", "captured_at": NOON}]
        )
        lead = Lead.objects.get()
        stage = Stage.objects.get(code=start)
        deal = create_opportunity(
            {"name": "Postes", "lead.id": lead.pk, "amount": Decimal(10), "stage.id": stage.pk, "next_on": TODAY},
            by=by,
            at=NOON,
        )
        states = [(Opportunity.objects.values().get(pk=deal), Lead.objects.get(pk=lead.pk).stage)]
        orders = []
        for number, (kind, said) in enumerate(taken, start=1):
            made = decide(kind, deal, said, by=by, at=NOON + timedelta(minutes=number))
            orders.append(made)
            states.append((Opportunity.objects.values().get(pk=deal), Lead.objects.get(pk=lead.pk).stage))
        for made, (before, lead_stage) in zip(reversed(orders), reversed(states[:-1]), strict=True):
            undone = commands.undo(made.order, by=by, at=NOON + timedelta(hours=1)) if made.count else None
            assert undone is None or undone.count == made.count, undone
            assert same(before, Opportunity.objects.values().get(pk=deal))
            assert Lead.objects.get(pk=lead.pk).stage == lead_stage
        transaction.set_rollback(True)


# Pages ----------------------------------------------------------------------------------------------------------------


def test_the_page_asks_decides_and_takes_back(deal, seller, signed_in_client):
    Opportunity.objects.update(close_date=date(2020, 1, 1))
    client = signed_in_client("ops")
    page = client.get("/pipeline/review?owner=&finding=close_passed")
    assert [one["row"].name for one in page.context["rows"]] == ["Postes"]
    chosen = {"decision": "new_date", "ids": [deal], "order": "not/an order"}
    asked = client.post("/pipeline/review/ask", chosen)
    assert asked.status_code == 200
    order = asked.context["order"]
    day = timezone.localdate() + timedelta(days=5)
    said = {**chosen, "order": order, "close_date": day.isoformat()}
    assert client.post("/pipeline/review/decide", {**said, "close_date": "2020-01-01"}).status_code == 422
    answer = client.post("/pipeline/review/decide", said, headers={"HX-Request": "true"})
    assert f"/pipeline/review/{order}/undo" in answer["HX-Trigger"]
    assert Opportunity.objects.get().close_date == day
    client.post(f"/pipeline/review/{order}/undo")
    assert Opportunity.objects.get().close_date == date(2020, 1, 1)
    assert client.get(f"/pipeline/review/{order}/undo").status_code == 405
    assert signed_in_client("sdr").post("/pipeline/review/ask", chosen).status_code == 403
