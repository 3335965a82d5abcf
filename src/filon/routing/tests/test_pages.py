"""Each page and each act through the door of a browser, once as it should be and once refused; and the API."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from filon.core import access, accounts
from filon.core.models import Fact
from filon.leads.models import Lead
from filon.routing import panels, rulebook
from filon.routing.decisions import Rule, RuleSet
from filon.routing.models import Absence, Calendar, Capacity, Promise, RoutingRuleSet

EVERYONE = Rule("Tout le monde", "channel != outbound", "sdr")
FORM = {
    "revision": "0",
    "name": "Grands comptes",
    "when": "company.employees >= 250",
    "route": "direct_sales",
    "receiver": "team:",
    "minutes": "30",
}


@pytest.fixture
def ops(db, signed_in_client):
    return signed_in_client("ops", name="Olga")


@pytest.fixture
def reader(db, signed_in_client):
    return signed_in_client("read_only")


def draft_of(client, at, *rules):
    rulebook.save_draft(RuleSet(0, rules), revision=0, by=access.of_user(client.user), at=at)


def test_pages_open_for_everybody_and_offer_changes_only_to_who_may_make_them(ops, reader, submit, make_user):
    make_user("sdr", name="Léa")
    submit(channel="referral", full_name="Claire Morel")
    for name in ("rules", "teams", "calendars", "promises"):
        for client in (ops, reader):
            answer = client.get(reverse(f"routing:{name}"))
            assert answer.status_code == 200
            assert _offers_a_change(answer) == (client is ops and name != "promises")
    assert "Recommandation" in _main(ops.get("/routing"))
    assert "Claire Morel" in _main(reader.get("/routing/promises"))


def _offers_a_change(answer):
    return 'method="post"' in _main(answer) or "/routing/calendars/everybody" in _main(answer)


def _main(answer):
    return answer.content.decode().partition("<main")[2].partition("</main>")[0]


def test_the_pages_cost_few_statements(ops, submit, make_user, django_assert_max_num_queries):
    make_user("sdr")
    for _ in range(5):
        submit(channel="referral")
    for name in ("rules", "teams", "calendars", "promises"):
        with django_assert_max_num_queries(12):
            ops.get(reverse(f"routing:{name}"))


def test_a_rule_is_added_changed_moved_and_removed_in_the_draft(ops, db):
    assert ops.post("/routing/rules/new", FORM).status_code == 302
    assert rulebook.draft()[0].rules[-1] == Rule(
        "Grands comptes", "company.employees >= 250", "direct_sales", "team", None, 30
    )
    number = len(rulebook.draft()[0].rules)
    ops.post(f"/routing/rules/{number}/move", {"revision": "1", "to": "1"})
    assert rulebook.draft()[0].rules[0].name == "Grands comptes"
    shown = ops.get("/routing/rules/1").content.decode()
    assert 'value="Grands comptes"' in shown
    ops.post("/routing/rules/1", FORM | {"revision": "2", "name": "Comptes", "receiver": "nobody", "minutes": ""})
    assert rulebook.draft()[0].rules[0] == Rule("Comptes", "company.employees >= 250", "direct_sales", "nobody")
    ops.post("/routing/rules/1/remove", {"revision": "3"})
    assert "Comptes" not in [rule.name for rule in rulebook.draft()[0].rules]
    assert rulebook.in_force().version == 0


def test_a_wrong_condition_is_shown_beside_its_field_and_what_was_typed_stays(ops):
    answer = ops.post("/routing/rules/new", FORM | {"when": "company.size >= 250"})
    assert answer.status_code == 422
    assert "company.size &gt;= 250" in answer.content.decode()
    assert not RoutingRuleSet.objects.exists()


@pytest.mark.parametrize(
    ("address", "values"),
    [
        ("/routing/rules/1/move", {"revision": "7", "to": "2"}),
        ("/routing/rules/1/remove", {"revision": "x"}),
        ("/routing/rules/new", FORM | {"revision": "7"}),
        ("/routing/publish", {"revision": "7"}),
    ],
)
def test_an_act_on_an_old_page_is_refused(ops, at, address, values):
    draft_of(ops, at, EVERYONE, EVERYONE)
    answer = ops.post(address, values, headers={"HX-Request": "true"})
    assert answer.status_code in {412, 422}
    assert rulebook.draft() == (RuleSet(0, (EVERYONE, EVERYONE)), 1)


def test_a_draft_is_simulated_published_seen_as_a_version_and_restored(ops, at, submit, make_user):
    make_user("sdr", name="Léa")
    draft_of(ops, at, EVERYONE)
    submit(full_name="Claire Morel", door="file")
    page = _main(ops.get("/routing/simulation"))
    assert "Claire Morel" in page
    assert "Léa" in page
    assert "Claire Morel" in _main(ops.get("/routing/simulation?only=moved"))
    assert ops.post("/routing/publish", {"revision": "1"}).status_code == 302
    number = rulebook.in_force().version
    assert rulebook.in_force().rules == (EVERYONE,)
    assert "Tout le monde" in _main(ops.get(f"/routing/versions/{number}"))
    ops.post(f"/routing/versions/{number}/restore")
    assert rulebook.draft()[1] == 1
    ops.post("/routing/discard")
    assert rulebook.draft()[1] == 0


def test_promises_of_the_set_are_changed_in_the_draft(ops):
    ops.post("/routing/rules/promises", {"revision": "0", "minutes_asked": "15", "minutes_other": "240"})
    draft, _revision = rulebook.draft()
    assert (draft.minutes_asked, draft.minutes_other) == (15, 240)
    wrong = {"revision": "1", "minutes_asked": "0", "minutes_other": "240"}
    assert ops.post("/routing/rules/promises", wrong, headers={"HX-Request": "true"}).status_code == 422


def test_a_condition_is_said_in_words_or_its_mistake_marked(reader):
    said = reader.post("/routing/condition", {"when": "company.employees >= 250"}).content.decode()
    assert "Effectif est au moins 250" in said
    wrong = reader.post("/routing/condition", {"when": "company.employees >= many"}).content.decode()
    assert "<mark>many</mark>" in wrong


@pytest.mark.parametrize(
    "address",
    [
        "/routing/rules/new",
        "/routing/rules/1",
        "/routing/rules/1/move",
        "/routing/rules/1/remove",
        "/routing/rules/promises",
        "/routing/publish",
        "/routing/discard",
        "/routing/versions/1/restore",
        "/routing/calendars/everybody",
    ],
)
def test_who_may_not_write_rules_is_refused(reader, submit, address):
    submit()
    values = FORM | {"to": "1", "minutes_asked": "5", "minutes_other": "5"}
    assert reader.post(address, values).status_code == 403
    assert reader.get("/routing/simulation").status_code == 403


def test_an_absence_is_planned_and_withdrawn_by_oneself(db, signed_in_client, make_user):
    lea = signed_in_client("sdr", name="Léa")
    days = {"user": lea.user.pk, "starts_on": "2030-05-02", "ends_on": "2030-05-09"}
    assert lea.post("/routing/absences", days).status_code == 302
    absence = Absence.objects.get()
    assert "du 2 mai 2030 au 9 mai 2030" in _plain(_main(lea.get("/routing/teams")))
    wrong = lea.post("/routing/absences", days | {"ends_on": "2030-05-01"})
    assert wrong.status_code == 422
    assert "finit avant" in wrong.content.decode()
    other = make_user("sdr")
    assert lea.post("/routing/absences", days | {"user": other.pk}).status_code == 422
    lea.post(f"/routing/absences/{absence.pk}/withdraw")
    assert not Absence.objects.exists()


def _plain(html):
    return " ".join(re.sub(r"<[^>]*>", "", html).split())


def test_a_capacity_is_set_and_lifted(ops, reader, make_user):
    lea = make_user("sdr")
    ops.post("/routing/capacities", {"user": lea.pk, "leads_at_most": "12"})
    assert Capacity.objects.get().leads_at_most == 12
    ops.post("/routing/capacities", {"user": lea.pk, "leads_at_most": ""})
    assert not Capacity.objects.exists()
    assert ops.post("/routing/capacities", {"user": lea.pk, "leads_at_most": "x"}).status_code == 422
    assert reader.post("/routing/capacities", {"user": lea.pk, "leads_at_most": "1"}).status_code == 403


def test_working_hours_are_typed_as_people_write_them(ops, team):
    north = team("Nord")
    week = {f"day_{number}": "9h-12h, 14h-18h" for number in range(5)}
    assert ops.post(f"/routing/calendars/{north.pk}", week | {"region": "FR-57"}).status_code == 302
    kept = Calendar.objects.get(team=north)
    assert kept.week == [[[540, 720], [840, 1080]]] * 5 + [[], []]
    page = _main(ops.get(f"/routing/calendars/{north.pk}"))
    assert "09:00-12:00, 14:00-18:00" in page
    wrong = ops.post(f"/routing/calendars/{north.pk}", week | {"day_0": "nine to six"})
    assert wrong.status_code == 422
    assert "nine to six" in wrong.content.decode()
    assert ops.get("/routing/calendars/4711").status_code == 404
    ops.post(f"/routing/calendars/{north.pk}/drop")
    assert not Calendar.objects.exists()


def test_holidays_are_previewed_before_they_are_saved(reader):
    shown = reader.post("/routing/calendars/holidays", {"region": "FR-57"}).content.decode()
    assert "Vendredi saint" in shown or "Saint-Étienne" in shown or "Étienne" in shown
    assert "Aucun" in reader.post("/routing/calendars/holidays", {"region": ""}).content.decode()


def test_the_lead_panel_gives_and_takes_leads(db, submit, publish, signed_in_client, make_user, at):
    publish(Rule("Tout le monde", "channel != outbound", "sdr", "nobody"))
    lead, lea, boss = submit(), signed_in_client("sdr", name="Léa"), signed_in_client("head")
    shown = panels.route_panel(lead.pk, by=access.of_user(lea.user), at=at)
    assert (shown["taker_id"], shown["people"], shown["routing"].why) == (lea.user.pk, [], "rule")
    assert lea.post(f"/routing/leads/{lead.pk}/owner", {"owner": lea.user.pk}).status_code == 204
    assert Promise.objects.get().owner == lea.user
    tom = make_user("sdr", name="Tom")
    assert lea.post(f"/routing/leads/{lead.pk}/owner", {"owner": tom.pk}).status_code == 403
    given = panels.route_panel(lead.pk, by=access.of_user(boss.user), at=at)
    assert (tom.pk, "Tom") in given["people"]
    boss.post(f"/routing/leads/{lead.pk}/owner", {"owner": tom.pk})
    assert Lead.objects.get().owner == tom
    assert Fact.objects.filter(kind="owner_changed").count() == 2


def test_the_panel_of_a_lead_renders_its_way_and_its_clock(ops, submit, publish, make_user, at):
    make_user("sdr", name="Léa")
    publish(EVERYONE)
    context = panels.route_panel(submit().pk, by=access.of_user(ops.user), at=at)
    shown = _plain(render_to_string(panels.TEMPLATE, context))
    assert "Règle 1, « Tout le monde »" in shown
    assert "reste 1 h 00" in shown


def test_a_program_reads_the_rules_in_force(db, client, make_user, at):
    _row, key = accounts.create_key("reader", ["leads:read"], by=access.of_user(make_user("admin")), at=at)
    answer = client.get("/api/v1/routing/rules", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    assert answer.json()["rules"][1]["condition"] == "count(demo_requested, 30 days) >= 1"
    assert client.get("/api/v1/routing/rules").status_code == 401
