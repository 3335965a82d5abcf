"""How figures, money and moments are written, in the reader's language. No database, no Babel.

French writes U+202F between thousands and U+00A0 before a sign or a unit, so that no figure breaks over two lines.
A missing figure (`None`, or a float that is no number) is written "–".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from django.utils import dateformat, timezone
from django.utils.translation import get_language, gettext

Number = int | float | Decimal

MISSING: Final = "–"
NARROW_SPACE: Final = "\u202f"
SPACE: Final = "\u00a0"
MINUS: Final = "\u2212"


@dataclass(frozen=True)
class Style:
    """One language's way of writing figures and moments (the latter in Django's date format letters)."""

    thousands: str
    point: str
    before_percent: str
    currency_first: bool
    moment: str
    day: str
    day_of_year: str
    hour: str


STYLES: Final = {
    "fr": Style(
        thousands=NARROW_SPACE,
        point=",",
        before_percent=SPACE,
        currency_first=False,
        moment=f"l j F Y à G{SPACE}\\h{SPACE}i",
        day="j F Y",
        day_of_year="j F",
        hour=f"G{SPACE}\\h{SPACE}i",
    ),
    "en": Style(
        thousands=",",
        point=".",
        before_percent="",
        currency_first=True,
        moment="l j F Y, H:i",
        day="j F Y",
        day_of_year="j F",
        hour="H:i",
    ),
}
SYMBOLS: Final = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
WITHOUT_CENTS: Final = frozenset({"JPY", "KRW", "XAF", "XOF", "XPF", "VND", "CLP"})
_LARGE: Final = (
    (Decimal(1_000_000_000), {"fr": "Md", "en": "bn"}),
    (Decimal(1_000_000), {"fr": "M", "en": "M"}),
    (Decimal(1_000), {"fr": "k", "en": "k"}),
)
_SHORTENED_FROM: Final = Decimal(10_000)


def language() -> str:
    """The two letters of the active language; French where it is none of ours."""
    code = (get_language() or "fr")[:2]
    return code if code in STYLES else "fr"


def number(value: Number | None, places: int | None = None) -> str:
    """`1234567.5` → "1 234 567,5". places: digits after the point; as many as there are, two at most, when None."""
    exact = _decimal(value)
    return MISSING if exact is None else _signed(exact, places)


def percent(fraction: Number | None, places: int = 1) -> str:
    """`0.312` → "31,2 %"."""
    exact = _decimal(fraction)
    return MISSING if exact is None else _signed(exact * 100, places) + STYLES[language()].before_percent + "%"


def money(value: Number | None, currency: str, places: int | None = None) -> str:
    """`Decimal("1234.5"), "EUR"` → "1 234,50 €". places: the currency's own (two, or none for JPY…) when None."""
    exact = _decimal(value)
    if exact is None:
        return MISSING
    if places is None:
        places = 0 if currency in WITHOUT_CENTS else 2
    return _with_currency(exact, _unsigned(abs(exact), places), currency)


def money_short(value: Number | None, currency: str) -> str:
    """Money for tiles and cards: whole below 10 000 ("9 870 €"), then in thousands or millions ("184 k€", "1,2 M€")."""
    exact = _decimal(value)
    if exact is None:
        return MISSING
    size = abs(exact)
    if size < _SHORTENED_FROM:
        return _with_currency(exact, _unsigned(size, 0), currency)
    unit, names = next((unit, names) for unit, names in _LARGE if _rounded(size / unit, 1) >= 1)
    part = size / unit
    places = 1 if part < 100 and _rounded(part, 1) != _rounded(part, 0) else 0
    return _with_currency(exact, _unsigned(part, places), currency, unit=names[language()])


def duration(value: timedelta | None) -> str:
    """A length of time by its two largest units: "42 min", "2 h 10", "3 d 4 h"."""
    if value is None:
        return MISSING
    minutes = round(abs(value).total_seconds() / 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        text = gettext("%(n)s d") % {"n": number(days)} + (SPACE + gettext("%(n)s h") % {"n": hours} if hours else "")
    elif hours:
        text = gettext("%(n)s h") % {"n": hours} + (f"{SPACE}{minutes:02}" if minutes else "")
    else:
        text = gettext("%(n)s min") % {"n": minutes}
    return (MINUS if value < timedelta(0) else "") + text.replace(" ", SPACE)


def ago(at: datetime, now: datetime) -> str:
    """A moment as people say it: "2 h ago", "in 3 d", "yesterday", and its day once it is a week away.

    at, now: aware. Days are counted in the current time zone.
    """
    seconds = (now - at).total_seconds()
    days = (timezone.localtime(now).date() - timezone.localtime(at).date()).days
    near = abs(seconds)
    if near < 60:
        return gettext("just now")
    if near < 3600:
        return _before_or_after(seconds, gettext("%(n)s min ago"), gettext("in %(n)s min"), int(near // 60))
    if near < 86_400 and (days == 0 or near < 6 * 3600):
        return _before_or_after(seconds, gettext("%(n)s h ago"), gettext("in %(n)s h"), int(near // 3600))
    if abs(days) == 1:
        return gettext("yesterday") if days == 1 else gettext("tomorrow")
    if abs(days) < 7:
        return _before_or_after(seconds, gettext("%(n)s d ago"), gettext("in %(n)s d"), abs(days))
    return day(at, now)


def day(at: datetime | date, now: datetime | None = None) -> str:
    """ "12 mars 2026", without the year when it is that of `now`."""
    style = STYLES[language()]
    local = timezone.localtime(at).date() if isinstance(at, datetime) else at
    same_year = now is not None and timezone.localtime(now).year == local.year
    return dateformat.format(local, style.day_of_year if same_year else style.day)


def month(first: date) -> str:
    """ "mars 2026", of any day in it."""
    return dateformat.format(first, "F Y")


def exact(at: datetime) -> str:
    """ "lundi 23 novembre 2026 à 14 h 05", in the current time zone."""
    return dateformat.format(timezone.localtime(at), STYLES[language()].moment)


def appointment(at: datetime, now: datetime) -> str:
    """ "vendredi 9 h 30" within a week, else "12 mars 9 h 30": when to be there, in the current time zone."""
    local, style = timezone.localtime(at), STYLES[language()]
    days = (local.date() - timezone.localtime(now).date()).days
    on = dateformat.format(local, "l") if 0 < days < 7 else day(at, now)
    hour = dateformat.format(local, style.hour)
    return hour if days == 0 else f"{on} {hour}"


def _before_or_after(seconds: float, past: str, future: str, n: int) -> str:
    return ((past if seconds > 0 else future) % {"n": n}).replace(" ", SPACE)


def _decimal(value: Number | None) -> Decimal | None:
    if value is None:
        return None
    exact = value if isinstance(value, Decimal) else Decimal(str(value))  # str: the shortest digits that name the float
    return exact if exact.is_finite() else None


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _unsigned(value: Decimal, places: int) -> str:
    style = STYLES[language()]
    whole, _, rest = f"{_rounded(value, places):,f}".partition(".")
    return whole.replace(",", style.thousands) + (style.point + rest if rest else "")


def _signed(value: Decimal, places: int | None) -> str:
    if places is None:
        exponent = _rounded(value, 2).normalize().as_tuple().exponent
        places = max(-exponent, 0) if isinstance(exponent, int) else 0
    return (MINUS if _rounded(value, places) < 0 else "") + _unsigned(abs(value), places)


def _with_currency(value: Decimal, digits: str, currency: str, unit: str = "") -> str:
    sign = MINUS if value < 0 and any(digit in "123456789" for digit in digits) else ""
    symbol = SYMBOLS.get(currency, currency)
    if STYLES[language()].currency_first:
        return f"{sign}{symbol}{'' if currency in SYMBOLS else SPACE}{digits}{unit}"
    joined = unit + symbol if currency in SYMBOLS else f"{unit}{SPACE if unit else ''}{symbol}"
    return f"{sign}{digits}{SPACE}{joined}"
