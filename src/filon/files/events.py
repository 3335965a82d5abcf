"""The facts told of files. Their names are personal: they often hold one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from filon.core.ledger import Event


@dataclass(frozen=True, kw_only=True)
class FileFact(Event):
    """What every fact of a file says: which one, on what."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset({"name"})

    file_id: int
    name: str
    size: int
    lead_id: int | None = None
    company_id: int | None = None
    opportunity_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class FileAttached(FileFact):
    """A file was attached."""


@dataclass(frozen=True, kw_only=True)
class FileRemoved(FileFact):
    """A file was taken off."""


@dataclass(frozen=True, kw_only=True)
class FileRestored(FileFact):
    """A file that had been taken off is back."""
