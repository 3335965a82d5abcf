"""The list of promises and one lead's way, as each role sees them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from filon.core import access, ledger
from filon.kit.errors import Refused
from filon.leads.events import CallLogged
from filon.routing import clocks, promises
from filon.routing.clocks import PromiseFilter
from filon.routing.decisions import Rule
from filon.routing.models import Promise
from filon.routing.tests.conftest import entry, take

HOUR = timedelta(hours=1)


@pytest.fixture
def ops(db, make_user):
    return access.of_user(make_user("ops"))


@pytest.fixture
def leads(publish, make_user, at):
    """Three leads of one SDR, due an hour after they came: at 9, 10 and 11."""
    make_user("sdr", name="Léa")
    publish(Rule("Everyone", "channel != outbound", "sdr"))
    return [take([entry(at + n * HOUR, full_name=f"Person {n}")], at + n * HOUR)[0] for n in range(3)]


def names(page):
    return [row.name for row in page.rows]


def test_open_promises_come_by_due_time_and_say_what_open_time_is_left(ops, leads, at):
    promises.breach_due(at=at + 1.5 * HOUR)
    page = clocks.promises(PromiseFilter(), by=ops, at=at + 1.5 * HOUR)
    assert names(page) == ["Person 0", "Person 1", "Person 2"]
    assert [row.left for row in page.rows] == [-HOUR / 2, HOUR / 2, 1.5 * HOUR]
    assert [(row.is_late, row.state) for row in page.rows][:2] == [(True, "breached"), (False, "running")]
    assert clocks.promise_counts(by=ops) == {"running": 2, "breached": 1}


def test_a_promise_broken_in_the_night_is_late_although_no_open_time_has_passed(ops, at, publish, make_user):
    make_user("sdr")
    publish(Rule("Everyone", "channel != outbound", "sdr"))
    take([entry(at + 8 * HOUR)], at + 8 * HOUR)  # due at closing time, 18:00
    [row] = clocks.promises(PromiseFilter(), by=ops, at=at + 10 * HOUR).rows
    assert row.is_late


def test_pages_follow_each_other_without_gap_or_repeat(ops, leads, at):
    seen, after = [], ""
    while True:
        page = clocks.promises(PromiseFilter(), by=ops, at=at, after=after, limit=2)
        seen += names(page)
        after = page.after
        if not after:
            break
    assert seen == ["Person 0", "Person 1", "Person 2"]


def test_answered_promises_are_listed_latest_first(ops, leads, make_user, at):
    by = access.of_user(make_user("sdr"))
    for lead in leads:
        call = CallLogged(at=lead.due_at, person_id=lead.person_id, lead_id=lead.pk)
        with transaction.atomic():
            ledger.append([call], by=by, learnt_at=lead.due_at)
    first = clocks.promises(PromiseFilter(state="met"), by=ops, at=at, limit=2)
    rest = clocks.promises(PromiseFilter(state="met"), by=ops, at=at, limit=2, after=first.after)
    assert (names(first), names(rest)) == (["Person 2", "Person 1"], ["Person 0"])


@pytest.mark.parametrize("after", ["x", "WzEsMl0", "WyJhIiwgMV0"])
def test_a_cursor_that_is_not_ours_is_refused(ops, after, at):
    with pytest.raises(Refused):
        clocks.promises(PromiseFilter(), by=ops, at=at, after=after)


def test_a_state_that_does_not_exist_is_refused(ops, at):
    with pytest.raises(Refused):
        clocks.promises(PromiseFilter(state="lost"), by=ops, at=at)


def test_a_manager_sees_the_promises_of_the_team_and_of_nobody(ops, leads, make_user, team, at):
    north = team("Nord")
    boss, tom = make_user("manager", team=north), make_user("sdr", team=north)
    Promise.objects.filter(lead=leads[1]).update(owner=tom)
    leads[1].owner, leads[2].owner = tom, None
    leads[1].save(), leads[2].save()
    by = access.of_user(boss)
    assert names(clocks.promises(PromiseFilter(), by=by, at=at)) == ["Person 1", "Person 2"]
    assert clocks.promise_counts(by=by)["running"] == 2
    assert names(clocks.promises(PromiseFilter(team_id=north.pk), by=ops, at=at)) == ["Person 1"]
    assert clocks.lead_routing(leads[0].pk, by=by, at=at) is None


def test_one_leads_way_says_the_rule_the_owner_and_the_clock(ops, leads, at, django_assert_num_queries):
    with django_assert_num_queries(4):
        way = clocks.lead_routing(leads[0].pk, by=ops, at=at)
    assert (way.route, way.owner, way.why, way.rule_name, way.version) == ("sdr", "Léa", "rule", "Everyone", 1)
    assert way.clock.left == HOUR


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_two_statements(ops, leads, at, count, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert len(clocks.promises(PromiseFilter(), by=ops, at=at, limit=count).rows) == count
