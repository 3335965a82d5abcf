"""Clocks: work that comes back. Each tick becomes one job, whichever worker sees it first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from filon.core import jobs
from filon.kit import sql

KEPT: Final = timedelta(hours=1)
"""How long a tick that was done stays: nobody looks for it, and a clock of seconds makes many."""
_TIDY_EVERY: Final = 100


class Ticker:
    """Turns ticks into jobs; remembers what it has seen, so a quiet loop costs no query.

    Ticks missed while no worker ran are not made up for: only the newest counts. A job that is still open when its
    clock ticks again is not doubled.
    """

    def __init__(self, clocks: Sequence[tuple[str, int]]) -> None:
        self._clocks = clocks
        self._seen: dict[str, int] = {}

    def tick(self, at: datetime) -> list[str]:
        """Enqueue what is due at `at` and not yet taken by another worker; the names of the jobs."""
        started: list[str] = []
        for name, seconds in self._clocks:
            tick = int(at.timestamp()) // seconds
            if self._seen.get(name) != tick:
                if _take(name, tick, at):
                    started.append(name)
                    if tick % _TIDY_EVERY == 0:
                        jobs.forget_done(f"clock:{name}", before=at - KEPT)
                self._seen[name] = tick
        return started


def _take(name: str, tick: int, at: datetime) -> bool:
    """Whether this worker is the first to see the tick; then its job is in the database."""
    with transaction.atomic():
        changed = sql.execute(
            "INSERT INTO core_clocktick (name, tick) VALUES (%s, %s) "
            "ON CONFLICT (name) DO UPDATE SET tick = excluded.tick WHERE core_clocktick.tick < excluded.tick",
            [name, tick],
        )
        if changed:
            jobs.enqueue(name, {}, at=at, key=f"clock:{name}")
    return bool(changed)
