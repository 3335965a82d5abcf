"""Logging acts and typing leads in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from filon.core import access
from filon.core.access import Actor
from filon.core.models import Fact, Team, User
from filon.kit.errors import Kind, Refused
from filon.leads.card.commands import ActOn, Created, create_lead, create_leads, log_act, log_acts
from filon.leads.card.queries import known
from filon.leads.models import Lead

pytestmark = pytest.mark.django_db


def test_a_call_is_told_with_its_outcome_and_author(
    come: Callable[..., Lead], make_user: Callable[..., User], at: datetime
) -> None:
    lead, lea = come(), make_user("sdr")
    an_hour_ago = at - timedelta(hours=1)
    log_act(
        ActOn(lead_id=lead.pk, kind="call_logged", outcome="voicemail", text=" rappeler jeudi ", at=an_hour_ago),
        by=access.of_user(lea),
        at=at,
    )
    fact = Fact.objects.select_related("detail").get(kind="call_logged")
    assert (fact.lead_id, fact.person_id, fact.actor_id, fact.door) == (lead.pk, lead.person_id, lea.pk, "manual")
    assert (fact.at, fact.learnt_at, fact.payload) == (an_hour_ago, at, {"outcome": "voicemail"})
    assert fact.detail.values == {"text": "rappeler jeudi"}


def test_a_call_stops_the_clock_of_the_first_contact_and_a_note_does_not(
    come: Callable[..., Lead], make_user: Callable[..., User], at: datetime
) -> None:
    lea = make_user("sdr")
    lead = come(door="form", is_live=True, channel="referral", message="Une démonstration ?")
    assert lead.due_at is not None
    log_act(ActOn(lead_id=lead.pk, kind="note_written", text="à voir"), by=access.of_user(lea), at=at)
    assert Lead.objects.get(pk=lead.pk).responded_at is None
    soon = at + timedelta(minutes=10)
    log_act(ActOn(lead_id=lead.pk, kind="call_logged", outcome="reached"), by=access.of_user(lea), at=soon)
    assert Lead.objects.get(pk=lead.pk).responded_at == soon


def test_an_act_is_about_the_lead_it_was_logged_on_even_when_that_one_is_closed(
    come: Callable[..., Lead], admin: Actor, at: datetime
) -> None:
    lost = come(email="claire@sogetrel.fr", outcome="lost")
    again = come(email="claire@sogetrel.fr", when=at + timedelta(days=1))
    assert (lost.person_id, lost.is_open, again.is_open) == (again.person_id, False, True)
    log_act(ActOn(lead_id=lost.pk, kind="note_written", text="perdu, voir 2027"), by=admin, at=at + timedelta(days=2))
    assert Fact.objects.get(kind="note_written").lead_id == lost.pk


def test_a_lead_known_by_an_external_id_alone_takes_acts_too(
    come: Callable[..., Lead], admin: Actor, at: datetime
) -> None:
    lead = come(email="", external_id="579233")
    log_act(ActOn(lead_id=lead.pk, kind="meeting_held", text="chez lui"), by=admin, at=at)
    assert Fact.objects.get(kind="meeting_held").lead_id == lead.pk


@pytest.mark.parametrize(
    ("field", "act"),
    [
        ("kind", ActOn(lead_id=1, kind="lead_captured")),
        ("text", ActOn(lead_id=1, kind="note_written", text="  ")),
        ("outcome", ActOn(lead_id=1, kind="call_logged")),
        ("outcome", ActOn(lead_id=1, kind="call_logged", outcome="married")),
        ("outcome", ActOn(lead_id=1, kind="note_written", text="x", outcome="reached")),
        ("text", ActOn(lead_id=1, kind="note_written", text="x" * 20_001)),
    ],
)
def test_an_act_that_cannot_be_is_refused_by_field(field: str, act: ActOn, admin: Actor, at: datetime) -> None:
    with pytest.raises(Refused) as refused:
        log_act(act, by=admin, at=at)
    assert refused.value.errors[0]["field"] == field


def test_nothing_happens_tomorrow(come: Callable[..., Lead], admin: Actor, at: datetime) -> None:
    act = ActOn(lead_id=come().pk, kind="note_written", text="x", at=at + timedelta(hours=1))
    assert log_acts([act], by=admin, at=at)[0] is not None


def test_acts_on_leads_of_another_team_are_refused_and_the_others_taken(
    come: Callable[..., Lead], make_user: Callable[..., User], at: datetime
) -> None:
    north, south = (Team.objects.create(name=name, name_folded=name, created_at=at) for name in ("north", "south"))
    mine, theirs = come(), come()
    Lead.objects.filter(pk=theirs.pk).update(owner=make_user("sdr", team=north))
    acts = [ActOn(lead_id=pk, kind="note_written", text="vu") for pk in (theirs.pk, mine.pk, 10**9)]
    refusals = log_acts(acts, by=access.of_user(make_user("manager", team=south)), at=at)
    assert [refused and refused.kind for refused in refusals] == [Kind.NOT_FOUND, None, Kind.NOT_FOUND]
    assert Fact.objects.get(kind="note_written").lead_id == mine.pk


def test_who_may_only_read_logs_nothing(
    come: Callable[..., Lead], make_user: Callable[..., User], at: datetime
) -> None:
    with pytest.raises(Refused) as refused:
        log_act(
            ActOn(lead_id=come().pk, kind="note_written", text="x"), by=access.of_user(make_user("read_only")), at=at
        )
    assert refused.value.kind is Kind.FORBIDDEN


def test_a_lead_typed_in_goes_down_the_line_to_its_owner(make_user: Callable[..., User], at: datetime) -> None:
    lea, twin = make_user("sdr", name="Léa Martin"), make_user("sales", name="Léa Martin")
    values = {
        "first_name": "Claire",
        "last_name": "Morel",
        "email": "Claire@Sogetrel.fr ",
        "phone": "06 12 34 56 78",
        "company.name": "Sogetrel",
        "channel": "event",
        "source": "Salon",
        "message": "Veut une offre",
        "owner_id": lea.pk,
        "job_title": "",
    }
    made = create_lead(values, by=access.of_user(twin), at=at)
    lead = Lead.objects.select_related("person", "company").get(pk=made.lead_id)
    assert made == Created(lead.pk, lead.person_id, is_new=True)
    assert (lead.door, lead.channel, lead.source, lead.owner_id) == ("manual", "event", "Salon", lea.pk)
    assert (lead.person.full_name, lead.person.email, lead.person.phone) == (
        "Claire Morel",
        "claire@sogetrel.fr",
        "+33612345678",
    )
    assert lead.company is not None
    assert lead.fit is not None
    kinds = set(Fact.objects.filter(lead_id=lead.pk).values_list("kind", flat=True))
    assert {"lead_captured", "submitted", "lead_routed"} <= kinds


def test_typing_a_known_person_in_joins_their_open_lead(come: Callable[..., Lead], admin: Actor, at: datetime) -> None:
    lead = come(email="claire@sogetrel.fr")
    made = create_lead({"email": "claire@sogetrel.fr", "job_title": "CTO"}, by=admin, at=at)
    assert made == Created(lead.pk, lead.person_id, is_new=False)


def test_every_wrong_field_of_a_lead_typed_in_is_named(admin: Actor, at: datetime) -> None:
    values = {"email": "x", "phone": "12", "company.siren": "1", "channel": "pigeon", "owner_id": 10**9, "shoe": "42"}
    with pytest.raises(Refused) as refused:
        create_lead(values, by=admin, at=at)
    assert {error["field"] for error in refused.value.errors} == set(values)
    made = create_leads([{"last_name": "Morel"}, {"email": "a@b.fr"}], by=admin, at=at)
    assert isinstance(made[0], Refused)
    assert made[0].errors[0]["field"] == "email"
    assert isinstance(made[1], Created)


def test_a_duplicate_shows_while_typing(
    come: Callable[..., Lead], make_user: Callable[..., User], admin: Actor, at: datetime
) -> None:
    karim = make_user("sdr", name="Karim")
    claire = come(email="claire@sogetrel.fr", first_name="Claire", last_name="Morel", company__name="Sogetrel")
    other = come(first_name="Claire", last_name="MOREL")
    Lead.objects.filter(pk=claire.pk).update(owner=karim)
    assert known({"email": "claire@"}, by=admin) == []
    found = known({"email": " CLAIRE@sogetrel.fr", "first_name": "claire", "last_name": "morel"}, by=admin)
    assert [(one.person_id, one.is_same) for one in found] == [(claire.person_id, True), (other.person_id, False)]
    assert (found[0].name, found[0].company, found[0].owner, found[0].lead_id) == (
        "Claire Morel",
        "Sogetrel",
        "Karim",
        claire.pk,
    )
    north = Team.objects.create(name="n", name_folded="n", created_at=at)
    of_another_team = access.of_user(make_user("manager", team=north))
    assert [one.lead_id for one in known({"email": "claire@sogetrel.fr"}, by=of_another_team)] == [None]
