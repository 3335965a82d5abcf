"""A guest books on a phone, moves the meeting, and the colleague says that it was held."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from filon.core import access
from filon.core.models import User
from filon.leads.models import Lead, Task
from filon.meetings import commands
from filon.meetings.commands import Draft
from filon.meetings.models import Meeting
from tests.journeys.conftest import Place
from tests.journeys.looking import Visitor

pytestmark = [pytest.mark.database, pytest.mark.browser]

SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"


def shoot(visitor: Visitor, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    visitor.page.screenshot(path=SCREENSHOTS / f"{name}.png")


def test_a_meeting_from_the_page_to_what_became_of_it(visitor: Callable[..., Visitor], place: Place) -> None:
    seller = visitor("sales")
    seller.go("/meetings").follow("Créer ma page de rendez-vous", to="/meetings/page", within="main").look()
    seller.fill(slug="nadia")
    seller.press("Enregistrer", within="main")
    seller.sees("/b/nadia").look()
    shoot(seller, "booking-page")
    host = User.objects.get(role="sales")
    draft = Draft(
        slug="nadia",
        is_open=True,
        minutes={"demo": 45, "discovery": 30},
        days=frozenset(range(7)),
        first=time(0),
        last=time(23, 30),
    )
    commands.save_page(draft, by=access.of_user(host), at=timezone.now())

    guest, page = seller, seller.page  # the public pages know no session
    desk = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 844})
    guest.go("/b/nadia").sees("Un rendez-vous avec")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shoot(guest, "booking-choose")
    page.locator(".slots a").nth(3).click()
    guest.fill(first_name="Claire", last_name="Morel", email="claire", company="Sogetrel", about="120 techniciens")
    guest.press("Réserver ce rendez-vous").look()
    page.locator(".error").first.wait_for()
    assert page.locator("[name=about]").input_value() == "120 techniciens", "what was typed stays"
    guest.fill(email="claire@sogetrel.fr")
    guest.press("Réserver ce rendez-vous")
    guest.sees("Votre rendez-vous est réservé").look()
    shoot(guest, "booking-done")
    guest.wait(lambda: Meeting.objects.filter(lead__isnull=False).exists())
    meeting = Meeting.objects.get()
    assert Task.objects.get(closed_at=None).due_at == meeting.starts_at

    page.locator("summary").click()
    page.locator(".slots button").nth(5).click()
    guest.sees("Votre rendez-vous est réservé")
    moved = Meeting.objects.get()
    assert (moved.sequence, moved.starts_at == meeting.starts_at) == (1, False)
    assert Task.objects.get(closed_at=None).due_at == moved.starts_at

    page.set_viewport_size(desk)
    lead = Lead.objects.get()
    seller.go(f"/leads/{lead.pk}").sees("Rendez-vous", "a pris rendez-vous").look()
    shoot(seller, "booking-lead")
    now = timezone.now()
    Meeting.objects.update(starts_at=now - timedelta(hours=2), ends_at=now - timedelta(hours=1))
    seller.go("/").sees("Rendez-vous du jour").look()
    seller.press("Tenu", within="main")
    seller.wait(lambda: Meeting.objects.filter(state="held").exists())
    seller.go("/meetings").sees("30 derniers jours", "Tenu").look()
    shoot(seller, "meetings")
