"""What machines and people see of the house, the doctor's round, and what people may do with jobs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from filon.core import health, job_commands, jobs, leases, limits, purge
from filon.core.access import SYSTEM
from filon.core.models import Allowance, AuditEntry, InboxEntry, Job
from filon.kit.errors import Kind, Refused

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


def make_job(at: datetime, state: str, **more: object) -> Job:
    return Job.objects.create(name="mail.send", state=state, run_at=at, created_at=at, **more)


def quarantined(at: datetime) -> InboxEntry:
    return InboxEntry.objects.create(
        door="api", kind="lead", received_at=at, actor_kind="key", status="quarantined", reason="Unknown stage: Wonn"
    )


def test_machines_need_no_sign_in_and_are_answered_in_few_queries(
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    client = Client()
    assert client.get("/healthz").content == b"ok\n"
    client.get("/readyz")
    with django_assert_max_num_queries(1):
        assert client.get("/readyz").status_code == 200
    with django_assert_max_num_queries(6):
        assert client.get("/metrics").status_code == 200


def test_the_metrics_are_prometheus_text(at: datetime) -> None:
    make_job(at, "dead")
    quarantined(at)
    text = Client().get("/metrics").content.decode()
    assert 'filon_jobs{state="dead"} 1\n' in text
    assert 'filon_inbox{status="quarantined"} 1\n' in text
    assert re.search(
        r'filon_requests_total\{method="GET",status="2xx"\} \d+', Client().get("/metrics").content.decode()
    )
    for line in text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.e+-]+', line), line


def test_the_health_page_shows_what_failed_and_why(signed_in_client: SignIn, at: datetime) -> None:
    make_job(at, "dead", error="SMTP said no", attempts=5, finished_at=at)
    make_job(at, "running", progress={"done": 30, "total": 100, "rate": 10.0, "seconds_left": 7.0})
    quarantined(at)
    page = signed_in_client("ops").get("/health").content.decode()
    for words in ("SMTP said no", "Unknown stage: Wonn", "30 / 100", "SQLite" if "SQLite" in page else "PostgreSQL"):
        assert words in page


@pytest.mark.parametrize("role", ["marketing", "sdr", "sales", "manager", "head", "read_only"])
def test_the_health_page_is_for_operations(signed_in_client: SignIn, role: str, at: datetime) -> None:
    client = signed_in_client(role)
    job = make_job(at, "dead")
    assert client.get("/health").status_code == 403
    for name in ("health_retry_jobs", "health_cancel_jobs"):
        assert client.post(reverse(name), {"ids": job.pk}).status_code == 403
    assert client.post(reverse("health_replay_inbox"), {"ids": quarantined(at).pk}).status_code == 403
    job.refresh_from_db()
    assert job.state == "dead"


def test_operations_try_dead_jobs_again_and_give_others_up(signed_in_client: SignIn, at: datetime) -> None:
    client = signed_in_client("ops")
    again, given_up = make_job(at, "dead", attempts=5), make_job(at, "dead")
    assert client.post(reverse("health_retry_jobs"), {"ids": [again.pk]}).url == "/health"
    client.post(reverse("health_cancel_jobs"), {"ids": [given_up.pk]})
    again.refresh_from_db()
    given_up.refresh_from_db()
    assert (again.state, again.attempts, given_up.state) == ("waiting", 0, "cancelled")
    assert set(AuditEntry.objects.values_list("kind", flat=True)) == {"jobs_retried", "jobs_cancelled"}


def test_a_running_job_is_asked_to_stop_and_a_waiting_one_stops(at: datetime) -> None:
    jobs.enqueue("runs", {}, at=at)
    [claim] = leases.claim(1, "w", at)
    waiting = jobs.enqueue("waits", {}, at=at)
    assert job_commands.cancel_jobs([claim.id, waiting or 0], by=SYSTEM, at=at) == 2
    assert leases.keep("w", at) == {(claim.id, claim.lease): True}
    assert Job.objects.get(pk=waiting).state == "cancelled"
    assert not leases.is_any_due(at)


def test_a_dead_job_whose_key_is_taken_stays_dead(at: datetime) -> None:
    dead = make_job(at, "dead", key="mail:7")
    make_job(at, "waiting", key="mail:7")
    assert job_commands.retry_jobs([dead.pk], by=SYSTEM, at=at) == 0
    dead.refresh_from_db()
    assert dead.state == "dead"


def test_the_doctor_finds_a_sound_house_sound(at: datetime) -> None:
    found = list(health.checks(at))
    assert [check.name for check in found if not check.ok] == []
    assert len(found) == 11


def test_the_doctor_says_what_to_do_about_dead_jobs_quarantine_and_a_readable_key(
    at: datetime, settings, tmp_path
) -> None:
    settings.FILON_DATA_DIR = tmp_path
    key = tmp_path / "secret_key"
    key.write_text("secret")
    key.chmod(0o644)
    make_job(at, "dead")
    quarantined(at)
    unsound = {check.name: check.advice for check in health.checks(at) if not check.ok}
    assert set(unsound) == {"jobs", "inbox", "secret_key"}
    assert "chmod 600" in unsound["secret_key"]


def test_the_doctor_wonders_why_due_jobs_wait(at: datetime) -> None:
    jobs.enqueue("n", {}, at=at)
    assert all(check.ok for check in health.checks(at + timedelta(minutes=14)))
    assert [check.name for check in health.checks(at + timedelta(minutes=16)) if not check.ok] == ["jobs"]


def test_purge_empties_old_payloads_and_keeps_what_waits_for_a_decision(at: datetime) -> None:
    old, young = at - timedelta(days=91), at - timedelta(days=89)
    made = {
        (status, received): InboxEntry.objects.create(
            door="api",
            kind="lead",
            received_at=received,
            actor_kind="key",
            status=status,
            payload={"email": "claire@sogetrel.test"},
            answer={"id": 1},
        )
        for status in ("done", "quarantined")
        for received in (old, young)
    }
    limits.take("x", "y", most=1, window=timedelta(minutes=1), at=old)
    gone = purge.purge(at)
    assert (gone["inbox_payloads"], gone["limits"]) == (1, 1)
    for (status, received), entry in made.items():
        entry.refresh_from_db()
        is_emptied = status == "done" and received == old
        assert (entry.payload == {}) is is_emptied
        assert (entry.answer is None) is is_emptied
    assert purge.purge(at)["inbox_payloads"] == 0


def test_a_limit_lets_so_many_through_in_its_window_and_forgets(at: datetime) -> None:
    window = timedelta(minutes=10)
    for _ in range(3):
        limits.take("form", "a", most=3, window=window, at=at)
    with pytest.raises(Refused) as refused:
        limits.take("form", "a", most=3, window=window, at=at + timedelta(minutes=9))
    assert refused.value.kind is Kind.TOO_MANY
    limits.take("form", "b", most=3, window=window, at=at)
    limits.take("other", "a", most=3, window=window, at=at)
    limits.take("form", "a", most=3, window=window, at=at + timedelta(minutes=10))


def test_a_limit_keeps_no_address(at: datetime) -> None:
    limits.take("sign-in", "203.0.113.9", most=1, window=timedelta(minutes=1), at=at)
    assert "203.0.113.9" not in str(list(Allowance.objects.values()))
