"""Keyset pages: where a page begins is a cursor, the sort key and id of the row before it. No offsets, no counts."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from filon.kit.errors import Kind, Refused


def encode(*parts: Any) -> str:
    """A cursor that can stand in a URL."""
    return base64.urlsafe_b64encode(orjson.dumps(parts, default=str)).decode().rstrip("=")


def decode(cursor: str, length: int) -> list[Any]:
    """The parts of a cursor. Raises Refused for one that we did not make."""
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise wrong() from error
    if not isinstance(parts, list) or len(parts) != length:
        raise wrong()
    return parts


def wrong() -> Refused:
    """The cursor is not one of ours."""
    return Refused(
        "The cursor `after` is not valid: use the one that the page before gave.", Kind.INVALID, code="cursor"
    )
