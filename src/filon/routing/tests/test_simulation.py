"""A simulation says what the line then does, and writes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps

from filon.core import access
from filon.core.line import Batch
from filon.kit.errors import Refused
from filon.leads.models import Lead
from filon.routing import commands
from filon.routing.decisions import Rule, RuleSet
from filon.routing.desk import Waiting
from filon.routing.models import Turn
from filon.routing.simulation import simulate
from filon.routing.tests.conftest import act, entry, take

RULES = (
    Rule("Demo", "count(demo_requested, 30 days) >= 1", "direct_sales"),
    Rule("Large", "company.employees >= 250", "sdr"),
    Rule("Referral", "channel = referral", "sdr", minutes=30),
)


@pytest.fixture
def ops(db, make_user):
    return access.of_user(make_user("ops"))


def leads_of_every_kind(at):
    """Thirty leads of twelve accounts, nobody routed: history, as an old base brings it."""
    entries = [
        entry(
            at,
            is_live=False,
            door="file",
            email=f"someone{n}@gmail.com",
            company__name=f"Account {n % 12}",
            company__employees=400 if n % 4 == 0 else 12,
            channel="referral" if n % 3 == 0 else "web",
        )
        for n in range(30)
    ]
    return take(entries, at, is_live=False)


def test_the_simulated_list_equals_the_real_run(ops, publish, make_user, company, at):
    for role in ("sdr", "sdr", "sdr", "sales", "sales"):
        make_user(role)
    company("Account 7", is_customer=True, owner=make_user("sales"))
    leads = leads_of_every_kind(at)
    simulated = {
        outcome.lead_id: (outcome.route, outcome.owner, outcome.why, outcome.rule, outcome.minutes)
        for outcome in simulate(RuleSet(0, RULES), by=ops, at=at).outcomes
    }
    publish(*RULES)
    batch = Batch([], by=ops, at=at)
    rows = batch.rows(Lead)
    rows.load_ids([lead.pk for lead in leads])
    commands.route(batch, [Waiting(rows.by_id[lead.pk], at, has_asked=False) for lead in leads])
    routed = {fact.lead_id: fact for fact in batch.facts if fact.kind == "lead_routed"}
    promised = {fact.lead_id: fact.minutes for fact in batch.facts if fact.kind == "promise_made"}
    batch.write()
    for lead in Lead.objects.select_related("owner"):
        told = routed[lead.pk]
        owner = lead.owner.name if lead.owner else ""
        assert simulated[lead.pk] == (lead.route, owner, told.why, told.rule, promised.get(lead.pk))
    assert {route for route, *_ in simulated.values()} == {"nurture", "sdr", "direct_sales"}


def test_a_simulation_writes_nothing(ops, make_user, submit, publish, at):
    make_user("sdr")
    publish(*RULES)
    submit(channel="referral")
    before = {model: model.objects.count() for model in apps.get_models()}
    turns = list(Turn.objects.values_list("user", "last_turn", "leads"))
    rows = list(Lead.objects.values())
    simulate(RuleSet(0, (Rule("All", "channel = referral", "direct_sales"),)), by=ops, at=at)
    assert {model: model.objects.count() for model in apps.get_models()} == before
    assert list(Turn.objects.values_list("user", "last_turn", "leads")) == turns
    assert list(Lead.objects.values()) == rows


def test_a_simulation_names_the_leads_that_would_go_elsewhere(ops, make_user, submit, publish, at):
    make_user("sdr"), make_user("sales", name="Ana")
    publish(*RULES)
    moved = submit(channel="referral")
    submit(door="file")
    found = simulate(RuleSet(0, (Rule("All", "channel = referral", "direct_sales"),)), by=ops, at=at)
    assert [(outcome.lead_id, outcome.route_now, outcome.route) for outcome in found.outcomes if outcome.is_moved] == [
        (moved.pk, "sdr", "direct_sales")
    ]
    assert (found.moved, dict(found.by_route)) == (1, {"direct_sales": 1, "nurture": 1})
    assert found.by_owner == [("Ana", 1)]


def test_rules_in_force_are_compared_with_the_draft_on_the_same_day(ops, make_user, submit, publish, at):
    make_user("sdr"), make_user("sales", name="Ana")
    publish(*RULES)
    lead = submit(channel="referral")
    Lead.objects.filter(pk=lead.pk).update(channel="web")  # since then
    in_force = RuleSet(0, RULES)
    same = simulate(in_force, by=ops, at=at, against=in_force)
    assert (same.moved, same.drifted) == (0, 1)
    draft = RuleSet(0, (Rule("All", "channel = web", "direct_sales"),))
    other = simulate(draft, by=ops, at=at, against=in_force)
    assert (other.moved, other.drifted) == (1, 1)


def test_rules_see_what_was_known_when_the_lead_came_in(ops, make_user, submit, at):
    make_user("sales")
    lead = submit(email="claire@gmail.com", door="file")
    take([act(at + timedelta(days=3), "claire@gmail.com")], at + timedelta(days=3))
    [outcome] = simulate(RuleSet(0, RULES), by=ops, at=at + timedelta(days=300)).outcomes
    assert (outcome.lead_id, outcome.rule) == (lead.pk, 0)


@pytest.mark.parametrize("size", [1, 25])
def test_a_simulation_costs_the_same_for_any_number_of_leads(ops, at, size, django_assert_num_queries):
    take([entry(at, company__name=f"Account {n}") for n in range(size)], at)
    with django_assert_num_queries(7):
        # leads with their records, who asked; counters with turns, colleagues, their accounts' leads and deals; acts
        assert len(simulate(RuleSet(0, RULES), by=ops, at=at).outcomes) == size


def test_who_may_not_write_rules_may_not_simulate_them(db, make_user, at):
    with pytest.raises(Refused):
        simulate(RuleSet(0, RULES), by=access.of_user(make_user("sdr")), at=at)
