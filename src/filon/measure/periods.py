"""What a figure is asked for: which days, as of when, on which basis. Parsed from texts, the same at every door."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from filon.kit.errors import Refused
from filon.measure.rules import months_before

BASES: Final = ("cohort", "period")
_YEARS: Final = (1900, 2200)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: days in [first, last) of the workspace, None for no bound; as of a moment, None for now.

    condition: text of the condition language over leads; empty for all.
    """

    first: date | None = None
    last: date | None = None
    as_of: datetime | None = None
    basis: str = "cohort"
    condition: str = ""
    by: tuple[str, ...] = ()


def parse(
    *,
    first: str = "",
    last: str = "",
    as_of: str = "",
    basis: str = "",
    condition: str = "",
    by: Sequence[str] = (),
) -> Asked:
    """The question that these texts ask. Raises Refused with the field that is wrong."""
    asked = Asked(
        first=_day(first, "from"),
        last=_day(last, "to"),
        as_of=_moment(as_of, zone()),
        basis=basis or "cohort",
        condition=condition.strip(),
        by=tuple(dict.fromkeys(name.strip() for name in by if name.strip())),
    )
    if asked.basis not in BASES:
        raise wrong("basis", _("The basis is “cohort” or “period”."))
    if asked.first is not None and asked.last is not None and asked.last <= asked.first:
        raise wrong("to", _("The period ends before it begins: “to” is the first day that is not in it."))
    return asked


def wrong(field: str, message: str) -> Refused:
    """A refusal of one field of a question."""
    return Refused(message, errors=[{"field": field, "message": message}], code="invalid")


def _day(text: str, field: str) -> date | None:
    text = text.strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not _YEARS[0] <= day.year < _YEARS[1]:
        raise wrong(field, _("“%(text)s” is not a day such as 2026-03-31.") % {"text": text[:40]})
    return day


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    """A moment; a day stands for its end, so that what happened on it counts."""
    text = text.strip()
    if not text:
        return None
    try:
        if len(text) <= 10:
            moment = datetime.combine(date.fromisoformat(text) + timedelta(days=1), time.min)
        else:
            moment = datetime.fromisoformat(text.replace(" ", "+") if _has_lost_plus(text) else text)
        if not _YEARS[0] <= moment.year < _YEARS[1]:
            raise ValueError
    except (ValueError, OverflowError):
        message = _("“%(text)s” is not a day or a moment such as 2026-03-31T18:00:00Z.") % {"text": text[:40]}
        raise wrong("as_of", message) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _has_lost_plus(text: str) -> bool:
    """Whether the plus of a zone became a space, as it does in an address that was not escaped."""
    return "T" in text and "+" not in text and text.count(" ") == 1


def zone() -> ZoneInfo:
    """The workspace's time zone."""
    return ZoneInfo(settings.TIME_ZONE)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The moment a day of the workspace begins, aware UTC."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The day of the workspace a moment lies in."""
    return moment.astimezone(zone).date()


# Presets --------------------------------------------------------------------------------------------------------------


def _month(today: date) -> tuple[date, date]:
    first = today.replace(day=1)
    return first, _next_month(first)


def _last_month(today: date) -> tuple[date, date]:
    last = today.replace(day=1)
    return months_before(last, 1), last


def _quarter(today: date) -> tuple[date, date]:
    first = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    return first, months_before(first, -3)


def _last_quarter(today: date) -> tuple[date, date]:
    first, _after = _quarter(today)
    return months_before(first, 3), first


def _year(today: date) -> tuple[date, date]:
    return date(today.year, 1, 1), date(today.year + 1, 1, 1)


def _twelve_months(today: date) -> tuple[date, date]:
    last = _next_month(today.replace(day=1))
    return months_before(last, 12), last


def _next_month(first: date) -> date:
    return months_before(first, -1)


PRESETS: Final[Mapping[str, tuple[object, Callable[[date], tuple[date | None, date | None]]]]] = {
    "12m": (gettext_lazy("12 months"), _twelve_months),
    "month": (gettext_lazy("This month"), _month),
    "last-month": (gettext_lazy("Last month"), _last_month),
    "quarter": (gettext_lazy("This quarter"), _quarter),
    "last-quarter": (gettext_lazy("Last quarter"), _last_quarter),
    "year": (gettext_lazy("This year"), _year),
    "all": (gettext_lazy("Everything"), lambda _today: (None, None)),
}
"""Periods people ask for by name: label, and the days for a given day."""


def before(asked: Asked, today: date) -> Asked | None:
    """The period before, up to the same day of it: as long as ours has lasted so far. None without a beginning."""
    if asked.first is None:
        return None
    last = min(asked.last or today + timedelta(days=1), today + timedelta(days=1))
    if last <= asked.first:
        return None
    months = _whole_months(asked.first, asked.last)
    if months:
        first = months_before(asked.first, months)
        return replace(asked, first=first, last=min(months_before(last, months), asked.first))
    return replace(asked, first=asked.first - (last - asked.first), last=asked.first)


def _whole_months(first: date, last: date | None) -> int:
    """How many calendar months a period is, 0 when it is none in whole."""
    if last is None or first.day != 1 or last.day != 1:
        return 0
    return (last.year - first.year) * 12 + last.month - first.month


# Parts of a period ----------------------------------------------------------------------------------------------------


def split(unit: str, first: date, last: date) -> Iterator[tuple[str, date, date]]:
    """The days, weeks, months, quarters or years that [first, last) touches: (label, first day, first day after)."""
    begin = _begin(unit, first)
    while begin < last:
        after = _after(unit, begin)
        yield _label(unit, begin), max(begin, first), min(after, last)
        begin = after


def _begin(unit: str, day: date) -> date:
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    return date(day.year, (day.month - 1) // 3 * 3 + 1 if unit == "quarter" else 1, 1)


def _after(unit: str, begin: date) -> date:
    if unit in {"day", "week"}:
        return begin + timedelta(days=1 if unit == "day" else 7)
    return months_before(begin, {"month": -1, "quarter": -3, "year": -12}[unit])


def _label(unit: str, begin: date) -> str:
    if unit == "day":
        return begin.isoformat()
    if unit == "week":
        return f"{begin:%G-W%V}"
    if unit == "month":
        return f"{begin:%Y-%m}"
    return f"{begin.year}-Q{(begin.month + 2) // 3}" if unit == "quarter" else f"{begin.year}"
