"""A sender, a template, leads and sequences for tests of nurturing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from filon.core import jobs, line
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry
from filon.leads.models import Lead
from filon.nurture.models import Sequence, Step, Template
from filon.nurture.sequences import commands as sequences
from filon.nurture.sequences.commands import Draft, StepDraft
from filon.nurture.writing import commands as writing
from filon.nurture.writing.commands import SenderDraft

Come = Callable[..., Lead]
Make = Callable[..., Sequence]


@pytest.fixture
def sender(db: None, at: datetime) -> None:
    """In whose name we write."""
    set_sender(at)


def set_sender(at: datetime, **more: Any) -> None:
    """In whose name we write."""
    usual = {"from_name": "Léa Martin", "from_email": "lea@sogetrel.fr", "company": "Sogetrel"}
    draft = SenderDraft(**usual | {"postal_address": "1 rue de la Paix, 75002 Paris"} | more)
    writing.save_sender(draft, by=SYSTEM, at=at)


def template(at: datetime, name: str = "Accueil", **more: Any) -> Template:
    """A template."""
    usual = {"subject": "Bonjour {{ person.first_name }}", "body": "Bonjour,\n\n[Lire](https://a.fr/guide?id=1)"}
    return writing.save_template(writing.Draft(name=name, **usual | more), by=SYSTEM, at=at)


@pytest.fixture
def come(db: None, at: datetime) -> Come:
    """`come("claire@sogetrel.fr")`: a lead in nurturing."""

    def make(email: str, *, stage: str = "nurturing", **values: Any) -> Lead:
        said = {"email": email, "first_name": "Claire", "last_name": "Morel"} | values
        entry = Entry(kind="lead", door="form", at=at, values=said)
        line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at))
        Lead.objects.filter(person__email=email).update(stage=stage, route="nurture", owner=None)
        return Lead.objects.filter(person__email=email).latest("pk")

    return make


@pytest.fixture
def make(sender: None, at: datetime) -> Make:
    """`make(StepDraft(…), …)`: a sequence of these steps, in their order, that runs; `.steps` are its steps."""

    def made(*drafts: StepDraft, condition: str = "stage = nurturing", name: str = "Suite", **more: Any) -> Sequence:
        draft = Draft(name=name, condition=condition, **{"in_working_hours": False} | more)
        sequence = sequences.save_sequence(draft, by=SYSTEM, at=at)
        last: int | None = None
        for one in drafts:
            last = sequences.add_step(sequence.pk, _after(one, last), by=SYSTEM, at=at).pk
        sequences.start_sequence(sequence.pk, with_known=False, by=SYSTEM, at=at)
        return sequence

    return made


def _after(draft: StepDraft, last: int | None) -> StepDraft:
    return StepDraft(**{name: getattr(draft, name) for name in StepDraft.__slots__} | {"after": last})


def side(branch: Step, which: str, draft: StepDraft, at: datetime) -> Step:
    """A step on a side of a branch."""
    cells = {name: getattr(draft, name) for name in StepDraft.__slots__}
    return sequences.add_step(
        branch.sequence_id, StepDraft(**cells | {"parent_id": branch.pk, "side": which}), by=SYSTEM, at=at
    )


def turn(at: datetime, *names: str) -> None:
    """The clocks tick: leads enter and walk."""
    for name in names or ("nurture.enter", "nurture.walk"):
        jobs.enqueue(name, {}, at=at)
        jobs.run_due(at)
