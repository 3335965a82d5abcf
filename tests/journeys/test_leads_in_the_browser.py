"""Leads found, filtered, kept as a segment and moved on the board, by people and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from filon.core.models import Fact
from filon.leads.models import Lead, Segment
from tests.journeys.conftest import Place
from tests.journeys.looking import Visitor
from tests.journeys.made import make_workspace

pytestmark = [pytest.mark.database, pytest.mark.browser]


@pytest.fixture(scope="module", autouse=True)
def workspace(place: Place, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Sixty leads with companies, in every stage."""
    return make_workspace(place, tmp_path_factory.mktemp("files"))


def rows(visitor: Visitor) -> list[str]:
    """The names in the list, from top to bottom."""
    return list(visitor.page.locator("main table .row-link").all_inner_texts())


def test_a_mistake_in_a_condition_is_shown_at_its_place_and_what_was_typed_stays(
    visitor: Callable[..., Visitor],
) -> None:
    marketing = visitor("marketing").go("/leads?filter=stage+%3D+mql+and+company.employes+%3E%3D+50", status=422)
    page = marketing.page
    page.wait_for_selector("#condition-error")
    assert page.locator("#condition-error mark").inner_text().startswith("company.employes")
    box = page.locator("main input[name=filter][type=text]")
    assert box.input_value() == "stage = mql and company.employes >= 50"
    box.fill("stage = mql and company.employees >= 50")
    box.press("Enter")
    page.wait_for_selector("main table .row-link")
    marketing.look()
    expected = Lead.objects.filter(stage="mql", company__employees__gte=50)
    assert 0 < expected.count() == len(rows(marketing))
    assert set(rows(marketing)) == set(expected.values_list("person__full_name", flat=True))


def test_sorting_by_a_header_orders_the_rows_and_the_address_holds_it(visitor: Callable[..., Visitor]) -> None:
    marketing = visitor("marketing").go("/leads?filter=stage+%3D+mql&sort=name")
    names = rows(marketing)
    assert names == sorted(names)
    marketing.page.locator("main th a[href*='sort=-name']").first.click()
    marketing.page.wait_for_url(re.compile(r"sort=-name"))
    marketing.wait(lambda: rows(marketing) == names[::-1])


def test_a_filter_is_kept_under_a_name_and_opens_the_same_leads_again(visitor: Callable[..., Visitor]) -> None:
    marketing = visitor("marketing").go("/leads?filter=stage+%3D+sql&sort=name")
    page, before = marketing.page, rows(marketing)
    page.locator("main [hx-get*='/leads/segments']").first.click()
    page.locator("dialog #segment-name").fill("SQL à rappeler")
    marketing.look()
    page.locator("dialog .button.primary").click()
    page.get_by_role("link", name="SQL à rappeler").wait_for()
    kept = Segment.objects.get()
    assert (kept.name, kept.condition, kept.owner.role, kept.is_shared) == (
        "SQL à rappeler",
        "stage = sql",
        "marketing",
        False,
    )
    marketing.go("/leads")
    page.get_by_role("link", name="SQL à rappeler").click()
    marketing.wait(lambda: sorted(rows(marketing)) == sorted(before))
    other = visitor("sdr").go("/leads")
    assert other.page.get_by_role("link", name="SQL à rappeler").count() == 0, "it is not shared"


def test_search_finds_a_person_by_the_beginning_of_a_name_without_accents(visitor: Callable[..., Visitor]) -> None:
    head = visitor("head").go("/leads")
    head.wait(lambda: _is_indexed(head))
    head.page.keyboard.press("/")
    head.page.keyboard.type("agnes del")
    head.page.keyboard.press("Enter")
    head.page.wait_for_url("**/search?q=*")
    head.sees("Agnès Delmas").look()


def _is_indexed(visitor: Visitor) -> bool:
    answer = visitor.page.request.get(f"{visitor.url}/search?q=delmas")
    return "Agnès Delmas" in answer.text()


def test_a_card_moves_by_its_menu_without_a_mouse_and_the_ledger_tells_who(
    visitor: Callable[..., Visitor], workspace: dict[str, Any]
) -> None:
    lead_id = Lead.objects.filter(stage="captured").latest("pk").pk
    marketing = visitor("marketing").go("/leads/board")
    page = marketing.page
    card = f".board-card[data-id='{lead_id}']"
    page.locator(f"{card} .board-card-menu > button").focus()
    page.keyboard.press("Enter")
    page.locator(f"{card} button[name=stage][value=qualifying]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(f"[data-column=qualifying] {card}")
    marketing.look()
    assert Lead.objects.get(pk=lead_id).stage == "qualifying"
    moved = Fact.objects.filter(kind="stage_changed", lead_id=lead_id).latest("id")
    assert (moved.actor_kind, moved.payload["from_stage"], moved.payload["to_stage"]) == (
        "user",
        "captured",
        "qualifying",
    )
