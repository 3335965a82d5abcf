"""The key that a link of a message takes along to the company's own site."""

from __future__ import annotations

from filon.capture.tracking import keys, queries


def destination(person_id: int, url: str) -> str:
    """Where a person who agreed to be followed goes: with a key where it is a site of ours. One statement."""
    if not queries.is_site(keys.origin_of(url)):
        return url
    return keys.with_key(url, keys.of_person(person_id))
