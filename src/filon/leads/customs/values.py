"""What a custom field can hold, by its kind. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from filon.kit.text import fold

KINDS: Final = ("text", "number", "date", "yes_no", "choice")
YES_NO: Final = ("yes", "no")
_YES: Final = frozenset({"yes", "oui", "true", "vrai", "1", "x"})
_NO: Final = frozenset({"no", "non", "false", "faux", "0"})
_FRENCH_DAY: Final = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
_SPACES: Final = str.maketrans("", "", " \u00a0\u202f'’")


def read(kind: str, text: str, choices: Sequence[str] = ()) -> str | None:
    """A value as it is kept: numbers with a point, days in ISO, `yes` or `no`, a choice as it is spelt; None for one
    that the kind cannot hold. An empty text stays empty."""
    text = text.strip()
    if not text:
        return ""
    match kind:
        case "number":
            return _number(text)
        case "date":
            return _day(text)
        case "yes_no":
            folded = fold(text)
            return "yes" if folded in _YES else "no" if folded in _NO else None
        case "choice":
            return next((choice for choice in choices if fold(choice) == fold(text)), None)
        case _:
            return text


def _number(text: str) -> str | None:
    plain = text.translate(_SPACES)
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) >= Decimal(10) ** 15:
        return None
    return f"{number.normalize():f}"


def _day(text: str) -> str | None:
    french = _FRENCH_DAY.fullmatch(text)
    try:
        day = date(int(french[3]), int(french[2]), int(french[1])) if french else date.fromisoformat(text)
    except ValueError:
        return None
    return day.isoformat()
