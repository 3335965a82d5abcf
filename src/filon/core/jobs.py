"""Jobs: work that waits for a worker. Reactions to facts, scheduled work, long tasks.

A job's function takes a `JobContext`. It runs at least once: it is idempotent by a key of its own, or does its work and
`job.finish()` in one transaction, which then happens exactly once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from filon.core import leases, logs
from filon.core.leases import Claim
from filon.core.models import Job
from filon.kit import sql
from filon.kit.errors import Refused

log = logging.getLogger("filon.jobs")
MAX_ATTEMPTS: Final = 5
KEPT: Final = timedelta(days=7)
"""How long a job that is done stays on the health page."""

_REPORT_EVERY_S: Final = 0.5
_COLUMNS: Final = ("name", "arguments", "key", "state", "run_at", "attempts", "max_attempts", "lease", "worker")
_REST: Final = ("progress", "wants_cancel", "error", "created_at")

JobFunction = Callable[["JobContext"], None]
_jobs: dict[str, JobFunction] = {}
_clocks: list[tuple[str, int]] = []


class LostLease(Exception):
    """This worker was thought dead and the job given to another: stop, and change nothing more."""


class Cancelled(Exception):
    """The job stops because someone asked for it; raised by the job itself."""


def connect(jobs: Mapping[str, JobFunction], clocks: Sequence[tuple[str, int]]) -> None:
    """Set what each job name runs and which come back every so many seconds; called at start with `flow.py`."""
    unknown = sorted({name for name, _ in clocks} - set(jobs))
    if unknown:
        raise LookupError(f"flow.py has clocks for jobs it does not name: {', '.join(unknown)}")
    _jobs.clear()
    _jobs.update(jobs)
    _clocks[:] = clocks


def clocks() -> Sequence[tuple[str, int]]:
    """(job, seconds) of the work that comes back."""
    return tuple(_clocks)


# Putting work in -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to be. `key`: at most one job with it waits or runs. `run_at`: not before, aware UTC."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    key: str | None = None
    run_at: datetime | None = None
    max_attempts: int = MAX_ATTEMPTS


def enqueue(
    name: str,
    arguments: dict[str, Any],
    *,
    at: datetime,
    key: str | None = None,
    run_at: datetime | None = None,
    max_attempts: int = MAX_ATTEMPTS,
) -> int | None:
    """Add one job in the caller's transaction; its id, or None when one with this key waits or runs already."""
    ids = enqueue_many(
        [NewJob(name=name, arguments=arguments, key=key, run_at=run_at, max_attempts=max_attempts)], at=at
    )
    return ids[0] if ids else None


def enqueue_many(new: Sequence[NewJob], *, at: datetime) -> list[int]:
    """Add jobs in the caller's transaction; the ids of those added (keys that are taken add nothing)."""
    now = connection.ops.adapt_datetimefield_value(at)
    names = ", ".join((*_COLUMNS, *_REST))
    marks = f"({', '.join(['%s'] * len((*_COLUMNS, *_REST)))})"
    ids: list[int] = []
    with transaction.atomic():
        for part in sql.in_parts(new, 100):
            values: list[Any] = []
            for job in part:
                run_at = connection.ops.adapt_datetimefield_value(job.run_at) if job.run_at else now
                values += [job.name, sql.dumps(job.arguments), job.key, "waiting", run_at, 0, job.max_attempts, 0, ""]
                values += ["{}", False, "", now]
            rows = ", ".join([marks] * len(part))
            statement = f"INSERT INTO core_job ({names}) VALUES {rows} ON CONFLICT DO NOTHING RETURNING id"
            ids += [row[0] for row in sql.fetch(statement, values)]
    return ids


def enqueue_reaction(name: str, arguments: dict[str, Any], at: datetime) -> None:
    """One job for one reaction and batch, in the transaction of its facts."""
    enqueue(name, arguments, at=at)


# Doing it ------------------------------------------------------------------------------------------------------------


class JobContext:
    """What a job's function gets: its arguments, the time it began, and its line to the people who wait for it."""

    def __init__(self, claim: Claim, at: datetime, clock: Callable[[], datetime] = timezone.now) -> None:
        self.claim = claim
        self.id = claim.id
        self.name = claim.name
        self.arguments = claim.arguments
        self.attempt = claim.attempts + 1
        self.at = at
        self.wants_cancel = False
        self.is_lost = False
        self.is_leaving = False  # the worker stops: a job that goes on for long had better come to an end
        self.is_finished = False
        self._clock = clock
        self._started = time.monotonic()
        self._reported = 0.0
        self._first_done: int | None = None

    def progress(self, done: int, total: int | None = None, **more: Any) -> None:
        """Tell how far the work is; written at most twice a second and at the end. Raises LostLease.

        `more` travels with it, for example rejected=3.
        """
        now = time.monotonic()
        if self._first_done is None:
            self._first_done = done
        if now - self._reported < _REPORT_EVERY_S and done != total:
            return
        self._reported = now
        seconds = now - self._started
        rate = (done - self._first_done) / seconds if seconds > 0 else 0.0
        left = round((total - done) / rate, 1) if total is not None and rate > 0 else None
        told = {**more, "done": done, "total": total, "rate": round(rate, 1), "seconds_left": left}
        wants_cancel = leases.report(self.claim, told, self._clock())
        if wants_cancel is None:
            self.is_lost = True
            raise LostLease
        self.wants_cancel = wants_cancel

    def is_cancelled(self) -> bool:
        """Whether someone asked to stop: then tidy up and raise `Cancelled`. Raises LostLease."""
        if self.is_lost:
            raise LostLease
        return self.wants_cancel

    def now(self) -> datetime:
        """The time now, for work that goes on for long: `at` is when it began."""
        return self._clock()

    def heartbeat(self) -> None:
        """Prolong the lease now (the worker does so every few seconds anyway). Raises LostLease."""
        kept = leases.keep_one(self.claim, self._clock())
        if kept is None:
            self.is_lost = True
            raise LostLease
        self.wants_cancel = kept

    def finish(self) -> None:
        """Settle the job inside the caller's transaction, so that its effect happens exactly once. Raises LostLease."""
        if not leases.settle_done(self.claim, self._clock()):
            self.is_lost = True
            raise LostLease
        self.is_finished = True


def run(job: JobContext, clock: Callable[[], datetime] = timezone.now) -> str:
    """Run one claimed job and settle it; how it ended: done, cancelled, failed or lost."""
    if not leases.begin(job.claim, clock()):
        return "lost"
    function = _jobs.get(job.name)
    try:
        if function is None:
            raise LookupError(f"no job is called {job.name}")
        with _savepoint():
            function(job)
    except LostLease:
        log.warning("job %s %s was given to another worker", job.id, job.name)
        return "lost"
    except Cancelled:
        return "cancelled" if leases.settle_done(job.claim, clock(), is_cancelled=True) else "lost"
    except Exception as error:  # noqa: BLE001 — whatever a job raises, it is kept and the worker goes on
        log.warning("job %s %s failed in attempt %d: %s", job.id, job.name, job.attempt, logs.place(error))
        return "failed" if leases.settle_failed(job.claim, _told(error), clock()) else "lost"
    if job.is_finished or leases.settle_done(job.claim, clock()):
        return "done"
    return "lost"


def run_due(at: datetime, *, worker: str = "inline") -> int:
    """Run every due job in this process until none is left; how many ran. For commands and tests without a worker."""
    count = 0
    while claims := leases.claim(20, worker, at):
        for claim in claims:
            run(JobContext(claim, at, lambda: at), lambda: at)
            count += 1
    return count


def run_one(job_id: int, *, worker: str = "inline") -> str:
    """Run one waiting job in this process now; how it ended, `taken` when a worker has it."""
    claims = leases.claim(1, worker, timezone.now(), only_id=job_id)
    return run(JobContext(claims[0], timezone.now())) if claims else "taken"


def _savepoint() -> AbstractContextManager[Any]:
    """Within a transaction already (a test, a command) a failing job takes back its own work only."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


def _told(error: Exception) -> str:
    """What is kept of an error: a refusal's words, else its type, place and message; a database's quotes no values."""
    if isinstance(error, Refused):
        return error.message
    message = "" if isinstance(error, DatabaseError) else f": {error}"
    return f"{type(error).__name__}{message}\n{logs.place(error)}"[:4000]


# Looking after it ----------------------------------------------------------------------------------------------------


def forget_done(key: str, *, before: datetime) -> int:
    """Forget the jobs with a key that were done before a time; how many. One statement."""
    return Job.objects.filter(state=Job.State.DONE, finished_at__lt=before, key=key).delete()[0]


def purge_before(before: datetime) -> int:
    """Forget jobs done or cancelled before a time; how many. The dead stay until someone decides."""
    ended = [Job.State.DONE, Job.State.CANCELLED]
    return Job.objects.filter(state__in=ended, finished_at__lt=before).delete()[0]
