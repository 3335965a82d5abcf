"""Telling facts. `append` writes them in the transaction of the change they tell, and wakes who waits for them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from filon.core.access import Actor
from filon.core.models import Fact, FactDetail
from filon.kit import sql

_COLUMNS: Final = (
    "at",
    "person_id",
    "company_id",
    "lead_id",
    "opportunity_id",
    "door",
    "channel",
    "source",
    "campaign_id",
    "path",
    "value",
    "is_machine",
    "revokes_id",
)
_DEFAULTS: Final = {"door": "", "channel": "", "source": "", "path": "", "is_machine": False}
_INSERT: Final = ("id", "kind", *_COLUMNS, "payload", "learnt_at", "actor_kind", "actor_id", "import_id")
KINDS: Final[dict[str, type[Event]]] = {}
"""Every kind of fact told, by its code."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact about to be told. Subclasses add fields: those named like a ledger column go there, the rest to `payload`.

    `at` is when it happened, aware UTC. Fields listed in `PERSONAL` go to the erasable detail row instead.
    """

    kind: ClassVar[str] = ""
    PERSONAL: ClassVar[frozenset[str]] = frozenset()

    at: datetime

    def __init_subclass__(cls) -> None:
        cls.kind = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        KINDS[cls.kind] = cls


def append(
    events: Sequence[Event],
    *,
    by: Actor,
    learnt_at: datetime | None,
    import_id: int | None = None,
    starts_reactions: bool = True,
) -> Sequence[int]:
    """Write facts to the ledger in their order; their ids. Must run in the transaction of the change they tell.

    History is written with `starts_reactions=False`: it starts nothing. learnt_at: None for a story that is told as it
    happened, each of its facts learnt at its own moment; it starts nothing either.
    """
    if not events:
        return []
    ids = sql.allocate_ids(Fact, len(events))
    end = (by.kind, by.id, import_id)
    rows: list[list[Any]] = []
    details: list[tuple[int, dict[str, Any]]] = []
    for fact_id, event in zip(ids, events, strict=True):
        cells, payload, personal = _split(event)
        rows.append([fact_id, event.kind, *cells, payload, learnt_at or event.at, *end])
        if personal:
            details.append((fact_id, personal))
    sql.insert_rows(Fact, _INSERT, rows)
    sql.insert_rows(FactDetail, ("fact_id", "values"), details)
    if starts_reactions and learnt_at is not None:
        _wake(events, ids, by=by, at=learnt_at)
    return ids


def _split(event: Event) -> tuple[list[Any], dict[str, Any], dict[str, Any]]:
    """An event as ledger cells, payload and personal detail; the plan is made once a class."""
    plan = _plan(type(event))
    values = event.__dict__
    cells = plan.defaults.copy()
    for position, name in plan.cells:
        cells[position] = values[name]
    payload = {name: value for name in plan.payload if (value := values[name]) is not None and value != ""}
    personal = {name: value for name in plan.personal if (value := values[name])}
    return cells, payload, personal


@dataclass(frozen=True, slots=True)
class _Plan:
    defaults: list[Any]
    cells: tuple[tuple[int, str], ...]
    payload: tuple[str, ...]
    personal: tuple[str, ...]


_PLANS: Final[dict[type[Event], _Plan]] = {}


def _plan(cls: type[Event]) -> _Plan:
    plan = _PLANS.get(cls)
    if plan is None:
        names = [item.name for item in dataclasses.fields(cls)]
        defaults = [_DEFAULTS.get(column) for column in _COLUMNS]
        cells = tuple((position, column) for position, column in enumerate(_COLUMNS) if column in names)
        rest = [name for name in names if name not in _COLUMNS]
        personal = tuple(name for name in rest if name in cls.PERSONAL)
        plan = _Plan(defaults, cells, tuple(name for name in rest if name not in cls.PERSONAL), personal)
        _PLANS[cls] = plan
    return plan


# Reactions -----------------------------------------------------------------------------------------------------------

Reaction = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Told:
    """A fact as a reaction gets it: its ledger id and the event."""

    id: int
    event: Event
    by: Actor


_now: dict[type[Event], list[Callable[[Sequence[Told], datetime], None]]] = {}
_later: dict[type[Event], list[str]] = {}
_enqueue: Callable[[str, dict[str, Any], datetime], None] | None = None


def connect(
    now: dict[type[Event], list[Callable[[Sequence[Told], datetime], None]]],
    later: dict[type[Event], list[str]],
    enqueue: Callable[[str, dict[str, Any], datetime], None],
) -> None:
    """Set who reacts to what; called once at start with `flow.py`'s tables. `later` names jobs."""
    global _enqueue  # noqa: PLW0603 — the one place where the house is wired
    _now.clear()
    _now.update(now)
    _later.clear()
    _later.update(later)
    _enqueue = enqueue


def _wake(events: Iterable[Event], ids: Iterable[int], *, by: Actor, at: datetime) -> None:
    """Run the `now` reactions with their facts; one job a `later` reaction and batch."""
    told: dict[type[Event], list[Told]] = {}
    for fact_id, event in zip(ids, events, strict=True):
        cls = type(event)
        if cls in _now or cls in _later:
            told.setdefault(cls, []).append(Told(fact_id, event, by))
    for cls, facts in told.items():
        for reaction in _now.get(cls, ()):
            reaction(facts, at)
        for job in _later.get(cls, ()):
            assert _enqueue is not None  # noqa: S101 — `connect` sets it with the tables
            _enqueue(job, {"facts": [fact.id for fact in facts]}, at)
