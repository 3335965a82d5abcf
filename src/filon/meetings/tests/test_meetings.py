"""Booking a meeting, what it makes of the guest, and what becomes of it."""

from __future__ import annotations

import email
import threading
from datetime import datetime, time, timedelta
from email import policy
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from filon.core import access, waiting
from filon.core.models import Fact, InboxEntry, Letter, User
from filon.core.post import letters, sending
from filon.core.post.letters import Sender
from filon.kit.errors import Refused
from filon.kit.relay import Said, Verdict
from filon.leads.models import Lead, Person, Task
from filon.meetings import commands, queries, tying
from filon.meetings.commands import Draft, Guest
from filon.meetings.free_times import free_times
from filon.meetings.models import BookingPage, Meeting
from filon.routing.models import Absence

CLAIRE = Guest(
    first_name="Claire", last_name="Morel", email="Claire@Sogetrel.fr", company="Sogetrel", about="120 postes"
)


@pytest.fixture(autouse=True)
def _is_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "_sender", lambda: Sender("Filon", "bonjour@filon.test"))


@pytest.fixture
def nadia(db: None, make_user: Any) -> User:
    return make_user("sales", name="Nadia Roux", email="nadia@filon.test")


def make_page(user: User, at: datetime, **more: Any) -> BookingPage:
    draft = Draft(
        **{
            "slug": "nadia",
            "is_open": True,
            "minutes": {"demo": 45, "discovery": 30},
            "days": frozenset(range(5)),
            "first": time(9),
            "last": time(18),
            **more,
        }
    )
    return commands.save_page(draft, by=access.of_user(user), at=at)


@pytest.fixture
def page(nadia: User, at: datetime) -> BookingPage:
    return make_page(nadia, at)


def moments(page: BookingPage, at: datetime, kind: str = "demo", days: int = 14) -> list[datetime]:
    found = BookingPage.objects.select_related("user").get(pk=page.pk)
    return free_times(found, kind, start=at, end=at + timedelta(days=days), at=at)


def booked(page: BookingPage, at: datetime, *, guest: Guest = CLAIRE, mark: str = "m1", turn: int = 0) -> Meeting:
    made = commands.book(page, "demo", moments(page, at)[turn], guest, mark=mark, at=at)
    assert made is not None
    return made


def drain(at: datetime) -> None:
    waiting.drain(SimpleNamespace(now=lambda: at))  # type: ignore[arg-type]


# Booking --------------------------------------------------------------------------------------------------------------


def test_a_booking_makes_the_lead_and_is_what_is_next_with_it(page: BookingPage, nadia: User, at: datetime) -> None:
    meeting = booked(page, at)
    assert not Lead.objects.exists(), "the line takes it"
    drain(at)
    meeting.refresh_from_db()
    lead = Lead.objects.get()
    assert (lead.person.email, lead.company.name, lead.source) == (
        "claire@sogetrel.fr",
        "Sogetrel",
        "Rendez-vous en ligne",
    )
    assert (meeting.lead_id, meeting.person_id, lead.owner_id) == (lead.pk, lead.person_id, nadia.pk)
    task = Task.objects.get(closed_at=None)
    assert (task.kind, task.due_at, task.owner_id, lead.next_at) == (
        "meeting",
        meeting.starts_at,
        nadia.pk,
        task.due_at,
    )
    assert lead.due_at is None, "the meeting is the answer: no clock of a first contact runs"
    assert lead.asked_at is None
    fact = Fact.objects.get(kind="meeting_booked")
    assert (fact.lead_id, fact.payload["meeting"], fact.payload["host_id"]) == (lead.pk, "demo", nadia.pk)


def test_a_known_lead_keeps_its_owner_and_its_planned_call_gives_way(
    page: BookingPage, make_user: Any, at: datetime
) -> None:
    owner = make_user("sdr")
    meeting = booked(page, at)
    drain(at)
    Lead.objects.update(owner=owner)
    commands.cancel(meeting.pk, by=tying.SITE, at=at)
    follow_up = Task.objects.get(closed_at=None)
    assert (follow_up.kind, follow_up.due_at) == ("follow_up", at)
    booked(page, at, mark="m2", turn=3)
    drain(at)
    assert Lead.objects.get().owner_id == owner.pk
    assert Task.objects.get(closed_at=None).kind == "meeting"
    assert Task.objects.get(pk=follow_up.pk).result == "dropped"


def test_sent_twice_it_is_one_meeting(page: BookingPage, at: datetime) -> None:
    first = booked(page, at)
    again = commands.book(page, "demo", first.starts_at, CLAIRE, mark="m1", at=at)
    assert again is not None
    assert again.pk == first.pk
    assert (Meeting.objects.count(), InboxEntry.objects.count()) == (1, 1)


def test_a_moment_is_given_once(page: BookingPage, at: datetime) -> None:
    first = booked(page, at)
    for moment in (first.starts_at, first.starts_at + timedelta(minutes=30)):  # it lasts 45 minutes
        with pytest.raises(Refused) as caught:
            commands.book(page, "demo", moment, CLAIRE, mark="m2", at=at)
        assert caught.value.code == "taken"
    assert Meeting.objects.count() == 1


@pytest.mark.parametrize("off", [timedelta(minutes=7), timedelta(days=-1), timedelta(days=60), timedelta(hours=-9)])
def test_only_moments_that_are_offered_can_be_booked(page: BookingPage, at: datetime, off: timedelta) -> None:
    with pytest.raises(Refused):
        commands.book(page, "demo", moments(page, at)[0] + off, CLAIRE, mark="m1", at=at)
    with pytest.raises(Refused):
        commands.book(page, "scoping", moments(page, at)[0], CLAIRE, mark="m1", at=at)
    assert not Meeting.objects.exists()


def test_of_eight_who_want_one_moment_at_once_one_has_it(committed_db: str, make_user: Any) -> None:
    at = timezone.now()
    page = make_page(make_user("sales"), at, days=frozenset(range(7)))
    moment = moments(page, at)[0]
    answers: list[str] = []

    def want(number: int) -> None:
        try:
            commands.book(page, "demo", moment, CLAIRE, mark=f"m{number}", at=at)
            answers.append("booked")
        except Refused as refused:
            answers.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=want, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["booked", *["taken"] * 7]
    assert Meeting.objects.count() == 1
    assert Letter.objects.filter(key__endswith=":booked").count() == 1


def test_what_the_line_would_refuse_is_told_at_once(page: BookingPage, at: datetime) -> None:
    wrong = Guest(first_name="C", last_name="M", email="claire@@sogetrel", company="S")
    with pytest.raises(Refused):
        commands.book(page, "demo", moments(page, at)[0], wrong, mark="m1", at=at)
    assert not Meeting.objects.exists()
    assert not InboxEntry.objects.exists()


def test_holidays_and_other_meetings_are_not_offered(page: BookingPage, at: datetime) -> None:
    christmas = datetime(2026, 12, 20, 8, tzinfo=timezone.get_default_timezone())
    days = {timezone.localtime(one).date().isoformat() for one in moments(page, christmas, days=8)}
    assert "2026-12-24" in days
    assert "2026-12-25" not in days
    assert "2026-12-26" not in days, "a Saturday"


# Letters --------------------------------------------------------------------------------------------------------------


class Box:
    """A relay that keeps what it is given."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.says = Said(Verdict.ACCEPTED, 250)

    def hand_over(self, message: Any) -> Said:
        self.taken.append(email.message_from_bytes(message.content, policy=policy.default))
        return self.says

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Box:
    made = Box()
    monkeypatch.setattr(sending, "open_relay", lambda *_given, **_named: made)
    return made


def send(lease: str = "1") -> None:
    claim = SimpleNamespace(id=1, lease=lease)
    sending.send(SimpleNamespace(claim=claim, is_leaving=False, is_cancelled=lambda: False))  # type: ignore[arg-type]


def test_both_sides_are_invited_and_the_guest_reminded(page: BookingPage, box: Box) -> None:
    at = timezone.now()
    meeting = booked(page, at, turn=-1)
    send()
    assert sorted(one["To"] for one in box.taken) == [
        "Claire Morel <Claire@Sogetrel.fr>",
        "Nadia Roux <nadia@filon.test>",
    ]
    [guest] = [one for one in box.taken if "Claire" in one["To"]]
    assert guest["Subject"] == "Votre rendez-vous avec Nadia Roux"
    assert guest["Reply-To"] == "nadia@filon.test"
    text, calendar = guest.iter_parts()
    assert meeting.token in text.get_content()
    assert calendar["Content-Type"].params["method"] == "REQUEST"
    assert "METHOD:REQUEST" in calendar.get_content()
    send()
    assert len(box.taken) == 2, "once each"
    reminder = Letter.objects.get(state="waiting")
    assert reminder.due_at == meeting.starts_at - timedelta(hours=24)
    assert not Letter.objects.filter(state="sent").exclude(text="").exists(), "what was sent is not kept"


def test_moving_sends_the_new_moment_with_the_next_number_and_moves_the_reminder(page: BookingPage, box: Box) -> None:
    at = timezone.now()
    meeting = booked(page, at, turn=-4)
    drain(at)
    send()
    box.taken.clear()
    moment = moments(page, at)[-1]
    commands.move(meeting.pk, moment, by=tying.SITE, at=at)
    send()
    [guest] = [one for one in box.taken if "Claire" in one["To"]]
    assert guest["Subject"].startswith("Déplacé")
    assert "SEQUENCE:1" in list(guest.iter_parts())[1].get_content()
    assert Letter.objects.get(state="waiting").due_at == moment - timedelta(hours=24)
    assert Task.objects.get(closed_at=None).due_at == moment
    assert Fact.objects.filter(kind="meeting_moved").count() == 1


def test_cancelling_frees_the_moment_and_takes_the_reminder_back(page: BookingPage, box: Box) -> None:
    at = timezone.now()
    meeting = booked(page, at, turn=-1)
    drain(at)
    send()
    commands.cancel(meeting.pk, by=tying.SITE, at=at)
    commands.cancel(meeting.pk, by=tying.SITE, at=at)
    send()
    assert [one["Subject"] for one in box.taken if "Claire" in one["To"]][-1].startswith("Annulé")
    assert not Letter.objects.filter(state="waiting").exists()
    assert meeting.starts_at in moments(page, at)
    assert Fact.objects.filter(kind="meeting_cancelled").count() == 1


def test_a_letter_whose_run_died_is_uncertain_and_never_sent_again(page: BookingPage, box: Box) -> None:
    booked(page, timezone.now(), turn=-1)
    Letter.objects.filter(key__endswith=":booked").update(state="handing_over", run="1:1")
    send(lease="2")
    assert Letter.objects.get(key__endswith=":booked").state == "uncertain"
    assert [one["To"] for one in box.taken] == ["Nadia Roux <nadia@filon.test>"]


def test_a_letter_put_off_is_tried_later_and_one_refused_is_not(page: BookingPage, box: Box) -> None:
    booked(page, timezone.now(), turn=-1)
    box.says = Said(Verdict.DEFERRED, 451, "later")
    send()
    waiting_now = Letter.objects.filter(state="waiting", attempts=1)
    assert waiting_now.count() == 2
    assert all(one.due_at > timezone.now() for one in waiting_now)
    waiting_now.update(due_at=timezone.now())
    box.says = Said(Verdict.REFUSED, 550, "no such user")
    send()
    assert Letter.objects.filter(state="failed").count() == 2


def test_without_a_sender_letters_wait(page: BookingPage, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "_sender", lambda: None)
    booked(page, timezone.now(), turn=-1)
    send()
    assert not box.taken
    assert Letter.objects.filter(state="waiting").count() == 3


# What became of it ----------------------------------------------------------------------------------------------------


def test_held_is_told_of_the_lead_and_ends_what_was_planned(page: BookingPage, nadia: User, at: datetime) -> None:
    meeting = booked(page, at)
    drain(at)
    by = access.of_user(nadia)
    with pytest.raises(Refused):
        commands.end(meeting.pk, "held", by=by, at=at)
    later = meeting.ends_at + timedelta(hours=1)
    commands.end(meeting.pk, "held", by=by, at=later)
    fact = Fact.objects.get(kind="meeting_held")
    assert (fact.lead_id, fact.at) == (Lead.objects.get().pk, meeting.starts_at)
    assert (Task.objects.get().result, Lead.objects.get().next_at) == ("done", None)
    with pytest.raises(Refused):
        commands.end(meeting.pk, "missed", by=by, at=later)


def test_missed_plans_a_follow_up(page: BookingPage, nadia: User, at: datetime) -> None:
    meeting = booked(page, at)
    drain(at)
    later = meeting.ends_at
    commands.end(meeting.pk, "missed", by=access.of_user(nadia), at=later)
    assert Fact.objects.filter(kind="meeting_missed").count() == 1
    task = Task.objects.get(closed_at=None)
    assert (task.kind, task.due_at, Lead.objects.get().next_at) == ("follow_up", later, later)


def test_only_its_host_or_who_assigns_says_what_became_of_it(page: BookingPage, make_user: Any, at: datetime) -> None:
    meeting = booked(page, at)
    drain(at)
    for role in ("sales", "read_only"):
        with pytest.raises(Refused):
            commands.end(meeting.pk, "held", by=access.of_user(make_user(role)), at=meeting.ends_at)
    assert queries.diary(by=access.of_user(make_user("sales")), at=at).coming == []
    commands.end(meeting.pk, "held", by=access.of_user(make_user("admin")), at=meeting.ends_at)


# Pages ----------------------------------------------------------------------------------------------------------------


def test_a_guest_books_moves_and_cancels_without_script_or_cookie(page: BookingPage) -> None:
    guest = Client(enforce_csrf_checks=True)
    chosen = guest.get("/b/nadia")
    assert chosen.status_code == 200
    assert not chosen.cookies
    moment = chosen.context["days"][0].times[0][0]
    asked = guest.get("/b/nadia", {"kind": "demo", "at": moment})
    said = {
        "mark": asked.context["mark"],
        "starts_at": moment,
        "first_name": "Claire",
        "last_name": "Morel",
        "email": "claire@sogetrel.fr",
        "company": "Sogetrel",
    }
    wrong = guest.post("/b/nadia?kind=demo", {**said, "email": "claire"})
    assert wrong.status_code == 422
    assert 'value="Morel"' in wrong.content.decode(), "what was typed stays"
    done = guest.post("/b/nadia?kind=demo", said)
    again = guest.post("/b/nadia?kind=demo", said)
    assert (done.status_code, again.status_code, again["Location"]) == (302, 302, done["Location"])
    meeting = Meeting.objects.get()
    shown = guest.get(done["Location"])
    assert "Votre rendez-vous est réservé" in shown.content.decode()
    other = shown.context["days"][1].times[0][0]
    assert guest.get(f"/b/meeting/{meeting.token}/move").status_code == 405
    assert guest.post(f"/b/meeting/{meeting.token}/move", {"starts_at": other}).status_code == 302
    assert guest.post(f"/b/meeting/{meeting.token}/move", {"starts_at": "demain"}).status_code == 409
    meeting.refresh_from_db()
    assert meeting.starts_at == datetime.fromisoformat(other)
    assert "BEGIN:VEVENT" in guest.get(f"/b/meeting/{meeting.token}/invitation.ics").content.decode()
    assert guest.post(f"/b/meeting/{meeting.token}/cancel").status_code == 302
    assert "Votre rendez-vous est annulé" in guest.get(f"/b/meeting/{meeting.token}").content.decode()
    assert guest.get("/b/meeting/jamais").status_code == 404
    assert guest.get("/b/personne").status_code == 404


def test_who_comes_second_is_told_and_sees_other_moments(page: BookingPage) -> None:
    guest = Client()
    moment = guest.get("/b/nadia").context["days"][0].times[0][0]
    asked = guest.get("/b/nadia", {"kind": "demo", "at": moment})
    commands.book(page, "demo", datetime.fromisoformat(moment), CLAIRE, mark="other", at=timezone.now())
    said = {"starts_at": moment, "first_name": "P", "last_name": "A", "email": "p@acier.fr", "company": "Acier"}
    answer = guest.post("/b/nadia?kind=demo", {**said, "mark": asked.context["mark"]})
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "plus libre" in shown
    assert 'value="p@acier.fr"' in shown, "what was typed stays"
    other = answer.context["days"][0].times[0][0]
    again = guest.post("/b/nadia?kind=demo", {**said, "mark": answer.context["mark"], "starts_at": other})
    assert again.status_code == 302
    assert Meeting.objects.filter(email="p@acier.fr").exists()


def test_one_guest_does_not_take_a_whole_week(page: BookingPage, at: datetime) -> None:
    for number in range(3):
        booked(page, at, mark=f"m{number}", turn=4 * number)
    with pytest.raises(Refused) as caught:
        booked(page, at, mark="m9", turn=20)
    assert caught.value.errors[0]["field"] == "email"


def test_an_address_where_people_booked_stays(page: BookingPage, nadia: User, at: datetime) -> None:
    make_page(nadia, at, slug="nadia-roux")
    booked(BookingPage.objects.get(), at)
    with pytest.raises(Refused):
        make_page(nadia, at, slug="nadia")


def test_nothing_is_offered_while_a_colleague_is_away(page: BookingPage, nadia: User, at: datetime) -> None:
    first = timezone.localtime(moments(page, at)[0]).date()
    Absence.objects.create(user=nadia, starts_on=first, ends_on=first + timedelta(days=1))
    days = {timezone.localtime(one).date() for one in moments(page, at)}
    assert days
    assert min(days) > first + timedelta(days=1)


def test_a_machine_books_nothing_and_is_kept_apart(page: BookingPage) -> None:
    guest = Client()
    moment = guest.get("/b/nadia").context["days"][0].times[0][0]
    mark = guest.get("/b/nadia", {"kind": "demo", "at": moment}).context["mark"]
    said = {"starts_at": moment, "first_name": "P", "last_name": "A", "email": "p@acier.fr", "company": "Acier"}
    assert guest.post("/b/nadia?kind=demo", {**said, "mark": mark, "website": "http://x"}).status_code == 202
    assert not Meeting.objects.exists()
    assert InboxEntry.objects.get().status == "quarantined"


def test_rubbish_in_the_address_is_no_error(page: BookingPage) -> None:
    guest = Client()
    for query in ("kind=roi", "at=x", "from=9999-99-99", "at=2026-11-30T09:00", "kind=demo&at=0001-01-01T00:00:00Z"):
        assert guest.get(f"/b/nadia?{query}").status_code == 200, query
    assert guest.post("/b/nadia?kind=roi", {"mark": "x", "starts_at": "y"}).status_code == 422


def test_a_closed_page_and_one_of_who_left_are_gone(page: BookingPage, nadia: User) -> None:
    User.objects.filter(pk=nadia.pk).update(is_active=False)
    assert Client().get("/b/nadia").status_code == 404
    User.objects.filter(pk=nadia.pk).update(is_active=True)
    BookingPage.objects.update(is_open=False)
    assert Client().get("/b/nadia").status_code == 404


def test_a_colleague_makes_their_page_and_an_address_is_one_persons(signed_in_client: Any, page: BookingPage) -> None:
    client = signed_in_client("sdr")
    form = client.get("/meetings/page").context["form"]
    said = {
        name: form[name].value() for name in form.fields if form[name].value() is not None and name != "is_open"
    } | {"is_open": "on", "first": "09:00", "last": "17:00"}
    taken = client.post("/meetings/page", {**said, "slug": "nadia"})
    assert taken.status_code == 422
    assert "Cette adresse est prise" in taken.content.decode()
    assert client.post("/meetings/page", {**said, "slug": "lea"}).status_code == 302
    assert Client().get("/b/lea").status_code == 200
    assert signed_in_client("read_only").post("/meetings/page", {**said, "slug": "moi"}).status_code in {303, 403}
    assert BookingPage.objects.count() == 2


def test_the_diary_asks_what_became_of_past_meetings(
    page: BookingPage, nadia: User, at: datetime, signed_in_client: Any
) -> None:
    booked(page, at)
    drain(at)
    Meeting.objects.update(starts_at=timezone.now() - timedelta(hours=2), ends_at=timezone.now() - timedelta(hours=1))
    client = signed_in_client("admin")
    shown = client.get("/meetings").content.decode()
    assert "Qu’en est-il advenu" in shown
    meeting = Meeting.objects.get()
    assert client.post(f"/meetings/{meeting.pk}/held").status_code == 302
    assert Meeting.objects.get().state == "held"
    assert Person.objects.count() == 1
