"""Giving leads to colleagues by hand: who may, and that clocks go on."""

from __future__ import annotations

import pytest
from django.db import transaction

from filon.core import access
from filon.core.models import Fact
from filon.kit.errors import Refused
from filon.leads.models import Lead
from filon.routing.commands import Assignment, assign_lead, assign_leads
from filon.routing.decisions import Rule
from filon.routing.models import Promise
from filon.routing.tests.conftest import entry, take


@pytest.fixture
def nobodys(db, submit, publish):
    publish(Rule("Everyone", "channel != outbound", "sdr", "nobody"))
    return submit()


def test_a_reassignment_moves_the_clock_to_the_new_owner_and_cancels_nothing(nobodys, make_user, at):
    ana, head = make_user("sales"), make_user("head")
    assign_lead(nobodys.pk, ana.pk, by=access.of_user(head), at=at)
    nobodys.refresh_from_db()
    promise = Promise.objects.get()
    assert (nobodys.owner, promise.owner, promise.state, promise.due_at) == (ana, ana, "running", nobodys.due_at)
    told = Fact.objects.get(kind="owner_changed")
    assert (told.payload, told.actor_id) == ({"to_owner_id": ana.pk}, head.pk)


def test_an_sdr_takes_a_lead_nobody_has_and_the_second_one_is_refused(nobodys, make_user, at):
    lea, tom = make_user("sdr"), make_user("sdr")
    assign_lead(nobodys.pk, lea.pk, by=access.of_user(lea), at=at)
    with pytest.raises(Refused) as refused:
        assign_lead(nobodys.pk, tom.pk, by=access.of_user(tom), at=at)
    assert refused.value.kind == "conflict"
    assert Lead.objects.get().owner == lea


def test_an_sdr_gives_no_lead_to_somebody_else(nobodys, make_user, at):
    lea, tom = make_user("sdr"), make_user("sdr")
    with pytest.raises(Refused) as refused:
        assign_lead(nobodys.pk, tom.pk, by=access.of_user(lea), at=at)
    assert refused.value.kind == "forbidden"
    assert Lead.objects.get().owner is None


def test_who_only_reads_takes_nothing(nobodys, make_user, at):
    reader = make_user("read_only")
    with pytest.raises(Refused):
        assign_lead(nobodys.pk, reader.pk, by=access.of_user(reader), at=at)


def test_a_manager_gives_the_teams_leads_to_the_team_only(nobodys, make_user, team, at):
    north, south = team("Nord"), team("Sud")
    boss, lea, tom = make_user("manager", team=north), make_user("sdr", team=north), make_user("sdr", team=south)
    assign_lead(nobodys.pk, lea.pk, by=access.of_user(boss), at=at)
    with pytest.raises(Refused) as refused:
        assign_lead(nobodys.pk, tom.pk, by=access.of_user(boss), at=at)
    assert refused.value.kind == "forbidden"
    Lead.objects.update(owner=tom)
    with pytest.raises(Refused) as refused:  # what another team has does not exist for this one
        assign_lead(nobodys.pk, lea.pk, by=access.of_user(boss), at=at)
    assert refused.value.kind == "not-found"


def test_one_bad_item_does_not_sink_the_others(db, publish, make_user, at):
    publish(Rule("Everyone", "channel != outbound", "sdr", "nobody"))
    first, second = take([entry(at), entry(at)], at)
    ana, gone = make_user("sales"), make_user("sales", is_active=False)
    items = [Assignment(first.pk, ana.pk), Assignment(second.pk, gone.pk), Assignment(10**6, ana.pk)]
    with transaction.atomic():
        answers = assign_leads(items, by=access.of_user(make_user("ops")), at=at)
    assert [answer and answer.code for answer in answers] == [None, "no_such_owner", "not_found"]
    assert list(Lead.objects.order_by("pk").values_list("owner", flat=True)) == [ana.pk, None]


@pytest.mark.parametrize("size", [1, 30])
def test_assigning_many_costs_the_same_as_assigning_one(db, publish, make_user, at, size, django_assert_num_queries):
    publish(Rule("Everyone", "channel != outbound", "sdr", "nobody"))
    leads = take([entry(at) for _ in range(size)], at)
    ana, ops = make_user("sales"), access.of_user(make_user("ops"))
    with (
        transaction.atomic(),
        django_assert_num_queries(11),
    ):  # what is planned goes along; who is given them hears of it
        # who may be seen, leads, colleagues, promises; then leads, promises, fact ids, facts
        assign_leads([Assignment(lead.pk, ana.pk) for lead in leads], by=ops, at=at)
