"""Who is mentioned in a note. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from filon.kit.text import fold

KINDS: Final = ("given", "asked", "late", "proposed", "answered", "mentioned", "meeting")
"""What colleagues are told of; see `words`."""
DIGEST: Final = "digest"
MUTABLE: Final = (*KINDS, DIGEST)
"""What a colleague may not want: kinds of notices, and the letter of the morning."""
MANY: Final = 3
"""From so many leads given at once on, one notice tells of all of them."""

_AT: Final = re.compile(r"(?<![\w.])@(?=\w)")
_WORDS: Final = re.compile(r"[\w’'-]+")


def mentioned(text: str, people: Mapping[int, str]) -> set[int]:
    """Who is meant by `@Name` in a text; people: id → full name.

    A full name means its colleague; a first name means whoever alone has it. An address (`a@b.fr`) means nobody.
    """
    names = {user_id: fold(name).split() for user_id, name in people.items() if name.strip()}
    found: set[int] = set()
    for at in _AT.finditer(text):
        said = [fold(word) for word in _WORDS.findall(text[at.end() : at.end() + 80])[:4]]
        full = {user_id for user_id, words in names.items() if len(words) > 1 and _begins(said, words)}
        first = {user_id for user_id, words in names.items() if said and words[:1] == said[:1]}
        found |= full or (first if len(first) == 1 else set())
    return found


def _begins(said: list[str], words: list[str]) -> bool:
    return said[: len(words)] == words
