"""The keys by which a browser shows whose it is, for a short time; and the tokens it keeps. Pure but for signing."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.core import signing

PARAMETER: Final = "filon"
"""The name of a key in the address of a page."""
KEPT: Final = timedelta(days=390)
"""How long a browser is known: thirteen months, as the CNIL allows at most."""
_SALT: Final = "filon.tracking"
_VALID: Final = timedelta(minutes=10)


def new_token() -> str:
    """What a browser keeps: 192 random bits."""
    return secrets.token_urlsafe(24)


def digest_of(token: str) -> str:
    """What we keep of it."""
    return hashlib.sha256(token.encode()).hexdigest()


def of_person(person_id: int) -> str:
    """A key of a person, for ten minutes."""
    return signing.dumps(person_id, salt=_SALT)


def person_of(key: str) -> int | None:
    """Whose key it is; None for one that is not ours or too old."""
    try:
        person_id = signing.loads(key, salt=_SALT, max_age=_VALID)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return person_id if isinstance(person_id, int) else None


def origin_of(url: str) -> str:
    """Scheme, host and port of an address as browsers name them; empty for what is none.

    >>> origin_of("https://Www.Exemple.fr:443/a?b")
    'https://www.exemple.fr'
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return ""
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{parts.hostname.lower()}" + (f":{port}" if port not in {None, usual} else "")


def with_key(url: str, key: str) -> str:
    """An address with a key in its query."""
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), (PARAMETER, key)]
    return urlunsplit(parts._replace(query=urlencode(query)))
