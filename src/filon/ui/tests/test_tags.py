from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.template import Context, RequestContext, Template
from django.test import RequestFactory
from django.utils import translation

from filon.ui import assets
from filon.ui.templatetags import ui as tags


@pytest.fixture(autouse=True)
def in_french():
    with translation.override("fr"):
        yield


@pytest.fixture
def show():
    def render(source, address="/", **values):
        request = RequestFactory().get(address)
        return Template("{% load i18n ui %}" + source).render(RequestContext(request, values))

    return render


def test_a_missing_figure_is_a_dash_in_every_filter(show):
    source = "{{ x|number }}{{ x|percent }}{{ x|money }}{{ x|money_whole }}{{ x|money_short }}{{ x|ago }}{{ x|exact }}"
    assert show(source + "{{ x|day }}{{ x|duration }}{{ x|signed }}", x=None) == "–" * 10


def test_figures_that_come_as_text_are_figures(show):
    assert show("{{ x|money:'EUR' }}", x="1234.5") == "1\u202f234,50\u00a0€"


def test_points_carry_their_sign(show):
    assert show("{{ a|signed }} {{ b|signed }} {{ c|signed }}", a=12, b=Decimal("-4.5"), c=0) == "+12 \u22124,5 0"


def test_a_moment_keeps_its_exact_time_on_hover(show):
    html = show("{{ at|ago }}", at=datetime(2020, 3, 12, 9, 5, tzinfo=UTC))
    assert 'datetime="2020-03-12T09:05:00+00:00"' in html
    assert "12 mars 2020" in html
    assert "jeudi 12 mars 2020" in html


def test_a_stage_is_named_in_words_and_an_unknown_one_by_its_code(show):
    assert "En nurturing" in show("{% stage_chip 'nurturing' %}")
    assert "negotiation" in show("{% stage_chip 'negotiation' %}")


def test_the_circle_of_a_stage_fills_along_the_journey(show):
    def filled(stage):
        return float(tags.stage_chip(stage)["dash"].split()[0])

    journey = [filled(stage) for stage in ("captured", "qualifying", "nurturing", "mql", "sql", "opportunity")]
    assert journey == sorted(set(journey))


@pytest.mark.parametrize("nonsense", [None, "", "E1", "A5", "A1<b>"])
def test_what_is_no_grade_is_a_dash(show, nonsense):
    assert show("{% grade_chip g %}", g=nonsense) == "–"


def test_a_grade_is_told_apart_by_its_text(show):
    html = show("{% grade_chip 'B2' %}")
    assert ">B2</span>" in html
    assert "Classe B2" in html


def test_the_query_string_changes_only_what_is_named(show):
    assert show("{% qs sort='-amount' after=None %}", "/leads?stage=mql&stage=sql&after=x") == (
        "?stage=mql&amp;stage=sql&amp;sort=-amount"
    )
    assert show("{% qs after=None %}", "/leads?after=x") == "/leads"


def test_a_sort_head_goes_up_then_down_then_back(show):
    head = "{% sort_header 'amount' 'Montant' 'num' %}"
    assert 'href="?sort=amount"' in show(head, "/leads?after=x")
    up = show(head, "/leads?sort=amount")
    assert 'aria-sort="ascending"' in up
    assert 'href="?sort=-amount"' in up
    down = show(head, "/leads?sort=-amount")
    assert 'aria-sort="descending"' in down
    assert 'href="/leads"' in down


def test_bars_of_a_score_share_one_scale_with_zero_inside():
    lines = [{"points": 20}, {"points": -5}]
    assert 'x="20.00" y="0" width="80.00"' in tags.signed_bar(20, lines)
    assert 'x="0.00" y="0" width="20.00"' in tags.signed_bar(-5, lines)
    assert 'x="0.00" y="0" width="100.00"' in tags.signed_bar(20, [{"points": 20}])
    assert 'width="0.00"' in tags.signed_bar(0, [{"points": 0}])


def test_a_definition_explains_its_term_and_links_the_glossary(show):
    html = show("{% definition 'win_rate' %}")
    assert "Taux de signature" in html
    assert "gagnées ÷ (gagnées + perdues)" in html
    assert "/help/glossary#win_rate" in html
    with pytest.raises(KeyError):
        show("{% definition 'nonsense' %}")


def test_a_plot_carries_its_table_and_asks_for_the_charts_script():
    request = RequestFactory().get("/")
    spec = {
        "kind": "bar",
        "title": "Coût",
        "categories": ["Salon </script>"],
        "series": [{"name": "Coût", "values": [Decimal("1.5"), None]}],
    }
    table = {"headers": ["Canal", "Coût"], "rows": [["Salon", {"text": "1,50 €", "url": "/rows"}], ["Web", None]]}
    context = RequestContext(request, {"spec": spec, "table": table})
    html = Template("{% load ui %}{% plot 'cost' spec table %}").render(context)
    assert request.has_plots
    assert '"values": [1.5, null]' in html
    assert "</script>" not in html.split('type="application/json">')[1].split("</script>\n")[0]
    assert '<a class="row-link" href="/rows">1,50 €</a>' in html
    assert '<td class="num">–' in html


@pytest.mark.parametrize(
    ("name", "shown"), [("Léa Martin", "LM"), ("karim@filon.test", "KT"), ("Inès", "I"), ("", "?")]
)
def test_initials_stand_for_a_name(name, shown):
    assert tags.initials(name) == shown


def test_an_unknown_icon_is_refused(monkeypatch):
    monkeypatch.setattr(assets, "_icons", lambda: {"mail": "<path/>"})
    assert "<path/>" in tags.icon("mail")
    assert 'aria-label="Mail"' in tags.icon("mail", "", "Mail")
    with pytest.raises(assets.UnknownIcon):
        tags.icon("nonsense")


def test_what_a_name_holds_stays_text_in_every_component(show):
    evil = "<img src=x onerror=alert(1)>"
    parts = [
        "{% include 'ui/stat_tile.html' with label=x figure=x note=x %}",
        "{% include 'ui/empty.html' with icon='inbox' title=x text=x action_url='/' action_label=x %}",
        "{% include 'ui/filter_bar.html' with condition=x %}",
        "{% include 'ui/notice.html' with text=x title=x %}",
        "{% stage_chip x %}",
    ]
    assert "<img" not in show("".join(parts), x=evil)


def test_a_lazy_context_is_not_needed_for_an_icon():
    assert Template("{% load ui %}{% icon 'x' %}").render(Context()).startswith("<svg")
