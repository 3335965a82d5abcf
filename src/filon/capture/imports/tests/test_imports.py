"""Files through the line: golden facts, nothing twice, nothing lost, everything back."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Count

from filon.capture.imports import commands, undo
from filon.capture.imports.rehearsal import rehearse
from filon.capture.models import Import
from filon.core.access import SYSTEM, Actor
from filon.core.models import Fact, InboxEntry
from filon.kit.errors import Refused
from filon.leads.models import Company, Finding, Lead, Person, SourceRecord

Take = Callable[..., Import]


@pytest.fixture
def take(db: None, at: datetime, settings: Any, tmp_path: Path) -> Take:
    """Import a file or its text, and give the import back."""
    settings.FILON_DATA_DIR = tmp_path

    def take(source: Path | str, kind: str = "leads", **chosen: Any) -> Import:
        imported = plan(source, kind, at, **chosen)
        commands.start_import(imported.pk, by=SYSTEM)
        for _ in commands.run_import(imported.pk, by=SYSTEM, now=lambda: at):
            pass
        imported.refresh_from_db()
        return imported

    return take


def plan(source: Path | str, kind: str, at: datetime, **chosen: Any) -> Import:
    options = commands.Options(kind=kind, **chosen)  # type: ignore[arg-type]
    content = source.read_bytes() if isinstance(source, Path) else source.encode()
    return commands.create_import(io.BytesIO(content), "file.csv", options, by=SYSTEM, at=at)


def counts(imported: Import) -> tuple[int, int, int, int, int]:
    assert imported.rows == imported.created + imported.updated + imported.unchanged + imported.rejected
    return (imported.rows, imported.created, imported.updated, imported.unchanged, imported.rejected)


def test_x_education_goes_in_whole_and_a_second_time_changes_nothing(take: Take, shared_data: Path) -> None:
    file = shared_data / "x_education" / "Leads.csv"
    first = take(file)
    assert (first.mode, *counts(first)) == ("history", 9240, 9240, 0, 0, 0)
    stages = dict(Lead.objects.values_list("stage").annotate(n=Count("id")))
    assert stages == {"customer": 3561, "lost": 5679}
    facts = Fact.objects.count()
    assert counts(take(file)) == (9240, 0, 0, 9240, 0)
    assert Fact.objects.exclude(kind="import_finished").count() == facts - 1
    assert Finding.objects.get(code="lead_without_source").count == 36


def test_history_starts_nothing(take: Take, at: datetime) -> None:
    imported = take("email,captured_at\na@b.fr,2020-01-01\n")
    assert imported.mode == "history"
    lead = Lead.objects.get()
    assert (lead.route, lead.owner_id, lead.due_at, lead.is_history) == ("", None, None, True)
    kinds = set(Fact.objects.values_list("kind", flat=True))
    assert not kinds & {"lead_routed", "promise_made", "submitted", "threshold_crossed"}


def test_recent_rows_are_proposed_as_live_and_are_routed(take: Take, at: datetime) -> None:
    yesterday = (at - timedelta(days=1)).date().isoformat()
    imported = take(f"email,captured_at\na@b.fr,{yesterday}\nc@b.fr,{yesterday}\n")
    assert imported.mode == "live"
    assert set(Lead.objects.values_list("route", flat=True)) != {""}


def test_a_reimport_never_reverts_what_a_person_edited(take: Take) -> None:
    take("external_id,email,job_title,city\n1,a@b.fr,DSI,Lyon\n")
    Person.objects.update(job_title="Directrice générale", edited=["job_title"])
    imported = take("external_id,email,job_title,city\n1,a@b.fr,DSI,Paris\n")
    assert counts(imported) == (1, 0, 1, 0, 0)
    person = Person.objects.get()
    assert (person.job_title, person.city) == ("Directrice générale", "Paris")
    change = Fact.objects.get(kind="fields_changed", person_id=person.pk)
    assert change.payload["fields"] == ["city"]
    assert change.detail.values == {"old": {"city": "Lyon"}, "new": {"city": "Paris"}}


def test_an_outcome_that_changes_moves_the_lead(take: Take) -> None:
    take("external_id,outcome\n1,\n")
    assert Lead.objects.get().stage == "captured"
    take("external_id,outcome,outcome_at\n1,won,2026-02-01\n")
    lead = Lead.objects.get()
    assert (lead.stage, lead.is_open, lead.stage_since.date().isoformat()) == ("customer", False, "2026-01-31")


def test_a_second_journey_of_one_person_is_a_second_lead(take: Take) -> None:
    take("external_id,email,outcome\n1,a@b.fr,lost\n2,a@b.fr,won\n3,a@b.fr,\n4,a@b.fr,\n")
    assert Person.objects.count() == 1
    assert sorted(Lead.objects.values_list("stage", flat=True)) == ["captured", "customer", "lost"]


def test_rejects_say_line_column_and_reason_and_nothing_is_lost(take: Take) -> None:
    imported = take(
        'email,captured_at,name\n"a@b.fr",2026-01-01,"two\nlines"\nnonsense,2026-01-01,x\n,,nobody\na@c.fr,soon,y\n'
    )
    assert counts(imported) == (4, 1, 0, 0, 3)
    rejects = [(row.line, row.column) for row in imported.rejects.order_by("number")]
    assert rejects == [(4, "email"), (5, ""), (6, "captured_at")]
    assert all(row.reason for row in imported.rejects.all())
    assert imported.rejects.get(line=4).raw[0] == "nonsense"


def test_costs_without_a_key_are_told_apart_by_how_often_they_stand_there(take: Take) -> None:
    from filon.capture.models import Cost

    file = "date,channel,campaign,kind,amount\n" + "2026-01-05,event,Salon,event,1200.50\n" * 2
    assert counts(take(file, "costs")) == (2, 2, 0, 0, 0)
    assert counts(take(file, "costs")) == (2, 0, 0, 2, 0)
    assert counts(take(file + "2026-01-05,event,Salon,event,1200.50\n", "costs")) == (3, 1, 0, 2, 0)
    assert Cost.objects.count() == 3


def test_events_join_leads_by_external_id(take: Take) -> None:
    take("external_id\n1\n")
    imported = take("lead.external_id,kind,at,path\n1,page_viewed,2026-01-03T10:00:00Z,/tarifs\n", "events")
    assert counts(imported) == (1, 1, 0, 0, 0)
    fact = Fact.objects.get(kind="page_viewed")
    assert (fact.lead_id, fact.path) == (Lead.objects.get().pk, "/tarifs")


def test_a_killed_import_goes_on_after_its_last_chunk(
    take: Take, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "IDLE_BATCH", 1000)
    rows = "".join(f"{number},p{number}@b{number}.fr\n" for number in range(3500))
    imported = plan("external_id,email\n" + rows, "leads", at)
    commands.start_import(imported.pk, by=SYSTEM)
    steps = commands.run_import(imported.pk, by=SYSTEM, now=lambda: at)
    next(steps)
    next(steps)
    steps.close()  # what a kill leaves: the committed chunks, and a state that says `running`
    Import.objects.filter(pk=imported.pk).update(state="running")
    imported.refresh_from_db()
    assert 0 < imported.done_rows < 3500
    assert Lead.objects.count() == imported.done_rows
    for _ in commands.run_import(imported.pk, by=SYSTEM, now=lambda: at):
        pass
    imported.refresh_from_db()
    assert counts(imported) == (3500, 3500, 0, 0, 0)
    assert Lead.objects.count() == 3500
    chunks = [entry.payload for entry in InboxEntry.objects.filter(import_id=imported.pk).order_by("id")]
    assert [chunk["first"] for chunk in chunks] == [1, *(chunk["last"] + 1 for chunk in chunks[:-1])]


def test_a_row_that_breaks_the_line_is_rejected_and_the_others_go_in(
    take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    from filon.core import line

    def breaks(batch: line.Batch) -> None:
        if any(item.entry.values.get("email") == "bad@b.fr" for item in batch.items):
            raise RuntimeError("a bug of ours")

    monkeypatch.setitem(line._lines, "lead", [breaks, *line._lines["lead"]])
    imported = take("email\n" + "".join(f"p{n}@b.fr\n" for n in range(7)) + "bad@b.fr\nlast@b.fr\n")
    assert counts(imported) == (9, 8, 0, 0, 1)
    reject = imported.rejects.get()
    assert (reject.line, "RuntimeError" in reject.reason) == (9, True)


def test_the_rehearsal_says_what_the_run_then_does_and_writes_nothing(take: Take, at: datetime) -> None:
    take("external_id,email\n1,a@b.fr\n2,c@b.fr\n")
    before = (Lead.objects.count(), Fact.objects.count(), SourceRecord.objects.count())
    file = "external_id,email,city\n1,a@b.fr,\n2,c@b.fr,Lyon\n3,d@b.fr,\n3,d@b.fr,\n4,d@b.fr,Paris\n5,nonsense,\n"
    imported = plan(file, "leads", at, mode="live")
    *_, said = rehearse(imported, by=SYSTEM, at=at)
    assert (Lead.objects.count(), Fact.objects.count(), SourceRecord.objects.count()) == before
    done = take(file, mode="live")
    assert (said.rows, said.created, said.updated, said.unchanged, said.rejected) == counts(done)
    assert said.started["lead_routed"] == Fact.objects.filter(kind="lead_routed").count()


def test_undo_takes_back_what_was_made_and_gives_back_what_was_changed(take: Take, at: datetime) -> None:
    take("external_id,email,city,Score\n1,a@b.fr,Lyon,7\n")
    second = take("external_id,email,city,Score,company.name\n1,a@b.fr,Paris,9,\n2,c@d.fr,Lille,1,Dupont\n")
    assert counts(second) == (2, 1, 1, 0, 0)
    undo.start_undo(second.pk, by=SYSTEM, at=at)
    *_, last = undo.run_undo(second.pk, at=at)
    assert last.kept == 0
    assert Lead.objects.count() == 1
    person = Person.objects.get()
    assert person.city == "Lyon"
    assert Lead.objects.get().attributes == {"Score": "7"}
    assert not Company.objects.filter(name="Dupont").exists()
    assert Fact.objects.filter(import_id=second.pk).exists()  # the ledger keeps what happened
    second.refresh_from_db()
    assert second.state == "undone"
    third = take("external_id,email,city,Score,company.name\n1,a@b.fr,Paris,9,\n2,c@d.fr,Lille,1,Dupont\n")
    assert counts(third) == (2, 1, 1, 0, 0)


def test_undo_keeps_what_someone_has_worked_on_since(take: Take, at: datetime, make_user: Any) -> None:
    from filon.core import access, line
    from filon.core.line import Batch, Entry

    imported = take("email\na@b.fr\nc@b.fr\n")
    user = access.of_user(make_user("sdr"))
    entry = Entry(kind="event", door="manual", at=at, values={"kind": "call_logged", "email": "a@b.fr"})
    line.run_with_retries(lambda: Batch([entry], by=user, at=at))
    undo.start_undo(imported.pk, by=SYSTEM, at=at)
    *_, last = undo.run_undo(imported.pk, at=at)
    assert [lead.person.email for lead in Lead.objects.select_related("person")] == ["a@b.fr"]
    assert last.kept >= 1


def test_a_reader_may_not_import(take: Take, at: datetime) -> None:
    reader = Actor("user", 1, role="read_only")
    with pytest.raises(Refused, match=r"importer des fichiers|import files"):
        commands.create_import(
            io.BytesIO(b"email\na@b.fr\n"), "x.csv", commands.Options(kind="leads"), by=reader, at=at
        )
