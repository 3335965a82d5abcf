"""Names of files. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 200
_BAD: Final = re.compile(r"[\x00-\x1f\x7f<>:\"/\\|?*\u202a-\u202e\u2066-\u2069]")


def clean_name(name: str) -> str:
    """A name that every system can keep: its last part, without signs of paths and controls, its ending kept when it
    is cut; `fichier` for one that nothing is left of."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    found = " ".join(_BAD.sub(" ", last).split()).strip(". ")
    if len(found) > LONGEST:
        stem, dot, ending = found.rpartition(".")
        found = f"{stem[: LONGEST - len(ending) - 1]}.{ending}" if dot and len(ending) < 12 else found[:LONGEST]
    return found or "fichier"
