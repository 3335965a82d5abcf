"""The facts told of findings."""

from __future__ import annotations

from dataclasses import dataclass

from filon.core.ledger import Event


@dataclass(frozen=True, kw_only=True)
class FindingSettled(Event):
    """Someone has seen to a finding; `is_reopened`: it is open after all."""

    finding_id: int
    code: str
    is_reopened: bool = False
