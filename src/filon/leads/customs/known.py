"""The custom fields there are: asked of the database every few seconds, not for every page."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from filon.kit import sql

_KEPT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Custom:
    """A custom field as pages and doors know it."""

    of: str
    name: str
    kind: str
    choices: tuple[str, ...]
    hint: str


class _Known:
    """What was found last, and until when (monotonic seconds) it is taken for true."""

    until = 0.0
    fields: tuple[Custom, ...] = ()


def forget() -> None:
    """Ask again: a field was made, changed or retired here. Other processes hear of it within seconds."""
    _Known.until = 0.0


def customs(of: str) -> list[Custom]:
    """The fields of leads (`lead`) or accounts (`company`) that are not retired, in the order they were made. One
    statement every few seconds."""
    if time.monotonic() >= _Known.until:
        found = sql.fetch(
            "SELECT of, name, kind, choices, hint FROM leads_customfield WHERE NOT is_retired ORDER BY id"
        )
        _Known.fields = tuple(
            Custom(of, name, kind, tuple(sql.as_json(choices) or ()), hint) for of, name, kind, choices, hint in found
        )
        _Known.until = time.monotonic() + _KEPT_S
    return [field for field in _Known.fields if field.of == of]


def custom(of: str, name: str) -> Custom | None:
    """One field by its name; None for one nobody declared."""
    return next((field for field in customs(of) if field.name == name), None)
