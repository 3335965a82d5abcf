"""Reading the ledger to its end, part by part, and going on from there: how a cache learns what has changed.

Facts do not always come in the order of their ids: on PostgreSQL a writer that took its ids first may commit last. A
position therefore remembers the gaps below it, and looks into them again until their writers must be gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from filon.core.models import Tunable
from filon.kit import sql

PATIENCE: Final = timedelta(hours=1)
"""After this a gap is one for ever: its writer was rolled back."""


class Gap(NamedTuple):
    """Ids from `first` to `last` that were not there `since` (epoch seconds)."""

    first: int
    last: int
    since: float


@dataclass(frozen=True, slots=True)
class Position:
    """How far a follower has come: it knows all facts up to `id` but those that may still turn up in `gaps`."""

    id: int = 0
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Facts in the order of their ids, each as (id, columns asked for…); the position after them."""

    facts: Sequence[tuple[Any, ...]]
    position: Position
    is_last: bool


def part_after(position: Position, columns: Sequence[str], *, at: datetime, limit: int) -> Part:
    """The next facts a follower at this position does not know. At most three statements."""
    names = ", ".join(("id", *columns))
    late = _in_gaps(names, position.gaps)
    facts = sql.fetch(f"SELECT {names} FROM core_fact WHERE id > %s ORDER BY id LIMIT %s", [position.id, limit])
    gaps: tuple[Gap, ...] = ()
    if sql.is_postgresql():
        oldest = (at - PATIENCE).timestamp()
        kept = _without([gap for gap in position.gaps if gap.since > oldest], {fact[0] for fact in late})
        gaps = (*kept, *_gaps_between(position.id, [fact[0] for fact in facts], at))
    last = facts[-1][0] if facts else position.id
    return Part([*late, *facts], Position(last, gaps), is_last=len(facts) < limit)


def _in_gaps(names: str, gaps: Sequence[Gap]) -> list[tuple[Any, ...]]:
    """The facts that have come to stand in the gaps since."""
    if not gaps:
        return []
    return sql.fetch(
        f"SELECT {names} FROM core_fact JOIN unnest(%s::bigint[], %s::bigint[]) AS gap(first, last) "
        "ON id BETWEEN gap.first AND gap.last ORDER BY id",
        [[gap.first for gap in gaps], [gap.last for gap in gaps]],
    )


def _without(gaps: Iterable[Gap], filled: set[int]) -> list[Gap]:
    """The gaps less the ids that came."""
    left: list[Gap] = []
    for gap in gaps:
        begin = gap.first
        for fact_id in sorted(each for each in filled if gap.first <= each <= gap.last):
            if fact_id > begin:
                left.append(Gap(begin, fact_id - 1, gap.since))
            begin = fact_id + 1
        if begin <= gap.last:
            left.append(Gap(begin, gap.last, gap.since))
    return left


def _gaps_between(before: int, ids: Sequence[int], at: datetime) -> list[Gap]:
    """The ids missing among these and after `before`."""
    gaps: list[Gap] = []
    for fact_id in ids:
        if fact_id > before + 1:
            gaps.append(Gap(before + 1, fact_id - 1, at.timestamp()))
        before = fact_id
    return gaps


# Kept -----------------------------------------------------------------------------------------------------------------


def load(name: str) -> Position:
    """Where the follower of this name stands; at the beginning when it never ran. One statement."""
    found = Tunable.objects.filter(name=name).values_list("value", flat=True).first()
    return _read(found) if found else Position()


def save(name: str, before: Position, after: Position, *, at: datetime) -> bool:
    """Go on from `before` to `after` in the caller's transaction; False when another worker has done so meanwhile."""
    row = Tunable.objects.select_for_update().filter(name=name).first()
    if (_read(row.value) if row else Position()) != before:
        return False
    value = {"id": after.id, "gaps": [list(gap) for gap in after.gaps]}
    if row:
        row.value, row.changed_at = value, at
        row.save(update_fields=["value", "changed_at"])
    else:
        Tunable.objects.create(name=name, value=value, changed_at=at)
    return True


def _read(value: Any) -> Position:
    return Position(int(value["id"]), tuple(Gap(*gap) for gap in value["gaps"]))
