"""Before the rows say it one by one: no identifier, no date; what is odd is said by the dry run as by the import."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from filon.capture.imports import commands, notices, queries
from filon.capture.imports.rehearsal import as_json, in_words, rehearse
from filon.capture.models import Import
from filon.core.access import SYSTEM
from filon.leads.models import Finding, Lead

Plan = Callable[..., Import]


@pytest.fixture
def plan(db: None, at: datetime, settings: Any, tmp_path: Path) -> Plan:
    settings.FILON_DATA_DIR = tmp_path

    def plan(text: str, kind: str = "leads", mode: str = "history") -> Import:
        options = commands.Options(kind=kind, mode=mode)  # type: ignore[arg-type]
        return commands.create_import(io.BytesIO(text.encode()), "base.csv", options, by=SYSTEM, at=at)

    return plan


@pytest.fixture
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def rehearsed(imported: Import, at: datetime) -> Any:
    *_, result = rehearse(imported, by=SYSTEM, at=at)
    return result


def test_a_file_without_an_identifier_is_told_before_its_rows(plan: Plan, at: datetime) -> None:
    imported = plan("Nom;Divers\nDurand;x\n")
    with translation.override("fr"):
        told = notices.before(imported, at=at)[0]
        assert told.startswith("Aucune colonne n’a été reconnue")
        assert "E-mail, Téléphone, Profil LinkedIn" in told
        assert "« Nom », « Divers »" in told
        assert told in in_words(rehearsed(imported, at), imported, at=at)
    assert not notices.before(plan("E-mail;Date\nrien;2026-01-02\n"), at=at)


@pytest.mark.usefixtures("in_english")
def test_rows_of_an_old_base_without_a_date_are_counted_and_a_column_is_named(plan: Plan, at: datetime) -> None:
    imported = plan("E-mail;Arrivée\na@ex.fr;12/03/2024\nb@ex.fr;13/03/2024\n")
    before = " ".join(notices.before(imported, at=at))
    assert "No column says when the leads came" in before
    assert "“Arrivée”" in before
    words = " ".join(in_words(rehearsed(imported, at), imported, at=at))
    assert "2 rows do not say when the lead came" in words
    assert "“Arrivée”" in words
    some = plan("E-mail;Date de création\na@ex.fr;12/03/2024\nb@ex.fr;\n")
    assert not notices.before(some, at=at)
    assert "1 row does not say when" in " ".join(in_words(rehearsed(some, at), some, at=at))


def test_live_leads_come_now_and_nothing_is_said_of_dates(plan: Plan, at: datetime) -> None:
    imported = plan("E-mail\na@ex.fr\n", mode="live")
    assert not notices.before(imported, at=at)
    with translation.override("fr"):
        assert not any("date" in sentence for sentence in in_words(rehearsed(imported, at), imported, at=at))


def test_the_preview_speaks_as_people_do(plan: Plan) -> None:
    imported = plan(
        "E-mail;Date de création;Statut;Converti\na@ex.fr;12/03/2026;mql;oui\nb@ex.fr;12/03/2026 14:05;sql;perdu\n"
    )
    with translation.override("fr"):
        shown = queries.preview(imported)
    assert shown.headers == ["E-mail", "Capté le", "Étape", "Issue"]
    assert shown.rows[0][1] == ["a@ex.fr", "12 mars 2026", "MQL", "Gagné"]
    assert shown.rows[1][1][1].replace("\u00a0", " ") == "jeudi 12 mars 2026 à 14 h 05"
    assert shown.rows[1][1][3] == "Perdu"


def test_the_page_tells_what_the_dry_run_found_and_leads_to_the_leads(
    plan: Plan, at: datetime, signed_in_client: Callable[..., Client]
) -> None:
    signed_in = signed_in_client(language="fr")
    imported = plan("E-mail;Tel\nrien;06 12 34 56 78\nb@ex.fr;\n")
    imported.rehearsal = as_json(rehearsed(imported, at))
    imported.save()
    page = signed_in.get(reverse("imports:import", args=[imported.pk])).content.decode()
    assert "Adresse e-mail invalide" in page
    assert "2 lignes ne disent pas quand le lead est arrivé" in page
    commands.start_import(imported.pk, by=SYSTEM)
    list(commands.run_import(imported.pk, by=SYSTEM, now=timezone.now))
    assert Finding.objects.get(code="lead_without_date").count == 2
    page = signed_in.get(reverse("imports:import", args=[imported.pk])).content.decode()
    assert "Adresse e-mail invalide" in page
    url = f"{reverse('leads:list')}?filter=import_id+%3D+{imported.pk}"
    assert url in page
    assert Lead.objects.filter(import_id=imported.pk).count() == 2
    found = signed_in.get(url).content.decode()
    assert "b@ex.fr" in found
