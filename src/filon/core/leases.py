"""Leases on jobs: who may run which job until when, in a few statements on both databases.

Every claim raises the job's `lease` number; whoever settles a job must name the number it was claimed under, so a
worker that was thought dead and wakes up again (a zombie) changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from filon.core.models import Job
from filon.kit import sql

LEASE: Final = timedelta(seconds=60)
"""How long a worker may be silent before its jobs are given to others."""

_FIRST_WAIT_S: Final = 5.0
_LONGEST_WAIT_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Claim:
    """A job in a worker's hands, under its lease number. `furthest`: the most `done` any run has reported."""

    id: int
    lease: int
    name: str
    arguments: dict[str, Any]
    attempts: int
    max_attempts: int
    furthest: int


def wait_after(attempts: int, job_id: int) -> timedelta:
    """How long a job rests after its n-th failed attempt: 5 s, 20 s, 80 s… at most an hour, ±20 % by its id."""
    seconds = min(_FIRST_WAIT_S * 4 ** (max(attempts, 1) - 1), _LONGEST_WAIT_S)
    spread = (job_id * 2_654_435_761 + attempts * 40_503) % 1000 / 1000  # spreads jobs that failed together
    return timedelta(seconds=seconds * (0.8 + 0.4 * spread))


def is_any_due(at: datetime) -> bool:
    """Whether a job waits for a worker. Only reads, so an idle worker takes no lock."""
    return bool(sql.fetch("SELECT 1 FROM core_job WHERE state = 'waiting' AND run_at <= %s LIMIT 1", [_time(at)]))


def claim(n: int, worker: str, at: datetime, *, only_id: int | None = None) -> list[Claim]:
    """Take up to `n` due jobs for a worker, the longest waiting first. Claiming is not yet an attempt: see `begin`."""
    where, params = "state = 'waiting' AND run_at <= %s", [_time(at)]
    if only_id is not None:
        where, params = "state = 'waiting' AND id = %s", [only_id]
    chosen = f"SELECT id FROM core_job WHERE {where} ORDER BY run_at, id LIMIT %s"
    sets = "state = 'running', lease = lease + 1, lease_until = %s, worker = %s"
    cells = "core_job.id, lease, name, arguments, attempts, max_attempts, progress, core_job.run_at"
    if sql.is_postgresql():
        statement = (
            f"WITH chosen AS MATERIALIZED ({chosen} FOR UPDATE SKIP LOCKED) UPDATE core_job SET {sets} "
            f"FROM chosen WHERE core_job.id = chosen.id RETURNING {cells}"
        )
        values = [*params, n, _time(at + LEASE), worker]
    else:
        statement = f"UPDATE core_job SET {sets} WHERE id IN ({chosen}) RETURNING {cells}"
        values = [_time(at + LEASE), worker, *params, n]
    with transaction.atomic():
        rows = sql.fetch(statement, values)
    rows.sort(key=lambda row: (row[7], row[0]))
    return [
        Claim(row[0], row[1], row[2], sql.as_json(row[3]), row[4], row[5], int(sql.as_json(row[6]).get("done", 0)))
        for row in rows
    ]


def begin(job: Claim, at: datetime) -> bool:
    """Count an attempt right before the job runs; False when the lease was lost meanwhile.

    Claimed jobs that never began are not blamed when their worker dies.
    """
    return _change(job, "attempts = attempts + 1, lease_until = %s", [_time(at + LEASE)])


def settle_done(job: Claim, at: datetime, *, is_cancelled: bool = False) -> bool:
    """The job ended well, or was stopped on request. False: the lease was lost, and nothing was changed."""
    state = Job.State.CANCELLED if is_cancelled else Job.State.DONE
    return _change(job, "state = %s, lease_until = NULL, finished_at = %s, error = ''", [state.value, _time(at)])


def settle_failed(job: Claim, error: str, at: datetime) -> bool:
    """The job failed: it waits for its next attempt, or is dead after its last. False: the lease was lost."""
    attempts = job.attempts + 1
    if attempts >= job.max_attempts:
        sets = "state = 'dead', lease_until = NULL, finished_at = %s, error = %s"
        return _change(job, sets, [_time(at), error])
    run_at = at + wait_after(attempts, job.id)
    return _change(
        job, "state = 'waiting', lease_until = NULL, worker = '', run_at = %s, error = %s", [_time(run_at), error]
    )


def give_back(jobs: Sequence[Claim], *, has_begun: bool) -> None:
    """Let others have jobs this worker will not finish; an attempt that was cut short does not count."""
    attempts = "attempts - 1" if has_begun else "attempts"
    for job in jobs:
        _change(
            job, f"state = 'waiting', lease = lease + 1, lease_until = NULL, worker = '', attempts = {attempts}", []
        )


def keep(worker: str, at: datetime) -> dict[tuple[int, int], bool]:
    """Prolong all leases of a worker; (id, lease) of those it still holds, with whether someone wants them stopped."""
    with transaction.atomic():
        rows = sql.fetch(
            "UPDATE core_job SET lease_until = %s WHERE state = 'running' AND worker = %s "
            "RETURNING id, lease, wants_cancel",
            [_time(at + LEASE), worker],
        )
    return {(row[0], row[1]): bool(row[2]) for row in rows}


def keep_one(job: Claim, at: datetime) -> bool | None:
    """Prolong one lease; whether someone wants the job stopped, or None when the lease was lost."""
    with transaction.atomic():
        rows = sql.fetch(
            "UPDATE core_job SET lease_until = %s WHERE id = %s AND lease = %s AND state = 'running' "
            "RETURNING wants_cancel",
            [_time(at + LEASE), job.id, job.lease],
        )
    return bool(rows[0][0]) if rows else None


def report(job: Claim, progress: dict[str, Any], at: datetime) -> bool | None:
    """Store a job's progress and prolong its lease; whether someone wants it stopped, or None when the lease was lost.

    A run that gets further than any before is no reason to give up: its attempts are counted anew.
    """
    got_further = progress["done"] > job.furthest
    attempts = "1" if got_further else "attempts"
    with transaction.atomic():
        rows = sql.fetch(
            f"UPDATE core_job SET progress = %s, lease_until = %s, attempts = {attempts} "
            "WHERE id = %s AND lease = %s AND state = 'running' RETURNING wants_cancel",
            [sql.dumps(progress), _time(at + LEASE), job.id, job.lease],
        )
    return bool(rows[0][0]) if rows else None


def rescue(at: datetime, dead_workers: Iterable[str] = ()) -> int:
    """Free the jobs of workers that are silent for too long or known to be dead; how many.

    A job that killed its worker at every attempt is dead.
    """
    workers = list(dead_workers)
    where, params = "lease_until < %s", [_time(at)]
    if workers:
        of_dead, names = sql.any_of("worker", workers)
        where, params = f"({where} OR {of_dead})", [*params, *names]
    lock = " FOR UPDATE SKIP LOCKED" if sql.is_postgresql() else ""
    if not sql.fetch(f"SELECT 1 FROM core_job WHERE state = 'running' AND {where} LIMIT 1", params):
        return 0
    with transaction.atomic():
        found = sql.fetch(
            "SELECT id, lease, attempts, max_attempts, worker FROM core_job "
            f"WHERE state = 'running' AND {where} ORDER BY id{lock}",
            params,
        )
        sql.update_rows(Job, _RESCUED, [_rescued(*row, at=at) for row in found])
    return len(found)


_RESCUED: Final = ("state", "lease", "lease_until", "worker", "run_at", "finished_at", "error")


def _rescued(job_id: int, lease: int, attempts: int, most: int, worker: str, *, at: datetime) -> list[Any]:
    """A freed job's new values: it rests 1, 4, 9… seconds, so that one that kills its worker does not do so at once."""
    error = f"Its worker {worker} died or fell silent in attempt {attempts}." if attempts else ""
    if attempts >= most:
        return [job_id, "dead", lease + 1, None, worker, at, at, error]
    return [job_id, "waiting", lease + 1, None, "", at + timedelta(seconds=attempts**2), None, error]


def _change(job: Claim, sets: str, params: Sequence[Any]) -> bool:
    """Change a job under its lease; False when it is no longer ours."""
    statement = f"UPDATE core_job SET {sets} WHERE id = %s AND lease = %s AND state = 'running'"
    return sql.execute(statement, [*params, job.id, job.lease]) == 1


def _time(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)
