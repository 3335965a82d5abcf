"""The letter of the morning: once a working day, of what is due and new, for who wants it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from filon.core import access, line
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry
from filon.core.models import Letter, User
from filon.leads.models import Lead, Task
from filon.meetings.events import MeetingBooked
from filon.notices import commands, digest
from filon.notices.models import Notice
from filon.routing.commands import Assignment, assign_leads

PARIS = ZoneInfo("Europe/Paris")
FRIDAY = datetime(2026, 11, 27, 8, 45, tzinfo=PARIS)


@pytest.fixture
def lea(db: None, make_user: Callable[..., User]) -> User:
    return make_user("sdr", name="Léa Martin", email="lea@filon.test", last_login=FRIDAY, language="fr")


@pytest.fixture
def lead(lea: User) -> Lead:
    at = FRIDAY - timedelta(hours=20)
    entry = Entry(kind="lead", door="form", at=at, values={"email": "claire@sogetrel.fr", "last_name": "Morel"})
    line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at))
    found = Lead.objects.get()
    Notice.objects.all().delete()
    return found


def plan(lead: Lead, owner: User, due_at: datetime, kind: str = "todo") -> None:
    Task.objects.create(lead=lead, owner=owner, kind=kind, due_at=due_at, created_at=FRIDAY)


def test_what_is_due_and_new_is_one_letter_a_day(lea: User, lead: Lead) -> None:
    plan(lead, lea, FRIDAY + timedelta(hours=3))
    plan(lead, lea, FRIDAY - timedelta(days=2))
    plan(lead, lea, FRIDAY + timedelta(days=1))
    plan(lead, lea, FRIDAY + timedelta(hours=5), "meeting")
    assign_leads([Assignment(lead.pk, lea.pk)], by=SYSTEM, at=FRIDAY - timedelta(hours=1))
    assert digest.write(FRIDAY) == 1
    assert digest.write(FRIDAY + timedelta(hours=1)) == 0
    letter = Letter.objects.get()
    assert letter.subject == "Votre journée : 1 rendez-vous, 2 actions à faire (dont 1 en retard), 1 notification"
    assert "Morel" in letter.text
    assert letter.to_email == "lea@filon.test"


def test_what_the_last_letter_said_is_not_said_again(lea: User, lead: Lead) -> None:
    assign_leads([Assignment(lead.pk, lea.pk)], by=SYSTEM, at=FRIDAY - timedelta(hours=1))
    digest.write(FRIDAY)
    assert digest.write(FRIDAY + timedelta(days=3)) == 0, "nothing new on Monday"


@pytest.mark.parametrize(
    "at",
    [
        FRIDAY.replace(hour=6),
        FRIDAY.replace(hour=16),
        FRIDAY + timedelta(days=1),
        datetime(2026, 12, 25, 9, tzinfo=PARIS),
    ],
)
def test_not_at_night_in_the_afternoon_or_on_days_off(lea: User, lead: Lead, at: datetime) -> None:
    plan(lead, lea, at)
    assert digest.write(at) == 0


def test_nobody_gets_an_empty_one_and_who_does_not_want_it_none(
    lea: User, lead: Lead, make_user: Callable[..., User]
) -> None:
    assert digest.write(FRIDAY) == 0
    plan(lead, lea, FRIDAY)
    commands.mute(["digest"], by=access.of_user(lea))
    never_here = make_user("sdr", email="new@filon.test")
    plan(lead, never_here, FRIDAY)
    assert digest.write(FRIDAY) == 0


def test_who_holds_a_meeting_hears_of_it_unless_they_did_it(lea: User, lead: Lead) -> None:
    told: dict[str, Any] = {"meeting_id": 1, "meeting": "demo", "host_id": lea.pk, "starts_at": FRIDAY}
    for by in (SYSTEM, access.of_user(lea)):
        batch = Batch([], by=by, at=FRIDAY)
        batch.tell(MeetingBooked(at=FRIDAY, lead_id=lead.pk, **told))
        batch.write()
    assert list(Notice.objects.values_list("user_id", "kind", "what")) == [(lea.pk, "meeting", "meeting_booked")]
