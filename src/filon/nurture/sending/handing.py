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
from filon.kit.relay import Relay, open_relay
from filon.nurture import rules
from filon.nurture.models import Sender
from filon.nurture.sending import claiming
from filon.nurture.sending.claiming import Run, Waiting
from filon.nurture.sending.making import Maker

log = logging.getLogger("filon.sending")
LANES: Final = 4
_PART: Final = 100
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
        while ids := lanes.not_taken(claiming.waiting_ids(timezone.now(), limit=_PART + LANES)):
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
        self._pending: dict[Future[None], int] = {}
        self._is_over = False

    def not_taken(self, ids: Sequence[int]) -> list[int]:
        """Those of these messages that no lane has yet; when there are none, those that lanes have are waited for."""
        taken = set(self._pending.values())
        free = [delivery_id for delivery_id in ids if delivery_id not in taken]
        if not free:
            for _ in self._finish(0):
                pass
        return free

    def hand_over(self, ids: Sequence[int]) -> Iterator[int]:
        """Hand these messages over; numbers of those that are through, as they come. Ends when lanes run out of work:
        the last ones are still on their way then, so that no lane waits for a slow answer to another."""
        messages = claiming.waiting(ids).values()  # all at once: what may change in between, the claim judges again
        self._maker.know(messages)
        self._pending |= {self._pool.submit(self._one, message): message.id for message in messages}
        yield from self._finish(LANES)

    def _finish(self, left: int) -> Iterator[int]:
        """Wait until no more than `left` messages are on their way."""
        while len(self._pending) > left:
            finished, _ = wait(self._pending, timeout=5, return_when=FIRST_COMPLETED)
            for future in finished:
                del self._pending[future]
                future.result()
            yield len(finished)

    def close(self) -> None:
        """Start no more, and wait for those on their way: their answers must be written down."""
        self._is_over = True
        self._pool.shutdown(wait=True, cancel_futures=True)
        for relay in self._relays:
            relay.close()

    def _one(self, message: Waiting) -> None:
        if self._is_over or not message.is_running:
            return
        close_old_connections()
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
