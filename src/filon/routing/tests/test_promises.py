"""Clocks: only people stop them, each is broken once, and what is no longer owed is cancelled with its reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from filon.core import ledger
from filon.core.access import SYSTEM, Actor
from filon.core.line import Batch
from filon.core.models import Fact
from filon.leads import stages
from filon.leads.events import CallLogged, EmailOpened, MessageSent, NoteWritten
from filon.leads.models import Lead
from filon.routing import promises
from filon.routing.decisions import Rule
from filon.routing.models import Promise
from filon.routing.reactions import stop_promises
from filon.routing.tests.conftest import act, entry, take

HOUR = timedelta(hours=1)


@pytest.fixture
def lea(make_user):
    return make_user("sdr", name="Léa")


@pytest.fixture
def lead(db, submit, publish, lea):
    """One lead of Léa's, whose first response is due in an hour."""
    publish(Rule("Everyone", "channel != outbound", "sdr"))
    return submit()


def tell(lead, when, cls=CallLogged, by=None, learnt=None, **more):
    event = cls(at=when, person_id=lead.person_id, lead_id=lead.pk, **more)
    with transaction.atomic():
        ledger.append([event], by=by or Actor("user", lead.owner_id), learnt_at=learnt or when)


def move(lead, to, when, by=SYSTEM, is_live=True, reason=""):
    with transaction.atomic():
        batch = Batch([], by=by, at=when, is_live=is_live)
        batch.rows(Lead).load_ids([lead.pk])
        stages.move(batch, batch.rows(Lead).by_id[lead.pk], to, at=when, reason=reason)
        batch.write()


def told(kind, lead):
    return Fact.objects.filter(kind=kind, lead_id=lead.pk)


@pytest.mark.parametrize("cls", [CallLogged, MessageSent])
def test_a_call_or_a_message_in_time_keeps_the_promise(lead, lea, at, cls):
    tell(lead, at + HOUR, cls)
    promise = Promise.objects.get()
    lead.refresh_from_db()
    assert (promise.state, promise.stopped_at, lead.responded_at) == ("met", at + HOUR, at + HOUR)
    assert told("promise_met", lead).get().at == at + HOUR
    assert promises.breach_due(at=at + 9 * HOUR) == 0


@pytest.mark.parametrize(
    ("cls", "by", "more"),
    [
        (CallLogged, SYSTEM, {}),  # an automatic act
        (MessageSent, Actor("import", 3), {}),
        (MessageSent, Actor("user", 1), {"is_machine": True}),
    ],
)
def test_programs_and_imports_stop_no_clock(lead, at, cls, by, more):
    tell(lead, at + timedelta(minutes=5), cls, by, **more)
    assert Promise.objects.get().state == "running"
    lead.refresh_from_db()
    assert lead.responded_at is None


@pytest.mark.parametrize("cls", [NoteWritten, EmailOpened])
def test_what_is_no_outreach_stops_no_clock(lead, lea, at, cls):
    tell(lead, at + timedelta(minutes=5), cls)
    assert Promise.objects.get().state == "running"


def test_an_act_of_the_person_stops_no_clock(lead, at):
    take([act(at + timedelta(minutes=5), lead.person.email, "page_viewed")], at + timedelta(minutes=5))
    assert Promise.objects.get().state == "running"


def test_a_contact_before_the_clock_started_does_not_stop_it(lead, at):
    tell(lead, at - HOUR, learnt=at + timedelta(minutes=1))
    assert Promise.objects.get().state == "running"


def test_a_clock_past_due_is_broken_once_and_told_at_its_due_time(lead, at):
    due = at + HOUR
    assert promises.breach_due(at=due) == 0  # an answer at the due time itself is still in time
    seen = due + timedelta(seconds=30)
    assert promises.breach_due(at=seen) == 1
    assert promises.breach_due(at=seen + HOUR) == 0
    promise, fact = Promise.objects.get(), told("promise_breached", lead).get()
    assert (promise.state, promise.stopped_at) == ("breached", None)
    assert (fact.at, fact.learnt_at, fact.payload["owner_id"]) == (due, seen, lead.owner_id)


def test_an_answer_after_the_breach_stops_the_clock_and_mends_nothing(lead, at):
    promises.breach_due(at=at + 2 * HOUR)
    tell(lead, at + 3 * HOUR)
    promise = Promise.objects.get()
    lead.refresh_from_db()
    assert (promise.state, promise.stopped_at, lead.responded_at) == ("breached", at + 3 * HOUR, at + 3 * HOUR)
    assert not told("promise_met", lead).exists()


def test_a_late_answer_before_the_clock_looked_is_a_breach_too(lead, at):
    tell(lead, at + HOUR + timedelta(seconds=1))
    assert Promise.objects.get().state == "breached"
    assert told("promise_breached", lead).get().at == at + HOUR
    assert promises.breach_due(at=at + 2 * HOUR) == 0


def test_an_answer_in_time_that_was_logged_late_keeps_the_promise_and_revokes_the_breach(lead, at):
    promises.breach_due(at=at + 2 * HOUR)
    tell(lead, at + timedelta(minutes=20), learnt=at + 3 * HOUR)
    promise = Promise.objects.get()
    met = told("promise_met", lead).get()
    assert (promise.state, promise.stopped_at) == ("met", at + timedelta(minutes=20))
    assert met.revokes_id == told("promise_breached", lead).get().pk


def test_an_earlier_answer_logged_after_a_late_one_mends_the_breach(lead, at):
    tell(lead, at + 2 * HOUR)
    tell(lead, at + timedelta(minutes=20), learnt=at + 3 * HOUR)
    lead.refresh_from_db()
    assert (Promise.objects.get().state, lead.responded_at) == ("met", at + timedelta(minutes=20))


def test_an_exit_before_due_cancels_with_its_reason(lead, at):
    move(lead, "disqualified", at + timedelta(minutes=10), reason="étudiant")
    promise = Promise.objects.get()
    assert (promise.state, promise.reason, promise.stopped_at) == (
        "cancelled",
        "étudiant",
        at + timedelta(minutes=10),
    )
    assert told("promise_cancelled", lead).get().payload["reason"] == "étudiant"
    assert promises.breach_due(at=at + 9 * HOUR) == 0


def test_an_exit_after_due_stays_a_breach(lead, at):
    move(lead, "disqualified", at + 2 * HOUR)
    promise = Promise.objects.get()
    assert (promise.state, promise.stopped_at) == ("breached", at + 2 * HOUR)
    assert told("promise_breached", lead).count() == 1


def test_an_exit_by_a_history_file_cancels_when_the_clock_looks(lead, at):
    move(lead, "lost", at + timedelta(minutes=10), is_live=False)
    assert Promise.objects.get().state == "running"
    promises.breach_due(at=at + 2 * HOUR)
    promise = Promise.objects.get()
    assert (promise.state, promise.reason) == ("cancelled", "lost")
    assert not told("promise_breached", lead).exists()


def test_back_to_nurturing_cancels_and_an_mql_gets_a_new_clock_for_its_owner(lead, lea, at):
    move(lead, "nurturing", at + timedelta(minutes=10), reason="not now")
    lead.refresh_from_db()
    assert (lead.route, lead.due_at, Promise.objects.get().state) == ("nurture", None, "cancelled")
    later = at + timedelta(days=1)
    move(lead, "mql", later)
    lead.refresh_from_db()
    assert (lead.route, lead.owner, lead.stage, lead.due_at) == ("sdr", lea, "mql", later + 8 * HOUR)
    assert Promise.objects.get(state="running").started_at == later


@pytest.mark.parametrize("size", [1, 12])
def test_many_answers_cost_the_same_as_one(db, publish, lea, at, size, django_assert_num_queries):
    publish(Rule("Everyone", "channel != outbound", "sdr"))
    by = Actor("user", lea.pk)
    calls = [
        ledger.Told(0, CallLogged(at=at, person_id=lead.person_id, lead_id=lead.pk), by)
        for lead in take([entry(at) for _ in range(size)], at)
    ]
    with transaction.atomic(), django_assert_num_queries(6):
        stop_promises(calls, at)  # leads, promises; then leads, promises, fact ids, facts
    assert Promise.objects.filter(state="met").count() == size


@pytest.mark.parametrize(
    "wrong",
    [
        {"due_at": datetime(2026, 3, 1, tzinfo=UTC)},  # before it started
        {"state": "met", "stopped_at": None},
        {"state": "met", "stopped_at": datetime(2026, 3, 9, tzinfo=UTC)},  # after it was due
        {"state": "running", "stopped_at": datetime(2026, 3, 2, 8, 30, tzinfo=UTC)},
        {"state": "cancelled", "stopped_at": datetime(2026, 3, 2, 8, 30, tzinfo=UTC)},  # without a reason
    ],
)
def test_the_database_refuses_a_promise_that_cannot_be_true(lead, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Promise.objects.update(**wrong)


def test_a_lead_has_one_open_promise_at_a_time(lead, at):
    with pytest.raises(IntegrityError), transaction.atomic():
        Promise.objects.create(lead=lead, started_at=at, due_at=at + HOUR, minutes=60)
