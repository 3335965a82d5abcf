"""Workers killed at random: every job's effect happens, and happens once. Zombies change nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from filon.core import jobs
from filon.core.jobs import NewJob
from filon.core.models import Job, Worker
from filon.kit import sql
from tests.test_serve import until

PROGRAM = Path(__file__).parent / "frame" / "crash_worker.py"
StartWorker = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def start_worker(committed_db: str, tmp_path: Path) -> Iterator[StartWorker]:
    """`start_worker()`: one more worker process on this test's database."""
    sql.execute("CREATE TABLE crash_effect (job_id bigint NOT NULL)")
    sql.execute("CREATE TABLE crash_keyed (job_id bigint PRIMARY KEY)")
    environ = os.environ | {"FILON_DATABASE_URL": committed_db, "FILON_DATA_DIR": str(settings.FILON_DATA_DIR)}
    environ["PYTHONPATH"] = str(Path(__file__).parent.parent / "src")
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / "workers.log").open("ab") as log:
            started.append(subprocess.Popen([sys.executable, str(PROGRAM)], env=environ, stdout=log, stderr=log))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def count(table: str) -> int:
    return int(sql.fetch(f"SELECT count(*) FROM {table}")[0][0])


def open_jobs() -> int:
    return Job.objects.filter(state__in=["waiting", "running"]).count()


def crash(start_worker: StartWorker, *, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    at = timezone.now()
    per_kind = 100 * kills + 500
    jobs.enqueue_many([NewJob(name="exactly_once") for _ in range(per_kind)], at=at)
    jobs.enqueue_many([NewJob(name="by_key") for _ in range(per_kind)], at=at)
    workers = [start_worker(), start_worker()]
    for _ in range(kills):
        enough = count("crash_effect") + count("crash_keyed") + chance.randint(1, 150)
        until(lambda: count("crash_effect") + count("crash_keyed") >= enough, 60)  # noqa: B023 — asked at once
        assert open_jobs(), "the work was over before the kills: give it more"
        victim = workers.pop(chance.randrange(len(workers)))
        victim.kill()
        victim.wait()
        workers.append(start_worker())
    until(lambda: open_jobs() == 0, 300)
    states = dict(sql.fetch("SELECT state, count(*) FROM core_job GROUP BY state"))
    assert states == {"done": 2 * per_kind}, f"seed {seed}: {states}"
    doubled = sql.fetch("SELECT job_id, count(*) FROM crash_effect GROUP BY job_id HAVING count(*) > 1")
    assert doubled == [], f"seed {seed}"
    assert (count("crash_effect"), count("crash_keyed")) == (per_kind, per_kind), f"seed {seed}"
    if connection.vendor == "sqlite":
        assert sql.fetch("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("kills", [4, pytest.param(60, marks=pytest.mark.long)])
def test_kills_lose_no_job_and_do_none_twice(start_worker: StartWorker, kills: int) -> None:
    crash(start_worker, kills=kills, seed=random.randrange(10**6))


def test_a_worker_asked_to_stop_finishes_its_job_and_gives_the_rest_back(
    start_worker: StartWorker, tmp_path: Path
) -> None:
    begun, go = tmp_path / "begun", tmp_path / "go"
    at = timezone.now()
    waits = [NewJob(name="patient", arguments={"begun": str(begun), "go": str(go)}) for _ in range(4)]
    jobs.enqueue_many([*waits, *(NewJob(name="by_key") for _ in range(5))], at=at)
    worker = start_worker()
    until(lambda: Job.objects.filter(attempts=1).count() == 4)
    worker.send_signal(signal.SIGTERM)
    until(lambda: Job.objects.filter(name="by_key", state="waiting", attempts=0).count() == 5)
    go.touch()
    assert worker.wait(30) == 0
    assert Job.objects.filter(name="patient", state="done").count() == 4
    assert Job.objects.filter(name="by_key", state="waiting").count() == 5
    assert not Worker.objects.exists()


def test_a_job_that_kills_its_worker_is_freed_at_once_by_another(start_worker: StartWorker) -> None:
    jobs.enqueue("poison", {}, at=timezone.now(), max_attempts=2)
    for _ in range(2):
        assert start_worker().wait(60) == -signal.SIGKILL
    start_worker()
    until(lambda: Job.objects.get().state == "dead", 30)
    assert "died" in Job.objects.get().error


@pytest.mark.long
def test_a_worker_frozen_for_longer_than_its_lease_changes_nothing_when_it_wakes(
    start_worker: StartWorker, tmp_path: Path
) -> None:
    begun, go = tmp_path / "begun", tmp_path / "go"
    jobs.enqueue("patient", {"begun": str(begun), "go": str(go)}, at=timezone.now())
    zombie = start_worker()
    until(begun.exists)
    zombie.send_signal(signal.SIGSTOP)
    start_worker()
    until(lambda: begun.read_text() not in {"", str(zombie.pid)}, 90)
    go.touch()
    until(lambda: Job.objects.get().state == "done")
    zombie.send_signal(signal.SIGCONT)
    zombie.send_signal(signal.SIGTERM)
    assert zombie.wait(30) == 0
    assert count("crash_effect") == 1
