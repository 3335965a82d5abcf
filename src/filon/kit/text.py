"""Text as people mean it: the one folded form in which texts are compared, stored and looked up. Pure."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

_ACCENTS: Final = (range(0x0300, 0x0370), range(0x1AB0, 0x1B00), range(0x1DC0, 0x1E00), range(0x20D0, 0x2100))
# Marks of other scripts (Devanagari vowels, Japanese voicing) make another word, so only these blocks are dropped.
_INVISIBLE: Final = (0x00AD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF)
_LETTERS: Final = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "ȷ": "j"}
_MARKS: Final = {"‘": "'", "’": "'", "ʼ": "'", "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-"}
_TABLE: Final[dict[int, str | None]] = {
    0: " ",
    **{ord(letter): plain for letter, plain in (_LETTERS | _MARKS).items()},
    **dict.fromkeys((code for block in _ACCENTS for code in block), None),
    **dict.fromkeys(_INVISIBLE, None),
}


def fold(text: str) -> str:
    """The form in which two texts are the same to a reader: `fold("  Élodie  D’Œuvre") == "elodie d'oeuvre"`.

    NFKC, case folded, accents stripped, ligatures and strokes opened (œ, ø, ł), typographic apostrophes and dashes
    made plain, invisible characters and NUL dropped, white space collapsed and trimmed. Folding twice changes nothing.
    """
    if text.isascii():
        if "\0" in text:
            text = text.replace("\0", " ")
        return " ".join(text.lower().split())
    folded = unicodedata.normalize("NFKD", text).casefold()
    # Case folding can bring back composed letters (İ gives i and a dot), so it is decomposed once more.
    folded = unicodedata.normalize("NFKD", folded).translate(_TABLE)
    return " ".join(unicodedata.normalize("NFC", folded).split())


fold_common = lru_cache(maxsize=16_384)(fold)
"""`fold` for texts that come again and again in a batch: sources, cities, campaigns, job titles."""
