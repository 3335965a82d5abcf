"""What goes out comes in again and changes nothing."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from filon.capture.imports import commands
from filon.capture.models import Import
from filon.core.access import SYSTEM, Actor
from filon.core.models import AuditEntry
from filon.exports.commands import FORMATS, export
from filon.kit.errors import Refused
from filon.leads.models import Lead

FILE = (
    "external_id,email,phone,full_name,company.name,company.employees,captured_at,source,outcome,outcome_at,"
    "Ville rêvée\n"
    "1,a@b.fr,0612345678,Zoé Morel,Dupont & Fils,42,2025-03-01T10:00:00Z,Google,won,2025-05-01,Nîmes\n"
    '2,c@d.fr,,"Petit, ""Jo""",,,2025-04-01T10:00:00Z,,,,=1+1\n'
)


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.FILON_DATA_DIR = tmp_path


def take(content: bytes, at: datetime) -> Import:
    options = commands.Options(kind="leads", mode="history")
    imported = commands.create_import(io.BytesIO(content), "f", options, by=SYSTEM, at=at)
    commands.start_import(imported.pk, by=SYSTEM)
    list(commands.run_import(imported.pk, by=SYSTEM, now=lambda: at))
    imported.refresh_from_db()
    return imported


@pytest.mark.parametrize("format_", FORMATS)
def test_an_export_imports_again_and_changes_nothing(db: None, at: datetime, tmp_path: Path, format_: str) -> None:
    take(FILE.encode(), at)
    path = tmp_path / f"out.{format_}"
    assert list(export("leads", path, format_=format_, by=SYSTEM, at=at))[-1] == 2
    again = take(path.read_bytes(), at)
    assert (again.rows, again.created, again.updated, again.rejected) == (2, 0, 0, 0)
    assert Lead.objects.count() == 2


def test_an_export_names_its_columns_as_the_contract_does(db: None, at: datetime, tmp_path: Path) -> None:
    take(FILE.encode(), at)
    path = tmp_path / "out.csv"
    list(export("leads", path, format_="csv", by=SYSTEM, at=at))
    first, second = csv.DictReader(path.open(encoding="utf-8"))
    assert (first["external_id"], first["phone"], first["company.name"]) == ("1", "+33612345678", "Dupont & Fils")
    assert (first["stage"], first["outcome"], first["captured_at"]) == ("customer", "won", "2025-03-01T10:00:00+00:00")
    assert second["attributes.Ville rêvée"] == "=1+1"


@pytest.mark.parametrize("kind", ["people", "companies", "opportunities", "events"])
def test_every_kind_can_be_written(db: None, at: datetime, tmp_path: Path, kind: str) -> None:
    take(FILE.encode(), at)
    *_, count = export(kind, tmp_path / "out.csv", format_="csv", by=SYSTEM, at=at)
    rows = list(csv.reader((tmp_path / "out.csv").open(encoding="utf-8")))
    assert len(rows) == count + 1


def test_an_export_is_in_the_audit_log_and_asks_for_the_right(db: None, at: datetime, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        list(export("leads", tmp_path / "x.csv", format_="csv", by=Actor("user", 1), at=at))
    list(export("leads", tmp_path / "x.csv", format_="csv", by=SYSTEM, at=at))
    assert AuditEntry.objects.get(kind="exported").what["of"] == "leads"
