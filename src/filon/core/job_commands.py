"""What people may do with jobs: try dead ones again, stop those that wait or run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from filon.core import audit
from filon.core.access import Actor
from filon.kit import sql


@transaction.atomic
def retry_jobs(ids: Sequence[int], *, by: Actor, at: datetime) -> int:
    """Let dead or cancelled jobs start anew with all their attempts; how many. Raises Refused (forbidden).

    A job whose key is taken by another open one stays as it is: its work is being done.
    """
    by.require("jobs.change")
    where, params = sql.any_of("id", ids)
    is_taken = (
        "SELECT 1 FROM core_job AS other WHERE other.key = core_job.key AND other.state IN ('waiting', 'running')"
    )
    count = sql.execute(
        "UPDATE core_job SET state = 'waiting', attempts = 0, lease = lease + 1, worker = '', wants_cancel = %s, "
        f"run_at = %s, finished_at = NULL WHERE state IN ('dead', 'cancelled') AND {where} "
        f"AND (key IS NULL OR NOT EXISTS ({is_taken}))",
        [False, connection.ops.adapt_datetimefield_value(at), *params],
    )
    if count:
        audit.append("jobs_retried", by=by, at=at, jobs=list(ids)[:100])
    return count


@transaction.atomic
def cancel_jobs(ids: Sequence[int], *, by: Actor, at: datetime) -> int:
    """Stop jobs: those that wait or are dead at once, those that run when they next look; how many. Raises Refused."""
    by.require("jobs.change")
    where, params = sql.any_of("id", ids)
    count = sql.execute(
        f"UPDATE core_job SET state = 'cancelled', finished_at = %s WHERE state IN ('waiting', 'dead') AND {where}",
        [connection.ops.adapt_datetimefield_value(at), *params],
    )
    count += sql.execute(
        f"UPDATE core_job SET wants_cancel = %s WHERE state = 'running' AND wants_cancel = %s AND {where}",
        [True, False, *params],
    )
    if count:
        audit.append("jobs_cancelled", by=by, at=at, jobs=list(ids)[:100])
    return count
