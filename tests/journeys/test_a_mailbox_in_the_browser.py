"""A colleague connects their mailbox, writes to a lead, takes one mail back, and finds the answer on the timeline."""

from __future__ import annotations

import email
from collections.abc import Callable, Iterator
from email import policy
from pathlib import Path

import pytest
from django.utils import timezone

from filon.core import jobs
from filon.leads.models import Lead
from filon.mailboxes.models import Account, WrittenMail
from tests.frame.mailbox import ImapServer
from tests.frame.relay import HostileRelay
from tests.frame.servers import ServerTree, free_port
from tests.journeys.conftest import Place
from tests.journeys.looking import Visitor

pytestmark = [pytest.mark.database, pytest.mark.browser]

SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"


@pytest.fixture(scope="module")
def imap() -> Iterator[ImapServer]:
    with ImapServer(sent={}) as made:
        yield made


@pytest.fixture(scope="module")
def smtp() -> Iterator[HostileRelay]:
    with HostileRelay(password="secret", keeps_content=True) as made:
        yield made


@pytest.fixture(scope="module")
def empty_place(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The running product, whose operator lets colleagues' mail servers be on this machine."""
    allowed = {
        "FILON_PRIVATE_HOSTS": "127.0.0.1",
        "FILON_MAILBOX_URL": "imap://reponses%40essai.fr:x@127.0.0.1:1/INBOX",
    }
    tree = ServerTree(tmp_path_factory.mktemp("place"), own_database, free_port(), environment=allowed)
    try:
        yield Place(tree.start())
    finally:
        tree.kill()


def shoot(visitor: Visitor, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    visitor.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def connect(visitor: Visitor, imap: ImapServer, smtp: HostileRelay, password: str) -> None:
    visitor.fill(email="camille@essai.fr", login="camille", password=password, signature="Camille Sdr\nEssai SAS")
    if not visitor.page.locator("[name=imap_host]").is_visible():
        visitor.page.locator("summary", has_text="Serveurs").click()
    for kind, port in (("imap", imap.port), ("smtp", smtp.port)):
        visitor.fill(**{f"{kind}_host": "127.0.0.1", f"{kind}_port": str(port)})
        visitor.page.locator(f"[name={kind}_way]").select_option(kind)
    visitor.press("Essayer et enregistrer", within="main")


def test_a_colleague_writes_and_is_answered(
    visitor: Callable[..., Visitor], place: Place, imap: ImapServer, smtp: HostileRelay
) -> None:
    said = {
        "email": "claire@sogetrel.fr",
        "first_name": "Claire",
        "last_name": "Morel",
        "company": {"name": "Sogetrel"},
    }
    status, answer = place.post_json("/api/v1/leads", said)
    assert status == 201, answer
    lead = Lead.objects.get()
    sdr = visitor("sdr").go("/mailbox").sees("Vos e-mails, là où est le lead", "reponses+")
    sdr.follow("Connecter ma messagerie", to="/mailbox/settings", within="main").look()
    connect(sdr, imap, smtp, "wrong")
    sdr.sees("La boîte ne peut pas être lue").look()
    shoot(sdr, "mailbox-settings")
    connect(sdr, imap, smtp, "secret")
    sdr.sees("Votre messagerie est connectée", within="#toasts").look()
    jobs.enqueue("mailboxes.read", {}, at=timezone.now())
    sdr.wait(lambda: Account.objects.filter(checked_at__isnull=False, error="").exists())
    sdr.go("/mailbox").sees("Lue chaque minute").look()
    shoot(sdr, "mailbox")

    sdr.go(f"/leads/{lead.pk}").follow("Écrire", to=f"/mailbox/leads/{lead.pk}", within="#mail-panel")
    sdr.fill(subject="À reprendre", text="Trop vite")
    sdr.press("Envoyer", within="main", to=f"/leads/{lead.pk}")
    sdr.sees("part dans quelques secondes")
    sdr.press("Reprendre", within="#mail-panel")
    sdr.sees("L’e-mail a été repris", within="#toasts")
    assert not WrittenMail.objects.exists()

    sdr.go(f"/mailbox/leads/{lead.pk}").sees("camille@essai.fr", "claire@sogetrel.fr")
    sdr.page.locator("[name=subject]").fill("Votre projet")
    sdr.page.locator("[name=text]").fill("Bonjour Claire,\n\nQuand puis-je vous appeler ?")
    sdr.look()
    shoot(sdr, "mail-write")
    sdr.press("Envoyer", within="main", to=f"/leads/{lead.pk}")
    WrittenMail.objects.update(due_at=timezone.now())
    sdr.wait(lambda: bool(smtp.content))
    sent = email.message_from_bytes(smtp.content[0], policy=policy.default)
    assert "camille@essai.fr" in sent["From"]
    imap.put(
        f"From: Claire <claire@sogetrel.fr>\nTo: camille@essai.fr\nSubject: Re: Votre projet\n"
        f"Message-ID: <r1@sogetrel.fr>\nIn-Reply-To: {sent['Message-ID']}\n\nJeudi 10 h me convient.\n"
    )
    jobs.enqueue("mailboxes.read", {}, at=timezone.now())
    sdr.wait(lambda: Lead.objects.get().asked == "replied")
    sdr.go(f"/leads/{lead.pk}").sees("Quand puis-je vous appeler", "Jeudi 10 h me convient.")
    shoot(sdr, "mail-timeline")
    sdr.go(f"/mailbox/leads/{lead.pk}")
    assert sdr.page.locator("[name=subject]").input_value() == "Re: Votre projet"
    assert imap.sent is not None
    assert len(imap.sent) == 1
