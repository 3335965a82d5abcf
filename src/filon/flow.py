"""The product on one page: the steps of the line, every fact with its reactions, every clock that ticks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from filon.core.ledger import Event
from filon.core.line import Step

LINES: Mapping[str, Sequence[Step]] = {}
"""What an entry of each kind goes through, in order. Each step takes the whole batch."""

NOW: dict[type[Event], list[Callable[..., None]]] = {}
"""Reactions in the transaction of the fact: whatever the user must see on the next screen."""

LATER: dict[type[Event], list[str]] = {}
"""Reactions by a worker, safe to run twice: names of jobs."""

JOBS: Mapping[str, Callable[..., None]] = {}
"""What each job runs."""

CLOCKS: Sequence[Any] = ()
"""Work that comes back: (job, every how many seconds)."""
