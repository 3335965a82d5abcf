"""Mails written from a lead: from one's own address, at most once, taken back in time, told on the timeline."""

from __future__ import annotations

import email
from datetime import timedelta
from email import policy
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from filon.core import access
from filon.core.models import Fact, User
from filon.kit.errors import Refused
from filon.leads import suppression
from filon.leads.models import Lead
from filon.mailboxes import connecting, sending, writing
from filon.mailboxes.models import Account, Thread, WrittenMail
from filon.mailboxes.rules import Servers
from filon.mailboxes.tests.conftest import come, draft_of, mail, run, text_of, told
from tests.frame.mailbox import ImapServer
from tests.frame.relay import HostileRelay

State = WrittenMail.State
KEY = "0123456789abcdef0123456789abcdef"


def write(lead: Lead, lea: User, **more: Any) -> WrittenMail:
    draft = writing.Draft(**{"lead_id": lead.pk, "subject": "Votre demande", "text": "Bonjour,\r\nÀ jeudi.", **more})
    return writing.write(draft, by=access.of_user(lea), at=timezone.now())


def let_go() -> None:
    """The seconds of regret are over."""
    WrittenMail.objects.filter(state=State.WAITING).update(due_at=timezone.now() - timedelta(seconds=1))
    run("mailboxes.send")


@pytest.mark.usefixtures("account")
def test_a_mail_leaves_from_ones_own_address_and_is_ones_outreach(
    imap: ImapServer, smtp: HostileRelay, claire: Lead, lea: User
) -> None:
    written = write(claire, lea)
    run("mailboxes.send")
    assert not smtp.content, "it can still be taken back"
    let_go()
    message = email.message_from_bytes(smtp.content[0], policy=policy.default)
    assert (message["From"], message["To"]) == ("Léa Martin <lea@filon.test>", "Claire Morel <claire@sogetrel.fr>")
    assert message["Message-ID"] == written.message_id
    assert message.get_content().replace("\r\n", "\n") == "Bonjour,\nÀ jeudi.\n"
    assert told("message_sent") == [("message_sent", claire.pk, "user", lea.pk)]
    assert text_of("message_sent") == "Votre demande\n\nBonjour,\nÀ jeudi."
    written.refresh_from_db()
    assert (written.state, written.text) == ("sent", "")
    assert imap.sent is not None
    assert len(imap.sent) == 1, "a copy lies among the sent mails"
    run("mailboxes.read", "mailboxes.send")
    assert len(told("message_sent")) == 1
    assert len(smtp.content) == 1


@pytest.mark.usefixtures("account")
def test_their_answer_is_answered_in_the_same_conversation(
    imap: ImapServer, smtp: HostileRelay, claire: Lead, lea: User, client: Client
) -> None:
    written = write(claire, lea)
    let_go()
    answer = mail("x@perso.fr", "lea@filon.test", "Jeudi !", number=5, more=f"In-Reply-To: {written.message_id}\n")
    imap.put(answer)
    run("mailboxes.read")
    client.force_login(lea)
    page = client.get(f"/mailbox/leads/{claire.pk}").content.decode()
    assert 'value="&lt;m5@mail.test&gt;" selected' in page
    assert 'value="Re: Devis"' in page
    write(claire, lea, answers="<m5@mail.test>", subject="Re: Devis")
    let_go()
    message = email.message_from_bytes(smtp.content[1], policy=policy.default)
    assert (message["In-Reply-To"], message["References"]) == ("<m5@mail.test>", "<m5@mail.test>")
    with pytest.raises(Refused):
        write(claire, lea, answers=written.message_id)  # ours, not theirs


@pytest.mark.usefixtures("account")
def test_a_mail_is_taken_back_in_time(smtp: HostileRelay, claire: Lead, lea: User, make_user: Any) -> None:
    written = write(claire, lea)
    assert not writing.withdraw(written.pk, by=access.of_user(make_user("sdr")), at=timezone.now())
    assert writing.withdraw(written.pk, by=access.of_user(lea), at=timezone.now())
    let_go()
    assert not smtp.content
    gone = write(claire, lea)
    let_go()
    assert not writing.withdraw(gone.pk, by=access.of_user(lea), at=timezone.now())


@pytest.mark.usefixtures("account")
def test_sent_twice_it_is_one_mail(smtp: HostileRelay, claire: Lead, lea: User, client: Client) -> None:
    client.force_login(lea)
    for _ in range(2):
        said = {"subject": "Deux fois", "text": "Bonjour", "key": KEY}
        assert client.post(f"/mailbox/leads/{claire.pk}", said).status_code == 302
    let_go()
    assert len(smtp.content) == 1
    assert Fact.objects.filter(kind="mail_written").count() == 1


@pytest.mark.usefixtures("account")
def test_a_mail_whose_fate_nobody_knows_is_not_sent_again_by_itself(
    smtp: HostileRelay, claire: Lead, lea: User
) -> None:
    written = write(claire, lea)
    WrittenMail.objects.update(state=State.HANDING_OVER, run="1:1", attempts=1)  # as a run that died left it
    let_go()
    written.refresh_from_db()
    assert written.state == State.UNCERTAIN
    assert not smtp.content
    assert writing.send_again(written.pk, by=access.of_user(lea), at=timezone.now())
    let_go()
    assert list(smtp.received) == [written.message_id]


@pytest.mark.usefixtures("account")
def test_what_the_server_refuses_is_said_and_what_it_puts_off_is_tried_again(
    smtp: HostileRelay, claire: Lead, lea: User, at: Any
) -> None:
    nobody = come("nobody@sogetrel.fr", lea, at)
    write(nobody, lea)
    let_go()
    refused = WrittenMail.objects.get()
    assert refused.state == State.FAILED
    assert refused.said.startswith("550")
    smtp.password = "changed"
    write(claire, lea)
    let_go()
    put_off = WrittenMail.objects.get(lead=claire)
    assert (put_off.state, put_off.attempts) == (State.WAITING, 1)
    assert put_off.due_at > timezone.now() + timedelta(seconds=20)
    WrittenMail.objects.filter(pk=put_off.pk).update(attempts=len(sending.WAITS_S))
    let_go()
    put_off.refresh_from_db()
    assert put_off.state == State.FAILED


@pytest.mark.usefixtures("account")
def test_whoever_objected_gets_answers_only(imap: ImapServer, smtp: HostileRelay, claire: Lead, lea: User) -> None:
    write(claire, lea)
    suppression.suppress({"claire@sogetrel.fr": "objection"}, at=timezone.now())
    let_go()
    assert not smtp.content, "the objection came while it waited"
    with pytest.raises(Refused) as refused:
        write(claire, lea)
    assert refused.value.code == "objected"
    imap.put(mail("claire@sogetrel.fr", "lea@filon.test", "Une question tout de même", number=3))
    run("mailboxes.read")
    write(claire, lea, answers="<m3@mail.test>")
    let_go()
    assert len(smtp.content) == 1


def test_without_a_mailbox_nothing_is_written(claire: Lead, lea: User, client: Client) -> None:
    with pytest.raises(Refused):
        write(claire, lea)
    client.force_login(lea)
    assert "/mailbox/settings" in client.get(f"/mailbox/leads/{claire.pk}").content.decode()


def test_a_mailbox_is_tried_before_it_is_kept(imap: ImapServer, smtp: HostileRelay, lea: User) -> None:
    by = access.of_user(lea)
    wrong: list[dict[str, Any]] = [
        {"password": "wrong"},
        {"password": None},
        {"servers": Servers("imap", "127.0.0.1", imap.port, "smtp", "127.0.0.1", imap.port)},
    ]
    for more in wrong:
        with pytest.raises(Refused):
            connecting.connect(draft_of(imap, smtp, **more), by=by, at=timezone.now())
    assert not Account.objects.exists()
    connecting.connect(draft_of(imap, smtp), by=by, at=timezone.now())
    connecting.connect(draft_of(imap, smtp, password=None, signature="L."), by=by, at=timezone.now())
    assert Account.objects.get().signature == "L."
    elsewhere = Servers("imaps", "imap.example.com", 993, "smtps", "smtp.example.com", 465)
    with pytest.raises(Refused):  # the password that is known goes to no server that was named without it
        connecting.connect(draft_of(imap, smtp, password=None, servers=elsewhere), by=by, at=timezone.now())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::1]"])
def test_no_server_of_a_private_network_is_spoken_to(
    imap: ImapServer, smtp: HostileRelay, lea: User, settings: Any, host: str
) -> None:
    settings.FILON_PRIVATE_HOSTS = frozenset()
    servers = Servers("imaps", host, 993, "smtps", host, 465)
    with pytest.raises(Refused):
        connecting.connect(draft_of(imap, smtp, servers=servers), by=access.of_user(lea), at=timezone.now())
    assert imap.logins == 0


@pytest.mark.usefixtures("account")
def test_a_mailbox_that_is_taken_away_leaves_what_it_told(
    imap: ImapServer, smtp: HostileRelay, claire: Lead, lea: User
) -> None:
    write(claire, lea)
    let_go()
    waiting = write(claire, lea, subject="Encore")
    connecting.disconnect(by=access.of_user(lea), at=timezone.now())
    let_go()
    assert len(smtp.content) == 1
    assert len(told("message_sent")) == 1
    assert not Account.objects.exists()
    assert Thread.objects.count() == 1
    waiting.refresh_from_db()
    assert waiting.state == State.FAILED
