"""Entries as the doors make them, for the tests of this slice."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from filon.core import line
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


def entry(kind: str, values: dict[str, Any], **more: Any) -> Entry:
    """An entry of a file: keyed by its external id where it has one, digested over what it says."""
    said = repr(sorted(values.items())) + repr(sorted(more.get("attributes", {}).items()))
    digest = hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
    more.setdefault("door", "file")
    more.setdefault("at", NOON)
    more.setdefault("is_live", False)
    if more["door"] == "file":
        key = str(values.get("external_id") or values.get("name") or values.get("company.name") or digest)
        more.setdefault("system", "default")
        more.setdefault("key", key)
        more.setdefault("digest", digest)
    return Entry(kind=kind, values=values, **more)


def take_in(
    kind: str,
    rows: list[dict[str, Any]],
    *,
    by: Any = SYSTEM,
    at: datetime = NOON,
    import_id: int | None = None,
    **more: Any,
) -> Batch:
    """Take entries of one kind down the line; the batch they went in."""
    entries = [entry(kind, values, at=at, **more) for values in rows]
    is_live = bool(more.get("is_live"))
    return line.run_with_retries(lambda: Batch(entries, by=by, at=at, import_id=import_id, is_live=is_live))
