"""The job that hands messages over: a few at once, each claimed, offered, settled."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from filon.core import logs
from filon.core.jobs import Cancelled, JobContext
from filon.nurture import rules
from filon.nurture.models import Sender
from filon.nurture.sending import claiming
from filon.nurture.sending.claiming import Run, Waiting
from filon.nurture.sending.making import Maker
from filon.nurture.sending.relay import Relay, open_relay

log = logging.getLogger("filon.sending")
LANES: Final = 4
_PART: Final = 200
_PATIENCE_S: Final = 120.0
_TRY_AGAIN_S: Final = 0.5


def send(job: JobContext) -> None:
    """Hand over every message that is due. What runs that died were handing over is called uncertain first."""
    lost = claiming.give_up_lost(at=timezone.now())
    if lost:
        log.warning("%d messages are uncertain: who was handing them over is gone", lost)
    sender = Sender.objects.first()
    if sender is None:
        return
    lanes = _Lanes(sender, Run(job.claim.id, job.claim.lease))
    done = 0
    try:
        while ids := claiming.waiting_ids(timezone.now(), limit=_PART):
            for finished in lanes.hand_over(ids):
                done += finished
                job.progress(done, None)
                if job.is_cancelled():
                    raise Cancelled
                if job.is_leaving:
                    return  # the next run goes on; what is on its way is settled first
    finally:
        lanes.close()


class _Lanes:
    """Threads with a relay and a database connection each."""

    def __init__(self, sender: Sender, run: Run) -> None:
        self._maker = Maker(sender)
        self._run = run
        self._pool = ThreadPoolExecutor(LANES, thread_name_prefix="lane")
        self._mine = threading.local()
        self._relays: list[Relay] = []
        self._is_over = False

    def hand_over(self, ids: Sequence[int]) -> Iterator[int]:
        """Hand these messages over; one number for each that is through, as they come."""
        pending: set[Future[None]] = {self._pool.submit(self._one, delivery_id) for delivery_id in ids}
        while pending:
            finished, pending = wait(pending, timeout=5, return_when=FIRST_COMPLETED)
            for future in finished:
                future.result()
            yield len(finished)

    def close(self) -> None:
        """Start no more, and wait for those on their way: their answers must be written down."""
        self._is_over = True
        self._pool.shutdown(wait=True, cancel_futures=True)
        for relay in self._relays:
            relay.close()

    def _one(self, delivery_id: int) -> None:
        if self._is_over:
            return
        close_old_connections()
        message = claiming.waiting([delivery_id]).get(delivery_id)
        if message is None or not message.is_running:
            return
        reason = rules.objection(message.standing)
        if reason:
            claiming.hold(message, reason, at=timezone.now())
            return
        self._offer(message)

    def _offer(self, message: Waiting) -> None:
        try:
            outgoing = self._maker.make(message, at=timezone.now())
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001 — one message that cannot be made must not stop the others
            log.warning("message %d could not be made: %s", message.id, logs.place(error))
            claiming.hold(message, "template", at=timezone.now())
            return
        if not claiming.claim(message, self._run, at=timezone.now()):
            return
        said = self._relay().hand_over(outgoing)
        _persist(lambda at: claiming.settle(message, said, at=at))

    def _relay(self) -> Relay:
        relay: Relay | None = getattr(self._mine, "relay", None)
        if relay is None:
            name = urlsplit(settings.FILON_BASE_URL).hostname or "localhost"
            relay = open_relay(settings.FILON_EMAIL_URL, settings.FILON_DATA_DIR / "mail", name=name)
            self._mine.relay = relay
            self._relays.append(relay)
        return relay


def _persist(write: Callable[[datetime], None]) -> None:
    """Write down what the relay said, however long the database is away: else nobody would ever know."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return write(timezone.now())
        except DatabaseError:
            if time.monotonic() > end:
                raise
            connection.close()
            time.sleep(_TRY_AGAIN_S)
