"""What stands in colleagues' mailboxes: mails with known people are told once, of all others nothing is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from filon.core import access
from filon.core.models import Fact, InboxEntry, User
from filon.kit.errors import Refused
from filon.kit.mails import Mail
from filon.leads.models import Lead
from filon.mailboxes import connecting, rules, telling
from filon.mailboxes.models import Account, Thread
from filon.mailboxes.tests.conftest import come, draft_of, mail, run, text_of, told
from filon.routing.models import Promise
from tests.frame.mailbox import ImapServer
from tests.frame.relay import HostileRelay

pytestmark = pytest.mark.usefixtures("account")
CLAIRE = "Claire Morel <Claire@Sogetrel.fr>"
LEA = "Léa <lea@filon.test>"


def test_a_mail_of_a_known_person_stands_on_the_timeline_once(imap: ImapServer, claire: Lead) -> None:
    imap.put(mail(CLAIRE, LEA, "Oui, jeudi à 10 h"))
    run("mailboxes.read", "mailboxes.read")
    assert told("replied") == [("replied", claire.pk, "mail", None)]
    assert text_of("replied") == "Devis\n\nOui, jeudi à 10 h"
    assert Lead.objects.get().asked == "replied"
    assert Account.objects.get().kept == 1


def test_mails_with_strangers_and_among_colleagues_are_not_kept(imap: ImapServer, claire: Lead, make_user: Any) -> None:
    make_user("sales", email="paul@filon.test")
    imap.put(mail("Inconnu <x@ailleurs.fr>", LEA, "Bonjour", number=1))
    imap.put(mail("Paul <paul@filon.test>", f"{LEA}, {CLAIRE}", "Entre nous", number=2))
    imap.put(mail(LEA, "Inconnu <x@ailleurs.fr>", "Privé", number=3), is_sent=True)
    run("mailboxes.read")
    assert not InboxEntry.objects.filter(door="mail").exists()
    assert not Thread.objects.exists()
    assert Account.objects.get().inbox_uid == 2


def test_what_was_there_before_is_not_ours_to_tell(
    imap: ImapServer, smtp: HostileRelay, claire: Lead, lea: User
) -> None:
    Account.objects.all().delete()
    imap.put(mail(CLAIRE, LEA, "Ancien"))
    connecting.connect(draft_of(imap, smtp), by=access.of_user(lea), at=timezone.now())
    run("mailboxes.read", "mailboxes.read")
    assert told("replied") == []


def test_what_a_colleague_sent_elsewhere_is_their_outreach(
    imap: ImapServer, claire: Lead, lea: User, at: datetime
) -> None:
    other = come("karim@altavia.fr", lea, at)
    readers = f"{CLAIRE}, karim@altavia.fr, x@ailleurs.fr"
    imap.put(mail(LEA, readers, "Voici notre offre"), is_sent=True)
    run("mailboxes.read")
    assert told("message_sent") == [
        ("message_sent", claire.pk, "user", lea.pk),
        ("message_sent", other.pk, "user", lea.pk),
    ]
    assert not Promise.objects.filter(lead=claire, state="running").exists(), "a human has answered"


def test_an_answer_from_another_address_is_known_by_what_it_answers(imap: ImapServer, claire: Lead) -> None:
    imap.put(mail(LEA, CLAIRE, "Notre offre", number=1), is_sent=True)
    run("mailboxes.read")
    imap.put(mail("Jean <jean@sogetrel.fr>", LEA, "Pour Claire : oui", number=2, more="In-Reply-To: <m1@mail.test>\n"))
    run("mailboxes.read")
    assert told("replied") == [("replied", claire.pk, "mail", None)]


@pytest.mark.parametrize(
    ("more", "words", "kind"),
    [("Auto-Submitted: auto-replied\n", "Je suis absente", "auto_answered"), ("", "STOP", "unsubscribed")],
)
def test_programs_and_objections_are_told_apart(
    imap: ImapServer, claire: Lead, more: str, words: str, kind: str
) -> None:
    imap.put(mail(CLAIRE, LEA, words, more=more))
    run("mailboxes.read")
    assert told("replied", "auto_answered", "unsubscribed") == [(kind, claire.pk, "mail", None)]


def test_a_mailbox_that_cannot_be_read_says_so_and_is_left_alone_for_a_while(imap: ImapServer, claire: Lead) -> None:
    imap.password = "changed"
    run("mailboxes.read")
    logins = imap.logins
    assert "AUTHENTICATIONFAILED" in Account.objects.get().error
    run("mailboxes.read")
    assert imap.logins == logins


def test_reading_goes_on_where_it_was_cut(imap: ImapServer, claire: Lead) -> None:
    for number in range(1, 4):
        imap.put(mail(CLAIRE, LEA, f"Mot {number}", number=number))
    imap.hangs_up_after = 2
    run("mailboxes.read")
    assert (Account.objects.get().inbox_uid, len(told("replied"))) == (2, 2)
    imap.hangs_up_after = -1
    Account.objects.update(error="")
    run("mailboxes.read")
    assert len(told("replied")) == 3


def test_a_paused_mailbox_is_not_read(imap: ImapServer, lea: User, claire: Lead) -> None:
    connecting.pause(True, by=access.of_user(lea))
    imap.put(mail(CLAIRE, LEA, "Oui"))
    run("mailboxes.read")
    assert told("replied") == []
    connecting.pause(False, by=access.of_user(lea))
    run("mailboxes.read")
    assert len(told("replied")) == 1


def test_a_mail_to_the_bcc_address_is_told_of_its_readers(
    imap: ImapServer, claire: Lead, lea: User, settings: Any
) -> None:
    with ImapServer() as shared:
        settings.FILON_MAILBOX_URL = shared.url
        run("nurture.read_mailbox")
        drop = rules.drop_address("reponses@filon.test", rules.drop_token(lea.pk, django_settings.SECRET_KEY))
        shared.put(mail("lea@perso.fr", CLAIRE, "Depuis mon téléphone", number=8, more=f"Delivered-To: {drop}\n"))
        shared.put(mail("x@y.fr", CLAIRE, "Faux", number=9, more="Delivered-To: r+1-0123456789abcdef@filon.test\n"))
        run("nurture.read_mailbox")
        assert told("message_sent", "replied") == [("message_sent", claire.pk, "user", lea.pk)]
        imap.put(mail("lea@perso.fr", CLAIRE, "Depuis mon téléphone", number=8), is_sent=True)
        run("mailboxes.read")
        assert len(told("message_sent")) == 1, "the same mail, in two mailboxes"


def test_no_secret_lies_in_the_database_and_another_key_opens_none(
    imap: ImapServer, lea: User, claire: Lead, settings: Any
) -> None:
    assert "secret" not in str(Account.objects.values().get())
    assert "secret" not in str(list(Fact.objects.values()))
    logins = imap.logins
    settings.SECRET_KEY = "another"
    run("mailboxes.read")
    assert "mot de passe" in Account.objects.get().error
    assert imap.logins == logins


def test_one_odd_mail_does_not_stop_those_behind_it(
    imap: ImapServer, claire: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = telling.tell_received

    def odd(found: Mail, place: str, *, at: datetime) -> bool:
        if "Bizarre" in found.text:
            raise ValueError
        return tell(found, place, at=at)

    monkeypatch.setattr(telling, "tell_received", odd)
    imap.put(mail(CLAIRE, LEA, "Bizarre", number=1))
    imap.put(b"\xff\xfe\0")
    imap.put(mail("=?utf-8?q?Morel=2C_Claire?= <claire@sogetrel.fr>", LEA, "Oui", number=3))
    run("mailboxes.read")
    account = Account.objects.get()
    assert (account.inbox_uid, account.error) == (3, "")
    assert told("replied") == [("replied", claire.pk, "mail", None)]


def test_a_password_with_accents_is_refused_before_it_is_tried(imap: ImapServer, smtp: HostileRelay, lea: User) -> None:
    logins = imap.logins
    with pytest.raises(Refused):
        connecting.connect(draft_of(imap, smtp, password="étoile"), by=access.of_user(lea), at=timezone.now())
    assert imap.logins == logins
