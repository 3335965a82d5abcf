"""The worker: claims due jobs, runs them in a few threads, keeps their leases, and leaves in order.

The main thread claims, ticks clocks, keeps leases and frees the jobs of the dead; runner threads do nothing but run.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone

from filon.core import jobs, leases, logs, presence
from filon.core.clocks import Ticker
from filon.core.jobs import JobContext
from filon.core.leases import Claim
from filon.core.models import Worker as WorkerRow
from filon.core.presence import Presence

log = logging.getLogger("filon.worker")
BATCH: Final = 20
THREADS: Final = 4
IDLE_S: Final = 0.5
BEAT_S: Final = 10.0
GRACE_S: Final = 30.0
_FORGOTTEN_AFTER: Final = timedelta(hours=1)


class Worker:
    """One worker process. `run` returns after `stop`."""

    def __init__(self, *, threads: int = THREADS, clock: Callable[[], datetime] = timezone.now) -> None:
        self.name = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(3)}"
        self._clock = clock
        self._threads = threads
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Claim, float]] = deque()
        self._running: dict[int, JobContext] = {}
        self._is_stopping = False
        self._wake = threading.Event()
        self._next_beat = 0.0
        self._ticker = Ticker(jobs.clocks())
        self._dead: dict[str, float] = {}

    def stop(self) -> None:
        """Ask the worker to leave: it takes no more jobs and finishes those it runs. Safe in a signal handler."""
        self._is_stopping = True  # no lock here: a signal may come while this very thread holds it

    def run(self) -> None:
        """Work until asked to stop; survives a database that goes away."""
        with Presence("workers", self.name):
            for number in range(self._threads):
                threading.Thread(target=self._run_jobs, name=f"runner-{number}", daemon=True).start()
            log.info("worker %s started", self.name)
            while not self._is_stopping:
                self._try(self._turn)
                self._wake.wait(IDLE_S)
                self._wake.clear()
            self._leave()
        log.info("worker %s stopped", self.name)

    # The main thread --------------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        close_old_connections()
        now = time.monotonic()
        if now >= self._next_beat:
            self._next_beat = now + BEAT_S
            self._beat()
        at = self._clock()
        if dead := presence.bury_dead("workers"):
            self._dead |= dict.fromkeys(dead, now)
            freed = leases.rescue(at, dead)
            WorkerRow.objects.filter(name__in=dead).delete()
            log.warning("freed %d jobs of workers that died: %s", freed, ", ".join(dead))
        self._ticker.tick(at)
        if self._has_room() and leases.is_any_due(at):
            claims = leases.claim(BATCH, self.name, at)
            with self._changed:
                self._waiting.extend((claim, now) for claim in claims)
                self._changed.notify_all()

    def _has_room(self) -> bool:
        with self._changed:
            return not self._waiting and len(self._running) < self._threads

    def _beat(self) -> None:
        """Keep our leases, free those of the silent, hand on what we cannot start soon, and show that we live."""
        at = self._clock()
        WorkerRow.objects.update_or_create(
            name=self.name, defaults={"seen_at": at}, create_defaults={"seen_at": at, "started_at": at}
        )
        WorkerRow.objects.filter(seen_at__lt=at - _FORGOTTEN_AFTER).delete()
        leases.give_back(self._stuck(), has_begun=False)
        kept = leases.keep(self.name, at)
        held = self._mark(kept)
        lost_sight = [_bare(job_id, lease) for job_id, lease in kept if (job_id, lease) not in held]
        leases.give_back(lost_sight, has_begun=False)  # claimed or settled while the database went away
        recently = time.monotonic() - 3 * BEAT_S
        self._dead = {name: since for name, since in self._dead.items() if since > recently}
        leases.rescue(at, self._dead)  # again: the server may commit a claim after its worker was killed

    def _stuck(self) -> list[Claim]:
        """Claims that no thread could start for a while, taken out of the queue."""
        before = time.monotonic() - BEAT_S
        with self._changed:
            stuck = [claim for claim, since in self._waiting if since < before]
            self._waiting = deque(pair for pair in self._waiting if pair[1] >= before)
        return stuck

    def _mark(self, kept: dict[tuple[int, int], bool]) -> set[tuple[int, int]]:
        """Tell running jobs what the database says of them; all the leases we know we hold."""
        with self._changed:
            for job in self._running.values():
                key = (job.claim.id, job.claim.lease)
                job.is_lost = key not in kept
                job.wants_cancel = job.wants_cancel or kept.get(key, False)
            running = {(job.claim.id, job.claim.lease) for job in self._running.values()}
            return running | {(claim.id, claim.lease) for claim, _ in self._waiting}

    def _leave(self) -> None:
        """Give back what has not begun, wait for what has, and give that back too when it takes too long."""
        with self._changed:
            waiting = [claim for claim, _ in self._waiting]
            self._waiting.clear()
            for job in self._running.values():
                job.is_leaving = True
            self._changed.notify_all()
        self._try(lambda: leases.give_back(waiting, has_begun=False))
        end = time.monotonic() + GRACE_S
        while self._running and time.monotonic() < end:
            self._wake.wait(0.2)
            self._wake.clear()
        with self._changed:
            unfinished = [job.claim for job in self._running.values()]
            for job in self._running.values():
                job.is_lost = True
        self._try(lambda: leases.give_back(unfinished, has_begun=True))
        self._try(lambda: WorkerRow.objects.filter(name=self.name).delete())

    def _try(self, act: Callable[[], object]) -> None:
        """Act, and survive a database that is away: its jobs wait, and so do we."""
        try:
            act()
        except (OperationalError, InterfaceError) as error:
            log.warning("the database is not answering: %s", logs.place(error))
            connection.close()
            if not self._is_stopping:
                self._wake.wait(1.0)

    # Runner threads ---------------------------------------------------------------------------------------------------

    def _run_jobs(self) -> None:
        me = threading.get_ident()
        while True:
            with self._changed:
                while not self._waiting:
                    if self._is_stopping:
                        return
                    self._changed.wait()
                claim, _ = self._waiting.popleft()
                job = self._running[me] = JobContext(claim, self._clock(), self._clock)
            try:
                close_old_connections()
                jobs.run(job, self._clock)
            except Exception as error:  # noqa: BLE001 — the worker must go on
                log.warning("job %s %s could not be settled: %s", job.id, job.name, logs.place(error))
                connection.close()
            finally:
                with self._changed:
                    del self._running[me]
                    needs_more = not self._waiting
                if needs_more:
                    self._wake.set()


def _bare(job_id: int, lease: int) -> Claim:
    return Claim(job_id, lease, "", {}, 0, 0, 0)
