"""Files on records: who may, that contents are whole and lie once, and what is forgotten."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from filon.core import access, line
from filon.core.access import Actor
from filon.core.line import Batch, Entry
from filon.core.models import Fact, FactDetail, User
from filon.deals.commands import create_opportunity
from filon.files import commands, store
from filon.files.models import Attachment
from filon.kit.errors import Kind, Refused
from filon.leads.models import Lead

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.FILON_DATA_DIR = tmp_path
    return tmp_path / "attachments"


@pytest.fixture
def seller(db: None, make_user: Callable[..., User]) -> Actor:
    return access.of_user(make_user("sales", name="Nadia"))


@pytest.fixture
def lead(db: None, at: datetime) -> Lead:
    values = {"email": "claire@sogetrel.fr", "last_name": "Morel", "company.name": "Sogetrel"}
    entry = Entry(kind="lead", door="form", at=at, values=values)
    line.run_with_retries(lambda: Batch([entry], by=access.SYSTEM, at=at))
    return Lead.objects.get()


def attach(lead: Lead, by: Actor, at: datetime, content: bytes = b"devis", name: str = "Devis.pdf") -> Attachment:
    return commands.attach("lead", lead.pk, name, [content[:2], content[2:]], by=by, at=at)


def contents(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_content_lies_once_whole_and_is_told(lead: Lead, seller: Actor, at: datetime, folder: Path) -> None:
    first = attach(lead, seller, at)
    second = attach(lead, seller, at, name="Copie.pdf")
    assert first.digest == second.digest
    assert store.path_of(first.digest).read_bytes() == b"devis"
    assert contents(folder) == [first.digest]
    facts = Fact.objects.filter(kind="file_attached", lead_id=lead.pk)
    assert facts.count() == 2
    assert "Devis" not in str([fact.payload for fact in facts]), "names are personal"
    assert FactDetail.objects.get(fact=facts[0]).values["name"] == "Devis.pdf"


def test_what_is_too_large_or_breaks_off_leaves_nothing(
    lead: Lead, seller: Actor, at: datetime, folder: Path, settings: Any
) -> None:
    settings.FILON_FILES_MAX_MB = 1
    with pytest.raises(Refused) as caught:
        attach(lead, seller, at, content=b"x" * 1_000_001)
    assert caught.value.kind is Kind.TOO_LARGE

    def breaks() -> Any:
        yield b"half"
        raise OSError("the line is cut")

    with pytest.raises(OSError, match="cut"):
        commands.attach("lead", lead.pk, "a.pdf", breaks(), by=seller, at=at)
    with pytest.raises(Refused):
        attach(lead, seller, at, content=b"")
    assert not Attachment.objects.exists()
    assert [name for name in contents(folder) if not name.startswith("e3b0")] == []


def test_taken_off_and_put_back(lead: Lead, seller: Actor, at: datetime) -> None:
    made = attach(lead, seller, at)
    commands.remove(made.pk, by=seller, at=at)
    commands.remove(made.pk, by=seller, at=at)
    commands.restore(made.pk, by=seller, at=at)
    kinds = Fact.objects.filter(kind__startswith="file_").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["file_attached", "file_removed", "file_restored"]
    assert Attachment.objects.get().removed_at is None


def test_what_is_long_gone_is_forgotten_and_what_is_new_is_not(
    lead: Lead, seller: Actor, at: datetime, folder: Path
) -> None:
    kept = attach(lead, seller, at, content=b"kept")
    gone = attach(lead, seller, at, content=b"gone")
    of_nobody = commands.attach("lead", lead.pk, "x", [b"lead is gone"], by=seller, at=at)
    Attachment.objects.filter(pk=of_nobody.pk).update(record_id=10**6)
    commands.remove(gone.pk, by=seller, at=at)
    fresh, _size = store.keep([b"on its way"], most=100)
    commands.forget(SimpleNamespace(at=at + timedelta(days=31)))  # type: ignore[arg-type]
    assert list(Attachment.objects.values_list("pk", flat=True)) == [kept.pk]
    assert len(contents(folder)) == 4, "a day of grace"
    for path in folder.rglob("*"):
        if path.is_file() and path.name != fresh:
            os.utime(path, (0, 0))
    commands.forget(SimpleNamespace(at=at + timedelta(days=31)))  # type: ignore[arg-type]
    assert contents(folder) == sorted([kept.digest, fresh])


def test_who_may_not_see_or_change_a_record_has_none_of_its_files(
    lead: Lead, seller: Actor, at: datetime, make_user: Callable[..., User]
) -> None:
    Lead.objects.update(owner_id=seller.id)
    made = attach(lead, seller, at)
    stranger = access.of_user(make_user("manager"))
    reader = access.of_user(make_user("read_only"))
    assert not commands.may_see("lead", lead.pk, stranger)
    assert commands.may_see("lead", lead.pk, reader)
    for by in (stranger, reader):
        with pytest.raises(Refused):
            attach(lead, by, at)
        with pytest.raises(Refused):
            commands.remove(made.pk, by=by, at=at)
    with pytest.raises(Refused):
        commands.attach("lead", 10**6, "x", [b"x"], by=seller, at=at)
    with pytest.raises(Refused):
        commands.attach("moon", 1, "x", [b"x"], by=seller, at=at)


def test_files_of_accounts_and_opportunities(lead: Lead, seller: Actor, at: datetime, signed_in_client: Any) -> None:
    deal = create_opportunity({"name": "Postes", "lead.id": lead.pk}, by=seller, at=at)
    client = signed_in_client("sales")
    for of, record_id in (("company", lead.company_id), ("opportunity", deal)):
        file = SimpleUploadedFile("Contrat signé.pdf", b"%PDF-1.7")
        answer = client.post(f"/files/{of}/{record_id}", {"file": file}, headers=HTMX)
        assert answer.status_code == 200
        assert "Contrat signé.pdf" in answer.content.decode()
        assert "Contrat signé.pdf" in client.get(f"/panels/{of}/{record_id}/files").content.decode()
    assert "Fichier joint : Contrat signé.pdf" in client.get(f"/opportunities/{deal}").content.decode()


def test_a_download_is_saved_and_never_shown_in_our_name(
    lead: Lead, seller: Actor, at: datetime, signed_in_client: Any
) -> None:
    made = attach(lead, seller, at, content=b"<script>alert(1)</script>", name="page.html")
    client = signed_in_client("read_only")
    answer = client.get(f"/files/{made.pk}")
    assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"
    assert answer["Content-Disposition"].startswith("attachment")
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    store.path_of(made.digest).unlink()
    assert client.get(f"/files/{made.pk}").status_code == 404
    assert client.get("/files/999999").status_code == 404
    assert client.get(f"/files/{made.pk}/remove").status_code == 405
    assert client.post(f"/files/{made.pk}/remove").status_code == 403


def test_the_message_puts_a_file_back(lead: Lead, seller: Actor, at: datetime, signed_in_client: Any) -> None:
    made = attach(lead, seller, at)
    client = signed_in_client("sales")
    answer = client.post(f"/files/{made.pk}/remove", headers=HTMX)
    assert "Devis.pdf" not in answer.content.decode()
    assert f"/files/{made.pk}/restore" in answer["HX-Trigger"]
    assert client.post(f"/files/{made.pk}/restore", headers=HTMX)["HX-Refresh"] == "true"
    assert Attachment.objects.get().removed_at is None
    assert client.post(f"/files/lead/{lead.pk}", headers=HTMX).status_code == 422, "no file was chosen"
