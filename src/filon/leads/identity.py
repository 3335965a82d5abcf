"""The identifiers an entry carries. Shared by who unifies and who rehearses. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Key = tuple[str, str, str]
"""(kind, system, value) of an identifier."""


def person_keys(values: Mapping[str, Any], system: str, kind: str) -> list[Key]:
    """The identifiers of a person that an entry of a kind carries, strongest first."""
    keys: list[Key] = []
    own = "lead.external_id" if kind == "event" else "external_id"
    if external := values.get(own):
        keys.append(("external", system, external))
    if email := values.get("email"):
        keys.append(("email", "", email))
    if profile := values.get("linkedin_url"):
        keys.append(("profile", "", profile))
    if phone := values.get("phone"):
        keys.append(("phone", "", phone))
    return keys
