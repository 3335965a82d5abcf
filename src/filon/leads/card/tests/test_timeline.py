"""The timeline: complete over its pages, in words for every kind, machine facts folded, revoked ones marked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from filon.capture.events import ImportUndone
from filon.core import access, ledger, line
from filon.core.access import SYSTEM, Actor
from filon.core.ledger import KINDS
from filon.core.line import Batch, Entry
from filon.core.models import Fact, FactDetail, User
from filon.kit.errors import Refused
from filon.leads.card import facts, wording
from filon.leads.card.facts import About, FactPage, FactRow, Names
from filon.leads.card.timeline import days
from filon.leads.card.wording import WORDINGS, Family, counted, kinds_of, sentence
from filon.leads.editing import edit_person
from filon.leads.models import Lead
from filon.routing.events import PromiseBreached, PromiseMet

WHEN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def about(lead: Lead) -> About:
    return About(lead_ids=[lead.pk], person_id=lead.person_id)


def walk(what: About, *, by: Actor, limit: int, **more: Any) -> list[FactRow]:
    found: list[FactRow] = []
    after = ""
    while True:
        page = facts.facts(what, by=by, after=after, limit=limit, **more)
        found += page.facts
        after = page.after
        if not after:
            return found


def a_fact(kind: str, **more: Any) -> FactRow:
    values: dict[str, Any] = dict.fromkeys(FactRow.__slots__)
    values |= {"id": 1, "kind": kind, "at": WHEN, "learnt_at": WHEN, "actor_kind": "system", "door": "", "channel": ""}
    values |= {"source": "", "path": "", "is_machine": False, "payload": {}, "details": {}, "is_revoked": False}
    return FactRow(**{**values, **more})


def spaced(said: object) -> str:
    """With plain spaces where French keeps its punctuation on the line."""
    return str(said).replace("\u00a0", " ").replace("\u202f", " ")


# Words ----------------------------------------------------------------------------------------------------------------


def of_the_house() -> dict[str, type[ledger.Event]]:
    import_module("filon.config.urls")  # every slice, and so every fact
    return {
        kind: cls
        for kind, cls in KINDS.items()
        if cls.__module__.startswith("filon.") and ".tests" not in cls.__module__ and not cls.__subclasses__()
    }


def test_every_kind_of_fact_has_its_words():
    assert set(of_the_house()) - set(WORDINGS) == set()


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", sorted(WORDINGS))
def test_every_kind_is_said_even_when_all_else_is_erased(kind: str, language: str):
    with translation.override(language):
        said = sentence(a_fact(kind, opportunity_id=9), Names())
        assert said.text.strip()
        assert "%" not in str(said)
        assert "None" not in str(said)


def test_every_kind_is_of_one_filter_and_unknown_ones_are_changes():
    exchanges, signals, changes = (kinds_of(family) for family in Family)
    assert exchanges
    assert signals
    assert changes
    assert not set(exchanges.names) & set(signals.names)
    assert changes.is_left_out
    assert set(changes.names) == {*exchanges.names, *signals.names}
    assert kinds_of("") is None
    assert str(sentence(a_fact("sent_by_pigeon", actor_kind="key"), Names())) == "Un programme sent by pigeon"


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (
            a_fact("call_logged", actor_kind="user", actor_id=3, payload={"outcome": "voicemail"}),
            "Léa a appelé : Messagerie",
        ),
        (a_fact("page_viewed", person_id=7, path="/tarifs"), "Claire Morel a vu /tarifs"),
        (a_fact("email_opened", person_id=7, is_machine=True), "Claire Morel a ouvert un e-mail (par un programme)"),
        (
            a_fact("stage_changed", payload={"from_stage": "captured", "to_stage": "qualifying"}),
            "Filon a fait passer le lead de Nouveau à En qualification",
        ),
        (
            a_fact("owner_changed", actor_kind="user", actor_id=3, payload={"to_owner_id": 3}),
            "Léa a pris le lead",
        ),
        (
            a_fact("lead_routed", payload={"route": "sdr", "owner_id": 3, "why": "rule", "rule_name": "Démo"}),
            "Filon a orienté le lead vers SDR, pour Léa (règle « Démo »)",
        ),
        (
            a_fact(
                "fields_changed",
                import_id=5,
                payload={"of": "person", "fields": ["job_title"]},
                details={"old": {"job_title": ""}, "new": {"job_title": "DSI"}},
            ),
            "Import « salon.csv » a modifié : Fonction, « – » → « DSI »",
        ),
        (
            a_fact(
                "opportunity_won",
                actor_kind="user",
                actor_id=3,
                opportunity_id=9,
                value=48000,
                payload={"currency": "EUR"},
            ),
            "Léa a gagné l’opportunité « Postes 2027 » (48 000,00 €)",
        ),
        (
            a_fact("lead_captured", door="form", source="Google", campaign_id=4),
            "Le lead est arrivé par un formulaire · Google · SEA",
        ),
        (
            a_fact("submitted", door="manual", actor_kind="user", actor_id=3, person_id=7),
            "Léa a noté une demande de cette personne",
        ),
    ],
    ids=lambda value: value.kind if isinstance(value, FactRow) else "",
)
def test_facts_read_like_french(fact: FactRow, said: str):
    names = Names(
        people={7: "Claire Morel"},
        users={3: "Léa"},
        campaigns={4: "SEA"},
        imports={5: "salon.csv"},
        opportunities={9: "Postes 2027"},
    )
    with translation.override("fr"):
        assert spaced(sentence(fact, names)) == said


def test_a_change_of_several_fields_lists_them_and_says_less_once_erased():
    details = {
        "old": {"channel": "web", "source": ""},
        "new": {"channel": "event", "source": "Salon"},
    }
    fact = a_fact("fields_changed", payload={"of": "lead", "fields": ["channel", "source"]}, details=details)
    with translation.override("fr"):
        assert spaced(sentence(fact, Names()).body) == "Canal : Web → Salon ou événement\nSource : – → Salon"
        erased = a_fact("fields_changed", payload={"of": "lead", "fields": ["source"]})
        assert spaced(sentence(erased, Names()).text) == "a modifié : Source"


# Folding --------------------------------------------------------------------------------------------------------------

_KINDS = st.sampled_from(["page_viewed", "email_opened", "call_logged", "stage_changed", "note_written", "promise_met"])


@given(st.lists(st.tuples(_KINDS, st.integers(0, 100), st.booleans()), max_size=40))
def test_folding_by_day_neither_loses_nor_doubles_nor_reorders(said: list[tuple[str, int, bool]]):
    rows = [
        a_fact(kind, id=number, at=WHEN - timedelta(hours=hours), is_machine=is_machine)
        for number, (kind, hours, is_machine) in enumerate(sorted(said, key=lambda one: one[1]), start=1)
    ]
    shown: list[int] = []
    for day in days(FactPage(rows, Names())):
        for entry in day.entries:
            shown += [one.id for one in entry.folded] or [entry.id]
            assert len(entry.folded) != 1
            assert not (entry.is_human and entry.folded)
    assert shown == [row.id for row in rows]


def test_what_programs_did_folds_and_human_acts_stand_in_full():
    rows = [
        a_fact("page_viewed", id=5, path="/a"),
        a_fact("page_viewed", id=4, path="/b"),
        a_fact("email_opened", id=3),
        a_fact("call_logged", id=2, actor_kind="user", details={"text": "rappeler"}),
        a_fact("page_viewed", id=1),
    ]
    with translation.override("fr"):
        (day,) = days(FactPage(rows, Names()))
        folded, call, single = day.entries
        assert folded.text == "2 pages vues · 1 e-mail ouvert"
        assert [one.id for one in folded.folded] == [5, 4, 3]
        assert (call.is_human, call.body) == (True, "rappeler")
        assert (single.is_human, single.folded) == (False, ())
        assert counted([a_fact("promise_made"), a_fact("promise_met"), a_fact("replied")]) == (
            "2 étapes du délai SLA · 1 autre fait"
        )


def test_days_are_those_of_the_workspace_and_one_goes_on_over_pages():
    late, next_day = datetime(2026, 3, 2, 22, 30, tzinfo=UTC), datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    page = FactPage([a_fact("note_written", at=next_day), a_fact("note_written", at=late)], Names())
    found = days(page, continued=date(2026, 3, 3))
    assert [(day.day, day.is_continued) for day in found] == [(date(2026, 3, 3), True), (date(2026, 3, 2), False)]


def test_what_was_learnt_later_says_so():
    at_once, later = WHEN + timedelta(minutes=1), WHEN + timedelta(days=3)
    page = FactPage([a_fact("note_written", learnt_at=at_once), a_fact("note_written", learnt_at=later)], Names())
    assert [entry.learnt_at for entry in days(page)[0].entries] == [None, later]


# Pages of the ledger --------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(come: Callable[..., Lead], happen: Callable[..., None], admin: Actor, at: datetime) -> Lead:
    """A lead whose person was known before, and is a lead twice."""
    lead = come(email="claire@sogetrel.fr", company__name="Sogetrel", outcome="lost", when=at - timedelta(days=90))
    happen(lead, "page_viewed", path="/before", when=at - timedelta(days=5))
    lead = come(email="claire@sogetrel.fr", channel="referral", is_live=True, door="form", when=at)
    for number in range(12):
        happen(lead, "page_viewed", path=f"/{number}", when=at + timedelta(hours=number // 3))
    happen(lead, "call_logged", outcome="voicemail", when=at + timedelta(hours=2))
    edit_person(lead.person_id, {"city": "Lyon"}, by=admin, at=at + timedelta(hours=3))
    come(email="someone@else.fr", company__name="Sogetrel")
    return lead


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [1, 3, 7, 200])
def test_every_fact_of_the_lead_stands_on_exactly_one_page_in_order(busy: Lead, admin: Actor, limit: int):
    own = Fact.objects.filter(lead_id=busy.pk) | Fact.objects.filter(lead_id=None, person_id=busy.person_id)
    expected = list(own.order_by("-at", "-id").values_list("id", flat=True))
    assert [row.id for row in walk(about(busy), by=admin, limit=limit)] == expected
    assert len(expected) > 16


@pytest.mark.django_db
def test_the_filters_together_show_every_fact_once(busy: Lead, admin: Actor):
    every = [row.id for row in walk(about(busy), by=admin, limit=50)]
    parts = [[row.id for row in walk(about(busy), by=admin, limit=2, kinds=kinds_of(family))] for family in Family]
    assert sorted(fact_id for part in parts for fact_id in part) == sorted(every)
    assert all(parts)


@pytest.mark.django_db
def test_a_page_costs_four_statements_whatever_it_shows(
    busy: Lead, happen: Callable[..., None], admin: Actor, at: datetime
):
    with CaptureQueriesContext(connection) as few:
        facts.facts(about(busy), by=admin, limit=1)
    for number in range(20):
        happen(busy, "page_viewed", path=f"/{number}", campaign=f"SEA {number}", when=at)
    with CaptureQueriesContext(connection) as many:
        facts.facts(about(busy), by=admin)
    assert len(few) <= len(many) <= 4


@pytest.mark.django_db
def test_revoked_facts_are_shown_as_such(come: Callable[..., Lead], admin: Actor, at: datetime):
    lead = come()
    promised = {"lead_id": lead.pk, "promise_id": 1, "promise": "first_response"}
    with transaction.atomic():
        [wrong] = ledger.append([PromiseBreached(at=at, **promised)], by=SYSTEM, learnt_at=at)
        ledger.append([PromiseMet(at=at, revokes_id=wrong, **promised)], by=SYSTEM, learnt_at=at)
    rows = {row.kind: row.is_revoked for row in walk(about(lead), by=admin, limit=50)}
    assert rows == {"promise_met": False, "promise_breached": True, "lead_captured": False}


@pytest.mark.django_db
def test_the_facts_of_an_undone_import_are_all_revoked(come: Callable[..., Lead], admin: Actor, at: datetime):
    lead = come(email="claire@sogetrel.fr")
    entry = Entry(
        kind="lead", door="file", at=at, values={"email": "claire@sogetrel.fr", "city": "Lyon"}, is_live=False
    )
    line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at, is_live=False, import_id=5))
    with transaction.atomic():
        ledger.append([ImportUndone(at=at, imported_id=5)], by=admin, learnt_at=at, import_id=5)
    found = {row.kind: row.is_revoked for row in walk(about(lead), by=admin, limit=50)}
    assert found == {"fields_changed": True, "lead_captured": False}


@pytest.mark.django_db
def test_erased_details_leave_the_fact(come: Callable[..., Lead], happen: Callable[..., None], admin: Actor):
    lead = come()
    happen(lead, "note_written", text="secret")
    FactDetail.objects.all().delete()
    page = facts.facts(about(lead), by=admin)
    assert [row.details for row in page.facts if row.kind == "note_written"] == [{}]


@pytest.mark.django_db
def test_facts_name_whom_they_speak_of(
    come: Callable[..., Lead], make_user: Callable[..., User], admin: Actor, at: datetime
):
    lea = make_user("sdr", name="Léa")
    lead = come(full_name="Claire Morel", campaign="SEA")
    edit_person(lead.person_id, {"city": "Lyon"}, by=access.of_user(lea), at=at)
    names = facts.facts(about(lead), by=admin).names
    assert (names.users, names.people[lead.person_id]) == ({lea.pk: "Léa"}, "Claire Morel")
    assert list(names.campaigns.values()) == ["SEA"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "cursor", ["x", "WyJ4IiwgMV0", "WyIyMDI2LTAzLTAyIiwgInkiXQ", "WzEsIDJd", "WyIyMDI2LTAzLTAyIiwgLTFd"]
)
def test_a_foreign_cursor_is_refused(cursor: str, admin: Actor):
    with pytest.raises(Refused):
        facts.facts(About(lead_ids=[1]), by=admin, after=cursor)


def test_a_kind_without_a_class_is_still_shown():
    assert wording.wording_of("gone").family is Family.CHANGE
