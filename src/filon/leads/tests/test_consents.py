"""Whose word on consent counts: the person's own act, and of others' sayings the stricter one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.core import access, line
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry
from filon.core.models import Fact
from filon.leads.card.consent_panel import consent_panel
from filon.leads.consents import replaces
from filon.leads.models import Consent, Lead, Person

TOLD, CLAIMED, PROVED = "file", "form", "mail"
SAYINGS = st.lists(st.tuples(st.booleans(), st.sampled_from([TOLD, CLAIMED, PROVED])))


def state_after(sayings: list[tuple[bool, str]]) -> str | None:
    known: str | None = None
    for said, way in sayings:
        if replaces(said, known=known, is_own_act=way != TOLD, is_proved=way == PROVED):
            known = "given" if said else "refused"
    return known


@given(SAYINGS, st.booleans())
def test_a_person_s_own_last_word_counts_until_somebody_tells_of_a_refusal(
    before: list[tuple[bool, str]], said: bool
) -> None:
    assert state_after([*before, (said, PROVED)]) == ("given" if said else "refused")


@given(SAYINGS, st.lists(st.tuples(st.booleans(), st.sampled_from([TOLD, CLAIMED]))))
def test_only_the_person_s_own_link_turns_a_refusal_into_a_consent(
    before: list[tuple[bool, str]], told: list[tuple[bool, str]]
) -> None:
    after = [*before, (False, CLAIMED), *told]
    assert state_after(after) == "refused"


def take(said: bool | None, at: datetime, *, door: str = "file", email: str = "a@b.fr", **more: Any) -> None:
    values = {"email": email} | ({"consent.email": said} if said is not None else {}) | more
    entry = Entry(kind="lead", door=door, at=at, values=values, is_live=door != "file")
    line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at, is_live=door != "file"))


@pytest.mark.parametrize(("said", "state"), [(True, "given"), (False, "refused")])
def test_what_a_file_says_is_kept_and_told(db: None, at: datetime, said: bool, state: str) -> None:
    take(said, at)
    take(said, at)
    consent = Consent.objects.get()
    assert (consent.state, consent.door, consent.at, consent.text_id) == (state, "file", at, None)
    assert Fact.objects.filter(kind=f"consent_{state}").count() == 1


def test_who_says_nothing_has_none(db: None, at: datetime) -> None:
    take(None, at)
    assert not Consent.objects.exists()


def test_two_of_one_person_in_one_batch_leave_one_consent(db: None, at: datetime) -> None:
    entries = [
        Entry(kind="lead", door="file", at=at, values={"email": "a@b.fr", "consent.email": said}, key=key, system="x")
        for key, said in (("1", True), ("2", False))
    ]
    line.run_with_retries(lambda: Batch(entries, by=SYSTEM, at=at, is_live=False))
    assert Consent.objects.get().state == "refused"


def test_the_panel_shows_it_to_who_may_see_the_lead(db: None, at: datetime, make_user: Callable[..., Any]) -> None:
    take(True, at)
    lead = Lead.objects.get()
    found = consent_panel(lead.pk, by=SYSTEM, at=at)
    assert found is not None
    (row,) = found["consents"]
    assert (row.is_given, row.at, row.text) == (True, at, "")
    Lead.objects.update(owner=make_user("sdr"))
    manager = access.of_user(make_user("manager"))
    assert consent_panel(lead.pk, by=manager, at=at) is None


def test_what_a_person_says_again_outlives_the_import_that_said_it_first(db: None, at: datetime) -> None:
    take(True, at)
    Consent.objects.update(import_id=7)
    take(True, at, door="form")
    consent = Consent.objects.get()
    assert (consent.import_id, consent.door) == (None, "form")


def test_it_goes_with_its_person(db: None, at: datetime) -> None:
    take(True, at)
    Lead.objects.all().delete()
    Person.objects.all().delete()
    assert not Consent.objects.exists()
