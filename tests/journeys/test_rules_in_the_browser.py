"""Rules changed by people: in a draft, tried on real leads, published, and judged by from then on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from filon.core.models import Fact, User
from filon.leads.models import Lead
from filon.routing.models import RoutingRuleSet
from filon.scoring.models import RuleSet
from tests.journeys.conftest import Place
from tests.journeys.looking import Visitor

pytestmark = [pytest.mark.database, pytest.mark.browser]

DIRECTOR = {"email": "claire@sogetrel-essai.fr", "full_name": "Claire Morel", "job_title": "Directrice industrielle"}
STUDENT = {"email": "theo@ecole-essai.fr", "full_name": "Théo Roux", "job_title": "Étudiant"}


@pytest.fixture(scope="module")
def leads(place: Place) -> dict[str, int]:
    """Two leads that came in through the API, by first name."""
    made = {}
    for who in (DIRECTOR, STUDENT):
        status, answer = place.post_json("/api/v1/leads", who | {"source": "site", "channel": "web"})
        assert status == 201, answer
        made[who["full_name"].split()[0]] = answer["id"]
    return made


def test_a_scoring_rule_is_changed_simulated_and_published_as_a_version(
    visitor: Callable[..., Visitor], place: Place, leads: dict[str, int]
) -> None:
    before = Lead.objects.get(pk=leads["Claire"]).fit
    in_force = RuleSet.objects.filter(state="published").latest("number")
    rule = next(rule for rule in in_force.content.fit if "directeur" in str(rule.condition))
    marketing = visitor("marketing").go("/scoring")
    page = marketing.page
    marketing.follow(rule.name, within="main")
    page.wait_for_url(f"**/scoring/rules/{rule.id}")
    marketing.look().fill(points="cent mille").press("Enregistrer dans le brouillon", within="main")
    page.wait_for_selector("main .error")
    assert page.input_value("[name=points]") == "cent mille"
    assert not RuleSet.objects.filter(state="draft").exists()
    marketing.fill(points=str(rule.points + 7).replace(".", ",")).press("Enregistrer dans le brouillon", within="main")
    page.wait_for_url("**/scoring")
    marketing.look().sees("Un brouillon avec 1 changement")
    assert RuleSet.objects.get(state="draft").author.role == "marketing"
    assert Lead.objects.get(pk=leads["Claire"]).fit == before, "a draft judges nobody"

    marketing.follow("Simuler et publier", within="main")
    page.wait_for_url("**/scoring/publish")
    marketing.sees("Changent de classe").look()
    marketing.fill(note="Les directions comptent plus").press("Publier", within="main", to="/scoring")
    marketing.sees(f"Version {in_force.number + 1}", "Les directions comptent plus").look()
    published = RuleSet.objects.filter(state="published").latest("number")
    assert (published.number, published.note) == (in_force.number + 1, "Les directions comptent plus")
    marketing.wait(lambda: Lead.objects.get(pk=leads["Claire"]).fit == before + 7)
    assert Fact.objects.filter(kind="scoring_published").count() == 1
    explained = place.run("score", "explain", str(leads["Claire"]))
    lines = explained["fit_lines"]
    assert sum(float(line["points"]) for line in lines if line["rule"] == rule.name) == rule.points + 7
    marketing.go("/scoring/versions").sees("Les directions comptent plus")


def test_a_routing_rule_is_added_simulated_and_published_and_routes_the_next_lead(
    visitor: Callable[..., Visitor], place: Place, leads: dict[str, int], colleague: Callable[..., User]
) -> None:
    seller = colleague("sales")
    operations = visitor("ops").go("/routing")
    page = operations.page
    operations.follow("Nouvelle règle", within="main")
    page.wait_for_url("**/routing/rules/new")
    operations.look().fill(name="Essai : direct", when='person.email contains "essai-direct" and')
    page.locator("[name=route]").select_option("direct_sales")
    page.locator("[name=receiver]").select_option(f"owner:{seller.pk}")
    operations.press("Enregistrer dans le brouillon", within="main")
    page.wait_for_selector("main .error, main .condition-error")
    assert page.input_value("[name=when]") == 'person.email contains "essai-direct" and'
    assert not RoutingRuleSet.objects.filter(published_at=None).exists()

    operations.fill(when='person.email contains "essai-direct"').press("Enregistrer dans le brouillon", within="main")
    page.wait_for_url("**/routing*")
    operations.sees("Essai : direct").look()
    operations.follow("Simuler", within="main")
    page.wait_for_url("**/routing/simulation*")
    operations.sees("Claire Morel").look()
    operations.press("Publier…", within="main").press("Publier", within="dialog#publish")
    page.wait_for_url("**/routing")
    operations.sees("En vigueur").look()
    rules = RoutingRuleSet.objects.exclude(published_at=None).latest("version")
    assert any(rule["name"] == "Essai : direct" for rule in rules.rules)
    assert rules.author.role == "ops"

    newcomer = {"email": "nouvelle@essai-direct.fr", "full_name": "Ana Belkacem"}
    status, answer = place.post_json("/api/v1/leads", newcomer)
    assert status == 201, answer
    assert answer["route"] == "direct_sales"
    lead = Lead.objects.get(pk=answer["id"])
    assert lead.owner_id == seller.pk
    assert Fact.objects.filter(kind="lead_routed", lead_id=lead.pk).count() == 1


def test_who_may_not_change_rules_sees_them_and_no_button(visitor: Callable[..., Visitor], leads: object) -> None:
    for path in ("/scoring", "/routing"):
        seller = visitor("sales")
        answer = seller.page.goto(seller.url + path)
        assert answer is not None
        assert answer.status in {200, 403}
        seller.look()
        assert seller.page.get_by_text("Nouvelle règle").count() == 0
