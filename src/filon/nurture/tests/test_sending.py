"""Handing over: what is known of a message at every moment, and who may send it."""

from __future__ import annotations

import email
import email.policy
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from filon.core import jobs, leases, line
from filon.core.access import SYSTEM
from filon.core.jobs import JobContext
from filon.core.line import Batch, Entry
from filon.core.models import Fact, Job
from filon.kit.errors import Refused
from filon.kit.relay import Folder, Outgoing, Said, Smtp, Verdict
from filon.leads import suppression
from filon.leads.models import Consent, Lead, Person, Suppression
from filon.nurture import rules
from filon.nurture.models import Delivery, Enrollment, Link
from filon.nurture.sending import claiming, handing
from filon.nurture.sending.claiming import Run
from filon.nurture.sending.composing import Headers, compose
from filon.nurture.sending.making import Maker
from filon.nurture.sequences import commands
from filon.nurture.sequences.commands import StepDraft
from filon.nurture.tests.conftest import Come, Make, set_sender, template, turn
from filon.nurture.writing.queries import sender as sender_row
from filon.nurture.writing.rendering import Rendered
from tests.frame.relay import HostileRelay

HELLO = Outgoing("lea@sogetrel.fr", "claire@essai.fr", b"Message-ID: <1@a>\r\nSubject: A\r\n\r\n.dot\r\n..two\r\n")


# The relay ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def relay() -> Iterator[HostileRelay]:
    with HostileRelay(keeps_content=True) as made:
        yield made


def test_a_message_comes_in_as_it_was(relay: HostileRelay) -> None:
    smtp = Smtp(relay.url)
    assert smtp.hand_over(HELLO).verdict is Verdict.ACCEPTED
    assert relay.content[0].endswith(b"\r\n\r\n.dot\r\n..two\r\n")
    smtp.close()


@pytest.mark.parametrize(
    ("way", "verdict"),
    [
        ("hang up before", Verdict.DEFERRED),
        ("421 before", Verdict.DEFERRED),
        ("451 before", Verdict.DEFERRED),
        ("hang up after", Verdict.UNCERTAIN),
        ("451 after", Verdict.DEFERRED),
        ("554 after", Verdict.REFUSED),
    ],
)
def test_what_is_known_when_the_relay_misbehaves(
    relay: HostileRelay, monkeypatch: pytest.MonkeyPatch, way: str, verdict: Verdict
) -> None:
    async def recipient(server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if way == "hang up before":
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return {"421 before": "421 busy", "451 before": "451 later"}.get(way, "250 OK")

    async def data(server: Any, session: Any, envelope: Any) -> str:
        if way == "hang up after":
            server.transport.abort()
        return {"451 after": "451 later", "554 after": "554 5.7.1 spam"}.get(way, "250 OK")

    monkeypatch.setattr(relay, "handle_RCPT", recipient)
    monkeypatch.setattr(relay, "handle_DATA", data)
    smtp = Smtp(relay.url)
    said = smtp.hand_over(HELLO)
    assert said.verdict is verdict
    assert not said.is_bad_address
    way = "well"
    assert smtp.hand_over(HELLO).verdict is Verdict.ACCEPTED, "the next message is not spoilt"


def test_a_mailbox_that_does_not_exist_is_known_as_such(relay: HostileRelay) -> None:
    said = Smtp(relay.url).hand_over(Outgoing("lea@sogetrel.fr", "nobody@essai.fr", HELLO.content))
    assert (said.verdict, said.code, said.is_bad_address) == (Verdict.REFUSED, 550, True)


def test_a_relay_that_is_not_there_only_puts_off() -> None:
    assert Smtp("smtp://127.0.0.1:1").hand_over(HELLO).verdict is Verdict.DEFERRED


def test_nothing_goes_in_the_clear_where_tls_was_asked(relay: HostileRelay) -> None:
    said = Smtp(relay.url.replace("smtp:", "smtp+starttls:")).hand_over(HELLO)
    assert (said.verdict, relay.received.total()) == (Verdict.DEFERRED, 0)


def test_with_no_server_set_messages_are_kept_as_files(tmp_path: Path) -> None:
    Folder(tmp_path / "mail").hand_over(HELLO)
    assert (tmp_path / "mail" / "1.eml").read_bytes() == HELLO.content


# The message ----------------------------------------------------------------------------------------------------------


def read(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


@given(name=st.text(max_size=60), subject=st.text(max_size=300), body=st.text(max_size=2000))
def test_nothing_that_people_are_called_breaks_a_message(name: str, subject: str, body: str) -> None:
    headers = Headers(
        from_name=name,
        from_email="lea@sogetrel.fr",
        reply_to="",
        to_name=name,
        to_email="claire@essai.fr",
        message_id="<1@essai.fr>",
        at=datetime(2026, 3, 2, 8),  # noqa: DTZ001 — any
        leave_url="https://essai.fr/u/1",
        feedback_id="1:1:sequence:filon",
    )
    try:
        content = compose(Rendered(" ".join(subject.split()), f"<p>{body}</p>", body), headers)
    except (ValueError, UnicodeEncodeError):
        return  # a name that no header can hold is said so, and the message is held
    assert max(len(row) for row in content.split(b"\r\n")) <= 998
    made = read(content)
    assert {"To", "From", "Subject", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post"} <= set(made.keys())
    assert made["To"].addresses[0].addr_spec == "claire@essai.fr"
    assert len(made.get_all("To", [])) == 1
    assert "Bcc" not in made


def make_one(lead: Lead, at: datetime) -> EmailMessage:
    found = claiming.waiting([Delivery.objects.get(lead=lead).pk])
    sender = sender_row()
    assert sender is not None
    return read(Maker(sender).make(next(iter(found.values())), at=at).content)


@pytest.mark.parametrize(
    ("clicks", "consent", "is_tracked"),
    [
        ("consented", "", False),
        ("consented", "refused", False),
        ("consented", "given", True),
        ("everybody", "", True),
        ("everybody", "refused", False),
        ("nobody", "given", False),
    ],
)
def test_links_tell_of_a_person_only_where_they_may(
    come: Come, make: Make, at: datetime, clicks: str, consent: str, is_tracked: bool
) -> None:
    set_sender(at, clicks=clicks, opens=True)
    make(StepDraft(kind="email", template_id=template(at).pk))
    lead = come("claire@sogetrel.fr")
    if consent:
        Consent.objects.create(person=lead.person, purpose="tracking", state=consent, door="form", at=at)
    turn(at)
    made = make_one(lead, at)
    page = made.get_body(("html",))
    assert page is not None
    html = page.get_content()
    assert ("https://a.fr/guide?id=1" in html) is not is_tracked
    assert ("/c/" in html) is is_tracked
    assert ('<img src="http://testserver/o/' in html) is (consent == "given")
    assert [link.url for link in Link.objects.all()] == (["https://a.fr/guide?id=1"] if is_tracked else [])
    assert "1 rue de la Paix" in html
    assert made["List-Unsubscribe"].strip().startswith("<http://testserver/u/")
    text = made.get_body(("plain",))
    assert text is not None
    assert "Lire (" in text.get_content()


# Claiming -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(come: Come, make: Make, at: datetime) -> claiming.Waiting:
    """A message that waits."""
    make(StepDraft(kind="email", template_id=template(at).pk))
    come("claire@sogetrel.fr")
    turn(at)
    return claiming.waiting([Delivery.objects.get().pk])[Delivery.objects.get().pk]


@pytest.fixture
def run(db: None, at: datetime) -> Run:
    """A run of the sending job, as a worker holds it."""
    job = Job.objects.create(name="nurture.send", state="running", lease=3, run_at=at, created_at=at)
    return Run(job.pk, 3)


def state() -> str:
    return str(Delivery.objects.values_list("state", flat=True).get())


def test_a_message_is_claimed_once(waiting: claiming.Waiting, run: Run, at: datetime) -> None:
    assert claiming.claim(waiting, run, at=at)
    assert not claiming.claim(waiting, run, at=at)
    assert state() == "handing_over"


def test_a_run_that_was_thought_dead_claims_nothing(waiting: claiming.Waiting, run: Run, at: datetime) -> None:
    Job.objects.update(lease=4)
    assert not claiming.claim(waiting, run, at=at)
    assert state() == "queued"


def test_who_objects_before_the_claim_is_not_written_to(waiting: claiming.Waiting, run: Run, at: datetime) -> None:
    suppression.suppress({"Claire@Sogetrel.fr": "objection"}, at=at)
    assert not claiming.claim(waiting, run, at=at)


def test_who_refuses_before_the_claim_is_not_written_to(waiting: claiming.Waiting, run: Run, at: datetime) -> None:
    Consent.objects.create(person_id=waiting.person_id, purpose="email", state="refused", door="form", at=at)
    assert not claiming.claim(waiting, run, at=at)


@pytest.mark.parametrize("what", ["paused", "stopped"])
def test_what_was_paused_or_left_is_not_sent(waiting: claiming.Waiting, run: Run, at: datetime, what: str) -> None:
    if what == "paused":
        commands.pause_sequence(waiting.sequence_id, by=SYSTEM, at=at)
    else:
        commands.remove_leads([waiting.enrollment_id], by=SYSTEM, at=at)
    assert not claiming.claim(waiting, run, at=at)


def test_what_a_dead_run_was_handing_over_is_uncertain_and_stays_so(
    waiting: claiming.Waiting, run: Run, at: datetime
) -> None:
    claiming.claim(waiting, run, at=at)
    assert claiming.give_up_lost(at=at) == 0, "the run lives"
    Job.objects.update(lease=4)
    assert claiming.give_up_lost(at=at) == 1
    assert state() == "uncertain"
    assert Fact.objects.filter(kind="email_uncertain").count() == 1
    assert claiming.waiting_ids(at, limit=10) == []
    turn(at, "nurture.walk")
    assert Enrollment.objects.get().state == "done", "the walk goes on as if it was sent"


def test_a_zombie_that_knows_the_answer_is_believed(waiting: claiming.Waiting, run: Run, at: datetime) -> None:
    claiming.claim(waiting, run, at=at)
    Job.objects.update(lease=4)
    claiming.give_up_lost(at=at)
    claiming.settle(waiting, Said(Verdict.DEFERRED, 451, "later"), at=at)
    assert state() == "uncertain", "its time to be offered again is over"
    claiming.settle(waiting, Said(Verdict.ACCEPTED, 250, "OK"), at=at)
    assert state() == "sent"


def test_an_uncertain_message_is_sent_again_by_a_person_only(
    waiting: claiming.Waiting, run: Run, at: datetime, make_user: Any
) -> None:
    from filon.core import access

    claiming.claim(waiting, run, at=at)
    with pytest.raises(Refused):
        commands.send_again(waiting.id, by=SYSTEM, at=at)
    claiming.settle(waiting, Said(Verdict.UNCERTAIN), at=at)
    with pytest.raises(Refused):
        commands.send_again(waiting.id, by=access.of_user(make_user("sdr")), at=at)
    commands.send_again(waiting.id, by=SYSTEM, at=at)
    again = claiming.waiting([waiting.id])[waiting.id]
    assert again.message_id == waiting.message_id
    assert claiming.claim(again, run, at=at)


def test_a_message_put_off_waits_and_is_given_up_in_the_end(waiting: claiming.Waiting, run: Run, at: datetime) -> None:
    tries, moment = 0, at
    while state() == "queued":
        message = claiming.waiting([waiting.id])[waiting.id]
        assert claiming.claim(message, run, at=moment)
        claiming.settle(message, Said(Verdict.DEFERRED, 451, "later"), at=moment)
        tries += 1
        moment = Delivery.objects.get().due_at
    assert (tries, state(), Delivery.objects.get().reason) == (len(rules.WAITS) + 1, "refused", "put_off")
    assert moment - at > timedelta(days=1)
    assert Fact.objects.filter(kind="email_refused").count() == 1


def test_an_address_that_does_not_exist_is_never_written_to_again(
    waiting: claiming.Waiting, run: Run, at: datetime
) -> None:
    claiming.claim(waiting, run, at=at)
    claiming.settle(waiting, Said(Verdict.REFUSED, 550, "5.1.1 unknown", is_bad_address=True), at=at)
    assert suppression.reasons_of(["claire@sogetrel.fr"]) == {"claire@sogetrel.fr": "invalid"}
    enrollment = Enrollment.objects.get()
    assert (enrollment.state, enrollment.reason) == ("stopped", "bad_address")


def test_an_objection_takes_the_place_of_an_invalid_address_and_not_the_other_way(db: None, at: datetime) -> None:
    suppression.suppress({"a@essai.fr": "invalid", "b@essai.fr": "objection"}, at=at)
    suppression.suppress({"a@essai.fr": "objection", "b@essai.fr": "invalid"}, at=at)
    assert set(suppression.reasons_of(["a@essai.fr", "b@essai.fr"]).values()) == {"objection"}
    assert "essai" not in str(list(Suppression.objects.values_list())), "the list holds no address"


# The job --------------------------------------------------------------------------------------------------------------


def _many(at: datetime, emails: list[str]) -> None:
    set_sender(at)
    entries = [Entry(kind="lead", door="form", at=at, values={"email": one, "last_name": "A"}) for one in emails]
    line.run_with_retries(lambda: Batch(entries, by=SYSTEM, at=at))
    Lead.objects.update(stage="nurturing", owner=None)
    draft = commands.Draft(name="Suite", condition="stage = nurturing", in_working_hours=False)
    sequence = commands.save_sequence(draft, by=SYSTEM, at=at)
    commands.add_step(sequence.pk, StepDraft(kind="email", template_id=template(at).pk), by=SYSTEM, at=at)
    commands.start_sequence(sequence.pk, with_known=True, by=SYSTEM, at=at)
    turn(at, "nurture.enter", "nurture.walk")


def test_the_job_sends_what_may_be_sent_and_holds_the_rest(committed_db: str, at: datetime) -> None:
    _many(at, ["claire@sogetrel.fr", "karim@orange.fr", "nobody@sogetrel.fr", "zoe@sogetrel.fr"])
    with HostileRelay() as relay, override_settings(FILON_EMAIL_URL=relay.url):
        turn(at, "nurture.send")
    found = dict(Delivery.objects.values_list("person__email", "state"))
    assert found == {
        "claire@sogetrel.fr": "sent",
        "zoe@sogetrel.fr": "sent",
        "karim@orange.fr": "held",
        "nobody@sogetrel.fr": "refused",
    }
    assert {recipient for recipient, _subject in relay.people} == {"claire@sogetrel.fr", "zoe@sogetrel.fr"}
    turn(at, "nurture.send")
    assert relay.received.total() == 2


def test_a_worker_that_leaves_begins_no_more_messages(committed_db: str, at: datetime) -> None:
    _many(at, [f"p{number}@sogetrel.fr" for number in range(40)])
    jobs.enqueue("nurture.send", {}, at=at)
    [claim] = leases.claim(1, "test", at)
    job = JobContext(claim, at)
    job.is_leaving = True
    with HostileRelay() as relay, override_settings(FILON_EMAIL_URL=relay.url):
        handing.send(job)
    states = list(Delivery.objects.values_list("state", flat=True))
    assert states.count("sent") == relay.received.total()
    assert 0 < states.count("sent") < 40
    assert set(states) == {"sent", "queued"}, "what was on its way is settled"


def test_one_message_that_cannot_be_made_holds_up_no_other(
    committed_db: str, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    _many(at, ["claire@sogetrel.fr", "zoe@sogetrel.fr"])
    bad = Person.objects.get(email="claire@sogetrel.fr").pk
    made = Maker.make

    def sometimes(self: Maker, message: claiming.Waiting, *, at: datetime) -> Outgoing:
        if message.person_id == bad:
            raise KeyError("something nobody thought of")
        return made(self, message, at=at)

    monkeypatch.setattr(Maker, "make", sometimes)
    with HostileRelay() as relay, override_settings(FILON_EMAIL_URL=relay.url):
        turn(at, "nurture.send")
    assert dict(Delivery.objects.values_list("person__email", "state")) == {
        "claire@sogetrel.fr": "held",
        "zoe@sogetrel.fr": "sent",
    }


def test_what_the_relay_said_is_written_down_when_the_database_comes_back(
    committed_db: str, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    _many(at, ["claire@sogetrel.fr"])
    tries = iter([True, True, False])
    settle = claiming.settle

    def sometimes(*args: Any, **more: Any) -> None:
        if next(tries):
            raise OperationalError("the database is away")
        settle(*args, **more)

    monkeypatch.setattr(claiming, "settle", sometimes)
    monkeypatch.setattr(handing, "_TRY_AGAIN_S", 0.01)
    with HostileRelay() as relay, override_settings(FILON_EMAIL_URL=relay.url):
        turn(at, "nurture.send")
    assert state() == "sent"
    assert not Job.objects.filter(error__gt="").exists()
    assert threading.active_count() < 50
    assert jobs.run_due(at) == 0
