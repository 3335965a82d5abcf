"""What a cell means: dates, numbers, truth, outcome, text. Pure: a function gives a value or raises ValueProblem."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from html.parser import HTMLParser

from filon.kit.identifiers import ValueProblem, gettext_noop
from filon.kit.text import fold

_MESSAGES = {
    "date": gettext_noop("“%(value)s” is not a date. Write it as 2026-02-26 or 26/02/2026."),
    "number": gettext_noop("“%(value)s” is not a number."),
    "truth": gettext_noop("“%(value)s” is neither yes nor no."),
    "outcome": gettext_noop("“%(value)s” is neither won, lost nor open."),
}

_CHOOSE = (
    *(
        "Select",
        "-- Select --",
        "-Select-",
        "--Select--",
        "Please select",
        "Select…",
        "Select...",
        "Select one",
        "Choose",
    ),
    *(
        "Sélectionner",
        "-- Sélectionner --",
        "-Sélectionner-",
        "--Sélectionner--",
        "Sélectionnez",
        "Veuillez sélectionner",
    ),
    *("Choisir", "-Choisir-", "-- Choisir --", "--Choisir--", "Choisissez", "Veuillez choisir"),
    *("--None--", "-None-", "--Aucun--", "-Aucun-"),
)
PLACEHOLDERS = frozenset(form for text in _CHOOSE for form in (text.lower(), fold(text)))
"""What a form leaves in a cell when nobody chose. NULL, None, N/A and undefined are not: people have such names."""


def _problem(code: str, text: str) -> ValueProblem:
    return ValueProblem(code, _MESSAGES[code], {"value": text[:200]})


def clean_text(text: str) -> str:
    """The text without outer spaces and without NUL, which no database stores; all else unchanged."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text.strip(" \t\r\n\u00a0")


_LINES = frozenset(
    [
        *("blockquote", "br", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "table", "tr"),
        "ul",
    ]
)
_TAGS = frozenset(
    [
        *("a", "b", "body", "code", "em", "font", "head", "html", "i", "img", "o:p", "s", "script", "span", "strong"),
        *("style", "sub", "sup", "tbody", "td", "th", "thead", "title", "u"),
        *_LINES,
    ]
)
_IS_HTML = re.compile(rf"</?(?:{'|'.join(sorted(_TAGS))})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]+\d*);", re.IGNORECASE)
_SILENT = frozenset(["head", "script", "style", "title"])


class _Plain(HTMLParser):
    """Collects what a reader of a page sees; what only looks like a tag (`<claire@x.fr>`) is text."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in _TAGS:
            self.handle_data(self.get_starttag_text() or "")
        elif tag in _LINES:
            self.parts.append("\n")
        self._silent += tag in _SILENT

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        if tag not in _SILENT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT and self._silent > 0
        if tag in _LINES:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def plain_text(text: str) -> str:
    """What HTML says, without its tags, paragraphs apart; text that is none stays as it is."""
    if not _IS_HTML.search(text):
        return html.unescape(text) if _ENTITY.search(text) else text
    parser = _Plain()
    parser.feed(text)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def is_placeholder(text: str) -> bool:
    """Whether the cell says that nothing was chosen."""
    return text.lower() in PLACEHOLDERS


# ---------------------------------------------------------------- dates

_TIME = r"(?:\s*(?:,|T|à|at)?\s*(\d{1,2})\s*[:hH]\s*(\d{2})?(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp])?\.?(?:[Mm]\.?)?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})[./-](\d{{1,2}})[./-](\d{{1,2}}){_TIME}")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})[./ -](\d{{1,2}})[./ -](\d{{4}}|\d{{2}}){_TIME}")
_DAY_MONTH = re.compile(
    rf"(?:\w+\.?,?\s+)?(\d{{1,2}})(?:er|st|nd|rd|th)?[\s-]+([^\W\d_]+)\.?,?[\s-]+(\d{{4}}|\d{{2}}){_TIME}"
)
_MONTH_DAY = re.compile(rf"(?:\w+\.?,?\s+)?([^\W\d_]+)\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}}){_TIME}")
_ZONE_APART = re.compile(r"\s+(?:UTC|GMT|(?=[+-]\d{2}))")
_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "janvier january janv jan",
            "fevrier february fevr fev feb",
            "mars march mar",
            "avril april avr apr",
            "mai may",
            "juin june jun",
            "juillet july juil jul",
            "aout august aug",
            "septembre september sept sep",
            "octobre october oct",
            "novembre november nov",
            "decembre december dec",
        ),
        start=1,
    )
    for name in names.split()
}


@lru_cache(maxsize=65536)
def parse_datetime(text: str, *, zone: tzinfo, day_first: bool = True) -> datetime | date | None:
    """A moment in UTC, a day when no time is written, None for nothing. Raises ValueProblem, code `date`.

    zone: where times without an offset are meant. day_first: whether 03/04/2026 is the third of April; a day above
    12 decides by itself either way. Years 1900 to 2199.
    """
    text = text.strip()
    if not text:
        return None
    try:
        found = _iso(text) if text[:4].isdigit() else None
        if found is None:
            found = _written(unicodedata.normalize("NFKC", text), day_first=day_first)
        if found is None or not 1900 <= found.year < 2200:
            raise _problem("date", text)
        if not isinstance(found, datetime):
            return found
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise (error if isinstance(error, ValueProblem) else _problem("date", text)) from None


def _iso(text: str) -> datetime | date | None:
    """ISO 8601, as most systems export it; None when it is written otherwise."""
    if len(text) == 10 or (len(text) == 8 and text.isdigit()):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    if len(text) < 13 or text[4] != "-":
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        bare = text.removesuffix(" UTC").removesuffix(" GMT")
        offset = "+00:00" if bare != text else ""
        try:
            return datetime.fromisoformat(_ZONE_APART.sub("", bare) + offset)
        except ValueError:
            return None


def _written(text: str, *, day_first: bool) -> datetime | date | None:
    """A date as people write it; raises ValueError for a day that does not exist."""
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
    elif match := _YEAR_LAST.fullmatch(text):
        first, second, year = int(match[1]), int(match[2]), _full_year(match[3])
        is_day_first = second <= 12 and (day_first or first > 12)
        day, month = (first, second) if is_day_first else (second, first)
    elif match := _DAY_MONTH.fullmatch(text):
        day, month, year = int(match[1]), _MONTHS.get(fold(match[2]), 0), _full_year(match[3])
    elif match := _MONTH_DAY.fullmatch(text):
        month, day, year = _MONTHS.get(fold(match[1]), 0), int(match[2]), int(match[3])
    else:
        return None
    if match[4] is None:
        return date(year, month, day)
    hour = int(match[4])
    if match[7]:
        hour = hour % 12 + (12 if match[7] in "Pp" else 0)
    return datetime(year, month, day, hour, int(match[5] or 0), int(match[6] or 0))  # noqa: DTZ001 (zone: the caller's)


def _full_year(digits: str) -> int:
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < 70 else 1900)


def date_order(samples: Iterable[str]) -> bool | None:
    """Whether a column writes the day first: True, False (US), or None when it does not show or says both."""
    day_first = month_first = False
    for text in samples:
        if match := _YEAR_LAST.fullmatch(text.strip()):
            first, second = int(match[1]), int(match[2])
            day_first |= first > 12 >= second
            month_first |= second > 12 >= first
    return None if day_first == month_first else day_first


# ---------------------------------------------------------------- numbers

_SPACES = re.compile(r"[\s\u00a0\u202f\u2009'’_]+")
_CURRENCY = re.compile(r"(?:€|\$|£|¥|CHF|EUR|USD|GBP|CAD)", re.IGNORECASE)
_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_MARKED = re.compile(r"[+-]?(?:\d[\d.,]*|[.,]\d+)", re.ASCII)
_SCALES = {"k": 3, "m": 6, "mio": 6, "md": 9, "mds": 9, "mrd": 9, "bn": 9}
_SCALED = re.compile(r"(.*\d)(k|m|mio|mds?|mrd|bn)", re.IGNORECASE)
_ONE_MARK = re.compile(r"[+-]?(\d+)([.,])(\d+)")


@lru_cache(maxsize=16384)
def parse_number(text: str, *, decimal: str = "") -> Decimal:
    """`1 234,56`, `1,234.56`, `1.234,56`, `12 %` (→ 12), `€ 1 200`, `(5)` (→ -5), `1.2 M€` (→ 1200000).

    decimal: the column's mark, “.” or “,” (see decimal_mark). Without it, three digits after one comma are thousands,
    and one point is a decimal point. Raises ValueProblem, code `number`.
    """
    bare = text.strip()
    if _PLAIN.fullmatch(bare) and decimal != ",":
        return Decimal(bare)
    bare = _CURRENCY.sub("", _SPACES.sub("", bare.replace("−", "-"))).removesuffix("%")
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1]}"
    scale = 0
    if match := _SCALED.fullmatch(bare):
        bare, scale = match[1], _SCALES[match[2].lower()]
    if not _MARKED.fullmatch(bare) or len(bare) > 40 or not bare.isascii():
        raise _problem("number", text)
    try:
        return Decimal(_with_point(bare, decimal)).scaleb(scale)
    except (InvalidOperation, ValueError):
        raise _problem("number", text) from None


def _with_point(bare: str, decimal: str) -> str:
    """The digits with a point for decimals and nothing for thousands; not a number when both readings fail."""
    comma, point = bare.rfind(","), bare.rfind(".")
    if comma >= 0 and point >= 0:
        mark = "," if comma > point else "."
    elif comma < 0 and point < 0:
        return bare
    else:
        mark = "," if comma >= 0 else "."
        if bare.count(mark) > 1:
            return _ungrouped(bare, mark)
        is_three = len(bare) - max(comma, point) == 4
        if is_three and bare.lstrip("+-")[0] != "0" and (decimal not in {"", mark} or (not decimal and mark == ",")):
            return _ungrouped(bare, mark)
    whole, _, part = bare.rpartition(mark)
    return f"{_ungrouped(whole, '.' if mark == ',' else ',')}.{part}"


def _ungrouped(digits: str, mark: str) -> str:
    """Without thousands marks, which stand before groups of three (in India also of two)."""
    if mark in digits and not re.fullmatch(
        rf"[+-]?\d{{1,3}}(?:{re.escape(mark)}\d{{2,3}})*{re.escape(mark)}\d{{3}}", digits
    ):
        raise ValueError(digits)
    return digits.replace(mark, "")


def decimal_mark(samples: Iterable[str]) -> str:
    """The decimal mark a column shows: “.”, “,” or nothing when no value tells (`1,234` does not)."""
    votes = {".": 0, ",": 0}
    for text in samples:
        bare = _CURRENCY.sub("", _SPACES.sub("", text)).rstrip("%")
        comma, point = bare.rfind(","), bare.rfind(".")
        if comma >= 0 and point >= 0:
            votes["," if comma > point else "."] += 1
        elif (bare.count(",") > 1) != (bare.count(".") > 1):
            votes["." if bare.count(",") > 1 else ","] += 1
        elif (match := _ONE_MARK.fullmatch(bare)) and (len(match[3]) != 3 or len(match[1]) > 3 or match[1] == "0"):
            votes[match[2]] += 1
    if votes["."] == votes[","]:
        return ""
    return "." if votes["."] > votes[","] else ","


# ---------------------------------------------------------------- truth and outcome

_TRUE = frozenset(["yes", "y", "oui", "o", "vrai", "true", "t", "1", "1.0", "x", "ok", "on", "checked", "coche"])
_FALSE = frozenset(["no", "n", "non", "faux", "false", "f", "0", "0.0", "off", "unchecked"])
_WON = frozenset(
    fold(text)
    for text in ("won", "closed won", "gagné", "gagnée", "fermé gagné", "conclu", "signé", "customer", "client")
)
_LOST = frozenset(fold(text) for text in ("lost", "closed lost", "perdu", "perdue", "fermé perdu", "abandonné"))
_OPEN = frozenset(
    fold(text) for text in ("", "open", "ouvert", "ouverte", "en cours", "in progress", "pending", "en attente")
)


@lru_cache(maxsize=1024)
def parse_truth(text: str) -> bool:
    """Yes or no in English and French, `1`, `0`, `x`. Raises ValueProblem, code `truth`."""
    folded = fold(text)
    if folded in _TRUE:
        return True
    if folded in _FALSE:
        return False
    raise _problem("truth", text)


@lru_cache(maxsize=1024)
def parse_outcome(text: str) -> str:
    """`won`, `lost` or `open`: from words, or from a truth value (true is won). Raises ValueProblem, code `outcome`."""
    folded = re.sub(r"[\s_/-]+", " ", fold(text))
    for outcome, words in (("won", _WON | _TRUE), ("lost", _LOST | _FALSE), ("open", _OPEN)):
        if folded in words:
            return outcome
    raise _problem("outcome", text)
