"""People and companies that came in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from filon.core import line
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry
from filon.leads.models import Lead

_numbers = count(1)


@pytest.fixture
def come(at: datetime) -> Callable[..., Lead]:
    """`come(full_name="Claire Morel", company__name="Sogetrel")`: a lead that came in from history."""

    def one(**values: Any) -> Lead:
        values = {name.replace("__", "."): value for name, value in values.items()}
        values.setdefault("email", f"person{next(_numbers)}@gmail.com")
        entry = Entry(kind="lead", door="file", at=at, values=values, is_live=False)
        item = line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at, is_live=False)).items[0]
        assert item.lead, item.refusal
        return Lead.objects.select_related("person", "company").get(pk=item.lead["id"])

    return one
