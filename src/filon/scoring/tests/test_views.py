"""The studio and the panel, through their addresses."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.utils import timezone

from filon.core import jobs
from filon.core.access import SYSTEM
from filon.scoring import commands, versions
from filon.scoring.models import RuleSet
from filon.scoring.starter import STARTER
from filon.scoring.studio import queries as studio
from filon.scoring.tests.conftest import act_rule, fit_rule, rules_of, take_acts, take_leads, the_lead

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def text_of(response):
    return " ".join(unescape(response.content.decode()).split())


@pytest.fixture
def marketing(db, signed_in_client):
    return signed_in_client("marketing")


def test_the_studio_lists_the_rules_in_force_in_words(marketing):
    page = text_of(marketing.get("/scoring"))
    for rule in (*STARTER.fit, *STARTER.engagement):
        assert rule.name in page
    assert "Effectif est au moins 50 et Effectif est au plus 1000" in page
    assert "Page vue : Page contient « tarif », « prix » ou « pricing »" in page
    assert "3 en 7 jours au plus" in page
    assert "A dès 70, B dès 50, C dès 25" in page


def test_an_sdr_reads_the_rules_but_finds_no_way_to_change_them(signed_in_client):
    sdr = signed_in_client("sdr")
    page = text_of(sdr.get("/scoring"))
    assert "Fonction de décision" in page
    assert "/scoring/rules/" not in page
    for address in ("/scoring/rules/new/fit", "/scoring/rules/size", "/scoring/settings", "/scoring/publish"):
        assert sdr.get(address).status_code == 403
    for address in ("/scoring/rules/size/remove", "/scoring/discard", "/scoring/versions/1", "/scoring/rules/new/fit"):
        data = {"note": "x", "in_force": 1, "edition": 0, "name": "x", "condition": "source = a", "points": "1"}
        assert sdr.post(address, data).status_code == 403
    assert RuleSet.objects.count() == 1


def test_the_page_of_the_rules_costs_few_statements(marketing, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):  # session, user, in force, draft, recomputation; the counts come after
        marketing.get("/scoring")


def test_counts_come_beside_the_rules(marketing, at):
    take_leads({"email": "a@acme.fr"}, {"email": "b@gmail.com"}, at=at)
    page = marketing.get("/scoring/counts").content.decode()
    assert 'id="count-work_mail" hx-swap-oob="true"' in page
    cell = page.split('id="count-work_mail"')[1].split("</span>")[0]
    assert cell.rstrip("</a>").endswith(">1")


def test_a_rule_is_added_by_the_form_and_marked_in_the_draft(marketing):
    values = {"edition": "0", "name": "Salon", "condition": 'source = "Salon"', "points": "12,5"}
    response = marketing.post("/scoring/rules/new/fit", values, follow=True)
    assert response.redirect_chain == [("/scoring", 302)]
    rule = studio.draft(by=SYSTEM).content.fit[-1]
    assert (rule.name, rule.condition, rule.points) == ("Salon", 'source = "Salon"', Decimal("12.5"))
    page = text_of(response)
    assert "Un brouillon avec 1 changement" in page
    assert "+12,5" in page


def test_a_wrong_condition_is_marked_at_its_place_and_what_was_typed_is_kept(marketing):
    values = {"edition": "0", "name": "Salon", "condition": "source = a and pays = fr", "points": "12"}
    response = marketing.post("/scoring/rules/new/fit", values)
    assert response.status_code == 422
    page = text_of(response)
    assert "source = a and <mark>pays</mark> = fr" in page
    assert "Le champ pays n'existe pas" in page
    assert 'value="Salon"' in page
    assert "source = a and pays = fr</textarea>" in page


def test_an_engagement_rule_is_edited_with_its_cap(marketing):
    page = text_of(marketing.get("/scoring/rules/prices"))
    assert 'value="tarif, prix, pricing"' in page
    values = {"edition": "0", "name": "Tarifs", "kind": "page_viewed", "where": "path = /tarifs", "points": "9"}
    assert marketing.post("/scoring/rules/prices", {**values, "cap_acts": "2"}).status_code == 422
    marketing.post("/scoring/rules/prices", {**values, "cap_acts": "2", "cap_days": "5"})
    rule = studio.draft(by=SYSTEM).content.engagement[1]
    assert (rule.id, rule.name, rule.cap.acts, rule.cap.days) == ("prices", "Tarifs", 2, 5)


def test_a_condition_is_checked_as_it_is_typed(marketing):
    fit = text_of(marketing.post("/scoring/check/fit", {"condition": "company.employees >= 50"}))
    assert "Effectif est au moins 50" in fit
    act = text_of(marketing.post("/scoring/check/engagement", {"kind": "page_viewed", "where": "path ="}))
    assert "Une valeur est attendue" in act
    assert marketing.post("/scoring/check/other", {}).status_code == 404


LINES = {
    "mode": "rows",
    "join": "all",
    "line-0-field": "person.job_title",
    "line-0-comparison": "contains",
    "line-0-value": "directeur, DSI",
    "line-1-field": "company.employees",
    "line-1-comparison": "least",
    "line-1-value": "50",
}


def test_a_rule_is_written_line_by_line(marketing):
    page = text_of(marketing.get("/scoring/rules/decides"))
    assert 'value="directeur, directrice, director' in page  # fifteen words in one line
    assert "<textarea" not in page
    values = {"edition": "0", "name": "Décideur", "points": "10", **LINES}
    assert marketing.post("/scoring/rules/new/fit", values).status_code == 302
    rule = studio.draft(by=SYSTEM).content.fit[-1]
    assert rule.condition == (
        "(person.job_title contains directeur or person.job_title contains DSI) and company.employees >= 50"
    )


def test_a_wrong_line_is_marked_and_what_was_typed_is_kept(marketing):
    values = {"edition": "0", "name": "Décideur", "points": "10", **LINES, "line-1-value": "beaucoup"}
    response = marketing.post("/scoring/rules/new/fit", values)
    assert response.status_code == 422
    page = text_of(response)
    assert "company.employees attend un nombre" in page
    assert 'value="beaucoup"' in page
    assert 'value="directeur, DSI"' in page


def test_the_lines_answer_their_buttons(marketing):
    more = text_of(marketing.post("/scoring/editor/fit", {**LINES, "do": "add"}))
    assert 'name="line-2-field"' in more
    less = text_of(marketing.post("/scoring/editor/fit", {**LINES, "do": "remove:1"}))
    assert "Fonction contient « directeur » ou « DSI »" in less  # what it says comes along
    text = text_of(marketing.post("/scoring/editor/fit", {**LINES, "do": "text"}))
    assert "company.employees >= 50</textarea>" in text
    back = {"mode": "text", "where": "path contains /tarifs", "kind": "page_viewed", "do": "rows"}
    assert 'value="/tarifs"' in text_of(marketing.post("/scoring/editor/engagement", back))


def test_a_colleagues_change_is_told_and_the_next_try_goes_through(marketing, admin, at):
    commands.save_fit_rule(fit_rule("source = a", 5, "a"), edition=0, by=admin, at=at)
    values = {"edition": "0", "name": "Salon", "condition": "source = b", "points": "5"}
    response = marketing.post("/scoring/rules/new/fit", values)
    assert response.status_code == 409
    page = text_of(response)
    assert "Un collègue a modifié le brouillon" in page
    assert 'name="edition" value="1"' in page
    assert marketing.post("/scoring/rules/new/fit", {**values, "edition": "1"}).status_code == 302
    assert len(studio.draft(by=SYSTEM).content.fit) == len(STARTER.fit) + 2


def test_a_rule_is_removed_and_the_draft_forgotten(marketing):
    marketing.post("/scoring/rules/size/remove", {"edition": "0"})
    page = text_of(marketing.get("/scoring"))
    assert "<s>Entreprise de 50 à 1 000 salariés</s>" in page
    marketing.post("/scoring/discard", {"edition": "0"})  # another draft than the one on the page
    assert studio.draft(by=SYSTEM) is not None
    marketing.post("/scoring/discard", {"edition": "1"})
    assert studio.draft(by=SYSTEM) is None


def test_thresholds_are_proposed_and_taken(marketing):
    page = text_of(marketing.get("/scoring/settings"))
    assert "0 leads clos sur 200" in page
    assert "un profil de 50 et un engagement de 20" in page
    thresholds = {
        "fit_a": "72,5",
        "fit_b": "50",
        "fit_c": "25",
        "engagement_1": "40",
        "engagement_2": "20",
        "engagement_3": "5",
        "mql_fit": "55",
        "mql_engagement": "20",
    }
    wrong = marketing.post("/scoring/settings", {**thresholds, "half_life_days": "20", "fit_c": "60", "edition": "0"})
    assert wrong.status_code == 422
    assert "descendent de A à C" in text_of(wrong)
    marketing.post("/scoring/settings", {**thresholds, "half_life_days": "20", "edition": "0"})
    content = studio.draft(by=SYSTEM).content
    assert (content.half_life_days, content.thresholds.fit_a, content.thresholds.mql_fit) == (20, Decimal("72.5"), 55)


def test_simulate_then_publish_with_a_note(marketing, in_force, at):
    in_force(rules_of(fit_rule("door = api", 10, "api")), at)
    take_leads({"email": "a@acme.fr", "full_name": "Claire Morel"}, at=at)
    marketing.post("/scoring/rules/api", {"edition": "0", "name": "API", "condition": "door = api", "points": "80"})
    page = text_of(marketing.get("/scoring/publish"))
    assert "Points : 10 → 80" in page
    shown = text_of(marketing.get("/scoring/simulation"))
    assert "Claire Morel" in shown
    assert "10 → 80" in shown
    assert versions.newest().number == 2
    refused = marketing.post("/scoring/publish", {"edition": "1", "in_force": "2", "note": ""})
    assert refused.status_code == 422
    response = marketing.post("/scoring/publish", {"edition": "1", "in_force": "2", "note": "API"}, follow=True)
    assert "Les scores sont en cours de recalcul" in text_of(response)
    jobs.run_due(timezone.now())
    assert "recalcul" not in text_of(marketing.get("/scoring/progress"))
    assert the_lead("a@acme.fr").grade == "A4"


def test_there_is_nothing_to_publish_without_a_draft(marketing):
    assert marketing.get("/scoring/publish").status_code == 302
    assert marketing.get("/scoring/simulation").status_code == 404


def test_an_older_version_is_compared_and_comes_back(marketing, in_force, at):
    in_force(rules_of(fit_rule("door = api", 10, "api")), at)
    listed = text_of(marketing.get("/scoring/versions"))
    assert "Les règles de départ." in listed
    assert "Fonction de décision" in listed
    page = text_of(marketing.get("/scoring/versions/1"))
    assert "Comparée à la version 2" in page
    stale = marketing.post("/scoring/versions/1", {"edition": "0", "in_force": "1", "note": "Mieux"})
    assert stale.status_code == 409
    marketing.post("/scoring/versions/1", {"edition": "0", "in_force": "2", "note": "Mieux"})
    assert (versions.newest().number, versions.newest().rules) == (3, STARTER)
    assert "retour à la version 1" in text_of(marketing.get("/scoring/versions"))


def test_the_panel_says_why_now_and_on_a_past_day(signed_in_client, in_force):
    now = timezone.now()
    in_force(
        rules_of(
            fit_rule("door = api", 75, "En direct"),
            fit_rule('person.job_title contains "stagiaire"', -20, "Stage"),
            fit_rule("company.employees >= 50", 12, "Taille"),
            act_rule("page_viewed", 8, cap=(1, 7), rule_id="Tarifs"),
        ),
        now - 20 * DAY,
    )
    take_leads({"email": "a@acme.fr", "job_title": "Stagiaire"}, at=now - 10 * DAY)
    for _ in range(2):
        take_acts({"kind": "page_viewed", "email": "a@acme.fr", "path": "/tarifs"}, at=now)
    lead = the_lead("a@acme.fr")
    sdr = signed_in_client("sdr")
    page = text_of(sdr.get(f"/leads/{lead.pk}/score"))
    assert "<h1>Score du lead" in page
    panel = text_of(sdr.get(f"/leads/{lead.pk}/score", headers={"HX-Request": "true"}))
    assert "<h1>" not in panel
    assert "2 activités à 8 points" in panel
    assert "1 activité au-delà du plafond ne compte pas" in panel
    assert "company.employees >= 50" in panel.split("Ce qui ferait monter la classe")[1]
    day = timezone.localdate(now - 5 * DAY).isoformat()
    before = text_of(sdr.get(f"/leads/{lead.pk}/score", {"on": day}, headers={"HX-Request": "true"}))
    assert "2 activités" not in before
    assert f'value="{day}"' in before
    unknown = timezone.localdate(now - 15 * DAY).isoformat()
    early = text_of(sdr.get(f"/leads/{lead.pk}/score", {"on": unknown}, headers={"HX-Request": "true"}))
    assert "n’était pas encore connu" in early
    assert sdr.get("/leads/999/score").status_code == 404


def test_the_pages_ask_for_sign_in(db, client):
    for address in ("/scoring", "/scoring/counts", "/scoring/versions", "/leads/1/score"):
        assert client.get(address).status_code == 302


def test_every_page_speaks_english_too(signed_in_client, at):
    client = signed_in_client("marketing", language="en")
    commands.save_fit_rule(fit_rule("source = a", 5, "a"), edition=0, by=SYSTEM, at=at)
    assert "A draft with 1 change" in text_of(client.get("/scoring"))
    assert "Simulate and publish" in text_of(client.get("/scoring/publish"))
