"""A move taken back: what it cancelled is owed again at its old due time, what it began is owed no more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from filon.core import access, ledger
from filon.core.models import Fact
from filon.leads import moving
from filon.leads.events import CallLogged
from filon.leads.moving import Move
from filon.routing import clocks, promises, reactions
from filon.routing.commands import assign_lead
from filon.routing.decisions import Rule
from filon.routing.models import Promise

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def lea(make_user):
    return access.of_user(make_user("sdr", name="Léa"))


@pytest.fixture
def lead(db, submit, publish, lea):
    """One lead of Léa's, whose first response is due in an hour."""
    publish(Rule("Everyone", "channel != outbound", "sdr"))
    return submit()


def move(lead, to, by, when, reason="injoignable"):
    moving.move_lead(Move(lead.pk, to, reason), by=by, at=when)


def undo(lead, by, when):
    assert moving.undo_moves([moving.last_moves([lead.pk])[lead.pk]], by=by, at=when) == [None]
    lead.refresh_from_db()


def call(lead, by, when, learnt=None):
    with transaction.atomic():
        event = CallLogged(at=when, person_id=lead.person_id, lead_id=lead.pk)
        ledger.append([event], by=by, learnt_at=learnt or when)


def trail(lead):
    """What is told of promises, oldest first, without what was revoked."""
    facts = Fact.objects.filter(lead_id=lead.pk, kind__startswith="promise_")
    revoked = set(Fact.objects.exclude(revokes_id=None).values_list("revokes_id", flat=True))
    return [fact.kind for fact in facts.order_by("id") if fact.pk not in revoked]


@pytest.mark.parametrize("stage", ["disqualified", "lost", "nurturing"])
def test_a_promise_that_the_move_cancelled_runs_again_until_its_old_due_time(lead, lea, at, stage):
    move(lead, stage, lea, at + 10 * MINUTE)
    undo(lead, lea, at + 20 * MINUTE)
    promise = Promise.objects.get()
    assert (promise.state, promise.stopped_at, promise.reason) == ("running", None, "")
    assert (promise.started_at, promise.due_at, promise.owner_id) == (at, at + HOUR, lea.id)
    assert (lead.stage, lead.route, lead.due_at, lead.responded_at) == ("qualifying", "sdr", at + HOUR, None)
    resumed = Fact.objects.get(kind="promise_resumed")
    assert (resumed.at, resumed.lead_id, resumed.actor_id) == (at + 20 * MINUTE, lead.pk, lea.id)
    assert resumed.payload["promise_id"] == promise.pk
    assert Fact.objects.get(pk=resumed.revokes_id).kind == "promise_cancelled"
    assert trail(lead) == ["promise_made", "promise_resumed"]


def test_a_promise_that_runs_again_is_kept_or_broken_as_any_other(lead, lea, at):
    move(lead, "lost", lea, at + 10 * MINUTE)
    undo(lead, lea, at + 20 * MINUTE)
    call(lead, lea, at + 30 * MINUTE)
    assert Promise.objects.get().state == "met"
    assert trail(lead) == ["promise_made", "promise_resumed", "promise_met"]


def test_a_due_time_that_passed_in_the_meantime_is_a_breach_nobody_has_answered(lead, lea, at):
    move(lead, "lost", lea, at + 10 * MINUTE)
    undo(lead, lea, at + 3 * HOUR)
    promise = Promise.objects.get()
    assert (promise.state, promise.stopped_at, promise.due_at) == ("breached", None, at + HOUR)
    breach = Fact.objects.get(kind="promise_breached")
    assert (breach.at, breach.learnt_at) == (at + HOUR, at + 3 * HOUR)
    assert promises.breach_due(at=at + 4 * HOUR) == 0
    assert clocks.promise_counts(by=lea) == {"running": 0, "breached": 1}


def test_a_move_taken_back_at_the_due_time_itself_leaves_time(lead, lea, at):
    move(lead, "lost", lea, at + 10 * MINUTE)
    undo(lead, lea, at + HOUR)
    assert Promise.objects.get().state == "running"


def test_a_promise_broken_before_the_move_waits_for_its_answer_again(lead, lea, at):
    promises.breach_due(at=at + 2 * HOUR)
    move(lead, "lost", lea, at + 3 * HOUR)
    assert Promise.objects.get().stopped_at == at + 3 * HOUR
    undo(lead, lea, at + 4 * HOUR)
    promise = Promise.objects.get()
    assert (promise.state, promise.stopped_at) == ("breached", None)
    assert Fact.objects.filter(kind="promise_breached").count() == 1


def test_who_answered_while_the_lead_was_away_has_kept_the_promise(lead, lea, at):
    move(lead, "nurturing", lea, at + 10 * MINUTE)
    call(lead, lea, at + 15 * MINUTE)
    undo(lead, lea, at + 3 * HOUR)
    promise = Promise.objects.get()
    assert (promise.state, promise.stopped_at, lead.responded_at) == ("met", *[at + 15 * MINUTE] * 2)
    assert trail(lead) == ["promise_made", "promise_resumed", "promise_met"]


def test_an_answer_after_the_due_time_while_the_lead_was_away_is_late(lead, lea, at):
    move(lead, "lost", lea, at + 10 * MINUTE)
    call(lead, lea, at + 2 * HOUR)
    undo(lead, lea, at + 3 * HOUR)
    promise = Promise.objects.get()
    assert (promise.state, promise.stopped_at) == ("breached", at + 2 * HOUR)
    assert trail(lead) == ["promise_made", "promise_resumed", "promise_breached"]


def test_what_was_answered_before_the_move_stays_answered(lead, lea, at):
    call(lead, lea, at + 5 * MINUTE)
    move(lead, "nurturing", lea, at + 10 * MINUTE)
    undo(lead, lea, at + 20 * MINUTE)
    promise = Promise.objects.get()
    assert (promise.state, promise.stopped_at) == ("met", at + 5 * MINUTE)
    assert (lead.route, lead.stage) == ("sdr", "qualifying")
    assert trail(lead) == ["promise_made", "promise_met"]


def test_what_an_earlier_move_cancelled_stays_cancelled(lead, lea, at):
    move(lead, "nurturing", lea, at + 5 * MINUTE)
    move(lead, "lost", lea, at + 10 * MINUTE)
    undo(lead, lea, at + 20 * MINUTE)
    assert Promise.objects.get().state == "cancelled"
    assert (lead.stage, lead.route, lead.due_at) == ("nurturing", "nurture", None)
    undo(lead, lea, at + 21 * MINUTE)
    assert Promise.objects.get().state == "running"
    assert (lead.stage, lead.route) == ("qualifying", "sdr")


def test_a_promise_that_runs_again_is_its_new_owners(lead, lea, make_user, at):
    move(lead, "lost", lea, at + 10 * MINUTE)
    ben = make_user("sdr", name="Ben")
    assign_lead(lead.pk, ben.pk, by=access.of_user(make_user("ops")), at=at + 12 * MINUTE)
    undo(lead, lea, at + 20 * MINUTE)
    assert Promise.objects.get().owner_id == ben.pk


def test_a_cancel_that_the_clock_found_out_is_taken_back_with_the_move(lead, lea, make_user, at):
    from filon.routing.tests.test_promises import move as move_in_batch

    move_in_batch(lead, "lost", at + 10 * MINUTE, by=lea, is_live=False)
    promises.breach_due(at=at + 2 * HOUR)
    assert Promise.objects.get().state == "cancelled"
    undo(lead, lea, at + 3 * HOUR)
    assert Promise.objects.get().state == "breached"


@pytest.mark.parametrize("stage", ["lost", "nurturing"])
def test_running_twice_changes_nothing_more(lead, lea, at, stage):
    move(lead, stage, lea, at + 10 * MINUTE)
    undo(lead, lea, at + 20 * MINUTE)
    fact = Fact.objects.get(kind="stage_move_undone")
    event = ledger.KINDS[fact.kind](
        at=fact.at,
        lead_id=lead.pk,
        person_id=lead.person_id,
        from_stage=stage,
        to_stage="qualifying",
        revokes_id=fact.revokes_id,
    )
    again = [ledger.Told(fact.pk, event, lea)]
    before = Fact.objects.count()
    reactions.follow_undone_move(again, at + 21 * MINUTE)
    assert (Promise.objects.get().state, Fact.objects.count()) == ("running", before)
    move(lead, "disqualified", lea, at + 30 * MINUTE)  # a later move is not what was taken back
    before = Fact.objects.count()
    reactions.follow_undone_move(again, at + 31 * MINUTE)
    assert (Promise.objects.get().state, Fact.objects.count()) == ("cancelled", before)


def test_an_mql_taken_back_is_owed_nothing_and_can_become_one_again(lead, lea, at):
    move(lead, "nurturing", lea, at + 10 * MINUTE)
    move(lead, "mql", lea, at + 20 * MINUTE)
    assert Promise.objects.get(state="running").started_at == at + 20 * MINUTE
    undo(lead, lea, at + 30 * MINUTE)
    assert not Promise.objects.filter(stopped_at=None).exists()
    assert (lead.stage, lead.route, lead.due_at) == ("nurturing", "nurture", None)
    assert promises.breach_due(at=at + timedelta(days=2)) == 0
    routed = clocks.lead_routing(lead.pk, by=lea, at=at + 30 * MINUTE)
    assert routed.route == "nurture"
    assert (
        Fact.objects.filter(kind="routing_undone").get().revokes_id == Fact.objects.filter(kind="lead_routed").last().pk
    )
    move(lead, "mql", lea, at + 40 * MINUTE)
    lead.refresh_from_db()
    assert Promise.objects.get(state="running").started_at == at + 40 * MINUTE
    assert lead.route == "sdr"
    undo(lead, lea, at + 50 * MINUTE)
    undo(lead, lea, at + 51 * MINUTE)  # the first of the moves, back to nurturing
    assert (lead.stage, lead.route) == ("qualifying", "sdr")
    assert Promise.objects.get(stopped_at=None).due_at == at + HOUR


@pytest.mark.parametrize("size", [1, 8])
def test_many_moves_taken_back_cost_the_same_as_one(db, submit, publish, lea, at, size, django_assert_max_num_queries):
    publish(Rule("Everyone", "channel != outbound", "sdr"))
    leads = [submit() for _ in range(size)]
    with transaction.atomic():
        items = [Move(lead.pk, "nurturing") for lead in leads]
        assert moving.move_leads(items, by=lea, at=at + MINUTE) == [None] * size
    facts = list(moving.last_moves([lead.pk for lead in leads]).values())
    with django_assert_max_num_queries(20):
        assert moving.undo_moves(facts, by=lea, at=at + 2 * MINUTE) == [None] * size
    assert Promise.objects.filter(state="running").count() == size
