"""A field made on a screen is filled on a lead; a file is attached, downloaded, taken off and put back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from filon.files.models import Attachment
from filon.leads.models import Lead
from tests.journeys.conftest import Place
from tests.journeys.looking import Visitor

pytestmark = [pytest.mark.database, pytest.mark.browser]

SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"


@pytest.fixture(scope="module", autouse=True)
def workspace(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    """One lead."""
    leads = tmp_path_factory.mktemp("files") / "leads.csv"
    leads.write_text("id,last_name,email,company\nL-1,Morel,claire@sogetrel.fr,Sogetrel\n", "utf-8")
    place.run("import", str(leads), "--as", "leads")


def shoot(visitor: Visitor, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    visitor.page.screenshot(path=SCREENSHOTS / f"{name}.png")


def test_a_field_of_ones_own_is_made_and_filled(visitor: Callable[..., Visitor]) -> None:
    ops = visitor("ops").go("/settings/fields").sees("Aucun champ personnalisé")
    ops.fill(name="Outil actuel", choices="Excel\nPapier\nPlanifix")
    ops.page.locator("[name=kind]").select_option("choice")
    ops.press("Créer le champ", within="main")
    ops.sees("Le champ « Outil actuel » est créé.", within="#toasts")
    ops.sees("Excel · Papier · Planifix").look()
    shoot(ops, "custom-fields")
    lead = Lead.objects.get()
    sales = visitor("sales").go(f"/leads/{lead.pk}")
    place = sales.page.locator("dd.in-place", has=sales.page.locator("select[aria-label='Outil actuel']"))
    place.locator(".editable").click()
    place.locator("select").select_option("Papier")
    sales.wait(lambda: Lead.objects.get().attributes.get("Outil actuel") == "Papier")
    sales.sees("Papier", within="main")


def test_a_file_is_attached_read_taken_off_and_put_back(visitor: Callable[..., Visitor], tmp_path: Path) -> None:
    lead = Lead.objects.get()
    paper = tmp_path / "Cahier des charges.pdf"
    paper.write_bytes(b"%PDF-1.7 cahier")
    sales = visitor("sales").go(f"/leads/{lead.pk}")
    page = sales.page
    page.locator("#files-panel input[type=file]").set_input_files(str(paper))
    sales.press("Joindre", within="#files-panel")
    sales.sees("Cahier des charges.pdf", within="#files-panel")
    shoot(sales, "files")
    with page.expect_download() as download:
        page.locator("#files-panel").get_by_role("link", name="Cahier des charges.pdf").click()
    assert download.value.path().read_bytes() == paper.read_bytes()
    page.locator("#files-panel").get_by_role("button", name="Retirer Cahier des charges.pdf").click()
    sales.sees("Le fichier est retiré.", within="#toasts")
    assert Attachment.objects.get().removed_at is not None
    page.locator("#toasts [data-undo]").click()
    sales.wait(lambda: Attachment.objects.filter(removed_at=None).exists())
    sales.sees("Cahier des charges.pdf", within="#files-panel")
    sales.go(f"/leads/{lead.pk}").sees("a joint un fichier : Cahier des charges.pdf")
