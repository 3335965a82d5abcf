"""Secrets of others that we must be able to use again: sealed with a key that is not in the database.

AES-256-GCM; the key comes from `FILON_SECRET_KEY` by HKDF (RFC 5869) and is named by four bytes, so that a secret which
another key sealed is known as such.
"""

from __future__ import annotations

import base64
import hashlib
import os
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE: Final = 12


class CannotOpen(Exception):
    """Another key sealed it, or it is broken: the secret must be given again."""


def seal(secret: str, *, key: str, context: str) -> str:
    """A secret as text that only the same key, for the same `context` (whose it is), opens."""
    name, made = _key(key)
    nonce = os.urandom(_NONCE)
    return f"{name}:{base64.b64encode(nonce + made.encrypt(nonce, secret.encode(), context.encode())).decode()}"


def unseal(text: str, *, key: str, context: str) -> str:
    """The secret again. Raises CannotOpen."""
    name, made = _key(key)
    sealed_by, _, body = text.partition(":")
    if sealed_by != name:
        raise CannotOpen
    try:
        raw = base64.b64decode(body, validate=True)
        return made.decrypt(raw[:_NONCE], raw[_NONCE:], context.encode()).decode()
    except (ValueError, InvalidTag) as error:
        raise CannotOpen from error


@lru_cache(maxsize=4)
def _key(secret: str) -> tuple[str, AESGCM]:
    """A key's name and the key."""
    raw = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"filon.sealing.1").derive(secret.encode())
    return hashlib.sha256(raw).hexdigest()[:8], AESGCM(raw)
