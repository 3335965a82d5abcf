"""How we say no. A refusal carries a kind, not an HTTP status; `kit.web` maps kinds to answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import gettext as _


class Kind(StrEnum):
    """What sort of no it is."""

    INVALID = "invalid"
    NOT_FOUND = "not-found"
    FORBIDDEN = "forbidden"
    CONFLICT = "conflict"
    STALE = "stale"
    BUSY = "busy"
    TOO_MANY = "too-many"
    NOT_SIGNED_IN = "not-signed-in"
    FAILED = "failed"
    TOO_LARGE = "too-large"
    MALFORMED = "malformed"
    NOT_ALLOWED = "method-not-allowed"


@dataclass
class Refused(Exception):
    """A command or query said no. `message` says what to do; `errors` name the fields."""

    message: str
    kind: Kind = Kind.INVALID
    errors: list[dict[str, object]] = field(default_factory=list)
    code: str = "refused"

    def __str__(self) -> str:
        return self.message


def not_found(what: str) -> Refused:
    """The thing asked for does not exist, or its asker may not know of it."""
    return Refused(_("%(what)s not found") % {"what": what}, Kind.NOT_FOUND, code="not_found")
