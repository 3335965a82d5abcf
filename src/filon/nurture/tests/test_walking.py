"""Entering, walking and leaving: who, when, and what stops them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from filon.core import access, jobs, line
from filon.core.access import SYSTEM, Actor
from filon.core.line import Batch, Entry
from filon.core.models import Fact
from filon.kit.errors import Refused
from filon.leads import moving
from filon.leads.events import PageViewed
from filon.leads.models import Lead, Task
from filon.leads.moving import Move
from filon.nurture import queries
from filon.nurture.models import Delivery, Enrollment, Sequence, Step
from filon.nurture.sequences import commands
from filon.nurture.sequences.commands import StepDraft
from filon.nurture.tests.conftest import Come, Make, side, template, turn

MINUTE = timedelta(minutes=1)


@pytest.fixture
def message(sender: None, at: datetime) -> StepDraft:
    return StepDraft(kind="email", template_id=template(at).pk)


def happens(lead: Lead, kind: str, at: datetime, *, door: str = "api", is_live: bool = True, **values: Any) -> None:
    """Something happens to a lead, through the line."""
    said = {"kind": kind, "email": lead.person.email, "at": at} | values
    entry = Entry(kind="event", door=door, at=at, values=said, is_live=is_live)
    line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at, is_live=is_live))


def settle(state: str, at: datetime) -> None:
    """What waits to be sent has its end."""
    Delivery.objects.filter(state="queued").update(state=state, settled_at=at)
    Enrollment.objects.filter(state="active", due_at=None).update(due_at=at)


def standing() -> list[tuple[str, str]]:
    return list(Enrollment.objects.order_by("pk").values_list("state", "reason"))


# Entering -------------------------------------------------------------------------------------------------------------


def test_a_lead_enters_once_something_happens_to_it(come: Come, make: Make, message: StepDraft, at: datetime) -> None:
    make(message)
    turn(at)
    assert not Enrollment.objects.exists()
    come("claire@sogetrel.fr")
    come("karim@sogetrel.fr", stage="mql")
    turn(at)
    turn(at)
    enrollment = Enrollment.objects.get()
    assert enrollment.person.email == "claire@sogetrel.fr"
    assert list(Delivery.objects.values_list("state", "person_id")) == [("queued", enrollment.person_id)]
    assert Fact.objects.filter(kind="enrolled").count() == 1


def test_those_who_are_there_already_enter_only_when_asked(
    come: Come, make: Make, message: StepDraft, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("filon.nurture.sequences.entering._MARGIN", 0)
    come("claire@sogetrel.fr")
    sequence = make(message)
    turn(at)
    assert not Enrollment.objects.exists()
    commands.start_sequence(sequence.pk, with_known=True, by=SYSTEM, at=at)
    jobs.run_due(at)
    assert standing() == [("active", "")]


def test_history_brings_nobody_in(
    come: Come, make: Make, message: StepDraft, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("filon.nurture.sequences.entering._MARGIN", 0)
    lead = come("claire@sogetrel.fr")
    Lead.objects.update(is_history=True)
    make(message)
    past = Batch([], by=SYSTEM, at=at, import_id=7, is_live=False)
    past.tell(PageViewed(at=at, person_id=lead.person_id, lead_id=lead.pk))
    past.write()
    turn(at)
    assert not Enrollment.objects.exists()
    happens(lead, "page_viewed", at)
    turn(at)
    assert standing() == [("active", "")], "what a person does now counts, however old the lead is"


def test_a_lead_walks_through_a_sequence_once(come: Come, make: Make, message: StepDraft, at: datetime) -> None:
    sequence = make(message)
    lead = come("claire@sogetrel.fr")
    turn(at)
    settle("sent", at)
    turn(at)
    assert standing() == [("done", "")]
    happens(lead, "page_viewed", at)
    turn(at)
    assert commands.enroll_leads(sequence.pk, [lead.pk], by=SYSTEM, at=at) == 0
    assert standing() == [("done", "")]


def test_who_may_not_see_a_lead_may_not_put_it_in(
    come: Come, make: Make, message: StepDraft, at: datetime, make_user: Any
) -> None:
    sequence = make(message, condition="")
    lead = come("claire@sogetrel.fr")
    Lead.objects.update(owner=make_user("sdr"))
    stranger = access.of_user(make_user("manager"))
    assert commands.enroll_leads(sequence.pk, [lead.pk], by=stranger, at=at) == 0
    with pytest.raises(Refused):
        commands.enroll_leads(sequence.pk, [lead.pk], by=access.of_user(make_user("read_only")), at=at)
    assert commands.enroll_leads(sequence.pk, [lead.pk], by=SYSTEM, at=at) == 1


# Walking --------------------------------------------------------------------------------------------------------------


def test_a_message_then_a_wait_then_what_the_person_did_decides(
    come: Come, make: Make, message: StepDraft, at: datetime
) -> None:
    sequence = make(
        message,
        StepDraft(kind="wait", minutes=3 * 1440),
        StepDraft(kind="branch", condition="count(email_clicked, 7 days) >= 1"),
    )
    branch = Step.objects.get(kind="branch")
    side(branch, "yes", StepDraft(kind="task", task="call", text="A cliqué"), at)
    side(branch, "no", StepDraft(kind="email", template_id=template(at, "Relance").pk), at)
    clicks, sleeps = come("claire@sogetrel.fr"), come("karim@sogetrel.fr")
    turn(at)
    settle("sent", at)
    turn(at)
    happens(clicks, "email_clicked", at + MINUTE)
    turn(at + timedelta(days=2))
    assert not Task.objects.exists(), "the wait is three days long"
    turn(at + timedelta(days=3, minutes=1))
    assert list(Task.objects.values_list("lead_id", "kind", "text")) == [(clicks.pk, "call", "A cliqué")]
    second = Delivery.objects.get(template__name="Relance")
    assert (second.lead_id, second.state) == (sleeps.pk, "queued")
    ended = Enrollment.objects.get(lead=clicks)
    assert (ended.state, ended.reason) == ("done", "")
    assert queries.standing(sequence.pk) == {second.step_id: 1}


def test_a_message_that_is_held_ends_the_walk_with_its_reason(
    come: Come, make: Make, message: StepDraft, at: datetime
) -> None:
    make(message, message)
    come("claire@sogetrel.fr")
    turn(at)
    Delivery.objects.update(state="held", reason="no_consent", settled_at=at)
    Enrollment.objects.update(due_at=at)
    turn(at)
    assert standing() == [("stopped", "no_consent")]


def test_nobody_is_sent_a_step_twice_not_even_for_two_leads(
    come: Come, make: Make, message: StepDraft, at: datetime
) -> None:
    make(message)
    first = come("claire@sogetrel.fr")
    Lead.objects.filter(pk=first.pk).update(product_line="Conseil")
    come("claire@sogetrel.fr")
    turn(at)
    assert Enrollment.objects.count() == 2
    assert Delivery.objects.count() == 1
    assert sorted(standing()) == [("active", ""), ("done", "")]


def test_messages_wait_for_working_hours(come: Come, make: Make, message: StepDraft, at: datetime) -> None:
    make(message, in_working_hours=True)
    come("claire@sogetrel.fr")
    turn(at.replace(day=7, hour=20))  # Saturday evening
    due = timezone.localtime(Delivery.objects.get().due_at)
    assert (due.weekday(), due.hour) == (0, 9)


def test_a_step_taken_out_lets_those_who_stand_there_go_on(
    come: Come, make: Make, message: StepDraft, at: datetime
) -> None:
    make(message, StepDraft(kind="task", task="todo", text="Suite"))
    come("claire@sogetrel.fr")
    turn(at)
    commands.remove_step(Step.objects.get(kind="email").pk, by=SYSTEM, at=at)
    turn(at)
    assert list(Delivery.objects.values_list("state", "reason")) == [("held", "step_removed")]
    assert Task.objects.get().text == "Suite"


def test_a_paused_sequence_stands_still(come: Come, make: Make, message: StepDraft, at: datetime) -> None:
    sequence = make(StepDraft(kind="wait", minutes=1), message)
    come("claire@sogetrel.fr")
    turn(at)
    commands.pause_sequence(sequence.pk, by=SYSTEM, at=at)
    come("karim@sogetrel.fr")
    turn(at + 5 * MINUTE)
    assert not Delivery.objects.exists()
    assert Enrollment.objects.count() == 1
    commands.start_sequence(sequence.pk, with_known=False, by=SYSTEM, at=at)
    turn(at + 5 * MINUTE)
    assert Delivery.objects.count() == 1


def test_walking_costs_the_same_for_many(
    come: Come, make: Make, message: StepDraft, at: datetime, django_assert_num_queries: Any
) -> None:
    from filon.nurture.sequences import walking

    make(message)
    for size in (2, 20):
        for number in range(size):
            come(f"p{size}{number}@sogetrel.fr")
        turn(at, "nurture.enter")
        with django_assert_num_queries(7):  # who is due, their steps, what was sent, the messages, where they stand now
            walking.walk_on(at=at)  # (in a transaction, with a savepoint around the messages)


# Leaving --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("replied", "replied"),
        ("inbound_call", "called"),
        ("meeting_held", "met"),
        ("unsubscribed", "objection"),
        ("bounced", "bad_address"),
    ],
)
def test_what_the_person_does_stops_it(
    come: Come, make: Make, message: StepDraft, at: datetime, kind: str, reason: str
) -> None:
    make(message)
    lead = come("claire@sogetrel.fr")
    turn(at)
    happens(lead, kind, at)
    assert standing() == [("stopped", reason)]


@pytest.mark.parametrize(
    ("stage", "why", "state"),
    [
        ("mql", "", ("stopped", "mql")),
        ("sql", "", ("stopped", "taken_over")),
        ("disqualified", "competitor", ("stopped", "left")),
        ("qualifying", "", ("active", "")),
    ],
)
def test_where_the_lead_goes_stops_it(
    come: Come, make: Make, message: StepDraft, at: datetime, stage: str, why: str, state: tuple[str, str]
) -> None:
    make(message)
    lead = come("claire@sogetrel.fr")
    turn(at)
    moving.move_lead(Move(lead.pk, stage, why), by=SYSTEM, at=at)
    assert standing() == [state]


def test_a_click_stops_nothing(come: Come, make: Make, message: StepDraft, at: datetime) -> None:
    make(message)
    lead = come("claire@sogetrel.fr")
    turn(at)
    happens(lead, "email_clicked", at)
    happens(lead, "replied", at, is_machine=True)
    assert standing() == [("active", "")]


# Making ---------------------------------------------------------------------------------------------------------------


def test_a_sequence_does_not_start_without_steps_or_sender(db: None, at: datetime) -> None:
    from filon.nurture.sequences.commands import Draft

    sequence = commands.save_sequence(Draft(name="Vide"), by=SYSTEM, at=at)
    with pytest.raises(Refused) as refused:
        commands.start_sequence(sequence.pk, with_known=False, by=SYSTEM, at=at)
    assert refused.value.code == "no_step"
    commands.add_step(sequence.pk, StepDraft(kind="wait", minutes=1), by=SYSTEM, at=at)
    with pytest.raises(Refused) as refused:
        commands.start_sequence(sequence.pk, with_known=False, by=SYSTEM, at=at)
    assert refused.value.code == "no_sender"


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (StepDraft(kind="email"), "template"),
        (StepDraft(kind="wait", minutes=0), "minutes"),
        (StepDraft(kind="branch", condition="stage ="), "condition"),
        (StepDraft(kind="branch"), "condition"),
        (StepDraft(kind="task", task="dance"), "task"),
        (StepDraft(kind="fax"), "kind"),
    ],
)
def test_a_step_that_cannot_be_is_refused(make: Make, at: datetime, draft: StepDraft, field: str) -> None:
    sequence = make(StepDraft(kind="wait", minutes=1))
    with pytest.raises(Refused) as refused:
        commands.add_step(sequence.pk, draft, by=SYSTEM, at=at)
    assert refused.value.errors[0]["field"] == field
    assert Step.objects.count() == 1


def test_only_who_may_changes_sequences(make: Make, at: datetime, make_user: Any) -> None:
    sequence = make(StepDraft(kind="wait", minutes=1))
    sdr: Actor = access.of_user(make_user("sdr"))
    for act in (
        lambda: commands.pause_sequence(sequence.pk, by=sdr, at=at),
        lambda: commands.add_step(sequence.pk, StepDraft(kind="wait", minutes=1), by=sdr, at=at),
        lambda: commands.remove_step(Step.objects.get().pk, by=sdr, at=at),
    ):
        with pytest.raises(Refused):
            act()
    assert Sequence.objects.get().state == "running"


def test_the_simulation_says_who_could_not_be_written_to(
    come: Come, make: Make, at: datetime, message: StepDraft
) -> None:
    come("claire@sogetrel.fr")
    come("karim@orange.fr")
    objector = come("zoe@sogetrel.fr")
    happens(objector, "unsubscribed", at)
    sequence = make(message)
    found = queries.simulate(sequence, at=at, by=SYSTEM)
    assert (found.count, found.reachable) == (3, 1)
    assert dict(found.reasons) == {"no_consent": 1, "objection": 1}
