"""An SDR works the queue by keyboard alone: a call without answer, a call-back, the next lead each time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from filon.core.models import Fact, User
from filon.leads.models import Lead, Task
from tests.journeys.conftest import Place
from tests.journeys.looking import Visitor

pytestmark = [pytest.mark.database, pytest.mark.browser]


@pytest.fixture
def leads(place: Place, colleague: Callable[..., User]) -> list[Lead]:
    """Two leads of the SDR, the first with a clock that runs."""
    found = []
    for name in ("Morel", "Durand"):
        body = {"email": f"{name.lower()}@essai.fr", "full_name": f"Claire {name}", "phone": f"061234567{len(found)}"}
        status, answer = place.post_json("/api/v1/leads", body)
        assert status == 201, answer
        found.append(Lead.objects.get(pk=answer["id"]))
    ids = [lead.pk for lead in found]
    Lead.objects.filter(pk__in=ids).update(owner=colleague("sdr"), stage="qualifying", due_at=None, responded_at=None)
    Lead.objects.filter(pk=ids[0]).update(due_at=timezone.now() + timedelta(hours=1))
    return found


def test_a_day_at_the_keyboard(leads: list[Lead], visitor: Callable[..., Visitor]) -> None:
    sdr = visitor("sdr").go("/qualify").sees("Claire Morel", within="h2").sees("Première réponse due")
    page = sdr.page
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    sdr.sees("Claire Durand", within="h2").look()
    first = Task.objects.get(lead=leads[0], closed_at=None)
    assert (first.kind, first.attempt) == ("call", 2)
    assert Fact.objects.get(kind="call_logged").payload["outcome"] == "no_answer"
    page.get_by_role("button", name="Annuler").click()
    sdr.sees("L’appel est annulé", within="#toasts").sees("Claire Morel", within="h2").sees("Première réponse due")
    assert not Task.objects.filter(lead=leads[0], closed_at=None).exists()
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    sdr.sees("Claire Durand", within="h2").sees("1 appel aujourd’hui")

    page.keyboard.press("7")
    page.locator("#when").wait_for()
    page.keyboard.press("n")
    page.keyboard.type("Après le salon")
    page.get_by_role("button", name="Enregistrer et continuer").click()
    sdr.sees("Indiquez quand revenir")
    assert page.locator("#text").input_value() == "Après le salon", "what was typed stays"
    page.locator("#when").fill((timezone.localtime() + timedelta(days=20)).strftime("%Y-%m-%dT10:00"))
    page.get_by_role("button", name="Enregistrer et continuer").click()
    sdr.sees("Tout est traité").look()
    second = Task.objects.get(lead=leads[1])
    assert (second.kind, second.text) == ("follow_up", "Après le salon")
    sdr.go("/qualify?tab=waiting").sees("Claire Morel", "Tentative 2 sur 5").sees("Claire Durand", within=".queue")
    sdr.go(f"/leads/{leads[0].pk}").sees("a prévu : Appel", within="#timeline")
