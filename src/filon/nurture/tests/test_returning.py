"""The mailbox of answers, read from a server: who answers, bounces or objects is known, and nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from filon.core import jobs
from filon.core.models import Fact, FactDetail, InboxEntry
from filon.kit import imap
from filon.kit.imap import MailboxError
from filon.kit.tests.test_mails import report
from filon.leads import suppression
from filon.leads.models import Consent, Lead
from filon.nurture.models import Delivery, Enrollment, MailboxState
from filon.nurture.sequences.commands import StepDraft
from filon.nurture.tests.conftest import Come, Make, template, turn
from tests.frame.mailbox import ImapServer


@pytest.fixture
def server(settings: Any) -> Iterator[ImapServer]:
    with ImapServer() as running:
        settings.FILON_MAILBOX_URL = running.url
        yield running


@pytest.fixture
def sent(come: Come, make: Make, at: datetime) -> Delivery:
    """A message that Claire has had, in a sequence that goes on."""
    make(StepDraft(kind="email", template_id=template(at).pk), StepDraft(kind="wait", minutes=9999))
    come("claire@sogetrel.fr")
    turn(at)
    Delivery.objects.update(state="sent", handed_at=timezone.now() - timedelta(hours=1), settled_at=at)
    return Delivery.objects.get()


def read() -> MailboxState:
    for name in ("nurture.read_mailbox", "core.drain_inbox"):
        jobs.enqueue(name, {}, at=timezone.now())
        jobs.run_due(timezone.now())
    return MailboxState.objects.get()


def answer(sent: Delivery, words: str, *, number: int = 1, sender: str = "claire@sogetrel.fr", more: str = "") -> str:
    return (
        f"From: Claire <{sender}>\nMessage-ID: <m{number}@sogetrel.fr>\nIn-Reply-To: {sent.message_id}\n{more}"
        f"Content-Type: text/plain; charset=utf-8\n\n{words}\n"
    )


def told(*kinds: str) -> list[tuple[str, int | None]]:
    return list(Fact.objects.filter(kind__in=kinds).order_by("pk").values_list("kind", "lead_id"))


def test_a_reply_ends_the_sequence_and_waits_for_an_answer(server: ImapServer, sent: Delivery) -> None:
    server.put(answer(sent, "Un vieux message"))
    assert read().last_uid == 1, "what was there before is not ours to tell"
    server.put(answer(sent, "Oui, jeudi à 10 h", number=2))
    state = read()
    assert (state.last_uid, state.kept, state.error) == (2, 1, "")
    assert told("replied") == [("replied", sent.lead_id)]
    fact = Fact.objects.get(kind="replied")
    assert (fact.door, fact.channel, fact.actor_kind) == ("mail", "email", "mail")
    assert FactDetail.objects.get(fact_id=fact.pk).values["text"] == "Oui, jeudi à 10 h"
    assert (Enrollment.objects.get().state, Enrollment.objects.get().reason) == ("stopped", "replied")
    assert Lead.objects.get().asked == "replied"
    read()
    assert len(told("replied")) == 1


def test_a_bounce_is_known_by_the_message_it_gives_back(server: ImapServer, sent: Delivery) -> None:
    read()
    server.put(report("delayed", "4.4.1", original=sent.message_id))
    server.put(report("failed", "5.1.1", original=sent.message_id))
    read()
    assert told("bounced") == [("bounced", sent.lead_id)]
    assert suppression.reasons_of(["claire@sogetrel.fr"]) == {"claire@sogetrel.fr": "invalid"}
    assert Enrollment.objects.get().reason == "bad_address"


def test_who_answers_stop_is_left_in_peace(server: ImapServer, sent: Delivery) -> None:
    read()
    server.put(answer(sent, "STOP"))
    read()
    assert told("unsubscribed", "replied") == [("unsubscribed", sent.lead_id)]
    assert suppression.reasons_of(["claire@sogetrel.fr"]) == {"claire@sogetrel.fr": "objection"}
    assert Consent.objects.get(purpose="email").state == "refused"
    assert Enrollment.objects.get().reason == "objection"


def test_a_program_s_answer_changes_nothing(server: ImapServer, sent: Delivery) -> None:
    read()
    before = Lead.objects.values("last_act", "asked", "engagement_log").get()
    server.put(answer(sent, "Je suis absente", more="Auto-Submitted: auto-replied\n"))
    read()
    assert told("auto_answered") == [("auto_answered", sent.lead_id)]
    assert Lead.objects.values("last_act", "asked", "engagement_log").get() == before
    assert Enrollment.objects.get().state == "active"


def test_a_known_sender_is_enough_and_an_unknown_one_leaves_no_trace(
    server: ImapServer, sent: Delivery, come: Come
) -> None:
    read()
    other = "From: {}\nMessage-ID: <{}@x.fr>\nContent-Type: text/plain\n\nBonjour, et pour 200 postes ?\n"
    server.put(other.format("CLAIRE@sogetrel.fr", "known"))
    server.put(other.format("inconnu@ailleurs.fr", "unknown"))
    state = read()
    assert (state.last_uid, state.kept) == (2, 1)
    assert told("replied") == [("replied", sent.lead_id)]
    assert "ailleurs" not in str(list(InboxEntry.objects.values_list("payload", flat=True)))
    assert Lead.objects.count() == 1


def test_one_mail_in_two_places_is_told_once(server: ImapServer, sent: Delivery) -> None:
    read()
    for _ in range(2):
        server.put(answer(sent, "Oui"))
    assert read().last_uid == 2
    assert len(told("replied")) == 1


def test_a_server_that_hangs_up_loses_nothing_and_doubles_nothing(server: ImapServer, sent: Delivery) -> None:
    read()
    for number in range(5):
        server.put(answer(sent, f"Réponse {number}", number=number))
    server.hangs_up_after = 2
    state = read()
    assert (state.last_uid, bool(state.error)) == (2, True)
    server.hangs_up_after = -1
    assert read().error == ""
    assert len(told("replied")) == 5


def test_a_folder_numbered_anew_is_not_read_from_its_beginning(server: ImapServer, sent: Delivery) -> None:
    read()
    server.put(answer(sent, "Oui"))
    server.validity = 8
    assert (read().last_uid, told("replied")) == (1, [])


def test_a_wrong_password_is_said_without_it(server: ImapServer, settings: Any, sent: Delivery) -> None:
    settings.FILON_MAILBOX_URL = server.url.replace("secret", "tr0mpe")
    state = read()
    assert "wrong user or password" in state.error
    assert "tr0mpe" not in state.error
    settings.FILON_MAILBOX_URL = server.url.replace("INBOX", "Rien")
    assert "no folder" in read().error
    settings.FILON_MAILBOX_URL = "imap://a:b@127.0.0.1:1/INBOX"
    assert read().error


@pytest.mark.parametrize("url", ["imap://a:b@mail.example.com/INBOX", "https://a.fr", "imaps://"])
def test_a_mailbox_in_the_clear_or_nowhere_is_refused(url: str) -> None:
    with pytest.raises(MailboxError):
        imap.address_of(url)


def test_the_page_says_how_it_stands(
    server: ImapServer, sent: Delivery, settings: Any, make_user: Callable[..., Any]
) -> None:
    client = Client()
    client.force_login(make_user("marketing"))
    assert "pas encore lue" in client.get("/nurture/mailbox").content.decode()
    read()
    assert "lue chaque minute" in client.get("/nurture/mailbox").content.decode()
    server.password = "another"
    read()
    page = client.get("/nurture/mailbox").content.decode()
    assert "illisible" in page
    assert "secret" not in page
    settings.FILON_MAILBOX_URL = ""
    assert "ne sont pas encore lues" in client.get("/nurture/mailbox").content.decode()
