"""Many leads at once: a page, then all results; the number before, the progress, the way back. And pasted rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from filon.capture.models import Import
from filon.core.models import Fact, User
from filon.leads.models import BulkOrder, Lead
from tests.journeys.conftest import Place
from tests.journeys.looking import Visitor

pytestmark = [pytest.mark.database, pytest.mark.browser]

COUNT = 230  # more than a request does by itself
SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"


@pytest.fixture(scope="module", autouse=True)
def workspace(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Leads of a trade fair, and one colleague to give them to."""
    rows = "".join(f"L-{n},Prénom{n},Nom{n},l{n}@entreprise{n % 12}.fr,Salon de Lyon\n" for n in range(COUNT))
    file = tmp_path_factory.mktemp("files") / "leads.csv"
    file.write_text("id,first_name,last_name,email,source\n" + rows, "utf-8")
    assert place.run("import", str(file), "--as", "leads")["created"] == COUNT
    User.objects.create(name="Léa Roux", name_folded="lea roux", role="sdr", created_at=timezone.now())


def shoot(visitor: Visitor, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    visitor.page.screenshot(path=SCREENSHOTS / f"{name}.png")


def test_all_results_are_given_to_a_colleague_and_taken_back(visitor: Callable[..., Visitor]) -> None:
    ops = visitor("ops").go("/leads")
    page = ops.page
    bar = page.locator("main .bulk")
    page.locator("main .select-all").focus()
    page.keyboard.press("Space")
    assert bar.locator("b").first.inner_text() == "50"
    whole = bar.locator(".bulk-whole")
    whole.focus()
    shoot(ops, "bulk-page-chosen")
    page.keyboard.press("Enter")
    ops.sees("Tous les résultats", within="main .bulk").look()
    assert page.evaluate("document.activeElement.value") == "assign", "the keyboard stands on the first act"
    page.keyboard.press("Enter")
    page.locator("dialog[open] select[name=owner]").select_option(label="Léa Roux")
    ops.sees("230 leads seront attribués à Léa Roux.", within="dialog[open]").look()
    shoot(ops, "bulk-question")
    assert not Lead.objects.filter(owner__name="Léa Roux").exists(), "nothing before it is confirmed"
    page.locator("dialog[open] .button.primary").click()
    page.wait_for_url(re.compile(r"/leads/bulk/\d+$"))
    ops.sees("230 leads modifiés").look()
    shoot(ops, "bulk-done")
    assert Lead.objects.filter(owner__name="Léa Roux").count() == COUNT
    Lead.objects.filter(pk=Lead.objects.latest("pk").pk).update(owner=None)  # somebody else was there meanwhile
    ops.press("Annuler", within="main")
    ops.sees("229 leads rétablis · 1 reste tel quel : modifié depuis", "Ce lead a un autre propriétaire").look()
    shoot(ops, "bulk-undone")
    assert Lead.objects.filter(owner=None).count() == COUNT
    made = BulkOrder.objects.get()
    assert (made.state, made.undone, made.kept) == ("undone", COUNT - 1, 1)
    assert Fact.objects.filter(kind="bulk_undone").count() == 1
    ops.go("/leads/bulk").sees("Attribuer à Léa Roux", "Annulée")


def test_a_few_leads_are_moved_out_with_their_reason_and_back_from_the_message(visitor: Callable[..., Visitor]) -> None:
    ops = visitor("ops").go("/leads")
    page = ops.page
    for box in page.locator("main .select-row").all()[:3]:
        box.check()
    page.locator("main .bulk button[value=move]").click()
    page.locator("dialog[open] select[name=stage]").select_option("disqualified")
    page.locator("dialog[open] select[name=reason]").wait_for()
    page.locator("dialog[open] .button.primary").click()
    page.locator("dialog[open] .error").first.wait_for()  # a reason is asked for
    page.locator("dialog[open] select[name=reason]").select_option("off_target")
    ops.sees("3 leads passeront à « Disqualifié ».", within="dialog[open]").look()
    page.locator("dialog[open] .button.primary").click()
    ops.sees("3 leads modifiés", within="#toasts")
    assert Lead.objects.filter(stage="disqualified", reason="off_target").count() == 3
    page.locator("#toasts [data-undo]").click()
    ops.sees("3 leads rétablis", within="#toasts")
    assert not Lead.objects.filter(stage="disqualified").exists()


def test_what_is_chosen_is_exported_alone(visitor: Callable[..., Visitor]) -> None:
    ops = visitor("ops").go("/leads")
    page = ops.page
    for box in page.locator("main .select-row").all()[:2]:
        box.check()
    with page.expect_download() as download:
        page.locator("main .bulk [data-export]").click()
    assert len(download.value.path().read_text("utf-8-sig").splitlines()) == 3


def test_rows_pasted_into_the_list_open_the_mapping(visitor: Callable[..., Visitor]) -> None:
    ops = visitor("ops").go("/leads")
    page = ops.page
    rows = "Prénom\tNom\tE-mail\nAna\tPetit\tana@acier.fr\nBob\tRoy\tbob@acier.fr\nCléo\tMartin\tcleo@acier.fr\n"
    page.evaluate(
        """rows => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", rows);
            document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true}));
        }""",
        rows,
    )
    page.wait_for_url(re.compile(r"/capture/imports/\d+$"))
    ops.sees("Cléo").look()
    planned: Any = Import.objects.latest("pk")
    assert (planned.state, planned.kind, planned.expected_rows) == ("draft", "leads", 3)
    assert [choice["field"] for choice in planned.plan["choices"]] == ["first_name", "last_name", "email"]


def test_pages_fit_a_phone(visitor: Callable[..., Visitor]) -> None:
    ops = visitor("ops")
    page = ops.page
    size = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 844})
    try:
        for path in ("/leads", "/leads/bulk", f"/leads/bulk/{BulkOrder.objects.first().pk}"):
            ops.go(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
            shoot(ops, "bulk-phone" + path.replace("/", "-"))
    finally:
        page.set_viewport_size(size)
