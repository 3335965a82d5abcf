"""The pages: what they show, what they cost, who may, and what they answer to HTMX."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from filon.core.models import AuditEntry, Fact, Team, User
from filon.leads.listing import columns, queries, segments
from filon.leads.models import Lead, Segment

Submit = Callable[..., Lead]
SignIn = Callable[..., Client]
HTMX = {"HX-Request": "true"}


def text_of(response: Any) -> str:
    return unescape(response.content.decode())


def names(response: Any) -> list[str]:
    return re.findall(r'class="row-link"[^>]*>([^<]+)<', text_of(response))


@pytest.fixture
def three(submit: Submit, at: datetime, db: None) -> list[Lead]:
    return [
        submit(full_name=name, company__name=company, stage=stage, captured_at=at - timedelta(days=days), grade=grade)
        for days, (name, company, stage, grade) in enumerate(
            [
                ("Ana Petit", "Acier", "mql", "B2"),
                ("Ben Roux", "Bois", "sql", "A1"),
                ("Chloé Rey", "Craie", "captured", ""),
            ]
        )
    ]


# The list -------------------------------------------------------------------------------------------------------------


def test_the_list_shows_leads_newest_first_with_their_number(three: list[Lead], signed_in_client: SignIn) -> None:
    response = signed_in_client("sdr").get("/leads")
    assert names(response) == ["Ana Petit", "Ben Roux", "Chloé Rey"]
    assert "3 leads" in text_of(response)
    assert f'href="/leads/{three[0].pk}"' in text_of(response)


def test_the_list_costs_at_most_twelve_statements_whatever_it_shows(
    three: list[Lead], signed_in_client: SignIn, django_assert_max_num_queries: Any, at: datetime
) -> None:
    client = signed_in_client("marketing")
    number = segments.save_segment(
        segments.Draft(name="x", condition="stage = mql", columns=["attributes.X"]), by=_actor(client), at=at
    )
    for query in ("", "?filter=stage+%3D+mql&sort=-grade", f"?segment={number}", "?q=ana"):
        with django_assert_max_num_queries(12):
            client.get(f"/leads{query}")
        with django_assert_max_num_queries(12):
            client.get(f"/leads/board{query}")


def _actor(client: Any) -> Any:
    from filon.core import access

    return access.of_user(client.user)


def test_headers_sort_and_the_filter_stays(three: list[Lead], signed_in_client: SignIn) -> None:
    client = signed_in_client("sdr")
    response = client.get("/leads?sort=grade&filter=captured_at+is+not+empty")
    assert names(response) == ["Ben Roux", "Ana Petit", "Chloé Rey"]
    assert "sort=-grade" in text_of(response)
    assert names(client.get("/leads?sort=-company")) == ["Chloé Rey", "Ben Roux", "Ana Petit"]


def test_the_next_page_is_a_plain_link_and_there_is_a_way_back(
    three: list[Lead], signed_in_client: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST", 2)
    client = signed_in_client("sdr")
    first = client.get("/leads?filter=is_open")
    assert names(first) == ["Ana Petit", "Ben Roux"]
    following = re.search(r'rel="next" href="([^"]+)"', first.content.decode())
    second = client.get(unescape(following[1]))
    assert names(second) == ["Chloé Rey"]
    assert "filter=is_open" in unescape(following[1])
    back = re.search(r'rel="prev" href="([^"]+)"', second.content.decode())
    assert names(client.get(unescape(back[1]))) == ["Ana Petit", "Ben Roux"]


def test_a_condition_that_cannot_be_read_is_shown_with_its_place(three: list[Lead], signed_in_client: SignIn) -> None:
    response = signed_in_client("sdr").get("/leads?filter=stage+%3D+mqll")
    assert response.status_code == 422
    assert "<code>stage = <mark>mqll</mark></code>" in text_of(response)
    assert 'value="stage = mqll"' in text_of(response)


def test_shorthands_of_other_pages_open_the_list(three: list[Lead], signed_in_client: SignIn) -> None:
    response = signed_in_client("sdr").get("/leads?stage=sql&stage=mql")
    assert names(response) == ["Ana Petit", "Ben Roux"]


def test_words_narrow_the_list(three: list[Lead], signed_in_client: SignIn, at: datetime) -> None:
    from filon.leads.search import index

    index.rebuild(at=at)
    assert names(signed_in_client("sdr").get("/leads?q=roux+bo")) == ["Ben Roux"]


def test_the_first_screen_without_leads_says_what_to_do(signed_in_client: SignIn, db: None) -> None:
    shown = text_of(signed_in_client("ops").get("/leads"))
    assert reverse("imports:new") in shown
    assert "<table" not in shown
    assert reverse("imports:new") not in text_of(signed_in_client("read_only").get("/leads")).split("<main")[1]


def test_a_filter_that_finds_nobody_offers_every_lead(three: list[Lead], signed_in_client: SignIn) -> None:
    shown = text_of(signed_in_client("sdr").get("/leads?filter=stage+%3D+lost")).split("<main")[1]
    assert "<table" not in shown
    assert 'href="/leads"' in shown


def test_a_manager_gets_their_team_and_their_colleagues_to_choose(
    submit: Submit, signed_in_client: SignIn, make_user: Callable[..., User], at: datetime, db: None
) -> None:
    mine, theirs = (Team.objects.create(name=name, name_folded=name, created_at=at) for name in ("mine", "theirs"))
    submit(full_name="Ana Petit", owner=make_user("sdr", name="Mia Mine", team=mine))
    submit(full_name="Ben Roux", owner=make_user("sdr", name="Tom Theirs", team=theirs))
    client = signed_in_client("manager", team=mine)
    shown = client.get("/leads")
    assert names(shown) == ["Ana Petit"]
    assert "Mia Mine" in text_of(shown)
    assert "Tom Theirs" not in text_of(shown)
    assert "Ben Roux" not in text_of(client.get("/leads/board"))
    assert "Ben Roux" not in b"".join(client.get("/leads/export.csv").streaming_content).decode()


def test_columns_are_chosen_ordered_and_kept_for_their_reader(
    submit: Submit, signed_in_client: SignIn, db: None
) -> None:
    submit(full_name="Ana Petit", email="ana@acier.fr")
    client = signed_in_client("sdr")
    assert "ana@acier.fr" not in text_of(client.get("/leads"))
    dialog = text_of(client.get("/leads/columns"))
    assert 'value="email"' in dialog
    moved = text_of(
        client.post("/leads/columns/editor", {"order": ["stage", "email"], "column": ["email"], "up": "email"})
    )
    assert moved.index('value="email" checked') < moved.index('value="stage"')
    response = client.post("/leads/columns", {"column": ["email", "stage", "nonsense"]}, follow=True)
    heads = re.findall(r"<th[^>]*>(?:<a[^>]*>)?([^<]+)", text_of(response))
    assert len(heads) == 3
    assert "ana@acier.fr" in text_of(client.get("/leads"))
    assert "ana@acier.fr" not in text_of(signed_in_client("sdr").get("/leads"))


def test_a_custom_field_is_a_column(db: None, signed_in_client: SignIn, submit: Submit) -> None:
    lead = submit(full_name="Ana Petit")
    Lead.objects.filter(pk=lead.pk).update(attributes={"Parc, <machines>": "42 tours"})
    client = signed_in_client("sdr")
    assert "Parc, <machines>" in text_of(client.get("/leads/columns"))
    chosen = columns.written(columns.chosen(["attributes.Parc, <machines>", "stage"]))
    shown = client.get(f"/leads?{urlencode({'columns': chosen})}")
    assert "42 tours" in text_of(shown)
    assert b"<machines>" not in shown.content


def test_every_column_shows_what_a_lead_knows_and_what_it_does_not(
    db: None, signed_in_client: SignIn, submit: Submit, make_user: Callable[..., User], at: datetime
) -> None:
    full = submit(
        full_name="Ana Petit", phone="+33612345678", job_title="CTO", city="Lyon", country="FR",
        company__name="Acier", company__sector="Industrie", company__employees=12, source="Salon", campaign="SIDO",
        channel="event", owner=make_user("sdr", name="Karim Haddad"), grade="A1",
    )  # fmt: skip
    Lead.objects.filter(pk=full.pk).update(
        fit=58, probability=0.31, route="sdr", reason="off_target", stage="disqualified",
        due_at=at - timedelta(days=400), last_act="call_logged",
    )  # fmt: skip
    submit()
    client, keys = signed_in_client("sdr"), list(columns.COLUMNS)
    halves = [",".join(keys[: columns.MOST]), ",".join(keys[columns.MOST :])]
    shown = "".join(text_of(client.get(f"/leads?{urlencode({'columns': half})}")) for half in halves)
    for expected in (
        "Acier",
        "A1",
        "Salon",
        "Karim H.",
        "Lyon",
        "Industrie",
        "SIDO",
        "58",
        "31,0",
        "Hors cible",
        "Appel",
    ):
        assert expected in shown, expected


# Saved filters --------------------------------------------------------------------------------------------------------


def test_a_filter_is_saved_opened_changed_and_deleted(three: list[Lead], signed_in_client: SignIn) -> None:
    client = signed_in_client("marketing")
    query = urlencode({"filter": "stage = mql", "sort": "-grade", "page": "/leads"})
    assert 'name="is_shared"' in text_of(client.get(f"/leads/segments?{query}"))
    saved = client.post(f"/leads/segments?{query}", {"name": "MQLs", "is_shared": "on"}, headers=HTMX)
    segment = Segment.objects.get()
    assert saved.headers["HX-Redirect"] == f"/leads?segment={segment.pk}"
    assert (segment.is_shared, segment.sort, segment.owner_id) == (True, "-grade", client.user.pk)
    opened = client.get(f"/leads?segment={segment.pk}")
    assert names(opened) == ["Ana Petit"]
    assert re.search(rf'href="/leads\?segment={segment.pk}" aria-current="page"', text_of(opened))
    changed = urlencode({"segment": segment.pk, "filter": "stage = sql"})
    assert names(client.get(f"/leads?{changed}")) == ["Ben Roux"]
    client.post(f"/leads/segments/{segment.pk}?{changed}", {"name": "SQLs", "filter": "replace"})
    segment.refresh_from_db()
    assert (segment.name, segment.condition, segment.is_shared) == ("SQLs", "stage = sql", False)
    client.post(f"/leads/segments/{segment.pk}/delete")
    assert not Segment.objects.exists()


def test_a_filter_that_cannot_be_saved_says_why_in_its_dialog(three: list[Lead], signed_in_client: SignIn) -> None:
    client = signed_in_client("sdr")
    query = urlencode({"filter": "stage = mql"})
    client.post(f"/leads/segments?{query}", {"name": "MQLs"})
    again = client.post(f"/leads/segments?{query}", {"name": "mqls"}, headers=HTMX)
    assert again.status_code == 422
    assert 'value="mqls"' in text_of(again)
    assert 'aria-invalid="true"' in text_of(again)
    assert 'name="is_shared"' not in text_of(again)


def test_a_saved_filter_whose_condition_no_longer_reads_is_shown_as_wrong(
    signed_in_client: SignIn, at: datetime, db: None
) -> None:
    segment = Segment.objects.create(
        name="Old", name_folded="old", condition="gone_field = 1", is_shared=True, created_at=at, updated_at=at
    )
    assert signed_in_client("sdr").get(f"/leads?segment={segment.pk}").status_code == 422
    assert signed_in_client("sdr").get("/leads?segment=99999").status_code == 404
    assert signed_in_client("sdr").get("/leads?segment=abc").status_code == 200


# The filter dialog ----------------------------------------------------------------------------------------------------


def test_the_filter_opens_line_by_line_and_leads_to_the_list(three: list[Lead], signed_in_client: SignIn) -> None:
    client = signed_in_client("sdr")
    query = urlencode({"filter": "stage = mql", "sort": "-grade"})
    dialog = text_of(client.get(f"/leads/filter?{query}"))
    assert "data-open" in dialog
    assert 'name="line-0-field"' in dialog
    assert "1 lead" in dialog
    lines = {
        "mode": "rows",
        "line-0-field": "stage",
        "line-0-comparison": "is",
        "line-0-value": ["sql", "mql"],
        "line-0-is-choice": "1",
    }
    applied = client.post(f"/leads/filter?{query}", lines, headers=HTMX)
    assert names(client.get(applied.headers["HX-Redirect"])) == ["Ana Petit", "Ben Roux"]
    assert "sort=-grade" in applied.headers["HX-Redirect"]
    assert client.post(f"/leads/filter?{query}", lines).status_code == 303


def test_a_wrong_text_or_line_keeps_the_dialog_open(three: list[Lead], signed_in_client: SignIn) -> None:
    client = signed_in_client("sdr")
    wrong = client.post("/leads/filter", {"mode": "text", "filter": "stage = mqll"}, headers=HTMX)
    assert (wrong.status_code, "<mark>mqll</mark>" in text_of(wrong)) == (422, True)
    line = {"mode": "rows", "line-0-field": "fit", "line-0-comparison": "least", "line-0-value": "many"}
    assert client.post("/leads/filter", line, headers=HTMX).status_code == 422


def test_the_lines_say_how_many_leads_they_find_while_one_types(three: list[Lead], signed_in_client: SignIn) -> None:
    client = signed_in_client("sdr")
    text = {"mode": "text", "filter": "stage in (mql, sql)"}
    assert "2 leads" in text_of(client.post("/leads/filter/found", text))
    unfinished = {
        "mode": "rows",
        "line-0-field": "person.job_title",
        "line-0-comparison": "contains",
        "line-0-value": "",
    }
    assert "leads</b>" not in text_of(client.post("/leads/filter/found", unfinished))
    edited = text_of(client.post("/leads/filter/editor", {**text, "do": "rows"}))
    assert 'name="line-0-field"' in edited
    assert "2 leads" in edited


# The file -------------------------------------------------------------------------------------------------------------


def exported(response: Any) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))


def test_an_export_has_the_list_in_its_order_and_is_in_the_audit_log(
    three: list[Lead], signed_in_client: SignIn
) -> None:
    Lead.objects.filter(pk=three[1].pk).update(attributes={"Parc": "=1+1"})
    client = signed_in_client("head")
    query = urlencode({"filter": 'stage != captured and person.email != "a@b.fr"', "sort": "grade"})
    response = client.get(f"/leads/export.csv?{query}")
    rows = exported(response)
    assert [row["full_name"] for row in rows] == ["Ben Roux", "Ana Petit"]
    assert (rows[0]["company.name"], rows[0]["stage"], rows[0]["grade"], rows[0]["attributes.Parc"]) == (
        "Bois",
        "sql",
        "A1",
        "'=1+1",
    )
    assert response.headers["Content-Disposition"].startswith("attachment")
    entry = AuditEntry.objects.get(kind="leads_exported")
    assert entry.what == {"count": 2, "filter": 'stage != captured and person.email != "…"', "has_words": False}
    assert entry.actor_id == client.user.pk


def test_who_may_not_export_gets_no_file_and_no_button(three: list[Lead], signed_in_client: SignIn) -> None:
    client = signed_in_client("sdr")
    assert client.get("/leads/export.csv").status_code == 403
    assert "export.csv" not in text_of(client.get("/leads"))
    assert not AuditEntry.objects.filter(kind="leads_exported").exists()
    assert signed_in_client("head").get("/leads/export.csv?filter=stage+%3D+mqll").status_code == 422


# The board ------------------------------------------------------------------------------------------------------------


def test_the_board_has_a_column_a_stage_with_its_number_and_the_way_to_its_list(
    three: list[Lead], signed_in_client: SignIn
) -> None:
    shown = text_of(signed_in_client("sdr").get("/leads/board?filter=captured_at+is+not+empty"))
    stages = re.findall(r'data-column="(\w+)"', shown)
    assert stages == [
        "captured",
        "qualifying",
        "nurturing",
        "mql",
        "sql",
        "opportunity",
        "customer",
        "disqualified",
        "lost",
    ]
    assert re.search(r'id="count-mql">1<', shown)
    assert re.search(r'id="count-customer">0<', shown)
    assert "filter=stage+%3D+mql+and+%28captured_at+is+not+empty%29" in shown


def test_a_dragged_card_moves_and_can_be_taken_back(three: list[Lead], signed_in_client: SignIn) -> None:
    client = signed_in_client("sdr")
    lead = three[0]
    moved = client.post(f"/leads/{lead.pk}/move?seen=mql", {"stage": "sql", "before": ""}, headers=HTMX)
    lead.refresh_from_db()
    assert (moved.status_code, lead.stage) == (200, "sql")
    assert f'data-move="/leads/{lead.pk}/move?seen=sql"' in text_of(moved)
    assert '<span class="count" id="count-sql" hx-swap-oob="true">2</span>' in text_of(moved)
    undo = json.loads(moved.headers["HX-Trigger"])["toast"]["undo"]
    taken_back = client.post(undo, headers=HTMX)
    lead.refresh_from_db()
    assert (taken_back.status_code, lead.stage) == (200, "mql")
    assert "leads-changed" in json.loads(taken_back.headers["HX-Trigger"])


def test_a_card_is_moved_without_a_mouse_and_the_keyboard_stays_on_it(
    three: list[Lead], signed_in_client: SignIn
) -> None:
    client = signed_in_client("sdr")
    moved = client.post(f"/leads/{three[0].pk}/move?seen=mql", {"stage": "nurturing"}, headers=HTMX)
    assert (moved.headers["HX-Retarget"], moved.headers["HX-Reswap"]) == ("#leads-board", "outerHTML")
    assert re.search(rf'href="/leads/{three[0].pk}" autofocus', text_of(moved))
    plain = client.post(
        f"/leads/{three[1].pk}/move?seen=sql",
        {"stage": "nurturing"},
        headers={"Referer": "http://testserver/leads/board"},
    )
    assert (plain.status_code, plain.headers["Location"]) == (303, "http://testserver/leads/board")
    assert Lead.objects.filter(stage="nurturing").count() == 2


def test_the_board_after_a_move_keeps_the_filter_of_the_page(three: list[Lead], signed_in_client: SignIn) -> None:
    page = f"http://testserver/leads/board?{urlencode({'filter': 'company.name = Acier'})}"
    moved = signed_in_client("sdr").post(
        f"/leads/{three[0].pk}/move", {"stage": "sql"}, headers={**HTMX, "HX-Current-URL": page}
    )
    assert "Ana Petit" in text_of(moved)
    assert "Ben Roux" not in text_of(moved)


def test_an_exit_asks_for_its_reason_first(three: list[Lead], signed_in_client: SignIn) -> None:
    client = signed_in_client("sdr")
    asked = client.post(f"/leads/{three[0].pk}/move?seen=mql", {"stage": "disqualified", "before": ""}, headers=HTMX)
    assert (asked.status_code, asked.headers["HX-Retarget"]) == (422, "#leads-dialog")
    assert 'value="off_target"' in text_of(asked)
    told = {"ids": str(three[0].pk), "stage": "disqualified", "reason": "off_target"}
    moved = client.post("/leads/move", told, headers=HTMX)
    assert {"toast", "leads-changed", "close-dialog"} <= set(json.loads(moved.headers["HX-Trigger"]))
    assert Lead.objects.get(pk=three[0].pk).reason == "off_target"


def test_an_exit_sent_without_a_reason_says_that_it_is_missing(three: list[Lead], signed_in_client: SignIn) -> None:
    client, told = signed_in_client("sdr"), {"ids": str(three[0].pk), "stage": "disqualified", "asked": "1"}
    assert "Choisissez un motif" not in text_of(client.post("/leads/move", told | {"asked": []}, headers=HTMX))
    assert "Choisissez un motif" in text_of(client.post("/leads/move", told, headers=HTMX))
    page = client.post("/leads/move", told)  # no script runs: a whole page
    assert page.status_code == 422
    assert "<html" in text_of(page)
    assert "Choisissez un motif" in text_of(page)


@pytest.mark.parametrize(
    ("stage", "seen", "status"), [("opportunity", "mql", 409), ("sql", "captured", 412), ("nowhere", "mql", 422)]
)
def test_a_refused_move_puts_the_card_back_and_says_why(
    three: list[Lead], signed_in_client: SignIn, stage: str, seen: str, status: int
) -> None:
    refused = signed_in_client("sdr").post(
        f"/leads/{three[0].pk}/move?seen={seen}", {"stage": stage, "before": ""}, headers=HTMX
    )
    assert refused.status_code == status
    assert refused.headers["HX-Reswap"] == "none"
    assert json.loads(refused.headers["HX-Trigger"])["toast"]["level"] == "error"
    assert Lead.objects.get(pk=three[0].pk).stage == "mql"


def test_chosen_leads_move_together_and_come_back_together(three: list[Lead], signed_in_client: SignIn) -> None:
    client = signed_in_client("sdr")
    ids = [str(lead.pk) for lead in three]
    moved = client.post("/leads/move", {"ids": ids, "stage": "nurturing"}, headers=HTMX)
    assert Lead.objects.filter(stage="nurturing").count() == 3
    client.post(json.loads(moved.headers["HX-Trigger"])["toast"]["undo"], headers=HTMX)
    assert sorted(Lead.objects.values_list("stage", flat=True)) == ["captured", "mql", "sql"]
    assert client.post("/leads/move", {"stage": "mql"}, headers=HTMX).status_code == 422


def test_who_may_not_move_sees_no_handles_and_is_refused(three: list[Lead], signed_in_client: SignIn) -> None:
    client = signed_in_client("read_only")
    shown = text_of(client.get("/leads/board"))
    assert "data-board" not in shown
    assert 'popovertarget="move-' not in shown
    assert "select-row" not in text_of(client.get("/leads"))
    assert client.post(f"/leads/{three[0].pk}/move", {"stage": "sql"}, headers=HTMX).status_code == 403
    assert client.post("/leads/move", {"ids": three[0].pk, "stage": "lost"}, headers=HTMX).status_code == 403
    assert not Fact.objects.filter(kind="stage_changed", actor_kind="user").exists()
