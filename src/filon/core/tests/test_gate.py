"""The gate's one writer outlives its callers, and whatever ends it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from filon.core.access import SYSTEM
from filon.core.gate import Gate
from filon.core.inbox import Answer, Arrival


def arrival() -> Arrival:
    now = datetime(2026, 3, 2, 8, tzinfo=UTC)
    return Arrival(door="api", kind="lead", route="r", entries=[], payload={}, by=SYSTEM, at=now, shape=lambda _: None)


def answer(arrivals: Sequence[Arrival]) -> None:
    for one in arrivals:
        one.answer = Answer(body="done")


def submit(gate: Gate) -> Arrival:
    async def wait() -> Arrival:
        return await asyncio.wait_for(gate.submit(arrival()), 5)

    return asyncio.run(wait())


def test_a_caller_whose_loop_is_closed_stops_nobody_else() -> None:
    may_answer, is_taken = threading.Event(), threading.Event()

    def take(arrivals: Sequence[Arrival]) -> None:
        is_taken.set()
        may_answer.wait(5)
        answer(arrivals)

    gate = Gate(take)
    loop = asyncio.new_event_loop()
    gone = loop.create_task(gate.submit(arrival()))
    loop.call_later(0.01, loop.stop)
    loop.run_forever()
    assert is_taken.wait(5)
    gone.cancel()
    loop.run_until_complete(asyncio.gather(gone, return_exceptions=True))
    loop.close()
    may_answer.set()
    assert submit(gate).answer.body == "done"


def test_callers_of_several_loops_in_one_bunch_are_all_answered() -> None:
    is_taken, may_go_on = threading.Event(), threading.Event()

    def take(arrivals: Sequence[Arrival]) -> None:
        is_taken.set()
        may_go_on.wait(5)  # the first holds the writer until the others wait together
        answer(arrivals)

    gate = Gate(take)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(submit(gate).answer.body)) for _ in range(3)]
    threads[0].start()
    assert is_taken.wait(5)
    for thread in threads[1:]:
        thread.start()
    while gate._waiting.qsize() < 2:
        time.sleep(0.001)
    may_go_on.set()
    for thread in threads:
        thread.join(10)
    assert found == ["done"] * 3


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_writer_that_ended_is_started_anew() -> None:
    dies = [True]

    def take(arrivals: Sequence[Arrival]) -> None:
        if dies and dies.pop():
            raise SystemExit
        answer(arrivals)

    gate = Gate(take)
    with pytest.raises(RuntimeError, match="stopped"):
        submit(gate)
    assert gate._thread is not None
    gate._thread.join(5)
    assert submit(gate).answer.body == "done"
