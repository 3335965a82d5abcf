"""A file through the browser: mapping, dry run, import, what was rejected, and back again."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from filon.capture.models import Import
from filon.core.models import Fact
from filon.leads.models import Lead, Person
from tests.journeys.looking import Visitor

pytestmark = [pytest.mark.database, pytest.mark.browser]

FILE = (
    "Identifiant;Prénom;Nom;E-mail;Société;Date de création;Humeur\r\n"
    "A-1;Zoé;Lefèvre;zoe@ateliers-dupuis.fr;Ateliers Dupuis;03/03/2025;bonne\r\n"
    "A-2;Noël;Hüber;noel@ateliers-dupuis.fr;Ateliers Dupuis;04/03/2025;bonne\r\n"
    "A-3;Inès;Coëtlogon;ines@coetlogon.fr;Coëtlogon & Fils;05/03/2025;moyenne\r\n"
    ";Sans;Moyen;;Nulle part;06/03/2025;\r\n"
)

COUNTS = {"Créées": "3", "Mises à jour": "0", "Inchangées": "0", "Rejetées": "1"}


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """An old base as a French Excel writes it, with a row that names nobody."""
    path = tmp_path / "base 2025.csv"
    path.write_bytes(FILE.encode("cp1252"))
    return path


def test_a_file_is_looked_at_rehearsed_taken_in_and_taken_back(
    visitor: Callable[..., Visitor], base: Path, tmp_path: Path
) -> None:
    marketing = visitor("marketing")
    page = marketing.page
    marketing.go("/capture/imports/new")
    page.set_input_files("input[name=file]", base)
    marketing.press("Examiner le fichier", within="main")
    page.wait_for_url(re.compile(r"/capture/imports/\d+$"))
    imported = Import.objects.get()
    assert (imported.state, imported.mode, imported.kind) == ("draft", "history", "leads")

    marketing.look().sees("Lefèvre", "Coëtlogon & Fils", "Historique")
    columns = dict(zip(FILE.splitlines()[0].split(";"), range(7), strict=True))
    proposed = [page.get_by_role("combobox", name=name, exact=True).input_value() for name in columns]
    assert proposed[:6] == ["external_id", "first_name", "last_name", "email", "company.name", "captured_at"]
    page.get_by_role("combobox", name="Humeur", exact=True).select_option("ignored")

    marketing.press("Essai à blanc", within="main").sees("Ce qui se passerait", "rien ne démarrerait")
    marketing.look()
    assert _tiles(marketing) == COUNTS
    assert Lead.objects.count() == Fact.objects.filter(lead_id__isnull=False).count() == 0

    marketing.press("Importer", within="main").sees("Terminé", "Lignes rejetées")
    marketing.look()
    assert _tiles(marketing) == COUNTS
    imported.refresh_from_db()
    assert (imported.rows, imported.created, imported.rejected) == (4, 3, 1)
    assert set(Person.objects.values_list("full_name", flat=True)) == {"Zoé Lefèvre", "Noël Hüber", "Inès Coëtlogon"}
    assert not any("Humeur" in lead.attributes for lead in Lead.objects.all())
    assert set(Lead.objects.values_list("import_id", "route", "owner_id")) == {(imported.pk, "", None)}
    with page.expect_download() as started:
        page.get_by_role("link", name="Fichier des rejets").click()
    started.value.save_as(tmp_path / "rejects.csv")
    assert "Moyen" in (tmp_path / "rejects.csv").read_text("utf-8-sig")

    told = Fact.objects.filter(import_id=imported.pk).count()
    marketing.press("Annuler cet import", within="main").press("Annuler", within="dialog#undo").sees("Annulé")
    marketing.wait(lambda: Import.objects.get().state == "undone").look()
    assert Lead.objects.count() == Person.objects.count() == 0
    assert Fact.objects.filter(import_id=imported.pk).count() >= told, "the ledger forgets nothing"


def test_a_file_that_is_none_is_refused_in_words(visitor: Callable[..., Visitor], tmp_path: Path) -> None:
    (tmp_path / "vide.csv").write_bytes(b"")
    marketing = visitor("marketing").go("/capture/imports/new")
    before = Import.objects.count()
    marketing.page.set_input_files("input[name=file]", tmp_path / "vide.csv")
    marketing.press("Examiner le fichier", within="main")
    marketing.page.wait_for_selector("main .notice")
    marketing.look()
    assert Import.objects.count() == before


def test_who_only_reads_is_not_let_in(visitor: Callable[..., Visitor]) -> None:
    reader = visitor("read_only")
    answer = reader.page.goto(reader.url + "/capture/imports/new")
    assert answer is not None
    assert answer.status == 403
    reader.look()


def _tiles(visitor: Visitor) -> dict[str, str]:
    """The figures on the page, by what they say."""
    return {
        tile.locator(".tile-label").inner_text(): tile.locator(".tile-figure").inner_text()
        for tile in visitor.page.locator("main .tiles > *").all()
    }
