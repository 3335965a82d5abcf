"""The facts told of forms."""

from __future__ import annotations

from dataclasses import dataclass

from filon.core.ledger import Event


@dataclass(frozen=True, kw_only=True)
class FormSaved(Event):
    """A form was made or changed; `fields` names what it asks now."""

    form_id: int
    fields: list[str]
    is_open: bool
