"""The components in a real browser, under the product's own content security policy. Pages are rendered here."""

import json
import mimetypes
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.template import RequestContext, Template
from django.test import RequestFactory
from django.utils import translation

from filon.core.models import User
from filon.kit.web import toast
from filon.ui import assets
from tests.frame.skips import missing

pytestmark = pytest.mark.browser

HOST = "http://filon.test"
AXE = Path(__file__).resolve().parents[4] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
POLICY = "; ".join(
    f"{name} {' '.join(words)}" for name, words in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()
)
MONTHS = ["janv.", "févr.", "mars", "avr."]
PLOTS = {
    "bar": {
        "kind": "bar",
        "series": [{"name": "Inbound", "values": [1, 2, 3, 4]}, {"name": "Out", "values": [2, 1, 0, 1]}],
    },
    "across": {
        "kind": "bar",
        "horizontal": True,
        "unit": "money",
        "series": [{"name": "Coût", "values": [4, 3, 2, 1]}],
    },
    "line": {"kind": "line", "target": 3, "series": [{"name": "2026", "values": [1, 4, 2, None]}]},
    "funnel": {"kind": "funnel", "links": ["/rows"] * 4, "series": [{"name": "Leads", "values": [90, 40, 20, 5]}]},
    "interval": {
        "kind": "interval",
        "unit": "percent",
        "faded": [False, False, False, True],
        "series": [
            {"name": "Taux", "values": [0.3, 0.4, 0.2, 0.5], "low": [0.2, 0.3, 0.1, 0.1], "high": [0.4, 0.5, 0.3, 0.9]}
        ],
    },
    "heatmap": {"kind": "heatmap", "unit": "percent", "series": [{"name": "mai", "values": [0.1, 0.2, 0.3, None]}]},
    "scatter": {
        "kind": "scatter",
        "series": [{"name": "Canaux", "values": [[1, 2], [3, 4]], "names": ["Salon", "Web"]}],
    },
}
PAGE = """{% extends "base.html" %}{% load i18n ui %}
{% block title %}Essai{% endblock %}{% block heading %}Essai{% endblock %}
{% block actions %}<button class="button primary" data-dialog="new" data-key="n">Nouveau</button>{% endblock %}
{% block content %}
{% include "ui/stat_tile.html" with label="Signé" figure="184 k€" url="/rows" term="win_rate" value=70 goal=100 %}
{% include "ui/stat_tile.html" with label="Leads" figure="9 240" delta=0.12 better="up" note="sur un mois" %}
<section class="card">{% include "ui/score.html" with title="Profil" total=15 lines=lines grade="A1" %}</section>
<div x-data="selection" x-on:click="one"><table class="table"><thead><tr><td><input type="checkbox" class="select-all"
 aria-label="Tout" x-on:change="all"></td><th>Nom</th></tr></thead><tbody>{% for row in "abcde" %}<tr><td>
<input type="checkbox" class="select-row" aria-label="{{ row }}"></td><td>{{ row }}</td></tr>{% endfor %}</tbody>
</table>
<p class="bulk" x-cloak x-show="count"><b x-text="count"></b></p></div>
<div id="target">Avant</div>
<button id="ask-toast" hx-post="/toast" hx-target="#target">toast</button>
<button id="ask-invalid" hx-post="/invalid" hx-target="#target">invalid</button>
<button id="ask-broken" hx-post="/broken" hx-target="#target">broken</button>
<div class="board" data-board id="board">{% for stage in "ms" %}<section class="board-column">
<div class="board-cards" data-column="{{ stage }}" data-name="stage" id="column-{{ stage }}">
<article class="board-card" data-id="{{ stage }}1" data-move="/move">
<a class="board-card-title" href="/">{{ stage }}1</a></article></div></section>{% endfor %}</div>
{% for id, spec, table in plots %}{% plot id spec table %}{% endfor %}
{% endblock %}
{% block dialogs %}<dialog id="new" aria-label="Nouveau"><p>Formulaire</p></dialog>{% endblock %}"""


def page_html():
    request = RequestFactory().get("/")
    request.user = User(name="Léa Martin", role="sdr")
    plots = [
        (name, {"title": name, "categories": MONTHS, **spec}, {"headers": ["Mois", "Valeur"], "rows": [["mars", "3"]]})
        for name, spec in PLOTS.items()
    ]
    lines = [{"label": "Direction", "points": 20}, {"label": "Adresse personnelle", "points": -5}]
    with translation.override("fr"):
        return Template(PAGE).render(RequestContext(request, {"plots": plots, "lines": lines}))


@pytest.fixture
def asked():
    """What the page POSTed: (path, form)."""
    return []


@pytest.fixture
def page(browser_page, asked):
    """The test page, open. A refused style or script fails the test (tests/frame)."""
    if not (assets.BUILT / "app.js").exists():
        missing("the built frontend", "make setup")
    answers = {
        "/toast": (
            200,
            dict(toast("Lead passé à SQL").headers),
        ),
        "/invalid": (422, {}),
        "/broken": (500, {}),
        "/move": (403, {}),
    }

    def answer(route):
        path = urlsplit(route.request.url).path
        if path.startswith("/static/"):
            file = assets.BUILT / Path(path).name
            if file.exists():
                return route.fulfill(path=file, content_type=mimetypes.guess_type(path)[0] or "font/woff2")
            return route.fulfill(status=404)
        if path.endswith("/bell"):
            return route.fulfill(status=204)
        if path in answers:
            form = parse_qs(route.request.post_data or "")
            asked.append((path, form, route.request.headers.get("x-csrftoken")))
            status, headers = answers[path]
            return route.fulfill(status=status, headers=headers, content_type="text/html", body="<b>Après</b>")
        headers = {"Content-Security-Policy": POLICY}
        return route.fulfill(headers=headers, content_type="text/html; charset=utf-8", body=page_html())

    browser_page.route(f"{HOST}/**", answer)
    browser_page.add_init_script(
        "window.refused = []; addEventListener('securitypolicyviolation', e => refused.push(e.violatedDirective))"
    )
    browser_page.goto(HOST)
    wait_for_plots(browser_page)
    yield browser_page
    assert browser_page.evaluate("window.refused") == []


def wait_for_plots(page):
    page.wait_for_function(f"document.querySelectorAll('.plot-area svg').length === {len(PLOTS)}")


def test_every_kind_of_plot_is_drawn_and_says_its_figures(page):
    for name in PLOTS:
        assert page.locator(f"#{name} .plot-area svg path").count() > 0, name
    assert page.locator("#funnel .plot-area svg", has_text="40 · 44,4").count() == 1
    page.locator("#line .plot-area").hover()
    page.wait_for_selector("#line .plot-tip")
    assert "2026" in page.locator("#line .plot-tip").inner_text()


def test_a_plot_gives_way_to_its_table(page):
    page.locator("#bar [data-plot-view=table]").click()
    assert page.locator("#bar .plot-area").is_hidden()
    assert page.locator("#bar-table").bounding_box()["height"] > 40
    page.locator("#bar [data-plot-view=plot]").click()
    assert page.locator("#bar .plot-area").is_visible()


def test_a_click_on_a_mark_opens_its_rows(page):
    page.locator("#funnel .plot-area").click(position={"x": 120, "y": 35})
    page.wait_for_url(f"{HOST}/rows")


def test_a_toast_shows_what_the_server_says_and_leaves_the_page(page, asked):
    page.click("#ask-toast")
    page.wait_for_selector("#toasts .toast >> text=Lead passé à SQL")
    assert page.inner_text("#target") == "Avant"
    assert asked[0][2], "the CSRF token travels with every HTMX request"


def test_a_form_error_is_swapped_in_and_a_failure_is_not(page):
    page.click("#ask-invalid")
    page.wait_for_function("document.querySelector('#target').textContent === 'Après'")
    assert page.locator("#toasts .toast").count() == 0
    page.evaluate("document.querySelector('#target').textContent = 'Avant'")
    page.click("#ask-broken")
    page.wait_for_selector("#toasts .toast[data-level=error]")
    assert page.inner_text("#target") == "Avant"


def test_keys_open_what_the_page_offers(page):
    page.keyboard.press("n")
    assert page.locator("dialog#new").is_visible()
    page.keyboard.press("Escape")
    page.wait_for_function("!document.querySelector('dialog#new').open")
    page.keyboard.press("?")
    assert "Nouveau" in page.locator("#keys [data-keys-here]").inner_text()
    page.keyboard.press("Escape")
    page.wait_for_function("!document.querySelector('#keys').open")
    page.keyboard.press("Control+k")
    page.keyboard.type("glossaire")
    page.wait_for_selector("#palette [role=option][aria-selected=true] >> text=Glossaire")


def test_shift_chooses_every_row_between(page):
    rows = page.locator(".select-row")
    rows.nth(1).click()
    rows.nth(3).click(modifiers=["Shift"])
    assert page.inner_text(".bulk b") == "3"
    assert page.evaluate("document.querySelector('.select-all').indeterminate")
    page.locator(".select-all").click()
    assert page.inner_text(".bulk b") == "5"


def test_a_refused_move_puts_the_card_back(page, asked):
    page.locator("[data-id=m1]").drag_to(page.locator("[data-id=s1]"))
    page.wait_for_selector("#toasts .toast[data-level=error]")
    assert [(path, form["stage"]) for path, form, _ in asked] == [("/move", ["s"])]
    assert page.locator("#column-m [data-id=m1]").count() == 1


def test_a_word_of_the_glossary_explains_itself_on_focus_and_on_hover(page):
    page.locator("a.term").first.hover()
    page.wait_for_selector("#definition:popover-open >> text=Taux de signature")
    page.keyboard.press("Escape")
    page.wait_for_selector("#definition", state="hidden")


def test_a_chosen_theme_holds_for_the_next_page(page):
    page.emulate_media(color_scheme="light")
    page.click("[popovertarget=user-menu]")
    page.locator("#user-menu label[title=Sombre]").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert "theme=dark" in page.evaluate("document.cookie")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    page.locator("#user-menu label[title='Comme le système']").click()
    assert page.evaluate("document.documentElement.dataset.theme") is None


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_component_is_accessible(page, theme, width):
    if not AXE.exists():
        missing("axe-core", "make setup")
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.reload()
    wait_for_plots(page)
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE.read_text("utf-8")})  # past the policy, as a developer's tool
    found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})")
    faults = [
        (fault["id"], [(node["target"], node["failureSummary"]) for node in fault["nodes"]])
        for fault in found["violations"]
    ]
    assert faults == [], json.dumps(faults, indent=1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing wider than the window"
