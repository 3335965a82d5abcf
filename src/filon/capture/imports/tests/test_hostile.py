"""Rubbish in files and options of imports, and pages pressed in the wrong order: a reason, and nothing lost."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from filon.capture.imports import commands, mapping
from filon.capture.imports.rehearsal import Rehearsal, rehearse
from filon.capture.models import Cost, Import
from filon.core import jobs, line
from filon.core.access import SYSTEM
from filon.core.models import Job
from filon.kit.errors import Kind, Refused
from filon.leads.models import Campaign, Company, Lead

Plan = Callable[..., Import]


@pytest.fixture
def plan(db: None, at: datetime, settings: Any, tmp_path: Path) -> Plan:
    settings.FILON_DATA_DIR = tmp_path

    def plan(text: str, kind: str = "leads", **chosen: Any) -> Import:
        options = commands.Options(kind=kind, **chosen)  # type: ignore[arg-type]
        return commands.create_import(io.BytesIO(text.encode()), "file.csv", options, by=SYSTEM, at=at)

    return plan


def run(imported: Import, at: datetime) -> Import:
    commands.start_import(imported.pk, by=SYSTEM)
    for _ in commands.run_import(imported.pk, by=SYSTEM, now=lambda: at):
        pass
    imported.refresh_from_db()
    return imported


def last(imported: Import, at: datetime) -> Rehearsal:
    *_, said = rehearse(imported, by=SYSTEM, at=at)
    return said


def test_names_longer_than_their_column_are_kept_shortened(plan: Plan, at: datetime) -> None:
    long = "c" * 500
    assert run(plan(f"date,channel,campaign,kind,amount\n2026-01-05,event,{long},event,5\n", "costs"), at).created == 1
    assert Cost.objects.get().campaign.name == "c" * 200
    again = run(plan(f"email,campaign,owner\na@b.fr,{long},{'Ö' * 400}\n"), at)
    assert (again.created, again.rejected) == (1, 0)
    lead = Lead.objects.get()
    assert (lead.campaign_id, lead.owner.name) == (Campaign.objects.get().pk, "Ö" * 150)
    assert run(plan(f"company.name,owner\nExemple,{'Ö' * 400}\n", "companies"), at).created == 1
    assert Company.objects.get(name="Exemple").owner_id == lead.owner_id


def test_a_row_that_breaks_the_line_is_counted_as_rejected_by_the_dry_run_too(
    plan: Plan, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(batch: line.Batch) -> None:
        if any(item.entry.values.get("email") == "bad@b.fr" for item in batch.items):
            raise RuntimeError("a bug of ours")

    monkeypatch.setitem(line._lines, "lead", [breaks, *line._lines["lead"]])
    said = last(plan("email\n" + "".join(f"p{n}@b.fr\n" for n in range(7)) + "bad@b.fr\nlast@b.fr\n"), at)
    assert (said.rows, said.created, said.rejected) == (9, 8, 1)
    assert [(line_number, "RuntimeError" in reason) for line_number, _column, reason in said.rejects] == [(9, True)]


@pytest.mark.parametrize(("field", "value"), [("captured_at", "soon"), ("company.revenue", "much")])
def test_a_value_for_all_rows_that_cannot_be_is_refused_at_once(plan: Plan, field: str, value: str) -> None:
    with pytest.raises(Refused, match=value):
        plan("email\na@b.fr\n", sets=[(field, value)])
    assert not Import.objects.exists()


def test_the_name_of_a_system_is_as_long_as_the_database_keeps(plan: Plan) -> None:
    for wrong in ("s" * 41, "a\0b"):
        with pytest.raises(Refused) as refused:
            plan("email\na@b.fr\n", system=wrong)
        assert refused.value.kind is Kind.INVALID
    assert plan("email\na@b.fr\n", system="s" * 40).system == "s" * 40


# Pages ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def client(plan: Plan, signed_in_client: Callable[..., Client]) -> Client:
    return signed_in_client("marketing")


def test_a_page_uses_presets_of_the_list_only(client: Client, tmp_path: Path) -> None:
    own = tmp_path / "filon.toml"
    own.write_text('label = "inside"\n[leads]\n"Courriel" = "email"\n', encoding="utf-8")
    for wrong in (str(own), str(tmp_path / "nothing.toml"), "../presets/hubspot.toml"):
        file = SimpleUploadedFile("x.csv", b"Courriel\na@b.fr\n")
        answer = client.post(reverse("imports:new"), {"kind": "leads", "preset": wrong, "file": file})
        assert answer.status_code == 422, wrong
        assert b"Errno" not in answer.content
        assert not Import.objects.exists()
    file = SimpleUploadedFile("x.csv", b"Email\na@b.fr\n")
    good = {"kind": "leads", "preset": mapping.preset_names()[0], "file": file}
    assert client.post(reverse("imports:new"), good).status_code == 302


def test_a_kind_that_does_not_exist_is_said(client: Client) -> None:
    file = SimpleUploadedFile("x.csv", b"email\na@b.fr\n")
    assert client.post(reverse("imports:new"), {"kind": "secrets", "file": file}).status_code == 422


def test_an_import_started_during_its_dry_run_is_refused_and_not_stuck(
    client: Client, plan: Plan, at: datetime
) -> None:
    imported = plan("email\na@b.fr\n")
    client.post(reverse("imports:rehearse", args=[imported.pk]))
    client.post(reverse("imports:start", args=[imported.pk]))
    imported.refresh_from_db()
    assert imported.state == "draft"
    assert [job.name for job in Job.objects.filter(key=f"capture.import:{imported.pk}")] == ["capture.rehearse"]
    Job.objects.update(state="done", key=None)
    client.post(reverse("imports:start", args=[imported.pk]))
    client.post(reverse("imports:start", args=[imported.pk]))  # pressed twice: the same
    imported.refresh_from_db()
    assert imported.state == "waiting"
    assert Job.objects.filter(key=f"capture.import:{imported.pk}").count() == 1


def test_an_undo_asked_for_while_something_else_is_done_is_refused_and_not_stuck(
    client: Client, plan: Plan, at: datetime
) -> None:
    imported = run(plan("email\na@b.fr\n"), at)
    jobs.enqueue("capture.rehearse", {"import_id": imported.pk}, at=at, key=f"capture.import:{imported.pk}")
    client.post(reverse("imports:undo", args=[imported.pk]))
    imported.refresh_from_db()
    assert imported.state == "done"
