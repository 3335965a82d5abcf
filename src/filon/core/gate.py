"""Group commit: calls that arrive together go down the line together, in one durable transaction.

One writer a process takes what is waiting (at most `MOST`, without waiting for more) and answers after the commit.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Final

from filon.core import inbox
from filon.core.inbox import Arrival

log = logging.getLogger("filon.gate")
MOST: Final = 256

Waiting = tuple[Arrival, "asyncio.Future[Arrival]"]


class Gate:
    """The one writer of this process."""

    def __init__(self, take: Callable[[Sequence[Arrival]], None] = inbox.take) -> None:
        self._take = take
        self._waiting: queue.SimpleQueue[Waiting] = queue.SimpleQueue()
        self._started = threading.Lock()
        self._thread: threading.Thread | None = None

    async def submit(self, arrival: Arrival) -> Arrival:
        """Hand an arrival over and wait for its answer."""
        self._start()
        future: asyncio.Future[Arrival] = asyncio.get_running_loop().create_future()
        self._waiting.put((arrival, future))
        return await future

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            with self._started:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._work, name="filon-gate", daemon=True)
                    self._thread.start()

    def _work(self) -> None:
        while True:
            bunch = self._bunch()
            error: Exception | None = None
            try:
                self._take([arrival for arrival, _ in bunch])
            except Exception as caught:  # noqa: BLE001 — the callers must hear of it, and the writer goes on
                error = caught
            except BaseException:  # it ends, and the next caller starts another
                _tell(bunch, RuntimeError("The writer of the gate was stopped"))
                raise
            _tell(bunch, error)

    def _bunch(self) -> list[Waiting]:
        """What is waiting now, at least one."""
        bunch = [self._waiting.get()]
        while len(bunch) < MOST:
            try:
                bunch.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return bunch


def _tell(bunch: Sequence[Waiting], error: Exception | None) -> None:
    """Answer the callers, each loop's together. One whose loop is closed no longer waits."""
    loops: dict[asyncio.AbstractEventLoop, list[Waiting]] = {}
    for arrival, future in bunch:
        loops.setdefault(future.get_loop(), []).append((arrival, future))
    for loop, part in loops.items():
        try:
            loop.call_soon_threadsafe(_settle, part, error)
        except RuntimeError:
            log.warning("%d callers were gone before their answer", len(part))


def _settle(bunch: Sequence[Waiting], error: Exception | None) -> None:
    for arrival, future in bunch:
        if future.done():
            continue
        if error is None:
            future.set_result(arrival)
        else:
            future.set_exception(error)


GATE: Final = Gate()
"""The process's gate; its thread starts with the first arrival."""
