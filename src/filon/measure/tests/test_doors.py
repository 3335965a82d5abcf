"""The API, the command line, the pages and the file of a figure say the same, to those who may know."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from filon.core import access, accounts
from filon.core.access import SYSTEM, Actor
from filon.core.models import Team
from filon.kit.errors import Kind, Refused
from filon.measure import periods, queries
from filon.measure.insight import presentation

from .conftest import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(world: World) -> World:
    """Leads of three sources over the last months, some of them customers; deals and costs."""
    now = timezone.now()
    for number in range(40):
        captured = now - timedelta(days=7 * number + 1)
        passed = [("mql", captured + timedelta(hours=3)), ("customer", captured + timedelta(days=1))]
        world.lead(
            captured,
            *(passed[: number % 3]),
            learnt=now - timedelta(minutes=1),
            source=("Google", "Salon", "=cmd()")[number % 3],
            channel=("organic_search", "event", "web")[number % 3],
        )
    day = (now - timedelta(days=10)).date().isoformat()
    world.cost(day, day, "event", "1234.50")
    world.opportunity(
        (now - timedelta(days=40)).isoformat(), won=(now - timedelta(days=3)).isoformat(), amount="5000.00", learnt=now
    )
    return world


@pytest.fixture
def key(db: None) -> str:
    _key, secret = accounts.create_key("k", ["kpi:read"], by=SYSTEM, at=timezone.now())
    return secret


def ask_api(client, key: str, name: str, query: str = "") -> dict:
    response = client.get(f"/api/v1/kpi/{name}?{query}", headers={"Authorization": f"Bearer {key}"})
    assert response.status_code == 200, response.content
    return response.json()


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("funnel", ["source"]),
        ("funnel", ["month", "channel"]),
        ("durations", []),
        ("headline", []),
        ("speed", ["source"]),
        ("cost", ["channel"]),
        ("velocity", ["quarter"]),
    ],
)
def test_the_api_and_the_command_line_answer_the_same(told: World, client, key: str, name: str, by: list[str]):
    from click.testing import CliRunner

    from filon.cli import main

    run = CliRunner().invoke(main, ["kpi", name, "--json", *(word for one in by for word in ("--by", one))])
    assert run.exit_code == 0, run.output
    command = json.loads(run.stdout.splitlines()[-1])
    assert ask_api(client, key, name, "&".join(f"by={one}" for one in by)) == command
    assert command["rows"]


def cells_of(page: str, table_id: str) -> list[list[str]]:
    """The rows of a table of a page, as texts."""
    table = re.search(rf'id="{table_id}".*?</table>', page, re.DOTALL)[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    cells = [re.findall(r"<(?:th|td)[^>]*>(.*?)</(?:th|td)>", row, re.DOTALL) for row in rows]
    return [[html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in cells]


def plain(text: str) -> str:
    return re.sub(r"\s", " ", text.replace("\u202f", " ").replace("\xa0", " "))


def test_the_page_shows_what_the_api_answers(told: World, client, key: str, signed_in_client):
    page = signed_in_client("head").get("/insight/sources?period=all&by=source").content.decode()
    rows = ask_api(client, key, "funnel", "by=source")["rows"]
    shown = cells_of(page, "table")[1:-1]
    assert [row[0] for row in shown] == [row["source"] for row in rows]
    for cells, row in zip(shown, rows, strict=True):
        assert [int(cells[column]) for column in (1, 2, 4)] == [row["captured"], row["mql"], row["sql"]]
        assert plain(cells[9]) == f"{row['rate'] * 100:.1f} %".replace(".", ",")


@pytest.mark.parametrize("name", ["funnel", "sources", "speed", "cost", "velocity"])
def test_every_page_answers_in_both_languages_and_its_numbers_open_their_rows(told: World, signed_in_client, name: str):
    for language, word in (("fr", "Par "), ("en", "By ")):
        client = signed_in_client("head", language=language)
        response = client.get(reverse(f"measure:{name}"))
        page = response.content.decode()
        assert response.status_code == 200
        assert word in page
        links = re.findall(r'href="(/insight/rows\?[^"]+)"', page)
        assert links
        for link in dict.fromkeys(html.unescape(link) for link in links[:12]):
            assert client.get(link).status_code == 200, link


def test_a_number_of_the_page_is_the_count_of_its_rows(told: World, signed_in_client):
    client = signed_in_client("head")
    page = client.get("/insight/sources?period=all").content.decode()
    found = re.findall(r'<a class="row-link" href="(/insight/rows\?[^"]+)">([\d\s\u202f\xa0]+)</a>', page)
    assert len(found) > 5
    for link, number in found:
        rows = client.get(html.unescape(link)).content.decode()
        total = re.search(r'<span class="count">([^<]+)</span>', rows)[1]
        assert re.sub(r"\D", "", total) == re.sub(r"\D", "", number), link


def test_the_rows_of_deals_and_costs_are_shown(told: World, signed_in_client):
    client = signed_in_client("head")
    assert "Deal" in client.get("/insight/rows?figure=velocity&cell=won").content.decode()
    page = plain(client.get("/insight/rows?figure=cost&cell=spend").content.decode())
    assert "1 234,50 €" in page
    assert "Médias" in page


def test_rows_come_in_pages_each_row_once(told: World, signed_in_client, monkeypatch):
    monkeypatch.setattr(queries.rows_behind, "__kwdefaults__", {**queries.rows_behind.__kwdefaults__, "limit": 15})
    client = signed_in_client("head")
    link, seen = "/insight/rows?figure=funnel&cell=captured", []
    while link:
        page = client.get(link).content.decode()
        seen += re.findall(r'href="/leads/(\d+)"', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        link = f"/insight/rows{html.unescape(following[1])}" if following else ""
    assert len(seen) == len(set(seen)) == 40


@pytest.mark.parametrize(
    "query", ["figure=nothing&cell=captured", "figure=funnel&cell=nothing", "figure=funnel&cell=captured&key=x", ""]
)
def test_rows_of_nothing_that_exists_are_refused(told: World, signed_in_client, query: str):
    assert signed_in_client("head").get(f"/insight/rows?{query}").status_code in {404, 422}


def test_keys_that_name_nobody_have_no_rows(told: World, signed_in_client):
    page = signed_in_client("head").get("/insight/rows?figure=funnel&cell=captured&by=owner&key=evil'--").content
    assert b'<span class="count">0</span>' in page


def test_a_question_nobody_understands_is_said_and_the_usual_one_answered(told: World, signed_in_client):
    client = signed_in_client("head")
    for query in ("from=yesterday", "by=nonsense", "filter=stage+%3D", "from=2026-02-01&to=2026-01-01", "as_of=x"):
        response = client.get(f"/insight?{query}")
        assert response.status_code == 422, query
        assert b'id="table"' in response.content


def test_the_address_holds_the_question(told: World, signed_in_client):
    page = signed_in_client("head").get("/insight/sources?period=quarter&by=channel&filter=source+%3D+google").content
    text = page.decode()
    assert 'value="source = google"' in text
    assert '<option value="channel" selected>' in text
    assert "period=quarter" in text


def test_a_base_that_lies_further_back_is_shown_rather_than_zeros(world: World, signed_in_client):
    world.lead("2019-05-05", ("customer", "2019-06-06"))
    page = signed_in_client("head").get("/insight/sources").content.decode()
    assert cells_of(page, "table")[1][1] == "1"


@pytest.mark.parametrize("name", ["funnel", "sources", "speed", "cost", "velocity"])
def test_a_page_costs_few_statements(told: World, signed_in_client, name: str, django_assert_max_num_queries):
    client = signed_in_client("head")
    client.get(reverse(f"measure:{name}"))
    with django_assert_max_num_queries(12):
        client.get(reverse(f"measure:{name}"))


def test_an_empty_workspace_is_told_what_the_page_is_for(world: World, signed_in_client):
    for name in ("funnel", "sources", "speed", "cost", "velocity"):
        page = signed_in_client("admin").get(reverse(f"measure:{name}")).content.decode()
        assert 'class="empty' in page
        assert reverse("imports:new") in page


def test_the_slow_part_of_the_funnel_can_be_asked_for_apart(told: World, signed_in_client):
    page = signed_in_client("head").get("/insight/durations?from=2000-01-01").content.decode()
    assert cells_of(page, "durations-table")[1][1].isdigit()


# The file -------------------------------------------------------------------------------------------------------------


def test_the_file_holds_the_same_rows_and_no_formula(told: World, client, key: str, signed_in_client):
    response = signed_in_client("head", language="en").get("/insight/sources.csv?by=source")
    text = response.content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    expected = ask_api(client, key, "funnel", "by=source")["rows"]
    assert {row["source"] for row in rows} == {"Google", "Salon", "'=cmd()"}
    assert [int(row["captured"]) for row in rows] == [row["captured"] for row in expected]
    assert [float(row["rate"]) for row in rows] == [row["rate"] for row in expected]


def test_a_french_file_opens_in_a_french_spreadsheet(told: World, signed_in_client):
    response = signed_in_client("head", language="fr").get("/insight/cost.csv?by=channel")
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
    assert "1234,50" in {row["spend"] for row in rows}


@pytest.mark.parametrize("text", ["=1+1", "+33", "-x", "@x", "\tx", "\rx"])
def test_no_cell_is_taken_for_a_formula(text: str):
    assert presentation.neutral(text) == f"'{text}"
    assert presentation.neutral("plain") == "plain"


# Who may --------------------------------------------------------------------------------------------------------------


def test_without_the_permission_every_door_says_no(told: World, client):
    nobody = Actor("user", 1, "x", "x")
    with pytest.raises(Refused) as refused:
        queries.figure("funnel", periods.Asked(), by=nobody, at=timezone.now())
    assert refused.value.kind is Kind.FORBIDDEN
    with pytest.raises(Refused):
        queries.rows_behind("funnel", periods.Asked(), "captured", (), by=nobody, at=timezone.now())
    _key, secret = accounts.create_key("k2", ["leads:read"], by=SYSTEM, at=timezone.now())
    answer = client.get("/api/v1/kpi/funnel", headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    assert client.get("/api/v1/kpi/funnel").status_code == 401


def test_an_unknown_figure_or_dimension_is_a_problem_with_its_field(told: World, client, key: str):
    headers = {"Authorization": f"Bearer {key}"}
    assert client.get("/api/v1/kpi/nothing", headers=headers).status_code == 404
    answer = client.get("/api/v1/kpi/funnel?by=nothing", headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "by")
    assert client.get("/api/v1/kpi/funnel?from=soon", headers=headers).json()["errors"][0]["field"] == "from"


def test_the_command_says_what_is_wrong_and_ends_with_one(told: World):
    from click.testing import CliRunner

    from filon.cli import main

    run = CliRunner().invoke(main, ["kpi", "funnel", "--by", "sorce"])
    assert run.exit_code == 1
    assert "source" in run.output


def test_a_manager_sees_the_figures_of_their_team_and_of_what_has_no_owner(world: World, make_user):
    mine, other = (Team.objects.create(name=n, name_folded=n, created_at=timezone.now()) for n in ("a", "b"))
    boss = make_user("manager", team=mine)
    for owner in (make_user("sales", team=mine), make_user("sales", team=other), boss, None):
        world.lead(owner=owner)
        world.opportunity(won="2026-01-11", owner=owner)
    everything = World().row("funnel")["captured"], World().row("velocity")["won"]
    world.by = access.of_user(boss)
    assert everything == (4, 4)
    assert world.row("funnel")["captured"] == len(world.behind("funnel", "captured")) == 3
    assert world.row("velocity")["won"] == len(world.behind("velocity", "won")) == 3
    assert world.row("cost")["spend"] is None


def test_the_lake_is_made_anew_by_one_command(told: World):
    from click.testing import CliRunner

    from filon.cli import main

    run = CliRunner().invoke(main, ["lake", "rebuild", "--json"])
    assert run.exit_code == 0, run.output
    answer = json.loads(run.stdout.splitlines()[-1])
    assert (answer["leads"], answer["opportunities"]) == (40, 1)


def test_tiles_funnel_api_and_command_say_one_number(world: World, client, key: str, signed_in_client):
    from click.testing import CliRunner

    from filon.cli import main

    for number in range(45):  # a history as an import brings it: nobody recorded what sales accepted
        passed = [("customer", "2025-06-01")] if number % 3 == 0 else [("lost", "2025-06-02")]
        world.lead("2025-06-01", *passed, import_id=7, told_by_import=True)
    world.opportunity("2025-06-03", won="2025-07-01", amount="4000.00")
    answers = {name: ask_api(client, key, name)["rows"][0] for name in ("funnel", "headline")}
    for name, row in answers.items():
        run = CliRunner().invoke(main, ["kpi", name, "--json"])
        assert json.loads(run.stdout.splitlines()[-1])["rows"] == [row]
    funnel, headline = answers["funnel"], answers["headline"]
    assert funnel["sql_accepted"] == headline["sql_accepted"] == funnel["sql"] == 15

    page = signed_in_client("head").get("/insight?period=all").content.decode()
    tiles = [int(text) for text in re.findall(r'class="tile-figure"[^>]*>(\d+)<', page)]
    assert tiles == [headline[name] for name in ("new_leads", "sql_accepted", "created")]
    steps = cells_of(page, "steps")[1:]
    assert [int(cells[1]) for cells in steps] == [
        funnel[stage] for stage in ("captured", "qualifying", "mql", "sql", "opportunity", "customer")
    ]
    assert "l’entonnoir compte les leads arrivés à cette étape : 15" in html.unescape(page)


def test_a_split_of_very_many_rows_shows_the_largest_and_adds_the_others_up(
    world: World, signed_in_client, client, key
):
    for number in range(70):
        world.lead("2025-06-01", *([("customer", "2025-06-02")] if number % 2 else []), source=f"S{number:02}")
    rows = ask_api(client, key, "funnel", "by=source")["rows"]
    assert len(rows) == 70
    page = signed_in_client("head").get("/insight/sources?period=all&by=source").content.decode()
    *_shown, others, total = cells_of(page, "table")[1:]
    assert len(_shown) == presentation.MOST_LINES
    assert others[0] == "20 autres"
    for column in (1, 2, 4, 7, 8):
        assert sum(int(cells[column]) for cells in (*_shown, others)) == int(total[column])


def test_identifiers_and_constants_are_not_offered_and_names_keep_their_case(world: World, signed_in_client):
    for number in range(40):
        attributes = {"Lead Number": f"{number}", "Country Kind": "x", "LeadOrigin": "API" if number % 2 else "Import"}
        world.lead("2025-06-01", attributes=attributes)
    page = signed_in_client("head").get("/insight?period=all&by=leadorigin").content.decode()
    assert ">LeadOrigin</option>" in page
    assert "Par LeadOrigin" in page
    assert "Lead Number" not in page
    assert "Country Kind" not in page


def test_a_history_further_back_than_a_year_is_shown_and_said(world: World, signed_in_client):
    world.opportunity("2017-01-03", won="2017-03-01", amount="4000.00")
    world.opportunity("2017-01-03")  # open since: nothing that happened this year
    page = html.unescape(signed_in_client("head").get("/insight/velocity").content.decode())
    assert "Rien ne date des 12 derniers mois" in page
    assert "mars 2017" in plain(page)


def test_the_command_prints_a_table_that_fits(told: World, monkeypatch: pytest.MonkeyPatch):
    from click.testing import CliRunner

    from filon.cli import main

    monkeypatch.setenv("COLUMNS", "90")
    text = CliRunner().invoke(main, ["kpi", "funnel", "--by", "source"]).stdout
    head, first, *_rest = text.splitlines()
    assert max(map(len, text.splitlines())) <= 90
    assert "Taux de SQL" in head
    assert re.search(r"\d,\d\s%", first)
    assert "more columns with --json" in text
    for name in ("durations", "headline", "speed", "cost", "velocity"):
        run = CliRunner().invoke(main, ["kpi", name])
        assert run.exit_code == 0, run.output
