"""Jobs: leased, retried, dead-lettered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

_jobs: dict[str, Callable[..., None]] = {}


def connect(jobs: Mapping[str, Callable[..., None]], clocks: Sequence[Any]) -> None:
    """Set what each job name runs; called once at start with `flow.py`'s tables."""
    _jobs.clear()
    _jobs.update(jobs)


def enqueue_reaction(name: str, arguments: dict[str, Any], at: datetime) -> None:
    """One job for one reaction and batch, in the transaction of its facts."""
    raise NotImplementedError
