"""A colleague plans a meeting with a lead's person, in their own diary or in another's."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client

from filon.core import access, line
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry
from filon.core.models import Fact, Letter, User
from filon.kit.errors import Kind, Refused
from filon.leads.models import Lead, Task
from filon.meetings import commands, planning
from filon.meetings.models import BookingPage, Meeting
from filon.meetings.planning import Plan

MARK = "0123456789abcdef0123456789abcdef"


def page_of(user: User, at: datetime, **more: Any) -> BookingPage:
    usual: dict[str, Any] = {"slug": user.name_folded.split()[0], "is_open": False, "minutes": {"demo": 45}}
    draft = commands.Draft(**usual | {"days": frozenset(range(5)), "first": time(9), "last": time(18)} | more)
    return commands.save_page(draft, by=access.of_user(user), at=at)


@pytest.fixture
def lea(db: None, make_user: Any, at: datetime) -> User:
    found: User = make_user("sdr", name="Léa Martin")
    page_of(found, at)
    return found


@pytest.fixture
def nadia(db: None, make_user: Any, at: datetime) -> User:
    found: User = make_user("sales", name="Nadia Roux")
    page_of(found, at)
    return found


@pytest.fixture
def lead(lea: User, at: datetime) -> Lead:
    said = {"email": "claire@sogetrel.fr", "full_name": "Claire Morel", "company.name": "Sogetrel"}
    entry = Entry(kind="lead", door="form", at=at, values=said)
    line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at))
    Lead.objects.update(owner=lea, stage="qualifying")
    return Lead.objects.get()


def plan(lead: Lead, host: User, by: User, starts_at: datetime, *, at: datetime, **more: Any) -> Meeting:
    draft = Plan(lead_id=lead.pk, host_id=host.pk, kind="demo", starts_at=starts_at, **more)
    return planning.plan(draft, by=access.of_user(by), at=at)


def test_a_meeting_in_ones_own_diary_is_the_next_action_and_both_are_invited(
    lead: Lead, lea: User, at: datetime
) -> None:
    evening = at + timedelta(hours=12)  # outside the hours of the page, and sooner than it offers
    meeting = plan(lead, lea, lea, evening, at=at, about="Reprise", place="Leurs bureaux")
    assert (meeting.lead_id, meeting.person_id, meeting.place) == (lead.pk, lead.person_id, "Leurs bureaux")
    assert (meeting.first_name, meeting.last_name, meeting.company) == ("Claire", "Morel", "Sogetrel")
    task = Task.objects.get(lead=lead, closed_at=None)
    assert (task.kind, task.due_at) == ("meeting", evening)
    fact = Fact.objects.get(kind="meeting_booked")
    assert (fact.lead_id, fact.actor_kind, fact.actor_id) == (lead.pk, "user", lea.pk)
    assert {letter.to_email for letter in Letter.objects.filter(due_at__lte=at)} >= {"claire@sogetrel.fr"}


def test_a_colleagues_diary_gives_what_their_page_offers(lead: Lead, lea: User, nadia: User, at: datetime) -> None:
    with pytest.raises(Refused) as refused:
        plan(lead, nadia, lea, at + timedelta(hours=12), at=at)
    assert refused.value.kind is Kind.CONFLICT
    tomorrow_at_ten = at + timedelta(days=1, hours=1)
    meeting = plan(lead, nadia, lea, tomorrow_at_ten, at=at)
    assert meeting.host_id == nadia.pk
    with pytest.raises(Refused):
        plan(lead, nadia, lea, tomorrow_at_ten, at=at)


def test_nobody_meets_two_people_at_once_and_a_plan_sent_twice_is_one(lead: Lead, lea: User, at: datetime) -> None:
    start = at + timedelta(days=1)
    first = plan(lead, lea, lea, start, at=at, mark=MARK)
    assert plan(lead, lea, lea, start, at=at, mark=MARK).pk == first.pk
    for moment in (start, start + timedelta(minutes=30), start - timedelta(minutes=30)):
        with pytest.raises(Refused):
            plan(lead, lea, lea, moment, at=at)
    assert plan(lead, lea, lea, start + timedelta(minutes=45), at=at).pk != first.pk


@pytest.mark.parametrize("hours", [-1, 0, 24 * 400])
def test_a_meeting_is_to_come_and_within_a_year(lead: Lead, lea: User, at: datetime, hours: int) -> None:
    with pytest.raises(Refused):
        plan(lead, lea, lea, at + timedelta(hours=hours), at=at)


def test_who_may_not_act_plans_nothing(lead: Lead, lea: User, make_user: Any, at: datetime) -> None:
    start = at + timedelta(days=1)
    for role in ("read_only", "manager"):  # the manager's team has not this lead
        with pytest.raises(Refused):
            plan(lead, lea, make_user(role), start, at=at)
    lead.person.__class__.objects.update(email="")
    with pytest.raises(Refused):
        plan(lead, lea, lea, start, at=at)
    assert not Meeting.objects.exists()


def test_the_page_offers_moments_and_plans(lead: Lead, lea: User, nadia: User, client: Client) -> None:
    client.force_login(lea)
    address = f"/meetings/leads/{lead.pk}/plan"
    own = client.get(address).content.decode()
    assert 'name="other"' in own
    other = client.get(f"{address}?host={nadia.pk}")
    assert 'name="other"' not in other.content.decode()
    slots = [value for _day, group in other.context["form"].fields["slot"].choices[1:] for value, _label in group]
    answer = client.post(f"{address}?host={nadia.pk}", {"slot": "", "mark": MARK})
    assert answer.status_code == 422
    answer = client.post(f"{address}?host={nadia.pk}", {"slot": slots[0], "mark": MARK, "about": "Démo"})
    assert answer.status_code == 302
    assert Meeting.objects.get().host_id == nadia.pk
    assert "Démo" in client.get(f"/panels/lead/{lead.pk}/meetings").content.decode()
