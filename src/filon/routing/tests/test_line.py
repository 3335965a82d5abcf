"""The routing step: where live leads go, who gets them, and that history starts nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from filon import flow
from filon.core.access import SYSTEM
from filon.core.line import Batch
from filon.core.models import Fact
from filon.leads.models import Lead
from filon.routing import commands, desk
from filon.routing.decisions import Rule
from filon.routing.models import Absence, Calendar, Capacity, Promise, RoundRobin, RoutingRuleSet, Turn
from filon.routing.tests.conftest import act, entry, take

TO_SDR = Rule("Everyone", "channel != outbound", "sdr")
BIG = Rule("Large accounts", "company.employees >= 250", "direct_sales")


@pytest.fixture(autouse=True)
def no_open_deals():
    before = desk._open_deal_owners
    desk.connect(lambda company_ids: {})
    yield
    desk.connect(before)


def routed(lead: Lead) -> Fact:
    return Fact.objects.get(kind="lead_routed", lead_id=lead.pk)


def test_the_first_rule_that_holds_routes_the_lead_and_says_why(db, submit, publish, make_user, at):
    ana, lea = make_user("sales"), make_user("sdr")
    publish(BIG, TO_SDR)
    large = submit(company__name="Sogetrel", company__employees=900)
    small = submit(company__name="Dupont", company__employees=20)
    assert (large.route, large.owner, large.stage) == ("direct_sales", ana, "qualifying")
    assert (small.route, small.owner, small.stage) == ("sdr", lea, "qualifying")
    told = routed(large)
    assert told.payload == {
        "route": "direct_sales",
        "owner_id": ana.pk,
        "why": "rule",
        "version": 1,
        "rule": 1,
        "rule_name": "Large accounts",
    }
    assert (told.at, large.routed_at) == (at, at)


def test_a_lead_no_rule_knows_is_nurtured_and_promised_nothing(db, submit, publish):
    publish()
    lead = submit(door="file")
    assert (lead.route, lead.stage, lead.owner, lead.due_at) == ("nurture", "nurturing", None, None)
    assert not Promise.objects.exists()


def test_who_asked_is_answered_within_an_hour_of_work_and_the_others_within_a_day(db, submit, publish, make_user):
    make_user("sdr")
    publish(TO_SDR)
    friday = datetime(2026, 3, 6, 16, 30, tzinfo=UTC)  # 17:30 in Paris
    asked, listed = submit(friday), submit(friday, door="file", channel="web")
    assert asked.due_at == datetime(2026, 3, 9, 8, 30, tzinfo=UTC)
    assert listed.due_at == datetime(2026, 3, 9, 15, 30, tzinfo=UTC)
    promise = Promise.objects.get(lead=asked)
    assert (promise.owner, promise.started_at, promise.due_at, promise.state) == (
        asked.owner,
        friday,
        asked.due_at,
        "running",
    )
    told = Fact.objects.get(kind="promise_made", lead_id=asked.pk)
    assert (told.at, told.payload["promise_id"], told.payload["minutes"]) == (friday, promise.pk, 60)


def test_a_clock_starts_when_the_person_wrote_not_when_the_line_got_to_it(db, publish, make_user, at):
    make_user("sdr")
    publish(TO_SDR)
    [lead] = take([entry(at)], at + timedelta(minutes=40))
    assert lead.due_at == at + timedelta(hours=1)


def test_the_teams_own_calendar_says_when_it_is_due(db, submit, publish, make_user, team):
    north = team("Nord")
    make_user("sdr", team=north)
    Calendar.objects.create(team=north, week=[[[480, 720]]] * 5 + [[], []], region="", changed_at=datetime.now(UTC))
    publish(TO_SDR)
    lead = submit(datetime(2026, 3, 2, 10, 30, tzinfo=UTC))  # 11:30; the team closes at noon
    assert lead.due_at == datetime(2026, 3, 3, 7, 30, tzinfo=UTC)


def test_the_lead_of_a_customer_goes_to_its_account_owner(db, submit, publish, make_user, company):
    ana = make_user("sales")
    make_user("sdr")
    publish(TO_SDR)
    company("Sogetrel", is_customer=True, owner=ana)
    lead = submit(company__name="Sogetrel")
    assert (lead.route, lead.owner, routed(lead).payload["why"]) == ("direct_sales", ana, "customer")


def test_the_lead_of_an_open_opportunity_goes_to_its_seller(db, submit, publish, make_user, company):
    ana, kim = make_user("sales"), make_user("sales")
    publish(TO_SDR)
    account = company("Sogetrel", owner=kim)  # an account owner, but no customer yet
    desk.connect(lambda company_ids: {account.pk: ana.pk} if account.pk in company_ids else {})
    lead = submit(company__name="Sogetrel")
    assert (lead.route, lead.owner, routed(lead).payload["why"]) == ("direct_sales", ana, "open_deal")


def test_a_customer_comes_before_an_open_opportunity_and_that_before_another_lead(
    db, submit, publish, make_user, company
):
    lea, ana, kim = make_user("sdr"), make_user("sales"), make_user("sales")
    publish(TO_SDR)
    account = company("Sogetrel")

    def owner_of_next():
        return submit(company__name="Sogetrel").owner

    assert owner_of_next() == lea
    desk.connect(lambda company_ids: {account.pk: kim.pk})
    assert owner_of_next() == kim
    account.is_customer, account.owner = True, ana
    account.save()
    assert owner_of_next() == ana
    ana.is_active = False
    ana.save()
    assert owner_of_next() == kim


def test_the_second_lead_of_an_account_goes_to_the_owner_of_the_first(db, submit, publish, make_user):
    make_user("sdr"), make_user("sdr")
    publish(TO_SDR)
    first = submit(company__name="Sogetrel")
    second = submit(company__name="Sogetrel")
    other = submit(company__name="Dupont")
    assert second.owner == first.owner != other.owner
    assert routed(second).payload["why"] == "same_account"
    Lead.objects.filter(pk__in=[first.pk, second.pk]).update(is_open=False, stage="lost")
    assert routed(submit(company__name="Sogetrel")).payload["why"] == "rule"


def test_an_owner_the_entry_names_keeps_the_lead(db, submit, publish, make_user, company):
    make_user("sdr")
    ana = make_user("sales", name="Ana Diaz")
    publish(TO_SDR)
    lead = submit(owner="Ana Diaz")
    assert (lead.route, lead.owner, routed(lead).payload["why"]) == ("direct_sales", ana, "owner_given")


def test_history_starts_nothing(db, publish, make_user, at):
    make_user("sdr")
    publish(TO_SDR)
    old = [entry(at, is_live=False, door="file", captured_at=at - timedelta(days=400)) for _ in range(3)]
    for lead in take(old, at, is_live=False):
        assert (lead.route, lead.owner, lead.routed_at, lead.due_at) == ("", None, None, None)
    assert not Promise.objects.exists()
    assert not Turn.objects.exists()
    assert not Fact.objects.filter(kind__in=["lead_routed", "promise_made"]).exists()


def test_an_old_lead_that_asks_for_us_today_is_routed(db, publish, make_user, at):
    make_user("sdr")
    publish(TO_SDR)
    known = "claire@gmail.com"
    [old] = take([entry(at, is_live=False, door="file", email=known)], at, is_live=False)
    take([entry(at, door="file", email=known, phone="+33123456789")], at)
    old.refresh_from_db()
    assert old.route == ""
    [again] = take([entry(at, door="form", email=known)], at)
    assert (again.pk, again.route) == (old.pk, "sdr")


def test_a_nurtured_lead_that_asks_for_us_goes_to_a_human_with_a_clock_of_its_own(db, publish, make_user, at):
    make_user("sdr")
    publish(Rule("Demo", "count(demo_requested, 30 days) >= 1", "sdr"))
    known = "claire@gmail.com"
    [lead] = take([entry(at, door="file", email=known)], at)
    assert lead.route == "nurture"
    later = at + timedelta(days=1)
    take([act(later, known)], later)
    lead.refresh_from_db()
    assert (lead.route, lead.stage, lead.due_at) == ("sdr", "qualifying", later + timedelta(hours=1))
    assert Promise.objects.get(lead=lead).started_at == later


def test_a_page_view_routes_nothing_again(db, publish, make_user, at):
    make_user("sdr")
    publish(Rule("Viewed", "count(page_viewed, 30 days) >= 1", "sdr"))
    [lead] = take([entry(at, door="file", email="claire@gmail.com")], at)
    take([act(at, "claire@gmail.com", "page_viewed")], at)
    lead.refresh_from_db()
    assert lead.route == "nurture"


def test_a_lead_who_is_no_buyer_is_not_sent_to_anyone(db, submit, publish, make_user):
    make_user("sdr")
    publish(TO_SDR)
    lead = submit(**{"class": "student"})
    assert (lead.route, lead.stage) == ("", "captured")


def test_a_lead_keeps_a_stage_beyond_qualification(db, submit, publish, make_user):
    make_user("sdr")
    publish(TO_SDR)
    lead = submit(stage="SQL")
    assert (lead.route, lead.stage) == ("sdr", "sql")


def test_turns_go_on_from_batch_to_batch_and_pass_who_is_away_or_full(db, publish, make_user, at):
    away, full, here, there = (make_user("sdr") for _ in range(4))
    make_user("sdr", is_active=False)
    make_user("marketing")
    Absence.objects.create(user=away, starts_on=at.date(), ends_on=at.date())
    Capacity.objects.create(user=full, leads_at_most=1)
    publish(TO_SDR)
    owners = [lead.owner for size in (3, 2, 2) for lead in take([entry(at) for _ in range(size)], at)]
    assert owners == [full, here, there, here, there, here, there]
    tomorrow = at + timedelta(days=1)
    assert [lead.owner for lead in take([entry(tomorrow) for _ in range(2)], tomorrow)] == [away, here]
    assert RoundRobin.objects.get(pool="sdr").turns == 9
    assert {turn.user: turn.leads for turn in Turn.objects.all()} == {full: 1, here: 4, there: 3, away: 1}


def test_turns_are_taken_within_a_team(db, submit, publish, make_user, team):
    north, south = team("Nord"), team("Sud")
    lea, tom = make_user("sdr", team=north), make_user("sdr", team=south)
    publish(
        Rule("South", "company.city = Nice", "sdr", "team", south.pk),
        Rule("North", "company.city = Lille", "sdr", "team", north.pk),
    )
    cities = ("Nice", "Nice", "Lille")
    owners = [submit(company__name=f"Account {n}", company__city=city).owner for n, city in enumerate(cities)]
    assert owners == [tom, tom, lea]


def test_without_any_sdr_the_lead_waits_for_everybody_with_its_clock_running(db, submit, publish):
    publish(TO_SDR)
    lead = submit()
    assert (lead.route, lead.owner) == ("sdr", None)
    assert Promise.objects.get(lead=lead).owner is None


def test_the_starter_rules_and_calendar_are_kept_at_first_use(db, submit, make_user):
    make_user("sdr")
    recommended = submit(channel="referral")
    submit()
    starter = RoutingRuleSet.objects.get()
    assert (starter.version, len(starter.rules)) == (1, 3)
    assert starter.rules[2]["name"] == "Recommandation"
    assert recommended.route == "sdr"
    assert Calendar.objects.get().is_default


def test_a_rule_this_version_does_not_understand_stops_no_lead(db, submit, publish, make_user):
    make_user("sdr")
    publish(Rule("Old", "no_such_field = 3", "nurture", "nobody"), TO_SDR)
    assert submit().route == "sdr"


@pytest.mark.parametrize("size", [1, 40])
def test_routing_costs_the_same_number_of_statements_for_any_batch(
    db, publish, make_user, at, size, django_assert_num_queries
):
    make_user("sdr")
    publish(BIG, TO_SDR)
    take([entry(at)], at)  # so that the calendar and the counters exist
    batch = Batch([entry(at, company__name=f"Account {n}") for n in range(size)], by=SYSTEM, at=at)
    steps = list(flow.LINES["lead"])
    for step in steps[: steps.index(commands.route_leads)]:
        step(batch)
    with django_assert_num_queries(7):
        # rules, calendars, counters, colleagues, owners of the accounts' other leads, turns, ids of the promises
        commands.route_leads(batch)
    assert len(batch.rows(Promise).new) == size
