"""Who a bearer key speaks for. Keys are looked up at most every few seconds, so a call costs no query."""

from __future__ import annotations

import hashlib
import time
from typing import Final

from django.db.models.functions import Now

from filon.core import access
from filon.core.access import Actor
from filon.core.models import ApiKey

PREFIX: Final = "filon_"
_KEPT_S: Final = 5.0
_cache: dict[str, tuple[float, Actor | None]] = {}


def hash_of(key: str) -> str:
    """What the database keeps of a key: its SHA-256 (a key has 256 random bits, so no salt is needed)."""
    return hashlib.sha256(key.encode()).hexdigest()


def authenticate(header: str) -> Actor | None:
    """The actor of an `Authorization: Bearer …` header, or None. May query; see `remembered`."""
    key = _key_in(header)
    if key is None:
        return None
    key_hash = hash_of(key)
    row = ApiKey.objects.filter(key_hash=key_hash, revoked_at=None).first()
    if row is not None:
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=Now())
    actor = access.of_key(row) if row else None
    if len(_cache) > 1000:
        _cache.clear()
    _cache[key_hash] = (time.monotonic() + _KEPT_S, actor)
    return actor


def remembered(header: str) -> tuple[bool, Actor | None]:
    """(known, actor) from the last few seconds, without a query."""
    key = _key_in(header)
    if key is None:
        return True, None
    until, actor = _cache.get(hash_of(key), (0.0, None))
    return time.monotonic() < until, actor


def _key_in(header: str) -> str | None:
    scheme, _, key = header.partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip().startswith(PREFIX) else None
