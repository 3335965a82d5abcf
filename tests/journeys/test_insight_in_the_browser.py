"""Figures in the browser: a period, a split, the rows behind a number, a plot and its table, a shared address."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from filon.leads.models import Lead
from tests.journeys.conftest import Place
from tests.journeys.looking import Visitor
from tests.journeys.made import make_workspace

pytestmark = [pytest.mark.database, pytest.mark.browser]

FIRST, LAST = "2025-01-01", "2025-04-01"
ASKED = f"from={FIRST}&to={LAST}"


@pytest.fixture(scope="module", autouse=True)
def workspace(place: Place, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Sixty leads of 2025, five a month, with costs and opportunities."""
    return make_workspace(place, tmp_path_factory.mktemp("files"))


@pytest.fixture
def head(visitor: Callable[..., Visitor]) -> Visitor:
    """The head, whose page this is."""
    return visitor("head")


def captured(**more: Any) -> Any:
    """The leads of the period that is asked about."""
    return Lead.objects.filter(
        captured_at__gte=datetime.fromisoformat(FIRST).replace(tzinfo=UTC),
        captured_at__lt=datetime.fromisoformat(LAST).replace(tzinfo=UTC),
        **more,
    )


def table(visitor: Visitor, wrap: str = "#table") -> dict[str, list[str]]:
    """A table of figures: the cells of each row by its name."""
    return {
        " ".join((row.locator("th").text_content() or "").split()): row.locator("td").all_inner_texts()
        for row in visitor.page.locator(f"{wrap} tbody tr").all()
    }


def is_shown(part: Any) -> bool:
    """Whether a part is there for the eye, not for screen readers alone."""
    box = part.bounding_box()
    return bool(box) and box["height"] > 20


def asked(visitor: Visitor) -> dict[str, list[str]]:
    """What the address asks."""
    return parse_qs(urlsplit(visitor.page.url).query)


def test_a_period_is_chosen_by_name_and_by_its_days(head: Visitor) -> None:
    page = head.go("/insight").page
    head.follow("Tout", within="nav[aria-label='Période']")
    page.wait_for_url("**period=all*")
    page.locator("nav[aria-label='Période'] [aria-current]", has_text="Tout").wait_for()
    head.look()
    assert len(table(head)) >= 12, "a row for each month of 2025"
    page.locator("summary", has_text="Dates").click()
    head.fill(**{"from": FIRST, "to": LAST})
    page.locator("form[role=search]").get_by_role("button", name="Afficher").click()
    page.wait_for_url(re.compile(rf"from={FIRST}.*to={LAST}"))
    head.look()
    months = {name: cells for name, cells in table(head).items() if "2025" in name}
    assert len(months) == 3
    assert sum(int(cells[0]) for cells in months.values()) == captured().count() == 15


def test_leads_are_split_by_source_and_each_says_how_many_came(head: Visitor) -> None:
    page = head.go(f"/insight?{ASKED}").page
    page.get_by_label("Répartir par").select_option("source")
    page.locator("form[role=search]").get_by_role("button", name="Afficher").click()
    page.wait_for_url("**by=source*")
    head.look()
    assert asked(head)["from"] == [FIRST], "the days stay as they were"
    rows = table(head)
    for source in ("Google", "Salon"):
        assert int(rows[source][0]) == captured(source=source).count() > 0


def test_the_rows_behind_a_number_are_the_very_ones_it_counts(head: Visitor) -> None:
    page = head.go(f"/insight?{ASKED}&by=source").page
    row = page.locator("#table tbody tr", has=page.locator("th", has_text="Google"))
    number = int(row.locator("td a").first.inner_text())
    row.locator("td a").first.click()
    page.wait_for_url("**/insight/rows?*")
    head.look().sees("Google")
    names = page.locator("main table .row-link").all_inner_texts()
    expected = captured(source="Google").values_list("person__full_name", flat=True)
    assert sorted(names) == sorted(expected)
    assert len(names) == number == int(page.locator("h1 ~ .count, header .count").first.inner_text())
    page.locator("main table .row-link").first.click()
    page.wait_for_url(re.compile(r"/leads/\d+$"))
    head.sees(names[0], within="h1")
    page.go_back()
    page.locator("nav.breadcrumbs a, .breadcrumbs a").first.click()
    page.wait_for_url(re.compile(r"/insight\?.*by=source"))
    assert asked(head)["to"] == [LAST], "and back to the same question"


def test_a_plot_is_drawn_and_shown_as_the_table_it_is_made_of(head: Visitor) -> None:
    page = head.go(f"/insight?{ASKED}&by=channel").page
    plot = page.locator("figure.plot#by")
    plot.locator(".plot-area svg, .plot-area canvas").first.wait_for()
    bars, words = (
        set(plot.locator(f".plot-area svg {shape}").evaluate_all("all => all.map(one => one.getAttribute('fill'))"))
        for shape in ("path[fill^='#']", "text")
    )
    assert bars, "there are bars"
    assert not bars & words, "with motion reduced too, words have not the colour of bars"
    assert not is_shown(plot.locator("#by-table"))
    plot.get_by_role("button", name="Tableau").click()
    head.wait(lambda: is_shown(plot.locator("#by-table")))
    page.evaluate("scrollTo(0, 0)")  # axe would take what lies under the sticky bar for too small
    head.look()
    assert not plot.locator(".plot-area").is_visible()
    shown = {name: cells[0] for name, cells in table(head, "#by-table").items()}
    whole = table(head)
    assert shown == {name: whole[name][0] for name in shown}
    assert sum(int(number) for number in shown.values()) == captured().count()
    plot.get_by_role("button", name="Graphique").click()
    plot.locator(".plot-area").wait_for()


def test_an_address_shows_a_colleague_the_same_page(head: Visitor, visitor: Callable[..., Visitor]) -> None:
    head.go(f"/insight/sources?{ASKED}&by=source")
    head.page.locator("input[name=filter]").fill("stage = mql")
    head.page.locator("form[role=search]").get_by_role("button", name="Afficher").click()
    head.page.wait_for_url("**filter=stage*")
    rows, address = table(head), head.page.url.removeprefix(head.url)
    assert rows
    other = visitor("marketing").go(address)
    assert table(other) == rows
    assert other.page.locator("input[name=filter]").input_value() == "stage = mql"


@pytest.mark.parametrize("path", ["/insight/speed", "/insight/cost", "/insight/velocity"])
def test_the_other_figures_open_on_a_phone_without_a_side_scroll(head: Visitor, path: str) -> None:
    head.page.set_viewport_size({"width": 390, "height": 844})
    head.go(f"{path}?{ASKED}").page.locator(".tiles").wait_for()
    assert head.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    head.page.locator("main .card.flush h2").wait_for()


def test_a_question_nobody_can_answer_is_said_and_the_usual_one_answered(head: Visitor) -> None:
    head.go("/insight?filter=company.employes+%3E+3", status=422)
    head.page.locator("main .notice").first.wait_for()
    assert head.page.locator("input[name=filter]").input_value() == "company.employes > 3"
