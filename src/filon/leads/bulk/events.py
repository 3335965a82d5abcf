"""The facts told of a bulk order as a whole; each lead's own change is told by the act itself."""

from __future__ import annotations

from dataclasses import dataclass

from filon.core.ledger import Event


@dataclass(frozen=True, kw_only=True)
class BulkDone(Event):
    """An act on many leads has come to its end, or was stopped on the way."""

    order_id: int
    act: str
    changed: int
    unchanged: int
    refused: int
    is_stopped: bool = False


@dataclass(frozen=True, kw_only=True)
class BulkUndone(Event):
    """An act on many leads was taken back; `kept` leads had been changed since and stay as they are."""

    order_id: int
    act: str
    undone: int
    kept: int
