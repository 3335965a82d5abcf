"""Notes, tasks and activities of other systems: on the right lead, at their own date, once, and starting nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from filon.capture.imports import undo
from filon.capture.imports.rehearsal import rehearse
from filon.capture.imports.tests.test_imports import Take, counts, plan, take
from filon.capture.models import Import
from filon.core.access import SYSTEM
from filon.core.models import Fact
from filon.leads.card import facts as card
from filon.leads.card.wording import sentence
from filon.leads.models import Finding, Lead, Person, SourceRecord

__all__ = ["take"]  # the fixture

CONTACTS = "Record ID,Email,Create Date\n101,claire@x.fr,2024-01-05\n102,paul@x.fr,2024-02-05\n"
CALLS = (
    "Record ID,Call Title,Activity date,Call notes,Call direction,Call outcome,Associated Contact IDs\n"
    '9001,Découverte,2024-03-04 10:30,"<p>Budget <b>confirmé</b></p>",OUTBOUND,Connected,101;102\n'
    "9002,,2024-03-05 11:00,,INBOUND,Connected,999;102\n"
    "9003,,2024-03-06 11:00,,OUTBOUND,No answer,999\n"
)


@pytest.fixture
def activities(take: Take) -> Callable[..., Import]:
    """Import a file of activities, and give the import back."""

    def activities(source: str, preset: str, **chosen: Any) -> Import:
        return take(source, "events", preset=preset, mode=chosen.pop("mode", "history"), **chosen)

    return activities


def contacts(take: Take, text: str = CONTACTS, preset: str = "hubspot") -> None:
    take(text, preset=preset, mode="history")


def told(**where: Any) -> list[tuple[str, str, str]]:
    """(kind, e-mail of the lead's person, day) of the acts told, by time."""
    found = Fact.objects.filter(**where).exclude(kind__in=["lead_captured", "import_finished", "import_undone"])
    emails = dict(Lead.objects.values_list("pk", "person__email"))
    return [(fact.kind, emails.get(fact.lead_id, ""), f"{fact.at:%Y-%m-%d}") for fact in found.order_by("at", "id")]


def test_calls_of_hubspot_join_every_lead_they_name_at_their_own_date(take: Take, activities: Any) -> None:
    contacts(take)
    imported = activities(CALLS, "hubspot")
    assert counts(imported) == (3, 2, 0, 0, 1)
    assert told() == [
        ("call_logged", "claire@x.fr", "2024-03-04"),
        ("call_logged", "paul@x.fr", "2024-03-04"),
        ("inbound_call", "paul@x.fr", "2024-03-05"),
    ]
    call = Fact.objects.filter(kind="call_logged").first()
    assert call is not None
    assert (call.at, call.payload["outcome"]) == (datetime(2024, 3, 4, 9, 30, tzinfo=UTC), "reached")
    assert (call.channel, call.detail.values) == ("phone", {"text": "Découverte\nBudget confirmé"})
    assert Person.objects.count() == 2


def test_a_row_of_nobody_known_is_rejected_as_it_stood_and_may_come_again(take: Take, activities: Any) -> None:
    contacts(take)
    reject = activities(CALLS, "hubspot").rejects.get()
    assert (reject.line, reject.column, reject.raw[0], len(reject.raw)) == (4, "lead.external_id", "9003", 7)
    assert "inconnu" in reject.reason or "not known" in reject.reason
    contacts(take, "Record ID,Email,Create Date\n999,zoe@x.fr,2024-01-05\n")
    again = activities(CALLS, "hubspot")
    assert counts(again) == (3, 1, 0, 2, 0)
    assert told(import_id=again.pk) == [("call_logged", "zoe@x.fr", "2024-03-06")]


def test_what_is_rejected_says_so_in_french(take: Take, activities: Any) -> None:
    with translation.override("fr"):
        reason = activities(CALLS, "hubspot").rejects.first().reason
    assert reason == "Le contact est inconnu : importez d’abord les contacts de ce système."


def test_a_dry_run_counts_what_the_run_then_does(take: Take, activities: Any, at: datetime) -> None:
    contacts(take)
    *_, said = rehearse(plan(CALLS, "events", at, preset="hubspot", mode="history"), by=SYSTEM, at=at)
    assert (said.rows, said.created, said.updated, said.unchanged, said.rejected) == counts(
        activities(CALLS, "hubspot")
    )


def test_a_file_imported_twice_changes_nothing_nor_does_one_with_more_columns(take: Take, activities: Any) -> None:
    contacts(take)
    activities(CALLS, "hubspot")
    facts = told()
    assert counts(activities(CALLS, "hubspot")) == (3, 0, 0, 2, 1)
    wider = "\n".join(
        f"{line},{more}" for line, more in zip(CALLS.split("\n"), ["Call duration", "1", "2", "3"], strict=False)
    )
    assert counts(activities(wider, "hubspot")) == (3, 0, 0, 2, 1)
    assert told() == facts
    assert Finding.objects.get(code="act_changed").count == 2


def test_history_starts_nothing_and_makes_no_mql(take: Take, activities: Any) -> None:
    contacts(take)
    activities(CALLS, "hubspot")
    kinds = set(Fact.objects.values_list("kind", flat=True))
    assert kinds == {"lead_captured", "import_finished", "call_logged", "inbound_call"}
    assert set(Lead.objects.values_list("owner_id", "due_at", "route")) == {(None, None, "")}
    assert {lead.last_act for lead in Lead.objects.all()} == {"call_logged", "inbound_call"}


def test_what_an_act_says_is_kept_where_it_can_be_erased_and_nowhere_else(take: Take, activities: Any) -> None:
    contacts(take)
    activities(CALLS, "hubspot")
    assert not any("confirmé" in str(fact.payload) for fact in Fact.objects.all())
    assert [record.given for record in SourceRecord.objects.filter(kind="event").order_by("id")] == [
        {"kind": "call_logged", "state": ""},
        {"kind": "inbound_call", "state": ""},
    ]


def test_an_undone_import_is_forgotten_and_can_come_again(take: Take, activities: Any, at: datetime) -> None:
    contacts(take)
    first = activities(CALLS, "hubspot")
    undo.start_undo(first.pk, by=SYSTEM, at=at)
    for _ in undo.run_undo(first.pk, at=at):
        pass
    assert counts(activities(CALLS, "hubspot")) == (3, 2, 0, 0, 1)


def test_emails_meetings_notes_and_tasks_of_hubspot_are_told_by_their_files(take: Take, activities: Any) -> None:
    contacts(take)
    activities(
        "Record ID,Email subject,Email body,Email direction,Email send status,Activity date,Associated Contact IDs\n"
        "1,Offre,<p>Voici</p>,EMAIL,SENT,2024-04-01 09:00,101\n"
        "2,Re: Offre,Merci,INCOMING_EMAIL,,2024-04-02 09:00,101\n"
        "3,Tr: Offre,Vu,FORWARDED_EMAIL,,2024-04-03 09:00,101\n",
        "hubspot",
    )
    activities(
        "Record ID,Meeting name,Meeting start time,Meeting outcome,Associated Contact IDs\n"
        "1,Démo,2024-04-04 09:00,Completed,101\n2,Démo 2,2024-04-05 09:00,No show,101\n",
        "hubspot",
    )
    activities(
        "Record ID,Note body,Activity date,Associated Contact IDs\n1,<p>À suivre</p>,2024-04-06,101\n", "hubspot"
    )
    activities(
        "Record ID,Task Title,Task Status,Due date,Create date,Associated Contact IDs\n"
        "1,Relancer,NOT_STARTED,2099-04-07,2024-04-07 08:00,101\n2,Envoyer,COMPLETED,2024-04-08,,101\n",
        "hubspot",
    )
    assert [(kind, day) for kind, _email, day in told()] == [
        ("message_sent", "2024-04-01"),
        ("replied", "2024-04-02"),
        ("note_written", "2024-04-03"),
        ("meeting_held", "2024-04-04"),
        ("note_written", "2024-04-05"),
        ("note_written", "2024-04-05"),  # 6 April in Paris
        ("note_written", "2024-04-07"),
        ("note_written", "2024-04-07"),
    ]
    assert set(Finding.objects.filter(kind="event").values_list("code", "subject")) == {
        ("unknown_direction", "direction: FORWARDED_EMAIL")
    }


PEOPLE = "Person - ID,Person - Name,Person - Email - Work,Person - Person created\n7,Claire,claire@x.fr,2024-01-05\n"


def test_notes_and_activities_of_pipedrive_with_one_number_are_two(take: Take, activities: Any) -> None:
    contacts(take, PEOPLE, "pipedrive")
    acts = (
        "ID,Subject,Type,Note,Due date,Due time,Done,Marked as done time,Add time,Contact person ID\n"
        "5,Premier appel,Call,ok,2024-03-01,10:00,Done,2024-03-01 10:20:00,2024-02-20 08:00:00,7\n"
        "6,Midi,Lunch,,2024-03-09,,To do,,2024-03-02 08:00:00,7\n"
        "8,Inconnu,Pigeon,,2024-03-03,,Done,2024-03-03 08:00:00,2024-03-02 08:00:00,7\n"
    )
    notes = "ID,Content,Add time,Contact person ID\n5,<p>Note</p>,2024-03-02 10:20:00,7\n"
    assert counts(activities(acts, "pipedrive")) == (3, 3, 0, 0, 0)
    assert counts(activities(notes, "pipedrive")) == (1, 1, 0, 0, 0)
    assert told() == [
        ("call_logged", "claire@x.fr", "2024-03-01"),
        ("note_written", "claire@x.fr", "2024-03-02"),
        ("note_written", "claire@x.fr", "2024-03-02"),
        ("note_written", "claire@x.fr", "2024-03-03"),
    ]
    assert Finding.objects.get(code="unknown_act").subject == "kind: Pigeon"
    done = acts.replace("6,Midi,Lunch,,2024-03-09,,To do,,", "6,Midi,Lunch,,2024-03-09,,Done,2024-03-09 14:00:00,")
    assert counts(activities(done, "pipedrive")) == (3, 1, 0, 2, 0)
    assert told()[-1] == ("meeting_held", "claire@x.fr", "2024-03-09")
    moved = done.replace("Midi", "Déjeuner")
    assert counts(activities(moved, "pipedrive")) == (3, 0, 0, 3, 0)


def test_tasks_events_and_notes_of_salesforce(take: Take, activities: Any) -> None:
    contacts(take, "Id,Email,Created Date\n003A,claire@x.fr,2024-01-05\n", "salesforce")
    activities(
        "Id,WhoId,Subject,ActivityDate,Status,Priority,Description,TaskSubtype,CallType,CallDisposition,CreatedDate\n"
        "00T1,003A,Call,2024-03-01,Completed,Normal,ok,Call,Outbound,Left voicemail,2024-03-01T09:00:00.000Z\n"
        "00T2,003A,Email: Offre,2024-03-02,Completed,Normal,texte,Email,,,2024-03-02T09:00:00.000Z\n"
        "00T3,003A,Relancer,2099-03-02,Not Started,Normal,,Task,,,2024-03-03T09:00:00.000Z\n",
        "salesforce",
    )
    activities("Id,WhoId,Subject,ActivityDateTime,Type\n00U1,003A,Démo,2024-03-04T09:00:00.000Z,\n", "salesforce")
    activities("Id,ParentId,Title,Body,CreatedDate\n0021,003A,Points,Bien,2024-03-05T09:00:00.000Z\n", "salesforce")
    assert [(kind, day) for kind, _email, day in told()] == [
        ("call_logged", "2024-02-29"),  # 1 March in Paris
        ("message_sent", "2024-03-01"),
        ("note_written", "2024-03-03"),
        ("meeting_held", "2024-03-04"),
        ("note_written", "2024-03-05"),
    ]
    assert Fact.objects.get(kind="call_logged").payload["outcome"] == "voicemail"


def test_a_french_workbook_by_e_mail_reads_on_the_timeline(take: Take, activities: Any) -> None:
    take("email,captured_at\nclaire@x.fr,2024-01-05\n", mode="history")
    imported = activities(
        "Date;Type;E-mail;Objet;Compte rendu;Sens;Résultat;Statut;Échéance\n"
        "04/03/2024 10:30;Appel;claire@x.fr;Point;À rappeler en mai;sortant;Rappel demandé;;\n"
        "05/03/2024;Tâche;claire@x.fr;Envoyer le devis;;;;À faire;12/03/2099\n"
        "06/03/2024;RDV;claire@x.fr;Visite;;;;Annulé;\n"
        "07/03/2024;Appel;claire@x.fr;;;;;;\n",
        "excel",
    )
    assert counts(imported) == (4, 4, 0, 0, 0)
    lead = Lead.objects.get()
    page = card.facts(card.About(lead_ids=[lead.pk]), by=SYSTEM)
    with translation.override("fr"):
        said = [sentence(fact, page.names) for fact in reversed(page.facts)]
        texts = [(one.text.replace("\u202f", " ").replace("\u00a0", " "), one.body) for one in said[1:]]
    assert texts == [
        ("a appelé : Rappel demandé", "Point\nÀ rappeler en mai"),
        ("a prévu une tâche pour le 12 mars 2099", "Envoyer le devis"),
        ("a noté un rendez-vous qui n’a pas eu lieu", "Visite\nAnnulé"),
        ("a appelé", ""),
    ]


def test_history_joins_the_journey_of_its_own_time(take: Take, activities: Any) -> None:
    take(
        "external_id,email,captured_at,outcome,outcome_at\n"
        "1,claire@x.fr,2022-01-05,lost,2022-06-01\n2,claire@x.fr,2024-01-05,,\n",
        mode="history",
        system="hubspot",
    )
    old, young = Lead.objects.order_by("captured_at")
    activities(
        "Record ID,Note body,Activity date,Contact email\n"
        "1,avant,2021-01-01,claire@x.fr\n2,pendant,2022-03-01,claire@x.fr\n3,depuis,2024-03-01,claire@x.fr\n",
        "hubspot",
    )
    notes = Fact.objects.filter(kind="note_written").order_by("at")
    assert [note.lead_id for note in notes] == [old.pk, old.pk, young.pk]


def test_live_activities_of_a_lead_join_it_and_a_row_without_a_kind_is_rejected(take: Take, at: datetime) -> None:
    take("email\nclaire@x.fr\n")
    imported = take("email,kind,text\nclaire@x.fr,call_logged,ok\nclaire@x.fr,,rien\n", "events", mode="live")
    assert counts(imported) == (2, 1, 0, 0, 1)
    assert imported.rejects.get().column == "kind"


def test_a_preset_of_ones_own_says_which_kinds_its_words_are(take: Take, activities: Any, tmp_path: Path) -> None:
    contacts(take)
    own = tmp_path / "ours.toml"
    own.write_text(
        'system = "hubspot"\n[events]\n"Contact" = "lead.external_id"\n"Quoi" = "kind"\n"Jour" = "at"\n'
        '[events.kinds]\n"Salon" = "event_attended"\n',
        encoding="utf-8",
    )
    activities("Contact,Quoi,Jour\n101,salon,2024-05-01\n", str(own))
    assert [kind for kind, _email, _day in told()] == ["event_attended"]
    own.write_text('[events.kinds]\n"Salon" = "trade_show"\n', encoding="utf-8")
    with pytest.raises(Exception, match="salon = trade_show"):
        activities("Contact,Quoi,Jour\n101,salon,2024-05-01\n", str(own))
