"""What of a lead can be searched, and what a query asks for: folded words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from filon.kit.text import fold

MOST_WORDS: Final = 8
"""Words of a query beyond this are left out."""

_SEPARATORS: Final = re.compile(r"[\x00-/:-@\[-`{-\u00bf×÷\u2000-\u206f\u3000-\u303f\uff00-\uff0f]+")
_LONGEST: Final = 64
_PHONE: Final = re.compile(r"\+?[\d\s().\-/]{4,}")
_DIALLED: Final = 4  # digits from which a run of them may be the beginning of a phone number
_TWO_DIGITS: Final = re.compile(r"2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")
"""Country calling codes of two digits; 1 and 7 have one, all others three."""


def split(text: str) -> list[str]:
    """The folded words of a text, in their order."""
    return [word[:_LONGEST] for word in _SEPARATORS.split(fold(text)) if word]


def of_lead(name: str, company: str, email: str, phone: str, *others: str) -> list[str]:
    """The words a lead is found by, each once: those of its texts, and its phone as people dial it."""
    found = dict.fromkeys(word for text in (name, company, email, *others) if text for word in split(text))
    for word in list(found):
        if _is_dialled(word):
            found[word.lstrip("0")] = None
    found |= dict.fromkeys(_dialled(phone))
    found.pop("", None)
    return list(found)


def of_query(text: str) -> list[str]:
    """What every result has a word beginning with. Single letters say too little, and so does nothing."""
    if _PHONE.fullmatch(text.strip()):
        text = "".join(letter for letter in text if letter.isdigit())
    words = (word.lstrip("0") if _is_dialled(word) else word for word in split(text))
    return list(dict.fromkeys(word for word in words if len(word) > 1 or not word.isascii()))[:MOST_WORDS]


def _is_dialled(word: str) -> bool:
    return word[0] == "0" and len(word) >= _DIALLED and word.isascii() and word.isdigit()


def _dialled(phone: str) -> Iterable[str]:
    """An E.164 number with and without its country's code."""
    digits = "".join(letter for letter in phone if letter.isascii() and letter.isdigit())
    if not digits:
        return ()
    code = 1 if digits[0] in "17" else 2 if _TWO_DIGITS.match(digits) else 3
    return (digits, digits[code:])
