"""The pipeline kept clean by keyboard, who decides in a deal, and where the month lands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from filon.core.models import User
from filon.deals.models import Decision, Opportunity, Target
from filon.leads.models import Lead
from tests.journeys.conftest import Place
from tests.journeys.looking import Visitor

pytestmark = [pytest.mark.database, pytest.mark.browser]

SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"


@pytest.fixture(scope="module", autouse=True)
def workspace(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Four deals of one seller: two whose date has passed, one without a next step, one for this month."""
    folder = tmp_path_factory.mktemp("files")
    leads = folder / "leads.csv"
    leads.write_text(
        "id,first_name,last_name,email,company,source\n"
        "L-1,Claire,Morel,claire@sogetrel.fr,Sogetrel,Salon\n"
        "L-2,Paul,Arnaud,paul@acier.fr,Acier,Salon\n",
        "utf-8",
    )
    place.run("import", str(leads), "--as", "leads")
    today = timezone.localdate()
    late, soon = today - timedelta(days=3), today + timedelta(days=1)
    deals = folder / "deals.csv"
    deals.write_text(
        "external_id,name,company.name,lead.external_id,stage,amount,close_date\n"
        f"D-1,Postes,Sogetrel,L-1,Proposal,12000,{late}\n"
        f"D-2,Serveurs,Acier,L-2,Proposal,8000,{late}\n"
        f"D-3,Réseau,Acier,,Negotiation,5000,{soon}\n",
        "utf-8",
    )
    place.run("import", str(deals), "--as", "opportunities", "--mode", "live")
    assert Opportunity.objects.count() == 3


def shoot(visitor: Visitor, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    visitor.page.screenshot(path=SCREENSHOTS / f"{name}.png")


def test_odd_deals_are_decided_by_keyboard_and_taken_back(visitor: Callable[..., Visitor]) -> None:
    seller = visitor("sales")
    Opportunity.objects.update(owner=User.objects.get(role="sales"))
    seller.go("/pipeline/review").sees("3 opportunités à regarder")
    page = seller.page
    shoot(seller, "review")
    page.keyboard.press("j")
    assert page.locator(".select-row:checked").count() == 1
    page.keyboard.press("j")
    assert page.locator(".select-row:checked").count() == 1, "the next one, and that one alone"
    page.keyboard.press("k")
    page.keyboard.press("u")
    seller.sees("1 opportunité sort du pipeline : 12 k€.", within="dialog[open]").look()
    shoot(seller, "review-question")
    page.locator("dialog[open] .button.primary").click()
    seller.sees("1 opportunité traitée · 1 lead de retour en nurturing", within="#toasts")
    seller.sees("Pipeline assaini : 12 k€ sortis", "2 opportunités à regarder")
    assert Opportunity.objects.get(name="Postes").state == "lost"
    assert Lead.objects.get(person__email="claire@sogetrel.fr").stage == "nurturing"
    page.locator("#toasts [data-undo]").click()
    seller.sees("1 opportunité remise comme avant", within="#toasts")
    seller.sees("3 opportunités à regarder")
    assert Opportunity.objects.get(name="Postes").state == "open"
    assert Lead.objects.get(person__email="claire@sogetrel.fr").stage == "opportunity"


def test_a_new_date_for_many_at_once_keeps_what_was_typed_wrong(visitor: Callable[..., Visitor]) -> None:
    seller = visitor("sales").go("/pipeline/review?finding=close_passed")
    page = seller.page
    page.locator(".select-all").check()
    page.keyboard.press("d")
    day = page.locator("dialog[open] [name=close_date]")
    day.fill("2020-01-01")
    page.locator("dialog[open] .button.primary").click()
    seller.sees("Indiquez un jour à venir.", within="dialog[open]").look()
    assert day.input_value() == "2020-01-01"
    soon = timezone.localdate() + timedelta(days=20)
    day.fill(soon.isoformat())
    page.locator("dialog[open] .button.primary").click()
    seller.sees("2 opportunités traitées", within="#toasts")
    assert set(Opportunity.objects.exclude(name="Réseau").values_list("close_date", flat=True)) == {soon}
    assert Decision.objects.filter(kind="new_date", undone_at=None).count() == 2


def test_who_decides_is_said_on_the_deal(visitor: Callable[..., Visitor]) -> None:
    deal = Opportunity.objects.get(name="Postes")
    seller = visitor("sales").go(f"/opportunities/{deal.pk}").sees("Aucun décideur connu : qui signe ?")
    seller.page.locator("#deal-role").select_option(label="Décideur")
    seller.press("Donner le rôle")
    seller.sees("Claire Morel", "Décideur", "Claire Morel : Décideur").look()
    seller.go("/pipeline").sees("Sans prochaine action")


def test_the_month_lands_where_its_deals_say(visitor: Callable[..., Visitor]) -> None:
    head = visitor("head")
    deal = Opportunity.objects.get(name="Réseau")
    period = f"{deal.close_date:%Y-%m}"
    Target.objects.create(owner=deal.owner, month=deal.close_date.replace(day=1), amount=10_000)
    head.go(f"/pipeline/forecast?period={period}").sees("Atterrissage", "3 750 €".replace(" ", "\u202f", 1))

    head.page.locator("main a.link[href*='number=engaged']").first.click()
    head.sees("Acier", within="#deals").look()
    shoot(head, "forecast")
    head.go(f"/pipeline/targets?year={deal.close_date.year}").sees("Objectifs").look()
    shoot(head, "targets")


def test_the_pages_fit_a_phone(visitor: Callable[..., Visitor]) -> None:
    seller = visitor("sales")
    page = seller.page
    size = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 844})
    try:
        for path in ("/pipeline", "/pipeline/review", "/pipeline/forecast"):
            seller.go(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
            shoot(seller, "phone" + path.replace("/", "-"))
    finally:
        page.set_viewport_size(size)
