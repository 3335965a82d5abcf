"""What people do with messages: links, openings, leaving."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from filon.core import jobs
from filon.core.access import SYSTEM
from filon.core.models import Fact, InboxEntry
from filon.leads import suppression
from filon.leads.models import Consent
from filon.nurture.answers import arrivals, tokens
from filon.nurture.models import Delivery, Enrollment
from filon.nurture.sending.making import kept_link
from filon.nurture.sequences import commands
from filon.nurture.sequences.commands import StepDraft
from filon.nurture.tests.conftest import Come, Make, set_sender, template, turn

HUMAN = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def sent(come: Come, make: Make, at: datetime) -> Delivery:
    """A message that Claire has had for an hour, in a sequence that goes on."""
    make(StepDraft(kind="email", template_id=template(at).pk), StepDraft(kind="wait", minutes=9999))
    come("claire@sogetrel.fr")
    turn(at)
    Delivery.objects.update(state="sent", handed_at=timezone.now() - timedelta(hours=1), settled_at=at)
    return Delivery.objects.get()


def consent(sent: Delivery, state: str, at: datetime) -> None:
    Consent.objects.create(person=sent.person, purpose="tracking", state=state, door="form", at=at)


def click(
    sent: Delivery, at: datetime, *, agent: str = HUMAN, method: str = "get", url: str = "https://a.fr/b?c=1"
) -> Any:
    token = tokens.of_link(sent.pk, kept_link(url, at=at))
    return getattr(Client(), method)(f"/c/{token}", headers={"User-Agent": agent})


def drained() -> list[tuple[str, bool, str]]:
    """What the line made of what was stored."""
    jobs.enqueue("core.drain_inbox", {}, at=timezone.now())
    jobs.run_due(timezone.now())
    kinds = ["email_clicked", "email_opened", "unsubscribed"]
    return list(Fact.objects.filter(kind__in=kinds).order_by("pk").values_list("kind", "is_machine", "path"))


def test_a_click_of_who_agreed_is_theirs_and_counts(sent: Delivery, at: datetime) -> None:
    consent(sent, "given", at)
    answer = click(sent, at)
    assert (answer.status_code, answer["Location"]) == (302, "https://a.fr/b?c=1")
    assert drained() == [("email_clicked", False, "a.fr/b")]
    fact = Fact.objects.get(kind="email_clicked")
    assert (fact.lead_id, fact.person_id, fact.payload["delivery_id"]) == (sent.lead_id, sent.person_id, sent.pk)
    sent.refresh_from_db()
    assert sent.clicked_at is not None
    click(sent, at)
    assert len(drained()) == 1, "twice within a minute is once"


@pytest.mark.parametrize("state", ["", "refused"])
def test_a_click_of_who_did_not_agree_is_nobodys(sent: Delivery, at: datetime, state: str) -> None:
    if state:
        consent(sent, state, at)
    assert click(sent, at).status_code == 302
    assert drained() == []
    assert not InboxEntry.objects.filter(door="mail").exists()


def test_who_takes_consent_back_is_not_followed_in_old_messages_either(sent: Delivery, at: datetime) -> None:
    consent(sent, "given", at)
    client = Client()
    page = client.post(f"/u/{tokens.of_delivery(sent.pk)}", {"what": "tracking"})
    assert page.status_code == 200
    assert Consent.objects.get(purpose="tracking").state == "refused"
    assert Fact.objects.get(kind="consent_refused").payload["purpose"] == "tracking"
    click(sent, at)
    assert drained() == []
    assert Enrollment.objects.get().state == "active", "the messages go on"


@pytest.mark.parametrize("agent", ["", "Barracuda Sentinel", "python-requests/2", "Googlebot/2.1"])
def test_what_programs_follow_is_told_as_such(sent: Delivery, at: datetime, agent: str) -> None:
    consent(sent, "given", at)
    click(sent, at, agent=agent)
    assert drained() == [("email_clicked", True, "a.fr/b")]
    sent.refresh_from_db()
    assert sent.clicked_at is None


def test_nobody_clicks_as_soon_as_it_is_sent(sent: Delivery, at: datetime) -> None:
    consent(sent, "given", at)
    Delivery.objects.update(handed_at=timezone.now())
    click(sent, at)
    assert drained() == [("email_clicked", True, "a.fr/b")]


def test_looking_at_a_link_is_no_click(sent: Delivery, at: datetime) -> None:
    consent(sent, "given", at)
    assert click(sent, at, method="head").status_code == 302
    assert drained() == []
    assert click(sent, at, method="post").status_code == 405


@pytest.mark.parametrize("token", ["", "1.1", "1.1:forged", "https://evil.example", "1.999999:x"])
def test_a_link_leads_to_stored_places_only(db: None, token: str) -> None:
    answer = Client().get(f"/c/{token}")
    assert answer.status_code == 404
    assert "Location" not in answer


def test_a_token_of_one_purpose_is_none_of_another(sent: Delivery, at: datetime) -> None:
    link = tokens.of_link(sent.pk, kept_link("https://a.fr", at=at))
    assert Client().post(f"/u/{link}").status_code == 404
    assert Client().get(f"/c/{tokens.of_delivery(sent.pk)}").status_code == 404


@pytest.mark.parametrize(("agreed", "on", "kept"), [("given", True, 1), ("given", False, 0), ("", True, 0)])
def test_openings_are_kept_of_who_agreed_where_the_workspace_wants_them(
    sent: Delivery, at: datetime, agreed: str, on: bool, kept: int
) -> None:
    set_sender(at, opens=on)
    if agreed:
        consent(sent, agreed, at)
    image = Client().get(f"/o/{tokens.of_delivery(sent.pk)}", headers={"User-Agent": HUMAN})
    assert image["Content-Type"] == "image/gif"
    assert len(drained()) == kept


# Leaving --------------------------------------------------------------------------------------------------------------


def test_one_click_in_a_mail_program_leaves_at_once(sent: Delivery, at: datetime) -> None:
    stranger = Client(enforce_csrf_checks=True)
    answer = stranger.post(f"/u/{tokens.of_delivery(sent.pk)}", {"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.cookies) == (200, {})
    assert suppression.reasons_of(["claire@sogetrel.fr"]) == {"claire@sogetrel.fr": "objection"}
    assert Fact.objects.filter(kind="unsubscribed", lead_id=sent.lead_id).count() == 1
    assert Consent.objects.get(purpose="email").state == "refused"
    enrollment = Enrollment.objects.get()
    assert (enrollment.state, enrollment.reason) == ("stopped", "objection")
    stranger.post(f"/u/{tokens.of_delivery(sent.pk)}")
    assert Fact.objects.filter(kind="unsubscribed").count() == 1, "once is enough"


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_the_page_leaves_nothing(sent: Delivery, method: str) -> None:
    facts = Fact.objects.count()
    answer = getattr(Client(), method)(f"/u/{tokens.of_delivery(sent.pk)}")
    assert answer.status_code == 200
    assert Fact.objects.count() == facts
    assert "claire" not in answer.content.decode(), "nobody who gets hold of the link learns the address"


def test_who_has_left_is_not_put_in_again(sent: Delivery, come: Come, make: Make, at: datetime) -> None:
    Client().post(f"/u/{tokens.of_delivery(sent.pk)}")
    other = make(StepDraft(kind="email", template_id=template(at, "Autre").pk), name="Autre")
    commands.enroll_leads(other.pk, [sent.lead_id], by=SYSTEM, at=at)
    turn(at, "nurture.walk")
    from filon.nurture import rules
    from filon.nurture.sending import claiming

    waiting = claiming.waiting(claiming.waiting_ids(at, limit=10))
    assert [rules.objection(message.standing) for message in waiting.values()] == ["objection"]


def test_a_message_nobody_knows_says_what_to_do(db: None) -> None:
    answer = Client().get("/u/12:abc")
    assert answer.status_code == 404
    assert "répondez-y" in answer.content.decode()


def test_the_kept_click_can_be_replayed(sent: Delivery, at: datetime, signed_in_client: Callable[..., Client]) -> None:
    consent(sent, "given", at)
    click(sent, at)
    body = InboxEntry.objects.get(door="mail").payload["body"]
    arrival = arrivals.arrival(body, SYSTEM, at)
    assert arrival.entries[0].values["lead_id"] == sent.lead_id
    assert "claire" not in str(body)
