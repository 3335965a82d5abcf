"""The addresses of the figures' pages: a question in the query string, so that a colleague sees the same."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django.urls import reverse

from filon.measure.periods import Asked


def rows_url(figure: str, asked: Asked, column: str, keys: Sequence[str | None] = ()) -> str:
    """The address of the rows behind a number, for the very same question."""
    pairs = [("figure", figure), ("cell", column)]
    by = asked.by[: len(keys)] if keys else ()
    pairs += [("by", name) for name in by] + [("key", key or "") for key in keys]
    pairs += [(name, text) for name, text in address(asked) if text]
    return f"{reverse('measure:rows')}?{urlencode(pairs)}"


def address(asked: Asked) -> list[tuple[str, str]]:
    """A question as the address says it, what it is split by aside."""
    return [
        ("from", asked.first.isoformat() if asked.first else ""),
        ("to", asked.last.isoformat() if asked.last else ""),
        ("as_of", asked.as_of.isoformat() if asked.as_of else ""),
        ("basis", asked.basis if asked.basis != "cohort" else ""),
        ("filter", asked.condition),
    ]
