"""Bounces, automatic answers, objections and replies are told apart, in the writings of several servers and people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.kit import mails

OURS = "<0123456789abcdef0123456789abcdef@crm.sogetrel.fr>"
FROM = "From: Claire Morel <Claire.Morel@Essai.fr>\nTo: lea@sogetrel.fr\nMessage-ID: <a1@essai.fr>\n"
ANSWER = f"{FROM}In-Reply-To: {OURS}\nReferences: <x@y.fr> {OURS}\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n"
UTF8 = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"


def mail(text: str) -> mails.Mail:
    return mails.read(text.encode())


def test_a_reply_is_its_own_words_and_says_what_it_answers() -> None:
    found = mail(
        f"{ANSWER}Subject: =?utf-8?q?Re=3A_D=C3=A9monstration?=\n{UTF8}\nBonjour,\n\nJeudi à 10 h me convient.\n\n"
        "Le lun. 2 mars 2026 à 09:12, Léa <lea@sogetrel.fr> a écrit :\n> Bonjour Claire,\n> Une démonstration ?\n"
    )
    assert (found.kind, found.sender, found.message_id) == ("reply", "claire.morel@essai.fr", "<a1@essai.fr>")
    assert found.refers[-1] == OURS
    assert found.text == "Bonjour,\n\nJeudi à 10 h me convient."
    assert found.at is not None
    assert found.at.isoformat() == "2026-03-02T09:00:00+00:00"


@pytest.mark.parametrize(
    "quoted",
    [
        "On Mon, Mar 2, 2026 at 9:12 AM Léa <lea@sogetrel.fr> wrote:\n> Bonjour",
        "-----Message d'origine-----\nDe : Léa",
        "-----Original Message-----\nFrom: Léa",
        "________________________________\nDe : Léa <lea@sogetrel.fr>",
        "De : Léa <lea@sogetrel.fr>\nEnvoyé : lundi 2 mars 2026",
        "-- \nClaire Morel\nDirectrice",
        "Envoyé depuis mon téléphone",
    ],
)
def test_what_is_quoted_and_signed_is_left_out(quoted: str) -> None:
    assert mail(f"{ANSWER}{UTF8}\nOui, appelez-moi.\n\n{quoted}\n").text == "Oui, appelez-moi."


def test_a_page_is_read_as_its_words() -> None:
    html = "<html><style>p{}</style><body><p>Oui,</p><p>appelez-moi.</p></body></html>"
    kind = "MIME-Version: 1.0\nContent-Type: text/html; charset=iso-8859-1\n"
    found = mails.read(f"{ANSWER}{kind}\n{html}é".encode("latin-1"))
    assert found.kind == "reply"
    assert "appelez-moi." in found.text
    assert "p{}" not in found.text


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated",
        "X-Autoreply: yes",
        "Precedence: bulk",
        "Subject: Réponse automatique : Démonstration",
        "Subject: =?utf-8?q?R=C3=A9ponse_automatique_=3A_D=C3=A9mo?=",
        "Subject: Automatic reply: Démonstration",
        "Subject: Out of office",
        "Subject: Absence du bureau",
    ],
)
def test_answers_of_programs(header: str) -> None:
    assert mail(f"{ANSWER}{header}\n{UTF8}\nJe suis absente jusqu’au 12 mars.\n").kind == "automatic"


@pytest.mark.parametrize(
    "words",
    ["STOP", "stop.", "Désinscription", "desinscription svp"[:14], "Désabonnez moi", "Unsubscribe", "Remove me!",
     "Merci de ne plus me contacter.", "Ne plus recevoir vos messages, merci"],
)  # fmt: skip
def test_objections(words: str) -> None:
    quoted = "Le lun. 2 mars 2026 à 09:12, Léa <lea@sogetrel.fr> a écrit :\n> Bonjour"
    assert mail(f"{ANSWER}{UTF8}\n{words}\n\n{quoted}\n").kind == "objection"


@pytest.mark.parametrize(
    "words",
    [
        "Stop à la paperasse : votre outil m’intéresse, appelez-moi",
        "Pouvez-vous désinscrire mon collègue et me rappeler ?",
        "Auto-Submitted est un en-tête",
        "",
    ],
)
def test_what_is_no_objection_is_a_reply(words: str) -> None:
    assert mail(f"{ANSWER}{UTF8}\n{words}\n").kind == "reply"


def report(action: str, status: str, *, original: str = OURS, kind: str = "message/rfc822") -> str:
    return (
        "From: Mail Delivery System <MAILER-DAEMON@mx.essai.fr>\nMessage-ID: <r@mx.essai.fr>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\n\n'
        "--B\nContent-Type: text/plain\n\nYour message could not be delivered.\n\n"
        "--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.essai.fr\n\n"
        f"Final-Recipient: rfc822; Claire.Morel@essai.fr\nAction: {action}\nStatus: {status}\n"
        "Diagnostic-Code: smtp; 550 mailbox\n\n"
        f"--B\nContent-Type: {kind}\n\nFrom: lea@sogetrel.fr\nMessage-ID: {original}\nSubject: Bonjour\n\nBonjour\n"
        "--B--\n"
    )


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
def test_a_report_of_an_address_that_does_not_exist(kind: str) -> None:
    found = mail(report("failed", "5.1.1", kind=kind))
    assert (found.kind, found.sender, found.refers) == ("bounce", "claire.morel@essai.fr", (OURS,))


@pytest.mark.parametrize(
    ("action", "status"), [("delayed", "4.4.1"), ("failed", "5.7.1"), ("failed", "5.2.2"), ("delayed", "5.1.1")]
)
def test_other_reports_say_nothing_of_the_address(action: str, status: str) -> None:
    assert mail(report(action, status)).kind == "delay"


def test_a_report_in_words_alone() -> None:
    text = f"From: postmaster@mx.fr\nIn-Reply-To: {OURS}\nX-Failed-Recipients: claire@essai.fr\n{UTF8}\n"
    found = mail(f"{text}550 5.1.1 <claire@essai.fr>: user unknown\n")
    assert (found.kind, found.sender, found.refers) == ("bounce", "claire@essai.fr", (OURS,))
    assert mail(f"{text}We will try again for 4 days.\n").kind == "delay"


@given(st.binary(max_size=600) | st.text(max_size=400).map(lambda text: f"{ANSWER}\n{text}".encode("utf-8", "replace")))
def test_no_mail_is_an_error(raw: bytes) -> None:
    found = mails.read(raw)
    assert found.kind in {"reply", "automatic", "objection", "bounce", "delay"}
    f"{found.text}{found.sender}{found.message_id}{found.refers}".encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"Subject: a\0b =?utf-8?q?=00?=\n\n\0",
        b"From: =?x-unknown?b?//8=?= <a@b.fr>\nTo: " + b"a@b.fr, " * 3000 + b"\n\nx",
        b"Date: Fri, 31 Dec 9999 23:59:59 -1200\n\nx",
        b"Date: Fri, 99 Dec 1\nMessage-ID: <" + b"x" * 5000 + b"@b>\n\nx",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)),
        bytes(range(256)) * 20,
    ],
)
def test_nothing_that_people_send_stops_the_reader(raw: bytes) -> None:
    found = mails.read(raw)
    for text in (found.text, found.subject, found.sender, found.message_id, *found.recipients, *found.refers):
        assert "\0" not in text
        text.encode()


def test_readers_and_the_way_are_known() -> None:
    found = mails.read(
        b"From: =?utf-8?q?L=C3=A9a=2C_M?= <lea@b.fr>\nCc: z@y.fr\n"
        b"To: =?utf-8?q?Morel=2C_Claire?= <Claire@S.fr>, x@y.fr\n"
        b"Delivered-To: r+1-ab@b.fr\nReceived: from a by b for <other@b.fr>; Mon\nSubject: =?utf-8?q?D=C3=A9mo?=\n\nx"
    )
    assert found.recipients == ("z@y.fr", "claire@s.fr", "x@y.fr")
    assert set(found.delivered_to) == {*found.recipients, "r+1-ab@b.fr", "other@b.fr"}
    assert (found.sender, found.subject) == ("lea@b.fr", "Démo")
