"""The page of a lead: its cost, its parts, editing in place, logging, typing in, and who may not see it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from filon.core.models import Fact, Team, User
from filon.leads import panels, reasons
from filon.leads.card import head, queries
from filon.leads.editing import edit_person
from filon.leads.models import Campaign, Identifier, Lead, Person

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def claire(come: Callable[..., Lead]) -> Lead:
    return come(
        email="claire@sogetrel.fr",
        first_name="Claire",
        last_name="Morel",
        phone="+33612345678",
        company__name="Sogetrel",
        company__employees=400,
        source="Google",
        message="Un devis ?",
        channel="referral",
        door="form",
        is_live=True,
    )


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode()).replace("\u00a0", " ")


# Seeing ---------------------------------------------------------------------------------------------------------------


def test_the_page_shows_who_what_happened_and_where_the_panels_are(
    claire: Lead, signed_in_client: Callable[..., Client]
):
    response = signed_in_client("sdr").get(f"/leads/{claire.pk}")
    page = text_of(response)
    for words in ("Claire Morel", "Sogetrel", "(400 salariés)", "claire", "+33 6 12 34 56 78", "Un devis ?", "Google"):
        assert words in page
    for panel in panels.of("lead"):
        assert f'hx-get="/panels/lead/{claire.pk}/{panel.name}"' in page


@pytest.mark.parametrize("facts", [0, 60])
def test_the_page_costs_at_most_twelve_statements_with_session_and_user(
    facts: int,
    claire: Lead,
    come: Callable[..., Lead],
    happen: Callable[..., None],
    signed_in_client: Callable[..., Client],
    at: datetime,
):
    for number in range(facts):
        happen(claire, "page_viewed", path=f"/{number}", campaign=f"SEA {number}", when=at + timedelta(minutes=number))
    if facts:
        for number in range(12):
            come(email=f"p{number}@sogetrel.fr", company__name="Sogetrel")
    client = signed_in_client("sdr")
    client.get(f"/leads/{claire.pk}")
    with CaptureQueriesContext(connection) as captured:
        assert client.get(f"/leads/{claire.pk}").status_code == 200
    assert len(captured) <= 12, [query["sql"][:80] for query in captured]


@pytest.mark.parametrize("part", ["head", "timeline", "panels"])
def test_parts_cost_at_most_twelve_statements(part: str, claire: Lead, signed_in_client: Callable[..., Client]):
    urls = {
        "head": [f"/leads/{claire.pk}/head"],
        "timeline": [f"/leads/{claire.pk}/timeline"],
        "panels": [f"/panels/lead/{claire.pk}/{panel.name}" for panel in panels.of("lead")],
    }[part]
    client = signed_in_client("admin")
    for url in urls:
        client.get(url, headers=HTMX)
        with CaptureQueriesContext(connection) as captured:
            response = client.get(url, headers=HTMX)
        assert (response.status_code, len(captured) <= 12) == (200, True), url
        assert b"<section" in response.content or b"<dl" in response.content


def test_a_lead_of_another_team_does_not_exist_for_a_manager(
    claire: Lead, make_user: Callable[..., User], signed_in_client: Callable[..., Client], at: datetime
):
    north, south = (Team.objects.create(name=name, name_folded=name, created_at=at) for name in ("north", "south"))
    Lead.objects.filter(pk=claire.pk).update(owner=make_user("sdr", team=north))
    stranger, own = signed_in_client("manager", team=south), signed_in_client("manager", team=north)
    paths = [f"/leads/{claire.pk}{part}" for part in ("", "/head", "/timeline")]
    paths += [f"/records/lead/{claire.pk}/source", *(f"/panels/lead/{claire.pk}/{p.name}" for p in panels.of("lead"))]
    for path in paths:
        assert own.get(path).status_code == 200, path
        answer = stranger.get(path)
        assert answer.status_code == 404 or not answer.content or "/routing" in path or "/opportunities" in path, path
        assert b"Sogetrel" not in answer.content, path
    assert stranger.post(f"/leads/{claire.pk}/acts", {"kind": "note_written", "text": "x"}).status_code == 404
    assert stranger.post(f"/records/lead/{claire.pk}/source", {"value": "x"}).status_code == 404


@pytest.mark.parametrize(
    "path", ["/leads/999", f"/leads/{10**30}", f"/records/person/{10**30}/email", "/panels/lead/1/x"]
)
def test_what_is_not_there_is_404(path: str, signed_in_client: Callable[..., Client]):
    assert signed_in_client("admin").get(path).status_code == 404


def test_the_timeline_goes_on_where_the_page_before_ended(
    claire: Lead, happen: Callable[..., None], signed_in_client: Callable[..., Client], at: datetime
):
    for number in range(70):
        happen(claire, "call_logged", text=f"appel {number:03}", when=at + timedelta(minutes=number))
    client = signed_in_client("sdr")
    seen: list[str] = []
    url = f"/leads/{claire.pk}/timeline?show=exchanges"
    pages = 0
    while url:
        page = client.get(url, headers=HTMX).content.decode()
        seen += re.findall(r"appel \d+", page)
        more = re.search(r'hx-get="([^"]+after=[^"]+)"', page)
        url = more[1].replace("&amp;", "&") if more else ""
        assert page.count("<h3>") == (1 if pages == 0 else 0)  # one day, headed once
        pages += 1
    assert seen == [f"appel {number:03}" for number in reversed(range(70))]
    assert pages == 2


def test_filters_show_their_own_kind_only(
    claire: Lead, happen: Callable[..., None], signed_in_client: Callable[..., Client]
):
    happen(claire, "call_logged", text="Rappeler lundi")
    client = signed_in_client("sdr")
    exchanges = text_of(client.get(f"/leads/{claire.pk}?show=exchanges"))
    changes = text_of(client.get(f"/leads/{claire.pk}?show=changes"))
    assert "Rappeler lundi" in exchanges
    assert "Un devis ?" not in exchanges
    assert "Rappeler lundi" not in changes
    assert "a orienté le lead" in changes


# The head -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "role", "says"),
    [
        ("captured", "sdr", "Appeler"),
        ("qualifying", "sdr", "Appeler"),
        ("mql", "sdr", "Proposer aux ventes"),
        ("sql", "sales", "Créer l’opportunité"),
        ("sql", "sdr", "Appeler"),
        ("opportunity", "sales", "Voir l’opportunité"),
        ("customer", "sales", "Voir le compte"),
        ("lost", "sdr", "Reprendre le lead"),
        ("captured", "read_only", None),
    ],
)
def test_each_stage_calls_for_one_act(
    stage: str, role: str, says: str | None, claire: Lead, signed_in_client: Callable[..., Client]
):
    Lead.objects.filter(pk=claire.pk).update(stage=stage, is_open=stage not in ("customer", "lost"))
    response = signed_in_client(role).get(f"/leads/{claire.pk}")
    found = response.context["primary"]
    assert (found.label if found else None) == says
    assert response.content.decode().count("button primary") == (1 if says else 0)


def test_who_cannot_be_called_is_written_to_and_else_noted(come: Callable[..., Lead], admin: Any):
    written, unknown = come(), come(email="", external_id="7")
    for lead, act in ((written, "message_sent"), (unknown, "note_written")):
        found = head.primary(queries.card(lead.pk, by=admin), admin)
        assert found is not None
        assert found.compose == act


def test_the_path_says_when_each_stage_was_reached(claire: Lead, admin: Any, at: datetime):
    card = queries.card(claire.pk, by=admin)
    steps = head.path(card, {"qualifying": at}, at=at + timedelta(days=2))
    states = {step.stage: step.state for step in steps}
    assert (states["captured"], states["qualifying"], states["customer"]) == ("passed", "current", "")
    Lead.objects.filter(pk=claire.pk).update(stage="lost", reason="price", reached=4, is_open=False)
    last = head.path(queries.card(claire.pk, by=admin), {"qualifying": at, "mql": at, "lost": at}, at=at)
    assert (last[-1].stage, last[-1].state) == ("lost", "exit")
    assert last[-1].note.startswith("Prix")
    assert [step.stage for step in last if step.state == "passed"] == ["captured", "qualifying", "mql"]


def test_the_path_does_not_tick_a_stage_that_was_passed_over(claire: Lead, admin: Any, at: datetime):
    Lead.objects.filter(pk=claire.pk).update(stage="mql", reached=3)
    steps = head.path(queries.card(claire.pk, by=admin), {"qualifying": at, "mql": at}, at=at)
    states = {step.stage: (step.state, step.note) for step in steps}
    assert states["nurturing"] == ("skipped", "étape sautée")
    assert states["qualifying"][0] == "passed"


def test_the_promise_counts_open_time_and_says_when_it_is_tight_or_late(claire: Lead, admin: Any, at: datetime):
    card = queries.card(claire.pk, by=admin)
    assert card.promised_by == at + timedelta(hours=1)
    fresh, tight = (head.promise(card, at=at + timedelta(minutes=minutes)) for minutes in (10, 50))
    late = head.promise(card, at=at + timedelta(hours=1, minutes=5))
    assert fresh
    assert tight
    assert late
    assert (fresh.left, fresh.is_tight, fresh.is_late) == (timedelta(minutes=50), False, False)
    assert (tight.is_tight, tight.is_late) == (True, False)
    assert (late.is_late, late.left) == (True, timedelta(minutes=5))


def test_touches_are_human_acts_of_the_person_before_and_after_capture(
    come: Callable[..., Lead], happen: Callable[..., None], admin: Any, at: datetime
):
    lead = come(when=at)
    assert queries.touches(queries.card(lead.pk, by=admin).lead) == (None, None)
    happen(lead, "webinar_attended", when=at - timedelta(days=3), channel="webinar")
    happen(lead, "page_viewed", when=at + timedelta(days=1), campaign="SEA", path="/tarifs")
    happen(lead, "email_clicked", when=at + timedelta(days=2), is_machine=True)
    happen(lead, "call_logged", when=at + timedelta(days=3))
    first, last = queries.touches(queries.card(lead.pk, by=admin).lead)
    assert first
    assert last
    assert (first.kind, last.kind, last.campaign) == ("webinar_attended", "page_viewed", "SEA")


# Logging --------------------------------------------------------------------------------------------------------------


def test_logging_a_call_tells_the_page_to_fetch_its_parts_anew(claire: Lead, signed_in_client: Callable[..., Client]):
    client = signed_in_client("sdr")
    said = {"kind": "call_logged", "outcome": "reached", "text": "Intéressée"}
    response = client.post(f"/leads/{claire.pk}/acts", said, headers=HTMX)
    assert response.status_code == 200
    assert "leads-changed" in response["HX-Trigger"]
    assert "Intéressée" not in response.content.decode()  # the box is empty again
    assert "Intéressée" in client.get(f"/leads/{claire.pk}/timeline").content.decode()
    assert Fact.objects.get(kind="call_logged").actor_id == client.user.pk  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "said", [{"kind": "call_logged", "text": "déjà écrit"}, {"kind": "note_written", "text": "  "}, {"kind": "pigeon"}]
)
def test_an_act_that_is_refused_keeps_what_was_typed(
    said: dict[str, str], claire: Lead, signed_in_client: Callable[..., Client]
):
    response = signed_in_client("sdr").post(f"/leads/{claire.pk}/acts", said, headers=HTMX)
    assert response.status_code == 422
    assert said.get("text", "").strip() in response.content.decode()
    assert not Fact.objects.filter(kind__in=["call_logged", "note_written"]).exists()


# Editing in place -----------------------------------------------------------------------------------------------------


def test_a_field_is_edited_where_it_stands(claire: Lead, signed_in_client: Callable[..., Client]):
    client = signed_in_client("sdr")
    url = f"/records/person/{claire.person_id}/phone"
    response = client.post(url, {"value": "01 44 55 66 77", "seen": "+33612345678"}, headers=HTMX)
    assert response.status_code == 200
    assert "+33 1 44 55 66 77" in text_of(response)
    assert Identifier.objects.filter(person=claire.person_id, value="+33144556677").exists()


def test_countries_are_called_by_their_names(claire: Lead, signed_in_client: Callable[..., Client]):
    Person.objects.filter(pk=claire.person_id).update(country="DE")
    client = signed_in_client("sdr")
    for path in (f"/leads/{claire.pk}", f"/people/{claire.person_id}"):
        assert "Pays : Allemagne" in text_of(client.get(path))


def test_an_edit_refreshes_the_page_and_can_be_taken_back(claire: Lead, signed_in_client: Callable[..., Client]):
    client = signed_in_client("sdr")
    url = f"/records/person/{claire.person_id}/job_title"
    response = client.post(url, {"value": "Directrice", "seen": ""}, headers=HTMX)
    told = json.loads(response.headers["HX-Trigger"])
    assert told["leads-changed"]
    assert told["toast"]["message"] == "Fonction : enregistré."
    again = text_of(client.get(f"/leads/{claire.pk}/head", headers=HTMX))
    assert 'id="record-who" hx-swap-oob="true">Directrice' in again
    undone = client.post(told["toast"]["undo"], headers=HTMX)
    assert undone.status_code == 200
    assert f'id="person-{claire.person_id}-job_title" hx-swap-oob="true"' in text_of(undone)
    assert Person.objects.get(pk=claire.person_id).job_title == ""
    assert client.post(told["toast"]["undo"], headers=HTMX).status_code == 412, "changed since: not taken back twice"


def test_nobody_takes_back_an_edit_of_somebody_else(
    claire: Lead, make_user: Callable[..., User], signed_in_client: Callable[..., Client]
):
    from filon.core import access

    karim = make_user("sdr", name="Karim")
    edit_person(claire.person_id, {"job_title": "DSI"}, by=access.of_user(karim), at=timezone.now())
    fact = Fact.objects.filter(kind="fields_changed").latest("id")
    url = f"/records/undo/person/{claire.person_id}/job_title?fact={fact.pk}"
    assert signed_in_client("sdr").post(url, headers=HTMX).status_code == 404


def test_a_stale_edit_is_shown_with_who_changed_it_and_not_written(
    claire: Lead, make_user: Callable[..., User], signed_in_client: Callable[..., Client]
):
    from filon.core import access

    karim = make_user("sdr", name="Karim")
    edit_person(claire.person_id, {"job_title": "DSI"}, by=access.of_user(karim), at=timezone.now())
    client = signed_in_client("sdr")
    url = f"/records/person/{claire.person_id}/job_title"
    response = client.post(url, {"value": "DG", "seen": ""}, headers=HTMX)
    page = text_of(response)
    assert response.status_code == 409
    assert "Karim, à l’instant" in page
    assert 'value="DG"' in page
    assert 'name="seen" value="DSI"' in page
    assert Person.objects.get(pk=claire.person_id).job_title == "DSI"
    assert client.post(url, {"value": "DG", "seen": "DSI"}, headers=HTMX).status_code == 200
    assert Person.objects.get(pk=claire.person_id).job_title == "DG"


def test_a_value_that_cannot_be_stays_open_with_why(claire: Lead, signed_in_client: Callable[..., Client]):
    url = f"/records/person/{claire.person_id}/email"
    response = signed_in_client("sdr").post(url, {"value": "<b>", "seen": "claire@sogetrel.fr"}, headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="&lt;b&gt;"' in page
    assert "data-editing" in page


def test_owner_and_campaign_are_chosen_among_ours(
    claire: Lead, make_user: Callable[..., User], signed_in_client: Callable[..., Client], at: datetime
):
    ana, gone = make_user("sales", name="Ana"), make_user("sales", name="Zoé", is_active=False)
    campaign = Campaign.objects.create(name="Salon", name_folded="salon", created_at=at)
    client = signed_in_client("admin")
    url = f"/records/company/{claire.company_id}/owner"
    page = client.get(f"{url}?open=1", headers=HTMX).content.decode()
    assert f'<option value="{ana.pk}">Ana</option>' in page
    assert gone.name not in page
    assert "Ana" in text_of(client.post(url, {"value": str(ana.pk), "seen": ""}, headers=HTMX))
    assert "Zoé" not in text_of(client.get(url, headers=HTMX))
    url = f"/records/lead/{claire.pk}/campaign"
    assert "Salon" in text_of(client.post(url, {"value": str(campaign.pk), "seen": ""}, headers=HTMX))


def test_who_may_only_read_finds_nothing_to_edit(claire: Lead, signed_in_client: Callable[..., Client]):
    client = signed_in_client("read_only")
    page = client.get(f"/leads/{claire.pk}").content.decode()
    assert "data-edit" not in page
    assert "data-composer" not in page
    assert client.post(f"/records/person/{claire.person_id}/city", {"value": "Lyon"}).status_code == 403


@pytest.mark.parametrize("field", ["is_admin", "attributes.", "owner_id", "company.name.x"])
def test_there_is_no_other_field(field: str, claire: Lead, signed_in_client: Callable[..., Client]):
    client = signed_in_client("admin")
    assert client.get(f"/records/lead/{claire.pk}/{field}").status_code == 404
    assert client.post(f"/records/lead/{claire.pk}/{field}", {"value": "1"}).status_code in (404, 422)


# Typing in ------------------------------------------------------------------------------------------------------------


def test_a_lead_is_typed_in_over_any_page_and_opened(
    make_user: Callable[..., User], signed_in_client: Callable[..., Client]
):
    client = signed_in_client("sales")
    dialog = client.get("/leads/new?company=Sogetrel", headers=HTMX).content.decode()
    assert "<dialog" in dialog
    assert 'value="Sogetrel"' in dialog
    values = {"first_name": "Claire", "email": "claire@sogetrel.fr", "company": "Sogetrel", "owner_id": ""}
    response = client.post("/leads/new", values, headers=HTMX)
    lead = Lead.objects.get()
    assert (response.status_code, response["HX-Redirect"]) == (204, f"/leads/{lead.pk}")
    again = client.post("/leads/new", values)
    assert (again.status_code, again["Location"]) == (302, f"/leads/{lead.pk}")
    assert "déjà connue" in text_of(client.get(again["Location"]))


def test_a_form_that_is_refused_keeps_what_was_typed(signed_in_client: Callable[..., Client]):
    response = signed_in_client("sdr").post("/leads/new", {"first_name": "Claire", "company": "Sogetrel"}, headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="Claire"' in page
    assert not Lead.objects.exists()


def test_a_duplicate_shows_with_who_looks_after_it(claire: Lead, signed_in_client: Callable[..., Client]):
    client = signed_in_client("sdr", name="Karim")
    Lead.objects.filter(pk=claire.pk).update(owner=client.user)  # type: ignore[attr-defined]
    page = text_of(client.get("/leads/new/known?email=CLAIRE@sogetrel.fr", headers=HTMX))
    assert "Claire Morel" in page
    assert "suivi par Karim" in page
    assert f'href="/leads/{claire.pk}"' in page


def test_who_may_only_read_types_nothing_in(signed_in_client: Callable[..., Client]):
    assert signed_in_client("read_only").get("/leads/new").status_code == 403


def test_a_lead_attached_to_a_won_deal_says_so_in_words() -> None:
    with translation.override("fr"):
        assert reasons.label("attached", "opportunity:75") == "Une autre opportunité du compte a été gagnée"
