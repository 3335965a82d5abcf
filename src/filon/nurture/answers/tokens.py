"""The tokens in the addresses of our messages: signed, each for its own purpose, holding numbers only."""

from __future__ import annotations

from typing import Final

from django.core import signing

_DELIVERY: Final = "filon.nurture.delivery"
_LINK: Final = "filon.nurture.link"


def of_delivery(delivery_id: int) -> str:
    """Names a message: to leave, and to tell that it was opened."""
    return signing.Signer(salt=_DELIVERY).sign(str(delivery_id))


def delivery_of(token: str) -> int | None:
    """The message a token names; None for a token that is not ours."""
    try:
        return int(signing.Signer(salt=_DELIVERY).unsign(token))
    except (signing.BadSignature, ValueError):
        return None


def of_link(delivery_id: int, link_id: int) -> str:
    """Names a link in a message."""
    return signing.Signer(salt=_LINK).sign(f"{delivery_id}.{link_id}")


def link_of(token: str) -> tuple[int, int] | None:
    """(message, link) that a token names; None for a token that is not ours."""
    try:
        delivery_id, _dot, link_id = signing.Signer(salt=_LINK).unsign(token).partition(".")
        return int(delivery_id), int(link_id)
    except (signing.BadSignature, ValueError):
        return None
