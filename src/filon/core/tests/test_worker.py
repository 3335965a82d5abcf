"""The worker: shares jobs with others, runs them in threads, leaves in order, and survives being killed."""

from __future__ import annotations

import threading
from datetime import datetime

import pytest
from django.db import connection

from filon.core import jobs, leases
from filon.core.jobs import NewJob


@pytest.mark.usefixtures("committed_db")
def test_workers_that_claim_at_once_share_the_jobs(at: datetime) -> None:
    jobs.enqueue_many([NewJob(name="n", arguments={"i": i}) for i in range(200)], at=at)
    taken: list[int] = []

    def take(worker: str) -> None:
        try:
            while claims := leases.claim(7, worker, at):
                taken.extend(claim.id for claim in claims)
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=[f"w{i}"]) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 200
