"""The grid of targets as a form: a field a seller and month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from filon.deals.forms import AmountField
from filon.ui import formats

Key = tuple[int | None, int]


class TargetsForm(forms.Form):
    """Targets of a year: rows are owners (None: the whole), columns months."""

    def __init__(
        self, data: Any, *, year: int, rows: Sequence[tuple[int | None, str]], known: Mapping[Key, Decimal]
    ) -> None:
        super().__init__(data)
        self.year, self.rows, self.known = year, rows, known
        for owner_id, label in rows:
            for month in range(1, 13):
                said = _("%(name)s, %(month)s") % {"name": label, "month": formats.month(date(year, month, 1))}
                field = AmountField(label=said, required=False)
                field.initial = known.get((owner_id, month))
                field.widget.attrs |= {"aria-label": said, "size": "7", "maxlength": "30"}
                self.fields[_name(owner_id, month)] = field

    def grid(self) -> list[dict[str, Any]]:
        """The rows with their fields, and the sum of what is known."""
        return [
            {
                "label": label,
                "is_whole": owner_id is None,
                "fields": [self[_name(owner_id, month)] for month in range(1, 13)],
                "sum": sum((self.known.get((owner_id, month), Decimal(0)) for month in range(1, 13)), Decimal(0)),
            }
            for owner_id, label in self.rows
        ]

    def values(self) -> dict[tuple[int | None, date], Decimal | None]:
        """What was given, by owner and first day of the month; None for nothing."""
        return {
            (owner_id, date(self.year, month, 1)): self.cleaned_data[_name(owner_id, month)]
            for owner_id, _label in self.rows
            for month in range(1, 13)
        }


def _name(owner_id: int | None, month: int) -> str:
    return f"t{owner_id or 0}-{month}"
