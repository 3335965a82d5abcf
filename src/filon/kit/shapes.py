"""Shapes that every slice's API shares."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Final

from ninja import Field
from pydantic import AfterValidator

_EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)


def _plausible(value: datetime) -> datetime:
    """The moment in UTC, which is also meant where no zone is given. Raises ValueError outside 1900 to 2200."""
    aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    if not _EARLIEST <= aware < _LATEST:
        raise ValueError("the date must lie between 1900 and 2200")
    return aware.astimezone(UTC)


Id = Annotated[int, Field(ge=1, lt=2**63)]
"""An id as the databases hold it: a larger one is refused before it reaches them."""

Moment = Annotated[datetime, AfterValidator(_plausible)]
"""When something happened, aware, in UTC; a slip of the keyboard (0202 for 2020) is refused."""

Day = Annotated[date, Field(ge=_EARLIEST.date(), lt=_LATEST.date())]
"""A day of the calendar, as plausible as a moment."""
