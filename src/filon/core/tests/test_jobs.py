"""Jobs: claimed once, fenced, retried, dead in the end, and never blamed for another's crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from filon import flow
from filon.core import jobs, leases
from filon.core.clocks import Ticker
from filon.core.jobs import Cancelled, JobContext, LostLease, NewJob
from filon.core.models import ClockTick, Job
from filon.kit.errors import Refused

pytestmark = pytest.mark.django_db
Connect = Callable[..., None]


@pytest.fixture(autouse=True)
def connect() -> Iterator[Connect]:
    """`connect(name=function)`: what each job runs in this test."""
    yield lambda **functions: jobs.connect(functions, [])
    jobs.connect(flow.JOBS, flow.CLOCKS)


def only_job() -> Job:
    return Job.objects.get()


def test_a_job_runs_with_its_arguments_and_is_done(connect: Connect, at: datetime) -> None:
    seen: list[object] = []
    connect(greet=lambda job: seen.append((job.arguments, job.at, job.attempt)))
    jobs.enqueue("greet", {"name": "Léa"}, at=at)
    assert jobs.run_due(at) == 1
    assert seen == [({"name": "Léa"}, at, 1)]
    assert only_job().state == "done"
    assert jobs.run_due(at + timedelta(days=1)) == 0


def test_a_job_waits_for_its_time(connect: Connect, at: datetime) -> None:
    seen: list[int] = []
    connect(later=lambda job: seen.append(job.id))
    jobs.enqueue("later", {}, at=at, run_at=at + timedelta(hours=1))
    jobs.run_due(at + timedelta(minutes=59))
    assert seen == []
    jobs.run_due(at + timedelta(hours=1))
    assert len(seen) == 1


def test_a_key_holds_while_its_job_is_open_and_is_free_after(connect: Connect, at: datetime) -> None:
    connect(once=lambda job: None)
    assert jobs.enqueue("once", {}, at=at, key="k") is not None
    assert jobs.enqueue("once", {}, at=at, key="k") is None
    [claim] = leases.claim(1, "w", at)
    assert jobs.enqueue("once", {}, at=at, key="k") is None
    leases.settle_done(claim, at)
    assert jobs.enqueue("once", {}, at=at, key="k") is not None


def test_many_jobs_are_added_in_few_statements(
    at: datetime, django_assert_max_num_queries: Callable[..., object]
) -> None:
    new = [NewJob(name="n", arguments={"i": i}, key=f"k{i % 150}") for i in range(200)]
    with django_assert_max_num_queries(4):  # two inserts and the savepoint around them
        ids = jobs.enqueue_many(new, at=at)
    assert len(ids) == 150 == Job.objects.count()


def test_claims_are_taken_oldest_first_and_once(at: datetime) -> None:
    for minutes in (3, 1, 2):
        jobs.enqueue("n", {"m": minutes}, at=at, run_at=at - timedelta(minutes=minutes))
    first = leases.claim(2, "one", at)
    rest = leases.claim(5, "two", at)
    assert [claim.arguments["m"] for claim in first] == [3, 2]
    assert [claim.arguments["m"] for claim in rest] == [1]


def test_a_failed_job_comes_back_later_and_later_and_is_dead_in_the_end(connect: Connect, at: datetime) -> None:
    def fail(job: JobContext) -> None:
        raise ValueError("no")

    connect(fail=fail)
    jobs.enqueue("fail", {}, at=at)
    waits: list[float] = []
    for _ in range(4):
        jobs.run_due(at)
        job = only_job()
        assert job.state == "waiting"
        waits.append((job.run_at - at).total_seconds())
        assert jobs.run_due(at) == 0
        at = job.run_at
    jobs.run_due(at)
    job = only_job()
    assert job.state == "dead"
    assert job.attempts == 5
    assert "ValueError: no" in job.error
    for wait, middle in zip(waits, (5, 20, 80, 320), strict=True):
        assert 0.8 * middle <= wait <= 1.2 * middle


def test_the_error_of_a_database_is_kept_without_the_values_it_quotes(connect: Connect, at: datetime) -> None:
    def fail(job: JobContext) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM claire_morel")

    connect(fail=fail)
    jobs.enqueue("fail", {}, at=at)
    jobs.run_due(at)
    assert "Error" in only_job().error
    assert "claire" not in only_job().error


def test_a_refusal_is_kept_in_its_own_words(connect: Connect, at: datetime) -> None:
    def refuse(job: JobContext) -> None:
        raise Refused("Connect the mail server first.")

    connect(refuse=refuse)
    jobs.enqueue("refuse", {}, at=at)
    jobs.run_due(at)
    assert only_job().error == "Connect the mail server first."


def test_a_job_nobody_knows_is_kept_with_its_reason(connect: Connect, at: datetime) -> None:
    connect()
    jobs.enqueue("gone", {}, at=at)
    jobs.run_due(at)
    assert "no job is called gone" in only_job().error


def test_a_job_that_did_its_work_and_failed_after_takes_it_back(connect: Connect, at: datetime) -> None:
    def work(job: JobContext) -> None:
        ClockTick.objects.create(name="effect", tick=1)
        raise ValueError

    connect(work=work)
    jobs.enqueue("work", {}, at=at)
    jobs.run_due(at)
    assert not ClockTick.objects.exists()


def test_a_silent_workers_job_is_freed_after_its_lease_and_its_late_word_is_refused(at: datetime) -> None:
    jobs.enqueue("n", {}, at=at)
    [zombie] = leases.claim(1, "zombie", at)
    assert leases.begin(zombie, at)
    assert leases.rescue(at + timedelta(seconds=59)) == 0
    assert leases.rescue(at + timedelta(seconds=61)) == 1
    later = at + timedelta(seconds=65)
    [heir] = leases.claim(1, "heir", later)
    assert not leases.settle_done(zombie, later)
    assert not leases.settle_failed(zombie, "late", later)
    assert leases.report(zombie, {"done": 3}, later) is None
    assert leases.keep_one(zombie, later) is None
    assert only_job().state == "running"
    assert leases.settle_done(heir, later)
    assert only_job().state == "done"


def test_a_zombie_that_finishes_in_its_transaction_takes_its_work_back(at: datetime) -> None:
    jobs.enqueue("n", {}, at=at)
    [claim] = leases.claim(1, "zombie", at)
    zombie = JobContext(claim, at, lambda: at)
    leases.rescue(at + timedelta(seconds=61))
    with pytest.raises(LostLease), transaction.atomic():  # noqa: PT012 — the transaction is the point
        ClockTick.objects.create(name="effect", tick=1)
        zombie.finish()
    assert not ClockTick.objects.exists()


def test_finishing_inside_the_transaction_settles_the_job(connect: Connect, at: datetime) -> None:
    def work(job: JobContext) -> None:
        with transaction.atomic():
            ClockTick.objects.create(name="effect", tick=1)
            job.finish()

    connect(work=work)
    jobs.enqueue("work", {}, at=at)
    jobs.run_due(at)
    assert only_job().state == "done"


def test_a_kept_lease_is_not_freed(at: datetime) -> None:
    jobs.enqueue("n", {}, at=at)
    [claim] = leases.claim(1, "w", at)
    assert leases.keep("w", at + timedelta(seconds=50)) == {(claim.id, claim.lease): False}
    assert leases.rescue(at + timedelta(seconds=100)) == 0


def test_a_job_that_kills_its_worker_each_time_is_dead_after_five(at: datetime) -> None:
    jobs.enqueue("poison", {}, at=at)
    for attempt in range(1, 6):
        [claim] = leases.claim(1, "w", at)
        assert leases.begin(claim, at)
        leases.rescue(at, ["w"])
        at += timedelta(seconds=attempt**2)
    job = only_job()
    assert job.state == "dead"
    assert "died" in job.error
    assert leases.claim(1, "w", at + timedelta(days=1)) == []


def test_a_job_merely_claimed_beside_a_poisonous_one_is_not_blamed(at: datetime) -> None:
    jobs.enqueue("innocent", {}, at=at)
    for _ in range(9):
        assert len(leases.claim(1, "w", at)) == 1
        leases.rescue(at, ["w"])
    assert only_job().attempts == 0
    assert only_job().state == "waiting"


def test_a_run_that_gets_further_than_any_before_is_no_reason_to_give_up(at: datetime) -> None:
    jobs.enqueue("long", {}, at=at)
    for turn in range(1, 9):
        [claim] = leases.claim(1, "w", at)
        leases.begin(claim, at)
        leases.report(claim, {"done": turn * 100}, at)
        leases.rescue(at, ["w"])
        at += timedelta(minutes=1)
    assert only_job().state == "waiting"
    assert only_job().attempts == 1


def test_progress_tells_rate_and_time_left_and_hears_of_a_wish_to_stop(connect: Connect, at: datetime) -> None:
    def count(job: JobContext) -> None:
        Job.objects.update(wants_cancel=True)
        job.progress(0, 100, rejected=2)
        assert job.is_cancelled()
        raise Cancelled

    connect(count=count)
    jobs.enqueue("count", {}, at=at)
    [claim] = leases.claim(1, "w", at)
    assert jobs.run(JobContext(claim, at, lambda: at), lambda: at) == "cancelled"
    assert only_job().state == "cancelled"


def test_progress_is_stored(at: datetime) -> None:
    jobs.enqueue("n", {}, at=at)
    [claim] = leases.claim(1, "w", at)
    job = JobContext(claim, at, lambda: at)
    job.progress(100, 100, rejected=2)
    progress = only_job().progress
    assert progress["done"] == progress["total"] == 100
    assert progress["rejected"] == 2
    assert set(progress) >= {"rate", "seconds_left"}


def test_work_given_back_does_not_count_as_an_attempt(at: datetime) -> None:
    jobs.enqueue("n", {}, at=at)
    [claim] = leases.claim(1, "w", at)
    leases.begin(claim, at)
    leases.give_back([claim], has_begun=True)
    assert (only_job().state, only_job().attempts) == ("waiting", 0)
    assert not leases.settle_done(claim, at)


def test_a_tick_becomes_one_job_whoever_sees_it(at: datetime) -> None:
    one, two = Ticker([("hourly", 3600)]), Ticker([("hourly", 3600)])
    assert one.tick(at) == ["hourly"]
    assert two.tick(at) == []
    [claim] = leases.claim(1, "w", at)
    leases.settle_done(claim, at)
    assert two.tick(at + timedelta(minutes=59)) == []
    late = Ticker([("hourly", 3600)])
    assert late.tick(at) == []
    assert two.tick(at + timedelta(hours=1)) == ["hourly"]
    assert one.tick(at + timedelta(hours=1)) == []
    assert Job.objects.count() == 2


def test_a_clock_whose_job_is_still_open_does_not_pile_up(at: datetime) -> None:
    ticker = Ticker([("slow", 60)])
    for minutes in range(5):
        ticker.tick(at + timedelta(minutes=minutes))
    assert Job.objects.count() == 1


def test_ticks_that_were_done_are_forgotten_after_a_while(at: datetime) -> None:
    ticker = Ticker([("quick", 1)])
    jobs.connect({"quick": lambda job: None}, [])
    for second in range(400):
        moment = at + timedelta(seconds=second)
        ticker.tick(moment)
        jobs.run_due(moment)
    assert Job.objects.filter(name="quick").count() == 400, "within the hour they stay"
    later = at + timedelta(hours=2)
    ticker.tick(later - timedelta(seconds=later.timestamp() % 100))
    assert Job.objects.filter(name="quick", state="done").count() == 0


def test_a_clock_for_an_unknown_job_stops_the_start() -> None:
    with pytest.raises(LookupError, match="nowhere"):
        jobs.connect({}, [("nowhere", 60)])


def test_only_old_ended_jobs_are_forgotten(at: datetime) -> None:
    for state in ("done", "cancelled", "dead"):
        for days in (6, 8):
            Job.objects.create(
                name=f"{state}{days}",
                state=state,
                run_at=at,
                created_at=at,
                finished_at=at - timedelta(days=days),
            )
    jobs.purge_before(at - jobs.KEPT)
    assert set(Job.objects.values_list("name", flat=True)) == {"done6", "cancelled6", "dead6", "dead8"}
