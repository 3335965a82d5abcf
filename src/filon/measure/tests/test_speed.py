"""How fast people hear from a human, as kpi.md says."""

from __future__ import annotations

import pytest

from filon.leads.events import CallLogged, InboundCall, MeetingHeld, MessageSent, Replied
from filon.measure.lake import sources
from filon.routing.events import PromiseCancelled, PromiseMade, PromiseMet

from .conftest import NOW, World, moment

pytestmark = pytest.mark.django_db


def test_where_nobody_was_ever_routed_everyone_captured_is_waited_for(world: World):
    lead = world.lead("2026-01-05 10:00")
    world.act(lead, CallLogged, "2026-01-05 12:00", outcome="no_answer")
    world.lead("2026-01-05 10:00", is_history=True)
    row = world.row("speed")
    assert (row["leads"], row["responded"], row["conversed"], row["waiting"]) == (2, 1, 0, 1)
    assert row["response_median_hours"] == 2.0
    assert row["response_p90_hours"] is None


def test_once_leads_are_routed_only_those_sent_to_a_human_count(world: World):
    world.lead(routes=[("sdr", "2026-01-05 10:00")])
    world.lead(routes=[("direct_sales", "2026-01-05 10:00")])
    world.lead(routes=[("nurture", "2026-01-05 10:00")])
    world.lead(routes=[("sdr", "2026-01-05 10:00")], channel="outbound")
    world.lead(routes=[("sdr", "2026-01-05 10:00")], is_history=True)
    world.lead()
    assert world.row("speed")["leads"] == 2


def test_an_attempt_is_a_response_and_only_an_exchange_is_a_conversation(world: World):
    lead = world.lead("2026-01-05 10:00", routes=[("sdr", "2026-01-05 10:00")])
    world.act(lead, MessageSent, "2026-01-05 11:00")
    world.act(lead, CallLogged, "2026-01-05 13:00", outcome="voicemail")
    world.act(lead, Replied, "2026-01-05 16:00")
    row = world.row("speed")
    assert (row["response_median_hours"], row["conversation_median_hours"]) == (1.0, 6.0)
    assert (row["attempts"], row["attempted"], row["reach_rate"]) == (1, 1, 0.0)


def test_a_call_that_was_answered_is_both(world: World):
    lead = world.lead("2026-01-05 10:00")
    world.act(lead, CallLogged, "2026-01-05 10:30", outcome="reached")
    row = world.row("speed")
    assert (row["response_median_hours"], row["conversation_median_hours"]) == (0.5, 0.5)


def test_an_inbound_call_and_a_meeting_end_the_wait_and_a_reply_alone_does_not(world: World):
    called, met, replied = (world.lead("2026-01-05 10:00") for _ in range(3))
    world.act(called, InboundCall, "2026-01-05 11:00")
    world.act(met, MeetingHeld, "2026-01-05 12:00")
    world.act(replied, Replied, "2026-01-05 13:00")
    row = world.row("speed")
    assert (row["responded"], row["conversed"], row["waiting"]) == (2, 3, 1)


def test_what_a_machine_sent_is_no_response(world: World):
    lead = world.lead("2026-01-05 10:00")
    world.act(lead, MessageSent, "2026-01-05 10:01", is_machine=True)
    assert world.row("speed")["responded"] == 0


def test_a_contact_before_capture_is_out_of_order_and_left_out_of_delays(world: World):
    early, later = world.lead("2026-01-05 10:00"), world.lead("2026-01-05 10:00")
    world.act(early, CallLogged, "2026-01-04 10:00")
    world.act(early, CallLogged, "2026-01-05 10:06")
    world.act(later, CallLogged, "2026-01-05 14:00")
    row = world.row("speed")
    assert (row["leads"], row["responded"], row["out_of_order"]) == (2, 1, 1)
    assert row["response_median_hours"] == 4.0
    assert world.behind("speed", "out_of_order") == [early.pk]


def test_an_act_that_names_the_person_only_belongs_to_the_journey_under_way(world: World):
    first = world.lead("2026-01-05 10:00", ("customer", "2026-01-20"))
    second = world.lead("2026-02-01 10:00", person=first.person)
    world.act(first, CallLogged, "2026-01-05 11:00", lead_id=None)
    world.act(first, CallLogged, "2026-02-01 13:00", lead_id=None)
    row = world.row("speed")
    assert (row["responded"], row["out_of_order"]) == (2, 0)
    assert row["response_p90_hours"] == 3.0
    assert world.behind("speed", "responded") == [second.pk, first.pk]


def test_leaving_before_any_contact_competes_and_is_counted_beside(world: World):
    left = world.lead("2026-01-05 10:00", ("disqualified", "2026-01-05 11:00"))
    world.act(left, CallLogged, "2026-01-06 10:00")  # too late to be a response
    lead = world.lead("2026-01-05 10:00")
    world.act(lead, CallLogged, "2026-01-05 12:00")
    row = world.row("speed")
    assert (row["due"], row["responded"], row["exited"], row["waiting"]) == (2, 1, 1, 0)
    assert row["response_median_hours"] == 2.0


def test_a_lead_that_comes_back_from_nurturing_is_due_anew(world: World):
    lead = world.lead(
        "2026-01-05 10:00",
        routes=[("sdr", "2026-01-05 10:00"), ("nurture", "2026-01-10 10:00"), ("sdr", "2026-02-01 10:00")],
    )
    world.act(lead, CallLogged, "2026-01-05 11:00")
    world.act(lead, CallLogged, "2026-02-01 13:00")
    row = world.row("speed")
    assert (row["leads"], row["due"], row["responded"]) == (1, 2, 2)
    assert (row["response_median_hours"], row["response_p90_hours"]) == (1.0, 3.0)


def test_a_lead_nurtured_first_is_due_when_it_passes_to_a_human(world: World):
    lead = world.lead("2026-01-05 10:00", routes=[("nurture", "2026-01-05 10:00"), ("sdr", "2026-01-20 10:00")])
    world.act(lead, CallLogged, "2026-01-20 12:00")
    assert world.row("speed")["response_median_hours"] == 2.0


def test_a_return_to_nurturing_told_by_its_stage_ends_the_wait(world: World):
    lead = world.lead("2026-01-05 10:00", routes=[("sdr", "2026-01-05 10:00")])
    world.move(lead, "nurturing", "2026-01-06 10:00")
    row = world.row("speed")
    assert (row["exited"], row["waiting"]) == (1, 0)


def test_working_hours_leave_nights_and_holidays_out(world: World):
    # Thursday 30 April 2026, 17:00 in Paris; Friday 1 May is a holiday; Monday 4 May, 9:30.
    lead = world.lead("2026-04-30 15:00", routes=[("sdr", "2026-04-30 15:00")])
    world.act(lead, CallLogged, "2026-05-04 07:30", learnt="2026-05-04 07:30")
    row = world.row("speed", at=moment("2026-05-04 08:00"))
    clock, working = row["response_median_hours"], row["response_median_hours_working"]
    assert clock == 88.5
    assert 0 < working <= 2.5


def test_without_any_calendar_the_working_clock_is_unknown(world: World, monkeypatch):
    monkeypatch.setattr(sources, "_shifts", lambda _start, _end: {})
    lead = world.lead("2026-01-05 10:00")
    world.act(lead, CallLogged, "2026-01-05 11:00")
    row = world.row("speed")
    assert (row["response_median_hours"], row["response_median_hours_working"]) == (1.0, None)


# Promises ------------------------------------------------------------------------------------------------------------


def promise(world: World, due: str, number: int, *ends: type) -> int:
    lead = world.lead("2026-02-01 10:00")
    said = {"lead_id": lead.pk, "promise_id": number, "promise": "first_response"}
    world.tell(
        PromiseMade(at=moment("2026-02-01 10:00"), person_id=lead.person_id, due_at=moment(due), minutes=60, **said)
    )
    for end in ends:
        more = {"reason": "spam"} if end is PromiseCancelled else {}
        world.tell(end(at=moment("2026-02-01 10:30"), **said, **more))
    return lead.pk


def test_promises_kept_are_those_met_among_those_that_came_due(world: World):
    met = promise(world, "2026-02-01 11:00", 1, PromiseMet)
    late = promise(world, "2026-02-01 11:00", 2)  # nobody told its breach: it ran past its due time
    promise(world, "2026-02-01 11:00", 3, PromiseCancelled)
    promise(world, "2026-04-01 11:00", 4)  # still to come
    row = world.row("speed")
    assert (row["sla_met"], row["sla_breached"], row["sla_cancelled"]) == (1, 1, 1)
    assert row["within_sla"] == 0.5
    assert world.behind("speed", "sla_met") == [met]
    assert world.behind("speed", "sla_breached") == [late]


def test_a_promise_belongs_to_the_period_it_fell_due_in(world: World):
    promise(world, "2026-02-10 11:00", 1, PromiseMet)
    assert world.row("speed", first="2026-02-05", last="2026-02-20")["sla_met"] == 1
    assert world.row("speed", first="2026-02-01", last="2026-02-05")["sla_met"] == 0


def test_every_time_due_is_responded_exited_waiting_or_out_of_order(world: World):
    for number in range(20):
        lead = world.lead("2026-01-05 10:00", *([("lost", "2026-01-07")] if number % 5 == 0 else []))
        if number % 3 == 0:
            world.act(lead, CallLogged, "2026-01-04 10:00" if number % 2 else "2026-01-06 10:00")
    row = world.row("speed")
    assert row["due"] == row["responded"] + row["exited"] + row["waiting"] + row["out_of_order"] == 20
    assert row["out_of_order"] == 3


def test_every_count_of_speed_opens_as_many_rows(world: World):
    for number in range(6):
        lead = world.lead("2026-01-05 10:00", source="AB"[number % 2])
        if number:
            world.act(lead, CallLogged, f"2026-01-05 1{number}:00")
    promise(world, "2026-02-01 11:00", 1, PromiseMet)
    for line in world.ask("speed", "source").lines:
        for column in ("leads", "responded", "conversed", "waiting", "exited", "sla_met", "attempted"):
            assert len(world.behind("speed", column, *line.keys, by=["source"])) == line.values[column], column


def test_speed_is_as_of_the_last_fact(world: World):
    world.lead("2026-01-05 10:00")
    assert world.ask("speed").as_of == NOW
