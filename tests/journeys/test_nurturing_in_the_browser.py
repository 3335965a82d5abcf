"""Marketing says who writes, writes a template, builds a sequence, looks at what it would do, starts and pauses it."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes, policy

import pytest
from django.utils import timezone

from filon.leads.models import Lead, Suppression
from filon.nurture.models import Delivery, Enrollment, Sequence, Step
from tests.journeys.conftest import Place
from tests.journeys.looking import Visitor

pytestmark = [pytest.mark.database, pytest.mark.browser]


@pytest.fixture(scope="module")
def leads(place: Place) -> list[Lead]:
    """Two leads in nurturing, one of them with a private address and no consent."""
    for address in ("claire@sogetrel-essai.fr", "karim@orange.fr"):
        status, answer = place.post_json(
            "/api/v1/leads", {"email": address, "first_name": address.split("@")[0].title(), "channel": "outbound"}
        )
        assert status == 201, answer
    Lead.objects.update(stage="nurturing", route="nurture")
    return list(Lead.objects.order_by("pk"))


def test_a_sequence_is_built_and_runs(place: Place, visitor: Callable[..., Visitor], leads: list[Lead]) -> None:
    marketing = visitor("marketing").go("/nurture").sees("Pas encore de scénario")
    marketing.follow("Expéditeur", to="/nurture/sender").look()
    marketing.fill(from_name="Léa Martin", from_email="lea@essai.fr", company="Essai", postal_address="1 rue X, Paris")
    marketing.press("Enregistrer", within="main").sees("Enregistré", within="body")

    marketing.go("/nurture/templates/new").fill(name="Accueil", body="Bonjour {{ person.nom }}")
    marketing.press("Enregistrer", within="main").sees("person.nom", "n’existe pas").look()
    marketing.fill(subject="Bonjour {{ person.first_name }}", body="Bonjour,\n\n[Lire](https://essai.fr/guide)")
    marketing.press("Enregistrer", within="main").sees("Tel qu’une personne le reçoit").look()
    shown = marketing.page.frame_locator("iframe")
    shown.get_by_text("Lire").wait_for()
    shown.get_by_text("Ne plus recevoir ces messages").wait_for()

    marketing.go("/nurture/sequences/new").fill(name="Bienvenue")
    marketing.page.get_by_label("Envoyer aux heures ouvrées").uncheck()
    marketing.press("Créer le scénario", within="main").sees("Pas encore d’étape").look()
    marketing.follow("E-mail", within="main").look()
    marketing.page.select_option("[name=template]", label="Accueil")
    marketing.press("Enregistrer", within="main").sees("Envoyer « Accueil »")
    marketing.follow("Attente", within="main").fill(count="3").press("Enregistrer", within="main")
    marketing.sees("Attendre 3 jours").follow("Branchement", within="main").look()
    marketing.press("Enregistrer", within="main").press("Commencer « Oui »")
    marketing.page.locator("[popover]:popover-open").get_by_role("link", name="Tâche").click()
    marketing.fill(text="A cliqué").press("Enregistrer", within="main").sees("Appel · A cliqué").look()
    assert list(Step.objects.order_by("pk").values_list("kind", "side")) == [
        ("email", ""),
        ("wait", ""),
        ("branch", ""),
        ("task", "yes"),
    ]

    marketing.sees("adresse privée sans consentement")
    marketing.page.get_by_label("Ceux pour qui la condition est déjà vraie").check()
    marketing.press("Lancer", within="main")
    marketing.wait(lambda: Delivery.objects.exclude(state__in=["queued", "handing_over"]).count() == len(leads))
    assert dict(Delivery.objects.values_list("person__email", "state")) == {
        "claire@sogetrel-essai.fr": "sent",
        "karim@orange.fr": "held",
    }
    [kept] = (place.tree.data_dir / "mail").glob("*.eml")
    message = message_from_bytes(kept.read_bytes(), policy=policy.default)
    assert (message["Subject"], message["To"]) == ("Bonjour Claire", "Claire <claire@sogetrel-essai.fr>")
    marketing.wait(lambda: Enrollment.objects.filter(state="stopped").exists())
    marketing.go(f"/nurture/sequences/{Sequence.objects.get().pk}").sees("1 envoyés", "1 non envoyés")
    marketing.press("Mettre en pause", within="main").sees("En pause")
    marketing.go("/nurture/sends").sees("Claire", "Karim").look()


def test_an_uncertain_message_waits_for_a_person(visitor: Callable[..., Visitor], leads: list[Lead]) -> None:
    del leads
    Delivery.objects.filter(state="sent").update(state="uncertain", reason="crashed", settled_at=timezone.now())
    marketing = visitor("marketing").go("/nurture/sends?state=uncertain").sees("Claire", "Incertain")
    marketing.press("Non reçu : renvoyer", within="main").sees("attend d’être renvoyé", within="body")
    assert Delivery.objects.filter(state="queued", reason="again").count() == 1


def test_a_lead_is_put_in_and_taken_out_by_hand(visitor: Callable[..., Visitor], leads: list[Lead]) -> None:
    sdr = visitor("sdr").go(f"/leads/{leads[0].pk}").sees("Scénario « Bienvenue »", "Bienvenue")
    sdr.press("Retirer", within="main").sees("est sorti du scénario", within="body").look()
    assert Enrollment.objects.get(lead=leads[0]).reason == "removed"


def test_the_person_leaves_on_a_phone(place: Place, browser_page: object, leads: list[Lead]) -> None:
    del leads
    [kept] = (place.tree.data_dir / "mail").glob("*.eml")
    message = message_from_bytes(kept.read_bytes(), policy=policy.default)
    person = Visitor(browser_page, "")
    person.page.set_viewport_size({"width": 390, "height": 800})
    person.go(message["List-Unsubscribe"].strip().strip("<>")).sees("c•••@sogetrel-essai.fr")
    assert not Suppression.objects.exists(), "looking is not leaving"
    person.press("Ne plus recevoir ces messages").sees("Vous ne recevrez plus de messages").look()
    assert Suppression.objects.get().reason == "objection"
