"""Walking through a directory place by place, forwards and backwards: the newest first, or by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext as _

from filon.kit import keyset, sql
from filon.kit.errors import Kind, Refused

NEWEST: Final = "-created"
BY_NAME: Final = "name"
SORTS: Final = (NEWEST, BY_NAME)
_LARGEST_ID: Final = 2**63


class Place(NamedTuple):
    """Where a row stands: in which part of the order, and its values there; the last one is its id."""

    part: int
    values: tuple[Any, ...]

    @property
    def id(self) -> int:
        """The row."""
        return int(self.values[-1])


class _Part(NamedTuple):
    columns: tuple[str, ...]
    only: str = ""
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class Directory:
    """A table that is listed; `name` is its column of folded names. Rows without a name come last."""

    table: str
    name: str

    def parts(self, sort: str) -> Sequence[_Part]:
        """The parts of an order. Raises Refused for one there is not."""
        if sort == NEWEST:
            return (_Part(("id",), is_descending=True),)
        if sort == BY_NAME:
            return (_Part((self.name, "id"), f"{self.name} <> ''"), _Part(("id",), f"NOT ({self.name} <> '')"))
        message = _("This list cannot be sorted by %(name)s. Choose one of: %(known)s.")
        raise Refused(message % {"name": sort[:80], "known": ", ".join(SORTS)}, Kind.INVALID, code="sort")


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A page asked of a directory. where: a condition with its params; after, before: cursors, one at the most."""

    sort: str = NEWEST
    where: str = "TRUE"
    params: tuple[Any, ...] = ()
    after: str = ""
    before: str = ""
    limit: int = 50


class Found(NamedTuple):
    """The ids of a page in order, and the cursors of the pages around it; empty where the list ends."""

    ids: list[int]
    previous: str
    next: str


def page(directory: Directory, asked: Walk) -> Found:
    """One page. Two statements at the most. Raises Refused for an unknown order or a foreign cursor."""
    parts = directory.parts(asked.sort)
    is_back = bool(asked.before and not asked.after)
    start = _place(asked.sort, parts, asked.before if is_back else asked.after)
    found = _walk(directory, parts, asked, start, is_back=is_back)
    places, has_more = found[: asked.limit], len(found) > asked.limit
    if is_back:
        places.reverse()
    if not places:
        return Found([], "", "")
    has_previous = has_more if is_back else start is not None
    return Found(
        [place.id for place in places],
        _cursor(asked.sort, places[0]) if has_previous else "",
        _cursor(asked.sort, places[-1]) if has_more or is_back else "",
    )


def _walk(
    directory: Directory, parts: Sequence[_Part], asked: Walk, start: Place | None, *, is_back: bool
) -> list[Place]:
    """The places after `start` (before it, nearest first), one more than the page holds. A statement a part."""
    numbers = range(len(parts))
    if start is not None:
        numbers = numbers[: start.part + 1] if is_back else numbers[start.part :]
    found: list[Place] = []
    for number in reversed(numbers) if is_back else numbers:
        part = parts[number]
        is_down = part.is_descending != is_back
        where, params = [f"({asked.where})"], list(asked.params)
        if part.only:
            where.append(part.only)
        if start is not None and start.part == number:
            marks = ", ".join(["%s"] * len(part.columns))
            where.append(f"({', '.join(part.columns)}) {'<' if is_down else '>'} ({marks})")
            params += start.values
        order = ", ".join(f"{column} {'DESC' if is_down else 'ASC'}" for column in part.columns)
        rows = sql.fetch(
            f"SELECT {', '.join(part.columns)} FROM {directory.table} WHERE {' AND '.join(where)} "
            f"ORDER BY {order} LIMIT %s",
            [*params, asked.limit + 1 - len(found)],
        )
        found += [Place(number, tuple(row)) for row in rows]
        if len(found) > asked.limit:
            break
    return found


def _cursor(sort: str, place: Place) -> str:
    return keyset.encode(sort, place.part, list(place.values))


def _place(sort: str, parts: Sequence[_Part], cursor: str) -> Place | None:
    """Where a cursor of this order points. Raises Refused for any other."""
    if not cursor:
        return None
    given, number, values = keyset.decode(cursor, 3)
    if given != sort or number not in range(len(parts)) or not isinstance(values, list):
        raise keyset.wrong()
    *names, row_id = values or [None]
    is_ours = len(values) == len(parts[number].columns) and type(row_id) is int and 0 <= row_id < _LARGEST_ID
    if not is_ours or not all(isinstance(name, str) and "\0" not in name for name in names):
        raise keyset.wrong()
    return Place(number, tuple(values))
