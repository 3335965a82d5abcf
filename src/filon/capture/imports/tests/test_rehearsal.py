"""A dry run keeps nobody waiting: it reads one moment, holds no lock and writes nothing."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

from filon.capture.imports import commands
from filon.capture.imports.rehearsal import Rehearsal, rehearse
from filon.capture.models import Import
from filon.core import line
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry
from filon.core.models import Fact, Team, User
from filon.kit import sql
from filon.leads.models import Company, Lead, Person
from filon.routing.models import RoundRobin, RoutingRuleSet
from filon.scoring.models import RuleSet

FILES = {
    "leads": "external_id,email,company.name,campaign\n1,a@b.fr,Exemple,Salon\n2,c@b.fr,Autre,Salon\n",
    "companies": "external_id,name,domain\n1,Exemple,exemple.fr\n2,Autre,autre.fr\n",
    "opportunities": "external_id,name,amount,stage,company.name,product\n1,Postes,100,Won,Exemple,GTX\n",
    "events": "email,kind,at,path\na@b.fr,page_viewed,2026-03-01T10:00:00Z,/tarifs\n",
    "costs": "date,channel,campaign,kind,amount\n2026-01-05,event,Salon,event,1200.50\n",
    "products": "external_id,name,price\n1,GTX,100\n",
    "users": "external_id,name,email,role,team\n1,Ana,ana@exemple.fr,sdr,Nord\n",
}
TABLES = (Lead, Person, Company, Fact, RuleSet, RoutingRuleSet, RoundRobin, User, Team)


@pytest.fixture
def plan(committed_db: str, at: datetime, settings: Any, tmp_path: Path) -> Callable[..., Import]:
    settings.FILON_DATA_DIR = tmp_path

    def plan(kind: str, text: str = "", mode: str = "live") -> Import:
        options = commands.Options(kind=kind, mode=mode)  # type: ignore[arg-type]
        file = io.BytesIO((text or FILES[kind]).encode())
        return commands.create_import(file, "file.csv", options, by=SYSTEM, at=at)

    return plan


def last(imported: Import, at: datetime) -> Rehearsal:
    *_, said = rehearse(imported, by=SYSTEM, at=at)
    return said


def counts() -> list[int]:
    return [model.objects.count() for model in TABLES]


@pytest.fixture
def elsewhere() -> Iterator[Callable[[Callable[[], None]], None]]:
    """`elsewhere(act)`: act on a connection of one's own; it must be done within some seconds."""
    with ThreadPoolExecutor(1) as others:

        def elsewhere(act: Callable[[], None]) -> None:
            others.submit(_then_close, act).result(timeout=5)

        yield elsewhere


def _then_close(act: Callable[[], None]) -> None:
    try:
        act()
    finally:
        connection.close()


@pytest.mark.parametrize("kind", FILES)
def test_a_dry_run_of_anything_in_a_new_workspace_writes_nothing(
    plan: Callable[..., Import], at: datetime, kind: str
) -> None:
    before = counts()
    said = last(plan(kind), at)
    assert said.rows == said.created + said.rejected > 0
    assert counts() == before


@pytest.mark.parametrize("mode", ["live", "history"])
def test_others_write_while_a_file_is_rehearsed_even_what_it_would_change(
    plan: Callable[..., Import],
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
    elsewhere: Callable[[Callable[[], None]], None],
    mode: str,
) -> None:
    def take(email: str, city: str) -> None:
        entry = Entry(kind="lead", door="api", at=at, values={"email": email, "city": city})
        line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at))

    take("a@b.fr", "Lyon")
    take("c@b.fr", "Lyon")
    imported = plan(
        "leads", "external_id,email,city,company.name\n1,a@b.fr,Paris,Exemple\n2,x@y.fr,Lille,Autre\n", mode
    )
    steps = line._lines["lead"]

    def others() -> None:
        line._lines["lead"] = steps
        take("a@b.fr", "Nantes")  # a lead that the file names, too
        take("new@b.fr", "Brest")  # routed: it takes its turn at the counter

    monkeypatch.setitem(line._lines, "lead", [*steps, lambda _batch: elsewhere(others)])
    said = last(imported, at)
    assert (said.created, said.updated) == (1, 1)
    assert set(Person.objects.values_list("email", "city")) == {
        ("a@b.fr", "Nantes"),
        ("c@b.fr", "Lyon"),
        ("new@b.fr", "Brest"),
    }


def test_after_a_dry_run_that_broke_its_connection_writes_again(
    plan: Callable[..., Import], at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(batch: Batch) -> None:
        raise RuntimeError("a bug of ours")

    imported = plan("leads")
    with monkeypatch.context() as patch:
        patch.setitem(line._lines, "lead", [breaks])
        assert last(imported, at).rejected == 2
    Team.objects.create(name="Nord", name_folded="nord", created_at=at)
    assert last(imported, at).created == 2
    assert Team.objects.count() == 1


def test_a_step_that_writes_by_itself_leaves_nothing(
    plan: Callable[..., Import], at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def writes(batch: Batch) -> None:
        Team.objects.create(name="Nord", name_folded="nord", created_at=at)

    monkeypatch.setitem(line._lines, "lead", [writes])
    imported = plan("leads")
    if sql.is_postgresql():
        last(imported, at)
    else:
        with pytest.raises(OperationalError):  # said aloud: it would keep the lock for the rest of the chunk
            last(imported, at)
    assert not Team.objects.exists()
