"""Where search looks beside leads, people and companies: what other slices offer, listed in `flow.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.functional import Promise

from filon.core.access import Actor


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found: its name, its address, and what tells it from others of that name."""

    name: str
    url: str
    about: str = ""


class Find(Protocol):
    """A slice's search: at most `limit` of its records that answer the words, as far as the actor may see them."""

    def __call__(self, words: str, /, *, by: Actor, at: datetime, limit: int) -> Sequence[Hit]:
        """Nothing when the actor may see none."""


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of record that can be found: what it is called, its icon, and who finds it."""

    label: str | Promise
    icon: str
    find: Find


_sources: list[Source] = []


def connect(sources: Sequence[Source]) -> None:
    """Set what other slices offer, in their order; called once at start."""
    _sources[:] = sources


def all_sources() -> Sequence[Source]:
    """What other slices offer."""
    return tuple(_sources)
