"""A worker killed while it carries an order out: another goes on, and no lead is changed twice."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from filon.core import access
from filon.core.models import Fact, Job, User
from filon.leads.bulk import commands
from filon.leads.bulk.commands import Draft
from filon.leads.bulk.tests.test_commands import many
from filon.leads.listing.queries import Ask
from filon.leads.models import BulkItem, Lead
from tests.test_serve import until

COUNT = 6_000
StartWorker = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def start_worker(committed_db: str, tmp_path: Path) -> Iterator[StartWorker]:
    """`start_worker()`: one more worker process of the product on this test's database."""
    environ = os.environ | {"FILON_DATABASE_URL": committed_db, "FILON_DATA_DIR": str(settings.FILON_DATA_DIR)}
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / "workers.log").open("ab") as log:
            command = [sys.executable, "-m", "filon", "worker"]
            started.append(subprocess.Popen(command, env=environ, stdout=log, stderr=log))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_killed_worker_changes_no_lead_twice_and_loses_none(
    start_worker: StartWorker, make_user: Callable[..., User], at: datetime
) -> None:
    many(COUNT, at)
    lea, boss = make_user("sdr", name="Léa"), access.of_user(make_user("ops"))
    asked = Draft(
        act="assign",
        what={"owner_id": lea.pk},
        token=str(uuid.uuid4()),
        ask=Ask(condition="owner is empty"),
        announced=COUNT,
    )
    made = commands.order(asked, by=boss, at=timezone.now())
    for share in (0.05, 0.3, 0.6):
        worker = start_worker()
        until(lambda: BulkItem.objects.count() >= COUNT * share, 60)  # noqa: B023 — asked at once
        worker.kill()
        worker.wait()
    start_worker()
    until(lambda: Job.objects.get(name="leads.bulk").state == "done", 120)
    made.refresh_from_db()
    assert (made.state, made.changed, made.refused) == ("done", COUNT, 0)
    assert Lead.objects.filter(owner=lea).count() == COUNT
    assert Fact.objects.filter(kind="owner_changed").count() == BulkItem.objects.count() == COUNT
    assert Fact.objects.filter(kind="bulk_done").count() == 1
