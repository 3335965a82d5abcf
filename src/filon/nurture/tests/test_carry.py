"""An import taken back: nobody of it is written to any more, and who was written to is not written to again."""

from __future__ import annotations

from datetime import datetime

from filon.capture.imports import undo
from filon.capture.imports.tests.test_imports import Take, take
from filon.capture.models import Import
from filon.core.access import SYSTEM
from filon.leads.models import Lead, Person
from filon.nurture.models import Delivery, Enrollment
from filon.nurture.sequences import commands
from filon.nurture.sequences.commands import StepDraft
from filon.nurture.tests.conftest import Make, template, turn

__all__ = ["take"]  # the fixture
FILE = "external_id,email,stage\n1,claire@sogetrel.fr,nurturing\n2,karim@sogetrel.fr,nurturing\n"


def take_back(imported: Import, at: datetime) -> None:
    undo.start_undo(imported.pk, by=SYSTEM, at=at)
    for _ in undo.run_undo(imported.pk, at=at):
        pass


def test_who_was_written_to_stays_and_is_written_to_once(take: Take, make: Make, at: datetime) -> None:
    sequence = make(StepDraft(kind="email", template_id=template(at).pk), StepDraft(kind="wait", minutes=9))
    imported = take(FILE)
    claire = Lead.objects.get(person__email="claire@sogetrel.fr")
    commands.enroll_leads(sequence.pk, list(Lead.objects.values_list("pk", flat=True)), by=SYSTEM, at=at)
    turn(at, "nurture.walk")
    Delivery.objects.filter(lead=claire).update(state="sent", settled_at=at)
    take_back(imported, at)
    assert list(Person.objects.values_list("email", flat=True)) == ["claire@sogetrel.fr"]
    assert list(Delivery.objects.values_list("lead_id", "state")) == [(claire.pk, "sent")]
    assert Enrollment.objects.get().state == "stopped"

    take(FILE)
    leads = list(Lead.objects.filter(person__email="claire@sogetrel.fr").values_list("pk", flat=True))
    commands.enroll_leads(sequence.pk, leads, by=SYSTEM, at=at)
    turn(at, "nurture.walk")
    assert Delivery.objects.filter(person=claire.person_id).count() == 1
