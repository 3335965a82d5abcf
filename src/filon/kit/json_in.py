"""JSON that comes from outside: read strictly, without the one character that not every database can keep."""

from __future__ import annotations

from typing import Any

import orjson

from filon.kit.errors import Kind, Refused


def read(body: bytes) -> Any:
    """The JSON of a request's body, in UTF-8. NUL is taken out of its texts and names. Raises Refused (malformed).

    PostgreSQL keeps NUL in no text and no JSON; taken out here, nothing behind a door ever sees it.
    """
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(f"The body is not JSON: {error}", Kind.MALFORMED, code="malformed") from error
    return orjson.loads(_without_nul(body)) if b"\\u0000" in body else data


def _without_nul(body: bytes) -> bytes:
    """Valid JSON without escaped NULs. Valid JSON holds no raw NUL, so one can stand for an escaped backslash."""
    return body.replace(rb"\\", b"\0").replace(b"\\u0000", b"").replace(b"\0", rb"\\")
